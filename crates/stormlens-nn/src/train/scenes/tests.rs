use std::path::Path;

use burn::tensor::Device;
use stormlens_data::card::{Class, SceneClassification};
use stormlens_data::scene::{Resampling, Variant};

use super::*;
use crate::models::HostTensors;
use crate::network::Network;
use crate::parameters::Mode;
use crate::train::{EpochReport, Monitor, Observer, Summary, Trainee, train};
use crate::{Parameters, Tap};
use stormlens_checkpoint::CheckpointError;

const CLASSES: &[Class] =
    &[Class { name: "neg", label: "no polar low" }, Class { name: "pos", label: "polar low" }];

fn task() -> SceneClassification {
    let default_variant = Variant { input_px: 24, crop_px: 16 };
    SceneClassification { classes: CLASSES, default_class: 1, default_variant, default_layers: &[] }
}

/// A classifier of mean colours.
struct Means;

impl Network for Means {
    fn forward(&self, p: &Parameters, x: Tensor<4>, _: &mut Tap, _: &Mode) -> Prediction {
        let n = x.dims()[0];
        let means = x.mean_dim(3).mean_dim(2).reshape([n, 3]);
        let p = p.root().at("head");
        let bias = p.tensor::<1>("bias").reshape([1, 2]);
        let logits = means.clone().matmul(p.tensor::<2>("weight").transpose()) + bias;
        Prediction::Logits { logits, features: means }
    }
}

fn fresh() -> HostTensors {
    vec![
        ("head.bias".into(), vec![2], vec![0.0; 2]),
        ("head.weight".into(), vec![2, 3], vec![0.3, -0.1, 0.2, 0.1, 0.2, -0.3]),
    ]
}

/// Scenes that are told apart by their blue: ten of each class, two of each test.
fn write_scenes(root: &Path, with_validation: bool) {
    let splits = ["train", "test", "validation"];
    for split in &splits[..if with_validation { 3 } else { 2 }] {
        for (label, blue) in [("neg", 60), ("pos", 200)] {
            let folder = root.join(split).join(label);
            std::fs::create_dir_all(&folder).expect("a folder");
            for i in 0..if *split == "train" { 10 } else { 2 } {
                let level = 100 + 3 * i;
                let pixel = |x: u32, _| {
                    let land = if x < u32::from(level) % 7 { 40 } else { 0 };
                    image::Rgb([level + land, level + land, blue + level % 11])
                };
                let name = format!("{i:06x}_20191012T084028_20191012T084212_mos_rgb.png");
                let picture = image::RgbImage::from_fn(24, 24, pixel);
                picture.save(folder.join(name)).expect("a file");
            }
        }
    }
}

fn config(root: &Path) -> SceneConfig {
    SceneConfig {
        model: "means".into(),
        base_channels: None,
        kernels_per_layer: None,
        output: root.join("run"),
        seed: 7,
        data: SceneData {
            scenes: root.to_owned(),
            variant: task().default_variant,
            resampling: Resampling::Bilinear,
            validation_share: 0.2,
            cache: true,
            simulated: true,
            description: "blue and not so blue".into(),
            licence: "none".into(),
        },
        training: SceneTraining {
            batch_size: 4,
            max_epochs: 4,
            learning_rate: 0.05,
            ..Default::default()
        },
        augmentation: SceneAugmentation { brightness: 0.05, contrast: 0.1, ..Default::default() },
    }
}

#[derive(Default)]
struct Watch {
    reports: Vec<EpochReport>,
    n_batches_until_kill: Option<usize>,
    best: HostTensors,
}

impl Observer for Watch {
    fn batch(&mut self, _: usize, _: usize, _: usize, _: f64) -> bool {
        let left = self.n_batches_until_kill;
        self.n_batches_until_kill = left.map(|n| n.saturating_sub(1));
        left != Some(0)
    }

    fn epoch(&mut self, report: &EpochReport) {
        self.reports.push(report.clone());
    }

    fn best(&mut self, weights: &HostTensors, _: &EpochReport) -> Result<(), CheckpointError> {
        self.best = weights.clone();
        Ok(())
    }
}

fn run(config: &SceneConfig, watch: &mut Watch) -> Result<Summary, TrainError> {
    let supervision = SceneSupervision::open(config, &task(), NormOptions::KERAS)?;
    let trainee = Trainee { network: &Means, initial: fresh() };
    train(&config.recipe(), trainee, &supervision, &Device::flex(), watch)
}

