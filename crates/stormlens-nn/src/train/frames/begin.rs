//! What training begins with.

use crate::engine::host_tensors;
use crate::models::{Architecture, HostTensors, Sizes};
use crate::registry::{self, ModelEntry};
use crate::train::config::TrainConfig;
use crate::train::run::TrainError;

/// First weights, or those that the options name, in the unit in which the run works.
///
/// # Errors
/// For sizes that the network cannot have, a file that cannot be read, and weights of another network, size or field.
pub fn initial_weights(
    config: &TrainConfig,
    entry: &ModelEntry,
) -> Result<HostTensors, TrainError> {
    let sizes = Sizes {
        channels: Some(config.data.frames.channels()),
        base_channels: config.base_channels,
        kernels_per_layer: config.kernels_per_layer,
    };
    let wanted = (entry.design)(&sizes)
        .map_err(|reason| TrainError::Options(format!("{}: {reason}", entry.name)))?;
    let Some(path) = &config.training.start_from else {
        return Ok((entry.initialise)(&wanted.schema, config.seed));
    };
    let refuse = |what: String| TrainError::Options(format!("{}: {what}", path.display()));
    let (file, found) = registry::read(path)?;
    if found.entry.name != entry.name {
        return Err(refuse(format!("these are weights of {}", found.entry.name)));
    }
    check_sizes(&found.architecture, &wanted).map_err(refuse)?;
    let field = file.metadata.as_ref().and_then(|metadata| metadata.field);
    if field.is_some_and(|field| field != config.data.frames.field) {
        return Err(refuse("these weights are of another field than [data.frames] states".into()));
    }
    let mut weights = host_tensors(file.state);
    // Saved weights take ordinary values, those in training larger ones.
    (entry.rescale)(&mut weights, 1.0 / config.training.scale);
    Ok(weights)
}

fn check_sizes(found: &Architecture, wanted: &Architecture) -> Result<(), String> {
    if found.schema == wanted.schema {
        return Ok(());
    }
    let words = |a: &Architecture| {
        format!(
            "{} frames in, {} out, {} parameters",
            a.in_channels, a.out_channels, a.n_parameters
        )
    };
    Err(format!(
        "these weights have {}, and the options want {}; change [data.frames], base_channels or kernels_per_layer",
        words(found),
        words(wanted)
    ))
}

#[cfg(test)]
mod tests {
    use stormlens_checkpoint::{Metadata, Precision, write_safetensors};
    use stormlens_data::card::NowcastField;

    use super::*;
    use crate::engine::state_dict;
    use crate::models::{sar_unet, unet};
    use crate::train::{DataConfig, TrainingOptions};

    fn metadata(field: NowcastField) -> Metadata {
        let said = serde_json::json!({
            "model": "unet", "hyper_parameters": {}, "field": field, "simulated": false,
            "training_data": "", "licence": "", "created_by": "",
        });
        serde_json::from_value(said).expect("metadata")
    }

    /// Saved weights are of ordinary values; a run that works with larger ones begins with what saves the same.
    #[test]
    fn a_run_begins_with_saved_weights() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("best.safetensors");
        let mut config = TrainConfig {
            model: "unet".into(),
            base_channels: Some(16),
            kernels_per_layer: None,
            output: folder.path().to_owned(),
            seed: 1,
            data: DataConfig::default(),
            training: TrainingOptions { scale: 4.0, ..TrainingOptions::default() },
            augmentation: crate::train::Augmentation::default(),
        };
        let entry = &unet::UNET;
        let drawn = initial_weights(&config, entry).expect("drawn weights");
        let save = |field: NowcastField| {
            let state = state_dict(&drawn, 0);
            write_safetensors(&file, &state, &metadata(field), Precision::F32).expect("a file");
        };
        save(NowcastField::Precipitation);
        config.seed = 2;
        config.training.start_from = Some(file.clone());
        let mut begun = initial_weights(&config, entry).expect("saved weights");
        assert_ne!(begun, drawn, "in the unit of the run");
        (entry.rescale)(&mut begun, 4.0);
        begun.sort_by(|a, b| a.0.cmp(&b.0));
        let mut expected = drawn.clone();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(begun, expected);

        let refuse = |config: &TrainConfig, entry, word: &str| {
            let refused = initial_weights(config, entry).unwrap_err().to_string();
            assert!(refused.contains(word), "{refused}");
        };
        refuse(&config, &sar_unet::ENTRY, "weights of UNet");
        refuse(&TrainConfig { base_channels: Some(32), ..config.clone() }, entry, "base_channels");
        save(NowcastField::CloudCover);
        refuse(&config, entry, "another field");
    }
}
