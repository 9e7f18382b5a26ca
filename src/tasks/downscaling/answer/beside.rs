//! What stands beside the rain of the network: simple rivals, RainFARM, and the members of an ensemble.

use stormlens_data::downscale::EnsembleKind;
use stormlens_data::network::Answer;
use stormlens_data::outcome::{Axis, Colours, Note, Over, Quantity, Role, Values, Variable};

use super::{Made, interval};
use crate::tasks::downscaling::fields::Climatology;
use crate::tasks::downscaling::map::{from_north, refined};
use crate::tasks::downscaling::rivals;

/// Below this a ratio of rain says nothing, mm.
const LEAST_MM: f32 = 0.1;

impl Made<'_> {
    pub(super) fn add_rivals(&mut self) {
        for which in rivals::FIELDS {
            if let Ok(mm) = rivals::field(self.work, which) {
                self.variables.push(self.rain(which.name(), Role::Reference, &mm));
                self.forecasts.push((which.name().to_owned(), mm));
            }
        }
        if let Some((_, bilinear)) = self.forecasts.get(1) {
            // Where hardly anything falls a ratio says nothing.
            let ratio = |(a, b): (&f32, &f32)| if *b >= LEAST_MM { a / b } else { f32::NAN };
            let ratio: Vec<f32> = self.refined.mm.iter().zip(bilinear).map(ratio).collect();
            let has_gaps = self.refined.mm.iter().chain(bilinear).any(|mm| mm.is_nan());
            let missing = if has_gaps { "no rain, or no data" } else { "no rain" };
            let quantity = Quantity::new("ratio to bilinear", "1", Colours::Factor)
                .missing_where(&format!("{missing}: undefined"))
                .over(Over::OfSum);
            self.variables.push(self.rain_of(quantity, "ratio", Role::Diagnostic, &ratio));
        }
        self.add_rainfarm("rainfarm", None);
        let work = self.work;
        match &work.climatology {
            Some(own) => self.add_rainfarm("rainfarm_orographic", Some(own)),
            None => {
                let text = "no RainFARM with weights for terrain: no archive that covers the domain says where it rains more";
                self.notes.push(Note::new("no-orographic", text, false));
            }
        }
    }

    /// One member as a map, the mean of all, and both as forecasts.
    fn add_rainfarm(&mut self, name: &'static str, climatology: Option<&Climatology>) {
        match rivals::rainfarm(self.work, &self.ground, climatology) {
            Ok((members, words)) => {
                let mean_of = format!("{name}_mean");
                let mean = rivals::mean(&members);
                let first = self.rain(name, Role::Reference, &members[0]);
                self.variables.push(first);
                self.variables.push(self.rain(&mean_of, Role::Reference, &mean));
                self.forecasts.push((name.to_owned(), members[0].clone()));
                self.forecasts.push((mean_of, mean));
                self.rainfarm.push((name, members));
                self.notes.push(Note::new(name, words, false));
            }
            Err(error) => {
                self.notes.push(Note::new(&format!("no-{name}"), error.to_string(), false));
            }
        }
    }

    /// Members, their mean and spread.
    pub(super) fn add_ensemble(&mut self, answers: &[Answer]) {
        let work = self.work;
        let n_wet = work.wet.len();
        let (kind, tiles): (String, Vec<Vec<&[f32]>>) = match work.refinement.ensemble {
            EnsembleKind::None => return,
            EnsembleKind::Dropout => {
                let member = |m: usize| {
                    let own = answers.iter().take(n_wet);
                    own.filter_map(|answer| answer.sampled.get(m).map(Vec::as_slice)).collect()
                };
                ("dropout".to_owned(), (0..work.refinement.n_members).map(member).collect())
            }
            EnsembleKind::Epochs => {
                let member = |m: usize| {
                    let own = answers.iter().skip((m + 1) * n_wet).take(n_wet);
                    own.map(|answer| answer.prediction.as_slice()).collect()
                };
                ("epoch".to_owned(), (0..work.members.len()).map(member).collect())
            }
        };
        let maps: Result<Vec<Vec<f32>>, _> =
            tiles.iter().map(|tiles| refined(work, tiles).map(|refined| refined.mm)).collect();
        let Ok(members) = maps else { return };
        if members.len() < 2 {
            return;
        }
        let names = (0..members.len()).map(|m| match work.members.get(m) {
            Some(path) => format!("{kind} {}", path.rsplit('/').next().unwrap_or(path)),
            None => format!("{kind} {}", m + 1),
        });
        let axis = Axis::names(Axis::MEMBER, names);
        let stacked = members.iter().flat_map(|mm| from_north(mm, self.ground.width())).collect();
        let (mean, spread) = (rivals::mean(&members), rivals::spread(&members));
        self.variables.push(Variable {
            axes: [vec![axis], interval(work)].concat(),
            values: Values::F32(stacked),
            ..self.rain("members", Role::Diagnostic, &mean)
        });
        let of_members =
            Quantity { name: "mean of the members".to_owned(), ..self.quantity.clone() };
        self.variables.push(self.rain_of(of_members, "mean", Role::Diagnostic, &mean));
        let quantity =
            Quantity::new("spread of the members", "mm", Colours::Amount).over(Over::OfSum);
        self.variables.push(self.rain_of(quantity, "spread", Role::Diagnostic, &spread));
        self.forecasts.push(("mean".to_owned(), mean));
        self.members = members;
    }
}
