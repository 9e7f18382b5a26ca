//! What pages, forms and commands say of SAR-UNet.

use stormlens_data::card::{Citation, Layer, ModelCard, Task};

const CITATIONS: &[Citation] = &[Citation {
    key: "renault2023sarunet",
    bibtex: "@inproceedings{renault2023sarunet,\n  author    = {Renault, Mathieu and Mehrkanoon, Siamak},\n  title     = {{SAR-UNet}: Small Attention Residual {UNet} for Explainable Nowcasting Tasks},\n  booktitle = {2023 International Joint Conference on Neural Networks (IJCNN)},\n  year      = {2023},\n  eprint    = {2303.06663},\n  archivePrefix = {arXiv}\n}\n",
    text: "M. Renault and S. Mehrkanoon: SAR-UNet: Small Attention Residual UNet for Explainable Nowcasting Tasks. IJCNN 2023, arXiv 2303.06663",
    url: "https://arxiv.org/abs/2303.06663",
}];

pub(super) fn card() -> ModelCard {
    ModelCard {
        id: "sar-unet",
        title: "SAR-UNet",
        summary: "The frames that follow, by a small U-Net with attention and residual blocks",
        task: Task::Nowcasting,
        layers: layers(),
        default_layers: vec!["cbam1", "cbam5", "Up_RRCNN3", "Up_RRCNN2"],
        citations: CITATIONS,
        published_options: &[],
        masks: false,
    }
}

/// All 32 layers of the reference program's list, in its order (its figures number the blocks 1 to
/// 9 from the input to the output).
fn layers() -> Vec<Layer> {
    let encoder = (1..=5).map(|n| (format!("RRCNN{n}"), n, Some(format!("cbam{n}")), "Encoder"));
    let decoder = (2..=5).rev().map(|n| (format!("Up_RRCNN{n}"), 11 - n, None, "Decoder"));
    encoder
        .chain(decoder)
        .flat_map(|(block, n, cbam, group)| block_layers(&block, n, cbam, group))
        .collect()
}

fn block_layers(block: &str, n: usize, cbam: Option<String>, group: &'static str) -> Vec<Layer> {
    let layer = |name: String, label: String| Layer { name, label, group };
    let mut layers = vec![
        layer(block.to_owned(), format!("Residual DSC block {n}")),
        layer(format!("{block}.doubleconv"), format!("DSC path {n}")),
        layer(format!("{block}.Conv_1x1"), format!("Residual connection {n}")),
    ];
    layers.extend(cbam.map(|name| layer(name, format!("CBAM {n}"))));
    layers
}
