//! What of a file of rain makes no sum, and why.

use jiff::Timestamp;
use stormlens_data::field::left_out::few_reasons;
use stormlens_data::field::{Content, FieldError};

/// Variables, fields and sums that were left out while others can be refined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NotUsed {
    /// Of variables of which no time is known.
    variables: Vec<String>,
    /// Of fields, with the end of their interval.
    fields: Vec<(Option<Timestamp>, String)>,
    /// Of sums that some fields end with, those of one series together.
    sums: Vec<Series>,
}

#[derive(Clone, Debug, PartialEq)]
struct Series {
    /// The variable with its unit.
    name: String,
    missing: Vec<Missing>,
}

/// A sum that cannot be made.
#[derive(Clone, Debug, PartialEq)]
struct Missing {
    end: Timestamp,
    /// Whether it begins before the first field: that is so of every file, and nothing is left out.
    is_too_early: bool,
    why: String,
}

impl NotUsed {
    pub fn add_variables(&mut self, reasons: Vec<String>) {
        self.variables.extend(reasons);
    }

    /// Fields of a file that no sum is made of.
    pub fn add_fields(&mut self, contents: &[Content], left_out: &[(usize, FieldError)]) {
        let end = |place: usize| contents[place].interval.map(|own| own.end);
        self.fields.extend(left_out.iter().map(|(place, error)| (end(*place), error.to_string())));
    }

    /// Sums until fields of one series follow.
    pub fn add_series(&mut self, content: &Content) {
        let name = format!("{} ({})", content.variable, content.unit);
        self.sums.push(Series { name, missing: Vec::new() });
    }

    /// A sum of the last series.
    pub fn add_sum(&mut self, end: Timestamp, is_too_early: bool, error: &FieldError) {
        if let Some(series) = self.sums.last_mut() {
            series.missing.push(Missing { end, is_too_early, why: error.to_string() });
        }
    }

    /// What was left out, each reason once; `None` where all was used.
    pub fn in_words(&self) -> Option<String> {
        let fields = self.fields.iter().map(|(_, why)| why.clone());
        let sums = self.sums.iter().filter_map(Series::in_words);
        few_reasons(self.variables.iter().cloned().chain(fields).chain(sums))
    }

    /// Why there is no sum until a time; `None` where nothing says it.
    pub fn why(&self, end: Timestamp) -> Option<String> {
        let is_it = |field: &&(Option<Timestamp>, String)| field.0 == Some(end);
        let fields = self.fields.iter().filter(is_it).map(|(_, why)| why.clone());
        let missing = self.sums.iter().flat_map(|series| &series.missing);
        let sums = missing.filter(|sum| sum.end == end).map(|sum| sum.why.clone());
        // Of these it is not known when they end.
        let timeless = self.fields.iter().filter(|(end, _)| end.is_none());
        let timeless = timeless.map(|(_, why)| why.clone());
        few_reasons(fields.chain(sums))
            .or_else(|| few_reasons(self.variables.iter().cloned().chain(timeless)))
    }
}

impl Series {
    /// The first sum that is missing, and how many there are.
    fn in_words(&self) -> Option<String> {
        let mut missing = self.missing.iter().filter(|sum| !sum.is_too_early);
        let first = in_short(&missing.next()?.why);
        let more = match missing.count() {
            0 => String::new(),
            n => format!(" (and {n} more)"),
        };
        Some(format!("{}: {first}{more}", self.name))
    }
}

/// Without the list of what there is, and without what is said beside it.
fn in_short(why: &str) -> &str {
    let parts = [": there is ", "; left out: "].iter().filter_map(|mark| why.find(*mark));
    parts.min().map_or(why, |at| &why[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).expect("a time")
    }

    fn error(what: &str) -> FieldError {
        FieldError::Interval { what: what.to_owned() }
    }

    #[test]
    fn what_was_left_out_is_said_once_and_by_its_end() {
        let mut found = NotUsed::default();
        assert_eq!((found.in_words(), found.why(at(3))), (None, None));
        found.fields =
            vec![(Some(at(3)), "a maximum".to_owned()), (Some(at(6)), "a maximum".to_owned())];
        found.sums = vec![Series { name: "tp (mm)".to_owned(), missing: Vec::new() }];
        found.add_sum(at(2), true, &error("before the first"));
        assert_eq!(found.in_words().as_deref(), Some("a maximum"));
        found.add_sum(
            at(9),
            false,
            &error("a step is missing: there is much; left out: a maximum"),
        );
        found.add_sum(at(12), false, &error("another"));
        let words = "a maximum; also tp (mm): a step is missing (and 1 more)";
        assert_eq!(found.in_words().as_deref(), Some(words));
        assert_eq!(found.why(at(6)).as_deref(), Some("a maximum"));
        assert_eq!(found.why(at(2)).as_deref(), Some("before the first"));
        assert_eq!(found.why(at(12)).as_deref(), Some("another"));
        assert_eq!(found.why(at(15)), None);
        // Of a variable that was not read nobody knows the times.
        found.add_variables(vec!["pr cannot be used".to_owned()]);
        assert_eq!(found.why(at(15)).as_deref(), Some("pr cannot be used"));
    }
}
