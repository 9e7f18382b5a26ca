//! What can be asked about a sequence of frames.

mod mask;

use stormlens_data::card::{CheckpointCard, NowcastField, Nowcasting};
use stormlens_data::request::{FrameMask, Subject, Target};

use super::samples::Samples;
use crate::parameters::{Parameters, QuestionError};
use crate::question::Cards;
use crate::task::ParameterHelp;

pub const SAMPLE: &str = "sample";
pub const THRESHOLD: &str = "threshold";
pub const LEAD_TIME: &str = "lead-time";
pub const LAST_LEAD_TIME: &str = "last-lead-time";
pub const STEPS_MEAN: &str = "steps-mean";
pub const HIDE: &str = "hide";
pub const HIDE_PERCENT: &str = "hide-percent";
pub const HIDE_SEED: &str = "hide-seed";
pub const MASKS: &str = "masks";
pub const MASK_PERCENT: &str = "mask-percent";
pub const STATISTICS: &str = "statistics";

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
        name: LAST_LEAD_TIME,
        help: "explains all lead times from lead-time to this one together, in minutes; one alone by default, and where this \
               one is not later",
    },
    ParameterHelp {
        name: THRESHOLD,
        help: "the target of the explanation is the sum of the forecast over pixels above this threshold: mm/h of rain (default \
               1.5), or 0 to 1 of cloud cover (default 0.5)",
    },
    ParameterHelp {
        name: STEPS_MEAN,
        help: "yes puts the mean of a STEPS ensemble of 24 members beside the other forecasts of rain without a network, which \
               takes some seconds; no by default",
    },
    ParameterHelp {
        name: HIDE,
        help: "patches of 32 × 32 pixels that the network does not see, by their numbers from 0, row by row, separated by \
               commas; of a network that learnt to do without (SpaT-SparK); none by default",
    },
    ParameterHelp {
        name: HIDE_PERCENT,
        help: "a share of the patches that is hidden at random, 1 to 99 %; one that is known stays in any case; none by default",
    },
    ParameterHelp { name: HIDE_SEED, help: "which patches that are: a whole number (default 1)" },
    ParameterHelp {
        name: MASKS,
        help: "forecasts behind random masks, 2 to 50: how much the forecast depends on what is seen; none by default",
    },
    ParameterHelp {
        name: MASK_PERCENT,
        help: "share of the patches that each of these masks hides, 1 to 99 % (default 30)",
    },
    ParameterHelp {
        name: STATISTICS,
        help: "what gives the forecast of a patch its size: visible (default: what the network sees), or whole (hidden \
               rain, too, as in the authors' program)",
    },
];

/// The palettes are of rain.
pub fn style_names(cards: &Cards) -> &'static [&'static str] {
    match nowcasting(cards).map(|task| task.field) {
        Ok(NowcastField::CloudCover) => &["opacity", "overlay", "region"],
        _ => &["opacity", "palette", "overlay", "region"],
    }
}

pub fn read_subject(
    parameters: &Parameters,
    samples: &Samples,
    cards: &Cards,
) -> Result<Subject, QuestionError> {
    let Some(wanted) = parameters.one(SAMPLE)? else {
        return Err(QuestionError::parameter(SAMPLE, "is missing: choose one of the samples"));
    };
    let sample = samples.find(wanted)?;
    let steps_mean = parameters.switch(STEPS_MEAN, false)?;
    if steps_mean && nowcasting(cards).is_ok_and(Nowcasting::rebuilds) {
        let message =
            "is a forecast; these weights rebuild the frames that went in and forecast nothing";
        return Err(QuestionError::parameter(STEPS_MEAN, message));
    }
    if steps_mean && sample.field != NowcastField::Precipitation {
        let message =
            format!("is for rain; the frames of {} are of {}", sample.id, sample.field.label());
        return Err(QuestionError::parameter(STEPS_MEAN, message));
    }
    Ok(Subject::Nowcast {
        sample: sample.id.clone(),
        mask: mask::read(parameters, cards)?,
        steps_mean,
    })
}

/// Whether weights take the frames of the sample that is named; all do where none is.
pub fn suits(parameters: &Parameters, samples: &Samples, checkpoint: &CheckpointCard) -> bool {
    let named = parameters.one(SAMPLE).ok().flatten().and_then(|id| samples.find(id).ok());
    let Some(task) = &checkpoint.nowcasting else { return named.is_none() };
    // What rebuilds frames is asked by name only.
    !task.rebuilds() && named.is_none_or(|sample| task.field == sample.field)
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
    let lead_time_min = read_lead_time(parameters, task)?;
    let last_lead_time_min = read_last_lead_time(parameters, task, lead_time_min)?;
    Ok(Target::SumAbove { threshold, lead_time_min, last_lead_time_min })
}

