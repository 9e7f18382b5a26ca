//! What must hold without a reference.

use super::super::autoregression::{Autoregression, correlation};
use super::super::cascade::{Bandpass, decompose, spectrum};
use super::super::motion::lucas_kanade;
use super::super::noise::NoiseFilter;
use super::super::testing::{MIDDLE, PART, TIMES, rain};
use super::super::transform::to_decibels;
use super::super::{
    EnsembleForecaster, Forecaster, LagrangianPersistence, Persistence, RecentRain, SProg, Steps,
    reference_forecasters,
};
use crate::downscale::fourier;
use crate::field::Field;
use crate::score::Counts;
use crate::simulate::Random;

const LEADS: [u32; 3] = [5, 15, 30];

fn forecast(forecaster: &dyn Forecaster, frames: &[Field]) -> Vec<Field> {
    let recent = RecentRain::new(frames, 5, 1.0).unwrap();
    forecaster.forecast(&recent, &LEADS).unwrap()
}

/// Round showers, moved by so many columns and rows.
fn showers(height: usize, width: usize, dx: f64, dy: f64) -> Field {
    let mut random = Random::new(5);
    let centres: Vec<[f64; 3]> = (0..height * width / 300 + 1)
        .map(|_| {
            let x = random.uniform(0.0, width as f64);
            [x, random.uniform(0.0, height as f64), random.uniform(2.0, 6.0)]
        })
        .collect();
    let value = |i: usize| {
        let (x, y) = ((i % width) as f64 - dx, (i / width) as f64 - dy);
        let shower = |[cx, cy, r]: &[f64; 3]| {
            10.0 * (-((x - cx).powi(2) + (y - cy).powi(2)) / (2.0 * r * r)).exp()
        };
        centres.iter().map(shower).sum::<f64>() as f32
    };
    Field::new(height, width, (0..height * width).map(value).collect())
}

#[test]
fn a_shift_is_found_to_a_tenth_of_a_pixel() {
    for (height, width, u, v) in [(96, 128, 2.4, -1.3), (120, 90, -6.7, 3.2), (64, 64, 0.4, 0.3)] {
        let frame = |t: f64| to_decibels(&showers(height, width, u * t, v * t));
        let motion = lucas_kanade(&[frame(0.0), frame(1.0), frame(2.0)], height, width);
        let inner = (height / 4..height * 3 / 4)
            .flat_map(|row| (width / 4..width * 3 / 4).map(move |column| row * width + column));
        let gaps: Vec<f64> = inner
            .map(|i| motion.pixels_per_step[i])
            .map(|found| (found[0] - u).hypot(found[1] - v))
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        assert!(mean < 0.1, "{u} {v}: {mean}");
    }
}

#[test]
fn dry_frames_stay_dry_and_unknown_pixels_unknown() {
    for (height, width) in [(16, 16), (16, 33), (40, 24)] {
        let mut dry = Field::new(height, width, vec![0.0; height * width]);
        dry.values[width * 3 + 4] = f32::NAN;
        for forecaster in reference_forecasters() {
            for field in forecast(&*forecaster, &vec![dry.clone(); 3]) {
                let same = field.values.iter().zip(&dry.values);
                let is_same = |(a, b): (&f32, &f32)| a == b || (a.is_nan() && b.is_nan());
                assert!(same.into_iter().all(is_same), "{}", forecaster.name());
            }
        }
    }
}

#[test]
fn rain_that_is_the_same_everywhere_stays() {
    for side in [16, 33] {
        let constant = Field::new(side, side, vec![4.0; side * side]);
        for forecaster in reference_forecasters() {
            for field in forecast(&*forecaster, &vec![constant.clone(); 3]) {
                let is_same = field.values.iter().all(|mm_h| (mm_h - 4.0).abs() < 1e-4);
                assert!(is_same, "{}: {:?}", forecaster.name(), &field.values[..4]);
            }
        }
    }
}

#[test]
fn what_does_not_change_persists() {
    let frames = vec![showers(48, 64, 0.0, 0.0); 3];
    let rain = frames[0].map(|mm_h| if mm_h < 0.1 { 0.0 } else { mm_h });
    for forecaster in [&LagrangianPersistence as &dyn Forecaster, &SProg::default()] {
        for field in forecast(forecaster, &frames) {
            for (a, (b, original)) in
                field.values.iter().zip(rain.values.iter().zip(&frames[0].values))
            {
                let close = (a - b).abs() < 1e-3 || (a - original).abs() < 1e-3;
                assert!(close, "{}: {a} {b}", forecaster.name());
            }
        }
    }
}

