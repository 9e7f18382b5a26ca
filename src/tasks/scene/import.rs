//! What stands beside imported weights that take pictures.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use stormlens_checkpoint::Metadata;
use stormlens_data::files::read_text;
use stormlens_data::scene::Variant;
use stormlens_nn::device::{self, DeviceChoice};
use stormlens_nn::engine::host_tensors;
use stormlens_nn::train::{SceneConfig, SceneSupervision};

use crate::cli::import::Import;
use crate::cli::say;

const VARIANT: &str = "variant";
const TRAINED_WITH: &str = "trained-with";

/// The sides of the pictures and of their centres; `None` for a network that takes no pictures.
pub fn describe(import: &Import<'_>) -> Option<anyhow::Result<Metadata>> {
    (import.found.entry.card)().scene_classification()?;
    Some(metadata(import))
}

fn metadata(import: &Import<'_>) -> anyhow::Result<Metadata> {
    import.parameters.only(&[VARIANT, TRAINED_WITH]).context("the network takes pictures")?;
    let variant = variant(import)?;
    let mut metadata = Metadata {
        input_px: Some(variant.input_px),
        crop_px: Some(variant.crop_px),
        ..import.metadata.clone()
    };
    if let Some(path) = import.parameters.one(TRAINED_WITH)? {
        measure(import, Path::new(path), variant, &mut metadata)?;
    }
    Ok(metadata)
}

/// What the training scenes look like, to the eye and to the network.
fn measure(
    import: &Import<'_>,
    path: &Path,
    variant: Variant,
    metadata: &mut Metadata,
) -> anyhow::Result<()> {
    let shown = path.display();
    let config: SceneConfig =
        toml::from_str(&read_text(path)?).with_context(|| shown.to_string())?;
    ensure!(
        config.data.variant == variant,
        "{shown} trains on pictures of {} pixels, these weights were trained on {}",
        config.data.variant.input_px,
        variant.input_px
    );
    let entry = import.found.entry;
    let card = (entry.card)();
    let task = card.scene_classification().context("the network takes pictures")?;
    say(format_args!("reading the scenes in {}", config.data.scenes.display()));
    let supervision = SceneSupervision::open(&config, task, entry.norm)?;
    let tensors = host_tensors(import.file.state.clone());
    let (device, _) = device::choose(DeviceChoice::Cpu)?;
    let features = supervision.feature_range(entry, tensors, &device)?;
    let features =
        features.context("there are too few scenes to compare others with: about 300 for training, and 20 others, are enough")?;
    metadata.training_statistics = supervision.reference().map(serde_json::to_value).transpose()?;
    metadata.training_features = Some(serde_json::to_value(features)?);
    Ok(())
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
