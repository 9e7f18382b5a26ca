//! What stands beside imported weights that take frames.

use anyhow::{Context as _, bail};
use stormlens_checkpoint::Metadata;
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_nn::models::nowcasting::Statement;
use stormlens_nn::models::spat_spark;

use super::train::normalisation_mm_5min;
use crate::cli::import::Import;
use crate::parameters::Parameters;

const FIELD: &str = "field";
const STEP: &str = "frame-step-min";
const LEAD_TIMES: &str = "lead-times-min";
const STAGE: &str = "stage";

/// Field, step and lead times; `None` for a network that takes no frames.
pub fn describe(import: &Import<'_>) -> Option<anyhow::Result<Metadata>> {
    (import.found.entry.card)().is_nowcasting().then(|| metadata(import))
}

fn metadata(import: &Import<'_>) -> anyhow::Result<Metadata> {
    let only = import.parameters.only(&[FIELD, STEP, LEAD_TIMES, STAGE]);
    only.context("the network takes frames of any size")?;
    let (said, field) = frames(import)?;
    Ok(Metadata {
        normalisation_mm_5min: normalisation_mm_5min(field),
        field: said.field,
        frame_step_min: said.frame_step_min,
        lead_times_min: said.lead_times_min,
        ..import.metadata.clone()
    })
}

/// What the file and the command say of the frames, and the field, which may be that of the
/// publication. That is not written: a file states what somebody stated.
fn frames(import: &Import<'_>) -> anyhow::Result<(Statement, NowcastField)> {
    let (path, architecture) = (import.path.display(), &import.found.architecture);
    let stated = Statement::of(import.file, architecture);
    let typed = typed(&import.parameters)?.or(stage(import)?);
    let said = stated.clone().or(typed.clone());
    if typed.or(stated) != said {
        bail!("{path} states {}; leave out what it states", words(&said));
    }
    match said.clone().complete(architecture, import.found.entry) {
        Ok(Nowcasting { field, .. }) => Ok((said, field)),
        Err(reason) => bail!("{path}: {reason}"),
    }
}

/// Weights of a pre-training have no lead times; those that are fine-tuned give the frames that follow, and of one frame
/// lead times have to be said.
fn stage(import: &Import<'_>) -> anyhow::Result<Statement> {
    let Some(stage) = import.parameters.one(STAGE)? else { return Ok(Statement::default()) };
    if import.found.entry.name != spat_spark::ENTRY.name {
        bail!("leave --{STAGE} out: {} has no pre-training", import.found.entry.name);
    }
    let lead_times_min = match stage {
        "pretrain" => Some(Vec::new()),
        "finetune" => spat_spark::following(import.found.architecture.out_channels),
        other => bail!("--{STAGE} is “{other}”, but must be pretrain or finetune"),
    };
    Ok(Statement { lead_times_min, ..Statement::default() })
}

fn typed(parameters: &Parameters) -> anyhow::Result<Statement> {
    let field = parameters.one(FIELD)?.map(str::parse).transpose();
    let minutes =
        |text: &str| text.parse().with_context(|| format!("{text} is no whole number of minutes"));
    let leads: Vec<u32> =
        parameters.list(LEAD_TIMES).into_iter().map(minutes).collect::<Result<_, _>>()?;
    Ok(Statement {
        field: field.map_err(|error| anyhow::anyhow!("--{FIELD}: {error}"))?,
        frame_step_min: parameters.one(STEP)?.map(minutes).transpose()?,
        lead_times_min: (!leads.is_empty()).then_some(leads),
    })
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
