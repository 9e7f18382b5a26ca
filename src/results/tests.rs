use std::fs;
use std::path::Path;
use std::time::SystemTime;

use stormlens_data::archive::Sample;
use stormlens_data::card::{CheckpointCard, DeviceReport};
use stormlens_data::outcome::{Forecast, NowcastOutcome, Outcome, Provenance, SceneOutcome};
use stormlens_data::request::{NowcastRequest, SceneRequest};
use tempfile::TempDir;

use super::*;
use crate::jobs::Store;
use crate::scenes::CacheOptions;
use crate::testing;

const SAMPLE: &str = "knmi-20100826T0535";

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
        variant: None,
        familiar: None,
    };
    vec![card("sar-unet"), card("polar-low")]
}

/// A folder with uploads and results, and what a server over it knows.
pub(super) struct Bed {
    around: TempDir,
    pub catalog: Arc<Catalog>,
}

impl Bed {
    pub fn new() -> Self {
        let around = tempfile::tempdir().unwrap();
        let catalog = catalog(around.path(), "weights");
        Self { around, catalog }
    }

    /// Over data of its own, which are those of the sample.
    fn with_own_data() -> (Self, PathBuf) {
        let around = tempfile::tempdir().unwrap();
        let data = around.path().join("data");
        let archive = data.join("knmi");
        fs::create_dir_all(&archive).unwrap();
        let all = catalog(around.path(), "weights");
        let sample = all.sample(SAMPLE).unwrap();
        for frame in (0..12).map(|i| all.frame_file(sample, i).unwrap()) {
            fs::copy(&frame, archive.join(frame.file_name().unwrap())).unwrap();
        }
        let catalog = catalog_over(&data, around.path(), "weights");
        (Self { around, catalog }, archive)
    }

    fn folder(&self) -> PathBuf {
        self.around.path().join("results")
    }

    /// A server that has just started.
    fn open(&self, max_bytes: u64) -> Results {
        let results = Results::new(self.folder(), max_bytes, self.catalog.clone());
        results.open();
        results
    }

    fn files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder()).into_iter().flatten().flatten();
        let mut files: Vec<_> = files.map(|file| file.path()).collect();
        files.sort();
        files
    }

    /// The answer that a worker would give: true to the sample's data.
    pub fn nowcast(&self, threshold_mm_h: f64) -> (Request, Outcome) {
        let sample = self.catalog.load(self.catalog.sample(SAMPLE).unwrap()).unwrap();
        let mut known = testing::outcome();
        let request =
            NowcastRequest { sample: SAMPLE.to_owned(), threshold_mm_h, ..known.request.clone() };
        let provenance = provenance(known.provenance.clone(), sample.data_sha256.clone());
        let cam = known.grad_cam.iter_mut().map(|cam| &mut cam.target);
        let gradients = known.integrated_gradients.iter_mut().map(|found| &mut found.target);
        cam.chain(gradients).for_each(|target| target.threshold_mm_h = threshold_mm_h);
        let forecast = forecast(known.forecast, sample);
        let outcome = NowcastOutcome { request: request.clone(), provenance, forecast, ..known };
        (Request::Nowcast(request), Outcome::Nowcast(outcome.into()))
    }

    /// The answer about an upload of that name.
    pub fn scene(&self, name: &str) -> (Request, Outcome) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("data/sentinel1/tokyo_bay_20191012_380px.png");
        // Other bytes than the sample's, or it would be the sample.
        let mut bytes = fs::read(file).unwrap();
        bytes.push(0);
        let entry = self.catalog.scenes().add(name, &bytes).unwrap();
        let mut known = testing::scene_outcome();
        known.view.title = entry.title;
        (known.view.width_px, known.view.height_px) = (entry.width_px, entry.height_px);
        let request = SceneRequest { scene: entry.id, ..known.request.clone() };
        let provenance = provenance(known.provenance.clone(), entry.sha256);
        let outcome = SceneOutcome { request: request.clone(), provenance, ..known };
        (Request::Scene(request), Outcome::Scene(outcome.into()))
    }
}

