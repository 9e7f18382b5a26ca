//! What each field is an amount of: its interval, and its factor to millimetres.

use jiff::SignedDuration;

use super::{check_twice, refuse};
use crate::field::rain_unit::RainUnit;
use crate::field::{FieldError, GriddedField, Interval, Statistic};

/// The interval of a field: that of its file or, where the file says one moment and the unit names a time (`mm/3h`), that
/// time until the moment.
pub(crate) fn interval_of(unit: &str, own: Interval) -> Interval {
    match (own.statistic, RainUnit::parse(unit)) {
        (Statistic::Instantaneous, Some(RainUnit::Sum { seconds, .. })) => {
            let start = own.end.checked_sub(SignedDuration::from_secs(seconds.into()));
            start.map_or(own, |start| Interval::accumulation(start, own.end))
        }
        _ => own,
    }
}

/// Every field with its interval and its factor to millimetres; one for each interval.
pub(super) fn amounts(
    fields: &[GriddedField],
    unit: RainUnit,
) -> Result<Vec<(&GriddedField, Interval, f64)>, FieldError> {
    let mut found: Vec<(&GriddedField, Interval, f64)> = Vec::new();
    for field in fields {
        let own =
            field.interval.ok_or_else(|| FieldError::NoInterval { name: field.source.clone() })?;
        let interval = interval_of(&field.unit, own);
        let factor = factor(unit, interval).ok_or_else(|| no_amount(field, interval))?;
        let is_twin = |(other, of, _): &&(&GriddedField, Interval, f64)| {
            of.is_same_time(&interval) && other.reference_time == field.reference_time
        };
        match found.iter().find(is_twin) {
            Some((other, ..)) => check_twice(other, field)?,
            None => found.push((field, interval, factor)),
        }
    }
    Ok(found)
}

/// From a unit to millimetres of an interval; `None` where no amount follows from what was done to the values.
fn factor(unit: RainUnit, interval: Interval) -> Option<f64> {
    // A mean of no time makes no amount, and 0 would pass for one.
    if interval.statistic == Statistic::Mean && interval.duration_s() <= 0 {
        return None;
    }
    match (unit, interval.statistic) {
        (RainUnit::Rate(_), Statistic::Mean)
        | (RainUnit::Amount(_) | RainUnit::Sum { .. }, Statistic::Accumulation)
        // What is of an extent in time is a sum unless a file says otherwise (CF conventions 7.3.4).
        | (RainUnit::Amount(_) | RainUnit::Sum { .. }, Statistic::Unstated) => {
            unit.mm_over(interval.duration_s())
        }
        // The mean of 3 h in mm/24h is a rate.
        (RainUnit::Sum { mm, seconds }, Statistic::Mean) => {
            Some(mm * interval.duration_s() as f64 / f64::from(seconds))
        }
        _ => None,
    }
}

fn no_amount(field: &GriddedField, interval: Interval) -> FieldError {
    let what = match (RainUnit::parse(&field.unit), interval.statistic) {
        (Some(RainUnit::Sum { .. }), Statistic::Accumulation | Statistic::Unstated) => {
            return refuse(format!(
                "{} is a {interval}, and its unit {} names another time: correct one of them",
                field.source, field.unit
            ));
        }
        (_, Statistic::Unstated) => {
            return refuse(format!(
                "{} is in {}, and its file does not say that it is a mean: if it is one, add cell_methods = \"time: mean\"",
                field.source, field.unit
            ));
        }
        (_, Statistic::Instantaneous) => "of one moment",
        (_, Statistic::Mean) if interval.is_open() => {
            "a mean of a time that is not said or has no length"
        }
        (_, statistic) => return wrong_method(field, statistic),
    };
    refuse(format!(
        "{} in {} is {what}, and no amount can be made of it: its file has to say the interval, with bounds of its times",
        field.source, field.unit
    ))
}

/// The interval is there, and what was done over it makes no amount.
fn wrong_method(field: &GriddedField, statistic: Statistic) -> FieldError {
    let (what, remedy) = match statistic {
        Statistic::Mean => (
            "the mean of an amount (in NetCDF, cell_methods = \"time: mean\")",
            "if the values are sums, write cell_methods = \"time: sum\"; if they are mean rates, write a unit of a rate, such as \
             mm/h",
        ),
        Statistic::Accumulation => (
            "a sum of rates (in NetCDF, cell_methods = \"time: sum\")",
            "if the values are mean rates, write cell_methods = \"time: mean\"; if they are sums, write a unit of an amount, \
             such as mm",
        ),
        Statistic::Maximum => ("a maximum (cell_methods = \"time: maximum\")", SUM_OR_MEAN),
        Statistic::Minimum => ("a minimum (cell_methods = \"time: minimum\")", SUM_OR_MEAN),
        _ => ("no sum and no mean (in NetCDF, by its cell_methods)", SUM_OR_MEAN),
    };
    let (source, unit) = (&field.source, &field.unit);
    refuse(format!("{source} in {unit} is {what}, and no amount can be made of it: {remedy}"))
}

const SUM_OR_MEAN: &str = "give the sum (\"time: sum\", in a unit such as mm) or the mean rate (\"time: mean\", in a unit such as mm/h)";

/// What is taken from the unit, in words; empty where the file has the interval.
pub(super) fn by_the_unit(field: &GriddedField) -> String {
    match field.interval.is_some_and(|own| interval_of(&field.unit, own) != own) {
        true => format!(
            "; the unit {} names the time, which is taken to end at the time of the field",
            field.unit
        ),
        false => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::LatLonGrid;

    /// The interval is there: what the file says was done over it is wrong, and is named.
    #[test]
    fn a_method_that_makes_no_amount_is_named_with_the_right_one() {
        let said = |unit: &str, statistic: Statistic| {
            let start = "2024-05-01T00:00:00Z".parse().unwrap();
            let end = "2024-05-01T03:00:00Z".parse().unwrap();
            let field = GriddedField {
                storage_ends: Vec::new(),
                variable: "pr".to_owned(),
                unit: unit.to_owned(),
                interval: Some(Interval { start, end, statistic }),
                reference_time: None,
                grid: LatLonGrid::new(&[50.0, 51.0], &[7.0, 8.0]).unwrap(),
                values: vec![1.0; 4],
                source: "pr, F.nc".to_owned(),
            };
            let error = crate::field::accumulate(&[field], start, end).unwrap_err().to_string();
            assert!(!error.contains("bounds"), "{error}");
            error
        };
        for (unit, statistic, own, right) in [
            ("mm", Statistic::Mean, "time: mean", "time: sum"),
            ("mm/h", Statistic::Accumulation, "time: sum", "time: mean"),
            ("mm/h", Statistic::Maximum, "time: maximum", "time: mean"),
            ("mm", Statistic::Minimum, "time: minimum", "time: sum"),
        ] {
            let error = said(unit, statistic);
            let words = format!("cell_methods = \"{own}\")");
            assert!(error.contains(&words) && error.contains(right), "{error}");
        }
    }
}
