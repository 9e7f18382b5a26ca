//! The parts of a question, read from parameters and checked against the catalogue.

use std::collections::BTreeMap;
use std::sync::Arc;

use stormlens_data::card::{CheckpointCard, MethodCard, ModelCard};
use stormlens_data::request::{ClassOutput, Explain, Target};

use super::{Cards, NO_METHOD, option_name};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, QuestionError};
use crate::task::Task;

/// The task of the model that is named, else the first one that can look at what is named.
pub fn read_task(
    parameters: &Parameters,
    catalog: &Catalog,
) -> Result<Arc<dyn Task>, QuestionError> {
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

/// The network and the weights asked for, or the first there are that can be asked about what is named.
pub fn read_cards(
    parameters: &Parameters,
    catalog: &Catalog,
    task: &dyn Task,
) -> Result<Cards, QuestionError> {
    let models: Vec<_> = catalog.models().iter().filter(|model| task.runs(model)).collect();
    let suits = |card: &&Arc<CheckpointCard>| task.suits(parameters, card);
    let has_suited =
        |model: &&&Arc<ModelCard>| catalog.checkpoints(model.id).any(|card| suits(&card));
    let has_weights = |model: &&&Arc<ModelCard>| catalog.checkpoints(model.id).next().is_some();
    let first = models.iter().find(has_suited).or(models.iter().find(has_weights));
    let first = first.or(models.first());
    let model = match parameters.one("model")? {
        None => first.copied().ok_or(QuestionError::NoNetworks)?,
        Some(id) => {
            let known = || models.iter().map(|model| model.id);
            let found = models.iter().find(|model| model.id == id).copied();
            found.ok_or_else(|| QuestionError::unknown("model", id, known()))?
        }
    };
    let checkpoint = read_checkpoint(parameters, catalog, model, suits)?;
    Ok(Cards::new(model, &checkpoint))
}

fn read_checkpoint(
    parameters: &Parameters,
    catalog: &Catalog,
    model: &ModelCard,
    suits: impl Fn(&&Arc<CheckpointCard>) -> bool,
) -> Result<Arc<CheckpointCard>, QuestionError> {
    let all: Vec<_> = catalog.checkpoints(model.id).collect();
    let Some(first) = all.iter().copied().find(suits).or(all.first().copied()) else {
        return Err(QuestionError::NoWeights { model: model.id, title: model.title });
    };
    let Some(wanted) = parameters.one("checkpoint")? else { return Ok(first.clone()) };
    let known = || all.iter().map(|card| card.name.clone());
    let found = all.iter().find(|card| card.name == wanted);
    found.copied().cloned().ok_or_else(|| QuestionError::unknown("checkpoint", wanted, known()))
}

/// The methods asked for, in the order of the cards; the first one where none is named.
pub fn read_methods<'a>(
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

pub fn read_explain(
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

/// The logit of the same class or event, where a method is of logits only.
pub fn of_logit_if(is_of_logit: bool, target: &Target) -> Target {
    let output = ClassOutput::Logit;
    match *target {
        Target::Class { class, .. } if is_of_logit => Target::Class { class, output },
        Target::Event { event, place, .. } if is_of_logit => Target::Event { event, place, output },
        _ => target.clone(),
    }
}

/// The layers to show, in the order of the network.
pub fn read_layers(
    parameters: &Parameters,
    Cards { model, checkpoint }: &Cards,
) -> Result<Vec<String>, QuestionError> {
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
        wanted.extend(model.default_layers_of(checkpoint));
    }
    let in_order = model.layers.iter().map(|layer| &layer.name);
    Ok(in_order.filter(|name| wanted.contains(&name.as_str())).cloned().collect())
}
