//! Overlays are those of the published programs.

use std::path::Path;

use serde::Deserialize;
use stormlens_data::attribution::{self, Visualiser};
use stormlens_data::field::Field;
use stormlens_data::scene::{Fit, Rectangle, Resampling, resize};

use super::helpers::*;
use crate::published::{JET, cam_overlay, gradients_overlay};
use crate::testing::{outcome, scene_outcome, scene_picture};
use crate::{Overlay, Style, reference_overlay};

/// What the published program made of a small picture, and its colours.
#[derive(Deserialize)]
struct Golden {
    jet: Vec<f32>,
    heatmap: Vec<f32>,
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let picture = image::open(folder.join(name)).expect("the fixture is a PNG");
    picture.to_rgb8().into_raw()
}

/// Mean and largest distance in levels.
fn apart(ours: &[u8], theirs: &[u8]) -> (f64, u8) {
    assert_eq!(ours.len(), theirs.len());
    let distances = || ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b));
    let mean = distances().map(f64::from).sum::<f64>() / ours.len() as f64;
    (mean, distances().max().unwrap_or(0))
}

#[test]
fn the_published_overlay_is_that_of_the_published_program() {
    let text = include_str!("../../tests/fixtures/scene_overlay.json");
    let Golden { jet, heatmap } = serde_json::from_str(text).expect("the fixture is JSON");
    let ours = JET.iter().flatten();
    assert!(ours.zip(&jet).all(|(a, b)| (a - b).abs() < 1e-6) && jet.len() == 768);
    let cam = Field::new(8, 8, heatmap);
    let drawn = cam_overlay(&fixture("scene_image.png"), 64, &cam);
    let (mean, largest) = apart(&drawn, &fixture("scene_overlay.png"));
    println!("small overlay: mean {mean:.4}, largest {largest}");
    assert!(mean < 0.05 && largest <= 1, "mean {mean}, largest {largest}");
}

fn published() -> Style {
    Style { overlay: Overlay::Published, width_mm: 170.0, ..Style::default() }
}

fn bytes(picture: &image::RgbaImage) -> Vec<u8> {
    picture.pixels().flat_map(|p| [p.0[0], p.0[1], p.0[2]]).collect()
}

#[test]
fn figures_hold_the_reference_overlay_byte_for_byte() {
    let outcome = outcome();
    let map = |name: &str| outcome.variable(name).expect("it is there").map(0);
    let expected = reference_overlay(&map("grad_cam/cbam3"), &map("input"));
    let shown = decoded(&drawn(&outcome, "map-grad_cam/cbam3", &published())).remove(0);
    assert_eq!(bytes(&shown), expected);
}

#[test]
fn figures_hold_the_published_overlay_of_a_scene_byte_for_byte() {
    let outcome = scene_outcome();
    let cam = outcome.variable("grad_cam/activation_14").expect("it is there").map(0);
    let expected = cam_overlay(&golden_scene(), 800, &cam);
    let shown = decoded(&drawn(&outcome, "map-grad_cam/activation_14", &published())).remove(0);
    // The figure has the pixels of the picture, 381 a side: the middle one of what each covers.
    let middle = |i: usize| (2 * i + 1) * 800 / (2 * 381);
    let at = |row: usize, column: usize| &expected[3 * (middle(row) * 800 + middle(column))..][..3];
    for (x, y, p) in shown.enumerate_pixels() {
        assert_eq!(&p.0[..3], at(y as usize, x as usize), "{x} {y}");
    }
}

/// The tensor of a run of the published program.
fn golden_tensor(name: &str) -> Option<Vec<f32>> {
    let Some(folder) = std::env::var_os("STORMLENS_GOLDEN_DIR") else {
        println!("skipped: STORMLENS_GOLDEN_DIR is not set, so there is no {name}");
        return None;
    };
    let file = Path::new(&folder).join("polar_low/polar_low_512_tokyo.safetensors");
    let bytes = std::fs::read(file).expect("the file can be read");
    // Eight bytes say how long the JSON is that says where each tensor lies behind it.
    let (length, rest) = bytes.split_first_chunk::<8>().expect("a safetensors file");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header: serde_json::Value = serde_json::from_slice(header).expect("JSON");
    let at = |i: usize| header[name]["data_offsets"][i].as_u64().expect("an offset") as usize;
    let floats = data[at(0)..at(1)].as_chunks::<4>().0;
    Some(floats.iter().map(|&b| f32::from_le_bytes(b)).collect())
}

fn golden_picture(name: &str) -> Vec<u8> {
    let folder = std::env::var_os("STORMLENS_GOLDEN_DIR").expect("it was set");
    let file = Path::new(&folder).join("polar_low").join(name);
    image::open(file).expect("the picture can be read").to_rgb8().into_raw()
}

/// The square of 800 × 800 pixels that the published program was given.
fn golden_scene() -> Vec<u8> {
    resize(&scene_picture(), 800, Resampling::Nearest, Fit::Stretch).to_rgb8()
}

#[test]
fn the_published_overlays_of_a_scene_are_those_of_the_published_program() {
    let Some(cam) = golden_tensor("cam.activation_14.class1.final") else { return };
    let cam = Field::new(4, 4, cam);
    let drawn = cam_overlay(&golden_scene(), 800, &cam);
    let (mean, largest) = apart(&drawn, &golden_picture("polar_low_512_tokyo_gradcam_overlay.png"));
    println!("Grad-CAM overlay: mean {mean:.4}, largest {largest}");
    assert!(mean < 0.05 && largest <= 1, "mean {mean}, largest {largest}");

    let pixels = golden_tensor("ig").expect("it is there");
    let plane = |channel| pixels.iter().skip(channel).step_by(3).copied();
    let attribution: Vec<f32> = (0..3).flat_map(plane).collect();
    let map = Visualiser::default().map(&attribution, 512);
    let crop = Rectangle { left: 144, top: 144, width: 512, height: 512 };
    let sign = attribution::Polarity::Positive;
    let drawn = gradients_overlay(&golden_scene(), 800, crop, &map, sign);
    let line = |row: usize| &drawn[3 * ((144 + row) * 800 + 144)..][..3 * 512];
    let centre: Vec<u8> = (0..512).flat_map(line).copied().collect();
    let (mean, largest) =
        apart(&centre, &golden_picture("polar_low_512_tokyo_ig_overlay_crop.png"));
    println!("overlay of integrated gradients: mean {mean:.4}, largest {largest}");
    assert!(mean < 0.05 && largest <= 1, "mean {mean}, largest {largest}");
}
