//! Which sums of rain the fields of a file make.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use stormlens_data::downscale::{is_amount_at_a_moment, stated_in_vain, unstated};
use stormlens_data::field::accumulation::{check_no_total, check_read, usable};
use stormlens_data::field::left_out::nothing_usable;
use stormlens_data::field::rain_name::{AllRain, check_is_rain};
use stormlens_data::field::{
    Content, FieldError, FieldFile, GriddedField, LeftOut, RainKind, accumulate, series,
    variable_named,
};
use stormlens_data::time::format_utc;

use super::not_used::NotUsed;
use super::{Offer, Offers};

/// Sums of so many hours that a file has the fields for: of the variable that somebody names, or else of what is known to be
/// rain.
///
/// # Errors
/// As [`offers_named`] and [`offers`]; rain of the file that is none of its fields says why.
pub fn offers_of_file(
    name: &str,
    file: &FieldFile,
    (hours, stated): (i64, Option<i64>),
    variable: Option<&str>,
) -> Result<Offers, FieldError> {
    let Some(variable) = variable else {
        let mut found = offers(name, file.contents(), (hours, stated), AllRain::of_file(file))
            .map_err(|error| file.without_rain(error))?;
        found.not_used.add_variables(file.no_rain());
        return without_gaps(file, found);
    };
    let is_meant = |left: &LeftOut| left.content.variable.eq_ignore_ascii_case(variable);
    let mut found = offers_named(name, file.contents(), (hours, stated), variable)
        .map_err(|error| file.explained(error, is_meant))?;
    found.not_used.add_variables(file.reasons_left_out(|left| left.is_message_of(variable)));
    without_gaps(file, found)
}

/// Without sums of rates between which a message may be missing; where no other is left, why.
fn without_gaps(file: &FieldFile, mut found: Offers) -> Result<Offers, FieldError> {
    let mut gap = None;
    found.sums.retain(|offer| match file.check_no_gap(&offer.places) {
        Ok(()) => true,
        Err(error) => {
            gap = Some(error);
            false
        }
    });
    match gap {
        Some(error) if found.sums.is_empty() => Err(error),
        Some(error) => {
            found.not_used.add_variables(vec![error.to_string()]);
            Ok(found)
        }
        None => Ok(found),
    }
}

/// Sums of so many hours that the fields of a file make, by their ends. `stated` are the hours of which each field is the
/// sum, where somebody says so. A file without any says why.
///
/// # Errors
/// What is wrong with the last interval that could have been one, or that there is no rain at all.
pub fn offers(
    name: &str,
    contents: &[Content],
    (hours, stated): (i64, Option<i64>),
    all_rain: AllRain,
) -> Result<Offers, FieldError> {
    if let Some(error) = all_rain.refusal(name, contents) {
        return Err(error);
    }
    offers_of(name, contents, (hours, stated), |content| all_rain.has(content))
}

/// The same of a variable that somebody names: it is rain, or the part that is wanted, whatever the file calls it. Its unit
/// has to agree, and no attribute may say that it is another quantity.
///
/// # Errors
/// As [`offers`], and for a name that the file does not have.
pub fn offers_named(
    name: &str,
    contents: &[Content],
    (hours, stated): (i64, Option<i64>),
    variable: &str,
) -> Result<Offers, FieldError> {
    let meant = variable_named(name, contents, variable)?;
    let is_it = |content: &Content| meant == Some(content.variable.as_str());
    // Of messages with one name, some may be the spread of an ensemble and others its mean.
    let is_other = |content: &Content| matches!(RainKind::of(content), RainKind::Other(_));
    if let Some(first) = contents.iter().find(|content| is_it(content)) {
        if contents.iter().filter(|content| is_it(content)).all(is_other) {
            check_is_rain(name, first)?;
        }
        return offers_of(name, contents, (hours, stated), |content| {
            is_it(content) && !is_other(content)
        });
    }
    let mut known: Vec<String> =
        contents.iter().map(|c| format!("{} ({})", c.variable, c.unit)).collect();
    known.sort_unstable();
    known.dedup();
    let wanted = variable.to_owned();
    Err(FieldError::Absent { file: name.to_owned(), wanted, known: known.join(", ") })
}

fn offers_of(
    name: &str,
    contents: &[Content],
    (hours, stated): (i64, Option<i64>),
    is_meant: impl Fn(&Content) -> bool,
) -> Result<Offers, FieldError> {
    let rain = || contents.iter().filter(|content| is_meant(content));
    let open = rain().find(|content| is_amount_at_a_moment(content));
    if stated.is_some() && open.is_none() && rain().next().is_some() {
        return Err(stated_in_vain(name, rain()));
    }
    let (mut found, mut not_used) = (Vec::new(), NotUsed::default());
    let (mut errors, mut too_early) = (Vec::new(), None);
    for group in series(contents, &is_meant) {
        let variable = contents[group[0]].variable.as_str();
        let made = of_series(contents, &group, (hours, stated), &mut not_used);
        found.extend(made.sums);
        errors.extend(made.errors.into_iter().map(|error| (variable, error)));
        too_early = too_early.or(made.too_early);
    }
    if !found.is_empty() {
        return Ok(Offers { sums: found, not_used });
    }
    // Whoever knows the interval can state it, whatever else there is.
    Err(match open.filter(|_| stated.is_none()) {
        Some(content) => unstated(name, &content.variable),
        None if !errors.is_empty() => nothing_usable(name, with_variables(errors)),
        None => too_early.unwrap_or_else(|| no_rain(name, contents)),
    })
}