#[test]
fn small_maps_and_frames_that_were_dry_have_forecasts() {
    for (height, width) in [(16, 16), (17, 40)] {
        let (dry, wet) = (showers(height, width, 900.0, 0.0), showers(height, width, 0.0, 0.0));
        assert!(wet.values.iter().any(|&mm_h| mm_h > 1.0) && dry.values.iter().all(|&v| v < 0.1));
        for frames in [
            vec![dry.clone(), dry.clone(), wet.clone()],
            vec![wet.clone(), dry.clone(), wet.clone()],
            vec![dry.clone(), wet.clone(), showers(height, width, 1.0, 0.0)],
            vec![wet.clone(), wet.clone(), dry.clone()],
        ] {
            for forecaster in reference_forecasters() {
                for field in forecast(&*forecaster, &frames) {
                    let known: Vec<f32> = field.finite().collect();
                    let n_known = known.len();
                    assert!(n_known * 2 > field.values.len(), "{}: {n_known}", forecaster.name());
                    assert!(known.iter().all(|mm_h| (0.0..100.0).contains(mm_h)));
                }
            }
        }
    }
}

/// Hits, misses and false alarms of rain above 1 mm/h half an hour later.
#[test]
fn moving_rain_is_better_than_leaving_it() {
    let frames = rain(&TIMES, &MIDDLE);
    let later = rain(&["0405"], &MIDDLE).remove(0);
    let csi = |forecaster: &dyn Forecaster| {
        let mut counts = Counts::default();
        counts.add(1.0, &forecast(forecaster, &frames)[2], &later);
        counts.hits as f64 / (counts.hits + counts.misses + counts.false_alarms) as f64
    };
    let (still, moved) = (csi(&Persistence), csi(&LagrangianPersistence));
    let s_prog = csi(&SProg::default());
    println!("CSI: persistence {still:.3}, moved {moved:.3}, S-PROG {s_prog:.3}");
    assert!(moved > still + 0.05, "{moved} {still}");
    assert!(s_prog > still + 0.05, "{s_prog} {still}");
}

#[test]
fn members_follow_from_their_seed_and_number() {
    let frames: Vec<Field> = (0..3).map(|t| showers(40, 48, f64::from(t), 0.0)).collect();
    let recent = RecentRain::new(&frames, 5, 1.0).unwrap();
    let members = |n, seed| Steps::default().members(&recent, &LEADS, n, seed).unwrap();
    let bits = |fields: &[Field]| -> Vec<u32> {
        fields.iter().flat_map(|field| field.values.iter().map(|v| v.to_bits())).collect()
    };
    let (three, two, other) = (members(3, 7), members(2, 7), members(2, 8));
    assert_eq!(bits(&three[0]), bits(&two[0]));
    assert_eq!(bits(&three[1]), bits(&two[1]));
    assert_ne!(bits(&three[0]), bits(&three[1]));
    assert_ne!(bits(&two[0]), bits(&other[0]));
}

#[test]
fn noise_has_the_spectrum_of_its_filter() {
    let frame = to_decibels(&rain(&TIMES[..1], &MIDDLE)[0]);
    let small: Vec<f64> = frame.chunks(288).take(48).flat_map(|row| row[..64].to_vec()).collect();
    let filter = NoiseFilter::new(&[small], 64);
    let mut random = Random::new(1);
    let n = 400;
    let mut power = vec![0.0; filter.amplitudes.len()];
    for _ in 0..n {
        let field = filter.field(&mut random);
        let variance = field.iter().map(|v| v * v).sum::<f64>() / field.len() as f64;
        assert!((variance - 1.0).abs() < 1e-9, "{variance}");
        power.iter_mut().zip(fourier::power(&field, 64)).for_each(|(sum, p)| *sum += p);
    }
    // Logarithms of long, middle and short waves.
    let radius = |i: usize| {
        let (row, column) = ((i / 64) as f64, (i % 64) as f64);
        row.min(48.0 - row).hypot(column.min(64.0 - column))
    };
    let mut ratios = Vec::new();
    for (low, high) in [(0.5, 4.0), (4.0, 12.0), (12.0, 24.0)] {
        let band = (0..power.len()).filter(|&i| (low..high).contains(&radius(i)));
        let (ours, target) = band.fold((0.0, 0.0), |(a, b), i| {
            (a + power[i], b + filter.amplitudes[i] * filter.amplitudes[i])
        });
        ratios.push(ours / target);
    }
    for ratio in &ratios[1..] {
        assert!((ratio / ratios[0] - 1.0).abs() < 0.15, "{ratios:?}");
    }
}

