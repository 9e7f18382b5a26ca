//! What is wrong with a file of fields, or with what is asked of it.

use crate::files::FilesError;

/// A field that cannot be read or used.
#[derive(Debug, thiserror::Error)]
pub enum FieldError {
    #[error(transparent)]
    File(#[from] FilesError),
    #[error(
        "{file} is no field that can be read: give GRIB, NetCDF (3 or 4), or .npy with its unit and grid"
    )]
    Foreign { file: String },
    #[error("{file} is damaged or cut off, fetch it again: {what}")]
    Damaged { file: String, what: String },
    #[error("{file} cannot be read: {what}")]
    Unsupported { file: String, what: String },
    #[error("{file} is too large: {what}")]
    TooLarge { file: String, what: String },
    #[error(
        "the {format} decoder failed on {file}, which is a fault of this program and not of yours; the file \
         may be damaged: fetch it again"
    )]
    Fault { file: String, format: &'static str },
    #[error("{file} has no field {wanted}; it has: {known}")]
    Absent { file: String, wanted: String, known: String },
    #[error("{file} has {count} fields {wanted}, name one by its number: {known}")]
    Ambiguous { file: String, wanted: String, count: usize, known: String },
    #[error(
        "{name} goes from {own}, which does not cover {needed}: choose a smaller domain or another field"
    )]
    Domain { name: String, own: String, needed: String },
    #[error("{first} and {second} lie on different grids: use fields of one grid")]
    Grids { first: String, second: String },
    #[error("{name} is in {unit:?}, {needed}")]
    Unit { name: String, unit: String, needed: &'static str },
    #[error("{name} cannot be used: {what}")]
    Quantity { name: String, what: String },
    #[error("{name} holds {what}: give a file that declares its missing value, or check its unit")]
    Impossible { name: String, what: String },
    #[error("{name} does not say over which interval it is: state it")]
    NoInterval { name: String },
    #[error(
        "{file}: the times of {variable} have no bounds, so nothing says which interval each field is of: state \
         the hours, with --each-hours N or each_hours = N, or write a unit that names them, such as mm/3h"
    )]
    Unstated { file: String, variable: String },
    #[error(
        "{file} has only parts of the rain, such as {variable} ({unit}): give the total, or name one part as the variable"
    )]
    Parts { file: String, variable: String, unit: String },
    #[error("{what}")]
    Interval { what: String },
    #[error("{name} holds no data: all {count} values are missing")]
    AllMissing { name: String, count: usize },
    #[error("{what}")]
    Domains { what: String },
}

impl FieldError {
    /// The error with the name of the file, or of both, in quotes where it begins with that, so that it can begin a sentence
    /// and the name stays as it is.
    pub fn quoted(&self) -> String {
        let words = self.to_string();
        let name = match self {
            Self::Foreign { file }
            | Self::Damaged { file, .. }
            | Self::Unsupported { file, .. }
            | Self::TooLarge { file, .. }
            | Self::Absent { file, .. }
            | Self::Ambiguous { file, .. }
            | Self::Parts { file, .. } => file,
            Self::Domain { name, .. }
            | Self::Unit { name, .. }
            | Self::Quantity { name, .. }
            | Self::Impossible { name, .. }
            | Self::NoInterval { name }
            | Self::AllMissing { name, .. } => name,
            Self::Grids { first, second } => {
                let [first, second] = [first, second].map(|name| format!("“{name}”"));
                return Self::Grids { first, second }.to_string();
            }
            _ => return words,
        };
        words.strip_prefix(name.as_str()).map_or(words.clone(), |rest| format!("“{name}”{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_at_the_begin_is_quoted() {
        let (first, second) = ("a.nc".to_owned(), "b.nc".to_owned());
        let grids = FieldError::Grids { first, second };
        assert_eq!(
            grids.quoted(),
            "“a.nc” and “b.nc” lie on different grids: use fields of one grid"
        );
        let one = FieldError::NoInterval { name: "a.nc".to_owned() };
        assert!(one.quoted().starts_with("“a.nc” does not say"), "{}", one.quoted());
    }
}
