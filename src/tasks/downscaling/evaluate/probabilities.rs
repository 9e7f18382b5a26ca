//! How good the probabilities are that ensembles give: the share of the members at or above a threshold, at each node.

use stormlens_data::score::probability::{
    CaseError, ExceedanceCounts, Labels, ProbabilityVerification, Settings,
};

use super::cases::Case;
use super::forecasts::{Ensemble, Made};

/// From so many periods on, periods are drawn again; fewer say too little of how much scores waver.
const MIN_PERIODS: usize = 20;

/// What nodes share that is drawn again together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// Intervals that do not overlap, with all their tiles.
    Periods,
    /// Places, with all their times.
    Tiles,
}

impl Drawn {
    pub fn of(n_periods: usize) -> Self {
        if n_periods >= MIN_PERIODS { Self::Periods } else { Self::Tiles }
    }

    /// In the plural.
    pub fn words(self) -> &'static str {
        match self {
            Self::Periods => "periods",
            Self::Tiles => "tiles",
        }
    }

    fn event(self, case: &Case) -> u64 {
        match self {
            // Only equal or different matters.
            Self::Periods => case.period as u64,
            Self::Tiles => case.sample.tile as u64,
        }
    }
}

/// Counts of all ensembles, in their order.
pub struct Probabilities {
    pub drawn: Drawn,
    thresholds_mm: Vec<f64>,
    counted: Vec<(String, ExceedanceCounts)>,
}

impl Probabilities {
    pub fn new(drawn: Drawn, thresholds_mm: &[f64]) -> Self {
        Self { drawn, thresholds_mm: thresholds_mm.to_vec(), counted: Vec::new() }
    }

    /// Counts a tile. A node that any ensemble or the observation misses counts for none, so that all have the same
    /// cases.
    pub fn add(&mut self, case: &Case, made: &Made) {
        if self.counted.is_empty() {
            self.counted = made.ensembles.iter().map(|ensemble| self.begin(ensemble)).collect();
        }
        let observed = known_to_all(&case.sample.fine_mm, &made.ensembles);
        let event = self.drawn.event(case);
        for ((_, counts), ensemble) in self.counted.iter_mut().zip(&made.ensembles) {
            let members: Vec<&[f32]> = ensemble.members.iter().map(Vec::as_slice).collect();
            counts.add((event, case.lead_min), &members, &observed);
        }
    }

    fn begin(&self, ensemble: &Ensemble) -> (String, ExceedanceCounts) {
        let n = ensemble.members.len();
        let label = format!("{}, {n} members", ensemble.label);
        (label, ExceedanceCounts::new(n, &self.thresholds_mm))
    }

    /// Those of one threshold stand together; none without ensembles.
    ///
    /// # Errors
    /// Never for shares of members.
    pub fn verified(&self, hours: u32) -> Result<Vec<ProbabilityVerification>, CaseError> {
        let mut found = Vec::new();
        for (place, mm) in self.thresholds_mm.iter().enumerate() {
            let event = format!("rain of at least {mm} mm in {hours} h");
            for (forecast, counts) in &self.counted {
                let labels = Labels {
                    forecast,
                    event: &event,
                    cases: "nodes and times",
                    drawn: self.drawn.words(),
                };
                let cases = counts.cases(place)?;
                found.extend(ProbabilityVerification::of(&labels, &cases, &Settings::default()));
            }
        }
        Ok(found)
    }
}

