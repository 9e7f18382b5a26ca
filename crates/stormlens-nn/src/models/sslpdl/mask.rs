//! Hidden tokens.

use crate::network::FieldSizes;

/// Which tokens are hidden for the sake of training: the ones with the most noise, so that `⌊n · (1 − ratio)⌋` of `n` stay
/// visible. Of equal noise the first stays.
pub fn hidden_by_noise(noise: &[f32], ratio: f64) -> Vec<bool> {
    let n_visible = (noise.len() as f64 * (1.0 - ratio)) as usize;
    let mut order: Vec<usize> = (0..noise.len()).collect();
    order.sort_by(|&a, &b| noise[a].total_cmp(&noise[b]));
    let mut hidden = vec![true; noise.len()];
    order.into_iter().take(n_visible).for_each(|token| hidden[token] = false);
    hidden
}

/// Hides tokens of fields `[variables × height × width]`, groups of fields first, then rows and columns of tokens: what
/// they hold becomes missing.
///
/// # Errors
/// In words, where the picture does not fall into tokens or there is not an entry for each.
pub fn hide(
    values: &mut [f32],
    [height, width]: [usize; 2],
    sizes: &FieldSizes,
    hidden: &[bool],
) -> Result<(), String> {
    let places = sizes.places(height, width)?;
    let n_tokens = sizes.n_variables / sizes.patch[0] * sizes.n_places;
    if hidden.len() != n_tokens || values.len() != sizes.n_variables * height * width {
        let (n, n_values) = (hidden.len(), values.len());
        return Err(format!(
            "a mask of {n} tokens for {n_values} values; the network has {n_tokens} tokens of {} fields of {height} \
             × {width}",
            sizes.n_variables
        ));
    }
    for (i, value) in values.iter_mut().enumerate() {
        if hidden[token_of(i, [height, width], sizes, places)] {
            *value = f32::NAN;
        }
    }
    Ok(())
}

/// The token that value `i` of the fields belongs to; there are `places` rows and columns of tokens.
pub(super) fn token_of(
    i: usize,
    [height, width]: [usize; 2],
    sizes: &FieldSizes,
    places: [usize; 2],
) -> usize {
    let [depth, patch_rows, patch_columns] = sizes.patch;
    let (variable, row, column) = (i / (height * width), i / width % height, i % width);
    let group = variable / depth;
    (group * places[0] + row / patch_rows) * places[1] + column / patch_columns
}
