//! How tests write NetCDF, those of the program, too.

use netcdf_writer::{DimensionId, NcAttrValue, NcFileBuilder, NcWriteType};

/// A variable of a NetCDF file, with its dimensions, values and attributes that are texts.
pub(crate) fn add_variable<T: NcWriteType>(
    file: &mut NcFileBuilder,
    name: &str,
    (on, values): (&[DimensionId], &[T]),
    attributes: &[(&str, &str)],
) {
    let variable = file.add_variable::<T>(name, on).unwrap();
    file.write_variable(variable, values).unwrap();
    for (key, text) in attributes {
        let text = NcAttrValue::Chars((*text).to_owned());
        file.add_variable_attribute(variable, *key, text).unwrap();
    }
}
