//! What pages, forms and commands say of the polar-low CNN.

use stormlens_data::card::{
    Citation, Class, Layer, ModelCard, PublishedOption, SceneClassification, Task,
};
use stormlens_data::scene::Variant;

use super::schema::{N_BLOCKS, sum_name};

const CITATIONS: &[Citation] = &[Citation {
    key: "grahn2022polarlows",
    bibtex: "@article{grahn2022polarlows,\n  author  = {Grahn, Jakob and Bianchi, Filippo Maria},\n  title   = {Recognition of Polar Lows in {Sentinel-1} {SAR} Images With Deep Learning},\n  journal = {IEEE Transactions on Geoscience and Remote Sensing},\n  volume  = {60},\n  year    = {2022},\n  doi     = {10.1109/TGRS.2022.3204886},\n  eprint  = {2203.16401},\n  archivePrefix = {arXiv}\n}\n",
    text: "J. Grahn and F. M. Bianchi: Recognition of Polar Lows in Sentinel-1 SAR Images With Deep Learning. IEEE Transactions on Geoscience and Remote Sensing 60, 2022, arXiv 2203.16401",
    url: "https://doi.org/10.1109/TGRS.2022.3204886",
}];

const CLASSES: &[Class] =
    &[Class { name: "neg", label: "no polar low" }, Class { name: "pos", label: "polar low" }];

const PUBLISHED_OPTIONS: &[PublishedOption] =
    &[PublishedOption { method: "integrated-gradients", option: "steps", value: "200" }];

/// Of 128 × 128 pixels, block 7 leaves one cell, block 4 leaves 8 × 8 and block 5 leaves 4 × 4.
const SMALL_LAYERS: &[(Variant, &[&str])] =
    &[(Variant::LR_128, &["activation_8", "activation_10"])];

pub(super) fn card() -> ModelCard {
    ModelCard {
        id: "polar-low",
        title: "Polar lows in Sentinel-1 scenes",
        summary: "A Sentinel-1 SAR scene to the probability that it shows a polar low",
        task: Task::SceneClassification(SceneClassification {
            classes: CLASSES,
            default_class: 1,
            default_variant: Variant::HR,
            default_layers: SMALL_LAYERS,
        }),
        layers: layers(),
        default_layers: vec!["activation_8", "activation_14"],
        citations: CITATIONS,
        published_options: PUBLISHED_OPTIONS,
        masks: false,
    }
}

/// Every ReLU and every sum, in the order of the forward pass, under the names that Keras gives
/// them in a fresh process.
fn layers() -> Vec<Layer> {
    let layer = |name: String, label: String, group| Layer { name, label, group };
    let mut layers = vec![layer("activation".into(), "Stem".into(), "Stem")];
    for n in 1..=N_BLOCKS {
        let convolution = |k: usize, which: &str| {
            layer(
                format!("activation_{}", 2 * n - 2 + k),
                format!("Block {n}, {which} convolution"),
                "Residual blocks",
            )
        };
        layers.extend([convolution(1, "first"), convolution(2, "second")]);
        layers.push(layer(sum_name(n), format!("Block {n}, sum"), "Residual blocks"));
    }
    let last = format!("activation_{}", 2 * N_BLOCKS + 1);
    layers.push(layer(last, "Last convolution".into(), "Tail"));
    layers
}
