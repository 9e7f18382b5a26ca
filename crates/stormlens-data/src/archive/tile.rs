//! The parts of a composite that a network sees one at a time.

use jiff::Timestamp;

use crate::field::Grid;
use crate::import::knmi;
use crate::import::radar::Frame;
use crate::time;

/// Height and width of a tile, unless the composite is smaller.
const SIZE: usize = 288;
/// Networks halve maps four times.
const MULTIPLE: usize = 16;
/// At least this share of a tile is known.
const KNOWN_SHARE: f64 = 0.5;
/// Between the name of a tile and a time in the name of a sample.
const SEPARATOR: char = '.';

/// A part of the frames of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Row and column among the tiles, e.g. `r1c2`; empty where there is one tile only.
    pub name: String,
    /// The first row and column in the frame.
    pub row: usize,
    pub column: usize,
    pub height: usize,
    pub width: usize,
}

impl Tile {
    /// The only tile of an archive.
    pub(super) fn only([row, column]: [usize; 2], [height, width]: [usize; 2]) -> Self {
        Self { name: String::new(), row, column, height, width }
    }

    /// The name of a sample: its time, behind the name of the tile where there are several.
    pub fn sample_id(&self, time: Timestamp) -> String {
        let time = time::format_sample(time);
        match self.name.as_str() {
            "" => time,
            name => format!("{name}{SEPARATOR}{time}"),
        }
    }

    /// The same part of a grid.
    pub fn grid(&self, whole: &Grid) -> Grid {
        whole.window([self.row, self.column], [self.height, self.width])
    }

    pub(super) fn of(&self, frame: &Frame) -> Frame {
        frame.window([self.row, self.column], [self.height, self.width])
    }
}

/// The name of a tile (empty where there is one) and the time in the name of a sample; `None` for anything else.
pub fn parse_id(id: &str) -> Option<(&str, Timestamp)> {
    let (tile, text) = id.split_once(SEPARATOR).unwrap_or(("", id));
    Some((tile, time::parse_sample(text)?))
}

/// The tiles of a composite, by what is known of one of its frames.
///
/// Of KNMI's, the 288 × 288 pixels that the published networks see. Of others, as many squares of 288 along each side as it
/// holds, to the nearest whole number, or where it is smaller one part whose sides are multiples of 16. Together they lie where the
/// most is known; where they are longer than the side, they overlap. Those that are not half known are left out, but for the best.
pub(super) fn tiles(whole: &Grid, frame: &Frame) -> Vec<Tile> {
    if is_knmi(whole) {
        return vec![Tile::only(knmi::CROP_START, [knmi::CROP_SIZE; 2])];
    }
    let known = Known::of(frame);
    let sides = [frame.height, frame.width].map(Side::of);
    let start = best_start(&known, &sides);
    let mut found = Vec::new();
    for (i, row) in sides[0].starts(start[0]).enumerate() {
        for (j, column) in sides[1].starts(start[1]).enumerate() {
            let name = format!("r{}c{}", i + 1, j + 1);
            let (height, width) = (sides[0].size, sides[1].size);
            let share =
                f64::from(known.count([row, column], [height, width])) / (height * width) as f64;
            found.push((share, Tile { name, row, column, height, width }));
        }
    }
    let best = found.iter().map(|(share, _)| *share).fold(0.0, f64::max);
    let mut tiles: Vec<Tile> = found
        .into_iter()
        .filter(|(share, _)| *share >= KNOWN_SHARE.min(best))
        .map(|(_, tile)| tile)
        .collect();
    if let [only] = &mut tiles[..] {
        only.name.clear();
    }
    tiles
}

/// Whether a grid is that of KNMI's composite.
pub(super) fn is_knmi(grid: &Grid) -> bool {
    *grid == knmi::composite_grid()
}

/// Tiles along one side.
struct Side {
    /// Of a tile.
    size: usize,
    n: usize,
    /// What they cover together, and the side itself.
    covered: usize,
    length: usize,
}

impl Side {
    fn of(length: usize) -> Self {
        let size = match length {
            ..SIZE => (length / MULTIPLE * MULTIPLE).max(length.min(MULTIPLE)),
            _ => SIZE,
        };
        let n = ((length as f64 / size as f64).round() as usize).max(1);
        let n = if length < SIZE { 1 } else { n };
        Self { size, n, covered: (n * size).min(length), length }
    }

    /// First rows or columns of the tiles, of which the first one begins there.
    fn starts(&self, first: usize) -> impl Iterator<Item = usize> {
        let (room, n_gaps) = (self.covered - self.size, (self.n - 1).max(1));
        (0..self.n).map(move |i| first + (2 * i * room + n_gaps) / (2 * n_gaps))
    }
}

