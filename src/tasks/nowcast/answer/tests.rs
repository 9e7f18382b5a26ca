use std::path::Path;

use stormlens_data::archive::{Archive, Sample};
use stormlens_data::card::NowcastField;
use stormlens_data::files::npy::write_npy_f32;
use stormlens_data::import::knmi;
use stormlens_data::likeness::Likeness;
use stormlens_data::outcome::{Axis, Coordinates, Domain, Over, Values};
use stormlens_data::request::Subject;
use stormlens_data::time::format_sample;

use super::notes::unlike;
use super::*;
use crate::catalog::Catalog;
use crate::question::Question;
use crate::tasks;
use crate::tasks::tests::{
    CLOUDS, PATH, POOLED, SAMPLE, SCORE, answer, answered, bring, cards, data, folders,
};

/// From the unit of the networks to mm/h: a normalised value is mm in 5 minutes over 47.83.
const MM_H: f64 = 47.83 * 12.0;

fn rain(more: &str) -> (Question, Outcome) {
    answered(&format!("sample={SAMPLE}{more}"))
}

fn everything() -> Outcome {
    rain("&lead-time=60&threshold=2&methods=grad-cam,integrated-gradients,saliency").1
}

fn sample(archive: &str, id: &str, step: (usize, u32), leads: &[u32]) -> Sample {
    let archive = Archive::open(&data().join(archive)).expect("the repository has it");
    archive.load(id, step.0, step.1, leads).expect("it can be read")
}

fn variable<'a>(outcome: &'a Outcome, name: &str) -> &'a Variable {
    outcome.variable(name).unwrap_or_else(|| panic!("there is no {name}"))
}

fn is_near(found: f64, expected: f64) -> bool {
    // Two products in 32 bits.
    (found - expected).abs() <= 3e-7 * expected.abs()
}

#[test]
fn a_result_has_its_variables_in_one_order() {
    let names: Vec<_> = everything().variables.into_iter().map(|variable| variable.name).collect();
    let expected = [
        "prediction",
        "observation",
        "persistence",
        "lagrangian_persistence",
        "s_prog",
        "input",
        "target_mask",
        "grad_cam/first",
        "grad_cam/first/raw",
        "grad_cam/second",
        "grad_cam/second/raw",
        "grad_cam/last",
        "grad_cam/last/raw",
        "grad_cam/first/weights",
        "grad_cam/second/weights",
        "grad_cam/last/weights",
        "integrated_gradients",
        "integrated_gradients/path",
        "integrated_gradients/sums",
        "saliency",
    ];
    assert_eq!(names, expected);
    let (_, alone) = rain("&methods=none");
    let names: Vec<_> = alone.variables.iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(names, &expected[..6]);
    assert!(alone.numbers.is_empty());
}

#[test]
fn every_variable_holds_together() {
    for variable in &everything().variables {
        assert_eq!(variable.check(), Ok(()), "{}", variable.name);
    }
}

#[test]
fn a_forecast_is_a_rain_rate_on_the_grid_of_the_radar() {
    let outcome = everything();
    let known = sample("knmi", "20100826T0535", (12, 5), &[30, 60, 180]);
    // Frames are sums of five minutes: as rates they are means.
    let lead_axis = Axis::lead_time(known.sequence.times[11], vec![30, 60, 180]).of_intervals(5);
    let quantity = Quantity::rain_rate().over(Over::Mean);
    for (name, role) in [
        ("prediction", Role::Prediction),
        ("observation", Role::Observation),
        ("persistence", Role::Reference),
    ] {
        let found = variable(&outcome, name);
        assert_eq!(found.role, role);
        assert_eq!(found.axes, std::slice::from_ref(&lead_axis), "{name}");
        assert_eq!(found.plane, Some([288, 288]), "{name}");
        assert_eq!(found.domain, Domain::Earth(knmi::crop_grid()), "{name}");
        assert_eq!(found.quantity, quantity, "{name}");
        assert_eq!(found.quantity.unit, "mm/h");
    }
    let clock = |i| lead_axis.time(i).map(format_sample);
    assert_eq!(clock(1).as_deref(), Some("20100826T0635"));
    let last = &known.inputs_normalised[11 * 288 * 288..];
    let prediction = variable(&outcome, "prediction");
    for lead in 0..3 {
        let found = prediction.map(lead).values;
        let told = last.iter().map(|&x| f64::from(0.5 * x + 0.001 * (lead + 1) as f32) * MM_H);
        assert!(found.iter().zip(told).all(|(&found, told)| is_near(found.into(), told)), "{lead}");
    }
    let input = variable(&outcome, "input");
    assert_eq!((&input.role, &input.quantity), (&Role::Input, &quantity));
    let input_axis = Axis::input_time(known.sequence.times.clone()).of_intervals(5);
    assert_eq!(input.axes, [input_axis]);
    let mask = variable(&outcome, "target_mask");
    assert_eq!(mask.axes[0].start(0), lead_axis.start(1), "at one of the same times");
    for (i, frame) in known.sequence.frames.iter().enumerate() {
        assert_eq!(&input.map(i), frame, "frame {i}");
    }
    for lead in 0..3 {
        assert_eq!(
            variable(&outcome, "persistence").map(lead),
            known.sequence.frames[11],
            "{lead}"
        );
    }
}

