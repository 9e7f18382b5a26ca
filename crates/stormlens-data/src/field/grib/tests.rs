//! Real messages of every packing against ecCodes, and messages that are damaged.

use serde_json::Value;

use super::super::testing::{golden, kept, rounds};
use super::super::{FieldError, FieldFile, Statistic, Wanted};
use super::testing::Draft;
use super::{Message, scan};

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(kept("fields/grib_expected.json")).unwrap()).unwrap()
}

/// Values of ecCodes 2.50.0 in the order of the file: counts and places exactly, values to 1e-6 of themselves.
fn check_values(path: &std::path::Path) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let bytes = std::fs::read(path).unwrap();
    let messages = scan(name, &bytes).unwrap().messages;
    let expected = expected();
    let expected = expected[name].as_array().unwrap();
    assert_eq!(messages.len(), expected.len(), "{name}");
    for (message, expected) in messages.iter().zip(expected) {
        check_message(name, message, &bytes, &expected["values"]);
        let numbers = [1, 2].map(|i| u64::from(message.content_numbers()[i]));
        assert_eq!(numbers, ["category", "number"].map(|n| expected[n].as_u64().unwrap()));
    }
}

fn check_message(name: &str, message: &Message, bytes: &[u8], expected: &Value) {
    let values = message.values(name, bytes).unwrap();
    let present: Vec<f32> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    assert_eq!(values.len() as u64, expected["count"].as_u64().unwrap(), "{name}");
    let n_missing = (values.len() - present.len()) as u64;
    assert_eq!(n_missing, expected["missing"].as_u64().unwrap(), "{name}");
    let near = |found: f64, expected: &Value, tolerance: f64| {
        let expected = expected.as_f64().unwrap();
        assert!(
            (found - expected).abs() <= tolerance * expected.abs(),
            "{name}: {found}, not {expected}"
        );
    };
    let largest = present.iter().copied().fold(f32::MIN, f32::max);
    near(f64::from(present.iter().copied().fold(f32::MAX, f32::min)), &expected["min"], 1e-6);
    near(f64::from(largest), &expected["max"], 1e-6);
    let mean = present.iter().map(|&v| f64::from(v)).sum::<f64>() / present.len() as f64;
    near(mean, &expected["mean_of_present"], 1e-5);
    let of_max = values.iter().position(|&v| v == largest).unwrap() as u64;
    assert_eq!(of_max, expected["index_of_max"].as_u64().unwrap(), "{name}");
    let middle = values.len() / 2;
    for (list, begin) in [("first8", 0), ("middle8", middle)] {
        for (value, expected) in values[begin..].iter().zip(expected[list].as_array().unwrap()) {
            match expected.is_null() {
                true => assert!(value.is_nan(), "{name}"),
                false => near(f64::from(*value), expected, 1e-6),
            }
        }
    }
}

#[test]
fn values_of_small_messages_are_those_of_ec_codes() {
    for name in [
        "simple_gfs_cprat_4deg",
        "simple_ngm_precip_polar",
        "complex_spatial_gfs_precip_2p5deg",
        "jpeg2000_gfs_prate_gaussian",
        "ccsds_ecmwf_tp",
    ] {
        check_values(&kept("fields").join(format!("{name}.grib2")));
    }
}

#[test]
fn values_of_large_messages_are_those_of_ec_codes() {
    let Some(folder) = golden("../data/grib") else { return };
    for name in ["complex_ndfd_maxt_lambert", "ccsds_ecmwf_tp_tprate", "png_mrms_qpe_01h"] {
        check_values(&folder.join(format!("{name}.grib2")));
    }
}

#[test]
fn a_file_says_what_it_is_before_it_is_decoded() {
    let file = FieldFile::open(&kept("fields/complex_spatial_gfs_precip_2p5deg.grib2")).unwrap();
    let words: Vec<String> = file.contents().iter().map(ToString::to_string).collect();
    let time = "from 2011-10-10 18:00 UTC to 2011-10-11 00:00 UTC";
    assert_eq!(
        words,
        [
            format!("prate (kg m-2 s-1), surface, mean {time}"),
            format!("apcp (kg m-2), surface, sum {time}"),
            format!("acpcp (kg m-2), surface, sum {time}"),
        ]
    );
    let first = &file.contents()[0];
    assert_eq!(first.reference_time.unwrap().to_string(), "2011-10-08T00:00:00Z");
    assert_eq!((first.grid.height, first.grid.width), (73, 144));
    assert_eq!(first.grid.bounds, Some([-90.0, 90.0, -180.0, 177.5]));
    assert_eq!(first.packing, "complex packing with differences (5.3)");
    assert_eq!(first.producer, "NCEP");
}

