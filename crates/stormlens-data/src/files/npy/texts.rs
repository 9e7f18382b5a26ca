//! Arrays of texts, which the library does not read: `<U…` (four bytes a character) and `|S…` (one).

use std::path::Path;

use super::super::read_file;
use super::FilesError;
use super::head;

/// A list of a hundred thousand times has some 5 MB.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// No name of a file is longer.
const MAX_CHARACTERS: usize = 1024;

/// Reads all texts of an array, in its order, without what NumPy fills them up with. Nothing of the file is executed: an
/// array of Python objects is refused.
///
/// # Errors
/// For a file that cannot be read, is cut off, or holds something else than texts.
pub fn read_npy_texts(path: &Path) -> Result<Vec<String>, FilesError> {
    let bytes = read_file(path, MAX_FILE_BYTES)?;
    parse(&bytes).map_err(|what| FilesError::NpyTexts { file: path.display().to_string(), what })
}

fn parse(bytes: &[u8]) -> Result<Vec<String>, String> {
    let (head, name) = head::typed(bytes)?;
    if name.contains('O') {
        return Err("it holds Python objects, which only Python could read by executing them; save it with \
                    np.save(file, np.asarray(names, dtype=str))"
            .to_owned());
    }
    let other =
        || format!("its type is {name}; save it with np.save(file, np.asarray(names, dtype=str))");
    let (kind, n_characters) = name.split_at_checked(2).ok_or_else(other)?;
    let n_characters: usize = n_characters.parse().map_err(|_| other())?;
    let width = match kind {
        "<U" | ">U" => 4,
        "|S" => 1,
        _ => return Err(other()),
    };
    if !(1..=MAX_CHARACTERS).contains(&n_characters) {
        return Err(format!(
            "its texts have {n_characters} characters, where 1 to {MAX_CHARACTERS} are read"
        ));
    }
    let n_texts: usize = head.shape.iter().product();
    let data = &bytes[head.start..];
    let wanted = n_texts.checked_mul(width * n_characters);
    if wanted != Some(data.len()) {
        return Err(format!(
            "it is cut off or too long: {} bytes are there for {n_texts} texts",
            data.len()
        ));
    }
    data.chunks_exact(width * n_characters).map(|text| one(text, kind)).collect()
}

/// One text. NumPy fills it up with zeros.
fn one(bytes: &[u8], kind: &str) -> Result<String, String> {
    let wide = |read: fn([u8; 4]) -> u32| -> Option<String> {
        bytes.as_chunks::<4>().0.iter().map(|&b| char::from_u32(read(b))).collect()
    };
    let text = match kind {
        "<U" => wide(u32::from_le_bytes),
        ">U" => wide(u32::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    };
    let text = text.ok_or("it holds something that is no character")?;
    Ok(text.trim_end_matches('\0').to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An array as NumPy writes it.
    pub(crate) fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        [b"\x93NUMPY\x01\x00".as_slice(), &(text.len() as u16).to_le_bytes(), text.as_bytes(), data]
            .concat()
    }

    /// Texts as NumPy keeps them.
    pub(crate) fn texts(names: &[&str]) -> Vec<u8> {
        let n = names.iter().map(|name| name.chars().count()).max().unwrap_or(1).max(1);
        let padded = |name: &&str| {
            let codes = name.chars().map(u32::from).chain(std::iter::repeat(0)).take(n);
            codes.flat_map(u32::to_le_bytes).collect::<Vec<u8>>()
        };
        let data: Vec<u8> = names.iter().flat_map(padded).collect();
        npy(&format!("<U{n}"), &format!("({},)", names.len()), &data)
    }

    #[test]
    fn texts_of_every_width_are_read() {
        let expected = ["2020010100", "é", ""];
        assert_eq!(parse(&texts(&expected)).unwrap(), expected);
        assert_eq!(parse(&npy("|S3", "(2,)", b"ab\0xyz")).unwrap(), ["ab", "xyz"]);
        assert_eq!(parse(&npy(">U1", "(1, 1)", &[0, 0, 0, b'a'])).unwrap(), ["a"]);
        assert_eq!(parse(&npy("<U4", "(0,)", &[])).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_text_is_refused_in_words() {
        let check = |bytes: &[u8], words: &str| {
            let error = parse(bytes).unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        // A pickle that would run a command.
        check(&npy("|O", "(1,)", b"cos\nsystem\n(S'true'\ntR."), "Python objects");
        check(&npy("<f4", "(1,)", &[0; 4]), "its type is <f4");
        check(&npy("<U4", "(2,)", &[0; 16]), "cut off or too long");
        check(&npy("<U4", "(1,)", &[0; 20]), "cut off or too long");
        check(&npy("<U1", "(1,)", &[0, 0, 0, 255]), "no character");
        check(&npy("|S1", "(1,)", &[255]), "no character");
        check(&npy("<U0", "(1,)", &[]), "0 characters");
        check(&npy("<U99999999999", "(1,)", &[]), "99999999999 characters");
        check(b"not an array", "does not begin");
        check(&npy("<U9", "(9223372036854775807, 2)", &[]), "larger than any memory");
    }
}
