//! Against pysteps on radar frames. Motion is given, but for the tests of motion itself.

use super::super::lagrangian::extrapolate;
use super::super::model::{Model, Start};
use super::super::motion::{MotionField, lucas_kanade, tracked};
use super::super::noise::NoiseFilter;
use super::super::testing::{
    MIDDLE, PART, STEPS, TIMES, error, every_fourth, rain, reference, seen, turning,
};
use super::super::transform::to_decibels;
use super::super::{Matching, SProg, Steps};
use crate::field::Field;
use crate::request::Silent;

/// float32 there, and sums in another order.
const TIGHT: f64 = 1e-6;

fn model() -> Box<Model> {
    let frames = rain(&TIMES, &PART);
    let motion = turning(frames[0].height, frames[0].width);
    match Start::with_motion(&frames, motion, 6).unwrap() {
        Start::Rain(model) => model,
        Start::Dry(_) => panic!("it rains"),
    }
}

fn all_seen(fields: &[Field]) -> impl Iterator<Item = f64> {
    fields.iter().flat_map(|field| every_fourth(&field.values)).map(f64::from)
}

#[test]
fn rain_is_moved_to_the_same_place() {
    let frames = rain(&TIMES, &PART);
    let moved = extrapolate(&frames[2], &turning(128, 160), &STEPS);
    let found = error(all_seen(&moved), &reference("extrapolated").1);
    assert!(found < TIGHT, "{found}");
}

#[test]
fn levels_and_their_changes_are_the_same() {
    let model = model();
    let aligned = model.aligned[..2].iter().flat_map(|frame| every_fourth(frame));
    let found = error(aligned, &reference("aligned").1);
    assert!(found < TIGHT, "aligned: {found}");
    let levels = model.start.levels.iter().flat_map(|[_, last]| every_fourth(last));
    let found = error(levels, &reference("cascade").1);
    assert!(found < TIGHT, "levels: {found}");
    let scales = model.scales.iter().map(|s| s.0).chain(model.scales.iter().map(|s| s.1));
    let found = error(scales, &reference("cascade_scales").1);
    assert!(found < TIGHT, "means and deviations: {found}");
    let parameters = model.autoregressions.iter().flat_map(|a| [a.last, a.before, a.noise]);
    let found = error(parameters, &reference("autoregression").1);
    assert!(found < TIGHT, "parameters: {found}");
}

#[test]
fn s_prog_is_the_same() {
    let model = model();
    for (matching, name) in [(Matching::Distribution, "sprog_cdf"), (Matching::Mean, "sprog_mean")]
    {
        let forecast = SProg { n_levels: 6, matching }.run(&model, &STEPS);
        let found = error(all_seen(&forecast), &reference(name).1);
        assert!(found < 1e-5, "{name}: {found}");
    }
}

#[test]
fn noise_has_the_same_amplitudes() {
    let model = model();
    let filter = NoiseFilter::new(&model.aligned, model.width);
    let (shape, theirs) = reference("noise_amplitudes");
    let ours = seen(&filter.amplitudes, model.width, [0, 0], 4);
    let half = ours.chunks(model.width / 4).flat_map(|row| row[..shape[1]].iter().copied());
    let found = error(half, &theirs);
    assert!(found < TIGHT, "{found}");
}

/// The means are of 48 members there and 24 here: they differ by chance, by √(1 / 48 + 1 / 24) times the spread of
/// members.
#[test]
fn the_mean_of_steps_is_the_same_but_for_chance() {
    let model = model();
    for (perturbs_motion, name) in [(false, "steps"), (true, "steps_bps")] {
        let steps = Steps { perturbs_motion, ..Steps::default() };
        let members =
            steps.run(&model, (5, 1.0), &STEPS, (24, 1), &Silent).expect("nobody stops it");
        let (mean, deviation) =
            (reference(&format!("{name}_mean")).1, reference(&format!("{name}_deviation")).1);
        let n = mean.len() / STEPS.len();
        for lead in 0..STEPS.len() {
            let seen: Vec<Vec<f32>> =
                members.iter().map(|member| every_fourth(&member[lead].values)).collect();
            let part = lead * n..(lead + 1) * n;
            check_means(name, &seen, &mean[part.clone()], &deviation[part]);
        }
    }
}

