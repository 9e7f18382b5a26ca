//! Occlusion by the network's own mask: how much the answer changes when a part of the input is hidden (Zeiler and Fergus
//! 2014), where the network was trained to do without parts.

use std::ops::ControlFlow;

use burn::tensor::{Tensor, TensorData};
use stormlens_data::card::{Citation, Hides, MethodCard, OptionCard, OptionKind};
use stormlens_data::network::{Map, Meaning, Series};
use stormlens_data::outcome::Axis;
use stormlens_data::probability::Tokens;
use stormlens_data::request::Cancelled;

use super::method::{Found, Method, Run, Wants};
use super::pass::{Pass, predict};

const CARD: MethodCard = MethodCard {
    id: "occlusion",
    title: "Occlusion by mask",
    summary: "How much the answer changes when the network does not see a variable, or a part of it",
    formula: "S(x) − S(x without the part)",
    cost: "one pass for each variable, or for each token",
    weakness: "Variables that say the same stand in for each other: hiding one of two changes little, though both matter. \
               What is hidden together is not the sum of what is hidden alone.",
    citations: &[ZEILER],
    has_layers: false,
    is_of_logit: false,
    hides: Some(Hides::Fields),
    own_passes: Some(BATCH),
    options: &[OptionCard {
        name: "parts",
        label: "What is hidden",
        default: "variables",
        kind: OptionKind::Choice(&[
            ("variables", "one group of variables at a time"),
            ("tokens", "groups of variables, and each token of them"),
        ]),
    }],
};

pub(super) const ZEILER: Citation = Citation {
    key: "zeiler2014visualizing",
    bibtex: "@inproceedings{zeiler2014visualizing,\n  author    = {Zeiler, Matthew D. and Fergus, Rob},\n  title     = {Visualizing and Understanding Convolutional Networks},\n  booktitle = {European Conference on Computer Vision (ECCV)},\n  year      = {2014},\n  pages     = {818--833},\n  eprint    = {1311.2901},\n  archivePrefix = {arXiv}\n}\n",
    text: "M. D. Zeiler and R. Fergus: Visualizing and Understanding Convolutional Networks. ECCV 2014, arXiv 1311.2901",
    url: "https://arxiv.org/abs/1311.2901",
};

/// Inputs that go through the network together.
const BATCH: usize = 16;
/// What is said of the classes above the first threshold, and above the second.
const EVENTS: [&str; 2] = ["rain", "heavy"];
/// The same where a variable is at its mean instead of hidden.
const EVENTS_AT_MEAN: [&str; 2] = ["rain_at_mean", "heavy_at_mean"];

/// Hides groups of variables by the network's mask. Where a group has several variables, each of them is also put to its
/// mean, for a mask cannot hide it alone.
///
/// Found are, for each channel of the input, the change of the probability of rain (`rain`) and of heavy rain (`heavy`) over
/// the part of the map that the target is of; with tokens, also a map of the change of the target, `[channels × rows ×
/// columns]` of tokens, where channels of one group have the same map.
pub struct Occlusion;

impl Method for Occlusion {
    fn card(&self) -> &'static MethodCard {
        &CARD
    }

    fn wants(&self) -> Wants {
        Wants::Nothing
    }

    fn explain(&self, pass: &Pass, run: &Run) -> Result<Found, Cancelled> {
        let shape = |name: &str| run.parameters.shape(name).map(<[usize]>::to_vec);
        let [_, height, width] = run.input.shape;
        let tokens = run.network.tokens(&shape, [height, width]).and_then(Result::ok);
        let Some(tokens) = tokens else { return Ok(Found::default()) };
        let hiding = Hiding { run, tokens, whole: run.target.events(&pass.prediction).0 };
        let mut found = Found { series: hiding.groups()?, ..Found::default() };
        if tokens.patch[0] > 1 {
            found.series.extend(hiding.means()?);
        }
        if run.options.choice("parts") == "tokens" {
            let own = run.target.events(&pass.prediction).1;
            found.maps.push(hiding.places(own)?);
        }
        Ok(found)
    }
}

/// What the network says of each of these inputs, so many of which go through it together; nothing of none.
pub(super) fn predictions(
    run: &Run,
    phase: &str,
    inputs: &[Option<Vec<f32>>],
    batch: usize,
    answer: impl Fn(Tensor<4>) -> Vec<Pass>,
) -> Result<Vec<Option<Vec<f32>>>, Cancelled> {
    let [channels, height, width] = run.input.shape;
    let n_batches = inputs.len().div_ceil(batch);
    let mut predictions = Vec::with_capacity(inputs.len());
    for (i, batch) in inputs.chunks(batch).enumerate() {
        if let ControlFlow::Break(cancelled) = run.progress.report(phase, i, n_batches) {
            return Err(cancelled);
        }
        let seen: Vec<&Vec<f32>> = batch.iter().flatten().collect();
        let shape = [seen.len(), channels, height, width];
        let mut passes = Vec::new();
        if !seen.is_empty() {
            let values: Vec<f32> = seen.into_iter().flatten().copied().collect();
            let data = TensorData::new(values, shape);
            let input = Tensor::from_data(data, &run.tensor.device());
            passes = answer(input);
        }
        let mut passes = passes.into_iter();
        let next = |input: &Option<Vec<f32>>| {
            input.as_ref()?;
            Some(passes.next()?.prediction)
        };
        predictions.extend(batch.iter().map(next));
    }
    Ok(predictions)
}