#[test]
fn one_field_is_chosen_in_so_many_words() {
    let file = FieldFile::open(&kept("fields/complex_spatial_gfs_precip_2p5deg.grib2")).unwrap();
    assert_eq!(file.choose(&Wanted::variable("APCP")).unwrap(), 1);
    assert_eq!(file.choose(&Wanted { number: Some(3), ..Wanted::default() }).unwrap(), 2);
    let error = file.choose(&Wanted::default()).unwrap_err().to_string();
    assert!(error.contains("has 3 fields at all, name one by its number: 1: prate"), "{error}");
    let error = file.choose(&Wanted::variable("tp")).unwrap_err().to_string();
    assert!(error.contains("has no field tp; it has: 1: prate"), "{error}");
    let two = [Draft::rain([0, 3], &[1, 2, 3, 4]), Draft::rain([0, 6], &[1, 2, 3, 4])];
    let bytes = two.iter().flat_map(Draft::bytes).collect();
    let file = FieldFile::from_bytes("two", bytes).unwrap();
    let error = file.choose(&Wanted::variable("apcp")).unwrap_err();
    assert!(matches!(error, FieldError::Ambiguous { count: 2, .. }), "{error}");
    let valid_time = Some("2024-05-01T06:00:00Z".parse().unwrap());
    assert_eq!(file.choose(&Wanted { valid_time, ..Wanted::default() }).unwrap(), 1);
}

#[test]
fn longitudes_of_a_forecast_begin_at_180_west_whatever_the_file_has() {
    let read = |name: &str| FieldFile::open(&kept("fields").join(name)).unwrap().read(0).unwrap();
    // 0…360 in steps of 2.5, north first.
    let gfs = read("complex_spatial_gfs_precip_2p5deg.grib2");
    assert_eq!(gfs.grid.bounds(), [-90.0, 90.0, -180.0, 177.5]);
    assert!(gfs.grid.is_global && gfs.grid.is_regular());
    // Index 4279 of the file has the maximum: row 29 from the north, column 103.
    assert_eq!(gfs.at(72 - 29, 103 - 72), 0.00415);
    assert!((gfs.linear(90.0 - 29.0 * 2.5, 103.0 * 2.5) - 0.004_15).abs() < 1e-9);
    // From 180 on, wrapping.
    let ecmwf = read("ccsds_ecmwf_tp.grib2");
    assert_eq!(ecmwf.grid.longitudes[0], -180.0);
    assert!((ecmwf.grid.longitudes[899] - 179.6).abs() < 1e-9 && ecmwf.grid.is_global);
    assert_eq!((ecmwf.variable.as_str(), ecmwf.unit.as_str()), ("tp", "m"));
    let of = ecmwf.interval.unwrap();
    assert_eq!((of.duration_s(), of.statistic), (0, Statistic::Accumulation));
}

/// First and last latitude are stated by the file, the others by the roots of the polynomial.
#[test]
fn a_gaussian_grid_has_the_latitudes_of_its_roots() {
    let file = FieldFile::open(&kept("fields/jpeg2000_gfs_prate_gaussian.grib2")).unwrap();
    let field = file.read(0).unwrap();
    let latitudes = &field.grid.latitudes;
    assert!((latitudes[93] - 88.542).abs() < 1e-3 && (latitudes[0] + 88.542).abs() < 1e-3);
    // T62, as published by NCEP: 0.952, 2.857, 4.762 beside the equator.
    for (latitude, expected) in latitudes[47..].iter().zip([0.952_368, 2.857_104, 4.761_839]) {
        assert!((latitude - expected).abs() < 2e-5, "{latitude}");
    }
    assert!(!field.grid.is_regular());
}

#[test]
fn a_projected_grid_is_listed_and_refused() {
    let file = FieldFile::open(&kept("fields/simple_ngm_precip_polar.grib2")).unwrap();
    assert_eq!(file.contents()[1].grid.kind, "polar stereographic");
    let error = file.read(1).unwrap_err().to_string();
    assert!(error.contains("its grid is polar stereographic"), "{error}");
}

