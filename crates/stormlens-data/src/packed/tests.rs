use serde::de::value::{BytesDeserializer, Error as ValueError};

use super::*;

fn values_of(bytes: &[u8]) -> Result<Vec<f32>, ValueError> {
    values::deserialize(BytesDeserializer::new(bytes))
}

#[test]
fn values_are_four_bytes_each_little_endian() {
    let check = |bytes: &[u8], expected: &[f32]| assert_eq!(values_of(bytes).unwrap(), expected);
    check(&[], &[]);
    check(&[0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], &[1.0, -2.0]);
    assert!(values_of(&[0, 0, 0xc0, 0x7f]).unwrap()[0].is_nan());
    assert!(values_of(&[0, 0, 0]).unwrap_err().to_string().contains("3 bytes"));
}
