//! Which windows of a series of frames become samples.

use jiff::Timestamp;

use crate::import::knmi::FRAME_STEP_MIN;
use crate::time;

/// How windows are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// The rain is looked for in the frame to predict, and all frames of a window follow each other
    /// without a gap.
    #[default]
    Fixed,
    /// As the reference program does: the rain is looked for in the frame *after* the window,
    /// windows may straddle gaps, and the last possible window is never taken. For comparison with
    /// published numbers.
    Compat,
}

/// Frames missing from a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last frame before the gap and the first one behind it.
    pub after: Timestamp,
    pub before: Timestamp,
    pub n_missing: usize,
}

/// The gaps in a series of frames so many minutes apart.
pub fn gaps(times: &[Timestamp], step_min: u32) -> Vec<Gap> {
    let step_s = i64::from(step_min.max(1)) * 60;
    let pairs = times.windows(2).map(|pair| (pair[0], pair[1]));
    pairs
        .filter(|&(after, before)| !is_next(after, before, step_min))
        .map(|(after, before)| {
            let n_steps = (before.as_second() - after.as_second()) / step_s;
            Gap { after, before, n_missing: usize::try_from(n_steps - 1).unwrap_or(0) }
        })
        .collect()
}

/// Indices of the first frames of the windows of `n_frames` that hold enough rain: at least
/// `rain_threshold` (a share, 0 to 1) of the `n_pixels` pixels of one frame are wet. `n_wet` counts
/// them for every frame.
pub fn select_windows(
    rule: Rule,
    times: &[Timestamp],
    n_wet: &[usize],
    n_pixels: usize,
    n_frames: usize,
    rain_threshold: f64,
) -> Vec<usize> {
    let is_wet = |i: usize| n_wet[i] as f64 >= rain_threshold * n_pixels as f64;
    match rule {
        Rule::Compat => {
            (n_frames..times.len()).filter(|&i| is_wet(i)).map(|i| i - n_frames).collect()
        }
        Rule::Fixed => {
            let runs = run_lengths(times);
            let ends = (0..times.len()).filter(|&end| runs[end] >= n_frames && is_wet(end));
            ends.map(|end| end + 1 - n_frames).collect()
        }
    }
}

/// For every frame, how many frames without a gap end with it.
fn run_lengths(times: &[Timestamp]) -> Vec<usize> {
    let mut runs = Vec::with_capacity(times.len());
    for (i, &time) in times.iter().enumerate() {
        let follows = i > 0 && is_next(times[i - 1], time, FRAME_STEP_MIN);
        runs.push(if follows { runs[i - 1] + 1 } else { 1 });
    }
    runs
}

fn is_next(earlier: Timestamp, later: Timestamp, step_min: u32) -> bool {
    time::add_minutes(earlier, step_min.into()) == Some(later)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times at these minutes past midnight.
    fn times(minutes: &[i64]) -> Vec<Timestamp> {
        let midnight = time::parse_sample("20100826T0000").unwrap();
        minutes.iter().map(|&m| time::add_minutes(midnight, m).unwrap()).collect()
    }

    fn check(rule: Rule, minutes: &[i64], n_wet: &[usize], expected: &[usize]) {
        assert_eq!(select_windows(rule, &times(minutes), n_wet, 10, 3, 0.5), expected);
    }

    const MINUTES: [i64; 6] = [0, 5, 10, 15, 20, 25];

    #[test]
    fn the_frame_to_predict_decides() {
        check(Rule::Fixed, &MINUTES, &[0, 0, 5, 0, 9, 4], &[0, 2]);
        check(Rule::Fixed, &MINUTES, &[9; 6], &[0, 1, 2, 3]);
    }

    #[test]
    fn the_reference_program_looks_one_frame_too_far() {
        check(Rule::Compat, &MINUTES, &[0, 0, 5, 0, 9, 4], &[1]);
        check(Rule::Compat, &MINUTES, &[9; 6], &[0, 1, 2]);
    }

    #[test]
    fn windows_do_not_straddle_gaps_but_those_of_the_reference_do() {
        let minutes = [0, 5, 10, 20, 25, 30];
        check(Rule::Fixed, &minutes, &[9; 6], &[0, 3]);
        check(Rule::Compat, &minutes, &[9; 6], &[0, 1, 2]);
    }

    #[test]
    fn short_series_have_no_window() {
        for rule in [Rule::Fixed, Rule::Compat] {
            check(rule, &[0, 5], &[9; 2], &[]);
            check(rule, &[], &[], &[]);
        }
    }

    #[test]
    fn gaps_are_counted_in_frames() {
        assert_eq!(gaps(&times(&MINUTES), 5), []);
        let with_gap = times(&[0, 5, 20, 25]);
        let gap = Gap { after: with_gap[1], before: with_gap[2], n_missing: 2 };
        assert_eq!(gaps(&with_gap, 5), [gap]);
        let quarters = times(&[0, 15, 45]);
        let gap = Gap { after: quarters[1], before: quarters[2], n_missing: 1 };
        assert_eq!(gaps(&quarters, 15), [gap]);
        assert_eq!(gaps(&times(&[0, 0]), 5)[0].n_missing, 0);
    }
}
