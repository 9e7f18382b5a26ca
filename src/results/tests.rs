use std::fs;
use std::time::SystemTime;

use stormlens_data::card::{CheckpointCard, DeviceReport};
use stormlens_data::hash::sha256;
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::Subject;
use tempfile::TempDir;

use super::*;
use crate::catalog::CardBox;
use crate::disk;
use crate::jobs::Store;
use stormlens_plot::testing;

pub(super) fn device(name: &str) -> DeviceReport {
    DeviceReport { kind: "cpu", name: name.to_owned(), reason: String::new() }
}

fn weights(sha256: &str) -> Vec<CheckpointCard> {
    let card = |model: &str| CheckpointCard {
        name: "test".to_owned(),
        model: model.to_owned(),
        weights_sha256: sha256.to_owned(),
        training_data: String::new(),
        licence: String::new(),
        n_parameters: 0,
        is_simulated: false,
        nowcasting: None,
        refining: None,
        fields: None,
        members: Vec::new(),
        absent_layers: Vec::new(),
        variant: None,
        training_range: None,
        training_features: None,
        likeness: None,
        split: None,
        left_over: Vec::new(),
    };
    vec![card(testing::card().id), card(testing::scene_card().id)]
}

/// A folder with data and results, and what a server over it knows.
pub(super) struct Setup {
    around: TempDir,
    pub catalog: Arc<Catalog>,
    /// Whether an outcome was made from the file that lies there now, which is what tasks tell.
    pub task_check: TaskCheck,
}

impl Setup {
    pub fn new() -> Self {
        let around = tempfile::tempdir().unwrap();
        let catalog = catalog("weights");
        let data = around.path().join("data");
        fs::write(&data, "frames").unwrap();
        let task_check: TaskCheck = Box::leak(Box::new(move |outcome: &Outcome, _: &_, _: &_| {
            let bytes = fs::read(&data).map_err(|error| Unfit::Unreadable(error.to_string()))?;
            ensure(outcome.provenance.data_sha256 == sha256(&bytes), Unfit::Data)
        }));
        Self { around, catalog, task_check }
    }

    fn data(&self) -> PathBuf {
        self.around.path().join("data")
    }

    fn folder(&self) -> PathBuf {
        self.around.path().join("results")
    }

    fn unlisted(&self, max_bytes: u64, catalog: &Arc<Catalog>) -> Results {
        Results::new(self.folder(), max_bytes, catalog.clone(), self.task_check)
    }

    /// A server that has just started.
    fn open(&self, max_bytes: u64) -> Results {
        let results = self.unlisted(max_bytes, &self.catalog);
        results.open();
        results
    }

    fn files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder()).into_iter().flatten().flatten();
        let mut files: Vec<_> = files.map(|file| file.path()).collect();
        files.sort();
        files
    }

    /// The answer that a worker would give about rain.
    pub fn nowcast(sample: &str) -> Outcome {
        let mut known = testing::outcome();
        known.request.subject = Subject::Nowcast {
            sample: sample.to_owned(),
            mask: Default::default(),
            steps_mean: false,
        };
        Self::answer(known)
    }

    /// The same about a picture.
    pub fn scene() -> Outcome {
        Self::answer(testing::scene_outcome())
    }

    fn answer(known: Outcome) -> Outcome {
        let provenance = Provenance {
            weights_sha256: "weights".to_owned(),
            data_sha256: sha256(b"frames"),
            device: "one".to_owned(),
            ..known.provenance
        };
        Outcome { provenance, ..known }
    }
}

fn catalog(weights_sha256: &str) -> Arc<Catalog> {
    let models = vec![testing::card(), testing::scene_card()];
    let (checkpoints, methods) = (weights(weights_sha256), testing::methods().to_vec());
    Arc::new(Catalog::new(CardBox { models, checkpoints, methods }, Vec::new()))
}

const ROOM: u64 = 1_000_000_000;

#[test]
fn a_result_outlives_the_program() {
    let setup = Setup::new();
    for outcome in [Setup::nowcast("a"), Setup::scene()] {
        let request = &outcome.request;
        let before = setup.open(ROOM);
        assert!(!before.may_hold(request, Some(&device("one"))));
        before.keep(&outcome);
        let after = setup.open(ROOM);
        assert!(after.may_hold(request, Some(&device("one"))));
        let found = after.recall(request, &device("one")).expect("it is there");
        let key = after.key(request, "one").unwrap();
        assert!(format::encode(&key, &found).unwrap() == format::encode(&key, &outcome).unwrap());
    }
}

#[test]
fn other_questions_devices_weights_and_programs_have_other_results() {
    let setup = Setup::new();
    let outcome = Setup::nowcast("a");
    let request = &outcome.request;
    let results = setup.open(ROOM);
    results.keep(&outcome);
    assert!(results.recall(&Setup::nowcast("b").request, &device("one")).is_none());
    assert!(results.recall(request, &device("two")).is_none());
    let other = catalog("others");
    assert!(setup.unlisted(ROOM, &other).recall(request, &device("one")).is_none());
    let mut newer = setup.open(ROOM);
    newer.program = another_build(&setup);
    assert!(newer.recall(request, &device("one")).is_none());
    assert!(results.recall(request, &device("one")).is_some());
}

fn another_build(setup: &Setup) -> Program {
    let file = setup.around.path().join("another build");
    fs::write(&file, "of the program").unwrap();
    Program::of_file(&file).unwrap()
}

