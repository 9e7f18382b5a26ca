//! Figures of scenes.

use stormlens_data::outcome::Values;
use stormlens_data::request::Target;

use super::helpers::*;
use crate::testing::{
    EMPTY_SCENE_LAYER, SCENE_LAYERS, scene_outcome, scene_outcome_of, scene_picture,
};
use crate::{Figure, Overlay, Polarity, Style, alt_text, draw};
use stormlens_data::scene::{Fit, Variant};

const PIXELS: &str = "map-integrated_gradients";
const PATH: &str = "curve-integrated_gradients/path";

fn one_sign() -> Style {
    Style { polarity: Polarity::Positive, ..Style::default() }
}

#[test]
fn figures_say_what_they_show() {
    let (outcome, style) = (scene_outcome(), one_sign());
    let check = |figure: &str, expected: &[&str]| says(&outcome, figure, &style, expected);
    let answer = "polar low: probability 0.900, logit +0.99";
    check("map-scene", &["Typhoon south of Tokyo", "polar low 0.900, no polar low 0.100"]);
    let axes = ["column (px)", "row (px)", "300"];
    check(
        "map-scene",
        &[["381 × 381 px, stretched to 800 × 800 (nearest)"].as_slice(), &axes].concat(),
    );
    check("map-scene", &["the centre of 512 × 512 that the network sees", "seen by the network"]);
    check("map-scene", &["black: no data (43 % of the picture)", "Copernicus Sentinel data"]);
    let cam = "map-grad_cam/activation_14";
    check(cam, &["Grad-CAM, activation_14", answer, "share of maximum"]);
    check(cam, &["beneath, in grey: Typhoon south of Tokyo", "0.2"]);
    let raw = ["before rectification", answer, "8 × 8 cells", "weighted"];
    check("map-grad_cam/activation_12/raw", &raw);
    check(PIXELS, &["Integrated gradients for “polar low”", answer, "50 steps from black"]);
    check(PIXELS, &["completeness gap −1.4\u{a0}% of +0.853", "largest 1 % of the sum"]);
    check(PIXELS, &["mean of channels (10⁻⁵ probability a pixel)"]);
    check("map-saliency", &["Saliency of “polar low”", answer, "largest of the channels"]);
    check("map-saliency", &["absolute gradient (", "probability a pixel)"]);
    check(PATH, &["Probability of “polar low” from black to the scene", "difference +0.853"]);
    check(PATH, &["sum +0.841", "−1.4\u{a0}%", "share of the way from black to the scene"]);
    let grid = ["activation_8", "activation_14", answer];
    check("grid-grad_cam/activation_8,grad_cam/activation_14", &grid);
    check("bars-probability", &["Probability", "polar low", "no polar low"]);
}

#[test]
fn styles_are_said() {
    let (outcome, default) = (scene_outcome(), one_sign());
    let published = Style { overlay: Overlay::Published, ..default.clone() };
    let stretched = "as published: the map of the centre stretched over the whole scene";
    says(&outcome, "map-grad_cam/activation_14", &published, &[stretched]);
    let grid = "grid-grad_cam/activation_8,grad_cam/activation_14";
    says(&outcome, grid, &published, &[stretched]);
    says(&outcome, PIXELS, &published, &["as published: added to the scene at half"]);
    let negative = Style { polarity: Polarity::Negative, ..default.clone() };
    says(&outcome, PIXELS, &negative, &["against “polar low”", "mean of channels (10⁻", "−"]);
    let both = [
        ": what raises and what lowers",
        "channels summed",
        "attribution (10⁻",
        "strongest 1 % of the pixels",
    ];
    says(&outcome, PIXELS, &Style::default(), &both);
    let clean = Style { below: 45.0, cleanup: true, ..default.clone() };
    says(&outcome, PIXELS, &clean, &["the weakest 45 % are left out; areas below 3 × 3"]);
    let outline = Style { outline: true, ..clean };
    says(&outcome, PIXELS, &outline, &["outlined: 1 region with 59 % of it"]);
    let layer_labels = [("activation_14".to_owned(), "Block 7".to_owned())].into();
    let named = Style { layer_labels, crop_rectangle: false, ..default };
    says(&outcome, "map-grad_cam/activation_14", &named, &["Grad-CAM, Block 7"]);
    let svg = drawn(&outcome, "map-scene", &named);
    assert!(!svg.contains("stroke-dasharray") && !svg.contains("seen by the network"));
}

#[test]
fn what_limits_an_answer_stands_in_every_figure() {
    let mut outcome = scene_outcome_of(&scene_picture(), Variant::LR_128, Fit::Stretch);
    let said = "weights trained on simulated scenes; the scene is unlike the training scenes";
    for figure in Figure::all(&outcome, &[]) {
        let svg = draw(&outcome, &figure, &Style::default()).expect("it can be drawn");
        assert!(!svg.contains("simulated") && !svg.contains("unlike"), "{figure}");
    }
    outcome.notes.push(remark("simulated", "weights trained on simulated scenes"));
    outcome.notes.push(remark("outside-training-range", "the scene is unlike the training scenes"));
    for figure in Figure::all(&outcome, &[]) {
        says(&outcome, &figure.to_string(), &Style::default(), &[said]);
        let alt = alt_text(&outcome, &figure);
        assert!(alt.contains("Weights trained on simulated scenes; the scene is unlike"), "{alt}");
    }
}

