//! What a person waits for: one prediction, the gradient of the input that integrated gradients
//! take at each point of their path, the CAMs of all layers.
//!
//! Names are `model/device/operation/side`; run with
//! `cargo bench -p stormlens-nn --bench polar_low`.

use std::time::Duration;

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use stormlens_nn::layers::fold;
use stormlens_nn::models::polar_low::{ENTRY, PolarLow};
use stormlens_nn::parameters::Mode;
use stormlens_nn::{Network, Parameters, Tap};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn bench(c: &mut Criterion) {
    let device = Device::flex();
    let weights = fold(ENTRY.fresh(1), ENTRY.norm);
    let parameters = Parameters::from_host(weights, &device);
    let picture = |n_batch, side| {
        Tensor::<4>::random([n_batch, 3, side, side], Distribution::Uniform(0.0, 1.0), &device)
    };
    let layers: Vec<String> = (ENTRY.card)().layers.into_iter().map(|layer| layer.name).collect();
    let mut group = c.benchmark_group("polar_low/cpu");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5));
    for side in [512, 1024] {
        let x = picture(1, side);
        group.bench_function(format!("forward/{side}"), |b| {
            b.iter(|| logits(&parameters, x.clone(), &mut Tap::off()).into_data());
        });
    }
    for n_batch in [1, 4] {
        let x = picture(n_batch, 512);
        group.bench_function(format!("input_gradient_batch_{n_batch}/512"), |b| {
            b.iter(|| input_gradient(&parameters, x.clone()).into_data());
        });
    }
    let x = picture(1, 512);
    group.bench_function("grad_cam_23_layers/512", |b| {
        b.iter(|| {
            let mut tap = Tap::watch(layers.iter().cloned());
            let score = logits(&parameters, x.clone(), &mut tap).narrow(1, 1, 1);
            tap.into_weighted(&mut score.sum().backward())
        });
    });
    group.finish();
}

fn logits(parameters: &Parameters, x: Tensor<4>, tap: &mut Tap) -> Tensor<2> {
    PolarLow.forward(parameters, x, tap, &Mode::inference()).logits()
}

/// Of the probability of a polar low.
fn input_gradient(parameters: &Parameters, x: Tensor<4>) -> Tensor<4> {
    let leaf = x.autodiff().require_grad();
    let output = softmax(logits(parameters, leaf.clone(), &mut Tap::off()), 1);
    let mut gradients = output.narrow(1, 1, 1).sum().backward();
    leaf.grad_remove(&mut gradients).expect("a leaf of the tape")
}

criterion_group!(benches, bench);
criterion_main!(benches);
