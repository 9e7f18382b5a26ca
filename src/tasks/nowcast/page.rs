//! The page of a forecast: its maps, how good it was, and why.

use askama::Template;
use stormlens_data::card::{NowcastField, Nowcasting, Part};
use stormlens_data::forecast::Steps;
use stormlens_data::outcome::{Axis, Outcome, Variable};
use stormlens_data::request::{Subject, Target};

use self::film::Film;
use self::mask::MaskView;
use super::answer::{UNLIKE_TRAINING, minutes};
use super::question::{
    HIDE, HIDE_PERCENT, HIDE_SEED, LAST_LEAD_TIME, LEAD_TIME, MASK_PERCENT, MASKS, STATISTICS,
    THRESHOLD, last_lead_time_min, lead_time_min, sample_of, threshold,
};
use super::references::NO_REFERENCE;
use super::scores::{Scores, forecast_title, of_outcome, references};
use super::unmeasured::UNMEASURED;
use super::{Nowcasts, split};
use crate::parameters::encode;
use crate::question::Question;
use crate::web::AppError;
use crate::web::format;
use crate::web::layout::Layout;
use crate::web::pages::Shown;
use crate::web::report::Report;
use crate::web::result;
use crate::web::views::{FigureView, Figures, map, mark_first};
use stormlens_plot::Figure;

mod film;
mod mask;
#[cfg(test)]
mod tests;

/// What the form of the mask asks for.
const MASK_NAMES: [&str; 6] = [HIDE, HIDE_PERCENT, HIDE_SEED, MASKS, MASK_PERCENT, STATISTICS];

#[derive(Template)]
#[template(path = "tasks/nowcast/result.html")]
struct ResultPage {
    layout: Layout,
    report: Report,
    sample: String,
    sample_page: String,
    compare: String,
    /// `Rain at 26 August 2010, 05:35 UTC`
    heading: String,
    start_time: String,
    lead_time_min: u32,
    /// The last lead time that is explained, where it is a span.
    last_lead_time_min: Option<u32>,
    /// The other lead times: minutes, and the same question about them.
    leads: Vec<(u32, Option<String>)>,
    lead_is_assumed: bool,
    /// What the weights have seen of the sample.
    part: Part,
    facts: Vec<(&'static str, String)>,
    forecast: Vec<FigureView>,
    /// All lead times for the maps to be played through, where there are several.
    film: Option<Film>,
    /// All lead times, where there are several.
    strips: Vec<FigureView>,
    inputs: FigureView,
    scores: Option<Scores>,
    by_lead: Option<Scores>,
    /// `persistence (the last frame, unchanged) and S-PROG (…)`
    references: String,
    /// The same with the mean of a STEPS ensemble beside it, where that can be had and is not there.
    with_steps_mean: Option<String>,
    /// How much of the input was not measured, where that is much.
    unmeasured: Vec<String>,
    /// In what the frames are unlike those that the weights were trained on.
    unlike: Vec<String>,
    /// Why a reference forecast is not there.
    no_reference: Vec<String>,
    scores_csv: String,
    notice: Option<String>,
    /// Of weights of a pre-training, which rebuild the frames that went in.
    rebuilds: bool,
    /// Of a network that can do without patches: what is hidden, and what its form does not ask for.
    mask: Option<MaskView>,
    mask_hidden: Vec<(String, String)>,
    threshold: f64,
    max_threshold: f64,
    what: &'static str,
    unit: &'static str,
}

/// The page as HTML.
pub fn html(task: &Nowcasts, shown: &Shown<'_>) -> Result<String, AppError> {
    let Shown { question, outcome, layout } = shown;
    let figures = Figures::new(question, outcome);
    let (sample, lead) = (sample_of(&question.request.subject), lead_time_min(&question.target));
    let rebuilds = question.cards.checkpoint.nowcasting.as_ref().is_some_and(Nowcasting::rebuilds);
    let idx = match rebuilds {
        // The last frame; what fills gaps is compared over all frames together.
        true => outcome.variable("input").map_or(0, |input| input.n_maps() - 1),
        false => lead_idx(outcome, lead),
    };
    let table = of_outcome(outcome);
    let page = ResultPage {
        layout: layout.clone(),
        report: Report::new(shown, &figures, &[LEAD_TIME, LAST_LEAD_TIME, THRESHOLD], "forecast"),
        sample_page: sample_page(sample),
        compare: super::compare::page_of(sample),
        sample: sample.to_owned(),
        heading: heading(question, outcome, idx),
        start_time: start(outcome),
        lead_time_min: lead,
        last_lead_time_min: last_lead_time_min(&question.target),
        leads: leads(question),
        lead_is_assumed: outcome.notes("lead-times-assumed").next().is_some(),
        part: split::part(&task.samples, sample, &question.cards.checkpoint),
        facts: facts(outcome, idx),
        forecast: mark_first(
            maps(outcome, idx).iter().map(|figure| figures.view(figure)).collect(),
        ),
        film: Film::new(question, outcome, idx),
        strips: strips(outcome).iter().map(|figure| figures.wide(figure)).collect(),
        inputs: figures.wide(&Figure::Strip("input".into())),
        scores: table
            .as_ref()
            .and_then(|table| Scores::at_lead(table, (!rebuilds).then_some(lead))),
        by_lead: table
            .as_ref()
            .filter(|_| !rebuilds)
            .and_then(|table| Scores::by_lead(table, threshold(&question.target))),
        references: in_words(outcome),
        with_steps_mean: with_steps_mean(question),
        unmeasured: outcome.notes(UNMEASURED).map(str::to_owned).collect(),
        unlike: outcome.notes(UNLIKE_TRAINING).map(str::to_owned).collect(),
        no_reference: outcome.notes(NO_REFERENCE).map(str::to_owned).collect(),
        scores_csv: format!("{}/scores.csv?{}", result::PATH, question.to_query()),
        notice: notice(question, outcome, idx),
        rebuilds,
        mask: MaskView::new(question, outcome, &figures, idx),
        mask_hidden: question.hidden(&MASK_NAMES),
        threshold: threshold(&question.target),
        max_threshold: field(question).max_threshold(),
        what: what(field(question)),
        unit: field(question).unit(),
    };
    Ok(page.render()?)
}

/// The page of a sample.
pub fn sample_page(sample: &str) -> String {
    format!("/samples/{}", encode(sample))
}

/// Where the page of a subject lies.
pub fn asked_at(subject: &Subject) -> String {
    sample_page(sample_of(subject))
}

fn field(question: &Question) -> NowcastField {
    let task = question.cards.checkpoint.nowcasting.as_ref();
    task.map_or(NowcastField::Precipitation, |task| task.field)
}

/// In the middle of a sentence.
pub fn what(field: NowcastField) -> &'static str {
    match field {
        NowcastField::Precipitation => "rain",
        NowcastField::CloudCover => "cloud cover",
    }
}

