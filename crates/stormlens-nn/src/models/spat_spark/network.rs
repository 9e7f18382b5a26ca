//! The forward pass.

use burn::tensor::Tensor;
use stormlens_data::network::ShownLayer;
use stormlens_data::patches::{self, PUBLISHED_FLOOR, SIDE_PX};
use stormlens_data::probability::Tokens;

use super::decoder::decode;
use super::densify::dense;
use super::encoder::encode;
use super::form::{ENCODER, Form, LEVELS};
use super::near::Near;
use super::patches::{FLOOR, Statistics};
use super::sparse::{Sparse, Visible};
use crate::network::{Network, Predict, Prediction, ShapeOf};
use crate::parameters::Mode;
use crate::{Parameters, Tap};

/// The layer under which it shows what the decoder says, before it gets the size of the rain: patches of mean 0 and spread 1.
pub const DECODED: &str = "decoded";

/// Frames in, of which patches may be hidden; as many frames out.
///
/// Which sizes, the parameters say ([`Form`]); what the frames are that come out, they do not: those that went in, rebuilt,
/// after pre-training, those that followed after fine-tuning. A patch that holds a missing value is hidden as a
/// whole, in all frames.
///
/// # Shapes
/// - in `[batch, frames, height, width]`, height and width multiples of 32
/// - out `[batch, frames, height, width]`
pub struct SpatSpark;

impl Network for SpatSpark {
    fn forward(
        &self,
        parameters: &Parameters,
        input: Tensor<4>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Prediction {
        let form = form(parameters);
        let root = parameters.root();
        let visible = Visible::of(&input);
        let frames = match &visible {
            Some(visible) => visible.fill(input),
            None => input,
        };
        let statistics = Statistics::of(&root, frames.clone(), visible.as_ref());
        let sparse = Sparse { visible: visible.as_ref(), mode };
        let levels = encode(&root.at(ENCODER), &form, frames, sparse, tap);
        let coarsest_first = levels.into_iter().rev();
        let dense = |(level, map)| dense(&root, &form, level, map, sparse, tap);
        let maps = coarsest_first.enumerate().map(dense).collect();
        let decoded = decode(&root.at("dense_decoder"), maps, tap, mode);
        let decoded = tap.at(DECODED, decoded);
        Prediction::Field(statistics.apply(decoded))
    }

    fn tokens(&self, shape: ShapeOf, size: [usize; 2]) -> Option<Result<Tokens, String>> {
        let form = Form::of(shape)?.ok()?;
        Some(patches::tokens(form.in_channels, size))
    }

    fn without_one_token<'a>(
        &'a self,
        parameters: &'a Parameters,
        whole: Tensor<4>,
    ) -> Option<Predict<'a>> {
        let near = Near::of(parameters, form(parameters), whole)?;
        Some(Box::new(move |inputs| near.predict(inputs)))
    }

    /// What is squared and added to the variance of a patch, as one value under the name [`FLOOR`].
    fn placed(&self, parameters: &Parameters) -> Vec<ShownLayer> {
        let root = parameters.root();
        let floor = match root.has(FLOOR) {
            true => root.on_host(FLOOR)[0],
            false => PUBLISHED_FLOOR as f32,
        };
        vec![ShownLayer { name: FLOOR.to_owned(), shape: [1, 1, 1], values: vec![floor] }]
    }

    fn has_layer(&self, shape: ShapeOf, name: &str) -> bool {
        let Some(Ok(form)) = Form::of(shape) else { return true };
        form.translates || !name.starts_with("translation.")
    }
}

/// # Panics
/// For parameters of another network, which checkpoints are checked against before.
fn form(parameters: &Parameters) -> Form {
    let form = Form::of(&|name| parameters.shape(name).map(<[usize]>::to_vec));
    form.expect("parameters of SpaT-SparK").expect("of sizes that there are")
}

const _: () = assert!(SIDE_PX == 1 << (LEVELS + 1), "the coarsest level has a cell a patch");
