//! What should be cited for a result, as BibTeX.

use stormlens_data::card::{Citation, MethodCard, ModelCard};
use stormlens_data::outcome::{Colours, Domain, Outcome, Provenance, Role};
use stormlens_data::works;

use stormlens_plot::{Overlay, Polarity, RainPalette, Style};

/// The overlays of its program.
const GRAHN: &str = "@article{grahn2022polarlows,
  author  = {Grahn, Jakob and Bianchi, Filippo Maria},
  title   = {Recognition of Polar Lows in {Sentinel-1} {SAR} Images With Deep Learning},
  journal = {IEEE Transactions on Geoscience and Remote Sensing},
  volume  = {60},
  year    = {2022},
  doi     = {10.1109/TGRS.2022.3204886},
  eprint  = {2203.16401},
  archivePrefix = {arXiv}
}";

/// Works of the network, of the methods that were used, and of whatever else is in the result: reference forecasts, rivals,
/// recalibration and scores. Each once.
pub fn works(outcome: &Outcome, card: &ModelCard, methods: &[MethodCard]) -> Vec<Citation> {
    let is_used = |method: &&MethodCard| outcome.request.explained_by(method.id).is_some();
    let of_methods = methods.iter().filter(is_used).flat_map(|method| method.citations);
    let mut all: Vec<Citation> = Vec::new();
    for work in card.citations.iter().chain(of_methods).copied().chain(works::of_outcome(outcome)) {
        if all.iter().all(|known| known.key != work.key) {
            all.push(work);
        }
    }
    all
}

/// The works behind a result: [`works()`], the way of showing it and the colours if they are someone's, and the data.
pub fn bibtex(
    outcome: &Outcome,
    card: &ModelCard,
    methods: &[MethodCard],
    style: &Style,
) -> String {
    let cited = works(outcome, card, methods).into_iter();
    let mut all: Vec<String> = cited.map(|citation| citation.bibtex.trim().into()).collect();
    if shows_published_overlay(outcome, style) {
        all.push(GRAHN.into());
    }
    let has_rain = outcome.variables.iter().any(|v| v.quantity.colours == Colours::Rain);
    if has_rain && style.palette != RainPalette::Uniform {
        all.push(works::PYSTEPS.bibtex.trim().into());
    }
    all.push(data(&outcome.provenance));
    entries(all)
}

/// Whether attributions of a picture are shown in a way that was published for pictures. One sign of those
/// of pixels is, in any colours. On the Earth the published overlay is the network's own, which is cited
/// anyway.
fn shows_published_overlay(outcome: &Outcome, style: &Style) -> bool {
    let mut of_picture = outcome.variables.iter().filter(|variable| {
        let is_picture = matches!(variable.domain, Domain::Scene(_) | Domain::SceneCentre(_));
        is_picture && matches!(variable.role, Role::Attribution { .. })
    });
    match (style.overlay, style.polarity) {
        (Overlay::Published, _) => of_picture.next().is_some(),
        (Overlay::Map, Polarity::Signed) => false,
        (Overlay::Map, _) => {
            of_picture.any(|v| v.layer().is_none() && v.quantity.colours == Colours::Signed)
        }
    }
}

/// All of them as one file, each key once.
fn entries(mut entries: Vec<String>) -> String {
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
fn data(from: &Provenance) -> String {
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