#[test]
fn what_was_not_observed_is_missing() {
    let known = sample("knmi", "20100826T0535", (12, 5), &[30, 60]);
    let observed = everything();
    let observed = variable(&observed, "observation");
    for (lead, known) in known.leads.iter().enumerate() {
        let known = &known.observation.as_ref().expect("it is there").map;
        assert_eq!(&observed.map(lead), known, "{lead}");
    }
    assert!(observed.map(2).values.iter().all(|v| v.is_nan()));
    let (_, none) = answered("sample=knmi-20100826T0735");
    assert!(none.variable("observation").is_none(), "there is none at all");
}

#[test]
fn the_mask_is_that_of_the_explained_lead_time() {
    let outcome = everything();
    let mask = variable(&outcome, "target_mask");
    assert_eq!(mask.role, Role::Mask);
    assert_eq!((mask.quantity.unit.as_str(), mask.quantity.colours), ("1", Colours::Mask));
    assert_eq!(mask.plane, Some([288, 288]));
    let [axis] = &mask.axes[..] else { panic!("{:?}", mask.axes) };
    assert_eq!((axis.lead_time_min(0), axis.len()), (Some(60), 1));
    assert_eq!(axis.time(0), variable(&outcome, "prediction").axes[0].time(1));
    assert_eq!(&mask.to_f64()[..5], [1.0, 0.0, 0.0, 1.0, 0.0]);
}

const WORDS: &str = "target: predicted rain above 2 mm/h at +60 min (27,648 pixels)";

#[test]
fn attributions_have_units_and_say_what_they_explain() {
    let outcome = everything();
    let check = |name: &str, unit: &str, colours, layer: Option<&str>| {
        let found = variable(&outcome, name);
        let method = found.name.split('/').next().unwrap_or_default().replace('_', "-");
        let (layer, target) = (layer.map(str::to_owned), WORDS.to_owned());
        assert_eq!(found.role, Role::Attribution { method, layer, target });
        assert_eq!(
            (found.quantity.unit.as_str(), found.quantity.colours),
            (unit, colours),
            "{name}"
        );
        assert_eq!(found.domain, Domain::Earth(knmi::crop_grid()), "{name}");
        (found.axes.clone(), found.plane)
    };
    let (cam, raw) = ("grad_cam/second", "grad_cam/second/raw");
    let found = check(cam, "1", Colours::Evidence, Some("second"));
    assert_eq!(found, (Vec::new(), Some([288, 288])));
    assert_eq!(variable(&outcome, cam).quantity.name, "Grad-CAM (share of maximum)");
    let found = check(raw, "1", Colours::Signed, Some("second"));
    assert_eq!(found, (Vec::new(), Some([4, 4])), "the layer's own cells");
    let input_axis = variable(&outcome, "input").axes.clone();
    let found = check("integrated_gradients", "mm/h", Colours::Signed, None);
    assert_eq!(found, (input_axis.clone(), Some([288, 288])));
    // A change of the sum in mm/h for each mm/h of a pixel.
    let found = check("saliency", "1", Colours::Sizes, None);
    assert_eq!(found, (input_axis, Some([288, 288])));
}

