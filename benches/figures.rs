//! How long a person waits for a figure: drawing it, and writing it as a file.
//!
//! `cargo bench --bench figures`. The results are those of `stormlens_plot::testing`: real radar frames
//! of 288 × 288 pixels, and a real scene at the sizes of the polar-low network, with attributions of
//! the shapes of real ones.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use stormlens::export::{self, Recipe};
use stormlens_data::attribution::Visualiser;
use stormlens_data::outcome::{Colours, Outcome};
use stormlens_data::scene::{Fit, Variant};
use stormlens_plot::testing::{outcome, scene_outcome, scene_outcome_of, scene_picture};
use stormlens_plot::{
    Figure, Overlay, Polarity, RainPalette, Style, Theme, alt_text, draw, picture_thumbnail,
    size_px, thumbnail,
};

const FIGURES: [&str; 11] = [
    "map-prediction",
    "difference-prediction,observation",
    "strip-input",
    "map-grad_cam/Up_RRCNN2.doubleconv",
    "map-grad_cam/cbam3/raw",
    "grid-grad_cam/Up_RRCNN2.doubleconv,grad_cam/Up_RRCNN3,grad_cam/cbam3,grad_cam/cbam5",
    "map-integrated_gradients@11",
    "map-saliency@11",
    "bars-integrated_gradients/sums",
    "curve-integrated_gradients/path",
    "map-target_mask",
];

fn figure(name: &str) -> Figure {
    name.parse().expect("the figure exists")
}

/// Draws each of them, again and again.
fn drawings(
    criterion: &mut Criterion,
    group: &str,
    names: &[&str],
    (outcome, style): (&Outcome, &Style),
) {
    for name in names {
        let figure = figure(name);
        draw(outcome, &figure, style).expect("the figure can be drawn");
        criterion.bench_function(&format!("{group}/{name}"), |bencher| {
            bencher.iter(|| draw(black_box(outcome), &figure, style));
        });
    }
}

fn figures(criterion: &mut Criterion) {
    let (outcome, style) = (outcome(), Style::default());
    drawings(criterion, "figure/svg", &FIGURES, (&outcome, &style));
    let region = "100,120,60,60".parse().expect("a part of the map");
    let closer = Style { region: Some(region), ..style.clone() };
    drawings(criterion, "figure/svg-region", &FIGURES[..1], (&outcome, &closer));
    let prediction = Figure::map("prediction");
    criterion.bench_function("figure/size/map-prediction", |bencher| {
        bencher.iter(|| size_px(black_box(&outcome), &prediction, &style));
    });
    criterion.bench_function("figure/alt-text/map-prediction", |bencher| {
        bencher.iter(|| alt_text(black_box(&outcome), &prediction));
    });
    criterion.bench_function("figure/thumbnail/192", |bencher| {
        let field = outcome.variable("prediction").expect("there is one").map(0);
        let palette = RainPalette::default();
        bencher
            .iter(|| thumbnail(black_box(&field), None, Colours::Rain, palette, Theme::Light, 192));
    });
}

const SCENE_FIGURES: [&str; 7] = [
    "map-scene",
    "map-grad_cam/activation_14",
    "map-grad_cam/activation_8/raw",
    "map-integrated_gradients",
    "map-saliency",
    "curve-integrated_gradients/path",
    "grid-grad_cam/activation_8,grad_cam/activation_12,grad_cam/activation_14,grad_cam/activation_15",
];

/// At the largest size, where a figure has the most to do.
fn scenes(criterion: &mut Criterion) {
    let outcome = scene_outcome_of(&scene_picture(), Variant::HR, Fit::Stretch);
    let style = Style { polarity: Polarity::Positive, ..Style::default() };
    drawings(criterion, "scene/svg", &SCENE_FIGURES, (&outcome, &style));
    let published = Style { overlay: Overlay::Published, ..style.clone() };
    let names = ["map-grad_cam/activation_14", "map-integrated_gradients"];
    drawings(criterion, "scene/svg-published", &names, (&outcome, &published));
    let gradients = figure("map-integrated_gradients");
    criterion.bench_function("scene/alt-text/map-integrated_gradients", |bencher| {
        bencher.iter(|| alt_text(black_box(&outcome), &gradients));
    });
    let variable = outcome.variable("integrated_gradients").expect("they were asked for");
    let ([side_px, _], values) = (variable.plane.expect("it is a map"), variable.to_f32());
    let visualiser = Visualiser { below: 45.0, cleanup: true, ..Visualiser::default() };
    criterion.bench_function("scene/visualiser/1024", |bencher| {
        bencher.iter(|| visualiser.map(black_box(&values), side_px));
    });
    let picture = scene_picture();
    criterion.bench_function("scene/thumbnail/192", |bencher| {
        bencher.iter(|| picture_thumbnail(black_box(&picture), 192));
    });
}

fn files(criterion: &mut Criterion) {
    let (outcome, style) = (outcome(), Style::default());
    let figure = Figure::map("prediction");
    let svg = draw(&outcome, &figure, &style).expect("the figure can be drawn");
    let recipe = Recipe::new(&outcome, &figure, &style);
    criterion.bench_function("figure/png-300dpi/map-prediction", |bencher| {
        bencher.iter(|| export::png(black_box(&svg), 300, &recipe));
    });
    criterion.bench_function("figure/pdf/map-prediction", |bencher| {
        bencher.iter(|| export::pdf(black_box(&svg), &recipe));
    });
    let scene = scene_outcome();
    for (name, outcome) in [("forecast", &outcome), ("scene", &scene)] {
        criterion.bench_function(&format!("file/npz/{name}"), |bencher| {
            bencher.iter(|| export::npz(black_box(outcome)));
        });
        criterion.bench_function(&format!("file/netcdf/{name}"), |bencher| {
            bencher.iter(|| export::netcdf(black_box(outcome), &[]));
        });
    }
    let input = outcome.variable("input").expect("there is one");
    criterion.bench_function("file/csv/input", |bencher| {
        bencher.iter(|| export::csv(black_box(input)));
    });
    criterion.bench_function("file/json-head/input", |bencher| {
        bencher.iter(|| export::json_head(black_box(&outcome), input));
    });
}

criterion_group!(benches, figures, scenes, files);
criterion_main!(benches);
