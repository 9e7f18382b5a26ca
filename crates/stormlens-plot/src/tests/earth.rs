//! Figures of grids on the Earth.

use resvg::usvg::roxmltree::Document;
use stormlens_data::outcome::{Outcome, Values};

use super::helpers::*;
use crate::evidence::NO_EVIDENCE;
use crate::palette::inks;
use crate::testing::{EMPTY_LAYER, outcome};
use crate::words::sentence;
use crate::{Overlay, Style, Theme, alt_text};

fn check(figure: &str, expected: &[&str]) {
    says(&outcome(), figure, &Style::default(), expected);
}

#[test]
fn figures_name_quantity_time_lead_time_and_unit() {
    let axes = ["east (km)", "north (km)", "250"];
    let prediction = "valid 26 Aug 2010 05:25 UTC, lead time 30 min";
    check("map-prediction", &["Predicted rain rate", prediction]);
    check("map-prediction", &[axes.as_slice(), &["mm/h", "0.1", "100", "KNMI", "CC BY"]].concat());
    check("map-observation", &["Observed rain rate", "26 Aug 2010 05:25 UTC", "mm/h"]);
    check("map-persistence", &["Persistence forecast", "the last input frame", "lead time 30 min"]);
    let difference = "Prediction minus observation";
    check("difference-prediction,observation", &[difference, "−20", "20", "root mean square"]);
    check("map-input@2", &["Input frame 3 of 12", "26 Aug 2010 04:10 UTC, 45 min before"]);
    check("strip-input", &["The 12 input frames", "04:00 (−55 min)", "04:55", "mm/h"]);
    let target = "target: predicted rain above 1.5 mm/h (";
    check("map-grad_cam/cbam3", &["Grad-CAM, cbam3", target, "share of maximum"]);
    check("map-grad_cam/cbam3", &["beneath, in grey: rain rate in the input frame of 04:55 UTC"]);
    let raw = "Grad-CAM before rectification, cbam3";
    check("map-grad_cam/cbam3/raw", &[raw, target, "72 × 72 pixels", "weighted activation"]);
    let frame = "Integrated gradients, input frame 12 of 12";
    check("map-integrated_gradients@11", &[frame, "the last input frame", target]);
    check("map-integrated_gradients@11", &["sum over the frame +", "attribution (mm/h)"]);
    check("map-saliency@10", &["Saliency, input frame 11 of 12", target, "absolute gradient"]);
    let sums = "Integrated gradients summed per input frame";
    check("bars-integrated_gradients/sums", &[sums, target, "−55", "0", "attribution (mm/h)"]);
    let gap = "8 steps from no rain; completeness gap +1.0\u{a0}% of +";
    check("bars-integrated_gradients/sums", &[gap, "minutes before the last input frame"]);
    let path = "Target from no rain to the input";
    check("curve-integrated_gradients/path", &[path, "target along the path (mm/h)", target]);
    check("map-target_mask", &["Target of the explanation", "predicted above 1.5 mm/h ("]);
    check("map-target_mask", &["in grey: prediction valid 26 Aug 2010 05:25 UTC"]);
    check("grid-grad_cam/cbam3,grad_cam/Up_RRCNN3", &["cbam3", "Up_RRCNN3", "share of", target]);
    check("grid-prediction,observation", &["Prediction, +30 min", "Observation, +30 min", "mm/h"]);
    check("strip-integrated_gradients", &["Integrated gradients, all 12 input frames", target]);
}

#[test]
fn emptiness_is_said() {
    check(&format!("map-grad_cam/{EMPTY_LAYER}"), &[NO_EVIDENCE]);
    check("map-integrated_gradients", &["this frame has no influence on the target"]);
    let style = Style::default();
    let mut dry = outcome();
    values(&mut dry, "prediction").fill(0.02);
    says(&dry, "map-prediction", &style, &["no rain of 0.1 mm/h or more"]);
    values(&mut dry, "prediction").fill(f32::NAN);
    says(&dry, "map-prediction", &style, &["nothing was measured here", "not measured"]);
    says(&dry, "difference-prediction,observation", &style, &["nothing was measured here"]);
    values(&mut dry, "target_mask").fill(0.0);
    says(&dry, "map-target_mask", &style, &["no pixel is predicted above 1.5 mm/h", "(0 pixels"]);
    values(&mut dry, "saliency").fill(0.0);
    says(&dry, "map-saliency", &style, &["this frame has no influence on the target"]);
    values(&mut dry, "grad_cam/cbam3/raw").fill(0.0);
    says(&dry, "map-grad_cam/cbam3/raw", &style, &["zero everywhere in this layer"]);
    if let Values::F64(sums) = &mut variable(&mut dry, "integrated_gradients/sums").values {
        sums.fill(0.0);
    }
    let none = "no input frame has any influence on the target";
    says(&dry, "bars-integrated_gradients/sums", &style, &[none]);
}

