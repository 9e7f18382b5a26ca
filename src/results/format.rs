//! An outcome as bytes: a mark, the checksum and the length of what follows, and the outcome as CBOR
//! (RFC 8949) with its maps as byte strings of little-endian `f32`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stormlens_data::outcome::{NowcastOutcome, Outcome, SceneOutcome};

/// Goes up when old files cannot be read any more.
const MARK: &[u8; 16] = b"stormlens/res/1\n";
/// The mark, a CRC-32 and a length of eight bytes.
const N_HEAD: usize = MARK.len() + 4 + 8;

/// Why bytes are no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum FormatError {
    #[error("it is no stored result of this program")]
    Foreign,
    #[error("it is damaged")]
    Damaged,
    #[error("it cannot be understood: {0}")]
    Meaning(String),
    #[error("it cannot be written: {0}")]
    Unwritable(String),
}

#[derive(Serialize)]
enum Borrowed<'a> {
    Nowcast(&'a NowcastOutcome),
    Scene(&'a SceneOutcome),
}

#[derive(Deserialize)]
enum Owned {
    Nowcast(NowcastOutcome),
    Scene(SceneOutcome),
}

/// An outcome as bytes.
pub(super) fn encode(outcome: &Outcome) -> Result<Vec<u8>, FormatError> {
    let borrowed = match outcome {
        Outcome::Nowcast(outcome) => Borrowed::Nowcast(outcome),
        Outcome::Scene(outcome) => Borrowed::Scene(outcome),
    };
    let mut bytes = vec![0; N_HEAD];
    ciborium::into_writer(&borrowed, &mut bytes)
        .map_err(|error| FormatError::Unwritable(error.to_string()))?;
    let (head, body) = bytes.split_at_mut(N_HEAD);
    head.copy_from_slice(&self::head(body));
    Ok(bytes)
}

fn head(body: &[u8]) -> [u8; N_HEAD] {
    let mut head = [0; N_HEAD];
    let (mark, rest) = head.split_at_mut(MARK.len());
    mark.copy_from_slice(MARK);
    rest[..4].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    rest[4..].copy_from_slice(&(body.len() as u64).to_le_bytes());
    head
}

/// An outcome from its bytes.
///
/// # Errors
/// For anything but what [`encode`] has written.
pub(super) fn decode(bytes: &[u8]) -> Result<Outcome, FormatError> {
    if !bytes.starts_with(MARK) {
        return Err(FormatError::Foreign);
    }
    let (given, body) = bytes.split_at_checked(N_HEAD).ok_or(FormatError::Damaged)?;
    if head(body) != given {
        return Err(FormatError::Damaged);
    }
    let owned: Owned =
        ciborium::from_reader(body).map_err(|error| FormatError::Meaning(error.to_string()))?;
    let outcome = match owned {
        Owned::Nowcast(outcome) => Outcome::Nowcast(Arc::new(outcome)),
        Owned::Scene(outcome) => Outcome::Scene(Arc::new(outcome)),
    };
    check(&outcome)?;
    Ok(outcome)
}

/// What pages and figures take for granted.
fn check(outcome: &Outcome) -> Result<(), FormatError> {
    let is_sound = match outcome {
        Outcome::Nowcast(outcome) => !outcome.forecast.inputs_mm_h.is_empty(),
        Outcome::Scene(outcome) => {
            let side = outcome.view.variant.input_px;
            let n_values = side.checked_mul(side).and_then(|n| n.checked_mul(3));
            outcome.request.class < outcome.classes.len()
                && n_values == Some(outcome.view.rgb.len())
        }
    };
    is_sound.then_some(()).ok_or_else(|| FormatError::Meaning("parts of it are missing".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn both() -> [Outcome; 2] {
        let nowcast = Outcome::Nowcast(testing::outcome().into());
        [nowcast, Outcome::Scene(testing::scene_outcome().into())]
    }

    #[test]
    fn what_was_written_is_read_bit_by_bit() {
        for outcome in both() {
            let bytes = encode(&outcome).unwrap();
            let read = decode(&bytes).unwrap();
            assert_eq!(read.provenance(), outcome.provenance());
            assert!(encode(&read).unwrap() == bytes);
            match (read, outcome) {
                (Outcome::Nowcast(read), Outcome::Nowcast(outcome)) => {
                    assert_eq!(read.request, outcome.request);
                    let forecast = &read.forecast;
                    assert!(forecast.inputs_mm_h == outcome.forecast.inputs_mm_h);
                    assert_eq!(forecast.input_times, outcome.forecast.input_times);
                    let n_values = 25 * forecast.prediction_mm_h.values.len();
                    assert!(bytes.len() > 4 * n_values, "there are that many maps");
                }
                (Outcome::Scene(read), Outcome::Scene(outcome)) => {
                    assert_eq!(read.classes, outcome.classes);
                    assert!(read.view.rgb == outcome.view.rgb);
                }
                _ => panic!("another kind"),
            }
        }
    }

    #[test]
    fn maps_take_four_bytes_a_value() {
        let Outcome::Nowcast(outcome) = &both()[0] else { panic!("it is a nowcast") };
        let maps = |fields: &[stormlens_data::field::Field]| {
            fields.iter().map(|f| f.values.len()).sum::<usize>()
        };
        let cams: usize = outcome
            .grad_cam
            .iter()
            .flat_map(|cam| &cam.layers)
            .map(|l| l.cam.values.len() + l.raw.values.len())
            .sum();
        let gradients = outcome.integrated_gradients.as_ref().map_or(0, |g| maps(&g.frames));
        // Prediction, observation and two masks beside.
        let n_values = maps(&outcome.forecast.inputs_mm_h) + cams + gradients + 4 * 288 * 288;
        let n_bytes = encode(&both()[0]).unwrap().len();
        assert!((4 * n_values..4 * n_values + 16_000).contains(&n_bytes), "{n_bytes}");
    }

    #[test]
    fn every_damage_is_found() {
        let [nowcast, scene] = both();
        for outcome in [nowcast, scene] {
            let good = encode(&outcome).unwrap();
            for place in [0, 17, 21, N_HEAD, good.len() / 2, good.len() - 1] {
                let mut bad = good.clone();
                bad[place] ^= 4;
                assert!(decode(&bad).is_err(), "place {place}");
            }
            for n_bytes in [0, 5, N_HEAD, good.len() - 1] {
                assert!(decode(&good[..n_bytes]).is_err(), "{n_bytes} bytes");
            }
            assert!(decode(&[good.as_slice(), &[0]].concat()).is_err());
        }
    }

    #[test]
    fn what_has_a_sound_checksum_and_another_meaning_is_refused() {
        let check = |body: &[u8]| {
            let file = [head(body).as_slice(), body].concat();
            assert!(matches!(decode(&file), Err(FormatError::Meaning(_))), "{body:?}");
        };
        check(b"");
        check(b"hello");
        // A byte string of 2^63 bytes that are not there.
        check(&[0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        check(&[0x81; 600]);
        let mut empty = testing::outcome();
        empty.forecast.inputs_mm_h.clear();
        let file = encode(&Outcome::Nowcast(empty.into())).unwrap();
        assert!(matches!(decode(&file), Err(FormatError::Meaning(_))));
    }
}
