//! Files made here, for none of a service is at hand: a grid of 4 × 5 pixels in OPERA's plane.

use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};

use crate::import::radar::tests::{check_refused, is_near, place_of};
use crate::import::radar::{self, Measured};
use crate::projection::Projection;
use crate::time::format_sample;

const PROJDEF: &str =
    "+proj=laea +lat_0=55.0 +lon_0=10.0 +x_0=1950000.0 +y_0=-2100000.0 +units=m +ellps=WGS84";
const HEIGHT: usize = 4;
const WIDTH: usize = 5;

/// What a file says, which tests change.
#[derive(Clone)]
struct Parts {
    texts: Vec<(&'static str, &'static str)>,
    numbers: Vec<(&'static str, f64)>,
    values: Values,
}

#[derive(Clone)]
enum Values {
    U8(Vec<u8>),
    F64(Vec<f64>),
}

/// Longitude and latitude of the corners of the plane from x 2,000 to 2,005 km and y −1,004 to −1,000 km.
fn corners() -> Vec<(&'static str, f64)> {
    let plane = Projection::parse(&PROJDEF.replace("+units=m", "+units=km")).unwrap();
    let at = |x: f64, y: f64| plane.latitude_longitude(x, y);
    let [ll, ul] = [at(2000.0, -1004.0), at(2000.0, -1000.0)];
    let [ur, lr] = [at(2005.0, -1000.0), at(2005.0, -1004.0)];
    vec![
        ("where/LL_lon", ll[1]),
        ("where/LL_lat", ll[0]),
        ("where/UL_lon", ul[1]),
        ("where/UL_lat", ul[0]),
        ("where/UR_lon", ur[1]),
        ("where/UR_lat", ur[0]),
        ("where/LR_lon", lr[1]),
        ("where/LR_lat", lr[0]),
    ]
}

fn parts(quantity: &'static str) -> Parts {
    let mut numbers = corners();
    numbers.extend([
        ("where/xsize", WIDTH as f64),
        ("where/ysize", HEIGHT as f64),
        ("where/xscale", 1000.0),
        ("where/yscale", 1000.0),
        ("data/gain", 0.5),
        ("data/offset", -32.0),
        ("data/nodata", 255.0),
        ("data/undetect", 0.0),
    ]);
    let mut values = vec![0; HEIGHT * WIDTH];
    values[..4].copy_from_slice(&[255, 0, 124, 104]);
    Parts {
        texts: vec![
            ("/Conventions", "ODIM_H5/V2_3"),
            ("what/object", "COMP"),
            ("what/date", "20240901"),
            ("what/time", "001000"),
            ("what/source", "ORG:86,CMT:made for a test"),
            ("where/projdef", PROJDEF),
            ("dataset/startdate", "20240901"),
            ("dataset/starttime", "000500"),
            ("dataset/enddate", "20240901"),
            ("dataset/endtime", "001000"),
            ("data/quantity", quantity),
        ],
        numbers,
        values: Values::U8(values),
    }
}

impl Parts {
    fn text(mut self, name: &str, value: &'static str) -> Self {
        self.texts.iter_mut().find(|(known, _)| *known == name).expect("it is there").1 = value;
        self
    }

    fn number(mut self, name: &'static str, value: f64) -> Self {
        match self.numbers.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => self.numbers.push((name, value)),
        }
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.texts.retain(|(known, _)| *known != name);
        self.numbers.retain(|(known, _)| *known != name);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut file = FileBuilder::new();
        let attributes = |group: &mut GroupBuilder, folder: &str| {
            for (name, value) in &self.texts {
                if let Some(name) = name.strip_prefix(folder) {
                    group.set_attr(name, AttrValue::String((*value).into()));
                }
            }
            for (name, value) in &self.numbers {
                if let Some(name) = name.strip_prefix(folder) {
                    group.set_attr(name, AttrValue::F64(*value));
                }
            }
        };
        for (name, value) in &self.texts {
            if let Some(name) = name.strip_prefix('/') {
                file.set_attr(name, AttrValue::String((*value).into()));
            }
        }
        for name in ["what", "where", "how"] {
            let mut group = file.create_group(name);
            attributes(&mut group, &format!("{name}/"));
            file.add_group(group.finish());
        }
        let mut dataset = file.create_group("dataset1");
        let mut what = dataset.create_group("what");
        attributes(&mut what, "dataset/");
        dataset.add_group(what.finish());
        let mut data = dataset.create_group("data1");
        let mut what = data.create_group("what");
        attributes(&mut what, "data/");
        data.add_group(what.finish());
        let array = data.create_dataset("data");
        match &self.values {
            Values::U8(values) => array.with_u8_data(values),
            Values::F64(values) => array.with_f64_data(values),
        };
        array.with_shape(&[HEIGHT as u64, WIDTH as u64]);
        dataset.add_group(data.finish());
        file.add_group(dataset.finish());
        file.finish().unwrap()
    }
}

#[test]
fn reflectivity_is_read_with_its_place_and_time() {
    let file = radar::decode("odim", parts("DBZH").bytes()).unwrap();
    assert_eq!(format_sample(file.ends[0]), "20240901T0010");
    assert_eq!(file.measured, Measured::MARSHALL_PALMER);
    assert_eq!(
        (file.product.as_str(), file.provider.name.as_str()),
        ("DBZH (COMP)", "ORG:86,CMT:made for a test")
    );
    let frame = file.frame(0).unwrap();
    assert!(frame.at(0).is_nan(), "no data");
    assert_eq!(frame.at(1), 0.0, "dry");
    // 30 dBZ are 2.734 mm/h by Z = 200 R^1.6, 20 dBZ 0.648.
    assert!((frame.at(2) * 12.0 - 2.734).abs() < 1e-3 && (frame.at(3) * 12.0 - 0.648).abs() < 1e-3);
    let grid = &file.grid;
    assert!(
        (grid.west_km - 2000.0).abs() < 1e-3 && (grid.north_km + 1000.0).abs() < 1e-3,
        "{grid:?}"
    );
    let corner = corners();
    assert!(is_near(place_of(grid, [0.0, 0.0]), [corner[1].1, corner[0].1], 1e-6));
    assert!(is_near(place_of(grid, [1.0, 1.0]), [corner[5].1, corner[4].1], 1e-6));
}

