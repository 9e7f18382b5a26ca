use std::path::{Path, PathBuf};

use super::samples::{self, HEIGHT, WIDTH, png, value_8, value_16, values};
use super::*;

mod refused;

fn decoded(bytes: &[u8]) -> Picture {
    decode(bytes, &Limits::default()).expect("a picture")
}

/// Whether the picture is ours, with channels of the file for red, green and blue.
fn check(name: &str, bytes: &[u8], [red, green, blue]: [usize; 3]) {
    let picture = decoded(bytes);
    assert_eq!((picture.width, picture.height), (WIDTH, HEIGHT), "{name}");
    let channels = [red, green, blue];
    let expected = match picture.rgb {
        Samples::U8(_) => Samples::U8(values(3, |x, y, c| value_8(x, y, channels[c]))),
        Samples::F32(_) => {
            let value = |x, y, c: usize| f32::from(value_16(x, y, channels[c])) / 257.0;
            Samples::F32(values(3, value))
        }
    };
    assert_eq!(picture.rgb, expected, "{name}");
}

#[test]
fn every_lossless_kind_is_read_to_the_last_bit() {
    for (name, bytes) in samples::all() {
        if name.ends_with("jpg") || name.starts_with("palette") {
            continue;
        }
        let channels = if name.starts_with("grey") { [0; 3] } else { [0, 1, 2] };
        check(name, &bytes, channels);
    }
}

#[test]
fn sixteen_bits_stay_fractions_of_255() {
    for (name, bytes) in samples::all().into_iter().filter(|(name, _)| name.contains("16")) {
        let picture = decoded(&bytes);
        assert!(matches!(picture.rgb, Samples::F32(_)), "{name}");
        assert_eq!(picture.value(1, 1, 0), f32::from(value_16(1, 1, 0)) / 257.0, "{name}");
    }
    let white = decoded(&png([1, 1], [16, 0], &[], &[vec![0xFF, 0xFF]]));
    assert_eq!(white.rgb, Samples::F32(vec![255.0; 3]));
}

#[test]
fn a_jpeg_is_read_nearly() {
    let close = |bytes: &[u8], channels: [usize; 3]| {
        let picture = decoded(bytes);
        assert_eq!((picture.width, picture.height), (WIDTH, HEIGHT));
        let error = |(i, pixel): (usize, [f32; 3])| {
            let expected = channels.map(|c| f32::from(value_8(i % WIDTH, i / WIDTH, c)));
            (0..3).map(|c| (pixel[c] - expected[c]).abs()).fold(0.0, f32::max)
        };
        let worst = picture.pixels().enumerate().map(error).fold(0.0, f32::max);
        assert!(worst < 12.0, "{worst}");
    };
    close(&samples::our_jpeg(1), [0; 3]);
    close(&samples::our_jpeg(3), [0, 1, 2]);
}

#[test]
fn palettes_and_bits_become_colours() {
    let picture = decoded(&samples::our_png(8, 3));
    let index = value_8(3, 2, 0);
    let expected = [index, index / 2, 255 - index].map(f32::from);
    assert_eq!([0, 1, 2].map(|c| picture.value(3, 2, c)), expected);
    let bits = decoded(&png([4, 1], [1, 0], &[], &[vec![0b0110_0000]]));
    assert_eq!(bits.rgb, Samples::U8([[0; 3], [255; 3], [255; 3], [0; 3]].concat()));
}

#[test]
fn transparent_pixels_keep_their_colours() {
    let line = vec![10, 20, 30, 0, 40, 50, 60, 128];
    let picture = decoded(&png([2, 1], [8, 6], &[], &[line]));
    assert_eq!(picture.rgb, Samples::U8(vec![10, 20, 30, 40, 50, 60]));
}

#[test]
fn the_colour_that_a_png_calls_transparent_is_no_data() {
    let line = vec![10, 20, 30, 40, 50, 60];
    let keyed = png([2, 1], [8, 2], &[(b"tRNS", &[0, 40, 0, 50, 0, 60])], &[line]);
    assert_eq!(decoded(&keyed).rgb, Samples::U8(vec![10, 20, 30, 0, 0, 0]));
    let grey = png([2, 1], [8, 0], &[(b"tRNS", &[0, 255])], &[vec![255, 254]]);
    assert_eq!(decoded(&grey).rgb, Samples::U8(vec![0, 0, 0, 254, 254, 254]));
}

/// A JPEG that asks for a turn, in Exif: one entry, orientation.
#[test]
fn a_turn_that_is_not_made_is_said() {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([6, 0, 0, 0, 0, 0, 0, 0]);
    let plain = samples::our_jpeg(1);
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let turned = [&plain[..2], &[0xFF, 0xE1], &length, &exif, &plain[2..]].concat();
    let said = decode_as(&turned, &Limits::default(), Coding::default()).unwrap().coding;
    assert!(said.contains("orientation 6"), "{said}");
    let said = decode_as(&plain, &Limits::default(), Coding::default()).unwrap().coding;
    assert_eq!(said, "");
}

