//! Attributions of rain that no network made.

use stormlens_data::field::Field;
use stormlens_data::outcome::{Axis, Colours, Number, Quantity, Role, Variable};

use super::fields::{from_fn, smooth};
use super::{EMPTY_LAYER, Explained, LAYERS, series, variable};

const N_STEPS: usize = 8;
const N_CHANNELS: usize = 16;

fn role(method: &str, layer: Option<&str>, target: &str) -> Role {
    let layer = layer.map(str::to_owned);
    Role::Attribution { method: method.into(), layer, target: target.into() }
}

/// What Grad-CAM measures.
pub fn share_of_maximum() -> Quantity {
    Quantity::new("Grad-CAM (share of maximum)", "1", Colours::Evidence)
}

/// What Grad-CAM measures before rectification.
pub fn weighted_activation() -> Quantity {
    Quantity::new("weighted activation", "1", Colours::Signed)
}

/// The pooled gradients of a layer, one a channel.
pub fn weights(layer: &str) -> Variable {
    let quantity = Quantity::new("pooled gradient", "1", Colours::None);
    let values = (0..N_CHANNELS).map(|k| 0.01 * (k as f64 - 7.5)).collect();
    let axis = Axis::counted(Axis::CHANNEL, N_CHANNELS);
    series(format!("grad_cam/{layer}/weights"), quantity, axis, values)
}

pub fn grad_cam(prediction: &Field, target: &str) -> Vec<Variable> {
    let of_layer = |(layer, size): (&str, usize)| {
        let factor = prediction.height / size;
        let mean = smooth(prediction, factor * 2);
        let offset = if layer == EMPTY_LAYER { 1e3 } else { 1.5 };
        let raw = from_fn(size, size, |r, c| mean.at(r * factor, c * factor) - offset);
        let positive = raw.map(|v| v.max(0.0));
        let highest = positive.range().map_or(0.0, |(_, high)| high);
        let cam = from_fn(prediction.height, prediction.width, |r, c| {
            positive.at(r / factor, c / factor) / (1e-7 + highest)
        });
        let cam = smooth(&cam, factor / 2);
        let map = |name: String, quantity: Quantity, field: Field| {
            let role = role("grad-cam", Some(layer), target);
            variable(&name, role, quantity, Vec::new(), &[field])
        };
        [
            map(format!("grad_cam/{layer}"), share_of_maximum(), cam),
            map(format!("grad_cam/{layer}/raw"), weighted_activation(), raw),
            weights(layer),
        ]
    };
    LAYERS.into_iter().flat_map(of_layer).collect()
}

pub fn integrated_gradients(inputs: &[Field], target: &Explained) -> Vec<Variable> {
    let attribution = || Quantity::new("attribution", "mm/h", Colours::Signed);
    let frame = |(i, field): (usize, &Field)| {
        let age = (inputs.len() - 1 - i) as f32;
        let weight = 0.4 * (-age / 2.0).exp() - if age == 3.0 { 0.15 } else { 0.0 };
        let weight = if i == 0 { 0.0 } else { weight };
        from_fn(field.height, field.width, |r, c| {
            let sign = if (r / 8 + c / 8) % 5 == 0 { -0.4 } else { 1.0 };
            field.at(r, c) * target.mask.at(r, c) * weight * sign
        })
    };
    let frames: Vec<Field> = inputs.iter().enumerate().map(frame).collect();
    let sums: Vec<f64> = frames.iter().map(|f| f.finite().map(f64::from).sum()).collect();
    let difference = 0.99 * sums.iter().sum::<f64>();
    let start = target.score_mm_h - difference;
    let share = |i: usize| i as f64 / N_STEPS as f64;
    let path = (0..=N_STEPS).map(|i| start + difference * share(i).powf(1.5)).collect();
    let name = |part: &str| format!("integrated_gradients/{part}");
    let target_along = Quantity::new("target along the path", "mm/h", Colours::None);
    let shares = Axis::numbers("path", "1", (0..=N_STEPS).map(share).collect());
    let role = role("integrated-gradients", None, &target.words());
    vec![
        variable("integrated_gradients", role, attribution(), target.input_time(), &frames),
        series(name("sums"), attribution(), target.input_time().remove(0), sums),
        series(name("path"), target_along, shares, path),
    ]
}

/// Steps, sum and gap of the integrated gradients among these variables.
pub fn completeness(variables: &[Variable]) -> Vec<Number> {
    let values = |name: &str| -> Vec<f64> {
        let found = variables.iter().find(|variable| variable.name == name);
        found.map(Variable::to_f64).unwrap_or_default()
    };
    let path = values("integrated_gradients/path");
    let sum = values("integrated_gradients").iter().sum::<f64>();
    let unit =
        variables.iter().find(|v| v.name == "integrated_gradients").map(|v| &v.quantity.unit);
    let unit = unit.map_or("1", String::as_str);
    let difference = path[path.len() - 1] - path[0];
    let number = |name: &str, value, unit: &str, meaning| {
        Number::new(format!("integrated_gradients/{name}"), value, unit, meaning)
    };
    vec![
        number("n_steps", (path.len() - 1) as f64, "1", "steps of the path"),
        number("sum", sum, unit, "sum of the attribution"),
        number("output_difference", difference, unit, "target at the input minus at the baseline"),
        number("completeness_gap", sum - difference, unit, "sum minus difference of the target"),
    ]
}

pub fn saliency(inputs: &[Field], target: &Explained) -> Variable {
    let frame = |(i, field): (usize, &Field)| {
        let age = (inputs.len() - 1 - i) as f32;
        let near = smooth(&target.mask, 3);
        from_fn(field.height, field.width, |r, c| {
            let stripe = 1.0 + ((r % 7) as f32 - 3.0).abs() / 3.0;
            near.at(r, c) * stripe * 0.3 * (-age / 3.0).exp()
        })
    };
    let frames: Vec<Field> = inputs.iter().enumerate().map(frame).collect();
    let quantity = Quantity::new("absolute gradient", "1", Colours::Sizes);
    let role = role("saliency", None, &target.words());
    variable("saliency", role, quantity, target.input_time(), &frames)
}
