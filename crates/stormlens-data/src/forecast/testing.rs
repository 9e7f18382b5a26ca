//! Radar frames and the numbers of pysteps, for tests.

use std::path::{Path, PathBuf};

use super::motion::MotionField;
use super::{Forecaster, RecentRain};
use crate::field::Field;
use crate::files::npy::npz_array;
use crate::import::knmi;
use crate::simulate::Random;

/// Rows and columns of a part with a corner that the radar does not see.
pub const PART: [std::ops::Range<usize>; 2] = [230..358, 200..360];
/// The middle, which networks see.
pub const MIDDLE: [std::ops::Range<usize>; 2] = [284..572, 225..513];
pub const TIMES: [&str; 3] = ["0325", "0330", "0335"];
pub const STEPS: [usize; 3] = [1, 3, 6];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Rain in mm/h of 26 August 2010 at these times, UTC.
pub fn rain(times: &[&str], [rows, columns]: &[std::ops::Range<usize>; 2]) -> Vec<Field> {
    let frame = |time: &&str| {
        let file = format!("data/knmi/RAD_NL25_RAP_5min_20100826{time}.h5");
        let image = knmi::read(&root().join(file)).unwrap();
        let pixel = |row: usize, column: usize| match image.pixel_values[row * image.width + column]
        {
            u16::MAX => f32::NAN,
            value => (f64::from(value) * 0.01 * 12.0) as f32,
        };
        let all = rows.clone().flat_map(|row| columns.clone().map(move |column| (row, column)));
        Field::new(rows.len(), columns.len(), all.map(|(r, c)| pixel(r, c)).collect())
    };
    times.iter().map(frame).collect()
}

/// The motion that the reference forecasts are made with.
pub fn turning(height: usize, width: usize) -> MotionField {
    let motion = |i: usize| {
        let (x, y) = ((i % width) as f64, (i / width) as f64);
        [2.3 + 0.02 * (y - height as f64 / 2.0), -1.4 - 0.015 * (x - width as f64 / 2.0)]
    };
    let pixels_per_step = (0..height * width).map(motion).collect();
    MotionField { height, width, pixels_per_step }
}

/// An array of the reference, with its shape.
pub fn reference(name: &str) -> (Vec<usize>, Vec<f32>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forecast/pysteps.npz");
    npz_array("pysteps.npz", &std::fs::read(file).unwrap(), name, 1 << 20).unwrap()
}

/// Every so many pixels, as the reference has them.
pub fn seen<T: Copy>(values: &[T], width: usize, first: [usize; 2], step: usize) -> Vec<T> {
    let rows = (first[0]..values.len() / width).step_by(step);
    let columns = (first[1]..width).step_by(step);
    rows.flat_map(|row| columns.clone().map(move |column| values[row * width + column])).collect()
}

/// Every fourth pixel of a part.
pub fn every_fourth<T: Copy>(values: &[T]) -> Vec<T> {
    seen(values, PART[1].len(), [1, 2], 4)
}

/// How far values are from the reference at most, as a share of its largest; both are missing in the same places.
pub fn error(ours: impl IntoIterator<Item = f64>, theirs: &[f32]) -> f64 {
    let largest =
        theirs.iter().filter(|v| v.is_finite()).fold(0.0_f64, |m, &v| m.max(f64::from(v).abs()));
    let ours: Vec<f64> = ours.into_iter().collect();
    assert_eq!(ours.len(), theirs.len());
    let mut worst = 0.0_f64;
    for (i, (a, &b)) in ours.iter().zip(theirs).enumerate() {
        assert_eq!(a.is_nan(), b.is_nan(), "{i}: {a} and {b}");
        if !a.is_nan() {
            worst = worst.max((a - f64::from(b)).abs());
        }
    }
    worst / largest
}

/// Lead times of [`forecast`], in minutes.
pub const LEADS: [u32; 3] = [5, 15, 30];

/// At these lead times, of frames of 5 minutes and 1 km.
pub fn forecast(forecaster: &dyn Forecaster, frames: &[Field]) -> Vec<Field> {
    let recent = RecentRain::new(frames, 5, 1.0).unwrap();
    forecaster.forecast(&recent, &LEADS).unwrap()
}

/// Round showers, moved by so many columns and rows.
pub fn showers(height: usize, width: usize, dx: f64, dy: f64) -> Field {
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
