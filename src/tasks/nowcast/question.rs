//! What can be asked about a sequence of frames.

use stormlens_data::card::{CheckpointCard, NowcastField, Nowcasting};
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
        help: "the lead time of maps and explanations in minutes; the default is the first lead time of the network",
    },
    ParameterHelp {
        name: THRESHOLD,
        help: "the target of the explanation is the sum of the forecast over pixels above this threshold: mm/h of rain (default \
               1.5), or 0 to 1 of cloud cover (default 0.5)",
    },
];

/// The palettes are of rain.
pub fn style_names(cards: &Cards) -> &'static [&'static str] {
    match nowcasting(cards).map(|task| task.field) {
        Ok(NowcastField::CloudCover) => &["opacity", "overlay", "region"],
        _ => &["opacity", "palette", "overlay", "region"],
    }
}

pub fn read_sample(parameters: &Parameters, samples: &Samples) -> Result<Subject, QuestionError> {
    let Some(wanted) = parameters.one(SAMPLE)? else {
        return Err(QuestionError::parameter(SAMPLE, "is missing: choose one of the samples"));
    };
    Ok(Subject::Nowcast { sample: samples.find(wanted)?.id.clone() })
}

/// Whether weights take the frames of the sample that is named; all do where none is.
pub fn suits(parameters: &Parameters, samples: &Samples, checkpoint: &CheckpointCard) -> bool {
    let named = parameters.one(SAMPLE).ok().flatten().and_then(|id| samples.find(id).ok());
    let takes = |field| checkpoint.nowcasting.as_ref().is_some_and(|task| task.field == field);
    named.is_none_or(|sample| takes(sample.field))
}

pub fn read_target(parameters: &Parameters, cards: &Cards) -> Result<Target, QuestionError> {
    let task = nowcasting(cards)?;
    let most = task.field.max_threshold();
    let expected = match task.field {
        NowcastField::Precipitation => format!("a rain rate from 0 to {most} mm/h"),
        NowcastField::CloudCover => format!("a cloud cover from 0 to {most}"),
    };
    let fits = |threshold: &f64| (0.0..=most).contains(threshold);
    let threshold = parameters.number(THRESHOLD, &expected, fits)?;
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
    if let Subject::Nowcast { sample } = subject { sample } else { "" }
}

/// The frames that the weights take and give.
pub fn nowcasting(cards: &Cards) -> Result<&Nowcasting, QuestionError> {
    let no_frames =
        || QuestionError::parameter("checkpoint", "takes no frames: choose another network");
    cards.checkpoint.nowcasting.as_ref().ok_or_else(no_frames)
}

/// The lead time of a target in minutes; 0 for another task's target.
pub fn lead_time_min(target: &Target) -> u32 {
    if let Target::SumAbove { lead_time_min, .. } = target { *lead_time_min } else { 0 }
}

/// The threshold of a target; 0 for another task's target.
pub fn threshold(target: &Target) -> f64 {
    if let Target::SumAbove { threshold, .. } = target { *threshold } else { 0.0 }
}
