//! Questions in millimetres: sums of rain, an input without rain, and all that is wanted of an input at once.

use stormlens_data::downscale::LogScale;
use stormlens_data::network::{Explained, Input, Pass, Target as Wanted};
use stormlens_data::request::Silent;

use super::asked::{asked, loaded, tile};
use super::*;
use crate::engine::{Engine, Resident};
use crate::explain;

const SCALE: LogScale = LogScale::new(0.3, 0.6);

/// A part of the tile, in mm.
fn in_mm(above: Option<f64>) -> Wanted {
    Wanted::SumOver { rows: 4..9, columns: 2..14, above, mm: Some(SCALE), weights: None }
}

/// Of six pixels four are meant, and of these two lie above a threshold of 1 mm, or of 0.5 in the network's unit.
#[test]
fn rain_is_summed_in_millimetres() {
    let z = [9.0_f32, 0.0, 1.0, 9.0, 2.0, -2.5];
    let check = |above, scale: Option<LogScale>, pixels: &[usize]| {
        let (rows, columns) = (0..2, 1..3);
        let wanted = Wanted::SumOver { rows, columns, above, mm: scale, weights: None };
        let target = explain::target(&wanted, &z, &[1, 2, 3]);
        let mask = target.mask().expect("a sum over pixels");
        let found: Vec<usize> = (0..6).filter(|&i| mask[i] > 0.0).collect();
        assert_eq!(found, pixels, "above {above:?}");
        let mm = |i: usize, scale: LogScale| {
            (f64::from(z[i]) * scale.std + scale.mean).exp_m1() / scale.factor
        };
        let value = |i: usize| scale.map_or(f64::from(z[i]), |scale| mm(i, scale));
        let sum: f64 = pixels.iter().map(|&i| value(i)).sum();
        assert!((target.score(&z) - sum).abs() < 1e-12, "{}, not {sum}", target.score(&z));
        let leaf = input(z.to_vec(), [1, 1, 2, 3], &Device::flex()).autodiff().require_grad();
        let of = target.of(Prediction::Field(leaf.clone()));
        // A sum of a few values in f32.
        assert!((f64::from(to_vec(of.clone().inner())[0]) - sum).abs() < 2e-6 * sum);
        let gradient = to_vec(leaf.grad_remove(&mut of.backward()).expect("a leaf"));
        for (i, &found) in gradient.iter().enumerate() {
            // d((exp(σz + μ) − 1)/f)/dz = σ exp(σz + μ)/f; 1 in the network's own unit.
            let slope = scale.map_or(1.0, |scale| scale.std * (mm(i, scale) + 1.0 / scale.factor));
            let expected = if pixels.contains(&i) { slope } else { 0.0 };
            assert!((f64::from(found) - expected).abs() <= 1e-6 * expected, "pixel {i}: {found}");
        }
    };
    check(None, Some(SCALE), &[1, 2, 4, 5]);
    check(Some(1.0), Some(SCALE), &[2, 4]);
    // A third of the rain: only one pixel is above a millimetre.
    check(Some(1.0), Some(LogScale { factor: 3.0, ..SCALE }), &[4]);
    check(None, None, &[1, 2, 4, 5]);
    check(Some(0.5), None, &[2, 4]);
}

/// A part of the tile whose nodes share their place with other tiles, in mm.
fn weighted_in_mm() -> Wanted {
    let weights = (0..256).map(|i| (i % 5) as f32 / 4.0).collect();
    let (rows, columns) = (4..9, 2..14);
    Wanted::SumOver { rows, columns, above: None, mm: Some(SCALE), weights: Some(weights) }
}

#[test]
fn a_node_counts_by_its_weight_and_where_it_is_not_left_out() {
    let z = [9.0_f32, 0.0, 1.0, f32::NAN, 2.0, -2.5];
    let check = |mm: Option<LogScale>, above, expected: [f32; 6]| {
        let weights = Some(vec![1.0, 0.5, 0.25, 0.0, 0.75, 0.0]);
        let wanted = Wanted::SumOver { rows: 0..2, columns: 1..3, above, mm, weights };
        let target = explain::target(&wanted, &z, &[1, 2, 3]);
        assert_eq!(target.mask().expect("a sum over pixels"), expected);
        let value = |i: usize| mm.map_or(f64::from(z[i]), |scale| scale.mm(f64::from(z[i])));
        let counts = (0..6).filter(|&i| expected[i] > 0.0);
        let sum: f64 = counts.map(|i| f64::from(expected[i]) * value(i)).sum();
        assert!((target.score(&z) - sum).abs() < 1e-12, "{}, not {sum}", target.score(&z));
    };
    check(None, None, [0.0, 0.5, 0.25, 0.0, 0.75, 0.0]);
    check(Some(SCALE), None, [0.0, 0.5, 0.25, 0.0, 0.75, 0.0]);
    check(Some(SCALE), Some(1.0), [0.0, 0.0, 0.25, 0.0, 0.75, 0.0]);
}

