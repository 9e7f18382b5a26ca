//! In which unit the numbers of an array are.

use anyhow::bail;
use stormlens_data::card::NowcastField;
use stormlens_data::choice::choice;
use stormlens_data::field::number;
use stormlens_data::import::knmi::{MAX_MM_5MIN, NORMALISATION_MM_5MIN};

/// The parameter that says it.
pub const UNITS: &str = "units";

/// Sums of 5 minutes in an hour.
const SUMS_IN_AN_HOUR: f64 = 12.0;

choice! {
    /// What the numbers of an array mean.
    Units("unit of an array") {
        /// As the networks take them: rain in mm in 5 minutes, divided by 47.83; clouds from 0 to 1.
        #[default]
        Normalised = "normalised": "normalised (mm in 5 minutes / 47.83)",
        /// Rain as radar files have it.
        MmPer5Min = "mm-per-5min": "mm in 5 minutes",
        /// A rain rate.
        MmPerHour = "mm-h": "mm/h",
    }
}

impl Units {
    /// What a number has to be divided by to become what the networks take.
    fn divisor(self) -> f64 {
        match self {
            Self::Normalised => 1.0,
            Self::MmPer5Min => NORMALISATION_MM_5MIN,
            Self::MmPerHour => NORMALISATION_MM_5MIN * SUMS_IN_AN_HOUR,
        }
    }

    /// The number as the networks take it, rounded once.
    pub fn to_normalised(self, value: f32) -> f32 {
        match self {
            Self::Normalised => value,
            _ => (f64::from(value) / self.divisor()) as f32,
        }
    }

    /// Why a number cannot be what the unit says of it; missing numbers are refused elsewhere.
    pub fn refuse(self, value: f32, field: NowcastField) -> Option<String> {
        if value < 0.0 {
            return Some("rain and cloud cover are never negative".to_owned());
        }
        let most = match field {
            NowcastField::CloudCover => 1.0,
            NowcastField::Precipitation => MAX_MM_5MIN / NORMALISATION_MM_5MIN * self.divisor(),
        };
        (f64::from(value) > most).then(|| match field {
            NowcastField::CloudCover => "cloud cover is a share from 0 to 1".to_owned(),
            NowcastField::Precipitation => format!(
                "as {} that would be {:.0} mm/h, more than ever fell ({:.0} mm/h); say with --units what the \
                 numbers are: normalised, mm-per-5min or mm-h",
                self.label(),
                f64::from(value) / self.divisor() * NORMALISATION_MM_5MIN * SUMS_IN_AN_HOUR,
                MAX_MM_5MIN * SUMS_IN_AN_HOUR
            ),
        })
    }
}

/// Refuses the first number of `[frames, height, width]`, or of several such sequences, that cannot be what the unit says of
/// it, by its place.
///
/// # Errors
/// In words that say what could be meant.
pub fn check(
    file: &str,
    values: &[f32],
    [n_frames, height, width]: [usize; 3],
    (units, field): (Units, NowcastField),
) -> anyhow::Result<()> {
    for (i, value) in values.iter().enumerate() {
        if let Some(reason) = units.refuse(*value, field) {
            let n_values = n_frames * height * width;
            let sequence = match values.len() > n_values {
                true => format!("sequence {}, ", i / n_values),
                false => String::new(),
            };
            let frame = i / (height * width) % n_frames;
            let (row, column) = (i / width % height, i % width);
            let value = number(*value);
            bail!(
                "{file} holds {value} in {sequence}frame {frame}, row {row}, column {column}: {reason}"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rain_is_one_rain_in_every_unit() {
        // 12 mm/h are 1 mm in 5 minutes.
        let normalised = (1.0 / 47.83) as f32;
        assert_eq!(Units::MmPerHour.to_normalised(12.0), normalised);
        assert_eq!(Units::MmPer5Min.to_normalised(1.0), normalised);
        assert_eq!(Units::Normalised.to_normalised(normalised), normalised);
    }

    #[test]
    fn the_place_of_a_number_is_counted_within_its_sequence() {
        let rain = (Units::Normalised, NowcastField::Precipitation);
        let refused = |n_values: usize, place: usize| {
            let mut values = vec![0.0; n_values];
            values[place] = -1.0;
            check("x.npy", &values, [3, 4, 5], rain).expect_err("it is negative").to_string()
        };
        for (n_values, place, words) in [
            (60, 47, "x.npy holds -1 in frame 2, row 1, column 2: "),
            (120, 47, "x.npy holds -1 in sequence 0, frame 2, row 1, column 2: "),
            (120, 60, "x.npy holds -1 in sequence 1, frame 0, row 0, column 0: "),
        ] {
            let error = refused(n_values, place);
            assert!(error.starts_with(words), "{error}");
        }
    }

    #[test]
    fn what_never_fell_and_what_no_cloud_covers_is_refused() {
        let rain = NowcastField::Precipitation;
        for (units, most) in
            [(Units::Normalised, 2.63), (Units::MmPer5Min, 125.9), (Units::MmPerHour, 1511.0)]
        {
            assert_eq!(units.refuse(most, rain), None, "{units}");
            let error = units.refuse(most * 1.01, rain).expect("it is too much");
            assert!(error.contains("more than ever fell (1512 mm/h)"), "{error}");
            assert!(error.contains("--units"), "{error}");
        }
        assert!(Units::Normalised.refuse(-0.1, rain).is_some());
        assert!(Units::Normalised.refuse(1.5, NowcastField::CloudCover).is_some());
        assert_eq!(Units::Normalised.refuse(1.0, NowcastField::CloudCover), None);
    }
}
