//! Weights that turn fields of a weather model into probabilities of rain: which fields, on which grid, in which unit.

use serde::{Deserialize, Serialize};

use crate::field::Level;
use crate::probability::FieldQuantity;
use crate::score::probability::Calibration;

/// One variable of the input, as the network is given it: (value − mean) / standard deviation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldVariable {
    /// As the authors' program names its folders, e.g. `RH850`.
    pub name: String,
    pub quantity: FieldQuantity,
    pub level: Level,
    /// Of mean and standard deviation, e.g. `%`.
    pub unit: String,
    /// `None` where nobody knows it: then only data that are already normalised can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_deviation: Option<f64>,
}

impl FieldVariable {
    pub fn new(name: &str, quantity: FieldQuantity, level: Level, unit: &str) -> Self {
        let unit = unit.to_owned();
        Self { name: name.to_owned(), quantity, level, unit, mean: None, standard_deviation: None }
    }

    /// What it is, for people: `relative humidity, 850 hPa`.
    pub fn label(&self) -> String {
        match self.quantity {
            FieldQuantity::SeaLevelPressure | FieldQuantity::Precipitation => {
                self.quantity.label().to_owned()
            }
            quantity => format!("{}, {}", quantity.label(), self.level),
        }
    }

    /// Mean and standard deviation, where both are known.
    pub fn statistics(&self) -> Option<[f64; 2]> {
        Some([self.mean?, self.standard_deviation?])
    }

    /// Without statistics a variable stays as it is.
    pub fn standardise(&self, value: f32) -> f32 {
        self.statistics()
            .map_or(value, |[mean, deviation]| ((f64::from(value) - mean) / deviation) as f32)
    }

    /// What the network works with, back in the unit of the variable; `None` where the statistics are not known.
    pub fn physical(&self, z: f32) -> Option<f32> {
        self.statistics().map(|[mean, deviation]| (f64::from(z) * deviation + mean) as f32)
    }
}

/// What weights say of the fields that they were trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldStatement {
    /// In the order of the channels.
    pub variables: Vec<FieldVariable>,
    /// Rows and columns of the network.
    pub size: [usize; 2],
    /// Of the rows, from north to south, degrees; empty where nobody knows where the grid lies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latitudes: Vec<f64>,
    /// Of the columns, from west to east, degrees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub longitudes: Vec<f64>,
    /// Channels of zeros behind the variables, which fill the last group up to the depth of a patch.
    #[serde(default)]
    pub padded_channels: usize,
    /// Length of the interval that rain is summed over; it ends at the time of the fields, or with the day of a daily mean.
    pub hours: u32,
    /// Fields are means over so many hours; `None`: of one moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_hours: Option<u32>,
    /// Where the classes begin, ascending, mm in [`Self::hours`]: rain, heavy rain.
    pub thresholds_mm: Vec<f64>,
    /// Whether a program made the fields and the rain.
    #[serde(default)]
    pub synthetic: bool,
    /// How memberships become probabilities, one map a threshold; empty: they are not recalibrated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<Calibration>,
    /// How often it rained so much by the amount of the model's own rain, one map a threshold: the raw forecast that the
    /// network has to beat; empty: nobody fitted that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw_rain: Vec<Calibration>,
    /// What means and standard deviations were computed on, in words.
    pub statistics: String,
}

/// Most variables, and most nodes along an axis, that are believed.
const MAX_VARIABLES: usize = 512;
const MAX_SIDE: usize = 8192;

