use super::*;
use crate::tasks::tests::{CLOUDS, SAMPLE, answered};

fn rain(more: &str) -> (Question, Outcome) {
    answered(&format!("sample={SAMPLE}{more}"))
}

fn names(figures: &[Figure]) -> Vec<String> {
    figures.iter().map(ToString::to_string).collect()
}

#[test]
fn a_lead_time_has_its_place() {
    let (_, outcome) = rain("&methods=none");
    assert_eq!([30, 60, 180].map(|lead| lead_idx(&outcome, lead)), [0, 1, 2]);
}

/// Where nothing was observed, nothing is compared with it.
#[test]
fn maps_are_those_of_the_lead_time() {
    let (_, outcome) = rain("&methods=none");
    let observed = [
        "map-prediction@1",
        "map-observation@1",
        "map-persistence@1",
        "map-lagrangian_persistence@1",
        "map-s_prog@1",
        "difference-prediction,observation@1",
    ];
    assert_eq!(names(&maps(&outcome, 1)), observed);
    assert_eq!(
        names(&maps(&outcome, 2)),
        ["map-prediction@2", "map-persistence@2", "map-lagrangian_persistence@2", "map-s_prog@2",]
    );
    let all = ["strip-prediction", "strip-observation", "differences-prediction,observation"];
    assert_eq!(names(&strips(&outcome)), all);
    let (_, one) = rain("&checkpoint=late&methods=none");
    assert!(strips(&one).is_empty(), "there is one lead time");
}

#[test]
fn the_other_lead_times_are_a_click_away() {
    let (question, _) = rain("&lead-time=60&methods=saliency");
    let found = leads(&question);
    let minutes: Vec<_> = found.iter().map(|lead| (lead.0, lead.1.is_some())).collect();
    assert_eq!(minutes, [(30, true), (60, false), (180, true)]);
    let href = found[2].1.as_ref().expect("it is another one");
    assert!(href.contains("&lead-time=180&threshold=1.5&methods=saliency"), "{href}");
}

#[test]
fn what_is_forecast_is_said() {
    let (question, outcome) = rain("&lead-time=60");
    assert_eq!(heading(&question, &outcome, 1), "Rain at 26 August 2010, 06:35 UTC");
    assert_eq!(start(&outcome), "05:35");
    let (question, outcome) = answered(&format!("model=clouds&sample={CLOUDS}"));
    assert_eq!(heading(&question, &outcome, 0), "Cloud cover at 1 July 2018, 07:00 UTC");
    let maximum = &facts(&outcome, 0)[0];
    assert_eq!(maximum.0, "Predicted maximum");
    assert!(!maximum.1.contains(' '), "a share has no unit: {}", maximum.1);
}

#[test]
fn a_threshold_that_selects_nothing_or_everything_is_said_plainly() {
    let with = |value: f32| {
        let (question, mut outcome) = rain("&threshold=3");
        let mask =
            outcome.variables.iter_mut().find(|v| v.name == "target_mask").expect("there is one");
        mask.values = stormlens_data::outcome::Values::F32(vec![value; mask.values.len()]);
        notice(&question, &outcome, 0).unwrap_or_default()
    };
    assert!(with(0.0).starts_with("No pixel of the forecast exceeds 3 mm/h"), "{}", with(0.0));
    assert!(with(0.0).contains("The maximum is") && with(0.0).contains("Choose a lower threshold"));
    assert!(with(1.0).starts_with("All pixels of the forecast exceed 3 mm/h"), "{}", with(1.0));
    let (question, outcome) = rain("&threshold=3");
    assert_eq!(notice(&question, &outcome, 0), None);
    let (question, outcome) = rain("&methods=none");
    assert_eq!(notice(&question, &outcome, 0), None, "nothing is explained");
}
