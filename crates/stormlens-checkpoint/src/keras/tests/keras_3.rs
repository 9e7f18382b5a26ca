//! The three files that Keras 3 writes of one network, and files that only look like them.

use std::io::Write as _;
use std::path::Path;

use super::*;
use crate::Values;

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras").join(name);
    std::fs::read(path).expect(name)
}

fn side(file: &Foreign, name: &str) -> Option<u64> {
    file.hyper_parameters.get(name)?.as_u64()
}

#[test]
fn all_files_of_keras_3_hold_the_same_network() {
    let whole = read_bytes(&file("model.h5")).unwrap();
    let weights = read_bytes(&file("model.weights.h5")).unwrap();
    let archive = read_bytes(&file("model.keras")).unwrap();
    assert_eq!(whole.state.tensors.len(), 127);
    for other in [&weights, &archive] {
        assert_eq!(other.state.sha256(), whole.state.sha256());
        assert_eq!(other.layout, Layout::Keras);
    }
    assert_eq!((weights.container, archive.container), (Container::Hdf5, Container::KerasArchive));
    for known in [&whole, &archive] {
        assert_eq!([side(known, "input_px"), side(known, "crop_px")], [Some(48), Some(32)]);
        assert_eq!(known.hyper_parameters["keras_version"], "3.15.1");
    }
    // Weights alone do not say for what pictures they are.
    assert_eq!([side(&weights, "input_px"), side(&weights, "crop_px")], [None, None]);
}

/// A layer of a file: its name, and the shapes of its arrays.
type Numbered<'a> = (&'a str, &'a [&'a [u64]]);

fn numbered(container: &str, layers: &[Numbered]) -> Vec<u8> {
    let mut file = FileBuilder::new();
    let mut all = file.create_group(container);
    for (n_layer, (name, shapes)) in layers.iter().enumerate() {
        let mut layer = all.create_group(name);
        let mut variables = layer.create_group("vars");
        for (n, shape) in shapes.iter().enumerate() {
            let n_values = shape.iter().product::<u64>() as usize;
            let values = vec![(n_layer * 10 + n) as f32; n_values];
            variables.create_dataset(&n.to_string()).with_f32_data(&values).with_shape(shape);
        }
        layer.add_group(variables.finish());
        all.add_group(layer.finish());
    }
    file.add_group(all.finish());
    file.finish().expect("a file")
}

const DENSE: &[&[u64]] = &[&[1, 1], &[1]];

#[test]
fn layers_come_in_the_order_of_their_counters() {
    // By the alphabet, dense_10 would stand before dense_9.
    let names: Vec<String> =
        (0..12).map(|n| if n == 0 { "dense".into() } else { format!("dense_{n}") }).collect();
    let layers: Vec<Numbered> = names.iter().map(|name| (name.as_str(), DENSE)).collect();
    for container in ["layers", "_layer_checkpoint_dependencies"] {
        let state = read_bytes(&numbered(container, &layers)).unwrap().state;
        for n in 0..12 {
            let name = if n == 0 { "dense.weight".into() } else { format!("dense_{n}.weight") };
            assert_eq!(state.tensors[&name].values, Values::F32(vec![(n * 10) as f32]), "{name}");
        }
    }
}

#[track_caller]
fn refuses(bytes: &[u8], expected: &str) {
    let message = read_bytes(bytes).unwrap_err().to_string();
    assert!(message.contains(expected), "`{expected}` is not in `{message}`");
}

#[test]
fn what_does_not_fit_is_named() {
    refuses(&numbered("layers", &[("dense", &[&[1, 1]])]), "its layer `dense` has 1 arrays, not 2");
    refuses(&numbered("layers", &[("lstm", DENSE)]), "its layer `lstm` is of no kind that is read");
    // A layer with a name of its own says nothing of its place.
    refuses(&numbered("layers", &[("classifier", DENSE)]), "its layer `classifier` is of no kind");
    let flat: &[&[u64]] = &[&[4], &[1]];
    refuses(&numbered("layers", &[("dense", flat)]), "has a kernel of 1 dimensions, not 2");
    refuses(&numbered("image1", &[("dense", DENSE)]), "without the layers of Keras");
}

/// As `.keras`, with a member changed.
fn archive(change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let bytes = file("model.keras");
    let mut members = stormlens_data::files::open_zip(&bytes).unwrap();
    for idx in 0..members.len() {
        let mut member = members.by_index(idx).unwrap();
        let (name, mut content) = (member.name().unwrap().into_owned(), Vec::new());
        std::io::Read::read_to_end(&mut member, &mut content).unwrap();
        let Some(content) = change(&name, content) else { continue };
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&content).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn archives_are_read_packed_and_without_what_they_do_not_need() {
    let expected = read_bytes(&file("model.keras")).unwrap().state.sha256();
    let packed = archive(|_, content| Some(content));
    assert_eq!(read_bytes(&packed).unwrap().state.sha256(), expected);
    let bare = archive(|name, content| name.ends_with(".h5").then_some(content));
    let bare = read_bytes(&bare).unwrap();
    assert_eq!((bare.state.sha256(), side(&bare, "input_px")), (expected, None));
}

#[test]
fn damaged_archives_are_refused() {
    let changed = |wanted: &'static str, content: &'static [u8]| {
        archive(move |name, old| Some(if name == wanted { content.to_vec() } else { old }))
    };
    refuses(&changed("config.json", b"{"), "its configuration is no JSON");
    refuses(&changed("config.json", b"\xff"), "entry `config.json` of the ZIP is not UTF-8");
    refuses(&changed("model.weights.h5", b""), "cannot be read as HDF5");
    let without = archive(|name, content| (!name.ends_with(".h5")).then_some(content));
    refuses(&without, "a ZIP without `data.pkl`");
    let bytes = file("model.keras");
    for n in [50, 1000, bytes.len() / 2, bytes.len() - 30] {
        assert!(read_bytes(&bytes[..n]).is_err(), "{n} of {} bytes", bytes.len());
    }
}

/// Damage may go unseen where it hits a weight, but never ends the program.
#[test]
fn damaged_files_of_keras_3_never_panic() {
    for name in ["model.weights.h5", "model.keras"] {
        let bytes = file(name);
        for position in (0..bytes.len()).step_by(bytes.len() / 300) {
            let mut damaged = bytes.clone();
            damaged[position] ^= 0xff;
            let _ = crate::parse(&damaged);
        }
    }
}
