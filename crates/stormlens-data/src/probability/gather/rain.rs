//! Which fields of which file the rain of an interval is made of.

use jiff::Timestamp;

use super::choose::{Place, of_quantity, with_left_out};
use crate::field::accumulation::{Usable, is_usable, usable};
use crate::field::left_out::few_reasons;
use crate::field::{Content, FieldError, FieldFile, Interval, RainKind, RainUnit};
use crate::probability::FieldQuantity;
use crate::probability::recognise::why_no_rain;
use crate::time::format_utc;

/// Rain of one variable of one file.
pub(in crate::probability) struct RainFields {
    /// Number of the file.
    pub file: usize,
    pub fields: Usable,
}

pub(super) enum Rain {
    Found(RainFields),
    /// Why none of what is there can be used, in words.
    Unusable(String),
    /// Why there is none, in words.
    Nothing(String),
}

/// Fields of rain that may be parts of an interval: those that have a length and end in it, and those that do not say their
/// time. Rates are taken where there are no amounts that can be used.
pub(in crate::probability) fn rain_near<'c, T>(
    rain: impl Iterator<Item = (T, &'c Content)>,
    [start, end]: [Timestamp; 2],
) -> Vec<(T, &'c Content)> {
    let is_near = |content: &Content| {
        let is_within = |own: Interval| start <= own.end && own.end <= end;
        content.interval.is_none_or(|own| !own.has_no_length() && is_within(own))
    };
    let is_amount = |content: &Content| {
        let unit = RainUnit::parse(&content.unit);
        matches!(unit, Some(RainUnit::Amount(_) | RainUnit::Sum { .. }))
    };
    let mut near: Vec<_> = rain.filter(|(_, content)| is_near(content)).collect();
    if near.iter().any(|(_, content)| is_amount(content) && is_usable(content)) {
        near.retain(|(_, content)| is_amount(content));
    }
    near
}

/// File, variable, member.
type Kind<'a> = (usize, &'a str, Option<u32>);

/// Fields of rain by file, variable and member, those of each parted into what can be used and what cannot.
pub(in crate::probability) fn rain_by_kind(
    files: &[FieldFile],
    near: &[(Place, &Content)],
) -> Vec<RainFields> {
    let mut kinds: Vec<(Kind, Vec<usize>)> = Vec::new();
    for &((file, place), content) in near {
        let kind = (file, content.variable.as_str(), content.member);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, places)) => places.push(place),
            None => kinds.push((kind, vec![place])),
        }
    }
    let parted = |((file, ..), places): (Kind, Vec<usize>)| RainFields {
        file,
        fields: usable(files[file].contents(), &places, None),
    };
    kinds.into_iter().map(parted).collect()
}

/// Rain that may make up an interval: fields of one variable of one file.
///
/// # Errors
/// Where several variables or files have rain, and for rain in a unit that is none.
pub(super) fn rain_of(
    files: &[FieldFile],
    start: Timestamp,
    end: Timestamp,
) -> Result<Rain, FieldError> {
    let all = of_quantity(files, FieldQuantity::Precipitation);
    let near = rain_near(all.iter().map(|one| (one.0, one.1)), [start, end]);
    if near.is_empty() {
        let why = match all.is_empty() {
            true => no_rain(files),
            false => format!("no file has rain until {}", format_utc(end)),
        };
        return Ok(Rain::Nothing(with_left_out(why, files, FieldQuantity::Precipitation)));
    }
    let kinds = rain_by_kind(files, &near).into_iter();
    let (whole, none): (Vec<_>, Vec<_>) = kinds.partition(|kind| !kind.fields.places.is_empty());
    let others = none.into_iter().flat_map(|kind| kind.fields.left_out);
    let mut whole = whole.into_iter();
    match (whole.next(), whole.next()) {
        (None, _) => {
            let none = Usable { places: Vec::new(), left_out: others.collect() };
            unusable(none).map(Rain::Unusable)
        }
        (Some(mut only), None) => {
            only.fields.left_out.extend(others);
            Ok(Rain::Found(only))
        }
        (Some(one), Some(other)) => {
            let first =
                |kind: &RainFields| files[kind.file].contents()[kind.fields.places[0]].to_string();
            let what = format!(
                "two variables are rain until {} ({} and {}): give one of them",
                format_utc(end),
                first(&one),
                first(&other)
            );
            Err(FieldError::Domains { what })
        }
    }
}

/// Why no field of rain can be used; an error where one is in no unit of rain.
fn unusable(none: Usable) -> Result<String, FieldError> {
    let why = none.why().unwrap_or_default();
    let is_refused = |error: &FieldError| {
        !matches!(error, FieldError::Interval { .. } | FieldError::NoInterval { .. })
    };
    match none.left_out.into_iter().map(|(_, error)| error).find(is_refused) {
        Some(error) => Err(error),
        None => Ok(why),
    }
}

/// That there is no rain and, of its parts, that they are parts.
fn no_rain(files: &[FieldFile]) -> String {
    let contents = files.iter().flat_map(FieldFile::contents);
    let parts = contents.filter(|content| RainKind::of(content).part().is_some());
    let why = few_reasons(parts.filter_map(why_no_rain));
    format!("no file has rain{}", why.map(|why| format!(": {why}")).unwrap_or_default())
}
