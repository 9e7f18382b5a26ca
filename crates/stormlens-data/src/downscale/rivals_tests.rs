//! Rivals against pysteps, and laws that they keep.

use super::rainfarm::*;
use super::rivals::*;
use super::testing::{check_near, f64s, json, small, split_mix, us_hour};
use super::*;
use crate::score::downscaling::{ContinuousScore, Moments};
use crate::simulate::Random;

const V4: Geometry = Geometry::V4;

fn coarse() -> Vec<f64> {
    f64s(&small("coarse_mm")[100..])
}

#[test]
fn rainfarm_is_that_of_pysteps() {
    let cells = inner(&coarse(), &V4);
    let slope = spectral_slope(&cells, 8).unwrap();
    assert!((slope - json("rainfarm")["slope"].as_f64().unwrap()).abs() < 1e-9, "{slope}");
    let (expected, phases) = (small("rainfarm"), split_mix(7, 4096));
    for (expected, slope) in expected.chunks(4096).zip([slope, 2.5]) {
        let rainfarm = RainFarm { factor: 8, slope, weights: None };
        let found = rainfarm.with_phases(&cells, 8, &phases).unwrap();
        for (found, &expected) in found.iter().zip(expected) {
            let expected = f64::from(expected);
            assert!((found - expected).abs() < 1e-6 * (1.0 + expected), "{found}, not {expected}");
        }
    }
}

#[test]
fn members_keep_the_coarse_rain_whatever_the_weights_and_differ() {
    let mut random = Random::new(5);
    let climatology: Vec<f64> = (0..6400).map(|_| random.uniform(0.5, 2.0)).collect();
    let weights = climatology_weights(&climatology, 80, 8);
    let plain = RainFarm { factor: 8, slope: 1.7, weights: None };
    let terrain = RainFarm { weights: Some(weights), ..plain.clone() };
    let cells = inner(&coarse(), &V4);
    for rainfarm in [&plain, &terrain] {
        let members = rainfarm_members(&coarse(), &V4, rainfarm, Cells::Corner, 3, 1).unwrap();
        for member in &members {
            let fine: Vec<f32> = member.iter().map(|&mm| mm as f32).collect();
            for (mean, cell) in coarse_means(&fine, 64, 8).iter().zip(&cells) {
                assert!((mean - cell).abs() < 1e-5 * (1.0 + cell));
            }
            assert!(member.iter().all(|&mm| mm >= 0.0));
        }
        assert_ne!(members[0], members[1]);
        assert_eq!(
            members,
            rainfarm_members(&coarse(), &V4, rainfarm, Cells::Corner, 3, 1).unwrap()
        );
    }
    let centred = &rainfarm_members(&coarse(), &V4, &plain, Cells::Centred, 1, 1).unwrap()[0];
    let of_cell = |row: usize, column: usize| {
        let nodes = (0..64).map(|i| centred[(4 + 8 * row + i / 8) * 64 + 4 + 8 * column + i % 8]);
        nodes.sum::<f64>() / 64.0
    };
    for (row, column) in [(0, 0), (3, 5), (6, 6)] {
        let cell = coarse()[(2 + row) * 10 + 2 + column];
        assert!((of_cell(row, column) - cell).abs() < 1e-9 * (1.0 + cell), "{row} {column}");
    }
    // On the mean of many members, nodes have the rain that the climatology says.
    let flat = vec![1.0; 100];
    let members = rainfarm_members(&flat, &V4, &terrain, Cells::Corner, 60, 2).unwrap();
    let mean = |node: usize| members.iter().map(|m| m[node]).sum::<f64>() / 60.0;
    let rows: Vec<f64> = (0..4096).map(mean).collect();
    let weights = terrain.weights.unwrap();
    let weights: Vec<f64> = (0..4096).map(|i| weights[(i / 64 + 8) * 80 + i % 64 + 8]).collect();
    let (n, x, y) =
        (4096.0, weights.iter().sum::<f64>() / 4096.0, rows.iter().sum::<f64>() / 4096.0);
    let covariance: f64 =
        weights.iter().zip(&rows).map(|(a, b)| (a - x) * (b - y)).sum::<f64>() / n;
    let variance: f64 = weights.iter().map(|a| (a - x).powi(2)).sum::<f64>() / n;
    assert!((covariance / variance - 1.0).abs() < 0.1, "{}", covariance / variance);
}

#[test]
fn rain_that_noise_cannot_be_made_for_is_refused() {
    let rainfarm = RainFarm { factor: 8, slope: 1.7, weights: None };
    let mut cells = vec![1.0; 64];
    assert!(spectral_slope(&vec![0.0; 64], 8).is_err());
    assert!(rainfarm.member(&vec![0.0; 64], 8, 1, 1).unwrap().iter().all(|&mm| mm == 0.0));
    // Differences of noise to its neighbours have a power that grows with the wavenumber, as no rain has.
    let noise = split_mix(7, 64);
    let at = |row: usize, column: usize| noise[row % 8 * 8 + column % 8];
    let blue = |i: usize| {
        let (row, column) = (i / 8 + 8, i % 8 + 8);
        let around =
            [at(row - 1, column), at(row + 1, column), at(row, column - 1), at(row, column + 1)];
        4.0 * at(row, column) - around.iter().sum::<f64>()
    };
    let blue: Vec<f64> = (0..64).map(blue).collect();
    assert!(spectral_slope(&blue, 8).unwrap() < 0.0);
    assert_eq!(usable_slope(&blue, 8), Ok((1.7, false)));
    assert!(usable_slope(&inner(&coarse(), &V4), 8).unwrap().1);
    cells[3] = f64::NAN;
    assert_eq!(
        rainfarm.member(&cells, 8, 1, 1).unwrap_err(),
        RainFarmError::Missing { n_missing: 1 }
    );
    assert!(spectral_slope(&cells, 8).is_err() && usable_slope(&cells, 8).is_err());
    let short = RainFarm { weights: Some(vec![1.0; 5]), ..rainfarm };
    let error = short.member(&[1.0; 64], 8, 1, 1).unwrap_err().to_string();
    assert!(error.contains("5 weights do not fit 4096"), "{error}");
}

