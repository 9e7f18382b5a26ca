use std::path::Path;

use stormlens_data::files::npy::write_npy_f32;
use stormlens_data::outcome::SceneGeometry;
use stormlens_data::request::Subject;
use stormlens_data::scene::{Fit, Limits, Picture, Rectangle, Resampling, Variant, read, resize};

use super::*;
use crate::catalog::Catalog;
use crate::parameters::Parameters;
use crate::question::Question;
use crate::tasks;
use crate::tasks::tests::{
    PATH, POOLED, SCORE, answer, answered, ask, bring, cards, data, folders, scene, typhoon,
};

const ARCTIC: &str = "sentinel1/arctic_ew_hh_hv_20221130_522px.png";

fn everything() -> Outcome {
    let methods = "methods=grad-cam,integrated-gradients,saliency";
    answered(&format!("scene={}&{methods}", typhoon())).1
}

fn picture_of(file: &str) -> Picture {
    read(&data().join(file), &Limits::default()).expect("the repository has it")
}

fn variable<'a>(outcome: &'a Outcome, name: &str) -> &'a Variable {
    outcome.variable(name).unwrap_or_else(|| panic!("there is no {name}"))
}

/// The geometry of the typhoon in the square of the small weights.
fn geometry() -> SceneGeometry {
    SceneGeometry {
        title: "Typhoon south of Tokyo".into(),
        width_px: 381,
        height_px: 381,
        variant: Variant::LR_128,
        content: Rectangle { left: 0, top: 0, width: 192, height: 192 },
        place: None,
    }
}

#[test]
fn a_probability_never_says_certain() {
    let check = |value, expected: &str| assert_eq!(in_words(value), expected);
    check(0.0, "below 0.001");
    check(0.9755, "0.976");
    check(1.0, "above 0.999");
}

#[test]
fn probabilities_add_up() {
    let found = softmax(&[-1.21, 0.99]);
    assert!((found[1] - 0.900_249_5).abs() < 1e-6, "{found:?}");
    assert_eq!((found.iter().sum::<f64>() * 1e12).round(), 1e12);
    assert_eq!(most_probable(&found), 1);
    // As large as logits may be.
    assert_eq!(softmax(&[-1e30, 1e30]), [0.0, 1.0]);
    assert_eq!(softmax(&[7.0, 7.0]), [0.5, 0.5]);
    let shifted = softmax(&[1000.0 - 1.21, 1000.0 + 0.99]);
    assert!((shifted[1] - found[1]).abs() < 1e-12);
}

#[test]
fn a_result_has_its_variables_in_one_order() {
    let names: Vec<_> = everything().variables.into_iter().map(|variable| variable.name).collect();
    let expected = [
        "probability",
        "logit",
        "scene",
        "grad_cam/first",
        "grad_cam/first/raw",
        "grad_cam/last",
        "grad_cam/last/raw",
        "grad_cam/first/weights",
        "grad_cam/last/weights",
        "integrated_gradients",
        "integrated_gradients/path",
        "saliency",
    ];
    assert_eq!(names, expected);
    for variable in &everything().variables {
        assert_eq!(variable.check(), Ok(()), "{}", variable.name);
    }
}

#[test]
fn classes_have_logits_and_probabilities() {
    let outcome = everything();
    let logits = [f64::from(-1.21_f32), f64::from(0.99_f32)];
    let axis = Axis::names(Axis::CLASS, ["no polar low", "polar low"]);
    for (name, values) in [("logit", logits.to_vec()), ("probability", softmax(&logits))] {
        let found = variable(&outcome, name);
        assert_eq!((&found.role, found.plane), (&Role::Prediction, None), "{name}");
        assert_eq!(found.axes, std::slice::from_ref(&axis), "{name}");
        assert_eq!(found.values, Values::F64(values), "{name}");
        assert_eq!((&found.domain, found.quantity.colours), (&Domain::None, Colours::None));
    }
    assert!((variable(&outcome, "probability").to_f64()[1] - 0.900_249_5).abs() < 1e-6);
}

#[test]
fn the_picture_is_the_square_that_it_became() {
    let outcome = everything();
    let square = resize(
        &picture_of("sentinel1/tokyo_bay_20191012_380px.png"),
        192,
        Resampling::Nearest,
        Fit::Stretch,
    );
    let found = variable(&outcome, "scene");
    assert_eq!((&found.role, found.plane), (&Role::Input, Some([192, 192])));
    assert_eq!(found.axes, [Axis::names(Axis::CHANNEL, ["red", "green", "blue"])]);
    assert_eq!(found.domain, Domain::Scene(geometry()));
    assert_eq!(found.quantity.colours, Colours::Picture);
    let Values::U8(bytes) = &found.values else { panic!("a picture has bytes") };
    let rgb = square.to_rgb8();
    for (channel, plane) in bytes.chunks_exact(192 * 192).enumerate() {
        assert!(
            plane.iter().copied().eq(rgb.iter().skip(channel).step_by(3).copied()),
            "{channel}"
        );
    }
}

