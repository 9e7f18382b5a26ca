//! A whole question: what is asked of which network, and how its answer is looked at.
//!
//! Addresses of pages and command lines are both read here, so that they cannot disagree. What is
//! looked at and which number is explained, a task reads; methods and their options, their cards say;
//! the look is that of all figures.

mod read;
pub mod style;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use stormlens_data::card::{CheckpointCard, MethodCard, ModelCard};
use stormlens_data::request::{Explain, Request, Target};

pub use self::read::read_cards;
use self::read::{of_logit_if, read_explain, read_layers, read_methods, read_task};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, QuestionError, to_query};
use crate::task::Task;
use stormlens_plot::Style;

/// An answer without an explanation; forms send it so that no tick is not the default.
pub const NO_METHOD: &str = "none";

/// A network and the weights that it runs with.
#[derive(Clone, Debug)]
pub struct Cards {
    pub model: Arc<ModelCard>,
    pub checkpoint: Arc<CheckpointCard>,
}

impl Cards {
    /// A network with the layers that it has with these weights.
    pub fn new(model: &Arc<ModelCard>, checkpoint: &Arc<CheckpointCard>) -> Self {
        let (model, checkpoint) = (model.clone(), checkpoint.clone());
        if checkpoint.absent_layers.is_empty() {
            return Self { model, checkpoint };
        }
        let mut card = ModelCard::clone(&model);
        let is_there = |name: &str| checkpoint.absent_layers.iter().all(|absent| absent != name);
        card.layers.retain(|layer| is_there(&layer.name));
        card.default_layers.retain(|layer| is_there(layer));
        Self { model: Arc::new(card), checkpoint }
    }
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
        let methods = &catalog.methods_of(&cards.model);
        let style_names = task.style_names(&cards);
        parameters.only(&names(&*task, style_names, methods, more))?;
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
        let layers = read_layers(parameters, &cards)?;
        let layers = if has_layers { layers } else { Vec::new() };
        let mut style = style::read(parameters, style_names, task.style())?;
        style.layer_labels = labels(&cards.model);
        Ok(Self { task, cards, request, target, layers, style, methods: methods.clone() })
    }

    /// The question behind a request that comes from elsewhere, from a recipe for one.
    ///
    /// # Errors
    /// For a request that no address and no command could make: an option beyond its limits, a method that is not
    /// there, a target that the weights have not.
    pub fn of_request(request: &Request, catalog: &Catalog) -> Result<Self, QuestionError> {
        let parameters = as_parameters(request, catalog)?;
        let question = Self::read(&parameters, catalog, &[])?;
        let mut asked = question.request.clone();
        let mut wanted = request.clone();
        // Which layers are computed is no part of what is asked, and the network knows their names.
        let explains = asked.explain.iter_mut().chain(&mut wanted.explain);
        explains.for_each(|explain| explain.layers.clear());
        let words = "says what no address can: draw the figure anew from the page of its result";
        if asked == wanted { Ok(question) } else { Err(QuestionError::parameter("request", words)) }
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
        pairs.extend(style::write(&self.style, self.task.style_names(&self.cards)));
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
                more.layers = read_layers(&nothing, &self.cards).unwrap_or_default();
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

/// A request as an address would say it.
fn as_parameters(request: &Request, catalog: &Catalog) -> Result<Parameters, QuestionError> {
    let Request { model, checkpoint, subject, explain } = request;
    let known = || catalog.models().iter().map(|model| model.id);
    let card =
        catalog.model(model).ok_or_else(|| QuestionError::unknown("model", model, known()))?;
    let unknown = || QuestionError::unknown("model", model, known());
    let task = catalog.task_of(card).ok_or_else(unknown)?;
    let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut pairs = vec![named("model", model), named("checkpoint", checkpoint)];
    let cards = read_cards(&Parameters::of(pairs.clone()), catalog, &*task)?;
    // What is said of logits only, says less of what was asked for.
    let is_of_logit = |explain: &&Explain| {
        catalog.methods().iter().any(|card| card.id == explain.method && card.is_of_logit)
    };
    let first = explain.iter().find(|explain| !is_of_logit(explain)).or(explain.first());
    let target = match first {
        Some(explain) => explain.target.clone(),
        None => task.read_target(&Parameters::default(), &cards)?,
    };
    let own = task.write(subject, &target, &cards);
    pairs.extend(own.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let methods: Vec<&str> = explain.iter().map(|explain| explain.method.as_str()).collect();
    pairs.push(named("methods", if methods.is_empty() { NO_METHOD } else { "" }));
    pairs.extend(methods.iter().map(|method| named("methods", method)));
    for Explain { method, options, .. } in explain {
        let option = |(name, value): (&String, &String)| (option_name(method, name), value.clone());
        pairs.extend(options.iter().map(option));
    }
    Ok(Parameters::of(pairs))
}

/// The name of a method's option in an address: `integrated-gradients.steps`.
pub fn option_name(method: &str, option: &str) -> String {
    format!("{method}.{option}")
}

/// All names that a question to a network may have.
pub fn known_names(task: &dyn Task, cards: &Cards, catalog: &Catalog) -> Vec<String> {
    names(task, task.style_names(cards), &catalog.methods_of(&cards.model), &[])
}

/// All names that a question of a task may have.
fn names(
    task: &dyn Task,
    style_names: &[&str],
    methods: &[MethodCard],
    more: &[&str],
) -> Vec<String> {
    let own = task.parameters().iter().map(|parameter| parameter.name);
    let fixed = ["model", "checkpoint", "methods", "layers"].into_iter();
    let plain = fixed.chain(own).chain(style_names.iter().copied()).chain(more.iter().copied());
    let options = methods
        .iter()
        .flat_map(|card| card.options.iter().map(|option| option_name(card.id, option.name)));
    plain.map(str::to_owned).chain(options).collect()
}

/// The names that people give to the layers, by their names in the weights.
pub fn labels(model: &ModelCard) -> BTreeMap<String, String> {
    model.layers.iter().map(|layer| (layer.name.clone(), layer.label.clone())).collect()
}
