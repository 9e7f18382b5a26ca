//! What weights have seen of a sample, by the split that lies beside them.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use stormlens_data::card::{CheckpointCard, ModelCard, NowcastField, Part, Split};
use stormlens_data::time;

use super::samples::{SampleEntry, Samples};
use crate::catalog::Catalog;

/// Which part of one set of weights' split samples are in, made ready to be asked about many of them.
pub struct Membership<'a> {
    split: Option<&'a Split>,
    field: Option<NowcastField>,
    lead_times_min: &'a [u32],
    /// The parts of frames that were to be predicted, by their times.
    targets: HashMap<Timestamp, Part>,
    /// Archives that hold every sample of the split: the one that was trained on, or a copy.
    archives: BTreeSet<&'a str>,
}

impl<'a> Membership<'a> {
    pub fn new(samples: &'a Samples, checkpoint: &'a CheckpointCard) -> Self {
        let task = checkpoint.nowcasting.as_ref();
        let lead_times_min = task.map_or(&[][..], |task| &task.lead_times_min);
        let split = checkpoint.split.as_ref();
        Self {
            split,
            field: task.map(|task| task.field),
            lead_times_min,
            targets: split.map(|split| targets(split, lead_times_min)).unwrap_or_default(),
            archives: split.map(|split| archives(samples, split)).unwrap_or_default(),
        }
    }

    /// The part that a sample is in. One that the split does not name is in the part of the frames that
    /// were to be predicted there: at several lead times, samples between two parts are left out of both.
    pub fn part(&self, sample: &SampleEntry) -> Part {
        let Some(split) = self.split.filter(|_| self.field == Some(sample.field)) else {
            return Part::Unknown;
        };
        if let Some(part) = split.part(sample.name()) {
            return part;
        }
        if !self.archives.contains(sample.archive()) {
            return Part::Unknown;
        }
        let ahead = |&lead: &u32| time::add_minutes(sample.time, lead.into());
        let found = self.lead_times_min.iter().filter_map(ahead);
        let parts = found.filter_map(|time| self.targets.get(&time)).copied();
        parts.filter(|part| part.is_seen()).max().unwrap_or(Part::Unused)
    }
}

/// Of frames that two parts name, the one that says more against a score.
fn targets(split: &Split, lead_times_min: &[u32]) -> HashMap<Timestamp, Part> {
    let mut targets = HashMap::new();
    for (name, part) in split.all() {
        let Some(start) = time::parse_sample(name) else { continue };
        for time in lead_times_min.iter().filter_map(|&l| time::add_minutes(start, l.into())) {
            let known = targets.entry(time).or_insert(part);
            *known = part.max(*known);
        }
    }
    targets
}

fn archives<'a>(samples: &'a Samples, split: &Split) -> BTreeSet<&'a str> {
    let mut n_found: HashMap<&str, usize> = HashMap::new();
    for sample in samples.list().iter().filter(|sample| split.part(sample.name()).is_some()) {
        *n_found.entry(sample.archive()).or_default() += 1;
    }
    let n_all = split.all().count();
    let is_whole = |(archive, n): (&'a str, usize)| (n == n_all).then_some(archive);
    n_found.into_iter().filter_map(is_whole).collect()
}

/// The part that a sample is in for some weights.
pub fn part(samples: &Samples, id: &str, checkpoint: &CheckpointCard) -> Part {
    let found = samples.find(id);
    found.map_or(Part::Unknown, |sample| Membership::new(samples, checkpoint).part(&sample))
}

/// All weights of a catalogue that forecast, for lists.
pub struct Memberships<'a>(Vec<Membership<'a>>);

impl<'a> Memberships<'a> {
    pub fn new(samples: &'a Samples, catalog: &'a Catalog) -> Self {
        let of = |model: &'a std::sync::Arc<ModelCard>| catalog.checkpoints(model.id);
        let weights = catalog.models().iter().flat_map(of);
        let forecasts = weights.filter(|weights| weights.nowcasting.is_some());
        Self(forecasts.map(|weights| Membership::new(samples, weights)).collect())
    }

    fn parts(&self, sample: &SampleEntry) -> Vec<Part> {
        let forecasts = |weights: &&Membership<'_>| weights.field == Some(sample.field);
        self.0.iter().filter(forecasts).map(|weights| weights.part(sample)).collect()
    }

    /// The part that says most against a score, over all weights for the field.
    pub fn worst(&self, sample: &SampleEntry) -> Part {
        self.parts(sample).into_iter().max().unwrap_or(Part::Unknown)
    }

    /// `Training sample of 1 of 3 networks`; empty where there is no network to ask.
    pub fn words(&self, sample: &SampleEntry) -> String {
        let parts = self.parts(sample);
        let Some(worst) = parts.iter().copied().max() else { return String::new() };
        let n = parts.iter().filter(|part| **part == worst).count();
        match worst.is_seen() && n < parts.len() {
            true => format!("{} of {n} of {} networks", worst.label(), parts.len()),
            false => worst.label().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
