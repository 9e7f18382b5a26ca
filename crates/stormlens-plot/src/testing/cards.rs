//! Cards of networks and methods that give what the results here hold.

use stormlens_data::card::{
    Citation, Class, Layer, MethodCard, ModelCard, OptionCard, OptionKind, SceneClassification,
    Task,
};
use stormlens_data::scene::Variant;

use super::{LAYERS, SCENE_LAYERS};

pub const CLASSES: [Class; 2] =
    [Class { name: "neg", label: "no polar low" }, Class { name: "pos", label: "polar low" }];

/// The card of a network that takes what [`outcome`](super::outcome) was made from.
pub fn card() -> ModelCard {
    let layer = |(name, _): (&str, usize)| Layer {
        name: name.to_owned(),
        label: name.replace('_', " "),
        group: "Decoder",
    };
    ModelCard {
        id: "sar-unet",
        title: "Test network",
        summary: "Moves the last frame along",
        task: Task::Nowcasting,
        layers: LAYERS.map(layer).into(),
        default_layers: vec![LAYERS[0].0, LAYERS[1].0],
        citations: &[],
        published_options: &[],
        masks: false,
    }
}

/// The card of a network that takes what [`scene_outcome`](super::scene_outcome) was made from.
pub fn scene_card() -> ModelCard {
    let layer = |(name, side): (&str, usize)| Layer {
        name: name.to_owned(),
        label: format!("Layer of {side} cells"),
        group: "Residual blocks",
    };
    ModelCard {
        id: "polar-low",
        title: "Test network of scenes",
        summary: "Finds a hump",
        task: Task::SceneClassification(SceneClassification {
            classes: &CLASSES,
            default_class: 1,
            default_variant: Variant::LR_512,
            default_layers: &[],
        }),
        layers: SCENE_LAYERS.map(layer).into(),
        default_layers: vec!["activation_14"],
        citations: &[],
        published_options: &[],
        masks: false,
    }
}

/// The cards of the three methods that the results here hold attributions of.
pub fn methods() -> &'static [MethodCard] {
    &METHODS
}

const METHODS: [MethodCard; 3] = [
    MethodCard {
        has_layers: true,
        is_of_logit: true,
        hides: None,
        ..method("grad-cam", "Grad-CAM", &[], &[GRAD_CAM])
    },
    MethodCard {
        own_passes: Some(1),
        ..method(
            "integrated-gradients",
            "Integrated gradients",
            &[STEPS, BASELINE],
            &[INTEGRATED_GRADIENTS],
        )
    },
    method("saliency", "Saliency", &[], &[SALIENCY]),
];

const GRAD_CAM: Citation = Citation {
    key: "selvaraju2017",
    bibtex: "@inproceedings{selvaraju2017,\n  title = {Grad-CAM}\n}",
    text: "Selvaraju et al., Grad-CAM, ICCV, 2017",
    url: "https://doi.org/10.1109/ICCV.2017.74",
};
const INTEGRATED_GRADIENTS: Citation = Citation {
    key: "sundararajan2017",
    bibtex: "@inproceedings{sundararajan2017,\n  title = {Axiomatic attribution}\n}",
    text: "Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, ICML, 2017",
    url: "https://arxiv.org/abs/1703.01365",
};
const SALIENCY: Citation = Citation {
    key: "simonyan2014",
    bibtex: "@inproceedings{simonyan2014,\n  title = {Deep inside convolutional networks}\n}",
    text: "Simonyan, Vedaldi and Zisserman, Deep inside convolutional networks, ICLR, 2014",
    url: "https://arxiv.org/abs/1312.6034",
};

const STEPS: OptionCard = OptionCard {
    name: "steps",
    label: "Steps",
    default: "50",
    kind: OptionKind::Whole { least: 2, most: 1600, offered: &[10, 50, 200] },
};
const BASELINE: OptionCard = OptionCard {
    name: "baseline",
    label: "Baseline",
    default: "zero",
    kind: OptionKind::Choice(&[
        ("zero", "zero (an input with nothing in it)"),
        ("blurred", "the input, blurred"),
        ("mean", "the input's mean"),
    ]),
};

const fn method(
    id: &'static str,
    title: &'static str,
    options: &'static [OptionCard],
    citations: &'static [Citation],
) -> MethodCard {
    MethodCard {
        id,
        title,
        summary: "Shows a function of the input",
        formula: "A = f(x)",
        cost: "nothing",
        weakness: "It is made up.",
        citations,
        has_layers: false,
        is_of_logit: false,
        hides: None,
        own_passes: None,
        options,
    }
}