fn score(report: &EpochReport, name: &str) -> Option<f64> {
    report.scores.iter().find(|(other, _)| *other == name).expect(name).1
}

/// The test scenes written here show the first two of the ten places of training, for both classes.
#[test]
fn places_that_training_knows_are_counted() {
    let root = tempfile::tempdir().expect("a folder");
    write_scenes(root.path(), false);
    let supervision = SceneSupervision::open(&config(root.path()), &task(), NormOptions::KERAS);
    let supervision = supervision.expect("the scenes");
    assert_eq!(supervision.n_known_places(Block::Test), 4);
    assert_eq!(supervision.n_known_places(Block::Validation), 0, "the hold-out divides by place");
}

#[test]
fn training_learns() {
    let root = tempfile::tempdir().expect("a folder");
    write_scenes(root.path(), false);
    let mut config = config(root.path());
    config.training.max_epochs = 30;
    let mut watch = Watch::default();
    let summary = run(&config, &mut watch).expect("a run");
    let (first, last) = (&watch.reports[0], &watch.reports[29]);
    assert!(last.validation_loss < 0.5 * first.validation_loss, "{first:?} {last:?}");
    assert_eq!((score(last, "f1"), score(last, "false_positives")), (Some(1.0), Some(0.0)));
    assert!(summary.best_loss.is_some_and(|loss| loss <= last.validation_loss));
    let csv = std::fs::read_to_string(config.output.join("metrics.csv")).expect("metrics");
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns, [14; 31], "{csv}");
}

/// Killed in the middle of the third epoch, the run ends with the very same bytes; so does one that
/// reads each scene anew.
#[test]
fn a_run_is_a_function_of_its_seed() {
    let states: Vec<Vec<Vec<u8>>> = [(None, true), (Some(9), true), (None, false)]
        .into_iter()
        .map(|(n_batches_until_kill, cache)| {
            let root = tempfile::tempdir().expect("a folder");
            write_scenes(root.path(), true);
            let mut config = config(root.path());
            config.data.cache = cache;
            let mut watch = Watch { n_batches_until_kill, ..Default::default() };
            let stopped = run(&config, &mut watch);
            if n_batches_until_kill.is_some() {
                assert!(matches!(stopped, Err(TrainError::Stopped(1))), "{stopped:?}");
                run(&config, &mut Watch::default()).expect("the rest");
            }
            // The state holds the options, which name the folder.
            let read = |file: &str| std::fs::read(config.output.join(file)).expect(file);
            let state =
                crate::train::state::RunState::load(&config.output.join("last.safetensors"));
            let weights = format!("{:?}", state.expect("a state").weights).into_bytes();
            vec![weights, read("metrics.csv"), read("split.json")]
        })
        .collect();
    assert!(states[0] == states[1], "interrupted");
    assert!(states[0] == states[2], "without a cache");
}

/// Monitored by the training loss, the best epoch is that of the smallest training loss.
#[test]
fn the_monitor_decides_what_is_best() {
    let root = tempfile::tempdir().expect("a folder");
    write_scenes(root.path(), true);
    for monitor in [Monitor::Training, Monitor::Validation] {
        let mut config = config(root.path());
        config.output = root.path().join(format!("{monitor:?}"));
        config.training.monitor = monitor;
        let mut watch = Watch::default();
        run(&config, &mut watch).expect("a run");
        let mut smallest = f64::INFINITY;
        for report in &watch.reports {
            let loss = match monitor {
                Monitor::Training => report.train_loss,
                Monitor::Validation => report.validation_loss,
            };
            assert_eq!(report.is_best, loss < smallest, "{monitor:?}: {report:?}");
            smallest = smallest.min(loss);
        }
    }
}

#[test]
fn scenes_are_held_out_by_footprint_where_none_validate() {
    let root = tempfile::tempdir().expect("a folder");
    write_scenes(root.path(), false);
    let supervision =
        SceneSupervision::open(&config(root.path()), &task(), NormOptions::KERAS).expect("scenes");
    let counts = [Block::Train, Block::Validation, Block::Test].map(|b| supervision.len(b));
    assert_eq!(counts, [16, 4, 4]);
    let footprints = |block| -> std::collections::BTreeSet<_> {
        supervision.files(block).filter_map(|f| f.footprint.clone()).collect()
    };
    assert!(footprints(Block::Train).is_disjoint(&footprints(Block::Validation)));
    assert!(supervision.ids(Block::Test)[0].starts_with("test/neg/"));
    let reference = supervision.reference().expect("training scenes");
    assert!(reference.mean[2].low < 60.0 / 255.0 && reference.mean[2].high > 200.0 / 255.0);
}