#[test]
fn an_autoregression_has_the_correlations_it_was_made_of() {
    let mut random = Random::new(2);
    for (lag_1, lag_2) in [(0.9, 0.75), (0.5, 0.3), (0.98, 0.955)] {
        let model = Autoregression::new(lag_1, lag_2);
        let (mut before, mut last) = (0.0, 0.0);
        let mut series = Vec::new();
        for _ in 0..200_000 {
            (before, last) = (last, model.next(last, before) + model.noise * random.normal());
            series.push(last);
        }
        let n = series.len();
        let found = [1, 2].map(|lag| correlation(&series[lag..], &series[..n - lag]));
        assert!((found[0] - lag_1).abs() < 0.01, "{lag_1}: {found:?}");
        assert!((found[1] - lag_2).abs() < 0.015, "{lag_2}: {found:?}");
        let variance = series.iter().map(|x| x * x).sum::<f64>() / n as f64;
        assert!((variance - 1.0).abs() < 0.1, "{variance}");
    }
    let constant = Autoregression::new(1.0, 1.0);
    assert_eq!((constant.last, constant.before, constant.noise), (1.0, 0.0, 0.0));
    assert!(Autoregression::new(0.0, -0.3).noise <= 1.0);
}

#[test]
fn levels_add_up_to_the_map() {
    let map = to_decibels(&showers(30, 47, 0.0, 0.0));
    for n_levels in [3, 6, 7] {
        let bands = Bandpass::gaussian(30, 47, n_levels).unwrap();
        let levels = decompose(&spectrum(&map, 47), &bands);
        for (i, &value) in map.iter().enumerate() {
            let sum: f64 = levels.iter().map(|l| l.values[i] * l.deviation + l.mean).sum();
            assert!((sum - value).abs() < 1e-9, "{n_levels}: {sum} {value}");
        }
    }
    assert!(Bandpass::gaussian(30, 47, 2).is_err());
}

#[test]
fn what_nothing_can_be_forecast_from_is_refused() {
    let good = showers(20, 20, 0.0, 0.0);
    let missing = Field::new(20, 20, vec![f32::NAN; 400]);
    let said = |frames: &[Field], leads: &[u32], step: u32| -> Vec<String> {
        reference_forecasters()
            .iter()
            .map(|f| match RecentRain::new(frames, step, 1.0) {
                Ok(recent) => match f.forecast(&recent, leads) {
                    Ok(_) => String::new(),
                    Err(error) => error.to_string(),
                },
                Err(error) => error.to_string(),
            })
            .collect()
    };
    let check = |frames: &[Field], leads: &[u32], step: u32, first: &str, others: &str| {
        for (i, said) in said(frames, leads, step).iter().enumerate() {
            let expected = if i == 0 { first } else { others };
            assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{said:?}");
        }
    };
    let three = vec![good.clone(); 3];
    check(&three, &[5], 5, "", "");
    check(&three, &[], 5, "", "");
    check(&three[..1], &[5], 5, "", "needs the last 3 frames, and there are 1");
    check(&[], &[5], 5, "needs the last 1 frames", "needs the last 3 frames");
    check(&three, &[5, 7], 5, "no multiple of the step", "no multiple of the step");
    check(&three, &[5], 0, "above 0", "above 0");
    let last_missing = [good.clone(), good.clone(), missing.clone()];
    check(&last_missing, &[5], 5, "nothing is known of frame 2", "nothing is known of frame 2");
    let first_missing = [missing, good.clone(), good.clone()];
    check(&first_missing, &[5], 5, "", "nothing is known of frame 0");
    let other = [showers(20, 24, 0.0, 0.0), good.clone(), good.clone()];
    check(&other, &[5], 5, "20 × 24 pixels and the last frame 20 × 20", "give frames of one size");
    let negative = [good.map(|mm_h| mm_h - 1.0), good.clone(), good.clone()];
    check(&negative, &[5], 5, "mark what is unknown", "mark what is unknown");
    let small = vec![showers(15, 40, 0.0, 0.0); 3];
    check(&small, &[5], 5, "at least 16 × 16", "at least 16 × 16");
    let recent = RecentRain::new(&three, 5, 1.0).unwrap();
    assert!(Steps::default().members(&recent, &[5], 0, 1).is_err());
}

#[test]
fn unknown_pixels_move_with_the_rain() {
    let frames = rain(&TIMES, &PART);
    for forecaster in reference_forecasters() {
        let fields = forecast(&*forecaster, &frames);
        let missing = |field: &Field| field.values.iter().filter(|v| v.is_nan()).count();
        let before = missing(&frames[2]);
        assert!(before > 0);
        match forecaster.name() {
            "persistence" => assert_eq!(missing(&fields[2]), before),
            _ => assert!(missing(&fields[2]) > before, "{}", forecaster.name()),
        }
    }
}
