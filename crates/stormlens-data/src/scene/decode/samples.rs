//! Small pictures of every kind that is read, made here, and the means to make bad ones.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::tiff::TiffEncoder;
use image::{ExtendedColorType, ImageEncoder};

pub const WIDTH: usize = 7;
pub const HEIGHT: usize = 5;

/// The value of a channel of a pixel, 0 to 65535, different everywhere.
pub fn value_16(x: usize, y: usize, channel: usize) -> u16 {
    (257 * 31 * x + 257 * 13 * y + 257 * 5 * channel + 77 * y) as u16
}

pub fn value_8(x: usize, y: usize, channel: usize) -> u8 {
    (value_16(x, y, channel) / 257) as u8
}

/// All values of the picture in so many channels, row by row.
pub fn values<T>(n_channels: usize, value: impl Fn(usize, usize, usize) -> T) -> Vec<T> {
    let places = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    let pixel = |(x, y)| (0..n_channels).map(|c| value(x, y, c)).collect::<Vec<_>>();
    places.flat_map(pixel).collect()
}

/// A PNG of these lines of pixels, without filters, with other chunks before the pixels.
pub fn png(size: [u32; 2], kind: [u8; 2], chunks: &[(&[u8], &[u8])], lines: &[Vec<u8>]) -> Vec<u8> {
    let raw: Vec<u8> = lines.iter().flat_map(|line| [&[0], line.as_slice()].concat()).collect();
    let [depth, color] = kind;
    let [width, height] = size.map(u32::to_be_bytes);
    let header = [&width[..], &height, &[depth, color, 0, 0, 0]].concat();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(chunk(b"IHDR", &header));
    chunks.iter().for_each(|(name, data)| bytes.extend(chunk(name, data)));
    bytes.extend(chunk(b"IDAT", &zlib(&raw)));
    bytes.extend(chunk(b"IEND", &[]));
    bytes
}

fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(name);
    sum.update(data);
    let length = (data.len() as u32).to_be_bytes();
    [&length, name, data, &sum.sum().to_be_bytes()].concat()
}

