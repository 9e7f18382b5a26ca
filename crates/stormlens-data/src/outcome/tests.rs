use super::*;
use crate::request::Subject;

fn outcome(variables: Vec<Variable>) -> Outcome {
    let subject =
        Subject::Nowcast { sample: "s".into(), mask: Default::default(), steps_mean: false };
    let request =
        Request { model: "m".into(), checkpoint: "c".into(), subject, explain: Vec::new() };
    let text = || String::from("p");
    let provenance = Provenance {
        program: text(),
        model: text(),
        checkpoint: text(),
        weights_sha256: text(),
        data_source: text(),
        data_files: Vec::new(),
        data_sha256: text(),
        data_licence: text(),
        device: text(),
    };
    let (numbers, notes) = (Vec::new(), Vec::new());
    Outcome { request, variables, numbers, notes, provenance, duration_ms: 1.0 }
}

fn rain() -> Variable {
    let from = "2010-08-26T05:00:00Z".parse().expect("a time");
    Variable {
        name: "prediction".into(),
        role: Role::Prediction,
        quantity: Quantity::rain_rate(),
        axes: vec![Axis::lead_time(from, vec![30, 60])],
        plane: Some([2, 3]),
        domain: Domain::None,
        values: Values::F32((0..12).map(|i| i as f32).collect()),
    }
}

#[test]
fn maps_are_counted_along_the_axes() {
    let rain = rain();
    assert_eq!(rain.shape(), [2, 2, 3]);
    assert_eq!((rain.n_maps(), rain.check()), (2, Ok(())));
    assert_eq!(rain.map(1).values, [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
    let axis = rain.axis().expect("it has one");
    assert_eq!((axis.label(1).as_str(), axis.lead_time_min(0)), ("+60 min", Some(30)));
    assert_eq!(axis.time(1).expect("a moment").to_string(), "2010-08-26T06:00:00Z");
}

#[test]
fn intervals_end_at_the_times_of_an_axis() {
    let from: jiff::Timestamp = "2010-08-26T05:00:00Z".parse().expect("a time");
    for axis in [Axis::lead_time(from, vec![0, 60]), Axis::input_time(vec![from, from])] {
        assert!(!axis.has_intervals() && axis.start(0).is_none());
        let axis = axis.of_intervals(5);
        assert!(axis.has_intervals());
        assert_eq!(axis.time(0), Some(from));
        assert_eq!(axis.start(0).expect("a start").to_string(), "2010-08-26T04:55:00Z");
        assert_eq!(axis.start(2), None);
    }
    let names = Axis::names(Axis::CLASS, ["dry"]);
    assert_eq!(names.clone().of_intervals(5), names);
}

#[test]
fn what_does_not_hold_together_is_noticed() {
    let check = |change: fn(&mut Variable), n_expected: usize| {
        let mut rain = rain();
        change(&mut rain);
        let error = rain.check().unwrap_err();
        assert_eq!(error.n_expected, n_expected, "{error}");
    };
    check(|v| v.plane = Some([2, 2]), 8);
    check(|v| v.axes.clear(), 6);
    check(|v| v.plane = Some([usize::MAX, 3]), 0);
    check(
        |v| {
            (v.plane, v.values) = (Some([0, 3]), Values::F32(Vec::new()));
        },
        0,
    );
}

#[test]
fn a_result_survives_being_written_down() {
    let mut picture = rain();
    (picture.name, picture.values) = ("picture".into(), Values::U8((0..12).collect()));
    let mut missing = rain();
    (missing.name, missing.values) = ("gaps".into(), Values::F32(vec![f32::NAN; 12]));
    let outcome = outcome(vec![rain(), picture, missing]);
    let text = serde_json::to_string(&outcome);
    // JSON has no byte strings; the store writes CBOR, which `results` tests.
    assert!(text.is_ok());
    assert!(outcome.variable("gaps").is_some_and(|gaps| gaps.map(0).argmax().is_none()));
    assert!(outcome.variable("nothing").is_none());
}

#[test]
fn figures_say_what_they_must() {
    let mut outcome = outcome(vec![rain()]);
    assert_eq!(outcome.remark(), "");
    outcome.notes = vec![
        Note::new("simulated", "weights trained on simulated scenes", true),
        Note::new("outside-training-range", "the mean of red is high", false),
        Note::new("outside-training-range", "unlike the training scenes", true),
    ];
    assert_eq!(outcome.remark(), "weights trained on simulated scenes; unlike the training scenes");
    assert_eq!(outcome.notes("outside-training-range").count(), 2);
    outcome.notes[0] = outcome.notes[0].clone().of_network();
    assert_eq!(outcome.remark_of(true), outcome.remark());
    assert_eq!(outcome.remark_of(false), "unlike the training scenes");
}

#[test]
fn units_are_written_as_udunits_reads_them() {
    let check = |unit: &str, expected: &str| {
        assert_eq!(Quantity::new("q", unit, Colours::Signed).udunits(), expected);
    };
    check("mm/h", "mm h-1");
    check("1", "1");
    check("km", "km");
    check("logit", "1");
    check("membership", "1");
}

#[test]
fn cells_of_a_coarse_map_cover_the_same_ground() {
    let grid = Domain::Earth(crate::import::knmi::crop_grid());
    let [y, x] = grid.middles([288, 288]).expect("it lies somewhere");
    assert_eq!((y[0], y[287], x[0], x[287]), (-3934.5, -4221.5, 225.5, 512.5));
    let [y, x] = grid.middles([2, 4]).expect("it lies somewhere");
    assert_eq!((y, x), (vec![-4006.0, -4150.0], vec![261.0, 333.0, 405.0, 477.0]));
    assert_eq!(Domain::None.middles([2, 2]), None);
}

/// Whichever variable comes first, the interval is what maps are of, and two of them are not one.
#[test]
fn an_interval_says_more_than_the_moment_at_its_end() {
    let at = |text: &str| text.parse::<jiff::Timestamp>().expect("a moment");
    let (start, end) = (at("2008-04-08T00:00:00Z"), at("2008-04-09T00:00:00Z"));
    let (moment, day) = (Axis::moment(end), Axis::interval(start, end));
    let hour = Axis::interval(at("2008-04-08T23:00:00Z"), end);
    let time_of = |axes: &[&Axis]| {
        let of = |axis: &&Axis| Variable { axes: vec![(*axis).clone()], ..rain() };
        outcome(axes.iter().map(of).collect()).time().cloned()
    };
    assert_eq!(time_of(&[&moment]), Some(moment.clone()));
    assert_eq!(time_of(&[&moment, &day]), Some(day.clone()));
    assert_eq!(time_of(&[&day, &moment]), Some(day.clone()));
    assert_eq!(time_of(&[&day, &hour]), None);
    assert_eq!(time_of(&[&moment, &hour, &day]), None);
    assert_eq!(time_of(&[&day, &Axis::moment(start)]), None);
    assert_eq!(time_of(&[]), None);
}

/// CF has no method for what follows from a sum.
#[test]
fn what_follows_from_a_sum_is_said_to_be_none() {
    assert_eq!((Over::Sum.cell_methods("time"), Over::Sum.comment()), ("time: sum".to_owned(), ""));
    assert_eq!(Over::OfSum.cell_methods("time"), "");
    assert!(Over::OfSum.comment().ends_with("no sum itself"));
}
