//! Totals that start again, with bounds that say so and without.

use jiff::{SignedDuration, Timestamp};

use super::super::accumulate;
use super::*;
use crate::field::LatLonGrid;

const N_CELLS: usize = 40;

fn hour(hour: usize) -> Timestamp {
    let begin: Timestamp = "2024-05-01T00:00:00Z".parse().unwrap();
    begin + SignedDuration::from_hours(i64::try_from(hour).unwrap())
}

/// Light rain of an hour, mm, other in each cell.
fn rain(hour: usize, cell: usize) -> f64 {
    0.04 + 0.001 * ((7 * hour + 13 * cell) % 17) as f64
}

/// Hours 1 to 6, each with what `mm` says of a cell, from a start of its own until the hour.
fn fields(start: impl Fn(usize) -> usize, mm: impl Fn(usize, usize) -> f64) -> Vec<GriddedField> {
    let longitudes: Vec<f64> = (0..N_CELLS).map(|i| i as f64 / 4.0).collect();
    let field = |to: usize| GriddedField {
        variable: "tp".to_owned(),
        unit: "mm".to_owned(),
        interval: Some(Interval::accumulation(hour(start(to)), hour(to))),
        reference_time: None,
        grid: LatLonGrid::new(&[50.0], &longitudes).unwrap(),
        values: (0..N_CELLS).map(|cell| mm(to, cell) as f32).collect(),
        storage_ends: Vec::new(),
        source: format!("F.nc {to}"),
    };
    (1..=6).map(field).collect()
}

fn total(from: usize, to: usize, cell: usize) -> f64 {
    (from + 1..=to).map(|hour| rain(hour, cell)).sum()
}

fn made(fields: &[GriddedField], from: usize, to: usize) -> Result<Vec<f32>, String> {
    let made = accumulate(fields, hour(from), hour(to));
    made.map(|made| made.field.values).map_err(|error| error.to_string())
}

#[test]
fn a_total_that_starts_again_between_the_ends_is_refused() {
    let restarted = |to: usize| if to > 3 { 3 } else { 0 };
    // After hour 3 the total counts from there, and its bounds still say the first start.
    let fields = fields(|_| 0, |to, cell| total(restarted(to), to, cell));
    for (from, to) in [(1, 4), (2, 5), (3, 6), (0, 6), (0, 5)] {
        let error = made(&fields, from, to).unwrap_err();
        assert!(error.contains("a total of rain never becomes smaller"), "{from} {to}: {error}");
    }
    assert!(made(&fields, 0, 3).is_ok() && made(&fields, 4, 6).is_ok());
}

/// Totals that are cut from a longer run begin with what fell before.
#[test]
fn totals_that_do_not_begin_with_zero_are_refused_where_their_begin_is_needed() {
    let mut totals = fields(|_| 0, |to, cell| total(0, to, cell));
    let begin = Interval::accumulation(hour(0), hour(0));
    let zero = GriddedField {
        interval: Some(begin),
        values: vec![0.0; N_CELLS],
        source: "F.nc 0".to_owned(),
        ..totals[0].clone()
    };
    totals.insert(0, zero);
    assert!(made(&totals, 0, 3).is_ok());
    totals[0].values[20] = 0.04;
    let error = made(&totals, 0, 3).unwrap_err();
    assert!(error.contains("have 0.040 mm") && error.contains("they began earlier"), "{error}");
    assert!(made(&totals, 1, 3).is_ok());
}

#[test]
fn a_start_that_is_said_is_followed() {
    let start = |to: usize| if to > 3 { 3 } else { 0 };
    let fields = fields(start, |to, cell| total(start(to), to, cell));
    for (from, to) in [(1, 4), (2, 5), (3, 6), (0, 6)] {
        let found = made(&fields, from, to).unwrap();
        let expected = total(from, to, 5);
        assert!((f64::from(found[5]) - expected).abs() < 1e-5, "{from} {to}: {}", found[5]);
    }
}

#[test]
fn one_cell_and_many_small_falls_show_it() {
    let one =
        |to: usize, cell: usize| total(0, to, cell) - if to == 5 && cell == 20 { 0.5 } else { 0.0 };
    let error = made(&fields(|_| 0, one), 3, 6).unwrap_err();
    assert!(error.contains("column 20 from the west"), "{error}");
    // Less rain in all, though no cell falls by more than interpolation leaves.
    let slight = |to: usize, cell: usize| {
        if to < 5 { total(0, 4, cell) } else { total(0, 4, cell) - 0.004 }
    };
    assert!(made(&fields(|_| 0, slight), 3, 6).is_err());
}

#[test]
fn packing_is_no_restart() {
    // Packed in steps of 0.1 mm, with another offset each hour.
    let packed = |to: usize, cell: usize| {
        let (mm, offset) =
            (10.0 * total(0, to.min(3), cell) + 0.03 * cell as f64, 0.02 * to as f64);
        ((mm - offset) / 0.1).round() * 0.1 + offset
    };
    assert!(made(&fields(|_| 0, packed), 3, 6).is_ok());
    let whole = |to: usize, cell: usize| total(0, to, cell);
    assert!(made(&fields(|_| 0, whole), 3, 6).is_ok());
}

/// The rise of a front does not excuse that the drizzle before it is gone.
#[test]
fn strong_rain_elsewhere_hides_no_restart() {
    let restarted = |to: usize, cell: usize| match (to, cell) {
        (..=3, _) => total(0, to, cell),
        (_, ..36) => 0.0,
        (to, _) => 10.0 * (to - 3) as f64,
    };
    let error = made(&fields(|_| 0, restarted), 3, 6).unwrap_err();
    assert!(error.contains("a total of rain never becomes smaller"), "{error}");
}

/// Splines fall a little beside a strong cell.
#[test]
fn overshoots_of_interpolation_are_no_restart() {
    let smoothed = |to: usize, cell: usize| {
        let ring = match (to, cell) {
            (5.., 20) => 5.0,
            (5.., 19 | 21) => -0.2,
            _ => 0.0,
        };
        total(0, to, cell) + ring
    };
    assert!(made(&fields(|_| 0, smoothed), 3, 6).is_ok());
}
