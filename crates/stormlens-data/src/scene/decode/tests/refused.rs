//! What is no picture, and how that is said.

use image::ExtendedColorType;

use super::super::samples::{self, HEIGHT, WIDTH, png, rgb_tags, tiff, zlib};
use super::super::*;
use super::decoded;

fn refused(bytes: &[u8]) -> PictureError {
    decode(bytes, &Limits::default()).expect_err("no picture")
}

fn check_refused(bytes: &[u8], is_expected: impl Fn(&PictureError) -> bool, words: &str) {
    let error = refused(bytes);
    assert!(is_expected(&error), "{error:?}");
    assert!(error.to_string().contains(words), "{error} without {words}");
}

#[test]
fn nothing_is_empty() {
    check_refused(b"", |e| *e == PictureError::Empty, "PNG, JPEG or TIFF");
}

#[test]
fn other_files_are_no_pictures() {
    let check = |bytes: &[u8], words: &str| {
        check_refused(bytes, |e| matches!(e, PictureError::NotAPicture { .. }), words);
    };
    check(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "HTML or SVG");
    check(b" \n<!DOCTYPE html><html></html>", "HTML or SVG");
    check(b"\xEF\xBB\xBF<?xml version=\"1.0\"?>", "HTML or SVG");
    check(b"GIF89a\x01\0\x01\0", "Gif");
    check(b"RIFF\x10\0\0\0WEBPVP8 ", "WebP");
    check(b"BM\0\0\0\0", "Bmp");
    check(b"%PDF-1.7", "nothing that looks like a picture");
    check(&[0], "nothing that looks like a picture");
    check(&[0xFF; 64], "nothing that looks like a picture");
}

#[test]
fn a_header_alone_can_be_too_large() {
    let error = refused(&png([50_000, 50_000], [8, 2], &[], &[]));
    let expected = PictureError::TooLarge {
        width: 50_000,
        height: 50_000,
        decoded_bytes: 7_500_000_000,
        max_side_px: 16_384,
        max_pixels: 36_000_000,
        max_decoded_bytes: 300 << 20,
    };
    assert_eq!(error, expected);
    assert!(error.to_string().contains("50000 × 50000"), "{error}");
}

#[test]
fn every_limit_holds_for_every_format() {
    let small = Limits { max_side_px: 100, max_pixels: 10_000, max_decoded_bytes: 60_000 };
    let check = |size: [u32; 2], kind: [u8; 2], is_read: bool| {
        let line_bytes = size[0] as usize * if kind[0] == 16 { 2 } else { 1 };
        let bytes = png(size, kind, &[], &vec![vec![0; line_bytes]; size[1] as usize]);
        let result = decode(&bytes, &small);
        let is_right = match &result {
            Ok(_) => is_read,
            Err(error) => !is_read && matches!(error, PictureError::TooLarge { .. }),
        };
        assert!(is_right, "{size:?} {kind:?}: {result:?}");
    };
    check([100, 100], [8, 0], true);
    check([101, 1], [8, 0], false);
    check([1, 101], [8, 0], false);
    // Two bytes a pixel in the file's form and twelve in ours.
    check([65, 65], [16, 0], true);
    check([66, 65], [16, 0], false);
    for (name, bytes) in samples::all() {
        let tight = Limits { max_pixels: (WIDTH * HEIGHT - 1) as u64, ..small };
        assert!(matches!(decode(&bytes, &tight), Err(PictureError::TooLarge { .. })), "{name}");
    }
}

#[test]
fn bombs_do_not_go_off() {
    let black = vec![vec![0; 3 * 4000]; 4000];
    let bomb = png([4000, 4000], [8, 2], &[], &black);
    assert!(bomb.len() < 100_000, "{} bytes", bomb.len());
    let small = Limits { max_pixels: 1_000_000, ..Limits::default() };
    assert!(matches!(decode(&bomb, &small), Err(PictureError::TooLarge { .. })));

    let profile = [&b"p\0\0"[..], &zlib(&vec![0; 64 << 20])].concat();
    let with_profile = png([1, 1], [8, 0], &[(b"iCCP", &profile)], &[vec![7]]);
    let result = decode(&with_profile, &Limits::default());
    let is_harmless = match &result {
        Ok(picture) => picture.rgb == Samples::U8(vec![7; 3]),
        Err(error) => matches!(error, PictureError::Damaged { .. }),
    };
    assert!(is_harmless, "{result:?}");

    // Far more pixels than the header says.
    let long = png([1, 1], [8, 0], &[], &[vec![7; 16 << 20]]);
    let result = decode(&long, &Limits::default());
    assert!(result.is_err() || result == Ok(decoded(&png([1, 1], [8, 0], &[], &[vec![7]]))));
}

#[test]
fn pictures_need_pixels() {
    let check = |bytes: &[u8], width, height| {
        assert_eq!(refused(bytes), PictureError::ZeroSize { width, height });
    };
    check(&png([0, 5], [8, 0], &[], &[]), 0, 5);
    check(&png([5, 0], [8, 0], &[], &[]), 5, 0);
    check(&tiff(&rgb_tags(9, &[(256, 3, vec![0])]), &[0; 9]), 0, HEIGHT as u64);
    check(&jpeg_header(3, [0, 8]), 8, 0);
}

