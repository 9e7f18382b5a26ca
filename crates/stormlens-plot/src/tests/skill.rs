//! Charts of how good several forecasts are.

use std::sync::LazyLock;

use resvg::usvg::roxmltree::Document;
use stormlens_data::card::NowcastField;
use stormlens_data::field::Field;
use stormlens_data::score::events::{Cell, EventReport, EventVerification, Pair, Settings};
use stormlens_data::simulate::Random;

use super::diagrams::apart;
use super::helpers::*;
use super::quantiles::lines;
use crate::diagram::colour;
use crate::{
    PlotError, Skill, SkillChart, Style, Theme, draw_skill, skill_alt_text, skill_size_px,
};

const SIDE: usize = 64;
const LEADS_MIN: [u32; 6] = [5, 15, 30, 45, 60, 90];

/// Showers that drift to the right, a step of 5 minutes each, on a ground of drizzle.
fn rain(cells: &[[f32; 4]], minutes: u32) -> Field {
    let at = |i: usize| {
        let (row, column) = ((i / SIDE) as f32, (i % SIDE) as f32);
        let one = |&[top, left, width, peak]: &[f32; 4]| {
            let across = (column - left - 0.2 * minutes as f32).rem_euclid(SIDE as f32);
            let across = across.min(SIDE as f32 - across);
            let far = ((row - top).powi(2) + across.powi(2)) / width.powi(2);
            peak * (-far).exp()
        };
        cells.iter().map(one).sum::<f32>()
    };
    let values: Vec<f32> =
        (0..SIDE * SIDE).map(at).map(|v| if v < 0.05 { 0.0 } else { v }).collect();
    Field::new(SIDE, SIDE, values)
}

/// A forecast that is moved by pixels and smoothed, by how many it takes the mean of.
fn wrong(field: &Field, moved: usize, mean_of: usize, factor: f32) -> Field {
    let value = |i: usize| {
        let (row, column) = (i / SIDE, i % SIDE);
        let of = |j: usize| field.values[row * SIDE + (column + SIDE - moved + j) % SIDE];
        factor * (0..mean_of).map(of).sum::<f32>() / mean_of as f32
    };
    Field::new(SIDE, SIDE, (0..SIDE * SIDE).map(value).collect())
}

fn counted(n_forecasts: usize, n_parts: usize) -> EventReport {
    let names = ["model", "persistence", "extrapolation", "steps", "smooth", "weak", "late"];
    let settings = Settings {
        field: NowcastField::Precipitation,
        forecasts: names.iter().take(n_forecasts).map(|name| (*name).to_owned()).collect(),
        lead_times_min: LEADS_MIN.to_vec(),
        thresholds: vec![0.5, 2.0, 5.0],
        scales_px: vec![1, 5, 9, 17, 33],
        size: [SIDE, SIDE],
        spacing_km: 1.0,
    };
    let mut verification = EventVerification::new(settings);
    let mut random = Random::new(7);
    for sample in 0..3 * n_parts {
        let mut unit = || random.unit() as f32;
        let cells: Vec<[f32; 4]> = (0..9)
            .map(|_| [64.0 * unit(), 64.0 * unit(), 2.0 + 4.0 * unit(), 14.0 * unit().powi(2)])
            .collect();
        let maps: Vec<(Field, Vec<Field>)> = LEADS_MIN
            .iter()
            .map(|&minutes| {
                let observed = rain(&cells, minutes);
                let late = (minutes as usize / 15).max(1);
                let all = [
                    wrong(&observed, late / 2, late, 0.95),
                    rain(&cells, 0),
                    wrong(&observed, late, 1, 1.0),
                    wrong(&observed, late, 3, 1.1),
                    wrong(&observed, 4, 8 * late, 1.0),
                    wrong(&observed, 1, late + 1, 0.6),
                    wrong(&observed, 2 * late, 1, 1.3),
                ];
                (observed, all.into_iter().take(n_forecasts).collect())
            })
            .collect();
        let pairs: Vec<_> = maps
            .iter()
            .map(|(observation, forecasts)| Some(Pair { forecasts, observation }))
            .collect();
        verification.add(&format!("s{sample}"), &format!("p{}", sample % n_parts), &pairs);
    }
    verification.report()
}

fn two() -> &'static EventReport {
    static TWO: LazyLock<EventReport> = LazyLock::new(|| counted(2, 4));
    &TWO
}

