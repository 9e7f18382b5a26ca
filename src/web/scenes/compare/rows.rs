//! The rows of a table: which answers are there, and how the others are asked for.

use std::time::Duration;

use futures_util::future::select_all;
use stormlens_data::outcome::{ClassScore, Outcome, SceneOutcome};
use stormlens_data::request::Request;
use stormlens_data::scene::Familiarity;
use tokio::time::{sleep, timeout};

use super::CompareQuery;
use crate::jobs::{JobId, JobState, SubmitError, Subscription, WorkerError};
use crate::web::recent::Recent;
use crate::web::{AppError, AppState};

/// Batches of one table that wait or run: one that runs, and the next one, which is whole by the time
/// that it can run.
const N_BATCHES: usize = 2;

/// Before what was refused is asked for again.
const REFUSAL_PAUSE: Duration = Duration::from_millis(100);

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
    pub(super) fn of(outcome: &SceneOutcome, class: usize) -> Self {
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

impl CompareQuery {
    /// Where the answers for some scenes are. Of those that nobody has asked for, and of those that
    /// were refused, the first are asked for: as many as go through the network together, and as many
    /// again that wait for them. They have room of their own in the queue, so a table takes none from
    /// other visitors. The rest get their turn when the page asks again.
    pub fn standings(&self, state: &AppState, ids: &[&str]) -> Result<Vec<Standing>, AppError> {
        let known: Vec<_> = ids.iter().map(|id| self.known(state, id)).collect();
        let n_open = known.iter().flatten().filter(|standing| !standing.is_final()).count();
        let room = (N_BATCHES * state.jobs.max_batch()).saturating_sub(n_open);
        let unasked = ids.iter().zip(&known).filter(|(_, standing)| standing.is_none());
        for (id, _) in unasked.take(room) {
            match state.jobs.submit_in_bulk(self.row_request(id)) {
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
                let is_open = |(_, standing): &(_, Standing)| !standing.is_final();
                let open: Vec<_> = ids.iter().zip(standings).filter(is_open).collect();
                if open.is_empty() {
                    return;
                }
                let jobs = open.iter().filter_map(|(id, _)| self.under_way(state, id));
                match jobs.map(|job| Box::pin(job.finished())).collect::<Vec<_>>() {
                    // All that is left was refused.
                    none if none.is_empty() => sleep(REFUSAL_PAUSE).await,
                    jobs => drop(select_all(jobs).await),
                }
            }
        };
        // What is not there by then is asked for when the page asks again.
        let _ = timeout(time, filled).await;
    }

    /// The job for a scene, if an answer will come of it.
    fn under_way(&self, state: &AppState, id: &str) -> Option<Subscription> {
        let job = JobId::of(&self.row_request(id));
        state.jobs.status(&job).filter(|status| !status.is_final())?;
        state.jobs.subscribe(&job)
    }

    /// What a row asks: nothing is explained.
    pub(super) fn row_request(&self, id: &str) -> Request {
        Request::Scene(self.request(id, false))
    }

    /// Where the answer for a scene is; `None` where it has to be asked for: nobody has done so, or there
    /// was no time for it, which passes.
    pub(super) fn known(&self, state: &AppState, id: &str) -> Option<Standing> {
        let request = self.row_request(id);
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
        match state.jobs.status(&JobId::of(&request))? {
            JobState::Done(Outcome::Scene(outcome)) => Some(keep(&outcome)),
            JobState::Failed(WorkerError::TooBusy(_)) => None,
            JobState::Failed(error) => Some(Standing::Failed(error)),
            JobState::Running { .. } => Some(Standing::Running),
            JobState::Queued { .. } => Some(Standing::Waiting),
            JobState::Done(Outcome::Nowcast(_)) | JobState::Cancelled => None,
        }
    }

    /// Forgets that the answer for a scene failed, once that was said: the next visit tries again.
    pub fn forget_failure(&self, state: &AppState, id: &str) {
        let job = JobId::of(&self.row_request(id));
        if let Some(JobState::Failed(_)) = state.jobs.status(&job) {
            state.jobs.cancel(&job);
        }
    }
}
