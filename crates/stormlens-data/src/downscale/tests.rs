//! Geometry, units and blending against the published program, and what it gets wrong.

use serde_json::Value;

use super::testing::{array, check_near, e2e_field, f64s, field, json, orography, small};
use super::*;

const V4: Geometry = Geometry::V4;
/// Mean and standard deviation of the reference numbers.
const SCALE: LogScale = LogScale::new(0.145_126_096_297_139_88, 0.377_882_200_530_221_53);

fn domain([south, north, west, east]: [f64; 4]) -> Domain {
    Domain { south, north, west, east }
}

fn check_tiles(found: &[Tile], expected: &Value) {
    let expected = expected.as_object().unwrap();
    assert_eq!(found.len(), expected.len());
    for tile in found {
        let [south, north, west, east, kind] =
            expected[&tile.id.to_string()].as_array().unwrap().as_slice()
        else {
            panic!("five values a tile");
        };
        let bounds = [tile.min_lat, tile.min_lat + 2.0, tile.min_lon, tile.min_lon + 2.0];
        assert_eq!(bounds, [south, north, west, east].map(|v| v.as_f64().unwrap()));
        assert_eq!(tile.is_secondary, kind == "secondary");
    }
}

#[test]
fn tiles_are_those_of_the_published_boxes() {
    let shipped = tiles(&domain([37.0, 43.0, -115.0, -108.0]), &V4, Fit::Inside);
    check_tiles(&shipped, &json("tiles_v4_config"));
    let e2e = tiles(&domain([29.0, 35.0, -102.0, -96.0]), &V4, Fit::Inside);
    check_tiles(&e2e, &json("expected")["e2e"]["box"]);
    let covering = tiles(&domain([37.0, 43.0, -115.0, -108.0]), &V4, Fit::Covering);
    assert_eq!(covering.len(), 12 + 6);
    assert!(tiles(&domain([37.0, 38.0, -115.0, -108.0]), &V4, Fit::Inside).is_empty());
}