fn seven() -> &'static EventReport {
    static SEVEN: LazyLock<EventReport> = LazyLock::new(|| counted(7, 4));
    &SEVEN
}

fn skill(report: &EventReport) -> Skill<'_> {
    let title = |name: &str| if name == "model" { "Network".to_owned() } else { name.to_owned() };
    Skill {
        threshold: 2.0,
        credit: "cbam, weights w · Data: showers, CC BY 4.0".into(),
        remark: "simulated showers".into(),
        ..Skill::new(report, title)
    }
}

fn svg(chart: SkillChart, skill: &Skill, style: &Style) -> String {
    draw_skill(chart, skill, style).expect("it can be drawn")
}

/// Middles of the polygons of a forecast's colour, in hundredths of a millimetre, and how wide they are.
fn marks(svg: &str, place: usize) -> Vec<(f64, f64, f64)> {
    let [r, g, b] = colour(place, Theme::Light);
    let ink = format!("#{r:02X}{g:02X}{b:02X}");
    let document = Document::parse(svg).expect("well-formed");
    let polygons = document.descendants().filter(|n| n.has_tag_name("polygon"));
    let of_place = polygons.filter(|n| n.attribute("fill") == Some(&ink));
    let middle = |points: &str| {
        let points: Vec<(f64, f64)> = points
            .split_whitespace()
            .filter_map(|p| p.split_once(','))
            .map(|(x, y)| (x.parse().expect("a number"), y.parse().expect("a number")))
            .collect();
        let ends = |of: fn(&(f64, f64)) -> f64| {
            let all = points.iter().map(of);
            all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
        };
        let (x, y) = (ends(|p| p.0), ends(|p| p.1));
        ((x.0 + x.1) / 2.0, (y.0 + y.1) / 2.0, x.1 - x.0)
    };
    // Bands have another shape than marks.
    let is_mark = |points: &&str| points.split_whitespace().count() == 20;
    of_place.filter_map(|n| n.attribute("points")).filter(is_mark).map(middle).collect()
}

/// Where a number stands beside or below the frame.
fn number_at(svg: &str, words: &str, axis: &str) -> f64 {
    let document = Document::parse(svg).expect("well-formed");
    let mut texts = document.descendants().filter(|n| n.has_tag_name("text"));
    let is_it = |n: &resvg::usvg::roxmltree::Node| {
        let anchor = if axis == "y" { "end" } else { "middle" };
        n.text().map(str::trim) == Some(words) && n.attribute("text-anchor") == Some(anchor)
    };
    let text = texts.rfind(is_it).expect("the number stands there");
    text.attribute(axis).and_then(|v| v.parse().ok()).expect("a place")
}

#[test]
fn every_text_stands_on_the_sheet_and_on_no_other() {
    for report in [two(), seven()] {
        let skill = skill(report);
        for chart in SkillChart::ALL {
            for width_mm in [62.0, 89.0, 129.0, 130.0, 183.0] {
                for theme in [Theme::Light, Theme::Dark] {
                    let style = Style { width_mm, theme, ..Style::default() };
                    let svg = svg(chart, &skill, &style);
                    let (width, height) = skill_size_px(chart, &skill, &style);
                    assert_eq!(size_of(&svg), (width, height), "{chart}");
                    inside(&svg, width_mm, f64::from(height) * 25.4 / 96.0, chart.name());
                    assert!(smallest_pt(&svg) >= 7.0, "{chart} at {width_mm} mm");
                    apart(&svg, &format!("{chart} at {width_mm} mm"));
                    if let Ok(folder) = std::env::var("STORMLENS_TEST_CHARTS") {
                        let n = report.settings.forecasts.len();
                        let name = format!("{folder}/{chart}-{n}-{width_mm}-{theme}.svg");
                        std::fs::write(name, &svg).expect("the folder is there");
                    }
                }
            }
        }
    }
}

/// Sets every value of a score, without interval.
fn set(report: &EventReport, score: &str, value: impl Fn(&Cell) -> Option<f64>) -> EventReport {
    let mut report = report.clone();
    for cell in report.cells.iter_mut().filter(|cell| cell.score == score) {
        (cell.value, cell.interval) = (value(cell), None);
    }
    report
}

/// From what stands at two numbers of an axis to a place on the sheet.
fn on_axis(svg: &str, axis: &str, [low, high]: [&str; 2], value: f64, of: fn(f64) -> f64) -> f64 {
    let [from, to] = [low, high].map(|words| number_at(svg, words, axis));
    let [low, high] = [low, high].map(|words| of(words.parse::<f64>().expect("a number")));
    from + (of(value) - low) / (high - low) * (to - from)
}

