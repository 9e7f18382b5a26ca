//! Milliseconds of a step of training: four samples of twelve frames of 160 × 192 pixels, forward, backward and into the
//! weights; the least of a few.
//!
//! `cargo bench -p stormlens-nn --bench train_step`; names of networks after `--` choose some, `RAYON_NUM_THREADS` says on
//! how many threads.

use std::sync::Arc;
use std::time::Instant;

use burn::tensor::Device;
use stormlens_data::dataset::DatasetError;
use stormlens_nn::models::Sizes;
use stormlens_nn::registry;
use stormlens_nn::train::{
    Block, Example, Examples, FrameSupervision, OptimiserOptions, Stepper, Supervision,
    TrainConfig, Trainee,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const N_FRAMES: usize = 12;
const SIZE: [usize; 2] = [160, 192];
const N_STEPS: usize = 6;

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    for id in ["sar-unet", "smaat-unet", "unet"] {
        for base_channels in [64, 32] {
            if chosen.is_empty() || chosen.iter().any(|name| name == id) {
                let times = milliseconds(id, base_channels);
                let least = times.iter().min().expect("some steps");
                println!("{id}, {base_channels} base channels: {least} ms of {times:?}");
            }
        }
    }
}

fn milliseconds(id: &str, base_channels: usize) -> Vec<u128> {
    let entry = registry::find(id).expect("a network");
    let sizes = Sizes {
        channels: Some((N_FRAMES, 1)),
        base_channels: Some(base_channels),
        kernels_per_layer: None,
    };
    let architecture = (entry.design)(&sizes).expect("sizes");
    let initial = (entry.initialise)(&architecture.schema, 1);
    let supervision = FrameSupervision::new(&TrainConfig::default(), &Waves, entry.rescale);
    let trainee = Trainee { network: entry.network, initial };
    let device = Device::flex();
    let mut stepper = Stepper::new(&trainee, OptimiserOptions::adam().into(), Vec::new(), &device);
    let step = |_| {
        let batch = supervision.validation_batch(&[0, 1, 2, 3]).expect("a batch");
        let started = Instant::now();
        stepper.step(&supervision, batch, 1e-3.into(), None);
        started.elapsed().as_millis()
    };
    (0..N_STEPS).map(step).collect()
}

/// Moving waves, another for each sample.
struct Waves;

impl Examples for Waves {
    fn ids(&self, _: Block) -> Vec<String> {
        (0..4).map(|i| i.to_string()).collect()
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        let [height, width] = SIZE;
        let k: f32 = id.parse().expect("our own name");
        let value = |i: usize| {
            let (t, y, x) = (i / (height * width), i / width % height, i % width);
            let phase = (x as f32 + 2.0 * t as f32) / (7.0 + k);
            (phase.sin() + (y as f32 / 13.0).cos()).max(0.0)
        };
        let values = |frames: std::ops::Range<usize>| {
            (frames.start * height * width..frames.end * height * width).map(value).collect()
        };
        let (inputs, target) = (values(0..N_FRAMES), values(N_FRAMES + 5..N_FRAMES + 6));
        Ok(Arc::new(Example { inputs, target, height, width }))
    }
}
