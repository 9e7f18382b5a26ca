//! Random crops, flips and quarter turns of a sequence and its targets together.

use serde::{Deserialize, Serialize};

use super::examples::Example;
use crate::random::Random;

/// What may be done to a sample before it trains; nothing by default, as in the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Side of a random square crop, a multiple of 16; `0` takes the whole frame.
    pub crop: usize,
    /// How many crops an epoch takes of each sample.
    pub crops_per_sample: usize,
    pub flips: bool,
    pub quarter_turns: bool,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self { crop: 0, crops_per_sample: 1, flips: false, quarter_turns: false }
    }
}

impl Augmentation {
    /// A changed copy. All frames of a sample change alike, or its motion would be lost.
    pub fn apply(&self, example: &Example, random: &mut Random) -> Example {
        let side = |full: usize| if self.crop == 0 { full } else { self.crop.min(full) };
        let (height, width) = (side(example.height), side(example.width));
        let top = random.below(example.height - height + 1);
        let left = random.below(example.width - width + 1);
        let mirrored = self.flips && random.bits() & 1 == 1;
        let turned = if self.quarter_turns && height == width { random.below(4) } else { 0 };
        // From a place in the changed frame to its place in the original.
        let origin = |row: usize, column: usize| {
            let (mut r, mut c) = (row, if mirrored { width - 1 - column } else { column });
            for _ in 0..turned {
                (r, c) = (c, height - 1 - r);
            }
            (top + r) * example.width + left + c
        };
        let places: Vec<usize> =
            (0..height * width).map(|i| origin(i / width, i % width)).collect();
        let pick = |frame: &[f32]| places.iter().map(|&i| frame[i]).collect::<Vec<_>>();
        let n_pixels = example.height * example.width;
        let change = |frames: &[f32]| frames.chunks_exact(n_pixels).flat_map(pick).collect();
        Example { inputs: change(&example.inputs), target: change(&example.target), height, width }
    }
}
