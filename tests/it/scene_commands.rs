//! Scenes without a browser: what `predict`, `explain`, `import` and `evaluate` write and refuse.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;
use stormlens_data::files::npy;

use crate::bench::Bench;
use crate::commands::members;

const SHIPPED: &str = "simulated-192";
const TOKYO: &str = "data/sentinel1/tokyo_bay_20191012_380px.png";

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("it was written")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

#[test]
fn a_picture_is_classified() {
    let bench = Bench::new();
    let predict = format!("predict --model polar-low --checkpoint {SHIPPED} --input {TOKYO}");
    let said = bench.succeeds(&format!("{predict} --output @y.json"));
    assert!(said.contains("polar low") && said.contains("trained on simulated scenes"), "{said}");
    let nearest = json(&bench.path("y.json"));
    let probabilities = numbers(&nearest["series"]["probability"]);
    assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{probabilities:?}");
    let logits = numbers(&nearest["series"]["logit"]);
    let softmax = 1.0 / (1.0 + (logits[0] - logits[1]).exp());
    assert!((probabilities[1] - softmax).abs() < 1e-9);
    let mut variables = nearest["variables"].as_array().into_iter().flatten();
    let probability = variables.find(|variable| variable["name"] == "probability");
    let classes = &probability.expect("it is described")["axes"][0]["coordinates"]["names"];
    assert_eq!(*classes, serde_json::json!(["no polar low", "polar low"]));
    assert_eq!(nearest["request"]["subject"]["resampling"], "nearest");
    let variant = &nearest["domains"][0]["variant"];
    assert_eq!((&variant["input_px"], &variant["crop_px"]), (&192.into(), &128.into()));
    assert_eq!(nearest["notes"][0]["name"], "simulated");
    bench.succeeds(&format!("{predict} resampling=bilinear --output @b.json"));
    assert_ne!(numbers(&json(&bench.path("b.json"))["series"]["logit"]), logits);
}

/// The same numbers from the file and from its pixels as an array.
#[test]
fn an_array_is_a_picture_too() {
    let bench = Bench::new();
    let picture = image::open(TOKYO).expect("the sample is there").into_rgb8();
    let shape = [picture.height() as usize, picture.width() as usize, 3];
    let values: Vec<f32> = picture.as_raw().iter().map(|&v| f32::from(v)).collect();
    npy::write_npy_f32(&bench.path("x.npy"), &shape, &values).expect("a file");
    let predict = format!("predict --model polar-low --checkpoint {SHIPPED} --input");
    bench.succeeds(&format!("{predict} @x.npy --output @a.json"));
    bench.succeeds(&format!("{predict} {TOKYO} --output @b.json"));
    let logits = |name: &str| numbers(&json(&bench.path(name))["series"]["logit"]);
    assert_eq!(logits("a.json"), logits("b.json"));
}

#[test]
fn a_class_is_explained_in_arrays() {
    let bench = Bench::new();
    let explain =
        format!("explain --model polar-low --checkpoint {SHIPPED} --input {TOKYO} --output @e.npz");
    bench.succeeds(&format!("{explain} layers=activation_8,activation_10"));
    let names = members(&bench.path("e.npz"));
    for name in [
        "probability",
        "logit",
        "grad_cam/activation_8/weights",
        "grad_cam/activation_8/raw",
        "grad_cam/activation_10",
    ] {
        assert!(names.contains(&format!("{name}.npy")), "{name} is not in {names:?}");
    }
    assert!(!names.contains(&"grad_cam/activation_14/raw.npy".to_owned()));
    let gradients = format!("{explain} --method integrated-gradients");
    let said = bench.succeeds(&format!(
        "{gradients} integrated-gradients.steps=4 integrated-gradients.baseline=mean \
         output=logit class=neg"
    ));
    assert!(said.contains("gap") && said.contains("integrated_gradients/n_steps: 4 "), "{said}");
    let names = members(&bench.path("e.npz"));
    assert!(names.contains(&"integrated_gradients.npy".to_owned()), "{names:?}");
    let said = bench.succeeds(&format!(
        "{gradients} integrated-gradients.steps=2 integrated-gradients.tolerance=0.05"
    ));
    assert!(!said.contains("integrated_gradients/n_steps: 2 "), "no step was doubled: {said}");
}

