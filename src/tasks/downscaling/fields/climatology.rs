//! Where it rains more and where less, from the hours of an archive.

use jiff::SignedDuration;
use stormlens_data::downscale::HourlyRain;
use stormlens_data::field::{FieldError, GriddedField, Interval};

/// Mean rain of hours that are not those that are shown.
#[derive(Clone, Debug)]
pub struct Climatology {
    /// Mean of an hour, mm.
    pub field: GriddedField,
    pub n_hours: usize,
    /// Which archive it is of.
    pub title: String,
}

/// Sums over hours, node by node; hours without data do not count.
#[derive(Clone, Debug)]
pub struct Total {
    first: GriddedField,
    mm: Vec<f64>,
    n: Vec<u32>,
    n_hours: usize,
}

impl Total {
    /// Of all hours of a file.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn of(hours: &HourlyRain) -> Result<Self, FieldError> {
        let mut total: Option<Self> = None;
        for end in hours.times() {
            let field = match hours.sum(end, 1) {
                Ok(sum) => sum.rain.field,
                // An hour without any data says nothing of the others.
                Err(FieldError::AllMissing { .. }) => continue,
                Err(error) => return Err(error),
            };
            match &mut total {
                Some(total) => total.add(&field, 1),
                None => total = Some(Self::one(field)),
            }
        }
        let none = || FieldError::Interval { what: "the file has no hour with data".to_owned() };
        total.ok_or_else(none)
    }

    fn one(first: GriddedField) -> Self {
        let n = first.values.len();
        let mut total = Self { mm: vec![0.0; n], n: vec![0; n], n_hours: 0, first: first.clone() };
        total.add(&first, 1);
        total
    }

    /// Adds an hour, or takes it away.
    fn add(&mut self, field: &GriddedField, times: i32) {
        self.n_hours = self.n_hours.saturating_add_signed(times as isize);
        let nodes = self.mm.iter_mut().zip(&mut self.n).zip(&field.values);
        for ((mm, n), &value) in nodes.filter(|(_, value)| !value.is_nan()) {
            *mm += f64::from(times) * f64::from(value);
            *n = n.saturating_add_signed(times);
        }
    }

    /// The mean of the hours that lie outside of an interval; `None` where none does, and where they do not cover
    /// `[south, north, west, east]`.
    pub fn without(
        &self,
        hours: &HourlyRain,
        bounds: [f64; 4],
        outside: Interval,
        title: &str,
    ) -> Option<Climatology> {
        self.first.grid.check_covers(title, bounds).ok()?;
        let mut rest = self.clone();
        let is_inside = |end: &jiff::Timestamp| {
            let begin = end.checked_sub(SignedDuration::from_hours(1));
            *end > outside.start && begin.is_ok_and(|begin| begin < outside.end)
        };
        for end in hours.times().filter(is_inside) {
            match hours.sum(end, 1) {
                Ok(sum) => rest.add(&sum.rain.field, -1),
                Err(FieldError::AllMissing { .. }) => {}
                Err(_) => return None,
            }
        }
        let mean = |(&mm, &n): (&f64, &u32)| match n {
            0 => f32::NAN,
            // What is left of a difference of sums may be a little below nothing.
            n => (mm / f64::from(n)).max(0.0) as f32,
        };
        let values = rest.mm.iter().zip(&rest.n).map(mean).collect();
        let field = GriddedField { values, interval: None, ..self.first.clone() };
        let (n_hours, title) = (rest.n_hours, title.to_owned());
        (n_hours > 0).then_some(Climatology { field, n_hours, title })
    }
}
