//! Verified probabilities as a page shows them.

mod leads;
mod quantiles;

use std::path::Path;

use askama::Template;
use stormlens_data::score::probability::{PROBABILITY_SCORES, ProbabilityVerification, ScoreValue};
use stormlens_plot::{Diagram, Style, Verified, diagram_alt_text, diagram_size_px};

use self::leads::LeadTable;
use super::evaluation::{Evaluation, drawn};
use super::{COST_LOSS, COST_LOSS_RANGE};
use crate::parameters::encode;
use crate::web::caching::VERSION;
use crate::web::format;
use crate::web::views::{Download, FigureView, Narrow};

pub use self::quantiles::quantiles;

/// The width of diagrams on a page, a column of a journal.
const WIDTH_MM: f64 = Style::WIDTHS_MM[0];
/// The same on a phone, where a column would be too small to read.
const PHONE_MM: f64 = 62.0;

/// All events of an evaluation.
#[derive(Template)]
#[template(path = "parts/probabilities.html")]
pub struct Probabilities {
    events: Vec<Event>,
}

struct Event {
    title: String,
    details: String,
    names: Vec<String>,
    /// Label, meaning, and a value for each forecast.
    scores: Vec<(&'static str, &'static str, Vec<String>)>,
    decision: String,
    figures: Vec<Shown>,
    /// One for each forecast; none where no case has a lead time.
    leads: Vec<LeadTable>,
}

struct Shown {
    figure: FigureView,
    meaning: &'static str,
    slider: Option<Slider>,
}

/// Chooses the ratio of cost to loss that is marked.
struct Slider {
    /// Where the picture of a ratio lies, without a script.
    action: String,
    id: String,
    event: usize,
    cost_loss: f64,
    least: f64,
    most: f64,
    /// Ratio, value as said and value at best of the first forecast, as JSON.
    values: String,
}

/// What the `evaluation.json` beside weights says of probabilities; `None` where it says nothing or is
/// damaged, which [`super::damage`] says. Model and weights
/// are the names of its folders.
pub fn probabilities(file: &Path) -> Option<Probabilities> {
    let evaluation = Evaluation::read(file).ok()??;
    let place = Place::of(&evaluation);
    let events = evaluation.events().into_iter().enumerate();
    let event = |(i, forecasts): (usize, Vec<_>)| {
        let drawn = drawn(evaluation.verified(forecasts.clone()));
        Event::of(i, &forecasts, &drawn, &place)
    };
    let events: Vec<Event> = events.map(event).collect();
    (!events.is_empty()).then_some(Probabilities { events })
}

/// What a page needs to know of a diagram.
struct Look<'a> {
    name: &'a str,
    title: &'static str,
    alt: String,
    size_px: &'a dyn Fn(&Style) -> (u32, u32),
    /// The place of its event, where there are events.
    event: Option<usize>,
    /// The ratio of cost to loss that is marked. It stands in every address that hangs on it, so that a slider can put
    /// another one there.
    ratio: Option<f64>,
}

struct Place {
    base: String,
    id: String,
    version: String,
}

impl Event {
    fn of(
        index: usize,
        forecasts: &[&ProbabilityVerification],
        verified: &Verified<'_>,
        place: &Place,
    ) -> Self {
        let first = forecasts[0];
        let cells = |score: &str| forecasts.iter().map(|f| cell(f.scores.get(score))).collect();
        Self {
            title: first.event.clone(),
            details: details(first) + &left_out(forecasts.len(), verified.forecasts.len()),
            names: forecasts.iter().map(|f| f.forecast.clone()).collect(),
            scores: PROBABILITY_SCORES
                .iter()
                .map(|s| (s.label, s.meaning, cells(s.name)))
                .chain([as_miscalibrated(forecasts)])
                .collect(),
            decision: format::number(first.settings.decision),
            figures: Diagram::ALL.map(|diagram| place.shown(diagram, index, verified)).into(),
            leads: forecasts.iter().filter_map(|forecast| LeadTable::of(forecast)).collect(),
        }
    }
}

fn details(of: &ProbabilityVerification) -> String {
    let missing = match of.n_missing {
        0 => String::new(),
        n => format!(" {} more have no probability or no outcome.", format::count(n)),
    };
    let drawn = match of.reliability.band {
        Some(_) => format!(
            " Intervals hold the middle 95 % of {} draws of whole {}.",
            format::count(of.settings.n_resamples),
            of.drawn
        ),
        None => String::new(),
    };
    let lead = match of.by_lead.is_empty() {
        true => " No lead time: analysis or observation.",
        false => " Lead times are hours from the start of the model’s run to the valid time.",
    };
    format!(
        "{} {} of {} {}; the event occurs in {} of them.{missing}{drawn}{lead}",
        format::count(of.n_cases),
        of.cases,
        format::count(of.n_events),
        of.drawn,
        format::percent(of.base_rate),
    )
}

