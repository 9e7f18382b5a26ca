//! Rain probability: pages with the shipped weights, the way of a visitor in a browser, and the command line.

use std::path::Path;

use stormlens::web::AppState;
use stormlens_data::card::Part;
use stormlens_data::files::npy;
use stormlens_data::network::{Asked, Input, Target};
use stormlens_data::probability::synthetic::{CAUSES, SyntheticOptions, SyntheticWorld};
use stormlens_data::request::{ClassOutput, DeviceChoice, Silent};
use stormlens_nn::Engine;

use crate::bench::Bench;
use crate::browser::{FIGURES_DRAWN, in_browser, keep, real_state};
use crate::rain_journey::fits_and_can_be_heard;

const AT_RESULT: &str =
    "return document.querySelector('h1')?.textContent.endsWith('how probable rain is') ?? false";

fn state(cache: &Path) -> AppState {
    real_state(cache).expect("weights are in the repository")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_asks_how_probable_rain_is_and_why() {
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.open(&format!("{address}/probability?month=2008-04")).await;
        assert!(browser.text("main").await.contains("Salamanca"));
        browser.open(&format!("{address}/probability/iberia-2008-04-08")).await;
        browser.click("button.primary").await;
        browser.wait("a result", AT_RESULT).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        let decision = browser.text("#decision").await;
        for words in ["membership", "recalibrated"] {
            assert!(decision.contains(words), "{words} is not in {decision}");
        }
        assert!(browser.count("#look figure").await >= 2, "rain and heavy rain, by variable");
        keep(&browser, "probability").await;
        browser.click("#decision .links a[href*='node']").await;
        let moved = "return location.search.includes('node')";
        browser.wait("another place", moved).await;
        browser.wait("a result", AT_RESULT).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        // At a gauge the model's own rain is known.
        assert!(browser.text("#decision").await.contains("Raw forecast"));
        // Where the encoder reads for one pixel: P takes the place under the cross into the form.
        browser.type_into("#maps figure[data-head] .plane", "\u{E013}p").await;
        browser
            .wait(
                "a place",
                "return document.querySelector('#points [name=points]').value.startsWith('node:')",
            )
            .await;
        browser.click("#points button").await;
        // The page before is a result, too.
        let asked = "return new URLSearchParams(location.search).get('points')?.startsWith('node:') ?? false";
        browser.wait("the points in the address", asked).await;
        browser.wait("a result", AT_RESULT).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        assert_eq!(browser.count("#points figure").await, 2, "a map a level");
        fits_and_can_be_heard(&browser).await;
        browser.open(&format!("{address}/models/sslpdl")).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        assert!(browser.text("main").await.contains("Logistic regression"));
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

/// Where the truth is known, hiding the variables that make the rain changes the answer most, and those that play no part
/// change it little: by absolute changes of the probability of rain in the middle of fifteen days of the test block.
#[test]
fn occlusion_ranks_the_variables_that_made_the_rain_first() {
    let world = SyntheticWorld::new(SyntheticOptions::default());
    let engine = Engine::new(DeviceChoice::Cpu).expect("a processor");
    let path = Path::new("checkpoints/sslpdl/synthetic-narrow/weights.safetensors");
    let resident = engine.load("sslpdl", path).expect("weights");
    let target = Target::Probability {
        from_class: 1,
        rows: 7..8,
        columns: 8..9,
        output: ClassOutput::Probability,
    };
    let asked = vec![Asked {
        method: "occlusion".into(),
        options: [("parts".to_owned(), "variables".to_owned())].into(),
        target,
        layers: Vec::new(),
        nothing: Vec::new(),
    }];
    let mut changes = [0.0; 12];
    for &sample in world.samples_of(Part::Test).iter().step_by(18) {
        let input = Input { values: world.input(sample), shape: [12, 16, 16] };
        let answers = engine.answer(&resident, &[(&input, &asked)], &Silent).expect("an answer");
        let series = &answers[0].explained[0].series;
        assert_eq!(series.iter().map(|s| s.part).collect::<Vec<_>>(), ["rain", "heavy"]);
        changes.iter_mut().zip(&series[0].values).for_each(|(sum, value)| *sum += value.abs());
    }
    let names = world.statement().variables.iter().map(|variable| variable.name.as_str());
    let mut ranked: Vec<(&str, f64)> = names.zip(changes.iter().map(|sum| sum / 15.0)).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let first: Vec<&str> = ranked.iter().take(3).map(|(name, _)| *name).collect();
    assert_eq!(first, CAUSES.map(|(name, _)| name), "{ranked:?}");
    // Each of the nine that play no part changes less than a fifth of what the weakest cause does: what is left is what the
    // network has learnt wrongly from 630 samples.
    assert!(ranked[3].1 < ranked[2].1 / 5.0, "{ranked:?}");
}

#[test]
fn probabilities_are_predicted_explained_and_verified_on_the_command_line() {
    let bench = Bench::new();
    let model = "--model sslpdl --checkpoint iberia-narrow";
    let said = bench.succeeds(&format!(
        "explain {model} fields=iberia-2008-04-08 place=node:40.96,-5.5 --method occlusion --output @o.json"
    ));
    assert!(said.contains("perfect prognosis"), "{said}");
    let json = std::fs::read_to_string(bench.path("o.json")).expect("it was written");
    for name in ["effect/rain", "effect/heavy", "\"probability\"", "gauge/observation"] {
        assert!(json.contains(name), "{name}");
    }
    let said = bench.succeeds(&format!("evaluate {model} --dataset data/iberia --output @e.csv"));
    assert!(said.contains("Climatology") && said.contains("5680 of 5700"), "{said}");
    let csv = std::fs::read_to_string(bench.path("e.csv")).expect("it was written");
    assert!(csv.contains("recalibrated,≥ 1 mm in 24 h,brier,"), "{csv}");
    for (command, expected) in [
        ("predict fields=iberia-2008-02-31", "there are no fields"),
        ("predict fields=synthetic-s12-e01-d1", "not of the synthetic world"),
        ("predict fields=iberia-2008-04-08 hide=RH850", "RH850"),
        ("evaluate --dataset data/mrms", "ncep_iberia"),
        ("evaluate --dataset synthetic", "not of the synthetic world"),
        ("evaluate --dataset data/iberia --split winter", "training, validation and test"),
    ] {
        let output = if command.starts_with("predict") { "--output @p.nc" } else { "" };
        let (verb, rest) = command.split_once(' ').expect("a verb");
        bench.fails(&format!("{verb} {model} {rest} {output}"), &[expected]);
    }
}

/// Numbers with a mask, as an exact comparison takes them: probabilities of two inputs, of which tokens are hidden.
#[test]
fn numbers_with_a_mask_become_probabilities() {
    const SHAPE: [usize; 4] = [2, 12, 16, 24];
    // Twelve variables on 4 × 6 tokens.
    const N_TOKENS: usize = 12 * 4 * 6;
    let bench = Bench::new();
    let n: usize = SHAPE.iter().product();
    let values: Vec<f32> = (0..n).map(|i| ((i * 37 % 101) as f32 - 50.0) / 40.0).collect();
    npy::write_npy_f32(&bench.path("x.npy"), &SHAPE, &values).expect("an input");
    // Tenfold and moved: no z-scores.
    let celsius: Vec<f32> = values.iter().map(|z| 280.0 + 10.0 * z).collect();
    npy::write_npy_f32(&bench.path("k.npy"), &SHAPE, &celsius).expect("an input");
    let mask = |is_hidden: fn(usize) -> bool| -> Vec<u8> {
        (0..2 * N_TOKENS).map(|token| u8::from(is_hidden(token))).collect()
    };
    let write = |name: &str, mask: &[u8]| {
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        let head =
            format!("{{'descr': '|u1', 'fortran_order': False, 'shape': (2, {N_TOKENS}), }}");
        bytes.extend(format!("{head:<117}\n").bytes());
        bytes.extend_from_slice(mask);
        std::fs::write(bench.path(name), bytes).expect("a mask");
    };
    write("m.npy", &mask(|token| token % 4 == 1));
    write("all.npy", &mask(|token| token >= N_TOKENS));
    let predict = |input: &str, more: &str| {
        let said = bench.succeeds(&format!(
            "predict --model sslpdl --checkpoint iberia-narrow --input @{input} {more} --output @p.npy"
        ));
        let (shape, values) = npy::read_npy_f32(&bench.path("p.npy")).expect("probabilities");
        assert_eq!(shape, [2, 3, 16, 24]);
        for (i, example) in values.chunks_exact(3 * 16 * 24).enumerate() {
            for node in 0..16 * 24 {
                let sum: f32 = (0..3).map(|class| example[class * 384 + node]).sum();
                assert!((sum - 1.0).abs() < 1e-5, "input {i}, node {node}: {sum}");
            }
        }
        (said, values)
    };
    let differs = |a: &[f32], b: &[f32]| a.iter().zip(b).any(|(a, b)| (a - b).abs() > 1e-3);
    let (_, whole) = predict("x.npy", "");
    let (_, masked) = predict("x.npy", "--mask @m.npy");
    let (_, identity) = predict("x.npy", "--mask @m.npy --blocks identity");
    assert!(differs(&whole, &masked) && differs(&masked, &identity));
    bench.succeeds(
        "predict --model sslpdl --checkpoint iberia-narrow --input @k.npy --output @k.json",
    );
    bench.hides_its_place("k-1.json");
    let (said, _) = predict("k.npy", "");
    assert!(said.contains("do not look like z-scores"), "{said}");
    bench.fails(
        "predict --model sslpdl --checkpoint iberia-narrow --input @x.npy --mask @all.npy --output @p.npy",
        &["hides all of input 2"],
    );
}
