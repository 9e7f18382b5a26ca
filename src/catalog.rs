//! Which networks, weights, methods and tasks there are.

use std::sync::Arc;

use stormlens_data::card::{CheckpointCard, Hides, MethodCard, ModelCard};
use stormlens_data::request::Request;

use crate::question::Cards;
use crate::task::Task;

#[cfg(test)]
mod tests;

/// Passes of a short run at most: a prediction, and the way back of an explanation.
const SHORT_PASSES: usize = 2;

/// What a visitor can choose from.
pub struct Catalog {
    models: Vec<Arc<ModelCard>>,
    checkpoints: Vec<Arc<CheckpointCard>>,
    methods: Arc<[MethodCard]>,
    tasks: Vec<Arc<dyn Task>>,
}

/// What is said of a network that the program can compute, and that no task asks.
#[must_use]
pub fn not_asked(model: &str) -> String {
    format!(
        "{model} cannot be used yet: this version reads its weights, but has no page and no command for it"
    )
}

/// The cards of all that can be run, as plain data.
#[derive(Clone, Debug, Default)]
pub struct CardBox {
    pub models: Vec<ModelCard>,
    pub checkpoints: Vec<CheckpointCard>,
    pub methods: Vec<MethodCard>,
}

impl CardBox {
    /// Without networks that no task asks, and their weights: nothing could be done with them.
    #[must_use]
    pub fn that_tasks_ask(mut self, tasks: &[Arc<dyn Task>]) -> Self {
        self.models.retain(|model| tasks.iter().any(|task| task.runs(model)));
        let models = &self.models;
        self.checkpoints.retain(|weights| models.iter().any(|model| model.id == weights.model));
        self
    }
}

impl Catalog {
    pub fn new(cards: CardBox, tasks: Vec<Arc<dyn Task>>) -> Self {
        Self {
            models: cards.models.into_iter().map(Arc::new).collect(),
            checkpoints: cards.checkpoints.into_iter().map(Arc::new).collect(),
            methods: cards.methods.into(),
            tasks,
        }
    }

    pub fn models(&self) -> &[Arc<ModelCard>] {
        &self.models
    }

    pub fn model(&self, id: &str) -> Option<&Arc<ModelCard>> {
        self.models.iter().find(|model| model.id == id)
    }

    /// The checkpoints of a model; the first one is what a visitor gets who does not choose.
    pub fn checkpoints<'a>(
        &'a self,
        model: &'a str,
    ) -> impl Iterator<Item = &'a Arc<CheckpointCard>> {
        self.checkpoints.iter().filter(move |checkpoint| checkpoint.model == model)
    }

    /// Those that a network can be explained by; the one that hides parts of the input, where there is one, comes first,
    /// for no gradient says as much of a variable.
    pub fn methods_of(&self, model: &ModelCard) -> Arc<[MethodCard]> {
        let mut methods: Vec<MethodCard> =
            self.methods.iter().filter(|card| card.suits(model)).copied().collect();
        methods.sort_by_key(|card| card.hides != Some(Hides::Fields));
        methods.into()
    }

    /// Attribution methods, in the order in which pages list them.
    pub fn methods(&self) -> &Arc<[MethodCard]> {
        &self.methods
    }

    pub fn tasks(&self) -> &[Arc<dyn Task>] {
        &self.tasks
    }

    /// The task whose questions a network answers.
    pub fn task_of(&self, model: &ModelCard) -> Option<Arc<dyn Task>> {
        self.tasks.iter().find(|task| task.runs(model)).cloned()
    }

    /// The network and the weights of a request; `None` where they are not here.
    pub fn cards(&self, request: &Request) -> Option<Cards> {
        let model = self.model(&request.model)?;
        let mut checkpoints = self.checkpoints(&request.model);
        let checkpoint = checkpoints.find(|card| card.name == request.checkpoint)?;
        Some(Cards::new(model, checkpoint))
    }

    /// Whether an answer takes many passes: of what is looked at, or of a method's own.
    pub fn is_long(&self, request: &Request) -> bool {
        let known = self.task(request).zip(self.cards(request));
        let n_passes = known.map_or(1, |(task, cards)| task.n_passes(request, &cards));
        n_passes > SHORT_PASSES || self.own_passes(request).is_some()
    }

    /// Of a request by methods that make passes of their own: inputs that go through a network together at most.
    pub fn own_passes(&self, request: &Request) -> Option<usize> {
        let asked = |card: &&MethodCard| request.explained_by(card.id).is_some();
        self.methods.iter().filter(asked).filter_map(|card| card.own_passes).max()
    }

    /// The task of a request; `None` where its network is not here.
    pub fn task(&self, request: &Request) -> Option<Arc<dyn Task>> {
        self.task_of(self.model(&request.model)?)
    }
}
