//! Which fields of a file are all the rain, for all that look for it without a name.

use std::collections::HashSet;

use super::{
    RainKind, RainPart, is_not_rain, is_part_of_rain, is_rain, is_whole_rain, listed, only_parts,
    refused,
};
use crate::field::accumulation::usable;
use crate::field::left_out::few_reasons;
use crate::field::{Content, FieldError, FieldFile, LeftOut, series};

/// Tells all the rain of a file from its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllRain {
    has_convective: bool,
}

impl AllRain {
    /// Of these fields.
    pub fn of<'c>(contents: impl IntoIterator<Item = &'c Content>) -> Self {
        // A unit that is not read makes it no less a part of the rain.
        let is_meant =
            |content: &&Content| looks_like_rain(content) || listed(&content.variable).is_some();
        let mut kinds = contents.into_iter().filter(is_meant).map(RainKind::of);
        Self { has_convective: kinds.any(|kind| kind.part() == Some(RainPart::Convective)) }
    }

    /// Of a file: a part that is none of its fields fell, too.
    pub fn of_file(file: &FieldFile) -> Self {
        let left_out = file.left_out().iter().filter(|left| left.n_dimensions > 1);
        Self::of(file.contents().iter().chain(left_out.map(|left| &left.content)))
    }

    /// Whether a field is all the rain. Grid-scale rain of the archives with `prec_acc_nc` is, where no convective part is
    /// beside it: the model resolves convection.
    pub fn has(&self, content: &Content) -> bool {
        let is_resolved =
            content.variable.eq_ignore_ascii_case("prec_acc_nc") && !self.has_convective;
        is_rain(content)
            && match RainKind::of(content) {
                RainKind::Whole => true,
                RainKind::Part(part) => part == RainPart::LargeScale && is_resolved,
                RainKind::Other(_) => false,
            }
    }

    /// Why a file has no rain though something looks like it; `None` where it has all the rain, and where nothing looks like
    /// it.
    pub fn refusal(&self, name: &str, contents: &[Content]) -> Option<FieldError> {
        if contents.iter().any(|content| self.has(content)) {
            return None;
        }
        let mut looks_like = contents.iter().filter(looks_like_rain);
        let part = looks_like.find(|content| RainKind::of(content).part().is_some());
        let not_rain = || Some(refused(name, &few_reasons(others(contents))?));
        part.map(|part| only_parts(name, part)).or_else(not_rain)
    }
}

fn looks_like_rain(content: &&Content) -> bool {
    is_rain(content) || is_part_of_rain(content)
}

/// Variables that look like rain and are another quantity, each with what says so.
pub fn others(contents: &[Content]) -> Vec<String> {
    let why = |content: &Content| match RainKind::of(content) {
        RainKind::Other(why) => Some(is_not_rain(content, &why)),
        RainKind::Whole | RainKind::Part(_) => None,
    };
    let mut found: Vec<String> = Vec::new();
    for reason in contents.iter().filter(looks_like_rain).filter_map(why) {
        if !found.contains(&reason) {
            found.push(reason);
        }
    }
    found
}

/// Whether a variable that is none of the fields of its file would have been all the rain. Axes and scalars bear names of
/// rain, too.
fn was_rain(left: &LeftOut) -> bool {
    left.n_dimensions > 1 && is_whole_rain(&left.content)
}

impl FieldFile {
    /// What of a file looks like rain and is none of its fields of rain: variables that are not read, and other quantities.
    pub fn no_rain(&self) -> Vec<String> {
        [self.reasons_left_out(was_rain), others(self.contents())].concat()
    }

    /// Why fields that look like rain, or bear a name of it, cannot be used by themselves; each variable's reasons once. That
    /// a field is another quantity says [`Self::no_rain`].
    pub fn unusable_rain(&self) -> Vec<String> {
        let contents = self.contents();
        let is_meant = |content: &Content| {
            (is_rain(content) || is_part_of_rain(content) || listed(&content.variable).is_some())
                && !matches!(RainKind::of(content), RainKind::Other(_))
        };
        let groups = series(contents, |content| content.unread.is_none() && is_meant(content));
        let mut known = HashSet::new();
        let left_out = groups.iter().flat_map(|places| usable(contents, places, None).left_out);
        let reasons = left_out.map(|(_, error)| error.to_string());
        reasons.filter(|reason| known.insert(reason.clone())).collect()
    }

