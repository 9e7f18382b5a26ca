use hdf5_pure::{AttrValue, DatasetBuilder, FileBuilder};
use proj4rs::Proj;
use proj4rs::adaptors::transform_xy;

use super::*;
use crate::archive::sample_folder;

fn sample_file() -> std::path::PathBuf {
    sample_folder().join("RAD_NL25_RAP_5min_201008260400.h5")
}

fn sample_bytes() -> Vec<u8> {
    std::fs::read(sample_file()).unwrap()
}

#[test]
fn a_radar_file_is_read_whole() {
    let image = read(&sample_file()).unwrap();
    assert_eq!((image.height, image.width, image.pixel_values.len()), (765, 700, 765 * 700));
    assert_eq!(image.start.to_string(), "2010-08-26T03:55:00Z");
    assert_eq!(image.end.to_string(), "2010-08-26T04:00:00Z");
    assert_eq!(image.product, "RAD_NL25_RAU_H1.5_5mi");
    assert_eq!(image.sha256.len(), 64);
}

/// Two libraries that share no code read the same numbers.
#[test]
fn a_second_hdf5_library_reads_the_same_pixels() {
    let image = read(&sample_file()).unwrap();
    let other = hdf5_pure::File::open(sample_file()).unwrap();
    assert_eq!(other.dataset("image1/image_data").unwrap().read_u16().unwrap(), image.pixel_values);
}

#[test]
fn the_crop_is_where_it_should_be() {
    let image = read(&sample_file()).unwrap();
    let crop = image.crop().unwrap();
    assert_eq!(crop.len(), 288 * 288);
    assert_eq!(crop.first(), Some(&image.pixel_values[284 * 700 + 225]));
    assert_eq!(crop.last(), Some(&image.pixel_values[571 * 700 + 512]));
}

#[test]
fn a_missing_pixel_in_the_crop_is_an_error_and_one_outside_is_not() {
    let mut image = read(&sample_file()).unwrap();
    assert!(image.pixel_values.contains(&NO_DATA));
    image.pixel_values[300 * 700 + 300..300 * 700 + 303].fill(NO_DATA);
    assert!(matches!(image.crop(), Err(ImportError::Missing { count: 3, .. })));
    image.pixel_values.fill(NO_DATA);
    assert!(matches!(image.crop(), Err(ImportError::Missing { count: 82_944, .. })));
}

#[test]
fn pixel_values_become_rain() {
    assert_eq!(normalise(0), 0.0);
    assert_eq!(normalise(4783), 1.0);
    // A pixel value of 5 is 0.05 mm in 5 minutes, the first above 0.5 mm/h.
    assert!((to_mm_h(normalise(5)) - 0.6).abs() < 1e-6);
    assert!(to_mm_h(normalise(4)) < 0.5 && to_mm_h(normalise(5)) > 0.5);
}

/// The corners that the file states (longitude and latitude of the product's four corners) lie
/// where the grid puts them, to a pixel.
#[test]
fn the_grid_reproduces_the_corners_of_the_product() {
    let file = Hdf5File::open(sample_file()).unwrap();
    let geographic = file.group("geographic").unwrap();
    let corners = geographic.attribute("geo_product_corners").unwrap().read_1d::<f32>().unwrap();
    let grid = crop_grid();
    let west = grid.west_km - CROP_COLUMN as f64;
    let north = grid.north_km + CROP_ROW as f64;
    let [east, south] = [west + WIDTH as f64, north - HEIGHT as f64];
    let expected = [(west, south), (west, north), (east, north), (east, south)];
    let plane = Proj::from_proj_string(&grid.proj4).unwrap();
    let sphere = Proj::from_proj_string("+proj=longlat +a=6378.137 +b=6356.752").unwrap();
    for (corner, (x, y)) in corners.chunks(2).zip(expected) {
        let [longitude, latitude] = [corner[0], corner[1]].map(|v| f64::from(v).to_radians());
        let found = transform_xy(&sphere, &plane, longitude, latitude).unwrap();
        let distance_km = (found.0 - x).hypot(found.1 - y);
        assert!(distance_km < 1.0, "{found:?} is {distance_km} km from {x}, {y}");
    }
}

