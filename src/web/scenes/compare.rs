//! Several scenes asked the same: the question of `/scenes/compare`, and its table as CSV.

use std::fmt::{Display, Write};
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::future::select_all;
use stormlens_data::outcome::{ClassScore, Outcome, SceneOutcome};
use stormlens_data::request::{Request, SceneRequest};
use stormlens_data::scene::{Familiarity, Fit, Resampling};
use tokio::time::{sleep, timeout};

use super::query::{SceneQuery, read_choice, read_model, read_weights};
use crate::jobs::{JobId, JobState, SubmitError, WorkerError};
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
/// Rows of one table that wait in the queue or run: one that runs and the next one, so that there is
/// room in the queue for the questions of others.
const MAX_OUTSTANDING: usize = 2;

/// Before the queue is tried again.
const FULL_QUEUE_PAUSE: Duration = Duration::from_millis(100);

/// Of the table as CSV.
const N_COLUMNS: usize = 8;
/// What a formula starts with in spreadsheets, the wide forms of Chinese, Japanese and Korean too.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

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

    /// Where the answers for some scenes are. Of those that nobody has asked for, the first are asked
    /// for, so that no more than two of the table are outstanding; the others get their turn when the
    /// page asks again.
    pub fn standings(&self, state: &AppState, ids: &[&str]) -> Result<Vec<Standing>, AppError> {
        let known: Vec<_> = ids.iter().map(|id| self.known(state, id)).collect();
        let n_open = known.iter().flatten().filter(|standing| !standing.is_final()).count();
        let mut room = MAX_OUTSTANDING.saturating_sub(n_open);
        for (id, _) in ids.iter().zip(&known).filter(|(_, standing)| standing.is_none()) {
            if room == 0 {
                break;
            }
            room -= 1;
            match state.jobs.submit(Request::Scene(self.request(id, false))) {
                Ok(_) => {}
                Err(SubmitError::QueueFull { .. }) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(known.into_iter().map(|standing| standing.unwrap_or(Standing::Waiting)).collect())
    }

    /// Stays with a table for some time: as soon as an answer is there, the next scene is asked for, so
    /// that the worker is not idle until the page asks again. Ends early when all answers are there.
    pub async fn attend(&self, state: &AppState, ids: &[&str], time: Duration) {
        let filled = async {
            while let Ok(standings) = self.standings(state, ids) {
                let is_open = |(_, s): &(_, Standing)| !s.is_final();
                let open: Vec<_> = ids.iter().zip(standings).filter(is_open).collect();
                if open.is_empty() {
                    return;
                }
                let job = |id: &str| JobId::of(&Request::Scene(self.request(id, false)));
                let jobs = open.iter().filter_map(|(id, _)| state.jobs.subscribe(&job(id)));
                match jobs.map(|job| Box::pin(job.finished())).collect::<Vec<_>>() {
                    // Others fill the queue.
                    none if none.is_empty() => sleep(FULL_QUEUE_PAUSE).await,
                    jobs => drop(select_all(jobs).await),
                }
            }
        };
        // What is not there by then is asked for when the page asks again.
        let _ = timeout(time, filled).await;
    }

    /// Where the answer for a scene is; `None` where nobody has asked for it.
    fn known(&self, state: &AppState, id: &str) -> Option<Standing> {
        let request = Request::Scene(self.request(id, false));
        let key = request.key();
        if let Some(known) = state.summaries.get(&key) {
            return Some(Standing::Done(known));
        }
        let keep = |outcome: &SceneOutcome| {
            let summary = Summary::of(outcome, self.class);
            state.summaries.put(key.clone(), summary.clone());
            Standing::Done(summary)
        };
        let explained = Request::Scene(self.request(id, true));
        if let Some(Outcome::Scene(outcome)) = state.jobs.outcome(&explained) {
            return Some(keep(&outcome));
        }
        Some(match state.jobs.status(&JobId::of(&request))? {
            JobState::Done(Outcome::Scene(outcome)) => keep(&outcome),
            JobState::Failed(error) => Standing::Failed(error),
            JobState::Running { .. } => Standing::Running,
            JobState::Queued { .. } => Standing::Waiting,
            JobState::Done(Outcome::Nowcast(_)) | JobState::Cancelled => return None,
        })
    }

    /// Forgets that the answer for a scene failed, once that was said: the next visit tries again.
    pub fn forget_failure(&self, state: &AppState, id: &str) {
        let job = JobId::of(&Request::Scene(self.request(id, false)));
        if let Some(JobState::Failed(_)) = state.jobs.status(&job) {
            state.jobs.cancel(&job);
        }
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

impl Standing {
    /// Whether nothing more is to come.
    fn is_final(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed(_))
    }
}

/// `/scenes/compare.csv`: the table when every row of it is known.
pub async fn csv(
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
) -> Result<Response, AppError> {
    let query = CompareQuery::read(&Parameters::parse(raw.as_deref()), &state)?;
    let probability = format!("probability ({})", query.class_label);
    let header: [&str; N_COLUMNS] =
        ["scene", "name", "width_px", "height_px", &probability, "logit", "familiar", "remark"];
    let mut text = record(header.map(cell));
    for id in &query.scenes {
        text += &match state.catalog.scenes().find(id) {
            Some(scene) => line(&state, &query, &scene).await?,
            None => record([id, "", "", "", "", "", "", "not here any more"].map(cell)),
        };
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
    let summary = match query.known(state, id) {
        Some(Standing::Done(summary)) => Ok(summary),
        // A refusal passes; a table must not say it of a scene.
        Some(Standing::Failed(error @ WorkerError::TooBusy(_))) => {
            return Err(AppError::from_worker(error, &way));
        }
        Some(Standing::Failed(error)) => Err(error.to_string()),
        Some(Standing::Running | Standing::Waiting) | None => {
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
    let start = [cell(id), cell(title), number(width_px), number(height_px)];
    let end = match summary {
        Err(message) => {
            query.forget_failure(state, id);
            [cell(""), cell(""), cell(""), cell(&message)]
        }
        Ok(Summary { probability, logit, familiarity, .. }) => [
            number(probability),
            number(logit),
            cell(&familiarity.is_familiar.to_string()),
            cell(&familiarity.reasons.join(", ")),
        ],
    };
    Ok(record(start.into_iter().chain(end)))
}

/// A line of the file from its cells.
fn record(cells: impl IntoIterator<Item = String>) -> String {
    cells.into_iter().collect::<Vec<_>>().join(",") + "\n"
}

/// A number as a cell: what starts with its sign is no formula.
fn number(value: impl Display) -> String {
    format!("\"{value}\"")
}

/// A text as a cell. Spreadsheets take a cell that starts like a formula for one, whatever its
/// quotes, so an apostrophe goes before it; also behind a comma, where a program that knows no quotes
/// would begin another cell. Other separators of cells, which are those of some countries, and of
/// lines do not stay.
fn cell(text: &str) -> String {
    let (mut cell, mut is_start) = (String::from("\""), true);
    for c in text.chars() {
        let c = match c {
            ';' => ',',
            c if c.is_control() => ' ',
            c => c,
        };
        if is_start && FORMULA_STARTS.contains(&c) {
            cell.push('\'');
        }
        is_start = c == ',' || is_start && (c.is_whitespace() || c == '"');
        cell.push(c);
        if c == '"' {
            cell.push('"');
        }
    }
    cell + "\""
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
        check("\t=1", "\" '=1\"");
        check(" =1", "\" '=1\"");
        check("\"=1", "\"\"\"'=1\"");
        check("＝1", "\"'＝1\"");
        check("a;=1+1.png", "\"a,'=1+1.png\"");
        check("a, -b", "\"a, '-b\"");
        check("a\t=b\r\n=c", "\"a =b  =c\"");
        check("a-b=c@d", "\"a-b=c@d\"");
        check("", "\"\"");
    }

    #[test]
    fn numbers_keep_their_sign() {
        assert_eq!(record([number(-1.5), cell("a")]), "\"-1.5\",\"a\"\n");
    }
}
