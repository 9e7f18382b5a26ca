//! `/v1/result/figure/{figure}.{svg|png|pdf}`: one figure, drawn on request.

use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use stormlens_data::outcome::{Outcome, Provenance, Role, Variable};

use super::caching::{EntityTag, VERSION, Version};
use super::downloads::saved_name;
use super::{AppError, AppState, result};
use crate::export::{self, ExportError, Recipe, Stamp};
use crate::parameters::{Parameters, QuestionError};
use crate::question::Question;
use stormlens_plot::{Coordinates, Figure, PlotError, Style, Theme};

const DEFAULT_DPI: u32 = 300;

/// An SVG opened by itself runs nothing and fetches nothing; its font and picture are in it.
const SVG_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; sandbox";

/// A file format for figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Svg,
    Png,
    Pdf,
}

impl Kind {
    /// The format of a file name's extension.
    pub fn parse(extension: &str) -> Option<Self> {
        match extension {
            "svg" => Some(Self::Svg),
            "png" => Some(Self::Png),
            "pdf" => Some(Self::Pdf),
            _ => None,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }
}

/// What a figure is drawn on.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// `None`: as wide as figures are by default.
    width_mm: Option<f64>,
    theme: Theme,
    dpi: u32,
    /// The input frame beneath an attribution; `None`: the newest.
    frame: Option<usize>,
    /// Whether title and details, and the line of the source, stand on it.
    title: bool,
    source: bool,
    coordinates: Coordinates,
    /// Whether it is saved instead of shown.
    download: bool,
    /// What the address was written for, if it says so.
    version: Option<String>,
}

/// The names of a sheet's parameters.
const SHEET_NAMES: [&str; 9] =
    ["width-mm", "dpi", "theme", "frame", "title", "source", "coordinates", "download", VERSION];

impl Sheet {
    pub fn read(parameters: &Parameters) -> Result<Self, QuestionError> {
        let width = |mm: &f64| Style::WIDTH_RANGE_MM.contains(mm);
        let resolution = |dpi: &u32| export::RESOLUTIONS_DPI.contains(dpi);
        let dpi =
            parameters.number("dpi", "a resolution from 36 to 1200 dots per inch", resolution)?;
        let expected = "an input frame, counted from 0 (oldest)";
        Ok(Self {
            width_mm: parameters.number("width-mm", "a width from 40 to 400 mm", width)?,
            theme: parameters.choice("theme", Theme::default())?,
            dpi: dpi.unwrap_or(DEFAULT_DPI),
            frame: parameters.number("frame", expected, |_| true)?,
            title: parameters.switch("title", true)?,
            source: parameters.switch("source", true)?,
            coordinates: parameters.choice("coordinates", Coordinates::default())?,
            download: parameters.switch("download", false)?,
            version: parameters.one(VERSION)?.map(str::to_owned),
        })
    }

    /// The tag of a figure at an address that says all about its look.
    fn tag(&self, address: &str, provenance: &Provenance) -> EntityTag {
        let present = Version::of_result(provenance);
        EntityTag::of_result(address, provenance).lasting_if(self.version.as_deref(), &present)
    }

    /// What the address was written for, if it says so.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether it is saved instead of shown.
    pub fn is_saved(&self) -> bool {
        self.download
    }

    pub fn style(&self, style: &Style) -> Style {
        Style {
            width_mm: self.width_mm.unwrap_or(style.width_mm),
            theme: self.theme,
            frame: self.frame,
            title: self.title,
            source: self.source,
            coordinates: self.coordinates,
            ..style.clone()
        }
    }
}

