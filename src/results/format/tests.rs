use super::*;
use crate::program::Program;
use crate::testing;

fn key(outcome: &Outcome) -> Key {
    let request = crate::results::store::request_of(outcome);
    Key::new(Program::this(), &request, "weights", "device")
}

/// A file with a sound head.
fn file(body: &[u8]) -> Vec<u8> {
    [head(body).as_slice(), body].concat()
}

fn both() -> [Outcome; 2] {
    let nowcast = Outcome::Nowcast(testing::outcome().into());
    [nowcast, Outcome::Scene(testing::scene_outcome().into())]
}

#[test]
fn what_was_written_is_read_bit_by_bit() {
    for outcome in both() {
        let key = key(&outcome);
        let bytes = encode(&key, &outcome).unwrap();
        let read = decode(&bytes, &key).unwrap();
        assert_eq!(read.provenance(), outcome.provenance());
        assert!(encode(&key, &read).unwrap() == bytes);
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
    let n_bytes = encode(&key(&both()[0]), &both()[0]).unwrap().len();
    assert!((4 * n_values..4 * n_values + 16_000).contains(&n_bytes), "{n_bytes}");
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
    let request = crate::results::store::request_of(outcome);
    let other = Key::new(Program::this(), &request, "other weights", "device");
    let check = |body: &[u8]| {
        let error = decode(&file(body), &asked).unwrap_err();
        assert!(matches!(error, FormatError::Unfit(Unfit::Weights)), "{error}");
    };
    check(&encode(&other, outcome).unwrap()[N_HEAD..]);
    let mut strange = Vec::new();
    write(&other, &mut strange).unwrap();
    check(&[&strange[..], b"an outcome of another build"].concat());
}
