//! Sums over many parts of a batch. Groups of parts are summed at the same time, each by itself.

use std::ops::Range;

use rayon::prelude::*;

/// Sums that all groups together hold at most.
const ROOM: usize = 1 << 20;

/// Groups at most.
const MOST: usize = 16;

/// Sums that every part of a batch adds to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub n: usize,
    /// Numbers that are summed up.
    pub n_sums: usize,
}

impl Parts {
    /// Groups that sum apart; how many cores there are does not change them, and so no digit. Large sums are one group, whose
    /// parts are shared out over cores by those who add.
    pub fn n_groups(n_sums: usize) -> usize {
        (ROOM / n_sums.max(1)).clamp(1, MOST)
    }

    /// Adds every part to sums that begin at zero, with what `begin` makes for each group.
    pub fn sum<S>(
        self,
        begin: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, usize, &mut [f32]) + Sync,
    ) -> Vec<f32> {
        let together = self.n.div_ceil(Self::n_groups(self.n_sums)).max(1);
        let group = |parts: Range<usize>| {
            let (mut state, mut sums) = (begin(), vec![0.0; self.n_sums]);
            parts.for_each(|part| add(&mut state, part, &mut sums));
            sums
        };
        let starts: Vec<usize> = (0..self.n).step_by(together).collect();
        let ranges = starts.into_par_iter().map(|start| start..(start + together).min(self.n));
        let groups: Vec<Vec<f32>> = ranges.map(group).collect();
        let mut groups = groups.into_iter();
        let mut sums = groups.next().unwrap_or_else(|| vec![0.0; self.n_sums]);
        for group in groups {
            sums.iter_mut().zip(group).for_each(|(sum, own)| *sum += own);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_added_once() {
        for (n, n_sums) in [(0, 3), (1, 1), (5, ROOM / 2), (40, 2), (3, 2 * ROOM)] {
            let add = |seen: &mut usize, part: usize, sums: &mut [f32]| {
                *seen += 1;
                sums[0] += part as f32;
                sums[n_sums - 1] += 1.0;
            };
            let sums = Parts { n, n_sums }.sum(|| 0, add);
            let total = (0..n).sum::<usize>() + if n_sums == 1 { n } else { 0 };
            assert_eq!(sums[0], total as f32, "{n} parts");
            assert!(n_sums == 1 || sums[n_sums - 1] == n as f32, "{n} parts");
        }
    }
}
