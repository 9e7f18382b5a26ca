//! Learning of the small world, and losses of the authors' program.

use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use stormlens_checkpoint::CheckpointError;
use stormlens_data::files::npy::read_npy_f32;
use stormlens_data::probability::Rounding;

use super::*;
use crate::Tap;
use crate::models::HostTensors;
use crate::models::sslpdl::{ENTRY, Sslpdl, architecture, fine_tuning_of};
use crate::network::Network;
use crate::parameters::{Mode, Parameters};
use crate::train::{EpochReport, Observer, Summary, Trainee, train};

/// A twin of eight channels in the small world, which has few samples.
fn config(output: &Path, stage: Stage) -> FieldConfig {
    FieldConfig {
        model: "sslpdl".into(),
        base_channels: None,
        kernels_per_layer: None,
        output: output.to_owned(),
        seed: 3,
        data: FieldData {
            source: FieldSource::Synthetic { seed: 1, seasons: 12, events: 4, days: 1 },
            variables: ["RH850", "U850", "GPH500"].map(str::to_owned).to_vec(),
            thresholds_mm: None,
            hours: Some(24),
            description: "a small world".into(),
            licence: "none".into(),
        },
        training: FieldTraining {
            stage,
            batch_size: 4,
            max_epochs: 6,
            learning_rate: Some(5e-3),
            encoder_learning_rate: 3e-3,
            network: NetworkSizes {
                base_channels: 8,
                depths: vec![1, 1],
                group_channels: 4,
                head_channels: 8,
                ..NetworkSizes::default()
            },
            ..FieldTraining::default()
        },
        augmentation: NoAugmentation {},
    }
}

#[derive(Default)]
struct Watch {
    losses: Vec<[f64; 2]>,
    scores: Vec<Vec<Score>>,
    best: Option<HostTensors>,
    n_batches_until_kill: Option<usize>,
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
        self.losses.push([report.train_loss, report.validation_loss]);
        self.scores.push(report.scores.clone());
    }

    fn best(&mut self, weights: &HostTensors, _: &EpochReport) -> Result<(), CheckpointError> {
        self.best = Some(weights.clone());
        Ok(())
    }
}

fn run(
    config: &FieldConfig,
    begin: Option<&HostTensors>,
    watch: &mut Watch,
) -> Result<Summary, TrainError> {
    let supervision = FieldSupervision::open(config)?;
    let fresh = || (ENTRY.initialise)(&architecture(supervision.form()).schema, config.seed);
    let initial = match begin {
        None => fresh(),
        Some(pre_trained) => {
            fine_tuning_of(pre_trained, 3, config.seed).map_err(TrainError::Options)?
        }
    };
    train(
        &config.recipe(),
        Trainee { network: &Sslpdl, initial },
        &supervision,
        &Device::flex(),
        watch,
    )
}

