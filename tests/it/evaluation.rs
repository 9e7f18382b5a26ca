//! Evaluations of frames on the command line: what they say, and that one which is stopped goes on where it was.

use std::time::Duration;

use crate::bench::Bench;

const SHIPPED: &str = "knmi-20100826";

const EVALUATE: &str = "evaluate --model smaat-unet --checkpoint narrow-knmi-20100826 --dataset data/knmi \
                        --split-file @split.json --thresholds 0.5 --output";

/// What is written after being killed and going on is what is written without.
#[test]
fn an_evaluation_that_was_killed_goes_on() {
    let bench = Bench::new();
    let ids = (0..40).map(|i| format!("20100826T{:02}{:02}", 1 + i / 12, i % 12 * 5));
    let split = serde_json::json!({ "test": ids.collect::<Vec<_>>() });
    std::fs::write(bench.path("split.json"), split.to_string()).expect("a file");
    bench.succeeds(&format!("{EVALUATE} @whole.json"));
    let part = bench.path("parted.json.part-of");
    let mut going = bench.command(&format!("{EVALUATE} @parted.json")).spawn().expect("a process");
    while !part.exists() && going.try_wait().expect("a process").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    going.kill().and_then(|()| going.wait()).expect("a process that ends");
    assert!(part.exists() && !bench.path("parted.json").exists(), "it ended before");

    // Other thresholds are other work.
    let other = EVALUATE.replace("0.5", "2");
    bench.fails(&format!("{other} @parted.json"), &["of another verification", "remove it"]);
    let output = bench.command(&format!("{EVALUATE} @parted.json")).output().expect("a process");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("going on after 20 samples"), "{said}");
    let read = |name: &str| std::fs::read_to_string(bench.path(name)).expect("a table");
    assert_eq!(read("parted.json"), read("whole.json"));
    assert!(!part.exists());
    std::fs::write(&part, b"nonsense").expect("a file");
    bench.fails(&format!("{EVALUATE} @parted.json"), &["no verification that can go on"]);
}

/// The authors' program compares at thresholds of their own unit, which are other amounts than they are called.
#[test]
fn published_thresholds_are_said_in_true_millimetres() {
    let bench = Bench::new();
    std::fs::write(bench.path("split.json"), r#"{"test": ["20100826T0600"]}"#).expect("a file");
    let evaluate = format!("{EVALUATE} @t.json --compat").replace("--thresholds 0.5 ", "");
    bench.succeeds(&format!("{evaluate} published-thresholds"));
    let bytes = std::fs::read(bench.path("t.json")).expect("a table");
    let table: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let compared = table["compat"]["compared_mm_h"].as_array().expect("three");
    let compared: Vec<f64> = compared.iter().filter_map(serde_json::Value::as_f64).collect();
    for (found, expected) in compared.iter().zip([9.44, 1.97, 0.33]) {
        assert!((found - expected).abs() < 0.01, "{compared:?}");
    }
    assert_eq!(compared.len(), 3);
    bench.fails(&format!("{evaluate} other"), &["the only rule of another program"]);
    let both = format!("{evaluate} published-thresholds --thresholds 1");
    bench.fails(&both, &["has thresholds of rain of its own", "leave --thresholds out"]);
}

#[test]
fn evaluate_scores_the_model_beside_persistence() {
    let bench = Bench::new();
    std::fs::write(bench.path("split.json"), r#"{"test": ["20100826T0600"], "train": []}"#)
        .expect("a file");
    let evaluate =
        format!("evaluate --checkpoint {SHIPPED} --dataset data/knmi --split-file @split.json");
    bench.succeeds(&format!("{evaluate} --split test --thresholds 0.5,2 --output @t.json"));
    let table: serde_json::Value =
        serde_json::from_slice(&std::fs::read(bench.path("t.json")).expect("a table"))
            .expect("JSON");
    assert_eq!(table["n_samples"], 1);
    assert_eq!(table["checkpoint"], SHIPPED);
    // Of a part of the samples a comparison of all would be another one.
    assert_eq!(table["comparison"], serde_json::Value::Null);
    let standard = bench.run(&format!("{evaluate} --thresholds 0.5,2 --output - --format json"));
    let said: serde_json::Value = serde_json::from_slice(&standard.stdout).expect("JSON alone");
    assert_eq!(said, table);
    assert_eq!(table["scores"]["rows"].as_array().map(Vec::len), Some(4));
    let csv = bench.succeeds(&format!("{evaluate} --thresholds 0.5"));
    assert_eq!(csv.lines().count(), 3, "{csv}");
    bench.fails(&format!("{evaluate} --split train"), &["no sample"]);
    bench.fails(&format!("{evaluate} --split winter"), &["winter", "test, train"]);
    // A folder of frames has no splits of its own.
    let whole = format!("evaluate --checkpoint {SHIPPED} --dataset data/knmi --output @w.json");
    for split in ["test", "nonsense"] {
        bench.fails(&format!("{whole} --split {split}"), &["no splits of its own", "--split-file"]);
    }
    bench.fails(&format!("{evaluate} --thresholds=-1"), &["threshold"]);
    bench.fails(&format!("{evaluate} --output @t.xls"), &[".json or .csv"]);
}
