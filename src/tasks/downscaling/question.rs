//! What can be asked about coarse rain.

use stormlens_data::card::Refining;
use stormlens_data::downscale::{Domain, EnsembleKind, Refinement, Registration};
use stormlens_data::request::{RefinedPlace, Subject, Target};

use super::extent;
use super::fields::{Entry, Fields};
use crate::parameters::{Parameters, QuestionError};
use crate::question::Cards;
use crate::question::style::EXCEED_MOST;
use crate::task::ParameterHelp;

pub const RAIN: &str = "rain";
pub const DOMAIN: &str = "domain";
pub const REGISTRATION: &str = "registration";
pub const BLENDING: &str = "blending";
pub const CONSERVATION: &str = "conservation";
pub const ENSEMBLE: &str = "ensemble";
pub const MEMBERS: &str = "members";
pub const TARGET: &str = "target";
pub const ABOVE: &str = "above-mm";

pub const PARAMETERS: &[ParameterHelp] = &[
    ParameterHelp { name: RAIN, help: "the coarse rain, by its name in the list of rain fields" },
    ParameterHelp {
        name: DOMAIN,
        help: "what is refined, WEST,SOUTH,EAST,NORTH in degrees; the default is that of the sample, or all that the \
               field covers",
    },
    ParameterHelp {
        name: REGISTRATION,
        help: "where coarse values are placed on the fine grid: aligned (at their coordinates), or reference (as \
               published, 3.5 nodes aside); the default is that of the weights",
    },
    ParameterHelp {
        name: BLENDING,
        help: "how tiles are joined: mm (default), or published (in the network's unit, without a floor)",
    },
    ParameterHelp {
        name: CONSERVATION,
        help: "none (default), or coarse: each coarse cell keeps its mean",
    },
    ParameterHelp {
        name: ENSEMBLE,
        help: "none (default), dropout, or epochs (weights of several epochs, where they lie beside the weights)",
    },
    ParameterHelp {
        name: MEMBERS,
        help: "how many members ensemble=dropout draws, 2 to 50 (default 10); ensemble=epochs has one for each file of weights",
    },
    ParameterHelp {
        name: TARGET,
        help: "the target of the explanation: wettest (default), tile:NUMBER, box:WEST,SOUTH,EAST,NORTH (over up to 16 tiles with \
               rain, by integrated gradients) or node:LATITUDE,LONGITUDE (the nearest point of the fine grid)",
    },
    ParameterHelp {
        name: ABOVE,
        help: "of the target only nodes (points of the fine grid) with more than this number of mm count; all of them where \
               nothing is said",
    },
];

const MEMBERS_DEFAULT: usize = 10;
const MEMBERS_MOST: usize = 50;
/// More rain in an interval is no threshold, neither of a target nor of a probability.
pub const MOST_MM: f64 = EXCEED_MOST;

/// Whether weights take what is named: tiles of numbers any, sums those of the same length.
pub fn suits(parameters: &Parameters, fields: &Fields, refining: Option<&Refining>) -> bool {
    let named = parameters.one(RAIN).ok().flatten().and_then(|id| fields.find(id).ok());
    let takes = |entry: Entry| refining.is_some_and(|own| i64::from(own.rain.hours) == entry.hours);
    named.is_none_or(takes)
}

pub fn read_subject(
    parameters: &Parameters,
    fields: &Fields,
    cards: &Cards,
) -> Result<Subject, QuestionError> {
    let Some(id) = parameters.one(RAIN)? else {
        return Err(QuestionError::parameter(RAIN, "is missing: choose one of the rain fields"));
    };
    let refining = refining(cards)?;
    let is_tile = fields.tiles(id).is_some();
    let domain = match (is_tile, parameters.one(DOMAIN)?) {
        (true, _) => [0.0; 4],
        (false, Some(text)) => read_domain(text)?,
        (false, None) => default_domain(fields, id)?,
    };
    let refinement = read_refinement(parameters, cards, refining)?;
    let rain = if is_tile { id.to_owned() } else { fields.find(id)?.id };
    Ok(Subject::Downscaling { rain, domain, refinement })
}

/// That of the sample, or what the file covers.
fn default_domain(fields: &Fields, id: &str) -> Result<[f64; 4], QuestionError> {
    if let Some(domain) = fields.find(id)?.domain {
        return Ok(domain);
    }
    let refuse = |error: String| QuestionError::parameter(RAIN, format!("cannot be read: {error}"));
    let rain = fields.load(id).map_err(|error| refuse(error.to_string()))?;
    let Domain { south, north, west, east } = extent::whole(rain.field.grid.bounds());
    Ok([west, south, east, north])
}

