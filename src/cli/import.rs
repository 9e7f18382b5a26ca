//! `stormlens import`: foreign weights into the project's own format.

use std::path::{Path, PathBuf};

use anyhow::bail;
use serde_json::json;
use stormlens_data::card::Task;
use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;
use stormlens_data::scene::Variant;
use stormlens_nn::checkpoint::{self, Architecture, Foreign, Metadata, Precision};
use stormlens_nn::registry::{MODELS, ModelEntry};

/// Turn a PyTorch or Keras checkpoint into safetensors; nothing in it is executed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Checkpoint of PyTorch Lightning, plain PyTorch (.ckpt, .pt, .pth) or Keras (.h5), recognised
    /// by content
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
    /// Of a polar-low network: the side in pixels of the pictures it was trained on, where the file
    /// does not say it
    #[arg(long, value_name = "192|800|1536", value_parser = parse_variant)]
    variant: Option<Variant>,
    /// Store half-precision floats: half the size, weights change by up to 0.05 %
    #[arg(long)]
    half: bool,
}

fn parse_variant(text: &str) -> Result<Variant, String> {
    Variant::named(text).ok_or_else(|| {
        let known = Variant::ALL.map(|variant| variant.name());
        format!("the published sides are {}", known.join(", "))
    })
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let file = checkpoint::read(&args.from)?;
    let found = checkpoint::identify(&file.state)?;
    let entry = find_model(&args.from, &found)?;
    let metadata = metadata(&args, entry, &file, &found)?;
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

/// The model that runs such weights.
fn find_model(path: &Path, found: &Architecture) -> anyhow::Result<&'static ModelEntry> {
    let fits = |entry: &&&ModelEntry| {
        entry.family == found.family
            && (entry.n_input, entry.n_output) == (found.in_channels, found.out_channels)
    };
    if let Some(entry) = MODELS.iter().find(fits) {
        return Ok(entry);
    }
    let known: Vec<_> = MODELS.iter().map(|entry| (entry.card)().id).collect();
    bail!(
        "{} holds {} with {} inputs and {} outputs, which this program cannot run yet; it runs {}",
        path.display(),
        found.family.name(),
        found.in_channels,
        found.out_channels,
        known.join(", ")
    );
}

/// What is to stand beside the weights: what was typed, else what the file says of itself.
fn metadata(
    args: &Args,
    entry: &ModelEntry,
    file: &Foreign,
    found: &Architecture,
) -> anyhow::Result<Metadata> {
    let unstated = || "not stated by the checkpoint".to_owned();
    let own = file.metadata.as_ref();
    let training_data = args.training_data.clone().or(own.map(|m| m.training_data.clone()));
    let licence = args.licence.clone().or(own.map(|m| m.licence.clone()));
    let card = (entry.card)();
    let (normalisation_mm_5min, variant) = match card.task {
        Task::Nowcasting(_) => {
            refuse_variant(args, card.id)?;
            (Some(NORMALISATION_MM_5MIN), None)
        }
        Task::SceneClassification(_) => (None, Some(variant(args, file)?)),
    };
    Ok(Metadata {
        model: card.id.into(),
        hyper_parameters: json!({
            "in_channels": found.in_channels,
            "out_channels": found.out_channels,
            "kernels_per_layer": found.kernels_per_layer,
            "imported": file.hyper_parameters,
        }),
        normalisation_mm_5min,
        input_px: variant.map(|variant| variant.input_px),
        crop_px: variant.map(|variant| variant.crop_px),
        simulated: own.is_some_and(|m| m.simulated),
        training_statistics: own.and_then(|m| m.training_statistics.clone()),
        training_data: training_data.unwrap_or_else(unstated),
        licence: licence.unwrap_or_else(unstated),
        created_by: format!(
            "stormlens {} from a file with SHA-256 {}",
            env!("CARGO_PKG_VERSION"),
            file.sha256
        ),
    })
}

fn refuse_variant(args: &Args, model: &str) -> anyhow::Result<()> {
    if args.variant.is_some() {
        bail!("{model} takes pictures of any size; leave --variant out");
    }
    Ok(())
}

/// The sides of the pictures and of their centres, as the file or the command says them.
fn variant(args: &Args, file: &Foreign) -> anyhow::Result<Variant> {
    let path = args.from.display();
    match (file.variant(), args.variant) {
        (Some(stated), Some(typed)) if stated != typed => bail!(
            "{path} was trained on the centre of {} pixels of pictures of {}; leave --variant out",
            stated.crop_px,
            stated.input_px
        ),
        (Some(variant), _) | (None, Some(variant)) => Ok(variant),
        (None, None) => bail!(
            "{path} does not say on what size of pictures it was trained; \
             say it with --variant 192, 800 or 1536"
        ),
    }
}
