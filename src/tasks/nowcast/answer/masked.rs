//! Forecasts behind masks: their mean and spread, each of them, and whether their spread says how wrong they are.

use stormlens_data::network::Answer;
use stormlens_data::outcome::{Axis, Colours, Domain, Quantity, Role, Values, Variable};
use stormlens_data::score::downscaling::{EnsembleSums, Merge as _};

use super::Ground;

/// Mean and spread of forecasts behind masks at each lead time, and the mean over all lead times behind each mask.
pub const MASK_MEAN: &str = "masks/mean";
pub const MASK_SPREAD: &str = "masks/spread";
pub const MASK_MEMBERS: &str = "masks/members";
/// By lead time: the root mean square of the spread, and of the error of the mean. By rank of the observation: how often.
pub const MASK_RMS_SPREAD: &str = "masks/rms_spread";
pub const MASK_RMS_ERROR: &str = "masks/rms_error";
pub const MASK_RANKS: &str = "masks/ranks";

/// What there is to say of two or more forecasts behind masks, beside what was observed where that is known.
pub fn variables(ground: &Ground, answers: &[Answer], observed: Option<&[f32]>) -> Vec<Variable> {
    let Some(maps) = moments(answers) else { return Vec::new() };
    let mut variables = spread(ground, maps).to_vec();
    let members: Vec<Vec<f32>> = answers.iter().map(|a| ground.physical(&a.prediction)).collect();
    variables.push(stamps(ground, &members));
    variables
        .extend(observed.into_iter().flat_map(|observed| calibration(ground, &members, observed)));
    variables
}

/// Mean and standard deviation of forecasts behind masks at every value; `None` for fewer than two.
fn moments(answers: &[Answer]) -> Option<[Vec<f32>; 2]> {
    let [first, _, ..] = answers else { return None };
    let n = answers.len() as f64;
    let at = |i: usize| answers.iter().map(move |answer| f64::from(answer.prediction[i]));
    let both = (0..first.prediction.len()).map(|i| {
        let mean = at(i).sum::<f64>() / n;
        let variance = at(i).map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean as f32, variance.sqrt() as f32)
    });
    let (mean, spread) = both.unzip();
    Some([mean, spread])
}

/// What forecasts behind masks have in common, and by how much they differ. That is how much a forecast depends on what is
/// seen, and not how uncertain it is.
fn spread(ground: &Ground, [mean, spread]: [Vec<f32>; 2]) -> [Variable; 2] {
    let physical = |values: Vec<f32>| ground.physical(&values);
    let mean = ground.variable(MASK_MEAN, Role::Diagnostic, &ground.lead_axis, physical(mean));
    let name = "mean of forecasts behind masks".to_owned();
    let mean = Variable { quantity: Quantity { name, ..mean.quantity.clone() }, ..mean };
    let map = ground.variable(MASK_SPREAD, Role::Diagnostic, &ground.lead_axis, physical(spread));
    let quantity =
        Quantity::new("sensitivity to hidden input", ground.field.unit(), Colours::Sizes);
    [mean, Variable { quantity, ..map }]
}

/// A map a mask: the mean over all lead times.
fn stamps(ground: &Ground, members: &[Vec<f32>]) -> Variable {
    let n_leads = ground.lead_axis.len();
    let mean = |member: &Vec<f32>| -> Vec<f32> {
        let n_pixels = member.len() / n_leads;
        let at = |i: usize| member.iter().skip(i).step_by(n_pixels);
        (0..n_pixels).map(|i| at(i).sum::<f32>() / n_leads as f32).collect()
    };
    // No members of an ensemble: what they agree on is no probability.
    let axis = Axis::names("mask", (1..=members.len()).map(|n| format!("mask {n}")));
    let values = members.iter().flat_map(mean).collect();
    let map = ground.variable(MASK_MEMBERS, Role::Diagnostic, &axis, values);
    let name = "forecasts behind masks, mean over all lead times".to_owned();
    Variable { quantity: Quantity { name, ..map.quantity.clone() }, ..map }
}

/// Whether the spread is as large as the error, and the observation as often beyond all forecasts as one of them would be.
fn calibration(ground: &Ground, members: &[Vec<f32>], observed: &[f32]) -> Vec<Variable> {
    let n_leads = ground.lead_axis.len();
    let n_pixels = observed.len() / n_leads;
    let at_lead = |lead: usize| {
        let part = lead * n_pixels..(lead + 1) * n_pixels;
        let mut sums = EnsembleSums::new(members.len());
        let maps: Vec<&[f32]> = members.iter().map(|member| &member[part.clone()]).collect();
        sums.add(&maps, &observed[part]);
        sums
    };
    let by_lead: Vec<EnsembleSums> = (0..n_leads).map(at_lead).collect();
    let mut all = EnsembleSums::new(members.len());
    by_lead.iter().for_each(|sums| all.merge(sums));
    if all.n == 0 {
        return Vec::new();
    }
    let unit = ground.field.unit();
    let of = |score: fn(&EnsembleSums) -> Option<f64>| {
        by_lead.iter().map(|sums| score(sums).unwrap_or(f64::NAN)).collect()
    };
    let ranks = Axis::names("rank", (0..=members.len()).map(|rank| rank.to_string()));
    vec![
        series(
            MASK_RMS_SPREAD,
            ["spread behind masks", unit],
            &ground.lead_axis,
            of(EnsembleSums::spread),
        ),
        series(
            MASK_RMS_ERROR,
            ["error of their mean", unit],
            &ground.lead_axis,
            of(EnsembleSums::error),
        ),
        series(
            MASK_RANKS,
            ["share by rank, forecasts behind masks", "1"],
            &ranks,
            all.rank_shares(),
        ),
    ]
}

fn series(name: &str, [title, unit]: [&str; 2], axis: &Axis, values: Vec<f64>) -> Variable {
    Variable {
        name: name.to_owned(),
        role: Role::Diagnostic,
        quantity: Quantity::new(title, unit, Colours::None),
        axes: vec![axis.clone()],
        plane: None,
        domain: Domain::None,
        values: Values::F64(values),
    }
}
