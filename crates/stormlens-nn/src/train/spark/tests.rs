use std::sync::Arc;

use stormlens_checkpoint::{Metadata, Precision, write_safetensors};
use stormlens_data::dataset::DatasetError;
use stormlens_data::files::npy::{read_npy_f32, read_npy_u8};
use stormlens_data::patches::PUBLISHED_FLOOR;

use super::labels::LabelledPart;
use super::*;
use crate::engine::state_dict;
use crate::fused::Kernels;
use crate::golden::{full_path, input};
use crate::layers::similarity;
use crate::models::HostTensors;
use crate::models::spat_spark::{ENTRY, Form, architecture};
use crate::train::frames::DataConfig;
use crate::train::{Augmentation, Trainee, train};

/// Sequences of blobs that move, of two events.
struct Blobs;

impl Examples for Blobs {
    fn ids(&self, block: Block) -> Vec<String> {
        let numbers = match block {
            Block::Train => 0..8,
            Block::Validation => 8..10,
            Block::Test => 10..10,
        };
        numbers.map(|i| i.to_string()).collect()
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        let number: usize = id.parse().expect("a number");
        let frame = |time: usize| {
            (0..64 * 64).map(move |i| {
                let (row, column) = ((i / 64) as f32, (i % 64) as f32);
                let (at, of) = ((4 * time + 5 * number) as f32 % 60.0, (9 * number) as f32 % 50.0);
                0.05 * (-((row - of).powi(2) + (column - at).powi(2)) / 60.0).exp()
            })
        };
        let mut inputs: Vec<f32> = (0..3).flat_map(frame).collect();
        if number == 1 {
            inputs[70] = f32::NAN;
        }
        let target = (3..6).flat_map(frame).collect();
        Ok(Arc::new(Example { inputs, target, height: 64, width: 64 }))
    }

    fn event(&self, id: &str) -> Option<String> {
        Some(if id.parse::<usize>().expect("a number") < 5 { "a" } else { "b" }.to_owned())
    }
}

fn config(stage: Stage, output: &std::path::Path) -> SparkConfig {
    let mut data = DataConfig::default();
    data.frames.n_input_frames = 3;
    data.frames.lead_times_min = vec![5, 10, 15];
    SparkConfig {
        model: "spat-spark".into(),
        base_channels: Some(8),
        kernels_per_layer: None,
        output: output.to_owned(),
        seed: 3,
        data,
        training: SparkTraining {
            stage,
            batch_size: 4,
            max_epochs: 24,
            warm_up_epochs: 1,
            base_learning_rate: 8.0,
            depths: [1; 4],
            ..SparkTraining::default()
        },
        augmentation: Augmentation { flips: true, ..Augmentation::default() },
    }
}

struct Quiet(usize, Vec<f64>);

impl crate::train::Observer for Quiet {
    fn batch(&mut self, _: usize, _: usize, _: usize, _: f64) -> bool {
        self.0 = self.0.wrapping_sub(1);
        self.0 > 0
    }

    fn epoch(&mut self, report: &crate::train::EpochReport) {
        self.1.push(report.validation_loss);
    }

    fn best(
        &mut self,
        _: &HostTensors,
        _: &crate::train::EpochReport,
    ) -> Result<(), stormlens_checkpoint::CheckpointError> {
        Ok(())
    }
}

fn run(config: &SparkConfig, n_batches: usize) -> (Option<Vec<f64>>, String) {
    let supervision = SparkSupervision::new(config, &Blobs).expect("options that make sense");
    let trainee =
        Trainee { network: ENTRY.network, initial: config.start().expect("first weights").weights };
    let mut observer = Quiet(n_batches, Vec::new());
    let recipe = config.recipe(supervision.n_batches());
    let ended = train(&recipe, trainee, &supervision, &Device::flex(), &mut observer);
    let metrics = std::fs::read_to_string(config.output.join("metrics.csv")).unwrap_or_default();
    (ended.ok().map(|_| observer.1), metrics)
}

/// Both stages learn, the error of hidden patches stands in the table, and a run that was stopped goes on as if it had
/// not been.
#[test]
fn both_stages_learn_and_go_on() {
    for stage in [Stage::Pretrain, Stage::Finetune] {
        let folder = tempfile::tempdir().expect("a folder");
        let [whole, parted] =
            ["whole", "parted"].map(|name| config(stage, &folder.path().join(name)));
        let (losses, metrics) = run(&whole, usize::MAX);
        let losses = losses.expect("a whole run");
        assert!(losses[23] < 0.9 * losses[0], "{losses:?}");
        let column = if stage == Stage::Pretrain { "hidden_patch_error" } else { "mse_mm2_5min" };
        assert!(metrics.starts_with("epoch,") && metrics.contains(column), "{metrics}");
        // Stopped within the third epoch.
        assert!(run(&parted, 5).0.is_none());
        let (_, again) = run(&parted, usize::MAX);
        assert_eq!(again, metrics);
    }
}

