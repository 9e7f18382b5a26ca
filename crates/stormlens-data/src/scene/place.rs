//! Where a picture lies on the Earth: what a GeoTIFF says, passed on as it is.
//!
//! Keys and tags are those of OGC GeoTIFF 1.1 (OGC 19-008r4).

use serde::{Deserialize, Serialize};

mod plane;

pub use plane::proj4;

/// Raster type: a value is that of the area of its cell, or of a point.
const RASTER_TYPE: u16 = 1025;
const IS_AREA: u16 = 1;
const IS_POINT: u16 = 2;
/// Of a projected and of a geographic plane.
const PROJECTED_CODE: u16 = 3072;
const GEOGRAPHIC_CODE: u16 = 2048;
/// In place of a code, where a plane is defined by parameters.
const USER_DEFINED: u16 = 32767;
/// Numbers of a key: itself, where its value lies, how many there are, the value or its place.
const KEY_LENGTH: usize = 4;

/// Where a picture lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub position: Position,
    /// The tags GeoKeyDirectory, GeoDoubleParams and GeoAsciiParams; empty where the file says no more
    /// than numbers.
    pub directory: Vec<u16>,
    pub numbers: Vec<f64>,
    pub text: String,
}

/// From pixels to the plane. Columns and rows are counted from the outer corner of the upper left pixel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// x = a₀ + a₁·column + a₂·row, y = a₃ + a₄·column + a₅·row, as GDAL orders them.
    Affine([f64; 6]),
    /// Ground control points: column, row, x, y, z.
    Points(Vec<[f64; 5]>),
}

/// The tags of a file that say where it lies.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags {
    /// ModelPixelScale.
    pub scale: Vec<f64>,
    /// ModelTiepoint: column, row, 0, x, y, z of each.
    pub tie_points: Vec<f64>,
    /// ModelTransformation, 4 × 4.
    pub transformation: Vec<f64>,
    pub directory: Vec<u16>,
    pub numbers: Vec<f64>,
    pub text: String,
}

impl Place {
    /// `None` where the tags do not say it, or not in numbers.
    pub(super) fn of(tags: Tags) -> Option<Self> {
        let Tags { scale, tie_points, transformation, mut directory, numbers, text } = tags;
        let half = if is_point(&directory) { 0.5 } else { 0.0 };
        let points = tie_points.as_chunks::<6>().0;
        let position = match (transformation.as_slice(), scale.as_slice(), points) {
            (&[a, b, _, c, d, e, _, f, ..], ..) if transformation.len() == 16 => {
                Position::Affine([c, a, b, f, d, e])
            }
            (_, &[width, height, ..], [[column, row, _, x, y, _], ..]) => {
                Position::Affine([x - column * width, width, 0.0, y + row * height, 0.0, -height])
            }
            (_, _, points) if points.len() >= 3 => {
                Position::Points(points.iter().map(|&[i, j, _, x, y, z]| [i, j, x, y, z]).collect())
            }
            _ => return None,
        };
        set_area(&mut directory);
        // Of the same length, since keys say where in the text they are.
        let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
        let text = text.trim_end_matches('\0').chars().map(plain).collect();
        // What is counted from the middle of a pixel is half a pixel further from its corner.
        let place = Self { position, directory, numbers, text }.moved([-half; 2], [1.0; 2]);
        place.is_finite().then_some(place)
    }

    fn is_finite(&self) -> bool {
        match &self.position {
            Position::Affine(a) => a.iter().all(|v| v.is_finite()) && a[1] * a[5] != a[2] * a[4],
            Position::Points(points) => points.iter().flatten().all(|v| v.is_finite()),
        }
    }

    /// The same place in other pixels, where `origin + size · (column, row)` of theirs is what `(column, row)`
    /// was here.
    #[must_use]
    pub fn moved(&self, [left, top]: [f64; 2], [width, height]: [f64; 2]) -> Self {
        let position = match &self.position {
            Position::Affine([x, xc, xr, y, yc, yr]) => Position::Affine([
                x + xc * left + xr * top,
                xc * width,
                xr * height,
                y + yc * left + yr * top,
                yc * width,
                yr * height,
            ]),
            Position::Points(points) => Position::Points(
                points
                    .iter()
                    .map(|[i, j, x, y, z]| [(i - left) / width, (j - top) / height, *x, *y, *z])
                    .collect(),
            ),
        };
        Self { position, ..self.clone() }
    }

    /// Code of the plane by the EPSG, where it is one of theirs.
    pub fn epsg(&self) -> Option<u16> {
        let code = self.key(PROJECTED_CODE).or_else(|| self.key(GEOGRAPHIC_CODE));
        code.filter(|code| !matches!(*code, 0 | USER_DEFINED))
    }

    /// The value of a key that is a code.
    pub(super) fn key(&self, wanted: u16) -> Option<u16> {
        let keys = self.directory.as_chunks::<KEY_LENGTH>().0.iter().skip(1);
        keys.into_iter().find(|key| key[0] == wanted && key[1] == 0).map(|key| key[3])
    }

    /// x and y in the plane, metres or degrees; `None` where only single points are known.
    pub fn at(&self, column: f64, row: f64) -> Option<[f64; 2]> {
        let Position::Affine([x, xc, xr, y, yc, yr]) = self.position else { return None };
        Some([x + xc * column + xr * row, y + yc * column + yr * row])
    }

    /// In a few words, for a picture of that size: `EPSG:3575 (WGS 84 / North Pole LAEA Europe), x … y …`.
    pub fn in_words(&self, [width, height]: [usize; 2]) -> String {
        let name = self.text.split('|').next().unwrap_or_default().trim();
        let plane = match (self.epsg(), name) {
            (Some(code), "") => format!("EPSG:{code}"),
            (Some(code), name) => format!("EPSG:{code} ({name})"),
            (None, "") => "a plane that the file does not name".to_owned(),
            (None, name) => name.to_owned(),
        };
        let corners = [self.at(0.0, 0.0), self.at(width as f64, height as f64)];
        match (corners, &self.position) {
            ([Some([x0, y0]), Some([x1, y1])], _) => format!(
                "{plane}, upper left corner x {x0:.6} y {y0:.6}, lower right corner x {x1:.6} y {y1:.6}"
            ),
            (_, Position::Points(points)) => {
                format!("{plane}, by {} ground control points", points.len())
            }
            _ => plane,
        }
    }
}

fn is_point(directory: &[u16]) -> bool {
    directory
        .as_chunks::<KEY_LENGTH>()
        .0
        .iter()
        .skip(1)
        .any(|key| *key == [RASTER_TYPE, 0, 1, IS_POINT])
}

fn set_area(directory: &mut [u16]) {
    let keys = directory.as_chunks_mut::<KEY_LENGTH>().0.iter_mut().skip(1);
    keys.filter(|key| key[0] == RASTER_TYPE && key[1] == 0).for_each(|key| key[3] = IS_AREA);
}

#[cfg(test)]
mod tests;
