use std::io::Write as _;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use hdf5_pure::{AttrValue, FileBuilder};

use super::*;
use crate::projection::Projection;
use crate::time::format_sample;

/// A folder of the data that come with the program.
pub(crate) fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(folder)
}

/// The files of a folder of that ending, in the order of their names.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    paths.sort();
    paths
}

/// A file of the tests alone.
pub(crate) fn test_data(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    std::fs::read(folder.join(name)).unwrap()
}

pub(crate) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Refused with these words, which begin with the name of the file.
pub(crate) fn check_refused(bytes: Vec<u8>, words: &str) {
    let found = decode("frame", bytes).expect_err(words).to_string();
    assert!(found.starts_with("frame ") && found.contains(words), "{found}");
}

/// The largest amount, and the shares without data and of the known that are wet (at least 0.1 mm/h).
pub(crate) fn numbers(frame: &Frame) -> (f64, f64, f64) {
    let known: Vec<f64> = frame.mm_5min().filter(|mm| !mm.is_nan()).collect();
    let n = frame.height * frame.width;
    let n_wet = known.iter().filter(|&&mm| mm * 12.0 >= 0.1).count();
    let largest = known.iter().copied().fold(0.0, f64::max);
    (largest, 1.0 - known.len() as f64 / n as f64, n_wet as f64 / known.len() as f64)
}

/// Latitude and longitude of a point of a grid, as shares of its height from the south and its width from the west.
pub(crate) fn place_of(grid: &Grid, [up, right]: [f64; 2]) -> [f64; 2] {
    let [height, width] = [grid.height, grid.width].map(|n| n as f64 * grid.spacing_km);
    let plane = Projection::of(grid).unwrap();
    plane.latitude_longitude(grid.west_km + right * width, grid.north_km - (1.0 - up) * height)
}

pub(crate) fn is_near([a, b]: [f64; 2], [c, d]: [f64; 2], degrees: f64) -> bool {
    (a - c).hypot(b - d) < degrees
}

#[test]
fn a_frame_of_knmi_is_its_whole_composite() {
    let path = data("knmi/RAD_NL25_RAP_5min_201008260400.h5");
    let file = open(&path).unwrap();
    let image = knmi::read(&path).unwrap();
    assert_eq!((file.ends.as_slice(), file.step_min), (&[image.end][..], 5));
    assert_eq!(
        (file.provider.notice.as_str(), file.measured),
        ("Source: KNMI", Measured::Sum { minutes: 5 })
    );
    assert_eq!(file.sha256, image.sha256);
    let frame = file.frame(0).unwrap();
    let expected = image.pixel_values.iter().map(|&value| match value {
        u16::MAX => f64::NAN,
        value => f64::from(value) / 100.0,
    });
    assert!(frame.mm_5min().zip(expected).all(|(a, b)| a.to_bits() == b.to_bits()));
    let crop = file.grid.window(knmi::CROP_START, [knmi::CROP_SIZE; 2]);
    assert_eq!(crop, knmi::crop_grid());
    let window = frame.window(knmi::CROP_START, [knmi::CROP_SIZE; 2]);
    assert_eq!(*window.pixels(), Pixels::U16(image.crop().unwrap()));
}

/// The numbers of `data/knmi-2011/README.md`.
#[test]
fn a_series_of_knmi_is_read_frame_by_frame() {
    let file = open(&files("knmi-2011", ".h5")[0]).unwrap();
    assert_eq!((file.n_frames(), file.step_min), (288, 5));
    let ends = [file.ends[0], file.ends[287]].map(format_sample);
    assert_eq!(ends, ["20110910T0805", "20110911T0800"]);
    assert_eq!(
        (file.product.as_str(), &file.grid),
        ("RAD_NL25_RAC_MFBS_5min", &knmi::composite_grid())
    );
    let frame = file.frame(162).unwrap();
    let (largest, missing, _) = numbers(&frame);
    assert!(
        (largest - 20.56).abs() < 1e-9 && (missing - 0.929).abs() < 1e-3,
        "{largest} {missing}"
    );
    let crop = frame.window(knmi::CROP_START, [knmi::CROP_SIZE; 2]);
    let (_, missing, _) = numbers(&crop);
    assert!((missing - 0.5626).abs() < 1e-3, "{missing}");
}

