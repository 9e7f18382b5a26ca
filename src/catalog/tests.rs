use stormlens_data::request::{Shares, Subject};

use super::*;
use crate::tasks::tests::{SAMPLE, ask, catalog};

fn request(model: &str, checkpoint: &str) -> Request {
    Request {
        model: model.to_owned(),
        checkpoint: checkpoint.to_owned(),
        subject: Subject::Nowcast {
            sample: String::new(),
            mask: Default::default(),
            steps_mean: false,
        },
        explain: Vec::new(),
    }
}

#[test]
fn weights_stand_with_their_network() {
    let catalog = catalog();
    let names =
        |model| catalog.checkpoints(model).map(|card| card.name.clone()).collect::<Vec<_>>();
    assert_eq!(names("rain"), ["one", "late", "assumed"]);
    assert_eq!(names("polar"), ["one", "simulated", "large"]);
    assert_eq!(names("bare"), [""; 0]);
    assert_eq!(names("gone"), [""; 0]);
}

#[test]
fn a_network_that_no_task_asks_is_not_offered() {
    let tasks = catalog().tasks().to_vec();
    let known = crate::tasks::tests::cards();
    let n_models = known.models.len();
    assert_eq!(known.clone().that_tasks_ask(&tasks).models.len(), n_models);
    let frames = known.that_tasks_ask(&tasks[..1]);
    assert!(frames.models.iter().all(|model| model.id != "polar"));
    assert!(frames.checkpoints.iter().all(|weights| weights.model != "polar"));
}

#[test]
fn models_and_methods_keep_their_order() {
    let catalog = catalog();
    let models: Vec<_> = catalog.models().iter().map(|model| model.id).collect();
    assert_eq!(models, ["bare", "rain", "clouds", "spark", "polar"]);
    let methods: Vec<_> = catalog.methods().iter().map(|method| method.id).collect();
    assert_eq!(methods, ["grad-cam", "integrated-gradients", "saliency"]);
    assert_eq!(catalog.model("clouds").map(|model| model.id), Some("clouds"));
    assert!(catalog.model("Clouds").is_none());
}

#[test]
fn the_cards_of_a_request_are_those_of_its_weights() {
    let catalog = catalog();
    let cards = catalog.cards(&request("polar", "simulated")).expect("they are here");
    assert_eq!((cards.model.id, cards.checkpoint.name.as_str()), ("polar", "simulated"));
    // Another network has weights of that name.
    assert_eq!(catalog.cards(&request("rain", "one")).expect("here").checkpoint.model, "rain");
    for (model, checkpoint) in [("rain", "simulated"), ("bare", "one"), ("gone", "one"), ("", "")] {
        assert!(catalog.cards(&request(model, checkpoint)).is_none(), "{model}/{checkpoint}");
    }
}

#[test]
fn every_network_has_its_task() {
    let catalog = catalog();
    let subject = |model: &str| {
        let task = catalog.task(&request(model, "any"))?;
        Some(task.subject_parameter())
    };
    for model in ["rain", "clouds", "bare"] {
        assert_eq!(subject(model), Some("sample"), "{model}");
    }
    assert_eq!(subject("polar"), Some("scene"));
    assert_eq!(subject("gone"), None);
    assert_eq!(catalog.tasks().len(), 4);
}

#[test]
fn a_network_that_no_task_knows_has_none() {
    let known = crate::tasks::tests::cards();
    let catalog = Catalog::new(known, Vec::new());
    assert!(catalog.task(&request("rain", "one")).is_none());
    assert!(catalog.cards(&request("rain", "one")).is_some());
}

/// What takes many passes lets others in and leaves room for them, whatever asks for the passes.
#[test]
fn many_passes_make_a_run_long() {
    let is_long = |change: &dyn Fn(&mut Request)| {
        let question = ask(&format!("sample={SAMPLE}&methods=grad-cam")).expect("it can be asked");
        let mut request = question.request;
        change(&mut request);
        catalog().is_long(&request)
    };
    let masked = |n: usize| {
        is_long(&move |request: &mut Request| {
            if let Subject::Nowcast { mask, .. } = &mut request.subject {
                (mask.n_masks, mask.masks) = (n, Some(Shares { percent: 30, seed: 1 }));
            }
        })
    };
    assert!(!is_long(&|_| {}));
    assert!(!masked(0) && masked(2) && masked(50));
    let drawn = |request: &mut Request| {
        if let Subject::Nowcast { steps_mean, .. } = &mut request.subject {
            *steps_mean = true;
        }
    };
    assert!(is_long(&drawn));
    let along_a_path = |request: &mut Request| {
        request.explain[0].method = "integrated-gradients".to_owned();
    };
    assert!(is_long(&along_a_path));
}
