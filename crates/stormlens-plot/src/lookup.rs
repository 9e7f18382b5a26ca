//! What a result holds of what a figure shows, or why it does not.

use stormlens_data::field::Field;
use stormlens_data::outcome::{Axis, Colours, Domain, Outcome, Quantity, Role, Variable};

use super::PlotError;
use super::words::{in_unit, number};

/// The variable of a name.
pub fn variable<'a>(outcome: &'a Outcome, name: &str) -> Result<&'a Variable, PlotError> {
    outcome.variable(name).ok_or_else(|| match name {
        "observation" => PlotError::NoObservation,
        _ => PlotError::UnknownVariable { name: name.to_owned(), known: known(outcome, name) },
    })
}

/// Names of variables that begin like this one, or of those that begin a name.
fn known(outcome: &Outcome, name: &str) -> String {
    let names = || outcome.variables.iter().map(|variable| variable.name.as_str());
    let family = name.split_once('/').map(|(family, _)| format!("{family}/"));
    let like: Vec<&str> = names()
        .filter(|known| family.as_ref().is_some_and(|family| known.starts_with(family)))
        .collect();
    let like = if like.is_empty() { names().filter(|n| !n.contains('/')).collect() } else { like };
    like.join(", ")
}

/// The first variable of a role, if it is a map.
pub fn first_map(outcome: &Outcome, role: Role) -> Option<&Variable> {
    outcome.variables.iter().find(|variable| variable.role == role && variable.plane.is_some())
}

/// The variable that a part belongs to: `grad_cam/cbam4` for `grad_cam/cbam4/raw`.
pub fn whole_of<'a>(outcome: &'a Outcome, part: &Variable) -> Option<&'a Variable> {
    outcome.variable(part.name.rsplit_once('/')?.0)
}

/// How many different maps a variable is shown as: the channels of a scene are shown together.
pub fn n_shown(variable: &Variable) -> usize {
    if has_channels(variable) { 1 } else { variable.n_maps() }
}

fn has_channels(variable: &Variable) -> bool {
    let is_of_scene = matches!(variable.domain, Domain::Scene(_) | Domain::SceneCentre(_));
    is_of_scene && variable.axis().is_some_and(|axis| axis.name == Axis::CHANNEL)
}

/// One map of a result: an entry of a variable, or that minus the same entry of another.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub variable: &'a Variable,
    pub other: Option<&'a Variable>,
    pub index: usize,
    /// Not one map, but the share of all of them that are above so much.
    pub above: Option<f64>,
}

impl<'a> Shown<'a> {
    pub fn of(outcome: &'a Outcome, name: &str, index: usize) -> Result<Self, PlotError> {
        let variable = variable(outcome, name)?;
        let name = || variable.name.clone();
        if variable.plane.is_none() || variable.quantity.colours == Colours::None {
            return Err(PlotError::NotAMap { name: name() });
        }
        let last = n_shown(variable).saturating_sub(1);
        match index <= last {
            true => Ok(Self { variable, other: None, index, above: None }),
            false => Err(PlotError::UnknownIndex { name: name(), index, last }),
        }
    }

    pub fn difference(
        outcome: &'a Outcome,
        [name, other]: [&str; 2],
        index: usize,
    ) -> Result<Self, PlotError> {
        let (shown, other) =
            (Self::of(outcome, name, index)?, Self::of(outcome, other, index)?.variable);
        let Variable { axes, plane, quantity, .. } = shown.variable;
        let fits = (axes, plane, &quantity.unit)
            == (&other.axes, &other.plane, &other.quantity.unit)
            && !has_channels(other);
        match fits {
            true => Ok(Self { other: Some(other), ..shown }),
            false => Err(PlotError::Incomparable { name: name.into(), other: other.name.clone() }),
        }
    }

    pub fn exceedance(outcome: &'a Outcome, name: &str, above: f64) -> Result<Self, PlotError> {
        Ok(Self { above: Some(above), ..Self::of(outcome, name, 0)? })
    }

