//! Files that the command line brings.

use stormlens_data::files::npy::write_npy_f32;
use stormlens_data::probability::Found;

use super::*;
use crate::memory::MemoryLimit;
use crate::tasks::rain_probability::samples::Loaded;

fn bring(paths: &[std::path::PathBuf], said: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let task = task();
    let pairs = said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let files = Files {
        paths,
        parameters: &Parameters::of(pairs),
        checkpoint: &cards(Some(card())).checkpoint,
        memory: MemoryLimit::default(),
    };
    let ids = task.bring(&files).map_err(|error| format!("{error:#}"))?;
    // What is brought can be asked about.
    for id in &ids {
        subject(&task, &format!("fields={id}"))?;
    }
    Ok(ids)
}

#[test]
fn numbers_are_of_the_shape_of_the_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.npy");
    let write = |shape: &[usize], value: f32| {
        let values = vec![value; shape.iter().product()];
        write_npy_f32(&path, shape, &values).expect("it can be written");
        bring(std::slice::from_ref(&path), &[])
    };
    assert_eq!(write(&[2, 12, 16, 24], 0.5).expect("two inputs").len(), 2);
    assert_eq!(write(&[12, 16, 24], 0.5).expect("one input").len(), 1);
    let error = write(&[1, 16, 224, 128], 0.5).expect_err("the published shape");
    assert!(error.contains("these weights take [number, 12, 16, 24]"), "{error}");
    assert!(write(&[1, 12, 16, 24], f32::INFINITY).expect_err("infinite").contains("infinite"));
}

#[test]
fn a_mask_has_an_entry_a_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let [input, mask] = ["x.npy", "m.npy"].map(|name| folder.path().join(name));
    write_npy_f32(&input, &[1, 12, 16, 24], &vec![0.5; 12 * N]).expect("it can be written");
    let with = |shape: [usize; 2], value: u8| {
        let mut bytes = format!(
            "\u{93}NUMPY\u{1}\0v\0{{'descr': '|u1', 'fortran_order': False, 'shape': ({}, {}), }}",
            shape[0], shape[1]
        )
        .chars()
        .map(|c| c as u8)
        .collect::<Vec<u8>>();
        bytes.resize(127, b' ');
        bytes.push(b'\n');
        bytes.extend(vec![value; shape[0] * shape[1]]);
        std::fs::write(&mask, bytes).expect("it can be written");
        bring(std::slice::from_ref(&input), &[("mask", mask.to_str().expect("a path"))])
    };
    assert_eq!(with([1, 288], 0).expect("nothing hidden").len(), 1);
    assert!(with([1, 448], 0).expect_err("other tokens").contains("[1, 288]"));
    assert!(with([1, 288], 1).expect_err("all hidden").contains("hides all of input 1"));
    assert!(with([1, 288], 7).expect_err("no mask").contains("1 (hidden) or 0"));
}

#[test]
fn other_files_are_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().to_owned();
    let error = bring(std::slice::from_ref(&root), &[]).expect_err("no list");
    assert!(error.contains("--index"), "{error}");
    let error = bring(std::slice::from_ref(&root), &[("index", "index-2023.npy")]);
    assert!(error.expect_err("no such list").contains("index-2023.npy"));
    let rain = data().join("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    let error = bring(std::slice::from_ref(&rain), &[]).expect_err("many times");
    assert!(error.contains("--end"), "{error}");
    let error = bring(std::slice::from_ref(&rain), &[("mask", "m.npy")]).expect_err("no mask");
    assert!(error.contains("goes with numbers"), "{error}");
}

/// What a hidden variable says itself is not said twice.
#[test]
fn what_was_left_out_beside_hidden_variables_is_said_once() {
    let loaded = task().samples.load(SAMPLE, &card()).expect("a day");
    assert_eq!(loaded.not_used(), None);
    let mut found = loaded.found.clone();
    found[0] = Found::Hidden { why: "no file has it; slp cannot be used".to_owned() };
    let reasons = ["slp cannot be used", "rmax is not rain"].map(str::to_owned);
    let loaded = Loaded { found, left_out: reasons.to_vec(), ..(*loaded).clone() };
    assert_eq!(loaded.not_used().as_deref(), Some("rmax is not rain"));
}