/// One that is not square keeps its shape in a letterbox, and the square knows where it is.
#[test]
fn a_picture_in_a_letterbox_covers_a_part_of_the_square() {
    let (_, outcome) = answered(&format!("scene={}&fit=letterbox&methods=none", scene(ARCTIC)));
    let Domain::Scene(found) = &variable(&outcome, "scene").domain else { panic!() };
    assert_eq!((found.width_px, found.height_px), (522, 510));
    assert_eq!(found.content, Rectangle { left: 0, top: 2, width: 192, height: 188 });
}

const WORDS: &str = "polar low: probability 0.900, logit +0.99";

#[test]
fn attributions_lie_in_the_centre_that_the_network_sees() {
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
        assert_eq!(found.domain, Domain::SceneCentre(geometry()), "{name}");
        (found.axes.clone(), found.plane)
    };
    let found = check("grad_cam/last", "1", Colours::Evidence, Some("last"));
    assert_eq!(found, (Vec::new(), Some([4, 4])), "the layer's own cells");
    let found = check("grad_cam/last/raw", "1", Colours::Signed, Some("last"));
    assert_eq!(found, (Vec::new(), Some([4, 4])));
    let channels = vec![Axis::names(Axis::CHANNEL, CHANNELS)];
    let found = check("integrated_gradients", "probability", Colours::Signed, None);
    assert_eq!(found, (channels.clone(), Some([128, 128])));
    let found = check("saliency", "probability", Colours::Sizes, None);
    assert_eq!(found, (channels, Some([128, 128])));
    assert!((variable(&outcome, "integrated_gradients").to_f64()[37] - 0.0037).abs() < 1e-8);
    let path = variable(&outcome, "integrated_gradients/path");
    assert_eq!((path.quantity.unit.as_str(), path.to_f64()), ("probability", PATH.to_vec()));
    assert_eq!(path.axes, [Axis::numbers("path", "1", vec![0.0, 0.5, 1.0])]);
    let weights = variable(&outcome, "grad_cam/first/weights");
    assert_eq!((weights.quantity.unit.as_str(), weights.to_f64()), ("1", POOLED.to_vec()));
}

#[test]
fn numbers_are_in_the_unit_of_what_is_explained() {
    let unit = |outcome: &Outcome, name: &str| {
        let found = outcome.numbers.iter().find(|number| number.name == name);
        found.unwrap_or_else(|| panic!("there is no {name}")).unit.clone()
    };
    let outcome = everything();
    assert_eq!(outcome.number("grad_cam/target"), Some(SCORE));
    assert_eq!(unit(&outcome, "grad_cam/target"), "logit", "whatever is asked for");
    assert_eq!(unit(&outcome, "integrated_gradients/target"), "probability");
    assert_eq!(unit(&outcome, "integrated_gradients/completeness_gap"), "probability");
    assert_eq!(unit(&outcome, "integrated_gradients/n_steps"), "1");
    assert_eq!(outcome.number("grad_cam/n_pixels"), None, "a class is no sum over pixels");
    let logit = format!("scene={}&output=logit&methods=integrated-gradients,saliency", typhoon());
    let (_, outcome) = answered(&logit);
    assert_eq!(unit(&outcome, "integrated_gradients/sum"), "logit");
    assert_eq!(variable(&outcome, "saliency").quantity.unit, "logit");
}

#[test]
fn what_is_said_of_the_picture_is_counted_over_its_own_pixels() {
    let outcome = everything();
    let statistics = Statistics::of(&picture_of("sentinel1/tokyo_bay_20191012_380px.png"));
    let check = |name: &str, value: f64| assert_eq!(outcome.number(name), Some(value), "{name}");
    check("no_data_share", statistics.no_data_share);
    check("n_valid", statistics.n_valid as f64);
    check("red_equals_green_share", statistics.red_equals_green_share);
    check("grey_share", statistics.grey_share);
    for (i, channel) in CHANNELS.into_iter().enumerate() {
        check(&format!("mean_{channel}"), statistics.mean[i]);
        check(&format!("std_{channel}"), statistics.std[i]);
    }
}

#[test]
fn a_class_that_is_not_the_likely_one_is_said_so() {
    let (_, outcome) = answered(&format!("scene={}&class=neg", typhoon()));
    let expected = "no polar low: probability 0.100, logit −1.21; predicted: polar low (0.900)";
    assert_eq!(variable(&outcome, "grad_cam/last").target(), expected);
}

