//! Products of a weight matrix with many pixels: the work of every 1 × 1 convolution.
//!
//! The innermost kernels are those of the crate `gemm-f32`, one set for each level of vector
//! instructions. They are called directly, since its own entry point would pack the pixels once
//! more, and would choose the level itself.

mod forms;
mod pairs;

use std::ops::Range;
use std::sync::Arc;

use gemm_common::microkernel::MicroKernelFn;
use rayon::prelude::*;

use crate::Level;
pub(crate) use forms::Forms;
pub(crate) use pairs::Columns;

/// The weights of a 1 × 1 convolution, which keeps them as the innermost kernels take them once they
/// have been asked for.
#[derive(Debug)]
pub struct Matrix {
    values: Arc<Vec<f32>>,
    n_out: usize,
    n_in: usize,
    packed: Forms<Weights>,
}

impl Matrix {
    /// From `[n_out × n_in]`, row-major.
    ///
    /// # Panics
    /// If there are no outputs, or not as many values for each.
    pub fn new(values: Arc<Vec<f32>>, n_out: usize) -> Self {
        assert!(n_out > 0 && values.len().is_multiple_of(n_out), "weights for each output");
        let n_in = values.len() / n_out;
        Self { values, n_out, n_in, packed: Forms::default() }
    }

    pub fn n_out(&self) -> usize {
        self.n_out
    }

    pub fn n_in(&self) -> usize {
        self.n_in
    }

    /// Rearranges the weights for both directions now, so that no first pass has to.
    ///
    /// # Panics
    /// If this processor lacks the level.
    pub fn prepare(&self, level: Level) {
        rayon::join(|| self.forward(level), || self.transposed(level));
    }

    /// From inputs to outputs.
    pub(crate) fn forward(&self, level: Level) -> Arc<Weights> {
        self.packed(level, false)
    }

    /// From the gradients of outputs to those of inputs.
    pub(crate) fn transposed(&self, level: Level) -> Arc<Weights> {
        self.packed(level, true)
    }

    fn packed(&self, level: Level, is_transposed: bool) -> Arc<Weights> {
        self.packed.get((level, is_transposed), || self.pack(level, is_transposed))
    }

    fn pack(&self, level: Level, is_transposed: bool) -> Weights {
        let (values, n_in) = (&self.values, self.n_in);
        match is_transposed {
            false => Weights::pack(level, self.n_out, n_in, |first, k, packed| {
                for (i, place) in packed.iter_mut().enumerate() {
                    *place = values[(first + i) * n_in + k];
                }
            }),
            true => Weights::pack(level, n_in, self.n_out, |first, k, packed| {
                packed.copy_from_slice(&values[k * n_in + first..][..packed.len()]);
            }),
        }
    }
}

/// A matrix as the innermost kernels of a level take it: blocks of outputs lie together, inputs
/// first.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    packed: Vec<f32>,
    n_out: usize,
    n_in: usize,
    level: Level,
}

impl Weights {
    /// `fill` gets the first output of a block, an input, and the places of their weights.
    fn pack(
        level: Level,
        n_out: usize,
        n_in: usize,
        fill: impl Fn(usize, usize, &mut [f32]) + Sync,
    ) -> Self {
        assert!(level.is_available(), "this processor has no {level}");
        let width = Kernel::of(level).n_columns;
        let mut packed = vec![0.0; n_out.next_multiple_of(width) * n_in];
        let blocks = packed.par_chunks_exact_mut((width * n_in).max(1)).enumerate();
        blocks.for_each(|(block, packed)| {
            let n = width.min(n_out - block * width);
            for (k, packed) in packed.chunks_exact_mut(width).enumerate() {
                fill(block * width, k, &mut packed[..n]);
            }
        });
        Self { packed, n_out, n_in, level }
    }

    /// Several matrices of one size; `values` gets an output and an input.
    pub fn pack_each<const N: usize>(
        level: Level,
        [n_out, n_in]: [usize; 2],
        values: impl Fn(usize, usize) -> [f32; N] + Sync,
    ) -> [Self; N] {
        assert!(level.is_available(), "this processor has no {level}");
        let width = Kernel::of(level).n_columns;
        let mut packed = [(); N].map(|()| vec![0.0; n_out.next_multiple_of(width) * n_in]);
        let mut blocks = packed.each_mut().map(|p| p.chunks_exact_mut((width * n_in).max(1)));
        let blocks: Vec<[&mut [f32]; N]> = (0..n_out.div_ceil(width))
            .map(|_| blocks.each_mut().map(|blocks| blocks.next().expect("as many in each")))
            .collect();
        blocks.into_par_iter().enumerate().for_each(|(block, mut packed)| {
            for (i, out) in (block * width..n_out).take(width).enumerate() {
                for k in 0..n_in {
                    for (packed, value) in packed.iter_mut().zip(values(out, k)) {
                        packed[k * width + i] = value;
                    }
                }
            }
        });
        packed.map(|packed| Self { packed, n_out, n_in, level })
    }

