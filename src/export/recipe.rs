//! What a figure was made from.

use resvg::usvg::roxmltree::{Document, Node};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stormlens_data::outcome::{NowcastOutcome, Provenance, SceneOutcome};
use stormlens_data::request::Request;

use crate::plot::scene::{self, SceneFigure, SceneStyle};
use crate::plot::{Figure, Style, alt_text};

/// The key of the recipe in a PNG, and what stands before it in a PDF's keywords.
pub const KEYWORD: &str = "stormlens-recipe";
/// The namespace of the recipe's element in an SVG.
pub const NAMESPACE: &str = "urn:stormlens:recipe:1";
/// Figures have a few megabytes at most; what is far larger is no figure of ours.
const MAX_FILE_BYTES: usize = 64 << 20;
const MAX_TEXT_BYTES: usize = 1 << 20;

/// Everything that is needed to draw a figure again, but for weights and data, which are named by
/// their hashes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Recipe {
    /// The figure's name in addresses, e.g. `cam-Up_RRCNN2.doubleconv`.
    pub figure: String,
    /// What the figure shows, in words.
    pub description: String,
    pub request: Request,
    pub style: Look,
    pub provenance: Provenance,
}

/// How the figure looks: a style of the kind that its request's figures have.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Look {
    Nowcast(Style),
    Scene(SceneStyle),
}

impl Look {
    pub fn width_mm(&self) -> f64 {
        match self {
            Self::Nowcast(style) => style.width_mm,
            Self::Scene(style) => style.width_mm,
        }
    }

    /// The same look at another width.
    pub fn with_width_mm(mut self, width_mm: f64) -> Self {
        match &mut self {
            Self::Nowcast(style) => style.width_mm = width_mm,
            Self::Scene(style) => style.width_mm = width_mm,
        }
        self
    }
}

/// A recipe as it stands in a file.
#[derive(Deserialize)]
struct Written {
    figure: String,
    description: String,
    request: Value,
    style: Value,
    provenance: Provenance,
}

impl TryFrom<Written> for Recipe {
    type Error = serde_json::Error;

    fn try_from(written: Written) -> Result<Self, serde_json::Error> {
        let Written { figure, description, mut request, style, provenance } = written;
        // The first recipes were of nowcasts only and did not say so.
        if let Some(fields) = request.as_object_mut() {
            fields.entry("task").or_insert_with(|| "nowcast".into());
        }
        let request: Request = serde_json::from_value(request)?;
        let style = match &request {
            Request::Nowcast(_) => Look::Nowcast(serde_json::from_value(style)?),
            Request::Scene(_) => Look::Scene(serde_json::from_value(style)?),
        };
        Ok(Self { figure, description, request, style, provenance })
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
    pub fn new(outcome: &NowcastOutcome, figure: &Figure, style: &Style) -> Self {
        Self {
            figure: figure.to_string(),
            description: alt_text(outcome, figure),
            request: Request::Nowcast(outcome.request.clone()),
            style: Look::Nowcast(style.clone()),
            provenance: outcome.provenance.clone(),
        }
    }

    /// The recipe of a figure of a scene.
    pub fn of_scene(outcome: &SceneOutcome, figure: &SceneFigure, style: &SceneStyle) -> Self {
        Self {
            figure: figure.to_string(),
            description: scene::alt_text(outcome, figure),
            request: Request::Scene(outcome.request.clone()),
            style: Look::Scene(style.clone()),
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
        if bytes.len() > MAX_FILE_BYTES {
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
        serde_json::from_str(&text)
            .map_err(|e| RecipeError::Unreadable { format, reason: e.to_string() })
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