pub fn zlib(raw: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

/// Our picture as PNG with a colour type of that format.
pub fn our_png(depth: u8, color: u8) -> Vec<u8> {
    let n_channels = match color {
        0 | 3 => 1,
        4 => 2,
        2 => 3,
        _ => 4,
    };
    let raw: Vec<u8> = match depth {
        8 => values(n_channels, value_8),
        _ => values(n_channels, value_16).into_iter().flat_map(u16::to_be_bytes).collect(),
    };
    let lines: Vec<_> = raw.chunks(raw.len() / HEIGHT).map(<[u8]>::to_vec).collect();
    let palette: Vec<u8> = (0..=255).flat_map(|i: u8| [i, i / 2, 255 - i]).collect();
    let chunks: &[(&[u8], &[u8])] = if color == 3 { &[(b"PLTE", &palette)] } else { &[] };
    png([WIDTH as u32, HEIGHT as u32], [depth, color], chunks, &lines)
}

pub fn our_jpeg(n_channels: usize) -> Vec<u8> {
    let color = if n_channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .write_image(&values(n_channels, value_8), WIDTH as u32, HEIGHT as u32, color)
        .unwrap();
    bytes
}

/// Our picture as TIFF by the library's encoder.
pub fn encoded_tiff(color: ExtendedColorType) -> Vec<u8> {
    let n_channels = usize::from(color.channel_count());
    let is_wide = usize::from(color.bits_per_pixel()) / n_channels == 16;
    let wide = || values(n_channels, value_16).into_iter().flat_map(u16::to_ne_bytes).collect();
    let raw: Vec<u8> = if is_wide { wide() } else { values(n_channels, value_8) };
    let mut file = Cursor::new(Vec::new());
    TiffEncoder::new(&mut file).write_image(&raw, WIDTH as u32, HEIGHT as u32, color).unwrap();
    file.into_inner()
}

/// A little-endian TIFF with these tags (number; type: 2 text, 3 short, 4 long, 12 double; values); places of data are counted from the
/// start of the file, where `data` begins at byte 8.
pub fn tiff(tags: &[(u16, u16, Vec<u32>)], data: &[u8]) -> Vec<u8> {
    let mut bytes = [&b"II*\0"[..], &(8 + data.len() as u32).to_le_bytes(), data].concat();
    let mut behind = bytes.len() + 2 + 12 * tags.len() + 4;
    let mut far = Vec::new();
    bytes.extend((tags.len() as u16).to_le_bytes());
    for (tag, kind, values) in tags {
        let width = match kind {
            1 | 2 => 1,
            3 => 2,
            _ => 4,
        };
        // Of a double two halves.
        let count = if *kind == 12 { values.len() / 2 } else { values.len() };
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()[..width].to_vec()).collect();
        let count = (count as u32).to_le_bytes();
        bytes.extend([&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count].concat());
        if raw.len() <= 4 {
            bytes.extend([&raw[..], &vec![0; 4 - raw.len()]].concat());
        } else {
            bytes.extend((behind as u32).to_le_bytes());
            behind += raw.len();
            far.extend(raw);
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(far);
    bytes
}

/// A text as the values of a tag.
pub fn text(tag: u16, text: &str) -> (u16, u16, Vec<u32>) {
    (tag, 2, text.bytes().chain([0]).map(u32::from).collect())
}

/// Doubles as the values of a tag.
pub fn doubles(tag: u16, values: &[f64]) -> (u16, u16, Vec<u32>) {
    let halves = |value: &f64| [value.to_bits() as u32, (value.to_bits() >> 32) as u32];
    (tag, 12, values.iter().flat_map(halves).collect())
}

/// The tags of an RGB TIFF of 8 bits in one strip, with some replaced or added.
pub fn rgb_tags(n_data: usize, changed: &[(u16, u16, Vec<u32>)]) -> Vec<(u16, u16, Vec<u32>)> {
    let mut tags = vec![
        (256, 3, vec![WIDTH as u32]),
        (257, 3, vec![HEIGHT as u32]),
        (258, 3, vec![8, 8, 8]),
        (259, 3, vec![1]),
        (262, 3, vec![2]),
        (273, 4, vec![8]),
        (277, 3, vec![3]),
        (278, 3, vec![HEIGHT as u32]),
        (279, 4, vec![n_data as u32]),
    ];
    tags.retain(|(tag, ..)| changed.iter().all(|(other, ..)| tag != other));
    tags.extend(changed.iter().filter(|(_, _, values)| !values.is_empty()).cloned());
    tags.sort();
    tags
}

/// Our picture as TIFF of one deflated strip.
pub fn deflated_tiff() -> Vec<u8> {
    let data = zlib(&values(3, value_8));
    tiff(&rgb_tags(data.len(), &[(259, 3, vec![8])]), &data)
}

/// Our picture as TIFF in planes, each a strip.
pub fn planar_tiff() -> Vec<u8> {
    let n = WIDTH * HEIGHT;
    let data: Vec<u8> =
        (0..3).flat_map(|channel| values(1, move |x, y, _| value_8(x, y, channel))).collect();
    let at = |i| 8 + (i * n) as u32;
    let changed =
        [(273, 4, vec![at(0), at(1), at(2)]), (279, 4, vec![n as u32; 3]), (284, 3, vec![2])];
    tiff(&rgb_tags(n, &changed), &data)
}

/// Our picture as TIFF in one tile of 16 × 16 pixels.
pub fn tiled_tiff() -> Vec<u8> {
    let place = |i: usize| (i % 16, i / 16);
    let in_picture = |(x, y): (usize, usize)| x < WIDTH && y < HEIGHT;
    let pixel = |i: usize| match place(i) {
        (x, y) if in_picture((x, y)) => [0, 1, 2].map(|channel| value_8(x, y, channel)),
        _ => [9; 3],
    };
    let data: Vec<u8> = (0..256).flat_map(pixel).collect();
    let changed = [
        (273, 4, vec![]),
        (278, 4, vec![]),
        (279, 4, vec![]),
        (322, 3, vec![16]),
        (323, 3, vec![16]),
        (324, 4, vec![8]),
        (325, 4, vec![data.len() as u32]),
    ];
    tiff(&rgb_tags(data.len(), &changed), &data)
}

/// Everything that is read, by the name of the file in the corpus for fuzzing.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("grey8.png", our_png(8, 0)),
        ("grey16.png", our_png(16, 0)),
        ("grey_alpha8.png", our_png(8, 4)),
        ("grey_alpha16.png", our_png(16, 4)),
        ("palette8.png", our_png(8, 3)),
        ("rgb8.png", our_png(8, 2)),
        ("rgb16.png", our_png(16, 2)),
        ("rgba8.png", our_png(8, 6)),
        ("rgba16.png", our_png(16, 6)),
        ("grey.jpg", our_jpeg(1)),
        ("rgb.jpg", our_jpeg(3)),
        ("grey8.tif", encoded_tiff(ExtendedColorType::L8)),
        ("grey16.tif", encoded_tiff(ExtendedColorType::L16)),
        ("rgb8.tif", encoded_tiff(ExtendedColorType::Rgb8)),
        ("rgb16.tif", encoded_tiff(ExtendedColorType::Rgb16)),
        ("rgba8.tif", encoded_tiff(ExtendedColorType::Rgba8)),
        ("rgba16.tif", encoded_tiff(ExtendedColorType::Rgba16)),
        ("rgb8_deflated.tif", deflated_tiff()),
        ("rgb8_planar.tif", planar_tiff()),
        ("rgb8_tiled.tif", tiled_tiff()),
    ]
}
