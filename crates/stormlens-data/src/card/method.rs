//! What is said of a method of explanation, and of its options.

use serde::Serialize;

use super::{Citation, Hides, ModelCard, PublishedOption};

/// The description of an attribution method: pages, forms and commands are built from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MethodCard {
    /// Name in addresses and commands, e.g. `grad-cam`.
    pub id: &'static str,
    /// Name for people, e.g. `Grad-CAM`.
    pub title: &'static str,
    /// What it shows, in one sentence.
    pub summary: &'static str,
    /// How it is computed, in a line of mathematics.
    pub formula: &'static str,
    /// Forward and backward passes that it takes beyond the one that predicts, in words.
    pub cost: &'static str,
    /// Where it is known to mislead, in one sentence.
    pub weakness: &'static str,
    pub citations: &'static [Citation],
    /// Whether it looks at layers; else at the input.
    pub has_layers: bool,
    /// Of a class it explains the logit, whatever output is asked for.
    pub is_of_logit: bool,
    /// Which parts of the input it hides by a mask of the network's own; see [`Self::suits`].
    pub hides: Option<Hides>,
    /// Of a method that makes passes of its own, many of them: inputs that go through a network of fields together at most.
    /// `None`: it goes with the pass that predicts.
    pub own_passes: Option<usize>,
    pub options: &'static [OptionCard],
}

impl MethodCard {
    /// Whether a network can be explained by it.
    pub fn suits(&self, model: &ModelCard) -> bool {
        self.hides.is_none() || self.hides == model.hides()
    }

    /// Its name in variables and files: `grad_cam` for `grad-cam`.
    pub fn variable(&self) -> String {
        self.id.replace('-', "_")
    }

    /// The option of that name.
    pub fn option(&self, name: &str) -> Option<&OptionCard> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The value of an option until the visitor chooses: that of the network's publication, or the
    /// method's own.
    pub fn default_of(&self, option: &OptionCard, model: &ModelCard) -> &'static str {
        let is_it =
            |known: &&PublishedOption| known.method == self.id && known.option == option.name;
        model.published_options.iter().find(is_it).map_or(option.default, |known| known.value)
    }

    /// The same for all of these networks: `50 (200 for polar-low)`.
    pub fn defaults_in_words(&self, option: &OptionCard, models: &[ModelCard]) -> String {
        let values = models.iter().map(|model| (self.default_of(option, model), model.id));
        let others = values.filter(|(value, _)| *value != option.default);
        let others: String = others.map(|(value, id)| format!(" ({value} for {id})")).collect();
        format!("{}{others}", option.default)
    }
}

/// Something about a method that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OptionCard {
    /// Name in addresses and on the command line, e.g. `steps`.
    pub name: &'static str,
    /// Name for people, e.g. `Steps`.
    pub label: &'static str,
    pub default: &'static str,
    pub kind: OptionKind,
}

/// Which values an option may have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum OptionKind {
    /// One of a few: name in addresses, name for people.
    Choice(&'static [(&'static str, &'static str)]),
    /// A whole number; `offered` stand in forms.
    Whole { least: u32, most: u32, offered: &'static [u32] },
    /// A share or `none`; `offered` stand in forms, `none` reads as given for people.
    Share { least: f64, most: f64, offered: &'static [f64], none: &'static str },
}

impl OptionCard {
    /// The value that a text says, as it stands in addresses and requests.
    ///
    /// # Errors
    /// In words that follow the option's name, where it is none of those that may be.
    pub fn read(&self, text: &str) -> Result<String, String> {
        let text = text.trim();
        match self.kind {
            OptionKind::Choice(choices) => {
                let known = || choices.iter().map(|choice| choice.0).collect::<Vec<_>>().join(", ");
                let found = choices.iter().find(|choice| choice.0 == text);
                found
                    .map(|choice| choice.0.to_owned())
                    .ok_or_else(|| format!("is “{text}”, but must be one of {}", known()))
            }
            OptionKind::Whole { least, most, .. } => {
                let number = text.parse().ok().filter(|n| (least..=most).contains(n));
                let wanted =
                    || format!("is “{text}”, but must be a whole number from {least} to {most}");
                number.map(|n: u32| n.to_string()).ok_or_else(wanted)
            }
            OptionKind::Share { .. } if text == "none" => Ok(text.to_owned()),
            OptionKind::Share { least, most, .. } => {
                let number = text.parse().ok().filter(|n| (least..=most).contains(n));
                let wanted =
                    || format!("is “{text}”, but must be none, or a share from {least} to {most}");
                number.map(|n: f64| n.to_string()).ok_or_else(wanted)
            }
        }
    }
}
