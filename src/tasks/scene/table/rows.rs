//! The rows of a table: which answers are there, and how the others are asked for.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_all;
use stormlens_data::outcome::Outcome;
use tokio::time::{sleep, timeout};

use super::TableQuery;
use crate::jobs::{JobId, JobState, SubmitError, Subscription, WorkerError};
use crate::tasks::scene::SceneTask;
use crate::tasks::scene::answer::most_probable;
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
    pub predicted: String,
    /// Why the scene is unlike the training scenes; empty where it is not.
    pub outside_training_range: Vec<String>,
}

impl Summary {
    fn of(outcome: &Outcome, class: usize) -> Option<Self> {
        let probability = outcome.variable("probability")?;
        let all = probability.to_f64();
        Some(Self {
            probability: *all.get(class)?,
            logit: *outcome.variable("logit")?.to_f64().get(class)?,
            predicted: probability.axis()?.label(most_probable(&all)),
            outside_training_range: outcome
                .notes("outside-training-range-because")
                .map(str::to_owned)
                .collect(),
        })
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
    /// Why, as visitors may read it.
    Failed(String),
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

/// A table with what answers it.
pub struct Table<'a> {
    query: &'a TableQuery,
    task: &'a SceneTask,
    state: &'a AppState,
}

impl TableQuery {
    /// The table over the scenes and the queue that there are.
    pub fn on<'a>(&'a self, task: &'a SceneTask, state: &'a AppState) -> Table<'a> {
        Table { query: self, task, state }
    }
}

impl<'a> Table<'a> {
    /// The scenes that are still here.
    pub fn there(&self) -> Vec<&'a str> {
        let is_there = |id: &&str| self.task.scenes.find(id).is_some();
        self.query.scenes.iter().map(String::as_str).filter(is_there).collect()
    }

    /// Where the answers for some scenes are. Of those that nobody has asked for, and of those that
    /// were refused, the first are asked for: as many as go through the network together, and as many
    /// again that wait for them. A refusal that still stands takes no room from the others. They have
    /// room of their own in the queue, so a table takes none from other visitors. The rest get their turn
    /// when the page asks again.
    pub fn standings(&self, ids: &[&str]) -> Result<Vec<Standing>, AppError> {
        self.standings_beside(ids, &HashSet::new())
    }

    /// The same where the ends of some are awaited: those are under way until these have come.
    fn standings_beside(
        &self,
        ids: &[&str],
        awaited: &HashSet<&str>,
    ) -> Result<Vec<Standing>, AppError> {
        let known = |id: &&str| match awaited.contains(id) {
            true => Some(Standing::Waiting),
            false => self.known(id),
        };
        let known: Vec<_> = ids.iter().map(known).collect();
        let n_open = known.iter().flatten().filter(|standing| !standing.is_final()).count();
        let mut room = (N_BATCHES * self.state.jobs.max_batch()).saturating_sub(n_open);
        for (id, _) in ids.iter().zip(&known).filter(|(_, standing)| standing.is_none()) {
            if room == 0 {
                break;
            }
            match self.state.jobs.submit_in_bulk(self.query.request(id)) {
                Ok(job) => room -= usize::from(is_open(self.state, &job)),
                Err(SubmitError::QueueFull { .. }) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(known.into_iter().map(|standing| standing.unwrap_or(Standing::Waiting)).collect())
    }

    /// Stays with a table for some time: as soon as an answer is there, the next scene is asked for, so
    /// that the worker is not idle until the page asks again. Ends early when all answers are there.
    pub async fn attend(&self, ids: &[&str], time: Duration) {
        // What is not there by then is asked for when the page asks again.
        let _ = timeout(time, self.fill(ids)).await;
    }

    async fn fill(&self, ids: &[&str]) {
        // Each is followed to its end, for its answer may not stay in the queue's memory until the table
        // is looked at again.
        let (mut ends, mut awaited) = (Vec::new(), HashSet::new());
        while let Ok(standings) = self.standings_beside(ids, &awaited) {
            if standings.iter().all(Standing::is_final) {
                return;
            }
            for &id in ids {
                if !awaited.contains(id)
                    && let Some(job) = self.under_way(id)
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
            if let JobState::Done(outcome) = end {
                self.note(id, &outcome);
            }
        }
    }

    /// The job for a scene, if an answer will come of it.
    fn under_way(&self, id: &str) -> Option<Subscription> {
        let job = JobId::of(&self.query.request(id));
        if is_open(self.state, &job) { self.state.jobs.subscribe(&job) } else { None }
    }

    /// Keeps what the table says of an answer.
    fn note(&self, id: &str, outcome: &Outcome) -> Option<Summary> {
        let summary = Summary::of(outcome, self.query.class)?;
        self.task.summaries.put(self.query.request(id).key(), summary.clone());
        Some(summary)
    }

    /// Where the answer for a scene is; `None` where it has to be asked for: nobody has done so, or there
    /// was no time for it, which passes.
    fn known(&self, id: &str) -> Option<Standing> {
        let request = self.query.request(id);
        if let Some(known) = self.task.summaries.get(&request.key()) {
            return Some(Standing::Done(known));
        }
        if let Some(outcome) = self.explained(id) {
            return self.note(id, &outcome).map(Standing::Done);
        }
        match self.state.jobs.status(&JobId::of(&request))? {
            JobState::Done(outcome) => self.note(id, &outcome).map(Standing::Done),
            JobState::Failed(WorkerError::TooBusy(_)) | JobState::Cancelled => None,
            JobState::Failed(error) => {
                Some(Standing::Failed(self.state.private.hide(error.to_string())))
            }
            JobState::Running { .. } => Some(Standing::Running),
            JobState::Queued { .. } => Some(Standing::Waiting),
        }
    }

    /// The answer that the scene's own page has, which says the same.
    fn explained(&self, id: &str) -> Option<Arc<Outcome>> {
        let question = self.query.question(&self.state.catalog, id).ok()?;
        self.state.jobs.outcome(&question.request)
    }

    /// Forgets that the answer for a scene failed, once that was said: the next visit tries again.
    pub fn forget_failure(&self, id: &str) {
        let job = JobId::of(&self.query.request(id));
        if let Some(JobState::Failed(_)) = self.state.jobs.status(&job) {
            self.state.jobs.cancel(&job);
        }
    }
}
