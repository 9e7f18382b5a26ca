//! What passes between a task and a network: plain numbers in the network's own units.
//!
//! A task turns a sample into an [`Input`] and a [`Question`]; the networks answer with an [`Answer`]; the task
//! turns that into the variables of an [`Outcome`](crate::outcome::Outcome), in physical units.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::card::NowcastField;
use crate::downscale::LogScale;
use crate::request::ClassOutput;

/// What a network is given: `[channels × height × width]`.
///
/// This is the place for what networks to come need beside it: a second input of another size (a
/// satellite picture beside radar frames), and a mask of the pixels that are visible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    pub values: Vec<f32>,
    /// Channels, height, width.
    pub shape: [usize; 3],
}

/// Explanations that are wanted of one answer.
pub type Question = Vec<Asked>;

/// An input on its way through a network, and all that is wanted of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pass {
    pub input: Input,
    pub asked: Question,
    /// Layers to be shown, by name.
    pub show: Vec<String>,
    /// Predictions under dropout: a seed, and how many.
    pub sampled: Option<(u64, usize)>,
    /// Other weights of the same network, by name; `None`: those of the question.
    pub weights: Option<String>,
    /// A variant of the network with the same weights, by the name that the network gives it; `None`: the network
    /// itself.
    pub variant: Option<&'static str>,
}

impl Pass {
    pub fn new(input: Input, asked: Question) -> Self {
        Self { input, asked, ..Self::default() }
    }

    /// Whether it is a prediction with its explanations, and nothing else.
    pub fn is_plain(&self) -> bool {
        let is_of_question = self.weights.is_none() && self.variant.is_none();
        self.show.is_empty() && self.sampled.is_none() && is_of_question
    }

    /// How many of the first passes go through the network together: predictions without explanations, of small inputs of one
    /// shape. Then weights are read once for all of them, and no core waits for another within a small layer.
    pub fn n_together(passes: &[Self]) -> usize {
        let Some(first) = passes.first() else { return 0 };
        let is_alike = |pass: &&Self| {
            pass.is_plain() && pass.asked.is_empty() && pass.input.shape == first.input.shape
        };
        let most = Self::most_together(first.input.values.len());
        passes.iter().take(most).take_while(is_alike).count().max(1)
    }

    /// How many inputs of so many values go through the network together at most.
    pub fn most_together(n_values: usize) -> usize {
        (VALUES_TOGETHER / n_values.max(1)).max(1)
    }
}

/// Values of all inputs that go through a network together: eight tiles of 64 × 64 nodes with rain and height. What layers
/// hold of them is a small part of what they hold of radar frames.
const VALUES_TOGETHER: usize = 64 << 10;

/// One method, and what it is to explain.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// [`MethodCard::id`](crate::card::MethodCard::id).
    pub method: String,
    pub options: BTreeMap<String, String>,
    pub target: Target,
    /// Layers to look at, by name or label; empty: all of them.
    pub layers: Vec<String>,
    /// An input with nothing in it, a value a channel; empty: zeros. Rain is normalised, so that none is not 0.
    pub nothing: Vec<f32>,
}

/// The number that is explained, in the terms of a network.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The sum of output channels over the pixels where each lies above a threshold. The threshold is in
    /// the unit of the field, the sum in that of the network.
    SumAbove {
        channels: Range<usize>,
        field: NowcastField,
        threshold: f64,
        /// Of it only so many rows and columns from the upper left corner on; what lies beyond only fills the input up.
        within: Option<[usize; 2]>,
    },
    Class {
        class: usize,
        output: ClassOutput,
    },
    /// The sum of a refined tile over some of its rows and columns.
    SumOver {
        rows: Range<usize>,
        columns: Range<usize>,
        /// Of them only pixels above so much, in the unit of the sum.
        above: Option<f64>,
        /// The sum is of millimetres, which follow so from the unit of the network; `None`: it is in that.
        mm: Option<LogScale>,
        /// What each pixel of the tile is multiplied by, row by row, 0 or more; `None`: 1 each.
        weights: Option<Vec<f32>>,
    },
    /// The probability of a class or any above it, after the softmax over the classes of each pixel: its mean over some
    /// rows and columns, or the mean of its log-odds where the output is the logit.
    Probability {
        from_class: usize,
        rows: Range<usize>,
        columns: Range<usize>,
        output: ClassOutput,
    },
}

