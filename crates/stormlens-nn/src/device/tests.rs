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

/// Five networks, on whatever graphics adapter there is, against the CPU.
#[cfg(feature = "wgpu")]
#[test]
fn a_graphics_device_computes_what_the_cpu_computes() {
    let Some(graphics) = any_graphics_device() else {
        assert!(std::env::var_os("CI").is_none(), "no graphics adapter, not even a software one");
        println!("skipped: there is no graphics adapter");
        return;
    };
    on_graphics::fields_are_those_of_the_cpu(&graphics);
    on_graphics::logits_are_those_of_the_cpu(&graphics);
    on_graphics::tiles_are_those_of_the_cpu(&graphics);
    on_graphics::logits_of_fields_are_those_of_the_cpu(&graphics);
    on_graphics::an_hour_is_that_of_the_cpu(&graphics);
}

#[cfg(feature = "wgpu")]
mod on_graphics {
    use stormlens_data::request::ClassOutput;

    use super::*;
    use crate::explain::{ClassTarget, MaskedSum, Pass, RawCam, grad_cam};
    use crate::golden::{Golden, input, parameters, procedural, ramp, relative_l2};
    use crate::models::polar_low::{self, PolarLow};
    use crate::models::sar_unet::SarUnet;
    use crate::models::sar_unet::tests::{layer_names, tiny};

    fn check<T>(run: impl Fn(&Device) -> RawCam<T>, graphics: &Device, n_layers: usize) {
        let (cpu, gpu) = (run(&Device::flex()), run(graphics));
        let error = relative_l2(&gpu.prediction, &cpu.prediction);
        assert!(error < 1e-5, "prediction: {error}");
        assert_eq!(gpu.layers.len(), n_layers);
        for (gpu, cpu) in gpu.layers.iter().zip(&cpu.layers) {
            let error = relative_l2(&gpu.weighted_sum, &cpu.weighted_sum);
            assert!(error < 1e-4, "{}: {error}", cpu.name);
        }
    }

    /// The tiny twin of SAR-UNet, forward and backward, all layers.
    pub fn fields_are_those_of_the_cpu(graphics: &Device) {
        let weights = procedural(&tiny());
        let run = |device: &Device| {
            let x = input(ramp(3 * 32 * 32), [1, 3, 32, 32], device);
            let upper_half = |y: &[f32]| {
                let n = y.len();
                MaskedSum::over((0..n).map(|i| f32::from(u8::from(i < n / 2))).collect(), y)
            };
            grad_cam(&SarUnet, &parameters(&weights, device), x, &layer_names(), upper_half)
        };
        check(run, graphics, 32);
    }

    /// The same for the polar-low network: halving convolutions and poolings at the edges, pooled
    /// features, logits. Which of two tied pixels gets a pooling's gradient may differ between
    /// devices; Grad-CAM's sums do not depend on it.
    pub fn logits_are_those_of_the_cpu(graphics: &Device) {
        use polar_low::tests::{TINY, layer_names, tiny};

        let weights = tiny(&Golden::small(TINY));
        let run = |device: &Device| {
            let x = input(ramp(3 * 40 * 40), [1, 3, 40, 40], device);
            let target = ClassTarget { class: 1, output: ClassOutput::Logit };
            grad_cam(&PolarLow, &parameters(&weights, device), x, &layer_names(), |_| target)
        };
        check(run, graphics, 23);
    }

