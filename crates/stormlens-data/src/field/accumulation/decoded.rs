//! Sums of fields of which some cannot be decoded.

use jiff::Timestamp;

use super::accumulate;
use super::usable::is_rate_of_a_moment;
use crate::field::{Accumulated, FieldError, GriddedField};

/// Rain of an interval as [`accumulate`] makes it, from fields as they were decoded. One that could not be, and is not
/// needed, is left out, and the rule says it.
///
/// # Errors
/// As [`accumulate`]; where the sum needs a field that could not be decoded, what is wrong with that one.
pub fn accumulate_decoded(
    decoded: impl IntoIterator<Item = Result<GriddedField, FieldError>>,
    start: Timestamp,
    end: Timestamp,
) -> Result<Accumulated, FieldError> {
    let (mut fields, mut broken) = (Vec::new(), None);
    for one in decoded {
        match one {
            Ok(field) => fields.push(field),
            Err(error) => broken = broken.or(Some(error)),
        }
    }
    let Some(error) = broken else { return accumulate(&fields, start, end) };
    // A rate would hold over the one that is missing.
    if fields.iter().any(|field| is_rate_of_a_moment(&field.unit, field.interval)) {
        return Err(error);
    }
    match accumulate(&fields, start, end) {
        Ok(made) => Ok(Accumulated { rule: format!("{}; left out: {error}", made.rule), ..made }),
        Err(_) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Interval, LatLonGrid};

    fn hour(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    fn field(unit: &str, interval: Interval) -> Result<GriddedField, FieldError> {
        Ok(GriddedField {
            storage_ends: Vec::new(),
            variable: "tp".to_owned(),
            unit: unit.to_owned(),
            interval: Some(interval),
            reference_time: None,
            grid: LatLonGrid::new(&[50.0, 51.0], &[7.0, 8.0]).unwrap(),
            values: vec![1.0; 4],
            source: "F.grib2".to_owned(),
        })
    }

    fn broken() -> Result<GriddedField, FieldError> {
        Err(FieldError::Damaged { file: "F.grib2".to_owned(), what: "no values".to_owned() })
    }

    #[test]
    fn a_field_that_cannot_be_decoded_spoils_only_the_sums_that_need_it() {
        let sum = |from, to| field("mm", Interval::accumulation(hour(from), hour(to)));
        let made = accumulate_decoded([sum(0, 3), broken()], hour(0), hour(3)).unwrap();
        assert!(made.rule.contains("left out: F.grib2 is damaged"), "{}", made.rule);
        let error = accumulate_decoded([sum(0, 3), broken()], hour(0), hour(6)).unwrap_err();
        assert!(error.to_string().contains("no values"), "{error}");
        assert!(accumulate_decoded([broken()], hour(0), hour(3)).is_err());
        // Rates hold until the next one.
        let rate = |at| field("mm/h", Interval::at(hour(at)));
        let error = accumulate_decoded([rate(0), broken(), rate(2)], hour(0), hour(4)).unwrap_err();
        assert!(error.to_string().contains("no values"), "{error}");
    }
}
