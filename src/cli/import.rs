//! `stormlens import`: foreign weights into the project's own format.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;
use stormlens_checkpoint::{self as checkpoint, Foreign, Metadata, Precision};
use stormlens_nn::engine::in_our_unit;
use stormlens_nn::registry::{self, Recognised};

use crate::catalog::not_asked;
use crate::cli::say;
use crate::parameters::Parameters;
use crate::tasks::IMPORTS;
use crate::written;

/// Turn a PyTorch or Keras checkpoint into safetensors; nothing in it is executed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Checkpoint of PyTorch Lightning, plain PyTorch (.ckpt, .pt, .pth) or Keras (.h5, .weights.h5, .keras), recognised
    /// by content
    #[arg(long, value_name = "W.ckpt")]
    from: PathBuf,
    /// A .safetensors file in a folder that is there, or a folder such as checkpoints/sar-unet/NAME, which is made
    #[arg(long, value_name = "W.safetensors")]
    output: PathBuf,
    /// What the weights were trained on, in one sentence; else what the file says of itself
    #[arg(long)]
    training_data: Option<String>,
    /// Licence of the weights; else what the file says of itself
    #[arg(long)]
    licence: Option<String>,
    /// For a network that takes pictures: the side in pixels of those it was trained on, where the file
    /// does not say it
    #[arg(long, value_name = "192|800|1536")]
    variant: Option<String>,
    /// For a network that takes pictures: the options of its training, a file train.toml whose scenes are still there.
    /// What the network sees in them is stored beside the weights, so that pages can say how far another scene is
    /// from them
    #[arg(long, value_name = "train.toml")]
    trained_with: Option<String>,
    /// For a network that takes frames: what they show, where the file does not say it
    #[arg(long, value_name = "precipitation|cloud-cover")]
    field: Option<String>,
    /// For a network that takes frames: minutes from one to the next, where the file does not say it
    #[arg(long, value_name = "MINUTES")]
    frame_step_min: Option<String>,
    /// For a network that takes frames: minutes from the last input frame to each output frame,
    /// separated by commas, where the file does not say it
    #[arg(long, value_name = "MINUTES,…")]
    lead_times_min: Option<String>,
    /// For SpaT-SparK: whether the weights rebuild frames or forecast, where neither the file nor a translation in it
    /// says so
    #[arg(long, value_name = "pretrain|finetune")]
    stage: Option<String>,
    /// For a network that refines rain: the mean of ln(1 + mm) in its training, where the file does not say it
    /// [default: as published, 0.1734]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    log_mean: Option<String>,
    /// For a network that refines rain: the standard deviation of it
    /// [default: as published, 0.4228]
    #[arg(long, value_name = "NUMBER")]
    log_std: Option<String>,
    /// For a network that refines rain: what the wettest coarse node of each tile was multiplied to (tiles with less than
    /// 1 mm as if they had 1 mm), where the file does not say it [default: as published, rain as it is]
    #[arg(long, value_name = "MM")]
    wettest_mm: Option<String>,
    /// For a network that refines rain: hours of its sums
    /// [default: as published, 3]
    #[arg(long, value_name = "HOURS")]
    hours: Option<String>,
    /// For a network that refines rain: where coarse rain was placed on the fine nodes
    /// [default: as published, reference]
    #[arg(long, value_name = "aligned|reference")]
    registration: Option<String>,
    /// For a network that takes fields of a weather model: which fields, grid, statistics, thresholds and interval, as JSON
    #[arg(long, value_name = "STATEMENT.json")]
    fields: Option<String>,
    /// Store half-precision floats: half the size, weights change by up to 0.05 %
    #[arg(long)]
    half: bool,
}