/// Of every result it is said last how its picture was resized.
const RESIZED: (&str, bool) = ("resampling", false);

fn notes(outcome: &Outcome) -> Vec<(&str, bool)> {
    // What the weights have seen of it has tests of its own.
    let notes = outcome.notes.iter().filter(|note| note.name != "split");
    notes.map(|note| (note.name.as_str(), note.is_on_figures)).collect()
}

#[test]
fn figures_can_say_how_the_picture_was_resized() {
    let said = |more: &str| {
        let (_, outcome) = answered(&format!("scene={}&methods=none{more}", typhoon()));
        assert_eq!(notes(&outcome), [RESIZED], "and nothing else");
        outcome.notes[0].text.clone()
    };
    assert_eq!((said(""), said("&resampling=bilinear")), ("nearest".into(), "bilinear".into()));
}

#[test]
fn a_scene_unlike_the_training_scenes_is_said_on_every_figure() {
    let (_, outcome) = answered(&format!("scene={}&methods=none", scene(ARCTIC)));
    let said = notes(&outcome);
    let [first, reasons @ .., last] = &said[..] else { panic!("{said:?}") };
    assert_eq!((first, last), (&("outside-training-range", true), &RESIZED));
    assert!(
        reasons.iter().all(|note| *note == ("outside-training-range-because", false)),
        "{said:?}"
    );
    assert_eq!(outcome.remark(), "the scene is unlike the training scenes");
    let reference = Reference::published();
    let expected = outside_training_range(&Statistics::of(&picture_of(ARCTIC)), &reference);
    assert!(!expected.is_empty());
    assert!(
        outcome.notes("outside-training-range-because").eq(expected.iter().map(String::as_str))
    );
}

/// Of weights that know what they were trained on, their own range counts.
#[test]
fn the_range_is_that_of_the_weights() {
    let question = ask(&format!("scene={}&methods=none", scene(ARCTIC))).expect("it can be asked");
    let statistics = Statistics::of(&picture_of(ARCTIC));
    let mut known = question.clone();
    let card = stormlens_data::card::CheckpointCard {
        training_range: Reference::from_statistics(&[statistics]),
        ..(*known.cards.checkpoint).clone()
    };
    known.cards.checkpoint = card.into();
    assert_eq!(notes(&answer(&known)), [RESIZED], "it was trained on that scene");
    assert!(notes(&answer(&question)).len() > 1);
}

#[test]
fn weights_from_a_simulation_are_said_on_every_figure() {
    let (_, outcome) = answered(&format!("scene={}&checkpoint=simulated&methods=none", typhoon()));
    assert_eq!(notes(&outcome), [("simulated", true), RESIZED]);
    assert_eq!(outcome.remark(), "weights trained on simulated scenes");
}

#[test]
fn a_result_says_where_it_came_from() {
    let (question, outcome) = answered(&format!("scene={}", typhoon()));
    assert_eq!(outcome.request, question.request);
    let Provenance { data_source, data_files, data_sha256, data_licence, device, .. } =
        &outcome.provenance;
    assert!(data_source.contains("Sentinel-1 maritime mesocyclone data set"), "{data_source}");
    assert_eq!(data_files, &["Typhoon south of Tokyo"]);
    assert_eq!(data_sha256[..16], typhoon());
    assert_eq!((data_licence.as_str(), device.as_str()), ("MIT", "one"));
    assert!(outcome.duration_ms > 12.5, "{} ms: with the preparation", outcome.duration_ms);
    assert_eq!(question.task.title(&question.request.subject), "Typhoon south of Tokyo");
}

/// A catalogue that a picture is brought to, and a question about it.
fn brought(file: &Path) -> anyhow::Result<Question> {
    brought_as(file, "")
}

fn brought_as(file: &Path, more: &str) -> anyhow::Result<Question> {
    let opened = tasks::open(&folders())?;
    let tasks: Vec<_> = opened.into_iter().map(|opened| opened.task).collect();
    let id = bring(&*tasks[1], file)?.concat();
    let query = format!("scene={id}&methods=integrated-gradients{more}");
    let catalog = Catalog::new(cards(), tasks);
    Ok(Question::read(&Parameters::parse(Some(&query)), &catalog, &[])?)
}

