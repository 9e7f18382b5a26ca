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

/// Who wrote this program, and its title.
const AUTHORS: &str = "The Stormlens developers";
const TITLE: &str = "Stormlens: see what a weather network predicts, how good that is, and why";

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

/// The works behind a result: [`works()`], the way of showing it and the colours if they are someone's, the data, and this
/// program.
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
    all.push(software());
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

/// This program, as CITATION.cff has it.
fn software() -> String {
    let entry = [
        "@software{stormlens,".to_owned(),
        format!("  author  = {{{{{AUTHORS}}}}},"),
        format!("  title   = {{{TITLE}}},"),
        format!("  version = {{{}}},", env!("CARGO_PKG_VERSION")),
        format!("  license = {{{}}}", env!("CARGO_PKG_LICENSE")),
        "}".to_owned(),
    ];
    entry.join("\n")
}

/// Words of a source that its key has.
const N_KEY_WORDS: usize = 4;

/// `data_mrms_western_usa_1a2b3c4d`: the first words of the source, so that a reader knows it, and digits of the
/// hash, so that entries of several results can stand in one file.
fn key(source: &str, sha256: &str) -> String {
    let words = source.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.take(N_KEY_WORDS).map(str::to_lowercase);
    let hash = sha256.get(..8).unwrap_or(sha256).to_owned();
    let all: Vec<String> = std::iter::once("data".to_owned()).chain(words).chain([hash]).collect();
    all.join("_")
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
        format!("@misc{{{},", key(data_source, data_sha256)),
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

    #[test]
    fn the_key_of_data_names_them() {
        let check = |source: &str, expected: &str| assert_eq!(key(source, "12ab34cd56"), expected);
        check("MRMS, western USA", "data_mrms_western_usa_12ab34cd");
        check("NCEP/NCAR Reanalysis 1 and GHCN", "data_ncep_ncar_reanalysis_1_12ab34cd");
        check("", "data_12ab34cd");
    }

    #[test]
    fn the_program_is_cited_as_its_file_says() {
        let said = include_str!("../../CITATION.cff");
        for words in [AUTHORS, TITLE, env!("CARGO_PKG_VERSION")] {
            assert!(said.contains(words), "{words}");
        }
        assert!(software().contains("author  = {{The Stormlens developers}},"), "{}", software());
    }
}
