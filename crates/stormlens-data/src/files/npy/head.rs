//! What stands before the numbers of an `.npy` file: their type and the shape.
//!
//! The library that reads the numbers multiplies the shape and allocates what comes out, so a head that lies
//! is found here first.

/// What comes before the length of the head.
const MAGIC_BYTES: usize = 8;
/// Longer than any head that NumPy writes for plain numbers.
pub(super) const MAX_HEAD_BYTES: usize = 1 << 16;

/// The head of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub shape: Vec<usize>,
    /// Of one number; `None` where the type is no plain one, which the reader of numbers refuses.
    item_bytes: Option<usize>,
    /// Where the numbers begin.
    pub start: usize,
}

impl Head {
    /// Reads the head from the first bytes of a file.
    ///
    /// # Errors
    /// For what is no array, and for a shape that no array has.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let (start, text) = text(bytes)?;
        let text = String::from_utf8_lossy(text);
        let shape = shape(&text).ok_or("its head tells no shape; save it with numpy.save")?;
        // Lengths of 0 hide the others from a plain product.
        let n_values = shape.iter().filter(|&&n| n > 0).try_fold(1_usize, |product, &n| {
            product.checked_mul(n).filter(|&n_values| n_values <= isize::MAX as usize)
        });
        match n_values {
            Some(_) => Ok(Self { item_bytes: item_bytes(&text), shape, start }),
            None => Err(format!("its shape {shape:?} is larger than any memory")),
        }
    }

    /// Numbers of the array.
    fn n_values(&self) -> usize {
        self.shape.iter().product()
    }

    /// Compares the length of the file with what the shape needs.
    ///
    /// # Errors
    /// In words that follow the name of the file, if there is more or less.
    pub fn check_length(&self, n_bytes: u64) -> Result<(), String> {
        let Some(item_bytes) = self.item_bytes else { return Ok(()) };
        let n_bytes = u128::from(n_bytes);
        let wanted = self.n_values() as u128 * item_bytes as u128 + self.start as u128;
        match n_bytes.cmp(&wanted) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => {
                Err(format!("it is cut off, {} bytes are missing", wanted - n_bytes))
            }
            std::cmp::Ordering::Greater => Err(format!(
                "it has {} bytes more than its shape {:?} needs",
                n_bytes - wanted,
                self.shape
            )),
        }
    }
}

/// Where the numbers begin, and the head's text.
fn text(bytes: &[u8]) -> Result<(usize, &[u8]), String> {
    let (magic, rest) = bytes.split_at_checked(MAGIC_BYTES).ok_or("it is too short")?;
    if !magic.starts_with(b"\x93NUMPY") {
        return Err("it does not begin as one does; save it with numpy.save".to_owned());
    }
    let (n_length, n_text) = match (magic[6], rest) {
        (1, [a, b, ..]) => (2, usize::from(u16::from_le_bytes([*a, *b]))),
        (2 | 3, [a, b, c, d, ..]) => (4, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => return Err("its version is unknown".to_owned()),
    };
    let text = rest.get(n_length..n_length + n_text).ok_or("it is cut off in its header")?;
    Ok((MAGIC_BYTES + n_length + n_text, text))
}

/// `(12, 288, 288)` behind the key `shape`.
fn shape(text: &str) -> Option<Vec<usize>> {
    let inside = value(text, "shape")?.strip_prefix('(')?.split_once(')')?.0;
    let lengths = inside.split(',').map(str::trim).filter(|length| !length.is_empty());
    lengths.map(|length| length.trim_end_matches('L').parse().ok()).collect()
}

/// The `<f4` behind the key `descr`; `None` where it is a list of fields.
fn type_name(text: &str) -> Option<&str> {
    let value = value(text, "descr")?;
    let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    Some(value[1..].split_once(quote)?.0)
}

/// The type that an array's head states, e.g. `<U13`, with its head.
pub(super) fn typed(bytes: &[u8]) -> Result<(Head, String), String> {
    let head = Head::parse(bytes)?;
    let (_, text) = text(bytes)?;
    let text = String::from_utf8_lossy(text);
    let name = type_name(&text).ok_or("its type is no plain one")?;
    Ok((head, name.to_owned()))
}

/// The 4 of `'<f4'`.
fn item_bytes(text: &str) -> Option<usize> {
    let name = type_name(text)?;
    // A boolean is `|b1`, a byte `|u1`; texts count other things than bytes.
    name.get(2..).filter(|_| !name.contains(['U', 'S', 'O', 'M', 'm']))?.parse().ok()
}

/// What stands behind a key of the head, which is a dictionary in Python's notation.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let quoted = ['\'', '"'].map(|quote| format!("{quote}{key}{quote}"));
    let rest = quoted.iter().find_map(|key| Some(text.split_once(key.as_str())?.1))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Vec<u8> {
        [b"\x93NUMPY\x01\x00".as_slice(), &(text.len() as u16).to_le_bytes(), text.as_bytes()]
            .concat()
    }

    #[test]
    fn type_and_shape_are_read() {
        let parse = |text: &str| Head::parse(&head(text)).unwrap();
        let plain = parse("{'descr': '<f4', 'fortran_order': False, 'shape': (12, 288, 288), }\n");
        assert_eq!(
            (plain.shape.as_slice(), plain.item_bytes),
            ([12, 288, 288].as_slice(), Some(4))
        );
        assert_eq!(plain.check_length((plain.start + 12 * 288 * 288 * 4) as u64), Ok(()));
        assert!(plain.check_length(100).unwrap_err().contains("cut off, "));
        assert!(plain.check_length(20 << 30).unwrap_err().contains("more than its shape"));
        assert_eq!(parse("{\"shape\": (3,), \"descr\": \"|b1\"}").shape, [3]);
        assert!(parse("{'descr': '<f8', 'shape': ()}").shape.is_empty());
        assert_eq!(parse("{'descr': [('a', '<f4')], 'shape': (1,)}").item_bytes, None);
    }

    #[test]
    fn a_shape_that_overflows_is_refused() {
        let check = |shape: &str, expected: &str| {
            let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
            let error = Head::parse(&head(&text)).unwrap_err();
            assert!(error.contains(expected), "{shape}: {error}");
        };
        check("(4294967296, 4294967296, 4294967296)", "larger than any memory");
        check("(0, 4294967296, 4294967296, 2)", "larger than any memory");
        check("(9223372036854775807, 2)", "larger than any memory");
        check("(99999999999999999999,)", "tells no shape");
        check("(-1, 3)", "tells no shape");
        check("3", "tells no shape");
    }
}
