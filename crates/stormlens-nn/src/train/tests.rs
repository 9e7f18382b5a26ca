use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use stormlens_data::card::NowcastField;
use stormlens_data::dataset::{DatasetError, MaskOptions, Split, build_masks};
use stormlens_data::request::Silent;

use super::*;
use crate::models::sar_unet::SarUnet;
use crate::models::sar_unet::tests::tiny;
use crate::models::{HostTensors, initialise};
use crate::random::Random;
use stormlens_checkpoint::CheckpointError;

/// Squares that move one pixel a frame: motion that a network can learn.
struct Squares;

impl Examples for Squares {
    fn ids(&self, block: Block) -> Vec<String> {
        let ids = match block {
            Block::Train => 0..6,
            Block::Validation => 6..8,
            Block::Test => 8..9,
        };
        ids.map(|i| i.to_string()).collect()
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        let i: usize = id.parse().expect("our own name");
        let frame = |t: usize| {
            let inside = |v: usize, from: usize| (from..from + 8).contains(&v);
            (0..32 * 32).map(move |p| {
                f32::from(u8::from(inside(p / 32, 2 * i) && inside(p % 32, i + 2 * t)))
            })
        };
        let inputs = (0..3).flat_map(frame).collect();
        Ok(Arc::new(Example { inputs, target: frame(4).collect(), height: 32, width: 32 }))
    }

    /// Two samples of one event, four of another.
    fn event(&self, id: &str) -> Option<String> {
        Some(if id < "2" { "first" } else { "second" }.to_owned())
    }
}

/// The same, with gaps: nothing is known of the right half of the targets, nor of a part of the inputs.
struct HalfSeen;

impl Examples for HalfSeen {
    fn ids(&self, block: Block) -> Vec<String> {
        Squares.ids(block)
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        let mut example = Example::clone(&*Squares.read(id)?);
        let right = example.target.iter_mut().enumerate().filter(|(i, _)| i % 32 >= 16);
        right.for_each(|(_, v)| *v = f32::NAN);
        example.inputs[..32].fill(f32::NAN);
        Ok(Arc::new(example))
    }
}

#[derive(Default)]
struct Watch {
    losses: Vec<f64>,
    train_losses: Vec<f64>,
    n_batches_until_kill: Option<usize>,
    best: Option<HostTensors>,
}

impl Observer for Watch {
    fn batch(&mut self, _: usize, _: usize, _: usize, _: f64) -> bool {
        match &mut self.n_batches_until_kill {
            Some(0) => false,
            Some(n) => {
                *n -= 1;
                true
            }
            None => true,
        }
    }

    fn epoch(&mut self, report: &EpochReport) {
        self.losses.push(report.validation_loss);
        self.train_losses.push(report.train_loss);
    }

    fn best(&mut self, weights: &HostTensors, _: &EpochReport) -> Result<(), CheckpointError> {
        self.best = Some(weights.clone());
        Ok(())
    }
}

fn config(output: &Path) -> TrainConfig {
    TrainConfig {
        model: "sar-unet".into(),
        base_channels: None,
        kernels_per_layer: None,
        output: output.to_owned(),
        seed: 3,
        data: DataConfig {
            description: "moving squares".into(),
            licence: "none".into(),
            ..DataConfig::default()
        },
        training: TrainingOptions {
            batch_size: 2,
            max_epochs: 4,
            scale: 2.0,
            ..Default::default()
        },
        augmentation: Augmentation { flips: true, crops_per_sample: 2, ..Default::default() },
    }
}

fn run(config: &TrainConfig, watch: &mut Watch) -> Result<Summary, TrainError> {
    run_on(&Squares, config, watch)
}

fn run_on(
    examples: &dyn Examples,
    config: &TrainConfig,
    watch: &mut Watch,
) -> Result<Summary, TrainError> {
    let initial = initialise(&tiny(), config.seed);
    let trainee = Trainee { network: &SarUnet, initial };
    let rescale = crate::models::sar_unet::ENTRY.rescale;
    let supervision = FrameSupervision::new(config, examples, rescale);
    train(&config.recipe(), trainee, &supervision, &Device::flex(), watch)
}

#[test]
fn training_learns() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut watch = Watch::default();
    let mut config = config(folder.path());
    config.training.max_epochs = 12;
    config.training.learning_rate = 1e-2;
    run(&config, &mut watch).expect("a run");
    let (first, last) = (watch.train_losses[0], watch.train_losses[11]);
    assert!(last < 0.7 * first, "{:?}", watch.train_losses);
}

/// Killed in the middle of the third epoch, the run ends with the very same bytes.
#[test]
fn a_killed_run_goes_on_as_if_nothing_had_happened() {
    check_kill(&|_| {});
}

/// Also where an epoch is a draw from events in equal shares.
#[test]
fn a_killed_run_of_short_epochs_goes_on_too() {
    check_kill(&|config: &mut TrainConfig| {
        config.training.samples_per_epoch = NonZeroUsize::new(10);
        config.data.events = EventShares::Equal;
        config.augmentation.crop = Crop::Rectangle([16, 32]);
        config.augmentation.vertical_flips = true;
    });
}