#[test]
fn what_was_not_measured_is_shown_and_explained() {
    let mut holes = outcome();
    let style = Style::default();
    assert!(!texts(&drawn(&holes, "map-input", &style)).contains(&"not measured".to_owned()));
    values(&mut holes, "input")[..5000].fill(f32::NAN);
    for figure in ["map-input", "strip-input"] {
        let texts = texts(&drawn(&holes, figure, &style));
        assert!(texts.contains(&"not measured".to_owned()), "{figure}");
    }
}

#[test]
fn a_field_is_one_picture() {
    let svg = drawn(&outcome(), "map-prediction", &Style::default());
    let document = Document::parse(&svg).expect("the figure is well-formed");
    let count = |name: &str| document.descendants().filter(|n| n.has_tag_name(name)).count();
    assert_eq!(count("image"), 1);
    assert!(count("rect") < 20, "{} rectangles", count("rect"));
    assert!(svg.len() < 120_000, "{} bytes", svg.len());
}

#[test]
fn the_grey_beneath_is_the_frame_that_was_chosen() {
    let outcome = outcome();
    let ground = |frame| {
        let style = Style { frame, width_mm: 170.0, ..Style::default() };
        let svg = drawn(&outcome, "map-grad_cam/cbam3", &style);
        (decoded(&svg).remove(0), texts(&svg).join(" "))
    };
    let ((newest, _), (oldest, words)) = (ground(None), ground(Some(0)));
    assert!(newest != oldest && words.contains("in the input frame of 04:00 UTC"), "{words}");
    assert_eq!(ground(Some(11)).0, newest);
    assert!(newest.pixels().all(|p| p.0[3] == 0 || p.0[0].abs_diff(p.0[2]) <= 1), "grey");
}

#[test]
fn the_published_overlay_is_named() {
    let published = Style { overlay: Overlay::Published, ..Style::default() };
    let words = ["jet added to the oldest input frame, as in the authors' program"];
    says(&outcome(), "map-grad_cam/cbam3", &published, &words);
    says(&outcome(), "grid-grad_cam/cbam3,grad_cam/cbam5", &published, &words);
}

#[test]
fn alt_texts_say_the_finding() {
    let says = |figure: &str, expected: &[&str]| {
        let alt = alt_text(&outcome(), &parsed(figure));
        for part in expected {
            assert!(alt.contains(part), "{figure}: {alt}");
        }
    };
    let rain = ["lead time 30 min: maximum ", " mm/h, ", "5 mm/h or more on ", "of the domain"];
    says("map-prediction", &rain);
    says("map-input@2", &["Input frame 3 of 12, 26 Aug 2010 04:10 UTC, 45 min before"]);
    says("difference-prediction,observation", &["root mean square", "largest +", "smallest −"]);
    let evidence = ["Strongest", "its middle", "of the centre of the domain", "on target pixels"];
    says("map-grad_cam/cbam3", &evidence);
    says("map-grad_cam/cbam5", &[&sentence(NO_EVIDENCE)]);
    says("map-grad_cam/cbam3/raw", &["Largest +", "; smallest −"]);
    says("map-integrated_gradients@11", &["In sum +", " mm/h; largest +", "; smallest −"]);
    says("map-integrated_gradients", &["In sum 0 mm/h; zero everywhere"]);
    says("map-saliency@11", &["Largest ", "; above half of that on ", "of the domain"]);
    let sums = ["the last input frame matters most (+", "the last 15 minutes hold"];
    says("bars-integrated_gradients/sums", &sums);
    says(
        "curve-integrated_gradients/path",
        &["at no rain to ", "of the path. Integrated gradients"],
    );
    says("map-target_mask", &["pixels (", "are predicted above 1.5 mm/h", "their sum is "]);
    says("strip-input", &["The 12 input frames up to 26 Aug", "the maximum goes from "]);
    says("grid-grad_cam/cbam3,grad_cam/cbam5", &["2 maps; target: ", "cbam5: no positive"]);
    says("map-grad_cam/nowhere", &["No figure: this result holds no `grad_cam/nowhere`"]);
}

fn spike() -> Outcome {
    let mut spike = outcome();
    let rain = values(&mut spike, "prediction");
    rain.fill(0.0);
    rain[43 * 288 + 243] = 20.0;
    spike
}

