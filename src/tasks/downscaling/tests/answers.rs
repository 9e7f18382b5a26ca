//! Maps of made-up answers.

use stormlens_data::downscale::coarse_means;
use stormlens_data::outcome::Role;

use super::*;

fn values(outcome: &Outcome, name: &str) -> Vec<f32> {
    outcome.variable(name).unwrap_or_else(|| panic!("there is {name}")).to_f32()
}

/// A network that says what interpolation in the logarithm does is nearly the bilinear rival.
#[test]
fn a_network_that_interpolates_is_as_good_as_interpolation() {
    let outcome = answered(&nowhere(), &format!("rain={SAMPLE}"));
    for name in [
        "prediction",
        "observation",
        "coarse",
        "elevation",
        "bilinear",
        "bilinear_reference",
        "block_constant",
        "rainfarm",
        "rainfarm_mean",
        "ratio",
        "weight_sum",
        "conservation_ratio",
        "scores",
        "fractions_skill_score",
        "quantiles",
        "power_ratio",
        "error_by_elevation",
        "error_by_tile",
        "rainfarm/ranks",
    ] {
        let variable = outcome.variable(name).unwrap_or_else(|| panic!("there is {name}"));
        variable.check().unwrap_or_else(|error| panic!("{error}"));
    }
    let prediction = outcome.variable("prediction").unwrap();
    assert_eq!((prediction.plane, &prediction.role), (Some([192, 192]), &Role::Prediction));
    let end = prediction.axes[0].time(0).expect("rain is of an interval");
    assert_eq!(stormlens_data::time::format_sample(end), "20160922T1100");
    let scores = outcome.variable("scores").unwrap();
    let n = scores.axes[1].len();
    let [own, bilinear, reference] = [0, 1, 2].map(|forecast| scores.values.at(forecast * n));
    assert!((own - bilinear).abs() < 0.1 * bilinear, "{own} and {bilinear} mm²");
    assert!(reference > 1.2 * bilinear, "3.5 nodes aside: {reference} and {bilinear} mm²");
}

/// Rows begin in the north, as everywhere in results.
#[test]
fn maps_lie_the_right_way_up() {
    let task = nowhere();
    let outcome = answered(&task, &format!("rain={SAMPLE}"));
    let rain = task.fields.load(SAMPLE).unwrap();
    let observed = values(&outcome, "observation");
    for (row, column) in [(0, 0), (17, 100), (191, 191)] {
        let (latitude, longitude) =
            (37.0 + (191 - row) as f64 * 0.03125, -115.0 + column as f64 * 0.03125);
        let expected = rain.field.linear(latitude, longitude) as f32;
        assert_eq!(observed[row * 192 + column], expected, "{latitude} {longitude}");
    }
}

#[test]
fn coarse_cells_keep_their_mean_where_that_is_asked_for() {
    let outcome = answered(&nowhere(), &format!("rain={SAMPLE}&conservation=coarse"));
    let from_south = |name: &str, width: usize| {
        let values = values(&outcome, name);
        values.chunks_exact(width).rev().flatten().copied().collect::<Vec<f32>>()
    };
    let means = coarse_means(&from_south("prediction", 192), 192, 8);
    let coarse = from_south("coarse", 24);
    for (mean, coarse) in means.iter().zip(coarse) {
        let coarse = f64::from(coarse);
        assert!((mean - coarse).abs() <= 1e-5 * coarse.max(1.0), "{mean} and {coarse} mm");
    }
}

/// Members stand 0.1 of the unit apart, the middle one being the network itself.
#[test]
fn an_ensemble_has_a_mean_a_spread_and_ranks() {
    let outcome = answered(&nowhere(), &format!("rain={SAMPLE}&ensemble=dropout&members=3"));
    let members = outcome.variable("members").expect("there are members");
    assert_eq!(members.shape(), [3, 1, 192, 192]);
    let (own, spread) = (values(&outcome, "prediction"), values(&outcome, "spread"));
    let all = members.to_f32();
    let second = &all[192 * 192..2 * 192 * 192];
    assert_eq!(second, own);
    assert!(spread.iter().any(|&mm| mm > 0.0));
    let crps = outcome.number("ensemble/crps_fair").expect("it rains, and was observed");
    assert!(crps > 0.0 && crps.is_finite(), "{crps}");
    let ranks = outcome.variable("ensemble/ranks").expect("four ranks").to_f64();
    assert!((ranks.iter().sum::<f64>() - 1.0).abs() < 1e-9 && ranks.len() == 4);
}

#[test]
fn weights_of_several_epochs_are_members_of_their_names() {
    let outcome = answered(&nowhere(), &format!("rain={SAMPLE}&ensemble=epochs"));
    let members = outcome.variable("members").expect("there are members");
    assert_eq!((members.axes[0].label(0), members.n_maps()), ("epoch 1".to_owned(), 2));
}

/// The first hours are dry in a part of the domain.
#[test]
fn dry_tiles_do_not_go_through_the_network() {
    let task = nowhere();
    let request = request(&task, "rain=mrms-20160920T0300&domain=-121,33,-115,37");
    let prepared = task.prepare(&request, &cards()).expect("it can be prepared");
    let outcome = answered(&task, "rain=mrms-20160920T0300&domain=-121,33,-115,37");
    let (wet, all) = (outcome.number("tiles/wet").unwrap(), outcome.number("tiles/all").unwrap());
    assert_eq!(prepared.passes.len() as f64, wet);
    assert!(wet < all, "{wet} of {all}");
}
