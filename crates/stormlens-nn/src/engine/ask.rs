//! Questions, checked: what does not fit is refused before anything is computed.

use std::ops::Range;

use stormlens_data::card::{MethodCard, Task};
use stormlens_data::network::{Asked, Target};
use stormlens_data::request::ClassOutput;

use super::{EngineError, Resident};
use crate::explain::{self, Method, Options, Wants, Watch};
use crate::network::FieldSizes;

/// One method, and what it is to explain, as the network has it.
pub(super) struct Ask {
    pub method: &'static dyn Method,
    pub target: Target,
    /// Names of layers, each once; none for methods that look at the input.
    pub layers: Vec<String>,
    pub options: Options,
    /// A value a channel; empty: zeros.
    pub nothing: Vec<f32>,
}

impl Ask {
    /// About an input of that shape.
    ///
    /// # Errors
    /// For a method, an option, a target or a layer that is not there.
    pub fn new(resident: &Resident, asked: &Asked, shape: [usize; 3]) -> Result<Self, EngineError> {
        let method = explain::find(&asked.method)
            .map_err(|known| EngineError::UnknownMethod { name: asked.method.clone(), known })?;
        let card = method.card();
        let layers = match card.has_layers {
            true => resident.layer_names(&asked.layers)?,
            false => Vec::new(),
        };
        let options = Options::read(card, &resident.card, &asked.options);
        check_target(resident, &asked.target, shape).map_err(EngineError::Input)?;
        let (target, options) = (target(card, &asked.target), options.map_err(EngineError::Input)?);
        let nothing = asked.nothing.clone();
        let n_channels = resident.n_input_channels();
        if !nothing.is_empty() && nothing.len() != n_channels {
            let n = nothing.len();
            return Err(EngineError::Input(format!(
                "an input with nothing in it has {n} values, but the network takes {n_channels} channels"
            )));
        }
        Ok(Self { method, target, layers, options, nothing })
    }

    pub fn wants_gradient(&self) -> bool {
        self.method.wants() != Wants::Nothing
    }
}

/// What the method explains where that is asked for.
fn target(card: &MethodCard, asked: &Target) -> Target {
    match *asked {
        Target::Class { class, .. } if card.is_of_logit => {
            Target::Class { class, output: ClassOutput::Logit }
        }
        Target::Probability { from_class, ref rows, ref columns, .. } if card.is_of_logit => {
            let (rows, columns) = (rows.clone(), columns.clone());
            Target::Probability { from_class, rows, columns, output: ClassOutput::Logit }
        }
        _ => asked.clone(),
    }
}

/// Whether the network's answer has that target, or why not.
fn check_target(resident: &Resident, target: &Target, shape: [usize; 3]) -> Result<(), String> {
    let id = resident.card.id;
    if let Some(fields) = resident.fields() {
        return check_probability(id, target, &fields, shape);
    }
    if let Some(tiles) = resident.downscaling() {
        return check_tile(id, target, tiles.output_px);
    }
    match (target, &resident.card.task, &resident.checkpoint.nowcasting) {
        (Target::SumAbove { threshold, .. }, ..) if !threshold.is_finite() => {
            Err(format!("the threshold is {threshold}; give a number"))
        }
        (Target::SumAbove { channels, field, .. }, _, Some(frames)) => {
            // What is rebuilt are the frames that went in.
            let n =
                if frames.rebuilds() { frames.n_input_frames } else { frames.lead_times_min.len() };
            if *field != frames.field {
                let (wanted, has) = (field.label(), frames.field.label());
                return Err(format!("{id} predicts {has}: a sum of {wanted} cannot be explained"));
            }
            let Some(last) = channels.clone().last() else {
                return Err("the sum goes over no lead time; choose at least one".to_owned());
            };
            (last < n).then_some(()).ok_or_else(|| {
                format!("there is no lead time {last}: the network gives {n}, counted from 0")
            })
        }
        (Target::Class { class, .. }, Task::SceneClassification(task), _) => {
            let n = task.classes.len();
            let missing = || format!("there is no class {class}: the network tells {n} apart");
            (*class < n).then_some(()).ok_or_else(missing)
        }
        (Target::SumOver { .. }, ..) => {
            Err(format!("{id} does not refine tiles; choose another target than a part of a tile"))
        }
        (Target::SumAbove { .. }, ..) => {
            Err(format!("{id} gives classes; choose one of them, not a sum of pixels"))
        }
        (Target::Class { .. }, ..) => {
            Err(format!("{id} gives fields; choose a sum of their pixels, not a class"))
        }
        (Target::Probability { .. }, ..) => Err(format!(
            "{id} gives no probabilities of rain; choose another target than a class of it"
        )),
    }
}

