//! What `predict` and `explain` do with a picture.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::json;
use stormlens_data::card::SceneClassification;
use stormlens_data::files::npy;
use stormlens_data::hash;
use stormlens_data::outcome::{Provenance, SceneOutcome};
use stormlens_data::request::{Baseline, ClassOutput, PathOptions, Progress, SceneRequest};
use stormlens_data::scene::{self, Fit, Limits, Picture, Resampling, Samples};
use stormlens_nn::Engine;
use stormlens_nn::engine::Resident;

use crate::worker::origin;
use crate::worker::scene::{Examined, examine};

/// How a picture is prepared and which class is asked about; only for networks that take pictures.
#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
pub struct SceneArgs {
    /// How a picture is resized: nearest (the authors' notebooks, default) or bilinear (their
    /// training)
    #[arg(long, value_name = "nearest|bilinear")]
    resize: Option<Resampling>,
    /// A picture that is not square is stretched (as published, default) or letterboxed
    #[arg(long, value_name = "stretch|letterbox")]
    fit: Option<Fit>,
    /// The class that is explained, default pos
    #[arg(long, value_name = "pos|neg")]
    class: Option<String>,
}

impl SceneArgs {
    /// # Errors
    /// If an option was given that means nothing to a network that takes frames.
    pub fn refuse_for(&self, model: &str) -> anyhow::Result<()> {
        if *self == Self::default() {
            return Ok(());
        }
        bail!(
            "{model} takes frames: --resize, --fit and --class are for networks that take pictures"
        )
    }

    /// The question as the dashboard would ask it.
    ///
    /// # Errors
    /// For a class that the network does not know.
    pub fn request(&self, resident: &Resident) -> anyhow::Result<SceneRequest> {
        let task = classification(resident)?;
        let class = match &self.class {
            None => task.default_class,
            Some(name) => task.class(name).with_context(|| {
                let known: Vec<_> = task.classes.iter().map(|class| class.name).collect();
                format!("there is no class {name:?}; known are {}", known.join(", "))
            })?,
        };
        Ok(SceneRequest {
            model: resident.card.id.to_owned(),
            checkpoint: resident.checkpoint.name.clone(),
            scene: String::new(),
            resampling: self.resize.unwrap_or_default(),
            fit: self.fit.unwrap_or_default(),
            class,
            grad_cam: false,
            integrated_gradients: None,
        })
    }
}

fn classification(resident: &Resident) -> anyhow::Result<&SceneClassification> {
    let task = resident.card.scene_classification();
    task.with_context(|| format!("{} takes frames, not pictures", resident.card.id))
}

/// How integrated gradients of a class are taken; only for networks that take pictures.
#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
pub struct PathArgs {
    /// Where the path of integrated gradients begins, default black
    #[arg(long, value_name = "black|blurred|mean")]
    baseline: Option<Baseline>,
    /// The output whose gradients are integrated, default the probability
    #[arg(long, value_name = "probability|logit")]
    of: Option<ClassOutput>,
    /// Double the steps until the completeness gap is below this share of the output's change
    #[arg(long, value_name = "SHARE")]
    tolerance: Option<f64>,
}

impl PathArgs {
    /// # Errors
    /// If an option was given that means nothing to a network that takes frames.
    pub fn refuse_for(&self, model: &str) -> anyhow::Result<()> {
        if *self == Self::default() {
            return Ok(());
        }
        bail!(
            "{model} takes frames: --baseline, --of and --tolerance are for networks that take pictures"
        )
    }

    /// # Errors
    /// For a tolerance that is no share.
    pub fn options(&self, n_steps: usize) -> anyhow::Result<PathOptions> {
        let fits = |tolerance| PathOptions::TOLERANCES.contains(&tolerance);
        if !self.tolerance.is_none_or(fits) {
            bail!("the tolerance is a share of the output's change, from 0.001 to 1, e.g. 0.02");
        }
        Ok(PathOptions {
            n_steps,
            baseline: self.baseline.unwrap_or_default(),
            output: self.of.unwrap_or_default(),
            tolerance: self.tolerance,
        })
    }
}