/// The observation, without nodes at which a member of any ensemble is missing.
fn known_to_all(observed: &[f32], ensembles: &[Ensemble]) -> Vec<f32> {
    let mut known = observed.to_vec();
    for member in ensembles.iter().flat_map(|ensemble| &ensemble.members) {
        let missing = known.iter_mut().zip(member).filter(|(_, mm)| mm.is_nan());
        missing.for_each(|(observed, _)| *observed = f32::NAN);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use stormlens_data::downscale::{Clipped, Geometry, Sample};

    fn case(tile: usize, period: i64, fine_mm: &[f32]) -> Case {
        let sample = Sample {
            tile,
            time: "2016-09-20T03:00:00Z".parse().expect("a time"),
            coarse_mm: Vec::new(),
            fine_mm: fine_mm.to_vec(),
        };
        Case {
            sample,
            geometry: Geometry::V4,
            elevation: None,
            weights: None,
            period,
            lead_min: None,
        }
    }

    fn made(ensembles: &[(&'static str, &[&[f32]])]) -> Made {
        let ensemble = |&(label, members): &(&'static str, &[&[f32]])| Ensemble {
            name: label,
            label,
            members: members.iter().map(|map| map.to_vec()).collect(),
        };
        let ensembles = ensembles.iter().map(ensemble).collect();
        Made { forecasts: Vec::new(), ensembles, clipped: Clipped::default() }
    }

    /// Two ensembles at four nodes of two tiles, by hand.
    #[test]
    fn every_ensemble_has_the_same_cases() {
        let mut all = Probabilities::new(Drawn::of(3), &[1.0, 10.0]);
        let nan = f32::NAN;
        let two = made(&[
            ("network", &[&[2.0, 0.0], &[0.0, 0.0]]),
            ("RainFARM", &[&[2.0, nan], &[1.0, 0.0], &[0.5, 0.0], &[1.5, 0.0]]),
        ]);
        all.add(&case(4, 1, &[1.0, 5.0]), &two);
        let two = made(&[
            ("network", &[&[0.0, 3.0], &[0.0, 3.0]]),
            ("RainFARM", &[&[0.0, 2.0], &[0.0, 2.0], &[0.0, 2.0], &[0.0, 0.0]]),
        ]);
        all.add(&case(5, 1, &[0.0, 0.2]), &two);
        let found = all.verified(3).expect("shares of members");
        let names: Vec<_> = found.iter().map(|v| (v.forecast.as_str(), v.event.as_str())).collect();
        let [one, ten] = ["rain of at least 1 mm in 3 h", "rain of at least 10 mm in 3 h"];
        let [network, farm] = ["network, 2 members", "RainFARM, 4 members"];
        assert_eq!(names, [(network, one), (farm, one), (network, ten), (farm, ten)]);
        for verified in &found {
            let counted = (verified.n_cases, verified.n_missing, verified.n_events);
            assert_eq!((counted, verified.drawn.as_str()), ((3, 1, 2), "tiles"));
        }
        let brier = |i: usize| found[i].score("brier").expect("cases");
        // Of the network 1/2 where it rained, 0 and 1 where it did not; of RainFARM 3/4, 0 and 3/4.
        assert!((brier(0) - (0.25 + 0.0 + 1.0) / 3.0).abs() < 1e-12);
        assert!((brier(1) - (0.0625 + 0.0 + 0.5625) / 3.0).abs() < 1e-12);
        assert_eq!((brier(2), found[2].base_rate, found[2].score("roc_area")), (0.0, 0.0, None));
    }

    /// The same tile three and six hours into a run: two lead times, each with its own score.
    #[test]
    fn forecasts_are_told_apart_by_lead_time() {
        let mut all = Probabilities::new(Drawn::Tiles, &[1.0]);
        let said = made(&[("network", &[&[2.0, 0.0], &[0.0, 0.0]])]);
        for (lead_min, fine_mm) in [(180, [1.0, 0.0]), (360, [0.0, 1.0])] {
            all.add(&Case { lead_min: Some(lead_min), ..case(4, 1, &fine_mm) }, &said);
        }
        let found = all.verified(3).expect("shares of members").remove(0);
        let leads: Vec<_> = found.by_lead.iter().map(|lead| (lead.lead_h, lead.n_cases)).collect();
        assert_eq!(leads, [(3.0, 2), (6.0, 2)]);
        let brier = |i: usize| found.by_lead[i].scores["brier"].value.expect("cases");
        assert_eq!((brier(0), brier(1)), (0.125, 0.625));
    }

    #[test]
    fn many_periods_are_drawn_and_few_are_not() {
        assert_eq!((Drawn::of(19), Drawn::of(20)), (Drawn::Tiles, Drawn::Periods));
        let of = |drawn: Drawn| drawn.event(&case(4, -7, &[]));
        assert_eq!((of(Drawn::Tiles), of(Drawn::Periods)), (4, -7_i64 as u64));
        assert!(Probabilities::new(Drawn::Tiles, &[1.0]).verified(3).expect("none").is_empty());
    }
}
