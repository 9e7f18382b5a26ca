//! The address of a scene's result: everything that was asked, and how it is looked at.

mod look;
#[cfg(test)]
mod tests;

use std::fmt::{Display, Write};
use std::str::FromStr;

use stormlens_data::card::{ModelCard, SceneClassification};
use stormlens_data::request::{Baseline, ClassOutput, PathOptions, Request, SceneRequest};
use stormlens_data::scene::{Fit, Resampling};

pub use self::look::{LOOK_NAMES, Look};
use crate::catalog::Catalog;
use crate::plot::scene::SceneStyle;
use crate::scenes::SceneEntry;
use crate::web::AppError;
use crate::web::error::UploadProblem;
use crate::web::parameters::{Parameters, encode};
use crate::web::result_query::{labels, read_checkpoint, read_layers, read_methods};
use crate::web::state::Way;

/// The parameters of the question, in their order; those of the look follow.
const QUESTION_NAMES: [&str; 11] = [
    "model",
    "checkpoint",
    "resampling",
    "fit",
    "class",
    "methods",
    "steps",
    "baseline",
    "output",
    "tolerance",
    "layers",
];

/// Numbers of steps that forms offer; any number from 2 to [`PathOptions::MAX_STEPS`] is accepted.
pub const STEPS: [usize; 5] = [20, 50, 100, 200, 400];
/// Completeness gaps that forms offer, in percent of the output's difference.
pub const TOLERANCES_PERCENT: [u32; 3] = [10, 5, 1];
/// As they stand in addresses.
const NO_TOLERANCE: &str = "none";

/// A question about a scene and the look of its answer, checked against the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneQuery {
    pub request: SceneRequest,
    /// Name of the class that is explained, as it stands in addresses.
    pub class: &'static str,
    /// Layers to show, in the order of the network; empty without Grad-CAM.
    pub layers: Vec<String>,
    pub look: Look,
}

impl SceneQuery {
    /// All names that the address of a result may have.
    pub fn names() -> Vec<&'static str> {
        QUESTION_NAMES.iter().chain(&LOOK_NAMES).copied().collect()
    }

    /// Reads the parameters, fills the gaps and refuses what does not exist.
    pub fn read(scene: &str, parameters: &Parameters, catalog: &Catalog) -> Result<Self, AppError> {
        let (model, task) = read_model(parameters, catalog)?;
        let (grad_cam, integrated_gradients) = read_methods(parameters)?;
        let path = read_path(parameters)?;
        let layers = read_layers(parameters, model)?;
        let class = read_class(parameters, task)?;
        let request = SceneRequest {
            model: model.id.to_owned(),
            checkpoint: read_weights(parameters, catalog, model)?,
            scene: find_scene(catalog, scene)?.id,
            resampling: read_choice(parameters, "resampling", Resampling::ALL)?,
            fit: read_choice(parameters, "fit", Fit::ALL)?,
            class,
            grad_cam,
            integrated_gradients: integrated_gradients.then_some(path),
        };
        let layers = if grad_cam { layers } else { Vec::new() };
        let look = Look::read(parameters)?;
        Ok(Self { request, class: task.classes[class].name, layers, look })
    }

    /// Where a scene is first looked at: all defaults filled in, as far as there is a network.
    pub fn first_page(catalog: &Catalog, scene: &str) -> String {
        let query = Self::read(scene, &Parameters::parse(None), catalog);
        query.map_or_else(|_| format!("/scenes/{}", encode(scene)), |query| query.page())
    }

    /// The parameters as one text, the same for the same question.
    pub fn to_query(&self) -> String {
        let SceneRequest { model, checkpoint, resampling, fit, .. } = &self.request;
        let mut text = format!(
            "model={}&checkpoint={}&resampling={resampling}&fit={fit}&class={}&methods={}",
            encode(model),
            encode(checkpoint),
            self.class,
            self.methods().join(","),
        );
        // Writing to a string cannot fail.
        if let Some(PathOptions { n_steps, baseline, output, tolerance }) =
            &self.request.integrated_gradients
        {
            let tolerance = tolerance.map_or_else(|| NO_TOLERANCE.to_owned(), |t| t.to_string());
            let _ = write!(
                text,
                "&steps={n_steps}&baseline={baseline}&output={output}&tolerance={tolerance}"
            );
        }
        if !self.layers.is_empty() {
            let _ = write!(text, "&layers={}", encode(&self.layers.join(",")));
        }
        text + &self.look.to_query()
    }

    /// Whether an address says exactly this, with nothing left to a default.
    pub fn is_written_as(&self, parameters: &Parameters) -> bool {
        let full = Parameters::parse(Some(&self.to_query()));
        full.pairs().eq(parameters.pairs())
    }

    /// The question as the queue takes it.
    pub fn to_request(&self) -> Request {
        Request::Scene(self.request.clone())
    }

    /// The address of the scene, without what is asked.
    pub fn path(&self) -> String {
        format!("/scenes/{}", encode(&self.request.scene))
    }

    /// The address of the result's page.
    pub fn page(&self) -> String {
        format!("{}?{}", self.path(), self.to_query())
    }

    /// Where the question leads to and where it came from.
    pub fn way(&self) -> Way {
        Way { page: self.page(), back: "/scenes".to_owned() }
    }

    /// The names of the methods asked for.
    fn methods(&self) -> Vec<&'static str> {
        use crate::web::result_query::{GRAD_CAM, INTEGRATED_GRADIENTS, NO_METHOD};
        let mut methods = Vec::new();
        methods.extend(self.request.grad_cam.then_some(GRAD_CAM));
        methods.extend(self.request.integrated_gradients.as_ref().map(|_| INTEGRATED_GRADIENTS));
        if methods.is_empty() {
            methods.push(NO_METHOD);
        }
        methods
    }

    /// The look of its figures, with the names that people give to the layers.
    pub fn style(&self, model: &ModelCard) -> SceneStyle {
        SceneStyle { layer_labels: labels(model), ..self.look.style() }
    }
}