#[test]
fn emptiness_is_said() {
    let (mut outcome, style) = (scene_outcome(), one_sign());
    let cam = format!("map-grad_cam/{EMPTY_SCENE_LAYER}");
    let published = Style { overlay: Overlay::Published, ..style.clone() };
    says(&outcome, &cam, &style, &["no positive evidence in this layer"]);
    says(&outcome, &cam, &published, &["no positive evidence in this layer"]);
    values(&mut outcome, "integrated_gradients").iter_mut().for_each(|v| *v = -v.abs());
    says(&outcome, PIXELS, &style, &["nothing speaks for “polar low”"]);
    values(&mut outcome, "integrated_gradients").fill(0.0);
    values(&mut outcome, "saliency").fill(0.0);
    for outline in [false, true] {
        let negative = Style { polarity: Polarity::Negative, outline, ..style.clone() };
        says(&outcome, PIXELS, &negative, &["nothing speaks against “polar low”"]);
    }
    says(&outcome, PIXELS, &Style::default(), &["no pixel has any influence"]);
    says(&outcome, "map-saliency", &style, &["no pixel has any influence"]);
    says(&outcome, PIXELS, &published, &["nothing speaks for “polar low”"]);
    let alt = alt_text(&outcome, &parsed(PIXELS));
    assert!(alt.contains("No pixel has any influence"), "{alt}");
    values(&mut outcome, "grad_cam/activation_8/raw").fill(0.0);
    says(&outcome, "map-grad_cam/activation_8/raw", &style, &["zero everywhere in this layer"]);
}

#[test]
fn classes_are_never_certain_and_the_explained_one_is_named() {
    let mut outcome = scene_outcome();
    for explain in &mut outcome.request.explain {
        if let Target::Class { class, .. } = &mut explain.target {
            *class = 0;
        }
    }
    says(&outcome, PIXELS, &one_sign(), &["Integrated gradients for “no polar low”"]);
    variable(&mut outcome, "probability").values = Values::F64(vec![0.000_01, 0.999_99]);
    let words = ["polar low above 0.999, no polar low below 0.001"];
    says(&outcome, "map-scene", &Style::default(), &words);
}

#[test]
fn a_large_gap_is_pointed_out() {
    let mut outcome = scene_outcome();
    let advice = "use more steps";
    let style = Style { width_mm: 170.0, ..Style::default() };
    assert!(!drawn(&outcome, PATH, &style).contains(advice));
    *number(&mut outcome, "integrated_gradients/completeness_gap") = -0.1;
    assert!(drawn(&outcome, PATH, &style).contains(advice));
    *number(&mut outcome, "integrated_gradients/output_difference") = 0.000_05;
    says(&outcome, PATH, &style, &["; explain the logit instead"]);
}

#[test]
fn a_logit_has_the_axis_that_it_needs() {
    let mut outcome = scene_outcome();
    let path = variable(&mut outcome, "integrated_gradients/path");
    path.quantity.unit = "logit".into();
    path.values = Values::F64((0..51).map(|i| 0.1 * f64::from(i) - 2.0).collect());
    let name = "integrated_gradients/output_difference";
    let difference = outcome.numbers.iter_mut().find(|n| n.name == name).expect("it is there");
    (difference.value, difference.unit) = (5.0, "logit".into());
    let words = ["Logit of “polar low”", "−2", "3", "difference +5"];
    says(&outcome, PATH, &Style::default(), &words);
}

#[test]
fn one_picture_beneath_several_maps_is_stored_once() {
    let layers = SCENE_LAYERS.map(|(name, _)| format!("grad_cam/{name}")).join(",");
    let grid = drawn(&scene_outcome(), &format!("grid-{layers}"), &Style::default());
    assert_eq!(grid.matches("<defs>").count(), 1);
    assert_eq!(grid.matches("<use ").count(), 4);
}

#[test]
fn alt_texts_say_the_finding() {
    let outcome = scene_outcome();
    let says = |figure: &str, expected: &[&str]| {
        let alt = alt_text(&outcome, &parsed(figure));
        for part in expected {
            assert!(alt.contains(part), "{figure}: {alt}");
        }
    };
    says("map-scene", &["381 × 381 pixels. 43 % of it hold no data", "64 % of the width"]);
    says("map-scene", &["Probabilities: polar low 0.900, no polar low 0.100."]);
    says(
        "map-grad_cam/activation_8",
        &[
            "polar low: probability 0.900",
            "Strongest at 48 % across, 48 % down (centre) of the part that the network sees",
            "; above half of the maximum on 8 % of that part; 20 % of the evidence lies where",
        ],
    );
    let none = ["No positive evidence in this layer."];
    says(&format!("map-grad_cam/{EMPTY_SCENE_LAYER}"), &none);
    let raw = ["Largest +0.03", "smallest −0.02", "(upper right)"];
    says("map-grad_cam/activation_8/raw", &raw);
    says(
        PIXELS,
        &[
            "Pixels that increase it change it by +1.25 probability in sum, those that decrease it by −0.41",
            "(centre) of the part that the network sees; smallest −",
            "gap −1.4",
        ],
    );
    says("map-saliency", &["Largest 0.00", "; above half of that on ", " of that part"]);
    says(PATH, &["from 0.0474 at black to 0.9 at the scene", "half of the way after 42 %"]);
    let grid = ["2 maps; polar low", "activation_15: no positive evidence"];
    says("grid-grad_cam/activation_8,grad_cam/activation_15", &grid);
    says("map-grad_cam/nowhere", &["No figure: this result holds no `grad_cam/nowhere`"]);
}
