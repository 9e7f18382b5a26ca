//! Which networks are compared, and which could be.

use std::sync::Arc;

use stormlens_data::card::{CheckpointCard, ModelCard, NowcastField};

use super::{MAX_NETWORKS, NETWORKS, REGION};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, QuestionError};
use crate::question::{NO_METHOD, Question};
use crate::tasks::nowcast::question::{LEAD_TIME, SAMPLE, STEPS_MEAN, THRESHOLD};
use crate::tasks::nowcast::sample::weights;
use crate::tasks::nowcast::samples::SampleEntry;

/// The networks that are named, in the order of the catalogue; where none is, all. Those that do not forecast the lead
/// time are left out, unless none does.
pub fn read_networks(
    parameters: &Parameters,
    catalog: &Catalog,
    sample: &SampleEntry,
) -> Result<Vec<String>, QuestionError> {
    let all = choices(catalog, sample.field);
    let names = || all.iter().map(|choice| choice.name.as_str());
    let wanted = parameters.list(NETWORKS);
    if let Some(name) = wanted.iter().find(|name| names().all(|known| known != **name)) {
        return Err(QuestionError::unknown("network", name, names()));
    }
    if wanted.len() > MAX_NETWORKS {
        let message = format!("names {} of them, but {MAX_NETWORKS} at most", wanted.len());
        return Err(QuestionError::parameter(NETWORKS, message));
    }
    let is_wanted =
        |choice: &&NetworkChoice| wanted.is_empty() || wanted.contains(&choice.name.as_str());
    let candidates: Vec<&NetworkChoice> = all.iter().filter(is_wanted).collect();
    let asked = parameters.one(LEAD_TIME)?.and_then(|minutes| minutes.trim().parse().ok());
    let first = candidates.first().and_then(|choice| choice.lead_times_min.first().copied());
    let lead: Option<u32> = asked.or(first);
    let forecasts = |choice: &&&NetworkChoice| lead.is_some_and(|lead| choice.forecasts(lead));
    let mut found: Vec<&NetworkChoice> = candidates.iter().filter(forecasts).copied().collect();
    if found.is_empty() {
        // Which says what it can be asked for instead.
        found.extend(candidates.first());
    }
    Ok(found.into_iter().take(MAX_NETWORKS).map(|choice| choice.name.clone()).collect())
}

/// Nothing is explained: explanations stand on the pages of the results. An ensemble is asked of each, so that all are scored
/// on the same pixels.
pub fn read_question(
    parameters: &Parameters,
    catalog: &Catalog,
    sample: &SampleEntry,
    name: &str,
) -> Result<Question, QuestionError> {
    let (model, checkpoint) = name.split_once('/').unwrap_or((name, ""));
    let fixed = [("model", model), ("checkpoint", checkpoint), (SAMPLE, &sample.id)];
    let mut pairs: Vec<(String, String)> =
        fixed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    pairs.push(("methods".to_owned(), NO_METHOD.to_owned()));
    for name in [LEAD_TIME, THRESHOLD, STEPS_MEAN, REGION] {
        pairs.extend(parameters.one(name)?.map(|value| (name.to_owned(), value.to_owned())));
    }
    Question::read(&Parameters::of(pairs), catalog, &[])
}

/// Weights that can be compared.
pub struct NetworkChoice {
    /// `model/checkpoint`
    pub name: String,
    /// For people.
    pub title: String,
    pub lead_times_min: Vec<u32>,
}

impl NetworkChoice {
    pub fn forecasts(&self, lead_time_min: u32) -> bool {
        self.lead_times_min.contains(&lead_time_min)
    }
}

/// All weights for a field.
pub fn choices(catalog: &Catalog, field: NowcastField) -> Vec<NetworkChoice> {
    let of_model = |model: &Arc<ModelCard>| {
        let choice = |card: &Arc<CheckpointCard>| NetworkChoice {
            name: format!("{}/{}", model.id, card.name),
            title: format!("{} ({})", model.title, card.name),
            lead_times_min: card
                .nowcasting
                .as_ref()
                .map_or(&[][..], |task| &task.lead_times_min)
                .to_vec(),
        };
        weights(catalog, model, field).map(choice).collect::<Vec<_>>()
    };
    catalog.models().iter().flat_map(of_model).collect()
}
