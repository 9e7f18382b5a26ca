//! Layers that see visible patches only: what SparK computes on sparse maps, written with dense ones of which hidden cells
//! are zero.

use std::ops::Range;

use burn::tensor::activation::relu;
use burn::tensor::{Bool, Tensor, TensorData};
use stormlens_data::patches::{SIDE_PX, tokens};

use crate::layers::{
    NormOptions, Source, conv1x1, conv1x1_relu, convolution, convolution_halving,
    convolution_halving_relu, convolution_relu, norm,
};
use crate::parameters::{Mode, Scope, to_vec};

/// Which patches are hidden, of several examples; some of them are.
pub(super) struct Visible {
    /// `[batch × rows × columns]`, true where a patch is seen.
    seen: Vec<bool>,
    /// Rows and columns of patches, or of the cells of a window.
    grid: [usize; 2],
}

/// Rows and columns of cells.
pub(super) type Window = [Range<usize>; 2];

impl Visible {
    /// A patch that holds a missing value in any frame is hidden in all of them. `None`: all are seen.
    ///
    /// Found on the host: programs for GPUs may be compiled as if no value were ever missing.
    ///
    /// # Panics
    /// For sizes that do not fall into patches, which the engine has checked.
    pub fn of(input: &Tensor<4>) -> Option<Self> {
        let [_, n_channels, height, width] = input.dims();
        let values = to_vec(input.clone().inner());
        if values.iter().all(|value| !value.is_nan()) {
            return None;
        }
        let tokens = tokens(n_channels, [height, width]).expect("sizes that were checked");
        let [_, rows, columns] = tokens.grid();
        let examples = values.chunks_exact(n_channels * height * width);
        let seen = examples.flat_map(|example| tokens.hidden(example)).map(|hidden| !hidden);
        Some(Self { seen: seen.collect(), grid: [rows, columns] })
    }

    /// With this for each patch of each example, of which there are so many rows and columns.
    #[cfg(test)]
    pub fn from_seen(seen: Vec<bool>, grid: [usize; 2]) -> Self {
        Self { seen, grid }
    }

    /// True for each patch that is seen: `[batch × rows × columns]`.
    pub fn seen(&self) -> &[bool] {
        &self.seen
    }

    /// The same of a window of cells, so many of which lie along a side of a patch, a window of one size for each example.
    pub fn within(&self, cells: usize, windows: &[Window]) -> Self {
        let [rows, columns] = self.grid;
        let is_seen = |(i, window): (usize, &Window)| -> Vec<bool> {
            let [down, across] = window.clone();
            let at = |row: usize, column: usize| {
                self.seen[(i * rows + row / cells) * columns + column / cells]
            };
            down.flat_map(|row| across.clone().map(move |column| at(row, column))).collect()
        };
        let size = |axis: usize| windows.first().map_or(0, |window| window[axis].len());
        Self {
            seen: windows.iter().enumerate().flat_map(is_seen).collect(),
            grid: [size(0), size(1)],
        }
    }

    pub fn n_batch(&self) -> usize {
        self.seen.len() / (self.grid[0] * self.grid[1])
    }

    /// 1 for each patch that is seen, else 0: `[batch × patches]`.
    pub fn shares(&self) -> Vec<f32> {
        self.seen.iter().map(|&seen| f32::from(u8::from(seen))).collect()
    }

    /// Patches that are seen, of all examples.
    fn n_seen(&self) -> usize {
        self.seen.iter().filter(|&&seen| seen).count()
    }

    /// The input with zeros where it is hidden, to which no gradient comes back.
    pub fn fill(&self, input: Tensor<4>) -> Tensor<4> {
        let [n_batch, n_channels, height, width] = input.dims();
        let [rows, columns] = self.grid;
        let hidden: Vec<bool> = self.seen.iter().map(|seen| !seen).collect();
        let device = input.device();
        let hidden = TensorData::new(hidden, [n_batch, 1, rows, 1, columns, 1]);
        let hidden = Tensor::<6, Bool>::from_data(hidden, &device);
        let shape = [n_batch, n_channels, rows, SIDE_PX, columns, SIDE_PX];
        let hidden = hidden.expand(shape).reshape([n_batch, n_channels, height, width]);
        input.mask_fill(hidden, 0.0)
    }

    /// 1 for each cell of a map of that size that is seen, else 0: `[batch, 1, height, width]`.
    pub fn mask(&self, like: &Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = like.dims();
        let [rows, columns] = self.grid;
        let (down, across) = (height / rows, width / columns);
        let cells = 0..self.n_batch() * height * width;
        let is_seen = |i: usize| {
            let (example, row, column) =
                (i / (height * width), i / width % height / down, i % width / across);
            self.seen[(example * rows + row) * columns + column]
        };
        let mask: Vec<f32> = cells.map(|i| f32::from(u8::from(is_seen(i)))).collect();
        let mask = TensorData::new(mask, [self.n_batch(), 1, height, width]);
        Tensor::from_data(mask, &like.device().without_autodiff())
    }
}

