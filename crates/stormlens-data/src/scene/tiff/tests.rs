use super::*;
use crate::scene::decode::samples::{
    HEIGHT, WIDTH, deflated_tiff, doubles, rgb_tags, text, tiff, value_8, values,
};
use crate::scene::{Bands, Samples, decode_as};
use crate::testing::python;

mod gdal;

const N_PIXELS: usize = WIDTH * HEIGHT;

type Tag = (u16, u16, Vec<u32>);

fn read_as(bytes: &[u8], values: Values, bands: Bands) -> Result<Decoded, PictureError> {
    decode_as(bytes, &Limits::default(), Coding { values, bands })
}

fn read(bytes: &[u8]) -> Result<Decoded, PictureError> {
    read_as(bytes, Values::Stated, Bands::Named)
}

/// One band of bytes, the samples' first, with some tags changed.
fn grey(changed: &[Tag]) -> Vec<u8> {
    let mut own = vec![(258, 3, vec![8]), (262, 3, vec![1]), (277, 3, vec![1])];
    own.retain(|(tag, ..)| changed.iter().all(|(other, ..)| tag != other));
    let changed = [&own[..], changed].concat();
    tiff(&rgb_tags(N_PIXELS, &changed), &values(1, value_8))
}

/// Numbers as they lie in the file, so many bytes each, and the tags of a format of TIFF.
fn numbers(data: &[u8], format: u32, more: &[Tag]) -> Vec<u8> {
    let bits = 8 * (data.len() / N_PIXELS) as u32;
    let own = [(258, 3, vec![bits]), (262, 3, vec![1]), (277, 3, vec![1]), (339, 3, vec![format])];
    let changed = [&own[..], more].concat();
    tiff(&rgb_tags(data.len(), &changed), data)
}

/// As many values as there are pixels.
fn levels(value: impl Fn(usize) -> f32) -> Vec<u8> {
    (0..N_PIXELS).flat_map(|i| value(i).to_le_bytes()).collect()
}

/// From −20 dB in equal steps, none of which lies between two bytes.
fn steps(i: usize) -> f32 {
    -20.125 + i as f32 / 4.0
}

fn rgb8(decoded: Decoded) -> Vec<[u8; 3]> {
    let Samples::U8(bytes) = decoded.picture.rgb else { panic!("it has fractions") };
    bytes.as_chunks().0.to_vec()
}

/// Pages of those sizes.
fn pages(sizes: &[[u32; 2]]) -> Result<Decoded, PictureError> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut file = ::tiff::encoder::TiffEncoder::new(&mut bytes).unwrap();
    for [width, height] in sizes {
        let grey = vec![9; (width * height) as usize];
        file.write_image::<::tiff::encoder::colortype::Gray8>(*width, *height, &grey).unwrap();
    }
    read(&bytes.into_inner())
}

#[test]
fn the_largest_of_copies_is_the_picture_and_several_pictures_are_none() {
    let found = pages(&[[4, 3], [8, 6], [2, 1]]).unwrap();
    assert_eq!((found.picture.width, found.picture.height), (8, 6));
    assert!(found.coding.contains("picture 2 of the file, the largest of 3"), "{}", found.coding);
    assert_eq!(pages(&[[8, 6], [8, 6]]), Err(PictureError::SeveralPictures { n: 2 }));
    assert_eq!(pages(&[[3, 9], [8, 6], [8, 6]]), Err(PictureError::SeveralPictures { n: 3 }));
}

