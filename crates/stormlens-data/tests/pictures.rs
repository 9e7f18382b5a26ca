//! Pictures as they really come, pixel by pixel: what is read is read exactly, everything else is refused in words.

use std::path::{Path, PathBuf};

use stormlens_data::scene::{
    Bands, Coding, Decoded, Limits, Picture, PictureError, Samples, Values, decode, decode_as, size,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures")
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(name: &str) -> Decoded {
    read_as(name, Values::Stated, Bands::Named)
}

fn read_as(name: &str, values: Values, bands: Bands) -> Decoded {
    let decoded = decode_as(&file(name), &Limits::default(), Coding { values, bands });
    decoded.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn refused(bytes: &[u8], coding: Coding, words: &str) -> PictureError {
    let error = decode_as(bytes, &Limits::default(), coding).expect_err("it is refused");
    assert!(error.to_string().contains(words), "{words} in: {error}");
    error
}

/// Three values a pixel, whatever they were read as.
fn values(picture: &Picture) -> Vec<f32> {
    (0..picture.rgb.len()).map(|i| picture.rgb.at(i)).collect()
}

fn bytes(picture: Picture) -> Vec<u8> {
    match picture.rgb {
        Samples::U8(bytes) => bytes,
        Samples::F32(_) => panic!("it has fractions"),
    }
}

#[test]
fn one_scene_is_the_same_in_every_file() {
    let scene = read("rgb8.png").picture;
    for name in ["gdal_cog.tif", "gdal_rgb16.tif", "big.tif", "pages_thumb_first.tif"] {
        let found = read(name).picture;
        assert_eq!((found.width, found.height), (176, 176), "{name}");
        assert!(values(&found) == values(&scene), "{name} holds other pixels");
    }
}

/// The first band of the file is the red of the scene.
#[test]
fn two_polarisations_are_red_and_green_and_blue() {
    let scene = read("rgb8.png").picture;
    let in_order = read_as("vvvh_planar.tif", Values::Picture, Bands::CoCross);
    assert!(in_order.coding.contains("cross-polarised is band 2"), "{}", in_order.coding);
    let reversed = read_as("vvvh_planar.tif", Values::Picture, Bands::CrossCo).picture;
    let pixels = scene.pixels().zip(in_order.picture.pixels()).zip(reversed.pixels());
    for (([value, ..], [red, green, blue]), other) in pixels {
        assert_eq!((red, blue), (green, value));
        assert_eq!(other, [value, value, red]);
    }
}

#[test]
fn tiles_are_read_whatever_is_in_them() {
    let grey = read("min_lzw_tiled.tif").picture;
    assert_eq!((grey.width, grey.height), (24, 24));
    let planes = read("min_planar_tiled.tif").picture;
    assert_eq!((planes.width, planes.height), (24, 24));
    assert!(bytes(planes).iter().any(|value| *value > 0));
}

#[test]
fn a_smaller_copy_is_not_the_scene_and_that_is_said() {
    let said = read("pages_thumb_first.tif").coding;
    assert!(said.contains("picture 2 of the file, the largest of 2"), "{said}");
}

#[test]
fn a_place_is_kept() {
    for name in ["gdal_cog.tif", "gdal_rgb16.tif"] {
        let place = read(name).place.expect(name);
        assert_eq!(place.epsg(), Some(3575), "{name}");
        assert!(place.in_words([176, 176]).contains("North Pole LAEA Europe"), "{name}");
    }
    assert_eq!(read("rgb8.png").place, None);
}

#[test]
fn numbers_that_are_no_colours_are_never_guessed() {
    let stated = Coding::default();
    let choices = "values=picture, values=decibels, values=hundredths, values=power, values=amplitude, \
                   values=counts";
    for name in ["f32_db.tif", "i16_db.tif", "s1_grd_uint16.tif", "vvvh_planar.tif"] {
        let error = refused(&file(name), stated, choices);
        assert!(matches!(error, PictureError::Undecided { .. }), "{name}: {error:?}");
        assert_eq!(size(&file(name), &Limits::default()), Ok([176, 176]), "{name}");
    }
    refused(&file("f32_db.tif"), stated, "one band of float32 numbers");
    refused(&file("vvvh_planar.tif"), stated, "2 bands of uint8 numbers");
    refused(&file("s1_grd_uint16.tif"), stated, "counts");
}

#[test]
fn numbers_that_cannot_be_what_is_said_are_refused() {
    let said = |values| Coding { values, bands: Bands::Named };
    refused(&file("f32_db.tif"), said(Values::Power), "is negative");
    refused(&file("f32_db.tif"), said(Values::Picture), "colours are whole numbers");
    refused(&file("i16_db.tif"), said(Values::Decibels), "is not a possible backscatter");
    refused(&file("s1_grd_uint16.tif"), said(Values::Power), "the median of band 1 is");
    refused(&file("rgb8.png"), said(Values::Decibels), "anything but colours");
    let two = Coding { values: Values::Decibels, bands: Bands::CoCross };
    refused(&file("f32_db.tif"), two, "the file has one");
    let one_of_two = said(Values::Picture);
    refused(
        &file("vvvh_planar.tif"),
        one_of_two,
        "bands=co, bands=cross, bands=co-cross, bands=cross-co",
    );
}

/// −25 dB is 1, for 0 is no data, and 0 dB is 255.
#[test]
fn decibels_become_the_colours_of_the_published_pictures() {
    let found = read_as("f32_db.tif", Values::Decibels, Bands::Named);
    assert!(found.coding.contains("float32 as backscatter in dB"), "{}", found.coding);
    assert!(found.coding.contains("from -25 to 0 dB as grey 1 to 255"), "{}", found.coding);
    assert!(found.coding.contains("assumed since it is the only one"), "{}", found.coding);
    let raw = file("f32_db.tif");
    // The numbers begin at byte 272 and are little-endian.
    let levels = raw[272..].as_chunks::<4>().0.iter().map(|level| f32::from_le_bytes(*level));
    let expected = levels.map(|level| {
        let share = (f64::from(level) + 25.0) / 25.0;
        (255.0 * share.clamp(0.0, 1.0)).round().max(1.0) as u8
    });
    let expected: Vec<u8> = expected.flat_map(|value| [value; 3]).collect();
    assert!(bytes(found.picture) == expected);

    let cross = read_as("f32_db.tif", Values::Decibels, Bands::Cross);
    assert!(cross.coding.contains("(cross-polarised) from -35 to -3 dB"), "{}", cross.coding);
}

#[test]
fn hundredths_of_a_decibel_are_decibels() {
    let whole = read_as("i16_db.tif", Values::Hundredths, Bands::Co).picture;
    let exact = read_as("f32_db.tif", Values::Decibels, Bands::Co).picture;
    let pairs = bytes(whole).into_iter().zip(bytes(exact));
    assert!(pairs.into_iter().all(|(a, b)| a.abs_diff(b) <= 1), "but for rounding to 0.01 dB");
}

/// Counts are known up to a constant: the median becomes the mean of the published pictures.
#[test]
fn counts_are_scenes_of_the_published_level() {
    let found = read_as("s1_grd_uint16.tif", Values::Counts, Bands::Named);
    assert!(found.coding.contains("not calibrated"), "{}", found.coding);
    assert!(found.place.is_some());
    let mut grey: Vec<u8> =
        bytes(found.picture).into_iter().step_by(3).filter(|v| *v > 0).collect();
    grey.sort_unstable();
    let median = grey[grey.len() / 2];
    assert!((116..=118).contains(&median), "{median}, where 0.46 of white is 117");
}

#[test]
fn a_jpeg_that_was_cut_and_closed_is_refused() {
    let error = refused(&file("cut_eoi.jpg"), Coding::default(), "it is cut off: it claims");
    assert!(matches!(error, PictureError::Damaged { .. }), "{error:?}");
}

/// A few hundred bytes whose header claims 6000 × 5900 pixels.
#[test]
fn a_jpeg_of_far_more_pixels_than_it_has_is_refused() {
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image::GrayImage::from_pixel(8, 8, image::Luma([130]))
        .write_to(&mut jpeg, image::ImageFormat::Jpeg)
        .unwrap();
    let mut jpeg = jpeg.into_inner();
    assert!(decode(&jpeg, &Limits::default()).is_ok());
    let frame = jpeg.array_windows().position(|pair| pair == &[0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 7].copy_from_slice(&5900_u16.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&6000_u16.to_be_bytes());
    assert!(jpeg.len() < 700, "{} bytes", jpeg.len());
    refused(&jpeg, Coding::default(), "it claims 6000 × 5900 pixels, and 0 % of them are there");
}

/// Limits hold before anything is decoded, for measurements too.
#[test]
fn limits_hold_for_measurements() {
    let coding = Coding { values: Values::Decibels, bands: Bands::Named };
    let tight = [
        Limits { max_side_px: 175, ..Limits::default() },
        Limits { max_pixels: 176 * 176 - 1, ..Limits::default() },
        Limits { max_decoded_bytes: 176 * 176 * 7 - 1, ..Limits::default() },
    ];
    for limits in tight {
        let result = decode_as(&file("f32_db.tif"), &limits, coding);
        assert!(matches!(result, Err(PictureError::TooLarge { .. })), "{limits:?}: {result:?}");
    }
    let enough = Limits { max_decoded_bytes: 176 * 176 * 7, ..Limits::default() };
    assert!(decode_as(&file("f32_db.tif"), &enough, coding).is_ok());
}

/// No file that was cut anywhere passes for a whole one.
#[test]
fn what_was_cut_is_refused() {
    for name in ["rgb8.png", "gdal_cog.tif", "min_planar_tiled.tif", "f32_db.tif", "cut_eoi.jpg"] {
        let whole = file(name);
        let coding = match name {
            "f32_db.tif" => Coding { values: Values::Decibels, bands: Bands::Named },
            _ => Coding::default(),
        };
        for share in 1..20 {
            // Behind the pixels of this one there is nothing.
            let cut = &whole[..whole.len() * share / 20];
            let result = decode_as(cut, &Limits::default(), coding);
            let is_damaged = matches!(result, Err(PictureError::Damaged { .. }));
            assert!(is_damaged, "{name}, {share} twentieths: {result:?}");
        }
    }
}
