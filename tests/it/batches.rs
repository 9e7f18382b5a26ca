//! Requests that go through a network together are answered as each alone would be.

use std::path::Path;
use std::sync::Arc;

use stormlens::catalog::Catalog;
use stormlens::config::{CacheArgs, DeviceArgs, Sources};
use stormlens::jobs::{Asked, Store, Worker, WorkerError};
use stormlens::networks::Networks;
use stormlens::parameters::Parameters;
use stormlens::question::Question;
use stormlens::results::Results;
use stormlens::{tasks, worker};
use stormlens_data::outcome::{Outcome, Variable};
use stormlens_data::request::{DeviceChoice, Request, Silent, Subject};
use stormlens_data::scene::SceneArchive;

use crate::site::check;
use crate::support::{SAMPLE, UNOBSERVED, data};

/// The worker over the networks and data of the repository, as the server builds it, and what can
/// be asked.
struct Engine {
    worker: Box<dyn Worker>,
    catalog: Arc<Catalog>,
}

impl Engine {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = Sources {
            device: DeviceArgs { device: DeviceChoice::Cpu },
            data: data().to_owned(),
            checkpoints: root.join("checkpoints"),
            cache: CacheArgs { folder: root.join("no-such-folder") },
            memory_limit: stormlens::memory::MemoryLimit::default(),
        };
        let Networks { cards, worker, .. } = worker::networks(&sources);
        let tasks = tasks::open(&sources.folders()).expect("there is data");
        let tasks = tasks.into_iter().map(|opened| opened.task).collect();
        let catalog = Arc::new(Catalog::new(cards, tasks));
        let worker = worker(catalog.clone())().expect("the CPU is there");
        Self { worker, catalog }
    }

    /// What an address asks.
    fn request(&self, query: &str) -> Request {
        let question = Question::read(&Parameters::parse(Some(query)), &self.catalog, &[]);
        question.unwrap_or_else(|error| panic!("{query}: {error}")).request
    }

    fn scene(&self, id: &str, more: &str) -> Request {
        self.request(&format!("model=polar-low&checkpoint=simulated-192&scene={id}&{more}"))
    }

    fn forecast(&self, sample: &str, more: &str) -> Request {
        self.request(&format!("model=sar-unet&checkpoint=knmi-20100826&sample={sample}&{more}"))
    }
}

/// The same about a scene that is not here.
fn of_no_scene(request: &Request) -> Request {
    let mut other = request.clone();
    if let Subject::Scene { scene, .. } = &mut other.subject {
        "0123456789abcdef".clone_into(scene);
    }
    other
}

fn ids() -> Vec<String> {
    let archive = SceneArchive::open(&data().join("sentinel1")).expect("there are samples");
    archive.scenes.into_iter().map(|scene| scene.id).collect()
}

/// The largest difference, as a share of the largest value.
fn difference(a: &Variable, b: &Variable) -> f64 {
    let (a, b) = (a.to_f64(), b.to_f64());
    assert_eq!(a.len(), b.len());
    let largest = a.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let apart = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0_f64, f64::max);
    apart / largest.max(f64::MIN_POSITIVE)
}

fn check_same(one: &Outcome, alone: &Outcome) {
    assert_eq!(one.provenance, alone.provenance);
    let logits = |outcome: &Outcome| outcome.variable("logit").expect("there are some").to_f64();
    for (a, b) in logits(one).into_iter().zip(logits(alone)) {
        assert!((a - b).abs() < 1e-4, "{a} and {b}");
    }
    let names =
        |outcome: &Outcome| outcome.variables.iter().map(|v| v.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(one), names(alone));
    let raw = |variable: &&Variable| variable.name.ends_with("/raw");
    assert!(one.variables.iter().filter(raw).count() > 5);
    for (a, b) in one.variables.iter().zip(&alone.variables).filter(|(a, _)| raw(a)) {
        let apart = difference(a, b);
        assert!(apart < 1e-3, "{}: {apart}", a.name);
    }
}

#[test]
fn together_is_as_alone_and_a_bad_one_fails_alone() {
    let mut engine = Engine::new();
    let ids = ids();
    let first = engine.scene(&ids[0], "class=pos");
    let requests = [first.clone(), of_no_scene(&first), engine.scene(&ids[1], "class=neg")];
    let asked: Vec<Asked<'_>> =
        requests.iter().map(|request| -> Asked<'_> { (request, &Silent) }).collect();
    let mut together = engine.worker.run_batch(&asked).into_iter();
    for (i, request) in requests.iter().enumerate() {
        let answer = together.next().expect("one answer each");
        if i == 1 {
            assert!(matches!(answer, Err(WorkerError::Invalid { .. })), "{answer:?}");
            continue;
        }
        let one = answer.expect("an answer");
        assert_eq!(one.request, *request);
        check_same(&one, &engine.worker.run(request, &Silent).expect("an answer"));
    }
    assert!(together.next().is_none());
}

/// What is read from the disk is compared with what a worker has to answer: what it does answer fits.
#[test]
fn what_was_answered_is_found_again_on_the_disk() {
    let mut engine = Engine::new();
    let folder = tempfile::tempdir().expect("there is room");
    let results =
        Results::new(folder.path().to_owned(), 1_000_000_000, engine.catalog.clone(), &check);
    let ids = ids();
    let gradients = "methods=integrated-gradients&integrated-gradients.steps=2\
                     &integrated-gradients.tolerance=0.5";
    let all = "methods=grad-cam,integrated-gradients,saliency&integrated-gradients.steps=2";
    for request in [
        engine.forecast(SAMPLE, all),
        engine.forecast(UNOBSERVED, "methods=none"),
        engine.scene(&ids[0], gradients),
        engine.scene(&ids[1], "fit=letterbox&methods=grad-cam,saliency"),
    ] {
        let outcome = engine.worker.run(&request, &Silent).expect("an answer");
        results.keep(&outcome);
        assert!(results.recall(&request, &engine.worker.device()).is_some(), "{request}");
    }
}

#[test]
fn only_equal_work_goes_together() {
    let engine = Engine::new();
    let ids = ids();
    let key = |request: &Request| engine.worker.batch_key(request);
    let (a, b) = (engine.scene(&ids[0], "class=neg"), engine.scene(&ids[1], "class=pos"));
    assert!(key(&a).is_some());
    assert_eq!(key(&a), key(&b));
    assert_ne!(key(&a), key(&engine.scene(&ids[0], "methods=none")));
    assert_ne!(key(&a), key(&engine.forecast(SAMPLE, "methods=grad-cam")));
    assert_eq!(key(&engine.scene(&ids[0], "methods=grad-cam,integrated-gradients")), None);
}

#[test]
fn every_network_is_warmed_up_once() {
    let Engine { mut worker, catalog } = Engine::new();
    let mut n_networks = 1;
    while worker.warm_up() {
        n_networks += 1;
    }
    let has_weights = |id: &str| catalog.checkpoints(id).next().is_some();
    let n_models = catalog.models().iter().filter(|model| has_weights(model.id)).count();
    assert!(n_models >= 2, "weights come with the program");
    assert_eq!(n_networks, n_models, "one run for each model with weights");
    assert!(!worker.warm_up());
}
