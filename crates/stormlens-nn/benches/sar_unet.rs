//! What a person waits for: one prediction, one layer's CAM, the CAMs of all 32 layers.
//!
//! Names are `model/device/operation/size`; run with `cargo bench -p stormlens-nn`.

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use stormlens_data::card::NowcastField;
use stormlens_data::network::{Asked, Input, Question, Target};
use stormlens_data::request::Silent;
use stormlens_nn::Engine;
use stormlens_nn::device::DeviceChoice;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZE: usize = 288;

fn bench(c: &mut Criterion) {
    let engine = Engine::new(DeviceChoice::Cpu).expect("there is always a CPU");
    let weights = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../checkpoints/sar-unet/knmi-20100826/weights.safetensors");
    let resident = engine.load("sar-unet", &weights).expect("the shipped weights");
    let frames = Input { values: showers(), shape: [12, SIZE, SIZE] };
    let mut group = c.benchmark_group("sar_unet/cpu");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(3))
        .measurement_time(Duration::from_secs(12));
    let mut answer = |name: &str, question: Question| {
        group.bench_function(name, |b| {
            b.iter(|| engine.answer(&resident, &[(&frames, &question)], &Silent));
        });
    };
    answer("forward/288", Vec::new());
    // The first layer's CAM needs the whole backward pass, to the input and no further.
    answer("forward_backward/288", vec![grad_cam(&["RRCNN1.Conv_1x1"])]);
    answer("grad_cam_32_layers/288", vec![grad_cam(&[])]);
    group.finish();
}

/// Of these layers, or of all.
fn grad_cam(layers: &[&str]) -> Asked {
    let field = NowcastField::Precipitation;
    Asked {
        method: "grad-cam".into(),
        options: Default::default(),
        target: Target::SumAbove { channels: 0..1, field, threshold: 0.5, within: None },
        layers: layers.iter().map(|&layer| layer.to_owned()).collect(),
        nothing: Vec::new(),
    }
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
