//! Weights by their names, and requests of several passes, with small networks of fresh weights.

mod long;
mod tiles;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stormlens_checkpoint::{Metadata, Precision, write_safetensors};
use stormlens_data::request::Subject;
use stormlens_nn::device::DeviceChoice;
use stormlens_nn::engine::state_dict;
use stormlens_nn::models::Sizes;

use self::tiles::Tiles;
use super::*;
use crate::config::{CacheArgs, DeviceArgs};

const MODEL: &str = "harpnet";
const MEMBERS: [&str; 2] = ["narrow/members/epoch-02", "narrow/members/epoch-10"];

/// Weights of a narrow network before training; another seed, other weights.
fn write(path: &Path, seed: u64) -> PathBuf {
    let entry = known_model(MODEL).expect("a network of tiles");
    let narrow = Sizes { base_channels: Some(2), ..Sizes::default() };
    let architecture = (entry.design)(&narrow).expect("a narrow one");
    let state = state_dict(&(entry.initialise)(&architecture.schema, seed), 0);
    let metadata = Metadata {
        model: MODEL.into(),
        hyper_parameters: serde_json::json!({}),
        normalisation_mm_5min: None,
        field: None,
        frame_step_min: None,
        lead_times_min: None,
        rain: None,
        fields: None,
        input_px: None,
        crop_px: None,
        simulated: false,
        training_statistics: None,
        training_features: None,
        training_data: "nothing".into(),
        licence: "none".into(),
        created_by: "a test".into(),
    };
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    write_safetensors(path, &state, &metadata, Precision::F32).expect("a file");
    path.to_owned()
}

/// A folder of checkpoints: one with two members, one of which is a folder and one a file; one alone.
fn checkpoints() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let narrow = folder.path().join(MODEL).join("narrow");
    write(&narrow.join("weights.safetensors"), 1);
    write(&narrow.join("members/epoch-10.safetensors"), 2);
    write(&narrow.join("members/epoch-02/weights.safetensors"), 3);
    fs::write(narrow.join("members/notes.txt"), "no weights").expect("a file");
    write(&folder.path().join(MODEL).join("alone/weights.safetensors"), 4);
    folder
}

fn sources(checkpoints: &Path) -> Sources {
    Sources {
        device: DeviceArgs { device: DeviceChoice::Cpu },
        data: checkpoints.to_owned(),
        checkpoints: checkpoints.to_owned(),
        memory_limit: MemoryLimit::default(),
        cache: CacheArgs { folder: checkpoints.to_owned() },
    }
}

#[test]
fn members_beside_weights_are_known_by_name() {
    let folder = checkpoints();
    let (weights, cards, problems) = find_checkpoints(folder.path());
    assert_eq!(problems, Vec::<String>::new());
    let said: Vec<_> =
        cards.iter().map(|card| (card.name.as_str(), card.members.as_slice())).collect();
    let members = MEMBERS.map(str::to_owned);
    // A member is no choice of its own.
    assert_eq!(said, [("alone", &[][..]), ("narrow", &members[..])]);
    let names: Vec<&str> = weights.keys().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["alone", "narrow", MEMBERS[0], MEMBERS[1]]);
    let path = &weights[&(MODEL.to_owned(), MEMBERS[0].to_owned())];
    assert!(path.ends_with("members/epoch-02/weights.safetensors"), "{}", path.display());

    // The same for a file that is named, under the name that it was given.
    let path = folder.path().join(MODEL).join("narrow/weights.safetensors");
    let one = network(&sources(folder.path()), MODEL, "mine".to_owned(), &path).expect("weights");
    assert_eq!(
        one.cards.checkpoints[0].members,
        ["mine/members/epoch-02", "mine/members/epoch-10"]
    );
}

