//! From fields to the picture that the encoder sees: tokens, of which some are hidden, and back to pixels.

use burn::tensor::{Bool, Tensor, TensorData};
use stormlens_data::probability::Tokens;

use super::EPSILON;
use super::form::Form;
use crate::layers::normalise_last;
use crate::parameters::{Scope, to_vec};

/// Which tokens are hidden: `[batch × tokens]`.
pub(super) struct Hidden {
    tokens: Vec<bool>,
    of: Tokens,
}

impl Hidden {
    /// Those in which any value is missing.
    ///
    /// Found on the host: programs for GPUs may be compiled as if no value were ever missing.
    pub fn of(form: &Form, fields: &Tensor<4>) -> Self {
        let [_, n_variables, height, width] = fields.dims();
        let of = form.sizes().tokens(height, width).expect("fields that the engine has checked");
        let values = to_vec(fields.clone().inner());
        let examples = values.chunks_exact(n_variables * height * width);
        Self { tokens: examples.flat_map(|example| of.hidden(example)).collect(), of }
    }
}

/// Tokens `[batch, tokens, values]`: a linear map of each patch of fields, rows and columns. What is hidden goes in as zero,
/// and no gradient comes back to it.
pub(super) fn tokens(p: &Scope, form: &Form, fields: Tensor<4>, hidden: &Hidden) -> Tensor<3> {
    let [n_batch, n_variables, height, width] = fields.dims();
    let n_tokens = form.n_tokens();
    let fields = match hidden.tokens.contains(&true) {
        false => fields,
        true => {
            let n_values = n_variables * height * width;
            let is_hidden = |i: usize| {
                hidden.tokens[i / n_values * n_tokens + hidden.of.of_value(i % n_values)]
            };
            let mask: Vec<bool> = (0..n_batch * n_values).map(is_hidden).collect();
            let mask = TensorData::new(mask, [n_batch, n_variables, height, width]);
            let mask = Tensor::<4, Bool>::from_data(mask, &fields.device());
            fields.mask_fill(mask, 0.0)
        }
    };
    let [depth, patch_rows, patch_columns] = form.patch;
    let [_, rows, columns] = hidden.of.grid();
    let parts = [n_batch * form.n_groups(), depth, rows, patch_rows, columns, patch_columns];
    let patches = fields.reshape(parts).permute([0, 2, 4, 1, 3, 5]);
    let n = form.n_token();
    linear(&p.at("patch_embed.proj"), patches.reshape([n_batch * n_tokens, n]))
        .reshape([n_batch, n_tokens, n])
}

/// The picture `[batch, variables, height, width]` that visible tokens and, in the place of each hidden one, the mask's
/// token become: with the position of each added and normalised.
pub(super) fn picture(p: &Scope, form: &Form, tokens: Tensor<3>, hidden: &Hidden) -> Tensor<4> {
    let [n_batch, n_tokens, n] = tokens.dims();
    let embedded = linear(&p.at("embed"), tokens.reshape([n_batch * n_tokens, n]));
    let embedded = replace(p, embedded.reshape([n_batch, n_tokens, n]), hidden);
    let n_groups = form.n_groups();
    let spatial = p.tensor::<3>("pos_embed_spatial").reshape([1, 1, form.n_places, n]);
    let of_group = p.tensor::<3>("pos_embed_temporal").reshape([1, n_groups, 1, n]);
    let embedded = embedded.reshape([n_batch, n_groups, form.n_places, n]) + spatial + of_group;
    let x = normalise_last(&p.at("norm.0"), embedded.reshape([n_batch, n_tokens, n]), EPSILON);
    let [depth, patch_rows, patch_columns] = form.patch;
    let [_, rows, columns] = hidden.of.grid();
    let x = x.reshape([n_batch * n_groups, rows, columns, depth, patch_rows, patch_columns]);
    let x = x.permute([0, 3, 1, 4, 2, 5]);
    x.reshape([n_batch, form.n_variables, rows * patch_rows, columns * patch_columns])
}

fn replace(p: &Scope, embedded: Tensor<3>, hidden: &Hidden) -> Tensor<3> {
    if !hidden.tokens.contains(&true) {
        return embedded;
    }
    let [n_batch, n_tokens, _] = embedded.dims();
    let of = |wanted: bool| {
        let share = |&is_hidden: &bool| f32::from(u8::from(is_hidden == wanted));
        let shares: Vec<f32> = hidden.tokens.iter().map(share).collect();
        let device = embedded.device().without_autodiff();
        Tensor::<3>::from_data(TensorData::new(shares, [n_batch, n_tokens, 1]), &device)
    };
    let (visible, hidden) = (of(false), of(true));
    embedded * visible + p.tensor::<3>("mask_token") * hidden
}

/// `[rows, in]` to `[rows, out]`, whatever the shape of the weights, whose outputs come first.
fn linear(p: &Scope, x: Tensor<2>) -> Tensor<2> {
    let (n_in, n_out) = (x.dims()[1], p.n_out("weight").expect("weights"));
    let weight = p.reshaped::<2>("weight", [n_out, n_in]);
    x.matmul(weight.transpose()) + p.tensor::<1>("bias").reshape([1, n_out])
}
