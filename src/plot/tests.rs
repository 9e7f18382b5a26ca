use super::*;
use crate::testing::{EMPTY_LAYER, outcome};
use resvg::usvg::roxmltree::Document;

fn drawn(figure: &str, style: &Style) -> String {
    let figure: Figure = figure.parse().expect("the figure exists");
    draw(&outcome(), &figure, style).expect("the figure can be drawn")
}

/// All texts of a figure, in drawing order.
fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).expect("the figure is well-formed");
    let texts = document.descendants().filter(|n| n.has_tag_name("text"));
    texts.filter_map(|n| n.text()).map(|t| t.trim().to_owned()).collect()
}

fn says(figure: &str, expected: &[&str]) {
    let texts = texts(&drawn(figure, &Style { width_mm: 170.0, ..Style::default() }));
    for text in expected {
        assert!(texts.iter().any(|t| t.contains(text)), "{figure} says {text:?} in {texts:?}");
    }
}

#[test]
fn figures_name_quantity_time_lead_time_and_unit() {
    let axes = ["east (km)", "north (km)", "250"];
    says("prediction", &["Predicted rain rate", "valid 26 Aug 2010 05:25 UTC, lead time 30 min"]);
    says("prediction", &[axes.as_slice(), &["mm/h", "0.1", "100", "KNMI", "CC BY 4.0"]].concat());
    says("observation", &["Observed rain rate", "radar, 26 Aug 2010 05:25 UTC", "mm/h"]);
    says("persistence", &["Persistence forecast", "lead time 30 min"]);
    says("difference", &["Prediction minus observation", "−20", "20", "root mean square"]);
    says("input-2", &["Input frame 3 of 12", "26 Aug 2010 04:10 UTC, 45 min before"]);
    says("inputs", &["The 12 input frames", "04:00 (−55 min)", "04:55", "mm/h"]);
    says("cam-cbam3", &["Grad-CAM, cbam3", "target: predicted rain above 1.5 mm/h", "share of"]);
    says("cam-raw-cbam3", &["Grad-CAM before rectification, cbam3", "72 × 72 pixels", "weighted"]);
    says("ig-11", &["input frame 12 of 12", "the last input frame", "sum over the frame +"]);
    says("ig-frames", &["−55", "0", "attribution (mm/h)", "completeness gap 1 %"]);
    says("target-mask", &["Target of the explanation", "predicted above 1.5 mm/h (", "in grey"]);
    says("cams-cbam3,Up_RRCNN3", &["cbam3", "Up_RRCNN3", "share of"]);
}

#[test]
fn emptiness_is_said() {
    says(&format!("cam-{EMPTY_LAYER}"), &[maps::NO_EVIDENCE]);
    says("ig-0", &["this frame has no influence on the target"]);
    let mut dry = outcome();
    dry.forecast.prediction_mm_h = dry.forecast.prediction_mm_h.map(|_| 0.02);
    let svg = draw(&dry, &Figure::Prediction, &Style::default()).expect("it is drawn");
    assert!(texts(&svg).contains(&"no rain of 0.1 mm/h or more".to_owned()));
    let cam = dry.grad_cam.as_mut().expect("it was asked for");
    cam.target.mask = cam.target.mask.map(|_| 0.0);
    cam.target.n_pixels = 0;
    let svg = draw(&dry, &Figure::Mask, &Style::default()).expect("it is drawn");
    assert!(svg.contains("no pixel is predicted above 1.5 mm/h"));
}

#[test]
fn what_was_not_measured_is_shown_and_explained() {
    let mut holes = outcome();
    holes.forecast.inputs_mm_h[0].values[..5000].fill(f32::NAN);
    let svg = draw(&holes, &Figure::Input(0), &Style::default()).expect("it is drawn");
    assert!(texts(&svg).contains(&"not measured".to_owned()));
}

#[test]
fn a_field_is_one_picture() {
    let svg = drawn("prediction", &Style::default());
    let document = Document::parse(&svg).expect("the figure is well-formed");
    let count = |name: &str| document.descendants().filter(|n| n.has_tag_name(name)).count();
    assert_eq!(count("image"), 1);
    assert!(count("rect") < 20, "{} rectangles", count("rect"));
    assert!(svg.len() < 120_000, "{} bytes", svg.len());
}

#[test]
fn the_sheet_is_as_wide_as_asked() {
    for (width_mm, expected) in [(85.0, "85.00mm"), (170.0, "170.00mm"), (40.0, "40.00mm")] {
        let svg = drawn("prediction", &Style { width_mm, ..Style::default() });
        let document = Document::parse(&svg).expect("the figure is well-formed");
        assert_eq!(document.root_element().attribute("width"), Some(expected));
    }
}

