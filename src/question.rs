//! A whole question: what is asked of which network, and how its answer is looked at.
//!
//! Addresses of pages and command lines are both read here, so that they cannot disagree. What is
//! looked at and which number is explained, a task reads; methods and their options, their cards say;
//! the look is that of all figures.

mod look;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use stormlens_data::card::{CheckpointCard, MethodCard, ModelCard};
use stormlens_data::request::{ClassOutput, Explain, Request, Target};

use crate::catalog::Catalog;
use crate::parameters::{Parameters, QuestionError, to_query};
use crate::plot::Style;
use crate::task::Task;

/// An answer without an explanation; forms send it so that no tick is not the default.
pub const NO_METHOD: &str = "none";

/// A network and the weights that it runs with.
#[derive(Clone, Debug)]
pub struct Cards {
    pub model: Arc<ModelCard>,
    pub checkpoint: Arc<CheckpointCard>,
}

/// A question and the look of its answer, checked against the catalogue.
#[derive(Clone)]
pub struct Question {
    pub task: Arc<dyn Task>,
    pub cards: Cards,
    pub request: Request,
    /// The number that is explained, also where nothing is explained now.
    pub target: Target,
    /// Layers to show, in the order of the network; empty where no method looks at layers.
    pub layers: Vec<String>,
    pub style: Style,
    methods: Arc<[MethodCard]>,
}

impl Question {
    /// Reads the parameters, fills the gaps and refuses what does not exist. `more` are names that mean
    /// something to whoever asks.
    pub fn read(
        parameters: &Parameters,
        catalog: &Catalog,
        more: &[&str],
    ) -> Result<Self, QuestionError> {
        let task = read_task(parameters, catalog)?;
        let cards = read_cards(parameters, catalog, &*task)?;
        let methods = catalog.methods();
        parameters.only(&names(&*task, methods, more))?;
        let target = task.read_target(parameters, &cards)?;
        let asked = read_methods(parameters, methods)?;
        // Of all methods, so that a wrong option of one that is not asked for does not pass unseen.
        let explain = methods.iter().map(|card| read_explain(parameters, card, &cards, &target));
        let mut explain: Vec<Explain> = explain.collect::<Result<_, _>>()?;
        explain.retain(|explain| asked.iter().any(|card| card.id == explain.method));
        let request = Request {
            model: cards.model.id.to_owned(),
            checkpoint: cards.checkpoint.name.clone(),
            subject: task.read_subject(parameters, &cards)?,
            explain,
        };
        let has_layers = asked.iter().any(|card| card.has_layers);
        let layers = read_layers(parameters, &cards.model)?;
        let layers = if has_layers { layers } else { Vec::new() };
        let mut style = look::read(parameters, task.look(), task.style())?;
        style.layer_labels = labels(&cards.model);
        Ok(Self { task, cards, request, target, layers, style, methods: methods.clone() })
    }

    /// All that it says, the same for the same question.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let Request { model, checkpoint, subject, explain } = &self.request;
        let mut pairs =
            vec![("model".into(), model.clone()), ("checkpoint".into(), checkpoint.clone())];
        let own = self.task.write(subject, &self.target, &self.cards);
        pairs.extend(own.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let methods: Vec<&str> = explain.iter().map(|explain| explain.method.as_str()).collect();
        let methods = if methods.is_empty() { NO_METHOD.to_owned() } else { methods.join(",") };
        pairs.push(("methods".into(), methods));
        for Explain { method, options, .. } in explain {
            let option =
                |(name, value): (&String, &String)| (option_name(method, name), value.clone());
            pairs.extend(options.iter().map(option));
        }
        if !self.layers.is_empty() {
            pairs.push(("layers".into(), self.layers.join(",")));
        }
        pairs.extend(look::write(&self.style, self.task.look()));
        pairs
    }

    /// The same as one text behind a question mark.
    pub fn to_query(&self) -> String {
        to_query(&self.pairs())
    }

    /// Whether an address says exactly this, with nothing left to a default.
    pub fn is_written_as(&self, parameters: &Parameters) -> bool {
        let pairs = self.pairs();
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(parameters.pairs())
    }