#[test]
fn what_is_no_picture_is_refused_in_words() {
    let bench = Bench::new();
    let check = |name: &str, bytes: &[u8], expected: &[&str]| {
        fs::write(bench.path(name), bytes).expect("a file");
        let network = format!("--model polar-low --checkpoint {SHIPPED}");
        bench.fails(&format!("predict {network} --input @{name} --output @y.json"), expected);
        assert!(!bench.path("y.json").exists(), "{name} left a file");
    };
    check("empty.png", b"", &["empty.png", "empty"]);
    check("page.png", b"<html><script>alert(1)</script></html>", &["page.png", "PNG"]);
    let whole = fs::read(TOKYO).expect("the sample is there");
    check("cut.png", &whole[..whole.len() / 2], &["cut.png"]);
    npy::write_npy_f32(&bench.path("flat.npy"), &[4, 4], &[0.0; 16]).expect("a file");
    let flat = fs::read(bench.path("flat.npy")).expect("a file");
    check("flat.npy", &flat, &["[4, 4]", "[height, width, 3]"]);
    npy::write_npy_f32(&bench.path("loud.npy"), &[1, 1, 3], &[0.0, 300.0, 0.0]).expect("a file");
    let loud = fs::read(bench.path("loud.npy")).expect("a file");
    check("loud.npy", &loud, &["300", "0 to 255"]);
}

#[test]
fn options_of_the_other_task_are_refused() {
    let bench = Bench::new();
    let scene =
        format!("--model polar-low --checkpoint {SHIPPED} --input {TOKYO} --output @y.json");
    bench.fails(&format!("predict {scene} class=hurricane"), &["hurricane", "neg, pos"]);
    bench.fails(&format!("predict {scene} resampling=cubic"), &["cubic", "nearest, bilinear"]);
    bench.fails(&format!("predict {scene} threshold=1.5"), &["“threshold”", "resampling"]);
    bench.fails(
        &format!("explain {scene} --method integrated-gradients integrated-gradients.tolerance=7"),
        &["from 0.001 to 1"],
    );
    npy::write_npy_f32(&bench.path("x.npy"), &[12, 32, 32], &vec![0.0; 12 * 32 * 32])
        .expect("a file");
    let radar = "--checkpoint knmi-20100826 --input @x.npy --output @y.npy resampling=nearest";
    bench.fails(&format!("predict {radar}"), &["“resampling”", "lead-time"]);
}

/// The authors' layout, full size: whole files, all of the way.
#[test]
fn keras_files_answer_as_the_authors_program_does() {
    let Some(folder) = env::var_os("STORMLENS_GOLDEN_DIR").map(PathBuf::from) else {
        println!("skipped: STORMLENS_GOLDEN_DIR is not set");
        return;
    };
    let bench = Bench::new();
    let folder = folder.join("polar_low");
    let check = |variant: &str, scene: &str, input: &Path| {
        let weights = folder.join(format!("polar_low_{variant}.h5"));
        let words = format!(
            "predict --model polar-low --checkpoint {} --input {} --output @y.json",
            weights.display(),
            input.display()
        );
        bench.succeeds(&words);
        let ours = numbers(&json(&bench.path("y.json"))["series"]["probability"])[1];
        let theirs = json(&folder.join(format!("polar_low_{variant}_{scene}.json")))["f_x"].clone();
        let error = (ours - theirs.as_f64().expect("a number")).abs();
        assert!(error < 1e-5, "{variant}, {scene}: {ours} is off by {error}");
    };
    let tokyo = Path::new(env!("CARGO_MANIFEST_DIR")).join(TOKYO);
    for variant in ["512", "1024"] {
        check(variant, "tokyo", &tokyo);
        check(variant, "synthetic", &folder.join("synthetic_700x620.png"));
    }
}

/// Simulate, train, evaluate: the whole way on a handful of scenes.
#[test]
fn a_classifier_is_trained_on_simulated_scenes() {
    let bench = Bench::new();
    let splits = "train:0.5,validation:0.25,test:0.25";
    bench.succeeds(&format!(
        "dataset simulate-sar --output @set --size 192 --count 32 --seed 3 --splits {splits}"
    ));
    let config = format!(
        "model = \"polar-low\"\noutput = {:?}\n\
         [data]\nscenes = {:?}\nvariant = \"192\"\nsimulated = true\n\
         description = \"a few simulated scenes\"\nlicence = \"none\"\n\
         [training]\nbatch_size = 4\nmax_epochs = 2\n",
        bench.path("run"),
        bench.path("set"),
    );
    fs::write(bench.path("train.toml"), config).expect("a file");
    bench.succeeds("train @train.toml");
    let metrics = fs::read_to_string(bench.path("run").join("metrics.csv")).expect("metrics");
    assert_eq!(metrics.lines().count(), 3, "{metrics}");
    let weights = bench.path("run").join("best.safetensors");
    bench.succeeds(&format!(
        "evaluate --model polar-low --checkpoint {} --dataset @set --split test --output @t.json",
        weights.display()
    ));
    let table = json(&bench.path("t.json"));
    assert_eq!(table["scores"]["n_cases"], 8);
    assert_eq!(table["trained_on_simulation"], true);
    let said = bench.succeeds(&format!(
        "predict --model polar-low --checkpoint {} --input {TOKYO} --output @y.json",
        weights.display()
    ));
    assert!(said.contains("trained on simulated scenes"), "{said}");
}