#[test]
fn a_panic_of_a_decoder_is_a_fault_and_no_damage() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found: Result<(), _> = guarded(&samples::deflated_tiff(), || panic!("an index"));
    std::panic::set_hook(usual);
    assert_eq!(found, Err(PictureError::Fault { format: "TIFF" }));
    assert!(found.unwrap_err().to_string().contains("a fault of the program and not of the file"));
}

/// Wherever its pixels are cut off, an end behind them makes no picture of a JPEG.
#[test]
fn a_jpeg_that_was_cut_and_closed_is_no_picture() {
    for name in ["rgb.jpg", "grey.jpg", "progressive.jpg", "subsampled.jpg"] {
        let whole = std::fs::read(corpus().join(name)).unwrap();
        let scan = whole.array_windows().position(|pair| pair == &[0xFF, 0xDA]).unwrap();
        for n in scan + 16..whole.len() - 2 {
            let cut = [&whole[..n], &[0xFF, 0xD9]].concat();
            let result = decode(&cut, &Limits::default());
            let is_refused = matches!(result, Err(PictureError::Damaged { .. }));
            assert!(is_refused, "{name}, {n} of {} bytes: {result:?}", whole.len());
        }
    }
}

/// Two units of grey with a restart marker between them.
#[test]
fn a_jpeg_with_restart_markers_is_whole_with_all_of_them() {
    let mut one = Vec::new();
    let grey = image::GrayImage::from_pixel(8, 8, image::Luma([130]));
    grey.write_to(&mut Cursor::new(&mut one), ImageFormat::Jpeg).unwrap();
    let at = |marker: u8| one.array_windows().position(|pair| pair == &[0xFF, marker]).unwrap();
    let (frame, scan) = (at(0xC0), at(0xDA));
    let pixels = scan + 2 + usize::from(one[scan + 3]);
    let unit = &one[pixels..one.len() - 2];
    let with = |units: &[&[u8]]| {
        let mut head = one[..scan].to_vec();
        head[frame + 8] = 16;
        let interval = [0xFF, 0xDD, 0, 4, 0, 1];
        [&head[..], &interval, &one[scan..pixels], &units.concat(), &[0xFF, 0xD9]].concat()
    };
    let whole = decoded(&with(&[unit, &[0xFF, 0xD0], unit]));
    let close = |value: f32| (value - 130.0).abs() <= 1.0;
    assert!(whole.width == 16 && whole.pixels().all(|[red, ..]| close(red)));
    for units in [&[unit, &[0xFF, 0xD1], unit][..], &[unit, &[0xFF, 0xD0]], &[unit], &[unit, unit]]
    {
        let result = decode(&with(units), &Limits::default());
        assert!(matches!(result, Err(PictureError::Damaged { .. })), "{units:x?}: {result:?}");
    }
}

/// With a sound checksum, so that nothing but the pixels is missing.
#[test]
fn a_png_that_was_cut_and_closed_is_no_picture() {
    let lines: Vec<Vec<u8>> = (0..40_u8).map(|i| vec![i.wrapping_mul(37); 90]).collect();
    let whole = png([30, 40], [8, 2], &[], &lines);
    assert!(decode(&whole, &Limits::default()).is_ok());
    for n_lines in [0, 1, 20, 39] {
        let cut = png([30, 40], [8, 2], &[], &lines[..n_lines]);
        let result = decode(&cut, &Limits::default());
        assert!(matches!(result, Err(PictureError::Damaged { .. })), "{n_lines}: {result:?}");
    }
}

#[test]
fn what_follows_the_picture_is_not_looked_at() {
    for (name, mut bytes) in samples::all() {
        let alone = decoded(&bytes);
        bytes.extend(b"<html><script>alert(1)</script></html>");
        assert_eq!(decoded(&bytes), alone, "{name}");
    }
}

#[test]
fn the_corpus_for_fuzzing_holds_pictures() {
    let mut n = 0;
    for entry in std::fs::read_dir(corpus()).expect("the corpus") {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() < 2048, "{} is large", path.display());
        let picture = decode(&bytes, &Limits::default());
        let size = picture.map(|picture| (picture.width, picture.height));
        assert_eq!(size, Ok((WIDTH, HEIGHT)), "{}", path.display());
        n += 1;
    }
    assert!((samples::all().len()..=30).contains(&n), "{n} files");
}

/// The corpus of the fuzzer holds the samples; `STORMLENS_WRITE_CORPUS=1` writes it anew after a
/// change of them.
#[test]
fn the_corpus_holds_the_samples() {
    for (name, bytes) in samples::all() {
        let file = corpus().join(name);
        if std::env::var_os("STORMLENS_WRITE_CORPUS").is_some() {
            std::fs::write(&file, &bytes).unwrap();
        }
        let stored = std::fs::read(&file).unwrap();
        let decoded = |bytes: &[u8]| decode(bytes, &Limits::default()).unwrap();
        // An encoder may find another way to write the same pixels.
        assert_eq!(decoded(&stored), decoded(&bytes), "{name}");
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/decode")
}
