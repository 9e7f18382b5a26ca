//! What every attribution method provides.

use burn::tensor::Tensor;
use stormlens_data::card::MethodCard;
use stormlens_data::network::{Input, Map, Measure, Series};
use stormlens_data::request::{Cancelled, Progress};

use super::options::Options;
use super::pass::Pass;
use super::target::Target;
use crate::{Network, Parameters};

/// A way of explaining a prediction.
pub trait Method: Sync {
    fn card(&self) -> &'static MethodCard;

    /// What it needs of the pass that predicts.
    fn wants(&self) -> Wants;

    /// Explains one answer. `pass` holds what the method [wants](Self::wants), of the target that
    /// `run` names.
    ///
    /// # Errors
    /// [`Cancelled`] when nobody waits any more.
    fn explain(&self, pass: &Pass, run: &Run) -> Result<Found, Cancelled>;
}

/// What a method needs of the pass that predicts. All that want something of the same target share
/// one forward and one backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Layers' activations and mean gradients.
    Layers,
    /// The gradient of the input.
    InputGradient,
    /// The prediction only; it runs passes of its own.
    Nothing,
}

/// What a method is run on.
pub struct Run<'a> {
    pub network: &'a dyn Network,
    pub parameters: &'a Parameters,
    pub input: &'a Input,
    /// The input on the network's device, `[1, channels, height, width]`.
    pub tensor: &'a Tensor<4>,
    pub target: &'a dyn Target,
    /// The layers to look at, in the order in which they were asked for.
    pub layers: &'a [String],
    pub options: &'a Options,
    /// An input with nothing in it, a value a channel; empty: zeros.
    pub nothing: &'a [f32],
    pub progress: &'a dyn Progress,
}

/// What a method found, in the unit of the network.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub maps: Vec<Map>,
    pub series: Vec<Series>,
    pub measures: Vec<Measure>,
}
