//! `/v1/verification/chart/NAME.{svg|png|pdf}` and `/v1/verification/map/PLACE.png`: charts of a comparison, and maps of
//! its errors.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stormlens_data::field::Field;
use stormlens_data::outcome::Colours;
use stormlens_plot::{
    RainPalette, Skill, SkillChart, Style, Theme, check_skill, draw_skill, skill_alt_text,
    skill_size_px, thumbnail,
};

use super::view::{self, View};
use super::{address, checked, find, unmade};
use crate::export::Stamp;
use crate::parameters::{Parameters, QuestionError};
use crate::tasks::nowcast::Nowcasts;
use crate::tasks::nowcast::scores::forecast_title;
use crate::tasks::nowcast::study::{ErrorMap, Found, Plan, plan};
use crate::web::caching::EntityTag;
use crate::web::figures::{Kind, Sheet, respond, write_as};
use crate::web::views::{Download, FigureView, Narrow};
use crate::web::{AppError, AppState, format};

pub const PATH: &str = "/v1/verification/chart/{file}";
pub const MAP_PATH: &str = "/v1/verification/map/{file}";
/// Of every sheet.
const SHEET_NAMES: [&str; 6] = ["width-mm", "dpi", "theme", "title", "source", "download"];
/// The width of charts on a page, a column of a journal, and on a phone.
const WIDTH_MM: f64 = Style::WIDTHS_MM[0];
const PHONE_MM: f64 = 62.0;
/// Pixels on the longer side of a map.
const MAP_PX: usize = 320;

/// Charts of what was found, as a page looks at it.
pub struct Charts<'a> {
    pub plan: &'a Plan,
    pub view: &'a View,
    pub found: &'a Found,
}

/// A chart on a page, or a map.
pub struct Chart {
    pub figure: FigureView,
    pub meaning: &'static str,
}

/// A map of errors on a page.
pub struct Map {
    pub title: String,
    pub alt: String,
    /// The least and the largest error.
    pub range: String,
    pub light: String,
    pub dark: String,
    pub width_px: usize,
    pub height_px: usize,
}

impl Charts<'_> {
    /// Those that there is something to draw of.
    pub fn shown(&self) -> Vec<Chart> {
        let skill = skill(self.found, self.view);
        let chart = |chart: SkillChart| Chart {
            figure: self.figure(chart, &skill),
            meaning: chart.meaning(),
        };
        let can_be_drawn = |chart: &SkillChart| check_skill(*chart, &skill).is_ok();
        SkillChart::ALL.into_iter().filter(can_be_drawn).map(chart).collect()
    }

    fn figure(&self, chart: SkillChart, skill: &Skill<'_>) -> FigureView {
        let at = |width_mm| Style { width_mm, ..Style::default() };
        let (width_px, height_px) = skill_size_px(chart, skill, &at(WIDTH_MM));
        let (narrow_px, high_px) = skill_size_px(chart, skill, &at(PHONE_MM));
        let page = |width_mm: f64, theme: &str| {
            self.address(chart, "svg", &format!("&width-mm={width_mm}&theme={theme}"))
        };
        let narrow = Narrow {
            light: page(PHONE_MM, "light"),
            dark: page(PHONE_MM, "dark"),
            width_px: narrow_px,
            height_px: high_px,
        };
        FigureView {
            name: chart.name().to_owned(),
            id: format!("chart-{chart}"),
            shape: "chart",
            title: chart.title().to_owned(),
            alt: skill_alt_text(chart, skill),
            light: page(WIDTH_MM, "light"),
            dark: page(WIDTH_MM, "dark"),
            narrow: Some(narrow),
            width_px,
            height_px,
            is_first: false,
            downloads: self.downloads(chart),
            values: None,
        }
    }

    fn downloads(&self, chart: SkillChart) -> Vec<Download> {
        let file = |(ending, label): (&str, &str)| Download {
            label: label.to_owned(),
            href: self.address(chart, ending, "&download=yes"),
        };
        [("svg", "SVG"), ("pdf", "PDF"), ("png", "PNG, 300 dpi")].map(file).into()
    }

    fn address(&self, chart: SkillChart, ending: &str, more: &str) -> String {
        let (plan, view) = (self.plan.query(), self.view.query(self.found));
        format!("{}?{plan}{view}{more}", PATH.replace("{file}", &format!("{chart}.{ending}")))
    }

    /// A map of the errors of each forecast.
    pub fn maps(&self) -> Vec<Map> {
        self.found.maps.iter().enumerate().map(|(place, map)| self.map(place, map)).collect()
    }

    fn map(&self, place: usize, map: &ErrorMap) -> Map {
        let known = map.root_mean_squared_error.iter().flatten().copied();
        let (least, most) = (known.clone().reduce(f32::min), known.reduce(f32::max));
        let range = match least.zip(most) {
            Some((least, most)) => {
                let [least, most] = [least, most].map(|value| format::number(value.into()));
                format!("{least} to {most} mm/h")
            }
            None => "nothing is known".to_owned(),
        };
        let title = forecast_title(&map.forecast);
        let picture = |theme: &str| {
            let path = MAP_PATH.replace("{file}", &format!("{place}.png"));
            format!("{path}?{}&theme={theme}", self.plan.query())
        };
        let [height, width] = map.size;
        let scaled = |n: usize| (n * MAP_PX / height.max(width).max(1)).max(1);
        Map {
            alt: format!("Root mean squared error of {title} by place: {range}"),
            title,
            range,
            light: picture("light"),
            dark: picture("dark"),
            width_px: scaled(width),
            height_px: scaled(height),
        }
    }
}