    pub fn n_out(&self) -> usize {
        self.n_out
    }

    pub fn n_in(&self) -> usize {
        self.n_in
    }
}

/// Rows of pixels, one row a channel, with room behind each so that vectors may overhang.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pixels<'a> {
    pub values: &'a [f32],
    /// From one channel to the next.
    pub stride: usize,
}

/// `out[o × out_stride + p] = Σ_i weights[o, i] · x[i × x.stride + p]` for `p < n_pixels`; added to
/// what is there where `add` says so.
///
/// Whole vectors are read and written: what lies behind the last pixel of a channel, up to the next
/// multiple of [`LANES`], is overwritten.
///
/// # Panics
/// If a channel, rounded up to whole vectors, does not fit into its stride, or the channels into
/// their slice.
pub(crate) fn multiply(
    weights: &Weights,
    x: Pixels,
    n_pixels: usize,
    out: (&mut [f32], usize),
    add: bool,
) {
    multiply_part(weights, 0..weights.n_in, x, n_pixels, out, add);
}

/// The same with outputs shared out over all cores: where there are too few pixels to share these out.
///
/// # Panics
/// As [`multiply`].
pub(crate) fn multiply_on_all_cores(
    weights: &Weights,
    x: Pixels,
    n_pixels: usize,
    (out, out_stride): (&mut [f32], usize),
) {
    let n_tasks = 2 * rayon::current_num_threads();
    let width = Kernel::of(weights.level).n_columns;
    let together = weights.n_out.div_ceil(n_tasks).next_multiple_of(width);
    let tasks = out[..weights.n_out * out_stride].par_chunks_mut((together * out_stride).max(1));
    tasks.enumerate().for_each(|(i, out)| {
        let outputs = i * together..((i + 1) * together).min(weights.n_out);
        multiply_block(weights, [0..weights.n_in, outputs], x, n_pixels, (out, out_stride), false);
    });
}

/// The same for some of the inputs; `x` holds these only.
///
/// # Panics
/// As [`multiply`], and if there are not as many inputs.
pub(crate) fn multiply_part(
    weights: &Weights,
    inputs: Range<usize>,
    x: Pixels,
    n_pixels: usize,
    out: (&mut [f32], usize),
    add: bool,
) {
    multiply_block(weights, [inputs, 0..weights.n_out], x, n_pixels, out, add);
}

/// For some of the inputs and some of the outputs, the first of which is the first of a block.
fn multiply_block(
    weights: &Weights,
    [inputs, outputs]: [Range<usize>; 2],
    x: Pixels,
    n_pixels: usize,
    (out, out_stride): (&mut [f32], usize),
    add: bool,
) {
    assert!(inputs.end <= weights.n_in && outputs.end <= weights.n_out);
    let (first_in, n_in, n_out) = (inputs.start, inputs.len(), outputs.len());
    let n_pixels = n_pixels.next_multiple_of(LANES);
    if n_pixels == 0 || n_out == 0 {
        return;
    }
    assert!(n_in > 0, "a sum over no channels");
    assert!((n_in - 1) * x.stride + n_pixels <= x.values.len());
    assert!((n_out - 1) * out_stride + n_pixels <= out.len() && n_pixels <= out_stride);
    let kernel = Kernel::of(weights.level);
    let width = kernel.n_columns;
    assert!(outputs.start.is_multiple_of(width), "whole blocks of outputs");
    let (one, status) = if add { (1.0, 1) } else { (0.0, 0) };
    let mut block = |first_out: usize, Range { start: first, end }: Range<usize>| {
        let n = width.min(n_out - first_out);
        let m = end - first;
        let micro = kernel.micro(m, n);
        // SAFETY: weights are packed only for a level whose instructions this processor has. The kernel reads, of each of `n_in` channels, `m` pixels from `first` on,
        // in whole vectors since `m` is a multiple of every vector's length (the first assertion
        // on lengths), and a block of packed weights, which is `width` long for every channel: of these the
        // `n_in` from `first_in` on, which there are (the assertion on inputs and outputs, which begin with a block). It
        // writes `m` pixels of each of `n` output channels (the second one). Source and result are
        // different slices.
        unsafe {
            micro(
                m,
                n,
                n_in,
                out.as_mut_ptr().add(first_out * out_stride + first),
                x.values.as_ptr().add(first),
                weights
                    .packed
                    .as_ptr()
                    .add((outputs.start + first_out) * weights.n_in + first_in * width),
                out_stride as isize,
                1,
                x.stride as isize,
                width as isize,
                1,
                one,
                1.0,
                status,
                false,
                false,
                false,
                std::ptr::null(),
            );
        }
    };
    let outs = || (0..n_out).step_by(width);
    let pixels = || kernel.parts(n_pixels);
    if n_out * weights.n_in <= STAYS_NEAR {
        // The weights stay in the nearest caches while the pixels go by.
        pixels().for_each(|part| outs().for_each(|first_out| block(first_out, part.clone())));
    } else {
        outs().for_each(|first_out| pixels().for_each(|part| block(first_out, part)));
    }
}

