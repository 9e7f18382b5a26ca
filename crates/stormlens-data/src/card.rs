//! What a network is, in words and numbers a page, a form and a command can be built from.

use std::sync::Arc;

use serde::Serialize;

use crate::choice::choice;
use crate::likeness::Likeness;
use crate::scene::{FeatureRange, Reference, Variant};

mod blocks;
mod fields;
mod method;
mod nowcast_field;
mod refining;
mod split;

pub use blocks::{Blocks, RainPlace};
pub use fields::{FieldStatement, FieldVariable, FieldsCard};
pub use method::{MethodCard, OptionCard, OptionKind};
pub use refining::{Downscaling, RainStatement, Refining};
pub use split::{Part, Split};

/// One place in a network that an attribution can look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Name in the checkpoint and on the command line, e.g. `Up_RRCNN2.doubleconv`.
    pub name: String,
    /// Name for people, as the paper's figures use it, e.g. `DSC path 9`.
    pub label: String,
    /// Heading under which forms list it, e.g. `Decoder`.
    pub group: &'static str,
}

/// A work to cite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Citation {
    pub key: &'static str,
    pub bibtex: &'static str,
    /// One line for a page: authors, title, venue, year.
    pub text: &'static str,
    pub url: &'static str,
}

/// The description of a network: pages, forms and commands are built from it.
#[derive(Clone, Debug, Serialize)]
pub struct ModelCard {
    /// Name in addresses and commands, e.g. `sar-unet`.
    pub id: &'static str,
    pub title: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    pub task: Task,
    pub layers: Vec<Layer>,
    /// Layers that a page shows until the visitor chooses; see [`Self::default_layers_of`].
    pub default_layers: Vec<&'static str>,
    pub citations: &'static [Citation],
    /// Where its publication chose otherwise than the methods' own defaults.
    pub published_options: &'static [PublishedOption],
    /// Whether a network of frames learnt to do without patches of them.
    pub masks: bool,
}

/// Parts of an input that a network can do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hides {
    /// Fields of a weather model, and tokens of them.
    Fields,
    /// Patches of radar frames.
    Patches,
}

/// A method's option as a network's publication has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedOption {
    pub method: &'static str,
    pub option: &'static str,
    pub value: &'static str,
}

/// What goes in and what comes out.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Task {
    /// Frames in, frames out; how many and of what, each checkpoint says: see [`Nowcasting`].
    Nowcasting,
    SceneClassification(SceneClassification),
    /// A tile of coarse rain in, the same tile with fine rain out; of which size, each checkpoint says: see
    /// [`Downscaling`].
    Downscaling,
    /// Fields of a weather model in, a logit for each class of rain at each of their pixels out; which fields and
    /// which classes, each checkpoint says.
    RainProbability,
}

choice! {
    /// What the frames of a nowcast show.
    NowcastField("field") {
        /// Rain of radar, normalised: mm in 5 minutes / 47.83.
        #[default]
        Precipitation = "precipitation": "precipitation",
        /// Whether there are clouds: 0 or 1.
        CloudCover = "cloud-cover": "cloud cover",
    }
}

/// A sequence of frames in, the frames at one or several lead times out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nowcasting {
    pub field: NowcastField,
    pub n_input_frames: usize,
    pub frame_step_min: u32,
    /// Minutes from the last input frame to each output channel, ascending. Empty: weights of a pre-training, which
    /// rebuild the frames that went in and forecast nothing.
    pub lead_times_min: Vec<u32>,
    /// Whether the checkpoint states step and lead times; else those of the publication are taken,
    /// and pages say so.
    pub is_stated: bool,
    /// Height and width must be multiples of this.
    pub size_multiple: usize,
}

impl Nowcasting {
    /// Whether it gives the frames that went in, and none that follow.
    pub fn rebuilds(&self) -> bool {
        self.lead_times_min.is_empty()
    }
}

/// A picture in, one logit a class out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SceneClassification {
    /// In the order of the logits.
    pub classes: &'static [Class],
    /// The class that is explained until the visitor chooses; an index into `classes`.
    pub default_class: usize,
    /// How large a picture is made before its centre is cut out, where a checkpoint does not say.
    pub default_variant: Variant,
    /// Layers that a page shows at once where the network sees no more than the centre of a variant: deep
    /// ones have a single cell there, which says nothing about where. The smallest variant stands first.
    pub default_layers: &'static [(Variant, &'static [&'static str])],
}

