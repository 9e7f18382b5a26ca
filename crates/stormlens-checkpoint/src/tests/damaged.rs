//! Files cut short and files with wrong bytes.

use super::build::*;
use super::{check_error, read_bytes};
use crate::{Foreign, Metadata, Precision, StateDict, Tensor, Values, parse, write_safetensors};

fn safetensors() -> Vec<u8> {
    ours(Precision::F32)
}

/// A file that we wrote.
pub(super) fn ours(precision: Precision) -> Vec<u8> {
    let state = StateDict {
        tensors: [
            ("a.weight".into(), Tensor::f32(vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
            ("a.num_batches_tracked".into(), Tensor::i64(vec![], vec![4321])),
        ]
        .into(),
    };
    let metadata = Metadata {
        model: "unet".into(),
        hyper_parameters: serde_json::json!({ "in_channels": 12 }),
        normalisation_mm_5min: Some(47.83),
        field: None,
        frame_step_min: None,
        lead_times_min: None,
        rain: None,
        fields: None,
        input_px: None,
        crop_px: None,
        simulated: false,
        training_statistics: None,
        training_features: None,
        training_data: "none".into(),
        licence: "none".into(),
        created_by: "a test".into(),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    write_safetensors(&path, &state, &metadata, precision).unwrap();
    std::fs::read(path).unwrap()
}

fn files() -> [Vec<u8>; 3] {
    let entries = small();
    let pickle = lightning07(&entries);
    [torch_zip(pickle.clone(), &entries), torch_legacy(pickle, &entries), safetensors()]
}

#[test]
fn a_file_cut_short_anywhere_is_an_error() {
    for file in files() {
        assert!(read_bytes(&file).is_ok());
        for n in 0..file.len() {
            let cut = parse(&file[..n]);
            assert!(cut.is_err(), "{n} of {} bytes: {cut:?}", file.len());
        }
    }
}

#[test]
fn a_file_cut_short_is_called_damaged() {
    let [zip, legacy, safetensors] = files();
    for sixteenth in 1..16 {
        check_error(&zip[..zip.len() * sixteenth / 16], "is damaged");
        check_error(&safetensors[..safetensors.len() * sixteenth / 16], "damaged");
        check_error(&legacy[..legacy.len() * sixteenth / 16], "is truncated");
    }
}

/// Whatever a file says, it yields no more numbers than it has bytes.
#[track_caller]
fn check_bounded(file: &[u8], read: &Foreign) {
    let n: usize = read.state.tensors.values().map(|t| t.values.len()).sum();
    assert!(n <= file.len(), "{n} numbers from {} bytes", file.len());
    for tensor in read.state.tensors.values() {
        assert_eq!(tensor.shape.iter().product::<usize>(), tensor.values.len());
    }
}

#[test]
fn wrong_bytes_never_panic() {
    let mut seed = 20_100_826_u64;
    let mut random = |n: usize| {
        // Knuth's linear congruential generator; its high bits are good enough here.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n
    };
    let mut n_read = 0;
    for file in files() {
        for _ in 0..2000 {
            let mut flipped = file.clone();
            for _ in 0..=random(4) {
                let at = random(flipped.len());
                flipped[at] = random(256) as u8;
            }
            if let Ok(read) = parse(&flipped) {
                check_bounded(&flipped, &read);
                n_read += 1;
            }
        }
    }
    // Some changes hit a number or an ignored field; most must be noticed or harmless.
    assert!(n_read > 0);
}

#[test]
fn a_changed_number_in_a_zip_or_ours_is_noticed() {
    let [zip, _, mut ours] = files();
    let at = zip.windows(4).position(|w| w == 6.0f32.to_le_bytes()).unwrap();
    let mut changed = zip.clone();
    changed[at + 1] ^= 1;
    check_error(&changed, "entry `archive/data/0` of the ZIP cannot be read");
    let at = ours.len() - 1;
    ours[at] ^= 1;
    check_error(&ours, "its metadata says");
}

#[test]
fn the_smallest_file_is_read_whole() {
    let entries = [floats("a", "0", &[1], &[f32::NAN])];
    let file = torch_legacy(Pickle::new().state_dict(&entries).end(), &entries);
    let read = read_bytes(&file).unwrap();
    let Values::F32(values) = &read.state.tensors["a"].values else { panic!("floats") };
    assert!(values[0].is_nan());
}