#[test]
fn nodes_are_those_of_the_published_tile() {
    let golden = json("tile_coords");
    let tile = tiles(&domain([37.0, 43.0, -115.0, -108.0]), &V4, Fit::Inside)[10];
    let check = |found: Vec<f64>, name: &str| {
        let expected: Vec<f64> =
            golden[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        assert_eq!(found, expected, "{name}");
    };
    check(V4.coarse_nodes(tile.min_lat), "lat_coarse");
    check(V4.coarse_nodes(tile.min_lon), "lon_coarse");
    check(V4.fine_nodes(tile.min_lat), "lat_fine");
    check(V4.fine_nodes(tile.min_lon), "lon_fine");
    assert_eq!(tile.coarse_bounds(&V4), [37.75, 40.0, -112.25, -110.0]);
    let old = Geometry::V1;
    assert_eq!((old.tile_deg(), old.n_coarse(), old.factor()), (4.0, 18, 4));
    // Four fine nodes around the first coarse one, whose centre they have.
    let around: f64 = old.fine_nodes(30.0)[..4].iter().sum();
    assert_eq!(around / 4.0, 30.0);
}

#[test]
fn millimetres_become_the_units_of_the_network() {
    let coarse = small("coarse_mm");
    check_near(coarse.iter().map(|&mm| SCALE.z(f64::from(mm))), &small("coarse_norm"), 2e-6, "z");
    for mm in [0.0, 0.01, 1.0, 80.0] {
        assert!((SCALE.mm(SCALE.z(mm)) - mm).abs() < 1e-9);
    }
    assert!(SCALE.mm(SCALE.dry_z()).abs() < 1e-12);
    let (Some((_, z)), Some((_, mm))) = (array("output_norm"), array("output_mm")) else { return };
    for (z, mm) in z.iter().zip(mm) {
        assert!(
            (SCALE.mm(f64::from(*z)) - f64::from(mm)).abs() < 1e-4 * f64::from(mm.abs().max(1.0))
        );
    }
}

#[test]
fn channel_and_bilinear_rival_are_those_of_both_registrations() {
    let coarse = f64s(&small("coarse_norm"));
    let of_samples =
        |of: &dyn Fn(&[f64]) -> Vec<f64>| coarse.chunks(100).flat_map(of).collect::<Vec<_>>();
    let aligned = of_samples(&|c| channel(c, &V4, Registration::Aligned));
    check_near(aligned.clone(), &small("aligned_channel0"), 2e-6, "aligned");
    assert_eq!(of_samples(&|c| bilinear(c, &V4, Registration::Aligned)), aligned);
    let rival = of_samples(&|c| bilinear(c, &V4, Registration::Reference));
    check_near(rival, &small("bilinear_norm"), 2e-6, "reference rival");
    let Some((_, input)) = array("input") else { return };
    for (sample, coarse) in coarse.chunks(100).enumerate() {
        let channel = channel(coarse, &V4, Registration::Reference);
        check_near(channel, &input[sample * 8192..][..4096], 2e-6, "reference channel");
    }
}

/// A plane is where it belongs when aligned, and 3.5 nodes aside as published.
#[test]
fn the_published_registration_is_three_and_a_half_nodes_off() {
    let coarse: Vec<f64> = (0..100).map(|i| f64::from(i % 10) - 1.0).collect();
    let at = |registration| channel(&coarse, &V4, registration)[64 * 30 + 16];
    assert!((at(Registration::Aligned) - 2.0).abs() < 1e-12);
    assert!((at(Registration::Aligned) - at(Registration::Reference) - 3.5 / 8.0).abs() < 1e-12);
    for registration in Registration::ALL {
        assert_eq!(Registration::parse(registration.name()), Some(registration));
    }
    // Aligned, every eighth node is a coarse one.
    let aligned = channel(&coarse, &V4, Registration::Aligned);
    assert_eq!(coarse_of(&aligned, &V4), inner(&coarse, &V4));
}

#[test]
fn elevation_is_that_of_the_published_program_ties_included() {
    let (Some(terrain), Some((_, expected))) = (orography(), array("e2e_elevation")) else {
        return;
    };
    let tiles = tiles(&domain([29.0, 35.0, -102.0, -96.0]), &V4, Fit::Inside);
    check_elevation(&terrain, [29.0, 35.0, -102.0, -96.0]).unwrap();
    for tile in tiles {
        let found = tile_elevation(&terrain, &tile, &V4);
        let [row, column] =
            [tile.min_lat - 29.0, tile.min_lon + 102.0].map(|d| (d * 32.0) as usize);
        for (i, value) in found.into_iter().enumerate() {
            let expected = expected[(row + i / 64) * 192 + column + i % 64];
            assert!(
                (value - expected).abs() < 1e-6,
                "tile {} node {i}: {value}, not {expected}",
                tile.id
            );
        }
    }
}

#[test]
fn what_is_no_terrain_of_the_domain_is_refused() {
    let box_ = [40.0, 42.0, 10.0, 12.0];
    let check = |terrain: &crate::field::GriddedField, what: &str| {
        let error = check_elevation(terrain, box_).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    };
    let terrain = field([3, 3], [40.0, 10.0], 1.0, vec![100.0; 9], "m");
    check_elevation(&terrain, box_).unwrap();
    check(
        &field([2, 3], [40.0, 10.0], 1.0, vec![100.0; 6], "m"),
        "does not cover 40 to 42° N, 10 to 12° E",
    );
    check(&field([3, 3], [40.0, 10.0], 1.0, vec![100.0; 9], "ft"), "terrain has to be in metres");
    check(&field([3, 3], [40.0, 10.0], 1.0, vec![f32::NAN; 9], "m"), "all 9 values are missing");
    check(&field([3, 3], [40.0, 10.0], 1.0, vec![98_000.0; 9], "m"), "no height on the Earth");
}

/// The whole map is smaller than the sum of its tiles; the reference repeats each of 8 × 8 cells 8 × 8 times.
fn stitched(options: BlendOptions) -> Mosaic {
    let tiles = tiles(&domain([37.0, 43.0, -115.0, -108.0]), &V4, Fit::Inside);
    let mut builder = MosaicBuilder::new(&tiles, V4, SCALE, options, 1 << 20).unwrap();
    let cells = small("stitch_tile_pred_8x8");
    for tile in &tiles {
        let of_tile = &cells[tile.id * 64..][..64];
        let z: Vec<f32> = (0..4096).map(|i| of_tile[i / 64 / 8 * 8 + i % 64 / 8]).collect();
        builder.add(tile, &z);
    }
    builder.finish()
}

#[test]
fn tiles_are_blended_as_published_when_asked() {
    check_near(blending_weights(8, 0.0), &small("tile_weight_mask_8"), 1e-6, "weights");
    let mosaic = stitched(BlendOptions::REFERENCE);
    assert_eq!((mosaic.latitudes.len(), mosaic.longitudes.len()), (192, 192));
    assert_eq!((mosaic.latitudes[0], mosaic.longitudes[191]), (37.0, -115.0 + 191.0 / 32.0));
    assert_eq!(mosaic.weight_sum.iter().filter(|&&w| w == 0.0).count(), 20);
    let mean = mosaic.mm.iter().map(|&mm| f64::from(mm)).sum::<f64>() / 36_864.0;
    assert!((mean - 0.255_867_856_6).abs() < 1e-7, "{mean}");
    // What is published for nodes of no weight is rain.
    let gap = mosaic.weight_sum.iter().position(|&w| w == 0.0).unwrap();
    assert!((mosaic.mm[gap] - 0.156_185).abs() < 1e-5);
    let (Some((_, z)), Some((_, weights))) =
        (array("stitch_mosaic_norm"), array("stitch_weight_sum"))
    else {
        return;
    };
    check_near(f64s(&mosaic.z), &z, 1e-6, "mosaic");
    check_near(f64s(&mosaic.weight_sum), &weights, 1e-6, "weight sum");
    check_near(
        blending_weights(64, 0.0),
        &array("tile_weight_mask_64").unwrap().1,
        1e-6,
        "weights",
    );
}

#[test]
fn by_default_millimetres_are_blended_and_no_node_is_lost() {
    let mosaic = stitched(BlendOptions::default());
    let mean = mosaic.mm.iter().map(|&mm| f64::from(mm)).sum::<f64>() / 36_864.0;
    assert!((mean - 0.277_456_182_3).abs() < 1e-7, "{mean}");
    assert!(mosaic.mm.iter().all(|mm| !mm.is_nan()));
    let Some((_, expected)) = array("stitch_mosaic_mm_blend_mm_floor1e-3") else { return };
    check_near(f64s(&mosaic.mm), &expected, 1e-5, "mosaic");
}

/// Two tiles over each other that say the same rain, each in a unit of its own.
#[test]
fn tiles_in_units_of_their_own_are_blended_as_millimetres() {
    let (tiles, n) = (tiles(&domain([37.0, 39.0, -115.0, -113.0]), &V4, Fit::Inside), 64 * 64);
    for options in [BlendOptions::default(), BlendOptions::REFERENCE] {
        let builder = || MosaicBuilder::new(&tiles[..1], V4, SCALE, options, 1 << 20).unwrap();
        let mut mosaic = builder();
        for (wettest, mm) in [(1.0, 8.0), (4.0, 8.0)] {
            let unit = SCALE.with_wettest(wettest, &[mm]);
            mosaic.add_in(unit, &tiles[0], &vec![unit.z(mm) as f32; n]);
        }
        let middle = mosaic.finish().mm[32 * 64 + 32];
        assert!((middle - 8.0).abs() < 1e-4, "{middle} mm");
        // Of a tile with heavy rain elsewhere, a little less than nothing is some millimetres: they do not take away what
        // another tile says of the same node.
        let mut mosaic = builder();
        let unit = SCALE.with_wettest(1.0, &[40.0]);
        mosaic.add_in(unit, &tiles[0], &vec![unit.z(-12.0) as f32; n]);
        mosaic.add(&tiles[0], &vec![SCALE.z(2.0) as f32; n]);
        let middle = mosaic.finish().mm[32 * 64 + 32];
        assert!((0.49..1.1).contains(&middle), "{options:?}: {middle} mm");
    }
}

#[test]
fn what_no_tile_covers_has_no_data() {
    let tile = |min_lat, min_lon| Tile { id: 0, min_lat, min_lon, is_secondary: false };
    let pair = [tile(40.0, 10.0), tile(42.0, 12.0)];
    let mut builder =
        MosaicBuilder::new(&pair, V4, SCALE, BlendOptions::default(), 1 << 20).unwrap();
    builder.add_dry(&pair[0]);
    let mut z = vec![1.0; 4096];
    z[5] = f32::NAN;
    builder.add(&pair[1], &z);
    let mosaic = builder.finish();
    assert!(mosaic.mm[0].abs() < 1e-6 && mosaic.mm[127].is_nan());
    assert_eq!(mosaic.mm.iter().filter(|mm| mm.is_nan()).count(), 2 * 4096 + 1);
    // Cells without data stay so when mass is conserved, and the others have that of the coarse rain.
    let rain =
        field([30, 30], [39.0, 9.0], 0.25, (0..900).map(|i| i as f32 / 100.0).collect(), "mm");
    let cells = mosaic.coarse_cells(&rain, &V4);
    let conserved = conserve(&mosaic.mm, 128, &cells, 8);
    assert_eq!(conserved.mm.iter().filter(|mm| mm.is_nan()).count(), 2 * 4096 + 1);
    for (mean, cell) in coarse_means(&conserved.mm, 128, 8).iter().zip(&cells) {
        assert!(mean.is_nan() || (mean - cell).abs() < 1e-5 * (1.0 + cell), "{mean}, not {cell}");
    }
    let refused = |tiles: &[Tile], max| {
        MosaicBuilder::new(tiles, V4, SCALE, BlendOptions::default(), max)
            .err()
            .expect("refused")
            .to_string()
    };
    assert!(refused(&[], 9).contains("smaller than a tile of 2°"));
    assert!(refused(&pair, 9).contains("128 × 128 nodes, more than 9"));
    assert!(refused(&[tile(40.0, 10.0), tile(40.0, 12.01)], 1 << 20).contains("one grid of nodes"));
}

#[test]
fn dry_tiles_are_those_of_the_published_program() {
    let Some(rain) = e2e_field() else { return };
    let tiles = tiles(&domain([29.0, 35.0, -102.0, -96.0]), &V4, Fit::Inside);
    let dry: Vec<usize> =
        tiles.iter().filter(|t| tile_rain(&rain, t, &V4) == TileRain::Dry).map(|t| t.id).collect();
    assert_eq!(dry, [3, 6, 8]);
}

#[test]
fn a_tile_with_missing_rain_is_neither_dry_nor_wet() {
    let tile = Tile { id: 0, min_lat: 40.0, min_lon: 10.0, is_secondary: false };
    let rain = |value: f32| field([20, 20], [39.0, 9.0], 0.25, vec![value; 400], "mm");
    assert_eq!(tile_rain(&rain(0.009), &tile, &V4), TileRain::Dry);
    assert!(
        matches!(tile_rain(&rain(0.01), &tile, &V4), TileRain::Wet(coarse) if coarse.len() == 100)
    );
    let mut gap = rain(0.0);
    gap.values[20 * 8 + 8] = f32::NAN;
    assert_eq!(tile_rain(&gap, &tile, &V4), TileRain::Missing { n_missing: 1 });
    let small = field([8, 20], [39.0, 9.0], 0.25, vec![1.0; 160], "mm");
    assert!(matches!(tile_rain(&small, &tile, &V4), TileRain::Missing { n_missing: 50 }));
    assert!(!is_dry(&[f64::NAN]));
}

#[test]
fn blocks_keep_the_mass_of_their_cell() {
    let coarse = f64s(&small("conserve_coarse_8x8_mm"));
    let found = conserve(&small("conserve_pred_mm"), 64, &coarse, 8);
    check_near(f64s(&found.ratio), &small("conserve_ratio_8x8"), 1e-5, "ratio");
    for (found, expected) in found.mm.iter().zip(small("conserve_output_mm")) {
        assert!((found - expected).abs() < 1e-5 + 1e-6 * expected.abs(), "{found}, not {expected}");
    }
    let expected = &json("expected")["conservation"];
    let clipped = expected["clipped_mass_mm_pixels"].as_f64().unwrap();
    assert!((found.clipped.mm_nodes / clipped - 1.0).abs() < 1e-6);
    for (mean, coarse) in coarse_means(&found.mm, 64, 8).iter().zip(&coarse) {
        assert!((mean - coarse).abs() < 1e-5 + 1e-6 * coarse);
    }
    let gap = conserve(&[f32::NAN, 1.0, 1.0, 1.0, 2.0, 0.0, 0.0, 0.0], 4, &[1.0, f64::NAN], 2);
    assert_eq!(gap.mm[1..], [1.0, 1.0, 1.0, 2.0, 0.0, 0.0, 0.0]);
    assert!(gap.ratio.iter().all(|ratio| ratio.is_nan()));
}

#[test]
fn the_seam_index_sees_steps_at_the_edges_of_tiles_only() {
    let tiles = tiles(&domain([40.0, 44.0, 10.0, 14.0]), &V4, Fit::Inside);
    let index = |map: &dyn Fn(usize, usize) -> f32| {
        let map: Vec<f32> = (0..128 * 128).map(|i| map(i / 128, i % 128)).collect();
        seam_index(&map, 128, [40.0, 10.0], &tiles, &V4)
    };
    let even = index(&|row, column| (row + 2 * column) as f32);
    assert!((even.ratio().unwrap() - 1.0).abs() < 1e-9, "{even:?}");
    let blocks =
        index(&|row, column| (row + 2 * column + 10 * (row / 64) + 10 * (column / 64)) as f32);
    // Half of the edges are those of the secondary tile, where there is no step: 1.5 and 11.5 on the mean of 6.5.
    assert!((blocks.across - 6.5).abs() < 0.2 && (blocks.inside - 1.5).abs() < 0.01, "{blocks:?}");
    let gaps = index(&|row, column| if row == 64 { f32::NAN } else { column as f32 });
    assert_eq!(gaps.n_across + gaps.n_inside, 2 * 128 * 127 - 2 * 128 - 127);
}
