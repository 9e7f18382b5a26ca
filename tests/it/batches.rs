//! Requests that go through a network together are answered as each alone would be.

use std::path::Path;
use std::sync::Arc;

use stormlens::catalog::Catalog;
use stormlens::config::{CacheArgs, DeviceArgs, Sources};
use stormlens::jobs::{Asked, Store, Worker, WorkerError};
use stormlens::results::Results;
use stormlens::worker;
use stormlens_data::outcome::{Outcome, SceneOutcome};
use stormlens_data::request::{
    DeviceChoice, NowcastRequest, PathOptions, Request, SceneRequest, Silent,
};
use stormlens_data::scene::{Fit, Resampling, SceneArchive};

use crate::support::{SAMPLE, UNOBSERVED, data};

/// The worker over the networks and data of the repository, as the server builds it.
fn engine() -> Box<dyn Worker> {
    engine_and_catalog().0
}

fn engine_and_catalog() -> (Box<dyn Worker>, Arc<Catalog>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = Sources {
        device: DeviceArgs { device: DeviceChoice::Cpu },
        data: data().to_owned(),
        checkpoints: root.join("checkpoints"),
        cache: CacheArgs { folder: root.join("no-such-folder") },
    };
    let networks = worker::networks(&sources);
    let catalog = Catalog::open(data(), networks.models, networks.checkpoints).expect("data");
    let catalog = Arc::new(catalog);
    ((networks.worker)(catalog.clone())().expect("the CPU is there"), catalog)
}

fn scene(id: &str, class: usize, grad_cam: bool) -> Request {
    Request::Scene(SceneRequest {
        model: "polar-low".to_owned(),
        checkpoint: "simulated-192".to_owned(),
        scene: id.to_owned(),
        resampling: Resampling::Nearest,
        fit: Fit::Stretch,
        class,
        grad_cam,
        integrated_gradients: None,
    })
}

fn ids() -> Vec<String> {
    let archive = SceneArchive::open(&data().join("sentinel1")).expect("there are samples");
    archive.scenes.into_iter().map(|scene| scene.id).collect()
}

fn outcome(answer: Result<Outcome, WorkerError>) -> Arc<SceneOutcome> {
    match answer {
        Ok(Outcome::Scene(outcome)) => outcome,
        other => panic!("no scene: {other:?}"),
    }
}

/// The largest difference, as a share of the largest value.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let largest = a.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
    apart / largest.max(f32::MIN_POSITIVE)
}

#[test]
fn together_is_as_alone_and_a_bad_one_fails_alone() {
    let mut worker = engine();
    let ids = ids();
    let requests =
        [scene(&ids[0], 1, true), scene("0123456789abcdef", 1, true), scene(&ids[1], 0, true)];
    let asked: Vec<Asked<'_>> =
        requests.iter().map(|request| -> Asked<'_> { (request, &Silent) }).collect();
    let mut together = worker.run_batch(&asked).into_iter();
    for (i, request) in requests.iter().enumerate() {
        let answer = together.next().expect("one answer each");
        if i == 1 {
            assert!(matches!(answer, Err(WorkerError::Invalid { .. })), "{answer:?}");
            continue;
        }
        let (one, alone) = (outcome(answer), outcome(worker.run(request, &Silent)));
        assert_eq!(Request::Scene(one.request.clone()), *request);
        assert_eq!(one.provenance, alone.provenance);
        for (a, b) in one.classes.iter().zip(&alone.classes) {
            assert!((a.logit - b.logit).abs() < 1e-4, "{} and {}", a.logit, b.logit);
        }
        let (one, alone) = (one.grad_cam.as_ref().unwrap(), alone.grad_cam.as_ref().unwrap());
        for (a, b) in one.layers.iter().zip(&alone.layers) {
            let apart = difference(&a.raw.values, &b.raw.values);
            assert!(a.layer == b.layer && apart < 1e-3, "{}: {apart}", a.layer);
        }
    }
    assert!(together.next().is_none());
}

fn nowcast(sample: &str, explained: bool) -> Request {
    Request::Nowcast(NowcastRequest {
        model: "sar-unet".to_owned(),
        checkpoint: "knmi-20100826".to_owned(),
        sample: sample.to_owned(),
        threshold_mm_h: 1.5,
        grad_cam: explained,
        ig_steps: explained.then_some(1),
    })
}

/// What is read from the disk is compared with what a worker has to answer: what it does answer fits.
#[test]
fn what_was_answered_is_found_again_on_the_disk() {
    let (mut worker, catalog) = engine_and_catalog();
    let folder = tempfile::tempdir().expect("there is room");
    let results = Results::new(folder.path().to_owned(), 1_000_000_000, catalog);
    let mut requests = vec![nowcast(SAMPLE, true), nowcast(UNOBSERVED, false)];
    for (id, fit) in ids().iter().zip([Fit::Stretch, Fit::Letterbox]) {
        let Request::Scene(mut asked) = scene(id, 1, fit == Fit::Letterbox) else { continue };
        let path = PathOptions { n_steps: 2, tolerance: Some(0.5), ..PathOptions::default() };
        asked.integrated_gradients = (fit == Fit::Stretch).then_some(path);
        requests.push(Request::Scene(SceneRequest { fit, ..asked }));
    }
    for request in requests {
        let outcome = worker.run(&request, &Silent).expect("an answer");
        results.keep(&outcome);
        assert!(results.recall(&request, &worker.device()).is_some(), "{request}");
    }
}

#[test]
fn only_equal_work_goes_together() {
    let worker = engine();
    let (a, b) = (scene("a", 0, true), scene("b", 1, true));
    assert!(worker.batch_key(&a).is_some());
    assert_eq!(worker.batch_key(&a), worker.batch_key(&b));
    assert_ne!(worker.batch_key(&a), worker.batch_key(&scene("a", 0, false)));
    let Request::Scene(mut with_path) = a else { panic!("it is a scene") };
    with_path.integrated_gradients = Some(PathOptions::default());
    assert_eq!(worker.batch_key(&Request::Scene(with_path)), None);
}

#[test]
fn every_network_is_warmed_up_once() {
    let mut worker = engine();
    let mut n_networks = 1;
    while worker.warm_up() {
        n_networks += 1;
    }
    assert_eq!(n_networks, 2, "one run for each model with weights");
    assert!(!worker.warm_up());
}
