//! Dense 3 × 3 convolution with zero padding 1, then bias and perhaps an activation.
//!
//! Computed by the minimal filtering of Winograd for results of 2 × 2 pixels, F(2 × 2, 3 × 3): 16
//! products where the definition has 36, with sums and differences before and after them (Lavin
//! and Gray 2016, <https://arxiv.org/abs/1509.09308>). Its larger tiles need fewer products still, but
//! lose digits; this one is as exact as the definition in `f32`.
//!
//! A task takes a few rows of tiles: pixels are transformed, multiplied and transformed back in the
//! second-level cache, and only what comes out behind the ReLU goes to memory. The input may be
//! several maps side by side, each perhaps interpolated to twice its size on the way; neither is
//! ever written down.

mod filter;
mod gradient;
mod pass;
mod resized;
mod tiles;
mod weights;

use crate::Level;
use crate::activation::{Activation, bent};
use crate::bands::{self, Band, Maps, Shape};
use crate::bilinear::Doubling;
use crate::separable::relu;

pub use filter::Filter;
use pass::{Pass, Rows, Take};
pub use resized::{HalfPixel, SplitFilter, add_resized};

/// A 3 × 3 convolution.
#[derive(Clone, Copy, Debug)]
pub struct Convolution<'a> {
    /// From channels in to channels out.
    pub filter: &'a Filter,
    /// `[channels out]`
    pub bias: &'a [f32],
    /// What follows.
    pub activation: Activation,
}

/// One of the maps that lie side by side in front of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Input<T> {
    pub of: T,
    /// Whether it is interpolated to twice its size first (bilinear, corners aligned).
    pub is_doubled: bool,
}

impl<T> Input<T> {
    /// A map as it is.
    pub fn plain(of: T) -> Self {
        Self { of, is_doubled: false }
    }

    /// A map that is interpolated to twice its size.
    pub fn doubled(of: T) -> Self {
        Self { of, is_doubled: true }
    }
}

impl Input<Maps<'_>> {
    fn shape(&self) -> Input<Shape> {
        Input { of: self.of.shape, is_doubled: self.is_doubled }
    }
}

impl Input<Shape> {
    fn grown(self) -> Shape {
        let grown = if self.is_doubled { 2 } else { 1 };
        self.of.with_size(grown * self.of.height, grown * self.of.width)
    }

    fn doubling(self) -> Option<Doubling> {
        self.is_doubled.then(|| Doubling::new(self.of.height, self.of.width))
    }
}

impl Convolution<'_> {
    /// The shape of the result.
    ///
    /// # Panics
    /// If the maps differ in size, or the weights do not fit them.
    fn shape_out(&self, inputs: &[Input<Shape>]) -> Shape {
        let first = inputs[0].grown();
        let same = |input: &Input<Shape>| input.grown().with_channels(0) == first.with_channels(0);
        assert!(inputs.iter().all(same), "maps of different sizes");
        let n_in: usize = inputs.iter().map(|input| input.of.n_channels).sum();
        let sizes = (self.filter.n_in(), self.filter.n_out());
        assert_eq!(sizes, (n_in, self.bias.len()), "weights and channels");
        first.with_channels(self.bias.len())
    }

    /// Of maps that lie side by side: channels of the first one first.
    ///
    /// # Panics
    /// If the maps differ in size, or the weights do not fit them.
    pub fn forward(&self, level: Level, inputs: &[Input<Maps>]) -> Vec<f32> {
        let shapes: Vec<_> = inputs.iter().map(|input| input.shape()).collect();
        let out = self.shape_out(&shapes);
        if out.is_empty() {
            return Vec::new();
        }
        let weights = self.filter.forward(level);
        let pass = Pass::new(level, &weights, Inputs::new(inputs), out);
        bands::fill(out, pass.band_rows(), |band| {
            pass.run(band.example, band.rows.clone(), &mut Finish { conv: self, band });
        })
    }
}

/// Bias and activation, and then to memory.
struct Finish<'a, 'b> {
    conv: &'a Convolution<'a>,
    band: &'a mut Band<'b>,
}

impl Take for Finish<'_, '_> {
    #[inline(always)]
    fn take(&mut self, channel: usize, row: &[f32]) {
        let bias = self.conv.bias[channel];
        match self.conv.activation {
            Activation::None => self.band.append(channel, row, |v| v + bias),
            Activation::Relu => self.band.append(channel, row, |v| relu(v + bias)),
            Activation::Leaky(slope) => {
                self.band.append(channel, row, |v| bent(v + bias, slope));
            }
        }
    }
}

/// Maps side by side.
struct Inputs<'a> {
    inputs: Vec<(Maps<'a>, Option<Doubling>)>,
}

impl<'a> Inputs<'a> {
    fn new(inputs: &[Input<Maps<'a>>]) -> Self {
        let with_doubling = |input: &Input<Maps<'a>>| (input.of, input.shape().doubling());
        Self { inputs: inputs.iter().map(with_doubling).collect() }
    }
}

impl Rows for Inputs<'_> {
    #[inline(always)]
    fn row<'a>(
        &'a self,
        example: usize,
        channel: usize,
        row: usize,
        space: &'a mut [f32],
    ) -> &'a [f32] {
        let mut channel = channel;
        for (maps, doubling) in &self.inputs {
            let Shape { n_channels, width, .. } = maps.shape;
            if channel >= n_channels {
                channel -= n_channels;
                continue;
            }
            let plane = maps.plane(example, channel);
            return match doubling {
                None => &plane[row * width..][..width],
                Some(doubling) => doubling.row(plane, row, space),
            };
        }
        panic!("weights for more channels than there are")
    }
}
