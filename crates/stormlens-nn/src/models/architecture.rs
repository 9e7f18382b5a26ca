//! What is particular to one set of weights of a network: its sizes and its tensors.

use super::Schema;
use stormlens_checkpoint::StateDict;

/// Widest network and largest depth multiplier that are believed, lest sizes overflow.
const MAX_CHANNELS: usize = 4096;
pub(crate) const MAX_KERNELS_PER_LAYER: usize = 64;

/// A network's sizes, and names and shapes of its tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// Input frames, or colours of a picture.
    pub in_channels: usize,
    /// Output frames, or classes.
    pub out_channels: usize,
    /// Depth multiplier of the depthwise convolutions, of the encoder's where the decoder has its
    /// own; `None` for a network that has none.
    pub kernels_per_layer: Option<usize>,
    /// As its authors count them.
    pub n_parameters: usize,
    pub schema: Schema,
}

/// Sizes of a network that is yet to be made; those that are left out are the published ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Channels of input and output.
    pub channels: Option<(usize, usize)>,
    /// Channels of the first block of a network in the shape of a U; each level below has twice as
    /// many.
    pub base_channels: Option<usize>,
    pub kernels_per_layer: Option<usize>,
}

/// Sizes of a network in the shape of a U, as tests use them for small twins; the published ones are
/// the default, for 12 frames to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UShape {
    pub in_channels: usize,
    pub out_channels: usize,
    /// Channels of the first and the last block.
    pub base_channels: usize,
    pub kernels_per_layer: usize,
    /// Channels over hidden units in channel attention.
    pub reduction_ratio: usize,
}

impl Default for UShape {
    fn default() -> Self {
        Self {
            in_channels: 12,
            out_channels: 1,
            base_channels: 64,
            kernels_per_layer: 1,
            reduction_ratio: 16,
        }
    }
}

impl UShape {
    /// Those of a network that is yet to be made.
    ///
    /// # Errors
    /// In words, for sizes that no network has.
    pub fn of(wanted: &Sizes, published_kernels: usize) -> Result<Self, String> {
        let published = Self { kernels_per_layer: published_kernels, ..Self::default() };
        let (in_channels, out_channels) =
            wanted.channels.unwrap_or((published.in_channels, published.out_channels));
        let sizes = Self {
            in_channels,
            out_channels,
            base_channels: wanted.base_channels.unwrap_or(published.base_channels),
            kernels_per_layer: wanted.kernels_per_layer.unwrap_or(published.kernels_per_layer),
            ..published
        };
        // Else weights would not show the ratio, from which they are recognised.
        if !sizes.base_channels.is_multiple_of(sizes.reduction_ratio) {
            return Err(format!(
                "base_channels = {} is no multiple of {}, the channels for which attention has one \
                 hidden unit",
                sizes.base_channels, sizes.reduction_ratio
            ));
        }
        sizes.check().map(|()| sizes)
    }

    /// # Errors
    /// In words, for sizes that no network has.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=MAX_KERNELS_PER_LAYER).contains(&self.kernels_per_layer) {
            return Err(format!("it has {} kernels per layer", self.kernels_per_layer));
        }
        check_channels(self.in_channels, self.out_channels, self.base_channels)
    }
}

/// # Errors
/// In words, for numbers of channels that no network has.
pub(crate) fn check_channels(
    in_channels: usize,
    out_channels: usize,
    base_channels: usize,
) -> Result<(), String> {
    let channels = [("input", in_channels), ("output", out_channels), ("base", base_channels)];
    match channels.into_iter().find(|(_, n)| !(1..=MAX_CHANNELS).contains(n)) {
        Some((what, n)) => Err(format!("it has {n} {what} channels")),
        None => Ok(()),
    }
}

/// One dimension of a tensor, where there is such a tensor with so many.
pub(crate) fn dimension(state: &StateDict, name: &str, axis: usize) -> Option<usize> {
    state.tensors.get(name)?.shape.get(axis).copied()
}

/// The depth multiplier that the tensors of a depthwise-separable convolution with so many input
/// channels show, where it is a plausible one.
pub(crate) fn kernels_of(state: &StateDict, module: &str, n_in: usize) -> Option<usize> {
    let n = dimension(state, &format!("{module}.depthwise.weight"), 0)?;
    let kernels = n.checked_div(n_in)?;
    (n == kernels * n_in && (1..=MAX_KERNELS_PER_LAYER).contains(&kernels)).then_some(kernels)
}
