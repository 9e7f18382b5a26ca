//! Messages whose heads are not understood.

use super::super::contents::{Content, GridSummary};
use super::super::{LeftOut, parameters};
use super::product::{Named, names};

/// A field of a message, or all of it, that is left out. `message` counts from 1; `named` is what it is of, where that much
/// is known.
pub(super) fn left_out(message: usize, named: Option<Named>, why: String) -> LeftOut {
    let [variable, title, unit] = named.map(names).unwrap_or_default();
    let parameter = named.and_then(|(parameter, _)| parameter);
    let content = Content {
        variable,
        title,
        standard_name: parameter.map_or("", parameters::standard_name).to_owned(),
        said: Vec::new(),
        unit,
        level: String::new(),
        reference_time: None,
        interval: None,
        member: None,
        grid: GridSummary { kind: String::new(), height: 0, width: 0, bounds: None },
        packing: String::new(),
        missing_values: Vec::new(),
        unread: None,
        producer: String::new(),
    };
    LeftOut { content, n_dimensions: 2, message: Some(message), why }
}

#[cfg(test)]
mod tests;
