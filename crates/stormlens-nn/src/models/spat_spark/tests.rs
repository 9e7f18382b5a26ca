//! SpaT-SparK against what the authors' modules computed, against an independent program, and against itself.

mod full;
mod near;
mod recognition;
mod small;

use burn::tensor::{Device, Tensor};

pub(crate) use small::examples;

use super::*;
use crate::golden::{max_abs, max_error, parameters, procedural};
use crate::models::HostTensors;
use crate::network::Network;
use crate::parameters::{Mode, to_vec};
use crate::{Parameters, Tap};

/// The small network of `tests/golden/spat_spark_tiny.py`.
pub(crate) fn tiny(translates: bool) -> Form {
    Form {
        in_channels: 3,
        out_channels: 3,
        base_channels: 4,
        depths: [2, 1, 1, 1],
        decoder_channels: 64,
        translates,
        has_floor: false,
        unused_px: None,
    }
}

pub(crate) fn weights(form: &Form) -> HostTensors {
    procedural(&architecture(form).schema)
}

/// To a share of the largest value.
fn check(what: &str, ours: &[f32], theirs: &[f32], limit: f64) {
    let error = max_error(ours, theirs) / max_abs(theirs).max(1e-6);
    assert!(error <= limit, "{what}: off by {error:.1e} of the largest value");
}
