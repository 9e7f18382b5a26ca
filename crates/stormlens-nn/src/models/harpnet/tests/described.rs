//! What is said of weights before anything is computed, and what they hold for single places.

use std::path::Path;

use stormlens_checkpoint::{Metadata, Precision, write_safetensors};
use stormlens_data::card::{CheckpointCard, Downscaling, RainStatement, Refining};
use stormlens_data::downscale::{Geometry, LogScale, Registration};

use super::asked::{loaded, saved};
use super::*;
use crate::engine::{EngineError, describe, state_dict};

/// Sums of an hour, placed where they belong.
const HOURLY: RainStatement = RainStatement {
    log_mean: 0.145,
    log_std: 0.378,
    wettest_mm: None,
    hours: 1,
    registration: Registration::Aligned,
};

/// Our own file of a narrow twin, which says of which rain it is, or nothing of that.
fn ours(folder: &Path, form: &Form, rain: Option<RainStatement>) -> CheckpointCard {
    described(folder, form, rain).expect("a narrow twin")
}

fn described(
    folder: &Path,
    form: &Form,
    rain: Option<RainStatement>,
) -> Result<CheckpointCard, EngineError> {
    let metadata = Metadata {
        model: "harpnet".into(),
        hyper_parameters: serde_json::json!({}),
        normalisation_mm_5min: None,
        field: None,
        frame_step_min: None,
        lead_times_min: None,
        rain,
        fields: None,
        input_px: None,
        crop_px: None,
        simulated: false,
        training_statistics: None,
        training_features: None,
        training_data: "nothing".into(),
        licence: "none".into(),
        created_by: "a test".into(),
    };
    let path = folder.join("weights.safetensors");
    let state = state_dict(&weights(form), 0);
    write_safetensors(&path, &state, &metadata, Precision::F32).expect("a file");
    describe(&ENTRY, &path)
}

#[test]
fn weights_say_of_which_rain_they_are_or_the_publication_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let tiles = Downscaling { n_input_channels: 2, input_px: Some(16), output_px: 16 };
    let stated = ours(folder.path(), &TINY, Some(HOURLY)).refining.expect("it refines tiles");
    assert_eq!(stated, Refining { tiles, rain: HOURLY, is_stated: true });
    assert_eq!(stated.scale(), LogScale::new(0.145, 0.378));
    assert_eq!(stated.geometry(), Geometry { size: 16, ..Geometry::V4 });

    let published = Refining { tiles, rain: RainStatement::PUBLISHED, is_stated: false };
    let silent = ours(folder.path(), &TINY, None);
    assert_eq!(silent.refining, Some(published));
    assert_eq!(published.scale(), LogScale::new(0.1734, 0.4228));
    assert_eq!((published.rain.hours, published.rain.registration), (3, Registration::Reference));
    let theirs = describe(&ENTRY, &saved(folder.path(), &TINY)).expect("a narrow twin");
    assert_eq!(theirs.refining, Some(published));

    // Without terrain it is rain in mm that goes in and comes out.
    let form = Form { version: Version::V2, ..TINY };
    let of_mm = ours(folder.path(), &form, Some(HOURLY)).refining.expect("it refines tiles");
    let tiles = Downscaling { n_input_channels: 1, input_px: None, output_px: 16 };
    assert_eq!(of_mm, Refining { tiles, rain: HOURLY, is_stated: true });
    assert_eq!(of_mm.scale(), LogScale::new(0.0, 1.0));
    assert_eq!(of_mm.geometry(), Geometry { size: 16, ..Geometry::V1 });
}

#[test]
fn tiles_have_the_unit_that_their_weights_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let brought = RainStatement { wettest_mm: Some(3.0), ..HOURLY };
    let refining = ours(folder.path(), &TINY, Some(brought)).refining.expect("it refines tiles");
    assert_eq!(refining.rain, brought);
    assert_eq!(refining.scale_of(&[0.0, 12.0]), LogScale { factor: 0.25, ..refining.scale() });
    // Of a network that takes millimetres, nothing is multiplied, whatever is stated.
    let tiles = Downscaling { n_input_channels: 1, ..refining.tiles };
    let of_mm = Refining { tiles, ..refining };
    assert_eq!(of_mm.scale_of(&[0.0, 12.0]), of_mm.scale());
}

#[test]
fn numbers_that_make_no_unit_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let brought = |mm| RainStatement { wettest_mm: Some(mm), ..HOURLY };
    let of_mm = Form { version: Version::V2, ..TINY };
    for (form, rain, words) in [
        (TINY, brought(0.0), "cannot be multiplied to 0 mm"),
        (TINY, brought(-1.0), "cannot be multiplied to -1 mm"),
        (TINY, brought(1e30), "multiplied to 1e30 mm: give a number from 0.01 to 305"),
        (of_mm, brought(3.0), "takes rain in mm as it is"),
        (TINY, RainStatement { log_std: 0.0, ..HOURLY }, "is no unit"),
        (TINY, RainStatement { hours: 0, ..HOURLY }, "sums of 0 hours"),
    ] {
        let error = described(folder.path(), &form, Some(rain)).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// The card has the layers of five levels; weights name those that they have not.
#[test]
fn layers_of_levels_that_are_not_there_are_absent() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = layer_names(&ENTRY);
    for depth in 1..=3 {
        let form = Form { depth, ..TINY };
        let absent = ours(folder.path(), &form, None).absent_layers;
        let is_below = |name: &&String| {
            let place = name.split('.').nth(1).and_then(|place| place.parse().ok());
            place.is_some_and(|place: usize| place >= depth)
        };
        assert_eq!(absent, all.iter().filter(is_below).cloned().collect::<Vec<_>>());
        // Three for a block of the encoder, four for one of the decoder with its gate.
        assert_eq!(absent.len(), 7 * (5 - depth));
        let (_, resident) = loaded(&form);
        let present: Vec<&String> = resident.card.layers.iter().map(|layer| &layer.name).collect();
        assert_eq!(present, all.iter().filter(|name| !is_below(name)).collect::<Vec<_>>());
    }
}

#[test]
fn what_weights_hold_for_single_places_is_shown_as_maps() {
    let (_, resident) = loaded(&TINY);
    let placed = resident.placed();
    let maps = affine_maps(&weights(&TINY));
    assert_eq!(placed.len(), 2 * 3 * 5, "weights and biases of three norms in five blocks");
    for (both, map) in placed.chunks_exact(2).zip(&maps) {
        for (layer, (part, values)) in
            both.iter().zip([("weight", &map.weight), ("bias", &map.bias)])
        {
            assert_eq!(layer.name, format!("{}.{}.{part}", map.block, map.norm));
            assert_eq!((layer.shape, &layer.values), ([1, map.side, map.side], values));
        }
    }
    let first = (placed[0].name.as_str(), placed[0].shape);
    assert_eq!(first, ("encoders.0.resconvblock.1.weight", [1, 16, 16]));
    assert!(placed.iter().all(|layer| layer.values.iter().any(|&v| v > 0.0)));
    // Networks whose weights are the same everywhere hold nothing for places.
    let other = crate::models::sar_unet::ENTRY;
    let weights = crate::golden::procedural(&crate::models::sar_unet::tests::tiny_of(1));
    assert!(other.network.placed(&parameters(&weights, &Device::flex())).is_empty());
}
