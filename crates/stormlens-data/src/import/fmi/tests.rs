use std::io::Read as _;

use super::*;
use crate::import::radar;
use crate::import::radar::tests::{check_refused, files, is_near, numbers, place_of};
use crate::time::format_sample;

fn bytes() -> Vec<u8> {
    let packed = std::fs::read(&files("fmi", ".pgm.gz")[0]).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&*packed).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Shares and maxima of `data/fmi/README.md`.
#[test]
fn frames_are_read_packed_and_unpacked() {
    let paths = files("fmi", ".pgm.gz");
    assert_eq!(paths.len(), 40);
    let mut largest: f64 = 0.0;
    for path in &paths {
        let frame = radar::open(path).unwrap().frame(0).unwrap();
        let (mm, missing, wet) = numbers(&frame);
        largest = largest.max(mm);
        assert!(
            (missing - 0.2435).abs() < 1e-3 && (0.083..0.103).contains(&wet),
            "{missing} {wet}"
        );
    }
    assert!((largest - 5.2398).abs() < 1e-3, "{largest}");
    let [first, last] = [&paths[0], &paths[39]].map(|path| radar::open(path).unwrap());
    assert_eq!(
        [first.ends[0], last.ends[0]].map(format_sample),
        ["20170509T1045", "20170509T1400"]
    );
    let plain = radar::decode("plain", bytes()).unwrap();
    let [a, b] = [&plain, &first].map(|file| file.frame(0).unwrap());
    assert_eq!(a.pixels(), b.pixels());
    assert_eq!((plain.measured, plain.step_min), (MEASURED, 5));
    assert!(plain.measured.is_instantaneous());
}

/// The corners that the file states, and those that follow from pixels and plane.
#[test]
fn the_grid_reaches_from_corner_to_corner() {
    let grid = radar::decode("plain", bytes()).unwrap().grid;
    assert_eq!((grid.height, grid.width), (1226, 760));
    assert!((grid.spacing_km - 0.999_651).abs() < 1e-6);
    assert!(is_near(place_of(&grid, [0.0, 0.0]), [57.93, 18.6], 1e-3));
    assert!(is_near(place_of(&grid, [1.0, 1.0]), [69.005, 34.903], 1e-3));
}

#[test]
fn reflectivity_becomes_rain_by_the_relation_of_the_service() {
    // Z = 223 R^1.53: 10 dBZ more are 10^(1 / 1.53) times as much.
    let at = |dbz: f64| amount((2.0 * dbz + 64.0) as u8);
    assert!((at(40.0) / at(30.0) - 10f64.powf(1.0 / 1.53)).abs() < 1e-9);
    // Of 1 mm/h the reflectivity is 10 log 223 = 23.483 dBZ; 23.5 is the nearest that there is.
    assert!((at(23.5) * 12.0 - 1.0026).abs() < 1e-3, "{}", at(23.5) * 12.0);
    assert_eq!([amount(0), amount(64), at(6.5)], [0.0; 3]);
    assert!(at(7.0) > 0.0 && amount(255).is_nan() && amount(254).is_nan());
}

/// The first file with a text changed.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let bytes = bytes();
    let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

#[test]
fn heads_that_lie_are_refused() {
    check_refused(changed("760 1226", "760 1227"), "is cut off");
    check_refused(changed("760 1226", "761 1226"), "is cut off");
    check_refused(changed("760 1226", "760 1225"), "760 bytes follow its last pixel");
    check_refused(changed("760 1226", "99999999999 99999999999"), "width and height");
    check_refused(changed("760 1226", "4000000000 4000000000"), "width and height");
    check_refused(changed("\n255\n", "\n65535\n"), "one byte a pixel");
    check_refused(changed("CorrectedReflectivity", "RadialVelocity"), "its param is");
    check_refused(changed("stereographic", "gnomonic"), "its projection is");
    check_refused(changed("truelatitude 60", "truelatitude 50"), "its corners tell of pixels");
    check_refused(
        changed("metersperpixel_x 999.674053", "metersperpixel_x 1999.67405"),
        "its corners tell",
    );
    check_refused(changed("bottomleft 18.600000", "bottomleft NaN"), "no number");
    check_refused(changed("obstime 201705091045", "obstime 201713091045"), "its obstime");
    check_refused(changed("# obstime", "# absent_"), "does not say obstime");
    check_refused(b"P5\n# nothing\n".to_vec(), "its head does not end");
    check_refused([b"P5\n".to_vec(), vec![b'#'; 100_000]].concat(), "its head does not end");
    check_refused(b"P5 1 1 255\n\0".to_vec(), "does not say param");
}

#[test]
fn files_that_are_cut_off_or_damaged_are_refused_or_read() {
    let bytes = bytes();
    for n in (3..bytes.len()).step_by(49_999).chain(3..900).chain([bytes.len() - 1]) {
        assert!(radar::decode("frame", bytes[..n].to_vec()).is_err(), "{n} bytes");
    }
    for at in (0..900).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x15;
        let _ = radar::decode("frame", damaged);
    }
}