pub async fn show(
    State(state): State<AppState>,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let (figure, kind) = parse_file(&file)?;
    let parameters = Parameters::parse(raw.as_deref());
    let question = Question::read(&parameters, &state.catalog, &SHEET_NAMES)?;
    let sheet = Sheet::read(&parameters)?;
    let outcome = state.outcome(question.request.clone(), &state.way(&question)).await?;
    check_frame(sheet.frame, &outcome)?;
    let style = sheet.style(&question.style);
    let medium = format!("{} {}", sheet.dpi, sheet.download);
    let address = format!("{file} {} {style:?} {medium}", question.to_query());
    let tag = sheet.tag(&address, &outcome.provenance);
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let name = sheet.download.then(|| saved_name(&question, &outcome.provenance, &file));
    let page = result::page(&question);
    let draw = move || {
        let svg =
            stormlens_plot::draw(&outcome, &figure, &style).map_err(|error| refuse(error, page))?;
        write(kind, &svg, &sheet, (&outcome, &figure, &style))
    };
    let bytes = match kind {
        Kind::Svg => state.blocking(draw).await?,
        Kind::Png | Kind::Pdf => state.writing(draw).await?,
    };
    Ok(tag.attach(respond(kind, bytes, name)))
}

/// Refuses an input frame that is not there, also where a figure has none beneath it.
fn check_frame(frame: Option<usize>, outcome: &Outcome) -> Result<(), QuestionError> {
    let input = outcome.variables.iter().find(|variable| variable.role == Role::Input);
    let n_frames = input.map_or(0, Variable::n_maps);
    match frame.filter(|frame| *frame >= n_frames) {
        None => Ok(()),
        Some(frame) => {
            let last = n_frames.saturating_sub(1);
            let words =
                format!("is {frame}, but input frames are counted from 0 (oldest) to {last}");
            Err(QuestionError::parameter("frame", words))
        }
    }
}

/// Figure and format of the last part of an address.
fn parse_file(file: &str) -> Result<(Figure, Kind), AppError> {
    let known = || Figure::NAMES.iter().copied().chain(["each as .svg, .png or .pdf"]);
    let unknown = || AppError::from(QuestionError::unknown("figure", file, known()));
    let (name, extension) = file.rsplit_once('.').ok_or_else(unknown)?;
    let kind = Kind::parse(extension).ok_or_else(unknown)?;
    Ok((name.parse().map_err(|_| unknown())?, kind))
}

fn write(
    kind: Kind,
    svg: &str,
    sheet: &Sheet,
    (outcome, figure, style): (&Outcome, &Figure, &Style),
) -> Result<Vec<u8>, AppError> {
    write_as(kind, svg, sheet, &Recipe::new(outcome, figure, style))
}

/// What was drawn, in a format, with what it was made from.
pub fn write_as(
    kind: Kind,
    svg: &str,
    sheet: &Sheet,
    recipe: &dyn Stamp,
) -> Result<Vec<u8>, AppError> {
    Ok(match kind {
        Kind::Svg if !sheet.download => export::page_svg(svg, recipe)?,
        Kind::Svg => export::svg(svg, recipe)?,
        Kind::Png => export::png(svg, sheet.dpi, recipe).map_err(refuse_size)?,
        Kind::Pdf => export::pdf(svg, recipe)?,
    })
}

/// How large a picture becomes is the visitor's choice.
fn refuse_size(error: ExportError) -> AppError {
    match error {
        ExportError::TooLarge { .. } => {
            QuestionError::parameter("dpi", format!("is too large: {error}")).into()
        }
        _ => error.into(),
    }
}

/// A figure that this result cannot have is the visitor's choice, any other failure is ours.
fn refuse(error: PlotError, page: String) -> AppError {
    if error.is_of_the_choice() {
        let remedy =
            "Choose one of the figures on the page of the result, or choose more in its form";
        return AppError::NotInResult {
            what: error.to_string(),
            remedy: remedy.into(),
            back: page,
        };
    }
    error.into()
}

/// A figure as a response; with a name it is saved and not shown.
pub fn respond(kind: Kind, bytes: Vec<u8>, name: Option<String>) -> Response {
    let mut response = ([(CONTENT_TYPE, kind.media_type())], bytes).into_response();
    let headers = response.headers_mut();
    if kind == Kind::Svg {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SVG_POLICY));
    }
    if let Some(value) = name.and_then(|name| attachment(&name)) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}

/// The header that makes a browser save what it gets, under this name.
pub fn attachment(name: &str) -> Option<HeaderValue> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ',');
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).ok()
}
