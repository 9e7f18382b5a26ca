//! What of a forecast is explained.

use stormlens_data::card::NowcastField;
use stormlens_data::network::{Answer, Explained};
use stormlens_data::outcome::{Axis, Colours, Coordinates, Quantity, Role, Variable};
use stormlens_data::request::Target;
use stormlens_plot::words::{count, number};

use super::{Ground, dated};
use crate::tasks::nowcast::question::{last_lead_time_min, lead_time_min, threshold};
use crate::tasks::nowcast::scores::threshold_label;

/// The pixels that the explained sum goes over.
pub(super) fn mask(ground: &Ground, target: &Target, answer: &Answer) -> Option<Variable> {
    let mask = answer.explained.iter().find_map(|explained| explained.mask.clone())?;
    let leads = leads_of(ground, target);
    let axis = match ground.lead_axis.time(0) {
        Some(_) => {
            let start = ground.input_axis.time(ground.input_axis.len().saturating_sub(1))?;
            dated(Axis::lead_time(start, leads), ground.measured)
        }
        None => {
            let leads = leads.into_iter().map(f64::from).collect();
            Axis::numbers(Axis::LEAD_TIME, "min", leads)
        }
    };
    // Titles say `pixels are …`.
    let above = threshold_label(ground.field, threshold(target));
    let quantity = Quantity::new(&format!("predicted above {above}"), "1", Colours::Mask);
    let mask = ground.variable("target_mask", Role::Mask, &axis, mask);
    Some(Variable { quantity, ..mask })
}

/// All lead times that a target goes over, in minutes.
fn leads_of(ground: &Ground, target: &Target) -> Vec<u32> {
    let first = lead_time_min(target);
    let Some(last) = last_lead_time_min(target) else { return vec![first] };
    let axis = &ground.lead_axis;
    let is_in = |lead: &u32| (first..=last).contains(lead);
    (0..axis.len()).filter_map(|i| minutes(axis, i)).filter(is_in).collect()
}

/// The lead time of an entry in minutes, also of arrays that do not say when they are of.
pub fn minutes(axis: &Axis, idx: usize) -> Option<u32> {
    match &axis.coordinates {
        Coordinates::Numbers { values, .. } => values.get(idx).map(|&minutes| minutes as u32),
        _ => axis.lead_time_min(idx),
    }
}

/// `target: predicted rain above 1.5 mm/h at +30 min (28,990 pixels)`
pub(super) fn words(field: NowcastField, target: Option<&Target>, explained: &Explained) -> String {
    let Some(target) = target else { return String::new() };
    let n_pixels = explained.mask.iter().flatten().filter(|&&m| m > 0.0).count();
    let what = match field {
        NowcastField::Precipitation => "rain",
        NowcastField::CloudCover => "cloud cover",
    };
    let (above, lead) = (number(threshold(target)), lead_time_min(target));
    let to = last_lead_time_min(target).map(|last| format!(" to +{last}")).unwrap_or_default();
    let unit = match field.unit() {
        "1" => String::new(),
        unit => format!(" {unit}"),
    };
    format!(
        "target: predicted {what} above {above}{unit} at +{lead}{to} min ({} pixels)",
        count(n_pixels)
    )
}

/// What to do where the threshold leaves nothing to explain.
pub(super) fn nothing_above(
    field: NowcastField,
    target: Option<&Target>,
    variables: &[Variable],
) -> Option<String> {
    let mask = variables.iter().find(|variable| variable.role == Role::Mask)?;
    let above = threshold_label(field, threshold(target?));
    mask.is_zero().then(|| {
        format!("nothing is predicted above {above}, so there is nothing to explain: choose a lower threshold")
    })
}
