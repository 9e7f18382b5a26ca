//! Targets that several tiles make together.

use stormlens_data::network::{Asked, Explained, Map, Meaning, Measure, Target as Sum};
use stormlens_data::request::Explain;

use super::*;

/// Rain in the south-west and the south-east, with dry tiles beside it.
const PARTLY_DRY: &str = "rain=mrms-20160920T0300&domain=-121,33,-115,37";

/// Of a network whose rain at a node comes from the rain that it is given there, and from nothing else.
pub(super) fn explained(asked: &Asked, z: &[f32]) -> Explained {
    let Sum::SumOver { rows, columns, above, mm: Some(unit), weights } = &asked.target else {
        panic!("a sum of millimetres")
    };
    let mm = |i: usize| unit.mm(f64::from(z[i]));
    let is_in = |i: usize| {
        let is_there = rows.contains(&(i / 64)) && columns.contains(&(i % 64));
        is_there && above.is_none_or(|above| mm(i) > above)
    };
    let weight = |i: usize| weights.as_ref().map_or(1.0, |weights| weights[i]);
    let mask: Vec<f32> = (0..z.len()).map(|i| if is_in(i) { weight(i) } else { 0.0 }).collect();
    let rain: Vec<f64> = mask.iter().enumerate().map(|(i, &m)| f64::from(m) * mm(i)).collect();
    let from_terrain = vec![0.0; z.len()];
    let values = rain.iter().map(|&mm| mm as f32).chain(from_terrain).collect();
    let score = rain.iter().sum();
    let map =
        Map { part: "", layer: None, meaning: Meaning::Contribution, shape: [2, 64, 64], values };
    let measure = Measure { name: "sum", value: score, is_in_target_unit: true, meaning: "sum" };
    let (maps, measures) = (vec![map], vec![measure]);
    let method = asked.method.clone();
    Explained { method, score, mask: Some(mask), maps, series: Vec::new(), measures }
}

fn request_by(query: &str, method: &str) -> Request {
    let (method, options, layers) = (method.to_owned(), Default::default(), Vec::new());
    let explain = vec![Explain { method, options, target: target(query).unwrap(), layers }];
    Request { explain, ..request(nowhere(), query) }
}

fn outcome_of(query: &str, cards: &Cards) -> Outcome {
    answered_to(nowhere(), &request_by(query, "integrated-gradients"), cards, |z| z)
}

fn number(outcome: &Outcome, name: &str) -> f64 {
    outcome.number(name).unwrap_or_else(|| panic!("there is {name}"))
}

/// The mean of the map over the nodes of the target, and how many there are.
fn mean_of_map(outcome: &Outcome) -> (f64, usize) {
    let values = |name: &str| outcome.variable(name).expect(name).to_f32();
    let (mask, mm) = (values("target_mask"), values("prediction"));
    let of_target = mm.iter().zip(&mask).filter(|(_, mask)| **mask == 1.0);
    let mm: Vec<f64> = of_target.map(|(&mm, _)| f64::from(mm)).collect();
    (mm.iter().sum::<f64>() / mm.len() as f64, mm.len())
}

/// Where nothing is negative; in whatever unit tiles are given, over dry tiles too, and with nodes above an amount only.
#[test]
fn the_target_of_several_tiles_is_the_mean_of_the_map() {
    let sample = format!("rain={SAMPLE}&target=box:-114.2,38.2,-111.5,40.3");
    for query in [
        sample.clone(),
        format!("{sample}&above-mm=2"),
        format!("rain={SAMPLE}&target=box:-115,37,-111,41"),
        format!("{PARTLY_DRY}&target=box:-115.9,33.2,-115.2,35.5"),
        format!("{PARTLY_DRY}&target=box:-120.5,33.5,-118.5,34.8"),
    ] {
        for cards in [cards(), cards_brought_to(3.0)] {
            let outcome = outcome_of(&query, &cards);
            let (mean, n) = mean_of_map(&outcome);
            let found = number(&outcome, "integrated_gradients/target");
            // Units of tiles differ a little between coarse nodes, and so do the tiles that have more than an amount.
            let limit = if query.contains("above") { 2e-2 } else { 1e-5 };
            assert!(mean > 0.0 && (found - mean).abs() < limit * mean, "{query}: {found}, {mean}");
            assert_eq!(number(&outcome, "integrated_gradients/n_pixels"), n as f64, "{query}");
            assert!(outcome.notes("several-tiles").next().is_some(), "{query}");
        }
    }
}

/// Half a degree is not rounded away.
#[test]
fn the_target_is_said_with_its_place() {
    for (target, place) in [
        ("box:-114.5,37.5,-111.5,40.5", "37.5 to 40.5° N, -114.5 to -111.5° E in "),
        ("box:-114.5,37.5,-114.25,37.75", "37.5 to 37.75° N, -114.5 to -114.25° E ("),
    ] {
        let outcome = outcome_of(&format!("rain={SAMPLE}&target={target}"), &cards());
        let mut all = outcome.numbers.iter();
        let found = all.find(|number| number.name == "integrated_gradients/target");
        let meaning = &found.expect("it is there").meaning;
        assert!(meaning.contains(place), "{meaning}");
    }
}

