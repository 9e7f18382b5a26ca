//! What can be asked about fields of a weather model.

use stormlens_data::card::FieldsCard;
use stormlens_data::request::{Blocks, ClassOutput, EventPlace, RainEvent, Sight, Subject, Target};

use super::ground::Ground;
use super::samples::Samples;
use crate::parameters::{Parameters, QuestionError};
use crate::question::Cards;
use crate::task::ParameterHelp;

pub const FIELDS: &str = "fields";
pub const BLOCKS: &str = "blocks";
pub const HIDE: &str = "hide";
pub const MASKS: &str = "masks";
pub const MASK_PERCENT: &str = "mask-percent";
pub const POINTS: &str = "points";
pub const EVENT: &str = "event";
pub const PLACE: &str = "place";
pub const OUTPUT: &str = "output";

pub const PARAMETERS: &[ParameterHelp] = &[
    ParameterHelp { name: FIELDS, help: "the fields, by their name in the list of model fields" },
    ParameterHelp {
        name: BLOCKS,
        help: "active (default: all layers are computed), or identity (as the authors' program runs: its layers \
               return their input unchanged)",
    },
    ParameterHelp {
        name: HIDE,
        help: "variables that the network does not see, by their names, separated by commas; none (default) is hidden",
    },
    ParameterHelp {
        name: MASKS,
        help: "predictions behind random masks, 2 to 50, which show how much the answer depends on what is seen; none \
               by default",
    },
    ParameterHelp {
        name: MASK_PERCENT,
        help: "share that each mask hides, 5 to 95 % (default 25)",
    },
    ParameterHelp {
        name: POINTS,
        help: "where it is shown which points the deformable convolutions read: node:LATITUDE,LONGITUDE; or all, for the \
               mean length of their offsets; none by default",
    },
    ParameterHelp { name: EVENT, help: "the target of the explanation: rain (default), or heavy" },
    ParameterHelp {
        name: PLACE,
        help: "the place of the target: all (default), box:WEST,SOUTH,EAST,NORTH or node:LATITUDE,LONGITUDE",
    },
    ParameterHelp {
        name: OUTPUT,
        help: "the number that is the target: probability (default), or logit (its log-odds, which do not saturate)",
    },
];

const MASK_PERCENT_DEFAULT: u32 = 25;
const MASKS_MOST: usize = 50;

/// Whether weights can look at what is named: at numbers any weights of their shape, at fields those that state their grid.
pub fn suits(parameters: &Parameters, samples: &Samples, card: Option<&FieldsCard>) -> bool {
    let Some(card) = card.filter(|card| card.n_classes.is_some()) else { return false };
    let named = parameters.one(FIELDS).ok().flatten();
    named.is_none_or(|id| samples.suits(id, card))
}

pub fn read_subject(
    parameters: &Parameters,
    samples: &Samples,
    cards: &Cards,
) -> Result<Subject, QuestionError> {
    let Some(id) = parameters.one(FIELDS)? else {
        return Err(QuestionError::parameter(FIELDS, "is missing: choose one of the model fields"));
    };
    let id = samples.find(id)?.id;
    Ok(Subject::RainProbability { fields: id, sight: read_sight(parameters, fields(cards)?)? })
}

fn read_sight(parameters: &Parameters, card: &FieldsCard) -> Result<Sight, QuestionError> {
    let fits = |n: &usize| (2..=MASKS_MOST).contains(n);
    let expected = format!("a whole number from 2 to {MASKS_MOST}");
    let n_masks = parameters.number(MASKS, &expected, fits)?.unwrap_or(0);
    let fits = |percent: &u32| (5..=95).contains(percent);
    let percent = parameters.number(MASK_PERCENT, "a whole number from 5 to 95", fits)?;
    let percent = percent.unwrap_or(MASK_PERCENT_DEFAULT);
    let blocks = parameters.choice(BLOCKS, Blocks::default())?;
    Ok(Sight {
        blocks,
        points: read_points(parameters, blocks, card)?,
        hidden: read_hidden(parameters, card)?,
        n_masks,
        mask_percent: if n_masks > 0 { percent } else { 0 },
    })
}