#[test]
fn the_grid_is_that_of_the_file() {
    let file = Hdf5File::open(sample_file()).unwrap();
    let projection = attributes(&file, "file", "geographic/map_projection").unwrap();
    assert_eq!(projection.text("projection_proj4_params").unwrap(), crop_grid().proj4);
}

fn check_refused(bytes: Vec<u8>, message: &str) {
    let found = decode("frame.h5", bytes).err().expect("refused").to_string();
    assert!(found.starts_with("frame.h5 ") && found.contains(message), "{found}");
}

#[test]
fn what_is_no_hdf5_is_refused() {
    check_refused(Vec::new(), "is not a readable HDF5 file");
    check_refused(b"GIF89a".to_vec(), "is not a readable HDF5 file");
    check_refused(vec![0; 100_000], "is not a readable HDF5 file");
}

#[test]
fn truncated_files_are_refused_at_any_length() {
    let bytes = sample_bytes();
    for n in (0..bytes.len()).step_by(997).chain([bytes.len() - 1]) {
        check_refused(bytes[..n].to_vec(), "fetch it again");
    }
}

/// Damage may go unseen where it hits a pixel, but never ends the program.
#[test]
fn damaged_files_never_panic() {
    let bytes = sample_bytes();
    // Metadata sit at the front and after the image; steps are coprime to the structures' sizes.
    for position in (0..bytes.len()).step_by(211).chain(0..600) {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0xff;
        let _ = decode("frame.h5", damaged);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let message = read(Path::new("no/such/frame.h5")).err().unwrap().to_string();
    assert!(message.starts_with("no/such/frame.h5 cannot be read"), "{message}");
}

/// A radar file with chosen contents, in the layout of the product; strings are scalars here and
/// arrays of one in the sample files.
fn radar_file(shape: &[u64], formula: &str, row_offset: f32) -> Vec<u8> {
    let n = shape.iter().product::<u64>() as usize;
    let fill = |dataset: &mut DatasetBuilder| {
        dataset.with_u16_data(&vec![7; n]);
    };
    radar_file_of(shape, formula, row_offset, fill)
}

fn radar_file_of(
    shape: &[u64],
    formula: &str,
    row_offset: f32,
    fill: impl Fn(&mut DatasetBuilder),
) -> Vec<u8> {
    let mut file = FileBuilder::new();
    let mut image = file.create_group("image1");
    let data = image.create_dataset("image_data");
    fill(data);
    data.with_shape(shape);
    image.set_attr("image_product_name", AttrValue::String("test".into()));
    let mut calibration = image.create_group("calibration");
    calibration.set_attr("calibration_formulas", AttrValue::String(formula.into()));
    image.add_group(calibration.finish());
    file.add_group(image.finish());
    let mut geographic = file.create_group("geographic");
    geographic.set_attr("geo_row_offset", AttrValue::F64(row_offset.into()));
    geographic.set_attr("geo_column_offset", AttrValue::I32(0));
    geographic.set_attr("geo_pixel_size_x", AttrValue::F64(1.0));
    file.add_group(geographic.finish());
    let mut overview = file.create_group("overview");
    for (name, time) in [("start", "01-JAN-2016;00:00:00.000"), ("end", "01-JAN-2016;00:05:00.000")]
    {
        overview.set_attr(&format!("product_datetime_{name}"), AttrValue::String(time.into()));
    }
    file.add_group(overview.finish());
    file.finish().unwrap()
}

#[test]
fn scalar_strings_are_read_too() {
    let image =
        decode("frame.h5", radar_file(&[765, 700], "GEO = 0.010 * PV + 0.0", 3649.98)).unwrap();
    assert_eq!(image.end.to_string(), "2016-01-01T00:05:00Z");
    assert_eq!(image.crop().unwrap(), vec![7; 82_944]);
}

#[test]
fn other_products_are_refused() {
    let formula = "GEO=0.01*PV+0.0";
    check_refused(radar_file(&[765, 701], formula, 3650.0), "image1/image_data is [765, 701]");
    check_refused(radar_file(&[10], formula, 3650.0), "image1/image_data is [10]");
    check_refused(radar_file(&[765, 700], "GEO=0.5*PV-32.0", 3650.0), "calibration");
    check_refused(radar_file(&[765, 700], formula, 1490.0), "geo_row_offset is 1490");
}

/// A file whose pixels are all but one 7.
fn with_a_pixel(fill: impl Fn(&mut DatasetBuilder)) -> Vec<u8> {
    radar_file_of(&[765, 700], "GEO=0.01*PV+0.0", 3650.0, fill)
}

#[test]
fn more_rain_than_ever_fell_is_refused_in_its_true_amount() {
    let of = |stored: u16| {
        with_a_pixel(move |data| {
            let mut values = vec![7; 765 * 700];
            values[300 * 700 + 300] = stored;
            data.with_u16_data(&values);
        })
    };
    assert!(decode("frame.h5", of(12_600)).is_ok(), "126 mm are possible");
    check_refused(of(12_601), "126.01 mm in 5 minutes, more than ever fell");
    check_refused(of(65_534), "if 65534 stands for no data");
    assert!(decode("frame.h5", of(65_535)).is_ok(), "no data");
}

#[test]
fn what_is_no_amount_is_reported_as_it_is_stored() {
    let of_i32 = |stored: i32| {
        with_a_pixel(move |data| {
            let mut values = vec![7; 765 * 700];
            values[300 * 700 + 300] = stored;
            data.with_i32_data(&values);
        })
    };
    check_refused(of_i32(-5), "holds -5, but pixel values are whole numbers from 0");
    check_refused(of_i32(65_543), "655.43 mm in 5 minutes");
    let of_i16 = with_a_pixel(|data| {
        data.with_i16_data(&vec![-5; 765 * 700]);
    });
    check_refused(of_i16, "holds -5,");
}

/// One of the files that went wrong for people, made for this purpose: see `tests/radar/README.md`.
fn case(name: &str) -> Result<KnmiImage, ImportError> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/radar");
    read(&folder.join(name))
}

