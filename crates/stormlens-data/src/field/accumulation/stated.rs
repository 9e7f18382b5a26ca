//! What a person states of a field, and what a field has to be.

use super::{hours_before, is_amount, refuse};
use crate::field::record::check_amounts;
use crate::field::{FieldError, GriddedField, Interval, Statistic};

impl GriddedField {
    /// The same field with what its file leaves open, stated by a person.
    ///
    /// # Errors
    /// [`FieldError::Interval`] where the file says another interval: it knows better.
    pub fn stated(
        self,
        unit: Option<&str>,
        interval: Option<Interval>,
    ) -> Result<Self, FieldError> {
        let open = |own: &Interval| own.is_open();
        if let (Some(own), Some(stated)) = (self.interval.filter(|own| !open(own)), interval)
            && own != stated
        {
            return Err(refuse(format!("{} is {own}, not {stated}", self.source)));
        }
        if let Some(unit) = unit.filter(|unit| !self.unit.is_empty() && **unit != self.unit) {
            return Err(refuse(format!("{} is in {}, not in {unit}", self.source, self.unit)));
        }
        Ok(Self {
            unit: unit.map_or(self.unit, str::to_owned),
            interval: interval.or(self.interval),
            ..self
        })
    }

    /// An amount as the sum, and a mean rate as the mean, of so many hours until its time, where somebody states that and
    /// the file says no more than the time. Rates of a moment stay what they are.
    ///
    /// # Errors
    /// For a time so early that nothing can begin before it.
    pub fn of_hours(self, stated: Option<i64>) -> Result<Self, FieldError> {
        let is_mean = |own: &Interval| own.statistic == Statistic::Mean;
        let open = |own: &Interval| own.is_open() && (is_mean(own) || is_amount(&self.unit));
        match self.interval.filter(open).zip(stated) {
            Some((own, hours)) => {
                let interval = hours_before(own.end, hours)?;
                let statistic = if is_mean(&own) { Statistic::Mean } else { interval.statistic };
                self.stated(None, Some(Interval { statistic, ..interval }))
            }
            None => Ok(self),
        }
    }

    /// Checks that a field is rain of so many hours in millimetres, as [`super::accumulate`] makes it.
    ///
    /// # Errors
    /// For another unit, no interval or one of another length, negative rain, more than ever fell, and where all is missing.
    pub fn check_rain_mm(&self, hours: i64) -> Result<(), FieldError> {
        let name = || self.source.clone();
        if self.unit != "mm" {
            let needed = "where mm are needed: make them with the rule of the source first";
            return Err(FieldError::Unit { name: name(), unit: self.unit.clone(), needed });
        }
        let interval = self.interval.ok_or_else(|| FieldError::NoInterval { name: name() })?;
        if interval.statistic != Statistic::Accumulation || interval.duration_s() != hours * 3600 {
            return Err(refuse(format!(
                "{} is {interval}, where a sum of {hours} h is needed",
                self.source
            )));
        }
        if self.n_missing() == self.values.len() {
            return Err(FieldError::AllMissing { name: name(), count: self.values.len() });
        }
        match self.values.iter().any(|&value| value < 0.0) {
            true => Err(refuse(format!("{} has negative rain", self.source))),
            false => check_amounts(self, 1.0, interval.duration_s()),
        }
    }
}
