//! Maps of classes and their key, what a missing value means, and when maps are of.

use resvg::usvg::roxmltree::Document;
use stormlens_data::outcome::{Axis, Colours, Domain, Outcome, Quantity, Role};

use super::helpers::*;
use crate::testing::outcome;
use crate::{Figure, Style, alt_text};

/// The prediction as three classes, one in each third of the map.
fn classes() -> Outcome {
    let mut outcome = outcome();
    let names = ["dry", "rain", "heavy rain"].map(str::to_owned).to_vec();
    variable(&mut outcome, "prediction").quantity = Quantity::class("class of rain", names);
    let values = values(&mut outcome, "prediction");
    let n = values.len();
    values.iter_mut().enumerate().for_each(|(i, value)| *value = (3 * i / n) as f32);
    outcome
}

/// The colours of all filled rectangles.
fn fills(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).expect("well-formed");
    let boxes = document.descendants().filter(|n| n.has_tag_name("rect"));
    boxes.filter_map(|n| n.attribute("fill")).map(str::to_owned).collect()
}

#[test]
fn a_map_of_classes_has_a_patch_a_class_with_its_name() {
    let outcome = classes();
    for figure in ["map-prediction", "strip-prediction", "grid-prediction,prediction"] {
        for width_mm in [85.0, 170.0] {
            let style = Style { width_mm, ..Style::default() };
            let svg = drawn(&outcome, figure, &style);
            let texts = texts(&svg);
            for name in ["dry", "rain", "heavy rain"] {
                assert!(texts.iter().any(|text| text == name), "{figure}: {name} in {texts:?}");
            }
            for number in ["0.5", "1.5", "2"] {
                assert!(texts.iter().all(|text| text != number), "{figure}: {number} in {texts:?}");
            }
            let mut colours: Vec<_> = decoded(&svg)[0].pixels().copied().collect();
            colours.sort_unstable_by_key(|pixel| pixel.0);
            colours.dedup();
            assert_eq!(colours.len(), 3, "{figure}: a colour a class");
            for pixel in &colours {
                let [r, g, b, _] = pixel.0;
                let hex = format!("#{r:02X}{g:02X}{b:02X}");
                let is_there = fills(&svg).iter().any(|fill| fill.eq_ignore_ascii_case(&hex));
                assert!(is_there, "{figure}: no patch of {hex} in {:?}", fills(&svg));
            }
            let size = |name: &str| {
                let text = Document::parse(&svg).expect("well-formed");
                let text = text.root_element().attribute(name).expect("a size").to_owned();
                text.trim_end_matches("mm").parse::<f64>().expect("a number")
            };
            inside(&svg, width_mm, size("height"), figure);
        }
    }
    let alt = alt_text(&outcome, &parsed("map-prediction"));
    assert!(alt.contains("dry on 33 % of the domain, rain on 33 %, heavy rain on 33 %"), "{alt}");
}

#[test]
fn a_ratio_without_rain_is_undefined_and_not_without_data() {
    let mut outcome = outcome();
    let ratio = variable(&mut outcome, "prediction");
    ratio.role = Role::Diagnostic;
    ratio.quantity =
        Quantity::new("ratio", "1", Colours::Factor).missing_where("no rain: undefined");
    values(&mut outcome, "prediction")[..1000].fill(f32::NAN);
    says(&outcome, "map-prediction", &Style::default(), &["no rain: undefined"]);
    let all = texts(&drawn(&outcome, "map-prediction", &Style::default())).join(" ");
    assert!(!all.contains("no data"), "{all}");
    values(&mut outcome, "prediction").fill(f32::NAN);
    let all = texts(&drawn(&outcome, "map-prediction", &Style::default())).join(" ");
    assert!(!all.contains("measured"), "{all}");
}

/// All maps of a result about one interval say it: amounts, what follows from them, shares of members, and explanations.
#[test]
fn maps_of_one_interval_say_it() {
    let mut outcome = outcome();
    let at = |text: &str| text.parse().expect("a moment");
    let day = Axis::interval(at("2008-04-08T00:00:00Z"), at("2008-04-09T00:00:00Z"));
    outcome.variables.retain(|v| matches!(v.domain, Domain::Earth(_)) || v.plane.is_none());
    let one = |variable: &stormlens_data::outcome::Variable| {
        stormlens_data::outcome::Values::F32(variable.map(0).values)
    };
    for variable in outcome.variables.iter_mut().filter(|v| v.plane.is_some()) {
        variable.values = one(variable);
        let is_found = matches!(variable.role, Role::Attribution { .. } | Role::Mask);
        variable.axes = if is_found { Vec::new() } else { vec![day.clone()] };
    }
    let prediction = variable(&mut outcome, "prediction");
    let (first, mut members) = (prediction.map(0).values, prediction.clone());
    members.name = "members".to_owned();
    members.axes = vec![Axis::names(Axis::MEMBER, ["a", "b"]), day];
    members.values = stormlens_data::outcome::Values::F32([first.clone(), first].concat());
    outcome.variables.push(members);
    let cam = outcome.variables.iter().find(|v| v.layer().is_some() && v.plane.is_some());
    let cam = format!("map-{}", cam.expect("an attribution").name);
    let figures = ["map-prediction", "strip-members", "exceedance-members", "map-target_mask"];
    for figure in figures.into_iter().chain([cam.as_str()]) {
        says(&outcome, figure, &Style::default(), &["24 h to 9 Apr 2008 00:00 UTC"]);
    }
    says(&outcome, "strip-members", &Style::default(), &["2 members"]);
    assert!(Figure::all(&outcome, &[]).contains(&parsed("exceedance-members")));
}
