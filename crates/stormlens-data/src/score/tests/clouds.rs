use std::path::Path;

use super::*;
use crate::dataset::Windows;

const CLOUDS: NowcastField = NowcastField::CloudCover;
const LEADS_MIN: [u32; 6] = [15, 30, 45, 60, 75, 90];
const SMALL: &str = include_str!("../../../tests/golden/clouds.json");

/// Frames of samples, each `[10, height, width]`.
struct Samples {
    size: [usize; 2],
    samples: Vec<Vec<f32>>,
}

impl Samples {
    fn frame(&self, sample: &[f32], i: usize) -> Field {
        let [height, width] = self.size;
        Field::new(height, width, sample[i * height * width..][..height * width].to_vec())
    }

    /// The stand-in model of the reference numbers, and persistence.
    fn table(&self) -> ScoreTable {
        let mut verification = reference(CLOUDS, &LEADS_MIN, default_thresholds(CLOUDS));
        for sample in &self.samples {
            let (first, last) = (self.frame(sample, 0), self.frame(sample, 3));
            let values = first.values.iter().zip(&last.values);
            let model = values.map(|(first, last)| 0.8 * last + 0.1 * first + 0.05).collect();
            let model = Field::new(self.size[0], self.size[1], model);
            for lead in 0..6 {
                verification.add(lead, &[&model, &last], &self.frame(sample, 4 + lead));
            }
        }
        verification.finish()
    }
}

fn check(row: &ScoreRow, name: &str, expected: &serde_json::Value, tolerance: f64) {
    let (found, expected) = (row.score(name).unwrap(), expected.as_f64().unwrap());
    assert!((found / expected - 1.0).abs() < tolerance, "{name}: {found} against {expected}");
}

/// Small samples in the repository, and scores that NumPy made of them.
#[test]
fn scores_by_lead_time_equal_those_of_numpy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/clouds");
    let windows = Windows::open(&folder).unwrap();
    let read = |i| {
        let window = windows.read("test", i, &LEADS_MIN).unwrap();
        [window.inputs, window.targets].concat()
    };
    let samples = Samples { size: [32, 32], samples: (0..windows.len("test")).map(read).collect() };
    let table = samples.table();
    let golden: serde_json::Value = serde_json::from_str(SMALL).unwrap();
    for row in &table.rows {
        let lead = row.lead_time_min.map_or("all".to_owned(), |lead| lead.to_string());
        let expected = &golden[row.forecast.as_str()][&lead];
        let c = row.counts;
        for (name, count) in [
            ("hits", c.hits),
            ("misses", c.misses),
            ("false_alarms", c.false_alarms),
            ("correct_negatives", c.correct_negatives),
        ] {
            assert_eq!(expected[name].as_u64(), Some(count), "{name}");
        }
        for name in
            ["precision", "recall", "accuracy", "f1", "csi", "far", "hss", "hss_paper", "mse"]
        {
            check(row, name, &expected[name], 1e-12);
        }
    }
    assert_eq!(table.rows.len(), 2 * 7);
}

/// What SAR-UNet's own test script says of the full samples, where they are at hand.
#[test]
fn scores_equal_those_of_the_reference_program() {
    let Some(folder) = std::env::var_os("STORMLENS_GOLDEN_DIR") else {
        println!("skipped: STORMLENS_GOLDEN_DIR is not set");
        return;
    };
    let bytes = std::fs::read(Path::new(&folder).join("sar_unet/cloud_fields.safetensors"));
    let bytes = bytes.unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let read = |i: usize| {
        let tensor = tensors.tensor(&format!("sample{i}")).unwrap();
        tensor.data().iter().map(|&v| f32::from(v)).collect()
    };
    let table = Samples { size: [256, 256], samples: (0..3).map(read).collect() }.table();
    let golden: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    for (scored, name) in [(MODEL, "cloud_model"), (PERSISTENCE, "cloud_persistence")] {
        let row = table.row(scored, None, 0.5).unwrap();
        let expected = &golden[format!("sar_repo/{name}")];
        for name in ["precision", "recall", "accuracy", "f1"] {
            check(row, name, &expected[name], 1e-12);
        }
        // The reference sums squares in float32.
        check(row, "mse", &expected["mse"], 1e-6);
    }
}

#[test]
fn clear_sky_has_undefined_scores_and_empty_cells() {
    let clear = field(&[0.0, 0.0]);
    let table = verify(CLOUDS, 15, [&clear, &clear, &clear], default_thresholds(CLOUDS));
    assert_eq!(table.rows[0].score("csi"), None);
    assert_eq!(table.rows[0].score("mse"), Some(0.0));
    let csv = table.to_csv();
    let expected = "forecast,lead_time_min,threshold,hits,misses,false_alarms,correct_negatives,\
                    n_pixels,precision,recall,accuracy,f1,csi,far,frequency_bias,hss,hss_paper,ets,\
                    mse,mae,bias,correlation\nmodel,15,0.5,0,0,0,2,2,,,1,,,,,,,,0,0,0,\n";
    assert!(csv.starts_with(expected), "{csv}");
}
