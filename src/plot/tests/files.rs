//! Pictures to look at, where somebody wants to.

use resvg::{tiny_skia, usvg};

use crate::plot::{
    FONT_REGULAR, FONT_SEMI_BOLD, Figure, Interpolation, Overlay, Polarity, Style, Theme, draw,
};
use crate::testing::{outcome, outcome_of_leads, scene_outcome};

/// `STORMLENS_FIGURES_DIR=… cargo test --lib -- --ignored plot::tests::files` writes figures of every kind
/// as PNG files.
#[test]
#[ignore = "writes files for people to look at"]
fn figures_to_look_at() {
    let folder = std::env::var("STORMLENS_FIGURES_DIR").expect("a folder to write to");
    let mut options = usvg::Options::default();
    options.fontdb_mut().load_font_data(FONT_REGULAR.to_vec());
    options.fontdb_mut().load_font_data(FONT_SEMI_BOLD.to_vec());
    let one_sign = Style { polarity: Polarity::Positive, ..Style::default() };
    let styles = [
        ("light", Style::default()),
        ("dark", Style { theme: Theme::Dark, width_mm: 120.0, ..Style::default() }),
        ("published", Style { overlay: Overlay::Published, ..one_sign.clone() }),
        ("outline", Style { outline: true, interpolation: Interpolation::Smooth, ..one_sign }),
        ("zoom", Style { region: "100,150,120,90".parse().ok(), ..Style::default() }),
    ];
    for (kind, outcome) in
        [("earth", outcome()), ("leads", outcome_of_leads(3)), ("scene", scene_outcome())]
    {
        let repeated = |f: &Figure| matches!(f, Figure::Map { index: 1..=10, .. });
        for figure in Figure::all(&outcome, &[]).into_iter().filter(|figure| !repeated(figure)) {
            for (look, style) in &styles {
                let svg = draw(&outcome, &figure, style).expect("it can be drawn");
                let tree = usvg::Tree::from_str(&svg, &options).expect("it is SVG");
                let scale = 1.6;
                let size = tree.size().to_int_size().scale_by(scale).expect("a size");
                let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).expect("room");
                let transform = tiny_skia::Transform::from_scale(scale, scale);
                resvg::render(&tree, transform, &mut pixels.as_mut());
                let name = figure.to_string().replace('/', "_");
                pixels
                    .save_png(format!("{folder}/{kind}_{look}_{name}.png"))
                    .expect("it is written");
            }
        }
    }
}