/// Whether a tile of that size has the target, or why not.
fn check_tile(id: &str, target: &Target, side: usize) -> Result<(), String> {
    let Target::SumOver { rows, columns, above, weights, .. } = target else {
        return Err(format!("{id} refines tiles; choose a sum over rows and columns of the tile"));
    };
    if let Some(above) = above.filter(|above| !above.is_finite()) {
        return Err(format!("the threshold is {above}; give a number"));
    }
    check_weights(weights.as_deref(), side * side)?;
    check_part("sum", "tile", [rows, columns], [side; 2])
}

/// Whether each pixel of a tile has a weight, or why not.
fn check_weights(weights: Option<&[f32]>, n_pixels: usize) -> Result<(), String> {
    let Some(weights) = weights else { return Ok(()) };
    if weights.len() != n_pixels {
        let n = weights.len();
        return Err(format!("the sum has {n} weights, but the tile has {n_pixels} pixels"));
    }
    let is_weight = |weight: &&f32| weight.is_finite() && **weight >= 0.0;
    match weights.iter().find(|weight| !is_weight(weight)) {
        None => Ok(()),
        Some(weight) => Err(format!("a pixel has the weight {weight}; give numbers of 0 or more")),
    }
}

/// Whether a network that tells classes of rain apart has the target for fields of that shape, or why not.
fn check_probability(
    id: &str,
    target: &Target,
    fields: &FieldSizes,
    [_, height, width]: [usize; 3],
) -> Result<(), String> {
    let Some(n_classes) = fields.n_classes else {
        return Err(format!(
            "these weights of {id} are of the pre-training: they rebuild fields and give no probabilities; take \
             fine-tuned ones"
        ));
    };
    let Target::Probability { from_class, rows, columns, .. } = target else {
        return Err(format!("{id} gives probabilities; choose that of a class and those above it"));
    };
    if !(1..n_classes).contains(from_class) {
        return Err(format!(
            "the probability is of class {from_class} and those above it; the network tells {n_classes} apart, and \
             from 0 on it is always 1: choose 1 to {}",
            n_classes - 1
        ));
    }
    check_part("mean", "map", [rows, columns], [height, width])
}

/// Whether these rows and columns are there, or why not.
fn check_part(
    reduced: &str,
    whole: &str,
    ranges: [&Range<usize>; 2],
    size: [usize; 2],
) -> Result<(), String> {
    for ((what, range), n) in ["rows", "columns"].into_iter().zip(ranges).zip(size) {
        if range.is_empty() || range.end > n {
            let Range { start, end } = range;
            return Err(format!(
                "the {reduced} is over {what} {start} to {end}, the last one excluded; the {whole} has {n}, \
                 counted from 0"
            ));
        }
    }
    Ok(())
}

/// A target, and all that methods want to see of its gradient: one pass through the network.
#[derive(Debug, PartialEq)]
pub(super) struct GradientOf {
    pub target: Target,
    pub watch: Watch,
}

/// What is asked for, with one entry a target.
pub(super) fn gradients_of(asks: &[Ask]) -> Vec<GradientOf> {
    let mut gradients: Vec<GradientOf> = Vec::new();
    for ask in asks.iter().filter(|ask| ask.wants_gradient()) {
        let known = gradients.iter().position(|known| known.target == ask.target);
        let place = known.unwrap_or_else(|| {
            gradients.push(GradientOf { target: ask.target.clone(), watch: Watch::default() });
            gradients.len() - 1
        });
        let watch = &mut gradients[place].watch;
        match ask.method.wants() {
            Wants::Layers => watch.layers.extend(ask.layers.iter().cloned()),
            Wants::InputGradient => watch.input = true,
            Wants::Nothing => {}
        }
    }
    gradients
}