impl FieldStatement {
    /// Of the published program: sixteen fields of 5 km around Korea, rain of an hour. Neither grid nor statistics were
    /// published.
    pub fn published() -> Self {
        use FieldQuantity::{
            EastwardWind, GeopotentialHeight, NorthwardWind, Precipitation, RelativeHumidity,
            SeaLevelPressure, Temperature,
        };
        let (hpa, above) = (Level::hpa, Level::AboveGround);
        let variable = |&(name, quantity, level): &(&str, FieldQuantity, Level)| {
            FieldVariable::new(name, quantity, level, quantity.unit())
        };
        let variables = [
            ("GPH100", GeopotentialHeight, hpa(100)),
            ("GPH500", GeopotentialHeight, hpa(500)),
            ("GPH850", GeopotentialHeight, hpa(850)),
            ("SLP", SeaLevelPressure, Level::MeanSea),
            ("RH500", RelativeHumidity, hpa(500)),
            ("RH850", RelativeHumidity, hpa(850)),
            ("T2", Temperature, above(2)),
            ("T500", Temperature, hpa(500)),
            ("T850", Temperature, hpa(850)),
            ("U10", EastwardWind, above(10)),
            ("U500", EastwardWind, hpa(500)),
            ("U850", EastwardWind, hpa(850)),
            ("V10", NorthwardWind, above(10)),
            ("V500", NorthwardWind, hpa(500)),
            ("V850", NorthwardWind, hpa(850)),
            ("RAIN", Precipitation, Level::Surface),
        ];
        Self {
            variables: variables.iter().map(variable).collect(),
            size: [224, 128],
            latitudes: Vec::new(),
            longitudes: Vec::new(),
            padded_channels: 0,
            hours: 1,
            mean_hours: None,
            thresholds_mm: vec![0.1, 10.0],
            synthetic: false,
            calibration: Vec::new(),
            raw_rain: Vec::new(),
            statistics: "not published".to_owned(),
        }
    }

    /// Channels of the network's input.
    pub fn n_channels(&self) -> usize {
        self.variables.len() + self.padded_channels
    }

    /// The place of a variable among the channels.
    pub fn channel(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|variable| variable.name.eq_ignore_ascii_case(name))
    }

    /// The larger of the mean distances of rows and of columns, degrees; 0 where nobody knows where the grid lies.
    pub fn spacing_deg(&self) -> f64 {
        let spacing = |axis: &Vec<f64>| match axis.as_slice() {
            [first, .., last] => (last - first).abs() / (axis.len() - 1) as f64,
            _ => 0.0,
        };
        spacing(&self.latitudes).max(spacing(&self.longitudes))
    }

    /// Whether it says where the grid lies, so that other fields can be brought onto it.
    pub fn has_grid(&self) -> bool {
        !self.latitudes.is_empty()
    }

    /// Whether all statistics are known, so that values with units can be normalised.
    pub fn has_statistics(&self) -> bool {
        self.variables.iter().all(|variable| variable.statistics().is_some())
    }

    /// Checks that it makes sense.
    ///
    /// # Errors
    /// In words that follow the name of the file.
    pub fn check(&self) -> Result<(), String> {
        let n = self.variables.len();
        if !(1..=MAX_VARIABLES).contains(&n)
            || self.size.iter().any(|side| !(1..=MAX_SIDE).contains(side))
        {
            let [rows, columns] = self.size;
            return Err(format!(
                "it states {n} variables on {rows} × {columns} nodes, which no network has"
            ));
        }
        for (place, variable) in self.variables.iter().enumerate() {
            variable.check()?;
            if self.channel(&variable.name) != Some(place) {
                return Err(format!("it states the variable {} twice", variable.name));
            }
        }
        self.check_grid()?;
        let thresholds = &self.thresholds_mm;
        let ascends = thresholds.iter().all(|mm| mm.is_finite() && *mm > 0.0)
            && thresholds.windows(2).all(|pair| pair[0] < pair[1]);
        if thresholds.is_empty() || !ascends {
            return Err(format!(
                "it states the thresholds {thresholds:?} mm: they have to be above 0 and to ascend"
            ));
        }
        let n_thresholds = thresholds.len();
        let n_maps = [self.calibration.len(), self.raw_rain.len()];
        if let Some(n_maps) = n_maps.iter().find(|n_maps| ![0, n_thresholds].contains(n_maps)) {
            return Err(format!(
                "it states {n_maps} calibrations for {n_thresholds} thresholds: one for each, or none"
            ));
        }
        match (1..=24 * 31).contains(&self.hours) {
            true => Ok(()),
            false => {
                Err(format!("it states rain of {} hours: from 1 to 744 are possible", self.hours))
            }
        }
    }

    fn check_grid(&self) -> Result<(), String> {
        let found = [self.latitudes.len(), self.longitudes.len()];
        if found == [0, 0] {
            return Ok(());
        }
        if found != self.size {
            return Err(format!(
                "it states {found:?} latitudes and longitudes for {:?} nodes",
                self.size
            ));
        }
        let falls = self.latitudes.windows(2).all(|pair| pair[0] > pair[1]);
        let rises = self.longitudes.windows(2).all(|pair| pair[0] < pair[1]);
        let is_finite =
            self.latitudes.iter().chain(&self.longitudes).all(|degrees| degrees.is_finite());
        match falls && rises && is_finite {
            true => Ok(()),
            false => Err("its latitudes have to fall and its longitudes to rise".to_owned()),
        }
    }

    /// Compares it with what the weights themselves take and give.
    ///
    /// # Errors
    /// In words that follow the name of the file.
    pub fn check_weights(&self, n_channels: usize, n_classes: Option<usize>) -> Result<(), String> {
        if self.n_channels() != n_channels {
            return Err(format!(
                "it states {} channels, and its weights take {n_channels}",
                self.n_channels()
            ));
        }
        match n_classes {
            Some(n_classes) if n_classes != self.thresholds_mm.len() + 1 => Err(format!(
                "it states {} thresholds, and its weights give {n_classes} classes",
                self.thresholds_mm.len()
            )),
            _ => Ok(()),
        }
    }
}

