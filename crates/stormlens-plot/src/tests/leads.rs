//! Several lead times, and fields that are not rain.

use stormlens_data::outcome::{Colours, Outcome, Quantity};

use super::helpers::*;
use crate::testing::{outcome, outcome_of_leads};
use crate::{Style, Theme, alt_text, size_px, thumbnail};

#[test]
fn each_lead_time_has_its_map() {
    let (outcome, style) = (outcome_of_leads(3), Style::default());
    says(&outcome, "map-prediction@2", &style, &["valid 26 Aug 2010 06:25 UTC, lead time 90 min"]);
    says(&outcome, "map-persistence@1", &style, &["the last input frame, unchanged; valid"]);
    says(&outcome, "map-observation@1", &style, &["nothing was measured here"]);
    let strip = ["Predicted rain rate at 3 times", "+30 min", "+60 min", "+90 min", "up to 26 Aug"];
    says(&outcome, "strip-prediction", &style, &strip);
    let errors = ["Prediction minus observation at 3 times", "+30 min", "+90 min", "up to 26 Aug"];
    says(&outcome, "differences-prediction,observation", &style, &errors);
    let words = alt_text(&outcome, &parsed("differences-prediction,observation"));
    assert!(words.contains("the root mean square goes from "), "{words}");
    let first = decoded(&drawn(&outcome, "map-prediction", &style)).remove(0);
    let last = decoded(&drawn(&outcome, "map-prediction@2", &style)).remove(0);
    assert!(first != last);
    // The mask belongs to the first one, so the grey beneath it is that of the first.
    says(&outcome, "map-target_mask", &style, &["valid 26 Aug 2010 05:25 UTC"]);
    let missing = parsed("map-prediction@3");
    assert_eq!(size_px(&outcome, &missing, &style).1, 0);
}

/// Shares of clouds where there was rain.
fn clouds() -> Outcome {
    let mut outcome = outcome();
    for name in ["input", "prediction", "observation", "persistence"] {
        variable(&mut outcome, name).quantity = Quantity::cloud_cover();
        values(&mut outcome, name).iter_mut().for_each(|v| *v = (*v / 4.0).min(1.2) - 0.05);
    }
    outcome
}

#[test]
fn cloud_cover_is_a_share() {
    let (mut clouds, style) = (clouds(), Style::default());
    says(
        &clouds,
        "map-prediction",
        &style,
        &["Predicted cloud cover", "0.2", "0.8", "cloud cover"],
    );
    let svg = drawn(&clouds, "map-prediction", &style);
    assert!(!svg.contains("mm/h"), "the credit names radar, nothing names a rate");
    let grey = "beneath, in grey: cloud cover in the input frame of 04:55 UTC";
    says(&clouds, "map-grad_cam/cbam3", &style, &[grey]);
    says(&clouds, "difference-prediction,observation", &style, &["difference", "mean "]);
    let alt = alt_text(&clouds, &parsed("map-prediction"));
    assert!(alt.contains("maximum 1.15, ") && alt.contains("0.5 or more on "), "{alt}");
    values(&mut clouds, "prediction").fill(0.0);
    says(&clouds, "map-prediction", &style, &["no cloud cover"]);
    let alt = alt_text(&clouds, &parsed("map-prediction"));
    assert!(alt.contains("no cloud cover of 0.5 or more"), "{alt}");
}

#[test]
fn more_clouds_stand_out_more() {
    for (theme, is_darker) in [(Theme::Light, true), (Theme::Dark, false)] {
        let field = stormlens_data::field::Field::new(1, 4, vec![0.0, 0.3, 0.7, 1.0]);
        let png = thumbnail(&field, None, Colours::Share, Style::default().palette, theme, 4);
        let picture = image::load_from_memory(&png).expect("a PNG").to_luma8();
        let greys: Vec<u8> = picture.pixels().map(|p| p.0[0]).collect();
        let ordered = greys.windows(2).all(|w| (w[1] < w[0]) == is_darker && w[1] != w[0]);
        assert!(ordered, "{theme}: {greys:?}");
    }
}