fn check_kill(change: &dyn Fn(&mut TrainConfig)) {
    let (whole, killed) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
    let [whole_config, killed_config] = [whole.path(), killed.path()].map(|folder| {
        let mut config = config(folder);
        change(&mut config);
        config
    });
    let mut undisturbed = Watch::default();
    run(&whole_config, &mut undisturbed).expect("a run");

    let n_draws = whole_config.training.samples_per_epoch.map_or(12, NonZeroUsize::get);
    let n_batches_until_kill = Some(5 * n_draws / 4);
    let mut first = Watch { n_batches_until_kill, ..Default::default() };
    let stopped = run(&killed_config, &mut first);
    assert!(matches!(stopped, Err(TrainError::Stopped(2))), "{stopped:?}");
    let mut second = Watch::default();
    run(&killed_config, &mut second).expect("the rest");

    let losses = [first.losses, second.losses].concat();
    assert_eq!(losses, undisturbed.losses);
    for file in ["last.safetensors", "metrics.csv", "split.json"] {
        let read = |folder: &Path| std::fs::read(folder.join(file)).expect(file);
        assert!(read(whole.path()) == read(killed.path()), "{file} differs");
    }
}

#[test]
fn gaps_are_no_obstacle() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut watch = Watch::default();
    let mut config = config(folder.path());
    config.training.max_epochs = 12;
    config.training.learning_rate = 1e-2;
    run_on(&HalfSeen, &config, &mut watch).expect("a run");
    let (first, last) = (watch.train_losses[0], watch.train_losses[11]);
    assert!(last < 0.7 * first, "{:?}", watch.train_losses);
}

#[test]
fn another_runs_folder_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config(folder.path());
    config.training.max_epochs = 1;
    run(&config, &mut Watch::default()).expect("a run");
    config.training.learning_rate = 1e-4;
    let refused = run(&config, &mut Watch::default());
    assert!(matches!(refused, Err(TrainError::OtherRun(_))), "{refused:?}");
}

#[test]
fn the_learning_rate_falls_on_a_plateau() {
    let mut schedule = ReduceOnPlateau::new(1e-3, 2);
    let mut rates = Vec::new();
    for loss in [5.0, 4.0, 4.0, 4.1, 3.9999, 3.0, 3.0, 3.0, 3.0] {
        schedule.step(loss);
        rates.push(schedule.learning_rate);
    }
    // 3.9999 is better, but by less than a ten-thousandth: the third bad epoch in a row.
    let expected = [1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4, 1e-4, 1e-5];
    for (rate, expected) in rates.iter().zip(expected) {
        assert!((rate / expected - 1.0).abs() < 1e-9, "{rates:?}");
    }
}

#[test]
fn training_ends_when_nothing_improves() {
    let mut stopping = EarlyStopping::new(2);
    let over: Vec<bool> = [3.0, 2.0, 2.5, 1.9, 2.0, 1.9]
        .into_iter()
        .map(|loss| {
            stopping.step(loss);
            stopping.is_over()
        })
        .collect();
    assert_eq!(over, [false, false, false, false, false, true]);
    assert_eq!(stopping.best(), Some(1.9));
}

/// Whatever is done to a sample, its frames and its target move together.
#[test]
fn augmentation_keeps_frames_and_target_together() {
    let frame: Vec<f32> = (0..48 * 48).map(|i| i as f32).collect();
    let (inputs, target) = (frame.repeat(2), frame.repeat(3));
    let example = Example { inputs, target, height: 48, width: 48 };
    let all = Augmentation {
        crop: Crop::Square(32),
        flips: true,
        quarter_turns: true,
        ..Default::default()
    };
    let mut random = Random::new(1);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..64 {
        let changed = all.apply(&example, &mut random);
        assert_eq!((changed.height, changed.width), (32, 32));
        let first = &changed.target[..32 * 32];
        assert_eq!(changed.inputs, first.repeat(2));
        assert_eq!(changed.target, first.repeat(3));
        // Neighbours stay neighbours: a step to the right is a step along a row or a column.
        let step = changed.target[1] - changed.target[0];
        let down = changed.target[32] - changed.target[0];
        assert!([1.0, 48.0].contains(&step.abs()) && [1.0, 48.0].contains(&down.abs()));
        seen.insert((step as i32, down as i32));
    }
    assert_eq!(seen.len(), 8, "eight ways to lie: {seen:?}");
    let untouched = Augmentation::default().apply(&example, &mut random);
    assert_eq!(untouched, example);
}

/// An hour of radar.
fn rain(lead_times_min: &[u32]) -> FrameOptions {
    FrameOptions { lead_times_min: lead_times_min.to_vec(), ..FrameOptions::default() }
}

/// Three quarters of an hour of cloud cover, and the hour and a half that follows.
fn clouds() -> FrameOptions {
    FrameOptions {
        field: NowcastField::CloudCover,
        n_input_frames: 4,
        frame_step_min: 15,
        lead_times_min: vec![15, 30, 45, 60, 75, 90],
    }
}

