//! What a result holds: maps of probabilities and classes, what masks say, and the fields themselves.

use stormlens_data::network::Answer;
use stormlens_data::outcome::{Axis, Colours, Number, Quantity, Role, Variable};

use super::classes::{class_names, event_names, exceedances, n_classes, recalibrated, softmax};
use super::{CLASS, ENTROPY, EXCEEDANCE, MEAN, PREDICTION, PROBABILITY, SPREAD};
use crate::tasks::rain_probability::gauges;
use crate::tasks::rain_probability::ground::Ground;
use crate::tasks::rain_probability::prepare::Work;
use crate::tasks::rain_probability::quantities::field_quantity;

/// A result while it is made.
pub(super) struct Made<'a> {
    work: &'a Work,
    shares: Vec<f32>,
    exceedances: Vec<f32>,
    probabilities: Option<Vec<f32>>,
    /// Of each mask.
    masked: Vec<Vec<f32>>,
    rebuilt: Option<&'a [f32]>,
}

impl<'a> Made<'a> {
    pub(super) fn new(work: &'a Work, answers: &'a [Answer]) -> Self {
        let statement = &work.card.fields;
        let n_classes = n_classes(statement);
        let first = answers.first().map(|answer| answer.prediction.as_slice()).unwrap_or_default();
        let shares = softmax(first, n_classes);
        let exceedances = exceedances(&shares, n_classes);
        let masked = answers.iter().skip(1);
        let rebuilt = masked.clone().find_map(|answer| answer.shown.first());
        Self {
            probabilities: recalibrated(&exceedances, statement),
            masked: masked
                .map(|answer| {
                    super::exceedances(&softmax(&answer.prediction, n_classes), n_classes)
                })
                .collect(),
            rebuilt: rebuilt.map(|layer| layer.values.as_slice()),
            work,
            shares,
            exceedances,
        }
    }

