//! What weights have seen of a sample, by the split that lies beside them.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use stormlens_data::archive::parse_id;
use stormlens_data::card::{CheckpointCard, ModelCard, NowcastField, Part, Split};
use stormlens_data::time;

use super::samples::{SampleEntry, Samples};
use crate::catalog::Catalog;
use crate::tasks::split::Seen;

/// Which part of one set of weights' split samples are in, made ready to be asked about many of them.
pub struct Membership<'a> {
    split: Option<&'a Split>,
    field: Option<NowcastField>,
    lead_times_min: &'a [u32],
    targets: Targets<'a>,
    /// Archives whose samples the split names: those that were trained on, or copies.
    archives: BTreeSet<&'a str>,
}

/// The frames that were to be predicted.
#[derive(Default)]
struct Targets<'a> {
    /// By archive (empty where the split names none) and time, the part that says more against a score.
    parts: HashMap<(&'a str, Timestamp), Part>,
    /// Of all archives; `None` where a name of the split says no time.
    times: Option<HashSet<Timestamp>>,
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
            targets: split.map(|split| Targets::of(split, lead_times_min)).unwrap_or_default(),
            archives: split.map(|split| archives(samples, split)).unwrap_or_default(),
        }
    }

    /// The part that a sample is in. One that the split does not name is in the part of the frames that
    /// were to be predicted there: at several lead times, samples between two parts are left out of both.
    pub fn part(&self, sample: &SampleEntry) -> Part {
        let Some(split) = self.split.filter(|_| self.field == Some(sample.field)) else {
            return Part::Unknown;
        };
        if let Some(part) = named(split, sample) {
            return part;
        }
        if !sample.is_dated() {
            return Part::Unknown;
        }
        let ahead = |&lead: &u32| time::add_minutes(sample.time, lead.into());
        let times: Vec<Timestamp> = self.lead_times_min.iter().filter_map(ahead).collect();
        if self.archives.contains(sample.archive()) {
            return self.targets.seen(sample.archive(), &times);
        }
        // Whatever archive it was that weights were trained on, these times were not in it.
        let is_elsewhere = |known: &HashSet<Timestamp>| times.iter().all(|t| !known.contains(t));
        match self.targets.times.as_ref().is_some_and(is_elsewhere) {
            true => Part::Unused,
            false => Part::Unknown,
        }
    }
}

impl<'a> Targets<'a> {
    fn of(split: &'a Split, lead_times_min: &[u32]) -> Self {
        let (mut parts, mut times) = (HashMap::new(), Some(HashSet::new()));
        for (name, part) in split.all() {
            let (archive, sample) = name.rsplit_once('/').unwrap_or(("", name));
            let Some((_, start)) = parse_id(sample) else {
                times = None;
                continue;
            };
            for time in lead_times_min.iter().filter_map(|&l| time::add_minutes(start, l.into())) {
                let known = parts.entry((archive, time)).or_insert(part);
                *known = part.max(*known);
                times.iter_mut().for_each(|times| _ = times.insert(time));
            }
        }
        Self { parts, times }
    }

    /// The worst part in which frames of these times were to be predicted.
    fn seen(&self, archive: &str, times: &[Timestamp]) -> Part {
        let part = |time: &Timestamp| {
            [archive, ""].iter().filter_map(|name| self.parts.get(&(*name, *time)).copied()).max()
        };
        let parts = times.iter().filter_map(part);
        parts.filter(|part| part.is_seen()).max().unwrap_or(Part::Unused)
    }
}

/// The part of a sample that stands in a split by its own name, or with the folder of its archive before that.
fn named(split: &Split, sample: &SampleEntry) -> Option<Part> {
    let own = split.part(sample.name());
    own.or_else(|| split.part(&format!("{}/{}", sample.archive(), sample.name())))
}

/// Archives that hold every sample that the split names of one archive.
fn archives<'a>(samples: &'a Samples, split: &Split) -> BTreeSet<&'a str> {
    let folder = |name: &str| name.rsplit_once('/').map_or(String::new(), |n| n.0.to_owned());
    let mut n_named: HashMap<String, usize> = HashMap::new();
    split.all().for_each(|(name, _)| *n_named.entry(folder(name)).or_default() += 1);
    let mut n_found: HashMap<&str, usize> = HashMap::new();
    for sample in samples.list().iter().filter(|sample| named(split, sample).is_some()) {
        *n_found.entry(sample.archive()).or_default() += 1;
    }
    let is_whole = |(archive, n): (&'a str, usize)| {
        let n_all = n_named.get(archive).or_else(|| n_named.get(""))?;
        (n == *n_all).then_some(archive)
    };
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

    pub fn seen(&self, sample: &SampleEntry) -> Seen {
        Seen::of(&self.parts(sample))
    }
}

#[cfg(test)]
mod tests;
