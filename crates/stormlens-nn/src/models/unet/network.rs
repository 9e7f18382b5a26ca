//! The forward pass.

use burn::tensor::Tensor;

use crate::layers::{
    NormOptions, Source, cbam, conv1x1, convolution_relu, max_pool, separable_relu, upsample_onto,
};
use crate::network::{Network, Prediction};
use crate::parameters::{Mode, Scope};
use crate::{Parameters, Tap};

/// Levels of the encoder.
pub(super) const LEVELS: usize = 5;

/// A U-Net with four poolings and skip connections between encoder and decoder.
///
/// Attention, where a level has it, stands in the skip connection (and behind the last level) only:
/// the encoder goes on with what was not attended. The last convolution has no activation: the answer
/// may be slightly negative.
///
/// # Shapes
/// - input `[batch, frames, height, width]`, height and width 16 at least
/// - output `[batch, lead times, height, width]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UNet {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) convolution: Convolution,
    /// Levels with attention, from the first on.
    pub(super) n_attention: usize,
}

/// What the double convolutions are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convolution {
    /// 3 × 3.
    Plain,
    /// Depthwise 3 × 3, then pointwise 1 × 1.
    Separable,
}

/// A block's name as a layer, and the module of its double convolution.
pub(super) struct Block {
    pub layer: String,
    pub module: String,
}

impl Block {
    /// Of a level of the encoder, 1 to 5.
    pub fn encoder(level: usize) -> Self {
        match level {
            1 => Self { layer: "inc".into(), module: "inc".into() },
            n => {
                let layer = format!("down{}", n - 1);
                Self { module: format!("{layer}.maxpool_conv.1"), layer }
            }
        }
    }

    /// Of a level of the decoder, 1 to 4, the coarsest first.
    pub fn decoder(level: usize) -> Self {
        let layer = format!("up{level}");
        Self { module: format!("{layer}.conv"), layer }
    }

    /// The layer behind the first of the two convolutions.
    pub fn first(&self) -> String {
        format!("{}.double_conv.2", self.module)
    }
}

impl Network for UNet {
    fn forward(
        &self,
        parameters: &Parameters,
        input: Tensor<4>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Prediction {
        let p = parameters.root();
        let mut skips = Vec::with_capacity(LEVELS);
        let mut x = self.double(&p, &Block::encoder(1), input, tap, mode);
        skips.push(self.attend(&p, 1, x.clone(), tap, mode));
        for level in 2..=LEVELS {
            x = self.double(&p, &Block::encoder(level), max_pool(x, mode), tap, mode);
            skips.push(self.attend(&p, level, x.clone(), tap, mode));
        }
        let levels = skips.into_iter().rev().enumerate();
        let x = levels.reduce(|(_, below), (level, skip)| {
            let joined = upsample_onto(below, skip, mode);
            (level, self.double(&p, &Block::decoder(level), joined, tap, mode))
        });
        let (_, x) = x.expect("five levels");
        Prediction::Field(conv1x1(&p.at("outc.conv"), x, mode))
    }
}

impl UNet {
    /// Twice: convolution, batch normalisation, ReLU.
    fn double(
        &self,
        p: &Scope,
        block: &Block,
        x: impl Into<Source>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Tensor<4> {
        let p = p.at(&block.module).at("double_conv");
        let x = tap.at(&block.first(), self.convolve(&p, ["0", "1"], x.into(), mode));
        tap.at(&block.layer, self.convolve(&p, ["3", "4"], x.into(), mode))
    }

    fn convolve(&self, p: &Scope, children: [&str; 2], x: Source, mode: &Mode) -> Tensor<4> {
        match self.convolution {
            Convolution::Plain => convolution_relu(p, children, x, NormOptions::PYTORCH, mode),
            Convolution::Separable => separable_relu(p, children, x, NormOptions::PYTORCH, mode),
        }
    }

    /// What the skip connection of a level carries.
    fn attend(
        &self,
        p: &Scope,
        level: usize,
        x: Tensor<4>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Tensor<4> {
        if level > self.n_attention {
            return x;
        }
        let name = format!("cbam{level}");
        tap.at(&name, cbam(&p.at(&name), x, mode))
    }
}
