//! What tests of rain probability share.

use crate::field::testing::kept;
use crate::files::npy::read_npy_f32;

/// A small array of the authors' program, of float32, float64 or int64: shape and values.
pub(crate) fn golden_array(name: &str) -> (Vec<usize>, Vec<f32>) {
    let path = kept("golden/sslpdl").join(name);
    if let Ok(array) = read_npy_f32(&path) {
        return array;
    }
    let bytes = std::fs::read(&path).unwrap();
    let start = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let head = String::from_utf8_lossy(&bytes[..start]);
    assert!(head.contains("'<i8'") && head.contains("(8, 8)"), "{head}");
    let numbers = bytes[start..].as_chunks::<8>().0.iter().map(|&b| i64::from_le_bytes(b) as f32);
    (vec![8, 8], numbers.collect())
}
