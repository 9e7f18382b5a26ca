//! What an `evaluation.json` says that diagrams are drawn of.

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use stormlens_data::files::{FilesError, read_text};
use stormlens_data::hash::sha256;
use stormlens_data::score::downscaling::QuantileCurves;
use stormlens_data::score::probability::ProbabilityVerification;
use stormlens_plot::{Diagram, MAX_FORECASTS, Quantiles, Style, Verified, diagram_alt_text};

use super::COST_LOSS;
use crate::export::DiagramRecipe;
use crate::web::AppError;
use crate::web::caching::Version;

/// Members that diagrams are drawn of.
const PARTS: [&str; 2] = ["probabilities", "quantile_curves"];

/// Of the weights in whose folder it lies; other members are of other tables.
#[derive(Deserialize)]
pub struct Evaluation {
    #[serde(default)]
    weights_sha256: String,
    split: String,
    #[serde(default)]
    trained_on_simulation: bool,
    /// Those of one event stand together.
    #[serde(default)]
    probabilities: Vec<ProbabilityVerification>,
    #[serde(default)]
    quantile_curves: Option<QuantileCurves>,
    /// The names of the file's folders.
    #[serde(skip)]
    pub model: String,
    #[serde(skip)]
    pub checkpoint: String,
    /// Of the file.
    #[serde(skip)]
    pub sha256: String,
}

impl Evaluation {
    /// `None` where there is no file, or it says nothing that a diagram is drawn of.
    ///
    /// # Errors
    /// In words, for a file that cannot be read, is no JSON, or whose verification is not whole: a file that is
    /// damaged must not look like one that was never made.
    pub fn read(file: &Path) -> Result<Option<Self>, String> {
        let text = match read_text(file) {
            Ok(text) => text,
            Err(FilesError::Io { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(format!("it cannot be read: {error}")),
        };
        let all: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        if PARTS.iter().all(|part| all.get(part).is_none()) {
            return Ok(None);
        }
        let found: Self = serde_json::from_value(all).map_err(|error| error.to_string())?;
        found.check()?;
        let name = |path: Option<&Path>| {
            path.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
        };
        let folder = file.parent();
        let found = Self {
            model: name(folder.and_then(Path::parent)),
            checkpoint: name(folder),
            sha256: sha256(text.as_bytes()),
            ..found
        };
        Ok((!found.probabilities.is_empty() || found.quantile_curves.is_some()).then_some(found))
    }

    /// Whether every verification is one that this program could have written.
    fn check(&self) -> Result<(), String> {
        for found in &self.probabilities {
            found.check().map_err(|what| format!("{}, {}: {what}", found.event, found.forecast))?;
        }
        Ok(())
    }

    /// Forecasts by event, in the order of the file.
    pub fn events(&self) -> Vec<Vec<&ProbabilityVerification>> {
        let mut events: Vec<Vec<&ProbabilityVerification>> = Vec::new();
        for found in &self.probabilities {
            match events.iter_mut().find(|event| event[0].event == found.event) {
                Some(event) => event.push(found),
                None => events.push(vec![found]),
            }
        }
        events
    }

    /// Forecasts of an event with what stands in the small print.
    pub fn verified<'a>(&self, forecasts: Vec<&'a ProbabilityVerification>) -> Verified<'a> {
        Verified {
            cost_loss: Some(COST_LOSS),
            credit: self.credit(),
            remark: self.remark().to_owned(),
            forecasts,
        }
    }

    pub fn quantiles(&self) -> Option<Quantiles<'_>> {
        let found = self.quantile_curves.as_ref()?;
        let (credit, remark) = (self.credit(), self.remark().to_owned());
        Some(Quantiles { credit, remark, ..Quantiles::new(found) })
    }

    fn credit(&self) -> String {
        format!("{}, weights {} · {} set", self.model, self.checkpoint, self.split)
    }

    fn remark(&self) -> &'static str {
        if self.trained_on_simulation { "weights trained on simulated data" } else { "" }
    }

    /// Where nothing of the kind was verified.
    pub fn has_none(&self) -> AppError {
        let back = format!("/models/{}", self.model);
        AppError::NotVerified { checkpoint: self.checkpoint.clone(), back }
    }

    pub fn recipe(
        &self,
        diagram: Diagram,
        verified: &Verified<'_>,
        style: &Style,
    ) -> DiagramRecipe {
        DiagramRecipe {
            diagram: diagram.name().to_owned(),
            description: diagram_alt_text(diagram, verified),
            event: verified.forecasts[0].event.clone(),
            forecasts: verified.forecasts.iter().map(|f| f.forecast.clone()).collect(),
            cost_loss: verified.cost_loss.filter(|_| diagram == Diagram::Value),
            ..self.bare_recipe(style)
        }
    }

    pub fn recipe_of_quantiles(&self, quantiles: &Quantiles<'_>, style: &Style) -> DiagramRecipe {
        let drawn = quantiles.found.curves.iter().take(quantiles.n_drawn);
        DiagramRecipe {
            diagram: Quantiles::NAME.to_owned(),
            description: quantiles.alt_text(),
            event: quantiles.found.what.clone(),
            forecasts: drawn.map(|curve| curve.forecast.clone()).collect(),
            ..self.bare_recipe(style)
        }
    }

    fn bare_recipe(&self, style: &Style) -> DiagramRecipe {
        DiagramRecipe {
            diagram: String::new(),
            description: String::new(),
            model: self.model.clone(),
            checkpoint: self.checkpoint.clone(),
            weights_sha256: self.weights_sha256.clone(),
            evaluation_sha256: self.sha256.clone(),
            event: String::new(),
            forecasts: Vec::new(),
            cost_loss: None,
            style: style.clone(),
            program: concat!("stormlens ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    pub fn version(&self) -> Version {
        Version::of(&[&self.sha256])
    }
}

/// What is drawn of an event: the first forecasts, as many as lines can be told apart.
pub fn drawn(mut verified: Verified<'_>) -> Verified<'_> {
    verified.forecasts.truncate(MAX_FORECASTS);
    verified
}

/// What is wrong with an `evaluation.json`, in words; `None` where it is whole, or there is none.
pub fn damage(file: &Path) -> Option<String> {
    Evaluation::read(file).err()
}
