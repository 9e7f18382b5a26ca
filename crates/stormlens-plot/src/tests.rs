//! What all figures have in common.

mod classes;
mod diagrams;
mod earth;
mod ensembles;
mod helpers;
mod leads;
mod marks;
mod published;
mod quantiles;
mod region;
mod scenes;
mod scenes_places;
mod skill;
mod units;

use helpers::*;

use super::*;
use crate::testing::{outcome, outcome_of_leads, scene_outcome, scene_outcome_of, scene_picture};
use resvg::usvg::roxmltree::Document;
use stormlens_data::scene::{Fit, Variant};

#[test]
fn names_of_figures_survive_a_round_trip() {
    for outcome in [outcome(), outcome_of_leads(3), scene_outcome()] {
        for figure in Figure::all(&outcome, &[]) {
            assert_eq!(figure.to_string().parse(), Ok(figure));
        }
    }
    let wrong = [
        "",
        "map",
        "map-",
        "map-a@",
        "map-a@x",
        "strip-",
        "grid-",
        "grid-a,,b",
        "difference-a",
        "difference-,b",
        "picture",
        "maps-a",
    ];
    for wrong in wrong {
        let error = wrong.parse::<Figure>().unwrap_err();
        assert!(error.to_string().contains("map-NAME, map-NAME@INDEX"), "{wrong}: {error}");
    }
    assert_eq!("map-grad_cam/a-b@0".parse(), Ok(Figure::map("grad_cam/a-b")));
}

#[test]
fn all_figures_are_those_that_there_are_data_for() {
    let names = |outcome: &Outcome, layers: &[&str]| -> Vec<String> {
        let layers: Vec<String> = layers.iter().map(|&layer| layer.to_owned()).collect();
        Figure::all(outcome, &layers).iter().map(Figure::to_string).collect()
    };
    let all = names(&outcome(), &[]);
    let wanted = [
        "map-input",
        "map-input@11",
        "strip-input",
        "map-prediction",
        "map-observation",
        "map-persistence",
        "map-target_mask",
        "map-grad_cam/cbam3",
        "map-grad_cam/cbam3/raw",
        "map-integrated_gradients@11",
        "bars-integrated_gradients/sums",
        "map-saliency@11",
        "curve-integrated_gradients/path",
        "difference-prediction,observation",
        "grid-grad_cam/Up_RRCNN2.doubleconv,grad_cam/Up_RRCNN3,grad_cam/cbam3,grad_cam/cbam5",
    ];
    assert!(wanted.iter().all(|name| all.iter().any(|known| known == name)), "{all:?}");
    // Twelve inputs, gradients and saliencies with a strip each, four forecasts, eight maps of layers, …
    assert_eq!(all.len(), 3 * 13 + 4 + 2 * 4 + 2 + 1 + 1, "{all:?}");
    let some = names(&outcome(), &["cbam3"]);
    assert_eq!(some.len(), all.len() - 2 * 3 - 1, "{some:?}");
    let scene = names(&scene_outcome(), &[]);
    assert_eq!(scene.len(), 1 + 2 * 4 + 1 + 1 + 1 + 1, "{scene:?}");
    assert!(scene.contains(&"curve-integrated_gradients/path".to_owned()), "{scene:?}");
    let leads = names(&outcome_of_leads(3), &[]);
    assert!(leads.contains(&"map-prediction@2".to_owned()), "{leads:?}");
    assert!(!leads.contains(&"map-observation@1".to_owned()), "nothing was observed: {leads:?}");
    assert!(!leads.contains(&"difference-prediction,observation@1".to_owned()), "{leads:?}");
}

