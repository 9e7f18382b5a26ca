//! Named arrays.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Axis, Domain, Quantity};
use crate::field::Field;
use crate::packed;

/// One named array of a result: values over axes, and over rows and columns where it is a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    /// Name in addresses, files and on the command line, e.g. `prediction`, `grad_cam/cbam4`.
    pub name: String,
    pub role: Role,
    pub quantity: Quantity,
    /// What stands in front of rows and columns, the slowest first.
    pub axes: Vec<Axis>,
    /// Rows and columns, row 0 in the north or above; `None` where it is no map.
    pub plane: Option<[usize; 2]>,
    pub domain: Domain,
    /// Row-major; missing values are `NaN`.
    pub values: Values,
}

/// What a variable is in its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Role {
    /// What the network saw.
    Input,
    Prediction,
    Observation,
    /// A forecast to compare with, e.g. persistence.
    Reference,
    Attribution {
        /// [`MethodCard::id`](crate::card::MethodCard::id).
        method: String,
        /// The layer that it looks at, by name; `None`: the input.
        layer: Option<String>,
        /// What is explained, in words that may stand alone: `target: predicted rain above 1.5 mm/h …`.
        target: String,
    },
    /// What is known beside the input, such as terrain: given, and no answer of a network.
    Context,
    /// 1 where something holds, else 0.
    Mask,
    /// A series or table that says how good something is, or how it came about.
    Diagnostic,
}

impl Role {
    /// Whether it is an attribution of that method.
    pub fn is_by(&self, wanted: &str) -> bool {
        matches!(self, Self::Attribution { method, .. } if method == wanted)
    }
}

/// The numbers themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Values {
    F32(#[serde(with = "packed::values")] Vec<f32>),
    /// Of pictures.
    U8(#[serde(with = "packed::bytes")] Vec<u8>),
    /// Of series, whose sums are compared with each other.
    F64(Vec<f64>),
}

impl Values {
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::U8(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn n_bytes(&self) -> usize {
        match self {
            Self::F32(values) => 4 * values.capacity(),
            Self::U8(values) => values.capacity(),
            Self::F64(values) => 8 * values.capacity(),
        }
    }

    /// A value as a float.
    pub fn at(&self, idx: usize) -> f64 {
        match self {
            Self::F32(values) => f64::from(values[idx]),
            Self::U8(values) => f64::from(values[idx]),
            Self::F64(values) => values[idx],
        }
    }

    /// Some of them as `f32`.
    fn f32(&self, range: std::ops::Range<usize>) -> Vec<f32> {
        match self {
            Self::F32(values) => values[range].to_vec(),
            Self::U8(values) => values[range].iter().map(|&v| f32::from(v)).collect(),
            Self::F64(values) => values[range].iter().map(|&v| v as f32).collect(),
        }
    }
}

/// Why a variable does not hold together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} has {n_values} values, and its axes have room for {n_expected}")]
pub struct VariableError {
    pub name: String,
    pub n_values: usize,
    pub n_expected: usize,
}

impl Variable {
    /// Lengths of the axes, then rows and columns.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(Axis::len).chain(self.plane.into_iter().flatten()).collect()
    }

    /// Whether there is a value for each place, and something at all.
    ///
    /// # Errors
    /// Where there is not; whoever reads files asks before it uses any other method here.
    pub fn check(&self) -> Result<(), VariableError> {
        let n_expected =
            self.shape().iter().try_fold(1_usize, |n, &len| n.checked_mul(len)).unwrap_or(0);
        let n_values = self.values.len();
        match n_values == n_expected && n_values > 0 {
            true => Ok(()),
            false => Err(VariableError { name: self.name.clone(), n_values, n_expected }),
        }
    }

    /// How many maps there are; 1 for a map without axes, 0 for what is no map.
    pub fn n_maps(&self) -> usize {
        if self.plane.is_some() { self.axes.iter().map(Axis::len).product() } else { 0 }
    }

    /// The axis that its maps are counted along; `None` for a single map.
    pub fn axis(&self) -> Option<&Axis> {
        self.axes.first()
    }

    /// The axis along which its maps differ: the first one with several entries, or the first one.
    pub fn counted_axis(&self) -> Option<&Axis> {
        self.axes.iter().find(|axis| axis.len() > 1).or_else(|| self.axis())
    }

    /// The moment of its last map, where it lies along a time.
    pub fn last_time(&self) -> Option<Timestamp> {
        self.axes.iter().find_map(|axis| axis.time(axis.len().checked_sub(1)?))
    }

    /// The axes, each with the place on it of one of its maps, counted over all axes.
    pub fn places(&self, index: usize) -> Vec<(&Axis, usize)> {
        let mut rest = index;
        let place = |axis| {
            let place = rest % Axis::len(axis).max(1);
            rest /= Axis::len(axis).max(1);
            (axis, place)
        };
        let mut places: Vec<_> = self.axes.iter().rev().map(place).collect();
        places.reverse();
        places
    }

    /// One of its maps, counted over all axes.
    ///
    /// # Panics
    /// For what is no map, and beyond the last one.
    pub fn map(&self, idx: usize) -> Field {
        let [height, width] = self.plane.expect("a map has rows and columns");
        let n = height * width;
        Field::new(height, width, self.values.f32(idx * n..(idx + 1) * n))
    }

    /// All its values as `f32`, row-major.
    pub fn to_f32(&self) -> Vec<f32> {
        self.values.f32(0..self.values.len())
    }

    /// The same, four bytes each, little-endian.
    pub fn to_f32_bytes(&self) -> Vec<u8> {
        self.to_f32().iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// All its values as `f64`, row-major.
    pub fn to_f64(&self) -> Vec<f64> {
        (0..self.values.len()).map(|i| self.values.at(i)).collect()
    }

    /// Whether all its values that are numbers are zero, and some are.
    pub fn is_zero(&self) -> bool {
        !self.is_unknown()
            && (0..self.values.len()).map(|i| self.values.at(i)).all(|v| v.is_nan() || v == 0.0)
    }

    /// Whether none of its values is a number.
    pub fn is_unknown(&self) -> bool {
        (0..self.values.len()).all(|i| self.values.at(i).is_nan())
    }

    /// The layer that it looks at, if it is an attribution of one.
    pub fn layer(&self) -> Option<&str> {
        match &self.role {
            Role::Attribution { layer, .. } => layer.as_deref(),
            _ => None,
        }
    }

    /// What it explains, in words; empty for what explains nothing.
    pub fn target(&self) -> &str {
        match &self.role {
            Role::Attribution { target, .. } => target,
            _ => "",
        }
    }
}
