//! Files of weights as the authors of SpaT-SparK save them, and what is said of their stage.

use std::io::{Cursor, Write as _};

use stormlens_checkpoint::{Metadata, Precision, StateDict, Tensor, Values};
use stormlens_data::files::npy::write_npy_f32;
use stormlens_nn::models::spat_spark::FLOOR;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::bench::Bench;

const PRE_TRAINED: &str = "checkpoints/spat-spark/pre-germany-2018/weights.safetensors";
const PREDICT: &str = "predict --model spat-spark --input @x.npy --output @y.npy";
const REBUILT: &str = "the frames that went in, rebuilt";
const FORECAST: &str = "the frames that follow";

/// The shipped weights of the pre-training, which have no translation, and what stands beside them.
fn pre_trained() -> (StateDict, Metadata) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = stormlens_checkpoint::read(&root.join(PRE_TRAINED)).expect("shipped weights");
    (file.state, file.metadata.expect("ours"))
}

/// The same without what only weights of this program state.
fn of_the_authors() -> StateDict {
    let (mut state, _) = pre_trained();
    state.tensors.retain(|name, _| name != FLOOR);
    state
}

/// A bench with a sequence of frames.
fn bench() -> Bench {
    let bench = Bench::new();
    let rain = |i: usize| if i % 96 > 40 { 0.002 * ((i % 13) as f32) } else { 0.0 };
    let values: Vec<f32> = (0..12 * 64 * 96).map(rain).collect();
    write_npy_f32(&bench.path("x.npy"), &[1, 12, 64, 96], &values).expect("a file");
    bench
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

fn integers(out: &mut Vec<u8>, numbers: &[usize]) {
    out.push(b'(');
    for &number in numbers {
        out.push(b'J');
        out.extend(i32::try_from(number).expect("small").to_le_bytes());
    }
    out.push(b't');
}

/// A call of `torch._utils._rebuild_tensor_v2`, on the storage of that number.
fn tensor(out: &mut Vec<u8>, storage: usize, tensor: &Tensor) {
    let class = match tensor.values {
        Values::F32(_) => "FloatStorage",
        Values::I64(_) => "LongStorage",
    };
    let mut strides = vec![1; tensor.shape.len()];
    for axis in (1..tensor.shape.len()).rev() {
        strides[axis - 1] = strides[axis] * tensor.shape[axis];
    }
    out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
    text(out, "storage");
    out.extend(format!("ctorch\n{class}\n").as_bytes());
    text(out, &storage.to_string());
    text(out, "cpu");
    out.push(b'J');
    out.extend(i32::try_from(tensor.values.len()).expect("small").to_le_bytes());
    out.extend(b"tQJ\0\0\0\0");
    integers(out, &tensor.shape);
    integers(out, &strides);
    out.extend(b"\x89ccollections\nOrderedDict\n)RtR");
}

/// The tensors as an ordered dictionary, with the authors' entry `config`, which is none, among them.
fn module(out: &mut Vec<u8>, state: &StateDict, has_config: bool) {
    out.extend(b"ccollections\nOrderedDict\n)R(");
    for (storage, (name, value)) in state.tensors.iter().enumerate() {
        text(out, name);
        tensor(out, storage, value);
    }
    if has_config {
        text(out, "config");
        out.extend(b"}(");
        text(out, "mask_ratio");
        out.push(b'G');
        out.extend(0.6f64.to_be_bytes());
        text(out, "densify_norm_str");
        text(out, "bn");
        out.push(b'u');
    }
    out.push(b'u');
}

/// A file as `torch.save` writes it: of a dictionary that says whether it is of the pre-training, or of the tensors alone.
fn save(bench: &Bench, name: &str, state: &StateDict, is_pre_training: Option<bool>) {
    let mut pickle = b"\x80\x02".to_vec();
    match is_pre_training {
        None => module(&mut pickle, state, false),
        Some(is) => {
            pickle.extend(b"}(");
            text(&mut pickle, "arch");
            text(&mut pickle, "resnet18_chan12");
            text(&mut pickle, "module");
            module(&mut pickle, state, true);
            text(&mut pickle, "is_pretrain");
            pickle.push(if is { 0x88 } else { 0x89 });
            pickle.push(b'u');
        }
    }
    pickle.push(b'.');
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut add = |name: &str, bytes: &[u8]| {
        zip.start_file(format!("archive/{name}"), options).expect("an entry");
        zip.write_all(bytes).expect("there is room");
    };
    add("data.pkl", &pickle);
    for (storage, value) in state.tensors.values().enumerate() {
        let bytes: Vec<u8> = match &value.values {
            Values::F32(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Values::I64(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        };
        add(&format!("data/{storage}"), &bytes);
    }
    let bytes = zip.finish().expect("an archive").into_inner();
    std::fs::write(bench.path(name), bytes).expect("a file");
}

/// What weights from a file give.
fn check(bench: &Bench, name: &str, more: &str, expected: &str) {
    let said = bench.succeeds(&format!("{PREDICT} --checkpoint @{name} {more}"));
    assert!(said.contains(expected), "{name} {more}: {said}");
}

/// `{model}_withdecoder_1k…_spark_style.pth`: weights within a dictionary that says their stage.
#[test]
fn the_authors_dictionary_says_the_stage() {
    let (bench, state) = (bench(), of_the_authors());
    for (is_pre_training, expected) in [(true, REBUILT), (false, FORECAST)] {
        save(&bench, "spark_style.pth", &state, Some(is_pre_training));
        check(&bench, "spark_style.pth", "", expected);
        let import = "import --from @spark_style.pth --output @ours.safetensors";
        let said = bench.succeeds(import);
        assert!(said.contains("beside the weights of the network: config"), "{said}");
        check(&bench, "ours.safetensors", "", expected);
        // What the file says cannot be contradicted.
        let other = if is_pre_training { "finetune" } else { "pretrain" };
        bench.fails(&format!("{import} --stage {other}"), &["leave out what it states"]);
    }
}

/// `…_onlyweights_style.pth`: tensors alone, of which nobody can tell what they were trained for.
#[test]
fn of_weights_alone_the_stage_is_said() {
    let (bench, state) = (bench(), of_the_authors());
    save(&bench, "onlyweights_style.pth", &state, None);
    check(&bench, "onlyweights_style.pth", "", REBUILT);
    check(&bench, "onlyweights_style.pth", "--stage finetune", FORECAST);
    for (stage, expected) in [("pretrain", REBUILT), ("finetune", FORECAST)] {
        bench.succeeds(&format!(
            "import --from @onlyweights_style.pth --stage {stage} --output @ours.safetensors"
        ));
        check(&bench, "ours.safetensors", "", expected);
    }
    bench.fails(
        "import --from @onlyweights_style.pth --stage later --output @ours.safetensors",
        &["must be pretrain or finetune"],
    );
    // The same from our own format, where nothing is stated of frames.
    let (state, metadata) = pre_trained();
    let silent = Metadata { field: None, frame_step_min: None, lead_times_min: None, ..metadata };
    let path = bench.path("silent.safetensors");
    stormlens_checkpoint::write_safetensors(&path, &state, &silent, Precision::F32)
        .expect("a file");
    bench.succeeds("import --from @silent.safetensors --stage finetune --output @ours.safetensors");
    check(&bench, "ours.safetensors", "", FORECAST);
    // Others have no stages, and shipped weights say theirs.
    let refused = |from: &str, words: &[&str]| {
        let import = format!("import --from {from} --output @ours.safetensors");
        bench.fails(&format!("{import} --stage finetune"), words);
    };
    refused(PRE_TRAINED, &["leave out what it states"]);
    refused(
        "checkpoints/smaat-unet/narrow-knmi-20100826/weights.safetensors",
        &["leave --stage out", "has no pre-training"],
    );
}

/// `…_timm_style.pth`: an encoder alone.
#[test]
fn an_encoder_alone_is_called_what_it_is() {
    let (bench, state) = (bench(), of_the_authors());
    let (encoder, _) = state.below("sparse_encoder.sp_cnn.");
    save(&bench, "timm_style.pth", &encoder, None);
    let words = ["an encoder alone", "`…_spark_style.pth`", "`start_from` of `stormlens train`"];
    bench.fails(&format!("{PREDICT} --checkpoint @timm_style.pth"), &words);
    bench.fails("import --from @timm_style.pth --output @ours.safetensors", &words);
}