#[test]
fn refusals_say_what_there_is() {
    let outcome = outcome();
    let check = |figure: &str, expected: &str| {
        let error = draw(&outcome, &parsed(figure), &Style::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        let alt = alt_text(&outcome, &parsed(figure));
        assert!(!alt.contains("No figure") || alt.contains(&error), "{alt}");
    };
    check("map-grad_cam/nowhere", "it has grad_cam/Up_RRCNN2.doubleconv, ");
    check("grid-grad_cam/cbam3,grad_cam/nowhere", "no `grad_cam/nowhere`");
    check("map-nowhere", "it has input, prediction, observation, persistence, target_mask");
    check("map-input@12", "`input` has no map 12: they are counted from 0 to 11");
    check("map-integrated_gradients@99", "from 0 to 11");
    check("map-integrated_gradients/sums", "has no rows and columns");
    check("bars-prediction", "is not a row of numbers");
    check("curve-integrated_gradients/sums", "is not a row of numbers");
    check("grid-prediction,grad_cam/cbam3", "can't be drawn beside");
    check("difference-prediction,input", "can't be drawn beside or minus `input`");
    let mut bare = outcome.clone();
    bare.variables.retain(|v| v.name != "observation" && !v.name.contains("grad_cam"));
    let style = Style::default();
    let difference = parsed("difference-prediction,observation");
    assert_eq!(draw(&bare, &difference, &style), Err(PlotError::NoObservation));
    let asked = draw(&bare, &parsed("map-grad_cam/cbam3"), &style).unwrap_err().to_string();
    assert!(asked.contains("explanations must be named in the request"), "{asked}");
}

#[test]
fn styles_out_of_range_are_refused() {
    let check = |figure: &str, style: Style, expected: &str| {
        let error = draw(&scene_outcome(), &parsed(figure), &style).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let style = Style::default();
    check("map-scene", Style { width_mm: 4000.0, ..style.clone() }, "40 and 400 mm");
    check("map-scene", Style { opacity: f32::NAN, ..style.clone() }, "0 and 1");
    for (below, above) in [(50.0, 50.0), (-1.0, 99.0), (0.0, 101.0), (f64::NAN, 99.0)] {
        let style = Style { below, above, ..style.clone() };
        check("map-integrated_gradients", style, "choose below and above between 0 and 100");
    }
    let frame = Style { frame: Some(12), ..style };
    let error = draw(&outcome(), &parsed("map-grad_cam/cbam3"), &frame).unwrap_err().to_string();
    assert!(error.contains("from 0 to 11"), "{error}");
}

#[test]
fn the_sheet_is_as_wide_as_asked() {
    for (width_mm, expected) in [(85.0, "85.00mm"), (170.0, "170.00mm"), (40.0, "40.00mm")] {
        for (outcome, figure) in [(outcome(), "map-prediction"), (scene_outcome(), "map-scene")] {
            let svg = drawn(&outcome, figure, &Style { width_mm, ..Style::default() });
            let document = Document::parse(&svg).expect("the figure is well-formed");
            assert_eq!(document.root_element().attribute("width"), Some(expected));
        }
    }
}

#[test]
fn nothing_is_written_outside_the_sheet() {
    // One frame is laid out like the others.
    let repeated = |f: &Figure| matches!(f, Figure::Map { index: 1.., .. });
    let tall = scene_outcome_of(&plain(100, 500, [90; 3]), Variant::LR_128, Fit::Letterbox);
    let wide = scene_outcome_of(&plain(500, 100, [90; 3]), Variant::LR_128, Fit::Stretch);
    let mut usual = scene_outcome_of(&scene_picture(), Variant::LR_128, Fit::Stretch);
    usual.notes.push(remark("simulated", "weights trained on simulated scenes"));
    for outcome in [outcome(), usual, tall, wide] {
        for figure in Figure::all(&outcome, &[]).iter().filter(|figure| !repeated(figure)) {
            for width_mm in [60.0, 85.0, 170.0] {
                let style = Style { width_mm, ..Style::default() };
                let svg = draw(&outcome, figure, &style).expect("the figure can be drawn");
                let (_, height_px) = size_px(&outcome, figure, &style);
                inside(&svg, width_mm, f64::from(height_px) / 96.0 * 25.4, &figure.to_string());
            }
        }
    }
}

#[test]
fn sizes_are_known_without_drawing() {
    let style = Style::default();
    for outcome in [outcome(), scene_outcome()] {
        for figure in Figure::all(&outcome, &["cbam3".into(), "activation_14".into()]) {
            let svg = draw(&outcome, &figure, &style).expect("the figure can be drawn");
            assert_eq!(size_px(&outcome, &figure, &style), size_of(&svg), "{figure}");
        }
    }
    let missing = Figure::map("grad_cam/nowhere");
    assert_eq!(size_px(&scene_outcome(), &missing, &style), (321, 0));
}

#[test]
fn a_map_lies_where_the_page_is_told() {
    for (outcome, name) in [
        (outcome(), "map-prediction"),
        (outcome(), "difference-prediction,observation"),
        (scene_outcome(), "map-scene"),
    ] {
        let (figure, style) = (parsed(name), Style::default());
        let svg = draw(&outcome, &figure, &style).expect("it can be drawn");
        let [left, top, width, height] = pictures(&svg)[0];
        let (_, height_px) = size_px(&outcome, &figure, &style);
        let sheet = [style.width_mm, f64::from(height_px) / 96.0 * 25.4];
        let drawn = [left / sheet[0], top / sheet[1], width / sheet[0], height / sheet[1]];
        let told = plane_frame(&outcome, &figure, &style).expect("it is a map");
        assert!(drawn.iter().zip(told).all(|(a, b)| (a - b).abs() < 2e-3), "{drawn:?} {told:?}");
    }
    for name in ["strip-input", "bars-integrated_gradients/sums", "map-nowhere"] {
        assert_eq!(plane_frame(&outcome(), &parsed(name), &Style::default()), None);
    }
}

#[test]
fn every_figure_can_be_drawn_in_every_look() {
    for &theme in Theme::ALL {
        for &palette in RainPalette::ALL {
            let style = Style { theme, palette, ..Style::default() };
            for name in ["map-prediction", "map-grad_cam/cbam3", "strip-input"] {
                Document::parse(&drawn(&outcome(), name, &style)).expect("well-formed");
            }
        }
    }
    let outcome = scene_outcome_of(&scene_picture(), Variant::LR_128, Fit::Stretch);
    for &theme in Theme::ALL {
        for &overlay in Overlay::ALL {
            for &polarity in Polarity::ALL {
                for outline in [false, true] {
                    let style = Style { theme, overlay, polarity, outline, ..Style::default() };
                    for figure in Figure::all(&outcome, &[]) {
                        let svg = draw(&outcome, &figure, &style).expect("it can be drawn");
                        Document::parse(&svg).expect("the figure is well-formed");
                    }
                }
            }
        }
    }
}

#[test]
fn styles_survive_a_round_trip() {
    let region = Some(Region { top: 1, left: 2, height: 30, width: 40 });
    let style = Style {
        theme: Theme::Dark,
        palette: RainPalette::StepsBe,
        overlay: Overlay::Published,
        polarity: Polarity::Negative,
        region,
        ..Style::default()
    };
    let json = serde_json::to_string(&style).expect("a style is JSON");
    for name in ["\"steps-be\"", "\"published\"", "\"negative\""] {
        assert!(json.contains(name), "{json}");
    }
    assert_eq!(serde_json::from_str::<Style>(&json).ok(), Some(style));
    assert_eq!(serde_json::from_str::<Style>("{}").ok(), Some(Style::default()));
    let error = "rainbow".parse::<RainPalette>().unwrap_err();
    assert_eq!(error, "there is no rain palette \"rainbow\"; take uniform, steps-be or pysteps");
    let error = "linear".parse::<Interpolation>().unwrap_err();
    assert_eq!(error, "there is no interpolation \"linear\"; take cells or smooth");
    assert_eq!("jet".parse(), Ok(EvidencePalette::Jet));
}

#[test]
fn titles_for_pages_are_short() {
    let labels = [("cbam3".to_owned(), "CBAM 3".to_owned())].into();
    let style = Style { layer_labels: labels, ..Style::default() };
    let check = |outcome: &Outcome, figure: &str, expected: &str| {
        assert_eq!(title(outcome, &parsed(figure), &style), expected, "{figure}");
    };
    let rain = outcome();
    check(&rain, "map-prediction", "Prediction, +30 min");
    check(&rain, "map-persistence", "Persistence, +30 min");
    check(&rain, "map-grad_cam/cbam3", "CBAM 3");
    check(&rain, "map-grad_cam/cbam3/raw", "CBAM 3 before rectification");
    check(&rain, "map-input", "55 min before the last frame");
    check(&rain, "map-integrated_gradients@11", "The last frame");
    check(&rain, "difference-prediction,observation", "Prediction minus observation, +30 min");
    check(&rain, "map-target_mask", "Target, +30 min");
    check(&rain, "strip-input", "The 12 input frames");
    check(&rain, "bars-integrated_gradients/sums", "Integrated gradients summed per input frame");
    check(&scene_outcome(), "map-scene", "Scene");
    check(&scene_outcome(), "map-saliency", "Saliency");
    check(&rain, "map-nowhere", "map-nowhere");
}

/// What journals ask for at least.
#[test]
fn no_text_is_smaller_than_seven_points() {
    for width_mm in [40.0, 85.0, 140.0, 170.0] {
        let style = Style { width_mm, ..Style::default() };
        for (outcome, figure) in [
            (outcome(), "map-prediction"),
            (outcome(), "strip-input"),
            (outcome(), "bars-integrated_gradients/sums"),
            (scene_outcome(), "map-scene"),
        ] {
            let smallest = smallest_pt(&drawn(&outcome, figure, &style));
            assert!(smallest >= 7.0, "{figure} at {width_mm} mm: {smallest} pt");
        }
    }
}

#[test]
fn a_figure_can_be_had_without_title_and_source_but_not_without_what_must_be_said() {
    let outcome = outcome();
    let bare = Style { title: false, source: false, ..Style::default() };
    let words = texts(&drawn(&outcome, "map-prediction", &bare)).join(" ");
    assert!(!words.contains("Predicted") && !words.contains("KNMI"), "{words}");
    assert!(words.contains("mm/h") && words.contains("east (km)"), "{words}");
    let height = |style: &Style| size_px(&outcome, &parsed("map-prediction"), style).1;
    assert!(height(&bare) < height(&Style::default()) - 40, "no room is left for them");
    let mut simulated = outcome.clone();
    simulated.notes.push(remark("simulated", "weights trained on simulated data"));
    says(&simulated, "map-prediction", &bare, &["weights trained on simulated data"]);
}

#[test]
fn a_map_can_have_latitude_and_longitude() {
    let style = Style { coordinates: Coordinates::Degrees, ..Style::default() };
    says(&outcome(), "map-prediction", &style, &["longitude", "latitude", "° E", "° N"]);
    let words = texts(&drawn(&outcome(), "map-prediction", &style)).join(" ");
    assert!(!words.contains("km)"), "{words}");
    // A scene has no place on the Earth.
    says(&scene_outcome(), "map-scene", &style, &["column (px)"]);
}

#[test]
fn a_measured_map_is_credited_to_no_network() {
    let outcome = outcome();
    let says = |figure: &str| {
        let figure: Figure = figure.parse().expect("a figure");
        let svg = draw(&outcome, &figure, &Style::default()).expect("it is drawn");
        svg.contains(", checkpoint ")
    };
    for figure in ["map-observation", "map-persistence", "map-input", "strip-input"] {
        assert!(!says(figure), "{figure}");
    }
    for figure in ["map-prediction", "difference-prediction,observation", "map-saliency"] {
        assert!(says(figure), "{figure}");
    }
}

#[test]
fn what_is_of_a_network_does_not_stand_under_what_none_made() {
    let mut outcome = outcome();
    let words = "9 of 81 patches are hidden from the network";
    outcome.notes.push(remark("hidden-patches", words).of_network());
    let says = |name: &str| {
        let figure = parsed(name);
        let drawn = texts(&drawn(&outcome, name, &Style::default())).join(" ").contains(words);
        assert_eq!(alt_text(&outcome, &figure).contains(words), drawn, "{name}");
        drawn
    };
    for figure in ["map-observation", "map-persistence", "difference-persistence,observation"] {
        assert!(!says(figure), "{figure}");
    }
    for figure in ["map-prediction", "difference-prediction,observation", "map-saliency"] {
        assert!(says(figure), "{figure}");
    }
}