/// The numbers of `data/radklim/README.md`.
#[test]
fn radklim_is_read_frame_by_frame_and_lies_nowhere() {
    let file = open(&files("radklim", ".nc")[0]).unwrap();
    assert_eq!((file.n_frames(), file.step_min), (3168, 5));
    let ends = [file.ends[0], file.ends[3167]].map(format_sample);
    assert_eq!(ends, ["20180510T0000", "20180520T2355"]);
    assert_eq!((file.grid.height, file.grid.width, file.grid.spacing_km), (190, 228, 1.0));
    assert!(!file.grid.is_somewhere() && Projection::of(&file.grid).is_err());
    let frame = file.frame(1044).unwrap();
    let (largest, missing, _) = numbers(&frame);
    assert_eq!(frame.argmax(), Some((23, 141)));
    assert!((largest - 19.74).abs() < 1e-9 && (missing - 1100.0 / 43_320.0).abs() < 1e-9);
    let n_missing = |place| file.frame(place).unwrap().mm_5min().filter(|mm| mm.is_nan()).count();
    assert_eq!([0, 1067, 3167].map(n_missing), [1100, 1562, 1100]);
    assert!(
        file.provider.notice.contains("Deutscher Wetterdienst (RADKLIM-YW), cut out by pycomlink")
    );
}

#[test]
fn what_is_no_radar_file_is_refused() {
    check_refused(Vec::new(), "is no radar file of a kind that is read");
    check_refused(b"\x89PNG\r\n\x1a\n".to_vec(), "is no radar file");
    check_refused(vec![0; 100_000], "is no radar file");
    let mut other = FileBuilder::new();
    other.create_dataset("temperature").with_f64_data(&[1.0]).with_shape(&[1]);
    check_refused(other.finish().unwrap(), "is no radar file");
    assert!(open(Path::new("no/such/file")).unwrap_err().to_string().contains("no/such/file"));
}

#[test]
fn gzip_that_is_cut_off_or_unpacks_to_anything_is_refused() {
    let packed = test_data("raa01-ry_10000-2001011535-dwd---bin.gz");
    for n in (2..packed.len()).step_by(997).chain([packed.len() - 1]) {
        check_refused(packed[..n].to_vec(), "is not a readable gzip file");
    }
    let bomb = gzipped(&vec![0; MAX_UNPACKED_BYTES as usize + 1]);
    assert!(bomb.len() < 100_000);
    check_refused(bomb, "unpacks to more than");
}

#[test]
fn hdf5_files_that_are_cut_off_are_refused() {
    for (folder, ending) in [("knmi-2011", ".h5"), ("radklim", ".nc")] {
        let bytes = std::fs::read(&files(folder, ending)[0]).unwrap();
        for n in [9, 100, bytes.len() / 2, bytes.len() - 1] {
            check_refused(bytes[..n].to_vec(), "fetch it again");
        }
    }
}

/// A file of NetCDF-4 as RADKLIM's, with chosen contents.
fn series(name: &str, values: &[i16], change: impl Fn(&mut FileBuilder)) -> Vec<u8> {
    let mut file = FileBuilder::new();
    let rain = file.create_dataset(name);
    rain.with_i16_data(values).with_shape(&[2, 2, 3]);
    rain.set_attr("scale_factor", AttrValue::F64(0.01));
    rain.set_attr("_FillValue", AttrValue::I16(-9999));
    rain.set_attr("units", AttrValue::String("mm/5min".into()));
    change(&mut file);
    file.finish().unwrap()
}

fn with_times(minutes: &'static [f64]) -> impl Fn(&mut FileBuilder) {
    move |file| {
        let time = file.create_dataset("time");
        time.with_f64_data(minutes).with_shape(&[minutes.len() as u64]);
        time.set_attr("units", AttrValue::String("minutes since 2018-05-10 00:00:00".into()));
    }
}

const RAIN: [i16; 12] = [0, 1, 2, -9999, 100, 12_600, 5, 5, 5, 5, 5, 5];

#[test]
fn missing_and_dry_are_told_apart() {
    let bytes = series("rainfall_amount", &RAIN, with_times(&[5.0, 10.0]));
    let frame = decode("series", bytes).unwrap().frame(0).unwrap();
    let found: Vec<f64> = frame.mm_5min().collect();
    assert_eq!(found[..3], [0.0, 0.01, 0.02]);
    assert!(found[3].is_nan());
    assert_eq!(found[4..], [1.0, 126.0]);
}