/// What the network said in its own unit is in mm/h; shares and sensitivities have no unit to change.
#[test]
fn attributions_are_in_physical_units() {
    let outcome = everything();
    let values = |name: &str| variable(&outcome, name).to_f64();
    assert!(is_near(values("integrated_gradients")[37], 0.0037 * MM_H));
    assert!((values("saliency")[37] - 0.37).abs() < 1e-7);
    assert!((values("grad_cam/last")[7] - 0.7).abs() < 1e-7);
    assert!((values("grad_cam/last/raw")[7] - 0.7).abs() < 1e-7);
}

#[test]
fn series_lie_on_their_axes() {
    let outcome = everything();
    let series = |name: &str| {
        let found = variable(&outcome, name);
        let is_series = (&found.role, &found.domain, found.plane);
        assert_eq!(is_series, (&Role::Diagnostic, &Domain::None, None), "{name}");
        assert!(matches!(found.values, Values::F64(_)), "{name}");
        (found.axes[0].clone(), found.quantity.unit.as_str(), found.to_f64())
    };
    let (axis, unit, weights) = series("grad_cam/last/weights");
    assert_eq!((axis, unit), (Axis::counted("channel", 2), "1"));
    assert_eq!(weights, POOLED);
    let (axis, unit, sums) = series("integrated_gradients/sums");
    assert_eq!(axis, variable(&outcome, "input").axes[0], "a bar a frame");
    assert_eq!((unit, sums), ("mm/h", vec![0.125 * MM_H; 12]));
    let (axis, unit, path) = series("integrated_gradients/path");
    assert_eq!((axis, unit), (Axis::numbers("path", "1", vec![0.0, 0.5, 1.0]), "mm/h"));
    assert_eq!(path, PATH.map(|y| y * MM_H));
}

#[test]
fn numbers_are_in_physical_units() {
    let outcome = everything();
    let check = |name: &str, value: f64, unit: &str| {
        let found = outcome.numbers.iter().find(|number| number.name == name);
        let found = found.unwrap_or_else(|| panic!("there is no {name}"));
        assert_eq!((found.value, found.unit.as_str()), (value, unit), "{name}");
    };
    for method in ["grad_cam", "integrated_gradients", "saliency"] {
        check(&format!("{method}/target"), SCORE * MM_H, "mm/h");
        check(&format!("{method}/target_normalised"), SCORE, "1");
        check(&format!("{method}/n_pixels"), 27_648.0, "1");
    }
    check("integrated_gradients/n_steps", 2.0, "1");
    check("integrated_gradients/sum", 1.75 * MM_H, "mm/h");
    check("integrated_gradients/output_difference", 1.5 * MM_H, "mm/h");
    check("integrated_gradients/completeness_gap", 0.25 * MM_H, "mm/h");
    assert_eq!(outcome.numbers.len(), 3 * 3 + 4);
}

#[test]
fn a_result_says_where_it_came_from() {
    let (question, outcome) = rain("");
    let known = sample("knmi", "20100826T0535", (12, 5), &[30, 60, 180]);
    assert_eq!(outcome.request, question.request);
    let Provenance { data_files, data_sha256, data_source, data_licence, device, .. } =
        &outcome.provenance;
    assert_eq!((data_files, data_sha256), (&known.files, &known.data_sha256));
    assert_eq!(data_files.len(), 12 + 2, "the inputs, and what was observed");
    assert_eq!((data_source.as_str(), data_licence.as_str()), (knmi::SOURCE, knmi::LICENCE));
    assert_eq!((device.as_str(), outcome.duration_ms), ("one", 12.5));
    let notes: Vec<_> = outcome.notes.iter().map(|note| note.name.as_str()).collect();
    assert_eq!(notes, ["split"], "what the weights have seen, and nothing else");
}

#[test]
fn what_weights_do_not_say_is_said() {
    let (_, outcome) = rain("&checkpoint=assumed");
    let said: Vec<_> =
        outcome.notes.iter().map(|note| (note.name.as_str(), note.is_on_figures)).collect();
    assert_eq!(said, [("simulated", true), ("lead-times-assumed", false), ("split", false)]);
    assert_eq!(outcome.remark(), "weights trained on simulated data");
    assert_eq!(variable(&outcome, "prediction").n_maps(), 1);
}

