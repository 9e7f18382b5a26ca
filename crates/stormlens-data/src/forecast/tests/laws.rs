//! What must hold without a reference.

use super::super::motion::lucas_kanade;
use super::super::testing::{LEADS, MIDDLE, PART, TIMES, forecast, rain, showers};
use super::super::transform::to_decibels;
use super::super::{
    EnsembleForecaster, Forecaster, LagrangianPersistence, Persistence, RecentRain, SProg, Steps,
    reference_forecasters,
};
use crate::field::Field;
use crate::score::Counts;

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
