//! `/models/{model}/{checkpoint}/diagram/{diagram}.{svg|png|pdf|csv}`: how good the probabilities of weights are, from the
//! `evaluation.json` beside them, and what pages show of it.

mod evaluation;
mod page;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use stormlens_plot::{Diagram, Quantiles, Style, Verified, draw_diagram};

use self::evaluation::{Evaluation, drawn};
use super::caching::{EntityTag, VERSION};
use super::figures::{Kind, Sheet, attachment, respond, write_as};
use super::{AppError, AppState};
use crate::export::{diagram_csv, quantiles_csv};
use crate::parameters::{Parameters, QuestionError};

pub use evaluation::damage;
pub use page::{probabilities, quantiles};

/// The ratio of cost to loss that is marked until somebody chooses one.
const COST_LOSS: f64 = 0.2;
/// The least and the most that may be chosen: those that the curve of the value is drawn over.
const COST_LOSS_RANGE: [f64; 2] = [0.001, 0.99];
/// Names beside those of every sheet.
const NAMES: [&str; 8] =
    ["event", "cost-loss", "width-mm", "dpi", "theme", "title", "source", "download"];

/// Which diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    /// Of probabilities.
    Of(Diagram),
    Quantiles,
}

impl Which {
    fn names() -> impl Iterator<Item = &'static str> {
        Diagram::ALL.map(Diagram::name).into_iter().chain([Quantiles::NAME])
    }

    fn parse(name: &str) -> Option<Self> {
        match name {
            Quantiles::NAME => Some(Self::Quantiles),
            name => name.parse().ok().map(Self::Of),
        }
    }
}

/// What an address asks for.
struct Asked {
    which: Which,
    /// `None`: the numbers.
    kind: Option<Kind>,
    event: usize,
    cost_loss: f64,
    sheet: Sheet,
}

impl Asked {
    fn read(file: &str, parameters: &Parameters) -> Result<Self, AppError> {
        let known = || Which::names().chain(["each as .svg, .png, .pdf or .csv"]);
        let unknown = || AppError::from(QuestionError::unknown("diagram", file, known()));
        let (name, extension) = file.rsplit_once('.').ok_or_else(unknown)?;
        let kind = Kind::parse(extension);
        if kind.is_none() && extension != "csv" {
            return Err(unknown());
        }
        parameters.only(&NAMES.into_iter().chain([VERSION]).collect::<Vec<_>>())?;
        let [least, most] = COST_LOSS_RANGE;
        let ratio = |ratio: &f64| (least..=most).contains(ratio);
        let expected = format!("a ratio from {least} to {most}");
        let cost_loss = parameters.number("cost-loss", &expected, ratio)?;
        let event = parameters.number("event", "an event, counted from 0", |_| true)?;
        Ok(Self {
            which: Which::parse(name).ok_or_else(unknown)?,
            kind,
            event: event.unwrap_or(0),
            cost_loss: cost_loss.unwrap_or(COST_LOSS),
            sheet: Sheet::read(parameters)?,
        })
    }
}

pub async fn show(
    State(state): State<AppState>,
    Path((model, checkpoint, file)): Path<(String, String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let asked = Asked::read(&file, &Parameters::parse(raw.as_deref()))?;
    let known = || state.catalog.checkpoints(&model).map(|card| card.name.as_str());
    if !known().any(|name| name == checkpoint) {
        return Err(QuestionError::unknown("checkpoint", &checkpoint, known()).into());
    }
    let evaluation = state.checkpoints.join(&model).join(&checkpoint).join("evaluation.json");
    let read = move || Ok(Evaluation::read(&evaluation));
    let back = format!("/models/{model}");
    let evaluation = match state.blocking(read).await? {
        Ok(Some(evaluation)) => evaluation,
        Ok(None) => return Err(AppError::NotVerified { checkpoint, back }),
        Err(what) => return Err(AppError::DamagedVerification { checkpoint, what, back }),
    };
    let tag = EntityTag::of(&[&file, raw.as_deref().unwrap_or(""), &evaluation.sha256])
        .lasting_if(asked.sheet.version(), &evaluation.version());
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let name = format!("{model}-{checkpoint}-{}-{file}", &evaluation.sha256[..8]);
    let name = (asked.sheet.is_saved() || asked.kind.is_none()).then_some(name);
    let kind = asked.kind;
    let bytes = state.blocking(move || draw(&evaluation, &asked)).await?;
    Ok(tag.attach(match kind {
        Some(kind) => respond(kind, bytes, name),
        None => table(bytes, name),
    }))
}

fn draw(evaluation: &Evaluation, asked: &Asked) -> Result<Vec<u8>, AppError> {
    let style = asked.sheet.style(&Style::default());
    let (svg, recipe) = match asked.which {
        Which::Quantiles => {
            let quantiles = evaluation.quantiles().ok_or_else(|| evaluation.has_none())?;
            if asked.kind.is_none() {
                return Ok(quantiles_csv(quantiles.found).into_bytes());
            }
            (quantiles.draw(&style)?, evaluation.recipe_of_quantiles(&quantiles, &style))
        }
        Which::Of(diagram) => {
            let verified = verified(evaluation, asked)?;
            if asked.kind.is_none() {
                return Ok(diagram_csv(diagram, &verified.forecasts).into_bytes());
            }
            let verified = drawn(verified);
            let recipe = evaluation.recipe(diagram, &verified, &style);
            (draw_diagram(diagram, &verified, &style)?, recipe)
        }
    };
    let kind = asked.kind.unwrap_or(Kind::Svg);
    write_as(kind, &svg, &asked.sheet, &recipe)
}

/// All forecasts of the event that is asked for.
fn verified<'a>(evaluation: &'a Evaluation, asked: &Asked) -> Result<Verified<'a>, AppError> {
    let mut events = evaluation.events();
    let Some(last) = events.len().checked_sub(1) else { return Err(evaluation.has_none()) };
    if asked.event > last {
        let words = format!("is {}, but events are counted from 0 to {last}", asked.event);
        return Err(QuestionError::parameter("event", words).into());
    }
    let verified = evaluation.verified(events.swap_remove(asked.event));
    Ok(Verified { cost_loss: Some(asked.cost_loss), ..verified })
}

fn table(bytes: Vec<u8>, name: Option<String>) -> Response {
    let mut response = ([(CONTENT_TYPE, "text/csv; charset=utf-8")], bytes).into_response();
    if let Some(value) = name.and_then(|name| attachment(&name)) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    response
}
