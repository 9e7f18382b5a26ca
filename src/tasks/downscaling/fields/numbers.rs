//! Tiles of numbers, as a network takes them.

use std::path::Path;
use std::sync::Arc;

use stormlens_data::files;
use stormlens_data::hash::sha256;

use super::MAX_FILE_BYTES;
use crate::web::upload::first_digits;

/// A tile from a file of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiles {
    /// Channels, height, width.
    pub shape: [usize; 3],
    pub values: Vec<f32>,
    /// Whether its file holds several tiles by its shape, though this is the only one.
    pub is_only_one: bool,
    pub file: String,
    pub sha256: String,
}

/// Reads `[n, channels, height, width]` or one without `n`. Answers the tiles with their ids.
///
/// # Errors
/// For another shape, and for numbers that are none.
pub fn tiles(path: &Path) -> anyhow::Result<Vec<(String, Arc<Tiles>)>> {
    let name = path.display().to_string();
    let (shape, values) = files::npy::read_npy_f32(path)?;
    let n_axes = shape.len();
    let (n, shape) = match shape[..] {
        [n, channels, height, width] => (n, [channels, height, width]),
        [channels, height, width] => (1, [channels, height, width]),
        _ => anyhow::bail!(
            "{name} has the shape {shape:?}; tiles are [number, channels, height, width]"
        ),
    };
    let is_only_one = n == 1 && n_axes == 4;
    let n_values = shape.iter().product::<usize>();
    anyhow::ensure!(n * n_values > 0, "{name} holds no tile");
    if let Some(i) = values.iter().position(|value| !value.is_finite()) {
        anyhow::bail!("{name} holds {} in tile {}", values[i], i / n_values + 1);
    }
    let sha256 = sha256(&files::read_file(path, MAX_FILE_BYTES)?);
    let digits = first_digits(&sha256);
    let tile = |(number, values): (usize, &[f32])| {
        let (values, file, sha256) = (values.to_vec(), name.clone(), sha256.clone());
        let tile = Tiles { shape, values, is_only_one, file, sha256 };
        (format!("{digits}.tile{}", number + 1), Arc::new(tile))
    };
    Ok(values.chunks_exact(n_values).enumerate().map(tile).collect())
}