    /// The error of a file in which no rain can be used, with what else looks like rain.
    #[must_use]
    pub fn without_rain(&self, error: FieldError) -> FieldError {
        let is_part = |left: &LeftOut| left.n_dimensions > 1 && is_part_of_rain(&left.content);
        let error = self.explained(error, |left| was_rain(left) || is_part(left));
        let said = error.to_string();
        let others = others(self.contents()).into_iter().filter(|other| !said.contains(other));
        match few_reasons(others) {
            Some(why) => error.and(&why),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use netcdf_writer::{NcFileBuilder, NcWriteFormat, NcWriteOptions};

    use super::*;
    use crate::field::testing::{add_variable, content};

    fn in_mm(variable: &str) -> Content {
        Content { unit: "mm".to_owned(), ..content(variable, "") }
    }

    fn maximum(variable: &str) -> Content {
        let said = vec![("cell_methods".to_owned(), "time: maximum".to_owned())];
        Content { said, ..in_mm(variable) }
    }

    #[test]
    fn parts_and_other_quantities_are_not_all_the_rain() {
        let all = [in_mm("tp"), in_mm("cp"), maximum("rain")];
        let rain = AllRain::of(&all);
        assert_eq!(all.each_ref().map(|one| rain.has(one)), [true, false, false]);
        assert!(rain.refusal("F.nc", &all).is_none());
        let resolved = [in_mm("prec_acc_nc")];
        assert!(AllRain::of(&resolved).has(&resolved[0]));
        for unit in ["mm", "furlong", ""] {
            let part = Content { unit: unit.to_owned(), ..in_mm("prec_acc_c") };
            let beside = [in_mm("prec_acc_nc"), part];
            assert!(!AllRain::of(&beside).has(&beside[0]), "{unit}");
        }
        let error = rain.refusal("F.nc", &all[1..]).expect("no total").to_string();
        assert!(error.contains("has only parts of the rain, such as cp (mm)"), "{error}");
    }

    /// Rain of another calendar fell all the same.
    #[test]
    fn a_part_that_was_left_out_is_a_part() {
        let mut file = NcFileBuilder::new();
        let sizes = [("time", 1), ("days", 1), ("lat", 2), ("lon", 2)];
        let [time, days, lat, lon] = sizes.map(|(name, n)| file.add_dimension(name, n).unwrap());
        let mut add = |name: &str, on: &[_], values: &[f64], attributes: &[(&str, &str)]| {
            add_variable(&mut file, name, (on, values), attributes);
        };
        let since = ("units", "hours since 2024-05-01 00:00:00");
        add("time", &[time], &[3.0], &[since]);
        add("days", &[days], &[3.0], &[since, ("calendar", "noleap")]);
        add("lat", &[lat], &[50.0, 51.0], &[("units", "degrees_north")]);
        add("lon", &[lon], &[7.0, 8.0], &[("units", "degrees_east")]);
        add("prec_acc_nc", &[time, lat, lon], &[1.0; 4], &[("units", "mm")]);
        add("prec_acc_c", &[days, lat, lon], &[1.0; 4], &[("units", "mm")]);
        let bytes = file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1;
        let file = FieldFile::from_bytes("F.nc", bytes).unwrap();
        let rain = AllRain::of_file(&file);
        assert!(!rain.has(&file.contents()[0]));
        let error = rain.refusal("F.nc", file.contents()).expect("parts only");
        let words = file.without_rain(error).to_string();
        assert!(
            words.contains("prec_acc_c cannot be used: days: its calendar is noleap"),
            "{words}"
        );
    }

    /// The second of two is not a secret.
    #[test]
    fn each_quantity_that_is_not_rain_says_why() {
        let all = [maximum("r1_rain_precip"), maximum("rain"), in_mm("tp")];
        let error = AllRain::of(&all).refusal("F.nc", &all[..2]).expect("no rain").to_string();
        for variable in ["r1_rain_precip", "rain"] {
            let words =
                format!("{variable} (mm) is not rain: its cell_methods are “time: maximum”");
            assert!(error.contains(&words), "{error}");
        }
        assert!(
            AllRain::of(&[content("t2m", "")]).refusal("F.nc", &[content("t2m", "")]).is_none()
        );
    }
}
