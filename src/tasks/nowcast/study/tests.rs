use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::PathBuf;

use stormlens_data::card::Nowcasting;
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

    fn has_input(&self, sample: &Sample) -> bool {
        self.0.has_input(sample)
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

/// Persistence that has no input of one sample.
struct Blind(Reference, String);

impl Forecasts for Blind {
    fn name(&self) -> &str {
        "blind"
    }

    fn identity(&self) -> String {
        self.0.identity()
    }

    fn n_frames(&self) -> usize {
        self.0.n_frames()
    }

    fn has_input(&self, sample: &Sample) -> bool {
        sample.id != self.1
    }

    fn forecast(&self, sample: &Sample, lead_times_min: &[u32]) -> anyhow::Result<Vec<Field>> {
        assert!(self.has_input(sample), "nothing to forecast from");
        self.0.forecast(sample, lead_times_min)
    }
}

/// It counts for nobody, and is not tried again by work that goes on.
#[test]
fn a_sample_without_input_is_left_out_of_all_forecasts() {
    let archive = archive();
    let samples = samples(&archive);
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let blind = Blind(Reference(Box::new(Persistence)), samples[1].id.clone());
    let forecasts: Vec<Box<dyn Forecasts>> = vec![Box::new(blind), two().remove(0)];
    let stopped = study(&archive, &samples, &forecasts, (Some(&state), &Stop(Cell::new(3)))).run();
    assert!(stopped.is_err());
    let going_on = study(&archive, &samples, &forecasts, (Some(&state), &Silent));
    let before = going_on.begin().expect("a state");
    assert_eq!((before.n_samples(), before.n_left_out()), (2, 1));
    let report = going_on.run().expect("scores").report();
    assert_eq!((report.n_samples, report.n_samples_without_input), (samples.len() - 1, 1));
    let others: Vec<Chosen> =
        samples.iter().filter(|chosen| chosen.id != samples[1].id).cloned().collect();
    let without = study(&archive, &others, &forecasts, (None, &Silent)).run().expect("scores");
    assert_eq!(without.report().cells, report.cells);
    let only = study(&archive, &samples[1..2], &forecasts, (None, &Silent)).run();
    assert!(only.expect_err("nothing is left").to_string().contains("nothing was measured"));
}

/// Motion needs each of its frames, persistence the last one, a network some pixels, and one that does not see patches of which
/// too little was measured one whole patch.
#[test]
fn what_a_forecast_needs_of_its_frames() {
    let archive = archive();
    let first = &samples(&archive)[0];
    let whole = archive.load(&first.id, 12, 5, &LEADS).expect("a sample");
    // All frames but the last `n` are missing, and of these all but so many pixels.
    let known = |n: usize, n_pixels: usize| {
        let mut sample = whole.clone();
        for (age, frame) in sample.sequence.frames.iter_mut().rev().enumerate() {
            let from = if age < n { n_pixels } else { 0 };
            frame.values[from..].fill(f32::NAN);
        }
        sample
    };
    let network = |hides_patches: bool| Network {
        name: "a/b".to_owned(),
        weights_sha256: String::new(),
        training_data: String::new(),
        task: Nowcasting {
            field: NowcastField::Precipitation,
            n_input_frames: 12,
            frame_step_min: 5,
            lead_times_min: LEADS.to_vec(),
            is_stated: true,
            size_multiple: 16,
        },
        hides_patches,
        run: Box::new(|_| bail!("it is not computed")),
    };
    let n_pixels = 288 * 288;
    for (sample, expected) in [
        (known(12, n_pixels), [true; 4]),
        (known(2, n_pixels), [true, false, true, false]),
        (known(12, 5), [true, true, true, false]),
        (known(0, 0), [false; 4]),
    ] {
        let [still, moving] = [&two()[0], &two()[1]].map(|forecast| forecast.has_input(&sample));
        let [all, patches] = [false, true].map(|hides| network(hides).has_input(&sample));
        assert_eq!([still, moving, all, patches], expected);
    }
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
