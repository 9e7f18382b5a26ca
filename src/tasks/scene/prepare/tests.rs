use stormlens_data::card::NowcastField;
use stormlens_data::request::ClassOutput;
use stormlens_data::scene::{Fit, Limits, Picture, Resampling, read};

use super::*;
use crate::question::Question;
use crate::tasks::tests::{SAMPLE, ask, data, scene, typhoon};

const ARCTIC: &str = "sentinel1/arctic_ew_hh_hv_20221130_522px.png";

fn prepared(question: &Question) -> Result<Prepared, WorkerError> {
    question.task.prepare(&question.request, &question.cards)
}

/// What is prepared of a question, which can be.
fn input(query: &str) -> Input {
    let question = ask(query).expect("it can be asked");
    let mut prepared = prepared(&question).unwrap_or_else(|error| panic!("{error}"));
    prepared.passes.remove(0).input
}

fn picture(file: &str) -> Picture {
    read(&data().join(file), &Limits::default()).expect("the repository has it")
}

#[test]
fn a_network_is_given_the_centre_of_the_square() {
    let arctic = picture(ARCTIC);
    let check = |more: &str, [input_px, crop_px]: [usize; 2], resampling, fit| {
        let found = input(&format!("scene={}{more}", scene(ARCTIC)));
        assert_eq!(found.shape, [3, crop_px, crop_px], "{more}");
        let expected = resize(&arctic, input_px, resampling, fit).crop(crop_px);
        assert!(found.values == expected, "{more}: bit for bit");
        assert!(found.values.iter().all(|v| (0.0..=1.0).contains(v)), "{more}");
    };
    check("", [192, 128], Resampling::Nearest, Fit::Stretch);
    let more = "&resampling=bilinear&fit=letterbox";
    check(more, [192, 128], Resampling::Bilinear, Fit::Letterbox);
    // These weights do not say their size, so that of the network's card is taken.
    check("&checkpoint=large", [800, 512], Resampling::Nearest, Fit::Stretch);
}

#[test]
fn a_network_is_asked_for_a_number_of_a_class() {
    let methods = "methods=grad-cam,integrated-gradients&integrated-gradients.steps=7";
    let question = ask(&format!("scene={}&class=neg&{methods}", typhoon())).expect("asked");
    let prepared = prepared(&question).unwrap_or_else(|error| panic!("{error}"));
    let [cam, gradients] = &prepared.passes[0].asked[..] else {
        panic!("{:?}", prepared.passes[0].asked)
    };
    let target = |output| network::Target::Class { class: 0, output };
    assert_eq!((cam.method.as_str(), &cam.target), ("grad-cam", &target(ClassOutput::Logit)));
    assert_eq!(gradients.target, target(ClassOutput::Probability));
    assert_eq!(gradients.options["steps"], "7");
}

#[test]
fn what_cannot_be_answered_says_why_and_what_to_do() {
    let question = ask(&format!("scene={}", typhoon())).expect("it can be asked");
    let check = |question: &Question, expected: &str| {
        let Err(WorkerError::Invalid { message, remedy }) = prepared(question) else { panic!() };
        assert!(message.contains(expected), "{message}");
        assert!(remedy.contains("provide the picture again"), "{remedy}");
    };
    let mut gone = question.clone();
    if let Subject::Scene { scene, .. } = &mut gone.request.subject {
        *scene = "0123456789abcdef".to_owned();
    }
    check(&gone, "there is no scene \"0123456789abcdef\" here, or not any more");
    let mut frames = question.clone();
    frames.request.subject =
        Subject::Nowcast { sample: SAMPLE.to_owned(), mask: Default::default(), steps_mean: false };
    check(&frames, "takes pictures");
    let mut sum = question.clone();
    sum.request.explain[0].target = Target::SumAbove {
        threshold: NowcastField::Precipitation.default_threshold(),
        lead_time_min: 30,
        last_lead_time_min: None,
    };
    check(&sum, "a classifier has no field to explain");
}

#[test]
fn a_network_is_warmed_up_with_a_black_picture() {
    for (checkpoint, side) in [("one", 128), ("large", 512)] {
        let question = ask(&format!("scene={}&checkpoint={checkpoint}", typhoon())).expect("asked");
        let (input, target) = question.task.zeros(&question.cards);
        assert_eq!((input.shape, input.values.len()), ([3, side, side], 3 * side * side));
        assert!(input.values.iter().all(|&v| v == 0.0));
        assert_eq!(target, network::Target::Class { class: 1, output: ClassOutput::Logit });
    }
}

#[test]
fn planes_stand_behind_each_other() {
    assert_eq!(planes(&[1, 2, 3, 4, 5, 6]), [1, 4, 2, 5, 3, 6]);
}