#[test]
fn nothing_is_written_outside_the_sheet() {
    // One frame is laid out like the others.
    let repeated = |f: &Figure| matches!(f, Figure::Input(1..) | Figure::FrameAttribution(1..));
    let figures = Figure::of(&outcome(), &[]);
    for name in figures.iter().filter(|f| !repeated(f)).map(ToString::to_string) {
        for width_mm in [60.0, 85.0, 170.0] {
            let svg = drawn(&name, &Style { width_mm, ..Style::default() });
            let document = Document::parse(&svg).expect("the figure is well-formed");
            let number = |n: &resvg::usvg::roxmltree::Node, a| {
                n.attribute(a).and_then(|v: &str| v.parse::<f64>().ok()).unwrap_or(0.0)
            };
            for text in document.descendants().filter(|n| n.has_tag_name("text")) {
                let size_pt = number(&text, "font-size") / 100.0 * 72.0 / 25.4;
                let look = lettering::Type { size_pt, bold: false, colour: [0; 3] };
                let width = look.width_mm(text.text().unwrap_or("").trim());
                let x = number(&text, "x") / 100.0;
                let (from, to) = match (text.attribute("transform"), text.attribute("text-anchor"))
                {
                    (Some(_), _) => (x, x),
                    (_, Some("start")) => (x, x + width),
                    (_, Some("end")) => (x - width, x),
                    _ => (x - width / 2.0, x + width / 2.0),
                };
                let inside = from > 0.0 && to < width_mm + 0.2;
                assert!(inside, "{name} at {width_mm} mm: {:?} from {from} to {to}", text.text());
            }
        }
    }
}

#[test]
fn names_of_figures_survive_a_round_trip() {
    for figure in Figure::of(&outcome(), &[]) {
        assert_eq!(figure.to_string().parse(), Ok(figure));
    }
    for wrong in ["", "inputs-", "input-x", "cam-", "cam-raw-", "cams-", "cams-a,,b", "picture"] {
        let error = wrong.parse::<Figure>().unwrap_err();
        assert!(error.to_string().contains("cam-LAYER"), "{error}");
    }
}

#[test]
fn refusals_name_what_there_is() {
    let check = |figure: &str, expected: &str| {
        let figure: Figure = figure.parse().expect("the name is well-formed");
        let error = draw(&outcome(), &figure, &Style::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("cam-nowhere", "Up_RRCNN2.doubleconv, Up_RRCNN3, cbam3, cbam5");
    check("input-12", "from 0 (oldest) to 11");
    check("ig-99", "from 0 (oldest) to 11");
    let mut bare = outcome();
    bare.forecast.observation_mm_h = None;
    bare.grad_cam = None;
    bare.integrated_gradients = None;
    let style = Style::default();
    assert_eq!(draw(&bare, &Figure::Difference, &style), Err(PlotError::NoObservation));
    let asked = draw(&bare, &Figure::Mask, &style).unwrap_err().to_string();
    assert_eq!(asked, "this result holds no explanation: ask for it in the request");
    let wide = Style { width_mm: 4000.0, ..Style::default() };
    assert!(matches!(draw(&bare, &Figure::Prediction, &wide), Err(PlotError::Width { .. })));
    let opaque = Style { opacity: f32::NAN, ..Style::default() };
    assert!(matches!(draw(&bare, &Figure::Prediction, &opaque), Err(PlotError::Opacity { .. })));
}

#[test]
fn alt_texts_say_the_finding() {
    let says = |figure: &str, expected: &[&str]| {
        let figure: Figure = figure.parse().expect("the name is well-formed");
        let alt = alt_text(&outcome(), &figure);
        for part in expected {
            assert!(alt.contains(part), "{figure}: {alt}");
        }
    };
    says("prediction", &["lead time 30 min: maximum ", " mm/h, ", "% of the domain"]);
    says("difference", &["root mean square", "largest +", "smallest −"]);
    says("cam-cbam3", &["strongest", "of the centre of the domain", "on target pixels"]);
    says("cam-cbam5", &[maps::NO_EVIDENCE]);
    says("ig-frames", &["the last input frame matters most", "the last 15 minutes hold"]);
    says("target-mask", &["pixels (", "are predicted above 1.5 mm/h"]);
    says("cam-nowhere", &["No figure: this result holds no layer `nowhere`"]);
}

#[test]
fn the_maximum_is_where_the_alt_text_says() {
    let mut spike = outcome();
    let field = &mut spike.forecast.prediction_mm_h;
    field.values.fill(0.0);
    field.values[43 * 288 + 243] = 20.0;
    let alt = alt_text(&spike, &Figure::Prediction);
    assert!(alt.contains("maximum 20 mm/h, 141 km north-east of the centre"), "{alt}");
    assert!(alt.contains("less than 0.1 % of the domain"), "{alt}");
}

#[test]
fn every_figure_can_be_drawn_in_every_look() {
    for theme in Theme::ALL {
        for palette in RainPalette::ALL {
            let style = Style { theme: *theme, palette: *palette, ..Style::default() };
            for name in ["prediction", "cam-cbam3", "inputs"] {
                Document::parse(&drawn(name, &style)).expect("the figure is well-formed");
            }
        }
    }
    let reference = Style { overlay: Overlay::Reference, ..Style::default() };
    assert!(texts(&drawn("cam-cbam3", &reference)).join(" ").contains("jet"));
}

#[test]
fn styles_survive_a_round_trip() {
    let style = Style { theme: Theme::Dark, palette: RainPalette::StepsBe, ..Style::default() };
    let json = serde_json::to_string(&style).expect("a style is JSON");
    assert!(json.contains("\"steps-be\""), "{json}");
    assert_eq!(serde_json::from_str::<Style>(&json).ok(), Some(style));
    let error = "rainbow".parse::<RainPalette>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`rainbow` is no rain palette: take one of uniform, steps-be, pysteps"
    );
}