#[test]
fn clouds_are_shares_at_six_lead_times() {
    let more = "&lead-time=90&threshold=0.25&methods=grad-cam,integrated-gradients";
    let (_, outcome) = answered(&format!("model=clouds&sample={CLOUDS}{more}"));
    let leads = [15, 30, 45, 60, 75, 90];
    let known = sample("cloudcast", "20180701T0645", (4, 15), &leads);
    let prediction = variable(&outcome, "prediction");
    assert_eq!(prediction.quantity, Quantity::cloud_cover());
    assert_eq!(prediction.axes, [Axis::lead_time(known.sequence.times[3], leads.to_vec())]);
    assert_eq!(prediction.domain, Domain::Earth(known.sequence.grid.clone()));
    let last = &known.inputs_normalised[3 * 128 * 128..];
    for lead in 0..6 {
        let told = last.iter().map(|x| 0.5 * x + 0.001 * (lead + 1) as f32);
        assert!(prediction.map(lead).values.into_iter().eq(told), "{lead}: nothing is scaled");
    }
    let observed = variable(&outcome, "observation");
    let are_there: Vec<_> = (0..6).map(|lead| observed.map(lead).range().is_some()).collect();
    assert_eq!(are_there, [true, true, true, true, false, false]);
    assert_eq!(variable(&outcome, "input").axes[0].len(), 4);
    assert_eq!(variable(&outcome, "target_mask").axes[0].lead_time_min(0), Some(90));
    let gradients = variable(&outcome, "integrated_gradients");
    assert_eq!(gradients.quantity.unit, "1");
    assert!((gradients.to_f64()[37] - 0.0037).abs() < 1e-8);
    let words = "target: predicted cloud cover above 0.25 at +90 min (5,462 pixels)";
    assert_eq!(gradients.target(), words);
    assert_eq!(outcome.number("grad_cam/target"), Some(SCORE));
}

/// A catalogue that arrays are brought to, and a question about one.
fn brought(file: &Path) -> Question {
    let opened = tasks::open(&folders()).expect("the data of the repository can be read");
    let tasks: Vec<_> = opened.into_iter().map(|opened| opened.task).collect();
    let [id] = &bring(&*tasks[0], file).expect("it is taken")[..] else { panic!() };
    let query = format!("sample={id}&lead-time=60&methods=integrated-gradients");
    let parameters = crate::parameters::Parameters::parse(Some(&query));
    Question::read(&parameters, &Catalog::new(cards(), tasks), &[]).expect("it can be asked")
}

#[test]
fn arrays_that_were_brought_lie_nowhere_and_at_no_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("storm.npy");
    let values: Vec<f32> = (0..12 * 16 * 16).map(|i| i as f32 / 1e5).collect();
    write_npy_f32(&file, &[12, 16, 16], &values).expect("it can be written");
    let question = brought(&file);
    assert_eq!(
        question.request.subject,
        Subject::Nowcast { sample: "storm".into(), mask: Default::default(), steps_mean: false }
    );
    assert_eq!(question.task.title(&question.request.subject), "storm");
    let outcome = answer(&question);
    let prediction = variable(&outcome, "prediction");
    assert_eq!((prediction.shape(), &prediction.domain), (vec![3, 16, 16], &Domain::None));
    let minutes = Coordinates::Numbers { unit: "min".into(), values: vec![30.0, 60.0, 180.0] };
    assert_eq!(prediction.axes[0].coordinates, minutes);
    assert_eq!(prediction.axes[0].name, Axis::LEAD_TIME);
    assert_eq!(prediction.quantity, Quantity::rain_rate());
    let input = variable(&outcome, "input");
    assert_eq!(input.axes, [Axis::counted(Axis::INPUT_TIME, 12)]);
    assert!(is_near(input.to_f64()[3000], 0.03 * MM_H), "in mm/h, too");
    assert_eq!(variable(&outcome, "persistence").map(1), input.map(11));
    assert!(outcome.variable("observation").is_none());
    let mask = variable(&outcome, "target_mask");
    assert_eq!(mask.axes, [Axis::numbers(Axis::LEAD_TIME, "min", vec![60.0])]);
    let sums = variable(&outcome, "integrated_gradients/sums");
    assert_eq!(sums.axes, input.axes);
    for found in &outcome.variables {
        assert_eq!(found.check(), Ok(()), "{}", found.name);
    }
    let Provenance { data_files, data_sha256, data_licence, .. } = &outcome.provenance;
    assert_eq!((data_files.len(), data_sha256.len()), (1, 64));
    assert_eq!(data_files, &["storm.npy"]);
    assert_eq!(data_licence, "not stated");
    let kept = question.task.check(&outcome, &question.request, &question.cards);
    assert_eq!(kept, Err(crate::results::Unfit::Data), "it goes with the program");
}

