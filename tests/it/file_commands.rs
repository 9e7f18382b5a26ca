//! Weights, training runs and figures as files: what is read, imported and drawn again, and what is refused.

use std::fs;
use std::path::Path;

use stormlens_data::files::npy;

use crate::bench::Bench;
use crate::commands::SHIPPED;

/// `weights` would be true of every file that a training program calls so.
#[test]
fn weights_from_a_file_are_called_what_was_typed() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    let shipped = format!("checkpoints/sar-unet/{SHIPPED}/weights.safetensors");
    fs::copy(&shipped, bench.path("weights.ckpt")).expect("it can be copied");
    let name = |typed: &str| {
        let predict = format!("predict --checkpoint {typed} --input @x.npy --output @y.json");
        bench.succeeds(&predict);
        let said = fs::read(bench.path("y.json")).expect("it was written");
        let said: serde_json::Value = serde_json::from_slice(&said).expect("JSON");
        assert_eq!(said["checkpoint"], said["request"]["checkpoint"]);
        said["checkpoint"].as_str().expect("a name").to_owned()
    };
    assert_eq!(name(&shipped), SHIPPED, "pages know it by this name");
    assert_eq!(name("@weights.ckpt"), bench.path("weights.ckpt").display().to_string());
}

#[test]
fn bad_checkpoints_are_refused_in_words() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    let check = |name: &str, expected: &[&str]| {
        let checkpoint = format!("--checkpoint @{name} --input @x.npy --output @y.npy");
        bench.fails(&format!("predict {checkpoint}"), expected);
        bench.fails(&format!("import --from @{name} --output @w.safetensors"), expected);
    };
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("checkpoints/sar-unet")
        .join(SHIPPED)
        .join("weights.safetensors");
    let bytes = fs::read(shipped).expect("the shipped weights");
    fs::write(bench.path("half.safetensors"), &bytes[..bytes.len() / 2]).expect("a file");
    check("half.safetensors", &["half.safetensors", "truncated"]);
    let mut flipped = bytes.clone();
    *flipped.last_mut().expect("not empty") ^= 1;
    fs::write(bench.path("flipped.safetensors"), flipped).expect("a file");
    check("flipped.safetensors", &["damaged"]);
    // The content counts, not the name.
    fs::write(bench.path("picture.ckpt"), b"\x89PNG\r\n\x1a\n0123456789").expect("a file");
    check("picture.ckpt", &["picture.ckpt", "PNG"]);
    fs::write(bench.path("empty.ckpt"), b"").expect("a file");
    check("empty.ckpt", &["empty"]);
    // Protocol 2, GLOBAL os.system: what a hostile pickle starts with.
    fs::write(bench.path("evil.pt"), b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.")
        .expect("a file");
    bench.fails("import --from @evil.pt --output @w.safetensors", &["evil.pt"]);
    fs::write(bench.path("renamed.ckpt"), &bytes).expect("a file");
    bench.succeeds("predict --checkpoint @renamed.ckpt --input @x.npy --output @y.npy");
}

/// From another file format and back: the same network to the last bit.
#[test]
fn imported_weights_predict_the_same() {
    let bench = Bench::new();
    bench.frames("x.npy", &[12, 32, 32]);
    let Some(folder) = std::env::var_os("STORMLENS_GOLDEN_DIR") else {
        println!("skipped: STORMLENS_GOLDEN_DIR is not set");
        return;
    };
    let theirs = Path::new(&folder).join("sar_unet");
    let original = theirs.join("sar_unet_precip.ckpt");
    let original = original.to_str().expect("a plain path");
    let said = bench.succeeds(&format!("import --from {original} --output @w.safetensors"));
    assert!(said.contains("5506345 parameters in 268 tensors"), "{said}");
    let predict = |checkpoint: &str| {
        bench
            .succeeds(&format!("predict --checkpoint {checkpoint} --input @x.npy --output @y.npy"));
        npy::read_npy_f32(&bench.path("y.npy")).expect("an array").1
    };
    assert_eq!(predict("@w.safetensors"), predict(original));

    let other = theirs.join("smaat_unet_precip_lightning2.ckpt");
    let other = other.to_str().expect("a plain path");
    bench.fails(
        &format!("predict --checkpoint {other} --input @x.npy --output @y.npy"),
        &["these are weights of SmaAt-UNet (smaat-unet)", "choose the model smaat-unet"],
    );
    bench.succeeds(&format!(
        "predict --model smaat-unet --checkpoint {other} --input @x.npy --output @y.npy"
    ));
    // What the file states of its frames is kept, and cannot be contradicted.
    bench.fails(
        &format!("import --from {other} --lead-times-min 60 --output @s.safetensors"),
        &["precipitation, a frame every 5 min, lead times of 30 min", "leave out what it states"],
    );
    bench.succeeds(&format!("import --from {other} --output @s.safetensors"));
    bench.fails(
        "import --from @s.safetensors --field cloud-cover --output @t.safetensors",
        &["s.safetensors states precipitation"],
    );
    bench.fails(
        "import --from @s.safetensors --variant 192 --output @t.safetensors",
        &["takes frames of any size", "“variant”"],
    );
}

