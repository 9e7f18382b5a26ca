//! What of files looks like what networks take, and cannot be used: said also where other fields are there.

use std::collections::HashSet;

use super::{FieldQuantity, recognise};
use crate::field::interval::NO_LENGTH;
use crate::field::rain_name::others;
use crate::field::{Content, FieldFile, LeftOut};

/// Variables that are none of the fields of their file, what looks like rain and is not, and rain of no length: each with its
/// reason.
pub fn left_out(files: &[FieldFile]) -> Vec<String> {
    let own = |file: &FieldFile| {
        let rain = no_rain(file.contents());
        [variables(file, |_| true), unread(file, |_| true), rain].concat()
    };
    files.iter().flat_map(own).collect()
}

/// The same of a quantity.
pub(super) fn left_out_of(files: &[FieldFile], quantity: FieldQuantity) -> Vec<String> {
    let unread = files.iter().flat_map(|file| unread(file, |own| own == quantity));
    no_fields_of(files, quantity).into_iter().chain(unread).collect()
}

/// The same without fields that are not read.
pub(super) fn no_fields_of(files: &[FieldFile], quantity: FieldQuantity) -> Vec<String> {
    let is_rain = quantity == FieldQuantity::Precipitation;
    let own = |file: &FieldFile| {
        let rain = if is_rain { no_rain(file.contents()) } else { Vec::new() };
        [variables(file, |own| own == quantity), rain].concat()
    };
    files.iter().flat_map(own).collect()
}

fn unread(file: &FieldFile, is_meant: impl Fn(FieldQuantity) -> bool) -> Vec<String> {
    file.reasons_unread(|content| recognise(content).is_some_and(|known| is_meant(known.quantity)))
}

fn variables(file: &FieldFile, is_meant: impl Fn(FieldQuantity) -> bool) -> Vec<String> {
    file.reasons_left_out(|left: &LeftOut| {
        let known = recognise(&left.content);
        // Axes and scalars bear names of quantities, too.
        left.n_dimensions > 1 && known.is_some_and(|known| is_meant(known.quantity))
    })
}

fn no_rain(contents: &[Content]) -> Vec<String> {
    let mut found = others(contents);
    let is_short = |content: &Content| content.interval.is_some_and(|own| own.has_no_length());
    // Step 0 of a forecast rightly has none.
    let is_fine = |content: &&Content| !is_short(content) || content.is_step_zero();
    let fine: HashSet<&str> =
        contents.iter().filter(is_fine).map(|content| content.variable.as_str()).collect();
    let mut known = HashSet::new();
    for content in contents.iter().filter(|content| is_rain(content)) {
        let Content { variable, unit, .. } = content;
        if !fine.contains(variable.as_str()) && known.insert((variable, unit)) {
            found.push(format!("{variable} ({unit}) {NO_LENGTH}"));
        }
    }
    found
}

fn is_rain(content: &Content) -> bool {
    recognise(content).is_some_and(|known| known.quantity == FieldQuantity::Precipitation)
}
