//! An outcome as bytes: a mark, the checksum and the length of what follows, and as CBOR (RFC 8949) the
//! key and then the outcome, with its maps as byte strings of little-endian `f32` or bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use stormlens_data::outcome::Outcome;

use super::checks::Unfit;
use super::key::Key;

/// Goes up when old files cannot be read any more.
const MARK: &[u8; 16] = b"stormlens/res/3\n";
/// The mark, a CRC-32 and a length of eight bytes.
const N_HEAD: usize = MARK.len() + 4 + 8;

/// Why bytes are no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum FormatError {
    #[error("it is not a stored result of this program")]
    Foreign,
    #[error("it is damaged")]
    Damaged,
    #[error("it cannot be understood: {0}")]
    Meaning(String),
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error("it cannot be written: {0}")]
    Unwritable(String),
}

/// An outcome as bytes, under its key.
pub(super) fn encode(key: &Key, outcome: &Outcome) -> Result<Vec<u8>, FormatError> {
    let mut bytes = vec![0; N_HEAD];
    write(key, &mut bytes)?;
    write(outcome, &mut bytes)?;
    let (head, body) = bytes.split_at_mut(N_HEAD);
    head.copy_from_slice(&self::head(body));
    Ok(bytes)
}

fn write(value: &impl Serialize, bytes: &mut Vec<u8>) -> Result<(), FormatError> {
    let unwritable = |error: ciborium::ser::Error<_>| FormatError::Unwritable(error.to_string());
    ciborium::into_writer(value, bytes).map_err(unwritable)
}

fn head(body: &[u8]) -> [u8; N_HEAD] {
    let mut head = [0; N_HEAD];
    let (mark, rest) = head.split_at_mut(MARK.len());
    mark.copy_from_slice(MARK);
    rest[..4].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    rest[4..].copy_from_slice(&(body.len() as u64).to_le_bytes());
    head
}

/// The outcome in bytes that were written under that key. The key is compared before the outcome is
/// read: another build may have written outcomes otherwise.
///
/// # Errors
/// For anything but what [`encode`] has written, and for another key.
pub(super) fn decode(bytes: &[u8], asked: &Key) -> Result<Outcome, FormatError> {
    let mut rest = body(bytes)?;
    read::<Key>(&mut rest)?.check(asked)?;
    let outcome = read(&mut rest)?;
    match rest {
        [] => Ok(outcome),
        _ => Err(FormatError::Meaning("something follows its end".to_owned())),
    }
}

/// What follows the head, if that tells the truth about it.
fn body(bytes: &[u8]) -> Result<&[u8], FormatError> {
    if !bytes.starts_with(MARK) {
        return Err(FormatError::Foreign);
    }
    let (given, body) = bytes.split_at_checked(N_HEAD).ok_or(FormatError::Damaged)?;
    if head(body) == given { Ok(body) } else { Err(FormatError::Damaged) }
}

fn read<T: DeserializeOwned>(rest: &mut &[u8]) -> Result<T, FormatError> {
    ciborium::from_reader(rest).map_err(|error| FormatError::Meaning(error.to_string()))
}

#[cfg(test)]
mod tests;