#[test]
fn both_codes_of_no_data_are_read_from_the_file() {
    let image = case("missing_65534_RAD_NL25_RAC_5min_202409010005_cor.h5").unwrap();
    assert!(!image.pixel_values.contains(&65_534));
    let Err(ImportError::Missing { count, .. }) = image.crop() else {
        panic!("pixels are missing")
    };
    assert_eq!(count, 100);
    let rows = image.pixel_values.chunks_exact(image.width).skip(CROP_ROW).take(CROP_SIZE);
    let crop = rows.flat_map(|row| &row[CROP_COLUMN..CROP_COLUMN + CROP_SIZE]);
    assert_eq!(crop.filter(|&&value| value != NO_DATA).max(), Some(&136), "1.36 mm in 5 minutes");
}

#[test]
fn the_products_of_today_are_read() {
    for name in ["RAD_NL25_RAC_MFBS_EM_5min_202409010005_NL.h5", "RAD_NL25_RAC_RT_202409010005.h5"]
    {
        let image = case(name).unwrap();
        assert_eq!(image.end.to_string(), "2024-09-01T00:05:00Z", "{name}");
        assert_eq!(crate::archive::frame_time(name), Some(image.end), "{name}");
    }
}

#[test]
fn numbers_are_read_whatever_they_are_stored_as() {
    let expected = case("RAD_NL25_RAC_RT_202409010005.h5").unwrap();
    for kind in ["int32", "int64", "float32", "float64"] {
        let of = |kind: &str| format!("storage_{kind}_RAD_NL25_RAC_5min_202409010005_cor.h5");
        let image = case(&of(kind)).unwrap();
        assert_eq!(image.pixel_values.len(), expected.pixel_values.len(), "{kind}");
        assert_eq!(image.pixel_values, case(&of("int32")).unwrap().pixel_values, "{kind}");
        assert!(image.crop().is_ok_and(|crop| crop.iter().any(|&value| value > 0)), "{kind}");
    }
}