    /// The pairs that a form passes on unseen: all but those it asks for. A name that ends in `.` stands
    /// for all that begin so.
    pub fn hidden(&self, asked: &[&str]) -> Vec<(String, String)> {
        let is_asked = |name: &str| {
            asked
                .iter()
                .any(|asked| *asked == name || asked.ends_with('.') && name.starts_with(asked))
        };
        self.pairs().into_iter().filter(|(name, _)| !is_asked(name)).collect()
    }

    /// Methods that this question could ask for, in their order.
    pub fn methods(&self) -> &[MethodCard] {
        &self.methods
    }

    /// The card of a method.
    pub fn method(&self, id: &str) -> Option<&MethodCard> {
        self.methods.iter().find(|card| card.id == id)
    }

    /// The same question with a method added, its options at their defaults.
    pub fn with_method(&self, id: &str) -> Self {
        let mut more = self.clone();
        if let Some(card) = self.method(id)
            && self.request.explained_by(id).is_none()
        {
            let (nothing, target) = (Parameters::default(), &self.target);
            let explain = read_explain(&nothing, card, &self.cards, target);
            more.request.explain.extend(explain);
            let place = |e: &Explain| self.methods.iter().position(|card| card.id == e.method);
            more.request.explain.sort_by_key(place);
            if card.has_layers && more.layers.is_empty() {
                more.layers = read_layers(&nothing, &self.cards.model).unwrap_or_default();
            }
        }
        more
    }

    /// The same question with one of a method's options changed.
    pub fn with_option(&self, method: &str, option: &str, value: String) -> Self {
        let mut other = self.clone();
        for explain in other.request.explain.iter_mut().filter(|e| e.method == method) {
            explain.options.insert(option.to_owned(), value.clone());
        }
        other
    }

    /// The same question with other layers shown.
    pub fn with_layers(&self, layers: Vec<String>) -> Self {
        Self { layers, ..self.clone() }
    }

    /// The same question about another number.
    pub fn with_target(&self, target: Target) -> Self {
        let mut other = self.clone();
        for explain in &mut other.request.explain {
            let is_of_logit = self.method(&explain.method).is_some_and(|card| card.is_of_logit);
            explain.target = of_logit_if(is_of_logit, &target);
        }
        other.target = target;
        other
    }
}

/// The name of a method's option in an address: `integrated-gradients.steps`.
pub fn option_name(method: &str, option: &str) -> String {
    format!("{method}.{option}")
}

/// All names that a question of a task may have.
pub fn names(task: &dyn Task, methods: &[MethodCard], more: &[&str]) -> Vec<String> {
    let own = task.parameters().iter().map(|parameter| parameter.name);
    let fixed = ["model", "checkpoint", "methods", "layers"].into_iter();
    let plain = fixed.chain(own).chain(task.look().iter().copied()).chain(more.iter().copied());
    let options = methods
        .iter()
        .flat_map(|card| card.options.iter().map(|option| option_name(card.id, option.name)));
    plain.map(str::to_owned).chain(options).collect()
}

/// The names that people give to the layers, by their names in the weights.
pub fn labels(model: &ModelCard) -> BTreeMap<String, String> {
    model.layers.iter().map(|layer| (layer.name.clone(), layer.label.clone())).collect()
}

/// The task of the model that is named, else the first one that can look at what is named.
fn read_task(parameters: &Parameters, catalog: &Catalog) -> Result<Arc<dyn Task>, QuestionError> {
    let known = || catalog.models().iter().map(|model| model.id);
    if catalog.models().is_empty() {
        return Err(QuestionError::NoNetworks);
    }
    if let Some(id) = parameters.one("model")? {
        let model =
            catalog.model(id).ok_or_else(|| QuestionError::unknown("model", id, known()))?;
        return catalog.task_of(model).ok_or_else(|| QuestionError::unknown("model", id, known()));
    }
    let looks_at = |task: &&Arc<dyn Task>| parameters.has(task.subject_parameter());
    let task = catalog.tasks().iter().find(looks_at).cloned();
    task.ok_or_else(|| QuestionError::parameter("model", "is missing: choose one of the networks"))
}