impl SceneClassification {
    /// The class of that name, by its place among the logits.
    pub fn class(&self, name: &str) -> Option<usize> {
        self.classes.iter().position(|class| class.name == name)
    }
}

/// One of the answers that a classifier chooses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Class {
    /// Name in data sets and on the command line, e.g. `pos`.
    pub name: &'static str,
    /// Name for people, e.g. `polar low`.
    pub label: &'static str,
}

impl ModelCard {
    /// The layer of that name or label, whichever the visitor typed.
    pub fn layer(&self, wanted: &str) -> Option<&Layer> {
        self.layers.iter().find(|l| l.name == wanted || l.label.eq_ignore_ascii_case(wanted))
    }

    /// Layers that a page shows of these weights until the visitor chooses.
    pub fn default_layers_of(&self, checkpoint: &CheckpointCard) -> &[&'static str] {
        let all = || self.scene_classification().map_or(&[][..], |task| task.default_layers);
        let fits =
            |variant: Variant| all().iter().find(|(most, _)| variant.crop_px <= most.crop_px);
        let of_variant = checkpoint.variant.and_then(fits);
        of_variant.map_or(&self.default_layers, |(_, layers)| *layers)
    }

    /// Which parts of its input it was made to do without.
    pub fn hides(&self) -> Option<Hides> {
        match self.task {
            Task::RainProbability => Some(Hides::Fields),
            Task::Nowcasting if self.masks => Some(Hides::Patches),
            _ => None,
        }
    }

    /// Whether it takes sequences of frames.
    pub fn is_nowcasting(&self) -> bool {
        matches!(self.task, Task::Nowcasting)
    }

    /// The classes it tells apart, if it is a classifier of scenes.
    pub fn scene_classification(&self) -> Option<&SceneClassification> {
        match &self.task {
            Task::SceneClassification(task) => Some(task),
            Task::Nowcasting | Task::Downscaling | Task::RainProbability => None,
        }
    }
}

/// Weights that a model can be run with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckpointCard {
    /// Folder or file name under `checkpoints/<model>/`, e.g. `knmi-20100826`.
    pub name: String,
    pub model: String,
    pub weights_sha256: String,
    /// What they were trained on, in one sentence.
    pub training_data: String,
    pub licence: String,
    pub n_parameters: usize,
    /// Whether the training data were made by a program.
    pub is_simulated: bool,
    /// The frames that it takes and gives; `None` for other networks.
    pub nowcasting: Option<Nowcasting>,
    /// The tiles that it takes and gives, and their unit; `None` for other networks.
    pub refining: Option<Refining>,
    /// The fields that it takes, their units and grid; `None` for other networks.
    pub fields: Option<FieldsCard>,
    /// Names of further weights of the same training, which make an ensemble with these.
    pub members: Vec<String>,
    /// Layers of the network's card that these weights do not have, being of fewer levels.
    pub absent_layers: Vec<String>,
    /// The size of the pictures it was trained on; `None` for other networks.
    pub variant: Option<Variant>,
    /// The range of the training scenes' statistics, where the checkpoint holds it.
    pub training_range: Option<Reference>,
    /// Where the training scenes lie in the network's features, where the checkpoint holds it.
    #[serde(skip)]
    pub training_features: Option<Arc<FeatureRange>>,
    /// What the frames of the training were, where that lies beside the weights.
    #[serde(skip)]
    pub likeness: Option<Arc<Likeness>>,
    /// Which samples they were trained on and chosen by, where that lies beside the weights.
    pub split: Option<Split>,
    /// Names of the tensors in the file that the network does not have, and that are not used.
    pub left_over: Vec<String>,
}

impl CheckpointCard {
    /// Checks that other weights can make an ensemble with these: that they take and give the same.
    ///
    /// # Errors
    /// In words that follow the name of the others.
    pub fn check_member(&self, other: &Self) -> Result<(), String> {
        let said = |card: &Self| (card.model.clone(), card.nowcasting.clone(), card.variant);
        let differs = match () {
            () if said(self) != said(other) => Some("takes or gives something else than"),
            () if self.refining != other.refining => Some("is of other rain than"),
            () if self.n_parameters != other.n_parameters => Some("is of another size than"),
            () => None,
        };
        differs.map_or(Ok(()), |differs| {
            Err(format!(
                "{differs} the weights beside it, so the two cannot be members of one ensemble"
            ))
        })
    }
}