#[test]
fn weights_where_nothing_is_looked_for_are_said() {
    let folder = checkpoints();
    let add = |path: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, "something").expect("a file");
    };
    // Of these nothing is said.
    for path in ["README.md", ".git/config", "runs/first/best.safetensors", "harpnet/notes/a.md"] {
        add(path);
    }
    add("harpnet/.hidden/best.pt");
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    let (_, _, problems) = find_checkpoints(folder.path());
    assert_eq!(problems, Vec::<String>::new());

    add("harpnet/renamed/best.pt");
    add("smat-unet/mine/weights.safetensors");
    let (_, cards, problems) = find_checkpoints(folder.path());
    assert_eq!(cards.len(), 2, "those that can be read are there all the same");
    let [renamed, unknown] = problems.as_slice() else { panic!("{problems:?}") };
    for words in ["harpnet/renamed", "best.pt", "directly into", "name it weights.safetensors"] {
        assert!(renamed.contains(words), "{words} in {renamed}");
    }
    for words in ["no network is called “smat-unet”", "smaat-unet", "harpnet"] {
        assert!(unknown.contains(words), "{words} in {unknown}");
    }
}

/// What was said of a run, which ends at a step if it is told to.
#[derive(Default)]
struct Told {
    steps: RefCell<Vec<(String, usize, usize)>>,
    stop_at: Option<usize>,
}

impl Progress for Told {
    fn report(&self, phase: &str, done: usize, total: usize) -> ControlFlow<Cancelled> {
        self.steps.borrow_mut().push((phase.to_owned(), done, total));
        match self.stop_at {
            Some(last) if done >= last => ControlFlow::Break(Cancelled),
            _ => ControlFlow::Continue(()),
        }
    }
}

impl Told {
    /// A step may be said again and again.
    fn steps(&self) -> Vec<(String, usize, usize)> {
        let mut steps = self.steps.borrow().clone();
        steps.dedup();
        steps
    }
}

/// The worker over the folder, with a task that asks for passes by name.
fn worker(folder: &Path) -> (Arc<Tiles>, Box<dyn Worker>) {
    let tiles = Arc::new(Tiles::default());
    let Networks { cards, worker, .. } = networks(&sources(folder));
    let catalog = Arc::new(Catalog::new(cards, vec![tiles.clone()]));
    (tiles, worker(catalog)().expect("there is always a CPU"))
}

fn request(rain: &str) -> Request {
    let domain = [0.0, 0.0, 2.0, 2.0];
    let subject = Subject::Downscaling { rain: rain.into(), domain, refinement: <_>::default() };
    let (model, checkpoint) = (MODEL.to_owned(), "narrow".to_owned());
    Request { model, checkpoint, subject, explain: Vec::new() }
}

fn steps(n: usize, total: usize) -> Vec<(String, usize, usize)> {
    (0..n).map(|i| (tiles::PHASE.to_owned(), i, total)).collect()
}

#[test]
fn passes_are_answered_one_after_another_by_the_weights_that_they_name() {
    let folder = checkpoints();
    let (tiles, mut worker) = worker(folder.path());
    let told = Told::default();
    let outcome = worker.run(&request("several"), &told).expect("an outcome");
    assert_eq!(outcome.provenance.checkpoint, "narrow");
    assert_eq!(told.steps(), steps(4, 4), "a pass is one step, whatever it does");
    let (answers, placed) = tiles.answered().pop().expect("an answer");
    let engine = Engine::new(DeviceChoice::Cpu).expect("there is always a CPU");
    let at = |name: &str| folder.path().join(MODEL).join("narrow").join(name);
    let own = engine.load(MODEL, &at("weights.safetensors")).expect("weights");
    let member = engine.load(MODEL, &at("members/epoch-10.safetensors")).expect("weights");
    let passes = tiles::passes("several");
    assert_eq!(answers.len(), passes.len());
    for (pass, answer) in passes.iter().zip(&answers) {
        let resident = if pass.weights.is_some() { &member } else { &own };
        let alone = engine.pass(resident, pass, &Silent).expect("a pass");
        assert!(*answer == alone, "another answer than that of the engine");
    }
    assert!(answers[0].prediction != answers[1].prediction, "the same weights");
    assert_eq!((answers[3].sampled.len(), answers[3].shown.len()), (2, 1));
    assert_eq!(placed, own.placed(), "those of the question, not of a member");
}

