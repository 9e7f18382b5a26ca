//! Several scenes asked the same: the question of `/scenes/compare`.

mod csv;
mod rows;
mod sort;

use std::fmt::Write;

use stormlens_data::request::SceneRequest;
use stormlens_data::scene::{Fit, Resampling};

pub use self::csv::csv;
pub use self::rows::{N_SUMMARIES, Standing, Summaries, Summary};
pub use self::sort::Sort;
use super::query::{SceneQuery, read_choice, read_model, read_weights};
use crate::web::parameters::{Parameters, encode};
use crate::web::{AppError, AppState};

/// The parameters that the address of a table may have.
pub const NAMES: [&str; 7] =
    ["scenes", "model", "checkpoint", "resampling", "fit", "sort", "refused"];
/// Scenes in one table: as many as one upload may bring, a few times over.
const MAX_SCENES: usize = 96;

/// The question of a table, checked against the catalogue but for the scenes, which may have gone.
#[derive(Clone, Debug)]
pub struct CompareQuery {
    pub scenes: Vec<String>,
    pub model: String,
    pub checkpoint: String,
    pub resampling: Resampling,
    pub fit: Fit,
    /// The class whose probability is shown.
    pub class: usize,
    pub class_label: &'static str,
    pub sort: Sort,
    /// The name of the list of files that came with these scenes and were not taken.
    pub refused: Option<String>,
}

impl CompareQuery {
    pub fn read(parameters: &Parameters, state: &AppState) -> Result<Self, AppError> {
        parameters.only(&NAMES)?;
        let (model, task) = read_model(parameters, &state.catalog)?;
        let scenes: Vec<_> = parameters.list("scenes").into_iter().map(str::to_owned).collect();
        if scenes.is_empty() || scenes.len() > MAX_SCENES {
            let message = format!("must name from 1 to {MAX_SCENES} scenes, with commas");
            return Err(AppError::parameter("scenes", message));
        }
        Ok(Self {
            scenes,
            model: model.id.to_owned(),
            checkpoint: read_weights(parameters, &state.catalog, model)?,
            resampling: read_choice(parameters, "resampling", Resampling::ALL)?,
            fit: read_choice(parameters, "fit", Fit::ALL)?,
            class: task.default_class,
            class_label: task.classes[task.default_class].label,
            sort: read_choice(parameters, "sort", &Sort::ALL)?,
            refused: parameters.one("refused")?.map(str::to_owned),
        })
    }

    pub fn to_query(&self) -> String {
        let mut text = format!(
            "scenes={}&model={}&checkpoint={}&resampling={}&fit={}&sort={}",
            encode(&self.scenes.join(",")),
            encode(&self.model),
            encode(&self.checkpoint),
            self.resampling,
            self.fit,
            self.sort
        );
        if let Some(refused) = &self.refused {
            // Writing to a string cannot fail.
            let _ = write!(text, "&refused={}", encode(refused));
        }
        text
    }

    /// The address of the table.
    pub fn page(&self) -> String {
        format!("/scenes/compare?{}", self.to_query())
    }

    /// Whether an address says exactly this, with nothing left to a default.
    pub fn is_written_as(&self, parameters: &Parameters) -> bool {
        let full = Parameters::parse(Some(&self.to_query()));
        full.pairs().eq(parameters.pairs())
    }

    /// The address of one scene's own result.
    pub fn scene_page(&self, state: &AppState, id: &str) -> String {
        let (model, checkpoint) = (encode(&self.model), encode(&self.checkpoint));
        let (resampling, fit) = (self.resampling, self.fit);
        let text =
            format!("model={model}&checkpoint={checkpoint}&resampling={resampling}&fit={fit}");
        let query = SceneQuery::read(id, &Parameters::parse(Some(&text)), &state.catalog);
        query.map_or_else(|_| format!("/scenes/{}?{text}", encode(id)), |query| query.page())
    }

    /// The question about one scene: Grad-CAM as its own page asks for it, or without.
    fn request(&self, id: &str, grad_cam: bool) -> SceneRequest {
        SceneRequest {
            model: self.model.clone(),
            checkpoint: self.checkpoint.clone(),
            scene: id.to_owned(),
            resampling: self.resampling,
            fit: self.fit,
            class: self.class,
            grad_cam,
            integrated_gradients: None,
        }
    }
}