/// What a task is given to say what stands beside weights.
pub struct Import<'a> {
    pub path: &'a Path,
    pub file: &'a Foreign,
    pub found: &'a Recognised,
    /// `variant`, `trained-with`, `field`, `frame-step-min`, `lead-times-min`, `stage`, `log-mean`, `log-std`,
    /// `wettest-mm`, `hours`, `registration`, `fields`, as far as they were given.
    pub parameters: Parameters,
    /// What needs no task.
    pub metadata: Metadata,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let is_file = args.output.extension().is_some();
    if is_file {
        written::check_place(&args.output)?;
    }
    let (file, found) = registry::read(&args.from)?;
    let metadata = metadata(&args, &file, &found)?;
    let path = if is_file { args.output } else { in_folder(&args.output)? };
    let precision = if args.half { Precision::F16 } else { Precision::F32 };
    let state = in_our_unit(file.state.clone(), file.metadata.is_some(), found.entry);
    checkpoint::write_safetensors(&path, &state, &metadata, precision)?;
    say(format_args!(
        "{}: {} with {} parameters in {} tensors, read from {}",
        path.display(),
        found.entry.name,
        found.architecture.n_parameters,
        file.state.tensors.len(),
        file.container
    ));
    if !file.left_over.is_empty() {
        say(format_args!(
            "left out, beside the weights of the network: {}",
            file.left_over.join(", ")
        ));
    }
    Ok(())
}

/// The file of weights in a folder, which is made as by all commands that write into one.
fn in_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    written::make_folder(folder)?;
    let path = folder.join("weights.safetensors");
    written::check_place(&path)?;
    Ok(path)
}

/// What is to stand beside the weights: what was typed, else what the file says of itself.
fn metadata(args: &Args, file: &Foreign, found: &Recognised) -> anyhow::Result<Metadata> {
    let import = Import {
        path: &args.from,
        file,
        found,
        parameters: parameters(args),
        metadata: common(args, file, found),
    };
    let metadata = IMPORTS.iter().find_map(|describe| describe(&import));
    metadata.with_context(|| not_asked((found.entry.card)().id))?
}

fn parameters(args: &Args) -> Parameters {
    let given = [
        ("variant", &args.variant),
        ("trained-with", &args.trained_with),
        ("field", &args.field),
        ("frame-step-min", &args.frame_step_min),
        ("lead-times-min", &args.lead_times_min),
        ("stage", &args.stage),
        ("log-mean", &args.log_mean),
        ("log-std", &args.log_std),
        ("wettest-mm", &args.wettest_mm),
        ("hours", &args.hours),
        ("registration", &args.registration),
        ("fields", &args.fields),
    ];
    Parameters::of(
        given.into_iter().filter_map(|(name, value)| {
            value.as_ref().map(|value| (name.to_owned(), value.clone()))
        }),
    )
}

fn common(args: &Args, file: &Foreign, found: &Recognised) -> Metadata {
    let unstated = || "not stated by the checkpoint".to_owned();
    let own = file.metadata.as_ref();
    let training_data = args.training_data.clone().or(own.map(|m| m.training_data.clone()));
    let licence = args.licence.clone().or(own.map(|m| m.licence.clone()));
    let described = || {
        json!({
            "in_channels": found.architecture.in_channels,
            "out_channels": found.architecture.out_channels,
            "kernels_per_layer": found.architecture.kernels_per_layer,
            "imported": file.hyper_parameters,
        })
    };
    Metadata {
        model: (found.entry.card)().id.into(),
        hyper_parameters: own.map_or_else(described, |m| m.hyper_parameters.clone()),
        normalisation_mm_5min: None,
        field: None,
        frame_step_min: None,
        lead_times_min: None,
        rain: None,
        fields: None,
        input_px: None,
        crop_px: None,
        simulated: own.is_some_and(|m| m.simulated),
        training_statistics: own.and_then(|m| m.training_statistics.clone()),
        training_features: own.and_then(|m| m.training_features.clone()),
        training_data: training_data.unwrap_or_else(unstated),
        licence: licence.unwrap_or_else(unstated),
        created_by: format!(
            "stormlens {} from a file with SHA-256 {}",
            env!("CARGO_PKG_VERSION"),
            file.sha256
        ),
    }
}
