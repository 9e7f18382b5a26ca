//! The Q–Q diagram.

use resvg::usvg::roxmltree::Document;
use stormlens_data::score::downscaling::{QuantileCurve, QuantileCurves};

use super::helpers::*;
use crate::{MAX_FORECASTS, PlotError, Quantiles, Style, Theme};

const SHARES: [f64; 6] = [0.5, 0.75, 0.9, 0.99, 0.999, 0.9999];

/// Observed 0 to 20 mm; forecasts of so many times that.
fn curves(factors: &[f64]) -> QuantileCurves {
    let observed = [0.0, 1.0, 4.0, 10.0, 16.0, 20.0];
    let curve = |factor: &f64| QuantileCurve {
        forecast: format!("{factor} times the rain"),
        points: (0..6).map(|i| [SHARES[i], observed[i], factor * observed[i]]).collect(),
    };
    QuantileCurves {
        what: "rain in 3 h".into(),
        unit: "mm".into(),
        details: "409,600 nodes of 100 tiles with rain".into(),
        curves: factors.iter().map(curve).collect(),
    }
}

#[test]
fn it_fits_its_sheet_at_every_width() {
    let found = curves(&[0.5, 1.0, 1.3]);
    let all = Quantiles {
        credit: "harpnet, weights w · test set".into(),
        remark: "weights trained on simulated data".into(),
        ..Quantiles::new(&found)
    };
    for width_mm in [60.0, 85.0, 129.0, 130.0, 170.0] {
        for theme in [Theme::Light, Theme::Dark] {
            let style = Style { width_mm, theme, ..Style::default() };
            let svg = all.draw(&style).expect("it can be drawn");
            let (width, height) = all.size_px(&style);
            assert_eq!(size_of(&svg), (width, height));
            inside(&svg, width_mm, f64::from(height) * 25.4 / 96.0, "quantiles");
            let words = texts(&svg).join(" ").replace('\u{a0}', " ");
            for expected in ["rain in 3 h, mm", "409,600", "99 %: 5 of 10 mm", "simulated", "1:1"] {
                assert!(words.contains(expected), "{width_mm} mm: {expected} in {words}");
            }
        }
    }
    let bare = Style { title: false, source: false, ..Style::default() };
    assert!(texts(&all.draw(&bare).expect("drawn")).join(" ").contains("Both axes in mm"));
    let alt = all.alt_text();
    assert!(alt.contains("0.5 times the rain: 90 % stay below 2 mm, observed 4;"), "{alt}");
    assert!(alt.contains("99.9 % stay below 20.8 mm, observed 16"), "{alt}");
}

/// The ends of the longest straight line of so many points, where lines begin at the lower left corner of the frame.
pub fn lines(svg: &str) -> Vec<Vec<(f64, f64)>> {
    let document = Document::parse(svg).expect("well-formed");
    let all = document.descendants().filter(|n| n.has_tag_name("polyline"));
    let point = |text: &str| {
        let (x, y) = text.split_once(',')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    all.map(|n| n.attribute("points").unwrap_or("").split_whitespace().filter_map(point).collect())
        .collect()
}

/// A forecast with the observed amounts lies on the 1:1 line, and one with half of them at half its height.
#[test]
fn both_axes_have_one_scale() {
    let of = |factor: f64| {
        let found = curves(&[factor, 2.0]);
        let svg = Quantiles::new(&found).draw(&Style::default()).expect("drawn");
        lines(&svg).into_iter().find(|line| line.len() == 6).expect("the first curve is solid")
    };
    for (factor, slope) in [(1.0, 1.0), (0.5, 0.5), (2.0, 2.0)] {
        let line = of(factor);
        let (first, last) = (line[0], line[5]);
        let found = (first.1 - last.1) / (last.0 - first.0);
        // Places on the sheet are whole hundredths of a millimetre.
        assert!((found - slope).abs() < 0.01, "{factor}: {found}");
    }
}

#[test]
fn what_cannot_be_drawn_is_refused_and_what_is_too_much_is_left_out() {
    let style = Style::default();
    assert_eq!(Quantiles::new(&curves(&[])).draw(&style), Err(PlotError::NoForecasts));
    assert_eq!(Quantiles::new(&curves(&[])).size_px(&style).1, 0);
    let many = curves(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]);
    let all = Quantiles::new(&many);
    assert_eq!(all.n_drawn, MAX_FORECASTS);
    let words = texts(&all.draw(&style).expect("the first seven")).join(" ");
    assert!(words.contains("0.7 times") && !words.contains("0.8 times"), "{words}");
    let all = Quantiles { n_drawn: 8, ..all };
    assert_eq!(all.draw(&style), Err(PlotError::ManyForecasts { n: 8 }));
    // Nothing but zeros has a frame, too.
    let dry = Quantiles { ..Quantiles::new(&curves(&[0.0])) }.draw(&style).map(|_| ());
    assert_eq!(dry, Ok(()));
}