/// Which device computes, and why that one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceReport {
    /// `gpu` or `cpu`.
    pub kind: &'static str,
    /// e.g. `CPU (flex)` or the adapter's name.
    pub name: String,
    /// e.g. `no GPU was found: only a software rasteriser (llvmpipe)`.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: OptionCard = OptionCard {
        name: "steps",
        label: "Steps",
        default: "50",
        kind: OptionKind::Whole { least: 2, most: 1600, offered: &[20, 50] },
    };
    const GAP: OptionCard = OptionCard {
        name: "tolerance",
        label: "More steps until",
        default: "none",
        kind: OptionKind::Share { least: 0.001, most: 1.0, offered: &[0.05], none: "never" },
    };

    const SMALL: &[(Variant, &[&str])] = &[(Variant::LR_128, &["early"])];

    fn model(published_options: &'static [PublishedOption]) -> ModelCard {
        ModelCard {
            id: "polar",
            title: "",
            summary: "",
            task: Task::SceneClassification(SceneClassification {
                classes: &[],
                default_class: 0,
                default_variant: Variant::HR,
                default_layers: SMALL,
            }),
            layers: Vec::new(),
            default_layers: vec!["late"],
            citations: &[],
            published_options,
            masks: false,
        }
    }

    /// Where a network takes more steps than others, help may not say that all take as many.
    #[test]
    fn defaults_name_the_networks_that_have_others() {
        const PUBLISHED: &[PublishedOption] =
            &[PublishedOption { method: "path", option: "steps", value: "200" }];
        let method = MethodCard {
            id: "path",
            title: "",
            summary: "",
            formula: "",
            cost: "",
            weakness: "",
            citations: &[],
            has_layers: false,
            is_of_logit: false,
            hides: None,
            own_passes: Some(1),
            options: &[STEPS],
        };
        let words = |models: &[ModelCard]| method.defaults_in_words(&STEPS, models);
        assert_eq!(words(&[]), "50");
        assert_eq!(words(&[model(&[]), model(PUBLISHED)]), "50 (200 for polar)");
    }

    /// Where a deep layer has one cell, a page shows others first.
    #[test]
    fn small_variants_have_layers_of_their_own() {
        let card = model(&[]);
        let weights = |variant| CheckpointCard {
            name: String::new(),
            model: "polar".to_owned(),
            weights_sha256: String::new(),
            training_data: String::new(),
            licence: String::new(),
            n_parameters: 0,
            is_simulated: false,
            nowcasting: None,
            refining: None,
            fields: None,
            members: Vec::new(),
            absent_layers: Vec::new(),
            variant,
            training_range: None,
            training_features: None,
            likeness: None,
            split: None,
            left_over: Vec::new(),
        };
        let alike = weights(Some(Variant::HR));
        assert_eq!(alike.check_member(&weights(Some(Variant::HR))), Ok(()));
        let larger = CheckpointCard { n_parameters: 1, ..alike.clone() };
        let rain = RainStatement::PUBLISHED;
        let tiles = Downscaling { n_input_channels: 1, input_px: None, output_px: 8 };
        let refining = Some(Refining { tiles, rain, is_stated: true });
        let finer = CheckpointCard { refining, ..alike.clone() };
        for other in [weights(None), larger, finer] {
            assert!(alike.check_member(&other).is_err(), "{other:?}");
        }
        let smaller = Variant { input_px: 96, crop_px: 64 };
        for (variant, layer) in [
            (Some(Variant::HR), "late"),
            (Some(Variant::LR_512), "late"),
            (Some(Variant::LR_128), "early"),
            (Some(smaller), "early"),
            (None, "late"),
        ] {
            assert_eq!(card.default_layers_of(&weights(variant)), [layer], "{variant:?}");
        }
    }

    #[test]
    fn options_are_read_in_one_form() {
        for (option, text, value) in [
            (STEPS, " 50 ", "50"),
            (STEPS, "+7", "7"),
            (GAP, "none", "none"),
            (GAP, "0.050", "0.05"),
        ] {
            assert_eq!(option.read(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_may_not_be_is_refused_with_what_may() {
        for (option, text, words) in [
            (STEPS, "1", "from 2 to 1600"),
            (STEPS, "2.5", "whole number"),
            (STEPS, "", "whole number"),
            (GAP, "2", "none, or a share from 0.001 to 1"),
            (GAP, "NaN", "none, or a share"),
        ] {
            let error = option.read(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
