//! Random crops, flips and turns of a sequence and its targets together.

use serde::{Deserialize, Serialize};

use super::examples::Example;
use crate::random::Random;

/// What may be done to a sample before it trains; nothing by default, as in the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Size of a random crop, multiples of 16; `0` takes the whole frame.
    pub crop: Crop,
    /// How many crops an epoch takes of each sample.
    pub crops_per_sample: usize,
    /// Left and right change places at random.
    pub flips: bool,
    /// Top and bottom change places at random.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub vertical_flips: bool,
    /// Turns by a multiple of 90° at random; of what is no square, by a multiple of 180°.
    pub quarter_turns: bool,
}

/// The size of a crop: a side, or height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Crop {
    Square(usize),
    Rectangle([usize; 2]),
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            crop: Crop::Square(0),
            crops_per_sample: 1,
            flips: false,
            vertical_flips: false,
            quarter_turns: false,
        }
    }
}

impl Crop {
    /// Height and width of a crop of a frame: no larger than that.
    fn of(self, frame: [usize; 2]) -> [usize; 2] {
        let wanted = match self {
            Self::Square(side) => [side; 2],
            Self::Rectangle(size) => size,
        };
        let side = |wanted: usize, full: usize| if wanted == 0 { full } else { wanted.min(full) };
        [side(wanted[0], frame[0]), side(wanted[1], frame[1])]
    }
}

impl Augmentation {
    /// A changed copy. All frames of a sample change alike, or its motion would be lost.
    pub fn apply(&self, example: &Example, random: &mut Random) -> Example {
        let [height, width] = self.crop.of([example.height, example.width]);
        let top = random.below(example.height - height + 1);
        let left = random.below(example.width - width + 1);
        let mirrored = self.flips && random.bits() & 1 == 1;
        let upturned = self.vertical_flips && random.bits() & 1 == 1;
        let turned = match (self.quarter_turns, height == width) {
            (false, _) => 0,
            (true, true) => random.below(4),
            (true, false) => 2 * random.below(2),
        };
        // From a place in the changed frame to its place in the original.
        let origin = |row: usize, column: usize| {
            let r = if upturned { height - 1 - row } else { row };
            let c = if mirrored { width - 1 - column } else { column };
            let (r, c) = match turned {
                1 => (c, height - 1 - r),
                2 => (height - 1 - r, width - 1 - c),
                3 => (width - 1 - c, r),
                _ => (r, c),
            };
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Where pixel 0 of a crop and its neighbour on the right come from.
    fn ways_to_lie(augmentation: &Augmentation, side: [usize; 2]) -> BTreeSet<(i32, i32)> {
        let frame: Vec<f32> = (0..40 * 48).map(|i| i as f32).collect();
        let inputs = frame.repeat(2);
        let example = Example { inputs, target: frame, height: 40, width: 48 };
        let mut random = Random::new(1);
        let mut way = || {
            let changed = augmentation.apply(&example, &mut random);
            assert_eq!([changed.height, changed.width], side);
            assert_eq!(changed.inputs, changed.target.repeat(2));
            let step = |i: usize| (changed.target[i] - changed.target[0]) as i32;
            (step(1), step(changed.width))
        };
        (0..64).map(|_| way()).collect()
    }

    #[test]
    fn a_rectangle_lies_in_four_ways_and_a_square_in_eight() {
        let plain = Augmentation { crop: Crop::Rectangle([16, 32]), ..Default::default() };
        assert_eq!(ways_to_lie(&plain, [16, 32]).len(), 1);
        let mirrored = Augmentation { flips: true, ..plain.clone() };
        assert_eq!(ways_to_lie(&mirrored, [16, 32]), [(-1, 48), (1, 48)].into());
        let upturned = Augmentation { vertical_flips: true, ..plain.clone() };
        assert_eq!(ways_to_lie(&upturned, [16, 32]), [(1, -48), (1, 48)].into());
        let turned = Augmentation { quarter_turns: true, ..plain };
        assert_eq!(ways_to_lie(&turned, [16, 32]), [(-1, -48), (1, 48)].into());
        let square = Augmentation { crop: Crop::Square(32), flips: true, ..turned };
        assert_eq!(ways_to_lie(&square, [32, 32]).len(), 8);
    }

    /// As runs have written it, and as height and width.
    #[test]
    fn a_crop_is_a_side_or_a_size() {
        let read = |text: &str| serde_json::from_str::<Augmentation>(text).expect(text);
        assert_eq!(read(r#"{"crop": 144}"#).crop, Crop::Square(144));
        assert_eq!(read(r#"{"crop": [160, 192]}"#).crop, Crop::Rectangle([160, 192]));
        let old = r#"{"crop":0,"crops_per_sample":1,"flips":false,"quarter_turns":false}"#;
        assert_eq!(serde_json::to_string(&Augmentation::default()).expect("JSON"), old);
        assert_eq!(Crop::Rectangle([160, 0]).of([100, 90]), [100, 90]);
    }
}
