//! From what methods found to variables and numbers: the same for every task.

use stormlens_data::card::MethodCard;
use stormlens_data::network::{Explained, Map, Meaning, Measure, Series};
use stormlens_data::outcome::{Axis, Colours, Domain, Number, Quantity, Role, Values, Variable};

#[cfg(test)]
mod tests;

/// What a task knows about where attributions lie and what they measure.
pub struct Setting<'a> {
    pub methods: &'a [MethodCard],
    /// Of the input's channels.
    pub input_axis: Axis,
    pub input_domain: Domain,
    pub layer_domain: Domain,
    /// Unit of the number that is explained, and what a network's number is multiplied by to be in it.
    pub unit: &'a dyn Fn(&Explained) -> &'static str,
    pub factor: f64,
    /// What a network's input is multiplied by to be in its physical unit.
    pub input_factor: f64,
    /// Whether the target is another number in the network's own unit.
    pub has_own_unit: bool,
    /// Whether the target is the mean of its pixels, not their sum.
    pub is_mean: bool,
    /// Target of the explanation, in words that may stand alone.
    pub target: &'a dyn Fn(&Explained) -> String,
}

impl Setting<'_> {
    /// All maps and series of an explanation.
    pub fn variables(&self, explained: &Explained) -> Vec<Variable> {
        let maps = explained.maps.iter().map(|map| self.map(explained, map));
        maps.chain(explained.series.iter().map(|series| self.series(explained, series))).collect()
    }

    fn map(&self, explained: &Explained, map: &Map) -> Variable {
        let [_, height, width] = map.shape;
        let is_of_layer = map.layer.is_some();
        let factor = self.factor_of(map.meaning);
        let values = match factor {
            1.0 => map.values.clone(),
            factor => map.values.iter().map(|&v| (f64::from(v) * factor) as f32).collect(),
        };
        Variable {
            name: name(&explained.method, map.layer.as_deref(), map.part),
            role: Role::Attribution {
                method: explained.method.clone(),
                layer: map.layer.clone(),
                target: (self.target)(explained),
            },
            quantity: self.quantity(explained, map.meaning),
            axes: match map.shape[0] == self.input_axis.len() && !is_of_layer {
                true => vec![self.input_axis.clone()],
                // One map for all channels.
                false => Vec::new(),
            },
            plane: Some([height, width]),
            domain: if is_of_layer { &self.layer_domain } else { &self.input_domain }.clone(),
            values: Values::F32(values),
        }
    }

    fn factor_of(&self, meaning: Meaning) -> f64 {
        match meaning {
            Meaning::ShareOfMaximum | Meaning::WeightedActivation => 1.0,
            Meaning::Contribution => self.factor,
            Meaning::Sensitivity => self.factor / self.input_factor,
        }
    }

    fn quantity(&self, explained: &Explained, meaning: Meaning) -> Quantity {
        let title = self.methods.iter().find(|card| card.id == explained.method);
        let title = title.map_or(explained.method.as_str(), |card| card.title);
        let unit = (self.unit)(explained);
        match meaning {
            Meaning::ShareOfMaximum => {
                Quantity::new(&format!("{title} (share of maximum)"), "1", Colours::Evidence)
            }
            Meaning::WeightedActivation => {
                Quantity::new("weighted activation", "1", Colours::Signed)
            }
            Meaning::Contribution => Quantity::new("attribution", unit, Colours::Signed),
            Meaning::Sensitivity if self.factor == self.input_factor && self.factor != 1.0 => {
                // The same unit above and below.
                Quantity::new("sensitivity", "1", Colours::Sizes)
            }
            Meaning::Sensitivity => Quantity::new("sensitivity", unit, Colours::Sizes),
        }
    }

    fn series(&self, explained: &Explained, series: &Series) -> Variable {
        let (factor, unit) = self.unit_if(explained, series.is_in_target_unit);
        let is_of_input =
            series.values.len() == self.input_axis.len() && series.axis == Axis::CHANNEL;
        let axis = match series.layer.is_none() && is_of_input {
            true => self.input_axis.clone(),
            false => Axis::numbers(series.axis, "1", series.coordinates.clone()),
        };
        Variable {
            name: name(&explained.method, series.layer.as_deref(), series.part),
            role: Role::Diagnostic,
            quantity: Quantity::new(series.name, unit, Colours::None),
            axes: vec![axis],
            plane: None,
            domain: Domain::None,
            values: Values::F64(series.values.iter().map(|value| value * factor).collect()),
        }
    }

    /// The value of the target and all measures of an explanation.
    pub fn numbers(&self, explained: &Explained) -> Vec<Number> {
        let unit = (self.unit)(explained);
        let name = |part: &str| self::name(&explained.method, None, part);
        let target = (self.target)(explained);
        let mut numbers =
            vec![Number::new(name("target"), explained.score * self.factor, unit, &target)];
        if let Some(mask) = &explained.mask {
            let n_pixels = mask.iter().filter(|&&m| m > 0.0).count();
            let meaning = match self.is_mean {
                true => "pixels that the target is the mean of",
                false => "pixels that the target is the sum of",
            };
            numbers.push(Number::new(name("n_pixels"), n_pixels as f64, "1", meaning));
            let normalised = "the target in the network's own units";
            numbers.extend(
                self.has_own_unit.then(|| {
                    Number::new(name("target_normalised"), explained.score, "1", normalised)
                }),
            );
        }
        let measure = |measure: &Measure| {
            let (factor, unit) = self.unit_if(explained, measure.is_in_target_unit);
            Number::new(name(measure.name), measure.value * factor, unit, measure.meaning)
        };
        numbers.extend(explained.measures.iter().map(measure));
        numbers
    }

    fn unit_if(&self, explained: &Explained, is_in_target_unit: bool) -> (f64, &'static str) {
        if is_in_target_unit { (self.factor, (self.unit)(explained)) } else { (1.0, "1") }
    }
}

/// `grad_cam/cbam4/raw`
fn name(method: &str, layer: Option<&str>, part: &str) -> String {
    let method = method.replace('-', "_");
    let parts = [Some(method.as_str()), layer, (!part.is_empty()).then_some(part)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("/")
}