#[test]
fn what_is_no_frame_is_refused_for_its_true_reason() {
    let check = |name: &str, reason: &str| {
        let error = case(name).err().expect(name).to_string();
        assert!(error.contains(reason) && !error.contains("fetch it again"), "{error}");
    };
    let of_an_hour = "from 31-AUG-2024;23:05:00.000 to 01-SEP-2024;00:05:00.000, where 5 minutes";
    check("interval_1h_RAD_NL25_RAC_5min_202409010005_cor.h5", of_an_hour);
    check("RAD_NL25_RAC_FM_202409010005.h5", "several images, as forecasts do");
    check("storage_lzf_RAD_NL25_RAC_5min_202409010005_cor.h5", "h5repack -f GZIP=4");
    check("odim_RAD_NL25_RAC_5min_202409010005_cor.h5", "it is in the layout of ODIM_H5");
    check("storage_uint8_RAD_NL25_RAC_5min_202409010005_cor.h5", "8 bits, which end at 255");
    check("storage_int8_RAD_NL25_RAC_5min_202409010005_cor.h5", "8 bits, which end at 255");
}

/// The sample with a text in it changed to another one of the same length.
fn changed(from: &str, to: &str) -> Result<KnmiImage, ImportError> {
    let (mut bytes, from) = (sample_bytes(), from.as_bytes());
    let to = format!("{to:<width$}", width = from.len());
    let at = bytes.windows(from.len()).position(|part| part == from).expect("it is there");
    bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
    decode("sample.h5", bytes)
}

#[test]
fn what_a_file_declares_to_be_something_else_is_refused() {
    let refused = |from: &str, to: &str, expected: &str| {
        let message = changed(from, to).err().expect(to).to_string();
        assert!(message.contains(expected), "{to}: {message}");
    };
    let quantity = "ACCUMULATED_PRECIPITATION_[MM]";
    refused(quantity, "PRECIPITATION_RATE_[MM/H]", "image_geo_parameter");
    refused(quantity, "REFLECTIVITY_[DBZ]", "image_geo_parameter");
    refused("+proj=stere", "+proj=aea", "projection_proj4_params");
    refused("+lon_0=0.0", "+lon_0=5.0", "projection_proj4_params");
    assert!(changed("+a=6378.137", "+a=6378.14").is_ok());
}

/// 40 kB of text to which an attribute refers four thousand times: the library would hold 160 MB for a file of
/// 0.2 MB, at every look at a group.
#[test]
fn references_that_repeat_a_long_text_are_refused_before_it_is_read() {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/radar/repeated_text.h5.gz");
    let mut bytes = Vec::new();
    let packed = std::fs::File::open(packed).unwrap();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed), &mut bytes).unwrap();
    check_refused(bytes, "its attributes repeat long texts: 160");
}

/// Whatever HDF5 library wrote them: the texts of good files are counted once.
#[test]
fn texts_of_good_files_are_no_more_than_their_bytes() {
    let folders = [
        "data/knmi",
        "crates/stormlens-data/tests/radar",
        "crates/stormlens-checkpoint/tests/keras",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let paths = files.map(|entry| entry.unwrap().path());
    let mut n_files = 0;
    for path in paths.filter(|path| path.extension().is_some_and(|ending| ending == "h5")) {
        let bytes = std::fs::read(&path).unwrap();
        let file = Hdf5File::from_bytes(&bytes).unwrap();
        assert_eq!(check_texts(&bytes, &file), Ok(()), "{}", path.display());
        n_files += 1;
    }
    assert!(n_files > 90, "{n_files}");
}