fn check_means(name: &str, members: &[Vec<f32>], mean: &[f32], deviation: &[f32]) {
    let n = members.len() as f64;
    let (mut squared, mut signed, mut pixels, mut ours_sum, mut theirs_sum) =
        (0.0, 0.0, 0.0, 0.0, 0.0);
    for i in 0..mean.len() {
        let ours = members.iter().map(|member| f64::from(member[i])).sum::<f64>() / n;
        let (theirs, spread) = (f64::from(mean[i]), f64::from(deviation[i]));
        if ours.is_nan() || theirs.is_nan() || spread < 0.05 {
            continue;
        }
        let z = (ours - theirs) / (spread * (1.0 / 48.0 + 1.0 / n).sqrt());
        (squared, signed, pixels) = (squared + z * z, signed + z, pixels + 1.0);
        (ours_sum, theirs_sum) = (ours_sum + ours, theirs_sum + theirs);
    }
    let (rms, bias) = ((squared / pixels).sqrt(), signed / pixels);
    let ratio = ours_sum / theirs_sum;
    println!("{name}: rms {rms:.3}, mean {bias:.3}, rain {ratio:.3} of theirs, {pixels} pixels");
    assert!(pixels > 300.0, "{name}: {pixels} pixels");
    assert!(rms < 1.3 && bias.abs() < 0.3, "{name}: rms {rms}, mean {bias}");
    assert!((ratio - 1.0).abs() < 0.05, "{name}: {ratio} of the rain");
}

/// Mean length of the difference of motion fields, and of theirs, in pixels a step.
fn motion_difference(ours: &[[f64; 2]], theirs: &[f32]) -> [f64; 2] {
    let n = ours.len();
    let theirs = (0..n).map(|i| [theirs[i], theirs[n + i]].map(f64::from));
    let sums = ours.iter().zip(theirs).fold([0.0; 2], |[gap, length], (a, b)| {
        [gap + (a[0] - b[0]).hypot(a[1] - b[1]), length + b[0].hypot(b[1])]
    });
    sums.map(|sum| sum / n as f64)
}

fn motion(part: &[std::ops::Range<usize>; 2]) -> MotionField {
    let decibels: Vec<Vec<f64>> = rain(&TIMES, part).iter().map(to_decibels).collect();
    lucas_kanade(&decibels, part[0].len(), part[1].len())
}

/// pysteps blackens the first row or two of a picture before it looks for corners (it indexes rows with its mask), and
/// we do not. Without that, what is left is the choice among neighbours that are equally far.
#[test]
fn motion_is_that_of_open_cv() {
    let (part, middle) = (motion(&PART), motion(&MIDDLE));
    let parts = [
        ("part", every_fourth(&part.pixels_per_step)),
        ("middle", seen(&middle.pixels_per_step, middle.width, [2, 3], 8)),
    ];
    for (name, ours) in parts {
        for (kind, tolerance) in [("motion_all_rows", 0.001), ("motion", 0.03)] {
            let [gap, length] = motion_difference(&ours, &reference(&format!("{kind}_{name}")).1);
            println!("{kind} {name}: differs by {gap:.5} of {length:.3}");
            assert!(gap < tolerance, "{kind} {name}: differs by {gap} pixels a step");
        }
    }
}

/// Of the first pair of frames: corners, strongest first, and where they are found in the second. Sums of float32 in
/// another order turn the last iterations a little.
#[test]
fn corners_and_their_tracks_are_those_of_open_cv() {
    for (name, part) in [("part", &PART), ("middle", &MIDDLE)] {
        let decibels: Vec<Vec<f64>> = rain(&TIMES[..2], part).iter().map(to_decibels).collect();
        let ours = tracked(&decibels, part[0].len(), part[1].len());
        let theirs = reference(&format!("tracked_{name}")).1;
        assert_eq!(ours.len(), theirs.len() / 4, "{name}");
        let (mut sum, mut worst) = (0.0, 0.0_f64);
        for (ours, theirs) in ours.iter().zip(theirs.chunks(4)) {
            let [x, y, u, v] = [0, 1, 2, 3].map(|k| f64::from(theirs[k]));
            assert_eq!([ours.x, ours.y], [x, y], "{name}");
            let gap = (ours.u - u).hypot(ours.v - v);
            (sum, worst) = (sum + gap, worst.max(gap));
        }
        let mean = sum / ours.len() as f64;
        println!("{name}: {} corners, tracks differ by {mean:.5}, at most {worst:.5}", ours.len());
        assert!(mean < 1e-3 && worst < 0.02, "{name}: {mean} {worst}");
    }
}
