//! Totals since one start that somebody states to be sums of so many hours each.

use std::collections::HashMap;

use super::refuse;
use crate::field::{Content, FieldError, FieldFile, GriddedField, Statistic, series};

/// So many steps with rain are looked at, and so many fields at most: files of years have more.
const MOST_STEPS: usize = 12;
const MOST_FIELDS: usize = 200;
/// So many series of a variable are looked at, mostly runs or members, which are made in the same way.
const MOST_SERIES: usize = 12;
/// Two fields grow by chance; in three steps one after the other, rain ends somewhere.
const LEAST_RUN: usize = 3;
/// A few cells may all grow for some hours.
const LEAST_RUN_OF_FEW: usize = 6;
const FEW_CELLS: usize = 10;
/// What packing and rounding make of a value that stays, of the value and of the largest one.
const ROUNDED_SHARE: f32 = 0.005;
const PACKED_SHARE: f32 = 0.001;

/// What steps from one field to the next show.
#[derive(Debug, Default)]
struct Steps {
    n_wet: usize,
    n_falls: usize,
    /// Wet cells of the field that has the most of them.
    n_cells: usize,
    /// Steps one after the other without a fall, the longest, and whether something rose in it.
    run: (usize, bool),
    longest: usize,
}

impl Steps {
    fn add(&mut self, earlier: &GriddedField, later: &GriddedField) {
        let both = || earlier.values.iter().zip(&later.values);
        // A total keeps what fell before: of dry fields nothing follows.
        let n_cells = earlier.values.iter().filter(|&&value| value > 0.0).count();
        if n_cells == 0 {
            return;
        }
        let most = earlier.values.iter().copied().fold(0.0, f32::max);
        let rounding = |a: f32| ROUNDED_SHARE * a.abs() + PACKED_SHARE * most;
        self.n_cells = self.n_cells.max(n_cells);
        self.n_wet += 1;
        if both().any(|(a, b)| *b < a - rounding(*a)) {
            self.n_falls += 1;
            self.run = (0, false);
            return;
        }
        let (length, has_risen) = self.run;
        let rises = both().any(|(a, b)| *b > a + rounding(*a));
        self.run = (length + 1, has_risen || rises);
        if self.run.1 {
            self.longest = self.longest.max(self.run.0);
        }
    }

    /// Whether they are steps of totals, which may start again once.
    fn are_of_totals(&self) -> bool {
        let least = if self.n_cells < FEW_CELLS { LEAST_RUN_OF_FEW } else { LEAST_RUN };
        self.longest >= least && self.n_falls * 4 <= self.n_wet
    }
}

/// Checks that fields of which somebody states the hours are no running total. Means of rates are none, whatever they do.
///
/// # Errors
/// [`FieldError::Interval`] for fields that hardly ever become smaller, and as the file for what cannot be read.
pub fn check_no_total(
    file: &FieldFile,
    hours: i64,
    is_meant: impl Fn(&Content) -> bool,
) -> Result<(), FieldError> {
    let contents = file.contents();
    let is_no_mean = |content: &Content| {
        content.interval.is_some_and(|own| own.statistic != Statistic::Mean)
            && content.unread.is_none()
            && is_meant(content)
    };
    let mut n_series: HashMap<&str, usize> = HashMap::new();
    for mut places in series(contents, is_no_mean) {
        let n = n_series.entry(contents[places[0]].variable.as_str()).or_default();
        *n += 1;
        if *n > MOST_SERIES {
            continue;
        }
        places.sort_by_key(|&place| contents[place].interval.map(|own| own.end));
        check_series(file, &places, hours)?;
    }
    Ok(())
}

/// The same of fields that follow each other.
fn check_series(file: &FieldFile, places: &[usize], hours: i64) -> Result<(), FieldError> {
    let mut steps = Steps::default();
    let mut earlier: Option<GriddedField> = None;
    for &place in places.iter().take(MOST_FIELDS) {
        let later = file.read(place)?;
        if let Some(earlier) = &earlier {
            steps.add(earlier, &later);
        }
        if steps.n_wet >= MOST_STEPS {
            break;
        }
        earlier = Some(later);
    }
    match (steps.are_of_totals(), earlier) {
        (true, Some(field)) => Err(running(&field, hours, &steps)),
        _ => Ok(()),
    }
}

