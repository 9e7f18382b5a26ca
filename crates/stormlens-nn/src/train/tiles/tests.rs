//! Learning to refine rain, from the rain that ships with the program.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use stormlens_checkpoint::CheckpointError;
use stormlens_data::downscale::{Domain, Registration};

use super::*;
use crate::Tap;
use crate::golden::{input, parameters, ramp, weight_gradients};
use crate::models::harpnet::tests::{TINY, weights};
use crate::models::harpnet::{ENTRY, Harpnet};
use crate::models::{HostTensors, Sizes};
use crate::network::Network;
use crate::parameters::{Mode, Recorder};
use crate::train::{EpochReport, Observer, Summary, Trainee, train, validation_loss};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name)
}

/// Five tiles on the coast of Oregon, some hours for each block.
fn config(output: &Path) -> TileConfig {
    let time = |text: &str| text.parse().expect("a time");
    TileConfig {
        model: "harpnet".into(),
        base_channels: Some(1),
        kernels_per_layer: None,
        output: output.to_owned(),
        seed: 5,
        data: TileData {
            rain: data("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc"),
            variable: "tp".into(),
            each_hours: Some(1),
            wettest_mm: None,
            terrain: data("terrain/gfs_orography_0p25deg.nc"),
            domain: Domain { south: 43.0, north: 47.0, west: -125.0, east: -121.0 },
            hours: 3,
            registration: Registration::Aligned,
            split_longitude: -121.0,
            training_until: time("2016-09-20T06:00:00Z"),
            validation_until: time("2016-09-20T11:00:00Z"),
            description: "the coast of Oregon".into(),
            licence: "none".into(),
        },
        training: TileTraining {
            batch_size: 4,
            max_epochs: 3,
            learning_rate: 3e-3,
            ..Default::default()
        },
        augmentation: TileAugmentation { shift: Shift::Fine, mirror: true, ..Default::default() },
    }
}

#[derive(Default)]
struct Watch {
    losses: Vec<[f64; 2]>,
    n_batches_until_kill: Option<usize>,
    kept: Vec<(f64, HostTensors)>,
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
    }

    fn best(&mut self, _: &HostTensors, _: &EpochReport) -> Result<(), CheckpointError> {
        Ok(())
    }

    fn kept(&mut self, weights: &HostTensors, report: &EpochReport) -> Result<(), CheckpointError> {
        self.kept.push((report.validation_loss, weights.clone()));
        Ok(())
    }
}

fn run(config: &TileConfig, watch: &mut Watch) -> Result<Summary, TrainError> {
    let sizes =
        Sizes { channels: None, base_channels: config.base_channels, kernels_per_layer: None };
    let architecture = (ENTRY.design)(&sizes).map_err(TrainError::Options)?;
    let initial = (ENTRY.initialise)(&architecture.schema, config.seed);
    let supervision = TileSupervision::open(config, None)?;
    let trainee = Trainee { network: &Harpnet, initial };
    train(&config.recipe(), trainee, &supervision, &Device::flex(), watch)
}

#[test]
fn training_learns_and_every_epoch_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut watch = Watch::default();
    let config = config(folder.path());
    run(&config, &mut watch).expect("a run");
    let [first, last] = [watch.losses[0], watch.losses[2]];
    assert!(last[0] < 0.8 * first[0], "{:?}", watch.losses);
    let metrics = std::fs::read_to_string(folder.path().join("metrics.csv")).expect("metrics");
    assert!(
        metrics
            .lines()
            .next()
            .expect("a head")
            .contains("mse_mm2,mae_mm,bias_mm,r,bilinear_mse_mm2")
    );
    // What is kept of an epoch has the loss that its row has.
    assert_eq!(watch.kept.len(), 3);
    let supervision = TileSupervision::open(&config, None).expect("samples");
    for (loss, weights) in &watch.kept {
        let again = validation_loss(&Harpnet, weights, &supervision, &Device::flex());
        assert_eq!(again.expect("a loss"), *loss);
    }
}

