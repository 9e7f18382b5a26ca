//! The library's builder with the choices that all our variables share.

use std::collections::BTreeSet;

use netcdf_writer::{
    DimensionId, NcAttrValue, NcFileBuilder, NcWriteFormat, NcWriteOptions, NcWriteType, VariableId,
};

use super::{FilesError, creation_order};

pub type Dimension = DimensionId;
pub type Variable = VariableId;

const DEFLATE_LEVEL: u8 = 4;

/// A file in the making.
pub struct Builder {
    file: NcFileBuilder,
    /// Of dimensions and variables.
    names: BTreeSet<String>,
}

impl Builder {
    pub fn new() -> Self {
        Self { file: NcFileBuilder::new(), names: BTreeSet::new() }
    }

    /// A name that no dimension and no variable has: the wanted one, the same with its length, or with
    /// the first number that is free.
    pub fn free_name(&self, wanted: &str, length: usize) -> String {
        let wanted = name(wanted);
        let numbered = (length..).map(|n| format!("{wanted}_{n}"));
        let mut names = std::iter::once(wanted.clone()).chain(numbered);
        names.find(|name| !self.names.contains(name)).expect("numbers do not end")
    }

    /// A global text; an empty one is left out, since HDF5 has no empty text.
    pub fn attribute(&mut self, name: &str, text: &str) -> Result<(), FilesError> {
        if text.is_empty() {
            return Ok(());
        }
        self.file.add_attribute(name, NcAttrValue::Chars(text.to_owned())).map_err(wrap)
    }

    pub fn dimension(&mut self, name: &str, size: usize) -> Result<Dimension, FilesError> {
        self.names.insert(name.to_owned());
        self.file.add_dimension(name, size as u64).map_err(wrap)
    }

    /// A variable without dimensions.
    pub fn scalar<T: NcWriteType>(&mut self, name: &str, value: T) -> Result<Variable, FilesError> {
        self.numbers(name, &[], &[value])
    }

    /// A small variable, stored as it is.
    pub fn numbers<T: NcWriteType>(
        &mut self,
        name: &str,
        dimensions: &[Dimension],
        values: &[T],
    ) -> Result<Variable, FilesError> {
        self.names.insert(name.to_owned());
        let variable = self.file.add_variable::<T>(name, dimensions).map_err(wrap)?;
        self.file.write_variable(variable, values).map_err(wrap)?;
        Ok(variable)
    }

    /// Maps of float32, compressed; missing values are NaN.
    pub fn floats(
        &mut self,
        name: &str,
        dimensions: &[Dimension],
        values: &[f32],
    ) -> Result<Variable, FilesError> {
        let variable = self.numbers(name, dimensions, values)?;
        self.file.set_variable_fill_value(variable, f32::NAN).map_err(wrap)?;
        self.compress(variable, dimensions)
    }

    /// The same of float64.
    pub fn doubles(
        &mut self,
        name: &str,
        dimensions: &[Dimension],
        values: &[f64],
    ) -> Result<Variable, FilesError> {
        let variable = self.numbers(name, dimensions, values)?;
        self.file.set_variable_fill_value(variable, f64::NAN).map_err(wrap)?;
        self.compress(variable, dimensions)
    }

    /// Maps of small integers, compressed.
    pub fn bytes<T: NcWriteType>(
        &mut self,
        name: &str,
        dimensions: &[Dimension],
        values: &[T],
    ) -> Result<Variable, FilesError> {
        let variable = self.numbers(name, dimensions, values)?;
        self.compress(variable, dimensions)
    }

    /// The value that stands where there is none.
    pub fn missing(&mut self, variable: Variable, value: i8) -> Result<(), FilesError> {
        self.file.set_variable_fill_value(variable, value).map_err(wrap)
    }

    fn compress(
        &mut self,
        variable: Variable,
        dimensions: &[Dimension],
    ) -> Result<Variable, FilesError> {
        // HDF5 compresses in pieces, and what has no dimensions has none.
        if dimensions.is_empty() {
            return Ok(variable);
        }
        self.file.set_variable_deflate(variable, Some(DEFLATE_LEVEL), true).map_err(wrap)?;
        Ok(variable)
    }

    /// A list of texts.
    pub fn strings(
        &mut self,
        name: &str,
        dimension: Dimension,
        values: &[&str],
    ) -> Result<Variable, FilesError> {
        self.names.insert(name.to_owned());
        let variable = self.file.add_string_variable(name, &[dimension]).map_err(wrap)?;
        self.file.write_string_variable(variable, values).map_err(wrap)?;
        Ok(variable)
    }

    /// Texts that describe a variable; empty ones are left out.
    pub fn texts(&mut self, variable: Variable, texts: &[(&str, &str)]) -> Result<(), FilesError> {
        let filled = texts.iter().filter(|(_, text)| !text.is_empty());
        filled.into_iter().try_for_each(|&(name, text)| {
            self.variable_attribute(variable, name, NcAttrValue::Chars(text.to_owned()))
        })
    }

    pub fn variable_attribute(
        &mut self,
        variable: Variable,
        name: &str,
        value: NcAttrValue,
    ) -> Result<(), FilesError> {
        self.file.add_variable_attribute(variable, name, value).map_err(wrap)
    }

    pub fn finish(self) -> Result<Vec<u8>, FilesError> {
        let options = NcWriteOptions { format: NcWriteFormat::Nc4 };
        let (_, bytes) = self.file.to_vec(options).map_err(wrap)?;
        creation_order::track(bytes).map_err(|what| FilesError::Netcdf { what: what.to_owned() })
    }
}

/// A name as CF recommends it: letters, digits and underscores, a letter first.
pub fn name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = text.chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("v_{name}") }
}

fn wrap(error: netcdf_writer::Error) -> FilesError {
    FilesError::Netcdf { what: error.to_string() }
}
