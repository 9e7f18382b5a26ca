//! What a network is, in words and numbers a page, a form and a command can be built from.

use serde::Serialize;

use crate::choice::choice;
use crate::scene::{Reference, Variant};

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
    /// Layers that a page shows until the visitor chooses.
    pub default_layers: Vec<&'static str>,
    pub citations: &'static [Citation],
}

/// What goes in and what comes out.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Task {
    /// Frames in, frames out; how many and of what, each checkpoint says: see [`Nowcasting`].
    Nowcasting,
    SceneClassification(SceneClassification),
}

choice! {
    /// What the frames of a nowcast show.
    NowcastField("field") {
        /// Rain of radar, normalised: mm in 5 minutes / 47.83.
        #[default]
        Precipitation = "precipitation",
        /// Whether there are clouds: 0 or 1.
        CloudCover = "cloud-cover",
    }
}

/// A sequence of frames in, the frames at one or several lead times out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nowcasting {
    pub field: NowcastField,
    pub n_input_frames: usize,
    pub frame_step_min: u32,
    /// Minutes from the last input frame to each output channel, ascending.
    pub lead_times_min: Vec<u32>,
    /// Whether the checkpoint states step and lead times; else those of the publication are taken,
    /// and pages say so.
    pub is_stated: bool,
    /// Height and width must be multiples of this.
    pub size_multiple: usize,
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

    /// Whether it takes sequences of frames.
    pub fn is_nowcasting(&self) -> bool {
        matches!(self.task, Task::Nowcasting)
    }

    /// The classes it tells apart, if it is a classifier of scenes.
    pub fn scene_classification(&self) -> Option<&SceneClassification> {
        match &self.task {
            Task::SceneClassification(task) => Some(task),
            Task::Nowcasting => None,
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
    /// The size of the pictures it was trained on; `None` for other networks.
    pub variant: Option<Variant>,
    /// The range of the training scenes' statistics, where the checkpoint holds it.
    pub familiar: Option<Reference>,
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
