//! Element types, and the way from stored bytes to numbers.

use half::{bf16, f16};
use safetensors::Dtype as SafetensorsDtype;

use super::Values;

/// The type of a stored number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dtype {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl Dtype {
    /// From a class of the module `torch`, e.g. `FloatStorage`.
    pub(crate) fn from_torch_storage(class: &str) -> Option<Self> {
        Some(match class {
            "DoubleStorage" => Dtype::F64,
            "FloatStorage" => Dtype::F32,
            "HalfStorage" => Dtype::F16,
            "BFloat16Storage" => Dtype::BF16,
            "LongStorage" => Dtype::I64,
            "IntStorage" => Dtype::I32,
            "ShortStorage" => Dtype::I16,
            "CharStorage" => Dtype::I8,
            "ByteStorage" => Dtype::U8,
            "BoolStorage" => Dtype::Bool,
            _ => return None,
        })
    }

    pub(crate) fn from_safetensors(dtype: SafetensorsDtype) -> Option<Self> {
        Some(match dtype {
            SafetensorsDtype::F64 => Dtype::F64,
            SafetensorsDtype::F32 => Dtype::F32,
            SafetensorsDtype::F16 => Dtype::F16,
            SafetensorsDtype::BF16 => Dtype::BF16,
            SafetensorsDtype::I64 => Dtype::I64,
            SafetensorsDtype::I32 => Dtype::I32,
            SafetensorsDtype::I16 => Dtype::I16,
            SafetensorsDtype::I8 => Dtype::I8,
            SafetensorsDtype::U8 => Dtype::U8,
            SafetensorsDtype::BOOL => Dtype::Bool,
            _ => return None,
        })
    }

    pub(crate) fn n_bytes(self) -> usize {
        match self {
            Dtype::F64 | Dtype::I64 => 8,
            Dtype::F32 | Dtype::I32 => 4,
            Dtype::F16 | Dtype::BF16 | Dtype::I16 => 2,
            Dtype::I8 | Dtype::U8 | Dtype::Bool => 1,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Dtype::F64 => "float64",
            Dtype::F32 => "float32",
            Dtype::F16 => "float16",
            Dtype::BF16 => "bfloat16",
            Dtype::I64 => "int64",
            Dtype::I32 => "int32",
            Dtype::I16 => "int16",
            Dtype::I8 => "int8",
            Dtype::U8 => "uint8",
            Dtype::Bool => "bool",
        }
    }

    /// Numbers from little-endian bytes, whose count is a multiple of [`Dtype::n_bytes`].
    pub(crate) fn decode(self, bytes: &[u8]) -> Values {
        match self {
            Dtype::F64 => floats(bytes, |b| f64::from_le_bytes(b) as f32),
            Dtype::F32 => floats(bytes, f32::from_le_bytes),
            Dtype::F16 => floats(bytes, |b| f16::from_le_bytes(b).to_f32()),
            Dtype::BF16 => floats(bytes, |b| bf16::from_le_bytes(b).to_f32()),
            Dtype::I64 => integers(bytes, i64::from_le_bytes),
            Dtype::I32 => integers(bytes, |b| i32::from_le_bytes(b).into()),
            Dtype::I16 => integers(bytes, |b| i16::from_le_bytes(b).into()),
            Dtype::I8 => integers(bytes, |b| i8::from_le_bytes(b).into()),
            Dtype::U8 => integers(bytes, |b| u8::from_le_bytes(b).into()),
            Dtype::Bool => integers(bytes, |[b]| (b != 0).into()),
        }
    }
}

fn floats<const N: usize>(bytes: &[u8], decode: impl Fn([u8; N]) -> f32) -> Values {
    Values::F32(bytes.as_chunks().0.iter().map(|&chunk| decode(chunk)).collect())
}

fn integers<const N: usize>(bytes: &[u8], decode: impl Fn([u8; N]) -> i64) -> Values {
    Values::I64(bytes.as_chunks().0.iter().map(|&chunk| decode(chunk)).collect())
}
