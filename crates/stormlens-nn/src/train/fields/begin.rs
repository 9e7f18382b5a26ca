//! What training begins with.

use stormlens_data::card::{FieldStatement, FieldVariable};

use super::FieldSupervision;
use super::options::{FieldConfig, Stage};
use crate::engine::host_tensors;
use crate::models::HostTensors;
use crate::models::sslpdl::{ENTRY, Form, architecture, fine_tuning_of};
use crate::registry;
use crate::train::run::TrainError;

impl FieldSupervision {
    /// First weights, or those that the options name: of the same stage as they are, of the pre-training with a new head for
    /// fine-tuning.
    ///
    /// # Errors
    /// For files that cannot be read, weights of another network, stage or size, and weights of other fields.
    pub fn initial_weights(&self, config: &FieldConfig) -> Result<HostTensors, TrainError> {
        let Some(path) = &config.training.start_from else {
            return Ok((ENTRY.initialise)(&architecture(self.form()).schema, config.seed));
        };
        let refuse = |what: String| TrainError::Options(format!("{}: {what}", path.display()));
        let (file, found) = registry::read(path).map_err(|error| refuse(error.to_string()))?;
        if found.entry.name != ENTRY.name {
            return Err(refuse(format!("these are weights of {}", found.entry.name)));
        }
        let stated = file.metadata.as_ref().and_then(|metadata| metadata.fields.as_ref());
        check_fields(stated, self.statement()).map_err(refuse)?;
        self.adopt(host_tensors(file.state), config).map_err(refuse)
    }

    /// Weights of this run from others.
    fn adopt(&self, weights: HostTensors, config: &FieldConfig) -> Result<HostTensors, String> {
        let of = |tensors: &HostTensors| {
            let shape = |wanted: &str| {
                tensors.iter().find(|(name, ..)| name == wanted).map(|(_, shape, _)| shape.clone())
            };
            Form::of(&shape).unwrap_or_else(|| Err("these are no weights of SSLPDL".to_owned()))
        };
        let is_pre_trained = of(&weights)?.n_classes.is_none();
        let (weights, form) = match (config.training.stage, is_pre_trained) {
            (Stage::Finetune, true) => {
                let n_classes = self.statement().thresholds_mm.len() + 1;
                let weights = fine_tuning_of(&weights, n_classes, config.seed)?;
                let form = of(&weights)?;
                (weights, form)
            }
            (Stage::Pretrain, false) => {
                return Err(
                    "these weights are fine-tuned; pre-training begins with none or with its own"
                        .to_owned(),
                );
            }
            _ => {
                let form = of(&weights)?;
                (weights, form)
            }
        };
        match form.sizes() == self.form().sizes() {
            true => Ok(weights),
            false => Err(format!(
                "they take {:?}, and the options want {:?}",
                form.sizes(),
                self.form().sizes()
            )),
        }
    }
}

/// Means, deviations and the grid.
fn numbers(of: &FieldStatement) -> Vec<f64> {
    let statistics = of.variables.iter().flat_map(|variable| variable.statistics()).flatten();
    statistics.chain(of.latitudes.iter().chain(&of.longitudes).copied()).collect()
}

/// A number that was written as text and read again differs in its last bit.
fn are_close(a: &[f64], b: &[f64]) -> bool {
    let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * a.abs().max(1.0);
    a.len() == b.len() && a.iter().zip(b).all(is_close)
}

/// Weights that were normalised otherwise would see other weather.
fn check_fields(stated: Option<&FieldStatement>, own: &FieldStatement) -> Result<(), String> {
    let Some(stated) = stated else { return Ok(()) };
    let kinds = |of: &FieldStatement| {
        let kind = |v: &FieldVariable| (v.name.clone(), v.quantity, v.level, v.unit.clone());
        of.variables.iter().map(kind).collect::<Vec<_>>()
    };
    let is_same = kinds(stated) == kinds(own)
        && stated.size == own.size
        && are_close(&numbers(stated), &numbers(own));
    match is_same {
        true => Ok(()),
        false => Err(
            "they were trained on other variables, statistics or another grid than [data] has; give the data that they \
             state"
                .to_owned(),
        ),
    }
}
