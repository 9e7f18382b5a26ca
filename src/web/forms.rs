//! Parts of forms that every task has: methods with their options, the look of figures, layers.

use stormlens_data::card::{MethodCard, ModelCard, OptionCard, OptionKind};
use stormlens_data::choice::Choice;

use crate::question::{Question, option_name};
use stormlens_plot::{EvidencePalette, Interpolation, Overlay, Polarity, RainPalette, Style};

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

/// A part of the look of figures, as a form that stands with what it changes.
pub struct ViewForm {
    /// The section where it stands, to which it leads back.
    pub anchor: String,
    pub hidden: Vec<(String, String)>,
    /// `None` where it asks for no such thing.
    pub opacity: Option<Opacity>,
    pub selects: Vec<Select>,
    pub mass: Option<Mass>,
    /// The part that maps show, as text; empty: all of it.
    pub region: Option<String>,
    /// Name, label, and whether it is ticked.
    pub switches: Vec<(&'static str, &'static str, bool)>,
    pub layers: Option<LayerForm>,
    /// What cannot be chosen now, and why.
    pub fixed: Option<&'static str>,
}

pub struct Opacity {
    pub value: String,
    pub percent: u8,
}

/// Where colours end and where they begin, in percent of an attribution's mass, and what each may be.
pub struct Mass {
    pub above: String,
    pub below: String,
    pub least_above: String,
    pub most_below: String,
}

impl Mass {
    /// The smallest difference that the form allows.
    const STEP: f64 = 0.1;

    fn of(style: &Style) -> Self {
        let tenths = |value: f64| format!("{:.1}", value.clamp(0.0, 100.0));
        Self {
            above: style.above.to_string(),
            below: style.below.to_string(),
            least_above: tenths(style.below + Self::STEP),
            most_below: tenths(style.above - Self::STEP),
        }
    }
}

/// The layers that are shown, and all that there are.
pub struct LayerForm {
    pub groups: Vec<LayerGroup>,
    pub n_shown: usize,
    pub n_all: usize,
    pub all: String,
}

/// What all explanations share.
pub const OF_EXPLANATIONS: &[&str] = &["overlay", "evidence", "opacity"];
/// What only maps of layers have.
pub const OF_LAYERS: &[&str] = &["interpolation", LAYERS];
/// What only signed maps of pixels have.
pub const OF_SIGNS: &[&str] = &["polarity", "above", "below", "cleanup", "outline"];
/// What all maps have.
pub const OF_MAPS: &[&str] = &["palette", "region"];

const LAYERS: &str = "layers";

/// Those of the names that the figures of the question's task have; `None` where they have none of them.
pub fn view_form(question: &Question, anchor: &str, names: &[&'static str]) -> Option<ViewForm> {
    let (style, known) = (&question.style, question.task.style_names(&question.cards));
    let has = |name: &str| names.contains(&name) && known.contains(&name);
    let layers = names.contains(&LAYERS).then(|| layer_form(question, anchor)).flatten();
    if layers.is_none() && !names.iter().any(|name| has(name)) {
        return None;
    }
    let is_published = style.overlay == Overlay::Published;
    let selects = [
        select("overlay", "Style of the maps", style.overlay, Overlay::label),
        select("palette", "Colours of rain", style.palette, RainPalette::label),
        select("evidence", "Colours", style.evidence, EvidencePalette::label),
        select("interpolation", "Cells of a layer", style.interpolation, Interpolation::label),
        select("polarity", "Pixels to show", style.polarity, Polarity::label),
    ];
    // Published figures have colours of their own.
    let is_free = |name: &str| !(is_published && ["evidence", "interpolation"].contains(&name));
    let switches = [
        ("cleanup", "Remove areas below 3 × 3 pixels", style.cleanup),
        ("outline", "Draw outlines only", style.outline),
    ];
    let opacity = Opacity {
        value: ((f64::from(style.opacity) * 100.0).round() / 100.0).to_string(),
        percent: (style.opacity * 100.0).round() as u8,
    };
    let asked: Vec<&str> = names.iter().copied().filter(|name| is_free(name)).collect();
    let fixed = "Grad-CAM as published is drawn in the colours jet; the opacity is fixed too";
    Some(ViewForm {
        anchor: anchor.to_owned(),
        hidden: question.hidden(&asked),
        opacity: has("opacity").then_some(opacity),
        selects: selects.into_iter().filter(|s| has(&s.name) && is_free(&s.name)).collect(),
        mass: has("above").then(|| Mass::of(style)),
        region: has("region")
            .then(|| style.region.as_ref().map(ToString::to_string).unwrap_or_default()),
        switches: switches.into_iter().filter(|switch| has(switch.0)).collect(),
        layers,
        fixed: (is_published && has("overlay")).then_some(fixed),
    })
}

fn layer_form(question: &Question, anchor: &str) -> Option<LayerForm> {
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
        all: format!("{}#{anchor}", super::result::page(&all)),
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
