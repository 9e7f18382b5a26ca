use std::path::PathBuf;

use resvg::usvg::roxmltree::Document;
use stormlens_data::scene::{Fit, Picture, Samples, Variant};

use super::*;
use crate::plot::Theme;
use crate::testing::{EMPTY_SCENE_LAYER, scene_outcome, scene_outcome_of, scene_picture};

#[test]
#[ignore = "look"]
fn look() {
    let folder = std::env::var("LOOK").unwrap();
    let wanted = std::env::var("WANTED").unwrap_or_default();
    let mut outcome = scene_outcome();
    let mut card = crate::testing::scene_card();
    card.layers
        .iter_mut()
        .for_each(|l| l.label = l.label.replace("Layer", "Block 7, second convolution"));
    if std::env::var("REMARK").is_ok() {
        outcome.trained_on_simulation = true;
        outcome.familiarity.is_familiar = false;
    }
    if let Ok(fit) = std::env::var("WIDE") {
        let p = stormlens_data::scene::read(
            std::path::Path::new("/work/shared/golden/polar_low/synthetic_700x620.png"),
            &Default::default(),
        )
        .unwrap();
        let p = if fit == "tall" {
            Picture {
                width: 200,
                height: 620,
                rgb: Samples::U8(
                    (0..620 * 200 * 3)
                        .map(|i| p.rgb.at((i / 600) * 2100 + i % 600) as u8)
                        .collect(),
                ),
            }
        } else {
            p
        };
        outcome = scene_outcome_of(
            &p,
            Variant::HR,
            if fit == "stretch" { Fit::Stretch } else { Fit::Letterbox },
        );
    }
    let labels: std::collections::BTreeMap<String, String> =
        card.layers.iter().map(|l| (l.name.clone(), l.label.clone())).collect();
    for theme in [Theme::Light, Theme::Dark] {
        for width_mm in [85.0, 170.0] {
            for figure in SceneFigure::of(&outcome, &[]) {
                for (n, change) in [
                    ("a", (|_| ()) as fn(&mut SceneStyle)),
                    ("pub", |s| s.registration = Registration::Published),
                    ("neg", |s| s.polarity = Polarity::Negative),
                    ("signed", |s| s.polarity = Polarity::Signed),
                    ("outline", |s| {
                        s.outline = true;
                        s.cleanup = true;
                        s.below = 45.0
                    }),
                    ("smooth", |s| s.interpolation = Interpolation::Smooth),
                    ("jet", |s| s.palette = CamPalette::Jet),
                ] {
                    let name = format!("{figure}_{n}_{theme}_{width_mm}");
                    if !wanted.split(' ').any(|w| name.starts_with(w)) {
                        continue;
                    }
                    let mut style = SceneStyle {
                        theme,
                        width_mm,
                        layer_labels: labels.clone(),
                        ..SceneStyle::default()
                    };
                    change(&mut style);
                    let start = std::time::Instant::now();
                    let svg = draw(&outcome, &figure, &style).unwrap();
                    println!(
                        "{name}: {} kB, {:?}\n    {}",
                        svg.len() / 1000,
                        start.elapsed(),
                        alt_text(&outcome, &figure)
                    );
                    let recipe = crate::export::Recipe::of_scene(&outcome, &figure, &style);
                    let png =
                        crate::export::png(&svg, if width_mm > 100.0 { 150 } else { 250 }, &recipe)
                            .unwrap();
                    std::fs::write(format!("{folder}/{}.png", name.replace(',', "+")), png)
                        .unwrap();
                    std::fs::write(format!("{folder}/{}.svg", name.replace(',', "+")), svg)
                        .unwrap();
                }
            }
        }
    }
}