/// The network and the weights asked for, or the first there are.
pub fn read_cards(
    parameters: &Parameters,
    catalog: &Catalog,
    task: &dyn Task,
) -> Result<Cards, QuestionError> {
    let models: Vec<_> = catalog.models().iter().filter(|model| task.runs(model)).collect();
    let has_weights = |model: &&&Arc<ModelCard>| catalog.checkpoints(model.id).next().is_some();
    let first = models.iter().find(has_weights).or(models.first());
    let model = match parameters.one("model")? {
        None => first.copied().ok_or(QuestionError::NoNetworks)?,
        Some(id) => {
            let known = || models.iter().map(|model| model.id);
            let found = models.iter().find(|model| model.id == id).copied();
            found.ok_or_else(|| QuestionError::unknown("model", id, known()))?
        }
    };
    let checkpoint = read_checkpoint(parameters, catalog, model)?;
    Ok(Cards { model: model.clone(), checkpoint })
}

fn read_checkpoint(
    parameters: &Parameters,
    catalog: &Catalog,
    model: &ModelCard,
) -> Result<Arc<CheckpointCard>, QuestionError> {
    let all: Vec<_> = catalog.checkpoints(model.id).collect();
    let Some(first) = all.first() else {
        return Err(QuestionError::NoWeights { model: model.id, title: model.title });
    };
    let Some(wanted) = parameters.one("checkpoint")? else { return Ok((*first).clone()) };
    let known = || all.iter().map(|card| card.name.clone());
    let found = all.iter().find(|card| card.name == wanted);
    found.copied().cloned().ok_or_else(|| QuestionError::unknown("checkpoint", wanted, known()))
}

/// The methods asked for, in the order of the cards; the first one where none is named.
fn read_methods<'a>(
    parameters: &Parameters,
    methods: &'a [MethodCard],
) -> Result<Vec<&'a MethodCard>, QuestionError> {
    let wanted = parameters.list("methods");
    let known = || methods.iter().map(|card| card.id).chain([NO_METHOD]);
    if let Some(unknown) = wanted.iter().find(|name| known().all(|known| known != **name)) {
        return Err(QuestionError::unknown("method", unknown, known()));
    }
    if wanted.is_empty() {
        return Ok(methods.iter().take(1).collect());
    }
    Ok(methods.iter().filter(|card| wanted.contains(&card.id)).collect())
}

fn read_explain(
    parameters: &Parameters,
    card: &MethodCard,
    cards: &Cards,
    target: &Target,
) -> Result<Explain, QuestionError> {
    let mut options = BTreeMap::new();
    for option in card.options {
        let name = option_name(card.id, option.name);
        let text = parameters.one(&name)?.unwrap_or_else(|| card.default_of(option, &cards.model));
        let value = option.read(text).map_err(|words| QuestionError::parameter(name, words))?;
        options.insert(option.name.to_owned(), value);
    }
    let target = of_logit_if(card.is_of_logit, target);
    Ok(Explain { method: card.id.to_owned(), options, target, layers: Vec::new() })
}

/// The logit of the same class, where a method is of logits only.
fn of_logit_if(is_of_logit: bool, target: &Target) -> Target {
    match target {
        Target::Class { class, .. } if is_of_logit => {
            Target::Class { class: *class, output: ClassOutput::Logit }
        }
        other => other.clone(),
    }
}

/// The layers to show, in the order of the network.
fn read_layers(parameters: &Parameters, model: &ModelCard) -> Result<Vec<String>, QuestionError> {
    let mut wanted = Vec::new();
    for name in parameters.list("layers") {
        if name == "all" {
            return Ok(model.layers.iter().map(|layer| layer.name.clone()).collect());
        }
        let known = || model.layers.iter().map(|layer| layer.name.as_str());
        let found = model.layer(name).ok_or_else(|| QuestionError::unknown("layer", name, known()));
        wanted.push(found?.name.as_str());
    }
    if wanted.is_empty() {
        wanted.clone_from(&model.default_layers);
    }
    let in_order = model.layers.iter().map(|layer| &layer.name);
    Ok(in_order.filter(|name| wanted.contains(&name.as_str())).cloned().collect())
}
