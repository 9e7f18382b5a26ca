//! What is in a file of fields, known before anything is decoded.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use jiff::Timestamp;

use super::words::few;
use super::{FieldError, Interval};

/// One field of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// Short name, e.g. `apcp`; where nobody has a name for it, its numbers.
    pub variable: String,
    /// What it is, for people.
    pub title: String,
    /// In the conventions CF, e.g. `air_temperature`; empty where neither the file nor a table says it.
    pub standard_name: String,
    /// Attributes that say what it is, as the file has them: `long_name`, `cell_methods`, …, each with its text.
    pub said: Vec<(String, String)>,
    /// As the file or the table of its parameters has it; empty where neither does.
    pub unit: String,
    /// e.g. `surface` or `850 hPa`, as [`super::Level`] writes the levels that it knows; empty where it is not said.
    pub level: String,
    pub reference_time: Option<Timestamp>,
    pub interval: Option<Interval>,
    /// Number of the member, of an ensemble.
    pub member: Option<u32>,
    pub grid: GridSummary,
    /// How values are packed, in words.
    pub packing: String,
    /// Values that stand for missing ones by the table of the source.
    pub missing_values: Vec<f32>,
    /// Why its values are not read, in words that follow its name, where its head says that.
    pub unread: Option<String>,
    /// Who made it, in words.
    pub producer: String,
}

/// Where a field lies, as far as its head says.
#[derive(Clone, Debug, PartialEq)]
pub struct GridSummary {
    /// e.g. `latitudes and longitudes`, `Lambert`.
    pub kind: String,
    pub height: usize,
    pub width: usize,
    /// `[south, north, west, east]` of the nodes, degrees; `None` on grids that are not read.
    pub bounds: Option<[f64; 4]>,
}

impl Content {
    /// When the forecast began that a field is of; `None` for what was observed. Sums of one forecast are not mixed with
    /// those of another.
    pub fn run(&self) -> Option<Timestamp> {
        let is_ahead = |begin: &Timestamp| self.interval.is_some_and(|own| own.end > *begin);
        self.reference_time.filter(is_ahead)
    }

    /// Whether it is the sum over no time with which a forecast begins.
    pub fn is_step_zero(&self) -> bool {
        let is_begin = |own: Interval| own.has_no_length() && self.reference_time == Some(own.end);
        self.interval.is_some_and(is_begin)
    }

    /// Whether a field that is not read may be a step of a series, by what its head does say.
    fn may_follow(&self, step: &Self) -> bool {
        let is_level = self.level.is_empty() || step.level.is_empty() || self.level == step.level;
        let is_member = self.member.is_none() || self.member == step.member;
        let is_run = self.interval.is_none() || self.run() == step.run();
        self.variable == step.variable && is_level && is_member && is_run
    }
}

/// What fields that follow each other share: quantity, level, grid, member and forecast. They differ in their times.
#[derive(PartialEq, Eq, Hash)]
struct SeriesKey<'c> {
    variable: &'c str,
    level: &'c str,
    grid_kind: &'c str,
    size: [usize; 2],
    bounds: Option<[u64; 4]>,
    member: Option<u32>,
    run: Option<Timestamp>,
}

impl<'c> SeriesKey<'c> {
    fn of(content: &'c Content) -> Self {
        let GridSummary { kind, height, width, bounds } = &content.grid;
        Self {
            variable: &content.variable,
            level: &content.level,
            grid_kind: kind,
            size: [*height, *width],
            // Both zeros are one number.
            bounds: bounds.map(|bounds| bounds.map(|degrees| (degrees + 0.0).to_bits())),
            member: content.member,
            run: content.run(),
        }
    }
}

/// The variable that somebody means by a name: the one that is written just so, or else the only one in any case. `None` where
/// there is none.
///
/// # Errors
/// [`FieldError::Interval`] for several that differ in their case only, of which none is written as the name is.
pub fn variable_named<'c>(
    file: &str,
    contents: &'c [Content],
    wanted: &str,
) -> Result<Option<&'c str>, FieldError> {
    let all = contents.iter().map(|content| content.variable.as_str());
    let alike: BTreeSet<&str> = all.filter(|name| name.eq_ignore_ascii_case(wanted)).collect();
    let exactly = alike.iter().find(|name| **name == wanted);
    match (exactly.or(alike.first()), alike.len()) {
        (Some(name), 1) => Ok(Some(name)),
        (Some(name), _) if *name == wanted => Ok(Some(name)),
        (Some(_), _) => {
            let known: Vec<&str> = alike.into_iter().collect();
            let what = format!("{file} has {}: write the one that is meant", known.join(" and "));
            Err(FieldError::Interval { what })
        }
        (None, _) => Ok(None),
    }
}

/// Places of the fields that are meant, those together that follow each other, in the order of the file. A field that is not
/// read is part of each series that it may be a step of, since its head may not say on which grid or at which level it lies.
pub fn series(contents: &[Content], is_meant: impl Fn(&Content) -> bool) -> Vec<Vec<usize>> {
    let meant = contents.iter().enumerate().filter(|(_, content)| is_meant(content));
    let (unread, read): (Vec<_>, Vec<_>) = meant.partition(|(_, one)| one.unread.is_some());
    let mut all: Vec<Vec<usize>> = Vec::new();
    // A file may have twenty thousand fields, each of a series of its own.
    let mut known: HashMap<SeriesKey<'_>, usize> = HashMap::new();
    for (place, content) in read {
        put(&mut all, &mut known, (place, content));
    }
    let n_read = all.len();
    for (place, content) in unread {
        let is_it = |number: &usize| content.may_follow(&contents[all[*number][0]]);
        let numbers: Vec<usize> = (0..n_read).filter(is_it).collect();
        if numbers.is_empty() {
            put(&mut all, &mut known, (place, content));
        }
        numbers.into_iter().for_each(|number| all[number].push(place));
    }
    all[..n_read].iter_mut().for_each(|one| one.sort_unstable());
    all
}

