//! Occlusion of patches and of frames, by a network that learnt to do without (Zeiler and Fergus 2014).

use burn::tensor::Tensor;
use stormlens_data::card::{Hides, MethodCard, OptionCard, OptionKind};
use stormlens_data::network::{Map, Meaning, Measure, Series};
use stormlens_data::outcome::Axis;
use stormlens_data::probability::Tokens;
use stormlens_data::request::Cancelled;

use super::method::{Found, Method, Run, Wants};
use super::occlusion::{ZEILER, predictions};
use super::pass::{Pass, passes, predict};

const CARD: MethodCard = MethodCard {
    id: "patch-occlusion",
    title: "Occlusion of patches",
    summary: "How much the forecast changes when the network does not see a patch of 32 × 32 pixels, or some of the frames",
    formula: "S(x) − S(x without the patch)",
    cost: "one pass for each patch, and one for each group of frames",
    weakness: "Neighbouring patches say the same in part and stand in for each other. A hidden patch also takes the size of its \
               own forecast from what is seen elsewhere, so that hiding rain within the explained area removes much of it.",
    citations: &[ZEILER],
    has_layers: false,
    is_of_logit: false,
    hides: Some(Hides::Patches),
    own_passes: Some(BATCH),
    options: &[OptionCard {
        name: "frames",
        label: "Frames of a group",
        default: "1",
        kind: OptionKind::Whole { least: 1, most: 12, offered: &[1, 2, 3, 4, 6] },
    }],
};

/// Inputs that go through the network together.
const BATCH: usize = 8;

/// Hides each patch that is seen, one after another, and replaces each group of frames by the frame before it (the first
/// group by the frame behind it), for the network's own mask hides all frames of a patch.
///
/// Found are a map of what the target loses without each patch, `[1 × rows × columns]` of patches, missing where a patch was
/// hidden already; what it loses without each group (`frames`), shared among its frames; and the sum of the map.
pub struct PatchOcclusion;

impl Method for PatchOcclusion {
    fn card(&self) -> &'static MethodCard {
        &CARD
    }

    fn wants(&self) -> Wants {
        Wants::Nothing
    }

    fn explain(&self, pass: &Pass, run: &Run) -> Result<Found, Cancelled> {
        let shape = |name: &str| run.parameters.shape(name).map(<[usize]>::to_vec);
        let [n_frames, height, width] = run.input.shape;
        let Some(Ok(tokens)) = run.network.tokens(&shape, [height, width]) else {
            return Ok(Found::default());
        };
        let [_, rows, columns] = tokens.grid();
        let whole = run.target.score(&pass.prediction);
        let loss = |score: &Option<f64>| score.map_or(f64::NAN, |score| whole - score);
        let answer = |input| predict(run.network, run.parameters, input);
        let inputs = without_each_patch(&run.input.values, &tokens);
        let near = run.network.without_one_token(run.parameters, run.tensor.clone());
        let patches = match near {
            Some(near) => scores(run, "hidden patches", inputs, |input| passes(&near(input))),
            None => scores(run, "hidden patches", inputs, answer),
        }?;
        let patches: Vec<f64> = patches.iter().map(loss).collect();
        let size = run.options.whole("frames").max(1);
        let groups: Vec<Option<Vec<f32>>> = (0..n_frames.div_ceil(size))
            .map(|group| without_frames(&run.input.values, n_frames, group * size, size))
            .collect();
        let groups = scores(run, "replaced frames", groups, answer)?;
        // Frames of a group cannot be told apart, so each has its share.
        let n_in = |frame: usize| size.min(n_frames - frame / size * size) as f64;
        let share = |frame: usize| loss(&groups[frame / size]) / n_in(frame);
        let frames = (0..n_frames).map(share).collect();
        let sum = patches.iter().filter(|change| change.is_finite()).sum();
        Ok(Found {
            maps: vec![Map {
                part: "",
                layer: None,
                meaning: Meaning::Contribution,
                shape: [1, rows, columns],
                values: patches.iter().map(|&change| change as f32).collect(),
            }],
            series: vec![Series {
                part: "frames",
                layer: None,
                axis: Axis::CHANNEL,
                coordinates: (0..n_frames).map(|frame| frame as f64).collect(),
                name: "change of the target with the frame before in place of this one",
                is_in_target_unit: true,
                values: frames,
            }],
            measures: vec![Measure {
                name: "sum",
                value: sum,
                is_in_target_unit: true,
                meaning: "sum of the changes of all patches; it is not the target, for patches stand in for each other",
            }],
        })
    }
}

