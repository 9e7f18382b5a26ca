//! One field of a GRIB2 file.

use std::ops::Range;
use std::sync::Arc;

use super::super::contents::{Content, GridSummary};
use super::super::{FieldError, GriddedField, parameters};
use super::axes::GridHead;
use super::bytes::Section;
use super::product::{ProductHead, names};
use super::scan::Sections;
use super::{edition1, values};

/// A field whose heads have been read.
#[derive(Clone, Debug)]
pub(in super::super) struct Message {
    pub(super) product: ProductHead,
    /// Shared by the fields of one grid.
    pub(super) grid: Arc<GridHead>,
    pub(super) packed: Packed,
    /// Why its values are not read, as its heads say.
    unread: Option<String>,
}

/// Where the values are, and how.
#[derive(Clone, Debug)]
pub(super) enum Packed {
    Edition1(edition1::Packed),
    /// Template of section 5, and sections 5, 6 and 7.
    Edition2 {
        template: u16,
        parts: [Range<usize>; 3],
    },
}

impl Message {
    pub(super) fn new(
        product: ProductHead,
        grid: Arc<GridHead>,
        packed: Packed,
        bytes: &[u8],
    ) -> Self {
        let unread = grid.why_not.clone().or_else(|| product.unread.clone());
        let unread = unread.or_else(|| packed.why_unread(bytes));
        Self { product, grid, packed, unread }
    }

    /// A field of edition 2.
    pub(super) fn read_heads(
        bytes: &[u8],
        sections: Sections,
        grid: Arc<GridHead>,
    ) -> Result<Self, String> {
        let part = |range: &Range<usize>| &bytes[range.clone()];
        let identification = part(&sections.identification);
        let product =
            ProductHead::read(sections.discipline, identification, part(&sections.product))?;
        let template = Section(part(&sections.representation)).u16(10)?;
        let parts = [sections.representation, sections.bitmap, sections.data];
        Ok(Self::new(product, grid, Packed::Edition2 { template, parts }, bytes))
    }

    /// What it is, without its values.
    pub fn content(&self) -> Content {
        let Self { product, grid, packed, unread } = self;
        let [variable, title, unit] = names((product.parameter, product.numbers));
        Content {
            variable,
            title,
            standard_name: product.parameter.map_or("", parameters::standard_name).to_owned(),
            said: said(product),
            unit,
            level: product.level.clone(),
            reference_time: product.reference_time,
            interval: product.interval,
            member: product.member,
            grid: GridSummary {
                kind: grid.kind.clone(),
                height: grid.height,
                width: grid.width,
                bounds: grid.bounds,
            },
            packing: match packed {
                Packed::Edition1(_) => "simple packing (edition 1)".to_owned(),
                Packed::Edition2 { template, .. } => packing_name(*template),
            },
            missing_values: product.missing_values.to_vec(),
            unread: unread.clone(),
            producer: parameters::centre(product.centre),
        }
    }

    #[cfg(test)]
    pub(super) fn content_numbers(&self) -> [u8; 3] {
        self.product.numbers
    }

    /// Values in the order of the file, missing ones as `NaN`.
    pub(super) fn values(&self, file: &str, bytes: &[u8]) -> Result<Vec<f32>, FieldError> {
        let n_points = self.grid.n_points;
        match &self.packed {
            Packed::Edition1(packed) => packed.values(file, n_points, bytes),
            Packed::Edition2 { template, parts } => {
                let parts = parts.each_ref().map(|range| &bytes[range.clone()]);
                values::decode(file, n_points, *template, parts)
            }
        }
    }

    /// The whole field.
    pub fn read(&self, file: &str, bytes: &[u8]) -> Result<GriddedField, FieldError> {
        let unsupported = |what: String| FieldError::Unsupported { file: file.to_owned(), what };
        let (Some([latitudes, longitudes]), None) = (&self.grid.axes, &self.unread) else {
            return Err(unsupported(self.unread.clone().unwrap_or_default()));
        };
        let Content { variable, unit, interval, reference_time, missing_values, producer, .. } =
            self.content();
        let mut values = self.grid.in_rows(self.values(file, bytes)?);
        for value in &mut values {
            if missing_values.contains(value) {
                *value = f32::NAN;
            }
        }
        let (grid, values) =
            GriddedField::of_axes([latitudes, longitudes], &values).map_err(unsupported)?;
        let source = format!("{producer} {variable}, {file}");
        Ok(GriddedField {
            storage_ends: Vec::new(),
            variable,
            unit,
            interval,
            reference_time,
            grid,
            values,
            source,
        })
    }
}

impl Packed {
    /// Why values are not read, told before they are unpacked.
    fn why_unread(&self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Edition1(packed) => packed.check(bytes).err(),
            Self::Edition2 { template, parts: [representation, ..] } => {
                values::check_packing(*template, &bytes[representation.clone()]).err()
            }
        }
    }
}

/// That an ensemble makes another quantity of its members.
fn said(product: &ProductHead) -> Vec<(String, String)> {
    let said = product.derived.map(|what| ("derived forecast".to_owned(), what.to_owned()));
    said.into_iter().collect()
}

/// Code table 5.0.
fn packing_name(template: u16) -> String {
    let name = match template {
        0 => "simple packing",
        2 => "complex packing",
        3 => "complex packing with differences",
        40 => "JPEG 2000",
        41 => "PNG",
        42 => "CCSDS",
        200 => "run lengths",
        other => return format!("template 5.{other}"),
    };
    format!("{name} (5.{template})")
}
