//! What pages, forms and commands say of HARPNET.

use stormlens_data::card::{Citation, Layer, ModelCard, Task};

use super::form::MAX_DEPTH;

const CITATIONS: &[Citation] = &[
    Citation {
        key: "harpnet",
        bibtex: "@misc{harpnet,\n  author       = {clamalo},\n  title        = {{HARPNET}},\n  howpublished = {\\url{https://github.com/clamalo/harpnet}},\n  note         = {commit 3bfe29e},\n  year         = {2025}\n}\n",
        text: "clamalo: HARPNET, a program for precipitation downscaling, commit 3bfe29e, 2025",
        url: "https://github.com/clamalo/harpnet",
    },
    Citation {
        key: "oktay2018attention",
        bibtex: "@inproceedings{oktay2018attention,\n  author    = {Oktay, Ozan and Schlemper, Jo and Le Folgoc, Loic and Lee, Matthew and Heinrich, Mattias and Misawa, Kazunari and Mori, Kensaku and McDonagh, Steven and Hammerla, Nils Y. and Kainz, Bernhard and Glocker, Ben and Rueckert, Daniel},\n  title     = {Attention {U-Net}: Learning Where to Look for the Pancreas},\n  booktitle = {Medical Imaging with Deep Learning (MIDL)},\n  year      = {2018},\n  eprint    = {1804.03999},\n  archivePrefix = {arXiv}\n}\n",
        text: "O. Oktay et al.: Attention U-Net: Learning Where to Look for the Pancreas. MIDL 2018, arXiv 1804.03999",
        url: "https://arxiv.org/abs/1804.03999",
    },
];

pub(super) fn card() -> ModelCard {
    ModelCard {
        id: "harpnet",
        title: "HARPNET",
        summary: "Coarse rain and the terrain to fine rain, on tiles, by a U-Net with attention gates",
        task: Task::Downscaling,
        layers: layers(),
        default_layers: vec!["attn_blocks.0", "bridge", "decoders.0"],
        citations: CITATIONS,
        published_options: &[],
        masks: false,
    }
}

/// Every block with its two paths, and every gated skip connection, in the order of the forward pass of
/// the deepest network; others have a part of them.
fn layers() -> Vec<Layer> {
    let levels = || 0..MAX_DEPTH;
    let encoder = levels().flat_map(|n| {
        block(&format!("encoders.{n}"), &format!("Encoder block {}", n + 1), "Encoder")
    });
    let decoder = levels().flat_map(|n| {
        let gated = Layer {
            name: format!("attn_blocks.{n}"),
            label: format!("Gated skip connection {}", n + 1),
            group: "Attention",
        };
        let label = format!("Decoder block {}", n + 1);
        [gated].into_iter().chain(block(&format!("decoders.{n}"), &label, "Decoder"))
    });
    encoder.chain(block("bridge", "Bridge", "Bridge")).chain(decoder).collect()
}

fn block(name: &str, label: &str, group: &'static str) -> [Layer; 3] {
    let layer = |name: String, label: String| Layer { name, label, group };
    [
        layer(format!("{name}.resconvblock"), format!("{label}, convolutions")),
        layer(format!("{name}.shortcut"), format!("{label}, straight path")),
        layer(name.to_owned(), label.to_owned()),
    ]
}
