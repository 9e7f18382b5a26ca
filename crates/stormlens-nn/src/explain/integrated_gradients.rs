//! Integrated gradients (Sundararajan, Taly and Yan 2017): how much each input pixel contributes to
//! the change of the target between a baseline and the input.

mod baseline;
mod path;

use burn::tensor::{Tensor, TensorData};
use stormlens_data::card::{Citation, MethodCard, OptionCard, OptionKind};
use stormlens_data::network::{Input, Map, Meaning, Measure, Series};
use stormlens_data::request::Cancelled;

pub use self::baseline::{Baseline, baseline};
pub use self::path::{Path, PathAttribution, integrated_gradients};

use super::method::{Found, Method, Run, Wants};
use super::pass::Pass;

const CARD: MethodCard = MethodCard {
    id: "integrated-gradients",
    title: "Integrated gradients",
    summary: "How much each input pixel contributes to the change of the target from a baseline to \
              the input",
    formula: "(x − x₀) · ∫₀¹ ∂S/∂x (x₀ + α (x − x₀)) dα, by the trapezoidal rule",
    cost: "one forward and one backward pass for each step, and one more",
    weakness: "The map depends on the baseline: pixels that equal the baseline get zero, and another \
               baseline gives another map. With few steps the sum of the map differs from the \
               change of the target.",
    citations: &[SUNDARARAJAN],
    has_layers: false,
    is_of_logit: false,
    hides: None,
    own_passes: Some(1),
    options: &[STEPS, BASELINE, TOLERANCE],
};

const SUNDARARAJAN: Citation = Citation {
    key: "sundararajan2017axiomatic",
    bibtex: "@inproceedings{sundararajan2017axiomatic,\n  author    = {Sundararajan, Mukund and Taly, Ankur and Yan, Qiqi},\n  title     = {Axiomatic Attribution for Deep Networks},\n  booktitle = {Proceedings of the 34th International Conference on Machine Learning},\n  series    = {Proceedings of Machine Learning Research},\n  volume    = {70},\n  year      = {2017},\n  pages     = {3319--3328}\n}\n",
    text: "M. Sundararajan, A. Taly and Q. Yan: Axiomatic Attribution for Deep Networks. ICML 2017",
    url: "https://proceedings.mlr.press/v70/sundararajan17a.html",
};

/// Steps that doubling does not go beyond.
const MAX_STEPS: u32 = 1600;

/// Intervals of the path; the gradient is taken at one point more.
const STEPS: OptionCard = OptionCard {
    name: "steps",
    label: "Steps",
    default: "50",
    kind: OptionKind::Whole { least: 2, most: MAX_STEPS, offered: &[10, 20, 50, 100, 200, 400] },
};

const BASELINE: OptionCard = OptionCard {
    name: "baseline",
    label: "Baseline",
    default: "zero",
    kind: OptionKind::Choice(&[
        ("zero", "zero (an input with nothing in it)"),
        ("blurred", "the input, blurred"),
        ("mean", "the mean of each channel"),
    ]),
};

/// The completeness gap, as a share of the target's change, above which the steps are doubled. Below
/// the least one rounding alone keeps the gap open.
const TOLERANCE: OptionCard = OptionCard {
    name: "tolerance",
    label: "Double the steps until the gap is below",
    default: "none",
    kind: OptionKind::Share { least: 0.001, most: 1.0, offered: &[0.1, 0.05, 0.01], none: "never" },
};

/// Contributions of the input's pixels, with the target along the path and the gap to completeness.
pub struct IntegratedGradients;