#[test]
fn series_that_are_not_what_they_should_be_are_refused() {
    let of = |values: &[i16]| series("rainfall_amount", values, with_times(&[5.0, 10.0]));
    for (value, words) in [(12_601, "126.01"), (-1, "-0.01")] {
        let mut values = RAIN;
        values[7] = value;
        let error = decode("series", of(&values)).unwrap().frame(1).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("no data"), "{error}");
    }
    for (times, words) in [
        (&[5.0][..], "1 times for 2 frames"),
        (&[10.0, 5.0], "do not ascend"),
        (&[5.0, 7.0], "2 minutes apart"),
        (&[5.5, 10.0], "no whole minute"),
        (&[5.0, f64::INFINITY], "beyond the calendar"),
        (&[5.0, f64::NAN], "beyond the calendar"),
    ] {
        check_refused(series("rainfall_amount", &RAIN, with_times(times)), words);
    }
    check_refused(series("RY", &RAIN, with_times(&[5.0, 10.0])), "it has no y");
    let changed = |name: &'static str, value: AttrValue| {
        let mut file = FileBuilder::new();
        let rain = file.create_dataset("rainfall_amount");
        rain.with_i16_data(&RAIN).with_shape(&[2, 2, 3]);
        for (known, usual) in [
            ("scale_factor", AttrValue::F64(0.01)),
            ("_FillValue", AttrValue::I16(-9999)),
            ("units", AttrValue::String("mm/5min".into())),
        ] {
            if known != name {
                rain.set_attr(known, usual);
            }
        }
        rain.set_attr(name, value);
        with_times(&[5.0, 10.0])(&mut file);
        file.finish().unwrap()
    };
    check_refused(changed("scale_factor", AttrValue::F64(f64::NAN)), "its scale_factor is NaN");
    check_refused(changed("scale_factor", AttrValue::F64(1e-9)), "makes no amounts of rain");
    check_refused(changed("scale_factor", AttrValue::F64(-0.01)), "makes no amounts of rain");
    check_refused(changed("units", AttrValue::String("mm/h".into())), "its unit is \"mm/h\"");
    check_refused(changed("add_offset", AttrValue::F64(1.0)), "have an offset");
    let text = |text: &str| AttrValue::String(text.into());
    check_refused(
        changed("scale_factor", text("a tenth")),
        "the text \"a tenth\", and has to be a number",
    );
    check_refused(
        changed("scale_factor", AttrValue::F64Array(vec![0.01, 0.1])),
        "2 numbers, not one",
    );
    check_refused(changed("missing_value", text("none")), "@missing_value cannot be used");
    // A text that is a number is that number.
    for as_text in [changed("scale_factor", text(" 0.01 ")), changed("_FillValue", text("-9999"))] {
        let frame = |bytes: Vec<u8>| {
            decode("text", bytes).unwrap().frame(0).unwrap().mm_5min().collect::<Vec<f64>>()
        };
        let usual = changed("_FillValue", AttrValue::I16(-9999));
        assert_eq!(format!("{:?}", frame(as_text)), format!("{:?}", frame(usual)));
    }
}

/// The unit and the interval are read from the file, never assumed.
#[test]
fn rain_whose_unit_or_interval_nobody_states_is_refused() {
    let said = |texts: &[(&str, &str)]| {
        let mut file = FileBuilder::new();
        let rain = file.create_dataset("rainfall_amount");
        rain.with_i16_data(&RAIN).with_shape(&[2, 2, 3]);
        rain.set_attr("scale_factor", AttrValue::F64(0.01));
        rain.set_attr("_FillValue", AttrValue::I16(-9999));
        for (name, text) in texts {
            rain.set_attr(name, AttrValue::String((*text).into()));
        }
        with_times(&[5.0, 10.0])(&mut file);
        file.finish().unwrap()
    };
    let five = ("long_name", "5-minute rainfall sum");
    check_refused(said(&[]), "no attribute units");
    check_refused(said(&[five]), "no attribute units");
    check_refused(said(&[("units", "mm")]), "no long_name says of how many minutes");
    check_refused(said(&[("units", "kg")]), "no long_name says of how many minutes");
    let hour = ("long_name", "1-hour rainfall sum");
    check_refused(said(&[("units", "mm"), hour]), "(1-hour rainfall sum)");
    for texts in [&[("units", "kg"), five][..], &[("units", "mm/5min")]] {
        assert!(decode("f", said(texts)).is_ok(), "{texts:?}");
    }
}