struct Hiding<'a> {
    run: &'a Run<'a>,
    tokens: Tokens,
    /// The answer to all of the input, an event each.
    whole: Vec<f64>,
}

impl Hiding<'_> {
    /// What the answer loses without each group, given for each channel.
    fn groups(&self) -> Result<Vec<Series>, Cancelled> {
        let [n_groups, rows, columns] = self.tokens.grid();
        let n = rows * columns;
        let group = |group: usize| -> Vec<bool> {
            (0..n_groups * n).map(|token| token / n == group).collect()
        };
        let inputs = (0..n_groups).map(|i| self.without(&group(i))).collect();
        let changes = self.changes(inputs, "hidden variables")?;
        Ok(self.series(EVENTS, |channel| changes[self.tokens.group(channel)].as_ref()))
    }

    /// What the answer loses where a variable is at its mean everywhere.
    fn means(&self) -> Result<Vec<Series>, Cancelled> {
        let n = self.tokens.size[0] * self.tokens.size[1];
        let at_mean = |channel: usize| {
            let mut values = self.run.input.values.clone();
            let own = &mut values[channel * n..(channel + 1) * n];
            own.iter_mut().filter(|value| !value.is_nan()).for_each(|value| *value = 0.0);
            Some(values)
        };
        let inputs = (0..self.tokens.n_channels).map(at_mean).collect();
        let changes = self.changes(inputs, "variables at their mean")?;
        Ok(self.series(EVENTS_AT_MEAN, |channel| changes[channel].as_ref()))
    }

    /// What the target loses without each token.
    fn places(&self, event: usize) -> Result<Map, Cancelled> {
        let n_tokens = self.tokens.n();
        let one =
            |token: usize| -> Vec<bool> { (0..n_tokens).map(|other| other == token).collect() };
        let inputs = (0..n_tokens).map(|token| self.without(&one(token))).collect();
        let changes = self.changes(inputs, "hidden tokens")?;
        let [_, rows, columns] = self.tokens.grid();
        let of = |channel: usize| {
            let first = self.tokens.group(channel) * rows * columns;
            changes[first..first + rows * columns]
                .iter()
                .map(move |change| change.as_ref().map_or(f32::NAN, |change| change[event] as f32))
        };
        Ok(Map {
            part: "",
            layer: None,
            meaning: Meaning::Contribution,
            shape: [self.tokens.n_channels, rows, columns],
            values: (0..self.tokens.n_channels).flat_map(of).collect(),
        })
    }

    /// The input without tokens; `None` where nothing would be left to be seen.
    fn without(&self, hidden: &[bool]) -> Option<Vec<f32>> {
        let mut values = self.run.input.values.clone();
        self.tokens.hide(&mut values, hidden);
        let is_left = self.tokens.hidden(&values).iter().any(|&hidden| !hidden);
        is_left.then_some(values)
    }

    /// The answer to all of the input minus that to each of these, an event each.
    fn changes(
        &self,
        inputs: Vec<Option<Vec<f32>>>,
        phase: &str,
    ) -> Result<Vec<Option<Vec<f64>>>, Cancelled> {
        let run = self.run;
        let answer = |input| predict(run.network, run.parameters, input);
        let predictions = predictions(run, phase, &inputs, BATCH, answer)?;
        let change = |prediction: Option<Vec<f32>>| prediction.map(|p| self.change(&p));
        Ok(predictions.into_iter().map(change).collect())
    }

    fn change(&self, prediction: &[f32]) -> Vec<f64> {
        let (events, _) = self.run.target.events(prediction);
        self.whole.iter().zip(events).map(|(whole, without)| whole - without).collect()
    }

    fn series<'b>(
        &self,
        parts: [&'static str; 2],
        of_channel: impl Fn(usize) -> Option<&'b Vec<f64>>,
    ) -> Vec<Series> {
        let n_channels = self.tokens.n_channels;
        let one = |(event, part): (usize, &'static str)| Series {
            part,
            layer: None,
            axis: Axis::CHANNEL,
            coordinates: (0..n_channels).map(|channel| channel as f64).collect(),
            name: "change of the answer",
            is_in_target_unit: true,
            values: (0..n_channels)
                .map(|channel| of_channel(channel).map_or(f64::NAN, |change| change[event]))
                .collect(),
        };
        parts.into_iter().enumerate().take(self.whole.len()).map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use stormlens_data::network::{Input, Target};
    use stormlens_data::request::{ClassOutput, Silent};

    use super::*;
    use crate::explain::{Options, target};
    use crate::network::{FieldSizes, Network, Prediction, ShapeOf};
    use crate::parameters::Mode;
    use crate::{Parameters, Tap};

    /// Logits 0, Σ 2 x₀ and Σ x₁ of channels of which a missing value counts nothing; the third plays no part.
    struct Sums;

    impl Network for Sums {
        fn forward(&self, _: &Parameters, x: Tensor<4>, _: &mut Tap, _: &Mode) -> Prediction {
            let x = x.clone().mask_fill(x.is_nan(), 0.0);
            let sum = |channel: usize| x.clone().narrow(1, channel, 1).sum_dim(2).sum_dim(3);
            let none = sum(0).zeros_like();
            let logits = Tensor::cat(vec![none, sum(0).mul_scalar(2.0), sum(1)], 1);
            Prediction::Field(logits.repeat_dim(2, 2).repeat_dim(3, 2))
        }

        fn fields(&self, _: ShapeOf) -> Option<FieldSizes> {
            Some(FieldSizes {
                n_variables: 3,
                patch: [1, 1, 2],
                n_places: 2,
                n_classes: Some(3),
                depths: [0; 4],
            })
        }
    }

    fn found(values: &[f32], parts: &str) -> Found {
        let input = Input { values: values.to_vec(), shape: [3, 2, 2] };
        let data = TensorData::new(values.to_vec(), [1, 3, 2, 2]);
        let tensor = Tensor::from_data(data, &Device::flex());
        let parameters = Parameters::default();
        let pass = predict(&Sums, &parameters, tensor.clone()).remove(0);
        let (rows, columns, output) = (0..1, 0..2, ClassOutput::Logit);
        let wanted = Target::Probability { from_class: 2, rows, columns, output };
        let target = target(&wanted, &pass.prediction, &pass.shape);
        let model = (crate::models::sslpdl::ENTRY.card)();
        let options = [("parts".to_owned(), parts.to_owned())].into();
        let run = Run {
            network: &Sums,
            parameters: &parameters,
            input: &input,
            tensor: &tensor,
            target: &target,
            layers: &[],
            options: &Options::read(&CARD, &model, &options).expect("its options"),
            nothing: &[],
            progress: &Silent,
        };
        Occlusion.explain(&pass, &run).expect("nobody cancels")
    }

    /// Log-odds of each class and above, of logits 0, a and b.
    fn log_odds(a: f64, b: f64) -> [f64; 2] {
        [(a.exp() + b.exp()).ln(), b - (1.0 + a.exp()).ln()]
    }

    #[test]
    fn a_variable_changes_the_answer_by_what_it_did() {
        let x = [0.25, 0.5, 0.0, 0.25, 1.0, 0.0, -0.5, 0.0, 7.0, 7.0, 7.0, 7.0];
        let found = found(&x, "tokens");
        let whole = log_odds(2.0, 0.5);
        let without = [log_odds(0.0, 0.5), log_odds(2.0, 0.0), whole];
        for (event, series) in found.series.iter().enumerate() {
            assert_eq!((series.part, series.values.len()), (EVENTS[event], 3));
            for (channel, value) in series.values.iter().enumerate() {
                let expected = whole[event] - without[channel][event];
                assert!((value - expected).abs() < 1e-5, "{event} {channel}: {value}");
            }
        }
        // The map is of heavy rain, the target: the first row of the second channel holds 1, the second −0.5.
        let map = &found.maps[0];
        assert_eq!((map.shape, found.series.len()), ([3, 2, 1], 2));
        let expected = [whole[1] - log_odds(2.0, -0.5)[1], whole[1] - log_odds(2.0, 1.0)[1]];
        for (found, expected) in map.values[2..4].iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found}, not {expected}");
        }
        assert_eq!(map.values[4..], [0.0, 0.0]);
    }

    #[test]
    fn what_is_not_seen_changes_nothing_and_something_stays_to_be_seen() {
        let (hidden, seen) = ([f32::NAN; 4], [1.0, 0.0, 0.0, 0.0]);
        let x = [hidden, seen, hidden].concat();
        let found = found(&x, "variables");
        assert!(found.maps.is_empty());
        // Without the second channel nothing would be left.
        for series in &found.series {
            assert_eq!((series.values[0], series.values[2]), (0.0, 0.0));
            assert!(series.values[1].is_nan());
        }
    }
}