/// A part that is frozen stays as it is; running statistics follow the data all the same.
#[test]
fn what_is_frozen_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config(Stage::Finetune, folder.path());
    config.training.freeze = Some(TrainedPart::Encoder);
    config.training.max_epochs = 1;
    let before = config.start().expect("first weights").weights;
    run(&config, usize::MAX);
    let last = std::fs::read(folder.path().join("last.safetensors")).expect("a state");
    let file = safetensors::SafeTensors::deserialize(&last).expect("safetensors");
    for (name, _, values) in &before {
        let tensor = file.tensor(&format!("weight/{name}")).expect(name);
        let now: Vec<f32> =
            tensor.data().as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
        let is_still = now == *values;
        let stays = name.starts_with("sparse_encoder.") && !name.contains("running_")
            || name.starts_with("stated.");
        // Without hidden patches nothing is learnt of tokens.
        if !name.starts_with("mask_tokens.") {
            assert_eq!(is_still, stays, "{name}");
        }
    }
}

/// Weights of an earlier run, in a file.
fn save(path: &std::path::Path, weights: &HostTensors) {
    let said = serde_json::json!({
        "model": "spat-spark", "hyper_parameters": {}, "simulated": false, "training_data": "", "licence": "",
        "created_by": "",
    });
    let metadata: Metadata = serde_json::from_value(said).expect("metadata");
    write_safetensors(path, &state_dict(weights, 0), &metadata, Precision::F32).expect("a file");
}

/// What a run begins with is what the file holds, and the rest is named.
#[test]
fn what_a_file_lacks_begins_untrained_and_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("before.safetensors");
    let before = config(Stage::Pretrain, folder.path());
    let pre_trained = before.start().expect("first weights");
    assert!(pre_trained.untrained.is_empty(), "nothing is named to begin with");
    save(&path, &pre_trained.weights);
    let begin = |stage: Stage, form: &[usize; 4]| {
        let mut config = config(stage, folder.path());
        (config.seed, config.training.depths) = (7, *form);
        config.training.start_from = Some(path.clone());
        config.start()
    };
    let same = begin(Stage::Pretrain, &[1; 4]).expect("all of it is there");
    assert!(same.untrained.is_empty() && same.weights == pre_trained.weights);
    let fine = begin(Stage::Finetune, &[1; 4]).expect("a translation is added");
    assert_eq!(fine.untrained, ["translation"]);
    for tensor in &pre_trained.weights {
        assert!(fine.weights.contains(tensor), "{}", tensor.0);
    }

    // The authors' `…_timm_style.pth`.
    let encoder = pre_trained.weights.iter().filter_map(|(name, shape, values)| {
        let name = name.strip_prefix("sparse_encoder.sp_cnn.")?;
        Some((name.to_owned(), shape.clone(), values.clone()))
    });
    save(&path, &encoder.collect());
    let around = begin(Stage::Finetune, &[1; 4]).expect("the rest is drawn");
    assert_eq!(around.untrained, ["translation", "projections", "mask tokens", "decoder"]);
    let is_known = |(name, ..): &&(String, Vec<usize>, Vec<f32>)| name.starts_with("sparse_");
    for tensor in pre_trained.weights.iter().filter(is_known) {
        assert!(around.weights.contains(tensor), "{}", tensor.0);
    }
    for depths in [[2, 1, 1, 1], [1; 4]] {
        let other = begin(Stage::Finetune, &depths).err().map(|error| error.to_string());
        assert_eq!(other.is_some_and(|words| words.contains("another size")), depths[0] == 2);
    }
    let shape = |wanted: &str| {
        let found = around.weights.iter().find(|(name, ..)| name == wanted);
        found.map(|(_, shape, _)| shape.clone())
    };
    assert!(!Form::is_encoder_alone(&shape), "the whole is no encoder alone");
}

#[test]
fn a_part_of_the_labels_is_a_row_of_each_event() {
    let part =
        |share: f64, seed: u64| LabelledPart::new(Box::new(Blobs), share, seed).ids(Block::Train);
    assert_eq!(part(1.0, 1).len(), 8);
    let half = part(0.5, 1);
    // Of five and of three samples.
    assert_eq!(half.len(), 5, "{half:?}");
    let numbers: Vec<usize> = half.iter().map(|id| id.parse().expect("a number")).collect();
    assert!(numbers[0] + 1 == numbers[1] && numbers[1] + 1 == numbers[2] && numbers[2] < 5);
    assert!((1..20).any(|seed| part(0.5, seed) != half));
    let data = LabelledPart::new(Box::new(Blobs), 0.5, 1);
    assert_eq!(data.ids(Block::Validation).len(), 2);
}

