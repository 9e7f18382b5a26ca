//! What `predict`, `explain` and `nowcast` say of input that they do not take: before anything is computed.

use crate::commands::SHIPPED;
use std::fs;
use std::process::Command;

use stormlens_data::files::npy;

use crate::bench::Bench;

const SCENES: &str = "checkpoints/polar-low/simulated-192/weights.safetensors";

const FIELDS: &str = "checkpoints/sslpdl/iberia-narrow/weights.safetensors";

/// Before anything is computed, and before a large array is read.
#[test]
fn what_takes_more_memory_than_the_limit_is_refused_in_words() {
    let bench = Bench::new();
    let sample = format!("--checkpoint {SHIPPED} knmi-20100826T0535 --memory-limit 100MB");
    let words = ["288 × 288 pixels", "the limit is 0.1 GB", "--memory-limit 1GB"];
    bench.fails(&format!("predict {sample} --output @y.npy"), &words);
    bench.fails(&format!("explain {sample} --output @y.npz"), &words);
    // A head that says what 20 GB would be, and nothing behind it.
    let mut head = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 20000, 20000), }";
    head.extend(format!("{shape:<117}\n").bytes());
    fs::write(bench.path("large.npy"), &head).expect("a file");
    let file = fs::File::options().write(true).open(bench.path("large.npy")).expect("a file");
    file.set_len(head.len() as u64 + 12 * 20_000 * 20_000 * 4).expect("it is sparse");
    bench.fails(
        &format!("predict --checkpoint {SHIPPED} --input @large.npy --output @y.npy"),
        &["large.npy", "at most"],
    );
    bench.fails(
        &format!("predict --checkpoint {SHIPPED} --input /dev/zero --output @y.npy"),
        &["/dev/zero is a device"],
    );
}

/// Neither a device nor a pipe is read, whichever option names it.
#[cfg(unix)]
#[test]
fn endless_inputs_are_refused_at_once_wherever_a_file_is_named() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    // A file of windows by its name.
    let pipe = "input-length_12.h5";
    let made = Command::new("mkfifo").arg(bench.path(pipe)).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo belongs to POSIX");
    let evaluate = format!("evaluate --checkpoint {SHIPPED} --dataset");
    bench.fails(&format!("{evaluate} @{pipe}"), &["input-length_12.h5 is a"]);
    for (input, words) in
        [("/dev/zero", "/dev/zero is a device"), ("@input-length_12.h5", "input-length_12.h5 is a")]
    {
        for command in [
            format!("predict --checkpoint {SHIPPED} --input {input} --output @y.npy"),
            format!("predict --model polar-low --input {input} --output @y.json"),
            format!("predict --checkpoint {input} --input @x.npy --output @y.npy"),
            format!("render {input} --output @y.png"),
        ] {
            bench.fails(&command, &[words]);
        }
        let import = format!("import --from {input} --output @w.safetensors");
        bench.fails(&import, &["not a regular file"]);
        for command in [
            format!("train {input}"),
            format!("{evaluate} data/knmi --split-file {input}"),
            format!("import --from {SCENES} --output @w.safetensors --trained-with {input}"),
            format!("import --from {FIELDS} --output @w.safetensors --fields {input}"),
        ] {
            bench.fails(&command, &[words]);
        }
    }
}

/// What changes nothing would be taken for something that does.
#[test]
fn options_of_methods_that_are_not_asked_are_refused() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    let explain = format!("explain --checkpoint {SHIPPED} --input @x.npy --output @e.npz");
    let steps = "integrated-gradients.steps=4";
    bench
        .fails(&format!("{explain} {steps}"), &["integrated-gradients.steps changes nothing here"]);
    bench.fails(
        &format!("{explain} --method integrated-gradients layers=cbam1"),
        &["layers changes nothing here"],
    );
    bench.fails(
        &format!("{explain} --method integrated-gradients integrated-gradients.steps=1"),
        &["integrated-gradients.steps", "from 2 to 1600"],
    );
    let alone = format!("explain --checkpoint {SHIPPED} --input @x.npy --output @e.npy");
    bench.fails(&alone, &["prediction alone"]);
}

