//! What a figure was made from.

use resvg::usvg::roxmltree::{Document, Node};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::Request;

use stormlens_plot::{Figure, Style, alt_text};

/// The key of the recipe in a PNG, and what stands before it in a PDF's keywords.
pub const KEYWORD: &str = "stormlens-recipe";
/// The namespace of the recipe's element in an SVG.
pub const NAMESPACE: &str = "urn:stormlens:recipe:1";
/// Figures have a few megabytes at most; what is far larger is no figure of ours.
const MAX_FILE_BYTES: usize = 64 << 20;
const MAX_TEXT_BYTES: usize = 1 << 20;

/// The form of recipes that this program writes and reads.
const VERSION: u32 = 1;

/// Everything that is needed to draw a figure again, but for weights and data, which are named by
/// their hashes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Of this form; goes up when older programs could misread it.
    pub version: u32,
    /// The figure's name in addresses, e.g. `map-grad_cam/cbam4`.
    pub figure: String,
    /// What the figure shows, in words.
    pub description: String,
    pub request: Request,
    pub style: Style,
    pub provenance: Provenance,
}

/// What a file that is drawn says of itself.
pub trait Stamp {
    /// The figure's name in addresses.
    fn name(&self) -> &str;

    /// What it shows, in words.
    fn description(&self) -> &str;

    /// The program that drew it.
    fn program(&self) -> &str;

    /// What it was made from, as one line of JSON.
    fn to_json(&self) -> String;
}

impl Stamp for Recipe {
    fn name(&self) -> &str {
        &self.figure
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn program(&self) -> &str {
        &self.provenance.program
    }

    fn to_json(&self) -> String {
        Self::to_json(self)
    }
}

/// Why a file's recipe can't be read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum RecipeError {
    #[error("the file is no PNG, SVG or PDF figure")]
    UnknownFormat,
    #[error("the file holds {n_bytes} bytes, more than any figure of this program")]
    TooLarge { n_bytes: usize },
    #[error("the {format} file can't be read: {reason}")]
    Damaged { format: &'static str, reason: String },
    #[error(
        "the {format} file holds no recipe: it was not made by this program, or another program rewrote it without its metadata"
    )]
    Absent { format: &'static str },
    #[error("the recipe in the {format} file can't be read: {reason}")]
    Unreadable { format: &'static str, reason: String },
}

impl Recipe {
    /// The largest file that a recipe is looked for in.
    pub const MAX_FILE_BYTES: usize = MAX_FILE_BYTES;

    pub fn new(outcome: &Outcome, figure: &Figure, style: &Style) -> Self {
        Self {
            version: VERSION,
            figure: figure.to_string(),
            description: alt_text(outcome, figure),
            request: outcome.request.clone(),
            style: style.clone(),
            provenance: outcome.provenance.clone(),
        }
    }

    /// The recipe as one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a recipe holds text and finite numbers only")
    }

    /// The recipe of a PNG, SVG or PDF figure, recognised by its content.
    ///
    /// # Errors
    /// If the file is none of the three, is damaged, or holds no recipe.
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self, RecipeError> {
        if bytes.len() > Self::MAX_FILE_BYTES {
            return Err(RecipeError::TooLarge { n_bytes: bytes.len() });
        }
        let (format, text) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            ("PNG", of_png(bytes)?)
        } else if bytes.starts_with(b"%PDF-") {
            ("PDF", of_pdf(bytes)?)
        } else {
            let svg = std::str::from_utf8(bytes).map_err(|_| RecipeError::UnknownFormat)?;
            ("SVG", of_svg(svg)?)
        };
        let text = text.ok_or(RecipeError::Absent { format })?;
        Self::from_json(&text).map_err(|reason| RecipeError::Unreadable { format, reason })
    }

    /// The version is looked at first: what another one says may mean something else.
    fn from_json(text: &str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if let Some(name) = json.get("diagram").and_then(Value::as_str) {
            return Err(format!(
                "it is the diagram `{name}` of an evaluation, which is drawn again on the page of the network and not \
                 by `stormlens render`"
            ));
        }
        match json.get("version").map(Value::as_u64) {
            Some(Some(version)) if version == u64::from(VERSION) => {
                serde_json::from_value(json).map_err(|error| error.to_string())
            }
            Some(Some(version)) => Err(format!(
                "it is of version {version}, and this program reads version {VERSION}; take the \
                 program that drew the figure"
            )),
            Some(None) => Err("its version is no whole number".to_owned()),
            None => Err("it has no version: the program that drew the figure is older than \
                         versions are, so draw the figure again"
                .to_owned()),
        }
    }
}

/// From the international text chunk of our keyword.
fn of_png(bytes: &[u8]) -> Result<Option<String>, RecipeError> {
    let damaged =
        |e: png::DecodingError| RecipeError::Damaged { format: "PNG", reason: e.to_string() };
    let limits = png::Limits { bytes: MAX_FILE_BYTES };
    let decoder = png::Decoder::new_with_limits(std::io::Cursor::new(bytes), limits);
    let reader = decoder.read_info().map_err(damaged)?;
    let Some(chunk) = reader.info().utf8_text.iter().find(|chunk| chunk.keyword == KEYWORD) else {
        return Ok(None);
    };
    let mut chunk = chunk.clone();
    chunk.decompress_text_with_limit(MAX_TEXT_BYTES).map_err(damaged)?;
    chunk.get_text().map(Some).map_err(damaged)
}

/// From the element of our namespace.
fn of_svg(text: &str) -> Result<Option<String>, RecipeError> {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(_) if !text.contains("<svg") => return Err(RecipeError::UnknownFormat),
        Err(e) => return Err(RecipeError::Damaged { format: "SVG", reason: e.to_string() }),
    };
    if document.root_element().tag_name().name() != "svg" {
        return Err(RecipeError::UnknownFormat);
    }
    let element = document.descendants().find(|n| n.has_tag_name((NAMESPACE, "recipe")));
    Ok(element.map(|n| inner_text(&n)))
}

/// From the keywords of the XMP packet, which a PDF holds as plain text.
fn of_pdf(bytes: &[u8]) -> Result<Option<String>, RecipeError> {
    let damaged = |reason: String| RecipeError::Damaged { format: "PDF", reason };
    let end_tag = b"</x:xmpmeta>";
    let (Some(from), Some(to)) = (position(bytes, b"<x:xmpmeta"), position(bytes, end_tag)) else {
        return Ok(None);
    };
    let packet = bytes.get(from..to + end_tag.len()).unwrap_or_default();
    let packet = std::str::from_utf8(packet).map_err(|e| damaged(e.to_string()))?;
    let document = Document::parse(packet).map_err(|e| damaged(e.to_string()))?;
    let keywords = document.descendants().find(|n| n.tag_name().name() == "Keywords");
    let text = keywords.map(|n| inner_text(&n)).unwrap_or_default();
    Ok(text.strip_prefix(KEYWORD).and_then(|t| t.strip_prefix(": ")).map(str::to_owned))
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn inner_text(node: &Node) -> String {
    node.descendants().filter(Node::is_text).filter_map(|n| n.text()).collect()
}