    /// The values; of what is shown together, those of the first channel.
    pub fn field(&self) -> Field {
        if let Some(above) = self.above {
            return share_above(self.variable, above);
        }
        let field = self.variable.map(self.index);
        self.other.map_or_else(|| field.clone(), |other| subtract(&field, &other.map(self.index)))
    }

    pub fn quantity(&self) -> Quantity {
        let quantity = &self.variable.quantity;
        if let Some(above) = self.above {
            let unit = in_unit(&quantity.unit);
            let name = format!("probability of {} above {}{unit}", quantity.name, number(above));
            return Quantity::new(&name, "1", Colours::Share);
        }
        if self.other.is_none() {
            return quantity.clone();
        }
        let colours = match quantity.colours {
            Colours::Rain => Colours::RainDifference,
            _ => Colours::Signed,
        };
        Quantity::new("difference", &quantity.unit, colours)
    }

    pub fn colours(&self) -> Colours {
        self.quantity().colours
    }

    /// Whether it is an attribution to one of the input frames.
    pub fn is_of_frame(&self) -> bool {
        let is_attribution = matches!(self.variable.role, Role::Attribution { .. });
        let axis = self.variable.axis().is_some_and(|axis| axis.name == Axis::INPUT_TIME);
        is_attribution && axis && self.other.is_none()
    }

    /// Whether it is an attribution of every pixel and channel of a scene.
    pub fn is_of_pixels(&self) -> bool {
        has_channels(self.variable)
    }
}

/// The share of maps with more than that at each place; missing where one is.
fn share_above(variable: &Variable, above: f64) -> Field {
    let n = variable.n_maps();
    let [height, width] = variable.plane.unwrap_or_default();
    let at = |place: usize| {
        let values = (0..n).map(|map| variable.values.at(map * height * width + place));
        let count = |sum: f64, value: f64| match value.is_nan() {
            true => f64::NAN,
            false => sum + f64::from(u8::from(value > above)),
        };
        (values.fold(0.0, count) / n.max(1) as f64) as f32
    };
    Field::new(height, width, (0..height * width).map(at).collect())
}

/// `a` minus `b`, missing where either is; both cover the same domain at the same size.
fn subtract(a: &Field, b: &Field) -> Field {
    let values = a.values.iter().zip(&b.values).map(|(a, b)| a - b);
    Field::new(a.height, a.width, values.collect())
}

/// Mean and root mean square of what was measured.
pub fn moments(field: &Field) -> (f64, f64) {
    let n = field.finite().count().max(1) as f64;
    let sum: f64 = field.finite().map(f64::from).sum();
    let squares: f64 = field.finite().map(|v| f64::from(v).powi(2)).sum();
    (sum / n, (squares / n).sqrt())
}

/// Smallest and largest value that is not missing; `None` where all are.
///
/// Pages ask for this of every figure, so it runs in lanes that the compiler can vectorise.
/// Comparisons with NaN are false, which passes over it.
pub fn extremes(field: &Field) -> Option<(f32, f32)> {
    const LANES: usize = 16;
    let (mut lows, mut highs) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    for chunk in field.values.chunks(LANES) {
        for ((low, high), &value) in lows.iter_mut().zip(&mut highs).zip(chunk) {
            *low = if value < *low { value } else { *low };
            *high = if value > *high { value } else { *high };
        }
    }
    let low = lows.into_iter().fold(f32::INFINITY, f32::min);
    let high = highs.into_iter().fold(f32::NEG_INFINITY, f32::max);
    (low <= high).then_some((low, high))
}

pub fn is_zero(values: &[f32]) -> bool {
    values.iter().all(|&v| v == 0.0)
}

/// Whether any pixel is missing; without an early end, which would keep it from being vectorised.
pub fn has_missing(field: &Field) -> bool {
    field.values.iter().fold(false, |any, v| any | v.is_nan())
}

pub fn nothing_was_measured(field: &Field) -> bool {
    extremes(field).is_none()
}