/// How easily a reliable forecast would look as miscalibrated as each.
fn as_miscalibrated(
    forecasts: &[&ProbabilityVerification],
) -> (&'static str, &'static str, Vec<String>) {
    let share = |of: &&ProbabilityVerification| {
        let share = of.reliability.band.as_ref().and_then(|band| band.share_as_miscalibrated);
        share.map_or_else(|| "–".to_owned(), format::percent)
    };
    let meaning = "Share of reliable forecasts that would be as miscalibrated (MCB) on these cases or more: a small one \
                   speaks against reliability";
    ("As miscalibrated", meaning, forecasts.iter().map(share).collect())
}

fn left_out(n: usize, n_drawn: usize) -> String {
    if n > n_drawn {
        format!(" Diagrams show the first {n_drawn} forecasts.")
    } else {
        String::new()
    }
}

/// `0.041 (0.030 to 0.052)`; a dash where a score is undefined.
fn cell(score: Option<&ScoreValue>) -> String {
    let Some(ScoreValue { value: Some(value), low, high }) = score else { return "–".to_owned() };
    let number = |value: f64| format!("{value:.3}").replace('-', "−");
    match low.zip(*high) {
        Some((low, high)) => format!("{} ({} to {})", number(*value), number(low), number(high)),
        None => number(*value),
    }
}

impl Place {
    fn of(evaluation: &Evaluation) -> Self {
        let names = [&evaluation.model, &evaluation.checkpoint];
        let [model, checkpoint] = names.map(|name| encode(name));
        Self {
            base: format!("/models/{model}/{checkpoint}/diagram"),
            id: format!("diagram-{checkpoint}"),
            version: evaluation.version().as_str().to_owned(),
        }
    }

    fn shown(&self, diagram: Diagram, event: usize, verified: &Verified<'_>) -> Shown {
        let look = Look {
            name: diagram.name(),
            title: diagram.title(),
            alt: diagram_alt_text(diagram, verified),
            size_px: &|style| diagram_size_px(diagram, verified, style),
            event: Some(event),
            ratio: (diagram == Diagram::Value).then_some(COST_LOSS),
        };
        let slider = (diagram == Diagram::Value).then(|| self.slider(event, verified));
        Shown { figure: self.figure(&look), meaning: diagram.meaning(), slider }
    }

    fn figure(&self, look: &Look<'_>) -> FigureView {
        let style = Style { width_mm: WIDTH_MM, ..Style::default() };
        let (width_px, height_px) = (look.size_px)(&style);
        let page_at = |width_mm, theme| {
            let more = format!("width-mm={width_mm}&theme={theme}&{VERSION}={}", self.version);
            self.address(look, "svg", &more)
        };
        let page = |theme| page_at(WIDTH_MM, theme);
        let narrow = Style { width_mm: PHONE_MM, ..style.clone() };
        let (narrow_px, high_px) = (look.size_px)(&narrow);
        let narrow = Narrow {
            light: page_at(PHONE_MM, "light"),
            dark: page_at(PHONE_MM, "dark"),
            width_px: narrow_px,
            height_px: high_px,
        };
        let event = look.event.map_or(String::new(), |event| format!("-{event}"));
        FigureView {
            name: format!("diagram-{}", look.name),
            id: format!("{}{event}-{}", self.id, look.name),
            shape: "chart",
            title: look.title.to_owned(),
            alt: look.alt.clone(),
            light: page("light"),
            dark: page("dark"),
            narrow: Some(narrow),
            width_px,
            height_px,
            is_first: false,
            downloads: self.downloads(look),
            values: None,
        }
    }

    fn slider(&self, event: usize, verified: &Verified<'_>) -> Slider {
        let values = verified.forecasts[0].value.iter();
        let values: Vec<[f64; 3]> = values.map(|v| [v.cost_loss, v.as_said, v.envelope]).collect();
        let [least, most] = COST_LOSS_RANGE;
        Slider {
            least,
            most,
            action: format!("{}/{}.svg", self.base, Diagram::Value),
            id: format!("{}-{event}-ratio", self.id),
            event,
            cost_loss: COST_LOSS,
            values: serde_json::to_string(&values).unwrap_or_default(),
        }
    }

    fn address(&self, look: &Look<'_>, kind: &str, more: &str) -> String {
        let event = look.event.map_or(String::new(), |event| format!("event={event}&"));
        let ratio = look.ratio.map_or(String::new(), |ratio| format!("cost-loss={ratio}&"));
        format!("{}/{}.{kind}?{event}{ratio}{more}", self.base, look.name)
    }

    fn downloads(&self, look: &Look<'_>) -> Vec<Download> {
        let mut downloads = Vec::new();
        for width_mm in Style::WIDTHS_MM {
            for (kind, label, more) in
                [("png", "PNG, 300 dpi", "&dpi=300"), ("svg", "SVG", ""), ("pdf", "PDF", "")]
            {
                let more = format!("width-mm={width_mm}{more}&download=yes");
                let href = self.address(look, kind, &more);
                downloads.push(Download { label: format!("{label}, {width_mm} mm"), href });
            }
        }
        let href = self.address(look, "csv", "download=yes");
        downloads.push(Download { label: "Numbers, CSV".to_owned(), href });
        downloads
    }
}
