//! Marks on maps.

use stormlens_data::outcome::{Axis, Colours, Domain, Outcome, Quantity, Role, Values, Variable};

use super::helpers::*;
use crate::testing::outcome;
use crate::{Style, alt_text};

/// A cross and dots on the first map of the prediction: two of weight 1, one of weight 0.25, one beyond the map.
fn marked() -> Outcome {
    let mut outcome = outcome();
    let values = [
        [100.0, 100.0, f64::NAN],
        [50.0, 200.0, 1.0],
        [150.5, 20.25, 0.25],
        [287.0, 287.0, 1.0],
        [-4.0, 10.0, 0.5],
    ];
    outcome.variables.push(Variable {
        name: "prediction/marks".into(),
        role: Role::Diagnostic,
        quantity: Quantity::new("places that count", "1", Colours::None),
        axes: vec![
            Axis::names("mark", ["a", "b", "c", "d", "e"]),
            Axis::names("what", ["row", "column", "weight"]),
        ],
        plane: None,
        domain: Domain::None,
        values: Values::F64(values.concat()),
    });
    outcome
}

/// Middle and radius of each disc, in hundredths of a millimetre.
fn discs(svg: &str) -> Vec<[f64; 3]> {
    let of = |part: &str, name: &str| {
        let value = part.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
        value.parse::<f64>().ok()
    };
    let circles = svg.split("<circle").skip(1);
    circles.filter_map(|part| Some([of(part, "cx")?, of(part, "cy")?, of(part, "r")?])).collect()
}

#[test]
fn dots_stand_at_their_places_and_have_the_area_of_their_weight() {
    let outcome = marked();
    let svg = drawn(&outcome, "map-prediction", &Style::default());
    let discs = discs(&svg);
    assert_eq!(discs.len(), 6, "a paler disc below each dot that is on the map");
    let dots: Vec<_> = discs.chunks(2).map(|pair| pair[1]).collect();
    assert_eq!(dots.iter().map(|dot| dot[2]).collect::<Vec<_>>(), [90.0, 45.0, 90.0]);
    let [_, _, plane, _] =
        crate::plane_frame(&outcome, &parsed("map-prediction"), &Style::default())
            .expect("one map");
    let width = plane * Style::default().width_mm * 100.0;
    let expected = (200.0 - 20.25) / 288.0 * width;
    assert!((dots[0][0] - dots[1][0] - expected).abs() <= 1.5, "{dots:?} {expected}");
    assert!((dots[1][1] - dots[0][1] - 100.5 / 288.0 * width).abs() <= 1.5, "{dots:?}");
    says(
        &outcome,
        "map-prediction",
        &Style::default(),
        &["dots: places that count, 1 of them beyond the map; area: weight"],
    );
    let alt = alt_text(&outcome, &parsed("map-prediction"));
    assert!(alt.contains("places that count, 1 of them beyond the map"), "{alt}");
}

#[test]
fn a_part_of_a_map_shows_the_dots_of_that_part() {
    let outcome = marked();
    let region = Some("0,144,144,144".parse().expect("a region"));
    let svg = drawn(&outcome, "map-prediction", &Style { region, ..Style::default() });
    assert_eq!(discs(&svg).len(), 2, "one dot in the upper right quarter");
    let difference = drawn(&outcome, "difference-prediction,observation", &Style::default());
    assert!(discs(&difference).is_empty(), "no dots on what follows from the map");
}