/// The place of a lead time among those of the forecast.
pub fn lead_idx(outcome: &Outcome, lead_time_min: u32) -> usize {
    let axis = outcome.variable("prediction").and_then(Variable::axis);
    let is_it = |axis: &Axis, i: usize| minutes(axis, i) == Some(lead_time_min);
    axis.and_then(|axis| (0..axis.len()).find(|&i| is_it(axis, i))).unwrap_or(0)
}

fn heading(question: &Question, outcome: &Outcome, idx: usize) -> String {
    let axis = outcome.variable("prediction").and_then(Variable::axis);
    let what = match field(question) {
        NowcastField::Precipitation => "Rain",
        NowcastField::CloudCover => "Cloud cover",
    };
    match axis.and_then(|axis| axis.time(idx)) {
        Some(time) => format!("{what} at {}", format::date_time(time)),
        None => format!("{what} of {}", sample_of(&question.request.subject)),
    }
}

fn start(outcome: &Outcome) -> String {
    let axis = outcome.variable("input").and_then(Variable::axis);
    let last = axis.and_then(|axis| axis.time(axis.len().saturating_sub(1)));
    last.map(format::clock).unwrap_or_default()
}

fn leads(question: &Question) -> Vec<(u32, Option<String>)> {
    let task = question.cards.checkpoint.nowcasting.as_ref();
    let all = task.map_or(&[][..], |task| &task.lead_times_min);
    let shown = lead_time_min(&question.target);
    let is_span = last_lead_time_min(&question.target).is_some();
    let link = |&lead: &u32| (lead, (lead != shown || is_span).then(|| page_at(question, lead)));
    all.iter().map(link).collect()
}

