//! Several scenes asked the same: the question of `/scenes/compare`, and its table as CSV.

use std::fmt::Write;

use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use stormlens_data::outcome::{ClassScore, Outcome, SceneOutcome};
use stormlens_data::request::{Request, SceneRequest};
use stormlens_data::scene::{Familiarity, Fit, Resampling};

use super::query::{SceneQuery, read_choice, read_model, read_weights};
use crate::jobs::{JobState, SubmitError, WorkerError};
use crate::scenes::SceneEntry;
use crate::web::figures::attachment;
use crate::web::parameters::{Parameters, encode};
use crate::web::recent::Recent;
use crate::web::state::Way;
use crate::web::{AppError, AppState};

/// The parameters that the address of a table may have.
pub const NAMES: [&str; 7] =
    ["scenes", "model", "checkpoint", "resampling", "fit", "sort", "refused"];
/// Scenes in one table: as many as one upload may bring, a few times over.
const MAX_SCENES: usize = 96;

/// How a table is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As the scenes stand in the address.
    #[default]
    Order,
    Name,
    /// The most probable first.
    Probability,
    /// Those unlike the training scenes last.
    Familiarity,
}

impl Sort {
    pub const ALL: [Self; 4] = [Self::Order, Self::Name, Self::Probability, Self::Familiarity];

    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Name => "name",
            Self::Probability => "probability",
            Self::Familiarity => "familiarity",
        }
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Sort {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|sort| sort.name() == name).ok_or(())
    }
}

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

    /// Where the answer for a scene is, asking for it where nobody has.
    pub fn standing(&self, state: &AppState, id: &str) -> Result<Standing, AppError> {
        let request = Request::Scene(self.request(id, false));
        let key = request.key();
        if let Some(known) = state.summaries.get(&key) {
            return Ok(Standing::Done(known));
        }
        let keep = |outcome: &SceneOutcome| {
            let summary = Summary::of(outcome, self.class);
            state.summaries.put(key.clone(), summary.clone());
            Standing::Done(summary)
        };
        let explained = Request::Scene(self.request(id, true));
        if let Some(Outcome::Scene(outcome)) = state.jobs.outcome(&explained) {
            return Ok(keep(&outcome));
        }
        let job = match state.jobs.submit(request) {
            Ok(job) => job,
            // It gets its turn when the page asks again.
            Err(SubmitError::QueueFull { .. }) => return Ok(Standing::Waiting),
            Err(error) => return Err(error.into()),
        };
        Ok(match state.jobs.status(&job) {
            Some(JobState::Done(Outcome::Scene(outcome))) => keep(&outcome),
            Some(JobState::Failed(error)) => Standing::Failed(error),
            Some(JobState::Running { .. }) => Standing::Running,
            _ => Standing::Waiting,
        })
    }
}

/// What a table says of a scene. It is kept for longer than the whole answer, or a table of more
/// scenes than there is memory for would never be finished.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Of the class of the table.
    pub probability: f64,
    pub logit: f64,
    /// Name for people of the most probable class.
    pub predicted: &'static str,
    pub familiarity: Familiarity,
}

impl Summary {
    fn of(outcome: &SceneOutcome, class: usize) -> Self {
        let ClassScore { probability, logit, .. } = outcome.classes[class];
        let predicted = outcome.classes[outcome.predicted_class()].label;
        Self { probability, logit, predicted, familiarity: outcome.familiarity.clone() }
    }
}

/// The summaries of the last answers, by the questions.
pub type Summaries = Recent<String, Summary>;

/// Some kilobytes each, where a scene has many oddities.
pub const N_SUMMARIES: usize = 2048;

/// How far the answer for one scene is.
pub enum Standing {
    Done(Summary),
    Waiting,
    Running,
    Failed(WorkerError),
}

/// `/scenes/compare.csv`: the table when every row of it is known.
pub async fn csv(
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
) -> Result<Response, AppError> {
    let query = CompareQuery::read(&Parameters::parse(raw.as_deref()), &state)?;
    let mut text = format!(
        "scene,name,width_px,height_px,probability ({}),logit,familiar,remark\n",
        query.class_label
    );
    for id in &query.scenes {
        let line = match state.catalog.scenes().find(id) {
            Some(scene) => line(&state, &query, &scene).await?,
            None => format!("{},,,,,,,not here any more", cell(id)),
        };
        text += &line;
        text.push('\n');
    }
    let mut response = ([(CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response();
    if let Some(value) = attachment("scenes.csv") {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

async fn line(
    state: &AppState,
    query: &CompareQuery,
    scene: &SceneEntry,
) -> Result<String, AppError> {
    let way = Way { page: query.page(), back: "/scenes".to_owned() };
    let SceneEntry { id, title, width_px, height_px, .. } = scene;
    let start = format!("{id},{},{width_px},{height_px}", cell(title));
    let summary = match query.standing(state, id)? {
        Standing::Done(summary) => Ok(summary),
        Standing::Failed(error) => Err(error.to_string()),
        Standing::Running | Standing::Waiting => {
            match state.outcome(Request::Scene(query.request(id, false)), &way).await {
                Ok(Outcome::Scene(outcome)) => Ok(Summary::of(&outcome, query.class)),
                Ok(Outcome::Nowcast(_)) => Err("the answer is no scene".to_owned()),
                Err(AppError::Question { message, .. } | AppError::Failed { message, .. }) => {
                    Err(message)
                }
                Err(error) => return Err(error),
            }
        }
    };
    Ok(match summary {
        Err(message) => format!("{start},,,,{}", cell(&message)),
        Ok(Summary { probability, logit, familiarity, .. }) => {
            let remark = cell(&familiarity.reasons.join("; "));
            format!("{start},{probability},{logit},{},{remark}", familiarity.is_familiar)
        }
    })
}

/// A text as a cell. Spreadsheets take a cell that starts like a formula for one, whatever its
/// quotes, so an apostrophe goes before it.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_text_and_no_formula() {
        let check = |text: &str, expected: &str| assert_eq!(cell(text), expected);
        check("scene.png", "\"scene.png\"");
        check("a, b \"c\"", "\"a, b \"\"c\"\"\"");
        check("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"");
        check("-1", "\"'-1\"");
        check("@SUM(A1)", "\"'@SUM(A1)\"");
    }
}
