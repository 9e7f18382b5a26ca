use std::fs;

use stormlens_data::outcome::{Note, Values};
use stormlens_data::request::Subject;
use stormlens_data::time::add_minutes;

use super::*;
use crate::catalog::Catalog;
use crate::jobs::Store;
use crate::question::Question;
use crate::results::Results;
use crate::tasks::tests::{CLOUDS, SAMPLE, answered, catalog, data, typhoon};

const ALL: &str = "&methods=grad-cam,integrated-gradients,saliency";

fn rain() -> (Question, Outcome) {
    answered(&format!("sample={SAMPLE}&lead-time=60{ALL}"))
}

fn found((question, outcome): &(Question, Outcome)) -> Result<(), Unfit> {
    question.task.check(outcome, &question.request, &question.cards)
}

/// Refused once something was changed.
fn refused(stored: &(Question, Outcome), expected: Unfit, change: impl FnOnce(&mut Outcome)) {
    let (question, mut outcome) = stored.clone();
    change(&mut outcome);
    assert_eq!(found(&(question, outcome)), Err(expected));
}

fn variable<'a>(outcome: &'a mut Outcome, name: &str) -> &'a mut Variable {
    outcome.variables.iter_mut().find(|variable| variable.name == name).expect("it is there")
}

#[test]
fn what_the_task_answered_fits() {
    for query in [
        format!("sample={SAMPLE}{ALL}"),
        format!("sample={SAMPLE}&checkpoint=assumed&methods=none"),
        "sample=knmi-20100826T0735".to_owned(),
        format!("model=clouds&sample={CLOUDS}{ALL}"),
    ] {
        assert_eq!(found(&answered(&query)), Ok(()), "{query}");
    }
}

/// The task that knows a stored result, as the server asks it.
fn of_its_task(outcome: &Outcome, request: &Request, catalog: &Catalog) -> Result<(), Unfit> {
    let task = catalog.task(request).ok_or(Unfit::Question)?;
    task.check(outcome, request, &catalog.cards(request).ok_or(Unfit::Weights)?)
}

#[test]
fn what_a_task_answered_can_be_stored_and_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let results = Results::new(folder.path().join("results"), 1 << 30, catalog(), &of_its_task);
    results.open();
    let device = stormlens_data::card::DeviceReport {
        kind: "cpu",
        name: "one".to_owned(),
        reason: String::new(),
    };
    for query in [
        format!("sample={SAMPLE}{ALL}"),
        format!("model=clouds&sample={CLOUDS}{ALL}"),
        format!("scene={}{ALL}", typhoon()),
        format!("scene={}&checkpoint=simulated&methods=none", typhoon()),
    ] {
        let (question, outcome) = answered(&query);
        results.keep(&outcome);
        let found = results.recall(&question.request, &device).expect("it is there");
        let names = |outcome: &Outcome| -> Vec<String> {
            outcome.variables.iter().map(|variable| variable.name.clone()).collect()
        };
        assert_eq!(names(&found), names(&outcome), "{query}");
        assert_eq!((&found.numbers, &found.notes), (&outcome.numbers, &outcome.notes), "{query}");
        assert_eq!(found.provenance, outcome.provenance, "{query}");
    }
}

#[test]
fn other_data_and_other_weights_do_not_fit() {
    let stored = rain();
    refused(&stored, Unfit::Data, |o| o.provenance.data_sha256 = "older".to_owned());
    refused(&stored, Unfit::Weights, |o| {
        let text = "weights trained on simulated data".to_owned();
        o.notes.push(Note::new("simulated", text, true));
    });
    let (mut question, outcome) = stored.clone();
    question.request.subject = Subject::Nowcast {
        sample: "knmi-1".to_owned(),
        mask: Default::default(),
        steps_mean: false,
    };
    assert_eq!(found(&(question, outcome)), Err(Unfit::Data), "the sample is not there any more");
    let (mut question, outcome) = stored.clone();
    question.cards = answered(&format!("scene={}&methods=none", typhoon())).0.cards;
    assert_eq!(found(&(question, outcome)), Err(Unfit::Question), "it takes no frames");
    // Weights that forecast another time.
    let (mut question, outcome) = stored;
    question.cards = answered(&format!("sample={SAMPLE}&checkpoint=late")).0.cards;
    assert!(found(&(question, outcome)).is_err());
}