#[test]
fn mrms_is_read_by_its_own_table() {
    let Some(folder) = golden("../data/grib") else { return };
    let file = FieldFile::open(&folder.join("png_mrms_qpe_01h.grib2")).unwrap();
    let words = file.contents()[0].to_string();
    let time = "sum from 2016-09-21 17:00 UTC to 2016-09-21 18:00 UTC";
    assert_eq!(words, format!("gauge_corr_qpe (mm), 0 m above mean sea level, {time}"));
    let field = file.read(0).unwrap();
    let [south, north, west, east] = field.grid.bounds();
    for (found, expected) in
        [south, north, west, east].into_iter().zip([20.005, 54.995, -129.995, -60.005])
    {
        assert!((found - expected).abs() < 2e-6, "{found}");
    }
    assert!(field.values.iter().all(|v| v.is_nan() || *v >= 0.0));
    assert!(field.n_missing() > 8_000_000);
}

/// −3 is a value like any other where the table of MRMS does not hold.
#[test]
fn minus_three_is_missing_by_the_table_of_mrms_only() {
    let draft = Draft { reference: -30.0, ..Draft::rain([0, 3], &[0, 20, 30, 41]) };
    let read =
        |draft: &Draft| FieldFile::from_bytes("f", draft.bytes()).unwrap().read(0).unwrap().values;
    // Rows are given north first.
    assert_eq!(read(&draft), [0.0, 1.1, -3.0, -1.0]);
    let mrms = Draft { discipline: 209, category: 6, number: 9, hours: [0, 0], ..draft };
    let values = read(&mrms);
    assert_eq!(values[..2], [0.0, 1.1]);
    assert!(values[2].is_nan() && values[3].is_nan());
}

#[test]
fn a_bitmap_says_which_points_are_missing() {
    let draft =
        Draft { bitmap: Some(vec![0b1011_0000]), width: 2, ..Draft::rain([0, 3], &[1, 2, 3]) };
    let values = FieldFile::from_bytes("f", draft.bytes()).unwrap().read(0).unwrap().values;
    assert_eq!((values[0], values[1], values[2]), (0.2, 0.3, 0.1));
    assert!(values[3].is_nan());
}

#[test]
fn png_and_every_order_of_points_give_one_field() {
    let read = |draft: Draft| FieldFile::from_bytes("f", draft.bytes()).unwrap().read(0).unwrap();
    let straight = read(Draft::rain([0, 3], &[1, 2, 3, 4, 5, 6]));
    let check = |packed: &[u16], scanning: u8| {
        let draft = Draft { scanning, ..Draft::rain([0, 3], packed) };
        let found = read(draft);
        assert_eq!(
            (found.values, found.grid),
            (straight.values.clone(), straight.grid.clone()),
            "{scanning}"
        );
    };
    assert_eq!(straight.values, [0.4, 0.5, 0.6, 0.1, 0.2, 0.3]);
    assert_eq!(straight.grid.bounds(), [39.0, 40.0, 10.0, 12.0]);
    check(&[4, 5, 6, 1, 2, 3], 0x40);
    check(&[3, 2, 1, 6, 5, 4], 0x80);
    check(&[1, 2, 3, 6, 5, 4], 0x10);
    check(&[1, 4, 2, 5, 3, 6], 0x20);
    check(&[1, 4, 5, 2, 3, 6], 0x30);
    let png = read(Draft { packing: 41, ..Draft::rain([0, 3], &[1, 2, 3, 4, 5, 6]) });
    assert_eq!(png.values, straight.values);
}

fn refused(bytes: Vec<u8>) -> String {
    let file = match FieldFile::from_bytes("f", bytes) {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    file.read(0).map(|_| ()).expect_err("refused").to_string()
}

#[test]
fn what_is_no_whole_grib2_is_refused_for_its_reason() {
    let whole = Draft::rain([0, 3], &[1, 2, 3, 4]).bytes();
    let check = |bytes: Vec<u8>, what: &str| {
        let error = refused(bytes);
        assert!(error.contains(what), "{error}");
    };
    let with = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        bytes
    };
    check(whole[..whole.len() - 1].to_vec(), "damaged or cut off");
    check([&whole[..], b"more"].concat(), "no message begins at byte");
    check(with(7, 1), "does not end with 7777");
    check(with(7, 3), "edition 3");
    check(with(whole.len() - 1, b'8'), "does not end with 7777");
    check(b"GRIX".to_vec(), "no field that can be read");
    check(Vec::new(), "no field that can be read");
    check(Draft { packing: 77, ..Draft::rain([0, 3], &[1, 2, 3, 4]) }.bytes(), "is not read");
    check(
        Draft { width: 30, ..Draft::rain([0, 3], &[1, 2, 3, 4]) }.bytes(),
        "no bitmap says which",
    );
    let huge = super::values::decode("f", 40_000_000, 0, [&[]; 3]).unwrap_err();
    assert!(matches!(huge, FieldError::TooLarge { .. }), "{huge}");
    // A picture of another size than the field.
    let mut png = Draft { packing: 41, ..Draft::rain([0, 3], &[1, 2, 3, 4]) }.bytes();
    let at = png.windows(4).position(|w| w == b"IHDR").unwrap() + 4;
    png[at..at + 4].copy_from_slice(&60_000_u32.to_be_bytes());
    check(png, "its picture has 120000 pixels where 4 values are packed");
}

