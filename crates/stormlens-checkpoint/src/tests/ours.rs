//! Our own format: written, read, compared.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use stormlens_data::card::NowcastField;

use super::check_error;
use crate::{
    CheckpointError, Container, Foreign, Layout, Metadata, Precision, StateDict, Tensor, Values,
    read, write_safetensors,
};

fn metadata() -> Metadata {
    Metadata {
        model: "sar-unet".into(),
        hyper_parameters: serde_json::json!({ "in_channels": 12, "kernels_per_layer": 1 }),
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
        training_data: "one day of radar".into(),
        licence: "CC BY 4.0".into(),
        created_by: "stormlens 0.1.0".into(),
    }
}

fn state() -> StateDict {
    StateDict {
        tensors: [
            ("b.weight".into(), Tensor::f32(vec![2, 2], vec![0.1, -1e-9, 3.5, 1024.0])),
            ("a.bias".into(), Tensor::f32(vec![1], vec![0.25])),
            ("a.num_batches_tracked".into(), Tensor::i64(vec![], vec![i64::MAX])),
        ]
        .into(),
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    (folder, path)
}

#[test]
fn what_is_written_is_read() {
    let (_folder, path) = folder();
    write_safetensors(&path, &state(), &metadata(), Precision::F32).unwrap();
    let back = read(&path).unwrap();
    assert_eq!(back.metadata, Some(metadata()));
    assert_eq!(back.container, Container::Safetensors);
    assert_eq!(back.layout, Layout::Stormlens);
    assert_eq!(back.hyper_parameters["kernels_per_layer"], 1);
    assert_eq!(back.state.sha256(), state().sha256());
    for (name, tensor) in &state().tensors {
        assert_eq!(&back.state.tensors[name], tensor);
    }
}

/// The tensors of [`state`] under metadata that only a program can have written.
fn with_metadata(text: &str) -> Foreign {
    let (_folder, path) = folder();
    let tensor = Plain(0.25f32.to_le_bytes());
    let header = HashMap::from([("stormlens".to_owned(), text.to_owned())]);
    safetensors::serialize_to_file([("a.bias", tensor)], Some(header), &path).unwrap();
    read(&path).unwrap()
}

struct Plain([u8; 4]);

impl safetensors::View for Plain {
    fn dtype(&self) -> safetensors::Dtype {
        safetensors::Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &[1]
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.0.as_slice().into()
    }

    fn data_len(&self) -> usize {
        4
    }
}

#[test]
fn files_from_before_there_were_pictures_are_read() {
    let tensors = [("a.bias".into(), Tensor::f32(vec![1], vec![0.25]))].into();
    let hash = StateDict { tensors }.sha256();
    let read = with_metadata(&format!(
        r#"{{"format_version": 1, "tensors_sha256": "{hash}", "model": "sar-unet",
            "hyper_parameters": {{"in_channels": 12, "kernels_per_layer": 1}},
            "normalisation_mm_5min": 47.83, "training_data": "one day of radar",
            "licence": "CC BY 4.0", "created_by": "stormlens 0.1.0"}}"#
    ));
    assert_eq!(read.metadata, Some(metadata()));
}

#[test]
fn what_is_said_of_pictures_is_read() {
    let (_folder, path) = folder();
    let metadata = Metadata {
        normalisation_mm_5min: None,
        rain: None,
        fields: None,
        input_px: Some(192),
        crop_px: Some(128),
        simulated: true,
        training_statistics: Some(serde_json::json!({ "mean": [0.1, 0.2, 0.3] })),
        training_features: None,
        ..metadata()
    };
    write_safetensors(&path, &state(), &metadata, Precision::F32).unwrap();
    assert_eq!(read(&path).unwrap().metadata, Some(metadata));
}

#[test]
fn what_is_said_of_frames_is_read() {
    let (_folder, path) = folder();
    let metadata = Metadata {
        field: Some(NowcastField::CloudCover),
        frame_step_min: Some(15),
        lead_times_min: Some(vec![15, 30, 60]),
        ..metadata()
    };
    write_safetensors(&path, &state(), &metadata, Precision::F32).unwrap();
    assert_eq!(read(&path).unwrap().metadata, Some(metadata));
}