/// Weights that learnt from amounts of another size, as in another unit, say so on every figure.
#[test]
fn frames_that_are_unlike_the_training_are_told() {
    let known = sample("knmi", "20100826T0535", (12, 5), &[30]);
    let same = Likeness::of_sample(&known, None);
    let frames = Frames::Sample(known);
    assert!(unlike(&frames, None, Some(&same)).is_empty());
    assert!(unlike(&frames, None, None).is_empty(), "nothing is known of the training");
    let hourly = same.quantiles_mm_h.map(|amounts| amounts.map(|amount| amount / 12.0));
    let other = Likeness { quantiles_mm_h: hourly, frame_step_min: 15, ..same };
    let notes = unlike(&frames, None, Some(&other));
    let on_figures: Vec<bool> = notes.iter().map(|note| note.is_on_figures).collect();
    assert_eq!(on_figures, [true, false], "{notes:?}");
    assert!(notes[0].text.contains("about 12 times as large"), "{}", notes[0].text);
    assert!(notes[1].text.contains("15 minutes"), "{}", notes[1].text);
}

/// Two lead times of three pixels that lie nowhere.
fn ground() -> Ground {
    Ground {
        quantity: NowcastField::CloudCover.quantity(),
        field: NowcastField::CloudCover,
        domain: Domain::None,
        input_axis: Axis::counted(Axis::INPUT_TIME, 2),
        lead_axis: Axis::numbers(Axis::LEAD_TIME, "min", vec![15.0, 30.0]),
        plane: [1, 3],
        measured: None,
    }
}

#[test]
fn forecasts_behind_masks_say_how_they_differ_and_whether_that_means_something() {
    let answer =
        |prediction: [f32; 6]| Answer { prediction: prediction.to_vec(), ..Answer::default() };
    let answers = [answer([0.0, 0.5, 1.0, 0.0, 0.0, 0.0]), answer([0.5, 0.5, 0.0, 1.0, 0.0, 0.0])];
    let observed = [0.25, 1.0, f32::NAN, 0.0, 0.0, 0.0];
    let found = masked::variables(&ground(), &answers, Some(&observed));
    let of = |name: &str| {
        found
            .iter()
            .find(|variable| variable.name == name)
            .unwrap_or_else(|| panic!("{name}"))
            .to_f64()
    };
    assert_eq!(of(masked::MASK_MEAN), [0.25, 0.5, 0.5, 0.5, 0.0, 0.0]);
    // Each mask's mean over both lead times.
    assert_eq!(of(masked::MASK_MEMBERS), [0.0, 0.25, 0.5, 0.75, 0.25, 0.0]);
    let near = |found: &[f64], expected: &[f64]| {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    };
    // At the first lead time two pixels were observed, off by 0 and 0.5; variances are 0.125 and 0.
    near(&of(masked::MASK_RMS_ERROR), &[0.125f64.sqrt(), (0.25f64 / 3.0).sqrt()]);
    near(&of(masked::MASK_RMS_SPREAD), &[(1.5f64 * 0.0625).sqrt(), (1.5f64 * 0.5 / 3.0).sqrt()]);
    // Ranks of five pixels, of equal members in equal shares.
    near(&of(masked::MASK_RANKS), &[3.5 / 15.0, 6.5 / 15.0, 5.0 / 15.0]);
    let without = masked::variables(&ground(), &answers, None);
    assert_eq!(without.len(), 3, "nothing to compare with");
    assert!(masked::variables(&ground(), &answers[..1], None).is_empty(), "one is no ensemble");
}