#[test]
fn a_forecast_of_another_shape_does_not_fit() {
    let stored = rain();
    let check = |name: &str, change: fn(&mut Variable)| {
        refused(&stored, Unfit::shape(name), |o| change(variable(o, name)));
    };
    for name in ["input", "prediction", "persistence", "observation"] {
        refused(&stored, Unfit::shape(name), |o| o.variables.retain(|v| v.name != name));
        check(name, |v| v.plane = Some([287, 288]));
        check(name, |v| v.axes.push(Axis::counted("member", 1)));
        check(name, |v| v.axes.clear());
        // As many values, and no map.
        check(name, |v| {
            let sides = v.plane.take().expect("it is a map");
            v.axes.extend(sides.map(|n| Axis::counted("pixel", n)));
            v.domain = Domain::None;
        });
    }
    check("prediction", |v| v.values = shortened(v, 2));
    check("observation", |v| v.values = shortened(v, 1));
    let (question, mut outcome) = answered("sample=knmi-20100826T0735");
    let mut invented = variable(&mut outcome, "persistence").clone();
    invented.name = "observation".to_owned();
    outcome.variables.push(invented);
    assert_eq!(found(&(question, outcome)), Err(Unfit::shape("observation")), "there is none");
}

/// Of sums of five minutes.
fn rain_ahead(from: jiff::Timestamp, minutes: Vec<u32>) -> Axis {
    Axis::lead_time(from, minutes).of_intervals(5)
}

/// The first of its maps, with an axis of as many entries.
fn shortened(variable: &mut Variable, n: usize) -> Values {
    let from = variable.axes[0].time(0).expect("it is one of time");
    variable.axes[0] = rain_ahead(from, (1..=n as u32).map(|i| 30 * i).collect());
    let [height, width] = variable.plane.expect("it is a map");
    Values::F32(variable.to_f32()[..n * height * width].to_vec())
}

#[test]
fn other_times_do_not_fit() {
    let stored = rain();
    let check = |name: &str, change: fn(&mut Variable)| {
        refused(&stored, Unfit::shape(name), |o| change(variable(o, name)));
    };
    check("input", |v| v.axes[0] = moved(&v.axes[0]));
    check("prediction", |v| v.axes[0] = moved(&v.axes[0]));
    check("persistence", |v| v.axes[0] = moved(&v.axes[0]));
    check("observation", |v| v.axes[0] = moved(&v.axes[0]));
    check("prediction", |v| v.axes[0] = Axis::counted(Axis::LEAD_TIME, 3));
    check("input", |v| v.axes[0] = v.axes[0].clone().of_intervals(10));
    check("prediction", |v| v.axes[0] = v.axes[0].clone().of_intervals(10));
    check("prediction", |v| {
        let start = add_minutes(v.axes[0].time(0).expect("a time"), -30).expect("a time");
        v.axes[0] = rain_ahead(start, vec![30, 60, 120]);
    });
}

/// The same axis five minutes later.
fn moved(axis: &Axis) -> Axis {
    let later = |i: usize| add_minutes(axis.time(i).expect("a time"), 5).expect("a time");
    match axis.lead_time_min(0) {
        None => Axis::input_time((0..axis.len()).map(later).collect()).of_intervals(5),
        Some(first) => {
            let start = add_minutes(later(0), -i64::from(first)).expect("a time");
            let minutes = (0..axis.len()).filter_map(|i| axis.lead_time_min(i)).collect();
            rain_ahead(start, minutes)
        }
    }
}

#[test]
fn another_grid_does_not_fit() {
    let stored = rain();
    let grids: [fn(&mut Grid); 4] = [
        |grid| grid.height -= 1,
        |grid| grid.spacing_km = f64::NAN,
        |grid| grid.west_km += 1.0,
        |grid| grid.proj4.push('x'),
    ];
    for name in ["prediction", "input", "target_mask", "grad_cam/first", "saliency"] {
        for change in grids {
            refused(&stored, Unfit::shape(name), |o| {
                let Domain::Earth(grid) = &mut variable(o, name).domain else { panic!() };
                change(grid);
            });
        }
    }
    refused(&stored, Unfit::shape("saliency"), |o| variable(o, "saliency").domain = Domain::None);
}

/// Frames that are gone or damaged say nothing of the result: they may be back the next time.
#[test]
fn data_that_cannot_be_read_are_no_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("knmi");
    fs::create_dir(&archive).expect("it can be made");
    for file in fs::read_dir(data().join("knmi")).expect("it is there").flatten() {
        let name = file.file_name().into_string().expect("a name");
        if ("RAD_NL25_RAP_5min_201008260440.h5".."RAD_NL25_RAP_5min_201008260610.h5")
            .contains(&name.as_str())
        {
            fs::copy(file.path(), archive.join(name)).expect("it can be copied");
        }
    }
    let samples = Samples::open(folder.path()).expect("it is an archive");
    let (question, outcome) = answered(&format!("sample={SAMPLE}&checkpoint=assumed"));
    let kept = || check(&samples, &outcome, &question.request, &question.cards);
    assert_eq!(kept(), Ok(()), "the same frames");
    fs::write(archive.join("RAD_NL25_RAP_5min_201008260500.h5"), "damaged").expect("written");
    let Err(Unfit::Unreadable(words)) = kept() else { panic!("{:?}", kept()) };
    assert!(words.contains("RAD_NL25_RAP_5min_201008260500.h5"), "{words}");
}
