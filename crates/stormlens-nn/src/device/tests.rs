use super::*;

#[test]
fn every_choice_says_why() {
    let (_, report) = choose(DeviceChoice::Cpu).expect("there is always a CPU");
    assert_eq!(report.kind, "cpu");
    assert!(report.reason.contains("--device cpu"), "{}", report.reason);
    let (_, report) = choose(DeviceChoice::Auto).expect("auto never fails");
    assert!(!report.reason.is_empty());
    assert!(!report.name.to_lowercase().contains("llvmpipe"), "{}", report.name);
}

/// The tiny twin of the network, forward and backward, all layers, on whatever graphics adapter
/// there is, against the CPU.
#[cfg(feature = "wgpu")]
#[test]
fn a_graphics_device_computes_what_the_cpu_computes() {
    use crate::explain::{MaskedSum, RawCam, grad_cam};
    use crate::golden::{procedural, relative_l2};
    use crate::models::sar_unet::SarUnet;
    use crate::models::sar_unet::tests::{input, layer_names, parameters, ramp, tiny};

    let Some(graphics) = any_graphics_device() else {
        assert!(std::env::var_os("CI").is_none(), "no graphics adapter, not even a software one");
        println!("skipped: there is no graphics adapter");
        return;
    };
    let weights = procedural(&tiny().schema());
    let run = |device: &Device| -> RawCam<MaskedSum> {
        let x = input(ramp(3 * 32 * 32), [1, 3, 32, 32], device);
        let upper_half = |y: &[f32]| {
            let n = y.len();
            MaskedSum::over((0..n).map(|i| f32::from(u8::from(i < n / 2))).collect(), y)
        };
        grad_cam(&SarUnet, &parameters(&weights, device), x, &layer_names(), upper_half)
    };
    let (cpu, gpu) = (run(&Device::flex()), run(&graphics));
    let error = relative_l2(&gpu.prediction, &cpu.prediction);
    assert!(error < 1e-5, "prediction: {error}");
    assert_eq!(gpu.layers.len(), 32);
    for (gpu, cpu) in gpu.layers.iter().zip(&cpu.layers) {
        let error = relative_l2(&gpu.weighted_sum, &cpu.weighted_sum);
        assert!(error < 1e-4, "{}: {error}", cpu.name);
    }
}

/// The same for the polar-low network: halving convolutions and poolings at the edges, pooled
/// features, logits. Which of two tied pixels gets a pooling's gradient may differ between devices;
/// Grad-CAM's sums do not depend on it.
#[cfg(feature = "wgpu")]
#[test]
fn a_graphics_device_classifies_as_the_cpu_does() {
    use stormlens_data::request::ClassOutput;

    use crate::explain::{ClassTarget, RawCam, grad_cam};
    use crate::golden::{Golden, relative_l2};
    use crate::models::polar_low::PolarLow;
    use crate::models::polar_low::tests::{TINY, layer_names, tiny};
    use crate::models::sar_unet::tests::{input, parameters, ramp};

    let Some(graphics) = any_graphics_device() else {
        assert!(std::env::var_os("CI").is_none(), "no graphics adapter, not even a software one");
        println!("skipped: there is no graphics adapter");
        return;
    };
    let weights = tiny(&Golden::small(TINY));
    let run = |device: &Device| -> RawCam<ClassTarget> {
        let x = input(ramp(3 * 40 * 40), [1, 3, 40, 40], device);
        let target = ClassTarget { class: 1, output: ClassOutput::Logit };
        grad_cam(&PolarLow, &parameters(&weights, device), x, &layer_names(), |_| target)
    };
    let (cpu, gpu) = (run(&Device::flex()), run(&graphics));
    let error = relative_l2(&gpu.prediction, &cpu.prediction);
    assert!(error < 1e-5, "logits: {error}");
    assert_eq!(gpu.layers.len(), 23);
    for (gpu, cpu) in gpu.layers.iter().zip(&cpu.layers) {
        let error = relative_l2(&gpu.weighted_sum, &cpu.weighted_sum);
        assert!(error < 1e-4, "{}: {error}", cpu.name);
    }
}