/// Reads, prepares, classifies and explains the picture in a file.
///
/// # Errors
/// For a file that is no picture, and where the question does not fit.
pub fn answer(
    engine: &Engine,
    resident: &Resident,
    input: &Path,
    request: &SceneRequest,
    progress: &dyn Progress,
) -> anyhow::Result<SceneOutcome> {
    let (picture, sha256) = read(input)?;
    let request = SceneRequest { scene: sha256[..scene::ID_DIGITS].to_owned(), ..request.clone() };
    let examined: Examined = examine(engine, resident, &picture, &request, progress)?;
    let provenance = Provenance {
        data_source: "a file".into(),
        data_files: vec![input.display().to_string()],
        data_sha256: sha256,
        data_licence: "not stated".into(),
        ..origin(engine, resident)
    };
    Ok(examined.into_outcome(&request, provenance))
}

/// A picture file, or float32 `[height, width, 3]` in 0 to 255 as `.npy`; and its SHA-256.
fn read(input: &Path) -> anyhow::Result<(Picture, String)> {
    let bytes = std::fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let sha256 = hash::sha256(&bytes);
    if bytes.starts_with(b"\x93NUMPY") {
        return Ok((from_array(input)?, sha256));
    }
    let picture = scene::decode(&bytes, &Limits::default());
    Ok((picture.with_context(|| input.display().to_string())?, sha256))
}

fn from_array(input: &Path) -> anyhow::Result<Picture> {
    let (shape, values) = npy::read_npy_f32(input)?;
    let [height, width, 3] = shape[..] else {
        bail!("{} has shape {shape:?}; a picture is [height, width, 3]", input.display());
    };
    if width == 0 || height == 0 {
        bail!("{} has shape {shape:?}: there is nothing in it", input.display());
    }
    if let Some(bad) = values.iter().find(|v| !(0.0..=255.0).contains(*v)) {
        bail!("{} holds {bad}; the values of a picture lie in 0 to 255", input.display());
    }
    Ok(Picture { width, height, rgb: Samples::F32(values) })
}

/// What a network says of a picture, as JSON.
///
/// # Errors
/// If the file cannot be written.
pub fn write_json(outcome: &SceneOutcome, output: &Path) -> anyhow::Result<()> {
    let SceneOutcome { view, request, classes, .. } = outcome;
    let each = |value: fn(&stormlens_data::outcome::ClassScore) -> f64| -> Vec<f64> {
        classes.iter().map(value).collect()
    };
    let json = json!({
        "classes": classes.iter().map(|class| class.name).collect::<Vec<_>>(),
        "probs": each(|class| class.probability),
        "logits": each(|class| class.logit),
        "preprocessing": {
            "width_px": view.width_px,
            "height_px": view.height_px,
            "resize": request.resampling,
            "fit": request.fit,
            "input_px": view.variant.input_px,
            "crop_px": view.variant.crop_px,
        },
        "trained_on_simulation": outcome.trained_on_simulation,
        "familiarity": outcome.familiarity,
        "statistics": outcome.statistics,
        "provenance": outcome.provenance,
    });
    let text = serde_json::to_string_pretty(&json)? + "\n";
    std::fs::write(output, text).with_context(|| format!("cannot write {}", output.display()))
}

/// Says on the terminal what the network says.
pub fn report(outcome: &SceneOutcome) {
    for class in &outcome.classes {
        println!("{:<14} {:.4} (logit {:+.3})", class.label, class.probability, class.logit);
    }
    if outcome.trained_on_simulation {
        println!("the weights were trained on simulated scenes");
    }
    for reason in &outcome.familiarity.reasons {
        println!("unlike the training scenes: {reason}");
    }
    for layer in outcome.grad_cam.iter().flat_map(|cam| &cam.layers) {
        if layer.is_empty() {
            println!("{}: no positive evidence", layer.layer);
        }
    }
    if let Some(gradients) = &outcome.integrated_gradients {
        let relative = gradients.relative_delta().map_or(f64::NAN, |delta| 100.0 * delta);
        println!(
            "integrated gradients: sum {:.6}, change of the output {:.6}, gap {:+.6} ({relative:+.1} %) with {} steps",
            gradients.sum,
            gradients.output_difference(),
            gradients.convergence_delta(),
            gradients.n_steps,
        );
    }
}
