use stormlens_data::archive::Archive;
use stormlens_data::card::NowcastField;
use stormlens_data::request::{ClassOutput, Subject};

use super::*;
use crate::question::Question;
use crate::tasks::tests::{CLOUDS, SAMPLE, ask, data};

fn prepared(question: &Question) -> Result<Prepared, WorkerError> {
    question.task.prepare(&question.request, &question.cards)
}

#[test]
fn a_network_is_given_the_frames_and_what_is_asked() {
    let query = format!(
        "sample={SAMPLE}&lead-time=60&threshold=2&methods=grad-cam,integrated-gradients\
         &integrated-gradients.steps=7"
    );
    let question = ask(&query).expect("it can be asked");
    let prepared = prepared(&question).unwrap_or_else(|error| panic!("{error}"));
    let archive = Archive::open(&data().join("knmi")).expect("the repository has it");
    let sample = archive.load("20100826T0535", 12, 5, &[30]).expect("it can be read");
    assert_eq!(prepared.passes[0].input.shape, [12, 288, 288]);
    assert!(prepared.passes[0].input.values == sample.inputs_normalised, "bit for bit");
    let [cam, gradients] = &prepared.passes[0].asked[..] else {
        panic!("{:?}", prepared.passes[0].asked)
    };
    let target = network::Target::SumAbove {
        channels: 1..2,
        field: NowcastField::Precipitation,
        threshold: 2.0,
        within: None,
    };
    assert_eq!((cam.method.as_str(), &cam.target), ("grad-cam", &target));
    assert_eq!(&gradients.target, &target);
    assert_eq!(gradients.options["steps"], "7");
    assert!(cam.layers.is_empty(), "all of them");
}

#[test]
fn clouds_are_given_as_0_and_1() {
    let question = ask(&format!("model=clouds&sample={CLOUDS}&lead-time=90")).expect("asked");
    let prepared = prepared(&question).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(prepared.passes[0].input.shape, [4, 128, 128]);
    assert!(prepared.passes[0].input.values.iter().all(|&v| v == 0.0 || v == 1.0));
    let target = network::Target::SumAbove {
        channels: 5..6,
        field: NowcastField::CloudCover,
        threshold: 0.5,
        within: None,
    };
    assert_eq!(prepared.passes[0].asked[0].target, target);
}

#[test]
fn several_lead_times_are_explained_together() {
    let channels = |more: &str| {
        let question = ask(&format!("model=clouds&sample={CLOUDS}{more}")).expect("asked");
        let prepared = prepared(&question).unwrap_or_else(|error| panic!("{error}"));
        match prepared.passes[0].asked[0].target.clone() {
            network::Target::SumAbove { channels, .. } => (channels, question.to_query()),
            other => panic!("{other:?}"),
        }
    };
    let (span, query) = channels("&lead-time=30&last-lead-time=75");
    assert_eq!(span, 1..5);
    assert!(query.contains("lead-time=30&last-lead-time=75"), "{query}");
    let (alone, query) = channels("&lead-time=30&last-lead-time=30");
    assert_eq!(alone, 1..2);
    assert!(!query.contains("last-lead-time"), "{query}");
    // A form asks for both, and a later beginning leaves no span.
    let (alone, query) = channels("&lead-time=60&last-lead-time=45");
    assert_eq!(alone, 3..4);
    assert!(!query.contains("last-lead-time"), "{query}");
    let refused = ask(&format!("model=clouds&sample={CLOUDS}&lead-time=30&last-lead-time=50"));
    let refused = refused.map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("in minutes: 15, 30, 45, 60, 75, 90"), "{refused}");
    let steps = ask(&format!("model=clouds&sample={CLOUDS}&steps-mean=yes"));
    let refused = steps.map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("is for rain"), "{refused}");
}

#[test]
fn what_cannot_be_answered_says_why_and_what_to_do() {
    let question = ask(&format!("sample={SAMPLE}")).expect("it can be asked");
    let check = |question: &Question, expected: &str| {
        let Err(WorkerError::Invalid { message, remedy }) = prepared(question) else { panic!() };
        assert!(message.contains(expected), "{message}");
        assert!(remedy.contains("choose another sample"), "{remedy}");
    };
    let about = |sample: &str| {
        let mut other = question.clone();
        other.request.subject = Subject::Nowcast {
            sample: sample.to_owned(),
            mask: Default::default(),
            steps_mean: false,
        };
        other
    };
    let target = |target: Target| {
        let mut other = question.clone();
        other.request.explain[0].target = target;
        other
    };
    check(&about("knmi-1"), "there is no sample \"knmi-1\"");
    check(&about(CLOUDS), "holds cloud-cover every 15 min and the network takes precipitation");
    let missing = Target::SumAbove { threshold: 1.0, lead_time_min: 45, last_lead_time_min: None };
    check(&target(missing), "does not forecast 45 minutes ahead");
    let class = Target::Class { class: 0, output: ClassOutput::Logit };
    check(&target(class), "a forecast has no classes to explain");
    let mut pictures = question.clone();
    pictures.cards =
        ask(&format!("scene={}", crate::tasks::tests::typhoon())).expect("asked").cards;
    check(&pictures, "takes no frames");
}

#[test]
fn a_network_is_warmed_up_with_as_many_frames_as_it_takes() {
    let question = ask(&format!("model=clouds&sample={CLOUDS}")).expect("it can be asked");
    let (input, target) = question.task.zeros(&question.cards);
    assert_eq!(input.shape, [4, CROP_SIZE, CROP_SIZE]);
    assert_eq!(input.values.len(), 4 * CROP_SIZE * CROP_SIZE);
    assert!(input.values.iter().all(|&v| v == 0.0));
    let field = NowcastField::CloudCover;
    assert_eq!(
        target,
        network::Target::SumAbove { channels: 0..1, field, threshold: 0.5, within: None }
    );
}

/// What was measured lies within a quarter of the estimate, and none far above it.
#[test]
fn the_memory_of_a_run_is_estimated_from_its_size() {
    let takes = |methods: &str, side: usize| {
        let asked = ask(&format!("sample={SAMPLE}&methods={methods}"));
        let Question { request, cards, .. } = asked.expect("it can be asked");
        memory(&request, &cards, [12, side, side])
    };
    for (methods, side, measured_bytes) in [
        ("none", 512, 0.60e9),
        ("none", 1024, 1.57e9),
        ("none", 2048, 6.0e9),
        ("grad-cam", 256, 0.63e9),
        ("grad-cam", 512, 1.96e9),
        ("grad-cam", 1024, 6.8e9),
    ] {
        let takes = takes(methods, side);
        let each_bytes = match methods {
            "none" => takes.predicting_bytes,
            _ => takes.explaining_bytes,
        };
        let ratio = (takes.beside_bytes + each_bytes) as f64 / measured_bytes;
        assert!((0.95..1.25).contains(&ratio), "{}: {ratio}", takes.what);
    }
    let takes = takes("grad-cam", usize::MAX);
    assert_eq!(takes.explaining_bytes, u64::MAX, "it does not overflow");
}