/// Killed in the second epoch, the run ends with the very same bytes.
#[test]
fn a_killed_run_goes_on_as_if_nothing_had_happened() {
    let (whole, killed) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
    let mut options = config(whole.path());
    options.training.max_epochs = 2;
    run(&options, &mut Watch::default()).expect("a run");
    options.output = killed.path().to_owned();
    let supervision = TileSupervision::open(&options, None).expect("samples");
    let n_batches = supervision.len(Block::Train).div_ceil(4);
    let mut first = Watch { n_batches_until_kill: Some(n_batches + 1), ..Default::default() };
    let stopped = run(&options, &mut first);
    assert!(matches!(stopped, Err(TrainError::Stopped(1))), "{stopped:?}");
    run(&options, &mut Watch::default()).expect("the rest");
    for file in ["last.safetensors", "metrics.csv", "split.json"] {
        let read = |folder: &Path| std::fs::read(folder.join(file)).expect(file);
        assert!(read(whole.path()) == read(killed.path()), "{file} differs");
    }
}

#[test]
fn the_loss_is_that_of_huber() {
    let error = |values: &[f32]| {
        let data = TensorData::new(values.to_vec(), [1, 1, 1, values.len()]);
        Tensor::<4>::from_data(data, &Device::flex())
    };
    for (value, expected) in [(0.0, 0.0), (0.5, 0.125), (-1.0, 0.5), (3.0, 2.5), (-4.0, 3.5)] {
        assert_eq!(to_vec(smooth_l1(error(&[value]))), [expected], "{value}");
    }
    assert_eq!(to_vec(smooth_l1(error(&[0.5, 3.0]))), [1.3125]);
    let leaf = error(&[0.5, -3.0, 2.0, -0.25]).autodiff().require_grad();
    let mut gradients = smooth_l1(leaf.clone()).backward();
    let gradient = to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
    assert_eq!(gradient, [0.125, -0.25, 0.25, -0.0625]);
}

/// The gradient of the loss of a tiny twin, against differences of the loss.
#[test]
fn the_gradient_is_how_the_loss_changes() {
    let device = Device::flex();
    let all = weights(&TINY);
    let target = input(ramp(256), [1, 1, 16, 16], &device).mul_scalar(3.0);
    let pass = |p: &crate::Parameters| {
        let x = input(ramp(512), [1, 2, 16, 16], &device);
        let mode = Mode::Training(Recorder::default());
        let y = Harpnet.forward(p, x, &mut Tap::off(), &mode).field();
        let Mode::Training(recorder) = mode else { unreachable!("made two lines above") };
        (smooth_l1(y - target.clone()), recorder)
    };
    let loss = |p: &crate::Parameters| pass(p).0.inner();
    let leaves = parameters(&all, &device).require_grad();
    let (own_loss, recorder) = pass(&leaves);
    let found = weight_gradients(&leaves, &recorder, &mut own_loss.backward());
    for (name, i) in [
        ("final_conv.bias", 0),
        ("final_conv.weight", 2),
        ("decoders.1.resconvblock.4.weight", 77),
        ("upconvs.1.bias", 1),
        ("bridge.shortcut.0.weight", 9),
        ("encoders.0.resconvblock.0.weight", 5),
    ] {
        let at = |step: f32| {
            let mut moved = all.clone();
            let tensor = moved.iter_mut().find(|(n, ..)| n == name).expect(name);
            tensor.2[i] += step;
            f64::from(to_vec(loss(&parameters(&moved, &device)))[0])
        };
        // Half a step moves the loss by some 1e-4 of itself, a thousand times what float32 rounds.
        let step = 4e-3;
        let difference = (at(step) - at(-step)) / f64::from(2.0 * step);
        let gradient = f64::from(found[name][i]);
        let error = (gradient - difference).abs();
        assert!(error < 0.02 * difference.abs() + 2e-5, "{name}: {gradient}, not {difference}");
    }
}

/// Rain and terrain are mirrored alike: what stood at node 64 − k stands at node k.
#[test]
fn a_mirror_turns_rain_and_terrain_round_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let supervision = TileSupervision::open(&config(folder.path()), None).expect("samples");
    let Pick { time, tile } = supervision.rain.train[0];
    let see = |place: Place| {
        place.see(&supervision.rain.sums[time], &supervision.rain.terrain, &supervision.geometry)
    };
    let (as_it_is, mirrored) = (see(Place::of(&tile)), see(Place::mirrored(&tile, [false, true])));
    let mut n_different = 0;
    for row in 0..64 {
        for k in 1..64 {
            let (here, there) = (row * 64 + k, row * 64 + 64 - k);
            assert_eq!(mirrored.elevation[here], as_it_is.elevation[there]);
            assert!((mirrored.fine_mm[here] - as_it_is.fine_mm[there]).abs() < 1e-5);
            n_different += u32::from(as_it_is.elevation[here] != as_it_is.elevation[there]);
        }
    }
    assert!(n_different > 1000, "terrain that a mirror does not change shows nothing");
}

