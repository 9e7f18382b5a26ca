//! Rain that can be refined: what files offer, and one sum of it in millimetres.

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use stormlens_data::downscale::{is_amount_at_a_moment, stated_in_vain, unstated};
use stormlens_data::field::accumulation::{
    accumulate_decoded, check_no_total, check_read, hours_before, usable,
};
use stormlens_data::field::left_out::nothing_usable;
use stormlens_data::field::rain_name::{AllRain, check_is_rain};
use stormlens_data::field::{
    Accumulated, Content, FieldError, FieldFile, GriddedField, LeftOut, RainKind, accumulate,
    series,
};
use stormlens_data::time::format_utc;

use self::not_used::NotUsed;
use super::terrain::Terrain;

mod not_used;

/// A sum of some hours that a file has the fields for.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub variable: String,
    /// The variable with all that tells it from others of the file: `tp (m), surface, member 3, forecast of …`.
    pub what: String,
    /// End of the interval.
    pub end: Timestamp,
    pub hours: i64,
    /// Places of the fields in the file.
    pub places: Vec<usize>,
}

/// What the fields of a file make, and what of them could not be used.
#[derive(Debug)]
pub struct Offers {
    pub sums: Vec<Offer>,
    pub not_used: NotUsed,
}

impl Offer {
    /// When its interval begins.
    ///
    /// # Errors
    /// Beyond the calendar.
    fn start(&self) -> Result<Timestamp, FieldError> {
        Ok(hours_before(self.end, self.hours)?.start)
    }
}

/// Where rain came from, and what may be done with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Credit {
    pub source: String,
    pub licence: String,
    /// Names of files.
    pub files: Vec<String>,
    /// Of their bytes.
    pub sha256: String,
}

/// One sum, as it goes to a network.
pub struct Rain {
    /// In millimetres, with its interval.
    pub field: GriddedField,
    /// How it was made, in words.
    pub rule: String,
    /// Millimetres that were negative, summed over cells.
    pub clipped_mm: f64,
    /// Whether its own nodes are as fine as what a network makes: then it is what fell, too.
    pub is_fine: bool,
    /// Whether it was observed; a file that somebody brings may be of a model.
    pub is_observed: bool,
    /// What each field of the file is of, where whoever brought it says so.
    pub stated: Option<StatedInterval>,
    /// Heights that came with it.
    pub heights: Option<Terrain>,
    /// What of its files could not be used, with the reasons.
    pub left_out: Option<String>,
    pub credit: Credit,
}

/// Nodes at most so far apart show what a network makes of coarse rain.
const FINE_DEG: f64 = 0.05;

impl Rain {
    /// What was observed, of which nobody states anything.
    pub fn new(field: GriddedField, rule: String, clipped_mm: f64, credit: Credit) -> Self {
        let is_fine = field.grid.spacing_deg().iter().all(|&spacing| spacing <= FINE_DEG);
        Self {
            field,
            rule,
            clipped_mm,
            is_fine,
            is_observed: true,
            stated: None,
            heights: None,
            left_out: None,
            credit,
        }
    }
}

/// What somebody states of the interval of fields that do not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatedInterval {
    pub hours: i64,
    /// Whether fields are mean rates of these hours; they are sums otherwise.
    pub is_rate: bool,
}

impl StatedInterval {
    pub const fn sum(hours: i64) -> Self {
        Self { hours, is_rate: false }
    }
}

impl fmt::Display for StatedInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_rate { "mean rate" } else { "sum" };
        write!(
            f,
            "each field of the file is taken as the {what} of {} h until its time, as the user stated; the file does not say it",
            self.hours
        )
    }
}

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
        let mut found = offers(name, file.contents(), hours, stated)
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
    hours: i64,
    stated: Option<i64>,
) -> Result<Offers, FieldError> {
    let all_rain = AllRain::of(contents);
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
    let is_it = |content: &Content| content.variable.eq_ignore_ascii_case(variable);
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
fn head(content: &Content, stated: Option<i64>) -> Option<GriddedField> {
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
        what: what(first),
        end,
        hours,
        places: group.iter().filter(is_near).copied().collect(),
    }
}

fn what(content: &Content) -> String {
    let Content { variable, unit, level, member, .. } = content;
    let run = content.run().map(|begin| format!("forecast of {}", format_utc(begin)));
    let parts = [
        Some(format!("{variable} ({unit})")),
        RainKind::of(content).part().map(|part| part.in_words().to_owned()),
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

/// Reads one sum. A field that cannot be decoded and is not needed is left out.
///
/// # Errors
/// For fields that cannot be decoded and are needed, and for what [`accumulate`] refuses.
pub fn read(
    file: &FieldFile,
    offer: &Offer,
    stated: Option<i64>,
) -> Result<Accumulated, FieldError> {
    let field = |&place: &usize| file.read(place)?.of_hours(stated);
    accumulate_decoded(offer.places.iter().map(field), offer.start()?, offer.end)
}

/// The error of a sum for which a field cannot be decoded, with other sums of the file that do not need that field.
pub fn with_others(
    file: &FieldFile,
    (offer, offers): (&Offer, &[Offer]),
    stated: Option<i64>,
    error: FieldError,
) -> FieldError {
    let is_broken = |place: &&usize| file.read(**place).is_err();
    let Some(&broken) = offer.places.iter().find(is_broken) else { return error };
    let is_other = |other: &&Offer| is_made_without(file, other, broken, stated);
    let ends: Vec<String> =
        offers.iter().filter(is_other).map(|other| format_utc(other.end)).collect();
    let words = match &ends[..] {
        [] => return error,
        [first] => format!("the sum until {first} does not need this field"),
        [first, .., last] => format!(
            "{} other sums do not need this field, from the one until {first} to the one until {last}",
            ends.len()
        ),
    };
    match error {
        FieldError::Damaged { file, what } => {
            FieldError::Damaged { file, what: format!("{what}; {words}") }
        }
        FieldError::Unsupported { file, what } => {
            FieldError::Unsupported { file, what: format!("{what}; {words}") }
        }
        other => other,
    }
}

/// Whether a sum can be made without a field, told by the heads of the others.
fn is_made_without(file: &FieldFile, offer: &Offer, broken: usize, stated: Option<i64>) -> bool {
    if !offer.places.contains(&broken) {
        return true;
    }
    let head = |&place: &usize| match place == broken {
        true => Err(FieldError::Interval { what: String::new() }),
        false => head(&file.contents()[place], stated)
            .ok_or_else(|| FieldError::Interval { what: String::new() }),
    };
    let start = offer.start();
    start
        .and_then(|start| accumulate_decoded(offer.places.iter().map(head), start, offer.end))
        .is_ok()
}
