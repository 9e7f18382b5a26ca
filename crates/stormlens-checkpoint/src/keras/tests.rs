//! Files as different versions of Keras write them, and files that are none.

mod keras_3;

use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};

use crate::{CheckpointError, Container, Foreign, Layout, read};

/// Residual blocks of the network that the files hold.
const N_BLOCKS: usize = 7;

/// A layer as a file has it: its name, and name and shape of its arrays.
type Layer = (String, Vec<(&'static str, Vec<u64>)>);

/// What differs between files.
#[derive(Clone)]
struct Style {
    /// How many models the process had made before: counters go on.
    n_models_before: usize,
    has_variable_length: bool,
    /// The attribute `layer_names` is cut in two.
    is_split: bool,
    /// The weights alone, at the root.
    is_bare: bool,
    config: Option<String>,
    /// Changes the layers before they are written.
    change: fn(&mut Vec<Layer>),
}

impl Default for Style {
    fn default() -> Self {
        Self {
            n_models_before: 0,
            has_variable_length: true,
            is_split: false,
            is_bare: false,
            config: None,
            change: |_| {},
        }
    }
}

/// The network's layers in topological order, some without weights among them.
fn layers(n_models_before: usize) -> Vec<Layer> {
    let widths = [8, 8, 16, 32, 64, 128, 256, 512, 1024];
    let mut counters = std::collections::BTreeMap::new();
    let mut layers: Vec<Layer> = Vec::new();
    let mut push = |kind: &'static str, per_model: usize, arrays| {
        let counter = counters.entry(kind).or_insert(n_models_before * per_model);
        let name = if *counter == 0 { kind.into() } else { format!("{kind}_{counter}") };
        *counter += 1;
        layers.push((name, arrays));
    };
    let conv = |n_in, n_out, side| {
        vec![("kernel:0", vec![side, side, n_in, n_out]), ("bias:0", vec![n_out])]
    };
    let separable = |n_in, n_out| {
        vec![
            ("depthwise_kernel:0", vec![3, 3, n_in, 1]),
            ("pointwise_kernel:0", vec![1, 1, n_in, n_out]),
            ("bias:0", vec![n_out]),
        ]
    };
    let norm = |n: u64| {
        ["gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"].map(|a| (a, vec![n])).to_vec()
    };
    push("input", 1, vec![]);
    push("conv2d", 8, conv(3, widths[0], 3));
    push("batch_normalization", 16, norm(widths[0]));
    for n in 1..=N_BLOCKS {
        let (n_in, n_out) = (widths[n - 1], widths[n]);
        for n_in in [n_in, n_out] {
            push("separable_conv2d", 15, separable(n_in, n_out));
            push("batch_normalization", 16, norm(n_out));
            push("activation", 16, vec![]);
        }
        push("conv2d", 8, conv(n_in, n_out, 1));
        push("add", 7, vec![]);
    }
    push("separable_conv2d", 15, separable(widths[7], widths[8]));
    push("batch_normalization", 16, norm(widths[8]));
    push("dense", 1, vec![("kernel:0", vec![widths[8], 2]), ("bias:0", vec![2])]);
    layers
}

/// Values that tell where in the file they were: the array's number and the place in it.
fn values(array: usize, n: usize) -> Vec<f32> {
    (0..n).map(|place| array as f32 + place as f32 / (1 << 20) as f32).collect()
}

fn write(style: &Style) -> Vec<u8> {
    let mut layers = layers(style.n_models_before);
    (style.change)(&mut layers);
    let mut file = FileBuilder::new();
    let text = |text: &str| match style.has_variable_length {
        true => AttrValue::VarLenString(text.into()),
        false => AttrValue::String(text.into()),
    };
    if let Some(config) = &style.config {
        file.set_attr("model_config", text(config));
        file.set_attr("keras_version", text("2.5.0"));
    }
    if style.is_bare {
        let names = names(&layers, style);
        names.into_iter().for_each(|(name, value)| file.set_attr(&name, value));
        let mut n_arrays = 0;
        for layer in &layers {
            let mut group = file.create_group(&layer.0);
            fill(&mut group, layer, style, &mut n_arrays);
            file.add_group(group.finish());
        }
    } else {
        let mut model = file.create_group("model_weights");
        let names = names(&layers, style);
        names.into_iter().for_each(|(name, value)| model.set_attr(&name, value));
        let mut n_arrays = 0;
        for layer in &layers {
            let mut group = model.create_group(&layer.0);
            fill(&mut group, layer, style, &mut n_arrays);
            model.add_group(group.finish());
        }
        file.add_group(model.finish());
    }
    file.finish().expect("a file")
}

fn texts(texts: Vec<String>, style: &Style) -> AttrValue {
    match style.has_variable_length {
        true => AttrValue::VarLenStringArray(texts),
        false => AttrValue::AsciiStringArray(texts),
    }
}

fn names(layers: &[Layer], style: &Style) -> Vec<(String, AttrValue)> {
    let all: Vec<String> = layers.iter().map(|(name, _)| name.clone()).collect();
    if !style.is_split {
        return vec![("layer_names".into(), texts(all, style))];
    }
    let parts = all.chunks(40).enumerate();
    parts.map(|(n, part)| (format!("layer_names{n}"), texts(part.to_vec(), style))).collect()
}

fn fill(group: &mut GroupBuilder, (name, arrays): &Layer, style: &Style, n_arrays: &mut usize) {
    if arrays.is_empty() {
        group.set_attr("weight_names", AttrValue::F64Array(vec![]));
        return;
    }
    let names = arrays.iter().map(|(array, _)| format!("{name}/{array}")).collect();
    group.set_attr("weight_names", texts(names, style));
    let mut inner = group.create_group(name);
    for (array, shape) in arrays {
        let n = shape.iter().product::<u64>() as usize;
        let dataset = inner.create_dataset(array);
        dataset.with_f32_data(&values(*n_arrays, n)).with_shape(shape);
        *n_arrays += 1;
    }
    group.add_group(inner.finish());
}

fn read_bytes(bytes: &[u8]) -> Result<Foreign, CheckpointError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.h5");
    std::fs::write(&path, bytes).unwrap();
    read(&path)
}

