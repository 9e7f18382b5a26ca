//! `/result/figure/{figure}.{svg|png|pdf}`: one figure, drawn on request.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use stormlens_data::outcome::{NowcastOutcome, Provenance};

use super::caching::{EntityTag, VERSION, Version};
use super::parameters::Parameters;
use super::result_query::{self, ResultQuery, read_name};
use super::{AppError, AppState};
use crate::export::{self, Recipe};
use crate::plot::{self, Figure, PlotError, Style, Theme};

/// What a figure's address may have beside the parameters of its result and its sheet.
const STYLE_NAMES: [&str; 1] = ["frame"];
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

/// How a figure is drawn, beside what its result says.
struct Options {
    style: Style,
    sheet: Sheet,
}

/// What any figure is drawn on.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// `None`: as wide as figures are by default.
    pub width_mm: Option<f64>,
    pub theme: Theme,
    pub dpi: u32,
    /// Whether it is saved instead of shown.
    pub download: bool,
    /// What the address was written for, if it says so.
    pub version: Option<String>,
}

/// The names of a sheet's parameters.
pub const SHEET_NAMES: [&str; 5] = ["width-mm", "dpi", "theme", "download", VERSION];

impl Sheet {
    pub fn read(parameters: &Parameters) -> Result<Self, AppError> {
        let width = |mm: &f64| (40.0..=400.0).contains(mm);
        let resolution = |dpi: &u32| (36..=1200).contains(dpi);
        Ok(Self {
            width_mm: parameters.number("width-mm", "a width from 40 to 400 mm", width)?,
            theme: read_name(parameters, "theme", Theme::ALL)?,
            dpi: parameters
                .number("dpi", "a resolution from 36 to 1200 dots per inch", resolution)?
                .unwrap_or(DEFAULT_DPI),
            download: match parameters.one("download")? {
                None | Some("no") => false,
                Some("yes") => true,
                Some(_) => return Err(AppError::parameter("download", "must be yes or no")),
            },
            version: parameters.one(VERSION)?.map(str::to_owned),
        })
    }
}

impl Sheet {
    /// What a file is for: its resolution, and whether it is shown or saved.
    pub fn medium(&self) -> String {
        format!("{} {}", self.dpi, self.download)
    }

    /// The tag of a figure at an address that says all about its look.
    pub fn tag(&self, address: &str, provenance: &Provenance) -> EntityTag {
        let present = Version::of_result(provenance);
        EntityTag::of_result(address, provenance).lasting_if(self.version.as_deref(), &present)
    }
}

impl Options {
    fn read(
        parameters: &Parameters,
        query: &ResultQuery,
        state: &AppState,
    ) -> Result<Self, AppError> {
        let model = state.catalog.model(&query.request.model).ok_or(AppError::NoNetworks)?;
        let mut style = query.style(model);
        let sheet = Sheet::read(parameters)?;
        let n_frames =
            if model.is_nowcasting() { state.catalog.window().n_input_frames } else { 0 };
        let frame = |n: &usize| *n < n_frames;
        style.frame =
            parameters.number("frame", "an input frame, counted from 0 (oldest)", frame)?;
        style.width_mm = sheet.width_mm.unwrap_or(style.width_mm);
        style.theme = sheet.theme;
        Ok(Self { style, sheet })
    }
}

pub async fn show(
    State(state): State<AppState>,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let (figure, kind) = parse_file::<Figure>(&file, &Figure::NAMES)?;
    let parameters = Parameters::parse(raw.as_deref());
    parameters.only(&[&result_query::NAMES[..], &SHEET_NAMES, &STYLE_NAMES].concat())?;
    let query = ResultQuery::read(&parameters, &state.catalog)?;
    let options = Options::read(&parameters, &query, &state)?;
    let outcome = state.nowcast(&query).await?;
    let Options { style, sheet } = &options;
    let address = format!("{file} {} {style:?} {}", query.to_query(), sheet.medium());
    let tag = sheet.tag(&address, &outcome.provenance);
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let name = options.sheet.download.then(|| format!("{}-{file}", query.request.sample));
    let page = query.page();
    let bytes = state.blocking(move || draw(&outcome, &figure, kind, &options, page)).await?;
    Ok(tag.attach(respond(kind, bytes, name)))
}

/// Figure and format of the last part of an address; `names` are the figures that there are.
pub fn parse_file<F: FromStr>(file: &str, names: &[&str]) -> Result<(F, Kind), AppError> {
    let known = || {
        let names = names.iter().map(|name| (*name).to_owned());
        names.chain(["each as .svg, .png or .pdf".to_owned()])
    };
    let unknown = || AppError::unknown("figure", file, known());
    let (name, extension) = file.rsplit_once('.').ok_or_else(unknown)?;
    let kind = Kind::parse(extension).ok_or_else(unknown)?;
    Ok((name.parse().map_err(|_| unknown())?, kind))
}

fn draw(
    outcome: &Arc<NowcastOutcome>,
    figure: &Figure,
    kind: Kind,
    options: &Options,
    page: String,
) -> Result<Vec<u8>, AppError> {
    let svg = plot::draw(outcome, figure, &options.style).map_err(|error| refuse(error, page))?;
    write(kind, &svg, &options.sheet, &Recipe::new(outcome, figure, &options.style))
}

/// A drawn figure as a file of that format.
pub fn write(kind: Kind, svg: &str, sheet: &Sheet, recipe: &Recipe) -> Result<Vec<u8>, AppError> {
    Ok(match kind {
        Kind::Svg if !sheet.download => export::page_svg(svg, recipe)?,
        Kind::Svg => export::svg(svg, recipe)?,
        Kind::Png => export::png(svg, sheet.dpi, recipe)?,
        Kind::Pdf => export::pdf(svg, recipe)?,
    })
}

/// A figure that this result cannot have is the visitor's choice, any other failure is ours.
pub fn refuse(error: PlotError, page: String) -> AppError {
    match error {
        PlotError::UnknownLayer { layer, known } => {
            let remedy = format!("Its layers are {known}");
            AppError::NotInResult { what: format!("layer “{layer}”"), remedy, back: page }
        }
        PlotError::UnknownFrame { index, last } => AppError::NotInResult {
            what: format!("input frame {index}"),
            remedy: format!("Frames are counted from 0 (oldest) to {last}"),
            back: page,
        },
        PlotError::NotAsked { what } => AppError::NotInResult {
            what: what.to_owned(),
            remedy: "Ask for it in the form of the result".to_owned(),
            back: page,
        },
        PlotError::NoObservation => AppError::NotInResult {
            what: "observation".to_owned(),
            remedy: "The archive ends before the valid time; choose an earlier sample".to_owned(),
            back: page,
        },
        other => other.into(),
    }
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