/// Where all tiles together begin, for the most known pixels; the first of several such places.
fn best_start(known: &Known, sides: &[Side; 2]) -> [usize; 2] {
    let [rows, columns] = [&sides[0], &sides[1]].map(|side| 0..=side.length - side.covered);
    let size = [sides[0].covered, sides[1].covered];
    let places = rows.flat_map(|row| columns.clone().map(move |column| [row, column]));
    let best = places.max_by_key(|place| (known.count(*place, size), std::cmp::Reverse(*place)));
    best.unwrap_or_default()
}

/// How many pixels are known above and left of each corner of a pixel.
struct Known {
    n_columns: usize,
    sums: Vec<u32>,
}

impl Known {
    fn of(frame: &Frame) -> Self {
        let n_columns = frame.width + 1;
        let mut sums = vec![0; (frame.height + 1) * n_columns];
        for (i, mm) in frame.mm_5min().enumerate() {
            let (row, column) = (i / frame.width, i % frame.width);
            let at = (row + 1) * n_columns + column + 1;
            let above = sums[at - n_columns] - sums[at - n_columns - 1];
            sums[at] = sums[at - 1] + above + u32::from(!mm.is_nan());
        }
        Self { n_columns, sums }
    }

    fn count(&self, [row, column]: [usize; 2], [height, width]: [usize; 2]) -> u32 {
        let at = |row: usize, column: usize| self.sums[row * self.n_columns + column];
        let (below, right) = (row + height, column + width);
        at(below, right) + at(row, column) - at(row, right) - at(below, column)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::import::radar::Pixels;

    /// A frame that is known from a row and a column on.
    fn frame(height: usize, width: usize, from: [usize; 2]) -> (Grid, Frame) {
        let known = |i: usize| i / width >= from[0] && i % width >= from[1];
        let codes = (0..height * width).map(|i| u8::from(!known(i))).collect();
        let table: Arc<[f64]> = Arc::new([0.0]);
        let frame = Frame::new([height, width], Pixels::U8(codes), table);
        (Grid::nowhere(height, width, 1.0), frame)
    }

    fn places(height: usize, width: usize, from: [usize; 2]) -> Vec<(String, [usize; 4])> {
        let (grid, frame) = frame(height, width, from);
        let of = |tile: Tile| (tile.name, [tile.row, tile.column, tile.height, tile.width]);
        tiles(&grid, &frame).into_iter().map(of).collect()
    }

    #[test]
    fn a_small_composite_is_one_tile_where_the_most_is_known() {
        assert_eq!(places(190, 228, [5, 2]), [(String::new(), [5, 2, 176, 224])]);
        assert_eq!(places(190, 228, [0, 0]), [(String::new(), [0, 0, 176, 224])]);
        assert_eq!(places(4, 5, [0, 0]), [(String::new(), [0, 0, 4, 5])]);
        assert_eq!(places(288, 300, [0, 12]), [(String::new(), [0, 12, 288, 288])]);
    }

    #[test]
    fn a_large_composite_is_cut_or_overlapped() {
        let names = |found: &[(String, [usize; 4])]| {
            found.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let cut = places(640, 710, [0, 0]);
        assert_eq!(names(&cut), ["r1c1", "r1c2", "r2c1", "r2c2"]);
        assert_eq!(cut[3].1, [288, 288, 288, 288]);
        let overlapping = places(288, 500, [0, 0]);
        assert_eq!((overlapping[0].1[1], overlapping[1].1[1]), (0, 212));
        // Of the left tile less than half is known.
        let part = places(288, 576, [0, 200]);
        assert_eq!(part, [(String::new(), [0, 288, 288, 288])]);
    }

    #[test]
    fn where_nothing_is_known_a_tile_is_left() {
        assert!(!places(600, 600, [600, 600]).is_empty());
    }

    #[test]
    fn names_of_samples_are_read_back() {
        let time = time::parse_sample("20150515T1545").unwrap();
        let (_, frame) = frame(640, 710, [0, 0]);
        let all = tiles(&Grid::nowhere(640, 710, 1.0), &frame);
        assert_eq!(all[1].sample_id(time), "r1c2.20150515T1545");
        assert_eq!(parse_id("r1c2.20150515T1545"), Some(("r1c2", time)));
        assert_eq!(parse_id("20150515T1545"), Some(("", time)));
        assert_eq!(parse_id("r1c2.2015"), None);
    }
}
