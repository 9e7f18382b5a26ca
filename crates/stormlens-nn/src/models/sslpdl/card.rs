//! What pages, forms and commands say of SSLPDL.

use stormlens_data::card::{Citation, Layer, ModelCard, Task};

use super::form::MAX_LEVELS;

const CITATIONS: &[Citation] = &[
    Citation {
        key: "lee2025sslpdl",
        bibtex: "@inproceedings{lee2025sslpdl,\n  author    = {Lee, J. and An, S. and You, S. and Cho, N.},\n  title     = {Self-Supervised Learning with Probabilistic Density Labeling for Rainfall Probability Estimation},\n  booktitle = {IEEE/CVF Winter Conference on Applications of Computer Vision (WACV)},\n  year      = {2025},\n  pages     = {5560--5569},\n  eprint    = {2412.05825},\n  archivePrefix = {arXiv}\n}\n",
        text: "J. Lee, S. An, S. You and N. Cho: Self-Supervised Learning with Probabilistic Density Labeling for Rainfall Probability Estimation. WACV 2025, arXiv 2412.05825",
        url: "https://arxiv.org/abs/2412.05825",
    },
    Citation {
        key: "wang2023internimage",
        bibtex: "@inproceedings{wang2023internimage,\n  author    = {Wang, Wenhai and Dai, Jifeng and Chen, Zhe and Huang, Zhenhang and Li, Zhiqi and Zhu, Xizhou and Hu, Xiaowei and Lu, Tong and Lu, Lewei and Li, Hongsheng and Wang, Xiaogang and Qiao, Yu},\n  title     = {{InternImage}: Exploring Large-Scale Vision Foundation Models with Deformable Convolutions},\n  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},\n  year      = {2023},\n  eprint    = {2211.05778},\n  archivePrefix = {arXiv}\n}\n",
        text: "W. Wang et al.: InternImage: Exploring Large-Scale Vision Foundation Models with Deformable Convolutions. CVPR 2023, arXiv 2211.05778",
        url: "https://arxiv.org/abs/2211.05778",
    },
    Citation {
        key: "xiao2018upernet",
        bibtex: "@inproceedings{xiao2018upernet,\n  author    = {Xiao, Tete and Liu, Yingcheng and Zhou, Bolei and Jiang, Yuning and Sun, Jian},\n  title     = {Unified Perceptual Parsing for Scene Understanding},\n  booktitle = {European Conference on Computer Vision (ECCV)},\n  year      = {2018},\n  eprint    = {1807.10221},\n  archivePrefix = {arXiv}\n}\n",
        text: "T. Xiao et al.: Unified Perceptual Parsing for Scene Understanding. ECCV 2018, arXiv 1807.10221",
        url: "https://arxiv.org/abs/1807.10221",
    },
];

pub(super) fn card() -> ModelCard {
    ModelCard {
        id: "sslpdl",
        title: "SSLPDL",
        summary: "Fields of a weather model to the probability of rain and of heavy rain, by an encoder that learnt to \
                  rebuild hidden fields",
        task: Task::RainProbability,
        layers: layers(),
        default_layers: vec!["stem", "levels.0", "levels.1", "head.fused"],
        citations: CITATIONS,
        published_options: &[],
        masks: false,
    }
}

/// In the order of the forward pass of the deepest network; others have a part of them.
fn layers() -> Vec<Layer> {
    let layer = |name: String, label: String, group| Layer { name, label, group };
    let stem = layer("stem".into(), "Stem".into(), "Encoder");
    let levels = (0..MAX_LEVELS)
        .map(|n| layer(format!("levels.{n}"), format!("Level {}", n + 1), "Encoder"));
    let pyramid = layer("head.ppm".into(), "Pyramid of means".into(), "Head");
    let up = (0..MAX_LEVELS - 1)
        .rev()
        .map(|n| layer(format!("head.fpn.{n}"), format!("Head at level {}", n + 1), "Head"));
    let fused = layer("head.fused".into(), "All levels together".into(), "Head");
    [stem].into_iter().chain(levels).chain([pyramid]).chain(up).chain([fused]).collect()
}
