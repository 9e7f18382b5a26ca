//! What a network is, in words and numbers a page, a form and a command can be built from.

use serde::Serialize;

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
    /// Name in addresses and commands, e.g. `sar-unet-precip`.
    pub id: &'static str,
    pub title: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    pub n_input_frames: usize,
    pub frame_step_min: u32,
    pub lead_time_min: u32,
    /// Height and width must be multiples of this.
    pub size_multiple: usize,
    pub layers: Vec<Layer>,
    /// Layers that a page shows until the visitor chooses.
    pub default_layers: Vec<&'static str>,
    pub default_threshold_mm_h: f64,
    pub citations: &'static [Citation],
}

impl ModelCard {
    /// The layer of that name or label, whichever the visitor typed.
    pub fn layer(&self, wanted: &str) -> Option<&Layer> {
        self.layers.iter().find(|l| l.name == wanted || l.label.eq_ignore_ascii_case(wanted))
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
