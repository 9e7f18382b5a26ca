//! Evaluations and comparisons of radar that is missing, dry, full of gaps, or of no whole patches.

use std::path::Path;

use serde_json::{Value, json};
use stormlens_data::archive::Archive;

use crate::bench::Bench;

const EVALUATE: &str = "evaluate --model spat-spark --checkpoint narrow-germany-2018 --thresholds 0.5 --split-file @split.json";
/// Pixels along the sides of the German composite.
const SIDE: usize = 900;
/// Frames before anything is measured, as many as a network takes.
const N_MISSING: usize = 12;
const N_FRAMES: usize = 36;
/// Columns below that stay dry, the others have showers and gaps.
const FIRST_WET: usize = 400;

/// What a pixel holds, row 0 in the north: hundredths of a millimetre; no data as the service marks it.
fn code(frame: usize, row: usize, column: usize) -> u16 {
    match () {
        () if frame < N_MISSING || is_gap(row, column) => 0x29C4,
        () if column >= FIRST_WET && ((column + 3 * frame) / 40).is_multiple_of(2) => 40,
        () => 0,
    }
}

fn is_gap(row: usize, column: usize) -> bool {
    column >= FIRST_WET && row % 100 < 10
}

/// Frames of RADOLAN RY, from 00:05 to 03:00.
fn write_frames(folder: &Path) {
    std::fs::create_dir(folder).expect("a folder");
    for frame in 0..N_FRAMES {
        let minute = 5 + 5 * frame;
        let (hour, minute) = (minute / 60, minute % 60);
        let header = format!(
            "RY01{hour:02}{minute:02}100000620BY1620142VS 3SW   2.18.3PR E-02INT   5U0GP 900x 900MF 00000000VR2017.002MS \
             69<boo,ros>\x03"
        );
        // The southernmost row comes first.
        let pixels = (0..SIDE).rev().flat_map(|row| (0..SIDE).map(move |column| (row, column)));
        let codes = pixels.flat_map(|(row, column)| code(frame, row, column).to_le_bytes());
        let bytes: Vec<u8> = header.bytes().chain(codes).collect();
        let name = format!("raa01-ry_10000-200601{hour:02}{minute:02}-dwd---bin");
        std::fs::write(folder.join(name), bytes).expect("a file");
    }
}

fn read(bench: &Bench, name: &str) -> Value {
    let text = std::fs::read_to_string(bench.path(name)).expect("a table");
    assert!(!text.contains("NaN"), "{text}");
    serde_json::from_str(&text).expect("JSON")
}

/// The row of all lead times together.
fn together<'a>(table: &'a Value, forecast: &str) -> &'a Value {
    let rows = table["scores"]["rows"].as_array().expect("rows");
    let is_it = |row: &&Value| row["forecast"] == forecast && row["lead_time_min"].is_null();
    rows.iter().find(is_it).expect("a row")
}

#[test]
fn what_is_missing_and_what_is_dry_have_no_scores_and_break_none() {
    let bench = Bench::new();
    let folder = bench.path("radar");
    write_frames(&folder);
    let archive = Archive::open(&folder).expect("radar");
    let tiles = archive.tiles();
    let width = |tile: &&stormlens_data::archive::Tile| tile.column + tile.width;
    let dry = tiles.iter().find(|tile| width(tile) <= FIRST_WET).expect("a tile in the west");
    let wet = tiles.iter().find(|tile| tile.column >= FIRST_WET).expect("a tile in the east");
    let id = |tile: &str, time: &str| format!("{tile}.20200601T{time}");
    let (before, after) = (id(&dry.name, "0100"), id(&dry.name, "0200"));
    let gaps = id(&wet.name, "0200");
    let split = json!({
        "missing": [before], "dry": [after], "gaps": [gaps], "all": [before, after, gaps],
    });
    std::fs::write(bench.path("split.json"), split.to_string()).expect("a file");
    let evaluate = |split: &str| {
        let name = format!("{split}.json");
        let said = bench
            .succeeds(&format!("{EVALUATE} --dataset @radar --split {split} --output @{name}"));
        (said, read(&bench, &name))
    };

    let (said, all) = evaluate("all");
    assert!(said.contains("2 samples verified; 1 left out"), "{said}");
    assert_eq!((&all["n_samples"], &all["n_samples_without_input"]), (&json!(2), &json!(1)));
    let (_, missing) = evaluate("missing");
    assert_eq!(missing["n_samples"], 0);
    assert_eq!(together(&missing, "model")["mse_mm2_per_5min2"], Value::Null);

    // Without an observed event some scores are undefined: null in JSON, empty in CSV.
    let (_, dry_table) = evaluate("dry");
    let row = together(&dry_table, "persistence");
    assert_eq!((&row["csi"], &row["recall"]), (&Value::Null, &Value::Null));
    assert_eq!(row["mse_mm2_per_5min2"], 0.0);
    let csv = bench.succeeds(&format!("{EVALUATE} --dataset @radar --split dry"));
    let line = csv.lines().find(|line| line.starts_with("persistence,all,")).expect("a line");
    assert!(line.contains(",,") && !csv.contains("NaN"), "{csv}");

    // What nobody measured counts nowhere.
    let (_, gap_table) = evaluate("gaps");
    let rows = wet.row..wet.row + wet.height;
    let n_known = rows.filter(|row| !is_gap(*row, wet.column)).count() * wet.width;
    for forecast in ["model", "persistence"] {
        let row = together(&gap_table, forecast);
        assert_eq!(row["n_pixels"], 12 * n_known, "{forecast}");
        assert!(row["csi"].as_f64().is_some_and(|csi| (0.0..=1.0).contains(&csi)), "{row}");
    }

    // A comparison leaves out what an evaluation does.
    let said = bench.succeeds(
        "compare --dataset @radar --forecasts persistence,lagrangian-persistence --stride-min 60 --lead-times 30 \
         --thresholds 0.5 --output @compared.json",
    );
    let n = tiles.len();
    assert!(said.contains(&format!("{n} samples of")), "{said}");
    assert!(said.contains(&format!("; {n} left out, since a forecast had nothing")), "{said}");
    let report = &read(&bench, "compared.json")["report"];
    assert_eq!((&report["n_samples"], &report["n_samples_without_input"]), (&json!(n), &json!(n)));
}

/// 176 × 224 pixels are five and a half patches down: what fills the frames up counts nowhere.
#[test]
fn frames_of_no_whole_patches_are_scored_as_they_are() {
    let bench = Bench::new();
    std::fs::write(bench.path("split.json"), r#"{"test": ["20180516T1200"]}"#).expect("a file");
    bench.succeeds(&format!("{EVALUATE} --dataset data/radklim --output @t.json"));
    let table = read(&bench, "t.json");
    for forecast in ["model", "persistence"] {
        let n = together(&table, forecast)["n_pixels"].as_u64().expect("a number");
        // Along its rim a few hundred pixels of the piece are unknown.
        assert!((12 * 39_000..=12 * 176 * 224).contains(&n), "{forecast}: {n}");
    }
}

/// Weights of the pre-training forecast nothing that could be scored.
#[test]
fn what_is_rebuilt_is_not_scored_as_a_forecast() {
    let bench = Bench::new();
    bench.fails(
        "evaluate --model spat-spark --checkpoint pre-germany-2018 --dataset data/radklim --output @t.json",
        &["forecast nothing", "take fine-tuned ones"],
    );
}