#[test]
fn validation_is_as_it_is_and_training_changes_with_the_seed() {
    let folder = tempfile::tempdir().expect("a folder");
    let supervision = TileSupervision::open(&config(folder.path()), None).expect("samples");
    let batch = |seed| {
        let batch = supervision.training_batch(&[0, 1], &mut Random::new(seed)).expect("a batch");
        (batch.inputs, batch.answers.z)
    };
    assert_eq!(batch(1), batch(1));
    assert_ne!(batch(1), batch(2));
    let first = supervision.validation_batch(&[0]).expect("a batch");
    let seen = &supervision.rain.validation[0];
    // The first fine node is a coarse one, and aligned it has its value.
    let z = supervision.scale.z(f64::from(seen.coarse_mm[11]));
    assert!((f64::from(first.inputs[0]) - z).abs() < 1e-5);
    assert!((f64::from(first.answers.z[0]) - z).abs() < 1e-5);
}

#[test]
fn coarse_and_fine_rain_are_multiplied_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = config(folder.path());
    options.augmentation = TileAugmentation { rain_factor: Some([3.0, 3.0]), ..Default::default() };
    let supervision = TileSupervision::open(&options, None).expect("samples");
    let pick = supervision.rain.train[0];
    let changed = supervision.changed(&pick, &mut Random::new(1));
    let terrain = &supervision.rain.terrain;
    let as_it_is = Place::of(&pick.tile).see(
        &supervision.rain.sums[pick.time],
        terrain,
        &supervision.geometry,
    );
    assert_eq!(changed.elevation, as_it_is.elevation);
    let both = |seen: &Seen| [seen.coarse_mm.clone(), seen.fine_mm.clone()].concat();
    for (changed, mm) in both(&changed).into_iter().zip(both(&as_it_is)) {
        // One rounding of the factor, one of the product.
        assert!((changed - 3.0 * mm).abs() <= 1e-6 * changed.abs(), "{changed}, not 3 × {mm}");
    }
}

/// Rain of half and of ten times the amount is the same to the network, and scores are of rain as it fell.
#[test]
fn the_wettest_node_of_each_tile_is_brought_to_one_amount() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = config(folder.path());
    options.data.wettest_mm = Some(2.0);
    let supervision = TileSupervision::open(&options, None).expect("samples");
    let first = supervision.rain.validation[0].clone();
    // Half of it is still more than 1 mm.
    let factor = 8.0 / wettest(&first);
    let heavy = first.multiplied(factor as f32);
    let of = |factor: f32| supervision.batch(&[heavy.clone().multiplied(factor)], true);
    let (as_it_is, others) = (of(1.0), [of(0.5), of(10.0)]);
    for other in &others {
        let pairs = as_it_is.inputs.iter().zip(&other.inputs);
        assert!(pairs.chain(as_it_is.answers.z.iter().zip(&other.answers.z)).all(is_near));
    }
    assert_eq!(supervision.scale(), unit_of_training(&supervision));
    let brought = as_it_is.answers.units[0].z(wettest(&heavy));
    assert!((brought - supervision.scale().z(2.0)).abs() < 1e-9);
    // A network that is right has no error in millimetres.
    let right =
        Prediction::Field(input(as_it_is.answers.z.clone(), [1, 1, 64, 64], &Device::flex()));
    let mut tally = TileTally::default();
    supervision.count(&mut tally, &right, &as_it_is.answers);
    let (_, mse) = supervision.scores(&tally)[0];
    assert!(mse.expect("a score") < 1e-9 * wettest(&heavy).powi(2), "{mse:?}");
}

/// Mean and deviation over all nodes of the training, of rain that is multiplied, one after the other.
fn unit_of_training(supervision: &TileSupervision) -> LogScale {
    let TileSupervision { rain, geometry, .. } = supervision;
    let logs = rain.train.iter().flat_map(|pick| {
        let seen = Place::of(&pick.tile).see(&rain.sums[pick.time], &rain.terrain, geometry);
        let factor = 2.0 / wettest(&seen).max(1.0);
        let both = [seen.coarse_mm, seen.fine_mm].concat();
        both.into_iter().map(move |mm| f64::from(((f64::from(mm) * factor) as f32).ln_1p()))
    });
    let (mut n, mut sum, mut squared) = (0.0, 0.0, 0.0);
    for log in logs {
        n += 1.0;
        sum += log;
        squared += log * log;
    }
    let mean = sum / n;
    LogScale::new(mean, (squared / n - mean * mean).sqrt())
}