fn read_domain(text: &str) -> Result<[f64; 4], QuestionError> {
    let refuse = || {
        QuestionError::parameter(
            DOMAIN,
            format!(
                "is “{text}”, but must be WEST,SOUTH,EAST,NORTH in degrees, e.g. -115,37,-108,43"
            ),
        )
    };
    let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    let domain: [f64; 4] = numbers.and_then(|n| n.try_into().ok()).ok_or_else(refuse)?;
    let [west, south, east, north] = domain;
    let is_on_earth = (-90.0..=90.0).contains(&south) && (-90.0..=90.0).contains(&north);
    let is_wide = west < east && east - west <= 360.0 && south < north;
    let is_known = (-360.0..=360.0).contains(&west) && (-360.0..=540.0).contains(&east);
    if is_on_earth && is_wide && is_known { Ok(domain.map(|n| n + 0.0)) } else { Err(refuse()) }
}

fn read_refinement(
    parameters: &Parameters,
    cards: &Cards,
    refining: &Refining,
) -> Result<Refinement, QuestionError> {
    let registration = match parameters.one(REGISTRATION)? {
        None => refining.rain.registration,
        Some(name) => Registration::parse(name).ok_or_else(|| {
            QuestionError::unknown("registration", name, Registration::ALL.map(Registration::name))
        })?,
    };
    let ensemble = parameters.choice(ENSEMBLE, EnsembleKind::default())?;
    if ensemble == EnsembleKind::Epochs && cards.checkpoint.members.len() < 2 {
        let message =
            "cannot be epochs: no weights of other epochs lie beside these; choose dropout";
        return Err(QuestionError::parameter(ENSEMBLE, message));
    }
    let expected = format!("a whole number from 2 to {MEMBERS_MOST}");
    let fits = |n: &usize| (2..=MEMBERS_MOST).contains(n);
    let n_members = parameters.number(MEMBERS, &expected, fits)?.unwrap_or(MEMBERS_DEFAULT);
    Ok(Refinement {
        registration,
        blending: parameters.choice(BLENDING, Default::default())?,
        conservation: parameters.choice(CONSERVATION, Default::default())?,
        ensemble,
        n_members: if ensemble == EnsembleKind::Dropout { n_members } else { 0 },
    })
}

pub fn read_target(parameters: &Parameters) -> Result<Target, QuestionError> {
    let place: RefinedPlace = match parameters.one(TARGET)? {
        None => RefinedPlace::Wettest,
        Some(text) => text.parse().map_err(|words: String| {
            QuestionError::parameter(TARGET, format!("is “{text}”, but {words}"))
        })?,
    };
    let fits = |mm: &f64| (0.0..=MOST_MM).contains(mm);
    let above_mm = parameters.number(ABOVE, &format!("0 to {MOST_MM} mm"), fits)?;
    Ok(Target::Refined { place, above_mm: above_mm.map(|mm| mm + 0.0) })
}

pub fn write(subject: &Subject, target: &Target) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    if let Subject::Downscaling { rain, domain, refinement } = subject {
        pairs.push((RAIN, rain.clone()));
        if *domain != [0.0; 4] {
            pairs.push((DOMAIN, domain.map(|n| n.to_string()).join(",")));
        }
        pairs.push((REGISTRATION, refinement.registration.to_string()));
        pairs.push((BLENDING, refinement.blending.to_string()));
        pairs.push((CONSERVATION, refinement.conservation.to_string()));
        pairs.push((ENSEMBLE, refinement.ensemble.to_string()));
        if refinement.n_members > 0 {
            pairs.push((MEMBERS, refinement.n_members.to_string()));
        }
    }
    if let Target::Refined { place, above_mm } = target {
        pairs.push((TARGET, place.to_string()));
        pairs.extend(above_mm.map(|mm| (ABOVE, mm.to_string())));
    }
    pairs
}

/// The name of the rain; empty for another task's subject, which never comes here.
pub fn rain_of(subject: &Subject) -> &str {
    if let Subject::Downscaling { rain, .. } = subject { rain } else { "" }
}

/// What the weights take and give.
pub fn refining(cards: &Cards) -> Result<&Refining, QuestionError> {
    let none = || QuestionError::parameter("checkpoint", "refines no rain: choose another network");
    cards.checkpoint.refining.as_ref().ok_or_else(none)
}

/// The target of the explanation; that of the wettest tile where nothing is.
pub fn place_of(target: Option<&Target>) -> (RefinedPlace, Option<f64>) {
    match target {
        Some(Target::Refined { place, above_mm }) => (*place, *above_mm),
        _ => (RefinedPlace::Wettest, None),
    }
}
