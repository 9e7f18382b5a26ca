//! SpaT-SparK on the command line: samples, masks, and arrays exactly as they are.

use stormlens_data::files::npy::{read_npy_f32, write_npy_f32};

use crate::bench::Bench;

const MODEL: &str = "--model spat-spark --checkpoint narrow-germany-2018";
const N: usize = 12 * 64 * 96;

fn frames(bench: &Bench) -> Vec<f32> {
    let rain = |i: usize| if i % 96 > 40 { 0.002 * ((i % 13) as f32) } else { 0.0 };
    let values: Vec<f32> = (0..2 * N).map(rain).collect();
    write_npy_f32(&bench.path("x.npy"), &[2, 12, 64, 96], &values).expect("a file");
    values
}

/// An uint8 array of version 1.
fn mask(bench: &Bench, seen: &[u8]) {
    let mut head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 2, 3), }".to_vec();
    head.resize((10 + head.len() + 1).next_multiple_of(64) - 11, b' ');
    head.push(b'\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(head.len()).expect("short").to_le_bytes());
    bytes.extend(head);
    bytes.extend(seen);
    std::fs::write(bench.path("a.npy"), bytes).expect("a file");
}

#[test]
fn an_array_is_taken_as_it_is() {
    let bench = Bench::new();
    frames(&bench);
    let predict = |more: &str, output: &str| {
        bench.succeeds(&format!("predict {MODEL} --input @x.npy {more} --output @{output}"));
        read_npy_f32(&bench.path(output)).expect("an array")
    };
    let (shape, whole) = predict("", "whole.npy");
    assert_eq!(shape, [2, 12, 64, 96]);
    mask(&bench, &[1; 12]);
    assert!(predict("--mask @a.npy", "all.npy").1 == whole, "nothing is hidden");
    mask(&bench, &[1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    let hidden = predict("--mask @a.npy", "hidden.npy").1;
    let visible = predict("--mask @a.npy --statistics visible", "visible.npy").1;
    assert!(hidden != whole && hidden != visible);
    // The second sequence has no hidden patch; in the first one only the hidden patch is of another size.
    assert!(hidden[N..] == whole[N..] && visible[N..] == whole[N..]);
    let is_in = |i: usize| i / 96 % 64 < 32 && i % 96 >= 64;
    let off = |i: usize| (hidden[i] - visible[i]).abs();
    assert!((0..N).filter(|&i| !is_in(i)).all(|i| off(i) < 1e-7));
    assert!((0..N).filter(|&i| is_in(i)).any(|i| off(i) > 1e-5));
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let bench = Bench::new();
    frames(&bench);
    let refused = |command: &str, words: &str| bench.fails(command, &[words]);
    let array = format!("predict {MODEL} --input @x.npy --output @y.npy");
    // Before weights are looked for, and before anything is computed.
    let nowhere =
        "predict --model spat-spark --checkpoint absent --input @x.npy --output @none/y.npy";
    refused(nowhere, "there is no folder");
    refused(
        &format!("predict {MODEL} --input @x.npy --mask @a.npy --output @y.json"),
        "hide-percent",
    );
    mask(&bench, &[0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    refused(&format!("{array} --mask @a.npy"), "hides every patch of sequence 0");
    mask(&bench, &[2; 12]);
    refused(&format!("{array} --mask @a.npy"), "seen (1) or hidden (0)");
    refused(&format!("{array} --statistics half"), "whole or visible");
    refused(&format!("{array} --stage pretrain"), "these weights forecast");
    for value in [-0.5_f32, 50.0] {
        let mut values = vec![0.0; 2 * N];
        values[N + 97] = value;
        write_npy_f32(&bench.path("x.npy"), &[2, 12, 64, 96], &values).expect("a file");
        refused(&array, &format!("holds {value} in sequence 1, frame 0, row 1, column 1"));
        refused(&array, "or take the array as it is with --exact");
        bench.succeeds(&format!("{array} --exact"));
    }
    write_npy_f32(&bench.path("x.npy"), &[1, 12, 50, 96], &vec![0.0; 12 * 50 * 96])
        .expect("a file");
    refused(&array, "do not fall into patches of 32 × 32");
    write_npy_f32(&bench.path("x.npy"), &[12, 64, 96], &vec![0.0; N]).expect("a file");
    refused(&array, "give [N, frames, height, width]");
    let sample = format!("predict {MODEL} sample=radklim-20180516T1200 --output @y.npz");
    refused(&format!("{sample} hide=42"), "there is no patch 42");
    refused(&format!("{sample} --stage finetune"), "--stage is said of arrays");
    refused(&format!("{sample} lead-time=65"), "one of the lead times in minutes");
    refused(
        "predict --model sar-unet sample=radklim-20180516T1200 masks=3 --output @y.npz",
        "did not",
    );
    let rebuilt =
        "predict --model spat-spark --checkpoint pre-germany-2018 sample=radklim-20180516T1200";
    refused(&format!("{rebuilt} lead-time=30 --output @y.npz"), "they forecast nothing");
    let all: Vec<String> = (0..42).map(|patch| patch.to_string()).collect();
    refused(&format!("{sample} hide={}", all.join(",")), "sees nothing; hide fewer");
}

/// All lead times of an hour at once, beside an ensemble, and what fills hidden patches.
#[test]
fn an_hour_is_explained_and_gaps_are_filled() {
    let bench = Bench::new();
    let sample = "sample=radklim-20180516T1200";
    bench.succeeds(&format!(
        "explain {MODEL} {sample} lead-time=5 last-lead-time=60 threshold=1 methods=saliency steps-mean=yes \
         --output @hour.json"
    ));
    let said = std::fs::read_to_string(bench.path("hour.json")).expect("JSON");
    for words in ["at +5 to +60 min", "\"name\": \"steps_mean\""] {
        assert!(said.contains(words), "{words}");
    }
    let rebuilt = format!("predict --model spat-spark --checkpoint pre-germany-2018 {sample}");
    bench.succeeds(&format!("{rebuilt} hide=16,17 --output @filled.json"));
    let said = std::fs::read_to_string(bench.path("filled.json")).expect("JSON");
    for words in ["\"filled\"", "\"interpolated\"", "levels/encoder.4"] {
        assert!(said.contains(words), "{words}");
    }
    assert!(!said.contains("levels/translation"), "these weights have none");
}

/// A sample with hidden patches, and behind masks.
#[test]
fn a_sample_is_asked_behind_masks() {
    let bench = Bench::new();
    let sample = format!("predict {MODEL} sample=radklim-20180516T1200");
    bench.succeeds(&format!("{sample} hide=3,4 masks=2 --output @hour.nc"));
    bench.succeeds(&format!("{sample} hide=3,4 masks=2 --statistics whole --output @hour.json"));
    let said = std::fs::read_to_string(bench.path("hour.json")).expect("JSON");
    for words in [
        "of 42 patches are hidden",
        "mean and spread of those that were chosen are known to it",
        "masks/spread",
        "masks/members",
        "masks/rms_error",
        "levels/encoder.1",
        "levels/translation.0",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}
