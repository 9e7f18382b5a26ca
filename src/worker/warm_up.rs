//! Networks run once before anybody asks: weights are read, and a GPU has compiled its kernels.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use stormlens_data::card::{MethodCard, ModelCard};
use stormlens_data::network::{Asked, Question, Target};
use stormlens_data::request::{Request, Silent};

use super::{EngineWorker, worker_error};
use crate::catalog::Catalog;
use crate::jobs::{Worker, WorkerError};
use crate::question::Cards;
use crate::task::Task;

/// A network that was not run yet.
pub(super) struct Cold {
    task: Arc<dyn Task>,
    cards: Cards,
}

/// The first weights of each network; those of the first network last, to be taken from the end.
pub(super) fn first_checkpoints(catalog: &Catalog) -> Vec<Cold> {
    let first = |model: &Arc<ModelCard>| {
        let checkpoint = catalog.checkpoints(model.id).next()?;
        let task = catalog.task_of(model)?;
        Some(Cold { task, cards: Cards::new(model, checkpoint) })
    };
    catalog.models().iter().rev().filter_map(first).collect()
}

impl EngineWorker {
    /// What goes wrong here, the first question to the network will be told.
    pub(super) fn warm_one(&mut self, cold: &Cold) {
        // The way back is run on a GPU only, where its kernels have to be compiled; on a CPU it would keep the machine busy
        // for nothing.
        let is_gpu = self.engine.device().kind == "gpu";
        let started = Instant::now();
        let ran = self.run_on_zeros(cold, is_gpu);
        let duration_ms = started.elapsed().as_millis() as u64;
        let Cards { model, checkpoint } = &cold.cards;
        let (model, checkpoint) = (model.id, &checkpoint.name);
        match ran {
            Ok(()) => tracing::info!(model, checkpoint, duration_ms, "warmed up"),
            Err(error) => tracing::warn!(model, checkpoint, duration_ms, %error, "not warmed up"),
        }
    }

    /// Answers a question once more, so that the memory which this takes lies ready: the next question is most often
    /// like the last one.
    pub(super) fn rehearse(&mut self, last: &Request) {
        let started = Instant::now();
        let answer = self.run(last, &Silent);
        let duration_ms = started.elapsed().as_millis() as u64;
        match answer {
            Ok(_) => tracing::debug!(request = %last, duration_ms, "ready again after a rest"),
            // What it asks for may be gone.
            Err(error) => tracing::debug!(request = %last, %error, "not made ready after a rest"),
        }
    }

    /// One run of the size that pages ask for.
    fn run_on_zeros(
        &mut self,
        Cold { task, cards }: &Cold,
        with_way_back: bool,
    ) -> Result<(), WorkerError> {
        let resident = self.resident(cards.model.id, &cards.checkpoint.name)?;
        let (input, target) = task.zeros(cards);
        let question =
            if with_way_back { self.way_back(&cards.model, &target) } else { Question::new() };
        let ran = self.engine.answer(&resident, &[(&input, &question)], &Silent);
        ran.map(|_| ()).map_err(worker_error)
    }

    /// All methods that take a single pass.
    fn way_back(&self, model: &ModelCard, target: &Target) -> Question {
        let methods = self.catalog.methods_of(model);
        let methods = methods.iter().filter(|card| card.own_passes.is_none());
        let ask = |method: &MethodCard| Asked {
            method: method.id.to_owned(),
            options: BTreeMap::new(),
            target: target.clone(),
            layers: Vec::new(),
            nothing: Vec::new(),
        };
        methods.map(ask).collect()
    }
}