#[test]
fn samples_are_divided_by_the_time_of_their_target() {
    let knmi = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/knmi");
    let data = DataConfig {
        archive: Some(knmi),
        train_until: Some("2010-08-26T05:00:00Z".parse().expect("a time")),
        validate_until: Some("2010-08-26T05:30:00Z".parse().expect("a time")),
        ..DataConfig::default()
    };
    let examples = open(&data).expect("the radar frames of the repository");
    let check = |block, n, first: &str, last: &str| {
        let ids = examples.ids(block);
        assert_eq!((ids.len(), ids[0].as_str()), (n, first), "{block:?}");
        assert_eq!(ids[n - 1], last, "{block:?}");
    };
    // The last input frame is half an hour before the target.
    check(Block::Train, 44, "20100826T0055", "20100826T0430");
    check(Block::Validation, 6, "20100826T0435", "20100826T0500");
    check(Block::Test, 25, "20100826T0505", "20100826T0705");
    let example = examples.read("20100826T0430").expect("a sample");
    assert_eq!(example.inputs.len(), 12 * 288 * 288);
    assert_eq!(example.target.len(), 288 * 288);

    // Of two lead times both targets must lie in the block: at its end five more samples go.
    let ask = |frames: FrameOptions| open(&DataConfig { frames, ..data.clone() });
    let two_leads = ask(rain(&[5, 30])).expect("the radar frames of the repository");
    assert_eq!(two_leads.ids(Block::Train), examples.ids(Block::Train));
    assert_eq!(two_leads.ids(Block::Validation).len(), 1);
    assert_eq!(two_leads.read("20100826T0430").expect("a sample").target.len(), 2 * 288 * 288);

    let refuse = |frames: FrameOptions, word: &str| {
        let refused = ask(frames).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains(word), "{refused}");
    };
    refuse(rain(&[]), "one lead time at least");
    refuse(rain(&[30, 15]), "lead times ascend");
    refuse(rain(&[17]), "multiple of frame_step_min");
    refuse(
        FrameOptions { field: NowcastField::CloudCover, ..rain(&[30]) },
        "precipitation every 5 min",
    );

    let neither = DataConfig { archive: None, ..data.clone() };
    let refused = open(&neither).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("`archive`") && refused.contains("`windows`"), "{refused}");
}

/// Windows of 15 minutes with six frames to predict, divided by their folders.
#[test]
fn cloud_cover_windows_are_examples_with_six_targets() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().expect("a folder");
    let until = |text: &str| text.parse().expect("a time");
    let options = MaskOptions {
        split: Split {
            train_until: until("2010-08-26T02:30:00Z"),
            validate_until: Some(until("2010-08-26T05:00:00Z")),
        },
        size: 32,
        ..MaskOptions::default()
    };
    build_masks(&root.join("data/knmi"), folder.path(), &options, &Silent).expect("masks");
    let data = DataConfig {
        windows: Some(folder.path().to_owned()),
        frames: clouds(),
        ..DataConfig::default()
    };
    let examples = open(&data).expect("a set");
    let ids = [Block::Train, Block::Validation, Block::Test].map(|block| examples.ids(block));
    assert_eq!(ids, [vec!["train/0", "train/1"], vec!["validation/0"], vec!["test/0"]]);
    let example = examples.read("train/1").expect("a window");
    assert_eq!((example.height, example.width), (32, 32));
    assert_eq!((example.inputs.len(), example.target.len()), (4 * 1024, 6 * 1024));
    assert!(example.target.iter().all(|&v| v == 0.0 || v == 1.0));
    // What window 0 is to predict first is the last input of window 1, 15 minutes on.
    let before = examples.read("train/0").expect("a window");
    assert_eq!(before.target[..1024], example.inputs[3 * 1024..]);

    let of_rain = DataConfig { frames: rain(&[30]), ..data.clone() };
    let refused = open(&of_rain).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("cloud-cover every 15 min"), "{refused}");
    let only_test = DataConfig { windows: Some(folder.path().join("test")), ..data };
    let refused = open(&only_test).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("no group train"), "{refused}");
}

/// Without a group that validates, what trains shares no frame with what validates, however close
/// the windows lie.
#[test]
fn windows_that_validate_overlap_none_that_train() {
    let knmi = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/knmi");
    let check = |stride_min, n_train, n_validation| {
        let folder = tempfile::tempdir().expect("a folder");
        let train_until = "2010-08-26T07:35:00Z".parse().expect("a time");
        let split = Split { train_until, validate_until: None };
        let options = MaskOptions { split, size: 16, stride_min, ..MaskOptions::default() };
        build_masks(&knmi, folder.path(), &options, &Silent).expect("masks");
        let data = DataConfig {
            windows: Some(folder.path().to_owned()),
            frames: clouds(),
            ..DataConfig::default()
        };
        let examples = open(&data).expect("a set");
        let n = [Block::Train, Block::Validation].map(|block| examples.ids(block).len());
        assert_eq!(n, [n_train, n_validation], "every {stride_min} min");
    };
    // A window is 135 minutes long: of 65 windows the last six begin at 04:55, of 22 the last two at
    // 05:00.
    check(5, 32, 6);
    check(15, 11, 2);
}
