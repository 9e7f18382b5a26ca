//! A picture at full, half, quarter … size, in which large motion is found before small (Bouguet, Intel, 2001), with
//! OpenCV's rules: rounding to 8 bits at each level, mirrored pixels beyond the border, no gradient there.

use super::corners::mirrored;
use super::picture::Picture;

/// Levels above the picture itself, unless it gets smaller than the window.
const MAX_LEVEL: usize = 3;
/// Side of the window that is compared.
pub(super) const WINDOW_PX: usize = 50;

/// Levels of a picture, the full size first.
pub(super) struct Pyramid {
    pub levels: Vec<Level>,
}

/// A picture with a margin as wide as the window.
pub(super) struct Level {
    pub height: usize,
    pub width: usize,
    /// Pixels with the margin, row by row.
    pub pixels: Vec<i16>,
    /// 32 times the derivatives along columns and rows, by Scharr's filter, with the margin.
    pub across: Vec<i16>,
    pub down: Vec<i16>,
}

impl Level {
    /// Length of a row with its margins.
    pub fn stride(&self) -> usize {
        self.width + 2 * WINDOW_PX
    }

    fn new(pixels: &[u8], height: usize, width: usize) -> Self {
        let (across, down) = derivatives(pixels, height, width);
        let mirror = |row: isize, column: isize| {
            i16::from(pixels[mirrored(row, height) * width + mirrored(column, width)])
        };
        let inside = |values: Vec<i16>| {
            move |row: isize, column: isize| {
                let is_inside = row >= 0 && column >= 0;
                match is_inside && (row as usize) < height && (column as usize) < width {
                    true => values[row as usize * width + column as usize],
                    false => 0,
                }
            }
        };
        Self {
            height,
            width,
            pixels: with_margin(height, width, mirror),
            across: with_margin(height, width, inside(across)),
            down: with_margin(height, width, inside(down)),
        }
    }
}

impl Pyramid {
    pub fn new(picture: &Picture) -> Self {
        let (mut height, mut width) = (picture.height, picture.width);
        let mut pixels = picture.pixels.clone();
        let mut levels = vec![Level::new(&pixels, height, width)];
        for _ in 0..MAX_LEVEL {
            let (half_height, half_width) = (height.div_ceil(2), width.div_ceil(2));
            if half_height.min(half_width) <= WINDOW_PX {
                break;
            }
            pixels = halved(&pixels, height, width);
            (height, width) = (half_height, half_width);
            levels.push(Level::new(&pixels, height, width));
        }
        Self { levels }
    }
}

/// Values by row and column from one margin to the other.
fn with_margin(height: usize, width: usize, value: impl Fn(isize, isize) -> i16) -> Vec<i16> {
    let margin = WINDOW_PX as isize;
    let columns = -margin..width as isize + margin;
    let rows = -margin..height as isize + margin;
    rows.flat_map(|row| columns.clone().map(move |column| (row, column)))
        .map(|(row, column)| value(row, column))
        .collect()
}

/// Every second pixel, smoothed with (1 4 6 4 1) / 16 along both sides.
fn halved(pixels: &[u8], height: usize, width: usize) -> Vec<u8> {
    const WEIGHTS: [u32; 5] = [1, 4, 6, 4, 1];
    let smooth = |at: &dyn Fn(usize) -> u32, middle: usize, length: usize| -> u32 {
        let along = WEIGHTS.iter().zip(-2..);
        along.map(|(w, k)| w * at(mirrored(middle as isize + k, length))).sum()
    };
    let half_width = width.div_ceil(2);
    let across: Vec<u32> = (0..height * half_width)
        .map(|i| {
            let line = &pixels[i / half_width * width..][..width];
            smooth(&|c| u32::from(line[c]), 2 * (i % half_width), width)
        })
        .collect();
    let both = (0..height.div_ceil(2) * half_width).map(|i| {
        let column = i % half_width;
        smooth(&|r| across[r * half_width + column], 2 * (i / half_width), height)
    });
    both.map(|sum| ((sum + 128) >> 8) as u8).collect()
}

/// Differences of neighbours, smoothed with (3 10 3) across: along columns and along rows.
fn derivatives(pixels: &[u8], height: usize, width: usize) -> (Vec<i16>, Vec<i16>) {
    let at = |row: usize, column: usize| i16::from(pixels[row * width + column]);
    let both = (0..height * width).map(|i| {
        let (row, column) = ((i / width) as isize, (i % width) as isize);
        let (north, south) = (mirrored(row - 1, height), mirrored(row + 1, height));
        let (west, east) = (mirrored(column - 1, width), mirrored(column + 1, width));
        let (row, column) = (row as usize, column as usize);
        let smooth_down = |c: usize| 3 * (at(north, c) + at(south, c)) + 10 * at(row, c);
        let smooth_across = |r: usize| 3 * (at(r, west) + at(r, east)) + 10 * at(r, column);
        (smooth_down(east) - smooth_down(west), smooth_across(south) - smooth_across(north))
    });
    both.unzip()
}
