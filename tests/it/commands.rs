//! What `predict`, `explain` and `nowcast` write of each kind of input, and what they say of a bad one.

use std::fs;
use std::path::Path;
use std::process::Command;

use stormlens_data::files::npy;

use crate::bench::Bench;

pub const SHIPPED: &str = "knmi-20100826";
const SCENES: &str = "checkpoints/polar-low/simulated-192/weights.safetensors";
const FIELDS: &str = "checkpoints/sslpdl/iberia-narrow/weights.safetensors";

#[test]
fn predict_takes_one_sequence_or_many() {
    let bench = Bench::new();
    bench.frames("one.npy", &[12, 32, 48]);
    let predict = format!("predict --checkpoint {SHIPPED} --output @y.npy --input");
    bench.succeeds(&format!("{predict} @one.npy"));
    let (shape, one) = npy::read_npy_f32(&bench.path("y.npy")).expect("an array");
    assert_eq!(shape, [1, 32, 48]);
    assert!(one.iter().all(|v| v.is_finite()));

    let (_, x) = npy::read_npy_f32(&bench.path("one.npy")).expect("an array");
    npy::write_npy_f32(&bench.path("two.npy"), &[2, 12, 32, 48], &x.repeat(2)).expect("two");
    bench.succeeds(&format!("{predict} @two.npy"));
    let (shape, two) = npy::read_npy_f32(&bench.path("y.npy")).expect("an array");
    assert_eq!(shape, [2, 1, 32, 48]);
    assert_eq!(two, one.repeat(2));
}

/// Files that hold more than one array are numbered.
#[test]
fn all_of_an_answer_is_written_for_each_sequence() {
    let bench = Bench::new();
    bench.frames("two.npy", &[2, 12, 32, 32]);
    let predict = format!("predict --checkpoint {SHIPPED} --input @two.npy");
    bench.succeeds(&format!("{predict} --output @y.npz"));
    for name in ["y-0.npz", "y-1.npz"] {
        let names = members(&bench.path(name));
        assert!(names.contains(&"prediction.npy".to_owned()), "{names:?}");
    }
    assert!(!bench.path("y.npz").exists());
}

/// A sample is asked about by the names that addresses have.
#[test]
fn a_sample_of_the_archive_is_asked_about_by_name() {
    let bench = Bench::new();
    let predict = format!("predict --checkpoint {SHIPPED} sample=knmi-20100826T0535");
    bench.succeeds(&format!("{predict} lead-time=30 --output @y.npz"));
    let names = members(&bench.path("y.npz"));
    for name in ["prediction", "observation", "persistence", "input"] {
        assert!(names.contains(&format!("{name}.npy")), "{name} in {names:?}");
    }
    bench.succeeds(&format!("{predict} --set lead-time=30 --output @y.nc"));
    assert!(fs::read(bench.path("y.nc")).expect("it was written").starts_with(b"\x89HDF"));
    bench.succeeds(&format!("{predict} --output @y.json"));
    let said = fs::read(bench.path("y.json")).expect("it was written");
    let said: serde_json::Value = serde_json::from_slice(&said).expect("JSON");
    assert_eq!(said["request"]["subject"]["sample"], "knmi-20100826T0535");
    let nothing = format!("predict --checkpoint {SHIPPED} --output @z.npz");
    bench.fails(&nothing, &["nothing to look at", "--input"]);
    let unknown = ["no sample called “knmi-1999”", "knmi-20100826T0055"];
    bench.fails(&format!("{nothing} sample=knmi-1999"), &unknown);
    let predict = format!("{predict} --output @z.npz");
    bench.fails(&format!("{predict} --input @x.npy"), &["not both"]);
    bench.fails(&format!("{predict} colour=red"), &["“colour”", "lead-time"]);
    bench
        .fails(&format!("{predict} lead-time=45"), &["a lead time of this network in minutes: 30"]);
    bench.fails(&format!("{predict} lead-time"), &["NAME=VALUE"]);
    assert!(!bench.path("z.npz").exists());
    let other = format!("predict --checkpoint {SHIPPED} sample=knmi-20100826T0535");
    bench.fails(&format!("{other} --output @y.xls"), &[".npy, ", ".npz"]);
}

/// Frames of radar that end with this one, as a shell would list them.
fn radar(ends: std::ops::Range<u32>) -> String {
    let name =
        |i: u32| format!("data/knmi/RAD_NL25_RAP_5min_20100826{:02}{:02}.h5", i / 12, i % 12 * 5);
    ends.map(name).collect::<Vec<_>>().join(" ")
}