#[test]
fn rivals_are_millimetres_in_either_space() {
    let scale = LogScale::new(0.145_126_096_297_139_88, 0.377_882_200_530_221_53);
    let all = f64s(&small("coarse_mm"));
    let rival = |rival, space| {
        all.chunks(100).flat_map(|c| rival_mm(c, &V4, rival, space)).collect::<Vec<f64>>()
    };
    let log = rival(Rival::BilinearReference, Space::Log(scale));
    check_near(log.iter().map(|&mm| scale.z(mm)), &small("bilinear_norm"), 2e-6, "published rival");
    let block = rival(Rival::BlockConstantCorner, Space::Mm);
    let cells = inner(&all[..100], &V4);
    assert_eq!(
        (block[0], block[7], block[8], block[64 * 8]),
        (cells[0], cells[0], cells[1], cells[8])
    );
    // Around its point, a cell goes from four nodes before it to three behind.
    let centred = rival(Rival::BlockConstant, Space::Mm);
    let found = [0, 3, 4, 11, 63].map(|node| centred[4096 + 8 * 64 + node]);
    assert_eq!(found, [1, 1, 2, 2, 9].map(|column| all[100 + 2 * 10 + column]));
    assert!(found.iter().all(|&mm| mm > 0.0) && found[1] != found[2], "{found:?}");
    let aligned = rival(Rival::Bilinear, Space::Mm);
    assert_eq!(coarse_of(&aligned[..4096], &V4), cells);
}

/// The whole way from a field to scores: 143 wet of 268 complete tiles over the United States, interpolated in both
/// spaces and registrations, against an independent program.
#[test]
fn scores_of_rivals_over_the_united_states_are_those_of_another_program() {
    let Some(rain) = us_hour() else { return };
    let scale = LogScale::new(0.145_126_096_297_139_88, 0.377_882_200_530_221_53);
    let domain = Domain { south: 25.0, north: 49.0, west: -124.0, east: -68.0 };
    let primary = tiles(&domain, &V4, Fit::Inside).into_iter().filter(|tile| !tile.is_secondary);
    let fields = json("aligned")["fields"].clone();
    let spaces =
        [("interpolated_in_log_space", Space::Log(scale)), ("interpolated_in_mm_space", Space::Mm)];
    let rivals = [("reference_baseline", Rival::BilinearReference), ("aligned", Rival::Bilinear)];
    let mut sums = [[(Moments::default(), Moments::default()); 2]; 2];
    let (mut n_complete, mut n_wet) = (0, 0);
    for tile in primary {
        let nodes = [tile.min_lat, tile.min_lon].map(|minimum| V4.fine_nodes(minimum));
        let fine = rain.linear_nodes(&nodes[0], &nodes[1]);
        let coarse = match tile_rain(&rain, &tile, &V4) {
            TileRain::Missing { .. } => continue,
            _ if fine.iter().any(|mm| mm.is_nan()) => continue,
            TileRain::Dry => Vec::new(),
            TileRain::Wet(coarse) => coarse,
        };
        n_complete += 1;
        if coarse.is_empty() {
            continue;
        }
        n_wet += 1;
        for (space, sums) in spaces.iter().zip(&mut sums) {
            for (rival, (mm, z)) in rivals.iter().zip(sums) {
                let forecast = rival_mm(&coarse, &V4, rival.1, space.1);
                for (&f, &o) in forecast.iter().zip(&fine) {
                    mm.add(f, o);
                    z.add(scale.z(f), scale.z(o));
                }
            }
        }
    }
    assert_eq!((n_complete, n_wet), (268, 143));
    for (space, sums) in spaces.iter().zip(&sums) {
        for (rival, (mm, z)) in rivals.iter().zip(sums) {
            let expected = &fields[space.0][rival.0];
            let check = |moments: &Moments, score: &str, name: &str| {
                let found = (ContinuousScore::find(score).unwrap().of)(moments).unwrap();
                let expected = expected[name].as_f64().unwrap();
                let what = format!("{} {} {name}", space.0, rival.0);
                assert!((found / expected - 1.0).abs() < 1e-4, "{what}: {found}, not {expected}");
            };
            assert_eq!(mm.n, expected["n_pixels"].as_u64().unwrap());
            check(mm, "mse", "mse_mm2");
            check(mm, "mae", "mae_mm");
            check(mm, "bias", "bias_mm");
            check(mm, "r", "r_mm");
            check(z, "mse", "mse_z");
            check(z, "r", "r_z");
        }
    }
}