    /// The tiny twins of HARPNET, of all versions: normalisation over channels, gates, transposed
    /// convolutions, and the coarse grid enlarged within.
    pub fn tiles_are_those_of_the_cpu(graphics: &Device) {
        use crate::golden::nowcast;
        use crate::models::harpnet::tests::{TINY, weights};
        use crate::models::harpnet::{self, Form, Harpnet, Version};

        let names = nowcast::layer_names(&harpnet::ENTRY);
        let of_v1 = Form { version: Version::V1, ..TINY };
        for (form, n_channels, side) in [(TINY, 2, 16), (of_v1, 1, 6)] {
            let weights = weights(&form);
            let run = |device: &Device| {
                let n = n_channels * side * side;
                let x = input(ramp(n), [1, n_channels, side, side], device);
                let left = |y: &[f32]| {
                    let mask = (0..y.len()).map(|i| f32::from(u8::from(i % 16 < 8)));
                    MaskedSum::over(mask.collect(), y)
                };
                grad_cam(&Harpnet, &parameters(&weights, device), x, &names, left)
            };
            check(run, graphics, 17);
        }
    }
    /// The small twin of SSLPDL, a quarter of whose tokens is hidden by missing values: points that are sampled, means over
    /// parts, and the gradient of the input, which is zero and no missing value where a token is hidden.
    pub fn logits_of_fields_are_those_of_the_cpu(graphics: &Device) {
        use crate::explain::{Watch, differentiate};
        use crate::golden::nowcast;
        use crate::models::sslpdl::tests::{examples, tiny, weights};
        use crate::models::sslpdl::{self, Sslpdl};

        let (weights, values) = (weights(&tiny()), examples(0.25)[..4 * 16 * 24].to_vec());
        let layers = nowcast::layer_names(&sslpdl::ENTRY);
        let run = |device: &Device| {
            let x = input(values.clone(), [1, 4, 16, 24], device);
            let left = |_: usize, y: &[f32], _: &[usize]| {
                let mask = (0..16 * 24).map(|i| f32::from(u8::from(i % 24 < 12)));
                MaskedSum::over(mask.collect(), &y[..16 * 24])
            };
            let watch = Watch { layers: layers.clone(), input: true };
            differentiate(&Sslpdl, &parameters(&weights, device), x, &watch, left).remove(0).0
        };
        check_hidden(run, graphics, 8, &values);
    }

    /// The small twin of SpaT-SparK with its translation, two of six patches hidden: masked convolutions, tokens of hidden
    /// patches, statistics of patches.
    pub fn an_hour_is_that_of_the_cpu(graphics: &Device) {
        use crate::explain::{Watch, differentiate};
        use crate::golden::nowcast;
        use crate::models::spat_spark::tests::{examples, tiny, weights};
        use crate::models::spat_spark::{self, SpatSpark};

        let [height, width] = [64, 96];
        let values = examples([&[1, 3], &[]])[..3 * height * width].to_vec();
        let weights = weights(&tiny(true));
        let layers = nowcast::layer_names(&spat_spark::ENTRY);
        let run = |device: &Device| {
            let x = input(values.clone(), [1, 3, height, width], device);
            let upper = |_: usize, y: &[f32], _: &[usize]| {
                let mask = (0..height * width).map(|i| f32::from(u8::from(i / width < 32)));
                MaskedSum::over(mask.collect(), &y[..height * width])
            };
            let watch = Watch { layers: layers.clone(), input: true };
            differentiate(&SpatSpark, &parameters(&weights, device), x, &watch, upper).remove(0).0
        };
        check_hidden(run, graphics, layers.len(), &values);
    }

    /// Forward and backward of an input of which more than 300 values are hidden: to them comes no gradient.
    fn check_hidden(
        run: impl Fn(&Device) -> Pass,
        graphics: &Device,
        n_layers: usize,
        values: &[f32],
    ) {
        let (cpu, gpu) = (run(&Device::flex()), run(graphics));
        let error = relative_l2(&gpu.prediction, &cpu.prediction);
        assert!(error < 1e-5, "prediction: {error}");
        assert_eq!(gpu.layers.len(), n_layers);
        for (gpu, cpu) in gpu.layers.iter().zip(&cpu.layers) {
            let error = relative_l2(&gpu.weighted_sum, &cpu.weighted_sum);
            assert!(error < 1e-4, "{}: {error}", cpu.name);
        }
        let [gpu, cpu] = [gpu, cpu].map(|pass| pass.input_gradient.expect("it was watched"));
        assert!(relative_l2(&gpu, &cpu) < 1e-4);
        let hidden = gpu.iter().zip(values).filter(|(_, x)| x.is_nan());
        assert!(hidden.clone().count() > 300 && hidden.clone().all(|(&g, _)| g == 0.0));
    }
}