#[test]
fn bad_frames_are_refused_in_words() {
    let bench = Bench::new();
    let check = |name: &str, expected: &[&str]| {
        let input = format!("--checkpoint {SHIPPED} --output @y.npz --input @{name}");
        bench.fails(&format!("predict {input}"), expected);
        bench.fails(&format!("explain {input}"), expected);
        assert!(!bench.path("y.npz").exists(), "{name} left a file");
    };
    bench.frames("odd.npy", &[12, 30, 32]);
    check("odd.npy", &["30 × 32 pixels", "multiples of 16", "32 × 32"]);
    bench.frames("few.npy", &[6, 32, 32]);
    check("few.npy", &["6 frames", "takes 12"]);
    bench.frames("flat.npy", &[32, 32]);
    check("flat.npy", &["[32, 32]", "[frames, height, width]"]);
    bench.frames("empty.npy", &[12, 0, 32]);
    check("empty.npy", &["nothing in it"]);
    let mut values = vec![0.0; 12 * 32 * 32];
    values[32 * 32 + 33] = f32::NAN;
    npy::write_npy_f32(&bench.path("nan.npy"), &[12, 32, 32], &values).expect("an array");
    check("nan.npy", &["NaN in channel 1, row 1, column 1", "missing values"]);
    values[32 * 32 + 33] = -0.25;
    npy::write_npy_f32(&bench.path("less.npy"), &[12, 32, 32], &values).expect("an array");
    check("less.npy", &["-0.25 in frame 1, row 1, column 1", "never negative"]);
    fs::write(bench.path("text.npy"), "no array").expect("a file");
    check("text.npy", &["text.npy"]);
    check("absent.npy", &["absent.npy"]);
}

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    let files = "--input @x.npy --output @e.npz";
    bench.fails(
        &format!("predict --model resnet --checkpoint {SHIPPED} {files}"),
        &["resnet", "choose one of: sar-unet"],
    );
    bench.fails(
        &format!("explain --checkpoint {SHIPPED} layers=cbam9 {files}"),
        &["cbam9", "RRCNN1", "Up_RRCNN2.Conv_1x1"],
    );
    bench.fails(
        &format!("explain --checkpoint {SHIPPED} --method lime {files}"),
        &["lime", "grad-cam", "integrated-gradients", "saliency"],
    );
    bench.fails(&format!("predict --checkpoint nowhere {files}"), &["nowhere", "checkpoints/"]);
    bench.fails(
        &format!("predict --checkpoint {SHIPPED} --device tpu {files}"),
        &["tpu", "auto, gpu or cpu"],
    );
}

/// Sets all pixels of KNMI's files to what stands for no data.
const WITHOUT_PIXELS: &str = "
import sys, h5py
for path in sys.argv[1:]:
    with h5py.File(path, 'r+') as file:
        file['image1/image_data'][...] = 65535
";

/// Nothing was measured, a frame was not, and half of the pixels were not.
#[test]
fn frames_that_nobody_measured_get_no_forecast() {
    let bench = Bench::new();
    let name = |minute: u32| format!("RAD_NL25_RAP_5min_2010082605{minute:02}.h5");
    let bytes = |minute: u32| fs::read(format!("data/knmi/{}", name(minute))).expect("a frame");
    for (folder, unknown) in [("all", 12), ("one", 1)] {
        fs::create_dir(bench.path(folder)).expect("a folder");
        for i in 0..12 {
            fs::write(bench.path(folder).join(name(5 * i)), bytes(5 * i)).expect("a file");
        }
        let paths: Vec<_> = (0..unknown).map(|i| bench.path(folder).join(name(5 * i))).collect();
        let python = std::env::var("STORMLENS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let run = Command::new(python).args(["-c", WITHOUT_PIXELS]).args(&paths).status();
        if !run.is_ok_and(|status| status.success()) {
            assert!(std::env::var_os("CI").is_none(), "Python with h5py is needed");
            return println!("skipped: Python with h5py is not installed");
        }
    }
    let words = "no pixel of the 12 input frames was measured";
    for model in
        ["sar-unet --checkpoint knmi-20100826", "spat-spark --checkpoint narrow-germany-2018"]
    {
        bench.fails(&format!("predict --model {model} --input @all --output @y.json"), &[words]);
        bench.fails(&format!("nowcast @all --model {model} --output @y.json"), &[words]);
    }
    bench.fails(
        &format!("explain --checkpoint {SHIPPED} --input @all --method saliency --output @y.json"),
        &[words],
    );
    bench.succeeds(&format!("predict --checkpoint {SHIPPED} --input @one --output @y.json"));
    let said = fs::read_to_string(bench.path("y.json")).expect("an answer");
    assert!(said.contains("1 of 12 input frames was not measured at all"), "{said}");
}

#[test]
fn inputs_that_do_not_belong_together_are_told() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    fs::create_dir(bench.path("folder.npy")).expect("a folder");
    let predict = format!("predict --checkpoint {SHIPPED} --output @y.npy");
    let words = ["folder.npy is a folder", "give one folder, or files only"];
    bench.fails(&format!("{predict} --input @folder.npy @x.npy"), &words);
    let words = ["folder.npy is a folder", "leave --units out"];
    bench.fails(&format!("{predict} --units normalised --input @folder.npy"), &words);
    let head = "{'descr': '>f4', 'fortran_order': False, 'shape': (1, 12, 32, 32), }\n";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((head.len() as u16).to_le_bytes());
    bytes.extend(head.as_bytes());
    bytes.resize(bytes.len() + 4 * 12 * 32 * 32, 0);
    fs::write(bench.path("big.npy"), bytes).expect("a file");
    bench.fails(&format!("{predict} --input @big.npy"), &["big-endian", ".astype(\"<f4\")"]);
    let compare = "compare --dataset data/knmi --output @y.csv";
    bench.fails(
        &format!("{compare} --lead-times 7"),
        &["no frame lies 7 minutes ahead", "5, 10, 15"],
    );
    bench
        .fails(&format!("{compare} --forecasts persistence,persistence"), &["“persistence” twice"]);
}

/// Of an option that there is not: how parameters are given.
#[test]
fn a_parameter_that_is_given_as_an_option_gets_the_way_to_give_it() {
    let bench = Bench::new();
    let tip = ["unexpected argument '--lead-time'", "write '--set lead-time=VALUE'"];
    bench.fails("predict knmi-20100826T0535 --output @y.npy --lead-time 30", &tip);
    bench.fails("nowcast some.h5 --output @y.npy --lead-time 30", &tip);
    bench.fails("predict --ouput @y.npy", &["a similar argument exists: '--output'"]);
}