/// As `gradients_are_differences`, with its step and limit, for rain in mm; the mask stays that of the prediction.
#[test]
fn gradients_of_rain_are_differences() {
    let p = on_cpu(&TINY);
    let x = to_vec(examples(&TINY, 1, 16));
    let forward = |x| Harpnet.forward(&p, x, &mut Tap::off(), &Mode::inference());
    let of = |x: &[f32]| input(x.to_vec(), [1, 2, 16, 16], &Device::flex());
    let mean_mm = mean_of_part(&forward(of(&x)).to_host());
    for (wanted, n_nodes) in
        [(in_mm(None), 60..61), (in_mm(Some(mean_mm)), 1..60), (weighted_in_mm(), 48..49)]
    {
        let leaf = of(&x).autodiff().require_grad();
        let y = forward(leaf.clone());
        let target = explain::target(&wanted, &y.to_host(), &[1, 16, 16]);
        let n_pixels = target.mask().expect("pixels").iter().filter(|&&m| m > 0.0).count();
        assert!(n_nodes.contains(&n_pixels), "{n_pixels}");
        let mut gradients = target.of(y).sum().backward();
        let gradient = to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
        for seed in 1..4 {
            let mut random = crate::random::Random::new(seed);
            let direction: Vec<f32> = x.iter().map(|_| random.between(-1.0, 1.0) as f32).collect();
            let step = 3e-4_f32;
            let score = |sign: f32| {
                let moved = x.iter().zip(&direction).map(|(x, d)| x + sign * step * d);
                target.score(&forward(of(&moved.collect::<Vec<_>>())).to_host())
            };
            let difference = (score(1.0) - score(-1.0)) / (2.0 * f64::from(step));
            let terms = gradient.iter().zip(&direction).map(|(&g, &d)| f64::from(g) * f64::from(d));
            let (sum, size) = (terms.clone().sum::<f64>(), terms.map(f64::abs).sum::<f64>());
            assert!((sum - difference).abs() < 5e-3 * size, "{sum}, not {difference}");
        }
    }
}

/// Mean rain of the part that is explained, so that a threshold leaves some of it.
fn mean_of_part(prediction: &[f32]) -> f64 {
    explain::target(&in_mm(None), prediction, &[1, 16, 16]).score(prediction) / 60.0
}

/// Elevation without anything in it is not 0 here, so that its place shows.
fn nothing() -> Vec<f32> {
    vec![SCALE.dry_z() as f32, 0.25]
}

/// A tile with nothing in it.
fn empty() -> Input {
    let values = nothing().into_iter().flat_map(|value| vec![value; 256]).collect();
    Input { values, shape: [2, 16, 16] }
}

fn explained(engine: &Engine, resident: &Resident, input: &Input) -> Explained {
    let mut ask = asked("integrated-gradients", in_mm(None), &[]);
    ask.options.insert("steps".into(), "256".into());
    ask.nothing = nothing();
    let answers = engine.answer(resident, &[(input, &vec![ask])], &Silent);
    answers.expect("an answer").remove(0).explained.remove(0)
}

fn measure(explained: &Explained, name: &str) -> f64 {
    explained.measures.iter().find(|measure| measure.name == name).expect(name).value
}

/// Contributions add up to the rain that the network says beyond that of a dry tile on level ground.
#[test]
fn integrated_gradients_begin_where_there_is_nothing_and_are_complete_in_mm() {
    let (engine, resident) = loaded(&TINY);
    let input = tile(0, [2, 16, 16]);
    let mm = |input: &Input| {
        let question = vec![asked("saliency", in_mm(None), &[])];
        let answers = engine.answer(&resident, &[(input, &question)], &Silent);
        answers.expect("an answer")[0].explained[0].score
    };
    let (rain, none) = (mm(&input), mm(&empty()));
    assert!((rain - none).abs() > 0.1, "{rain} and {none} mm: nothing to explain");
    let found = explained(&engine, &resident, &input);
    // Sums of 60 pixels in f32.
    assert!((measure(&found, "output_difference") - (rain - none)).abs() < 1e-5 * rain.abs());
    let gap = measure(&found, "completeness_gap") / (rain - none);
    // The tile has kinks between 256 steps; with twice as many half as much is missing.
    assert!(gap.abs() < 1e-2, "{gap} of the difference is missing");
    let sum: f64 = found.maps[0].values.iter().map(|&v| f64::from(v)).sum();
    assert!((sum - measure(&found, "sum")).abs() < 1e-9 * sum.abs().max(1.0));
    let path = found.series.iter().find(|series| series.part == "path").expect("a path");
    assert!((path.values[0] - none).abs() < 1e-5 * none.abs().max(1.0));
}