#[test]
fn a_relation_that_the_file_states_is_used() {
    let file = parts("DBZH").number("how/zr_a", 223.0).number("how/zr_b", 1.53);
    let file = radar::decode("odim", file.bytes()).unwrap();
    assert_eq!(file.measured, Measured::Reflectivity { a: 223.0, b: 1.53 });
    check_refused(parts("DBZH").number("how/zr_b", 0.0).bytes(), "zr_a and zr_b");
    check_refused(parts("DBZH").number("how/zr_a", f64::NAN).bytes(), "zr_a and zr_b");
}

#[test]
fn sums_and_rates_are_millimetres_in_five_minutes() {
    let of = |quantity| parts(quantity).number("data/gain", 0.1).number("data/offset", 0.0);
    let sum = radar::decode("odim", of("ACRR").bytes()).unwrap();
    assert!((sum.frame(0).unwrap().at(2) - 12.4).abs() < 1e-12);
    assert_eq!(sum.measured, Measured::Sum { minutes: 5 });
    let rate = radar::decode("odim", of("RATE").bytes()).unwrap();
    assert!((rate.frame(0).unwrap().at(2) - 12.4 / 12.0).abs() < 1e-12);
    let mut floats = of("RATE");
    let mut values = vec![0.0; HEIGHT * WIDTH];
    values[..4].copy_from_slice(&[255.0, 120.0, f64::NAN, 1.0]);
    floats.values = Values::F64(values);
    let frame = radar::decode("odim", floats.bytes()).unwrap().frame(0).unwrap();
    assert!(frame.at(0).is_nan() && frame.at(2).is_nan());
    assert!((frame.at(1) - 1.0).abs() < 1e-6, "12 mm/h");
}

/// An infinite echo is above what is taken for hail, and is no missing value.
#[test]
fn infinite_values_are_refused_by_their_place() {
    let mut floats = parts("DBZH");
    let mut values = vec![0.0; HEIGHT * WIDTH];
    values[WIDTH + 1] = f64::INFINITY;
    floats.values = Values::F64(values);
    check_refused(floats.bytes(), "holds inf in row 1, column 1");
}

#[test]
fn what_is_no_rain_of_five_minutes_is_refused() {
    check_refused(parts("VRAD").bytes(), "it holds VRAD, where one of ACRR, RATE, DBZH, TH");
    check_refused(
        parts("ACRR")
            .text("dataset/starttime", "231000")
            .text("dataset/startdate", "20240831")
            .bytes(),
        "a sum over 60 minutes",
    );
    check_refused(parts("RATE").text("dataset/starttime", "000000").bytes(), "took 10 minutes");
    check_refused(parts("DBZH").text("what/object", "PVOL").bytes(), "its object is \"PVOL\"");
    check_refused(parts("DBZH").without("data/nodata").bytes(), "does not say what/nodata");
    check_refused(parts("DBZH").text("what/time", "0010").bytes(), "no time");
    for gain in [f64::NAN, 0.0, f64::INFINITY] {
        check_refused(parts("DBZH").number("data/gain", gain).bytes(), "make no amounts");
    }
    let sum = parts("ACRR").number("data/gain", 10.0).number("data/offset", 0.0);
    check_refused(sum.bytes(), "1240 mm in 5 minutes, more than ever fell");
    let below = parts("ACRR").number("data/gain", 0.1).number("data/offset", -20.0);
    check_refused(below.bytes(), "less than nothing");
    // 70 dBZ and more are no rain, so it is not known.
    let strong = parts("DBZH").number("data/offset", 32.0);
    assert!(radar::decode("odim", strong.bytes()).unwrap().frame(0).unwrap().at(2).is_nan());
}

#[test]
fn grids_of_another_kind_are_refused() {
    let of = |x: f64| parts("DBZH").number("where/xscale", x).number("where/yscale", x);
    check_refused(of(2000.0).bytes(), "its pixels have 2 km where 1 km is needed");
    check_refused(of(f64::NAN).bytes(), "NaN km");
    check_refused(parts("DBZH").number("where/xsize", 1e9).bytes(), "its xsize is 1000000000");
    check_refused(parts("DBZH").number("where/UR_lat", 60.0).bytes(), "its corner UR lies");
    check_refused(parts("DBZH").number("where/LL_lat", f64::NAN).bytes(), "corner");
    let geographic = parts("DBZH").text("where/projdef", "+proj=longlat +ellps=WGS84");
    check_refused(geographic.bytes(), "but degrees");
    check_refused(parts("DBZH").text("where/projdef", "+proj=nonsense").bytes(), "cannot be used");
    check_refused(parts("DBZH").text("where/projdef", "").bytes(), "cannot be used");
}

#[test]
fn files_that_are_cut_off_or_damaged_are_refused_or_read() {
    let bytes = parts("DBZH").bytes();
    for n in (8..bytes.len()).step_by(61) {
        assert!(radar::decode("odim", bytes[..n].to_vec()).is_err(), "{n} bytes");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xFF;
        let read = radar::decode("odim", damaged).and_then(|file| file.frame(0));
        if let Ok(frame) = read {
            assert!(frame.mm_5min().all(|mm| mm.is_nan() || (0.0..=126.0).contains(&mm)));
        }
    }
}