/// Both stages learn, and the second begins with what the first has learnt.
#[test]
fn both_stages_learn() {
    let folders = [tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two")];
    let (mut first, mut second) = (Watch::default(), Watch::default());
    run(&config(folders[0].path(), Stage::Pretrain), None, &mut first).expect("pre-training");
    // Of validation, where everything is seen: while it trains, a quarter of the fields is hidden.
    let falls = |watch: &Watch, share: f64| {
        let [begin, end] = [watch.losses[0][1], watch.losses[5][1]];
        assert!(end < share * begin, "{:?}", watch.losses);
    };
    // Fields of this world say nothing of each other, and few samples little of their neighbours, so that there is
    // little to learn; that real fields are rebuilt, the card of the shipped weights says.
    assert!(first.losses[5][1] < first.losses[0][1], "{:?}", first.losses);
    let options = config(folders[1].path(), Stage::Finetune);
    run(&options, first.best.as_ref(), &mut second).expect("fine-tuning");
    falls(&second, 0.8);
    // Memberships come nearer to the rain, though they are no probabilities: classes of rain weigh more than none.
    let brier = |scores: &[Score]| {
        scores.iter().find(|(known, _)| *known == "brier_rain").and_then(|(_, value)| *value)
    };
    let [begin, end] = [0, 5].map(|epoch| brier(&second.scores[epoch]).expect("a score"));
    assert!(end < begin, "{begin}, {end}");
    let metrics = std::fs::read_to_string(folders[1].path().join("metrics.csv")).expect("metrics");
    assert!(metrics.starts_with(
        "epoch,learning_rate,train_loss,validation_loss,is_best,brier_rain,brier_heavy"
    ));
    let split = std::fs::read_to_string(folders[1].path().join("split.json")).expect("a split");
    assert!(split.contains("s01-e01-d1") && split.contains("s12-e04-d1"));
}

/// Killed in the second epoch, either stage ends with the very same bytes.
#[test]
fn a_killed_run_goes_on_as_if_nothing_had_happened() {
    for stage in [Stage::Pretrain, Stage::Finetune] {
        let (whole, killed) =
            (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
        let mut options = config(whole.path(), stage);
        (options.training.max_epochs, options.training.mask_ratio) = (2, Some(0.5));
        run(&options, None, &mut Watch::default()).expect("a run");
        options.output = killed.path().to_owned();
        let n_batches =
            FieldSupervision::open(&options).expect("samples").len(Block::Train).div_ceil(4);
        let mut first = Watch { n_batches_until_kill: Some(n_batches + 1), ..Watch::default() };
        assert!(matches!(run(&options, None, &mut first), Err(TrainError::Stopped(1))));
        run(&options, None, &mut Watch::default()).expect("the rest");
        for file in ["last.safetensors", "metrics.csv", "split.json"] {
            let read = |folder: &Path| std::fs::read(folder.join(file)).expect(file);
            assert!(read(whole.path()) == read(killed.path()), "{file} of {stage:?} differs");
        }
    }
}

/// The small vectors that lie beside the tests of the data crate, and this crate's.
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../stormlens-data/tests/golden/sslpdl").join(name)
}

/// Both terms and the whole loss of the released program, whose head gives probabilities that go through a softmax again.
#[test]
fn the_loss_of_fine_tuning_is_that_of_the_authors() {
    let (_, rain) = read_npy_f32(&golden("pdl_rain_mm.npy")).expect("rain");
    let (shape, probabilities) = read_npy_f32(&golden("loss_prob.npy")).expect("probabilities");
    assert_eq!(shape, [2, 3, 8, 8]);
    let labels =
        LabelOptions { thresholds: [0.1, 10.0], alpha: 0.0, rounding: Rounding::Published }
            .labels(&rain, None);
    let device = Device::flex();
    for (beta, expected) in [(1.0, 1.112_628_2), (0.0, 6.078_158_4), (0.75, 2.354_010_8)] {
        let options = FieldTraining { beta, ..FieldTraining::default() };
        let shares = shares(&[labels.clone(), labels.clone()], [8, 8], &options);
        let q =
            Tensor::<4>::from_data(TensorData::new(probabilities.clone(), [2, 3, 8, 8]), &device);
        let found = to_vec(cross_entropy(q, &shares, false, &device))[0];
        assert!(
            (f64::from(found) / expected - 1.0).abs() < 1e-3,
            "{beta}: {found}, not {expected}"
        );
    }
}

/// Of logits whose softmax is known, the double softmax takes the logarithm of the softmax of that.
#[test]
fn the_softmax_can_be_taken_twice() {
    let device = Device::flex();
    let labels = LabelOptions::exact([1.0, 10.0]).labels(&[20.0], None);
    let shares = shares(&[labels], [1, 1], &FieldTraining::default());
    let loss = |logits: [f32; 3], double| {
        let logits =
            Tensor::<4>::from_data(TensorData::new(logits.to_vec(), [1, 3, 1, 1]), &device);
        f64::from(to_vec(cross_entropy(logits, &shares, double, &device))[0])
    };
    // The hard term is not weighted by a single class, the soft one is: 0.75 + 0.25 · 10.
    let weight = 0.75 + 0.25 * 10.0;
    assert!(loss([0.0, 0.0, 30.0], false).abs() < 1e-6);
    let least = ((1.0_f64.exp() + 2.0).ln() - 1.0) * weight;
    assert!(
        (loss([0.0, 0.0, 30.0], true) - least).abs() < 1e-5,
        "a perfect answer still costs 0.55"
    );
}

/// Unknown pixels cost nothing, and a batch without a known one costs nothing and not NaN.
#[test]
fn what_is_unknown_costs_nothing() {
    let device = Device::flex();
    let options = FieldTraining::default();
    let of = |rain: &[f32]| {
        let labels = LabelOptions::exact([1.0, 10.0]).labels(rain, None);
        let shares = shares(&[labels], [1, rain.len()], &options);
        let logits: Vec<f32> = (0..3 * rain.len())
            .map(|i| if i % rain.len() == 0 { i as f32 } else { 50.0 })
            .collect();
        let logits =
            Tensor::<4>::from_data(TensorData::new(logits, [1, 3, 1, rain.len()]), &device);
        to_vec(cross_entropy(logits, &shares, false, &device))[0]
    };
    let found = of(&[5.0, f32::NAN]);
    assert!(found.is_finite() && found > 0.0);
    assert_eq!(of(&[f32::NAN, f32::NAN]), 0.0);
}

/// Only hidden, known values of variables count in the loss of pre-training.
#[test]
fn rebuilding_is_judged_where_something_was_hidden() {
    let folder = tempfile::tempdir().expect("a folder");
    let supervision =
        FieldSupervision::open(&config(folder.path(), Stage::Pretrain)).expect("samples");
    let batch = supervision.validation_batch(&[0, 1]).expect("a batch");
    let FieldAnswers::Rebuild { fields, weights } = &batch.answers else { panic!("pre-training") };
    let hidden = batch.inputs.iter().filter(|value| value.is_nan()).count();
    // 48 tokens of 16 values, of which 12 stay visible, in each of two samples.
    assert_eq!(hidden, 2 * 36 * 16);
    for ((input, field), weight) in batch.inputs.iter().zip(&fields.values).zip(&weights.values) {
        assert_eq!(*weight, f32::from(u8::from(input.is_nan())));
        assert!(input.is_nan() || input == field);
    }
    let again = supervision.validation_batch(&[0, 1]).expect("a batch");
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&batch.inputs), bits(&again.inputs), "every epoch is judged by the same masks");
    let (shape, device) = (batch.shape, Device::flex());
    let off_by_two = fields.values.iter().map(|value| value + 2.0).collect::<Vec<f32>>();
    let prediction = Tensor::<4>::from_data(TensorData::new(off_by_two, shape), &device);
    let loss = to_vec(supervision.loss(Prediction::Field(prediction), &batch.answers, &device))[0];
    assert!((loss - 4.0).abs() < 1e-4, "{loss}");
}