/// What a network says, and why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// A field `[lead times × height × width]`, the logits of classes, or those of each pixel `[classes × height ×
    /// width]`.
    pub prediction: Vec<f32>,
    pub shape: Vec<usize>,
    /// What a classifier's early layers see, for a comparison with the scenes of its training; empty for other
    /// networks.
    pub features: Vec<f32>,
    /// One for each that was asked for, in their order.
    pub explained: Vec<Explained>,
    /// What layers hold that were to be shown.
    pub shown: Vec<ShownLayer>,
    /// Predictions under dropout, as many as were wanted.
    pub sampled: Vec<Vec<f32>>,
}

/// What a method found.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    pub method: String,
    /// Value of the target for this input, in the unit of the network.
    pub score: f64,
    /// 1 or its weight for each pixel that counts, else 0, of each channel that is summed; only for sums over pixels.
    pub mask: Option<Vec<f32>>,
    pub maps: Vec<Map>,
    pub series: Vec<Series>,
    pub measures: Vec<Measure>,
}

/// An attribution with rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// What distinguishes it from the method's other maps of the same layer, e.g. `raw`; empty for the
    /// main one.
    pub part: &'static str,
    /// The layer that it looks at; `None`: the input.
    pub layer: Option<String>,
    pub meaning: Meaning,
    /// Channels of the input (1 for a layer), height, width.
    pub shape: [usize; 3],
    pub values: Vec<f32>,
}

/// What the values of an attribution are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Unsigned, from 0 to 1.
    ShareOfMaximum,
    /// Signed and of no unit that could be compared between layers.
    WeightedActivation,
    /// Shares that add up to a change of the target, in the unit of the target.
    Contribution,
    /// Unsigned: how much the target changes with the input, in the unit of the target for each of the
    /// input.
    Sensitivity,
}

/// Numbers in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub part: &'static str,
    pub layer: Option<String>,
    /// Name of its axis, and where the numbers lie on it.
    pub axis: &'static str,
    pub coordinates: Vec<f64>,
    /// For legends, e.g. `target along the path`.
    pub name: &'static str,
    pub is_in_target_unit: bool,
    pub values: Vec<f64>,
}

/// A single number about an explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub name: &'static str,
    pub value: f64,
    pub is_in_target_unit: bool,
    pub meaning: &'static str,
}

/// What a network says of an input, and what its layers held on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub prediction: Vec<f32>,
    pub shape: Vec<usize>,
    /// In the order in which the network computes them.
    pub layers: Vec<ShownLayer>,
}

/// The activation of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownLayer {
    pub name: String,
    /// Channels, height, width.
    pub shape: [usize; 3],
    pub values: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_predictions_of_one_shape_go_together() {
        let pass = |shape: [usize; 3]| {
            Pass::new(Input { values: vec![0.0; shape.iter().product()], shape }, Vec::new())
        };
        let (tile, frames) = (pass([2, 64, 64]), pass([12, 288, 288]));
        assert_eq!(Pass::n_together(&[]), 0);
        assert_eq!(Pass::n_together(&vec![tile.clone(); 13]), 8);
        assert_eq!(Pass::n_together(&[tile.clone(), tile.clone(), pass([2, 64, 32])]), 2);
        assert_eq!(Pass::n_together(&[frames.clone(), frames]), 1);
        let sampled = Pass { sampled: Some((1, 2)), ..tile.clone() };
        assert_eq!(Pass::n_together(&[sampled.clone(), tile.clone()]), 1);
        assert_eq!(Pass::n_together(&[tile.clone(), sampled, tile]), 1);
    }
}
