//! Files that were made to do harm. None of them may run anything, panic or fill the memory.

use super::build::*;
use super::{check_error, read_bytes};
use crate::CheckpointError;

/// A dictionary with weights and, under `optimizer`, something else.
fn beside_weights(payload: &[u8]) -> Vec<u8> {
    let pickle = Pickle::new().op(b"}(").text("state_dict").state_dict(&small());
    pickle.text("optimizer").op(payload).op(b"u").end()
}

/// Checks that a payload is refused by the name of what it would call, in both containers.
#[track_caller]
fn check_refused(payload: &[u8], expected: &str) {
    let pickle = beside_weights(payload);
    for file in [torch_zip(pickle.clone(), &small()), torch_legacy(pickle, &small())] {
        match read_bytes(&file) {
            Err(CheckpointError::Refused { name, .. }) => assert_eq!(name, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn foreign_names_are_refused_by_name() {
    check_refused(b"cos\nsystem\n(X\x04\0\0\0truetR", "os.system");
    check_refused(b"cposix\nsystem\n(X\x04\0\0\0truetR", "posix.system");
    check_refused(b"cbuiltins\neval\n(X\x01\0\0\0xtR", "builtins.eval");
    check_refused(b"c__builtin__\neval\n", "__builtin__.eval");
    check_refused(b"cnumpy.core.multiarray\n_reconstruct\n", "numpy.core.multiarray._reconstruct");
    check_refused(
        b"csklearn.linear_model._base\nLinearRegression\n)\x81}b",
        "sklearn.linear_model._base.LinearRegression",
    );
    check_refused(b"cmodels.SmaAt_UNet\nSmaAt_UNet\n)\x81", "models.SmaAt_UNet.SmaAt_UNet");
    check_refused(b"ctorch\nload\n", "torch.load");
    check_refused(b"ctorch._utils\n_rebuild_tensor\n", "torch._utils._rebuild_tensor");
    check_refused(b"ccollections\nOrderedDict.__init__\n", "collections.OrderedDict.__init__");
    check_refused(b"ccollections \nOrderedDict\n", "collections .OrderedDict");
}

#[test]
fn every_way_to_name_is_refused() {
    check_refused(b"X\x02\0\0\0osX\x06\0\0\0system\x93X\x04\0\0\0true\x85R", "os.system");
    check_refused(b"\x8c\x02os\x8c\x06system\x93", "os.system");
    check_refused(b"(X\x04\0\0\0trueios\nsystem\n", "os.system");
    check_refused(b"(icollections\nOrderedDict\n", "collections.OrderedDict");
    check_refused(b"(cos\nsystem\nX\x04\0\0\0trueo", "os.system");
    // From the memo, after the name was read once.
    check_refused(b"cos\nsystem\nq\x00h\x00X\x04\0\0\0true\x85R", "os.system");
}

#[test]
fn a_name_cannot_garble_the_message() {
    let long = "x".repeat(10_000);
    check_refused(b"c\x1b[31m\n\xe2\x80\xaeevil\n", "\\u{1b}[31m.\\u{202e}evil");
    let pickle = beside_weights(format!("c{long}\nf\n").as_bytes());
    let message = read_bytes(&torch_zip(pickle, &small())).unwrap_err().to_string();
    assert!(message.len() < 500, "{} bytes", message.len());
}

#[test]
fn a_bare_pickle_is_refused_by_name() {
    check_error(b"\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R.", "the pickle names `os.system`");
    check_error(b"cos\nsystem\n(S'true'\ntR.", "the pickle names `os.system`");
}

#[track_caller]
fn check_pickle(pickle: Vec<u8>, expected: &str) {
    check_error(&torch_zip(pickle.clone(), &small()), expected);
    check_error(&torch_legacy(pickle, &small()), expected);
}

#[track_caller]
fn check_payload(payload: &[u8], expected: &str) {
    check_pickle(beside_weights(payload), expected);
}

#[test]
fn opcodes_outside_the_subset_are_refused() {
    check_payload(b"cargparse\nNamespace\no", "its pickle uses OBJ");
    check_payload(b"Pid\n", "its pickle uses PERSID");
    check_payload(b"\x82\x01", "its pickle uses EXT");
    check_payload(b"N2", "its pickle uses DUP");
    check_payload(b"N0", "its pickle uses POP");
    check_payload(b"S'x'\n", "its pickle uses text");
    check_payload(b"\x92", "its pickle uses NEWOBJ_EX");
    check_payload(b"\xff", "0xff is no opcode of a tensor checkpoint");
}

#[test]
fn lengths_that_lie_are_found_out() {
    check_payload(b"\x8b\xff\xff\xff\x7f", "it is truncated");
    check_payload(b"\x8b\xff\xff\xff\xff", "an integer of -1 bytes");
    check_payload(b"X\xff\xff\xff\xff", "it is truncated");
    check_payload(b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "it is truncated");
    check_payload(b"h\xfe", "memo 254 is not set");
    check_payload(b"j\xff\xff\xff\xff", "memo 4294967295 is not set");
    check_payload(b"X\x02\0\0\0\xc3\x28", "a string is not UTF-8");
}

#[test]
fn what_does_not_fit_is_not_called() {
    check_payload(b"NNR", "None as arguments");
    check_payload(b"K\x01)R", "an integer as something to call");
    check_payload(b"ctorch\ndevice\n)R", "arguments that do not suit it");
    check_payload(b"ctorch\nFloatStorage\n)R", "arguments that do not suit it");
    check_payload(b"ctorch\nFloatStorage\n)\x81", "a class or function as a class to instantiate");
    check_payload(b"ctorch\ndevice\n}b", "a class or function as something with attributes");
    check_payload(b"NQ", "None as the name of a storage");
    check_payload(b"}K\x01a", "a dictionary is filled wrongly");
    check_payload(b"](K\x01K\x02u", "a list is filled wrongly");
}

#[test]
fn deep_nesting_is_no_recursion() {
    let n = 200_000;
    let tuples = [b"N".to_vec(), vec![0x85; n]].concat();
    assert!(read_bytes(&torch_zip(beside_weights(&tuples), &small())).is_ok());
    let lists = [vec![b']'; n], vec![b'a'; n - 1]].concat();
    assert!(read_bytes(&torch_zip(beside_weights(&lists), &small())).is_ok());
}

/// A dictionary with weights and hyperparameters.
fn with_hyper_parameters(payload: &[u8]) -> Vec<u8> {
    let pickle = Pickle::new().op(b"}(").text("state_dict").state_dict(&small());
    pickle.text("hyper_parameters").op(b"}").text("x").op(payload).op(b"su").end()
}

#[test]
fn hyperparameters_that_multiply_are_left_out() {
    // A list that holds itself; then each list holds the one before ten times.
    let cycle = with_hyper_parameters(b"]q\x01h\x01a");
    let mut bomb = b"]q\x01".to_vec();
    for level in 2..40u8 {
        bomb.extend([b']', b'q', level, b'(']);
        bomb.extend([b'h', level - 1].repeat(10));
        bomb.push(b'e');
    }
    bomb.splice(0..0, *b"(");
    bomb.push(b't');
    // Three levels of thirty: shallow enough, but 27,000 values.
    let mut wide = b"(]q\x01".to_vec();
    for level in 2..5u8 {
        wide.extend([b']', b'q', level, b'(']);
        wide.extend([b'h', level - 1].repeat(30));
        wide.push(b'e');
    }
    wide.push(b't');
    for pickle in [cycle, with_hyper_parameters(&bomb), with_hyper_parameters(&wide)] {
        let read = read_bytes(&torch_zip(pickle, &small())).unwrap();
        assert!(read.hyper_parameters.is_empty(), "{:?}", read.hyper_parameters);
    }
}

/// One text of a megabyte, named ten thousand times.
#[test]
fn long_texts_do_not_multiply() {
    let mut shared = Pickle(b"(".to_vec()).text(&"x".repeat(1 << 20)).op(b"q\x01").0;
    shared.extend(b"h\x01".repeat(9_000));
    shared.push(b't');
    let read = read_bytes(&torch_zip(with_hyper_parameters(&shared), &small())).unwrap();
    assert!(read.hyper_parameters.is_empty());
}

#[test]
fn prefixes_are_not_stripped_for_ever() {
    let name: &'static str = "model.".repeat(100_000).leak();
    let entries = [floats(name, "0", &[1], &[1.0])];
    let state = read_bytes(&torch_zip(Pickle::new().state_dict(&entries).end(), &entries)).unwrap();
    assert_eq!(state.state.tensors.keys().next().unwrap().len(), name.len() - 3 * "model.".len());
}

#[test]
fn the_number_of_values_is_limited() {
    check_payload(&b"N".repeat(1_000_001), "over 1000000 values");
    check_payload(&b"(".repeat(1_000_001), "over 1000000 values");
    let memo: Vec<u8> = b"N\x94".repeat(600_000);
    check_payload(&[memo, vec![b'N'; 500_000]].concat(), "over 1000000 values");
    let text = format!("X{}", "\0".repeat(3));
    let text = [text.as_bytes(), &[0xff], &vec![b'x'; 0xff00_0000 >> 9]].concat();
    check_error(&torch_zip(beside_weights(&text), &small()), "larger than 4 MiB");
}

/// Checks one altered tensor, on a storage of six floats.
#[track_caller]
fn check_entry(alter: impl Fn(&mut Entry), expected: &str) {
    let mut entry = floats("a", "0", &[2, 3], &[1.0; 6]);
    alter(&mut entry);
    let entries = [entry];
    let pickle = Pickle::new().state_dict(&entries).end();
    check_error(&torch_zip(pickle.clone(), &entries), expected);
    check_error(&torch_legacy(pickle, &entries), expected);
}

#[test]
fn tensors_stay_within_their_storage() {
    check_entry(|e| e.shape = vec![2, 4], "does not fit storage `0` of 6 elements");
    check_entry(|e| e.offset = 1, "does not fit storage `0`");
    check_entry(|e| e.strides = vec![4, 1], "does not fit storage `0`");
    check_entry(|e| e.shape = vec![i64::MAX, i64::MAX], "does not fit storage `0`");
    check_entry(|e| e.strides = vec![i64::MAX, i64::MAX], "does not fit storage `0`");
    check_entry(|e| e.offset = i64::MAX, "does not fit storage `0`");
    check_entry(|e| e.shape = vec![0, i64::MAX, 2, 4], "4 sizes but 2 strides");
    check_entry(|e| e.shape = vec![-2, 3], "-2 as a size");
    check_entry(|e| e.strides = vec![-3, 1], "-3 as a stride");
    check_entry(|e| e.offset = -1, "-1 as an offset");
    check_entry(|e| e.strides = vec![3], "2 sizes but 1 strides");
    check_entry(|e| e.n_elements = -6, "-6 as the length of a storage");
    check_entry(|e| (e.shape, e.strides) = (vec![1; 9], vec![1; 9]), "9 dimensions");
}

#[test]
fn repeated_elements_do_not_multiply() {
    let huge = |e: &mut Entry| (e.shape, e.strides) = (vec![1 << 40, 1 << 20], vec![0, 0]);
    check_entry(huge, "repeats its elements");
    // Many tensors on one storage.
    let storage = floats("a", "0", &[20_000], &[1.0].repeat(20_000));
    let names: Vec<&'static str> = (0..200).map(|n| &*format!("a{n}").leak()).collect();
    let entries: Vec<_> = names.iter().map(|name| Entry { name, ..storage.clone() }).collect();
    let file = torch_zip(Pickle::new().state_dict(&entries).end(), &entries);
    check_error(&file, "more numbers than the file has bytes");
}

#[test]
fn storages_have_the_length_they_announce() {
    let entries = small();
    let mut short = entries.clone();
    short[0].bytes.truncate(20);
    check_error(
        &torch_zip(lightning07(&entries), &short),
        "storage `0` has 20 bytes where 6 elements",
    );
    let mut long = entries.clone();
    (long[0].n_elements, long[1].n_elements) = (1 << 60, 1 << 60);
    check_error(&torch_zip(lightning07(&long), &entries), "storage `0` has 24 bytes");
    check_error(&torch_legacy(lightning07(&long), &entries), "storage `0` has 6 elements where");
    check_error(&torch_legacy(lightning07(&long), &long), "ends within storage `0`");
    let mut two_ways = entries.clone();
    two_ways[1].class = "IntStorage";
    check_error(&torch_zip(lightning07(&two_ways), &entries), "describes storage `0` in two ways");
    let mut missing = entries.clone();
    missing.pop();
    check_error(&torch_zip(lightning07(&entries), &missing), "entry `archive/data/2` is missing");
    check_error(&torch_legacy(lightning07(&entries), &missing), "storage `2` is missing");
    check_error(&torch_legacy(lightning07(&missing), &entries), "belongs to no tensor");
}

/// Checks a ZIP with one altered entry.
#[track_caller]
fn check_zip(altered: &str, alter: impl Fn(&mut ZipEntry), expected: &str) {
    let entries = small();
    let mut files = vec![
        ZipEntry::stored("archive/data.pkl", lightning07(&entries)),
        ZipEntry::stored("archive/byteorder", b"little".to_vec()),
    ];
    for (key, bytes) in storages(&entries) {
        files.push(ZipEntry::stored(&format!("archive/data/{key}"), bytes));
    }
    assert!(read_bytes(&zip(&files)).is_ok());
    alter(files.iter_mut().find(|file| file.name == altered).unwrap());
    check_error(&zip(&files), expected);
}

#[test]
fn zips_that_lie_are_found_out() {
    check_zip("archive/data/0", |e| e.crc ^= 1, "entry `archive/data/0` of the ZIP cannot be read");
    check_zip("archive/data.pkl", |e| e.bytes[9] ^= 1, "archive/data.pkl");
    check_zip(
        "archive/byteorder",
        |e| *e = ZipEntry::stored(&e.name, b"big".to_vec()),
        "not little-endian",
    );
    check_zip("archive/data/0", |e| (e.method, e.n_bytes) = (8, u32::MAX - 1), "is compressed");
    check_zip("archive/data.pkl", |e| (e.method, e.n_bytes) = (8, u32::MAX - 1), "is compressed");
    check_zip("archive/data/0", |e| e.n_bytes = 0x7fff_ffff, "damaged");
    check_zip("archive/data/0", |e| e.flags = 1, "encrypted");
    check_zip("archive/data/0", |e| e.name = "archive/data/1".into(), "the same name");
    check_zip("archive/data/0", |e| e.name = "../data/0".into(), "`archive/data/0` is missing");
    check_zip("archive/data/0", |e| e.name = "other/data.pkl".into(), "more than one `data.pkl`");
}

#[test]
fn entries_that_share_bytes_are_refused() {
    // A whole entry lies within the bytes of another, and the directory names both.
    let inner = ZipEntry::stored("archive/data/1", vec![7; 8]);
    let mut bytes = zip(&[ZipEntry::stored("archive/data/1", vec![7; 8])]);
    bytes.truncate(bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap());
    let outer = ZipEntry::stored("archive/data/0", bytes);
    let outer_start = 30 + outer.name.len() as u32;
    let mut file = zip(&[outer, inner]);
    let last = file.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    file[last + 42..last + 46].copy_from_slice(&outer_start.to_le_bytes());
    check_error(&file, "entries of the ZIP overlap");
}

#[test]
fn tensors_are_named_once_and_stand_alone() {
    let entries = [floats("a", "0", &[1], &[1.0]), floats("a", "1", &[1], &[2.0])];
    let file = torch_zip(Pickle::new().state_dict(&entries).end(), &entries);
    check_error(&file, "it holds `a` twice");
    let check = |pickle, expected| check_error(&torch_zip(pickle, &[]), expected);
    check(Pickle::new().op(b"}").text("a").int(1).op(b"s").end(), "it holds no tensors");
    check(Pickle::new().op(b"}").text("state_dict").op(b"}s").end(), "it holds no tensors");
    check(Pickle::new().op(b"}").text("state_dict").op(b"Ns").end(), "`state_dict` is None");
    check(Pickle::new().op(b"]").end(), "it holds a list");
    check(Pickle::new().op(b"}").end(), "it holds no tensors");
}