/// The networks that classify scenes.
pub fn classifiers(catalog: &Catalog) -> impl Iterator<Item = (&ModelCard, &SceneClassification)> {
    catalog.models().iter().filter_map(|model| Some((model, model.scene_classification()?)))
}

/// The classifier asked for, or the first there is.
pub fn read_model<'a>(
    parameters: &Parameters,
    catalog: &'a Catalog,
) -> Result<(&'a ModelCard, &'a SceneClassification), AppError> {
    let Some(first) = classifiers(catalog).next() else { return Err(AppError::NoNetworks) };
    let Some(wanted) = parameters.one("model")? else { return Ok(first) };
    let known = || classifiers(catalog).map(|(model, _)| model.id);
    let found = classifiers(catalog).find(|(model, _)| model.id == wanted);
    found.ok_or_else(|| AppError::unknown("model", wanted, known()))
}

/// The weights asked for, or the first there are.
pub fn read_weights(
    parameters: &Parameters,
    catalog: &Catalog,
    model: &ModelCard,
) -> Result<String, AppError> {
    read_checkpoint(parameters, catalog, model).map_err(|error| match error {
        AppError::NoCheckpoint { .. } => {
            UploadProblem::NoWeights { model: model.id, title: model.title }.into()
        }
        other => other,
    })
}

/// The scene of that id.
pub fn find_scene(catalog: &Catalog, id: &str) -> Result<SceneEntry, AppError> {
    let unknown = || UploadProblem::UnknownScene { id: id.to_owned() }.into();
    catalog.scenes().find(id).ok_or_else(unknown)
}

fn read_class(parameters: &Parameters, task: &SceneClassification) -> Result<usize, AppError> {
    let Some(wanted) = parameters.one("class")? else { return Ok(task.default_class) };
    let known = || task.classes.iter().map(|class| class.name);
    task.class(wanted).ok_or_else(|| AppError::unknown("class", wanted, known()))
}

fn read_path(parameters: &Parameters) -> Result<PathOptions, AppError> {
    let default = PathOptions::default();
    let max = PathOptions::MAX_STEPS;
    let expected = format!("a whole number from 2 to {max}");
    let n_steps = parameters.number("steps", &expected, |n| (2..=max).contains(n))?;
    Ok(PathOptions {
        n_steps: n_steps.unwrap_or(default.n_steps),
        baseline: read_choice(parameters, "baseline", Baseline::ALL)?,
        output: read_choice(parameters, "output", ClassOutput::ALL)?,
        tolerance: read_tolerance(parameters)?,
    })
}

fn read_tolerance(parameters: &Parameters) -> Result<Option<f64>, AppError> {
    if parameters.one("tolerance")? == Some(NO_TOLERANCE) {
        return Ok(None);
    }
    let expected = "none, or a share of the difference from 0.001 to 1";
    parameters.number("tolerance", expected, |share: &f64| PathOptions::TOLERANCES.contains(share))
}

/// One of a few choices with names; the default where it is not given.
pub fn read_choice<T: Default + FromStr + Display>(
    parameters: &Parameters,
    name: &'static str,
    all: &[T],
) -> Result<T, AppError> {
    let Some(wanted) = parameters.one(name)? else { return Ok(T::default()) };
    let known = || all.iter().map(|choice| choice.to_string());
    wanted.parse().map_err(|_| AppError::unknown(name, wanted, known()))
}
