//! What lies beneath attributions and masks, in grey.

use stormlens_data::outcome::{Axis, Role, Variable};

use super::layer::Layer;
use super::lookup::{Shown, first_map};
use super::pixels::Pixels;
use super::scale::Scale;
use super::square::dimmed;
use super::view::View;
use super::words::clock;
use super::{Interpolation, PlotError, cells, entries, scales};

impl View<'_> {
    /// Pixels of the part with no more of them than the picture itself has there.
    pub fn as_picture(&self, pixels: Pixels) -> Pixels {
        let Some(scene) = self.scene() else { return pixels };
        let (part, content) = (&self.part, &scene.content);
        let own = |n: usize, of: usize, own: usize| (n * own).div_ceil(of.max(1));
        let width = own(part.width, content.width, scene.width_px);
        pixels.at_most(width, own(part.height, content.height, scene.height_px))
    }
}

/// What lies beneath a map: a frame of the input, for a mask what was predicted, or the scene.
pub fn beneath(view: &View, shown: &Shown) -> Result<Vec<Layer>, PlotError> {
    if let Some(square) = view.square {
        let mut grey = view.as_picture(square.part(view.part)).grey();
        grey.values.iter_mut().for_each(|value| *value = dimmed(*value));
        return Ok(vec![Layer::photograph(grey, view.part)]);
    }
    let Some(ground) = frame(view, shown)? else { return Ok(Vec::new()) };
    let scale = scales::grey(ground.colours(), view.style, &ground.field());
    let domain = &ground.variable.domain;
    let values = cells::over(view, domain, ground.field(), Interpolation::Cells);
    Ok(vec![Layer::sharp(values, &scale)])
}

/// The map beneath one on the Earth.
fn frame<'a>(view: &View<'a>, shown: &Shown) -> Result<Option<Shown<'a>>, PlotError> {
    let is_mask = shown.variable.role == Role::Mask;
    let role = if is_mask { Role::Prediction } else { Role::Input };
    let own = own_input(view, shown).filter(|_| !is_mask);
    let Some(ground) = own.or_else(|| first_map(view.outcome, role)) else { return Ok(None) };
    let last = ground.n_maps().saturating_sub(1);
    let index = match is_mask {
        true => same_lead_time(ground, shown),
        // What is said of a frame lies on that frame.
        false if shown.is_of_frame() => view.style.frame.unwrap_or(shown.index.min(last)),
        false => view.style.frame.unwrap_or(last),
    };
    Shown::of(view.outcome, &ground.name, index).map(Some)
}

/// The input that an attribution to one of several variables is of: the one that has the name of its entry.
fn own_input<'a>(view: &View<'a>, shown: &Shown) -> Option<&'a Variable> {
    let axis = shown.variable.axis().filter(|axis| axis.name == Axis::CHANNEL)?;
    let label = axis.label(shown.index);
    let is_own = |variable: &&Variable| {
        variable.role == Role::Input
            && variable.plane.is_some()
            && variable.name.rsplit('/').next() == Some(label.as_str())
    };
    view.outcome.variables.iter().find(is_own)
}

fn same_lead_time(prediction: &Variable, mask: &Shown) -> usize {
    let minutes = |variable: &Variable, i: usize| variable.axis()?.lead_time_min(i);
    let wanted = minutes(mask.variable, mask.index);
    (0..prediction.n_maps()).find(|&i| minutes(prediction, i) == wanted).unwrap_or(0)
}

/// `beneath, in grey: rain rate in the input frame of 04:55 UTC`; `None` where nothing lies there.
pub fn words(view: &View, shown: &Shown) -> Result<Option<String>, PlotError> {
    if let Some(scene) = view.scene() {
        return Ok(Some(format!("beneath, in grey: {}", scene.title)));
    }
    let Some(ground) = frame(view, shown)? else { return Ok(None) };
    let quantity = &ground.variable.quantity.name;
    let axis = ground.variable.axis();
    let time = axis.and_then(|axis| axis.time(ground.index));
    let what = match (&ground.variable.role, time) {
        (Role::Input, Some(_)) if axis.is_some_and(|axis| axis.name == Axis::TIME) => {
            quantity.clone()
        }
        (Role::Input, Some(time)) => {
            format!("{quantity} in the input frame of {} UTC", clock(time))
        }
        (Role::Input, None) if ground.variable.axes.is_empty() => quantity.clone(),
        _ => format!("{} {}", ground.variable.name, entries::words(ground.variable, ground.index)),
    };
    Ok(Some(format!("beneath, in grey: {what}")))
}

/// A scale as a legend shows it: on what the scene looks like on the whole where attributions lie. On
/// the Earth the legend's own ground is that of the map.
pub fn legend_ground(view: &View, scale: Scale) -> Scale {
    let Some(square) = view.square else { return scale };
    scale.on([dimmed(square.mean_grey(view.centre_or_part()).round() as u8); 3])
}
