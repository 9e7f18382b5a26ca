use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;
use serde::Deserialize;

use super::*;

/// The small attribution that SciPy went through; see `tests/golden/attribution.py`.
#[derive(Deserialize)]
struct Small {
    side_px: usize,
    attribution: Vec<f32>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    polarity: Polarity,
    above: f64,
    below: f64,
    cleanup: bool,
    high: f32,
    low: f32,
    map: Vec<f32>,
    outline: Vec<usize>,
}

#[test]
fn maps_are_those_of_the_published_steps() {
    let text = include_str!("../../tests/golden/attribution.json");
    let small: Small = serde_json::from_str(text).unwrap();
    assert_eq!(small.cases.len(), 6);
    for Case { polarity, above, below, cleanup, high, low, map, outline: border } in small.cases {
        let name = format!("{polarity} {above} {below}");
        let visualiser = Visualiser { polarity, above, below, cleanup };
        let mean = visualiser.mean(&small.attribution, small.side_px);
        let thresholds = visualiser.thresholds(&mean).unwrap();
        assert!((thresholds.high - high).abs() <= 1e-6 * high, "{name}: {thresholds:?}, {high}");
        assert!((thresholds.low - low).abs() <= 1e-6 * high, "{name}: {thresholds:?}, {low}");
        let ours = visualiser.map(&small.attribution, small.side_px);
        assert!(max_error(&ours, &map) < 2e-6, "{name}: {}", max_error(&ours, &map));
        let drawn = outline(&ours, small.side_px, Ranking::Area);
        let drawn: Vec<usize> = (0..drawn.len()).filter(|&i| drawn[i]).collect();
        assert_eq!(drawn, border, "{name}");
    }
}

#[test]
fn nothing_gives_nothing() {
    let check = |attribution: Vec<f32>, visualiser: Visualiser| {
        let map = visualiser.map(&attribution, 4);
        assert_eq!(map, [0.0; 16], "{visualiser:?}");
        assert_eq!(outline(&map, 4, Ranking::Area), [false; 16]);
        assert_eq!(outline(&map, 4, Ranking::Attribution), [false; 16]);
    };
    let plain = Visualiser::default();
    check(vec![0.0; 48], plain);
    check(vec![-1.0; 48], plain);
    check(vec![f32::NAN; 48], plain);
    check(vec![1.0; 48], Visualiser { polarity: Polarity::Negative, cleanup: true, ..plain });
    // One value everywhere: the 1 % and the 99 % mark are the same.
    check(vec![0.5; 48], Visualiser { above: 99.0, below: 1.0, ..plain });
    check(vec![0.5; 48], Visualiser { above: 10.0, below: 90.0, ..plain });
    assert!(plain.map(&[], 0).is_empty());
    assert!(Visualiser { cleanup: true, ..plain }.map(&[], 0).is_empty());
    assert!(outline(&[], 0, Ranking::Area).is_empty());
}

#[test]
fn shares_are_of_the_mass() {
    // 6 + 3 + 1 = 10: the first holds 60 %, the first two 90 %.
    let mut attribution = vec![0.0; 12];
    for channel in 0..3 {
        attribution[4 * channel..4 * channel + 4].copy_from_slice(&[0.1, 0.6, 0.0, 0.3]);
    }
    let check = |above, below, expected: Option<(f32, f32)>| {
        let visualiser = Visualiser { above, below, ..Visualiser::default() };
        let found = visualiser.thresholds(&visualiser.mean(&attribution, 2));
        let found = found.map(|t| ((t.low * 10.0).round() / 10.0, (t.high * 10.0).round() / 10.0));
        assert_eq!(found, expected, "{above} {below}");
    };
    check(99.0, 0.0, Some((0.0, 0.6)));
    check(41.0, 0.0, Some((0.0, 0.6)));
    check(39.0, 0.0, Some((0.0, 0.3)));
    check(99.0, 20.0, Some((0.3, 0.6)));
    check(99.0, 5.0, Some((0.1, 0.6)));
    check(100.0, 0.0, Some((0.0, 0.6)));
    check(99.0, 50.0, None);
}

#[test]
fn the_signs_cancel_in_the_sum_only() {
    let attribution = [0.5, -0.25, -2.0];
    let of = |polarity| Visualiser { polarity, ..Visualiser::default() }.mean(&attribution, 1);
    assert_eq!(signed_sum(&attribution, 1), [-1.75]);
    assert_eq!(of(Polarity::Positive), [0.5 / 3.0]);
    assert_eq!(of(Polarity::Negative), [1.25 / 3.0], "clipped to 1 before the mean");
}

#[test]
fn regions_are_ranked_by_what_is_asked() {
    // Four regions in a row of 3-pixel-wide strips: by area the first three, by attribution the last.
    let side = 20;
    let mut map = vec![0.0; side * side];
    for (first, last, value) in [(0, 5, 0.005), (7, 11, 0.005), (13, 15, 0.005), (18, 18, 1.0)] {
        (first..=last).for_each(|row| map[row * side..row * side + 3].fill(value));
    }
    let rows = |ranking| {
        let drawn = outline(&map, side, ranking);
        (0..side).filter(|row| drawn[row * side]).collect::<Vec<_>>()
    };
    assert_eq!(rows(Ranking::Area), [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15]);
    assert_eq!(rows(Ranking::Attribution), [18]);
}

