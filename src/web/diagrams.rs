//! `/models/{model}/{checkpoint}/diagram/{diagram}.{svg|png|pdf|csv}`: how good the probabilities of weights are, from the
//! `evaluation.json` beside them, and what pages show of it.

mod page;

use std::path::Path as FilePath;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stormlens_data::hash::sha256;
use stormlens_data::score::probability::ProbabilityVerification;
use stormlens_plot::{Diagram, MAX_FORECASTS, Style, Verified, diagram_alt_text, draw_diagram};

use super::caching::{EntityTag, VERSION, Version};
use super::figures::{Kind, Sheet, attachment, respond, write_as};
use super::{AppError, AppState};
use crate::export::{DiagramRecipe, diagram_csv};
use crate::parameters::{Parameters, QuestionError};

pub use page::{Probabilities, probabilities};

/// The ratio of cost to loss that is marked until somebody chooses one.
const COST_LOSS: f64 = 0.2;
/// Names beside those of every sheet.
const NAMES: [&str; 8] =
    ["event", "cost-loss", "width-mm", "dpi", "theme", "title", "source", "download"];

/// What an `evaluation.json` says of probabilities; other members are of other tables.
#[derive(Deserialize)]
struct Evaluation {
    #[serde(default)]
    weights_sha256: String,
    split: String,
    #[serde(default)]
    trained_on_simulation: bool,
    /// Those of one event stand together.
    probabilities: Vec<ProbabilityVerification>,
    /// The names of the file's folders.
    #[serde(skip)]
    model: String,
    #[serde(skip)]
    checkpoint: String,
    /// Of the file.
    #[serde(skip)]
    sha256: String,
}

impl Evaluation {
    /// `None` where there is no file, or it says nothing of probabilities.
    fn read(file: &FilePath) -> Option<Self> {
        let bytes = std::fs::read(file).ok()?;
        let found: Self = serde_json::from_slice(&bytes).ok()?;
        let name = |path: &FilePath| Some(path.file_name()?.to_string_lossy().into_owned());
        let folder = file.parent()?;
        let found = Self {
            model: name(folder.parent()?)?,
            checkpoint: name(folder)?,
            sha256: sha256(&bytes),
            ..found
        };
        (!found.probabilities.is_empty()).then_some(found)
    }

    /// Forecasts by event, in the order of the file.
    fn events(&self) -> Vec<Vec<&ProbabilityVerification>> {
        let mut events: Vec<Vec<&ProbabilityVerification>> = Vec::new();
        for found in &self.probabilities {
            match events.iter_mut().find(|event| event[0].event == found.event) {
                Some(event) => event.push(found),
                None => events.push(vec![found]),
            }
        }
        events
    }

    /// What is drawn: the first forecasts, as many as lines can be told apart.
    fn verified<'a>(&self, mut forecasts: Vec<&'a ProbabilityVerification>) -> Verified<'a> {
        forecasts.truncate(MAX_FORECASTS);
        let remark =
            if self.trained_on_simulation { "weights trained on simulated data" } else { "" };
        Verified {
            cost_loss: Some(COST_LOSS),
            credit: format!("{}, weights {} · {} set", self.model, self.checkpoint, self.split),
            remark: remark.to_owned(),
            forecasts,
        }
    }

    fn recipe(&self, diagram: Diagram, verified: &Verified<'_>, style: &Style) -> DiagramRecipe {
        DiagramRecipe {
            diagram: diagram.name().to_owned(),
            description: diagram_alt_text(diagram, verified),
            model: self.model.clone(),
            checkpoint: self.checkpoint.clone(),
            weights_sha256: self.weights_sha256.clone(),
            evaluation_sha256: self.sha256.clone(),
            event: verified.forecasts[0].event.clone(),
            forecasts: verified.forecasts.iter().map(|f| f.forecast.clone()).collect(),
            cost_loss: verified.cost_loss.filter(|_| diagram == Diagram::Value),
            style: style.clone(),
            program: concat!("stormlens ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    fn version(&self) -> Version {
        Version::of(&[&self.sha256])
    }
}

/// What an address asks for.
struct Asked {
    diagram: Diagram,
    /// `None`: the numbers.
    kind: Option<Kind>,
    event: usize,
    cost_loss: f64,
    sheet: Sheet,
}

impl Asked {
    fn read(file: &str, parameters: &Parameters) -> Result<Self, AppError> {
        let known = || {
            Diagram::ALL.map(Diagram::name).into_iter().chain(["each as .svg, .png, .pdf or .csv"])
        };
        let unknown = || AppError::from(QuestionError::unknown("diagram", file, known()));
        let (name, extension) = file.rsplit_once('.').ok_or_else(unknown)?;
        let kind = Kind::parse(extension);
        if kind.is_none() && extension != "csv" {
            return Err(unknown());
        }
        parameters.only(&NAMES.into_iter().chain([VERSION]).collect::<Vec<_>>())?;
        let ratio = |ratio: &f64| (0.001..=0.99).contains(ratio);
        let cost_loss = parameters.number("cost-loss", "a ratio from 0.001 to 0.99", ratio)?;
        let event = parameters.number("event", "an event, counted from 0", |_| true)?;
        Ok(Self {
            diagram: name.parse().map_err(|_| unknown())?,
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
    let none = || AppError::NotVerified { checkpoint: checkpoint.clone(), back };
    let evaluation = state.blocking(read).await?.ok_or_else(none)?;
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
    let mut events = evaluation.events();
    if asked.event >= events.len() {
        let words =
            format!("is {}, but events are counted from 0 to {}", asked.event, events.len() - 1);
        return Err(QuestionError::parameter("event", words).into());
    }
    let forecasts = events.swap_remove(asked.event);
    let Some(kind) = asked.kind else {
        return Ok(diagram_csv(asked.diagram, &forecasts).into_bytes());
    };
    let style = asked.sheet.style(&Style::default());
    let verified = Verified { cost_loss: Some(asked.cost_loss), ..evaluation.verified(forecasts) };
    let svg = draw_diagram(asked.diagram, &verified, &style)?;
    write_as(kind, &svg, &asked.sheet, &evaluation.recipe(asked.diagram, &verified, &style))
}

fn table(bytes: Vec<u8>, name: Option<String>) -> Response {
    let mut response = ([(CONTENT_TYPE, "text/csv; charset=utf-8")], bytes).into_response();
    if let Some(value) = name.and_then(|name| attachment(&name)) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    response
}