#[test]
fn a_bad_training_file_is_refused_in_words() {
    let bench = Bench::new();
    let check = |text: &str, expected: &[&str]| {
        fs::write(bench.path("run.toml"), text).expect("a file");
        bench.fails("train @run.toml", expected);
    };
    bench.fails("train @absent.toml", &["absent.toml"]);
    check("model = 3", &["run.toml"]);
    let data = "[data]\narchive = \"data/knmi\"\ntrain_until = \"2010-08-26T05:00:00Z\"\n\
                validate_until = \"2010-08-26T05:30:00Z\"\ndescription = \"\"\nlicence = \"\"\n";
    let run =
        |model: &str| format!("model = \"{model}\"\noutput = \"{}\"\n", bench.path("r").display());
    check(&(run("resnet") + data), &["resnet", "choose one of: sar-unet"]);
    check(&(run("sar-unet") + data + "speed = 9\n"), &["speed"]);
    let early = data.replace("T05:00", "T00:30");
    check(&(run("sar-unet") + &early), &["Train block", "no sample"]);
}

/// A figure that is found again draws itself again.
#[test]
fn a_figure_renders_from_its_own_recipe() {
    use clap::Parser;
    use stormlens::config::Sources;
    use stormlens::export::{self, Recipe};
    use stormlens_data::request::{Explain, Request, Subject, Target};
    use stormlens_plot::{Figure, Style, draw};

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        sources: Sources,
    }
    let root = env!("CARGO_MANIFEST_DIR");
    let (data, checkpoints) = (format!("{root}/data"), format!("{root}/checkpoints"));
    let sources = ["it", "--device", "cpu", "--data", &data, "--checkpoints", &checkpoints];
    let sources = Cli::parse_from(sources).sources;
    let request = Request {
        model: "sar-unet".into(),
        checkpoint: SHIPPED.into(),
        subject: Subject::Nowcast {
            sample: "knmi-20100826T0600".into(),
            mask: Default::default(),
            steps_mean: false,
        },
        explain: Vec::new(),
    };
    let outcome = stormlens::worker::answer(&sources, &request).expect("an answer");
    let (figure, style) = (Figure::map("prediction"), Style::default());
    let svg = draw(&outcome, &figure, &style).expect("a figure");
    let recipe = Recipe::new(&outcome, &figure, &style);
    let bench = Bench::new();
    let png = export::png(&svg, 150, &recipe).expect("a PNG");
    fs::write(bench.path("old.png"), png).expect("a file");
    bench.succeeds("render @old.png --output @new.svg");
    let again = fs::read(bench.path("new.svg")).expect("it was drawn");
    assert_eq!(again, export::svg(&svg, &recipe).expect("an SVG"));
    bench.fails("render @new.svg --output @new.gif", &[".png, .svg and .pdf"]);
    let again = bench.run("render @old.png --output - --format svg");
    assert_eq!(again.stdout, export::svg(&svg, &recipe).expect("an SVG"));

    // A recipe may come from anywhere.
    for steps in ["1000000000000", "0"] {
        let explain = Explain {
            method: "integrated-gradients".into(),
            options: [("baseline", "zero"), ("steps", steps), ("tolerance", "none")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            target: Target::SumAbove {
                threshold: 1.5,
                lead_time_min: 30,
                last_lead_time_min: None,
            },
            layers: Vec::new(),
        };
        let request = Request { explain: vec![explain], ..request.clone() };
        let figure = "strip-integrated_gradients".to_owned();
        let foreign = Recipe { request, figure, ..recipe.clone() };
        let png = export::png(&svg, 72, &foreign).expect("a PNG");
        fs::write(bench.path("foreign.png"), png).expect("a file");
        bench.fails("render @foreign.png --output @x.svg", &["from 2 to 1600"]);
    }
}
