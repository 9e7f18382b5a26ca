//! What pages, forms and commands say of the U-Nets.

use stormlens_data::card::{Citation, Layer, ModelCard, Task};

use super::network::{Block, Convolution, LEVELS, UNet};

const SMAAT_UNET: Citation = Citation {
    key: "trebing2021smaatunet",
    bibtex: "@article{trebing2021smaatunet,\n  author  = {Trebing, Kevin and Sta\\'{n}czyk, Tomasz and Mehrkanoon, Siamak},\n  title   = {{SmaAt-UNet}: Precipitation nowcasting using a small attention-{UNet} architecture},\n  journal = {Pattern Recognition Letters},\n  volume  = {145},\n  pages   = {178--186},\n  year    = {2021},\n  doi     = {10.1016/j.patrec.2021.01.036},\n  eprint  = {2007.04417},\n  archivePrefix = {arXiv}\n}\n",
    text: "K. Trebing, T. Stańczyk and S. Mehrkanoon: SmaAt-UNet: Precipitation nowcasting using a small attention-UNet architecture. Pattern Recognition Letters 145, 2021, arXiv 2007.04417",
    url: "https://doi.org/10.1016/j.patrec.2021.01.036",
};

const UNET: Citation = Citation {
    key: "ronneberger2015unet",
    bibtex: "@inproceedings{ronneberger2015unet,\n  author    = {Ronneberger, Olaf and Fischer, Philipp and Brox, Thomas},\n  title     = {{U-Net}: Convolutional Networks for Biomedical Image Segmentation},\n  booktitle = {Medical Image Computing and Computer-Assisted Intervention (MICCAI)},\n  pages     = {234--241},\n  year      = {2015},\n  doi       = {10.1007/978-3-319-24574-4_28},\n  eprint    = {1505.04597},\n  archivePrefix = {arXiv}\n}\n",
    text: "O. Ronneberger, P. Fischer and T. Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015, arXiv 1505.04597",
    url: "https://doi.org/10.1007/978-3-319-24574-4_28",
};

const CBAM: Citation = Citation {
    key: "woo2018cbam",
    bibtex: "@inproceedings{woo2018cbam,\n  author    = {Woo, Sanghyun and Park, Jongchan and Lee, Joon-Young and Kweon, In So},\n  title     = {{CBAM}: Convolutional Block Attention Module},\n  booktitle = {European Conference on Computer Vision (ECCV)},\n  year      = {2018},\n  eprint    = {1807.06521},\n  archivePrefix = {arXiv}\n}\n",
    text: "S. Woo, J. Park, J.-Y. Lee and I. S. Kweon: CBAM: Convolutional Block Attention Module. ECCV 2018, arXiv 1807.06521",
    url: "https://arxiv.org/abs/1807.06521",
};

pub(super) fn card(network: &UNet) -> ModelCard {
    ModelCard {
        id: network.id,
        title: network.name,
        summary: summary(network),
        task: Task::Nowcasting,
        layers: layers(network),
        default_layers: match network.n_attention {
            0 => vec!["inc", "down4", "up3", "up4"],
            LEVELS => vec!["cbam1", "cbam5", "up3", "up4"],
            _ => vec!["cbam1", "cbam4", "up3", "up4"],
        },
        citations: match network.n_attention {
            0 => &[SMAAT_UNET, UNET],
            _ => &[SMAAT_UNET, UNET, CBAM],
        },
        published_options: &[],
        masks: false,
    }
}

fn summary(network: &UNet) -> &'static str {
    match (network.convolution, network.n_attention) {
        (Convolution::Plain, 0) => "The frames that follow, by a U-Net of plain convolutions",
        (Convolution::Plain, _) => {
            "The frames that follow, by a U-Net of plain convolutions with attention"
        }
        (Convolution::Separable, 0) => {
            "The frames that follow, by a U-Net of depthwise-separable convolutions"
        }
        (Convolution::Separable, LEVELS) => {
            "The frames that follow, by a small U-Net with attention: separable convolutions, a \
             quarter of the weights of a plain one"
        }
        (Convolution::Separable, _) => {
            "The frames that follow, by SmaAt-UNet without the attention of its last level"
        }
    }
}

/// Every block, the first convolution within it, and the attention on its way out, in the order of
/// the forward pass.
fn layers(network: &UNet) -> Vec<Layer> {
    let encoder = (1..=LEVELS).flat_map(|level| {
        let label = format!("Encoder block {level}");
        let attention = (level <= network.n_attention).then(|| Layer {
            name: format!("cbam{level}"),
            label: format!("CBAM {level}"),
            group: "Attention",
        });
        block(&Block::encoder(level), &label, "Encoder").into_iter().chain(attention)
    });
    let decoder = (1..LEVELS).flat_map(|level| {
        block(&Block::decoder(level), &format!("Decoder block {level}"), "Decoder")
    });
    encoder.chain(decoder).collect()
}

fn block(block: &Block, label: &str, group: &'static str) -> [Layer; 2] {
    let first = format!("{label}, first convolution");
    [
        Layer { name: block.first(), label: first, group },
        Layer { name: block.layer.clone(), label: label.to_owned(), group },
    ]
}
