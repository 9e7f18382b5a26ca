//! What the application under test says of its networks and weights.

use stormlens_data::card::{
    CheckpointCard, Citation, Layer, ModelCard, NowcastField, Nowcasting, Task,
};
use stormlens_data::scene::Variant;
use stormlens_plot::testing::LAYERS;

use super::LEADS;

pub fn model() -> ModelCard {
    const CITATIONS: &[Citation] = &[Citation {
        key: "someone2026",
        bibtex: "@article{someone2026,\n  title = {A network}\n}\n",
        text: "Someone: A network. 2026",
        url: "https://example.org/network",
    }];
    let layers = LAYERS.map(|(name, _)| Layer {
        name: name.to_owned(),
        label: format!("Block {name}"),
        group: if name.starts_with("Up") { "Decoder" } else { "Encoder" },
    });
    ModelCard {
        id: "sar-unet",
        title: "SAR-UNet, precipitation",
        summary: "Twelve radar frames of the last hour to the rain rate 30 minutes ahead",
        task: Task::Nowcasting,
        layers: layers.into(),
        default_layers: vec![LAYERS[0].0, LAYERS[1].0],
        citations: CITATIONS,
        published_options: &[],
        masks: false,
    }
}

pub fn checkpoint() -> CheckpointCard {
    CheckpointCard {
        name: "test".to_owned(),
        model: "sar-unet".to_owned(),
        weights_sha256: "ab".repeat(32),
        training_data: "None: this is a test".to_owned(),
        licence: "MIT".to_owned(),
        n_parameters: 1_234_567,
        is_simulated: false,
        refining: None,
        fields: None,
        members: Vec::new(),
        absent_layers: Vec::new(),
        nowcasting: Some(Nowcasting {
            field: NowcastField::Precipitation,
            n_input_frames: 12,
            frame_step_min: 5,
            lead_times_min: vec![30],
            is_stated: true,
            size_multiple: 16,
        }),
        variant: None,
        training_range: None,
        training_features: None,
        likeness: None,
        split: None,
        left_over: Vec::new(),
    }
}

/// The same for [`LEADS`].
pub fn checkpoint_of_leads() -> CheckpointCard {
    let task = checkpoint().nowcasting.expect("it forecasts");
    let nowcasting = Some(Nowcasting { lead_times_min: LEADS.into(), ..task });
    CheckpointCard { nowcasting, ..checkpoint() }
}

pub fn classifier_weights() -> CheckpointCard {
    CheckpointCard {
        name: "scripted".to_owned(),
        model: "polar-low".to_owned(),
        is_simulated: true,
        nowcasting: None,
        variant: Some(Variant::LR_512),
        ..checkpoint()
    }
}
