//! Fused layers against the same layers from burn's operations: values and gradients.

use burn::tensor::{Device, Tensor};

use super::*;
use crate::explain::{MaskedSum, grad_cam};
use crate::golden::{input, parameters, procedural, ramp, relative_l2};
use crate::layers::{NormOptions, fold};
use crate::models::HostTensors;
use crate::models::sar_unet::SarUnet;
use crate::models::sar_unet::tests::{layer_names, tiny};
use crate::parameters::{Mode, to_vec};
use crate::{Network, Parameters, Tap};

#[test]
fn kernels_go_by_name() {
    assert_eq!(Kernels::named("plain"), Ok(Kernels::Plain));
    assert_eq!(Kernels::named("auto"), Ok(Kernels::Fused(Level::detect())));
    assert_eq!(Kernels::named("portable"), Ok(Kernels::Fused(Level::Portable)));
    assert!(Kernels::named("fast").is_err());
    assert_eq!(Kernels::all().last(), Some(&Kernels::Plain));
}

/// The gradient of the sum of squares of the prediction, and the prediction.
fn run(network: &dyn Network, p: &Parameters, x: Tensor<4>, kernels: Kernels) -> [Vec<f32>; 2] {
    let leaf = x.autodiff().require_grad();
    let mode = Mode::Inference(kernels);
    let output = network.forward(p, leaf.clone(), &mut Tap::off(), &mode);
    let host = output.to_host();
    let score = match output {
        crate::network::Prediction::Field(field) => field.clone().mul(field).sum(),
        crate::network::Prediction::Logits { logits, .. } => logits.clone().mul(logits).sum(),
    };
    let gradient = leaf.grad_remove(&mut score.backward()).expect("a leaf");
    [host, to_vec(gradient)]
}

fn check(network: &dyn Network, weights: &HostTensors, dims: [usize; 4]) {
    let device = Device::flex();
    let p = parameters(weights, &device);
    let x = || input(ramp(dims.iter().product()), dims, &device);
    let [expected, expected_gradient] = run(network, &p, x(), Kernels::Plain);
    for kernels in Kernels::all() {
        let [y, gradient] = run(network, &p, x(), kernels);
        let error = relative_l2(&y, &expected);
        assert!(error < 1e-5, "{kernels}, {dims:?}: {error}");
        let error = relative_l2(&gradient, &expected_gradient);
        assert!(error < 1e-4, "gradient, {kernels}, {dims:?}: {error}");
    }
}

#[test]
fn both_paths_of_sar_unet_agree() {
    let folded = fold(procedural(&tiny()), NormOptions::PYTORCH);
    check(&SarUnet, &folded, [1, 3, 32, 48]);
    check(&SarUnet, &folded, [2, 3, 16, 16]);
    // Where normalisation is still there, its layers take the plain path within the fused one.
    check(&SarUnet, &procedural(&tiny()), [1, 3, 16, 32]);
}

#[test]
fn both_paths_of_the_polar_low_network_agree() {
    use crate::golden::Golden;
    use crate::models::polar_low::PolarLow;
    use crate::models::polar_low::tests::{TINY, tiny};

    let weights = tiny(&Golden::small(TINY));
    let folded = fold(weights.clone(), NormOptions::KERAS);
    for side in [33, 40] {
        check(&PolarLow, &folded, [1, 3, side, side]);
    }
    check(&PolarLow, &folded, [3, 3, 24, 24]);
}

#[test]
fn both_paths_of_harpnet_agree() {
    use crate::models::harpnet::tests::{TINY, weights};
    use crate::models::harpnet::{Form, Harpnet, Version};

    check(&Harpnet, &weights(&Form { tile: 32, ..TINY }), [1, 2, 32, 32]);
    check(&Harpnet, &weights(&TINY), [3, 2, 16, 16]);
    check(&Harpnet, &weights(&Form { version: Version::V1, ..TINY }), [2, 1, 7, 9]);
}

#[test]
fn both_paths_of_sslpdl_agree() {
    use crate::models::sslpdl::tests::{tiny, weights};
    use crate::models::sslpdl::{Form, Sslpdl};

    let folded = |form: &Form| fold(weights(form), NormOptions::PYTORCH);
    check(&Sslpdl, &folded(&tiny()), [2, 4, 16, 24]);
    check(
        &Sslpdl,
        &folded(&Form { has_layer_scale: true, n_classes: None, ..tiny() }),
        [1, 4, 24, 16],
    );
}

/// Examples of a batch do not disturb each other.
#[test]
fn a_batch_is_explained_as_its_examples_are() {
    use crate::explain::{Watch, differentiate};

    let device = Device::flex();
    let folded = fold(procedural(&tiny()), NormOptions::PYTORCH);
    let p = parameters(&folded, &device);
    let n = 3 * 32 * 32;
    let values = ramp(2 * n);
    let target = |y: &[f32]| {
        let mask = y.iter().enumerate().map(|(i, _)| f32::from(u8::from(i % 3 == 0)));
        MaskedSum::over(mask.collect(), y)
    };
    let both = input(values.clone(), [2, 3, 32, 32], &device);
    let watch = Watch { layers: layer_names(), input: false };
    let batch = differentiate(&SarUnet, &p, both, &watch, |_, y, _| target(y));
    assert_eq!(batch.len(), 2);
    for (values, (found, _)) in values.chunks_exact(n).zip(&batch) {
        let one = input(values.to_vec(), [1, 3, 32, 32], &device);
        let alone = grad_cam(&SarUnet, &p, one, &layer_names(), target);
        assert!(relative_l2(&found.prediction, &alone.prediction) < 1e-6);
        assert_eq!(found.layers.len(), 32);
        for b in &alone.layers {
            let a = found.layer(&b.name).expect("a watched layer");
            let error = relative_l2(&a.weighted_sum, &b.weighted_sum);
            assert!(error < 1e-5, "{}: {error}", a.name);
        }
    }
}