#[track_caller]
fn check_read(style: Style) -> Foreign {
    let file = read_bytes(&write(&style)).unwrap();
    assert_eq!((file.container, file.layout), (Container::Hdf5, Layout::Keras));
    let n_numbers = file.state.tensors.values().map(|tensor| tensor.values.len()).sum::<usize>();
    assert_eq!((file.state.tensors.len(), n_numbers), (127, 1_260_322));
    // The third array of the second separable convolution: 2 of the stem, 4 of its
    // norm, 3 of the first convolution, 4 of its norm come before.
    let bias = &file.state.tensors["separable_conv2d_1.pointwise.bias"];
    assert_eq!(bias.as_f32().unwrap(), values(15, 8));
    file
}

#[test]
fn layers_go_by_position_whatever_they_are_called() {
    let expected = check_read(Style::default()).state.sha256();
    let check = |style| assert_eq!(check_read(style).state.sha256(), expected);
    check(Style { n_models_before: 1, ..Style::default() });
    check(Style { n_models_before: 3, has_variable_length: false, ..Style::default() });
    check(Style { has_variable_length: false, is_bare: true, ..Style::default() });
    check(Style { is_split: true, ..Style::default() });
    check(Style { is_split: true, is_bare: true, n_models_before: 2, ..Style::default() });
}

#[test]
fn axes_are_put_in_our_order() {
    let state = check_read(Style::default()).state;
    let check = |name: &str, ours: &[usize], array: usize, place: usize| {
        let tensor = &state.tensors[name];
        let at = tensor.shape.iter().zip(ours).fold(0, |at, (n, i)| at * n + i);
        assert_eq!(tensor.as_f32().unwrap()[at], values(array, place + 1)[place], "{name}");
    };
    // [out, in, row, column] here, [row, column, in, out] there: 3 × 3 × 3 × 8.
    check("conv2d.weight", &[5, 2, 1, 0], 0, (3 * 3 + 2) * 8 + 5);
    // [channel, 1, row, column] here, [row, column, channel, 1] there: 3 × 3 × 8 × 1.
    check("separable_conv2d.depthwise.weight", &[6, 0, 2, 1], 6, (3 * 2 + 1) * 8 + 6);
    // [out, in, 1, 1] here, [1, 1, in, out] there: 8 × 8.
    check("separable_conv2d.pointwise.weight", &[3, 7, 0, 0], 7, 7 * 8 + 3);
    // [out, in] here, [in, out] there; the last array but one of 127.
    check("dense.weight", &[1, 700], 125, 2 * 700 + 1);
}

fn config(input: &str, crop: &str) -> Option<String> {
    Some(format!(
        r#"{{"class_name": "Functional", "config": {{"layers": [
            {{"class_name": "InputLayer", "config": {{"batch_input_shape": [null, {input}, 3]}}}},
            {{"class_name": "Sequential", "config": {{"layers": [
                {{"class_name": "RandomZoom", "config": {{"height_factor": [-0.15, 0.15]}}}},
                {{"class_name": "CenterCrop", "config": {{{crop}}}}}
            ]}}}}
        ]}}}}"#
    ))
}

