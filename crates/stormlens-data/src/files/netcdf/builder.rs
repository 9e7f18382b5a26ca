//! The library's builder with the choices that all our variables share.

use netcdf_writer::{
    DimensionId, NcAttrValue, NcFileBuilder, NcWriteFormat, NcWriteOptions, NcWriteType, VariableId,
};

use super::FilesError;

pub type Dimension = DimensionId;
pub type Variable = VariableId;

const DEFLATE_LEVEL: u8 = 4;

/// A file in the making.
pub struct Builder(NcFileBuilder);

impl Builder {
    pub fn new() -> Self {
        Self(NcFileBuilder::new())
    }

    /// A global text; an empty one is left out, since HDF5 has no empty text.
    pub fn attribute(&mut self, name: &str, text: &str) -> Result<(), FilesError> {
        if text.is_empty() {
            return Ok(());
        }
        self.0.add_attribute(name, NcAttrValue::Chars(text.to_owned())).map_err(wrap)
    }

    pub fn dimension(&mut self, name: &str, size: usize) -> Result<Dimension, FilesError> {
        self.0.add_dimension(name, size as u64).map_err(wrap)
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
        let variable = self.0.add_variable::<T>(name, dimensions).map_err(wrap)?;
        self.0.write_variable(variable, values).map_err(wrap)?;
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
        self.0.set_variable_fill_value(variable, f32::NAN).map_err(wrap)?;
        self.compress(variable)
    }

    /// Maps of small integers, compressed.
    pub fn bytes(
        &mut self,
        name: &str,
        dimensions: &[Dimension],
        values: &[i8],
    ) -> Result<Variable, FilesError> {
        let variable = self.numbers(name, dimensions, values)?;
        self.compress(variable)
    }

    fn compress(&mut self, variable: Variable) -> Result<Variable, FilesError> {
        self.0.set_variable_deflate(variable, Some(DEFLATE_LEVEL), true).map_err(wrap)?;
        Ok(variable)
    }

    /// A list of texts.
    pub fn strings(
        &mut self,
        name: &str,
        dimension: Dimension,
        values: &[&str],
    ) -> Result<Variable, FilesError> {
        let variable = self.0.add_string_variable(name, &[dimension]).map_err(wrap)?;
        self.0.write_string_variable(variable, values).map_err(wrap)?;
        Ok(variable)
    }

    /// Texts that describe a variable; empty ones are left out.
    pub fn texts(&mut self, variable: Variable, texts: &[(&str, &str)]) -> Result<(), FilesError> {
        let filled = texts.iter().filter(|(_, text)| !text.is_empty());
        filled.into_iter().try_for_each(|&(name, text)| {
            self.variable_attribute(variable, name, NcAttrValue::Chars(text.to_owned()))
        })
    }

    /// A number that describes a variable.
    pub fn number(&mut self, variable: Variable, name: &str, value: f64) -> Result<(), FilesError> {
        self.variable_attribute(variable, name, NcAttrValue::Doubles(vec![value]))
    }

    pub fn variable_attribute(
        &mut self,
        variable: Variable,
        name: &str,
        value: NcAttrValue,
    ) -> Result<(), FilesError> {
        self.0.add_variable_attribute(variable, name, value).map_err(wrap)
    }

    pub fn finish(self) -> Result<Vec<u8>, FilesError> {
        let options = NcWriteOptions { format: NcWriteFormat::Nc4 };
        self.0.to_vec(options).map(|(_, bytes)| bytes).map_err(wrap)
    }
}

fn wrap(error: netcdf_writer::Error) -> FilesError {
    FilesError::Netcdf { what: error.to_string() }
}
