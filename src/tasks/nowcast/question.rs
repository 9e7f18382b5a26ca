//! What can be asked about a sequence of frames.

use stormlens_data::card::Nowcasting;
use stormlens_data::request::{Subject, Target};

use super::samples::Samples;
use crate::parameters::{Parameters, QuestionError};
use crate::question::Cards;
use crate::task::ParameterHelp;

pub const SAMPLE: &str = "sample";
pub const THRESHOLD: &str = "threshold";
pub const LEAD_TIME: &str = "lead-time";

pub const PARAMETERS: &[ParameterHelp] = &[
    ParameterHelp {
        name: SAMPLE,
        help: "the sequence of frames, by its name in the list of samples",
    },
    ParameterHelp {
        name: LEAD_TIME,
        help: "minutes ahead that maps show and explanations are of; the first of the network until chosen",
    },
    ParameterHelp {
        name: THRESHOLD,
        help: "explained is the sum of the forecast over pixels above this: mm/h of rain (1.5 until chosen), 0 to 1 \
               of cloud cover (0.5)",
    },
];

pub const LOOK: &[&str] = &["opacity", "palette", "overlay", "region"];

/// The largest rate that the radar's format can store, mm/h.
const MAX_THRESHOLD: f64 = 7864.2;

pub fn read_sample(parameters: &Parameters, samples: &Samples) -> Result<Subject, QuestionError> {
    let Some(wanted) = parameters.one(SAMPLE)? else {
        return Err(QuestionError::parameter(SAMPLE, "is missing: choose one of the samples"));
    };
    Ok(Subject::Nowcast { sample: samples.find(wanted)?.id.clone() })
}

pub fn read_target(parameters: &Parameters, cards: &Cards) -> Result<Target, QuestionError> {
    let task = nowcasting(cards)?;
    let expected = "a threshold in the unit of the forecast, from 0 to 7864.2";
    let fits = |threshold: &f64| (0.0..=MAX_THRESHOLD).contains(threshold);
    let threshold = parameters.number(THRESHOLD, expected, fits)?;
    // −0 and 0 are one question.
    let threshold = threshold.unwrap_or_else(|| task.field.default_threshold()) + 0.0;
    Ok(Target::SumAbove { threshold, lead_time_min: read_lead_time(parameters, task)? })
}

fn read_lead_time(parameters: &Parameters, task: &Nowcasting) -> Result<u32, QuestionError> {
    let leads: Vec<String> = task.lead_times_min.iter().map(u32::to_string).collect();
    let expected = format!("a lead time of this network in minutes: {}", leads.join(", "));
    let fits = |minutes: &u32| task.lead_times_min.contains(minutes);
    let wanted = parameters.number(LEAD_TIME, &expected, fits)?;
    let missing = || QuestionError::parameter(LEAD_TIME, "cannot be chosen: the network has none");
    wanted.or(task.lead_times_min.first().copied()).ok_or_else(missing)
}

pub fn write(subject: &Subject, target: &Target) -> Vec<(&'static str, String)> {
    let mut pairs = vec![(SAMPLE, sample_of(subject).to_owned())];
    if let Target::SumAbove { threshold, lead_time_min } = target {
        pairs.push((LEAD_TIME, lead_time_min.to_string()));
        pairs.push((THRESHOLD, threshold.to_string()));
    }
    pairs
}

/// The name of the sample; empty for another task's subject, which never comes here.
pub fn sample_of(subject: &Subject) -> &str {
    match subject {
        Subject::Nowcast { sample } => sample,
        Subject::Scene { .. } => "",
    }
}

/// The frames that the weights take and give.
pub fn nowcasting(cards: &Cards) -> Result<&Nowcasting, QuestionError> {
    let no_frames =
        || QuestionError::parameter("checkpoint", "takes no frames: choose another network");
    cards.checkpoint.nowcasting.as_ref().ok_or_else(no_frames)
}

/// The lead time of a target in minutes; 0 for another task's target.
pub fn lead_time_min(target: &Target) -> u32 {
    match target {
        Target::SumAbove { lead_time_min, .. } => *lead_time_min,
        Target::Class { .. } => 0,
    }
}

/// The threshold of a target; 0 for another task's target.
pub fn threshold(target: &Target) -> f64 {
    match target {
        Target::SumAbove { threshold, .. } => *threshold,
        Target::Class { .. } => 0.0,
    }
}