fn read_points(
    parameters: &Parameters,
    blocks: Blocks,
    card: &FieldsCard,
) -> Result<Option<EventPlace>, QuestionError> {
    let refuse = |message: String| Err(QuestionError::parameter(POINTS, message));
    let place = match parameters.one(POINTS)?.map(str::trim) {
        None | Some("" | "none") => return Ok(None),
        Some(text) => text.parse::<EventPlace>().map_err(|words| (text, words)),
    };
    match place {
        Err((text, words)) => refuse(format!("is “{text}”, but {words}")),
        Ok(EventPlace::Box(_)) => refuse("is a box, but points are read for one node".to_owned()),
        Ok(_) if blocks == Blocks::Identity => {
            refuse("chooses layers that return their input unchanged: choose active".to_owned())
        }
        Ok(place) => match Ground(&card.fields).part(place) {
            Ok(_) => Ok(Some(place)),
            Err(words) => refuse(format!("is of no node: {words}")),
        },
    }
}

/// In the order of the weights; not all of them.
fn read_hidden(parameters: &Parameters, card: &FieldsCard) -> Result<Vec<String>, QuestionError> {
    let known = || card.fields.variables.iter().map(|variable| variable.name.clone());
    let wanted = parameters.list(HIDE);
    for name in wanted.iter().filter(|name| **name != "none") {
        if card.fields.channel(name).is_none() {
            return Err(QuestionError::unknown("variable", name, known()));
        }
    }
    let is_wanted = |name: &String| wanted.iter().any(|w| w.eq_ignore_ascii_case(name));
    let hidden: Vec<String> = known().filter(is_wanted).collect();
    match hidden.len() == card.fields.variables.len() {
        true => Err(QuestionError::parameter(HIDE, "names all variables: leave one to be seen")),
        false => Ok(hidden),
    }
}

pub fn read_target(parameters: &Parameters) -> Result<Target, QuestionError> {
    let place: EventPlace = match parameters.one(PLACE)? {
        None => EventPlace::All,
        Some(text) => text.parse().map_err(|words: String| {
            QuestionError::parameter(PLACE, format!("is “{text}”, but {words}"))
        })?,
    };
    Ok(Target::Event {
        event: parameters.choice(EVENT, RainEvent::default())?,
        place,
        output: parameters.choice(OUTPUT, ClassOutput::default())?,
    })
}

pub fn write(subject: &Subject, target: &Target) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    if let Subject::RainProbability { fields, sight } = subject {
        pairs.push((FIELDS, fields.clone()));
        pairs.push((BLOCKS, sight.blocks.to_string()));
        if !sight.hidden.is_empty() {
            pairs.push((HIDE, sight.hidden.join(",")));
        }
        if sight.n_masks > 0 {
            pairs.push((MASKS, sight.n_masks.to_string()));
            pairs.push((MASK_PERCENT, sight.mask_percent.to_string()));
        }
        if let Some(place) = sight.points {
            pairs.push((POINTS, place.to_string()));
        }
    }
    if let Target::Event { event, place, output } = target {
        pairs.push((EVENT, event.to_string()));
        pairs.push((PLACE, place.to_string()));
        pairs.push((OUTPUT, output.to_string()));
    }
    pairs
}

/// The name of the fields and what of them is seen; nothing of another task's subject, which never comes here.
pub fn subject_of(subject: &Subject) -> (&str, Sight) {
    match subject {
        Subject::RainProbability { fields, sight } => (fields, sight.clone()),
        _ => ("", Sight::default()),
    }
}

/// What the weights take and give.
pub fn fields(cards: &Cards) -> Result<&FieldsCard, QuestionError> {
    let none = |words: &str| QuestionError::parameter("checkpoint", words);
    let card = cards.checkpoint.fields.as_ref();
    let card = card.ok_or_else(|| none("takes no fields of a weather model: choose another"))?;
    match card.n_classes {
        Some(_) => Ok(card),
        None => Err(none(
            "is of the pre-training: it rebuilds fields and gives no probabilities; choose weights that were fine-tuned",
        )),
    }
}

/// The target of the explanation; that of the whole map where nothing is.
pub fn target_of(target: &Target) -> (RainEvent, EventPlace, ClassOutput) {
    match *target {
        Target::Event { event, place, output } => (event, place, output),
        _ => Default::default(),
    }
}
