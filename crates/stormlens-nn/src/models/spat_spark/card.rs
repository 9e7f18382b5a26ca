//! What pages, forms and commands say of SpaT-SparK.

use stormlens_data::card::{Citation, Layer, ModelCard, Task};

use super::form::{BLOCKS, LEVELS};

const CITATIONS: &[Citation] = &[
    Citation {
        key: "li2025spatspark",
        bibtex: "@misc{li2025spatspark,\n  author = {Li and Siebes and Mehrkanoon},\n  title  = {Self-supervised Spatial-Temporal Learner for Precipitation Nowcasting},\n  year   = {2025},\n  note   = {IEEE CISM 2025},\n  eprint = {2412.15917},\n  archivePrefix = {arXiv}\n}\n",
        text: "Li, Siebes and Mehrkanoon: Self-supervised Spatial-Temporal Learner for Precipitation Nowcasting. IEEE CISM 2025, arXiv 2412.15917",
        url: "https://arxiv.org/abs/2412.15917",
    },
    Citation {
        key: "tian2023spark",
        bibtex: "@inproceedings{tian2023spark,\n  author    = {Tian, Keyu and Jiang, Yi and Diao, Qishuai and Lin, Chen and Wang, Liwei and Yuan, Zehuan},\n  title     = {Designing {BERT} for Convolutional Networks: Sparse and Hierarchical Masked Modeling},\n  booktitle = {International Conference on Learning Representations (ICLR)},\n  year      = {2023},\n  eprint    = {2301.03580},\n  archivePrefix = {arXiv}\n}\n",
        text: "K. Tian et al.: Designing BERT for Convolutional Networks: Sparse and Hierarchical Masked Modeling. ICLR 2023, arXiv 2301.03580",
        url: "https://arxiv.org/abs/2301.03580",
    },
];

pub(super) fn card() -> ModelCard {
    ModelCard {
        id: "spat-spark",
        title: "SpaT-SparK",
        summary: "The frames of the next hour, by an encoder that learnt to rebuild hidden parts of radar frames",
        task: Task::Nowcasting,
        layers: layers(),
        default_layers: vec!["encoder.2", "encoder.4", "decoder.2", "decoder.4"],
        citations: CITATIONS,
        published_options: &[],
        masks: true,
    }
}

/// In the order of the forward pass; weights without a translation have no layers of it.
fn layers() -> Vec<Layer> {
    let layer = |name: String, label: String, group| Layer { name, label, group };
    let stem = layer("encoder.stem".into(), "Stem".into(), "Encoder");
    let encoder = (1..=LEVELS)
        .map(|n| layer(format!("encoder.{n}"), format!("Encoder level {n}"), "Encoder"));
    // Counted from the coarsest level on, which the encoder counts last.
    let to_decoder = (0..LEVELS).flat_map(|i| {
        let level = LEVELS - i;
        [
            layer(format!("translation.{i}"), format!("Level {level} translated"), "Translation"),
            layer(format!("densify.{i}"), format!("Level {level} for the decoder"), "Densify"),
        ]
    });
    let decoder = (0..BLOCKS)
        .map(|n| layer(format!("decoder.{n}"), format!("Decoder block {}", n + 1), "Decoder"));
    [stem].into_iter().chain(encoder).chain(to_decoder).chain(decoder).collect()
}
