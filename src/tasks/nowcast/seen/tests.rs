use stormlens_data::card::Nowcasting;
use stormlens_data::network::{Explained, Map, Meaning};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Shares;

use super::*;
use crate::question::Question;
use crate::tasks::nowcast::scores::of_outcome;
use crate::tasks::tests::{SAMPLE, ask, finish};

/// German frames, 176 × 224 pixels: whole patches across, half a patch too few down.
const GERMAN: &str = "radklim-20180516T1200";

fn seen(size: [usize; 2], mask: FrameMask) -> Result<Seen, String> {
    let n = size[0] * size[1];
    let values = (0..2 * n).map(|i| 0.01 + (i % 7) as f32 * 1e-3).collect();
    Seen::new(&Input { values, shape: [2, size[0], size[1]] }, None, mask)
}

fn hiding(hidden: &[usize]) -> FrameMask {
    FrameMask { hidden: hidden.to_vec(), ..FrameMask::default() }
}

#[test]
fn frames_are_filled_up_to_whole_patches() {
    let seen = seen([40, 64], hiding(&[1])).expect("something is left");
    let input = seen.input();
    assert_eq!((input.shape, seen.within()), ([2, 64, 64], Some([40, 64])));
    // Of the lower patches 24 of 32 rows lie beyond the frames: too many to be seen.
    assert_eq!(seen.hidden, [false, true, true, true]);
    let mut answer = Answer {
        prediction: (0..64 * 64).map(|i| i as f32).collect(),
        explained: vec![Explained {
            method: String::new(),
            score: 0.0,
            mask: Some(vec![1.0; 64 * 64]),
            maps: vec![Map {
                part: "",
                layer: None,
                meaning: Meaning::Contribution,
                shape: [1, 2, 2],
                values: vec![1.0, 2.0, 3.0, 4.0],
            }],
            series: Vec::new(),
            measures: Vec::new(),
        }],
        ..Answer::default()
    };
    seen.crop(&mut answer);
    assert_eq!((answer.prediction.len(), answer.prediction[40 * 64 - 1]), (40 * 64, 2559.0));
    let map = &answer.explained[0].maps[0];
    // A patch keeps its ground: row 31 is of the first, row 32 of the second one.
    assert_eq!((map.shape, map.values[31 * 64], map.values[32 * 64 + 63]), ([1, 40, 64], 1.0, 4.0));
    assert_eq!(answer.explained[0].mask.as_ref().map(Vec::len), Some(40 * 64));
    assert_eq!(seen.on_pixels(vec![5.0, 6.0, 7.0, 8.0], [2, 2]).1, [40, 64]);
}

#[test]
fn nothing_at_all_and_what_there_is_not_are_refused_in_words() {
    let all = seen([32, 64], hiding(&[0, 1])).err().expect("nothing is left");
    assert!(all.contains("sees nothing; hide fewer"), "{all}");
    let other = seen([32, 64], hiding(&[2])).err().expect("no such patch");
    assert!(other.contains("no patch 2: the frames have 1 × 2, numbered from 0 to 1"), "{other}");
    // Nobody measured anything.
    let input = Input { values: vec![0.0; 2048], shape: [1, 32, 64] };
    let unknown = Seen::new(&input, Some(&[false; 2048]), FrameMask::default());
    assert!(unknown.err().expect("nothing is known").contains("mostly unknown"));
    let dry = Seen::new(&input, None, FrameMask::default()).expect("dry is known");
    assert_eq!(dry.input().values, vec![0.0; 2048]);
}

/// Of a seed, the same masks; another number is another mask; each leaves something to be seen.
#[test]
fn masks_are_those_of_their_seed() {
    let shares = Some(Shares { percent: 50, seed: 3 });
    let mask = FrameMask { n_masks: 4, masks: shares, random: shares, ..FrameMask::default() };
    let all = FrameMask { masks: Some(Shares { percent: 99, seed: 3 }), ..mask.clone() };
    let almost = seen([256, 256], all).expect("each mask leaves one of 64");
    for mask in almost.masks() {
        assert_eq!(mask.iter().filter(|hidden| !**hidden).count(), 1);
        assert!(mask.iter().zip(&almost.hidden).all(|(behind, before)| *behind || !before));
    }
    let shares = Some(Shares { percent: 99, seed: 3 });
    let random = FrameMask { random: shares, ..hiding(&[1]) };
    let one = seen([32, 64], random).expect("what was not chosen is left");
    assert_eq!(one.hidden, [false, true]);
    let of = |mask: FrameMask| {
        let seen = seen([256, 256], mask).expect("something is left");
        let inputs: Vec<Vec<f32>> = seen.masked().map(|input| input.values).collect();
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        (seen.hidden.clone(), inputs.iter().map(|v| bits(v)).collect::<Vec<_>>())
    };
    let (hidden, inputs) = of(mask.clone());
    assert_eq!(hidden.iter().filter(|hidden| **hidden).count(), 32);
    assert_eq!(of(mask.clone()).1, inputs);
    assert_eq!(inputs.len(), 4);
    let other = Some(Shares { percent: 50, seed: 4 });
    assert!((4..20).any(|seed| {
        let other = other.map(|shares| Shares { seed, ..shares });
        of(FrameMask { masks: other, random: other, ..mask.clone() }).1 != inputs
    }));
}

