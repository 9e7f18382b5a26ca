//! From the encoder's sparse maps to dense ones: translation, mask tokens, projection. Levels are counted from the coarsest
//! one here.

use burn::tensor::Tensor;

use super::form::Form;
use super::sparse::Sparse;
use crate::Tap;
use crate::layers::{conv1x1, convolution, tanh};
use crate::parameters::{Mode, Scope};

/// Convolutions of the translation (`linearA`) at a level, counted from the coarsest one.
pub(super) const fn n_translations(level: usize) -> usize {
    if level < 2 { 1 } else { 2 }
}

/// The map of a level of the encoder as the decoder takes it: translated, if the network does so, and made dense.
pub(super) fn dense(
    root: &Scope,
    form: &Form,
    level: usize,
    map: Tensor<4>,
    sparse: Sparse,
    tap: &mut Tap,
) -> Tensor<4> {
    let map = match form.translates {
        true => translate(&root.at("transition.net"), level, map, tap, sparse.mode),
        false => map,
    };
    densify(root, level, map, sparse, tap)
}

/// The map of a level as that of the frames to come, shown as `translation.LEVEL`: 3 × 3 and tanh, once or twice.
fn translate(p: &Scope, level: usize, map: Tensor<4>, tap: &mut Tap, mode: &Mode) -> Tensor<4> {
    let p = p.at(&level.to_string());
    let step = |x, j: usize| tanh(convolution(&p.at(&(2 * j).to_string()), x, mode), mode);
    let map = (0..n_translations(level)).fold(map, step);
    tap.at(&format!("translation.{level}"), map)
}

/// The map of a level normalised, with the mask's token in each hidden cell, as the decoder takes it; shown as
/// `densify.LEVEL`.
fn densify(root: &Scope, level: usize, map: Tensor<4>, sparse: Sparse, tap: &mut Tap) -> Tensor<4> {
    // Translation spreads values into hidden cells, which the normalisation must not see.
    let map = sparse.clear(sparse.norm(&root.at(&format!("densify_norms.{level}")), map));
    let map = match sparse.visible {
        None => map,
        Some(visible) => {
            let hidden = visible.mask(&map).neg().add_scalar(1.0);
            map + root.tensor::<4>(&format!("mask_tokens.{level}")) * hidden
        }
    };
    let projection = root.at(&format!("densify_projs.{level}"));
    let dense = match (projection.has("weight"), level) {
        (false, _) => map,
        (true, 0) => conv1x1(&projection, map, sparse.mode),
        (true, _) => convolution(&projection, map, sparse.mode),
    };
    tap.at(&format!("densify.{level}"), dense)
}
