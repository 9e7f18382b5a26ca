//! Maps of made-up answers.

use jiff::SignedDuration;
use stormlens_data::downscale::coarse_means;
use stormlens_data::field::{FieldFile, Interval};
use stormlens_data::outcome::Role;

use stormlens_data::network;
use stormlens_data::request::Explain;

use super::*;

fn values(outcome: &Outcome, name: &str) -> Vec<f32> {
    outcome.variable(name).unwrap_or_else(|| panic!("there is {name}")).to_f32()
}

/// Readers of a NetCDF file learn over which hours its amounts are; our own reader is one of them.
#[test]
fn a_file_of_amounts_says_their_interval() {
    let outcome = answered(nowhere(), &format!("rain={SAMPLE}"));
    let bytes = stormlens_data::files::netcdf::to_bytes(&outcome, &[]).expect("it is written");
    let file = FieldFile::from_bytes("a file", bytes).expect("it is read");
    let end = SAMPLE.strip_prefix("mrms-").and_then(stormlens_data::time::parse_sample);
    let end = end.expect("a time");
    let start = end - SignedDuration::from_hours(3);
    for name in ["prediction", "observation", "coarse"] {
        let mut found = file.contents().iter().filter(|content| content.variable == name);
        let interval = found.next().unwrap_or_else(|| panic!("{name}")).interval;
        assert_eq!(interval, Some(Interval::accumulation(start, end)), "{name}");
    }
}

/// A network that says what interpolation in the logarithm does is nearly the bilinear rival.
#[test]
fn a_network_that_interpolates_is_as_good_as_interpolation() {
    let outcome = answered(nowhere(), &format!("rain={SAMPLE}"));
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
        "rainfarm_orographic",
        "rainfarm_orographic_mean",
        "ratio",
        "weight_sum",
        "conservation_ratio",
        "scores/mse",
        "scores/r",
        "fractions_skill_score",
        "quantiles",
        "power_ratio",
        "error_by_elevation",
        "error_by_tile",
        "rainfarm/ranks",
        "rainfarm_orographic/ranks",
        "quantiles_at_observed",
    ] {
        let variable = outcome.variable(name).unwrap_or_else(|| panic!("there is {name}"));
        variable.check().unwrap_or_else(|error| panic!("{error}"));
    }
    let prediction = outcome.variable("prediction").unwrap();
    assert_eq!((prediction.plane, &prediction.role), (Some([192, 192]), &Role::Prediction));
    let end = prediction.axes[0].time(0).expect("rain is of an interval");
    assert_eq!(stormlens_data::time::format_sample(end), "20160922T1100");
    let scores = outcome.variable("scores/mse").unwrap();
    assert_eq!(scores.quantity.unit, "mm²");
    let [own, bilinear, reference] = [0, 1, 2].map(|forecast| scores.values.at(forecast));
    assert!((own - bilinear).abs() < 0.1 * bilinear, "{own} and {bilinear} mm²");
    assert!(reference > 1.2 * bilinear, "3.5 nodes aside: {reference} and {bilinear} mm²");
}

/// A network that interpolates gives the coarse nodes back, whatever their rain was multiplied by before it.
#[test]
fn tiles_that_were_brought_to_one_amount_have_their_rain_again() {
    for blending in ["", "&blending=published"] {
        let query = format!("rain={SAMPLE}{blending}");
        let cards = cards_brought_to(3.0);
        let outcome = answered_with(nowhere(), &query, &cards, |z| z);
        let [refined, observed] = ["prediction", "observation"].map(|name| values(&outcome, name));
        // From the south, every eighth node from the first on is a coarse one.
        for row in (0..192).step_by(8) {
            for column in (0..192).step_by(8) {
                let at = (191 - row) * 192 + column;
                let (own, mm) = (refined[at], observed[at]);
                // As published, the corners of single tiles weigh nothing.
                let is_gap = own.is_nan() && !blending.is_empty();
                let is_near = (own - mm).abs() < 1e-4 * (1.0 + mm);
                assert!(is_gap || is_near, "{row} {column}: {own}, not {mm} mm");
            }
        }
        assert_ne!(refined, values(&answered(nowhere(), &query), "prediction"), "between them");
        let words = outcome.notes("amount").next().expect("it is said");
        assert!(words.contains("has 3 mm"), "{words}");
    }
}

/// What is explained are millimetres of the tile.
#[test]
fn explanations_have_the_unit_of_their_tile() {
    let (task, query) = (nowhere(), format!("rain={SAMPLE}&domain=-115,37,-113,39"));
    let mut request = request(task, &query);
    request.explain = vec![Explain {
        method: "gradient".to_owned(),
        options: Default::default(),
        target: Target::Refined { place: RefinedPlace::Wettest, above_mm: None },
        layers: Vec::new(),
    }];
    let prepared = task.prepare(&request, &cards_brought_to(3.0)).expect("it can be prepared");
    let [pass] = &prepared.passes[..] else { panic!("one tile") };
    let network::Target::SumOver { mm: Some(unit), .. } = pass.asked[0].target else {
        panic!("a sum of millimetres")
    };
    // The first coarse node of the tile stands at its first fine node.
    let mm = task.fields.load(SAMPLE).unwrap().field.linear(37.0, -115.0);
    assert!((unit.mm(f64::from(pass.input.values[0])) - mm).abs() < 1e-4 * (1.0 + mm));
    assert!(unit.factor != 1.0);
}