/// Pixels that the widest vector holds.
pub(crate) const LANES: usize = 16;

/// Numbers of weights that are taken to stay in a second-level cache beside the pixels.
const STAYS_NEAR: usize = 64 << 10;

/// The innermost kernels of a level.
#[derive(Clone, Copy)]
struct Kernel {
    level: Level,
    lanes: usize,
    /// Vectors of pixels that one call takes at most.
    n_vectors: usize,
    /// Outputs that one call takes at most.
    n_columns: usize,
}

impl Kernel {
    fn of(level: Level) -> Self {
        use gemm_f32::microkernel as m;
        let (lanes, n_vectors, n_columns) = match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => (16, m::avx512f::f32::MR_DIV_N, m::avx512f::f32::NR),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => (8, m::fma::f32::MR_DIV_N, m::fma::f32::NR),
            #[cfg(target_arch = "aarch64")]
            Level::Neon => (4, m::neon::f32::MR_DIV_N, m::neon::f32::NR),
            _ => (1, m::scalar::f32::MR_DIV_N, m::scalar::f32::NR),
        };
        Self { level, lanes, n_vectors, n_columns }
    }

    fn n_rows(self) -> usize {
        self.n_vectors * self.lanes
    }

    /// Pixels, a whole number of the widest vectors, as calls take them: in parts of nearly one length, since a call
    /// of one vector waits for its sums.
    fn parts(self, n_pixels: usize) -> impl Iterator<Item = Range<usize>> {
        let n = n_pixels.div_ceil(self.n_rows());
        let at = move |part: usize| part * (n_pixels / self.lanes) / n * self.lanes;
        (0..n).map(move |part| at(part)..at(part + 1))
    }

    fn micro(self, n_pixels: usize, n_out: usize) -> MicroKernelFn<f32> {
        use gemm_f32::microkernel as m;
        let (i, j) = (n_pixels / self.lanes - 1, n_out - 1);
        match self.level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => m::avx512f::f32::UKR[i][j],
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => m::fma::f32::UKR[i][j],
            #[cfg(target_arch = "aarch64")]
            Level::Neon => m::neon::f32::UKR[i][j],
            _ => m::scalar::f32::UKR[i][j],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outputs that are no whole number of blocks, on however many cores.
    #[test]
    fn all_cores_multiply_as_one_does() {
        let value = |seed: usize, i: usize| ((i * 37 + seed * 11) % 17) as f32 - 8.0;
        for (n_out, n_in, n_pixels) in [(1usize, 1usize, 1usize), (50, 40, 15), (131, 7, 81)] {
            let weights = (0..n_out * n_in).map(|i| value(1, i)).collect::<Vec<_>>();
            let matrix = Matrix::new(Arc::new(weights), n_out);
            let stride = n_pixels.next_multiple_of(LANES);
            let values: Vec<f32> = (0..n_in * stride).map(|i| value(2, i)).collect();
            for level in Level::available() {
                let weights = matrix.forward(level);
                let x = || Pixels { values: &values, stride };
                let [mut one, mut all] = [(); 2].map(|()| vec![0.0; n_out * stride]);
                multiply(&weights, x(), n_pixels, (&mut one, stride), false);
                multiply_on_all_cores(&weights, x(), n_pixels, (&mut all, stride));
                assert_eq!(one, all, "{level}: {n_in} to {n_out}");
            }
        }
    }
}