/// The front-end has to be given what is missing, so that no gradient is NaN.
#[test]
fn a_batch_with_hidden_tokens_has_a_finite_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = config(folder.path(), Stage::Finetune);
    options.training.mask_ratio = Some(0.25);
    let supervision = FieldSupervision::open(&options).expect("samples");
    let weights = (ENTRY.initialise)(&architecture(supervision.form()).schema, 1);
    let device = Device::flex();
    let parameters = Parameters::from_host(weights, &device);
    let batch = supervision.batch(Block::Train, &[(0, 1), (1, 2), (2, 3)]).expect("a batch");
    assert!(batch.inputs.iter().any(|value| value.is_nan()));
    let seen = supervision.validation_batch(&[0, 1, 2]).expect("a batch");
    assert!(seen.inputs.iter().all(|value| value.is_finite()), "epochs are chosen with all seen");
    let (input, answers) = batch.into_tensor(&device);
    let prediction = Sslpdl.forward(&parameters, input, &mut Tap::off(), &Mode::inference());
    assert!(to_vec(supervision.loss(prediction, &answers, &device))[0].is_finite());
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |change: fn(&mut FieldConfig), words: &str| {
        let mut options = config(folder.path(), Stage::Finetune);
        change(&mut options);
        let error = FieldSupervision::open(&options).err().expect(words).to_string();
        assert!(error.contains(words), "{error}");
    };
    check(|c| c.training.batch_size = 0, "at least 1");
    check(|c| c.training.learning_rate = Some(0.0), "above 0");
    check(|c| c.training.mask_ratio = Some(1.0), "from 0 to below 1");
    check(|c| c.training.beta = 2.0, "beta is 2");
    check(|c| c.training.class_weights = [1.0, 0.0, 1.0], "class_weights");
    check(|c| c.training.network.patch = [1, 5, 4], "do not fall into tokens of 5 × 4");
    check(|c| c.training.network.group_channels = 3, "groups of 3");
    check(
        |c| c.data.variables = vec!["RH700".into()],
        "no variable \"RH700\"; choose one of: GPH500",
    );
    check(|c| c.data.thresholds_mm = Some([5.0, 1.0]), "ascend");
    check(|c| c.data.hours = Some(3), "sums of 24 h");
}

/// Groups that no variable fills are padded, said in the statement, and not judged.
#[test]
fn groups_are_filled_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = config(folder.path(), Stage::Pretrain);
    options.training.network.patch = [2, 4, 4];
    let supervision = FieldSupervision::open(&options).expect("samples");
    assert_eq!(supervision.statement().padded_channels, 1);
    assert_eq!(supervision.form().n_variables, 4);
    let batch = supervision.validation_batch(&[0]).expect("a batch");
    let FieldAnswers::Rebuild { weights, .. } = &batch.answers else { panic!("pre-training") };
    assert!(weights.values[3 * 256..].iter().all(|weight| *weight == 0.0));
    assert!(batch.inputs[3 * 256..].iter().all(|value| value.is_nan() || *value == 0.0));
}

#[test]
fn the_published_rates_are_those_of_the_stages() {
    let path = Path::new("x");
    let mut options = config(path, Stage::Finetune);
    (options.training.learning_rate, options.training.encoder_learning_rate) = (None, 5e-5);
    let recipe = options.recipe();
    assert_eq!(recipe.schedule.rates(0).learning_rate, 1e-4);
    assert!(recipe.rates.len() == 1 && recipe.rates[0].prefix == "pretrained_model.model.");
    assert!((recipe.rates[0].factor - 0.5).abs() < 1e-12);
    let form = options.training.network.form(3, [16, 16], Some(3)).expect("a network");
    let of_encoder = |(name, _): &&(String, Vec<usize>)| name.starts_with(options::ENCODER);
    let schema = architecture(&form).schema;
    let (n_encoder, n_all) = (schema.iter().filter(of_encoder).count(), schema.iter().count());
    assert!(schema.iter().all(|tensor| of_encoder(&tensor) || tensor.0.starts_with("generator.")));
    assert!(0 < n_encoder && n_encoder < n_all);
    options.training.stage = Stage::Pretrain;
    let recipe = options.recipe();
    assert_eq!(
        (recipe.schedule.rates(0).learning_rate, recipe.optimiser.adam().beta_2),
        (1.6e-3, 0.95)
    );
    assert_eq!(recipe.optimiser.adam().decay, crate::train::Decay::Scaled(0.05));
}