#[test]
fn a_renamed_file_is_absent_and_removed() {
    let setup = Setup::new();
    let right = Setup::nowcast("a");
    let asked = &right.request;
    let mut another = setup.open(ROOM);
    another.program = another_build(&setup);
    let with = |change: &dyn Fn(&mut Outcome)| {
        let mut changed = right.clone();
        change(&mut changed);
        changed
    };
    let elsewhere = with(&|outcome| outcome.provenance.device = "two".to_owned());
    let others = with(&|outcome| outcome.provenance.weights_sha256 = "others".to_owned());
    let with_other_weights = setup.unlisted(ROOM, &catalog("others"));
    for (writer, outcome, what) in [
        (&setup.open(ROOM), &Setup::nowcast("b"), "another question"),
        (&setup.open(ROOM), &Setup::scene(), "another kind of question"),
        (&setup.open(ROOM), &elsewhere, "another device"),
        (&with_other_weights, &others, "other weights"),
        (&another, &right, "another build"),
    ] {
        writer.keep(outcome);
        let name = setup.open(ROOM).key(asked, "one").unwrap().name();
        let file = setup.folder().join(name);
        fs::rename(setup.files().remove(0), &file).unwrap();
        let results = setup.open(ROOM);
        assert!(results.may_hold(asked, Some(&device("one"))), "{what}");
        assert!(results.recall(asked, &device("one")).is_none(), "{what}");
        assert!(!file.exists() && setup.files().is_empty(), "{what}");
        assert!(!results.may_hold(asked, Some(&device("one"))), "{what}");
    }
    let results = setup.open(ROOM);
    results.keep(&right);
    assert!(results.recall(asked, &device("one")).is_some());
}

#[test]
fn a_file_of_other_data_or_none_of_ours_is_removed() {
    let setup = Setup::new();
    let outcome = Setup::nowcast("a");
    let request = &outcome.request;
    let results = setup.open(ROOM);
    results.keep(&outcome);
    fs::write(setup.data(), "newer frames").unwrap();
    assert!(results.recall(request, &device("one")).is_none());
    assert!(setup.files().is_empty());

    fs::write(setup.data(), "frames").unwrap();
    results.keep(&outcome);
    let file = setup.files().remove(0);
    let good = fs::read(&file).unwrap();
    let half = good[..good.len() / 2].to_vec();
    for bad in [half, b"somebody's diary".to_vec(), Vec::new()] {
        fs::write(&file, bad).unwrap();
        let results = setup.open(ROOM);
        assert!(results.may_hold(request, Some(&device("one"))));
        assert!(results.recall(request, &device("one")).is_none());
        assert!(!file.exists());
        assert!(!results.may_hold(request, Some(&device("one"))));
        results.keep(&outcome);
        assert!(results.recall(request, &device("one")).is_some());
    }
}

#[test]
fn what_cannot_be_read_now_is_found_another_time() {
    let setup = Setup::new();
    let outcome = Setup::nowcast("a");
    let results = setup.open(ROOM);
    results.keep(&outcome);
    let found = || results.recall(&outcome.request, &device("one")).is_some();
    assert!(found());
    let result = setup.files().remove(0);
    let aside = setup.around.path().join("aside");
    for file in [&setup.data(), &result] {
        fs::rename(file, &aside).unwrap();
        // A folder cannot be read as a file, whoever asks.
        fs::create_dir(file).unwrap();
        assert!(!found(), "{}", file.display());
        fs::remove_dir(file).unwrap();
        fs::rename(&aside, file).unwrap();
        assert!(found(), "{}", file.display());
    }
}

#[test]
fn the_least_recently_used_results_go_and_the_rest_survives_a_restart() {
    let setup = Setup::new();
    let [a, b, c] = ["a", "b", "c"].map(Setup::nowcast);
    let results = setup.open(ROOM);
    let key = results.key(&a.request, "one").unwrap();
    let one = format::encode(&key, &a).unwrap().len() as u64;
    let results = setup.open(2 * one + one / 2);
    results.keep(&a);
    results.keep(&b);
    assert!(results.recall(&a.request, &device("one")).is_some(), "this makes b the older one");
    results.keep(&c);
    let holds = |results: &Results| {
        [&a, &b, &c].map(|outcome| results.may_hold(&outcome.request, Some(&device("one"))))
    };
    assert_eq!(holds(&results), [true, false, true]);
    assert_eq!(setup.files().len(), 2);
    assert_eq!(holds(&setup.open(ROOM)), [true, false, true]);
    assert_eq!(setup.open(one).lock().as_ref().unwrap().len(), 1, "there is less room now");
    let small = setup.open(one - 1);
    small.keep(&b);
    assert!(setup.files().is_empty(), "a result larger than all room is not kept");
}

#[test]
fn other_files_in_the_folder_stay() {
    let setup = Setup::new();
    fs::create_dir_all(setup.folder()).unwrap();
    for name in ["README", "part-new"] {
        fs::write(setup.folder().join(name), "text").unwrap();
    }
    fs::create_dir(setup.folder().join("0".repeat(64))).unwrap();
    let results = setup.open(1);
    assert_eq!(results.lock().as_ref().unwrap().len(), 0);
    assert_eq!(setup.files().len(), 3);
    let old = SystemTime::now() - std::time::Duration::from_secs(7200);
    disk::touch(&setup.folder().join("part-new"), old);
    setup.open(1);
    assert_eq!(setup.files().len(), 2, "what was never finished goes");
}

#[test]
fn before_the_folder_is_listed_everything_may_lie_there() {
    let setup = Setup::new();
    let (outcome, other) = (Setup::nowcast("a"), Setup::nowcast("b").request);
    let unlisted = || setup.unlisted(ROOM, &setup.catalog);
    assert!(!unlisted().may_hold(&outcome.request, None), "there is no folder");
    setup.open(ROOM).keep(&outcome);
    assert!(unlisted().may_hold(&other, Some(&device("two"))));
    assert!(unlisted().recall(&outcome.request, &device("one")).is_some());
    assert!(setup.open(ROOM).may_hold(&other, None), "the device may be any");
}
