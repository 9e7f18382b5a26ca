//! Tiles of numbers, as a network takes them.

use std::path::Path;
use std::sync::Arc;

use stormlens_data::card::Refining;
use stormlens_data::downscale::{ELEVATION_SCALE_M, POSSIBLE_M};
use stormlens_data::field::record::{LEAST_MM, most_mm};
use stormlens_data::field::{decimals, number};
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
    /// In its file, from 1.
    pub number: usize,
    /// Whether its file holds several tiles by its shape, though this is the only one.
    pub is_only_one: bool,
    /// The name of the file, without its folders.
    pub file: String,
    pub sha256: String,
}

impl Tiles {
    /// Checks that the first channel is rain and the second, if there is one, the height of terrain, in the network's units.
    ///
    /// # Errors
    /// Names the first number that is neither, and its place.
    pub fn check(&self, refining: &Refining) -> anyhow::Result<()> {
        let [n_channels, height, width] = self.shape;
        // What is of another shape is refused where the network takes it.
        if n_channels != refining.tiles.n_input_channels {
            return Ok(());
        }
        let (scale, most) = (refining.scale(), most_mm(i64::from(refining.rain.hours) * 3600));
        let wrong = |(i, &value): (usize, &f32)| match (i / (height * width), n_channels) {
            (0, channels) => {
                let value = f64::from(value);
                let mm = if channels == 1 { value } else { scale.mm(value) };
                let is_rain = (LEAST_MM..=most).contains(&mm);
                (!is_rain).then(|| {
                    let mm = decimals(mm, 1);
                    format!("would be {mm} mm of rain where 0 to {most} mm are possible")
                })
            }
            _ => {
                let metres = f64::from(value) * ELEVATION_SCALE_M;
                let is_height = POSSIBLE_M.contains(&(metres as f32));
                (!is_height).then(|| {
                    let metres = decimals(metres, 0);
                    format!("would be a height of {metres} m, which the Earth does not have")
                })
            }
        };
        let found = self.values.iter().enumerate().find_map(|at| Some((at, wrong(at)?)));
        let Some(((i, value), words)) = found else { return Ok(()) };
        let (channel, row, column) = (i / (height * width), i / width % height, i % width);
        let unit = match n_channels {
            1 => "in mm".to_owned(),
            _ => format!(
                "as (ln(1 + mm) − {}) / {}{} and heights in m / {ELEVATION_SCALE_M}",
                scale.mean,
                scale.std,
                multiplied(refining)
            ),
        };
        anyhow::bail!(
            "{} holds {} in channel {channel}, row {row}, column {column} of tile {}, which {words}: give rain \
             {unit}, or take the numbers as they are with --exact",
            self.file,
            number(*value),
            self.number
        )
    }
}

/// What has to be done to the rain of a tile before; empty where it is taken as it is.
fn multiplied(refining: &Refining) -> String {
    let words = |mm: f64| {
        format!(", with mm multiplied so that the wettest coarse node of the tile has {mm} mm,")
    };
    refining.rain.wettest_mm.map(words).unwrap_or_default()
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
        let (values, file, sha256) = (values.to_vec(), files::name_of(path), sha256.clone());
        let number = number + 1;
        let tile = Tiles { shape, values, number, is_only_one, file, sha256 };
        (format!("{digits}.tile{number}"), Arc::new(tile))
    };
    Ok(values.chunks_exact(n_values).enumerate().map(tile).collect())
}
