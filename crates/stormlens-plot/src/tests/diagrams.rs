//! Diagrams of probabilities.

use std::sync::LazyLock;

use resvg::usvg::roxmltree::Document;
use stormlens_data::score::probability::{
    Calibration, Cases, Labels, ProbabilityVerification, Settings,
};
use stormlens_data::simulate::Random;

use super::helpers::*;
use crate::{
    Diagram, PlotError, Style, Theme, Verified, diagram_alt_text, diagram_size_px, draw_diagram,
};

/// Four forecasts of 300 days at four gauges, none of them of any network: one that says too much, the same
/// recalibrated, one that knows less, and the base rate.
fn forecasts() -> &'static [ProbabilityVerification] {
    static ALL: LazyLock<Vec<ProbabilityVerification>> = LazyLock::new(|| {
        let mut random = Random::new(4);
        let (mut said, mut less, mut occurred, mut days) = (vec![], vec![], vec![], vec![]);
        for day in 0..300 {
            let (level, luck) = (random.unit().powi(2), random.unit());
            for _ in 0..4 {
                let truth = (0.8 * level + 0.2 * random.unit()).min(1.0);
                let drawn = if random.chance(0.6) { luck } else { random.unit() };
                said.push((truth * 1.7 - 0.1).clamp(0.01, 0.99));
                less.push((0.5 * truth + 0.3 * random.unit()).clamp(0.0, 1.0));
                occurred.push(Some(drawn < truth));
                days.push(day);
            }
        }
        let raw = Cases::together(&[&said, &less], &occurred, &days, None).expect("cases");
        let map = Calibration::fit(&raw[0]).expect("cases");
        let mapped = said.iter().map(|&p| map.apply(p)).collect();
        let recalibrated = raw[0].with_probabilities(mapped).expect("the same cases");
        let climatology = raw[0].with_constant(0.33).expect("a probability");
        let named = [
            ("recalibrated", &recalibrated),
            ("membership", &raw[0]),
            ("raw model rain", &raw[1]),
            ("climatology", &climatology),
        ];
        let verify = |(forecast, cases): (&str, &Cases)| {
            let labels = Labels {
                forecast,
                event: "at least 1 mm in 24 h",
                cases: "gauge days",
                drawn: "days",
            };
            ProbabilityVerification::of(
                &labels,
                cases,
                &Settings { n_resamples: 100, ..Settings::default() },
            )
        };
        named.into_iter().filter_map(verify).collect()
    });
    &ALL
}

fn verified(n: usize) -> Verified<'static> {
    Verified {
        cost_loss: Some(0.2),
        credit: "SSLPDL, weights iberia · Rain: gauges, CC BY 4.0".into(),
        ..Verified::new(forecasts().iter().take(n).collect())
    }
}

fn svg(diagram: Diagram, verified: &Verified, style: &Style) -> String {
    draw_diagram(diagram, verified, style).expect("it can be drawn")
}

#[test]
fn every_text_stands_on_the_sheet_at_every_width() {
    for diagram in Diagram::ALL {
        for width_mm in [60.0, 85.0, 129.0, 130.0, 170.0] {
            for theme in [Theme::Light, Theme::Dark] {
                let style = Style { width_mm, theme, ..Style::default() };
                let verified = verified(4);
                let svg = svg(diagram, &verified, &style);
                let (width, height) = diagram_size_px(diagram, &verified, &style);
                assert_eq!(size_of(&svg), (width, height), "{diagram}");
                inside(&svg, width_mm, f64::from(height) * 25.4 / 96.0, diagram.name());
                assert!(smallest_pt(&svg) >= 7.0, "{diagram} at {width_mm} mm");
            }
        }
    }
}

#[test]
fn no_text_overlaps_another() {
    for diagram in Diagram::ALL {
        for width_mm in [70.0, 85.0, 170.0] {
            let style = Style { width_mm, ..Style::default() };
            apart(&svg(diagram, &verified(4), &style), &format!("{diagram} at {width_mm} mm"));
        }
    }
}

/// Texts that lie flat, as boxes of small letters.
pub fn apart(svg: &str, name: &str) {
    let document = Document::parse(svg).expect("well-formed");
    let flat = document
        .descendants()
        .filter(|n| n.has_tag_name("text") && n.attribute("transform").is_none());
    let boxes: Vec<([f64; 4], String)> = flat
        .map(|n| {
            let number =
                |a: &str| n.attribute(a).and_then(|v| v.parse::<f64>().ok()).unwrap_or(0.0) / 100.0;
            let text = n.text().unwrap_or("").trim().to_owned();
            let size_pt = number("font-size") * 72.0 / 25.4;
            let width =
                crate::lettering::Type { size_pt, bold: false, colour: [0; 3] }.width_mm(&text);
            let left = match n.attribute("text-anchor") {
                Some("start") => number("x"),
                Some("end") => number("x") - width,
                _ => number("x") - width / 2.0,
            };
            let half = number("font-size") * 0.4;
            ([left, left + width, number("y") - half, number("y") + half], text)
        })
        .collect();
    for (i, (a, first)) in boxes.iter().enumerate() {
        for (b, second) in &boxes[i + 1..] {
            let is_apart = a[1] <= b[0] || b[1] <= a[0] || a[3] <= b[2] || b[3] <= a[2];
            assert!(is_apart, "{name}: {first:?} lies on {second:?}");
        }
    }
}