#[test]
fn the_maximum_is_where_the_alt_text_says() {
    let alt = alt_text(&spike(), &parsed("map-prediction"));
    assert!(alt.contains("maximum 20 mm/h, 141 km north-east of the centre"), "{alt}");
    assert!(alt.contains("less than 0.1 % of the domain"), "{alt}");
}

#[test]
fn dark_pages_have_dark_sheets() {
    let style = Style { theme: Theme::Dark, ..Style::default() };
    let svg = drawn(&outcome(), "map-prediction", &style);
    assert!(svg.contains("class=\"figure-background\"") && svg.contains("fill=\"#14181d\""));
}

/// The numbers along axes and legend.
fn numbers(outcome: &Outcome, figure: &str) -> Vec<String> {
    let is_number = |text: &String| text.replace('−', "-").parse::<f64>().is_ok();
    texts(&drawn(outcome, figure, &Style::default())).into_iter().filter(is_number).collect()
}

#[test]
fn maps_of_all_input_frames_have_one_scale_and_say_so() {
    let outcome = outcome();
    let n_before = numbers(&outcome, "map-grad_cam/cbam3/raw").len();
    assert!(n_before > 8, "axes and legend have numbers");
    for method in ["integrated_gradients", "saliency"] {
        let scale = |index: usize| numbers(&outcome, &format!("map-{method}@{index}"));
        for index in [0, 5, 8] {
            assert_eq!(scale(index), scale(11), "{method}, frame {index}");
        }
        check(&format!("map-{method}@5"), &["the same colour scale for all 12 input frames"]);
    }
    check("map-integrated_gradients@5", &["signed: orange raises the target, blue lowers it"]);
    check("map-saliency@5", &["unsigned: the size of the effect"]);
    check("strip-integrated_gradients", &["beneath, in grey: each input frame"]);
}

#[test]
fn an_attribution_to_a_frame_lies_on_the_rain_of_that_frame() {
    for method in ["integrated_gradients", "saliency"] {
        let figure = |index: usize| format!("map-{method}@{index}");
        let layers = |index| decoded(&drawn(&outcome(), &figure(index), &Style::default()));
        assert!(layers(5).len() > 1, "{method}: rain, then the attribution");
        assert_ne!(layers(5)[0], layers(11)[0], "{method}: each on its own frame");
        check(&figure(5), &["beneath, in grey: rain rate in the input frame of 04:25 UTC"]);
    }
    let faint = decoded(&drawn(&outcome(), "map-integrated_gradients@11", &Style::default()));
    assert!(faint[1].pixels().any(|p| p.0[3] == 0), "where nothing is attributed, rain is seen");
}

/// Viewers of PDF mix the colours of neighbouring pixels, those of transparent ones too.
#[test]
fn transparent_pixels_have_the_colour_of_their_ground() {
    let clear = |figure: &str, style: &Style| -> Vec<[u8; 3]> {
        let pictures = decoded(&drawn(&outcome(), figure, style));
        let pixels = pictures.iter().flat_map(|picture| picture.pixels());
        pixels.filter(|p| p.0[3] == 0).map(|p| [p.0[0], p.0[1], p.0[2]]).collect()
    };
    for theme in [Theme::Light, Theme::Dark] {
        let style = Style { theme, ..Style::default() };
        for figure in ["map-prediction", "strip-input", "difference-prediction,observation"] {
            let found = clear(figure, &style);
            assert!(!found.is_empty(), "{figure}: dry ground is transparent");
            let ground = inks(theme).ground;
            assert!(found.iter().all(|rgb| *rgb == ground), "{figure} in {theme}: {:?}", found[0]);
        }
        for figure in ["map-target_mask", "map-grad_cam/cbam3", "map-integrated_gradients@11"] {
            assert!(!clear(figure, &style).contains(&[0; 3]), "{figure} in {theme}");
        }
    }
}

#[test]
fn a_difference_of_cloud_cover_goes_to_one() {
    let mut clouds = outcome();
    let quantity = stormlens_data::card::NowcastField::CloudCover.quantity();
    for (name, value) in [("prediction", 1.02), ("observation", 0.0)] {
        values(&mut clouds, name).fill(value);
        variable(&mut clouds, name).quantity = quantity.clone();
    }
    let scale = numbers(&clouds, "difference-prediction,observation");
    assert!(scale.contains(&"−1".to_owned()) && scale.contains(&"1".to_owned()), "{scale:?}");
    assert!(!scale.contains(&"2".to_owned()), "{scale:?}");
}