/// Start of image, frame header (height, width) and no more.
fn jpeg_header(n_components: u8, [height, width]: [u8; 2]) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xC0, 0, 8 + 3 * n_components];
    bytes.extend([8, 0, height, 0, width, n_components]);
    bytes.extend((1..=n_components).flat_map(|id| [id, 0x11, 0]));
    bytes
}

#[test]
fn an_animation_is_refused() {
    let control: &[u8] = &[0, 0, 0, 2, 0, 0, 0, 0];
    let frame = [&[0; 4][..], &1_u32.to_be_bytes(), &1_u32.to_be_bytes(), &[0; 14]].concat();
    let chunks: [(&[u8], &[u8]); 2] = [(b"acTL", control), (b"fcTL", &frame)];
    let bytes = png([1, 1], [8, 0], &chunks, &[vec![7]]);
    check_refused(&bytes, |e| *e == PictureError::Animated, "animation");
}

#[test]
fn kinds_that_are_not_read_are_named() {
    let check = |changed: &[(u16, u16, Vec<u32>)], words: &str| {
        let bytes = tiff(&rgb_tags(420, changed), &[0; 420]);
        check_refused(&bytes, |e| matches!(e, PictureError::Unsupported { .. }), words);
    };
    check(&[(339, 3, vec![5, 5, 5])], "complex numbers");
    check(&[(258, 3, vec![8, 16, 8])], "different kinds of numbers");
    check(&[(262, 3, vec![5]), (277, 3, vec![4]), (258, 3, vec![8; 4])], "CMYK");
    check(&[(262, 3, vec![6])], "colours other than RGB");
    check(&[(259, 3, vec![7])], "JPEG");
    check(&[(259, 3, vec![34_712])], "lossy");
    check(&[(259, 3, vec![34_925])], "COMPRESS=DEFLATE");
    let cmyk = jpeg_header(4, [8, 8]);
    check_refused(&cmyk, |e| matches!(e, PictureError::Unsupported { .. }), "CMYK");
}

#[test]
fn a_cut_file_is_damaged() {
    for (name, bytes) in samples::all() {
        for n in [9, 20, bytes.len() / 4, bytes.len() / 2] {
            let result = decode(&bytes[..n], &Limits::default());
            let is_damaged = matches!(result, Err(PictureError::Damaged { .. }));
            assert!(is_damaged, "{name}, {n} bytes: {result:?}");
        }
    }
    // Decoders take a JPEG without its end for complete.
    let jpeg = samples::our_jpeg(3);
    check_refused(
        &jpeg[..jpeg.len() - 2],
        |e| matches!(e, PictureError::Damaged { .. }),
        "cut off",
    );
}

#[test]
fn absurd_tiffs_are_damaged() {
    let check = |changed: &[(u16, u16, Vec<u32>)]| {
        let result = decode(&tiff(&rgb_tags(105, changed), &[0; 105]), &Limits::default());
        assert!(matches!(result, Err(PictureError::Damaged { .. })), "{changed:?}: {result:?}");
    };
    check(&[(273, 4, vec![u32::MAX])]);
    check(&[(273, 4, vec![8; 5000]), (279, 4, vec![105; 5000])]);
    check(&[(273, 4, vec![8; 300_000])]);
    check(&[(278, 4, vec![0])]);
    check(&[(278, 4, vec![u32::MAX]), (279, 4, vec![u32::MAX])]);
    check(&[(277, 3, vec![0])]);
    check(&[(322, 3, vec![0]), (323, 3, vec![0]), (324, 4, vec![8]), (325, 4, vec![105])]);
    // Directories beyond the end, of 65 535 entries, and an entry with four billion values.
    let whole = samples::encoded_tiff(ExtendedColorType::Rgb8);
    for (at, patch) in [(4, vec![0xFF; 4]), (4, vec![4, 0, 0, 0])] {
        let mut bytes = whole.clone();
        bytes[at..at + patch.len()].copy_from_slice(&patch);
        assert!(matches!(refused(&bytes), PictureError::Damaged { .. }));
    }
    let mut bytes = tiff(&rgb_tags(105, &[]), &[0; 105]);
    let strip_offsets = 8 + 105 + 2 + 12 * 5;
    bytes[strip_offsets + 4..strip_offsets + 8].copy_from_slice(&[0xFF; 4]);
    assert!(matches!(refused(&bytes), PictureError::Damaged { .. }));
}

#[test]
fn a_tiff_as_large_as_its_header_likes_is_refused_before_it_is_decoded() {
    let side = (256, 4, vec![40_000]);
    let bytes = tiff(&rgb_tags(105, &[side, (257, 4, vec![1])]), &[0; 105]);
    let result = decode(&bytes, &Limits::default());
    assert!(matches!(result, Err(PictureError::TooLarge { width: 40_000, .. })), "{result:?}");
}
