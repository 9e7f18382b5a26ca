//! At which times files have fields that a network looks at, known before anything is decoded.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::gather::{
    Place, RainFields, are_even, end_of, fits, is_moment, is_of_time, rain_by_kind, rain_near,
    start_of,
};
use super::{FieldQuantity, recognise};
use crate::card::{FieldStatement, FieldVariable};
use crate::field::accumulation::{can_accumulate, hours_before};
use crate::field::{Content, FieldFile};

/// Times at which files have a variable of a statement at its level, ascending, and how many of its variables have one then.
///
/// Rain counts at the times that other variables have, since there are many between, where its sums make the hours of the
/// statement; where there are no others, each end of a sum is a time.
pub fn times(files: &[FieldFile], statement: &FieldStatement) -> Vec<(Timestamp, usize)> {
    let mut found: BTreeMap<Timestamp, Vec<bool>> = BTreeMap::new();
    let mut sums: BTreeMap<Timestamp, Vec<bool>> = BTreeMap::new();
    let mut rain: Vec<(Place, &Content)> = Vec::new();
    for (of, content) in placed(files) {
        let Some(time) = content.interval.map(|interval| interval.end) else { continue };
        for (place, variable) in places(content, statement, time) {
            let is_rain = variable == FieldQuantity::Precipitation;
            let times = if is_rain { &mut sums } else { &mut found };
            rain.extend(is_rain.then_some((of, content)));
            // Rain that is not read may still be a step between rates.
            if content.unread.is_some() {
                continue;
            }
            times.entry(time).or_insert_with(|| vec![false; statement.variables.len()])[place] =
                true;
        }
    }
    for (time, place) in of_moments(files, statement) {
        let has = found.entry(time).or_insert_with(|| vec![false; statement.variables.len()]);
        has[place] = true;
    }
    if found.is_empty() {
        found = std::mem::take(&mut sums);
    }
    for (time, has) in &mut found {
        let Some(of_rain) = sums.get(time) else { continue };
        if rain_is_made(files, &rain, *time, statement.hours) {
            has.iter_mut().zip(of_rain).for_each(|(has, rain)| *has |= rain);
        }
    }
    let count = |has: Vec<bool>| has.into_iter().filter(|has| *has).count();
    found.into_iter().map(|(time, has)| (time, count(has))).collect()
}

/// All fields with their places.
fn placed(files: &[FieldFile]) -> impl Iterator<Item = (Place, &Content)> {
    files.iter().enumerate().flat_map(|(number, file)| {
        file.contents().iter().enumerate().map(move |(place, content)| ((number, place), content))
    })
}

/// More fields of rain than these in one interval are not tried: one in five minutes of a day, with room. How many pairs they
/// make is their number squared.
const MOST_SUMS: usize = 400;

/// Whether fields of rain make the amount of so many hours until a time.
fn rain_is_made(
    files: &[FieldFile],
    rain: &[(Place, &Content)],
    end: Timestamp,
    hours: u32,
) -> bool {
    let Ok(interval) = hours_before(end, hours.into()) else { return false };
    let near = rain_near(rain.iter().copied(), [interval.start, end]);
    if near.len() > MOST_SUMS {
        return false;
    }
    let mut kinds = rain_by_kind(files, &near);
    kinds.retain(|kind| !kind.fields.places.is_empty());
    let [RainFields { file, fields }] = &kinds[..] else { return false };
    let contents = files[*file].contents();
    let used: Vec<&Content> = fields.places.iter().map(|&place| &contents[place]).collect();
    files[*file].check_no_gap(&fields.places).is_ok() && can_accumulate(&used, interval.start, end)
}

/// Ends of the hours that moments make up the mean of, and the variable's place.
fn of_moments(files: &[FieldFile], statement: &FieldStatement) -> Vec<(Timestamp, usize)> {
    let Some(hours) = statement.mean_hours else { return Vec::new() };
    let mut moments: BTreeMap<(Timestamp, usize), BTreeSet<Timestamp>> = BTreeMap::new();
    for content in files.iter().flat_map(FieldFile::contents) {
        let is_read = content.unread.is_none();
        let moment = content.interval.filter(|&interval| is_read && is_moment(interval));
        let Some(moment) = moment.map(|interval| interval.end) else { continue };
        let Some((known, end)) = recognise(content).zip(end_of(moment, hours)) else { continue };
        let variables = statement.variables.iter().enumerate();
        let is_it = |(_, variable): &(usize, &FieldVariable)| {
            variable.quantity != FieldQuantity::Precipitation
                && variable.quantity == known.quantity
                && fits(variable, known.level)
        };
        for (place, _) in variables.filter(is_it) {
            moments.entry((end, place)).or_default().insert(moment);
        }
    }
    let make_it_up = |&(end, _): &(Timestamp, usize), of: &BTreeSet<Timestamp>| {
        let of: Vec<Timestamp> = of.iter().copied().collect();
        start_of(end, hours).is_some_and(|start| are_even(&of, [start, end]))
    };
    moments.into_iter().filter(|(end, of)| make_it_up(end, of)).map(|(end, _)| end).collect()
}

/// The variables of a statement that a field is at its time, by their places.
fn places(
    content: &Content,
    statement: &FieldStatement,
    time: Timestamp,
) -> Vec<(usize, FieldQuantity)> {
    let Some(known) = recognise(content) else { return Vec::new() };
    let variables = statement.variables.iter().enumerate();
    let is_it = |(_, variable): &(usize, &FieldVariable)| {
        let of_quantity = variable.quantity == known.quantity;
        let is_rain = variable.quantity == FieldQuantity::Precipitation;
        of_quantity
            && (is_rain
                || fits(variable, known.level)
                    && is_of_time(content.interval, time, statement.mean_hours))
    };
    variables.filter(is_it).map(|(place, variable)| (place, variable.quantity)).collect()
}