#[test]
fn options_that_make_no_sense_are_refused_in_words() {
    let refused = |change: fn(&mut SparkConfig)| {
        let mut config = config(Stage::Pretrain, std::path::Path::new("x"));
        change(&mut config);
        config.check().unwrap_err()
    };
    assert!(refused(|c| c.training.mask_ratio = Some(0.0)).contains("hidden patches"));
    assert!(refused(|c| c.training.batch_size = 0).contains("at least 1"));
    assert!(refused(|c| c.data.frames.lead_times_min = vec![5]).contains("as many as it takes"));
    assert!(refused(|c| c.training.floor = 0.0).contains("floor"));
    assert!(refused(|c| c.base_channels = Some(2)).contains("halved"));
    assert!(refused(|c| c.training.labelled_share = Some(1.5)).contains("share"));
}

/// The losses of the authors' program: over all patches and over hidden ones, and of the forecast.
#[test]
fn losses_equal_the_reference() {
    const N: usize = 12 * 96 * 96;
    let Some(folder) = full_path("spat_spark") else { return };
    let npy = |name: &str| read_npy_f32(&folder.join(format!("{name}.npy"))).expect(name).1;
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).expect("numbers"))
            .expect("JSON");
    let (_, active) = read_npy_u8(&folder.join("s96_active.npy")).expect("a mask");
    let (whole, frames) = (npy("s96_input"), npy("s96_recon_img"));
    let patches = tokens(12, [96; 2]).expect("nine patches");
    let loss = |loss: SparkLoss| {
        let mut rebuilt = Rebuilt::new(loss, &patches, 2);
        for (i, whole) in whole.chunks_exact(N).enumerate() {
            let hidden: Vec<bool> =
                active[9 * i..9 * i + 9].iter().map(|&seen| seen == 0).collect();
            // The authors' frames have the statistics of the whole patch, hidden or not.
            let truth = Statistics::of(whole, &patches, PUBLISHED_FLOOR);
            rebuilt.add(&patches, whole, &hidden, [&truth, &truth]);
        }
        let device = Device::flex();
        let frames = input(frames.clone(), [2, 12, 96, 96], &device);
        f64::from(to_vec(rebuilt.loss(frames, &device))[0])
    };
    let near = |ours: f64, theirs: &serde_json::Value| {
        let theirs = theirs.as_f64().expect("a number");
        assert!((ours / theirs - 1.0).abs() < 1e-4, "{ours}, not {theirs}");
    };
    near(loss(SparkLoss::All), &expected["s96"]["pretrain_l2_loss"]);
    near(loss(SparkLoss::Hidden), &expected["s96"]["pretrain_recon_loss"]);
    let device = Device::flex();
    let tensor = |name: &str| input(npy(name), [2, 12, 96, 96], &device);
    let followed = Followed::new(npy("s96_target"), [2, 12, 96, 96]);
    let forecast = || tensor("s96_ft_linearA_recon_img");
    let number = |loss: Tensor<1>| f64::from(to_vec(loss)[0]);
    let fine = &expected["finetune"];
    near(number(followed.loss(forecast(), 0.0, &device)), &fine["mse"]);
    near(number(followed.loss(forecast(), 1e-4, &device)), &fine["loss"]);
    for kernels in Kernels::all() {
        let similarity = number(similarity(forecast(), tensor("s96_target"), kernels));
        near(similarity, &fine["ssim_torchmetrics_1_9_full_image"]);
    }
}

/// What is not known costs nothing, and a schema of the options is that of first weights.
#[test]
fn what_is_not_known_counts_nowhere() {
    let device = Device::flex();
    let shape = [1, 1, 32, 32];
    let mut target = vec![1f32; 1024];
    target[..512].fill(f32::NAN);
    let followed = Followed::new(target, shape);
    let loss = to_vec(followed.loss(Tensor::full(shape, 3.0, &device), 0.0, &device))[0];
    assert_eq!((loss, followed.squares(&[3.0; 1024])), (4.0, [2048.0, 512.0]));
    let config = config(Stage::Finetune, std::path::Path::new("x"));
    let first = config.start().expect("first weights");
    let names: Vec<_> = first.weights.into_iter().map(|(name, ..)| name).collect();
    assert!(architecture(&config.form()).schema.iter().map(|(name, _)| name).eq(&names));
}
