//! Scenes at the size of a network's input, read once or whenever they are wanted.

use rayon::prelude::*;
use stormlens_data::scene::{
    Fit, Limits, Picture, Prepared, Rectangle, Resampling, SceneError, SceneFile, Statistics, read,
    resize,
};

use super::options::SceneData;

/// Scenes of one block.
pub(super) struct Pictures {
    pub files: Vec<SceneFile>,
    side_px: usize,
    resampling: Resampling,
    /// All of them, where they are kept in memory.
    kept: Option<Vec<Square>>,
}

/// `[side × side × 3]` values from 0 to 255.
enum Square {
    /// Where all values are whole: a quarter of the memory.
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
}

impl Pictures {
    /// Reads all scenes: for the statistics of each, as it is stored, and to find one that cannot be
    /// read before hours of training.
    ///
    /// # Errors
    /// For the first scene that cannot be read.
    pub fn open(
        files: Vec<SceneFile>,
        data: &SceneData,
    ) -> Result<(Self, Vec<Statistics>), SceneError> {
        let (side_px, resampling) = (data.variant.input_px, data.resampling);
        let open = |file: &SceneFile| {
            let picture = read(&file.path, &Limits::default())?;
            let square = data.cache.then(|| Square::new(square(&picture, side_px, resampling).rgb));
            Ok((Statistics::of(&picture), square))
        };
        let read = files.par_iter().map(open).collect::<Result<Vec<_>, SceneError>>()?;
        let (statistics, kept): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        Ok((Self { files, side_px, resampling, kept: kept.into_iter().collect() }, statistics))
    }

    /// One scene.
    ///
    /// # Errors
    /// For one that is not kept and has become unreadable.
    pub fn read(&self, i: usize) -> Result<Prepared, SceneError> {
        if let Some(kept) = &self.kept {
            return Ok(kept[i].prepared(self.side_px));
        }
        let picture = read(&self.files[i].path, &Limits::default())?;
        Ok(square(&picture, self.side_px, self.resampling))
    }
}

/// As published: both sides are stretched.
fn square(picture: &Picture, side_px: usize, resampling: Resampling) -> Prepared {
    resize(picture, side_px, resampling, Fit::Stretch)
}

impl Square {
    fn new(rgb: Vec<f32>) -> Self {
        if rgb.iter().all(|v| v.fract() == 0.0) {
            Self::Bytes(rgb.into_iter().map(|v| v as u8).collect())
        } else {
            Self::Floats(rgb)
        }
    }

    fn prepared(&self, side_px: usize) -> Prepared {
        let rgb = match self {
            Self::Bytes(bytes) => bytes.iter().map(|&b| f32::from(b)).collect(),
            Self::Floats(values) => values.clone(),
        };
        Prepared { side_px, rgb, content: Rectangle::centre(side_px, side_px) }
    }
}
