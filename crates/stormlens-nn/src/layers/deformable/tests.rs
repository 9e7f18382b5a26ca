//! Deformable convolution: kernels against burn's operations, and both against the authors' program.

use burn::tensor::{Device, Tensor};
use stormlens_kernels::deformable::Deformable;

use super::*;
use crate::fused::Kernels;
use crate::golden::{Golden, input, max_error, parameters, relative_l2};
use crate::parameters::{Recorder, to_vec};
use crate::random::Random;

/// Layers of the file `deformable.safetensors`: name, layer, shape of the value with its channels last. Offsets are of two
/// pixels, so that many points lie beyond the edge.
fn cases() -> [(&'static str, Deformable, [usize; 4]); 4] {
    let layer = Deformable::around(4);
    [
        ("core_a", layer, [2, 7, 5, 16]),
        ("core_b", Deformable { stride: 2, groups: 2, ..layer }, [1, 6, 9, 8]),
        (
            "core_c",
            Deformable { padding: 2, dilation: 2, groups: 3, offset_scale: 2.0, ..layer },
            [1, 8, 8, 12],
        ),
        (
            "core_d",
            Deformable { kernel: 5, padding: 2, groups: 1, offset_scale: 0.5, ..layer },
            [1, 5, 6, 4],
        ),
    ]
}

/// `[batch, height, width, channels]` on the CPU, channels second.
fn maps(values: Vec<f32>, shape: [usize; 4]) -> Tensor<4> {
    input(values, shape, &Device::flex()).permute([0, 3, 1, 2])
}

fn channels_last(x: Tensor<4>) -> Vec<f32> {
    to_vec(x.inner().permute([0, 2, 3, 1]))
}

fn modes() -> Vec<(String, Mode)> {
    let training = [("training".to_owned(), Mode::Training(Recorder::default()))];
    let kernels = Kernels::all().into_iter();
    kernels.map(|kernels| (kernels.to_string(), Mode::Inference(kernels))).chain(training).collect()
}

#[test]
fn cores_equal_the_reference() {
    let golden = Golden::small("deformable.safetensors");
    for (name, layer, shape) in cases() {
        let [n_batch, height, width, _] = layer.shape_out(shape);
        let part = |part: &str| golden.f32(&format!("{name}_{part}"));
        let n = layer.groups * layer.n_points();
        for (way, mode) in modes() {
            let of_point = |part_name: &str, n| maps(part(part_name), [n_batch, height, width, n]);
            let value = maps(part("input"), shape);
            let all = [value, of_point("offset", 2 * n), of_point("mask", n)];
            let y = channels_last(deformable_core(&layer, all, &mode));
            let error = max_error(&y, &part("output"));
            assert!(error < 1e-5, "{name}, {way}: {error}");
        }
    }
}

/// A whole layer with its last map.
#[test]
fn a_layer_equals_the_reference() {
    let golden = Golden::small("deformable.safetensors");
    let named = golden.names().into_iter().filter(|name| name.starts_with("module."));
    let weights = named.map(|name| {
        let own = name.trim_start_matches("module.").to_owned();
        (own, golden.shape(&name), golden.f32(&name))
    });
    let p = parameters(&weights.collect(), &Device::flex());
    for (way, mode) in modes() {
        let x = maps(golden.f32("module_input"), [2, 9, 6, 32]);
        let y = deformable(&p.root(), "dcn", x, 1e-6, &mut Tap::off(), &mode);
        let y = channels_last(conv1x1(&p.root().at("output_proj"), y, &mode));
        let error = max_error(&y, &golden.f32("module_output"));
        assert!(error < 1e-4, "{way}: {error}");
    }
}

/// Values and the gradients of all three maps, on all ways.
#[test]
fn kernels_and_operations_agree_forward_and_backward() {
    for (name, layer, shape) in cases() {
        let [n_batch, n_channels] = [shape[0], shape[3]];
        let [_, height, width, _] = layer.shape_out(shape);
        let n = layer.groups * layer.n_points();
        let mut random = Random::new(4);
        let mut draw = |n: usize, size: f64| -> Vec<f32> {
            (0..n).map(|_| random.between(-size, size) as f32).collect()
        };
        let n_pixels = n_batch * height * width;
        let values = [
            (draw(shape.iter().product(), 1.0), shape),
            (draw(2 * n * n_pixels, 3.0), [n_batch, height, width, 2 * n]),
            (draw(n * n_pixels, 1.0), [n_batch, height, width, n]),
        ];
        let outer = draw(n_channels * n_pixels, 1.0);
        let run = |mode: &Mode| {
            let leaf = |(values, [b, h, w, c]): &(Vec<f32>, [usize; 4])| {
                let x = input(values.clone(), [*b, *c, *h, *w], &Device::flex());
                x.autodiff().require_grad()
            };
            let leaves = values.each_ref().map(leaf);
            let y = deformable_core(&layer, leaves.clone(), mode);
            let outer = input(outer.clone(), [n_batch, n_channels, height, width], &Device::flex());
            let mut gradients = (y.clone() * outer).sum().backward();
            let of = |leaf: Tensor<4>| to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
            [vec![to_vec(y.inner())], leaves.map(of).to_vec()].concat()
        };
        let expected = run(&Mode::Inference(Kernels::Plain));
        for (way, mode) in modes() {
            for (part, (ours, theirs)) in run(&mode).iter().zip(&expected).enumerate() {
                let error = relative_l2(ours, theirs);
                assert!(error < 1e-5, "{name}, {way}, part {part}: {error}");
            }
        }
    }
}
