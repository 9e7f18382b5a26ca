//! A text as an array, which the library does not write.

use std::io::Write;

use ndarray_npy::{WriteNpyError, WriteNpyExt};

/// One text, of shape `[]`: four bytes a character, little-endian, as NumPy keeps them.
pub(super) struct Text<'a>(pub &'a str);

impl WriteNpyExt for Text<'_> {
    fn write_npy<W: Write>(&self, mut writer: W) -> Result<(), WriteNpyError> {
        // NumPy has no text of length 0.
        let n_characters = self.0.chars().count().max(1);
        let head =
            format!("{{'descr': '<U{n_characters}', 'fortran_order': False, 'shape': (), }}");
        // Ten bytes before it, a line's end behind it, and the numbers begin at a multiple of 64.
        let n_head = (10 + head.len() + 1).next_multiple_of(64) - 10;
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((n_head as u16).to_le_bytes());
        bytes.extend(format!("{head:<0$}\n", n_head - 1).into_bytes());
        bytes.extend(self.0.chars().flat_map(|character| u32::from(character).to_le_bytes()));
        if self.0.is_empty() {
            bytes.extend([0; 4]);
        }
        writer.write_all(&bytes).map_err(WriteNpyError::Io)?;
        writer.flush().map_err(WriteNpyError::Io)
    }
}
