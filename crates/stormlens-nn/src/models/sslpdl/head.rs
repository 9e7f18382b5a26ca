//! The head (UPerNet: Xiao et al. 2018, <https://arxiv.org/abs/1807.10221>): a pyramid of means at the coarsest level, from
//! there up to the finest one, and all levels together.

use burn::tensor::Tensor;

use super::form::POOLED;
use crate::Tap;
use crate::layers::{
    adaptive_mean, conv1x1, conv1x1_gelu, convolution_gelu, convolution_of_resized_gelu, resize,
};
use crate::parameters::{Mode, Scope};

/// A map of the finest level's size from those of all levels, the finest first. Shown as `head.ppm`, `head.fpn.LEVEL` and
/// `head.fused`.
pub(super) fn head(p: &Scope, levels: &[Tensor<4>], tap: &mut Tap, mode: &Mode) -> Tensor<4> {
    let last = levels.len() - 1;
    let mut x = tap.at("head.ppm", pyramid(p, levels[last].clone(), mode));
    let size = |x: &Tensor<4>| [x.dims()[2], x.dims()[3]];
    let mut maps = vec![x.clone()];
    for level in (0..last).rev() {
        let lateral = conv1x1_gelu(
            &p.at(&format!("fpn_in.{level}")),
            ["0", "1"],
            levels[level].clone(),
            mode,
        );
        let below = resize(x, size(&lateral));
        x = lateral + below;
        let out =
            convolution_gelu(&p.at(&format!("fpn_out.{level}.0")), ["0", "1"], x.clone(), mode);
        let out = tap.at(&format!("head.fpn.{level}"), out);
        maps.push(out);
    }
    maps.reverse();
    let fused = convolution_of_resized_gelu(&p.at("conv_last.0"), ["0", "1"], maps, mode);
    conv1x1(&p.at("conv_last.1"), tap.at("head.fused", fused), mode)
}

/// The map beside its means over few and many parts.
fn pyramid(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    let size = [x.dims()[2], x.dims()[3]];
    let mean = |(i, n): (usize, usize)| {
        let part = adaptive_mean(x.clone(), n);
        // As the reference: to the map's size first, then the linear map of each pixel.
        conv1x1_gelu(&p.at(&format!("ppm_conv.{i}")), ["0", "1"], resize(part, size), mode)
    };
    let means = POOLED.into_iter().enumerate().map(mean);
    let all = [x.clone()].into_iter().chain(means).collect();
    convolution_gelu(&p.at("ppm_last_conv"), ["0", "1"], Tensor::cat(all, 1), mode)
}
