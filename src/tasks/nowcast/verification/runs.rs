//! Comparisons that are being made: one at a time, some that wait, each with progress and a stop.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::bail;
use axum::http::StatusCode;
use stormlens_data::request::{Cancelled, Progress};

use super::LIST;
use crate::causes::with_causes;
use crate::jobs::Viewers;
use crate::tasks::nowcast::study::Plan;
use crate::threads;
use crate::unfinished::Outdated;
use crate::web::{AppError, Link, Problem};

/// Comparisons that run or wait.
const MAX_OPEN: usize = 4;

/// All that run, wait or have failed, by the ids of their plans.
#[derive(Default)]
pub struct Runs {
    runs: Mutex<HashMap<String, Arc<Run>>>,
    /// Held by the one that works.
    turn: Arc<Mutex<()>>,
}

/// One of them.
#[derive(Default)]
pub struct Run {
    standing: Mutex<Standing>,
    viewers: Mutex<Viewers>,
    stopped: AtomicBool,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    #[default]
    Waiting,
    /// Samples that are counted, and all.
    Running {
        done: usize,
        total: usize,
    },
    Failed(String),
    /// What was counted before cannot go on.
    Outdated,
}

/// No room for another one.
pub struct Busy;

impl From<Busy> for AppError {
    fn from(Busy: Busy) -> Self {
        let problem = Problem {
            message: format!("{MAX_OPEN} comparisons run or wait already"),
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: "Too many comparisons",
            remedy: "Wait until one of them is done, or stop one".to_owned(),
            back: Link { text: "Comparisons", href: LIST.to_owned() },
        };
        Self::Task(Arc::new(problem))
    }
}

impl Runs {
    /// Has a thread do `work` when its turn comes, unless it does already. What failed before is tried again.
    pub fn start(
        self: &Arc<Self>,
        plan: &Plan,
        work: impl FnOnce(&Run) -> anyhow::Result<()> + Send + 'static,
    ) -> Result<(), Busy> {
        let (id, run) = (plan.id(), Arc::<Run>::default());
        let mut runs = lock(&self.runs);
        if runs.get(&id).is_some_and(|run| run.is_open()) {
            return Ok(());
        }
        if runs.values().filter(|run| run.is_open()).count() >= MAX_OPEN {
            return Err(Busy);
        }
        // Failures are said once more to whoever looks, and not for ever.
        runs.retain(|_, run| run.is_open());
        runs.insert(id.clone(), run.clone());
        let all = self.clone();
        let done = move || {
            threads::stand_behind();
            all.run(&id, &run, work);
        };
        thread::Builder::new().name("comparison".to_owned()).spawn(done).map_err(|_| Busy)?;
        Ok(())
    }

    fn run(&self, id: &str, run: &Arc<Run>, work: impl FnOnce(&Run) -> anyhow::Result<()>) {
        let _turn = lock(&self.turn);
        let end = if run.is_stopped() { Ok(()) } else { survived(|| work(run)) };
        match end {
            Err(error) if !run.is_stopped() => {
                tracing::warn!(comparison = id, error = with_causes(&error), "failed");
                *lock(&run.standing) = Standing::of(&error);
            }
            _ => {
                let mut runs = lock(&self.runs);
                if runs.get(id).is_some_and(|other| Arc::ptr_eq(other, run)) {
                    runs.remove(id);
                }
            }
        }
    }

    /// How far the comparison of a plan is; `None` where nobody has begun it, or it is done.
    pub fn standing(&self, plan: &Plan) -> Option<Standing> {
        let run = lock(&self.runs).get(&plan.id()).cloned()?;
        let standing = lock(&run.standing).clone();
        Some(standing)
    }

    /// A viewer looks at the page that waits for it.
    pub fn sees(&self, plan: &Plan, viewer: &str) {
        if let Some(run) = lock(&self.runs).get(&plan.id()) {
            lock(&run.viewers).sees(viewer);
        }
    }

    /// A viewer does not wait for it any more. If nobody else does, it stops at its next sample. Whether it goes on.
    pub fn leave(&self, plan: &Plan, viewer: Option<&str>) -> bool {
        let mut runs = lock(&self.runs);
        let Some(run) = runs.get(&plan.id()).cloned() else { return false };
        let was_last = lock(&run.viewers).leave(viewer);
        if was_last {
            run.stopped.store(true, Ordering::Relaxed);
            runs.remove(&plan.id());
        }
        !was_last
    }
}

impl Standing {
    /// After an error.
    fn of(error: &anyhow::Error) -> Self {
        match error.downcast_ref::<Outdated>() {
            Some(_) => Self::Outdated,
            None => Self::Failed(with_causes(error)),
        }
    }

    /// The same with its words as visitors may read them.
    pub fn shown(self, words: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Failed(why) => Self::Failed(words(why)),
            other => other,
        }
    }

    /// Whether more is to come.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Failed(_) | Self::Outdated)
    }
}

impl Run {
    fn is_open(&self) -> bool {
        lock(&self.standing).is_open()
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

impl Progress for Run {
    fn report(&self, _: &str, done: usize, total: usize) -> ControlFlow<Cancelled> {
        *lock(&self.standing) = Standing::Running { done, total };
        if self.is_stopped() { ControlFlow::Break(Cancelled) } else { ControlFlow::Continue(()) }
    }
}

/// A fault of the program is an error like others, so that whoever waits hears of it.
fn survived(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        bail!("the program failed at a sample; its log says where. Start the comparison again: it goes on behind what was counted")
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whatever a run was at when it panicked, a standing is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
