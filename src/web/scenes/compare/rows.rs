//! The rows of a table: which answers are there, and how the others are asked for.

use std::collections::HashSet;
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
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed(_))
    }
}

/// Whether something more is to come of a job.
fn is_open(state: &AppState, job: &JobId) -> bool {
    state.jobs.status(job).is_some_and(|status| !status.is_final())
}

impl CompareQuery {
    /// The scenes that are still here.
    pub fn there<'a>(&'a self, state: &AppState) -> Vec<&'a str> {
        let scenes = state.catalog.scenes();
        self.scenes.iter().map(String::as_str).filter(|id| scenes.find(id).is_some()).collect()
    }

    /// Where the answers for some scenes are. Of those that nobody has asked for, and of those that
    /// were refused, the first are asked for: as many as go through the network together, and as many
    /// again that wait for them. A refusal that still stands takes no room from the others. They have
    /// room of their own in the queue, so a table takes none from other visitors. The rest get their turn
    /// when the page asks again.
    pub fn standings(&self, state: &AppState, ids: &[&str]) -> Result<Vec<Standing>, AppError> {
        self.standings_beside(state, ids, &HashSet::new())
    }

    /// The same where the ends of some are awaited: those are under way until these have come.
    fn standings_beside(
        &self,
        state: &AppState,
        ids: &[&str],
        awaited: &HashSet<&str>,
    ) -> Result<Vec<Standing>, AppError> {
        let known = |id: &&str| match awaited.contains(id) {
            true => Some(Standing::Waiting),
            false => self.known(state, id),
        };
        let known: Vec<_> = ids.iter().map(known).collect();
        let n_open = known.iter().flatten().filter(|standing| !standing.is_final()).count();
        let mut room = (N_BATCHES * state.jobs.max_batch()).saturating_sub(n_open);
        for (id, _) in ids.iter().zip(&known).filter(|(_, standing)| standing.is_none()) {
            if room == 0 {
                break;
            }
            match state.jobs.submit_in_bulk(self.row_request(id)) {
                Ok(job) => room -= usize::from(is_open(state, &job)),
                Err(SubmitError::QueueFull { .. }) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(known.into_iter().map(|standing| standing.unwrap_or(Standing::Waiting)).collect())
    }

    /// Stays with a table for some time: as soon as an answer is there, the next scene is asked for, so
    /// that the worker is not idle until the page asks again. Ends early when all answers are there.
    pub async fn attend(&self, state: &AppState, ids: &[&str], time: Duration) {
        // What is not there by then is asked for when the page asks again.
        let _ = timeout(time, self.fill(state, ids)).await;
    }

    async fn fill(&self, state: &AppState, ids: &[&str]) {
        // Each is followed to its end, for its answer may not stay in the queue's memory until the table
        // is looked at again.
        let (mut ends, mut awaited) = (Vec::new(), HashSet::new());
        while let Ok(standings) = self.standings_beside(state, ids, &awaited) {
            if standings.iter().all(Standing::is_final) {
                return;
            }
            for &id in ids {
                if !awaited.contains(id)
                    && let Some(job) = self.under_way(state, id)
                {
                    awaited.insert(id);
                    ends.push(Box::pin(async move { (id, job.finished().await) }));
                }
            }
            if ends.is_empty() {
                // All that is left was refused.
                sleep(REFUSAL_PAUSE).await;
                continue;
            }
            let ((id, end), _, others) = select_all(ends).await;
            ends = others;
            awaited.remove(id);
            if let JobState::Done(Outcome::Scene(outcome)) = end {
                self.note(state, &outcome);
            }
        }
    }

    /// The job for a scene, if an answer will come of it.
    fn under_way(&self, state: &AppState, id: &str) -> Option<Subscription> {
        let job = JobId::of(&self.row_request(id));
        if is_open(state, &job) { state.jobs.subscribe(&job) } else { None }
    }

    /// Keeps what the table says of an answer.
    fn note(&self, state: &AppState, outcome: &SceneOutcome) -> Summary {
        let summary = Summary::of(outcome, self.class);
        let key = self.row_request(&outcome.request.scene).key();
        state.summaries.put(key, summary.clone());
        summary
    }

    /// What a row asks: nothing is explained.
    fn row_request(&self, id: &str) -> Request {
        Request::Scene(self.request(id, false))
    }

    /// Where the answer for a scene is; `None` where it has to be asked for: nobody has done so, or there
    /// was no time for it, which passes.
    fn known(&self, state: &AppState, id: &str) -> Option<Standing> {
        let request = self.row_request(id);
        if let Some(known) = state.summaries.get(&request.key()) {
            return Some(Standing::Done(known));
        }
        let explained = Request::Scene(self.request(id, true));
        if let Some(Outcome::Scene(outcome)) = state.jobs.outcome(&explained) {
            return Some(Standing::Done(self.note(state, &outcome)));
        }
        match state.jobs.status(&JobId::of(&request))? {
            JobState::Done(Outcome::Scene(outcome)) => {
                Some(Standing::Done(self.note(state, &outcome)))
            }
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