/// The command of forecasters answers as `predict` does.
#[test]
fn a_nowcast_is_what_predict_says_of_the_same_files() {
    let bench = Bench::new();
    let files = radar(56..68);
    let nowcast = format!("nowcast {files} --checkpoint {SHIPPED}");
    bench.succeeds(&format!("{nowcast} --output @nowcast.npy"));
    bench.succeeds(&format!("predict --checkpoint {SHIPPED} --input {files} --output @same.npy"));
    let read = |name: &str| std::fs::read(bench.path(name)).expect("it was written");
    assert_eq!(read("nowcast.npy"), read("same.npy"));
    bench.succeeds(&format!("{nowcast} --output @nowcast.nc --set threshold=2"));
    bench.fails("nowcast --output @nowcast.nc", &["<FILE>"]);
    bench.fails(&format!("{nowcast} --output @nowcast.nc --set colour=red"), &["colour"]);
}

#[test]
fn radar_files_are_taken_as_they_come_and_units_and_times_are_said() {
    let bench = Bench::new();
    let predict = format!("predict --checkpoint {SHIPPED}");
    let of_sample = format!("{predict} sample=knmi-20100826T0535 --output @sample.npy");
    bench.succeeds(&of_sample);
    // Behind the option, more names and values may follow; files may stand by themselves, too.
    let files = radar(56..68);
    let said =
        bench.succeeds(&format!("{predict} --output @files.npy --input {files} lead-time=30"));
    for words in [
        "rain rate (mm/h), 12 frames from 2010-08-26 04:40 UTC to 2010-08-26 05:35 UTC",
        "rain rate (mm/h) at 2010-08-26 06:05 UTC (+30 min)",
        "files.npy: [1, 288, 288], rain rate (mm/h)",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    bench.succeeds(&format!("{predict} {files} --output @bare.npy"));
    bench.succeeds(&format!("{predict} knmi-20100826T0535 --output @name.npy"));
    let values = |name: &str| npy::read_npy_f32(&bench.path(name)).expect("an array");
    for name in ["files.npy", "bare.npy", "name.npy"] {
        assert_eq!(values(name), values("sample.npy"), "{name}");
    }
    bench.succeeds(&format!("{predict} --input {files} --output @y.nc"));
    bench.fails(
        &format!("{predict} --input {} --output @y.nc", radar(56..60)),
        &["4 frames from 2010-08-26 04:40 UTC", "takes 12 in a row"],
    );
    bench.fails(
        &format!("{predict} --input {files} --units mm-h --output @y.nc"),
        &["leave --units out"],
    );
}

#[test]
fn an_array_says_its_unit_and_is_held_to_it() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    let (shape, normalised) = npy::read_npy_f32(&bench.path("x.npy")).expect("an array");
    let scaled = |name: &str, factor: f32| {
        let values: Vec<f32> = normalised.iter().map(|value| value * factor).collect();
        npy::write_npy_f32(&bench.path(name), &shape, &values).expect("an array");
    };
    scaled("mm.npy", 47.83);
    scaled("mm_h.npy", 47.83 * 12.0);
    let predict = format!("predict --checkpoint {SHIPPED} --output @y.npy");
    let prediction = |more: &str| {
        let said = bench.succeeds(&format!("{predict} {more}"));
        (npy::read_npy_f32(&bench.path("y.npy")).expect("an array").1, said)
    };
    let (expected, said) = prediction("--input @x.npy");
    assert!(said.contains("does not say its unit: taken as normalised"), "{said}");
    for more in [
        "--input @x.npy --units normalised",
        "--input @mm.npy --units mm-per-5min",
        "--input @mm_h.npy --units mm-h",
    ] {
        let (found, said) = prediction(more);
        let is_near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-3;
        assert!(found.iter().zip(&expected).all(is_near), "{more}");
        assert!(!said.contains("does not say its unit"), "{said}");
    }
    bench.fails(&format!("{predict} --input @mm_h.npy"), &["more than ever fell", "--units"]);
    bench.fails(&format!("{predict} --input @x.npy --units kg"), &["kg", "mm-per-5min"]);
    bench.fails(&format!("{predict} knmi-20100826T0535 --units mm-h"), &["leave --units out"]);
}

#[test]
fn a_file_on_standard_output_is_all_that_stands_there() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    let predict = format!("predict --checkpoint {SHIPPED} --input @x.npy");
    let output = bench.run(&format!("{predict} --output -"));
    assert!(output.status.success());
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON alone");
    assert_eq!(said["checkpoint"], SHIPPED);
    assert!(String::from_utf8_lossy(&output.stderr).contains("computed on"), "words go elsewhere");
    bench.succeeds(&format!("{predict} --output @y.npy"));
    let output = bench.run(&format!("{predict} --output - --format npy --quiet"));
    assert_eq!(output.stdout, fs::read(bench.path("y.npy")).expect("it was written"));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("computed on"), "it was told not to");
    bench.fails(&format!("{predict} --output - --format xls"), &["--format xls", ".npz"]);
    let explain = format!("explain --checkpoint {SHIPPED} --input @x.npy --output - --format nc");
    assert!(bench.run(&explain).stdout.starts_with(b"\x89HDF"));
}

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