/// A forecast with the statistics of the whole is what the network would have said, knowing them.
#[test]
fn the_whole_of_a_patch_gives_its_forecast_its_size() {
    let mask = FrameMask { whole_statistics: true, ..hiding(&[0]) };
    let whole = seen([32, 64], mask).expect("one patch is left");
    let placed = [ShownLayer { name: FLOOR.to_owned(), shape: [1, 1, 1], values: vec![0.003] }];
    let mut answers = [Answer { prediction: vec![0.02; 2 * 2048], ..Answer::default() }];
    let visible = Statistics::of(&whole.input().values, &whole.patches, 0.003f32.into());
    let known = Statistics::of(&whole.whole, &whole.patches, 0.003f32.into());
    whole.finish(&mut answers, &placed);
    let said = (f64::from(0.02f32) - visible.mean[0]) / visible.spread[0];
    let expected = said * known.spread[0] + known.mean[0];
    assert!((f64::from(answers[0].prediction[0]) - expected).abs() < 1e-8);
    assert!((answers[0].prediction[40] - 0.02).abs() < 1e-8, "what was seen stays");
    // What is rebuilt exactly has no error.
    assert!(whole.errors(&whole.whole, &placed).iter().all(|&error| error == 0.0));
}

fn result(query: &str) -> (Question, Outcome) {
    let question = ask(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let prepared = question.task.prepare(&question.request, &question.cards);
    let prepared = prepared.unwrap_or_else(|error| panic!("{query}: {error}"));
    let [_, height, width] = prepared.passes[0].input.shape;
    let prediction = vec![0.01; 12 * height * width];
    let answer = Answer { prediction, shape: vec![12, height, width], ..Answer::default() };
    let outcome = finish(&question, prepared, answer);
    (question, outcome)
}

#[test]
fn a_mask_is_a_part_of_the_question() {
    let query =
        format!("model=spark&sample={GERMAN}&methods=none&hide=7,3,3&masks=2&statistics=whole");
    let (question, outcome) = result(&query);
    let pairs = question.to_query();
    assert!(
        pairs.contains("hide=3,7&masks=2&mask-percent=30&hide-seed=1&statistics=whole"),
        "{pairs}"
    );
    let hidden = outcome.variable("hidden").expect("what is hidden");
    assert_eq!(hidden.plane, Some([176, 224]), "no whole patches, so on pixels");
    let prediction = outcome.variable("prediction").expect("a forecast");
    assert_eq!((prediction.n_maps(), prediction.plane), (12, Some([176, 224])));
    assert!(outcome.notes("hidden-patches").next().expect("it is said").contains("patches"));
    question.task.check(&outcome, &question.request, &question.cards).expect("it is kept");
    // Where nothing is hidden, statistics have one meaning, and nothing is said.
    let (plain, _) = result(&format!("model=spark&sample={SAMPLE}&methods=none&statistics=whole"));
    assert!(!plain.to_query().contains("statistics"), "{}", plain.to_query());
    for (more, words) in [
        ("model=spark&hide=x", "by their numbers"),
        ("model=spark&masks=1", "from 2 to 50"),
        ("model=spark&hide-percent=100", "from 1 to 99"),
        ("model=spark&statistics=half", "visible or whole"),
        ("model=rain&hide=1", "learnt to do without"),
    ] {
        let error = ask(&format!("sample={SAMPLE}&{more}")).err().expect(more).to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// Weights of a pre-training give what went in, and are never the default.
#[test]
fn what_is_rebuilt_is_no_forecast() {
    let query = format!("model=spark&checkpoint=before&sample={GERMAN}&methods=none&hide=2");
    let (question, outcome) = result(&query);
    assert!(question.cards.checkpoint.nowcasting.as_ref().is_some_and(Nowcasting::rebuilds));
    let names: Vec<&str> = outcome.variables.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(
        names,
        ["prediction", "observation", "input", "filled", "interpolated", "hidden", "patch_error"]
    );
    let axis = outcome.variables[0].axis().expect("times");
    assert_eq!((axis.len(), Some(axis)), (12, outcome.variables[2].axis()));
    question.task.check(&outcome, &question.request, &question.cards).expect("it is kept");
    fills_the_hidden_patches_alone(&outcome);
    let default = ask(&format!("model=spark&sample={GERMAN}&methods=none")).expect("a default");
    assert_eq!(default.request.checkpoint, "hour");
    let later = ask(&format!("{query}&lead-time=30")).err().expect("no forecast").to_string();
    assert!(later.contains("they forecast nothing"), "{later}");
}

/// Patch 2 lies in rows 0 to 31 and columns 64 to 95; beside it those are hidden of which too little was measured.
fn fills_the_hidden_patches_alone(outcome: &Outcome) {
    let of = |name: &str| outcome.variable(name).expect(name);
    let hidden = of("hidden").map(0);
    let frame = |name: &str| of(name).map(11);
    let [input, rebuilt, filled, by_rule] =
        ["input", "prediction", "filled", "interpolated"].map(frame);
    assert!((0..32).all(|row| (64..96).all(|column| hidden.at(row, column) > 0.0)));
    for i in 0..input.values.len() {
        if hidden.values[i] > 0.0 {
            assert_eq!(filled.values[i], rebuilt.values[i], "pixel {i}");
        } else if input.values[i].is_finite() {
            assert_eq!(filled.values[i], input.values[i], "pixel {i}");
            assert_eq!(by_rule.values[i], input.values[i], "pixel {i}");
        }
    }
    let n_hidden = hidden.values.iter().filter(|&&hidden| hidden > 0.0).count() as u64;
    let table = of_outcome(outcome).expect("what was hidden is known");
    let row = |name: &str| table.row(name, None, 0.5).unwrap_or_else(|| panic!("{name}"));
    let counts = ["model", "interpolated", "dry"].map(|name| row(name).counts.n_pixels());
    assert!(counts == [counts[0]; 3], "{counts:?}");
    assert!((12 * 1024..=12 * n_hidden).contains(&counts[0]), "{counts:?} of {n_hidden} a frame");
    assert_eq!(row("dry").counts.hits + row("dry").counts.false_alarms, 0);
}