/// A picture of 400 × 400 pixels from a brightness of 0 to 1, in the colours of the scenes: red is green, blue is brighter.
fn drawn(path: &Path, brightness: impl Fn(i32, i32) -> f64) {
    let pixel = |x: u32, y: u32| {
        let value = (110.0 * brightness(x as i32, y as i32)) as u8;
        image::Rgb([value, value, value + 50])
    };
    image::RgbImage::from_fn(400, 400, pixel).save(path).expect("there is room");
}

/// Statistics of colours alone took a board of squares, a page of lines and a face for radar scenes.
#[test]
fn pictures_with_the_colours_of_scenes_are_told_by_what_the_network_sees() {
    let bench = Bench::new();
    drawn(&bench.path("squares.png"), |x, y| f64::from((x / 25 + y / 25) % 2));
    drawn(
        &bench.path("lines.png"),
        |x, y| {
            if y % 16 < 8 && (x * 7 + y * 3) % 11 < 6 { 0.2 } else { 0.7 }
        },
    );
    drawn(&bench.path("face.png"), |x, y| {
        let within = |cx: i32, cy: i32, r: i32| (x - cx).pow(2) + (y - cy).pow(2) < r * r;
        let is_eye = within(150, 160, 20) || within(250, 160, 20);
        if within(200, 200, 140) && !is_eye { 1.0 } else { 0.4 }
    });
    let reasons = |input: &str| {
        let predict = format!("predict --model polar-low --checkpoint {SHIPPED} --input {input}");
        bench.succeeds(&format!("{predict} --output @y.json"));
        let answer = json(&bench.path("y.json"));
        let notes = answer["notes"].as_array().into_iter().flatten();
        let because = notes.filter(|note| note["name"] == "outside-training-range-because");
        because.map(|note| note["text"].to_string()).collect::<Vec<_>>().join("; ")
    };
    for input in ["@squares.png", "@lines.png", "@face.png"] {
        let said = reasons(input);
        assert!(said.contains("respond to this scene differently than to"), "{input}: {said}");
    }
    assert_eq!(reasons(TOKYO), "");
}

#[test]
fn what_the_network_sees_is_measured_from_the_scenes_of_the_training() {
    let bench = Bench::new();
    let folder = bench.path("scenes");
    let at = |name: &str| bench.path(name).display().to_string();
    bench.succeeds("dataset simulate-sar --output @scenes --size 192 --count 12 --seed 1");
    fs::write(
        bench.path("train.toml"),
        format!(
            "model = \"polar-low\"\noutput = \"x\"\n[data]\nscenes = {:?}\nvariant = \"192\"\n\
             description = \"few\"\nlicence = \"none\"\n",
            folder.display().to_string()
        ),
    )
    .expect("there is room");
    let weights = format!("checkpoints/polar-low/{SHIPPED}/weights.safetensors");
    let import = format!("import --from {weights} --output @w.safetensors --trained-with");
    bench.fails(&format!("{import} {}", at("train.toml")), &["too few scenes"]);
    bench.fails(&format!("{import} {}", at("none.toml")), &["cannot be read", "none.toml"]);
}

#[test]
fn a_size_that_contradicts_the_file_of_keras_3_is_refused() {
    let bench = Bench::new();
    let file = "crates/stormlens-checkpoint/tests/keras/model.keras";
    bench.fails(
        &format!("import --from {file} --variant 800 --output @w.safetensors"),
        &["centre of 32 pixels of pictures of 48", "leave --variant out"],
    );
    bench.succeeds(&format!("import --from {file} --output @w.safetensors"));
    let answer = bench.succeeds(&format!(
        "predict --model polar-low --checkpoint @w.safetensors --input {TOKYO} --output @y.json"
    ));
    assert!(answer.contains("polar low"), "{answer}");
}

#[test]
fn help_names_the_steps_that_are_really_taken() {
    let help = Bench::new().succeeds("explain --help");
    assert!(help.contains("50 (200 for polar-low) until chosen"), "{help}");
}