fn wettest(seen: &Seen) -> f64 {
    seen.coarse().into_iter().fold(0.0, f64::max)
}

fn is_near((a, b): (&f32, &f32)) -> bool {
    (a - b).abs() <= 1e-4 * (1.0 + a.abs())
}

/// What is known before rain is read is said before: there may be much of it.
#[test]
fn options_are_checked_before_rain_is_read() {
    let error = refused(|options| {
        options.data.rain = "nowhere.nc".into();
        options.data.wettest_mm = Some(f64::INFINITY);
    });
    assert!(error.contains("wettest_mm is inf"), "{error}");
}

fn refused(change: impl FnOnce(&mut TileConfig)) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = config(folder.path());
    change(&mut options);
    TileSupervision::open(&options, None).err().expect("refused").to_string()
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let terrain = |options: &mut TileConfig| options.data.terrain.clone();
    for (error, expected) in [
        (refused(|o| o.data.rain = terrain(o)), "has no field tp"),
        (refused(|o| o.data.terrain = o.data.rain.clone()), "mm"),
        (refused(|o| o.data.domain.north = 58.0), "does not cover"),
        (refused(|o| o.data.hours = 0), "hours is 0"),
        (refused(|o| o.data.each_hours = None), "have no bounds"),
        (refused(|o| o.training.tiles = vec![3]), "shift moves them anywhere"),
        (
            refused(|o| {
                o.training.tiles = vec![3, 5];
                o.augmentation.shift = Shift::None;
            }),
            "there is no tile 5: the domain has 5",
        ),
        (refused(|o| o.training.learning_rate = -1.0), "a number above 0"),
        (refused(|o| o.augmentation.rain_factor = Some([2.0, 1.0])), "the smaller one first"),
        (refused(|o| o.augmentation.zoom = Some([0.5, 2.0])), "zoom is [0.5, 2]"),
        (refused(|o| o.augmentation.zoom = Some([1e-4, 1.0])), "give two numbers from 0.1 to 1"),
        (refused(|o| o.augmentation.rain_factor = Some([1.0, 1e30])), "rain_factor is [1, 1e30]"),
        (refused(|o| o.data.wettest_mm = Some(0.0)), "wettest_mm is 0"),
        (
            refused(|o| o.data.wettest_mm = Some(1e30)),
            "wettest_mm is 1e30; give a number from 0.01",
        ),
        (refused(|o| o.data.wettest_mm = Some(f64::INFINITY)), "wettest_mm is inf; give a number"),
        (refused(|o| o.data.wettest_mm = Some(f64::NAN)), "wettest_mm is NaN; give a number"),
        (refused(|o| o.data.each_hours = Some(0)), "each_hours is 0"),
        (refused(|o| o.training.learning_rate = 1e9), "learning_rate is 1e9"),
        (
            refused(|o| {
                o.data.wettest_mm = Some(2.0);
                o.augmentation.rain_factor = Some([1.0, 2.0]);
            }),
            "leave one out",
        ),
        (refused(|o| o.data.validation_until = o.data.training_until), "is not before"),
        (refused(|o| o.data.split_longitude = -126.0), "split_longitude is -126; give"),
        (refused(|o| o.data.split_longitude = 239.0), "above -125 and up to -121"),
        (refused(|o| o.data.domain.north = 42.0), "south is 43 and north is 42"),
        (refused(|o| o.data.split_longitude = -124.9), "no sample"),
    ] {
        assert!(error.contains(expected), "{error}, not {expected}");
    }
}

#[test]
fn single_tiles_train_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = config(folder.path());
    options.training.tiles = vec![2];
    options.augmentation.shift = Shift::None;
    let scale = LogScale::new(0.1, 0.3);
    let supervision = TileSupervision::open(&options, Some(scale)).expect("samples");
    assert_eq!(supervision.scale(), scale);
    let ids = supervision.ids(Block::Train);
    assert!(!ids.is_empty() && ids.iter().all(|id| id.ends_with("/2")), "{ids:?}");
}
