//! The published inference, from a field of rain to a map, with the product's tiles and blending.

use std::path::Path;

use stormlens_data::downscale::{
    BlendOptions, Domain, Fit, Geometry, LogScale, Mosaic, MosaicBuilder, Registration, Tile,
    TileRain, channel, tile_rain, tiles,
};
use stormlens_data::field::{GriddedField, LatLonGrid};

use super::full::{SEED, folder, formula, json, npy};
use super::*;

const V4: Geometry = Geometry::V4;
const DOMAIN: Domain = Domain { south: 29.0, north: 35.0, west: -102.0, east: -96.0 };
/// Nodes along a side of the map.
const SIDE: usize = 192;

/// A number of half precision (IEEE 754 binary16); none of the field is infinite or missing.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from((bits >> 10) & 0x1F), f32::from(bits & 0x3FF));
    let size = match exponent {
        0 => fraction * 2_f32.powi(-24),
        _ => (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// A real hour of rain at 0.04°, mm, stored in half precision.
fn rain(folder: &Path) -> GriddedField {
    let (height, width) = (176, 175);
    let bytes = std::fs::read(folder.join("e2e_tp_mm_0p04deg.npy")).expect("the field");
    let values = bytes[bytes.len() - 2 * height * width..].as_chunks::<2>().0.iter();
    let axis = |first: f64, n: usize| (0..n).map(|k| first + 0.04 * k as f64).collect::<Vec<_>>();
    GriddedField {
        storage_ends: Vec::new(),
        variable: "tp".into(),
        unit: "mm".into(),
        interval: None,
        reference_time: None,
        grid: LatLonGrid::new(&axis(28.5, height), &axis(-102.5, width)).expect("axes"),
        values: values.map(|&two| half(u16::from_le_bytes(two))).collect(),
        source: "a test".into(),
    }
}

/// The elevation of a tile, in the network's unit, out of the map's.
fn elevation<'a>(map: &'a [f32], tile: &Tile) -> impl Iterator<Item = f32> + 'a {
    let node = |from: f64, to: f64| ((to - from) / V4.fine_deg).round() as usize;
    let (row, column) = (node(DOMAIN.south, tile.min_lat), node(DOMAIN.west, tile.min_lon));
    map.chunks_exact(SIDE).skip(row).take(64).flat_map(move |r| &r[column..column + 64]).copied()
}

fn refined(folder: &Path, scale: LogScale) -> (Mosaic, Vec<usize>) {
    let p = parameters(&formula(&Form::PUBLISHED, SEED), &Device::flex());
    let (rain, heights) = (rain(folder), npy(folder, "e2e_elevation"));
    let tiles = tiles(&DOMAIN, &V4, Fit::Inside);
    let options = BlendOptions::REFERENCE;
    let mut mosaic = MosaicBuilder::new(&tiles, V4, scale, options, 1 << 20).expect("a map");
    let mut dry = Vec::new();
    for tile in &tiles {
        let TileRain::Wet(coarse) = tile_rain(&rain, tile, &V4) else {
            mosaic.add_dry(tile);
            dry.push(tile.id);
            continue;
        };
        let z: Vec<f64> = coarse.iter().map(|&mm| scale.z(mm)).collect();
        let fine = channel(&z, &V4, Registration::Reference).into_iter().map(|z| z as f32);
        let x: Vec<f32> = fine.chain(elevation(&heights, tile)).collect();
        let x = input(x, [1, 2, 64, 64], &Device::flex());
        mosaic.add(tile, &run(&p, x, &Mode::inference()));
    }
    (mosaic.finish(), dry)
}

/// Thirteen tiles, three of them dry, put together in the network's unit as published; 1e-4 of the value, or of a
/// millimetre, as the numbers ask for.
#[test]
fn a_domain_of_thirteen_tiles_equals_the_published_inference() {
    let Some(folder) = folder() else { return };
    let expected = &json(&folder, "expected")["e2e"];
    let number = |name: &str| expected[name].as_f64().expect(name);
    let scale = LogScale::new(number("mean_used"), number("std_used"));
    let (mosaic, dry) = refined(&folder, scale);
    assert_eq!(serde_json::json!(dry), expected["dry_tiles"]);
    let n_gaps = mosaic.weight_sum.iter().filter(|&&weight| weight == 0.0).count();
    assert_eq!(serde_json::json!(n_gaps), expected["zero_weight_cells"]);
    let theirs = npy(&folder, "e2e_mosaic_mm");
    assert_eq!(mosaic.mm.len(), theirs.len());
    let error = |(a, b): (&f32, &f32)| f64::from((a - b).abs()) / f64::from(b.abs().max(1.0));
    let worst = mosaic.mm.iter().zip(&theirs).map(error).fold(0.0, f64::max);
    println!("a mosaic in mm: {worst:.1e} at worst");
    assert!(worst <= 1e-4, "off by {worst:.1e} of the value");
    let mm = || mosaic.mm.iter().map(|&mm| f64::from(mm));
    let mean = mm().sum::<f64>() / (SIDE * SIDE) as f64;
    // The mean of errors, which is far below the worst.
    assert!((mean - number("mosaic_mean_mm")).abs() < 1e-5, "{mean}");
    assert!((mm().fold(f64::MIN, f64::max) / number("mosaic_max_mm") - 1.0).abs() < 1e-4);
    assert!((mm().fold(f64::MAX, f64::min) - number("mosaic_min_mm")).abs() < 1e-4);
}