#[test]
fn what_lies_outside_of_the_valid_range_is_no_data() {
    type Change = fn(&mut hdf5_pure::DatasetBuilder);
    let with = |change: Change| {
        let mut file = FileBuilder::new();
        let rain = file.create_dataset("rainfall_amount");
        rain.with_i16_data(&[0, 1, 2, -9999, 100, -50, 5, 5, 5, 5, 5, 5]).with_shape(&[2, 2, 3]);
        rain.set_attr("scale_factor", AttrValue::F64(0.01));
        rain.set_attr("_FillValue", AttrValue::I16(-9999));
        rain.set_attr("units", AttrValue::String("mm/5min".into()));
        change(rain);
        with_times(&[5.0, 10.0])(&mut file);
        decode("f", file.finish().unwrap())
    };
    let both: Change = |rain| {
        rain.set_attr("valid_min", AttrValue::I16(0));
        rain.set_attr("valid_max", AttrValue::I16(50));
    };
    let range: Change = |rain| {
        rain.set_attr("valid_range", AttrValue::I16Array(vec![0, 50]));
    };
    // Fractions are millimetres, of which a stored 1 is a hundredth.
    let range_mm: Change = |rain| {
        rain.set_attr("valid_range", AttrValue::F64Array(vec![0.0, 0.5]));
    };
    let most_mm: Change = |rain| {
        rain.set_attr("valid_min", AttrValue::I16(0));
        rain.set_attr("valid_max", AttrValue::F32(0.5));
    };
    for change in [both, range, range_mm, most_mm] {
        let frame = with(change).unwrap().frame(0).unwrap();
        let found: Vec<f64> = frame.mm_5min().collect();
        assert_eq!(found[..3], [0.0, 0.01, 0.02]);
        assert!(found[3..].iter().all(|mm| mm.is_nan()), "{found:?}");
    }
    let to_50_mm: Change = |rain| {
        rain.set_attr("valid_range", AttrValue::F64Array(vec![0.0, 50.0]));
    };
    let found: Vec<f64> = with(to_50_mm).unwrap().frame(0).unwrap().mm_5min().collect();
    assert_eq!(found[4], 1.0, "1 mm lies within");
    assert!(found[5].is_nan(), "-0.5 mm lies outside");
    assert!(with(|_| ()).unwrap().frame(0).is_err(), "-0.5 mm is no rain");
    let one: Change = |rain| {
        rain.set_attr("valid_range", AttrValue::F64Array(vec![0.0]));
    };
    assert!(with(one).unwrap_err().to_string().contains("not two"));
}

/// Counted without leap days, the same number is another day.
#[test]
fn times_of_another_calendar_are_refused() {
    let dated = |calendar: &'static str| {
        move |file: &mut FileBuilder| {
            let time = file.create_dataset("time");
            time.with_f64_data(&[5.0, 10.0]).with_shape(&[2]);
            time.set_attr("units", AttrValue::String("minutes since 2018-05-10 00:00:00".into()));
            time.set_attr("calendar", AttrValue::String(calendar.into()));
        }
    };
    for calendar in ["noleap", "360_day", "julian"] {
        let words = format!("its calendar is {calendar}");
        check_refused(series("rainfall_amount", &RAIN, dated(calendar)), &words);
    }
    assert!(decode("f", series("rainfall_amount", &RAIN, dated("Standard"))).is_ok());
    let knmi = |calendar: &str, more: &[(&str, f64)]| {
        let mut file = FileBuilder::new();
        let [height, width] = [knmi::composite_grid().height, knmi::composite_grid().width];
        let images = file.create_dataset("images");
        images.with_u16_data(&vec![0; height * width]);
        images.with_shape(&[1, height as u64, width as u64]);
        images.set_attr("units", AttrValue::String("mm per 5 minutes".into()));
        images.set_attr("scale_factor", AttrValue::F64(0.01));
        images.set_attr("missing", AttrValue::F64(65_535.0));
        more.iter().for_each(|(name, value)| _ = images.set_attr(name, AttrValue::F64(*value)));
        let times = file.create_dataset("timestamps");
        times.with_i64_data(&[1_315_641_600]).with_shape(&[1]);
        let unit = "seconds since 1970-01-01 00:00:00 UTC, end of the 5 minutes";
        times.set_attr("units", AttrValue::String(unit.into()));
        times.set_attr("calendar", AttrValue::String(calendar.into()));
        file.set_attr("product", AttrValue::String("RAD_NL25_RAC_MFBS_5min".into()));
        let plane = "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +a=6378.14 +b=6356.75 +x_0=0 +y_0=0";
        file.set_attr("proj4", AttrValue::String(plane.into()));
        file.finish().unwrap()
    };
    check_refused(knmi("noleap", &[]), "timestamps: its calendar is noleap");
    let read = |more: &[(&str, f64)]| decode("f", knmi("standard", more)).map(|file| file.frame(0));
    assert!(read(&[]).is_ok());
    // What else the file says of its numbers counts, too.
    check_refused(knmi("standard", &[("add_offset", 1.0)]), "have an offset");
    let filled = read(&[("_FillValue", 0.0)]).unwrap().unwrap();
    assert!(filled.mm_5min().all(f64::is_nan));
}
