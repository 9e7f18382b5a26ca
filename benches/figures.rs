//! How long a person waits for a figure: drawing it, and writing it as a file.
//!
//! `cargo bench --bench figures`. The result is that of `stormlens::testing`: real radar frames of
//! 288 × 288 pixels, and a real scene at the sizes of the polar-low network, with attributions of the
//! shapes of real ones.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use stormlens::export::{self, Recipe};
use stormlens::plot::scene::{self, SceneFigure, SceneStyle};
use stormlens::plot::{Figure, RainPalette, Style, alt_text, draw, size_px, thumbnail};
use stormlens::testing::{outcome, scene_outcome, scene_outcome_of, scene_picture};
use stormlens_data::attribution::Visualiser;
use stormlens_data::scene::{Fit, Variant};

const FIGURES: [&str; 9] = [
    "prediction",
    "difference",
    "inputs",
    "cam-Up_RRCNN2.doubleconv",
    "cam-raw-cbam3",
    "cams-Up_RRCNN2.doubleconv,Up_RRCNN3,cbam3,cbam5",
    "ig-11",
    "ig-frames",
    "target-mask",
];

fn figures(criterion: &mut Criterion) {
    let outcome = outcome();
    let style = Style::default();
    for name in FIGURES {
        let figure: Figure = name.parse().expect("the figure exists");
        criterion.bench_function(&format!("figure/svg/{name}"), |bencher| {
            bencher.iter(|| draw(black_box(&outcome), &figure, &style));
        });
    }
    let figure = Figure::Prediction;
    criterion.bench_function("figure/size/prediction", |bencher| {
        bencher.iter(|| size_px(black_box(&outcome), &figure, &style));
    });
    criterion.bench_function("figure/alt-text/prediction", |bencher| {
        bencher.iter(|| alt_text(black_box(&outcome), &figure));
    });
    criterion.bench_function("figure/thumbnail/192", |bencher| {
        let field = &outcome.forecast.prediction_mm_h;
        bencher.iter(|| thumbnail(black_box(field), RainPalette::default(), 192));
    });
}

const SCENE_FIGURES: [&str; 6] = [
    "scene",
    "cam-activation_14",
    "cam-raw-activation_8",
    "gradients",
    "path",
    "cams-activation_8,activation_12,activation_14,activation_15",
];

/// At the largest size, where a figure has the most to do.
fn scenes(criterion: &mut Criterion) {
    let outcome = scene_outcome_of(&scene_picture(), Variant::HR, Fit::Stretch);
    let style = SceneStyle::default();
    for name in SCENE_FIGURES {
        let figure: SceneFigure = name.parse().expect("the figure exists");
        criterion.bench_function(&format!("scene/svg/{name}"), |bencher| {
            bencher.iter(|| scene::draw(black_box(&outcome), &figure, &style));
        });
    }
    let published = SceneStyle { registration: scene::Registration::Published, ..style.clone() };
    for name in ["cam-activation_14", "gradients"] {
        let figure: SceneFigure = name.parse().expect("the figure exists");
        criterion.bench_function(&format!("scene/svg-published/{name}"), |bencher| {
            bencher.iter(|| scene::draw(black_box(&outcome), &figure, &published));
        });
    }
    criterion.bench_function("scene/alt-text/gradients", |bencher| {
        bencher.iter(|| scene::alt_text(black_box(&outcome), &SceneFigure::Gradients));
    });
    let gradients = outcome.integrated_gradients.as_ref().expect("they were asked for");
    let visualiser = Visualiser { below: 45.0, cleanup: true, ..Visualiser::default() };
    criterion.bench_function("scene/visualiser/1024", |bencher| {
        bencher.iter(|| visualiser.map(black_box(&gradients.attribution), gradients.crop_px));
    });
    let picture = scene_picture();
    criterion.bench_function("scene/thumbnail/192", |bencher| {
        bencher.iter(|| scene::thumbnail(black_box(&picture), 192));
    });
    let outcome = scene_outcome();
    criterion.bench_function("scene/npz", |bencher| {
        bencher.iter(|| export::scene::npz(black_box(&outcome)));
    });
}

fn files(criterion: &mut Criterion) {
    let outcome = outcome();
    let style = Style::default();
    let figure = Figure::Prediction;
    let svg = draw(&outcome, &figure, &style).expect("the figure can be drawn");
    let recipe = Recipe::new(&outcome, &figure, &style);
    criterion.bench_function("figure/png-300dpi/prediction", |bencher| {
        bencher.iter(|| export::png(black_box(&svg), 300, &recipe));
    });
    criterion.bench_function("figure/pdf/prediction", |bencher| {
        bencher.iter(|| export::pdf(black_box(&svg), &recipe));
    });
}

criterion_group!(benches, figures, scenes, files);
criterion_main!(benches);
