use stormlens_data::outcome::{Values, Variable};

use super::*;
use crate::program::Program;
use stormlens_plot::testing;

fn key(outcome: &Outcome) -> Key {
    Key::new(Program::this(), &outcome.request, "weights", "device")
}

/// A file with a sound head.
fn file(body: &[u8]) -> Vec<u8> {
    [head(body).as_slice(), body].concat()
}

fn both() -> [Outcome; 2] {
    [testing::outcome(), testing::scene_outcome()]
}

#[test]
fn what_was_written_is_read_bit_by_bit() {
    for mut outcome in both() {
        let key = key(&outcome);
        let bytes = encode(&key, &outcome).unwrap();
        let read = decode(&bytes, &key).unwrap();
        assert!(encode(&key, &read).unwrap() == bytes);
        // NaN is not equal to itself.
        outcome.variables.retain(|variable| variable.to_f64().iter().all(|v| !v.is_nan()));
        assert!(!outcome.variables.is_empty());
        for variable in &outcome.variables {
            assert!(read.variable(&variable.name) == Some(variable), "{}", variable.name);
        }
        assert_eq!((read.numbers, read.notes), (outcome.numbers, outcome.notes));
        assert_eq!((read.request, read.provenance), (outcome.request, outcome.provenance));
    }
}

#[test]
fn maps_take_four_bytes_a_value_and_pictures_one() {
    for outcome in both() {
        let n_bytes = encode(&key(&outcome), &outcome).unwrap().len();
        let of_values = |variable: &Variable| match &variable.values {
            Values::F32(values) => 4 * values.len(),
            Values::U8(values) => values.len(),
            // Series are short, and written as numbers.
            Values::F64(values) => 9 * values.len(),
        };
        let expected: usize = outcome.variables.iter().map(of_values).sum();
        let others = n_bytes.checked_sub(expected);
        assert!(others.is_some_and(|others| others < 40_000), "{n_bytes}, {expected}");
    }
}

#[test]
fn every_damage_is_found() {
    for outcome in both() {
        let key = key(&outcome);
        let good = encode(&key, &outcome).unwrap();
        for place in [0, 17, 21, N_HEAD, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[place] ^= 4;
            assert!(decode(&bad, &key).is_err(), "place {place}");
        }
        for n_bytes in [0, 5, N_HEAD, good.len() - 1] {
            assert!(decode(&good[..n_bytes], &key).is_err(), "{n_bytes} bytes");
        }
        assert!(decode(&[good.as_slice(), &[0]].concat(), &key).is_err());
    }
}

#[test]
fn what_has_a_sound_checksum_and_another_meaning_is_refused() {
    let outcome = &both()[1];
    let key = key(outcome);
    let mut under_key = Vec::new();
    write(&key, &mut under_key).unwrap();
    let check = |body: &[u8]| {
        for body in [body.to_vec(), [&under_key, body].concat()] {
            let error = decode(&file(&body), &key).unwrap_err();
            assert!(matches!(error, FormatError::Meaning(_)), "{error}: {body:?}");
        }
    };
    check(b"");
    check(b"hello");
    // A byte string of 2^63 bytes that are not there.
    check(&[0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    check(&[0x81; 600]);
    let mut longer = encode(&key, outcome).unwrap().split_off(N_HEAD);
    longer.push(0);
    let error = decode(&file(&longer), &key).unwrap_err();
    assert!(error.to_string().contains("follows its end"), "{error}");
}

#[test]
fn another_key_is_told_before_the_outcome_is_read() {
    let outcome = &both()[1];
    let asked = key(outcome);
    let other = Key::new(Program::this(), &outcome.request, "other weights", "device");
    let check = |body: &[u8]| {
        let error = decode(&file(body), &asked).unwrap_err();
        assert!(matches!(error, FormatError::Unfit(Unfit::Weights)), "{error}");
    };
    check(&encode(&other, outcome).unwrap()[N_HEAD..]);
    let mut strange = Vec::new();
    write(&other, &mut strange).unwrap();
    check(&[&strange[..], b"an outcome of another build"].concat());
}
