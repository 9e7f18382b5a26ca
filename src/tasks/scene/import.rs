//! What stands beside imported weights that take pictures.

use anyhow::{Context as _, bail};
use stormlens_data::scene::Variant;
use stormlens_nn::checkpoint::Metadata;

use crate::cli::import::Import;

const VARIANT: &str = "variant";

/// The sides of the pictures and of their centres; `None` for a network that takes no pictures.
pub fn describe(import: &Import<'_>) -> Option<anyhow::Result<Metadata>> {
    (import.found.entry.card)().scene_classification()?;
    Some(metadata(import))
}

fn metadata(import: &Import<'_>) -> anyhow::Result<Metadata> {
    import.parameters.only(&[VARIANT]).context("the network takes pictures")?;
    let variant = variant(import)?;
    Ok(Metadata {
        input_px: Some(variant.input_px),
        crop_px: Some(variant.crop_px),
        ..import.metadata.clone()
    })
}

/// As the file or the command says them.
fn variant(import: &Import<'_>) -> anyhow::Result<Variant> {
    let path = import.path.display();
    match (import.file.variant(), typed(import)?) {
        (Some(stated), Some(typed)) if stated != typed => bail!(
            "{path} was trained on the centre of {} pixels of pictures of {}; leave --variant out",
            stated.crop_px,
            stated.input_px
        ),
        (Some(variant), _) | (None, Some(variant)) => Ok(variant),
        (None, None) => bail!(
            "{path} does not say on what size of pictures it was trained; say it with --variant \
             192, 800 or 1536"
        ),
    }
}

fn typed(import: &Import<'_>) -> anyhow::Result<Option<Variant>> {
    let Some(text) = import.parameters.one(VARIANT)? else { return Ok(None) };
    let known = || Variant::ALL.map(|variant| variant.name()).join(", ");
    let found = Variant::named(text);
    found.map(Some).with_context(|| format!("the published sides are {}, not {text}", known()))
}
