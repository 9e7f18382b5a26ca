//! Cases that are counted, and the shares of an ensemble's members that they are made of.

use super::*;
use crate::simulate::Random;

/// Ten days of 300 pixels each with one of five probabilities; with the probability `shared` a pixel follows its day.
fn pixels(seed: u64, shared: f64) -> (Vec<f64>, Vec<Option<bool>>, Vec<u64>) {
    let mut random = Random::new(seed);
    let (mut said, mut occurred, mut days) = (Vec::new(), Vec::new(), Vec::new());
    for day in 0..10 {
        let luck = random.unit();
        for _ in 0..300 {
            let p = random.integer(0, 4) as f64 / 4.0;
            let own = random.unit();
            let drawn = if random.chance(shared) { luck } else { own };
            said.push(p);
            occurred.push(Some(drawn < p));
            days.push(day);
        }
    }
    (said, occurred, days)
}

fn counts(said: &[f64], occurred: &[Option<bool>], days: &[u64]) -> Vec<CaseCount> {
    let count = |event: u64, probability: f64| {
        let of = |wanted: bool| {
            let is_it = |&i: &usize| {
                said[i] == probability && days[i] == event && occurred[i] == Some(wanted)
            };
            (0..said.len()).filter(is_it).count() as u64
        };
        CaseCount { event, lead_h: None, probability, n_occurred: of(true), n_quiet: of(false) }
    };
    let probabilities = (0..=4).map(|i| f64::from(i) / 4.0);
    probabilities
        .flat_map(|p| (0..10).map(move |event| (event, p)))
        .map(|(e, p)| count(e, p))
        .collect()
}

/// Of 3,000 single cases and of their counts: all scores, their intervals and the dependence are the same, and the
/// band, which draws other numbers, is as wide.
#[test]
fn counting_changes_nothing() {
    for shared in [0.0, 0.6] {
        let (said, occurred, days) = pixels(3, shared);
        let single = Cases::new(&said, &occurred, &days).expect("cases");
        let counted = Cases::counted(&counts(&said, &occurred, &days), 7).expect("cases");
        assert_eq!((counted.len(), counted.n_events(), counted.n_missing()), (3000, 10, 7));
        assert_eq!(counted.ties(), single.ties());
        let verify = |cases| ProbabilityVerification::of(&LABELS, cases, &Settings::default());
        let [a, b] = [&counted, &single].map(|cases| verify(cases).expect("cases"));
        assert_eq!(a.scores, b.scores, "with their intervals");
        assert_eq!((a.n_cases, a.contingency, &a.murphy), (b.n_cases, b.contingency, &b.murphy));
        let [a, b] = [a, b].map(|found| found.reliability.band.expect("ten days"));
        assert!((a.dependence - b.dependence).abs() < 1e-9, "{} {}", a.dependence, b.dependence);
        assert!((a.dependence - shared).abs() < 0.15, "{shared}: {}", a.dependence);
        for (place, p) in a.probability.iter().enumerate() {
            let width = |band: &Band| band.high[place] - band.low[place];
            // Ends of 500 curves waver by about a tenth of the width.
            assert!((width(&a) - width(&b)).abs() < 0.02 + 0.2 * width(&b), "{shared} at {p}");
        }
    }
}

#[test]
fn counts_that_cannot_be_are_refused() {
    let count =
        CaseCount { event: 1, lead_h: None, probability: f64::NAN, n_occurred: 1, n_quiet: 0 };
    assert!(Cases::counted(&[count], 0).is_err());
    let count = CaseCount { probability: 40.0, ..count };
    assert!(Cases::counted(&[count], 0).unwrap_err().to_string().contains("not percent"));
    let none = CaseCount { n_occurred: 0, probability: 0.4, ..count };
    let none = Cases::counted(&[none], 3).expect("no cases");
    assert!(none.is_empty() && none.n_events() == 0 && none.n_missing() == 3);
}

/// Four members at five pixels, by hand. At least 1 mm: 4, 2, 0 of 4 members and a pixel without an observation and one
/// without a member, which are missing.
#[test]
fn an_ensemble_says_the_share_of_its_members() {
    let nan = f32::NAN;
    let members: [[f32; 5]; 4] = [
        [1.0, 0.0, 0.5, 3.0, 2.0],
        [2.0, 1.0, 0.0, 3.0, 2.0],
        [3.0, 5.0, 0.9, 3.0, nan],
        [9.0, 0.2, 0.0, 3.0, 2.0],
    ];
    let members: Vec<&[f32]> = members.iter().map(|map| &map[..]).collect();
    let mut counts = ExceedanceCounts::new(4, &[1.0, 5.0]);
    counts.add((8, None), &members, &[1.0, 0.0, 0.0, nan, 1.0]);
    counts.add((3, None), &members, &[0.4, 7.0, 0.0, 0.0, nan]);
    let one = counts.cases(0).expect("cases");
    assert_eq!((one.len(), one.n_events(), one.n_missing()), (7, 2, 3));
    // Pixel 4 of the second map: all members say rain, none fell. (Tie: probability, occurred, not.)
    let tie = |probability, occurred, quiet| Tie { probability, occurred, quiet };
    assert_eq!(one.ties(), [tie(0.0, 0.0, 2.0), tie(0.5, 1.0, 1.0), tie(1.0, 1.0, 2.0)]);
    near("Brier score", brier(&one.ties()), (0.25 + 0.25 + 1.0 + 1.0) / 7.0);
    // At least 5 mm: only the last member at the first pixel, only the third at the second.
    let five = counts.cases(1).expect("cases");
    assert_eq!(five.ties(), [tie(0.0, 0.0, 3.0), tie(0.25, 1.0, 3.0)]);
    near("Brier score", brier(&five.ties()), (3.0 * 0.0625 + 0.5625) / 7.0);
}
