//! What an evaluation says: lines for people, CSV, JSON.

use serde_json::json;
use stormlens_data::score::downscaling::Estimate;
use stormlens_data::score::probability::PROBABILITY_SCORES;

use super::{Scored, Skill};
use crate::cli::evaluate::{Evaluated, Evaluation};
use crate::tasks::rain_probability::calibrate::Asked;

/// Scores that a line has room for.
const SHORT: [&str; 6] =
    ["brier", "brier_skill", "miscalibration", "discrimination", "roc_area", "csi"];

pub fn evaluated(
    asked: &Asked,
    evaluation: &Evaluation<'_>,
    scored: &[Scored],
    skills: &[Skill],
) -> Evaluated {
    let n_known = asked.cases.iter().filter(|case| !case.observed_mm.is_nan()).count();
    let n_cases = format!("{n_known} cases verified");
    let statement = evaluation.checkpoint.fields.as_ref().map(|card| &card.fields);
    Evaluated {
        was_kept: false,
        summary: summary(scored, skills),
        csv: csv(scored) + &skill_lines(skills),
        json: json!({
            "n_cases": n_known,
            "thresholds_mm": statement.map(|statement| &statement.thresholds_mm),
            "hours": statement.map(|statement| statement.hours),
            "trained_on_simulation": statement.is_some_and(|statement| statement.synthetic),
            "forecasts": scored.iter().map(as_json).collect::<Vec<_>>(),
            "skills": skills.iter().map(skill_json).collect::<Vec<_>>(),
            // Those of one event stand together.
            "probabilities": (0..n_events(scored))
                .flat_map(|event| scored.iter().filter_map(move |scored| scored.events.get(event)))
                .collect::<Vec<_>>(),
        }),
        n_cases,
    }
}

fn as_json(scored: &Scored) -> serde_json::Value {
    let Scored { name, label, rps, rps_skill, matrix, .. } = scored;
    json!({
        "name": name,
        "label": label,
        "rps": rps,
        "rps_skill": rps_skill,
        "matrix": matrix,
    })
}

fn skill_json(of: &Skill) -> serde_json::Value {
    json!({
        "event": of.event,
        "over": of.over,
        "value": of.skill.map(|skill| skill.value),
        "low": of.skill.map(|skill| skill.low),
        "high": of.skill.map(|skill| skill.high),
    })
}

fn skill_lines(skills: &[Skill]) -> String {
    let line = |of: &Skill| {
        let Some(Estimate { value, low, high, .. }) = of.skill else { return String::new() };
        format!("first,{},\"brier skill over {}\",{value},{low},{high}\n", of.event, of.over)
    };
    skills.iter().map(line).collect()
}

fn n_events(scored: &[Scored]) -> usize {
    scored.first().map_or(0, |first| first.events.len())
}

fn summary(scored: &[Scored], skills: &[Skill]) -> String {
    let mut lines = Vec::new();
    for event in 0..n_events(scored) {
        let Some(first) = scored.first().and_then(|scored| scored.events.get(event)) else {
            continue;
        };
        lines.push(format!(
            "{}: {} of {} {} ({} {})",
            first.event,
            first.n_cases,
            first.n_cases + first.n_missing,
            first.cases,
            first.n_events,
            first.drawn
        ));
        let heads: Vec<String> = SHORT.iter().map(|name| format!("{:>14}", head(name))).collect();
        lines.push(format!("{:34}{}", "", heads.concat()));
        for forecast in scored {
            let Some(verified) = forecast.events.get(event) else { continue };
            let cells: Vec<String> = SHORT.iter().map(|name| cell(verified.score(name))).collect();
            lines.push(format!("{:34}{}", forecast.label, cells.concat()));
        }
    }
    for Skill { event, over, skill } in skills {
        let Some(Estimate { value, low, high, .. }) = skill else { continue };
        lines.push(format!(
            "{event}: Brier skill over {over} {value:.3} (95 %: {low:.3} to {high:.3})"
        ));
    }
    lines.push("RPS of all classes".to_owned());
    for forecast in scored {
        let (rps, skill) = (cell(forecast.rps), cell(forecast.rps_skill));
        lines.push(format!("{:34}{rps}{skill}", forecast.label));
    }
    lines.join("\n")
}

/// The label of a score, which is shorter than its name.
fn head(name: &str) -> &str {
    let found = PROBABILITY_SCORES.iter().find(|score| score.name == name);
    found.map_or(name, |score| score.label)
}

fn cell(value: Option<f64>) -> String {
    value.map_or(format!("{:>14}", "-"), |value| format!("{value:>14.4}"))
}

/// A line a score.
fn csv(scored: &[Scored]) -> String {
    let mut lines = vec!["forecast,event,score,value,low,high".to_owned()];
    let text = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    for forecast in scored {
        for verified in &forecast.events {
            lines.extend(PROBABILITY_SCORES.iter().filter_map(|score| {
                let found = verified.scores.get(score.name)?;
                let [value, low, high] = [found.value, found.low, found.high].map(text);
                Some(format!(
                    "{},{},{},{value},{low},{high}",
                    forecast.name, verified.event, score.name
                ))
            }));
        }
        lines.push(format!("{},all,rps,{},,", forecast.name, text(forecast.rps)));
        lines.push(format!("{},all,rps_skill,{},,", forecast.name, text(forecast.rps_skill)));
    }
    lines.join("\n") + "\n"
}