/// Adds a field to its series, or begins one.
fn put<'c>(
    all: &mut Vec<Vec<usize>>,
    known: &mut HashMap<SeriesKey<'c>, usize>,
    (place, content): (usize, &'c Content),
) {
    let number = *known.entry(SeriesKey::of(content)).or_insert(all.len());
    match all.get_mut(number) {
        Some(one) => one.push(place),
        None => all.push(vec![place]),
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.variable)?;
        if !self.unit.is_empty() {
            write!(f, " ({})", self.unit)?;
        }
        if !self.level.is_empty() {
            write!(f, ", {}", self.level)?;
        }
        if let Some(interval) = &self.interval {
            write!(f, ", {interval}")?;
        }
        if let Some(member) = self.member {
            write!(f, ", member {member}")?;
        }
        Ok(())
    }
}

/// Which field of a file is meant. What is left out is not looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Place in [`super::FieldFile::contents`], counted from 1.
    pub number: Option<usize>,
    pub variable: Option<String>,
    pub level: Option<String>,
    /// The end of its interval.
    pub valid_time: Option<Timestamp>,
    pub member: Option<u32>,
}

impl Wanted {
    pub fn variable(name: &str) -> Self {
        Self { variable: Some(name.to_owned()), ..Self::default() }
    }

    /// The place of the only field that fits.
    ///
    /// # Errors
    /// Where none fits, or several do.
    pub(super) fn find(&self, file: &str, contents: &[Content]) -> Result<usize, FieldError> {
        let fits: Vec<usize> =
            (0..contents.len()).filter(|&i| self.fits(i, &contents[i])).collect();
        let (file, wanted) = (file.to_owned(), self.to_string());
        match fits[..] {
            [only] => Ok(only),
            [] => {
                let known = listed(contents, 0..contents.len());
                Err(FieldError::Absent { file, wanted, known })
            }
            _ => {
                let known = listed(contents, fits.iter().copied());
                Err(FieldError::Ambiguous { file, wanted, count: fits.len(), known })
            }
        }
    }

    fn fits(&self, place: usize, content: &Content) -> bool {
        let Self { number, variable, level, valid_time, member } = self;
        let end = content.interval.map(|interval| interval.end);
        number.is_none_or(|number| number == place + 1)
            && variable.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(&content.variable))
            && level.as_ref().is_none_or(|level| level.eq_ignore_ascii_case(&content.level))
            && valid_time.is_none_or(|time| end == Some(time))
            && member.is_none_or(|member| content.member == Some(member))
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, variable, level, valid_time, member } = self;
        let parts = [
            number.map(|number| format!("number {number}")),
            variable.clone(),
            level.clone(),
            valid_time.map(|time| format!("of {}", crate::time::format_utc(time))),
            member.map(|member| format!("member {member}")),
        ];
        let words: Vec<String> = parts.into_iter().flatten().collect();
        if words.is_empty() { write!(f, "at all") } else { write!(f, "{}", words.join(" ")) }
    }
}

fn listed(contents: &[Content], places: impl ExactSizeIterator<Item = usize>) -> String {
    few(places.map(|i| format!("{}: {}", i + 1, contents[i])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::testing::content;

    fn of_member(member: u32) -> Content {
        Content { member: Some(member), ..content("tp", "") }
    }

    #[test]
    fn fields_that_follow_each_other_lie_together_in_their_order() {
        let south = |zero: f64| {
            let bounds = Some([zero, 1.0, 7.0, 8.0]);
            let grid = GridSummary { bounds, ..of_member(1).grid };
            Content { grid, ..of_member(1) }
        };
        let other = Content { level: "surface".to_owned(), ..of_member(1) };
        let all = [of_member(2), of_member(1), south(0.0), of_member(2), other, south(-0.0)];
        let expected = [vec![0, 3], vec![1], vec![2, 5], vec![4]];
        assert_eq!(series(&all, |_| true), expected);
        assert_eq!(series(&all, |one| one.member == Some(2)), [[0, 3]]);
    }

    #[test]
    fn a_name_means_what_is_written_so_or_the_only_one() {
        let all = ["TP", "tp", "T2M"].map(|name| content(name, ""));
        let named = |wanted: &str| variable_named("F.nc", &all, wanted);
        let found = ["tp", "t2m", "pr"].map(|wanted| named(wanted).expect("no doubt"));
        assert_eq!(found, [Some("tp"), Some("T2M"), None]);
        let error = named("Tp").expect_err("one of two").to_string();
        assert!(error.contains("F.nc has TP and tp: write the one"), "{error}");
    }

    /// On a grid that is not read, it is the missing step of its neighbours all the same.
    #[test]
    fn what_is_not_read_is_a_step_of_the_series_that_it_may_be_of() {
        let kind = "grid template 3.99".to_owned();
        let grid = GridSummary { kind, height: 0, width: 0, bounds: None };
        let unread = |member| Content {
            grid: grid.clone(),
            unread: Some("its grid is not read".to_owned()),
            ..of_member(member)
        };
        let all = [of_member(1), unread(1), of_member(1), of_member(2), unread(3)];
        assert_eq!(series(&all, |_| true), [vec![0, 1, 2], vec![3], vec![4]]);
    }
}
