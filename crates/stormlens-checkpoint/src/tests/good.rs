//! Files as they should be.

use serde_json::json;

use super::build::*;
use super::{check_error, read_as, read_bytes};
use crate::{Container, Layout, Values};

#[test]
fn both_containers_hold_the_same() {
    let entries = small();
    let zip = read_bytes(&torch_zip(lightning07(&entries), &entries)).unwrap();
    let legacy = read_bytes(&torch_legacy(lightning07(&entries), &entries)).unwrap();
    assert_eq!(zip.container, Container::TorchZip);
    assert_eq!(legacy.container, Container::TorchLegacy);
    assert_eq!(zip.state, legacy.state);
    assert_ne!(zip.sha256, legacy.sha256);
    assert_eq!(zip.layout, Layout::Lightning07);
    assert_eq!(zip.epoch, Some(57));
}

#[test]
fn tensors_come_in_the_order_of_the_file() {
    let entries = small();
    let state = read_bytes(&torch_zip(lightning07(&entries), &entries)).unwrap().state;
    let names: Vec<_> = state.tensors.keys().collect();
    assert_eq!(names, ["a.weight", "a.transposed", "a.num_batches_tracked", "a.bias"]);
    assert_eq!(state.tensors["a.weight"].shape, [2, 3]);
    assert_eq!(state.tensors["a.weight"].values, Values::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    assert_eq!(state.tensors["a.transposed"].shape, [3, 2]);
    assert_eq!(
        state.tensors["a.transposed"].values,
        Values::F32(vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0])
    );
    assert_eq!(state.tensors["a.num_batches_tracked"].values, Values::I64(vec![4321]));
    assert!(state.tensors["a.num_batches_tracked"].shape.is_empty());
}

/// A dictionary of `torch.nn.Parameter`, as one that was put together by hand.
#[test]
fn parameters_are_the_tensors_in_them() {
    let entries = small();
    let pickle = Pickle::new().op(b"}(");
    let filled = entries.iter().fold(pickle, |pickle, e| pickle.text(e.name).parameter(e));
    let parameters = filled.op(b"u").end();
    let expected = read_bytes(&torch_zip(lightning07(&entries), &entries)).unwrap().state;
    for bytes in [torch_zip(parameters.clone(), &entries), torch_legacy(parameters, &entries)] {
        assert_eq!(read_bytes(&bytes).unwrap().state, expected);
    }
    let of_a_number = Pickle::new().global("torch._utils", "_rebuild_parameter").ints(&[1, 1, 1]);
    check_error(&torch_zip(of_a_number.op(b"R").end(), &[]), "RebuildParameter");
}

#[test]
fn the_name_of_the_file_means_nothing() {
    let entries = small();
    let bytes = torch_zip(lightning07(&entries), &entries);
    for name in ["weights.safetensors", "weights.h5", "weights", "data.pkl"] {
        assert_eq!(read_as(name, &bytes).unwrap().container, Container::TorchZip);
    }
}

#[test]
fn hyperparameters_are_plain_values() {
    let entries = small();
    let found = read_bytes(&torch_zip(lightning07(&entries), &entries)).unwrap().hyper_parameters;
    assert_eq!(json!(found), json!({ "best": "inf", "device": "cuda:0", "in_channels": 12 }));
}

/// One tensor of two elements, as a class of storage.
#[track_caller]
fn check_type(class: &'static str, bytes: &[u8], expected: Values, name: &str) {
    let mut entry = floats("a", "0", &[2], &[0.0; 2]);
    (entry.class, entry.bytes) = (class, bytes.to_vec());
    let entries = [entry];
    for file in [
        torch_zip(Pickle::new().state_dict(&entries).end(), &entries),
        torch_legacy(Pickle::new().state_dict(&entries).end(), &entries),
    ] {
        let read = read_bytes(&file).unwrap();
        assert_eq!(read.layout, Layout::Bare);
        assert_eq!(read.state.tensors["a"].values, expected);
        assert_eq!(read.state.tensors["a"].stored_as, name);
    }
}