/// What fields that follow each other make.
#[derive(Default)]
struct OfSeries {
    sums: Vec<Offer>,
    /// Why no field can be used, or the first sum inside of the file cannot be made.
    errors: Vec<FieldError>,
    /// What is wrong with a sum that begins before the first field: it cannot be made, and that says nothing of a gap.
    too_early: Option<FieldError>,
}

fn of_series(
    contents: &[Content],
    group: &[usize],
    (hours, stated): (i64, Option<i64>),
    not_used: &mut NotUsed,
) -> OfSeries {
    let group = usable(contents, group, stated);
    not_used.add_fields(contents, &group.left_out);
    let places = &group.places;
    let mut made = OfSeries::default();
    let Some(&first) = places.first() else {
        made.errors = group.left_out.into_iter().map(|(_, error)| error).collect();
        return made;
    };
    not_used.add_series(&contents[first]);
    let fields: Vec<GriddedField> =
        places.iter().filter_map(|&place| head(&contents[place], stated)).collect();
    let mut ends: Vec<Timestamp> =
        fields.iter().filter_map(|field| Some(field.interval?.end)).collect();
    ends.sort_unstable();
    ends.dedup();
    let earliest = fields.iter().filter_map(|field| Some(field.interval?.start)).min();
    for end in ends {
        let Ok(start) = end.checked_sub(SignedDuration::from_hours(hours)) else { continue };
        let near = places.iter().map(|&place| &contents[place]);
        let near = near.filter(|content| is_near(content, (start, end)));
        let Err(error) = check_read(near).and_then(|()| accumulate(&fields, start, end)) else {
            made.sums.push(offer(contents, places, (start, end), hours));
            continue;
        };
        let (error, is_too_early) =
            (group.explained(error), earliest.is_some_and(|first| start < first));
        not_used.add_sum(end, is_too_early, &error);
        match is_too_early {
            true => made.too_early = made.too_early.or(Some(error)),
            false if made.errors.is_empty() => made.errors.push(error),
            false => {}
        }
    }
    made
}

/// Of several variables each error names its own.
fn with_variables(errors: Vec<(&str, FieldError)>) -> Vec<FieldError> {
    let is_one = errors.iter().all(|(variable, _)| *variable == errors[0].0);
    let named = |(variable, error): (&str, FieldError)| match error.to_string() {
        words if is_one || words.contains(variable) => error,
        words => FieldError::Interval { what: format!("{variable}: {words}") },
    };
    errors.into_iter().map(named).collect()
}

fn no_rain(name: &str, contents: &[Content]) -> FieldError {
    let listed: Vec<String> = contents.iter().take(8).map(ToString::to_string).collect();
    let what = format!(
        "{name} holds no rain: a sum or a rate with its times is needed, and it has {}",
        listed.join("; ")
    );
    FieldError::Interval { what }
}

/// A field as its head says it, which decides whether a sum can be made.
pub(super) fn head(content: &Content, stated: Option<i64>) -> Option<GriddedField> {
    GriddedField::of_head(content)?.of_hours(stated).ok()
}

/// Whether a field ends in an interval, both ends included.
fn is_near(content: &Content, (start, end): (Timestamp, Timestamp)) -> bool {
    content.interval.is_some_and(|own| own.end >= start && own.end <= end)
}

fn offer(
    contents: &[Content],
    group: &[usize],
    (start, end): (Timestamp, Timestamp),
    hours: i64,
) -> Offer {
    let first = &contents[group[0]];
    let is_near = |&&i: &&usize| is_near(&contents[i], (start, end));
    Offer {
        variable: first.variable.clone(),
        what: what(first, AllRain::of(contents)),
        end,
        hours,
        places: group.iter().filter(is_near).copied().collect(),
    }
}

/// Of grid-scale rain that is all the rain of its model.
const RESOLVED: &str = "all that its model resolves: no convective rain is beside it";

fn what(content: &Content, all_rain: AllRain) -> String {
    let Content { variable, unit, level, member, .. } = content;
    let run = content.run().map(|begin| format!("forecast of {}", format_utc(begin)));
    let part = RainKind::of(content).part().map(|part| match all_rain.has(content) {
        true => RESOLVED,
        false => part.in_words(),
    });
    let parts = [
        Some(format!("{variable} ({unit})")),
        part.map(str::to_owned),
        (!level.is_empty()).then(|| level.clone()),
        member.map(|member| format!("member {member}")),
        run,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Checks that fields of which somebody states the hours are no running total, which makes rain of the right size.
///
/// # Errors
/// As [`check_no_total`].
pub fn check_stated(file: &FieldFile, offers: &[Offer], hours: i64) -> Result<(), FieldError> {
    let variables: BTreeSet<&str> = offers.iter().map(|offer| offer.variable.as_str()).collect();
    check_no_total(file, hours, |content| {
        variables.contains(content.variable.as_str())
            && is_amount_at_a_moment(content)
            && !matches!(RainKind::of(content), RainKind::Other(_))
    })
}
