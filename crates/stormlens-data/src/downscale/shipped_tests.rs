//! Real tiles of rain that come with the reference numbers: their nodes, their scores, and the baseline of versions 1
//! and 2.

use super::rivals::*;
use super::testing::{array, check_near, f64s, json, us_hour};
use super::*;
use crate::field::testing::golden;
use crate::score::downscaling::{ContinuousScore, Moments};

const V4: Geometry = Geometry::V4;
const SCALE: LogScale = LogScale::new(0.145_126_096_297_139_88, 0.377_882_200_530_221_53);

/// Coarse and fine rain of twelve wet tiles, mm; `None` where the full-size vectors are not there.
fn twelve() -> Option<[Vec<Vec<f64>>; 2]> {
    let of = |name: &str, n: usize| {
        let (_, values) = array(&format!("real_mrms/{name}"))?;
        Some(values.chunks_exact(n).map(f64s).collect::<Vec<_>>())
    };
    let (coarse, fine) = (of("tiles_coarse_10x10_mm", 100)?, of("tiles_fine_64x64_mm", 4096)?);
    assert_eq!((coarse.len(), fine.len()), (12, 12));
    Some([coarse, fine])
}

/// Within 2e-7 of the value or of a millimetre, to which another program has them.
#[test]
fn nodes_of_real_tiles_are_those_of_another_program() {
    let (Some([coarse, fine]), Some(rain)) = (twelve(), us_hour()) else { return };
    let path = golden("harpnet").expect("the arrays were there").join("real_mrms/tiles.json");
    let about: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for (number, (coarse, fine)) in coarse.iter().zip(&fine).enumerate() {
        let corner = &about["tiles_min_lat_min_lon"][number];
        let [min_lat, min_lon] = [0, 1].map(|i| corner[i].as_f64().unwrap());
        let tile = Tile { id: number, min_lat, min_lon, is_secondary: false };
        let TileRain::Wet(ours) = tile_rain(&rain, &tile, &V4) else { panic!("tile {number}") };
        let nodes = [min_lat, min_lon].map(|minimum| V4.fine_nodes(minimum));
        let ours_fine = rain.linear_nodes(&nodes[0], &nodes[1]);
        for (ours, theirs) in ours.iter().zip(coarse).chain(ours_fine.iter().zip(fine)) {
            assert!((ours - theirs).abs() <= 2e-7 * theirs.max(1.0), "{ours}, not {theirs}");
        }
        let wet = fine.iter().filter(|&&mm| mm > 0.1).count() as f64 / 4096.0;
        assert_eq!(wet, about["wet_fraction_gt_0p1mm"][number].as_f64().unwrap());
    }
}

/// Both registrations on the twelve tiles, interpolated in log space, together and one by one; 1e-4 of each score.
#[test]
fn scores_of_the_shipped_tiles_are_those_of_another_program() {
    let Some([coarse, fine]) = twelve() else { return };
    let golden = json("aligned");
    let near = |found: f64, expected: &serde_json::Value, what: &str| {
        let expected = expected.as_f64().unwrap();
        assert!((found / expected - 1.0).abs() < 1e-4, "{what}: {found}, not {expected}");
    };
    let score =
        |name: &str, moments: &Moments| (ContinuousScore::find(name).unwrap().of)(moments).unwrap();
    for (name, rival) in
        [("reference_baseline", Rival::BilinearReference), ("aligned", Rival::Bilinear)]
    {
        let (mut mm, mut z) = (Moments::default(), Moments::default());
        for (number, (coarse, fine)) in coarse.iter().zip(&fine).enumerate() {
            let forecast = rival_mm(coarse, &V4, rival, Space::Log(SCALE));
            let mut of_tile = Moments::default();
            for (&f, &o) in forecast.iter().zip(fine) {
                of_tile.add(f, o);
                mm.add(f, o);
                z.add(SCALE.z(f), SCALE.z(o));
            }
            let expected = &golden["per_tile_mse_mm2_log_space"][name][number];
            near(score("mse", &of_tile), expected, &format!("{name} of tile {number}"));
        }
        let all = &golden["twelve_shipped_tiles_interpolated_in_log_space"][name];
        for (score_name, of, key) in [
            ("mse", &mm, "mse_mm2"),
            ("mae", &mm, "mae_mm"),
            ("bias", &mm, "bias_mm"),
            ("r", &mm, "r_mm"),
            ("mse", &z, "mse_z"),
            ("r", &z, "r_z"),
        ] {
            near(score(score_name, of), &all[key], &format!("{name} {key}"));
        }
        assert_eq!(mm.n, all["n_pixels"].as_u64().unwrap());
    }
}

/// Sixteen nodes along a side, four fine ones around each, in mm and without the ring around the tile.
#[test]
fn the_baseline_of_versions_1_and_2_is_the_published_one() {
    let (Some((_, coarse)), Some((_, expected))) =
        (array("v2_input_18x18"), array("v2_bilinear_64x64"))
    else {
        return;
    };
    for (coarse, expected) in coarse.chunks_exact(18 * 18).zip(expected.chunks_exact(4096)) {
        let coarse = f64s(coarse);
        let published = bilinear(&coarse, &Geometry::V1, Registration::Reference);
        check_near(published.clone(), expected, 2e-6, "baseline");
        // Its registration is right: only the edge, where the ring has a share, differs when aligned.
        let aligned = bilinear(&coarse, &Geometry::V1, Registration::Aligned);
        let is_inside = |i: &usize| (2..62).contains(&(i / 64)) && (2..62).contains(&(i % 64));
        let mut inside = (0..4096).filter(is_inside);
        assert!(inside.all(|i| (aligned[i] - published[i]).abs() < 1e-9), "inside");
        assert_ne!(aligned, published);
    }
}