#[test]
fn what_a_small_file_could_fill_the_memory_with_is_refused() {
    let name = "jpeg2000_gfs_prate_gaussian.grib2";
    let whole = std::fs::read(kept("fields").join(name)).unwrap();
    let siz = whole.windows(4).position(|w| w == [0xFF, 0x4F, 0xFF, 0x51]).unwrap();
    let check = |at: usize, bytes: &[u8], what: &str| {
        let mut changed = whole.clone();
        changed[siz + at..siz + at + bytes.len()].copy_from_slice(bytes);
        let error = refused(changed);
        assert!(error.contains(what), "{error}");
    };
    check(40, &[0x40, 0], "16384 components");
    check(8, &[0x7F; 8], "more tiles");
    check(8, &[0, 0, 1, 0], "its picture has 24064 pixels where 18048");
    let grids =
        (0..40).map(|n| Draft { width: 2 + n, ..Draft::rain([0, 3], &[1, 2, 3, 4]) }.bytes());
    let error = refused(grids.flatten().collect());
    assert!(error.contains("on more than 16 grids"), "{error}");
}

/// A group whose values have no bits may say that it has a billion of them.
#[test]
fn groups_hold_as_many_values_as_are_packed() {
    let name = "complex_spatial_gfs_precip_2p5deg.grib2";
    let whole = std::fs::read(kept("fields").join(name)).unwrap();
    // Section 5 with template 5.3 has 49 bytes.
    let five = whole.windows(5).position(|w| w == [0, 0, 0, 49, 5]).unwrap();
    let check = |octet: usize, bytes: &[u8], what: &str| {
        let mut changed = whole.clone();
        changed[five + octet - 1..][..bytes.len()].copy_from_slice(bytes);
        let error = refused(changed);
        assert!(error.contains(what), "{error}");
    };
    let packed = "values where 10512 are packed";
    check(38, &1_000_000_000_u32.to_be_bytes(), packed);
    check(43, &1_000_000_000_u32.to_be_bytes(), packed);
    check(42, &[255], packed);
    check(47, &[200], "it has no group lengths");
    check(32, &10_513_u32.to_be_bytes(), "more groups than points");
}

/// Whatever bytes are turned over or cut off, the end is a field or an error in words.
#[test]
fn damaged_messages_end_in_an_error_and_never_in_a_panic() {
    let mut random = crate::simulate::Random::new(11);
    let mut messages: Vec<(&str, Vec<u8>)> = [
        "simple_ngm_precip_polar",
        "complex_spatial_gfs_precip_2p5deg",
        "jpeg2000_gfs_prate_gaussian",
        "ccsds_ecmwf_tp",
    ]
    .map(|name| (name, std::fs::read(kept("fields").join(format!("{name}.grib2"))).unwrap()))
    .into();
    let png = Draft { packing: 41, ..Draft::rain([0, 3], &[1, 2, 3, 4, 5, 6]) };
    messages.push(("png", png.bytes()));
    for (name, whole) in messages {
        for round in 0..rounds(120) {
            let mut bytes = whole.clone();
            // Mostly heads: they are what sizes are taken from.
            let n = if round % 3 == 0 { bytes.len() } else { bytes.len().min(260) };
            for _ in 0..1 + round % 4 {
                let at = random.integer(0, n - 1);
                bytes[at] ^= 1 << random.integer(0, 7);
            }
            if round % 5 == 0 {
                bytes.truncate(random.integer(0, whole.len()));
            }
            if let Ok(file) = FieldFile::from_bytes(name, bytes) {
                (0..file.contents().len().min(1)).for_each(|place| match file.read(place) {
                    Ok(field) => {
                        assert_eq!(field.values.len(), field.grid.height() * field.grid.width())
                    }
                    Err(error) => assert!(error.to_string().contains(name)),
                });
            }
        }
    }
}
