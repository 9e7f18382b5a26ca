//! Reference numbers of the published program.

use serde_json::Value;

use crate::field::testing::{golden, kept};
use crate::field::{GriddedField, LatLonGrid};

/// An array of float16 or float32 with its shape: kept beside the tests, or one of the full-size vectors.
/// `None` where these are not there.
pub(crate) fn array(name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
    let beside = kept("harpnet").join(format!("{name}.npy"));
    let path =
        if beside.exists() { beside } else { golden("harpnet")?.join(format!("{name}.npy")) };
    let bytes = std::fs::read(path).unwrap();
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let (head, data) = bytes[10..].split_at(length);
    let head = String::from_utf8_lossy(head);
    let shape = head.split_once("'shape': (").unwrap().1.split_once(')').unwrap().0;
    let shape: Vec<usize> = shape.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    let values: Vec<f32> = match head.contains("<f2") {
        true => {
            data.as_chunks::<2>().0.iter().map(|&b| half::f16::from_le_bytes(b).to_f32()).collect()
        }
        false => data.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect(),
    };
    assert_eq!(values.len(), shape.iter().product::<usize>());
    let values = match (head.contains("'fortran_order': True"), shape.as_slice()) {
        (true, &[height, width]) => {
            (0..height * width).map(|i| values[i % width * height + i / width]).collect()
        }
        _ => values,
    };
    Some((shape, values))
}

/// The values of an array that is kept beside the tests.
pub(crate) fn small(name: &str) -> Vec<f32> {
    array(name).expect("kept beside the tests").1
}

pub(crate) fn json(name: &str) -> Value {
    let path = kept("harpnet").join(format!("{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Widened.
pub(crate) fn f64s(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

pub(crate) fn check_near(
    found: impl IntoIterator<Item = f64>,
    expected: &[f32],
    tolerance: f64,
    what: &str,
) {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, &expected)) in found.iter().zip(expected).enumerate() {
        let both_missing = found.is_nan() && expected.is_nan();
        let distance = (found - f64::from(expected)).abs();
        assert!(both_missing || distance <= tolerance, "{what} {i}: {found}, not {expected}");
    }
}

/// A field on nodes from the south-west on.
pub(crate) fn field(
    [height, width]: [usize; 2],
    [south, west]: [f64; 2],
    step: f64,
    values: Vec<f32>,
    unit: &str,
) -> GriddedField {
    let axis = |from: f64, n: usize| (0..n).map(|i| from + step * i as f64).collect::<Vec<_>>();
    GriddedField {
        storage_ends: Vec::new(),
        variable: "test".to_owned(),
        unit: unit.to_owned(),
        interval: None,
        reference_time: None,
        grid: LatLonGrid::new(&axis(south, height), &axis(west, width)).unwrap(),
        values,
        source: "test".to_owned(),
    }
}

/// The part of a real field around 29 to 35° N and 102 to 96° W that whole inference is checked on.
pub(crate) fn e2e_field() -> Option<GriddedField> {
    let (_, values) = array("e2e_tp_mm_0p04deg")?;
    Some(field([176, 175], [28.5, -102.5], 0.04, values, "mm"))
}

/// Model terrain of GFS at 0.25°, metres.
pub(crate) fn orography() -> Option<GriddedField> {
    let (_, values) = array("real_mrms/gfs_orog_m_0p25_lat20-55_lon-130--60")?;
    Some(field([141, 281], [20.0, -130.0], 0.25, values, "m"))
}

/// The shares of a turn that `tools/rainfarm.py` draws.
pub(crate) fn split_mix(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed;
    let mut draw = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 * 2_f64.powi(-53)
    };
    (0..n).map(|_| draw()).collect()
}

/// One hour of real rain over the United States at 0.04°.
pub(crate) fn us_hour() -> Option<GriddedField> {
    let (_, values) = array("real_mrms/mrms_20190610_0000_0058_1h_mm_0p04deg")?;
    Some(field([875, 1750], [20.02, -129.98], 0.04, values, "mm"))
}