#[test]
fn holes_are_filled_and_corners_touch() {
    let drawn = |picture: [&str; 5]| {
        let map: Vec<f32> =
            picture.concat().bytes().map(|b| f32::from(u8::from(b == b'#'))).collect();
        let border = outline(&map, 5, Ranking::Area);
        let lines = border.chunks(5);
        lines.map(|l| l.iter().map(|&b| if b { '#' } else { '.' }).collect::<String>()).collect()
    };
    let check = |picture, expected: [&str; 5]| {
        let drawn: Vec<String> = drawn(picture);
        assert_eq!(drawn, expected);
    };
    check(
        ["#####", "#...#", "#.#.#", "#...#", "#####"],
        ["#####", "#...#", "#...#", "#...#", "#####"],
    );
    check(
        ["#....", ".#...", "..#..", "...#.", "....#"],
        ["#....", ".#...", "..#..", "...#.", "....#"],
    );
}

/// One run of the published program: its attribution and maps, and the numbers beside them.
struct Run {
    tensors: Vec<u8>,
    numbers: serde_json::Value,
}

impl Run {
    fn read(name: &str) -> Option<Self> {
        let Some(folder) = std::env::var_os("STORMLENS_GOLDEN_DIR") else {
            println!("skipped: STORMLENS_GOLDEN_DIR is not set, so there is no {name}");
            return None;
        };
        let path = Path::new(&folder).join("polar_low").join(name);
        let tensors = std::fs::read(path.with_extension("safetensors")).unwrap();
        let numbers = std::fs::read(path.with_extension("json")).unwrap();
        Some(Self { tensors, numbers: serde_json::from_slice(&numbers).unwrap() })
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let file = SafeTensors::deserialize(&self.tensors).unwrap();
        Some(file.tensor(name).ok()?.data().to_vec())
    }

    fn floats(&self, name: &str) -> Option<Vec<f32>> {
        let bytes = self.bytes(name)?;
        Some(bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect())
    }

    fn number(&self, map: &str, name: &str) -> Option<f64> {
        self.numbers[map][name].as_f64()
    }
}

/// From `[side, side, 3]` to `[3, side, side]`.
fn channels_first(values: &[f32]) -> Vec<f32> {
    (0..3).flat_map(|channel| values.iter().skip(channel).step_by(3).copied()).collect()
}

fn max_error(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn published() -> HashMap<&'static str, Visualiser> {
    let plain = Visualiser::default();
    HashMap::from([
        ("vis_pos_99_0", plain),
        ("vis_neg_99_0", Visualiser { polarity: Polarity::Negative, ..plain }),
        ("vis_pos_99_45_clean", Visualiser { below: 45.0, cleanup: true, ..plain }),
    ])
}

#[test]
fn maps_and_outlines_are_those_of_the_published_program() {
    for (side_px, scene) in [(128, "tokyo"), (128, "synthetic"), (512, "tokyo"), (512, "synthetic")]
    {
        let Some(run) = Run::read(&format!("polar_low_{side_px}_{scene}")) else { return };
        let attribution = channels_first(&run.floats("ig").unwrap());
        for (name, visualiser) in published() {
            let case = format!("{side_px} {scene} {name}");
            let mean = visualiser.mean(&attribution, side_px);
            let thresholds = visualiser.thresholds(&mean).unwrap();
            let near = |value: f32, end: &str| {
                let Some(theirs) = run.number(name, end) else { return };
                let apart = (f64::from(value) - theirs).abs();
                assert!(apart <= 1e-4 * theirs, "{case} {end}: {value}, {theirs}");
            };
            near(thresholds.high, "m");
            near(thresholds.low, "e");
            let map = visualiser.map(&attribution, side_px);
            if let Some(theirs) = run.number(name, "nonzero") {
                let n = map.iter().filter(|v| **v > 0.0).count() as f64;
                assert!((n - theirs).abs() <= 0.001 * theirs, "{case}: {n} of {theirs}");
            }
            if let Some(theirs) = run.floats(name) {
                let error = max_error(&map, &theirs);
                println!("{case}: max error {error:e}");
                assert!(error < 1e-4, "{case}: {error}");
            }
        }
        let map = published()["vis_pos_99_45_clean"].map(&attribution, side_px);
        let ours = outline(&map, side_px, Ranking::Area);
        let theirs = run.bytes("vis_pos_99_45_outline").unwrap();
        let both = ours.iter().zip(&theirs).filter(|(a, b)| **a && **b > 0).count();
        let either = ours.iter().zip(&theirs).filter(|(a, b)| **a || **b > 0).count();
        println!("{side_px} {scene} outline: {both} of {either} pixels in both");
        assert!(both as f64 >= 0.98 * either as f64, "{both} of {either}");
    }
}

/// The whole attribution of these runs is not kept, so the range is theirs.
#[test]
fn a_window_of_the_largest_variant_is_that_of_the_published_program() {
    for scene in ["tokyo", "synthetic"] {
        let Some(run) = Run::read(&format!("polar_low_1024_{scene}")) else { return };
        let attribution = channels_first(&run.floats("ig_window128").unwrap());
        let end = |name| run.number("vis_pos_99_0", name).unwrap() as f32;
        let range = Thresholds { low: end("e"), high: end("m") };
        let mean = Visualiser::default().mean(&attribution, 128);
        let map: Vec<f32> = mean.into_iter().map(|value| range.share(value)).collect();
        let error = max_error(&map, &run.floats("vis_pos_99_0_window128").unwrap());
        assert!(error < 1e-5, "{scene}: {error}");
    }
}