/// Which patches are seen, and what the pass is for.
///
/// In training batch normalisation leaves zeros in hidden cells; what the pooling of the stem leaves there the normalisation of
/// both ways behind it does not see. Otherwise layers leave there what comes, since cells that are seen
/// learn of it only where a layer looks at neighbours: before such a layer, and before others see a map, it has to be
/// [cleared](Self::clear).
#[derive(Clone, Copy)]
pub(super) struct Sparse<'a> {
    pub visible: Option<&'a Visible>,
    pub mode: &'a Mode,
}

impl Sparse<'_> {
    /// Zeros in hidden cells, behind a normalisation.
    pub fn clear(&self, x: Tensor<4>) -> Tensor<4> {
        match (self.visible, self.mode) {
            (None, _) | (_, Mode::Training(_)) => x,
            (Some(visible), _) => {
                let mask = visible.mask(&x);
                x * mask
            }
        }
    }

    /// Whether the statistics of a batch are those of visible cells.
    fn is_trained(&self) -> bool {
        self.visible.is_some() && matches!(self.mode, Mode::Training(_))
    }

    /// 1 × 1 and batch normalisation by these names, added to another map if there is one, then ReLU.
    pub fn conv1x1_relu(
        &self,
        p: &Scope,
        names: [&str; 2],
        x: Tensor<4>,
        addend: Option<Tensor<4>>,
    ) -> Tensor<4> {
        if !self.is_trained() {
            return conv1x1_relu(p, names, x, addend, self.mode);
        }
        let [conv, norm] = names;
        let y = self.norm(&p.at(norm), conv1x1(&p.at(conv), x, self.mode));
        relu(match addend {
            Some(addend) => addend + y,
            None => y,
        })
    }

    /// 3 × 3, batch normalisation and ReLU by these names.
    pub fn convolution_relu(&self, p: &Scope, names: [&str; 2], x: Tensor<4>) -> Tensor<4> {
        if !self.is_trained() {
            let x = Source::Whole(x);
            return convolution_relu(p, names, x, NormOptions::PYTORCH, self.mode);
        }
        let [conv, norm] = names;
        relu(self.norm(&p.at(norm), convolution(&p.at(conv), x, self.mode)))
    }

    /// The same with an odd kernel at every second pixel.
    pub fn convolution_halving_relu(&self, p: &Scope, names: [&str; 2], x: Tensor<4>) -> Tensor<4> {
        if !self.is_trained() {
            return convolution_halving_relu(p, names, x, self.mode);
        }
        let [conv, norm] = names;
        relu(self.norm(&p.at(norm), convolution_halving(&p.at(conv), x, self.mode)))
    }

    /// Batch normalisation over visible cells.
    pub fn norm(&self, p: &Scope, x: Tensor<4>) -> Tensor<4> {
        match self.visible.filter(|_| self.is_trained()) {
            Some(visible) => trained_norm(p, x, visible, self.mode),
            None => norm(p, x, self.mode),
        }
    }
}

/// `(x − μ) / √(σ² + ε) · γ + β` in visible cells, with mean and variance over those of the batch.
fn trained_norm(p: &Scope, x: Tensor<4>, visible: &Visible, mode: &Mode) -> Tensor<4> {
    let Mode::Training(recorder) = mode else { unreachable!("the caller has looked") };
    let [n_batch, n_channels, height, width] = x.dims();
    let mask = visible.mask(&x);
    let n = visible.n_seen() * (height * width) / (visible.grid[0] * visible.grid[1]);
    let total = |x: Tensor<4>| {
        let x = x.reshape([n_batch, n_channels, height * width]).sum_dim(2).sum_dim(0);
        x.reshape([1, n_channels, 1, 1]).div_scalar(n.max(1) as f64)
    };
    let x = x * mask.clone();
    let mean = total(x.clone());
    let deviation = (x - mean.clone()) * mask.clone();
    let variance = total(deviation.clone().square());
    let flat = |x: Tensor<4>| x.inner().reshape([n_channels]);
    let statistics = [flat(mean), flat(variance.clone())];
    recorder.follow(p, NormOptions::PYTORCH, statistics, n);
    let own = |name: &str| p.tensor::<1>(name).reshape([1, n_channels, 1, 1]);
    let scale = own("weight") / variance.add_scalar(NormOptions::PYTORCH.epsilon).sqrt();
    deviation * scale + own("bias") * mask
}
