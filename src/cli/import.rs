//! `stormlens import`: foreign weights into the project's own format.

use std::path::PathBuf;

use anyhow::bail;
use serde_json::json;
use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;
use stormlens_nn::checkpoint::{self, Metadata, Precision};
use stormlens_nn::registry::{MODELS, ModelEntry};

/// Turn a PyTorch checkpoint into safetensors; nothing in it is executed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PyTorch Lightning or plain PyTorch checkpoint (.ckpt, .pt, .pth), recognised by content
    #[arg(long, value_name = "W.ckpt")]
    from: PathBuf,
    /// A .safetensors file, or a folder such as checkpoints/sar-unet-precip/NAME
    #[arg(long, value_name = "W.safetensors")]
    output: PathBuf,
    /// What the weights were trained on, in one sentence; else what the file says of itself
    #[arg(long)]
    training_data: Option<String>,
    /// Licence of the weights; else what the file says of itself
    #[arg(long)]
    licence: Option<String>,
    /// Store half-precision floats: half the size, weights change by up to 0.05 %
    #[arg(long)]
    half: bool,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let file = checkpoint::read(&args.from)?;
    let found = checkpoint::identify(&file.state)?;
    let fits = |entry: &&&ModelEntry| {
        entry.family == found.family
            && (entry.n_input, entry.n_output) == (found.in_channels, found.out_channels)
    };
    let Some(entry) = MODELS.iter().find(fits) else {
        let known: Vec<_> = MODELS.iter().map(|entry| (entry.card)().id).collect();
        bail!(
            "{} holds {} with {} inputs and {} outputs, which this program cannot run yet; it runs {}",
            args.from.display(),
            found.family.name(),
            found.in_channels,
            found.out_channels,
            known.join(", ")
        );
    };
    let unstated = || "not stated by the checkpoint".to_owned();
    let own = file.metadata.as_ref();
    let training_data = args.training_data.or(own.map(|m| m.training_data.clone()));
    let licence = args.licence.or(own.map(|m| m.licence.clone()));
    let metadata = Metadata {
        model: (entry.card)().id.into(),
        hyper_parameters: json!({
            "in_channels": found.in_channels,
            "out_channels": found.out_channels,
            "kernels_per_layer": found.kernels_per_layer,
            "imported": file.hyper_parameters,
        }),
        normalisation_mm_5min: NORMALISATION_MM_5MIN,
        training_data: training_data.unwrap_or_else(unstated),
        licence: licence.unwrap_or_else(unstated),
        created_by: format!(
            "stormlens {} from a file with SHA-256 {}",
            env!("CARGO_PKG_VERSION"),
            file.sha256
        ),
    };
    let is_file = args.output.extension().is_some();
    let path = if is_file { args.output } else { args.output.join("weights.safetensors") };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let precision = if args.half { Precision::F16 } else { Precision::F32 };
    checkpoint::write_safetensors(&path, &file.state, &metadata, precision)?;
    println!(
        "{}: {} with {} parameters in {} tensors, read from {:?} / {:?}",
        path.display(),
        found.family.name(),
        found.n_parameters,
        found.n_keys,
        file.container,
        file.layout
    );
    Ok(())
}
