use super::*;
use crate::import::radar;
use crate::import::radar::tests::{check_refused, gzipped, is_near, numbers, place_of, test_data};
use crate::time::format_sample;

const SAMPLE: &str = "raa01-ry_10000-2001011535-dwd---bin.gz";
const HEADER: &str = "YW160055100000817BY1980164VS 3SW   2.18.3PR E-02INT   5U0GP1100x 900MF 00000000VR2017.002MS \
                      69<boo,ros>\x03";

/// The file's own numbers: 22.02 % without data, at most 4.70 mm.
#[test]
fn a_packed_frame_is_read() {
    let file = radar::decode(SAMPLE, test_data(SAMPLE)).unwrap();
    assert_eq!(format_sample(file.ends[0]), "20200101T1535");
    assert_eq!((file.product.as_str(), file.grid.height, file.grid.width), ("RY", 900, 900));
    let frame = file.frame(0).unwrap();
    let (largest, missing, wet) = numbers(&frame);
    assert!(
        (largest - 4.70).abs() < 1e-9 && (missing - 0.2202).abs() < 1e-4,
        "{largest} {missing}"
    );
    assert!(wet < 0.002, "{wet}");
    assert_eq!(file.provider.notice, "Source: Deutscher Wetterdienst");
}

/// The corners of DWD's documents: 46.9526° N 3.5889° E and 54.5877° N 2.0715° E of the grid of 900 × 900.
#[test]
fn the_grid_has_the_corners_of_its_documents() {
    let grid = grid_from(&GRIDS[0]);
    assert!(is_near(place_of(&grid, [0.0, 0.0]), [46.9526, 3.5889], 1e-3));
    assert!(is_near(place_of(&grid, [1.0, 0.0]), [54.5877, 2.0715], 1e-3));
    assert!(is_near(place_of(&grid, [1.0, 1.0]), [54.7405, 15.7208], 1e-3));
    let middles = |start: f64, n: usize| (0..n).map(|i| start + i as f64).collect::<Vec<_>>();
    let (y, x) = (middles(-4658.645, 900), middles(-523.4622, 900));
    assert_eq!(grid_of([900, 900], &y, &x).as_ref(), Ok(&grid));
    let half = |axis: &[f64]| axis.iter().map(|v| v + 0.5).collect::<Vec<_>>();
    assert_eq!(grid_of([900, 900], &half(&y), &half(&x)).as_ref(), Ok(&grid));
    assert!(grid_of([900, 900], &half(&half(&y)), &x).is_err());
    assert!(grid_of([900, 900], &y, &x[1..]).is_err());
}

/// A frame of RADKLIM's size, all pixels alike but the first, which is the southwestern one.
fn frame(header: &str, first: u16, others: u16) -> Vec<u8> {
    let pixels = std::iter::once(first).chain(std::iter::repeat_n(others, 990_000 - 1));
    header.bytes().chain(pixels.flat_map(u16::to_le_bytes)).collect()
}

#[test]
fn flags_are_told_apart() {
    let file = radar::decode("frame", frame(HEADER, 0x29C4, 0x9007)).unwrap();
    assert_eq!((file.product.as_str(), file.grid.height), ("YW", 1100));
    assert_eq!(format_sample(file.ends[0]), "20170816T0055");
    let frame_ = file.frame(0).unwrap();
    assert!(frame_.at(1099 * 900).is_nan(), "the southern row is the last");
    assert_eq!((frame_.at(0), frame_.at(1099 * 900 + 1)), (0.07, 0.07), "filled up and of clutter");
    check_refused(frame(HEADER, 0x4005, 0), "a negative amount");
    assert!(radar::decode("frame", gzipped(&frame(HEADER, 0x4000, 0))).is_ok(), "−0 is 0");
}

#[test]
fn headers_that_lie_are_refused() {
    let changed = |from: &str, to: &str| {
        assert!(HEADER.contains(from), "{from}");
        frame(&HEADER.replacen(from, to, 1), 0, 0)
    };
    check_refused(changed("YW", "RW"), "it is the product \"RW\"");
    check_refused(changed("E-02", "E-01"), "its factor is");
    check_refused(changed("INT   5U0", "INT   5U1"), "where 5 minutes are needed");
    check_refused(changed("INT   5", "INT  60"), "a sum over 60 minutes");
    check_refused(
        changed("GP1100x 900", "GP 900x 900"),
        "1980104 bytes where its header tells of 1620104",
    );
    check_refused(changed("GP1100x 900", "GP1500x1400"), "[1500, 1400] pixels");
    check_refused(changed("GP1100x 900", "GPx"), "how many rows");
    check_refused(changed("GP1100x 900", ""), "no field GP");
    check_refused(changed("160055", "320055"), "is none");
    check_refused(changed("\x03", " "), "its header does not end");
    let whole = frame(HEADER, 0, 0);
    for n in [20, 100, HEADER.len(), whole.len() / 2, whole.len() - 1] {
        assert!(radar::decode("frame", whole[..n].to_vec()).is_err(), "{n} bytes");
    }
    check_refused(whole[..whole.len() - 1].to_vec(), "is cut off");
}

#[test]
fn damaged_heads_are_refused_or_read() {
    let whole = frame(HEADER, 0, 0);
    for at in 0..HEADER.len() {
        for bit in [0, 3, 6] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            let _ = radar::decode("frame", damaged);
        }
    }
}