impl FieldVariable {
    /// Statistics in another unit, or of another level, would make plausible inputs of all fields.
    fn check_statistics(&self, mean: f64, deviation: f64) -> Result<(), String> {
        let Some(conversion) = self.quantity.conversion(&self.unit) else { return Ok(()) };
        let [least, most] = self.quantity.bounds(self.level);
        let canonical = conversion.apply(mean);
        let deviation = (conversion.apply(mean + deviation) - canonical).abs();
        let span = most - least;
        match (least..=most).contains(&canonical) && (1e-6 * span..=span).contains(&deviation) {
            true => Ok(()),
            false => Err(format!(
                "its variable {} has the mean {mean} and the deviation {deviation} in {}, which {} cannot have",
                self.name,
                self.unit,
                self.label()
            )),
        }
    }

    fn check(&self) -> Result<(), String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if self.name.is_empty() || self.name.len() > 40 || !self.name.chars().all(is_name) {
            return Err(format!(
                "{:?} is no name of a variable: use letters, digits, _ and -",
                self.name
            ));
        }
        if self.quantity.conversion(&self.unit).is_none() {
            return Err(format!(
                "its variable {} is a {} in {:?}; state it in {}",
                self.name,
                self.quantity.label(),
                self.unit,
                self.quantity.units_in_words()
            ));
        }
        match (self.mean, self.standard_deviation) {
            (None, None) => Ok(()),
            (Some(mean), Some(deviation))
                if mean.is_finite() && deviation.is_finite() && deviation > 0.0 =>
            {
                self.check_statistics(mean, deviation)
            }
            (mean, deviation) => Err(format!(
                "its variable {} has {} as its mean and {} as its standard deviation: state both, the deviation above 0",
                self.name,
                mean.map_or_else(|| "nothing".to_owned(), |mean| mean.to_string()),
                deviation.map_or_else(|| "nothing".to_owned(), |deviation| deviation.to_string())
            )),
        }
    }
}