fn near(found: f64, expected: f64, what: &str) {
    // Places on the sheet are whole hundredths of a millimetre, corners of marks and text on each side.
    assert!((found - expected).abs() < 3.0, "{what}: {found}, expected {expected}");
}

#[test]
fn a_score_stands_at_its_lead_time_and_an_undefined_one_nowhere() {
    let value = |cell: &Cell| match (cell.forecast.as_str(), cell.lead_time_min?) {
        ("model", 5) => Some(1.0),
        ("model", 30) | ("persistence", _) => None,
        ("model", minutes) => Some(0.6 - f64::from(minutes) / 200.0),
        _ => None,
    };
    let report = set(two(), "csi", value);
    let svg = svg(SkillChart::LeadTime, &skill(&report), &Style::default());
    let found = marks(&svg, 0);
    let expected = [(5.0, 1.0), (15.0, 0.525), (45.0, 0.375), (60.0, 0.3), (90.0, 0.15)];
    assert_eq!(found.len(), expected.len(), "no mark for the undefined score");
    for (mark, (minutes, csi)) in found.iter().zip(expected) {
        near(mark.0, on_axis(&svg, "x", ["0", "80"], minutes, |v| v), "lead time");
        near(mark.1, on_axis(&svg, "y", ["0", "1"], csi, |v| v), "CSI");
    }
    assert!(marks(&svg, 1).is_empty());
    // The line has a gap there.
    let pieces: Vec<usize> = lines(&svg)
        .iter()
        .filter(|line| {
            line.iter().all(|at| {
                found.iter().any(|m| (m.0 - at.0).abs() < 3.0 && (m.1 - at.1).abs() < 3.0)
            })
        })
        .map(Vec::len)
        .collect();
    assert_eq!(pieces, [2, 3]);
    let words = texts(&svg).join(" ").replace('\u{a0}', " ");
    for expected in [
        "CSI, more than 2 mm/h",
        "1 at 5 min",
        "0.15 at 90 min",
        "not defined",
        "12 samples in 4 parts",
    ] {
        assert!(words.contains(expected), "{expected} in {words}");
    }
    let alt = skill_alt_text(SkillChart::LeadTime, &skill(&report));
    assert!(alt.contains("Network: 1 at 5 min, 0.15 at 90 min."), "{alt}");
    assert!(
        alt.contains("Persistence: no value is defined.") && alt.ends_with("Simulated showers."),
        "{alt}"
    );
}

#[test]
fn a_unit_stands_on_the_axis() {
    let squared = Skill { score: "mse_mm2_per_5min2", threshold: 99.0, ..skill(two()) };
    for (width_mm, label) in [(62.0, "(mm / 5 min)²"), (183.0, "Mean squared error, (mm / 5 min)²")]
    {
        let svg = svg(SkillChart::LeadTime, &squared, &Style { width_mm, ..Style::default() });
        assert!(texts(&svg).contains(&label.to_owned()), "{width_mm} mm: {:?}", texts(&svg));
    }
    for (chart, label) in [
        (SkillChart::Spectra, "power, (mm/h)²"),
        (SkillChart::Intensity, "mean error, mm/h"),
        (SkillChart::Intensity, "observed rain rate, mm/h"),
        (SkillChart::LeadTime, "lead time, min"),
    ] {
        let found = texts(&svg(chart, &skill(two()), &Style::default()));
        assert!(found.contains(&label.to_owned()), "{chart}: {found:?}");
    }
}

/// Bands of two forecasts lie over each other; whiskers of seven stand side by side.
#[test]
fn intervals_are_bands_or_whiskers() {
    let few = svg(SkillChart::LeadTime, &skill(two()), &Style::default());
    let many = svg(SkillChart::LeadTime, &skill(seven()), &Style::default());
    let first_x = |svg: &str, place| marks(svg, place)[0].0;
    near(first_x(&few, 0), first_x(&few, 1), "one place for both");
    let places: Vec<f64> = (0..7).map(|place| first_x(&many, place)).collect();
    assert!(places.windows(2).all(|two| two[1] - two[0] > 20.0), "{places:?}");
    // Between far lead times there is more room than beside the first one.
    let mut far = seven().clone();
    far.settings.lead_times_min = vec![5, 90];
    let style = Style { width_mm: 62.0, ..Style::default() };
    let far = svg(SkillChart::LeadTime, &skill(&far), &style);
    assert!(first_x(&far, 0) > number_at(&far, "0", "x"), "within the frame");
    let said = |svg: &str| texts(svg).join(" ");
    assert!(said(&few).contains("Shaded: the middle 95 %"), "{}", said(&few));
    assert!(said(&many).contains("Upright, set side by side: the"), "{}", said(&many));
    // One part has no intervals, and nothing is said of them.
    let one = counted(2, 1);
    assert!(!said(&svg(SkillChart::LeadTime, &skill(&one), &Style::default())).contains("95 %"));
}