#[test]
fn white_may_be_zero() {
    let found = rgb8(read(&grey(&[(262, 3, vec![0])])).unwrap());
    let expected: Vec<[u8; 3]> = values(1, value_8).iter().map(|v| [255 - v; 3]).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_palette_becomes_its_colours() {
    let plane = |f: fn(u32) -> u32| (0..256).map(move |i| 257 * f(i));
    let map: Vec<u32> = plane(|i| i).chain(plane(|i| i / 2)).chain(plane(|i| 255 - i)).collect();
    let found = rgb8(read(&grey(&[(262, 3, vec![3]), (320, 3, map)])).unwrap());
    let expected: Vec<[u8; 3]> = values(1, value_8).iter().map(|v| [*v, v / 2, 255 - v]).collect();
    assert_eq!(found, expected);
    assert!(matches!(read(&grey(&[(262, 3, vec![3])])), Err(PictureError::Damaged { .. })));
}

/// White stands for nothing here: it would be land, or ice.
#[test]
fn what_a_file_calls_missing_is_black() {
    let missing = value_8(2, 1, 0);
    let decoded = read(&grey(&[text(42113, &missing.to_string())])).unwrap();
    assert!(decoded.coding.contains("GDAL_NODATA"), "{}", decoded.coding);
    let expected: Vec<[u8; 3]> =
        values(1, value_8).iter().map(|v| [if *v == missing { 0 } else { *v }; 3]).collect();
    assert_eq!(rgb8(decoded), expected);

    let levels = levels(|i| match i {
        0 => -9999.0,
        1 => f32::NAN,
        2 => f32::NEG_INFINITY,
        _ => steps(i),
    });
    let declared = numbers(&levels, 3, &[text(42113, "-9999")]);
    let found = rgb8(read_as(&declared, Values::Decibels, Bands::Named).unwrap());
    assert_eq!(found[..3], [[0; 3]; 3]);
    assert!(found[3..].iter().all(|pixel| *pixel != [0; 3]), "a value is never no data");
    let undeclared = numbers(&levels, 3, &[]);
    let error = read_as(&undeclared, Values::Decibels, Bands::Named).unwrap_err().to_string();
    assert!(error.contains("-9999") && error.contains("GDAL_NODATA"), "{error}");
}

#[test]
fn a_border_of_zero_decibels_is_refused_until_it_is_declared() {
    let levels = levels(|i| if i < N_PIXELS / 3 { 0.0 } else { steps(i) - 5.0 });
    let error = read_as(&numbers(&levels, 3, &[]), Values::Decibels, Bands::Co).unwrap_err();
    assert!(error.to_string().contains("exactly 0"), "{error}");
    let declared = numbers(&levels, 3, &[text(42113, "0")]);
    let found = rgb8(read_as(&declared, Values::Decibels, Bands::Co).unwrap());
    assert_eq!(found[0], [0; 3]);
}

#[test]
fn scale_offset_and_unit_are_those_of_the_file() {
    let item = |role: &str, text: &str| format!("<Item sample=\"0\" role=\"{role}\">{text}</Item>");
    let metadata = format!(
        "<GDALMetadata>{}{}{}{}</GDALMetadata>",
        item("scale", "0.25"),
        item("offset", "-20.125"),
        item("unittype", "dB"),
        item("description", "Sigma0_VH")
    );
    let whole: Vec<u8> = (0..N_PIXELS as i16).flat_map(i16::to_le_bytes).collect();
    let stated = read(&numbers(&whole, 2, &[text(42112, &metadata)])).unwrap();
    assert!(stated.coding.contains("\"Sigma0_VH\" (cross-polarised)"), "{}", stated.coding);
    let exact = numbers(&levels(steps), 3, &[]);
    let exact = read_as(&exact, Values::Decibels, Bands::Cross).unwrap();
    assert_eq!(rgb8(stated), rgb8(exact));
    // Bytes with a scale are measurements too.
    let scaled = format!("<GDALMetadata>{}</GDALMetadata>", item("scale", "0.1"));
    let error = read(&grey(&[text(42112, &scaled)])).unwrap_err();
    assert!(matches!(error, PictureError::Undecided { .. }), "{error}");
}

#[test]
fn powers_and_amplitudes_are_decibels() {
    let decibels = numbers(&levels(steps), 3, &[]);
    let decibels = rgb8(read_as(&decibels, Values::Decibels, Bands::Co).unwrap());
    let power = levels(|i| 10_f32.powf(steps(i) / 10.0));
    let power = read_as(&numbers(&power, 3, &[]), Values::Power, Bands::Co).unwrap();
    assert_eq!(rgb8(power), decibels);
    let amplitude = levels(|i| 10_f32.powf(steps(i) / 20.0));
    let amplitude = read_as(&numbers(&amplitude, 3, &[]), Values::Amplitude, Bands::Co).unwrap();
    assert_eq!(rgb8(amplitude), decibels);
    // Numbers between 0 and 1 are no decibels, whatever they are.
    let power = numbers(&levels(|i| 10_f32.powf(steps(i) / 10.0) + 0.001), 3, &[]);
    assert!(matches!(read(&power), Err(PictureError::Undecided { .. })));
    let taken = read_as(&power, Values::Decibels, Bands::Co).unwrap_err().to_string();
    assert!(taken.contains("no number is negative"), "{taken}");
}

#[test]
fn every_kind_of_number_is_read() {
    let expected = rgb8(
        read_as(&numbers(&levels(|i| -(i as f32)), 3, &[]), Values::Decibels, Bands::Co).unwrap(),
    );
    let check = |data: Vec<u8>, format: u32| {
        let found = read_as(&numbers(&data, format, &[]), Values::Decibels, Bands::Co);
        assert_eq!(rgb8(found.unwrap()), expected, "{format}, {} bytes", data.len());
    };
    let whole = || (0..N_PIXELS as i8).map(|i| -i);
    check(whole().flat_map(i8::to_le_bytes).collect(), 2);
    check(whole().flat_map(|i| i16::from(i).to_le_bytes()).collect(), 2);
    check(whole().flat_map(|i| i32::from(i).to_le_bytes()).collect(), 2);
    check(whole().flat_map(|i| i64::from(i).to_le_bytes()).collect(), 2);
    check(whole().flat_map(|i| f64::from(i).to_le_bytes()).collect(), 3);
}

/// The first 16 bits that hardly reach a sixteenth of white are counts; somebody may say that they are colours.
#[test]
fn dark_numbers_of_16_bits_are_counts_or_colours() {
    let dark: Vec<u8> = (0..N_PIXELS as u16).flat_map(|i| (100 + i).to_le_bytes()).collect();
    let dark = numbers(&dark, 1, &[]);
    assert!(matches!(read(&dark), Err(PictureError::Undecided { .. })));
    let found = read_as(&dark, Values::Picture, Bands::Named).unwrap();
    assert_eq!(found.picture.value(0, 0, 0), 100.0 / 257.0);
    let widened: Vec<u8> = (0..N_PIXELS as u16).flat_map(|_| (257_u16 * 7).to_le_bytes()).collect();
    assert_eq!(read(&numbers(&widened, 1, &[])).unwrap().picture.value(0, 0, 0), 7.0);
}

#[test]
fn pieces_that_are_too_short_are_damage() {
    let check = |bytes: &[u8], words: &str| {
        let error = read(bytes).expect_err("it is refused");
        assert!(matches!(error, PictureError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    let whole = values(3, value_8);
    // The directory admits that bytes are missing.
    check(&tiff(&rgb_tags(whole.len() - 3, &[]), &whole), "too small");
    // A sound stream of fewer bytes.
    let short = crate::scene::decode::samples::zlib(&whole[..60]);
    check(&tiff(&rgb_tags(short.len(), &[(259, 3, vec![8])]), &short), "too small");
    let deflated = deflated_tiff();
    assert!(read(&deflated).is_ok());
}

#[test]
fn tiles_out_of_proportion_are_refused_before_they_are_decoded() {
    let tiles = [
        (273, 4, vec![]),
        (278, 4, vec![]),
        (279, 4, vec![]),
        (322, 4, vec![16_000_000]),
        (323, 4, vec![1]),
        (324, 4, vec![8; HEIGHT]),
        (325, 4, vec![8; HEIGHT]),
    ];
    let error = read(&tiff(&rgb_tags(0, &tiles), &[0; 64])).unwrap_err().to_string();
    assert!(error.contains("out of proportion"), "{error}");
}

#[test]
fn pieces_that_are_left_out_are_not_zero_decibels() {
    let levels = levels(steps);
    let absent = numbers(&levels, 3, &[(279, 4, vec![0])]);
    let error = read_as(&absent, Values::Decibels, Bands::Co).unwrap_err().to_string();
    assert!(error.contains("SPARSE_OK"), "{error}");
    let found = read_as(&absent, Values::Power, Bands::Co).unwrap();
    assert!(rgb8(found).iter().all(|pixel| *pixel == [0; 3]), "no power is no data");
}

#[test]
fn a_turn_that_is_not_made_is_said() {
    let decoded = read(&grey(&[(274, 3, vec![6])])).unwrap();
    assert!(decoded.coding.contains("orientation 6"), "{}", decoded.coding);
}

#[test]
fn a_place_goes_with_the_pixels() {
    let tags = [
        doubles(33550, &[1000.0, 1000.0, 0.0]),
        doubles(33922, &[0.0, 0.0, 0.0, -500_000.0, 7_000_000.0, 0.0]),
        (34735, 3, vec![1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32633]),
        text(34737, "WGS 84 / UTM zone 33N|"),
    ];
    let place = read(&grey(&tags)).unwrap().place.expect("it has one");
    assert_eq!(place.epsg(), Some(32633));
    assert_eq!(place.at(1.0, 2.0), Some([-499_000.0, 6_998_000.0]));
}