#[test]
fn an_edge_that_no_whole_tile_covers_is_said() {
    let left_out = |domain: &str| {
        let outcome = answered(nowhere(), &format!("rain={SAMPLE}&domain={domain}"));
        outcome.notes("left-out").next().map(str::to_owned)
    };
    assert_eq!(left_out("-115,37,-113,39"), None);
    let words = left_out("-115,37,-112.5,39").expect("half a degree");
    assert!(words.contains("refined is 37 to 39° N, -115 to -113° E"), "{words}");
    assert!(words.contains("the eastern 0.5° of the domain"), "{words}");
}

/// Rows begin in the north, as everywhere in results.
#[test]
fn maps_lie_the_right_way_up() {
    let task = nowhere();
    let outcome = answered(task, &format!("rain={SAMPLE}"));
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
    let outcome = answered(nowhere(), &format!("rain={SAMPLE}&conservation=coarse"));
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

/// Half a unit of the logarithm is a factor of more than 1.6, which is said unless each coarse cell is kept.
#[test]
fn rain_that_is_lost_or_made_is_said() {
    let of = |more: &str, change: f32| {
        let query = format!("rain={SAMPLE}{more}");
        let outcome = answered_by(nowhere(), &query, |z| z + change);
        let share = outcome.number("refined_share_of_coarse_mean").expect("there is coarse rain");
        (share, outcome.notes("coarse-not-kept").next().map(str::to_owned))
    };
    let (share, note) = of("", 0.0);
    assert!((0.8..=1.25).contains(&share) && note.is_none(), "{share} {note:?}");
    for (change, shares) in [(-1.0, 0.0..0.7), (1.0, 1.4..100.0)] {
        let (share, note) = of("", change);
        assert!(shares.contains(&share), "{share}");
        let note = note.expect("it is said");
        let percent = stormlens_plot::words::number(100.0 * share);
        assert!(note.contains(&format!("is {percent} % of the coarse rain")), "{note}");
        assert!(note.contains("choose conservation=coarse to keep"), "{note}");
        let (share, note) = of("&conservation=coarse", change);
        assert!((share - 1.0).abs() < 1e-5 && note.is_none(), "{share} {note:?}");
    }
}

/// Members stand 0.1 of the unit apart, the middle one being the network itself.
#[test]
fn an_ensemble_has_a_mean_a_spread_and_ranks() {
    let outcome = answered(nowhere(), &format!("rain={SAMPLE}&ensemble=dropout&members=3"));
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
    let outcome = answered(nowhere(), &format!("rain={SAMPLE}&ensemble=epochs"));
    let members = outcome.variable("members").expect("there are members");
    assert_eq!((members.axes[0].label(0), members.n_maps()), ("epoch 1".to_owned(), 2));
}

/// The first hours are dry in a part of the domain.
#[test]
fn dry_tiles_do_not_go_through_the_network() {
    let task = nowhere();
    let request = request(task, "rain=mrms-20160920T0300&domain=-121,33,-115,37");
    let prepared = task.prepare(&request, &cards()).expect("it can be prepared");
    let outcome = answered(task, "rain=mrms-20160920T0300&domain=-121,33,-115,37");
    let (wet, all) = (outcome.number("tiles/wet").unwrap(), outcome.number("tiles/all").unwrap());
    assert_eq!(prepared.passes.len() as f64, wet);
    assert!(wet < all, "{wet} of {all}");
}

/// Every forecast that there is, is scored and compared.
#[test]
fn every_forecast_is_scored_beside_the_network() {
    let outcome = answered(nowhere(), &format!("rain={SAMPLE}&ensemble=dropout&members=2"));
    let expected = [
        "prediction",
        "bilinear",
        "bilinear_reference",
        "block_constant",
        "rainfarm",
        "rainfarm_mean",
        "rainfarm_orographic",
        "rainfarm_orographic_mean",
        "mean",
    ];
    for name in ["scores/mse", "fractions_skill_score", "power_ratio", "error_by_elevation"] {
        let axis = &outcome.variable(name).expect(name).axes[0];
        let forecasts: Vec<String> = (0..axis.len()).map(|i| axis.label(i)).collect();
        assert_eq!(forecasts, expected, "{name}");
    }
    for rival in &expected[1..] {
        for score in ["mse", "r"] {
            let gain =
                |part: &str| outcome.number(&format!("gain/{rival}/{score}{part}")).expect(rival);
            assert!(gain("_low") <= gain("") && gain("") <= gain("_high"), "{rival} {score}");
        }
        assert!(outcome.number(&format!("mass_residual/{rival}")).is_some(), "{rival}");
    }
    // Scores are tables, no bars; shares by rank are bars.
    let figures = stormlens_plot::Figure::all(&outcome, &[]);
    let figures: Vec<String> = figures.iter().map(ToString::to_string).collect();
    assert!(!figures.iter().any(|figure| figure.starts_with("bars-scores")), "{figures:?}");
    assert!(figures.iter().any(|figure| figure == "bars-ensemble/ranks"), "{figures:?}");
    let tables = crate::tasks::downscaling::page::tables::tables(&outcome);
    let fractions =
        tables.iter().find(|table| table.title.starts_with("Fractions")).expect("a table");
    assert!(fractions.groups.iter().all(|group| group.rows.len() == expected.len()));
    assert_eq!(fractions.groups[1].title, "1 mm or more");
    let scores = &tables[0];
    let residual = &scores.groups[0].rows[3].1;
    assert_eq!(residual.len(), scores.columns.len());
    assert!(residual.last().expect("a share").ends_with(" %"), "{residual:?}");
}

/// Of one table and one curve, the numbers agree.
#[test]
fn curves_of_quantiles_are_those_of_the_table() {
    let outcome = answered(nowhere(), &format!("rain={SAMPLE}"));
    let table = outcome.variable("quantiles").expect("a table");
    let n = table.axes[1].len();
    let observation = table.axes[0].len() - 1;
    let curve = outcome.variable("quantiles_at_observed").expect("a curve of each forecast");
    let stormlens_data::outcome::Coordinates::Numbers { values: along, .. } =
        &curve.axes[1].coordinates
    else {
        panic!("a curve is along numbers")
    };
    assert!(along.windows(2).all(|pair| pair[0] < pair[1]), "{along:?}");
    let mut n_found = 0;
    for share in 0..n {
        let observed = table.values.at(observation * n + share);
        if let Some(place) = along.iter().position(|&mm| mm == observed) {
            assert_eq!(curve.values.at(along.len() + place), table.values.at(n + share));
            n_found += 1;
        }
    }
    assert!(n_found > 3, "{n_found} of {n}");
}

/// RainFARM has more rain where other hours have more, and the hours that are shown are none of these.
#[test]
fn a_climatology_is_of_other_hours() {
    let task = nowhere();
    let rain = task.fields.load(SAMPLE).unwrap();
    let shown = rain.field.interval.expect("it has an interval");
    let found = task.fields.climatology([37.0, 43.0, -115.0, -108.0], shown).expect("an archive");
    let path = data().join("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    let hours = stormlens_data::downscale::HourlyRain::open(&path, "tp", Some(1)).unwrap();
    let mut sums = vec![(0.0_f64, 0_u32); rain.field.values.len()];
    let mut n_hours = 0;
    for end in hours.times().filter(|end| *end <= shown.start || *end > shown.end) {
        n_hours += 1;
        for (sum, &mm) in sums.iter_mut().zip(&hours.sum(end, 1).unwrap().rain.field.values) {
            if !mm.is_nan() {
                *sum = (sum.0 + f64::from(mm), sum.1 + 1);
            }
        }
    }
    assert_eq!((found.n_hours, n_hours), (57, 57), "of sixty hours");
    for (mean, (sum, n)) in found.field.values.iter().zip(sums) {
        let expected = sum / f64::from(n);
        // The shown hours were added and taken away again.
        assert!(
            (n == 0 && mean.is_nan()) || (f64::from(*mean) - expected).abs() < 1e-5,
            "{mean} {expected}"
        );
    }
    assert!(
        task.fields.climatology([50.0, 52.0, 5.0, 7.0], shown).is_none(),
        "nothing is known of Europe"
    );
    let outcome = answered(task, &format!("rain={SAMPLE}"));
    let words = outcome.notes("rainfarm_orographic").next().expect("it is said");
    assert!(words.contains("57 other hours"), "{words}");
    assert!(values(&outcome, "rainfarm") != values(&outcome, "rainfarm_orographic"));
}

/// All that follows from the rain is of its hours, and a ratio without rain is undefined, not without data.
#[test]
fn what_follows_from_rain_is_of_its_hours() {
    let outcome = answered(nowhere(), &format!("rain={SAMPLE}&ensemble=dropout&members=3"));
    let of = |name: &str| outcome.variable(name).unwrap_or_else(|| panic!("there is {name}"));
    for name in ["prediction", "ratio", "spread", "conservation_ratio", "error_by_tile"] {
        let axes = &of(name).axes;
        assert!(axes.iter().any(|axis| axis.has_intervals()), "{name}: {axes:?}");
    }
    // Terrain and how tiles are joined are of no time.
    for name in ["elevation", "weight_sum"] {
        assert!(of(name).axes.is_empty(), "{name}");
    }
    let missing = of("ratio").quantity.missing.clone().expect("it says why");
    assert!(missing.starts_with("no rain") && missing.ends_with("undefined"), "{missing}");
    let of_cells = of("conservation_ratio").quantity.missing.clone().expect("it says why");
    assert!(of_cells.starts_with("no refined rain"), "{of_cells}");
}