#[test]
fn sides_come_from_the_configuration_where_there_is_one() {
    let check = |config: Option<String>, expected: [Option<u64>; 2]| {
        let file = check_read(Style { config, ..Style::default() });
        let found = ["input_px", "crop_px"].map(|name| file.hyper_parameters.get(name)?.as_u64());
        assert_eq!(found, expected);
    };
    check(None, [None, None]);
    check(config("800, 800", r#""height": 512, "width": 512"#), [Some(800), Some(512)]);
    let of_keras_3 = config("192, 192", r#""height": 128, "width": 128"#);
    let of_keras_3 = of_keras_3.map(|text| text.replace("batch_input_shape", "batch_shape"));
    check(of_keras_3, [Some(192), Some(128)]);
    check(config("800, 700", r#""height": 512, "width": 512"#), [None, Some(512)]);
    check(config("800, 800", r#""height": "512", "width": -1"#), [Some(800), None]);
    check(Some("[]".into()), [None, None]);
}

#[track_caller]
fn check_error(style: Style, expected: &str) {
    let message = read_bytes(&write(&style)).unwrap_err().to_string();
    assert!(message.contains(expected), "`{expected}` is not in `{message}`");
    assert!(message.contains("model.h5"), "no file in `{message}`");
}

#[test]
fn what_does_not_fit_is_named_by_its_layer() {
    let changed = |change| Style { change, ..Style::default() };
    check_error(
        changed(|layers| layers[6].1[1].1 = vec![8, 9]),
        "its layer `separable_conv2d_1` has a pointwise_kernel of 2 dimensions, not 4",
    );
    check_error(changed(|layers| layers[1].1[1].0 = "offset:0"), "its layer `conv2d` has no bias");
    check_error(
        changed(|layers| layers[1].1[0].0 = "recurrent_kernel:0"),
        "its layer `conv2d` has the weights recurrent_kernel, bias: no kind",
    );
    check_error(
        Style { config: Some("{".into()), ..Style::default() },
        "its configuration is no JSON",
    );
    check_error(
        Style { config: config("128, 128", r#""height": 512, "width": 512"#), ..Style::default() },
        "it cuts 512 pixels out of a picture of 128",
    );
}

/// A chunk that repeats one number takes a few bytes of the file and any amount of memory.
#[test]
fn more_numbers_than_bytes_are_not_read() {
    let mut file = FileBuilder::new();
    let names = AttrValue::VarLenStringArray(vec!["dense".into()]);
    file.set_attr("layer_names", names);
    let mut group = file.create_group("dense");
    let weights = ["dense/kernel:0", "dense/bias:0"].map(str::to_owned).to_vec();
    group.set_attr("weight_names", AttrValue::VarLenStringArray(weights));
    let mut inner = group.create_group("dense");
    for (name, shape) in [("kernel:0", vec![1000, 1000]), ("bias:0", vec![1000])] {
        let n = shape.iter().product::<u64>() as usize;
        let dataset = inner.create_dataset(name);
        dataset.with_f32_data(&vec![0.0; n]).with_shape(&shape).with_chunks(&shape).with_deflate(9);
    }
    group.add_group(inner.finish());
    file.add_group(group.finish());
    let message = read_bytes(&file.finish().unwrap()).unwrap_err().to_string();
    assert!(message.contains("more numbers than the file has bytes"), "{message}");
}

#[test]
fn other_hdf5_files_are_no_checkpoints() {
    let mut file = FileBuilder::new();
    let mut group = file.create_group("image1");
    group.create_dataset("image_data").with_f32_data(&[1.0]).with_shape(&[1]);
    file.add_group(group.finish());
    let message = read_bytes(&file.finish().unwrap()).unwrap_err().to_string();
    assert!(message.contains("without the layers of Keras"), "{message}");
}

#[test]
fn files_that_are_cut_off_are_refused() {
    let bytes = write(&Style::default());
    for n in [9, 50, 100, 1000, bytes.len() / 2, bytes.len() - 1] {
        assert!(read_bytes(&bytes[..n]).is_err(), "{n} of {} bytes", bytes.len());
    }
}

/// Damage may go unseen where it hits a weight, but never ends the program.
#[test]
fn damaged_files_never_panic() {
    let config = config("8, 8", r#""height": 8, "width": 8"#);
    let bytes = write(&Style { config, ..Style::default() });
    let signatures = [&b"OHDR"[..], b"GCOL", b"FRHP", b"FADB", b"BTHD", b"OCHK"];
    let is_metadata = |at: usize| {
        let part = &bytes[at..(at + 64).min(bytes.len())];
        part.windows(4).any(|four| signatures.contains(&four))
    };
    let marked = (0..bytes.len()).step_by(64).filter(|&at| is_metadata(at));
    let positions: Vec<usize> =
        (0..400).step_by(7).chain(marked.step_by(3).flat_map(|at| [at + 7, at + 31])).collect();
    for position in positions.into_iter().filter(|&p| p < bytes.len()) {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0xff;
        let _ = crate::parse(&damaged);
    }
}

/// Also in files of the authors' own library, whose older structures our writer does not make.
#[test]
fn damaged_files_of_the_reference_never_panic() {
    let Some(path) = crate::tests::full_path("polar_low/polar_low_1024.h5") else { return };
    let bytes = std::fs::read(path).unwrap();
    for position in (0..4000).step_by(41).chain((4000..bytes.len()).step_by(350_003)) {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0xff;
        let _ = crate::parse(&damaged);
    }
}