#[test]
fn a_fractions_skill_score_stands_at_its_neighbourhood() {
    let value =
        |cell: &Cell| cell.scale_km.map(|side| side / 50.0).filter(|_| cell.scale_km != Some(9.0));
    let report = set(two(), "fss", value);
    let skill = Skill { lead_time_min: Some(30), ..skill(&report) };
    let svg = svg(SkillChart::FractionsSkill, &skill, &Style::default());
    let expected = [(1.0, 0.02), (5.0, 0.1), (17.0, 0.34), (33.0, 0.66)];
    let found = marks(&svg, 1);
    assert_eq!(found.len(), expected.len());
    for (mark, (side, score)) in found.iter().zip(expected) {
        near(mark.0, on_axis(&svg, "x", ["1", "20"], side, f64::log10), "side");
        near(mark.1, on_axis(&svg, "y", ["0", "1"], score, |v| v), "score");
    }
    let words = texts(&svg).join(" ");
    assert!(
        words.contains("2 mm/h and more, 30 min ahead") && words.contains("0.5 + f/2"),
        "{words}"
    );
    let alt = skill_alt_text(SkillChart::FractionsSkill, &skill);
    assert!(alt.contains("0.66 at 33 km; 0.5 is reached at 33 km."), "{alt}");
}

#[test]
fn a_performance_mark_stands_at_success_and_detection() {
    let skill = skill(seven());
    let svg = svg(SkillChart::Performance, &skill, &Style::default());
    let score = |name: &str| {
        let is_it = |c: &&Cell| {
            (c.forecast.as_str(), c.score.as_str(), c.lead_time_min, c.threshold)
                == ("weak", name, None, Some(2.0))
        };
        seven().cells.iter().find(is_it).and_then(|cell| cell.value).expect("it is defined")
    };
    let found = marks(&svg, 5);
    assert_eq!(found.len(), 3, "a mark a threshold");
    let large = found.iter().max_by(|a, b| a.2.total_cmp(&b.2)).expect("marks");
    near(large.0, on_axis(&svg, "x", ["0", "1"], score("precision"), |v| v), "success");
    near(large.1, on_axis(&svg, "y", ["0", "1"], score("recall"), |v| v), "detection");
    let words = texts(&svg).join(" ").replace('\u{a0}', " ");
    for expected in [
        "Large marks and numbers: more than 2 mm/h.",
        "open: the highest, 5 mm/h",
        "Curved: CSI 0.2",
        &format!("CSI {:.3}", score("csi")),
    ] {
        assert!(words.contains(expected), "{expected} in {words}");
    }
    let alt = skill_alt_text(SkillChart::Performance, &skill);
    assert!(alt.contains("Weak: more than 0.5 mm/h: POD 0."), "{alt}");
}

#[test]
fn long_waves_stand_on_the_left_and_no_power_is_not_drawn() {
    let report = two();
    let with_smooth = counted(5, 2);
    let drawn = svg(SkillChart::Spectra, &skill(&with_smooth), &Style::default());
    assert!(number_at(&drawn, "50", "x") < number_at(&drawn, "5", "x"));
    let alt = skill_alt_text(SkillChart::Spectra, &skill(&with_smooth));
    assert!(alt.contains("Smooth: its power over that of the observation is 0."), "{alt}");
    assert!(alt.contains("at 64 km") && alt.contains("at 4 km"), "{alt}");
    let mut dry = report.clone();
    dry.spectra.iter_mut().flat_map(|curve| &mut curve.points).for_each(|point| point[1] = 0.0);
    let drawn = svg(SkillChart::Spectra, &skill(&dry), &Style::default());
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"));
    dry.spectra.iter_mut().for_each(|curve| curve.points.clear());
    let error = draw_skill(SkillChart::Spectra, &skill(&dry), &Style::default()).unwrap_err();
    assert!(matches!(error, PlotError::NothingToDraw { .. }), "{error}");
}

