//! What should be cited for a result, as BibTeX.

use stormlens_data::card::ModelCard;
use stormlens_data::outcome::{NowcastOutcome, Provenance};

use crate::plot::{RainPalette, Style};

pub const GRAD_CAM: &str = "@inproceedings{selvaraju2017gradcam,
  author    = {Selvaraju, Ramprasaath R. and Cogswell, Michael and Das, Abhishek and Vedantam, Ramakrishna and Parikh, Devi and Batra, Dhruv},
  title     = {{Grad-CAM}: Visual Explanations from Deep Networks via Gradient-Based Localization},
  booktitle = {2017 IEEE International Conference on Computer Vision (ICCV)},
  year      = {2017},
  pages     = {618--626},
  doi       = {10.1109/ICCV.2017.74}
}";

const SEGMENTATION: &str = "@article{vinogradova2020seggradcam,
  author  = {Vinogradova, Kira and Dibrov, Alexandr and Myers, Gene},
  title   = {Towards Interpretable Semantic Segmentation via Gradient-Weighted Class Activation Mapping (Student Abstract)},
  journal = {Proceedings of the AAAI Conference on Artificial Intelligence},
  year    = {2020},
  volume  = {34},
  number  = {10},
  pages   = {13943--13944},
  doi     = {10.1609/aaai.v34i10.7244}
}";

pub const INTEGRATED_GRADIENTS: &str = "@inproceedings{sundararajan2017axiomatic,
  author    = {Sundararajan, Mukund and Taly, Ankur and Yan, Qiqi},
  title     = {Axiomatic Attribution for Deep Networks},
  booktitle = {Proceedings of the 34th International Conference on Machine Learning},
  series    = {Proceedings of Machine Learning Research},
  volume    = {70},
  year      = {2017},
  pages     = {3319--3328}
}";

pub const GRAHN: &str = "@article{grahn2022polarlows,
  author  = {Grahn, Jakob and Bianchi, Filippo Maria},
  title   = {Recognition of Polar Lows in {Sentinel-1} {SAR} Images With Deep Learning},
  journal = {IEEE Transactions on Geoscience and Remote Sensing},
  volume  = {60},
  year    = {2022},
  doi     = {10.1109/TGRS.2022.3204886},
  eprint  = {2203.16401},
  archivePrefix = {arXiv}
}";

const PYSTEPS: &str = "@article{pulkkinen2019pysteps,
  author  = {Pulkkinen, Seppo and Nerini, Daniele and {P\\'erez Hortal}, Andr\\'es A. and Velasco-Forero, Carlos and Seed, Alan and Germann, Urs and Foresti, Loris},
  title   = {Pysteps: an open-source {Python} library for probabilistic precipitation nowcasting (v1.0)},
  journal = {Geoscientific Model Development},
  year    = {2019},
  volume  = {12},
  number  = {10},
  pages   = {4185--4219},
  doi     = {10.5194/gmd-12-4185-2019}
}";

/// The works behind a result: the network, the methods that were used, the colours if they are
/// someone's, and the data.
pub fn bibtex(outcome: &NowcastOutcome, card: &ModelCard, style: &Style) -> String {
    let mut entries: Vec<String> = card.citations.iter().map(|c| c.bibtex.trim().into()).collect();
    if outcome.grad_cam.is_some() {
        entries.extend([GRAD_CAM.into(), SEGMENTATION.into()]);
    }
    if outcome.integrated_gradients.is_some() {
        entries.push(INTEGRATED_GRADIENTS.into());
    }
    if style.palette != RainPalette::Uniform {
        entries.push(PYSTEPS.into());
    }
    entries.push(data(&outcome.provenance));
    self::entries(entries)
}

/// All of them as one file, each key once.
pub fn entries(mut entries: Vec<String>) -> String {
    let mut keys: Vec<String> = Vec::new();
    entries.retain(|entry| {
        let key = entry.split([',', '{']).nth(1).unwrap_or(entry).trim().to_owned();
        let new = !keys.contains(&key);
        keys.push(key);
        new
    });
    entries.join("\n\n") + "\n"
}

/// The data themselves, by their hash.
pub fn data(from: &Provenance) -> String {
    let Provenance { data_source, data_licence, data_sha256, data_files, .. } = from;
    let (first, last) = (data_files.first(), data_files.last());
    let files = match (first, last) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(only), _) => only.clone(),
        _ => String::new(),
    };
    let entry = [
        "@misc{data,".to_owned(),
        format!("  title = {{{}}},", tex(data_source)),
        format!(
            "  note  = {{{}. Files {}, SHA-256 {data_sha256}}}",
            tex(data_licence),
            tex(&files)
        ),
        "}".to_owned(),
    ];
    entry.join("\n")
}

/// Text as TeX prints it and BibTeX reads it. The latter counts braces even behind a backslash, so
/// they go by their names.
fn tex(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '\\' => escaped.push_str(r"\textbackslash{}"),
            '{' => escaped.push_str(r"\textbraceleft{}"),
            '}' => escaped.push_str(r"\textbraceright{}"),
            '~' => escaped.push_str(r"\textasciitilde{}"),
            '^' => escaped.push_str(r"\textasciicircum{}"),
            '_' | '%' | '&' | '#' | '$' => escaped.extend(['\\', letter]),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_for_tex() {
        let check = |text: &str, expected: &str| assert_eq!(tex(text), expected);
        check("a}b\\c~.png", r"a\textbraceright{}b\textbackslash{}c\textasciitilde{}.png");
        check("{^", r"\textbraceleft{}\textasciicircum{}");
        check("a_b 5 % & #1 $", r"a\_b 5 \% \& \#1 \$");
        check("Kårstø – 3 × 3.png", "Kårstø – 3 × 3.png");
    }
}