/// The input without each patch; `None` for one that is hidden already, and where nothing would be left to be seen.
fn without_each_patch(values: &[f32], tokens: &Tokens) -> Vec<Option<Vec<f32>>> {
    let hidden = tokens.hidden(values);
    let n_seen = hidden.iter().filter(|hidden| !**hidden).count();
    let without = |patch: usize| {
        let one: Vec<bool> = (0..tokens.n()).map(|other| other == patch).collect();
        let mut values = values.to_vec();
        tokens.hide(&mut values, &one);
        (!hidden[patch] && n_seen > 1).then_some(values)
    };
    (0..tokens.n()).map(without).collect()
}

/// The input with `n` frames from the first one on replaced by the frame before them, or by the one behind where there is none
/// before; `None` where none is left.
fn without_frames(values: &[f32], n_frames: usize, first: usize, n: usize) -> Option<Vec<f32>> {
    let size = values.len() / n_frames;
    let last = (first + n).min(n_frames);
    let before = first.checked_sub(1);
    let stays = before.or_else(|| (last < n_frames).then_some(last))?;
    let mut replaced = values.to_vec();
    for frame in first..last {
        replaced[frame * size..(frame + 1) * size]
            .copy_from_slice(&values[stays * size..(stays + 1) * size]);
    }
    Some(replaced)
}

/// The target of each of these inputs.
fn scores(
    run: &Run,
    phase: &str,
    inputs: Vec<Option<Vec<f32>>>,
    answer: impl Fn(Tensor<4>) -> Vec<Pass>,
) -> Result<Vec<Option<f64>>, Cancelled> {
    let predictions = predictions(run, phase, &inputs, BATCH, answer)?;
    let score = |prediction: Option<Vec<f32>>| prediction.map(|p| run.target.score(&p));
    Ok(predictions.into_iter().map(score).collect())
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use stormlens_data::card::NowcastField;
    use stormlens_data::network::{Input, Target};
    use stormlens_data::request::Silent;

    use super::*;
    use crate::explain::{Options, predict, target};
    use crate::network::{Network, Prediction, ShapeOf};
    use crate::parameters::Mode;
    use crate::{Parameters, Tap};

    /// Twice the last frame where it is seen.
    struct Twice;

    impl Network for Twice {
        fn forward(&self, _: &Parameters, x: Tensor<4>, _: &mut Tap, _: &Mode) -> Prediction {
            let x = x.clone().mask_fill(x.is_nan(), 0.0);
            Prediction::Field(x.narrow(1, 3, 1).mul_scalar(2.0))
        }

        fn tokens(&self, _: ShapeOf, size: [usize; 2]) -> Option<Result<Tokens, String>> {
            Some(Tokens::new(4, size, [4, 2, 2]))
        }
    }

    fn found(values: &[f32]) -> Found {
        let input = Input { values: values.to_vec(), shape: [4, 2, 4] };
        let data = TensorData::new(values.to_vec(), [1, 4, 2, 4]);
        let tensor = Tensor::from_data(data, &Device::flex());
        let parameters = Parameters::default();
        let pass = predict(&Twice, &parameters, tensor.clone()).remove(0);
        let wanted = Target::SumAbove {
            channels: 0..1,
            field: NowcastField::CloudCover,
            threshold: 0.0,
            within: None,
        };
        let target = target(&wanted, &pass.prediction, &pass.shape);
        let model = (crate::models::spat_spark::ENTRY.card)();
        let options = [("frames".to_owned(), "3".to_owned())].into();
        let run = Run {
            network: &Twice,
            parameters: &parameters,
            input: &input,
            tensor: &tensor,
            target: &target,
            layers: &[],
            options: &Options::read(&CARD, &model, &options).expect("its options"),
            nothing: &[],
            progress: &Silent,
        };
        PatchOcclusion.explain(&pass, &run).expect("nobody cancels")
    }

    #[test]
    fn a_patch_takes_away_what_it_gave() {
        let mut values = vec![0.0; 32];
        // Of the last frame, 1 in the left patch and 3 in the right one; 5 in the frame before.
        (values[24], values[27], values[16]) = (1.0, 3.0, 5.0);
        let found = found(&values);
        assert_eq!(
            (found.maps[0].shape, found.maps[0].values.clone()),
            ([1, 1, 2], vec![2.0, 6.0])
        );
        assert_eq!(found.measures[0].value, 8.0);
        // Without the last frame the one before stands for it: 10 at the first pixel, which the target counts, 0 at the other.
        assert_eq!(found.series[0].values, [0.0, 0.0, 0.0, -2.0]);
        values[0] = f32::NAN;
        let map = &found_map(&values);
        assert!(map[0].is_nan() && map[1].is_nan(), "nothing would be left: {map:?}");
    }

    fn found_map(values: &[f32]) -> Vec<f32> {
        found(values).maps[0].values.clone()
    }
}