fn running(field: &GriddedField, hours: i64, steps: &Steps) -> FieldError {
    refuse(format!(
        "{}: in {} of {} steps with rain a cell becomes smaller, and in {} one after the other none does: they look like a \
         total since one start, not like sums of {hours} h each; leave out the hours of each field, and write the start \
         and the end of what each field counts into the bounds of its time (CF conventions 7.1)",
        field.source, steps.n_falls, steps.n_wet, steps.longest
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::LatLonGrid;
    use crate::field::grib::testing::Draft;

    /// Variables that stand before the rain in a file do not hide it.
    #[test]
    fn each_variable_has_series_of_its_own() {
        let moment = |hour: u32, number: u8, packed: [u16; 4]| Draft {
            number,
            ..Draft::rain([hour, hour], &packed)
        };
        let others = (200..213).map(|number| moment(1, number, [1, 2, 3, 4]));
        // A total of few cells.
        let total = (1..10).map(|hour: u16| moment(hour.into(), 8, [hour, 2 * hour, 3, 4]));
        let bytes: Vec<u8> = others.chain(total).flat_map(|draft| draft.bytes()).collect();
        let file = FieldFile::from_bytes("F.grib2", bytes).unwrap();
        let error = check_no_total(&file, 1, |_| true).expect_err("a total").to_string();
        assert!(error.contains("apcp, F.grib2: in 0 of 8 steps"), "{error}");
    }

    /// Each of the three values stands for four cells.
    fn are_of_totals(fields: &[[f32; 3]]) -> bool {
        let field = |values: &[f32; 3]| GriddedField {
            storage_ends: Vec::new(),
            variable: "tp".to_owned(),
            unit: "mm".to_owned(),
            interval: None,
            reference_time: None,
            grid: LatLonGrid::new(&[50.0, 51.0, 52.0, 53.0], &[0.0, 1.0, 2.0]).unwrap(),
            values: values.repeat(4),
            source: "F.nc".to_owned(),
        };
        let mut steps = Steps::default();
        let fields: Vec<GriddedField> = fields.iter().map(field).collect();
        fields.windows(2).for_each(|pair| steps.add(&pair[0], &pair[1]));
        steps.are_of_totals()
    }

    #[test]
    fn a_running_total_is_told_from_sums() {
        let total = [[0.1, 0.1, 0.1], [0.1, 0.2, f32::NAN], [0.3, 0.2, 0.1], [0.3, 0.2, 0.1]];
        assert!(are_of_totals(&total));
        // Each message of GRIB is packed anew.
        let noisy = [[5.0, 1.0, 0.5], [4.999, 2.0, 0.501], [6.0, 1.999, 0.5], [5.999, 3.0, 0.501]];
        assert!(are_of_totals(&noisy));
        // It may begin dry, and start again.
        assert!(are_of_totals(&[&[[0.0; 3]; 4][..], &total[..]].concat()));
        assert!(are_of_totals(&[&total[..], &total[..]].concat()));
    }

    #[test]
    fn sums_are_not_taken_for_a_total() {
        let (dry, wet) = ([0.0; 3], [0.0, 1.0, 2.0]);
        assert!(!are_of_totals(&[dry, wet]));
        assert!(!are_of_totals(&[dry, dry, dry, dry, wet]));
        assert!(!are_of_totals(&[dry, wet, dry, dry, dry]));
        assert!(!are_of_totals(&[wet, wet, wet, wet, wet]));
        // Rain of few cells that becomes stronger.
        let mut steps = Steps { n_cells: 4, n_wet: 3, longest: 3, ..Steps::default() };
        assert!(!steps.are_of_totals());
        steps.n_cells = 400;
        assert!(steps.are_of_totals());
        let hours = [[1.0, 0.0, 0.5], [0.5, 1.0, 0.5], [0.5, 0.0, 2.0], [3.0, 1.0, 0.0]];
        assert!(!are_of_totals(&hours));
    }

    #[test]
    fn what_is_refused_says_what_to_do() {
        let field = GriddedField {
            storage_ends: Vec::new(),
            variable: "tp".to_owned(),
            unit: "mm".to_owned(),
            interval: None,
            reference_time: None,
            grid: LatLonGrid::new(&[50.0], &[0.0, 1.0]).unwrap(),
            values: vec![1.0; 2],
            source: "F.nc".to_owned(),
        };
        let steps = Steps { n_wet: 5, longest: 4, n_falls: 1, ..Steps::default() };
        let error = running(&field, 1, &steps).to_string();
        assert!(error.contains("in 1 of 5 steps with rain a cell becomes smaller"), "{error}");
        assert!(error.contains("bounds"), "{error}");
    }
}
