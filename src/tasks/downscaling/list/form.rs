//! The form that asks for refined rain: what each network offers.

use std::sync::Arc;

use stormlens_data::card::CheckpointCard;
use stormlens_data::downscale::{Domain, EnsembleKind, Registration};

use crate::catalog::Catalog;
use crate::tasks::downscaling::fields::Entry;
use crate::tasks::downscaling::question::{ENSEMBLE, REGISTRATION};
use crate::tasks::downscaling::{extent, split};
use crate::web::forms::{MethodChoice, Select, method_choices, select};

/// What the form offers for a network.
pub struct Model {
    pub id: &'static str,
    pub title: &'static str,
    pub summary: &'static str,
    /// How large the tiles of its weights are, in words.
    pub tiles: String,
    /// What of the domain that is refined until somebody chooses no tile reaches.
    pub left_out: Vec<String>,
    /// Names, and what they have seen of the rain.
    pub checkpoints: Vec<(String, &'static str)>,
    pub selects: Vec<Select>,
    pub methods: Vec<MethodChoice>,
}

/// What each network offers. `refined` is the domain until somebody chooses, `bounds` are those of the field.
pub fn offers(
    catalog: &Catalog,
    entry: &Entry,
    domain: [f64; 4],
    (refined, bounds): (Domain, [f64; 4]),
) -> Vec<Model> {
    let seen =
        |card: &Arc<CheckpointCard>| (card.name.clone(), split::part(entry, domain, card).label());
    let offer = |model: &Arc<stormlens_data::card::ModelCard>| {
        let checkpoints: Vec<_> = catalog
            .checkpoints(model.id)
            .filter(|card| split::fits(card, entry))
            .cloned()
            .collect();
        let first = checkpoints.first()?;
        let has_epochs = first.members.len() > 1;
        Some(Model {
            id: model.id,
            title: model.title,
            summary: model.summary,
            tiles: tiles_in_words(&checkpoints),
            left_out: left_out(&checkpoints, refined, bounds),
            selects: selects(first.refining.map(|own| own.rain.registration), has_epochs),
            methods: method_choices(&catalog.methods_of(model), model, None),
            checkpoints: checkpoints.iter().map(seen).collect(),
        })
    };
    catalog.models().iter().filter_map(offer).collect()
}

/// `Tiles have 2°`, or by weights where these differ; and how far nodes lie apart.
fn tiles_in_words(checkpoints: &[Arc<CheckpointCard>]) -> String {
    let mut sizes: Vec<([f64; 2], Vec<&str>)> = Vec::new();
    for card in checkpoints {
        let Some(geometry) = card.refining.map(|own| own.geometry()) else { continue };
        let size = [geometry.tile_deg(), geometry.fine_deg];
        match sizes.iter_mut().find(|(known, _)| *known == size) {
            Some((_, names)) => names.push(&card.name),
            None => sizes.push((size, vec![&card.name])),
        }
    }
    let words = |([side, every], _): &([f64; 2], Vec<&str>)| {
        format!("have {side}°, with a node (a point of the fine grid) every {every}°")
    };
    match &sizes[..] {
        [only] => format!("Tiles of these weights {}", words(only)),
        several => {
            let of =
                |size: &([f64; 2], Vec<&str>)| format!("of {} {}", size.1.join(", "), words(size));
            format!("Tiles {}", several.iter().map(of).collect::<Vec<_>>().join("; "))
        }
    }
}

/// What of a domain no tile of the weights reaches, by weights where these differ.
fn left_out(checkpoints: &[Arc<CheckpointCard>], domain: Domain, field: [f64; 4]) -> Vec<String> {
    let mut said: Vec<(String, Vec<&str>)> = Vec::new();
    for card in checkpoints {
        let geometry = card.refining.map(|own| own.geometry());
        let words = geometry.and_then(|own| extent::left_out_of(domain, &own, field));
        let Some(words) = words else { continue };
        match said.iter_mut().find(|(known, _)| *known == words) {
            Some((_, names)) => names.push(&card.name),
            None => said.push((words, vec![&card.name])),
        }
    }
    let of_weights = |(words, names): (String, Vec<&str>)| match names.len() == checkpoints.len() {
        true => words,
        false => format!("by {}, {words}", names.join(", ")),
    };
    said.into_iter().map(of_weights).collect()
}

fn selects(registration: Option<Registration>, has_epochs: bool) -> Vec<Select> {
    let registration = registration.unwrap_or_default();
    vec![registration_select(registration), ensemble_select(EnsembleKind::default(), has_epochs)]
}

pub fn registration_select(chosen: Registration) -> Select {
    let label = |registration| match registration {
        Registration::Aligned => "aligned: at its coordinates",
        Registration::Reference => "reference: as published, 3.5 nodes aside",
    };
    let entry = |registration: Registration| {
        let name = registration.name().to_owned();
        (name, label(registration).to_owned(), registration == chosen)
    };
    Select {
        name: REGISTRATION.to_owned(),
        label: "Coarse rain on the fine grid",
        choices: Registration::ALL.map(entry).into(),
    }
}

/// Without what the weights do not have.
pub fn ensemble_select(chosen: EnsembleKind, has_epochs: bool) -> Select {
    let mut ensemble = select(ENSEMBLE, "Ensemble", chosen, EnsembleKind::label);
    ensemble.choices.retain(|(name, ..)| has_epochs || name != EnsembleKind::Epochs.name());
    ensemble
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address and a command line that name no ensemble mean the default, too.
    #[test]
    fn the_form_chooses_the_ensemble_that_an_address_means() {
        for has_epochs in [false, true] {
            let selects = selects(None, has_epochs);
            let is_ensemble = |select: &&Select| select.name == ENSEMBLE;
            let ensemble = selects.iter().find(is_ensemble).expect("it can be chosen");
            let chosen = ensemble.choices.iter().filter(|(.., is_chosen)| *is_chosen);
            let names: Vec<&str> = chosen.map(|(name, ..)| name.as_str()).collect();
            assert_eq!(names, [EnsembleKind::default().name()]);
        }
    }
}