#[test]
fn a_run_of_several_passes_stops_between_them() {
    let folder = checkpoints();
    let (tiles, mut worker) = worker(folder.path());
    let told = Told { stop_at: Some(2), ..Told::default() };
    let ended = worker.run(&request("several"), &told);
    assert_eq!(ended.unwrap_err(), WorkerError::Cancelled);
    assert_eq!(told.steps(), steps(3, 4));
    assert!(tiles.answered().is_empty());
    // Others have the worker between two of them.
    let mut n_lent = 0;
    let mut between = |_: &mut dyn Worker| n_lent += 1;
    worker.run_in_steps(&request("several"), &Silent, &mut between).expect("an outcome");
    // Each is begun, and the last one draws twice beside its prediction.
    assert!(n_lent >= 4 + 2, "{n_lent}");
}

/// A single pass that is more than a prediction tells what it does itself.
#[test]
fn a_pass_alone_tells_of_its_own_work() {
    let folder = checkpoints();
    let (_, mut worker) = worker(folder.path());
    let told = Told::default();
    worker.run(&request("draws"), &told).expect("an outcome");
    let steps = told.steps();
    assert!(
        !steps.is_empty() && steps.iter().all(|(phase, ..)| phase != tiles::PHASE),
        "{steps:?}"
    );
    let told = Told { stop_at: Some(0), ..Told::default() };
    let ended = worker.run(&request("draws"), &told);
    assert_eq!(ended.unwrap_err(), WorkerError::Cancelled);
}

#[test]
fn weights_that_are_not_there_are_an_error_of_their_request_alone() {
    let folder = checkpoints();
    let broken = folder.path().join(MODEL).join("narrow/members/broken.safetensors");
    write(&broken, 5);
    let (tiles, mut worker) = worker(folder.path());
    // Behind the back of a server that has listed it.
    fs::write(&broken, "no weights").expect("a file");
    let requests = ["plain", "unknown", "several", "broken", "plain"].map(request);
    let batch: Vec<Asked<'_>> =
        requests.iter().map(|one| (one, &Silent as &dyn Progress)).collect();
    let mut outcomes =
        worker.run_batch(&batch).into_iter().map(|outcome| outcome.map(|o| o.request));
    let mut next = || outcomes.next().expect("one each");
    assert_eq!(next().as_ref(), Ok(&requests[0]));
    let Err(WorkerError::Invalid { message, remedy }) = next() else { panic!("it was answered") };
    assert_eq!(message, "harpnet has no checkpoint \"narrow/members/epoch-99\"");
    assert!(!remedy.is_empty());
    assert_eq!(next().as_ref(), Ok(&requests[2]));
    let Err(WorkerError::Failed(message)) = next() else { panic!("it was answered") };
    assert!(message.contains("broken.safetensors"), "{message}");
    assert_eq!(next().as_ref(), Ok(&requests[4]));
    let n_answers: Vec<usize> = tiles.answered().iter().map(|(answers, _)| answers.len()).collect();
    // The two plain ones went through the network together, before the others.
    assert_eq!(n_answers, [1, 1, 4]);
}

/// Of several that were asked together, one counts; of those that were refused none does.
#[test]
fn after_a_rest_the_last_question_is_answered_once_more() {
    let folder = checkpoints();
    let (tiles, mut worker) = worker(folder.path());
    let n_rested = |worker: &mut Box<dyn Worker>| {
        let n_before = tiles.answered().len();
        worker.rested();
        tiles.answered().len() - n_before
    };
    assert_eq!(n_rested(&mut worker), 0, "nothing was asked");
    let asked = ["plain", "unknown"].map(request);
    let [fine, refused] = asked.each_ref().map(|request| -> Asked<'_> { (request, &Silent) });
    assert!(worker.run_batch(&[refused]).remove(0).is_err());
    assert_eq!(n_rested(&mut worker), 0);
    let answers = worker.run_batch(&[fine, fine, refused]);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    // Not only once: others may have left their memory between two rests.
    assert_eq!([n_rested(&mut worker), n_rested(&mut worker)], [1, 1]);
}
