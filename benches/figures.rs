//! How long a person waits for a figure: drawing it, and writing it as a file.
//!
//! `cargo bench --bench figures`. The result is that of `stormlens::testing`: real radar frames of
//! 288 × 288 pixels, attributions of the shapes of real ones.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use stormlens::export::{self, Recipe};
use stormlens::plot::{Figure, RainPalette, Style, alt_text, draw, size_px, thumbnail};
use stormlens::testing::outcome;

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

criterion_group!(benches, figures, files);
criterion_main!(benches);
