//! Members, and how many of them are above an amount.

use stormlens_data::outcome::{Axis, Colours, Outcome, Quantity, Values};

use super::helpers::*;
use crate::testing::outcome;
use crate::{Figure, Style, alt_text_of};

/// Four members of the prediction: 0, 1, 2 and 3 times what it is.
fn members() -> Outcome {
    let mut outcome = outcome();
    let mut members = outcome.variable("prediction").expect("it predicts").clone();
    let one = members.map(0).values;
    members.name = "members".to_owned();
    members.axes = vec![Axis::names(Axis::MEMBER, ["a", "b", "c", "d"])];
    let scaled = (0..4).flat_map(|m| one.iter().map(move |v| v * m as f32)).collect();
    members.values = Values::F32(scaled);
    outcome.variables.push(members);
    outcome
}

#[test]
fn a_probability_is_the_share_of_members_above_the_threshold_of_the_style() {
    let outcome = members();
    let figure = "exceedance-members";
    let style = Style { exceed: 5.0, ..Style::default() };
    let expected = ["Probability of rain rate above 5 mm/h", "share of 4 members"];
    says(&outcome, figure, &style, &expected);
    let low =
        decoded(&drawn(&outcome, figure, &Style { exceed: 0.1, ..Style::default() })).remove(0);
    let high = decoded(&drawn(&outcome, figure, &style)).remove(0);
    assert!(low != high, "another threshold is another map");
    let alt = alt_text_of(&outcome, &parsed(figure), &style);
    assert!(alt.contains("above 5 mm/h") && alt.contains("maximum 0.75"), "{alt}");
    assert!(Figure::all(&outcome, &[]).contains(&parsed(figure)));
}

#[test]
fn ratios_lie_about_one_and_amounts_begin_at_zero() {
    let mut outcome = outcome();
    for (colours, low, high) in [(Colours::Factor, "0", "2"), (Colours::Amount, "0", "20")] {
        variable(&mut outcome, "prediction").quantity = Quantity::new("something", "1", colours);
        values(&mut outcome, "prediction").iter_mut().for_each(|v| *v = v.clamp(0.0, 40.0));
        says(&outcome, "map-prediction", &Style::default(), &["Predicted something", low, high]);
    }
}

/// A bundle holds all figures that there are, and none that cannot be drawn.
#[test]
fn what_was_observed_otherwise_is_not_subtracted() {
    let mut outcome = outcome();
    let differences = |outcome: &Outcome| {
        let all = Figure::all(outcome, &[]);
        all.iter().filter(|figure| matches!(figure, Figure::Difference { .. })).count()
    };
    assert_eq!(differences(&outcome), 1);
    variable(&mut outcome, "observation").quantity.unit = "mm".to_owned();
    assert_eq!(differences(&outcome), 0);
}