#[test]
fn every_type_of_number_is_read() {
    let f64s = [1.5f64, -2.0].map(f64::to_le_bytes).concat();
    check_type("DoubleStorage", &f64s, Values::F32(vec![1.5, -2.0]), "float64");
    check_type("HalfStorage", &[0, 0x3e, 0, 0xc0], Values::F32(vec![1.5, -2.0]), "float16");
    check_type("BFloat16Storage", &[0xc0, 0x3f, 0, 0xc0], Values::F32(vec![1.5, -2.0]), "bfloat16");
    let i32s = [7i32, -7].map(i32::to_le_bytes).concat();
    check_type("IntStorage", &i32s, Values::I64(vec![7, -7]), "int32");
    check_type("ShortStorage", &[7, 0, 0xf9, 0xff], Values::I64(vec![7, -7]), "int16");
    check_type("CharStorage", &[7, 0xf9], Values::I64(vec![7, -7]), "int8");
    check_type("ByteStorage", &[7, 0xf9], Values::I64(vec![7, 249]), "uint8");
    check_type("BoolStorage", &[0, 1], Values::I64(vec![0, 1]), "bool");
}

/// One view of the storage 0, 1, …, 11.
#[track_caller]
fn check_view(offset: i64, shape: &[i64], strides: &[i64], expected: &[f32]) {
    let storage: Vec<f32> = (0..12).map(|n| n as f32).collect();
    let mut entry = floats("a", "0", shape, &storage);
    (entry.offset, entry.strides) = (offset, strides.to_vec());
    let file = torch_zip(Pickle::new().state_dict(&[entry.clone()]).end(), &[entry]);
    let state = read_bytes(&file).unwrap().state;
    assert_eq!(state.tensors["a"].values, Values::F32(expected.to_vec()));
}

#[test]
fn offset_size_and_stride_are_respected() {
    check_view(0, &[3], &[1], &[0.0, 1.0, 2.0]);
    check_view(5, &[2, 2], &[2, 1], &[5.0, 6.0, 7.0, 8.0]);
    check_view(1, &[2, 2], &[4, 2], &[1.0, 3.0, 5.0, 7.0]);
    check_view(0, &[2, 3, 2], &[1, 4, 2], &[0., 2., 4., 6., 8., 10., 1., 3., 5., 7., 9., 11.]);
    check_view(11, &[], &[], &[11.0]);
    check_view(4, &[1, 2], &[99, 1], &[4.0, 5.0]);
    check_view(0, &[2, 2], &[0, 1], &[0.0, 1.0, 0.0, 1.0]);
    check_view(12, &[0, 5], &[5, 1], &[]);
    check_view(0, &[5, 0], &[1, 1], &[]);
}

/// A dictionary with a state dictionary and other keys, each an empty dictionary.
#[track_caller]
fn check_layout(others: &[&str], expected: Layout) {
    let entries = small();
    let pickle = Pickle::new().op(b"}(").text("state_dict").state_dict(&entries);
    let pickle =
        others.iter().fold(pickle, |pickle, name| pickle.text(name).op(b"}")).op(b"u").end();
    assert_eq!(read_bytes(&torch_zip(pickle, &entries)).unwrap().layout, expected);
}

#[test]
fn layouts_are_told_apart() {
    check_layout(&[], Layout::Wrapped);
    check_layout(&["epoch", "optimizer"], Layout::Wrapped);
    check_layout(&["checkpoint_callback_best", "hparams_type", "hparams"], Layout::Lightning07);
    check_layout(&["checkpoint_callback_best_model_path", "hyper_parameters"], Layout::Lightning08);
    check_layout(
        &["pytorch-lightning_version", "checkpoint_callback_best_model_score"],
        Layout::Lightning08,
    );
    check_layout(&["pytorch-lightning_version", "loops", "callbacks"], Layout::Lightning2);
    check_layout(&["epoch", "optimizer_state_dict", "val_loss", "mIOU"], Layout::Voc);
}

