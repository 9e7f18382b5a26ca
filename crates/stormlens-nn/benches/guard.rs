//! A guard against slower kernels: fused layers against the same layers from burn's operations,
//! alternating in one run. Ratios hold on any machine where seconds do not.
//!
//! `cargo bench -p stormlens-nn --bench guard` fails when a ratio is above its limit. The limits are
//! about one and a half times what was measured on two idle cores with AVX-512 (0.34, 0.46, 0.31 and
//! 0.43), for HARPNET on two busy ones (0.42 and 0.36); on processors without it they may have to be looked at anew.

use std::process::ExitCode;
use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor};
use stormlens_nn::fused::Kernels;
use stormlens_nn::layers::fold;
use stormlens_nn::models::{harpnet, polar_low, sar_unet};
use stormlens_nn::network::Prediction;
use stormlens_nn::parameters::Mode;
use stormlens_nn::registry::ModelEntry;
use stormlens_nn::{Parameters, Tap};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pairs of runs for each ratio; the median counts.
const N_PAIRS: usize = 7;

struct Race {
    name: &'static str,
    entry: &'static ModelEntry,
    dims: [usize; 4],
    is_backward: bool,
    /// Largest ratio of the fused layers' time to that of burn's operations.
    limit: f64,
}

const FRAMES: [usize; 4] = [1, 12, 288, 288];
const RACES: [Race; 6] = [
    race("sar-unet forward", &sar_unet::ENTRY, FRAMES, false, 0.5),
    race("sar-unet input gradient", &sar_unet::ENTRY, FRAMES, true, 0.65),
    race("polar-low forward", &polar_low::ENTRY, [1, 3, 512, 512], false, 0.45),
    race("polar-low input gradient", &polar_low::ENTRY, [4, 3, 512, 512], true, 0.6),
    race("harpnet forward", &harpnet::ENTRY, [1, 2, 64, 64], false, 0.6),
    race("harpnet input gradient", &harpnet::ENTRY, [1, 2, 64, 64], true, 0.55),
];

const fn race(
    name: &'static str,
    entry: &'static ModelEntry,
    dims: [usize; 4],
    is_backward: bool,
    limit: f64,
) -> Race {
    Race { name, entry, dims, is_backward, limit }
}

fn main() -> ExitCode {
    let fused = match Kernels::from_environment() {
        Ok(kernels) if kernels != Kernels::Plain => kernels,
        Ok(_) => {
            println!("STORMLENS_KERNELS asks for the plain path: there is nothing to compare");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    println!(
        "{fused} kernels against burn's operations, median of {N_PAIRS} pairs (lowest – highest)"
    );
    let kept = RACES.iter().filter(|race| run(race, fused)).count();
    if kept == RACES.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether the ratio is within its limit.
fn run(race: &Race, fused: Kernels) -> bool {
    let device = Device::flex();
    let weights = fold(race.entry.fresh(1), race.entry.norm);
    let parameters = Parameters::from_host(weights, &device);
    let x = Tensor::<4>::random(race.dims, Distribution::Uniform(0.0, 1.0), &device);
    let time = |kernels| {
        let start = Instant::now();
        compute(race, &parameters, x.clone(), &Mode::Inference(kernels));
        start.elapsed().as_secs_f64()
    };
    // The first runs read weights and touch memory.
    time(fused);
    time(Kernels::Plain);
    let mut ratios: Vec<f64> = (0..N_PAIRS).map(|_| time(fused) / time(Kernels::Plain)).collect();
    ratios.sort_by(f64::total_cmp);
    let median = ratios[N_PAIRS / 2];
    let verdict = if median <= race.limit { "kept" } else { "BROKEN" };
    println!(
        "{:<26} {median:.2} ({:.2} – {:.2}), limit {:.2}: {verdict}",
        race.name,
        ratios[0],
        ratios[N_PAIRS - 1],
        race.limit
    );
    median <= race.limit
}

fn compute(race: &Race, parameters: &Parameters, x: Tensor<4>, mode: &Mode) {
    let x = if race.is_backward { x.autodiff().require_grad() } else { x };
    let output = race.entry.network.forward(parameters, x.clone(), &mut Tap::off(), mode);
    let sum = match output {
        Prediction::Field(field) => field.sum(),
        Prediction::Logits { logits, .. } => logits.sum(),
    };
    if race.is_backward {
        x.grad(&sum.backward()).expect("a leaf of the tape").into_data();
    } else {
        sum.into_data();
    }
}
