//! Scores by lead time.

use super::*;

/// Six cases on three days, one of them without an outcome; two lead times and an analysis.
fn with(leads_h: &[Option<f64>]) -> Result<Cases, CaseError> {
    let said = [0.8, 0.4, 0.6, 0.3, 0.1, 0.9];
    let occurred = [Some(true), Some(false), None, Some(true), Some(false), Some(true)];
    Cases::new(&said, &occurred, &[5, 5, 7, 7, 9, 9])?.with_leads(leads_h)
}

fn verified(leads_h: &[Option<f64>]) -> ProbabilityVerification {
    let cases = with(leads_h).expect("lead times");
    ProbabilityVerification::of(&LABELS, &cases, &Settings::default()).expect("cases")
}

/// By hand: at 6 h the cases 0.8 (yes), 0.3 (yes), 0.1 (no); at 30 h 0.4 (no).
#[test]
fn each_lead_time_has_scores_of_its_own() {
    let at = |h: f64| Some(h);
    let leads = [at(6.0), at(30.0), at(30.0), at(6.0), at(6.0), None];
    let found = verified(&leads);
    let [six, thirty] = found.by_lead.as_slice() else { panic!("{:?}", found.by_lead) };
    assert_eq!((six.lead_h, six.n_cases, six.n_events), (6.0, 3, 3));
    assert_eq!((thirty.lead_h, thirty.n_cases, thirty.n_events), (30.0, 1, 1));
    near("Brier score", six.scores["brier"].value, (0.04 + 0.49 + 0.01) / 3.0);
    near("base rate", Some(six.base_rate), 2.0 / 3.0);
    near("ROC area", six.scores["roc_area"].value, 1.0);
    near("Brier score", thirty.scores["brier"].value, 0.16);
    assert_eq!((thirty.scores["roc_area"].value, thirty.scores["brier"].low), (None, None));
    let interval = (six.scores["brier"].low, six.scores["brier"].high);
    assert!(interval.0 < six.scores["brier"].value && six.scores["brier"].value < interval.1);
    // The total is of all cases, those without a lead time too.
    near("total", found.score("brier"), (0.04 + 0.16 + 0.49 + 0.01 + 0.01) / 5.0);
    assert_eq!(found.n_cases, 5);
    let same = ProbabilityVerification { by_lead: Vec::new(), ..found };
    assert_eq!(same, verified(&[None; 6]), "lead times change nothing else");
}

#[test]
fn an_analysis_has_none_and_old_files_are_read() {
    assert!(verified(&[None; 6]).by_lead.is_empty());
    assert!(verified(&[Some(0.0); 6]).by_lead.is_empty());
    let text = serde_json::to_string(&verified(&[None; 6])).expect("JSON");
    assert!(!text.contains("by_lead"), "files are what they were");
    let read: ProbabilityVerification = serde_json::from_str(&text).expect("it is one");
    assert!(read.by_lead.is_empty());
    let text = serde_json::to_string(&verified(&[Some(12.0); 6])).expect("JSON");
    let read: ProbabilityVerification = serde_json::from_str(&text).expect("it is one");
    assert_eq!((read.by_lead.len(), read.by_lead[0].lead_h), (1, 12.0));
}

#[test]
fn lead_times_that_cannot_be_are_refused() {
    let words = |leads: &[Option<f64>]| with(leads).expect_err("refused").to_string();
    assert!(words(&[Some(1.0); 5]).contains("5 lead times for 6 cases"));
    let mut leads = [Some(3.0); 6];
    for wrong in [-1.0, f64::NAN, f64::INFINITY] {
        leads[2] = Some(wrong);
        assert!(words(&leads).contains("case 2 has the lead time"), "{wrong}");
    }
}

/// Pixels of an ensemble: those of one run at two valid times, and those of an observation.
#[test]
fn ensembles_have_lead_times_too() {
    let mut counts = ExceedanceCounts::new(2, &[1.0]);
    let members: [&[f32]; 2] = [&[2.0, 0.0], &[0.0, 0.0]];
    counts.add((1, Some(90)), &members, &[3.0, 3.0]);
    counts.add((1, Some(180)), &members, &[0.0, 0.0]);
    counts.add((1, None), &members, &[0.0, 0.0]);
    let cases = counts.cases(0).expect("cases");
    assert_eq!((cases.leads_h(), cases.len()), (vec![1.5, 3.0], 6));
    let brier = |lead_h: f64| brier(&cases.of_lead(lead_h).ties());
    near("1.5 h", brier(1.5), (0.25 + 1.0) / 2.0);
    near("3 h", brier(3.0), 0.25 / 2.0);
}