/// Contributions of the tiles add up to the target, as a map and as numbers; beyond the tiles there is nothing.
#[test]
fn contributions_of_several_tiles_are_added_where_they_lie() {
    let outcome = outcome_of(&format!("{PARTLY_DRY}&target=box:-120.5,33.5,-118.5,34.8"), &cards());
    let target = number(&outcome, "integrated_gradients/target");
    for name in ["integrated_gradients/sum", "integrated_gradients/from_rain"] {
        let found = number(&outcome, name);
        assert!((found - target).abs() < 1e-5 * target, "{name}: {found}, not {target}");
    }
    assert_eq!(number(&outcome, "integrated_gradients/from_terrain"), 0.0);
    let map = outcome.variable("integrated_gradients").expect("a map");
    // Tiles from 33 to 36° N and 121 to 118° W.
    assert_eq!(map.shape(), [2, 96, 96]);
    let values = map.to_f32();
    let there = values.iter().filter(|v| !v.is_nan()).map(|&v| f64::from(v));
    assert!((there.sum::<f64>() - target).abs() < 1e-5 * target);
    assert!(values[0].is_nan() && values[95 * 96 + 95].is_nan(), "corners without a tile");
    assert!(map.quantity.missing.is_some(), "it is said why");
    for name in ["tiles/rain", "tiles/elevation"] {
        let input = outcome.variable(name).expect(name);
        assert_eq!(input.plane, Some([96, 96]), "{name}");
    }
    // The box begins in row 16 from the south, and in column 16.
    let at = |row_from_south: usize, column: usize| values[(95 - row_from_south) * 96 + column];
    assert!(at(15, 16) == 0.0 && at(16, 15) == 0.0, "outside of the box");
}

#[test]
fn a_dry_tile_beside_a_wet_one_only_makes_the_mean_less() {
    let of = |north: f64| {
        let query = format!("{PARTLY_DRY}&target=box:-115.9,33.2,-115.2,{north}");
        let outcome = outcome_of(&query, &cards());
        let part = |name: &str| number(&outcome, &format!("integrated_gradients/{name}"));
        (part("target"), part("n_pixels"))
    };
    // The wet tile ends at 35° N.
    let ((wet, n_wet), (both, n_both)) = (of(34.99), of(35.5));
    assert!(n_both > n_wet, "{n_both} and {n_wet} nodes");
    assert!((both * n_both - wet * n_wet).abs() < 1e-5 * wet * n_wet, "{both} and {wet} mm");
}

/// What lies within one tile stays the rain of that tile, with its gates.
#[test]
fn a_box_within_one_tile_is_of_that_tile() {
    let query = format!("rain={SAMPLE}&target=box:-114.5,37.5,-114.25,37.75");
    let request = request_by(&query, "grad-cam");
    let prepared = nowhere().prepare(&request, &cards()).expect("it can be prepared");
    let asked: Vec<_> = prepared.passes.iter().flat_map(|pass| &pass.asked).collect();
    let [Asked { target: Sum::SumOver { weights: None, .. }, .. }] = asked[..] else {
        panic!("one sum without weights: {asked:?}")
    };
}

#[test]
fn what_cannot_be_added_over_tiles_is_refused_in_words() {
    for (method, words) in [("grad-cam", "a maximum of one tile"), ("saliency", "cancel out")] {
        let query = format!("rain={SAMPLE}&target=box:-114.2,38.2,-111.5,40.3");
        let refused = nowhere().prepare(&request_by(&query, method), &cards());
        let Err(WorkerError::Invalid { message, remedy }) = refused else {
            panic!("{method} should be refused")
        };
        assert!(message.contains(method) && message.contains(words), "{message}");
        assert!(remedy.starts_with("choose integrated-gradients, or a box"), "{remedy}");
    }
    for (target, words) in [
        ("box:-118.9,36.2,-116.5,36.8", "has rain that is known"),
        ("box:-116.5,36.2,-118.9,36.8", "a side is turned round"),
    ] {
        let query = format!("{PARTLY_DRY}&target={target}");
        let refused = nowhere().prepare(&request_by(&query, "integrated-gradients"), &cards());
        let Err(WorkerError::Invalid { message, .. }) = refused else { panic!("{target}") };
        assert!(message.contains(words), "{message}");
    }
}

/// A node at the edge of a tile with rain is the first of the next one, which may be dry.
#[test]
fn a_node_where_a_dry_tile_begins_is_found() {
    for target in ["node:39,-112", "box:-112.01,38.9,-111.99,39.1", "box:-112.2,38.8,-111.8,39.2"] {
        let outcome = outcome_of(&format!("rain=mrms-20160921T1800&target={target}"), &cards());
        let (_, n) = mean_of_map(&outcome);
        assert_eq!(number(&outcome, "integrated_gradients/n_pixels"), n as f64, "{target}");
        assert!(n > 0, "{target}");
    }
}
