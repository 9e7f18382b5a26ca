//! Which year is for what.

use jiff::civil::{Date, date};

use crate::card::Part;

/// Behind it, fields on pressure levels are missing.
pub const LAST_DAY: Date = date(2010, 11, 25);

/// The block of a day: weights and statistics come from 1979–2002; 2003–2006 choose the epoch and calibrate; 2007 to
/// [`LAST_DAY`] test and choose nothing. `None` behind that.
pub fn part(day: Date) -> Option<Part> {
    match day.year() {
        ..=2002 => Some(Part::Training),
        2003..=2006 => Some(Part::Validation),
        _ if day <= LAST_DAY => Some(Part::Test),
        _ => None,
    }
}
