//! Parts of forms that every task has: methods with their options, the look of figures, layers.

use stormlens_data::card::{MethodCard, ModelCard, OptionCard, OptionKind};
use stormlens_data::choice::Choice;

use crate::question::{Question, option_name};
use stormlens_plot::{EvidencePalette, Interpolation, Overlay, Polarity, RainPalette};

#[cfg(test)]
mod tests;

/// An entry of a list to choose from: name, text, and whether it is chosen.
pub type Entry = (String, String, bool);

/// A choice among names, as forms show it.
pub struct Select {
    pub name: String,
    pub label: &'static str,
    pub choices: Vec<Entry>,
}

/// A method that may be asked for.
pub struct MethodChoice {
    pub id: &'static str,
    pub title: &'static str,
    pub summary: &'static str,
    pub cost: &'static str,
    pub is_asked: bool,
    pub options: Vec<Select>,
}

/// The methods as a form offers them: those of a question, or the first one where there is none yet.
pub fn method_choices(
    methods: &[MethodCard],
    model: &ModelCard,
    question: Option<&Question>,
) -> Vec<MethodChoice> {
    let choice = |(i, card): (usize, &MethodCard)| {
        let asked = question.and_then(|question| question.request.explained_by(card.id));
        let value = |option: &OptionCard| match asked {
            Some(explain) => explain.options.get(option.name).cloned().unwrap_or_default(),
            None => card.default_of(option, model).to_owned(),
        };
        let select = |option: &OptionCard| option_select(card, option, &value(option));
        MethodChoice {
            id: card.id,
            title: card.title,
            summary: card.summary,
            cost: card.cost,
            is_asked: question.map_or(i == 0, |_| asked.is_some()),
            options: card.options.iter().map(select).collect(),
        }
    };
    methods.iter().enumerate().map(choice).collect()
}

fn option_select(card: &MethodCard, option: &OptionCard, chosen: &str) -> Select {
    let mut choices: Vec<Entry> = match option.kind {
        OptionKind::Choice(all) => {
            all.iter().map(|(name, text)| plain(name, text, chosen)).collect()
        }
        OptionKind::Whole { offered, .. } => {
            offered.iter().map(|n| plain(&n.to_string(), &n.to_string(), chosen)).collect()
        }
        OptionKind::Share { offered, none, .. } => {
            let share = |share: &f64| {
                let text = format!("{} % of the difference", share * 100.0);
                plain(&share.to_string(), &text, chosen)
            };
            std::iter::once(plain("none", none, chosen)).chain(offered.iter().map(share)).collect()
        }
    };
    if choices.iter().all(|choice| !choice.2) {
        choices.push(plain(chosen, chosen, chosen));
    }
    Select { name: option_name(card.id, option.name), label: option.label, choices }
}

fn plain(name: &str, text: &str, chosen: &str) -> Entry {
    (name.to_owned(), text.to_owned(), name == chosen)
}

/// How figures look, as a form.
pub struct StyleForm {
    pub hidden: Vec<(String, String)>,
    /// `None` where the task's figures have no such thing.
    pub opacity: Option<Opacity>,
    pub selects: Vec<Select>,
    pub mass: Option<[String; 2]>,
    /// The part that maps show, as text; empty: all of it.
    pub region: Option<String>,
    /// Name, label, and whether it is ticked.
    pub switches: Vec<(&'static str, &'static str, bool)>,
    pub layers: Option<LayerForm>,
}

pub struct Opacity {
    pub value: String,
    pub percent: u8,
}

/// The layers that are shown, and all that there are.
pub struct LayerForm {
    pub groups: Vec<LayerGroup>,
    pub n_shown: usize,
    pub n_all: usize,
    pub all: String,
}

/// The look of a question's figures, each part that its task has.
pub fn style_form(question: &Question) -> StyleForm {
    let (style, names) = (&question.style, question.task.style_names(&question.cards));
    let has = |name: &str| names.contains(&name);
    let selects = [
        select("overlay", "Overlay", style.overlay, Overlay::label),
        select("palette", "Rain colours", style.palette, RainPalette::label),
        select("evidence", "Colours of layers", style.evidence, EvidencePalette::label),
        select("interpolation", "Between cells", style.interpolation, Interpolation::label),
        select("polarity", "Of pixels show", style.polarity, Polarity::label),
    ];
    let switches =
        [("cleanup", "Without specks", style.cleanup), ("outline", "Outlines only", style.outline)];
    let opacity = Opacity {
        value: ((f64::from(style.opacity) * 100.0).round() / 100.0).to_string(),
        percent: (style.opacity * 100.0).round() as u8,
    };
    let asked: Vec<&str> = names.iter().copied().chain(["layers"]).collect();
    StyleForm {
        hidden: question.hidden(&asked),
        opacity: has("opacity").then_some(opacity),
        selects: selects.into_iter().filter(|select| has(&select.name)).collect(),
        mass: has("above").then(|| [style.above.to_string(), style.below.to_string()]),
        region: has("region")
            .then(|| style.region.as_ref().map(ToString::to_string).unwrap_or_default()),
        switches: switches.into_iter().filter(|switch| has(switch.0)).collect(),
        layers: layer_form(question),
    }
}

fn layer_form(question: &Question) -> Option<LayerForm> {
    if question.layers.is_empty() {
        return None;
    }
    let model = &question.cards.model;
    let every = model.layers.iter().map(|layer| layer.name.clone()).collect();
    let all = question.with_layers(every);
    Some(LayerForm {
        groups: layer_groups(model, |name| question.layers.iter().any(|layer| layer == name)),
        n_shown: question.layers.len(),
        n_all: model.layers.len(),
        all: super::result::page(&all),
    })
}

/// A choice among all that there are, `text` being what people read.
pub fn select<T: Choice>(
    name: &str,
    label: &'static str,
    chosen: T,
    text: impl Fn(T) -> &'static str,
) -> Select {
    let choice = |&value: &T| (value.to_string(), text(value).to_owned(), value == chosen);
    Select { name: name.to_owned(), label, choices: T::ALL.iter().map(choice).collect() }
}

pub struct LayerGroup {
    pub name: &'static str,
    pub layers: Vec<LayerChoice>,
}

pub struct LayerChoice {
    pub name: String,
    pub label: String,
    pub chosen: bool,
}

/// The layers of a model under their headings.
pub fn layer_groups(model: &ModelCard, chosen: impl Fn(&str) -> bool) -> Vec<LayerGroup> {
    let mut groups: Vec<LayerGroup> = Vec::new();
    for layer in &model.layers {
        if groups.last().is_none_or(|group| group.name != layer.group) {
            groups.push(LayerGroup { name: layer.group, layers: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            let (name, label) = (layer.name.clone(), layer.label.clone());
            group.layers.push(LayerChoice { chosen: chosen(&name), name, label });
        }
    }
    groups
}