#[test]
fn a_picture_or_an_array_can_be_brought() {
    let folder = tempfile::tempdir().expect("a folder");
    let png = folder.path().join("storm.png");
    std::fs::copy(data().join(ARCTIC), &png).expect("it can be copied");
    let question = brought(&png).expect("it can be asked");
    let outcome = answer(&question);
    // The repository has these bytes, so it is known by its own name.
    assert_eq!(outcome.provenance.data_files, ["Arctic ice in other colours"]);

    let array = folder.path().join("storm.npy");
    let values: Vec<f32> = (0..40 * 50 * 3).map(|i| (i % 2551) as f32 / 10.0).collect();
    write_npy_f32(&array, &[40, 50, 3], &values).expect("it can be written");
    let question = brought(&array).expect("it can be asked");
    let Subject::Scene { scene, .. } = &question.request.subject else { panic!() };
    assert_eq!(scene.len(), 16);
    let outcome = answer(&question);
    assert_eq!(outcome.provenance.data_files, ["storm.npy"]);
    assert_eq!(outcome.provenance.data_licence, "not stated");
    let Domain::Scene(found) = &variable(&outcome, "scene").domain else { panic!() };
    assert_eq!((found.width_px, found.height_px), (50, 40));
    let rgb = Picture { width: 50, height: 40, rgb: stormlens_data::scene::Samples::F32(values) };
    assert_eq!(
        outcome.number("mean_red"),
        Some(Statistics::of(&rgb).mean[0]),
        "nothing is rounded"
    );
    let kept = question.task.check(&outcome, &question.request, &question.cards);
    assert_eq!(kept, Ok(()), "for this run of the program");
}

/// A TIFF of measurements, by its name.
fn measured(name: &str) -> std::path::PathBuf {
    data().join("../crates/stormlens-data/tests/pictures").join(name)
}

#[test]
fn numbers_are_what_the_question_says() {
    let file = measured("s1_grd_uint16.tif");
    let question = brought_as(&file, "&values=counts&bands=co").expect("it can be asked");
    let pairs = question.pairs();
    for (name, value) in [("values", "counts"), ("bands", "co")] {
        assert!(pairs.iter().any(|pair| *pair == (name.to_owned(), value.to_owned())));
    }
    let outcome = answer(&question);
    let said = |name: &str| outcome.notes(name).collect::<String>();
    assert!(said("coding").contains("not calibrated"), "{}", said("coding"));
    assert!(said("place").contains("EPSG:3575"), "{}", said("place"));
    let scene = variable(&outcome, "scene");
    assert!(scene.domain.place([192; 2]).is_some());
    assert!(stormlens_data::files::geotiff::to_bytes(&outcome, scene, 0).is_ok());
    let kept = question.task.check(&outcome, &question.request, &question.cards);
    assert_eq!(kept, Ok(()));
}

#[test]
fn numbers_that_nobody_explains_are_refused_with_the_choices() {
    let question = brought(&measured("f32_db.tif")).expect("it is there, and may yet be explained");
    let refused = question.task.prepare(&question.request, &question.cards).err();
    let words = format!("{:?}", refused.expect("it is refused"));
    assert!(
        words.contains("f32_db.tif") && words.contains("values=decibels, values=hundredths"),
        "{words}"
    );
    assert!(brought_as(&measured("f32_db.tif"), "&values=loudness").is_err());
    // What is damaged stays so whatever is said of it.
    assert!(brought(&measured("cut_eoi.jpg")).is_err());
}

#[test]
fn what_is_no_picture_is_not_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |shape: &[usize], value: f32, expected: &str| {
        let file = folder.path().join("a.npy");
        let values = vec![value; shape.iter().product()];
        write_npy_f32(&file, shape, &values).expect("it can be written");
        let error = brought(&file).err().expect("it is refused").to_string();
        assert!(error.contains("a.npy") && error.contains(expected), "{error}");
    };
    check(&[4, 5], 1.0, "a picture is [height, width, 3]");
    check(&[4, 5, 4], 1.0, "a picture is [height, width, 3]");
    check(&[0, 5, 3], 1.0, "there is nothing in it");
    check(&[4, 5, 3], 256.0, "holds 256; the values of a picture lie in 0 to 255");
    check(&[4, 5, 3], -1.0, "lie in 0 to 255");
    check(&[4, 5, 3], f32::NAN, "holds NaN");
    assert!(brought(&folder.path().join("none.png")).is_err());
}

/// Nothing of it is a number that cannot be written down.
#[test]
fn a_black_picture_has_no_data_and_finite_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("black.npy");
    write_npy_f32(&file, &[4, 5, 3], &[0.0; 60]).expect("it can be written");
    let outcome = answer(&brought(&file).expect("it can be asked"));
    assert!(outcome.numbers.iter().all(|number| number.value.is_finite()));
    assert_eq!(
        (outcome.number("no_data_share"), outcome.number("n_valid")),
        (Some(1.0), Some(0.0))
    );
    assert_eq!(
        notes(&outcome),
        [("outside-training-range", true), ("outside-training-range-because", false), RESIZED]
    );
    let reason = outcome.notes("outside-training-range-because").next().expect("there is one");
    assert!(reason.contains("every pixel is exactly black"), "{reason}");
}