#[test]
fn a_class_without_pixels_has_no_bar() {
    let mut report = two().clone();
    let bars = |report: &EventReport| {
        let svg = svg(SkillChart::Intensity, &skill(report), &Style::default());
        let [r, g, b] = colour(0, Theme::Light);
        let ink = format!("#{r:02X}{g:02X}{b:02X}");
        let document = Document::parse(&svg).expect("well-formed");
        let rectangles = document.descendants().filter(|n| n.has_tag_name("rect"));
        rectangles.filter(|n| n.attribute("fill") == Some(&ink)).count()
    };
    let n_classes = report
        .intensity
        .iter()
        .filter(|c| c.forecast == "model" && c.lead_time_min.is_none())
        .count();
    assert_eq!((n_classes, bars(&report)), (6, 6));
    let last =
        report.intensity.iter_mut().filter(|c| c.from == Some(10.0) && c.lead_time_min.is_none());
    last.for_each(|cell| (cell.bias, cell.n_pixels) = (None, 0));
    assert_eq!(bars(&report), 5);
    let alt = skill_alt_text(SkillChart::Intensity, &skill(&report));
    assert!(
        alt.contains("where below 0.1, ")
            && alt.contains("where 5 to 10.")
            && !alt.contains("10 and more"),
        "{alt}"
    );
}

#[test]
fn what_cannot_be_drawn_is_refused_in_words() {
    let refused = |chart, skill: &Skill| {
        assert_eq!(skill_size_px(chart, skill, &Style::default()).1, 0);
        let error = draw_skill(chart, skill, &Style::default()).unwrap_err().to_string();
        assert!(skill_alt_text(chart, skill).contains(&error));
        error
    };
    let all = skill(seven());
    let none = Skill { forecasts: vec![], ..all.clone() };
    assert!(refused(SkillChart::Spectra, &none).contains("at least one forecast"));
    let many =
        Skill { forecasts: [&all.forecasts[..], &all.forecasts[..1]].concat(), ..all.clone() };
    assert!(refused(SkillChart::Spectra, &many).contains("at most 7 forecasts, not 8"));
    let fewer = Skill { report: two(), ..all.clone() };
    assert!(refused(SkillChart::Intensity, &fewer).contains("no forecast `extrapolation`"));
    for (chart, other, expected) in [
        (SkillChart::LeadTime, Skill { score: "fss", ..all.clone() }, "no score `fss`"),
        (SkillChart::LeadTime, Skill { score: "mse", ..all.clone() }, "mse_mm2_per_5min2"),
        (
            SkillChart::LeadTime,
            Skill { threshold: 1.0, ..all.clone() },
            "no threshold 1: it has 0.5, 2, 5",
        ),
        (SkillChart::Performance, Skill { threshold: 1.0, ..all.clone() }, "no threshold 1"),
        (
            SkillChart::FractionsSkill,
            Skill { lead_time_min: Some(7), ..all.clone() },
            "5, 15, 30, 45, 60, 90",
        ),
    ] {
        let error = refused(chart, &other);
        assert!(error.contains(expected), "{error}");
    }
    let undefined = set(two(), "csi", |_| None);
    assert!(refused(SkillChart::LeadTime, &skill(&undefined)).contains("choose another score"));
    let error = "scatter".parse::<SkillChart>().unwrap_err().to_string();
    assert!(
        error.contains("lead-time, fractions-skill, performance, spectra, intensity"),
        "{error}"
    );
    for chart in SkillChart::ALL {
        assert_eq!(chart.to_string().parse(), Ok(chart));
    }
}

/// There is no row for all lead times together where there is one.
#[test]
fn one_lead_time_is_a_mark_alone() {
    let mut report = two().clone();
    report.settings.lead_times_min = vec![30];
    report.cells.retain(|cell| cell.lead_time_min == Some(30));
    for chart in [SkillChart::LeadTime, SkillChart::FractionsSkill, SkillChart::Performance] {
        let svg = svg(chart, &skill(&report), &Style::default());
        assert!(!marks(&svg, 0).is_empty() && !svg.contains("NaN"), "{chart}");
    }
    let components = Skill { score: "location", ..skill(two()) };
    assert!(skill_alt_text(SkillChart::LeadTime, &components).contains("Location (SAL)"));
}