#[test]
fn explain_writes_two_arrays_a_layer() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    let explain = format!("explain --checkpoint {SHIPPED} --input @x.npy --output @e.npz");
    let said = bench.succeeds(&format!("{explain} layers=all threshold=0.1"));
    assert!(said.contains("grad-cam: "), "{said}");
    let names = members(&bench.path("e.npz"));
    for name in [
        "prediction",
        "grad_cam/target",
        "target_mask",
        "grad_cam/cbam5/raw",
        "grad_cam/Up_RRCNN2.doubleconv",
    ] {
        assert!(names.contains(&format!("{name}.npy")), "{name} in {names:?}");
    }
    assert_eq!(names.iter().filter(|n| n.ends_with("/raw.npy")).count(), 32);

    bench.succeeds(&format!("{explain} layers=cbam1,Up_RRCNN2"));
    let names = members(&bench.path("e.npz"));
    assert_eq!(names.iter().filter(|n| n.ends_with("/raw.npy")).count(), 2);
    assert!(names.contains(&"grad_cam/cbam1.npy".to_owned()), "{names:?}");

    let steps = "--method integrated-gradients integrated-gradients.steps=4";
    let said = bench.succeeds(&format!("{explain} {steps}"));
    assert!(said.contains("completeness_gap"), "{said}");
    let names = members(&bench.path("e.npz"));
    assert!(names.contains(&"integrated_gradients/sums.npy".to_owned()), "{names:?}");
    bench.succeeds(&format!("{explain} --method grad-cam --method saliency"));
    let names = members(&bench.path("e.npz"));
    assert!(names.contains(&"saliency.npy".to_owned()), "{names:?}");
    assert!(names.contains(&"grad_cam/cbam1.npy".to_owned()), "{names:?}");
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

pub fn members(npz: &Path) -> Vec<String> {
    let file = zip::ZipArchive::new(fs::File::open(npz).expect("it was written")).expect("a ZIP");
    file.file_names().map(|name| name.expect("a name").into_owned()).collect()
}

#[test]
fn a_target_without_pixels_is_said() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    let said = bench.succeeds(&format!(
        "explain --checkpoint {SHIPPED} --input @x.npy --output @e.npz threshold=400"
    ));
    assert!(said.contains("grad_cam/n_pixels: 0 "), "{said}");
    assert!(said.contains("lower"), "what to do about it: {said}");
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

/// What does not say where it lies has rows and columns without coordinates.
#[test]
fn an_array_becomes_every_kind_of_file() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 48]);
    for (name, start) in
        [("y.nc", &b"\x89HDF"[..]), ("y.npz", b"PK"), ("y.zip", b"PK"), ("y.csv", b"\"lead_time")]
    {
        bench.succeeds(&format!("predict --checkpoint {SHIPPED} --input @x.npy --output @{name}"));
        let bytes = fs::read(bench.path(name)).expect("it is written");
        assert!(bytes.starts_with(start), "{name}: {:?}", &bytes[..12]);
    }
    let table = fs::read_to_string(bench.path("y.csv")).expect("a table");
    assert_eq!(table.lines().count(), 1 + 32 * 48, "a line a value");
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

/// Tiles of numbers go through the network as they are: what the authors' program says of them, in its unit.
#[test]
fn tiles_of_numbers_are_refined_as_the_authors_do() {
    let bench = Bench::new();
    let Some(folder) = std::env::var_os("STORMLENS_GOLDEN_DIR") else {
        println!("skipped: STORMLENS_GOLDEN_DIR is not set");
        return;
    };
    let golden = Path::new(&folder).join("harpnet");
    let [weights, input] = ["0_model.pt", "input.npy"].map(|name| golden.join(name));
    let (weights, input) = (weights.display(), input.display());
    let ask = format!("predict --model harpnet --checkpoint {weights} --input {input}");
    bench.succeeds(&format!("{ask} --output @y.npy"));
    let (shape, ours) = npy::read_npy_f32(&bench.path("y.npy")).expect("an array");
    let (expected, theirs) = npy::read_npy_f32(&golden.join("output_norm.npy")).expect("an array");
    assert_eq!((shape, expected), (vec![2, 1, 64, 64], vec![2, 1, 64, 64]));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!((ours - theirs).abs() <= 2e-5 + 1e-5 * theirs.abs(), "{ours} and {theirs}");
    }
    bench.fails(
        &format!("explain --model harpnet --checkpoint {weights} --input {input} --output @y.npz"),
        &["tiles of numbers have no place"],
    );
    bench.frames("x.npy", &[3, 64, 64]);
    let three =
        format!("predict --model harpnet --checkpoint {weights} --input @x.npy --output @y.npy");
    bench.fails(&three, &["3 channels", "takes 2"]);
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
