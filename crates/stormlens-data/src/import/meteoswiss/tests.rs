use super::*;
use crate::import::radar::tests::{check_refused, files, is_near, numbers, place_of};
use crate::import::radar::{self, decode as decode_any};
use crate::time::format_sample;

fn paths() -> Vec<std::path::PathBuf> {
    files("meteoswiss", ".gif")
}

/// Shares and maxima of `data/meteoswiss/README.md`.
#[test]
fn frames_of_three_events_are_read() {
    let paths = paths();
    assert_eq!(paths.len(), 120);
    let mut largest = [0.0f64; 3];
    for (i, path) in paths.iter().enumerate() {
        let file = radar::open(path).unwrap();
        let frame = file.frame(0).unwrap();
        let (mm, missing, wet) = numbers(&frame);
        largest[i / 40] = largest[i / 40].max(mm);
        assert!((0.27..0.35).contains(&missing) && (0.1..0.3).contains(&wet), "{missing} {wet}");
    }
    assert!((largest[0] - 9.628).abs() < 1e-3 && (largest[1] - 9.628).abs() < 1e-3, "{largest:?}");
    assert!((largest[2] - 2.418).abs() < 1e-3, "{largest:?}");
    let times =
        [0, 39, 40, 79, 80, 119].map(|i| format_sample(radar::open(&paths[i]).unwrap().ends[0]));
    assert_eq!(
        times,
        [
            "20150515T1545",
            "20150515T1900",
            "20160711T2045",
            "20160712T0000",
            "20170131T0945",
            "20170131T1300"
        ]
    );
    let file = radar::open(&paths[0]).unwrap();
    assert_eq!(file.provider.notice, "Source: MeteoSwiss");
    assert_eq!(file.measured, Measured::Sum { minutes: 5 });
}

/// The plane's origin lies in Bern, 46.95241° N, 7.43958° E (on the ellipsoid of Bessel).
#[test]
fn the_grid_lies_in_switzerland() {
    let grid = grid();
    let share = [(200.0 + 160.0) / 640.0, (600.0 - 255.0) / 710.0];
    assert!(is_near(place_of(&grid, share), [46.952_406, 7.439_583], 1e-5));
    assert_eq!((grid.west_km + 710.0, grid.north_km - 640.0), (965.0, -160.0));
}

#[test]
fn amounts_are_those_of_the_indices() {
    let table = amounts();
    assert_eq!([0, 1, 251, 254].map(|i| table[i]), [0.0; 4]);
    assert!(table[255].is_nan());
    // 20 steps of the index are ten times as much to the power of 1 / 1.5.
    assert!((table[120] / table[100] - 10f64.powf(1.0 / 1.5)).abs() < 1e-9);
    assert!((table[151] - 9.628).abs() < 1e-3 && table[2] > 0.0 && table[2] < 2e-4);
}

#[test]
fn pictures_that_are_cut_off_or_damaged_are_refused_or_read() {
    let bytes = std::fs::read(&paths()[0]).unwrap();
    for n in (6..bytes.len()).step_by(9973).chain([bytes.len() - 1]) {
        check_refused(bytes[..n].to_vec(), "is not a MeteoSwiss AQC composite");
    }
    for at in (0..bytes.len()).step_by(1987).chain(0..13) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xFF;
        if let Ok(file) = decode_any("frame", damaged) {
            assert!(
                file.frame(0)
                    .unwrap()
                    .mm_5min()
                    .all(|mm| mm.is_nan() || (0.0..=126.0).contains(&mm))
            );
        }
    }
}

/// The first file with a text changed to another one of the same length.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(&paths()[0]).unwrap();
    let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    bytes
}

#[test]
fn other_products_are_refused() {
    check_refused(changed("PRDT=AQC", "PRDT=AZC"), "its product is \"AZC151351545\"");
    check_refused(changed("ACCUm=000005", "ACCUm=000060"), "a sum over 000060 minutes");
    check_refused(changed("SCALE=mmh2", "SCALE=dBZ2"), "its scale is");
    check_refused(changed("AQC151351545", "AQC159991545"), "its time");
    check_refused(changed("AQC151351545", "AQC151352545"), "its time");
    check_refused(changed("generated", "GENERATED"), "no comment that begins");
    let mut wide = std::fs::read(&paths()[0]).unwrap();
    wide[6..10].copy_from_slice(&[0xFF; 4]);
    check_refused(wide, "it has [65535, 65535] pixels");
}