impl Method for IntegratedGradients {
    fn card(&self) -> &'static MethodCard {
        &CARD
    }

    fn wants(&self) -> Wants {
        Wants::Nothing
    }

    fn explain(&self, pass: &Pass, run: &Run) -> Result<Found, Cancelled> {
        let [_, height, width] = run.input.shape;
        let path = Path {
            input: run.tensor.clone(),
            baseline: start(run),
            n_steps: run.options.whole(STEPS.name),
            tolerance: run.options.share(TOLERANCE.name),
            max_steps: MAX_STEPS as usize,
            n_batch: n_batch(pass, height * width),
        };
        let found =
            integrated_gradients(run.network, run.parameters, &path, run.target, run.progress)?;
        let mut series = vec![along_the_path(&found)];
        // Only the channels of frames lie side by side and are compared.
        series.extend(pass.is_field().then(|| sums(&found, run.input)));
        Ok(Found { measures: measures(&found), maps: vec![map(found, run.input)], series })
    }
}

/// The baseline on the network's device.
fn start(run: &Run) -> Tensor<4> {
    match run.options.choice(BASELINE.name) {
        "blurred" => filled(run, Baseline::Blurred),
        "mean" => filled(run, Baseline::Mean),
        _ => nothing(run),
    }
}

/// An input with nothing in it.
fn nothing(run: &Run) -> Tensor<4> {
    if run.nothing.is_empty() {
        return run.tensor.zeros_like();
    }
    let [n_channels, height, width] = run.input.shape;
    let values = TensorData::new(run.nothing.to_vec(), [1, n_channels, 1, 1]);
    Tensor::<4>::from_data(values, &run.tensor.device()).expand([1, n_channels, height, width])
}

fn filled(run: &Run, kind: Baseline) -> Tensor<4> {
    let values = baseline(kind, &run.input.values, run.input.shape);
    Tensor::from_data(TensorData::new(values, run.tensor.dims()), &run.tensor.device())
}

/// The pixels that go through a classifier together: more of them share the cost of starting each
/// operation, but keep more activations in memory and are longer without news of the progress.
const PIXELS_AT_ONCE: usize = 1 << 20;

/// Points of the path in one batch. A network that answers with a field keeps whole activations of
/// the input's size and gains nothing from several.
fn n_batch(pass: &Pass, n_pixels: usize) -> usize {
    if pass.is_field() { 1 } else { (PIXELS_AT_ONCE / n_pixels).clamp(1, 4) }
}

fn map(found: PathAttribution, input: &Input) -> Map {
    Map {
        part: "",
        layer: None,
        meaning: Meaning::Contribution,
        shape: input.shape,
        values: found.attribution,
    }
}

fn along_the_path(found: &PathAttribution) -> Series {
    let n = found.n_steps as f64;
    Series {
        part: "path",
        layer: None,
        axis: "path",
        coordinates: (0..found.path.len()).map(|i| i as f64 / n).collect(),
        name: "target along the path",
        is_in_target_unit: true,
        values: found.path.clone(),
    }
}

fn sums(found: &PathAttribution, input: &Input) -> Series {
    let [n_channels, height, width] = input.shape;
    let channels = found.attribution.chunks_exact(height * width);
    Series {
        part: "sums",
        layer: None,
        axis: "channel",
        coordinates: (0..n_channels).map(|channel| channel as f64).collect(),
        name: "sum over each channel",
        is_in_target_unit: true,
        values: channels.map(|map| map.iter().map(|&v| f64::from(v)).sum()).collect(),
    }
}

fn measures(found: &PathAttribution) -> Vec<Measure> {
    let measure = |name, value, is_in_target_unit, meaning| Measure {
        name,
        value,
        is_in_target_unit,
        meaning,
    };
    let difference = found.output_difference;
    vec![
        measure("n_steps", found.n_steps as f64, false, "steps taken along the path"),
        measure("sum", difference + found.convergence_delta, true, "sum over all input pixels"),
        measure(
            "output_difference",
            difference,
            true,
            "target of the input minus target of the baseline",
        ),
        measure(
            "completeness_gap",
            found.convergence_delta,
            true,
            "sum over all input pixels minus the difference of the target",
        ),
    ]
}
