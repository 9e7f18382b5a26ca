//! What can be asked of a network that learnt to do without parts of the frames.

use stormlens_data::card::{Hides, Nowcasting};
use stormlens_data::request::{FrameMask, Shares};

use super::{HIDE, HIDE_PERCENT, HIDE_SEED, MASK_PERCENT, MASKS, STATISTICS, nowcasting};
use crate::parameters::{Parameters, QuestionError};
use crate::question::Cards;

const MASKS_MOST: usize = 50;
const MASK_PERCENT_DEFAULT: u32 = 30;
const SEED_DEFAULT: u32 = 1;

/// What is hidden; nothing from a network that cannot do without.
pub(super) fn read(parameters: &Parameters, cards: &Cards) -> Result<FrameMask, QuestionError> {
    if cards.model.hides() != Some(Hides::Patches) {
        return nothing(parameters, cards);
    }
    let percent = |name| {
        let fits = |percent: &u32| (1..=99).contains(percent);
        parameters.number(name, "a whole number from 1 to 99", fits)
    };
    let expected = format!("a whole number from 0 to {}", u32::MAX);
    let seed = parameters.number(HIDE_SEED, &expected, |_: &u32| true)?;
    let seed = seed.unwrap_or(SEED_DEFAULT);
    let random = percent(HIDE_PERCENT)?.map(|percent| Shares { percent, seed });
    let fits = |n: &usize| (2..=MASKS_MOST).contains(n);
    let expected = format!("a whole number from 2 to {MASKS_MOST}");
    let n_masks = parameters.number(MASKS, &expected, fits)?.unwrap_or(0);
    let each = percent(MASK_PERCENT)?.unwrap_or(MASK_PERCENT_DEFAULT);
    let mask = FrameMask {
        hidden: read_hidden(parameters)?,
        random,
        n_masks,
        masks: (n_masks > 0).then_some(Shares { percent: each, seed }),
        whole_statistics: read_statistics(parameters)?,
    };
    if nowcasting(cards).is_ok_and(Nowcasting::rebuilds) {
        suits_rebuilding(&mask)?;
    }
    // Where nothing is hidden, both are the same.
    let whole_statistics = mask.whole_statistics && (mask.hides() || mask.n_masks > 0);
    Ok(FrameMask { whole_statistics, ..mask })
}

fn nothing(parameters: &Parameters, cards: &Cards) -> Result<FrameMask, QuestionError> {
    let names = [HIDE, HIDE_PERCENT, HIDE_SEED, MASKS, MASK_PERCENT, STATISTICS];
    let is_said = |name: &&str| parameters.one(name).is_ok_and(|value| value.is_some());
    match names.into_iter().find(is_said) {
        None => Ok(FrameMask::default()),
        Some(name) => Err(QuestionError::parameter(
            name,
            format!(
                "is of networks that learnt to do without parts of the frames; {} did not",
                cards.model.title
            ),
        )),
    }
}

fn suits_rebuilding(mask: &FrameMask) -> Result<(), QuestionError> {
    if mask.n_masks > 0 {
        let message = "are of forecasts; these weights rebuild the frames that went in: hide patches with hide or hide-percent";
        return Err(QuestionError::parameter(MASKS, message));
    }
    if mask.whole_statistics {
        let message = "cannot be whole for weights that rebuild what is hidden: it would tell them the size of the answer";
        return Err(QuestionError::parameter(STATISTICS, message));
    }
    Ok(())
}

fn read_statistics(parameters: &Parameters) -> Result<bool, QuestionError> {
    match parameters.one(STATISTICS)? {
        None | Some("visible") => Ok(false),
        Some("whole") => Ok(true),
        Some(other) => {
            let message = format!("is “{other}”, but must be visible or whole");
            Err(QuestionError::parameter(STATISTICS, message))
        }
    }
}

fn read_hidden(parameters: &Parameters) -> Result<Vec<usize>, QuestionError> {
    let mut hidden = Vec::new();
    for text in parameters.list(HIDE).into_iter().filter(|text| *text != "none") {
        let patch = text.parse::<usize>().map_err(|_| {
            QuestionError::parameter(
                HIDE,
                format!("names “{text}”, but must name patches by their numbers"),
            )
        })?;
        hidden.push(patch);
    }
    hidden.sort_unstable();
    hidden.dedup();
    Ok(hidden)
}

pub(super) fn write(mask: &FrameMask) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    if !mask.hidden.is_empty() {
        let hidden: Vec<String> = mask.hidden.iter().map(ToString::to_string).collect();
        pairs.push((HIDE, hidden.join(",")));
    }
    if let Some(random) = mask.random {
        pairs.push((HIDE_PERCENT, random.percent.to_string()));
    }
    if let Some(masks) = mask.masks {
        pairs.push((MASKS, mask.n_masks.to_string()));
        pairs.push((MASK_PERCENT, masks.percent.to_string()));
    }
    let seed = mask.random.or(mask.masks).map(|shares| shares.seed);
    pairs.extend(seed.map(|seed| (HIDE_SEED, seed.to_string())));
    if mask.whole_statistics {
        pairs.push((STATISTICS, "whole".to_owned()));
    }
    pairs
}
