//! Composites in ODIM_H5 on the command line.

use std::fs;

use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};
use stormlens_data::files::npy;
use stormlens_data::projection::Projection;

use crate::bench::Bench;
use crate::commands::SHIPPED;

const HEIGHT: usize = 32;
const WIDTH: usize = 48;
const N_FRAMES: usize = 12;
/// Millimetres of a step of the stored numbers.
const GAIN: f64 = 0.02;
/// The plane of European composites, in kilometres and in metres.
const PLANE_KM: &str =
    "+proj=laea +lat_0=55.0 +lon_0=10.0 +x_0=1950000.0 +y_0=-2100000.0 +units=km +ellps=WGS84";

/// What is stored of a frame: rain everywhere, other rain at every place and time.
fn stored(frame: usize) -> Vec<u8> {
    let at = |i: usize| 1 + ((i / WIDTH * 7 + i % WIDTH * 3 + frame * 5) % 100) as u8;
    (0..HEIGHT * WIDTH).map(at).collect()
}

fn clock(minutes: usize) -> String {
    format!("{:02}{:02}00", minutes / 60, minutes % 60)
}

/// Longitudes and latitudes of the outer corners.
fn corners() -> Vec<(String, f64)> {
    let plane = Projection::parse(PLANE_KM).expect("a plane");
    let (west, south) = (2000.0, -1500.0);
    let (east, north) = (west + WIDTH as f64, south + HEIGHT as f64);
    let corners =
        [("LL", west, south), ("UL", west, north), ("UR", east, north), ("LR", east, south)];
    let place = |(name, x, y): (&str, f64, f64)| {
        let [latitude, longitude] = plane.latitude_longitude(x, y);
        [(format!("{name}_lon"), longitude), (format!("{name}_lat"), latitude)]
    };
    corners.into_iter().flat_map(place).collect()
}

fn say(group: &mut GroupBuilder, texts: &[(&str, &str)]) {
    for (name, text) in texts {
        group.set_attr(name, AttrValue::String((*text).to_owned()));
    }
}

/// A sum of five minutes that ends with these frames' time.
fn composite(frame: usize) -> Vec<u8> {
    let (start, end) = (clock(5 * frame), clock(5 * frame + 5));
    let mut file = FileBuilder::new();
    file.set_attr("Conventions", AttrValue::String("ODIM_H5/V2_3".to_owned()));
    let mut what = file.create_group("what");
    let source = "ORG:86,CMT:made for a test";
    say(&mut what, &[("object", "COMP"), ("date", "20240901"), ("time", &end), ("source", source)]);
    file.add_group(what.finish());
    let mut place = file.create_group("where");
    say(&mut place, &[("projdef", &PLANE_KM.replace("+units=km", "+units=m"))]);
    let sizes = [("xsize", WIDTH), ("ysize", HEIGHT), ("xscale", 1000), ("yscale", 1000)];
    let sizes = sizes.map(|(name, value)| (name.to_owned(), value as f64));
    for (name, value) in sizes.into_iter().chain(corners()) {
        place.set_attr(&name, AttrValue::F64(value));
    }
    file.add_group(place.finish());
    let mut dataset = file.create_group("dataset1");
    let mut what = dataset.create_group("what");
    let day = "20240901";
    say(
        &mut what,
        &[("startdate", day), ("starttime", &start), ("enddate", day), ("endtime", &end)],
    );
    dataset.add_group(what.finish());
    let mut data = dataset.create_group("data1");
    let mut what = data.create_group("what");
    say(&mut what, &[("quantity", "ACRR")]);
    for (name, value) in [("gain", GAIN), ("offset", 0.0), ("nodata", 255.0), ("undetect", 0.0)] {
        what.set_attr(name, AttrValue::F64(value));
    }
    data.add_group(what.finish());
    let array = data.create_dataset("data");
    array.with_u8_data(&stored(frame));
    array.with_shape(&[HEIGHT as u64, WIDTH as u64]);
    dataset.add_group(data.finish());
    file.add_group(dataset.finish());
    file.finish().expect("a file")
}

/// The files say unit, place and time; the forecast is that of the same numbers as an array.
#[test]
fn a_nowcast_is_made_of_composites_in_odim() {
    let bench = Bench::new();
    let folder = bench.path("odim");
    fs::create_dir(&folder).expect("there is room");
    for frame in 0..N_FRAMES {
        // Names say nothing, and the last comes first.
        let name = format!("a{:02}.h5", N_FRAMES - frame);
        fs::write(folder.join(name), composite(frame)).expect("there is room");
    }
    let nowcast = format!("nowcast @odim --checkpoint {SHIPPED} --output");
    let said = bench.succeeds(&format!("{nowcast} @y.npy"));
    for words in [
        "rain rate (mm/h), 12 frames from 2024-09-01 00:05 UTC to 2024-09-01 01:00 UTC",
        "rain rate (mm/h) at 2024-09-01 01:30 UTC (+30 min)",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let mm = (0..N_FRAMES).flat_map(stored).map(|value| (f64::from(value) * GAIN) as f32);
    let shape = [N_FRAMES, HEIGHT, WIDTH];
    npy::write_npy_f32(&bench.path("x.npy"), &shape, &mm.collect::<Vec<_>>()).expect("an array");
    let predict = format!("predict --checkpoint {SHIPPED} --input @x.npy");
    bench.succeeds(&format!("{predict} --units mm-per-5min --output @same.npy"));
    let read = |name: &str| npy::read_npy_f32(&bench.path(name)).expect("an array");
    let ((shape, values), (_, same)) = (read("y.npy"), read("same.npy"));
    assert_eq!(shape, [1, HEIGHT, WIDTH]);
    let is_near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-3;
    assert!(values.iter().zip(&same).all(is_near), "the same rain, the same way up");
    bench.succeeds(&format!("{nowcast} @y.json"));
    let said = fs::read_to_string(bench.path("y.json")).expect("it was written");
    assert!(said.contains("ORG:86,CMT:made for a test"), "{said}");
}

/// A frame that is not there is named.
#[test]
fn a_gap_between_composites_in_odim_is_named() {
    let bench = Bench::new();
    for frame in (0..N_FRAMES).filter(|frame| *frame != 5) {
        fs::write(bench.path(&format!("{frame}.h5")), composite(frame)).expect("there is room");
    }
    let files: Vec<String> =
        (0..N_FRAMES).filter(|frame| *frame != 5).map(|frame| format!("@{frame}.h5")).collect();
    let nowcast = format!("nowcast {} --checkpoint {SHIPPED} --output @y.npy", files.join(" "));
    bench.fails(&nowcast, &["there are 11 frames", "2024-09-01 00:30 UTC is missing"]);
}