#[test]
fn the_same_weights_give_the_same_file() {
    let (_folder, path) = folder();
    let write = || {
        write_safetensors(&path, &state(), &metadata(), Precision::F16).unwrap();
        fs::read(&path).unwrap()
    };
    let first = write();
    (0..8).for_each(|_| assert_eq!(write(), first));
}

#[test]
fn half_precision_rounds_floats_and_keeps_counters() {
    let (_folder, path) = folder();
    write_safetensors(&path, &state(), &metadata(), Precision::F16).unwrap();
    let back = read(&path).unwrap().state;
    assert_eq!(back.tensors["b.weight"].values, Values::F32(vec![0.099_975_586, 0.0, 3.5, 1024.0]));
    assert_eq!(back.tensors["b.weight"].stored_as, "float16");
    assert_eq!(back.tensors["a.num_batches_tracked"].values, Values::I64(vec![i64::MAX]));
    // Written again it changes no more.
    write_safetensors(&path, &back, &metadata(), Precision::F16).unwrap();
    assert_eq!(read(&path).unwrap().state.sha256(), back.sha256());
}

#[test]
fn what_half_precision_cannot_hold_is_not_written() {
    let (folder, path) = folder();
    let tensors = [("a".into(), Tensor::f32(vec![1], vec![1e5]))].into();
    let error = write_safetensors(&path, &StateDict { tensors }, &metadata(), Precision::F16);
    assert!(error.unwrap_err().to_string().contains("`a` holds 100000"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_failed_write_leaves_nothing_behind() {
    let (folder, path) = folder();
    fs::create_dir(&path).unwrap();
    let error = write_safetensors(&path, &state(), &metadata(), Precision::F32).unwrap_err();
    assert!(matches!(error, CheckpointError::Write { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_hash_depends_on_names_shapes_values_and_nothing_else() {
    let hash = state().sha256();
    let mut reversed = state();
    reversed.tensors.reverse();
    assert_eq!(reversed.sha256(), hash);
    let mut renamed = state();
    let tensor = renamed.tensors.swap_remove("a.bias").unwrap();
    renamed.tensors.insert("a.bios".into(), tensor);
    assert_ne!(renamed.sha256(), hash);
    let mut reshaped = state();
    reshaped.tensors["b.weight"].shape = vec![4, 1];
    assert_ne!(reshaped.sha256(), hash);
    let mut changed = state();
    changed.tensors["b.weight"].values = Values::F32(vec![0.1, -1e-9, 3.5, 1025.0]);
    assert_ne!(changed.sha256(), hash);
}

/// A file of one byte tensor with that header.
fn with_header(header: &str) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[7]].concat()
}

#[test]
fn foreign_safetensors_are_bare() {
    let header = r#"{"model.a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#;
    let bytes = with_header(header);
    let read = super::read_bytes(&bytes).unwrap();
    assert_eq!(read.layout, Layout::Bare);
    assert_eq!(read.metadata, None);
    assert_eq!(read.state.tensors["a"].values, Values::I64(vec![7]));
}

#[test]
fn broken_headers_are_errors() {
    let check = |header: &str, expected: &str| check_error(&with_header(header), expected);
    check(r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}"#, "is damaged");
    check(r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,9]}}"#, "is damaged");
    check(r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, "is damaged");
    check(
        r#"{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#,
        "`a` has the type F8_E4M3",
    );
    check(r#"{"a":{"dtype":"X","shape":[1],"data_offsets":[0,1]}}"#, "is damaged");
    check(
        r#"{"a":{"dtype":"U8","shape":[18446744073709551615,2],"data_offsets":[0,1]}}"#,
        "is damaged",
    );
    check(
        r#"{"__metadata__":{"stormlens":"{}"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
        "format_version",
    );
    check(
        r#"{"__metadata__":{"stormlens":"{\"format_version\":2}"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
        "format version 2",
    );
    check(
        r#"{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}"#,
        "`a` has 9 dimensions",
    );
    let mut long = with_header("{}");
    long[0] = 200;
    check_error(&long, "it is truncated: it ends within its header");
    long[..8].fill(0xff);
    check_error(&long, "header too large");
}