fn catalog(around: &Path, weights_sha256: &str) -> Arc<Catalog> {
    catalog_over(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data"), around, weights_sha256)
}

fn catalog_over(data: &Path, around: &Path, weights_sha256: &str) -> Arc<Catalog> {
    let models = vec![testing::card(), testing::scene_card()];
    let cache = CacheOptions { folder: around.to_owned(), ..CacheOptions::default() };
    let catalog = Catalog::open(data, models, weights(weights_sha256)).unwrap();
    Arc::new(catalog.with_cache(cache))
}

/// The same prediction for a sample.
fn forecast(known: Forecast, sample: Sample) -> Forecast {
    let Sample { sequence, observation_mm_h, valid_time, .. } = sample;
    let (grid, inputs_mm_h, input_times) = (sequence.grid, sequence.frames, sequence.times);
    Forecast { grid, inputs_mm_h, input_times, observation_mm_h, valid_time, ..known }
}

fn provenance(known: Provenance, data_sha256: String) -> Provenance {
    let weights_sha256 = "weights".to_owned();
    Provenance { weights_sha256, data_sha256, device: "one".to_owned(), ..known }
}

const ROOM: u64 = 1_000_000_000;

#[test]
fn a_result_outlives_the_program() {
    let bed = Bed::new();
    for (request, outcome) in [bed.nowcast(1.5), bed.scene("storm.png")] {
        let before = bed.open(ROOM);
        assert!(!before.may_hold(&request, Some(&device("one"))));
        before.keep(&outcome);
        let after = bed.open(ROOM);
        assert!(after.may_hold(&request, Some(&device("one"))));
        let found = after.recall(&request, &device("one")).expect("it is there");
        let key = after.key(&request, "one").unwrap();
        assert!(format::encode(&key, &found).unwrap() == format::encode(&key, &outcome).unwrap());
    }
}

#[test]
fn other_questions_devices_weights_and_programs_have_other_results() {
    let bed = Bed::new();
    let (request, outcome) = bed.nowcast(1.5);
    let results = bed.open(ROOM);
    results.keep(&outcome);
    assert!(results.recall(&bed.nowcast(2.0).0, &device("one")).is_none());
    assert!(results.recall(&request, &device("two")).is_none());
    let other = catalog(bed.around.path(), "others");
    assert!(Results::new(bed.folder(), ROOM, other).recall(&request, &device("one")).is_none());
    let mut newer = bed.open(ROOM);
    newer.program = another_build(&bed);
    assert!(newer.recall(&request, &device("one")).is_none());
    assert!(results.recall(&request, &device("one")).is_some());
}

fn another_build(bed: &Bed) -> Program {
    let file = bed.around.path().join("another build");
    fs::write(&file, "of the program").unwrap();
    Program::of_file(&file).unwrap()
}

#[test]
fn a_renamed_file_is_absent_and_removed() {
    let bed = Bed::new();
    let (asked, right) = bed.nowcast(1.5);
    let other_catalog = catalog(bed.around.path(), "others");
    let mut another = bed.open(ROOM);
    another.program = another_build(&bed);
    let with = |change: &dyn Fn(&mut NowcastOutcome)| {
        let Outcome::Nowcast(outcome) = &right else { panic!("it is a nowcast") };
        let mut changed = (**outcome).clone();
        change(&mut changed);
        Outcome::Nowcast(changed.into())
    };
    let elsewhere = with(&|outcome| outcome.provenance.device = "two".to_owned());
    let others = with(&|outcome| outcome.provenance.weights_sha256 = "others".to_owned());
    let with_other_weights = Results::new(bed.folder(), ROOM, other_catalog);
    for (writer, outcome, what) in [
        (&bed.open(ROOM), &bed.nowcast(2.0).1, "another question"),
        (&bed.open(ROOM), &bed.scene("storm.png").1, "another kind of question"),
        (&bed.open(ROOM), &elsewhere, "another device"),
        (&with_other_weights, &others, "other weights"),
        (&another, &right, "another build"),
    ] {
        writer.keep(outcome);
        let name = bed.open(ROOM).key(&asked, "one").unwrap().name();
        let file = bed.folder().join(name);
        fs::rename(bed.files().remove(0), &file).unwrap();
        let results = bed.open(ROOM);
        assert!(results.may_hold(&asked, Some(&device("one"))), "{what}");
        assert!(results.recall(&asked, &device("one")).is_none(), "{what}");
        assert!(!file.exists() && bed.files().is_empty(), "{what}");
        assert!(!results.may_hold(&asked, Some(&device("one"))), "{what}");
    }
    let results = bed.open(ROOM);
    results.keep(&right);
    assert!(results.recall(&asked, &device("one")).is_some());
}

#[test]
fn a_file_of_other_data_or_none_of_ours_is_removed() {
    let bed = Bed::new();
    let (request, outcome) = bed.nowcast(1.5);
    let Outcome::Nowcast(nowcast) = &outcome else { panic!("it is a nowcast") };
    let mut stale = (**nowcast).clone();
    stale.provenance.data_sha256 = "of older frames".to_owned();
    let results = bed.open(ROOM);
    results.keep(&Outcome::Nowcast(stale.into()));
    assert!(results.recall(&request, &device("one")).is_none());
    assert!(bed.files().is_empty());

    results.keep(&outcome);
    let file = bed.files().remove(0);
    let good = fs::read(&file).unwrap();
    let half = good[..good.len() / 2].to_vec();
    for bad in [half, b"somebody's diary".to_vec(), Vec::new()] {
        fs::write(&file, bad).unwrap();
        let results = bed.open(ROOM);
        assert!(results.may_hold(&request, Some(&device("one"))));
        assert!(results.recall(&request, &device("one")).is_none());
        assert!(!file.exists());
        assert!(!results.may_hold(&request, Some(&device("one"))));
        results.keep(&outcome);
        assert!(results.recall(&request, &device("one")).is_some());
    }
}

#[test]
fn what_cannot_be_read_now_is_found_another_time() {
    let (bed, archive) = Bed::with_own_data();
    let (request, outcome) = bed.nowcast(1.5);
    let results = bed.open(ROOM);
    results.keep(&outcome);
    let found = || results.recall(&request, &device("one")).is_some();
    assert!(found());
    let frame = fs::read_dir(&archive).unwrap().next().unwrap().unwrap().path();
    let result = bed.files().remove(0);
    let aside = bed.around.path().join("aside");
    for file in [&frame, &result] {
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
fn a_removed_scene_has_no_result_and_gives_no_name_away() {
    let bed = Bed::new();
    let (request, outcome) = bed.scene("private name.png");
    let results = bed.open(ROOM);
    results.keep(&outcome);
    assert!(results.recall(&request, &device("one")).is_some());
    fs::remove_dir_all(bed.around.path().join("scenes")).unwrap();
    let gone = Bed { catalog: catalog(bed.around.path(), "weights"), around: bed.around };
    let results = gone.open(ROOM);
    assert!(results.recall(&request, &device("one")).is_none());
    results.keep(&outcome);
    gone.scene("another name.png");
    assert!(gone.open(ROOM).recall(&request, &device("one")).is_none());
}

#[test]
fn the_least_recently_used_results_go_and_the_rest_survives_a_restart() {
    let bed = Bed::new();
    let [a, b, c] = [1.0, 2.0, 3.0].map(|threshold| bed.nowcast(threshold));
    let results = bed.open(ROOM);
    let one = format::encode(&results.key(&a.0, "one").unwrap(), &a.1).unwrap().len() as u64;
    let results = bed.open(2 * one + one / 2);
    results.keep(&a.1);
    results.keep(&b.1);
    assert!(results.recall(&a.0, &device("one")).is_some(), "this makes b the older one");
    results.keep(&c.1);
    let holds = |results: &Results| {
        [&a, &b, &c].map(|(request, _)| results.may_hold(request, Some(&device("one"))))
    };
    assert_eq!(holds(&results), [true, false, true]);
    assert_eq!(bed.files().len(), 2);
    assert_eq!(holds(&bed.open(ROOM)), [true, false, true]);
    assert_eq!(bed.open(one).lock().as_ref().unwrap().len(), 1, "there is less room now");
    let small = bed.open(one - 1);
    small.keep(&b.1);
    assert!(bed.files().is_empty(), "a result larger than all room is not kept");
}

#[test]
fn other_files_in_the_folder_stay() {
    let bed = Bed::new();
    fs::create_dir_all(bed.folder()).unwrap();
    for name in ["README", "part-new"] {
        fs::write(bed.folder().join(name), "text").unwrap();
    }
    fs::create_dir(bed.folder().join("0".repeat(64))).unwrap();
    let results = bed.open(1);
    assert_eq!(results.lock().as_ref().unwrap().len(), 0);
    assert_eq!(bed.files().len(), 3);
    let old = SystemTime::now() - std::time::Duration::from_secs(7200);
    files::touch(&bed.folder().join("part-new"), old);
    bed.open(1);
    assert_eq!(bed.files().len(), 2, "what was never finished goes");
}

#[test]
fn before_the_folder_is_listed_everything_may_lie_there() {
    let bed = Bed::new();
    let (request, outcome) = bed.nowcast(1.5);
    let unlisted = || Results::new(bed.folder(), ROOM, bed.catalog.clone());
    assert!(!unlisted().may_hold(&request, None), "there is no folder");
    bed.open(ROOM).keep(&outcome);
    assert!(unlisted().may_hold(&bed.nowcast(2.0).0, Some(&device("two"))));
    assert!(unlisted().recall(&request, &device("one")).is_some());
    assert!(bed.open(ROOM).may_hold(&bed.nowcast(2.0).0, None), "the device may be any");
}
