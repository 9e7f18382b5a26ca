//! What `predict`, `explain` and `nowcast` write of each kind of input, and what they say of a bad one.

use std::fs;
use std::path::Path;

use stormlens_data::files::npy;

use crate::bench::Bench;

pub const SHIPPED: &str = "knmi-20100826";

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

/// The shipped weights as others keep them, with a tensor that the network does not have.
fn with_more(file: &Path, name: &str) {
    let shipped = format!("checkpoints/sar-unet/{SHIPPED}/weights.safetensors");
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(shipped)).expect("it is there");
    let (size, rest) = bytes.split_at(8);
    let size = u64::from_le_bytes(size.try_into().expect("eight bytes")) as usize;
    let (head, values) = rest.split_at(size);
    let mut head: serde_json::Value = serde_json::from_slice(head).expect("JSON");
    head.as_object_mut().expect("names").remove("__metadata__");
    let offsets = [values.len(), values.len() + 4];
    head[name] = serde_json::json!({ "dtype": "F32", "shape": [1], "data_offsets": offsets });
    let head = serde_json::to_vec(&head).expect("JSON");
    let size = (head.len() as u64).to_le_bytes();
    let all = [&size[..], &head, values, &1.0_f32.to_le_bytes()].concat();
    fs::write(file, all).expect("there is room");
}

/// It may be in a file, but nobody is to think that it was used.
#[test]
fn what_a_checkpoint_holds_beside_its_network_is_named() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    with_more(&bench.path("more.safetensors"), "criterion.weight");
    let left_over = |checkpoint: &str| {
        let predict = format!("predict --checkpoint {checkpoint} --input @x.npy --output @y.json");
        let output = bench.run(&predict);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{complaint}");
        let said = fs::read(bench.path("y.json")).expect("it was written");
        let said: serde_json::Value = serde_json::from_slice(&said).expect("JSON");
        (said["left_over"].clone(), complaint)
    };
    let (named, complaint) = left_over("@more.safetensors");
    assert_eq!(named, serde_json::json!(["criterion.weight"]));
    assert!(complaint.contains("the weights of the network: criterion.weight"), "{complaint}");
    let (named, complaint) = left_over(SHIPPED);
    assert_eq!(named, serde_json::json!([]));
    assert!(!complaint.contains("left out"), "{complaint}");
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
    let misspelt = ["no parameter called “sampel”", "choose one of: ", " sample"];
    bench.fails(&format!("{nothing} sampel=knmi-20100826T0535"), &misspelt);
    let unknown = ["no sample called “knmi-1999”", "knmi-20100826T0055"];
    bench.fails(&format!("{nothing} sample=knmi-1999"), &unknown);
    let predict = format!("{predict} --output @z.npz");
    bench.fails(&format!("{predict} --input @x.npy"), &["not both"]);
    bench.fails(&format!("{predict} colour=red"), &["“colour”", "lead-time"]);
    bench.fails(&format!("{predict} lead-time=45"), &["one of the lead times in minutes: 30"]);
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
    bench.succeeds(&format!("{nowcast} --output @nowcast.nc"));
    // Of a nowcast alone it is the target of nothing.
    let vain = format!("{nowcast} --output @nowcast.nc --set threshold=2");
    bench.fails(&vain, &["threshold changes nothing here: it says the target"]);
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

/// Whoever reads no more of the words, as `head` does, does not end the work.
#[test]
fn a_reader_of_the_words_may_go() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    let explain = format!("explain --checkpoint {SHIPPED} --input @x.npy --output @e.npz");
    let status = bench.run_unheard(&explain);
    assert!(status.success(), "{status}");
    assert!(members(&bench.path("e.npz")).contains(&"prediction.npy".to_owned()));
    // A folder that is not there is told before anything is computed.
    let nowhere = format!("explain --checkpoint {SHIPPED} --input @x.npy --output @none/e.npz");
    bench.fails(&nowhere, &["there is no folder", "none"]);
}
