use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::PathBuf;

use stormlens_data::forecast::{LagrangianPersistence, Persistence};
use stormlens_data::request::{Cancelled, Silent};
use stormlens_data::score::PERSISTENCE;
use stormlens_data::score::events::EventReport;

use super::*;

const LEADS: [u32; 2] = [10, 30];

fn archive() -> Archive {
    Archive::open(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/knmi")).expect("frames")
}

/// Every half hour of the night.
fn samples(archive: &Archive) -> Vec<Chosen> {
    let selection = Selection { stride_min: 60, ..Selection::default() };
    select(archive, 3, &LEADS, &selection).expect("samples")
}

fn two() -> Vec<Box<dyn Forecasts>> {
    vec![
        Box::new(Reference(Box::new(Persistence))),
        Box::new(Reference(Box::new(LagrangianPersistence))),
    ]
}

/// Says stop after so many reports.
struct Stop(Cell<usize>);

impl Progress for Stop {
    fn report(&self, _: &str, _: usize, _: usize) -> ControlFlow<Cancelled> {
        match self.0.get() {
            0 => ControlFlow::Break(Cancelled),
            n => {
                self.0.set(n - 1);
                ControlFlow::Continue(())
            }
        }
    }
}

fn study<'a>(
    archive: &'a Archive,
    samples: &'a [Chosen],
    forecasts: &'a [Box<dyn Forecasts + 'a>],
    (state, progress): (Option<&'a Path>, &'a dyn Progress),
) -> Study<'a> {
    let (lead_times_min, thresholds) = (&LEADS, &[0.5, 2.0]);
    Study { archive, samples, forecasts, lead_times_min, thresholds, state, progress }
}

fn value(report: &EventReport, forecast: &str, score: &str, lead: u32) -> f64 {
    let is_it = |c: &&stormlens_data::score::events::Cell| {
        (c.forecast.as_str(), c.score.as_str(), c.lead_time_min) == (forecast, score, Some(lead))
    };
    report.cells.iter().find(is_it).and_then(|cell| cell.value).expect("a score")
}

#[test]
fn what_follows_the_rain_is_better_than_what_stands_still() {
    let (archive, forecasts) = (archive(), two());
    let samples = samples(&archive);
    let found = study(&archive, &samples, &forecasts, (None, &Silent)).run().expect("scores");
    let report = found.report();
    assert!(report.n_samples >= 5 && report.parts.len() >= 3, "{} samples", report.n_samples);
    for lead in LEADS {
        let csi = |name| value(&report, name, "csi", lead);
        assert!(csi("lagrangian-persistence") > csi(PERSISTENCE), "{lead} min");
    }
    let text = write::csv(&report);
    assert!(text.contains("\npersistence,10,csi,0.5,,0."), "{text}");
    assert!(write::latex(&report).contains("Lagrangian persistence & "));
}

#[test]
fn work_that_was_stopped_goes_on_to_the_same_numbers() {
    let (archive, forecasts) = (archive(), two());
    let samples = samples(&archive);
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let whole = study(&archive, &samples, &forecasts, (None, &Silent)).run().expect("scores");
    let stop = Stop(Cell::new(2));
    let stopped = study(&archive, &samples, &forecasts, (Some(&state), &stop)).run();
    assert!(stopped.is_err() && state.exists());
    let going_on = study(&archive, &samples, &forecasts, (Some(&state), &Silent));
    assert_eq!(going_on.begin().expect("a state").n_samples(), 2);
    assert_eq!(going_on.run().expect("scores"), whole);
    let other = study(&archive, &samples[..2], &forecasts, (Some(&state), &Silent)).run();
    assert!(other.expect_err("another verification").to_string().contains("remove it"));
    std::fs::write(&state, b"nonsense").expect("a file");
    let damaged = study(&archive, &samples, &forecasts, (Some(&state), &Silent)).run();
    assert!(damaged.expect_err("damaged").to_string().contains("remove it"));
}

/// Persistence that fails at one call.
struct Fails(Reference, Cell<usize>);

impl Forecasts for Fails {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn identity(&self) -> String {
        self.0.identity()
    }

    fn n_frames(&self) -> usize {
        self.0.n_frames()
    }

    fn forecast(&self, sample: &Sample, lead_times_min: &[u32]) -> anyhow::Result<Vec<Field>> {
        match self.1.replace(self.1.get().wrapping_sub(1)) {
            0 => bail!("no forecast of these frames"),
            _ => self.0.forecast(sample, lead_times_min),
        }
    }
}

/// Not more than the sample that failed is counted anew.
#[test]
fn what_was_counted_before_a_failure_is_kept() {
    let archive = archive();
    let samples = samples(&archive);
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let forecasts = |fails_at: usize| -> Vec<Box<dyn Forecasts>> {
        vec![Box::new(Fails(Reference(Box::new(Persistence)), Cell::new(fails_at)))]
    };
    let (failing, whole) = (forecasts(2), forecasts(usize::MAX));
    let failed = study(&archive, &samples, &failing, (Some(&state), &Silent)).run();
    let error = format!("{:#}", failed.expect_err("it fails"));
    assert!(error.contains("no forecast of these frames") && error.contains(&samples[2].id));
    let going_on = study(&archive, &samples, &whole, (Some(&state), &Silent));
    assert_eq!(going_on.begin().expect("a state").n_samples(), 2);
    let straight = study(&archive, &samples, &whole, (None, &Silent)).run().expect("scores");
    assert_eq!(going_on.run().expect("scores"), straight);
}

#[test]
fn samples_are_chosen_by_event_and_wetness() {
    let archive = archive();
    let choose = |selection: Selection| select(&archive, 12, &LEADS, &selection);
    let all = choose(Selection::default()).expect("samples");
    let wet = choose(Selection { wet_share_at_least: 0.6, ..Selection::default() });
    assert!(wet.expect("samples").len() < all.len());
    let unknown = Selection { events: vec!["nowhere".to_owned()], ..Selection::default() };
    assert!(choose(unknown).expect_err("unknown").to_string().contains("there is no event"));
    let none = choose(Selection { wet_share_at_least: 1.0, ..Selection::default() });
    assert!(none.expect_err("nothing").to_string().contains("no sample"));
}