#[test]
fn folders_without_a_block_are_refused() {
    let check = |share: f64, remove: &str, expected: &str| {
        let root = tempfile::tempdir().expect("a folder");
        write_scenes(root.path(), false);
        std::fs::remove_dir_all(root.path().join(remove)).expect("a folder");
        let mut config = config(root.path());
        config.data.validation_share = share;
        let refused = run(&config, &mut Watch::default()).expect_err(remove).to_string();
        assert!(refused.contains(expected), "{refused}");
    };
    check(0.0, "test", "Validation block");
    check(0.2, "train/pos", "train/pos");
    check(1.5, "test", "validation_share is 1.5");
}

#[test]
fn a_scene_that_is_none_is_named() {
    let root = tempfile::tempdir().expect("a folder");
    write_scenes(root.path(), true);
    std::fs::write(root.path().join("train/pos/broken.png"), b"no picture").expect("a file");
    let refused = run(&config(root.path()), &mut Watch::default()).expect_err("a text");
    assert!(refused.to_string().contains("broken.png"), "{refused}");
}

/// −ln of the probability of the right class: ½ and ¾ here.
#[test]
fn the_loss_is_the_cross_entropy() {
    let root = tempfile::tempdir().expect("a folder");
    write_scenes(root.path(), true);
    let supervision =
        SceneSupervision::open(&config(root.path()), &task(), NormOptions::KERAS).expect("scenes");
    let device = Device::flex();
    let logits = vec![0.0, 0.0, 3.0_f32.ln() + 90.0, 90.0];
    let logits = Tensor::<2>::from_data(TensorData::new(logits, [2, 2]), &device);
    let prediction = Prediction::Logits { features: logits.clone(), logits };
    let loss = to_vec(supervision.loss(prediction, &vec![1, 0], &device))[0];
    let expected = (2.0_f32.ln() - 0.75_f32.ln()) / 2.0;
    assert!((loss - expected).abs() < 1e-5, "{loss}, {expected}");
}

/// Keras counts an epoch less than PyTorch before the rate falls, and by a step and not by a share.
#[test]
fn the_schedule_is_that_of_keras() {
    let rate = SceneConfig::recipe(&config(Path::new("x"))).schedule.rates(0).learning_rate;
    let mut schedule = crate::train::ReduceOnPlateau::as_keras(rate, 2, 0.5, 0.1);
    let mut rates = Vec::new();
    for loss in [5.0, 4.95, 4.91, 4.8, 4.8, 4.8, 4.6] {
        schedule.step(loss);
        rates.push(schedule.learning_rate);
    }
    assert_eq!(rates, [0.05, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125]);
}

#[test]
fn options_are_read_by_their_names() {
    let read = |text: &str| serde_json::from_str::<SceneConfig>(text).map_err(|e| e.to_string());
    let run = |data: &str, rest: &str| {
        format!(
            r#"{{"model": "m", "output": "o", "data": {{"scenes": "s", {data}
            "description": "", "licence": ""}}{rest}}}"#
        )
    };
    let plain = read(&run(r#""variant": "192","#, "")).expect("options");
    assert_eq!(plain.data.variant, Variant::LR_128);
    assert_eq!(plain.data.resampling, Resampling::Bilinear);
    assert!(plain.training.balanced && plain.data.cache && !plain.data.simulated);
    assert_eq!(plain.check(), Ok(()));
    let refused = |text: &str, word: &str| {
        let error = read(text).expect_err(word);
        assert!(error.contains(word), "{error}");
    };
    refused(&run(r#""variant": "200","#, ""), "1536 or 800 or 192");
    refused(&run(r#""variant": "192", "sceens": 1,"#, ""), "sceens");
    refused(&run(r#""variant": "192","#, r#", "training": {"scale": 2}"#), "scale");
    let adam = r#", "training": {"optimiser": "adam", "decoupled": "scaled", "lr_factor": 2.0}"#;
    let adam = read(&run(r#""variant": "192","#, adam)).expect("options");
    assert_eq!(adam.recipe().optimiser.adam().decay, crate::train::Decay::None);
    assert!(adam.check().unwrap_err().contains("lr_factor"));
}
