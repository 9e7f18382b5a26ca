//! Classes as CF has them (section 3.5): small integers with their meanings.

use netcdf_writer::NcAttrValue;

use super::FilesError;
use super::builder::{Builder, Dimension, Variable};

/// Where there is no class.
pub const MISSING: i8 = -1;

/// A class as it is stored.
pub fn stored(class: f64) -> i8 {
    if class.is_nan() { MISSING } else { class as i8 }
}

/// Classes of a variable over its dimensions.
pub fn write(
    file: &mut Builder,
    name: &str,
    dimensions: &[Dimension],
    values: &[i8],
) -> Result<Variable, FilesError> {
    let variable = file.bytes(name, dimensions, values)?;
    file.missing(variable, MISSING)?;
    Ok(variable)
}

/// What each value means; words are joined, since blanks part the meanings.
pub fn describe<S: AsRef<str>>(
    file: &mut Builder,
    variable: Variable,
    meanings: &[S],
) -> Result<(), FilesError> {
    let words = |name: &S| name.as_ref().split_whitespace().collect::<Vec<_>>().join("_");
    let meanings: Vec<String> = meanings.iter().map(words).collect();
    let values = (0..meanings.len()).map(|class| class as i8).collect();
    file.texts(variable, &[("flag_meanings", &meanings.join(" "))])?;
    file.variable_attribute(variable, "flag_values", NcAttrValue::Bytes(values))
}