#[test]
fn a_diagram_says_what_its_axes_numbers_and_lines_are() {
    for (diagram, expected) in [
        (
            Diagram::Reliability,
            ["forecast probability", "observed frequency", "MCB", "within the band"],
        ),
        (Diagram::Roc, ["false alarm rate", "probability of detection", "area", "no skill"]),
        (Diagram::Value, ["cost / loss", "relative economic value", " at C/L 0.2", "at best"]),
        (
            Diagram::Murphy,
            ["decision threshold", "elementary score", "Brier score", "Lower is better"],
        ),
        (Diagram::Performance, ["success ratio", "probability of detection", "CSI", "bias"]),
    ] {
        let verified = Verified { remark: "simulated data".into(), ..verified(4) };
        let svg = svg(diagram, &verified, &Style { width_mm: 170.0, ..Style::default() });
        // Lines are broken where the legend ends.
        let all = texts(&svg).join(" ").replace('\u{a0}', " ");
        let everywhere = [
            "at least 1 mm in 24 h",
            "1,200 gauge days of 300 days",
            "climatology",
            "gauges",
            "simulated data",
        ];
        for words in expected.iter().chain(&everywhere) {
            assert!(all.contains(words), "{diagram} says {words:?} in {all:?}");
        }
        let bare = Style { title: false, source: false, ..Style::default() };
        let bare = texts(&draw_diagram(diagram, &verified, &bare).expect("drawn")).join(" ");
        assert!(
            !bare.contains("1,200") && !bare.contains("CC BY") && bare.contains("simulated data")
        );
    }
}

#[test]
fn alt_texts_say_the_finding() {
    let all = forecasts();
    let verified = verified(2);
    for (diagram, expected) in [
        (Diagram::Reliability, "Membership: probabilities from 0.01 to 0.99 came true"),
        (Diagram::Roc, "Recalibrated: the area under the curve is 0."),
        (Diagram::Value, "at 0.2 it is 0."),
        (Diagram::Murphy, "the Brier score is 0."),
        (Diagram::Performance, "from a probability of 0.5 on, probability of detection 0."),
    ] {
        let words = diagram_alt_text(diagram, &verified);
        assert!(words.contains(expected), "{words}");
        assert!(svg(diagram, &verified, &Style::default()).contains("aria-label=\""));
    }
    assert!(all[0].reliability.mcb < all[1].reliability.mcb);
}

#[test]
fn lines_differ_by_dash_and_not_by_colour_alone() {
    // Pieces of the curves: one of the first, many of the others.
    let n_lines = |n: usize| {
        let svg = svg(Diagram::Murphy, &verified(n), &Style::default());
        svg.matches("<polyline").count()
    };
    assert!(n_lines(2) > n_lines(1) + 20, "{} and {}", n_lines(1), n_lines(2));
}

#[test]
fn what_cannot_be_drawn_is_refused_in_words() {
    let style = Style::default();
    let none = draw_diagram(Diagram::Roc, &Verified::new(vec![]), &style);
    assert_eq!(none, Err(PlotError::NoForecasts));
    let many = Verified::new(vec![&forecasts()[0]; 8]);
    let error = draw_diagram(Diagram::Roc, &many, &style).unwrap_err().to_string();
    assert!(error.contains("at most 7 forecasts, not 8"), "{error}");
    let other = ProbabilityVerification { event: "heavy rain".into(), ..forecasts()[0].clone() };
    let mixed = Verified::new(vec![&forecasts()[0], &other]);
    let error = draw_diagram(Diagram::Roc, &mixed, &style).unwrap_err().to_string();
    assert!(error.contains("heavy rain") && error.contains("different events"), "{error}");
    let error = "scatter".parse::<Diagram>().unwrap_err().to_string();
    assert!(error.contains("reliability, roc, value, murphy, performance"), "{error}");
    for diagram in Diagram::ALL {
        assert_eq!(diagram.to_string().parse(), Ok(diagram));
    }
}

#[test]
fn an_event_that_never_occurs_is_drawn_with_the_reason() {
    let cases = Cases::new(&[0.1, 0.3, 0.2], &[Some(false); 3], &[1, 2, 3]).expect("cases");
    let labels = Labels { forecast: "raw", event: "hail", cases: "days", drawn: "days" };
    let found = ProbabilityVerification::of(&labels, &cases, &Settings::default()).expect("cases");
    for diagram in Diagram::ALL {
        let svg = svg(diagram, &Verified::new(vec![&found]), &Style::default());
        assert!(!svg.contains("NaN"), "{diagram}");
    }
    let roc = svg(Diagram::Roc, &Verified::new(vec![&found]), &Style::default());
    assert!(texts(&roc).join(" ").contains("never or always occurs"));
}
