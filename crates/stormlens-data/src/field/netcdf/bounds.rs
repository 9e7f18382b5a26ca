//! Bounds of times (CF 7.1): from when to when each field is.

use jiff::{SignedDuration, Timestamp};
use netcdf_reader::{NcFile, NcType, NcVariable};

use super::super::words::short;
use super::axes::{text, time_unit_in, values};
use super::times::{TimeUnit, check_calendar};
use crate::time::format_utc;

/// What rounding may move a time beyond its bounds.
const ROUNDING: SignedDuration = SignedDuration::from_secs(1);

/// The same between two bounds. Float32 counts days of a century to some minutes, and hours to as much.
fn rounding(is_float: bool, [start, end]: [Timestamp; 2]) -> SignedDuration {
    if is_float { ROUNDING.max(end.duration_since(start) / 2) } else { ROUNDING }
}

/// The earlier and the later bound of each time; `None` where the coordinate names no bounds.
///
/// # Errors
/// In words, for bounds that are not there or of another shape, for a unit or a calendar that is not read, and for a time
/// outside of its bounds: one of the two is wrong, and nothing says which.
pub(super) fn of_times(
    file: &NcFile,
    coordinate: &NcVariable,
    (times, unit): (&[Timestamp], &TimeUnit),
) -> Result<Option<Vec<[Timestamp; 2]>>, String> {
    let Some(name) = text(coordinate, "bounds").filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let missing = |_| {
        let [coordinate, name] = [coordinate.name(), &name].map(short);
        format!(
            "{coordinate} names the bounds {name}, which the file does not have: write them, or delete the attribute"
        )
    };
    let bounds = file.variable(&name).map_err(missing)?;
    check_shape(bounds, coordinate)?;
    let ends = unit_of(bounds, coordinate, unit)?.moments(&values(file, bounds)?, &name)?;
    // Bounds run as their axis does, so those of times that descend begin with the end.
    let pairs = ends.chunks_exact(2).map(|pair| [pair[0].min(pair[1]), pair[0].max(pair[1])]);
    let pairs: Vec<[Timestamp; 2]> = pairs.collect();
    if pairs.len() != times.len() {
        return Err(format!("{} has no two bounds for each time", short(&name)));
    }
    check_within((coordinate, bounds), times, &pairs)?;
    Ok(Some(pairs))
}

/// Two bounds for each time, along the dimension of the times: the other way round they would be those of other times.
fn check_shape(bounds: &NcVariable, coordinate: &NcVariable) -> Result<(), String> {
    let is_right = match (bounds.dimensions(), coordinate.dimensions()) {
        ([along, ends], [own]) => along.name == own.name && ends.size == 2,
        _ => false,
    };
    if is_right {
        return Ok(());
    }
    let [own, needed] = [bounds, coordinate].map(shape);
    let [bounds, coordinate] = [bounds, coordinate].map(|one| short(one.name()));
    Err(format!(
        "{bounds}, the bounds of {coordinate}, has the shape {own}, and {coordinate} has {needed}: write two values for each \
         {coordinate}, along the same dimension"
    ))
}

/// `(time = 2, ends = 2)`
fn shape(variable: &NcVariable) -> String {
    let dimensions = variable.dimensions().iter();
    let sizes = dimensions.map(|one| format!("{} = {}", short(&one.name), one.size));
    format!("({})", sizes.collect::<Vec<_>>().join(", "))
}

/// Bounds without a unit or a calendar have those of their coordinate.
fn unit_of(
    bounds: &NcVariable,
    coordinate: &NcVariable,
    unit: &TimeUnit,
) -> Result<TimeUnit, String> {
    let own = |name: &str| text(bounds, name).filter(|text| !text.is_empty());
    let calendar = own("calendar");
    check_calendar(calendar.as_deref())
        .map_err(|other| format!("{}: {other}", short(bounds.name())))?;
    match own("units") {
        None => Ok(*unit),
        Some(_) => time_unit_in(bounds, calendar.or_else(|| text(coordinate, "calendar"))),
    }
}

fn check_within(
    (coordinate, bounds): (&NcVariable, &NcVariable),
    times: &[Timestamp],
    pairs: &[[Timestamp; 2]],
) -> Result<(), String> {
    let is_float = [coordinate, bounds].iter().any(|one| matches!(one.dtype(), NcType::Float));
    let is_outside = |(time, pair): &(&Timestamp, &[Timestamp; 2])| {
        let ([start, end], rounding) = (**pair, rounding(is_float, **pair));
        start.duration_since(**time) > rounding || time.duration_since(end) > rounding
    };
    let Some((&time, &[start, end])) = times.iter().zip(pairs).find(is_outside) else {
        return Ok(());
    };
    let [name, of_bounds] = [coordinate, bounds].map(|one| short(one.name()));
    let [time, start, end] = [time, start, end].map(format_utc);
    Err(format!(
        "{name} holds {time}, outside its bounds in {of_bounds} ({start} to {end}): correct the times or the bounds"
    ))
}