    fn ground(&self) -> Ground<'_> {
        Ground(&self.work.card.fields)
    }

    pub(super) fn variables(&self) -> Vec<Variable> {
        let mut variables = self.probabilities();
        variables.extend(self.classes());
        variables.extend(self.of_masks());
        variables.extend(self.fields());
        let measured = self.measured();
        variables.extend(gauges::observed(self.work));
        variables.extend(gauges::truth(self.work));
        variables.extend(gauges::labels(self.work));
        variables.extend(gauges::at_gauges(self.work, &measured));
        variables
    }

    /// Everything that is said at a pixel.
    fn measured(&self) -> gauges::Said<'_> {
        gauges::Said {
            shares: &self.shares,
            exceedances: &self.exceedances,
            probabilities: self.probabilities.as_deref(),
        }
    }

    fn probabilities(&self) -> Vec<Variable> {
        let statement = &self.work.card.fields;
        let share = |name: &str| Quantity::new(name, "1", Colours::Share);
        let classes = Axis::names(Axis::CLASS, class_names(statement));
        let mut prediction = self.ground().variable(
            PREDICTION,
            Role::Prediction,
            share("membership"),
            (Some(classes), self.shares.clone()),
        );
        if self.work.loaded.is_only_one {
            prediction.axes.insert(0, Axis::counted("input", 1));
        }
        let exceeding = |name: &str, what: &str, values: &[f32]| {
            let axis = Axis::names("event", event_names(statement));
            self.ground().variable(
                name,
                Role::Prediction,
                share(what),
                (Some(axis), values.to_vec()),
            )
        };
        let mut variables = vec![prediction];
        variables.push(exceeding(EXCEEDANCE, "membership", &self.exceedances));
        if let Some(values) = &self.probabilities {
            variables.push(exceeding(PROBABILITY, "probability", values));
        }
        variables
    }

    /// The most likely class, counted from 0, and how undecided the network is.
    fn classes(&self) -> [Variable; 2] {
        let n_classes = n_classes(&self.work.card.fields);
        let n = self.shares.len() / n_classes;
        let of = |i: usize| (0..n_classes).map(move |class| self.shares[class * n + i]);
        let likeliest = |i: usize| {
            let best = of(i).enumerate().fold((0, f32::MIN), |best, (class, share)| {
                if share > best.1 { (class, share) } else { best }
            });
            best.0 as f32
        };
        let entropy = |i: usize| {
            let bits = |share: f32| match share {
                0.0 => 0.0,
                share => -f64::from(share) * f64::from(share).log2(),
            };
            of(i).map(bits).sum::<f64>() as f32
        };
        let map = |name: &str, quantity: Quantity, values: Vec<f32>| {
            self.ground().variable(name, Role::Prediction, quantity, (None, values))
        };
        [
            map(
                CLASS,
                Quantity::class(
                    "most likely class by membership, not recalibrated",
                    class_names(&self.work.card.fields),
                ),
                (0..n).map(likeliest).collect(),
            ),
            map(
                ENTROPY,
                Quantity::new("entropy of the memberships", "bit", Colours::Amount),
                (0..n).map(entropy).collect(),
            ),
        ]
    }

    /// What the predictions behind masks say together.
    fn of_masks(&self) -> Vec<Variable> {
        if self.masked.is_empty() {
            return Vec::new();
        }
        let axis = || Axis::names("event", event_names(&self.work.card.fields));
        let map = |name: &str, quantity: Quantity, values: Vec<f32>| {
            self.ground().variable(name, Role::Diagnostic, quantity, (Some(axis()), values))
        };
        let (mean, spread) = moments(&self.masked);
        vec![
            map(MEAN, Quantity::new("mean membership", "1", Colours::Share), mean),
            map(SPREAD, Quantity::new("spread behind masks", "1", Colours::Amount), spread),
        ]
    }

    /// Each variable in its unit, and what the network rebuilds of it behind the first mask.
    fn fields(&self) -> Vec<Variable> {
        let statement = &self.work.card.fields;
        let n = statement.size[0] * statement.size[1];
        let mut variables = Vec::new();
        for (channel, variable) in statement.variables.iter().enumerate() {
            let quantity = field_quantity(variable, statement);
            let physical = |z: &f32| variable.physical(*z).unwrap_or(*z);
            let of = |values: &[f32]| -> Vec<f32> {
                values[channel * n..(channel + 1) * n].iter().map(physical).collect()
            };
            let map = |name: String, role, values| {
                let mut quantity = quantity.clone();
                match name.split('/').next() {
                    Some("seen") => {
                        quantity.name += ", as the first mask leaves it";
                        quantity = quantity.missing_where("hidden from the network");
                    }
                    Some("rebuilt") => quantity.name += ", rebuilt by the network",
                    _ => quantity = quantity.missing_where("no value: hidden from the network"),
                }
                self.ground().variable(&name, role, quantity, (None, values))
            };
            variables.push(map(
                format!("field/{}", variable.name),
                Role::Input,
                of(&self.work.input),
            ));
            let rebuilt = self.rebuilt.filter(|values| values.len() >= (channel + 1) * n);
            if let (Some(values), Some(mask)) = (rebuilt, self.work.masks.first()) {
                let mut seen = self.work.input.clone();
                self.work.tokens.hide(&mut seen, mask);
                variables.push(map(format!("seen/{}", variable.name), Role::Context, of(&seen)));
                let name = format!("rebuilt/{}", variable.name);
                variables.push(map(name, Role::Diagnostic, of(values)));
            }
        }
        variables.retain(|variable| variable.map(0).range().is_some());
        variables
    }

    pub(super) fn numbers(&self) -> Vec<Number> {
        let n_hidden = self.work.hidden.iter().filter(|&&hidden| hidden).count();
        let share = n_hidden as f64 / self.work.hidden.len().max(1) as f64;
        vec![Number::new(
            "hidden_share",
            share,
            "1",
            "share of the tokens that the network does not see",
        )]
    }
}

fn moments(members: &[Vec<f32>]) -> (Vec<f32>, Vec<f32>) {
    let n = members.len() as f64;
    let at = |i: usize| members.iter().map(move |member| f64::from(member[i]));
    let mean = |i: usize| at(i).sum::<f64>() / n;
    let spread = |i: usize| {
        let mean = mean(i);
        (at(i).map(|p| (p - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt()
    };
    let all = 0..members[0].len();
    (all.clone().map(|i| mean(i) as f32).collect(), all.map(|i| spread(i) as f32).collect())
}