/// The end of a span of lead times. One that is not later than its beginning is none, so that a form that asks for both
/// cannot contradict itself.
fn read_last_lead_time(
    parameters: &Parameters,
    task: &Nowcasting,
    first: u32,
) -> Result<Option<u32>, QuestionError> {
    if task.rebuilds() && parameters.one(LAST_LEAD_TIME)?.is_some() {
        let message = "cannot be chosen: these weights forecast nothing";
        return Err(QuestionError::parameter(LAST_LEAD_TIME, message));
    }
    let (expected, fits) = a_lead_time(task);
    let last = parameters.number(LAST_LEAD_TIME, &expected, fits)?;
    Ok(last.filter(|&last| last > first))
}

/// Of weights that rebuild frames: the last frame that went in.
fn read_lead_time(parameters: &Parameters, task: &Nowcasting) -> Result<u32, QuestionError> {
    if task.rebuilds() {
        let expected = "0, the last frame, which these weights rebuild; they forecast nothing";
        let wanted = parameters.number(LEAD_TIME, expected, |&minutes: &u32| minutes == 0)?;
        return Ok(wanted.unwrap_or(0));
    }
    let (expected, fits) = a_lead_time(task);
    let wanted = parameters.number(LEAD_TIME, &expected, fits)?;
    let missing = || QuestionError::parameter(LEAD_TIME, "cannot be chosen: the network has none");
    wanted.or(task.lead_times_min.first().copied()).ok_or_else(missing)
}

/// What a lead time must be, in words and as a rule.
fn a_lead_time(task: &Nowcasting) -> (String, impl Fn(&u32) -> bool) {
    let leads: Vec<String> = task.lead_times_min.iter().map(u32::to_string).collect();
    let expected = format!("one of the lead times in minutes: {}", leads.join(", "));
    (expected, |minutes: &u32| task.lead_times_min.contains(minutes))
}

pub fn write(subject: &Subject, target: &Target) -> Vec<(&'static str, String)> {
    let mut pairs = vec![(SAMPLE, sample_of(subject).to_owned())];
    pairs.extend(mask::write(&mask_of(subject)));
    if has_steps_mean(subject) {
        pairs.push((STEPS_MEAN, "yes".to_owned()));
    }
    if let Target::SumAbove { threshold, lead_time_min, last_lead_time_min } = target {
        pairs.push((LEAD_TIME, lead_time_min.to_string()));
        pairs.extend(last_lead_time_min.map(|last| (LAST_LEAD_TIME, last.to_string())));
        pairs.push((THRESHOLD, threshold.to_string()));
    }
    pairs
}

/// What of the sample is hidden.
pub fn mask_of(subject: &Subject) -> FrameMask {
    if let Subject::Nowcast { mask, .. } = subject { mask.clone() } else { FrameMask::default() }
}

/// Whether the mean of a STEPS ensemble is wanted.
pub fn has_steps_mean(subject: &Subject) -> bool {
    matches!(subject, Subject::Nowcast { steps_mean: true, .. })
}

/// The name of the sample; empty for another task's subject, which never comes here.
pub fn sample_of(subject: &Subject) -> &str {
    if let Subject::Nowcast { sample, .. } = subject { sample } else { "" }
}

/// The frames that the weights take and give.
pub fn nowcasting(cards: &Cards) -> Result<&Nowcasting, QuestionError> {
    let no_frames =
        || QuestionError::parameter("checkpoint", "takes no frames: choose another network");
    cards.checkpoint.nowcasting.as_ref().ok_or_else(no_frames)
}

/// The last lead time of a target in minutes, where it is a span of several.
pub fn last_lead_time_min(target: &Target) -> Option<u32> {
    if let Target::SumAbove { last_lead_time_min, .. } = target {
        *last_lead_time_min
    } else {
        None
    }
}

/// The first lead time of a target in minutes; 0 for another task's target.
pub fn lead_time_min(target: &Target) -> u32 {
    if let Target::SumAbove { lead_time_min, .. } = target { *lead_time_min } else { 0 }
}

/// The threshold of a target; 0 for another task's target.
pub fn threshold(target: &Target) -> f64 {
    if let Target::SumAbove { threshold, .. } = target { *threshold } else { 0.0 }
}