/// What a view of a comparison draws.
fn skill<'a>(found: &'a Found, view: &View) -> Skill<'a> {
    Skill {
        score: view.score.name,
        threshold: view.threshold,
        lead_time_min: view.lead_time_min,
        credit: found.notice.clone(),
        ..Skill::new(&found.report, forecast_title)
    }
}

pub async fn show(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    let names = plan::NAMES.into_iter().chain(view::NAMES).chain(SHEET_NAMES);
    parameters.only(&names.collect::<Vec<_>>())?;
    let known =
        || SkillChart::ALL.map(SkillChart::name).into_iter().chain(["each as .svg, .png or .pdf"]);
    let unknown = || QuestionError::unknown("chart", &file, known());
    let (name, ending) = file.rsplit_once('.').ok_or_else(unknown)?;
    let chart: SkillChart = name.parse().map_err(|_| unknown())?;
    let kind = Kind::parse(ending).ok_or_else(unknown)?;
    let sheet = Sheet::read(&parameters)?;
    let plan = checked(&parameters, &task)?;
    let found = find(&task, &state, &plan).await?.ok_or_else(|| unmade(&plan))?;
    let view = View::read(&parameters, &found)?;
    let version = format!("{:?} {:?}", found.networks, found.report.n_samples);
    let tag = EntityTag::of(&[&file, raw.as_deref().unwrap_or(""), &version]);
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let name = format!("verification-{}-{}-{file}", plan.dataset, plan.id());
    let name = sheet.is_saved().then_some(name);
    let back = address(&plan);
    let draw = move || {
        let style = sheet.style(&Style::default());
        let skill = skill(&found, &view);
        let nothing = |error: stormlens_plot::PlotError| AppError::NotInResult {
            what: error.to_string(),
            remedy: "Choose one of the charts on the page of the comparison".to_owned(),
            back: back.clone(),
        };
        let svg = draw_skill(chart, &skill, &style).map_err(nothing)?;
        let description = skill_alt_text(chart, &skill);
        write_as(kind, &svg, &sheet, &Recipe::new(chart, description, &found, &style))
    };
    let bytes = state.blocking(draw).await?;
    Ok(tag.attach(respond(kind, bytes, name)))
}

pub async fn map(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    parameters.only(&plan::NAMES.into_iter().chain(["theme"]).collect::<Vec<_>>())?;
    let theme = parameters.choice("theme", Theme::default())?;
    let plan = checked(&parameters, &task)?;
    let found = find(&task, &state, &plan).await?.ok_or_else(|| unmade(&plan))?;
    let names = (0..found.maps.len()).map(|place| format!("{place}.png"));
    let place = names.clone().position(|name| name == file);
    let place = place.ok_or_else(|| QuestionError::unknown("map", &file, names))?;
    let version = format!("{:?} {:?}", found.networks, found.report.n_samples);
    let tag = EntityTag::of(&[&file, raw.as_deref().unwrap_or(""), &version]);
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let png = state.blocking(move || Ok(picture(&found.maps[place], theme))).await?;
    Ok(tag.attach(([(CONTENT_TYPE, "image/png")], png).into_response()))
}

/// Errors in the colours of rain, in which mm/h are read everywhere.
fn picture(map: &ErrorMap, theme: Theme) -> Vec<u8> {
    let [height, width] = map.size;
    let values = map.root_mean_squared_error.iter().map(|value| value.unwrap_or(f32::NAN));
    // Each square of pixels becomes a square of the picture.
    let side = (MAP_PX / height.max(width).max(1)).max(1);
    let values: Vec<f32> = values.collect();
    let enlarged = (0..height * side)
        .flat_map(|row| (0..width * side).map(move |column| (row / side, column / side)))
        .map(|(row, column)| values[row * width + column])
        .collect();
    let field = Field::new(height * side, width * side, enlarged);
    let longer = field.height.max(field.width);
    thumbnail(&field, None, Colours::Rain, RainPalette::default(), theme, longer)
}

/// What a chart was made from.
#[derive(Serialize)]
struct Recipe {
    chart: &'static str,
    description: String,
    /// The comparison, as its address asks for it.
    comparison: String,
    weights_sha256: Vec<String>,
    style: Style,
    program: &'static str,
}

impl Recipe {
    fn new(chart: SkillChart, description: String, found: &Found, style: &Style) -> Self {
        Self {
            chart: chart.name(),
            description,
            comparison: found.query.clone(),
            weights_sha256: found.networks.iter().map(|n| n.weights_sha256.clone()).collect(),
            style: style.clone(),
            program: concat!("stormlens ", env!("CARGO_PKG_VERSION")),
        }
    }
}

impl Stamp for Recipe {
    fn name(&self) -> &str {
        self.chart
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn program(&self) -> &str {
        self.program
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a recipe holds text and finite numbers only")
    }
}
