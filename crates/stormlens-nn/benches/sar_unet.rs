//! What a person waits for: one prediction, one layer's CAM, the CAMs of all 32 layers.
//!
//! Names are `model/device/operation/size`; run with `cargo bench -p stormlens-nn`.

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use stormlens_data::request::Silent;
use stormlens_nn::Engine;
use stormlens_nn::device::DeviceChoice;
use stormlens_nn::engine::{Frames, Question};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZE: usize = 288;

fn bench(c: &mut Criterion) {
    let mut engine = Engine::new(DeviceChoice::Cpu).expect("there is always a CPU");
    let weights = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../checkpoints/sar-unet/knmi-20100826/weights.safetensors");
    let resident = engine.load("sar-unet", &weights).expect("the shipped weights");
    let frames = Frames { values: showers(), n_frames: 12, height: SIZE, width: SIZE };
    let all: Vec<String> = resident.card.layers.iter().map(|l| l.name.clone()).collect();
    let mut group = c.benchmark_group("sar_unet/cpu");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(3))
        .measurement_time(Duration::from_secs(12));
    group.bench_function("forward/288", |b| b.iter(|| engine.predict(&resident, &frames)));
    // The first layer's CAM needs the whole backward pass, to the input and no further.
    let question = |layers| Question { threshold_mm_h: 0.5, layers, ig_steps: None };
    let first = question(vec!["RRCNN1.Conv_1x1".to_owned()]);
    group.bench_function("forward_backward/288", |b| {
        b.iter(|| engine.explain(&resident, &frames, &first, &Silent));
    });
    let all = question(all);
    group.bench_function("grad_cam_32_layers/288", |b| {
        b.iter(|| engine.explain(&resident, &frames, &all, &Silent));
    });
    group.finish();
}

/// Moving waves of rain, normalised, about as strong as a wet night.
fn showers() -> Vec<f32> {
    let value = |i: usize| {
        let (t, y, x) = (i / (SIZE * SIZE), i / SIZE % SIZE, i % SIZE);
        let phase = (x as f32 + 2.0 * t as f32) / 17.0;
        (0.006 * (phase.sin() + (y as f32 / 23.0).cos())).max(0.0)
    };
    (0..12 * SIZE * SIZE).map(value).collect()
}

criterion_group!(benches, bench);
criterion_main!(benches);