/// A dictionary of dictionaries of tensors, each with a tensor of its own.
#[track_caller]
fn check_chosen(dictionaries: &[&'static str], names: &[&str], left_over: &[&str]) {
    let entry = floats("a", "0", &[1], &[1.0]);
    let pickle = Pickle::new().op(b"}(");
    let state = |pickle: Pickle, name: &&str| {
        let inner = pickle.text(name).global("collections", "OrderedDict").op(b")R(");
        inner.text("a").tensor(&entry).op(b"u")
    };
    let pickle = dictionaries.iter().fold(pickle, state).op(b"u").end();
    let file = read_bytes(&torch_zip(pickle, std::slice::from_ref(&entry))).unwrap();
    assert_eq!(file.state.tensors.keys().collect::<Vec<_>>(), names, "{dictionaries:?}");
    assert_eq!(file.left_over, left_over, "{dictionaries:?}");
    assert_eq!(file.dictionaries.is_empty(), names == ["a"], "{dictionaries:?}");
}

/// Means of the weights are another set of weights: the network's own are taken, and the means are named.
#[test]
fn of_several_dictionaries_the_usual_one_is_taken() {
    let means = |name: &str| format!("{name} (means of the weights over the training)");
    for name in ["ema", "model_ema", "state_dict_ema", "EMA", "swa_model"] {
        for own in ["model", "state_dict"] {
            check_chosen(&[own, name], &["a"], &[&means(name)]);
            check_chosen(&[name, own], &["a"], &[&means(name)]);
        }
    }
    check_chosen(&["model", "schema"], &["a"], &["schema"]);
    check_chosen(&["ema"], &["a"], &[]);
}

/// Which one is a network, whoever knows networks finds out.
#[test]
fn dictionaries_without_a_usual_name_are_kept_apart_by_theirs() {
    check_chosen(&["generator", "critic"], &["generator.a", "critic.a"], &[]);
    let entries = small();
    let nine = ["p", "q", "r", "s", "t", "u", "v", "w", "x"];
    let each = |pickle: Pickle, name: &&str| pickle.text(name).state_dict(&entries);
    let pickle = nine.iter().fold(Pickle::new().op(b"}("), each).op(b"u").end();
    check_error(&torch_zip(pickle, &entries), "several dictionaries of tensors");
}

/// Beside the weights, wherever these lie.
#[test]
fn means_are_named_within_a_wrapper_too() {
    let entries = small();
    let pickle = Pickle::new().op(b"}(").text("checkpoint").op(b"}(");
    let pickle = pickle.text("model").state_dict(&entries).text("ema").op(b"}(");
    let pickle = pickle.text("module").state_dict(&entries).op(b"uuu").end();
    let file = read_bytes(&torch_zip(pickle, &entries)).unwrap();
    assert_eq!(file.left_over, ["ema (means of the weights over the training)"]);
    assert_eq!(file.state.tensors.len(), entries.len());
}

/// The network has more tensors than a loss beside or around it, and is the trained one, not a mean.
#[test]
fn the_network_is_told_from_what_lies_around_it() {
    let entries = small();
    let network = |pickle: Pickle, name: &'static str| pickle.text(name).state_dict(&entries);
    let loss = |pickle: Pickle, name: &'static str| pickle.text(name).tensor(&entries[0]);
    let check = |pickle: Pickle, layout: Layout, left_over: &[&str]| {
        let file = read_bytes(&torch_zip(pickle.op(b"u").end(), &entries)).unwrap();
        let names: Vec<_> = file.state.tensors.keys().map(String::as_str).collect();
        let expected: Vec<_> = entries.iter().map(|entry| entry.name).collect();
        assert_eq!((names, file.layout), (expected, layout));
        assert_eq!(file.left_over, left_over);
    };
    let begin = || Pickle::new().op(b"}(");
    let bare = || entries.iter().fold(begin(), |pickle, e| pickle.text(e.name).tensor(e));
    let mean = "ema (means of the weights over the training)";
    check(bare(), Layout::Bare, &[]);
    check(network(bare(), "model"), Layout::Bare, &["model"]);
    check(network(loss(begin(), "loss"), "model"), Layout::Wrapped, &["loss"]);
    check(loss(network(begin(), "my_net"), "best_loss"), Layout::Wrapped, &["best_loss"]);
    check(network(network(begin(), "my_net"), "ema"), Layout::Wrapped, &[mean]);
    let deeper = loss(network(begin().text("model").op(b"}("), "state_dict"), "loss").op(b"u");
    check(deeper, Layout::Wrapped, &["loss"]);
    let of_means = network(begin(), "my_net").text("ema").op(b"}(");
    check(network(of_means, "state_dict").op(b"u"), Layout::Wrapped, &[mean]);
    // As those who keep means do it, beside how fast these forget.
    let of_means = network(begin(), "my_net").text("ema").op(b"}(").text("decay").op(b"K\x09");
    check(network(of_means, "shadow").op(b"u"), Layout::Wrapped, &[mean]);
}

/// A usual name is no more than a hint where another dictionary has more tensors: whoever knows networks chooses.
#[test]
fn a_small_dictionary_with_a_usual_name_is_not_taken_for_the_network() {
    let entries = small();
    let shares = Pickle::new().op(b"}(").text("weights").op(b"}(").text("dry").tensor(&entries[0]);
    let pickle = shares.op(b"u").text("generator").state_dict(&entries).op(b"u").end();
    let file = read_bytes(&torch_zip(pickle, &entries)).unwrap();
    assert_eq!(file.dictionaries, ["weights", "generator"]);
    assert!(file.state.tensors.contains_key("generator.a.weight"));
}

#[track_caller]
fn check_names(names: &[&'static str], expected: &[&str]) {
    let entries: Vec<_> = names.iter().map(|name| floats(name, "0", &[1], &[1.0])).collect();
    let file = torch_zip(Pickle::new().state_dict(&entries).end(), &entries);
    let state = read_bytes(&file).unwrap().state;
    assert_eq!(state.tensors.keys().collect::<Vec<_>>(), expected);
}

#[test]
fn a_prefix_is_stripped_where_all_names_share_it() {
    check_names(&["model.a", "model.b"], &["a", "b"]);
    check_names(&["module.net.a", "module.net.b"], &["a", "b"]);
    check_names(&["model.a", "b"], &["model.a", "b"]);
    check_names(&["model.a", "net.b"], &["model.a", "net.b"]);
    check_names(&["model."], &["model."]);
}

/// `pickle.dumps(argparse.Namespace(n_channels=12, lr=0.5), 2)` as Python 3.11 writes it, less its
/// first two and its last byte.
const NAMESPACE: &[u8] = b"cargparse\nNamespace\nq\x00)\x81q\x01}q\x02(X\n\x00\x00\x00n_channelsq\
    \x03K\x0cX\x02\x00\x00\x00lrq\x04G?\xe0\x00\x00\x00\x00\x00\x00ub";

#[test]
fn a_namespace_is_a_dictionary() {
    let entries = small();
    let pickle = Pickle::new().op(b"}(").text("state_dict").state_dict(&entries);
    let pickle = pickle.text("hparams").op(NAMESPACE).op(b"u").end();
    let read = read_bytes(&torch_zip(pickle, &entries)).unwrap();
    assert_eq!(json!(read.hyper_parameters), json!({ "n_channels": 12, "lr": 0.5 }));
}

/// As the program of SpaT-SparK saves: among the tensors a dictionary that holds none, beside them the stage of the training.
#[test]
fn what_is_no_tensor_is_named_and_what_stands_beside_is_kept() {
    let entries = small();
    let pickle = Pickle::new().op(b"}(").text("arch").text("resnet18_chan12").text("module");
    let pickle = pickle.global("collections", "OrderedDict").op(b")R(");
    let filled = entries.iter().fold(pickle, |pickle, e| pickle.text(e.name).tensor(e));
    let pickle = filled.text("config").op(b"}(").text("mask_ratio").float(0.6).op(b"uu");
    let pickle = pickle.text("is_pretrain").op(b"\x88").text("epoch").int(3).op(b"u").end();
    let read = read_bytes(&torch_zip(pickle, &entries)).unwrap();
    assert_eq!((read.layout, read.state.tensors.len()), (Layout::Wrapped, entries.len()));
    assert_eq!(read.left_over, ["config"]);
    assert_eq!((read.numbers["is_pretrain"], read.epoch), (1.0, Some(3)));
}

#[test]
fn the_opcodes_of_protocol_4_are_read() {
    // A frame, short strings, a memo without numbers and a name from the stack.
    let pickle = b"\x80\x04\x95\x40\0\0\0\0\0\0\0}\x94(\x8c\x0astate_dict\x94\
        \x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94(\x8c\x01a\x94";
    let entries = [floats("a", "0", &[1], &[2.5])];
    let pickle = Pickle(pickle.to_vec()).tensor(&entries[0]).op(b"uu").end();
    let state = read_bytes(&torch_zip(pickle, &entries)).unwrap().state;
    assert_eq!(state.tensors["a"].values, Values::F32(vec![2.5]));
}

#[test]
fn other_files_are_called_by_what_they_are() {
    check_error(b"", "an empty file");
    check_error(b"\x89HDF\r\n\x1a\n\0\0\0\0", "it cannot be read as HDF5");
    check_error(b"CDF\x01", "a NetCDF file");
    check_error(b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer");
    check_error(b"<!DOCTYPE html><html>", "a web page");
    check_error(b"\x1f\x8b\x08\0", "a gzip archive");
    check_error(b"hello there, world", "it starts `hello there,`");
    check_error(&zip(&[ZipEntry::stored("arr_0.npy", vec![])]), "a NumPy archive (.npz)");
    check_error(&zip(&[ZipEntry::stored("a/b.txt", vec![])]), "a ZIP without `data.pkl`");
    check_error(&zip(&[ZipEntry::stored("m/constants.pkl", vec![])]), "TorchScript");
    check_error(b"\x80\x02}.", "a Python pickle, not a file of `torch.save`");
}
