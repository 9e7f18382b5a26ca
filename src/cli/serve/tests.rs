//! A server that nobody asks: its tasks learn of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use stormlens_data::card::ModelCard;
use stormlens_data::network::{self, Input};
use stormlens_data::request::Cancelled;

use super::*;
use crate::catalog::CardBox;
use crate::jobs::{Options, WorkerError};
use crate::question::Cards;
use crate::task::{Answered, Prepared, Task, asked_by_hand};

/// Counts how often it was told to rest, and is asked nothing else.
#[derive(Default)]
struct Resting(AtomicUsize);

impl Task for Resting {
    fn rest(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn runs(&self, _: &ModelCard) -> bool {
        false
    }

    asked_by_hand!();

    fn prepare(&self, _: &Request, _: &Cards) -> Result<Prepared, WorkerError> {
        unreachable!("nothing is asked")
    }

    fn zeros(&self, _: &Cards) -> (Input, network::Target) {
        unreachable!("nothing is warmed up")
    }

    fn answer(&self, _: Answered<'_>) -> Result<Outcome, Cancelled> {
        unreachable!("nothing is asked")
    }

    fn check(&self, _: &Outcome, _: &Request, _: &Cards) -> Result<(), Unfit> {
        Ok(())
    }
}

#[test]
fn every_task_rests_once_when_nobody_asks_for_anything() {
    let tasks = [Arc::new(Resting::default()), Arc::new(Resting::default())];
    let all = tasks.iter().map(|task| task.clone() as Arc<dyn Task>).collect();
    let catalog = Arc::new(Catalog::new(CardBox::default(), all));
    let factory = (Networks::none().worker)(catalog.clone());
    let jobs = Jobs::start(factory, Options::default()).expect("a thread");
    let n_rests = || tasks.each_ref().map(|task| task.0.load(Ordering::Relaxed));
    let mut has_rested = false;
    for (unused_for, expected) in [
        (Duration::ZERO, 0),
        (REST / 2, 0),
        (REST, 1),
        // The same rest goes on.
        (REST + CHECK_INTERVAL, 1),
        // Somebody came, and left again.
        (Duration::ZERO, 1),
        (REST, 2),
    ] {
        has_rested = rest(unused_for, has_rested, &jobs, &catalog);
        assert_eq!(n_rests(), [expected; 2], "after {unused_for:?}");
        assert_eq!(has_rested, unused_for >= REST);
    }
}
