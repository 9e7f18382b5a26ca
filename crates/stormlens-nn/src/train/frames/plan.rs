//! Which samples an epoch takes, and in which order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use super::examples::Examples;
use super::options::EventShares;
use crate::random::Random;
use crate::train::config::TrainConfig;

/// Samples that are drawn in turn with those of other groups.
pub(super) struct Plan {
    /// Places among the training samples; a sample is in a group as often as it gives crops.
    groups: Vec<Vec<usize>>,
    n_draws: usize,
    batch_size: usize,
}

impl Plan {
    pub fn new(config: &TrainConfig, train: &[String], examples: &dyn Examples) -> Self {
        let n_crops = config.augmentation.crops_per_sample.max(1);
        let event = |id: &String| match config.data.events {
            EventShares::BySamples => None,
            EventShares::Equal => examples.event(id),
        };
        let mut groups: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
        for i in 0..n_crops * train.len() {
            let sample = i % train.len();
            groups.entry(event(&train[sample])).or_default().push(sample);
        }
        Self {
            groups: groups.into_values().collect(),
            n_draws: config
                .training
                .samples_per_epoch
                .map_or(n_crops * train.len(), NonZeroUsize::get),
            batch_size: config.training.batch_size.max(1),
        }
    }

    /// The batches of an epoch. Every round draws one sample of each group, so that groups have equal shares; none comes
    /// again before all of its group have come.
    pub fn draw(&self, random: &mut Random) -> Vec<Vec<usize>> {
        let mut left = vec![Vec::new(); self.groups.len()];
        let mut draw = |group: usize, random: &mut Random| {
            if left[group].is_empty() {
                left[group].clone_from(&self.groups[group]);
                random.shuffle(&mut left[group]);
                left[group].reverse();
            }
            left[group].pop()
        };
        let mut order = Vec::with_capacity(self.n_draws + self.groups.len());
        while order.len() < self.n_draws && !self.groups.is_empty() {
            let mut round: Vec<usize> = (0..self.groups.len()).collect();
            random.shuffle(&mut round);
            order.extend(round.into_iter().filter_map(|group| draw(group, random)));
        }
        order.truncate(self.n_draws);
        order.chunks(self.batch_size).map(<[usize]>::to_vec).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(groups: &[&[usize]], n_draws: usize) -> Plan {
        Plan { groups: groups.iter().map(|g| g.to_vec()).collect(), n_draws, batch_size: 4 }
    }

    /// What runs without events have drawn before there were any.
    #[test]
    fn one_group_is_shuffled_whole() {
        let mut order = vec![0, 1, 2, 3, 4, 0, 1, 2, 3, 4];
        let drawn = plan(&[&order], 10).draw(&mut Random::new(7));
        Random::new(7).shuffle(&mut order);
        assert_eq!(drawn, [&order[..4], &order[4..8], &order[8..]]);
        let short = plan(&[&[0, 1, 2, 3, 4, 0, 1, 2, 3, 4]], 6).draw(&mut Random::new(7));
        assert_eq!(short.concat(), order[..6]);
    }

    #[test]
    fn a_short_event_trains_as_often_as_a_long_one() {
        let long: Vec<usize> = (10..100).collect();
        let mut random = Random::new(1);
        let plan = plan(&[&[0, 1], &long, &[2, 3, 4]], 92);
        let drawn = plan.draw(&mut random).concat();
        let count =
            |from: usize, to: usize| drawn.iter().filter(|i| (from..to).contains(i)).count();
        let counts = [count(0, 2), count(2, 5), count(10, 100)];
        assert!(counts.iter().all(|n| [30, 31].contains(n)), "{counts:?}");
        // Within an event none comes again before all have come.
        assert!(count(0, 1).abs_diff(count(1, 2)) <= 1);
        assert!((10..100).all(|i| count(i, i + 1) <= 1));
        assert_ne!(drawn, plan.draw(&mut random).concat(), "drawn anew");
    }
}
