//! The reference's own checkpoints, where `STORMLENS_GOLDEN_DIR` says they are.
//!
//! Values were taken from the files' storages with Python's `zipfile` and `struct`.

use super::full_path;
use crate::{Container, Foreign, Layout, Values, read};

/// A checkpoint of the reference, or `None` and a line that says so.
fn golden(name: &str) -> Option<Foreign> {
    let path = full_path(&format!("sar_unet/{name}"))?;
    Some(read(&path).unwrap_or_else(|error| panic!("{error}")))
}

/// What the files are, and the hash over all their weights as computed by a reader in Python.
#[track_caller]
fn check(name: &str, container: Container, layout: Layout, epoch: u64, n_keys: usize, hash: &str) {
    let Some(read) = golden(name) else { return };
    assert_eq!(read.container, container);
    assert_eq!(read.layout, layout);
    assert_eq!(read.epoch, Some(epoch));
    assert_eq!(read.state.tensors.len(), n_keys);
    assert_eq!(read.state.sha256(), hash);
}

#[test]
fn the_four_containers_are_read_to_the_last_bit() {
    check(
        "sar_unet_precip.ckpt",
        Container::TorchZip,
        Layout::Lightning07,
        57,
        268,
        "eb30eb66ce1142a3612d1f5c1a1501513d347c222f0638e41a88524edeec63b0",
    );
    check(
        "smaat_unet_precip_lightning2.ckpt",
        Container::TorchZip,
        Layout::Lightning2,
        87,
        214,
        "31cf2fcf551d4f471dff02a3716008758ef408677d2a08008919ed99cf52bb1e",
    );
    check(
        "smaat_unet_kpl2_legacy_torch14.ckpt",
        Container::TorchLegacy,
        Layout::Lightning07,
        88,
        214,
        "8353020d1ada48df7861ceedd5d7365737a16c1b439fc2918c2cccd176e6f253",
    );
    check(
        "adam_moments_sample.ckpt",
        Container::TorchZip,
        Layout::Lightning07,
        43,
        20,
        "acdabbdae3e3d8d5cbc93b35d48383b99f74cc0beadc5fb86b88e8533710add1",
    );
}

#[test]
fn numbers_and_hyperparameters_are_theirs() {
    let Some(read) = golden("sar_unet_precip.ckpt") else { return };
    assert_eq!(read.sha256, "df3ed6fc78cb960dfd4b0d16ea0159d628699e8611912e2971f60ffb1c132d72");
    let first = &read.state.tensors["RRCNN1.doubleconv.0.double_conv.0.depthwise.weight"];
    assert_eq!(first.shape, [12, 1, 3, 3]);
    assert_eq!(first.as_f32().unwrap()[..2], [0.051_177_94, -0.181_723]);
    let last = &read.state.tensors["outc.conv.bias"];
    assert_eq!(last.values, Values::F32(vec![0.000_312_868_3]));
    let counter = &read.state.tensors["cbam1.spatial_att.bn.num_batches_tracked"];
    assert_eq!(counter.values, Values::I64(vec![4321]));
    assert_eq!(read.hyper_parameters.len(), 14);
    assert_eq!(read.hyper_parameters["device"], "cuda:0");
    assert_eq!(read.hyper_parameters["learning_rate"], 0.001);
    assert!(read.hyper_parameters["resume_from_checkpoint"].is_null());
}
