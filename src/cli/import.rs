//! `stormlens import`: foreign weights into the project's own format.

use std::path::PathBuf;

use anyhow::bail;
use serde_json::json;
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;
use stormlens_data::scene::Variant;
use stormlens_nn::checkpoint::{self, Foreign, Metadata, Precision};
use stormlens_nn::models::nowcasting::Statement;
use stormlens_nn::registry::{self, Recognised};

/// Turn a PyTorch or Keras checkpoint into safetensors; nothing in it is executed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Checkpoint of PyTorch Lightning, plain PyTorch (.ckpt, .pt, .pth) or Keras (.h5), recognised
    /// by content
    #[arg(long, value_name = "W.ckpt")]
    from: PathBuf,
    /// A .safetensors file, or a folder such as checkpoints/sar-unet/NAME
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
    /// Of a nowcasting network: what its frames show, where the file does not say it
    #[arg(long, value_name = "precipitation|cloud-cover")]
    field: Option<NowcastField>,
    /// Of a nowcasting network: minutes from one input frame to the next, where the file does not say it
    #[arg(long, value_name = "MINUTES")]
    frame_step_min: Option<u32>,
    /// Of a nowcasting network: minutes from the last input frame to each output frame, separated by
    /// commas, where the file does not say it
    #[arg(long, value_name = "MINUTES,…", value_delimiter = ',')]
    lead_times_min: Option<Vec<u32>>,
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
    let (file, found) = registry::read(&args.from)?;
    let metadata = metadata(&args, &file, &found)?;
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
        found.entry.name,
        found.architecture.n_parameters,
        file.state.tensors.len(),
        file.container,
        file.layout
    );
    Ok(())
}

/// What is to stand beside the weights: what was typed, else what the file says of itself.
fn metadata(args: &Args, file: &Foreign, found: &Recognised) -> anyhow::Result<Metadata> {
    let unstated = || "not stated by the checkpoint".to_owned();
    let own = file.metadata.as_ref();
    let training_data = args.training_data.clone().or(own.map(|m| m.training_data.clone()));
    let licence = args.licence.clone().or(own.map(|m| m.licence.clone()));
    let card = (found.entry.card)();
    let (frames, normalisation_mm_5min, variant) = match card.is_nowcasting() {
        true => {
            refuse_variant(args, card.id)?;
            let (frames, field) = frames(args, file, found)?;
            (frames, normalisation_mm_5min(field), None)
        }
        false => {
            refuse_frames(args, card.id)?;
            (Statement::default(), None, Some(variant(args, file)?))
        }
    };
    Ok(Metadata {
        model: card.id.into(),
        hyper_parameters: json!({
            "in_channels": found.architecture.in_channels,
            "out_channels": found.architecture.out_channels,
            "kernels_per_layer": found.architecture.kernels_per_layer,
            "imported": file.hyper_parameters,
        }),
        normalisation_mm_5min,
        field: frames.field,
        frame_step_min: frames.frame_step_min,
        lead_times_min: frames.lead_times_min,
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

/// What network's values are divided by.
pub(super) fn normalisation_mm_5min(field: NowcastField) -> Option<f64> {
    (field == NowcastField::Precipitation).then_some(NORMALISATION_MM_5MIN)
}

/// What the file and the command say of the frames, and the field, which may be that of the
/// publication. That is not written: a file states what somebody stated.
fn frames(
    args: &Args,
    file: &Foreign,
    Recognised { entry, architecture }: &Recognised,
) -> anyhow::Result<(Statement, NowcastField)> {
    let path = args.from.display();
    let stated = Statement::of(file, architecture);
    let typed = Statement {
        field: args.field,
        frame_step_min: args.frame_step_min,
        lead_times_min: args.lead_times_min.clone(),
    };
    let said = stated.clone().or(typed.clone());
    if typed.or(stated) != said {
        bail!("{path} states {}; leave out what it states", words(&said));
    }
    let complete = said.clone().complete(architecture, entry.size_multiple);
    match complete {
        Ok(Nowcasting { field, .. }) => Ok((said, field)),
        Err(reason) => bail!("{path}: {reason}"),
    }
}

fn words(said: &Statement) -> String {
    let field = said.field.map(|field| field.to_string());
    let step = said.frame_step_min.map(|step| format!("a frame every {step} min"));
    let leads = said.lead_times_min.as_ref().map(|leads| {
        let leads: Vec<_> = leads.iter().map(u32::to_string).collect();
        format!("lead times of {} min", leads.join(", "))
    });
    field.into_iter().chain(step).chain(leads).collect::<Vec<_>>().join(", ")
}

fn refuse_frames(args: &Args, model: &str) -> anyhow::Result<()> {
    if args.field.is_some() || args.frame_step_min.is_some() || args.lead_times_min.is_some() {
        bail!("{model} takes pictures; leave --field, --frame-step-min and --lead-times-min out");
    }
    Ok(())
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
