//! Maps of classes and their key, what a missing value means, and when maps are of.

use resvg::usvg::roxmltree::{Document, Node};
use stormlens_data::outcome::{Axis, Colours, Domain, Outcome, Quantity, Role};

use super::helpers::*;
use crate::parts::Letterings;
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

/// Where names of many classes have no room beside each other, they stand in several rows; one that fits none is cut.
#[test]
fn many_classes_stand_in_rows_of_a_narrow_key() {
    let style = Style { width_mm: 85.0, ..Style::default() };
    let key_of = |outcome: &Outcome| {
        let svg = drawn(outcome, "strip-prediction", &style);
        let document = Document::parse(&svg).expect("well-formed");
        let root = document.root_element();
        let height = root.attribute("height").expect("a height").trim_end_matches("mm");
        inside(&svg, 85.0, height.parse().expect("a number"), "ten classes");
        let at = |n: Node, name| n.attribute(name).and_then(|v: &str| v.parse::<f64>().ok());
        let text = |n: Node| Some((n.text()?.trim().to_owned(), at(n, "x")?, at(n, "y")?));
        let texts = document.descendants().filter(|n| n.has_tag_name("text")).filter_map(text);
        // The label of the key is no class.
        let is_class = |(words, ..): &(String, f64, f64)| {
            words.strip_prefix("class ").is_some_and(|rest| rest.starts_with(char::is_numeric))
        };
        texts.filter(is_class).collect::<Vec<_>>()
    };
    let mut outcome = classes();
    let names = |long: &str| (0..10).map(|class| format!("class {class}{long}")).collect();
    variable(&mut outcome, "prediction").quantity.classes = names(" of heavy rain");
    let key = key_of(&outcome);
    assert_eq!(key.len(), 10, "{key:?}");
    let lettering = Letterings::new(&style).text;
    for (words, x, y) in &key {
        let right = x / 100.0 + lettering.width_mm(words);
        let beside = key.iter().filter(|(_, other_x, other_y)| other_y == y && other_x > x);
        for (other, left, _) in beside {
            assert!(right < left / 100.0, "{words} and {other} lie upon each other: {key:?}");
        }
    }
    let long = " that no sheet has room for".repeat(5);
    variable(&mut outcome, "prediction").quantity.classes = names(&long);
    assert!(key_of(&outcome).iter().all(|(words, ..)| words.contains('…')), "they are cut");
    // Beside a map, too.
    let texts = texts(&drawn(&outcome, "map-prediction", &style));
    assert!(
        texts.iter().any(|text| text.starts_with("class 9") && text.contains('…')),
        "{texts:?}"
    );
}

/// What the title says stands not again along the key; without a title the key says it.
#[test]
fn a_key_does_not_repeat_the_title() {
    let outcome = classes();
    for title in [true, false] {
        let style = Style { title, width_mm: 170.0, ..Style::default() };
        let texts = texts(&drawn(&outcome, "map-prediction", &style));
        let is_repeated = texts.iter().any(|text| text == "class of rain");
        assert_eq!(is_repeated, !title, "{texts:?}");
    }
}

/// Shares are of the pixels that have a class.
#[test]
fn shares_of_classes_are_of_what_is_known() {
    let mut outcome = classes();
    let values = values(&mut outcome, "prediction");
    let n = values.len();
    values[n / 3..].fill(f32::NAN);
    let alt = alt_text(&outcome, &parsed("map-prediction"));
    assert!(alt.contains("dry on 100 % of what is known"), "{alt}");
}

/// Numbers of forecasts by name are a table; ranks are bars.
#[test]
fn a_table_is_no_figure() {
    let mut outcome = outcome();
    let mut of = |name: &str, axis: Axis| {
        let series = outcome.variable("integrated_gradients/sums").expect("a series").clone();
        let values = stormlens_data::outcome::Values::F64(vec![0.0; axis.len()]);
        let axes = vec![axis];
        let name = name.to_owned();
        let variable = stormlens_data::outcome::Variable { name, axes, values, ..series };
        outcome.variables.push(variable);
    };
    of("scores/mse", Axis::names(Axis::FORECAST, ["prediction", "bilinear"]));
    of("gauge/observation", Axis::names("gauge", ["Gibraltar"]));
    of("rainfarm/ranks", Axis::names("rank", ["0", "1"]));
    let all = Figure::all(&outcome, &[]);
    for table in ["bars-scores/mse", "bars-gauge/observation"] {
        assert!(!all.contains(&parsed(table)), "{table}");
    }
    assert!(all.contains(&parsed("bars-rainfarm/ranks")));
    let texts = texts(&drawn(&outcome, "bars-rainfarm/ranks", &Style::default())).join(" ");
    assert!(texts.contains("zero everywhere") && !texts.contains("input frame has"), "{texts}");
}

/// Names have no order that would tell those between, so every bar has its own; where they have no room in a row, they stand
/// upright.
#[test]
fn every_bar_with_a_name_has_it() {
    let names: Vec<String> = (1..=12).map(|i| format!("relative humidity {i}")).collect();
    let mut outcome = outcome();
    let series = variable(&mut outcome, "integrated_gradients/sums");
    series.axes = vec![Axis::names("variable", names.clone())];
    series.values = stormlens_data::outcome::Values::F64((0..12).map(f64::from).collect());
    for width_mm in [85.0, 170.0] {
        let style = Style { width_mm, ..Style::default() };
        let svg = drawn(&outcome, "bars-integrated_gradients/sums", &style);
        let texts = texts(&svg);
        assert!(names.iter().all(|name| texts.contains(name)), "{width_mm} mm: {texts:?}");
        let document = Document::parse(&svg).expect("well-formed");
        let height = document.root_element().attribute("height").expect("a height");
        let height = height.trim_end_matches("mm").parse().expect("a number");
        inside(&svg, width_mm, height, "bars with names");
    }
}