/// What a set of weights is for: fields of a weather model in, classes of rain out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldsCard {
    pub fields: FieldStatement,
    /// Whether the file says of which fields it is; else those of the publication are taken, and pages say so.
    pub is_stated: bool,
    /// Channels, rows and columns of a token, which is hidden where one of its values is missing.
    pub patch: [usize; 3],
    /// Classes that the weights tell apart; `None`: they are of the pre-training and rebuild fields.
    pub n_classes: Option<usize>,
    /// Layers of each level of the encoder, the finest first; zero where there is no such level.
    pub depths: [usize; 4],
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statistics of another unit or level would make plausible inputs of every field.
    #[test]
    fn statistics_that_a_variable_cannot_have_are_refused() {
        let check = |mean: f64, deviation: f64, is_taken: bool| {
            let mut variable =
                FieldVariable::new("T850", FieldQuantity::Temperature, Level::hpa(850), "K");
            (variable.mean, variable.standard_deviation) = (Some(mean), Some(deviation));
            let variables = vec![variable];
            let statement =
                FieldStatement { variables, padded_channels: 0, ..FieldStatement::published() };
            assert_eq!(statement.check().is_ok(), is_taken, "{mean}, {deviation}");
        };
        check(280.0, 8.0, true);
        check(8.7, 8.0, false);
        check(280.0, 1e-30, false);
        check(1e9, 8.0, false);
        check(280.0, 0.0, false);
    }

    #[test]
    fn the_published_statement_is_whole_and_without_numbers_that_nobody_knows() {
        let published = FieldStatement::published();
        published.check().unwrap();
        published.check_weights(16, Some(3)).unwrap();
        assert!(!published.has_grid() && !published.has_statistics());
        assert_eq!(published.channel("rh850"), Some(5));
        assert_eq!(published.variables[5].label(), "relative humidity, 850 hPa");
        assert_eq!(published.variables[3].label(), "pressure at mean sea level");
    }

    #[test]
    fn it_goes_to_json_and_back() {
        let mut statement = FieldStatement::published();
        statement.variables[0].mean = Some(16_000.0);
        statement.variables[0].standard_deviation = Some(300.0);
        let text = serde_json::to_string(&statement).unwrap();
        assert!(
            text.contains(r#""level":"100 hPa""#) && text.contains("geopotential-height"),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<FieldStatement>(&text).unwrap(), statement);
        let [variable, ..] = &statement.variables[..] else { panic!("sixteen") };
        let z = variable.standardise(16_150.0);
        assert_eq!((z, variable.physical(z)), (0.5, Some(16_150.0)));
        assert_eq!(statement.variables[1].physical(0.5), None);
    }

    #[test]
    fn what_contradicts_itself_is_refused_in_words() {
        let check = |change: fn(&mut FieldStatement), words: &str| {
            let mut statement = FieldStatement::published();
            change(&mut statement);
            let error = statement.check().unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        check(|s| s.variables.clear(), "0 variables");
        check(|s| s.variables[1] = s.variables[0].clone(), "GPH100 twice");
        check(
            |s| s.variables[5].unit = "kg kg-1".into(),
            "RH850 is a relative humidity in \"kg kg-1\"",
        );
        check(|s| s.variables[0].mean = Some(1.0), "state both");
        check(|s| s.variables[0].name = "../x".into(), "no name of a variable");
        check(|s| s.thresholds_mm = vec![10.0, 0.1], "ascend");
        check(|s| s.hours = 0, "0 hours");
        check(|s| s.latitudes = vec![1.0, 2.0], "latitudes and longitudes");
        check(
            |s| {
                (s.size, s.latitudes, s.longitudes) = ([2, 2], vec![1.0, 2.0], vec![1.0, 2.0]);
            },
            "latitudes have to fall",
        );
        let weights = |n, classes| FieldStatement::published().check_weights(n, classes);
        assert!(weights(12, None).unwrap_err().contains("its weights take 12"));
        assert!(weights(16, Some(4)).unwrap_err().contains("4 classes"));
        assert_eq!(weights(16, None), Ok(()));
    }
}