/// What is as in the baseline contributes nothing, exactly: the elevation of a tile, and all of a dry one.
#[test]
fn what_is_nothing_contributes_nothing() {
    let (engine, resident) = loaded(&TINY);
    let mut level = tile(0, [2, 16, 16]);
    level.values[256..].fill(0.25);
    let map = &explained(&engine, &resident, &level).maps[0].values;
    assert!(map[..256].iter().any(|&v| v != 0.0) && map[256..].iter().all(|&v| v == 0.0));
    let dry = explained(&engine, &resident, &empty());
    assert!(dry.maps[0].values.iter().all(|&v| v == 0.0));
    assert_eq!((measure(&dry, "sum"), measure(&dry, "output_difference")), (0.0, 0.0));
    assert!(dry.measures.iter().all(|measure| measure.value.is_finite()), "{:?}", dry.measures);
}

#[test]
fn what_is_no_input_and_no_threshold_is_refused_in_words() {
    let (engine, resident) = loaded(&TINY);
    let refused = |nothing: Vec<f32>, above, word: &str| {
        let mut ask = asked("integrated-gradients", in_mm(above), &[]);
        ask.nothing = nothing;
        let input = tile(0, [2, 16, 16]);
        let error = engine.answer(&resident, &[(&input, &vec![ask])], &Silent).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    };
    refused(vec![0.0; 3], None, "has 3 values, but the network takes 2 channels");
    refused(vec![0.0], None, "has 1 values, but the network takes 2 channels");
    refused(Vec::new(), Some(f64::NAN), "the threshold is NaN");
    refused(nothing(), Some(f64::INFINITY), "the threshold is inf");
}

#[test]
fn a_pass_gives_all_that_is_wanted_of_an_input() {
    let (engine, resident) = loaded(&TINY);
    let input = tile(0, [2, 16, 16]);
    let run = |pass: &Pass| engine.pass(&resident, pass, &Silent).expect("a pass");
    let question = vec![asked("saliency", in_mm(None), &[]), asked("grad-cam", in_mm(None), &[])];
    let answer = engine.answer(&resident, &[(&input, &question)], &Silent).expect("an answer");
    let answer = answer.into_iter().next().expect("one");
    let plain = Pass::new(input.clone(), question);
    assert!(plain.is_plain());
    assert_eq!(run(&plain), answer);

    let names = ["bridge", "attn_blocks.1.psi"];
    let shown = engine.show(&resident, &[&input], &names).expect("shown").remove(0);
    let draws = engine.sample(&resident, &input, (3, 2), &Silent).expect("draws");
    let show = names.map(str::to_owned).to_vec();
    let all = run(&Pass { show: show.clone(), sampled: Some((3, 2)), ..plain.clone() });
    assert_eq!((all.prediction, all.explained), (answer.prediction, answer.explained));
    assert_eq!((all.shown.len(), &all.shown), (2, &shown.layers));
    assert_eq!(all.sampled, draws);

    // What is only to be shown is predicted on the way, and draws come beside the prediction.
    let without = Pass::new(input, Vec::new());
    let only = run(&Pass { show, ..without.clone() });
    assert_eq!((only.prediction, only.shape.as_slice()), (shown.prediction, &[1, 16, 16][..]));
    assert_eq!((only.shown, only.explained.len(), only.sampled.len()), (shown.layers, 0, 0));
    let only = run(&Pass { sampled: Some((3, 2)), ..without.clone() });
    assert_eq!((only.sampled, only.shown.len()), (draws, 0));
    assert_eq!(only.prediction, run(&without).prediction);
    let unknown = Pass { show: vec!["encoders.4".to_owned()], ..without };
    let error = engine.pass(&resident, &unknown, &Silent).unwrap_err().to_string();
    assert!(error.contains("no layer \"encoders.4\""), "{error}");
}