/// The forecasts without a network that are there.
fn in_words(outcome: &Outcome) -> String {
    let words = |variable: &Variable| match variable.name.as_str() {
        "persistence" => "persistence (the last frame, unchanged)".to_owned(),
        "lagrangian_persistence" => {
            "Lagrangian persistence (the last frame, moved as the rain moved)".to_owned()
        }
        "s_prog" => "S-PROG (moved too, but small structures fade)".to_owned(),
        "steps_mean" => format!(
            "the mean of {} forecasts by STEPS (what fades is replaced with noise of its size)",
            Steps::default().n_members
        ),
        other => forecast_title(other),
    };
    let all: Vec<String> = references(outcome).map(words).collect();
    match all.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The page of the same question with the mean of a STEPS ensemble beside it.
fn with_steps_mean(question: &Question) -> Option<String> {
    let mut other = question.clone();
    let Subject::Nowcast { steps_mean, .. } = &mut other.request.subject else { return None };
    let is_missing = !std::mem::replace(steps_mean, true);
    let is_rain = field(question) == NowcastField::Precipitation;
    (is_missing && is_rain).then(|| format!("{}#scores", result::page(&other)))
}

/// The page of the same question at one lead time.
fn page_at(question: &Question, lead_time_min: u32) -> String {
    let threshold = threshold(&question.target);
    let target = Target::SumAbove { threshold, lead_time_min, last_lead_time_min: None };
    result::page(&question.with_target(target))
}

fn maps(outcome: &Outcome, idx: usize) -> Vec<Figure> {
    let is_observed =
        outcome.variable("observation").is_some_and(|observed| observed.map(idx).range().is_some());
    let mut figures = vec![map("prediction", idx)];
    figures.extend(is_observed.then(|| map("observation", idx)));
    figures.extend(references(outcome).map(|reference| map(&reference.name, idx)));
    figures.extend(is_observed.then(|| Figure::difference("prediction", "observation", idx)));
    figures
}

fn strips(outcome: &Outcome) -> Vec<Figure> {
    let several = |name: &&str| outcome.variable(name).is_some_and(|v| v.n_maps() > 1);
    let names = ["prediction", "observation"].into_iter().filter(several);
    let mut strips: Vec<Figure> = names.map(|name| Figure::Strip(name.to_owned())).collect();
    if strips.len() == 2 {
        strips.push(Figure::differences("prediction", "observation"));
    }
    strips
}

fn facts(outcome: &Outcome, idx: usize) -> Vec<(&'static str, String)> {
    let maximum = |name: &str| {
        let variable = outcome.variable(name)?;
        let (_, high) = variable.map(idx).range()?;
        let high = format::number(high.into());
        Some(match variable.quantity.unit.as_str() {
            "1" => high,
            unit => format!("{high} {unit}"),
        })
    };
    let mut facts = Vec::new();
    facts.extend(maximum("prediction").map(|high| ("Predicted maximum", high)));
    facts.extend(maximum("observation").map(|high| ("Observed maximum", high)));
    facts.push(("Computed on", outcome.provenance.device.clone()));
    facts.push(("Computed in", format!("{} s", format::number(outcome.duration_ms / 1e3))));
    facts
}

/// Said plainly where the threshold selects nothing or everything.
fn notice(question: &Question, outcome: &Outcome, idx: usize) -> Option<String> {
    let target = outcome.variable("target_mask")?;
    let mask = target.to_f64();
    let at = match last_lead_time_min(&question.target) {
        None => "of the forecast".to_owned(),
        Some(last) => {
            format!("of the forecasts from +{} to +{last} min", lead_time_min(&question.target))
        }
    };
    let n_pixels = mask.iter().filter(|&&m| m > 0.0).count();
    let (above, unit) = (threshold(&question.target), field(question).unit());
    let above = if unit == "1" { above.to_string() } else { format!("{above} {unit}") };
    match n_pixels {
        0 => {
            let maps = idx..idx + target.n_maps();
            let high = maps.filter_map(|i| Some(outcome.variable("prediction")?.map(i).range()?.1));
            let high = format::number(high.fold(f32::NEG_INFINITY, f32::max).into());
            let unit = if unit == "1" { String::new() } else { format!(" {unit}") };
            Some(format!(
                "No pixel {at} exceeds {above}, so there is nothing to explain and every map is \
                 empty. The maximum is {high}{unit}. Choose a lower threshold"
            ))
        }
        n if n == mask.len() => Some(format!(
            "All pixels {at} exceed {above}, so the target is the whole field. Choose a \
             higher threshold to explain a part of it"
        )),
        _ => None,
    }
}
