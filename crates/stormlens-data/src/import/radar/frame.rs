//! One frame: rain of five minutes in millimetres, and where nothing is known.

use std::sync::{Arc, LazyLock};

use crate::field::Field;
use crate::import::knmi::MAX_MM_5MIN;

/// One frame, row by row, row 0 in the north.
///
/// Most files hold codes, and a table of the file says what they stand for; archives keep many frames in memory, and
/// codes take an eighth of the room.
#[derive(Clone)]
pub struct Frame {
    pub height: usize,
    pub width: usize,
    pixels: Pixels,
    table: Arc<[f64]>,
}

/// As a frame holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Pixels {
    /// Places in the table.
    U8(Vec<u8>),
    U16(Vec<u16>),
    /// Millimetres in five minutes themselves, NaN where nothing is known.
    F32(Vec<f32>),
}

impl Pixels {
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::U16(values) => values.len(),
            Self::F32(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame of {} × {}", self.height, self.width)
    }
}

impl Frame {
    /// A frame of codes and what they stand for: millimetres in five minutes, NaN for no data. A code beyond the
    /// table stands for no data, too.
    ///
    /// # Panics
    /// If there are not `height * width` pixels.
    pub fn new([height, width]: [usize; 2], pixels: Pixels, table: Arc<[f64]>) -> Self {
        assert_eq!(pixels.len(), height * width, "a frame of {height} × {width}");
        Self { height, width, pixels, table }
    }

    pub fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    /// Millimetres in five minutes of a pixel, counted row by row; NaN where nothing is known.
    pub fn at(&self, i: usize) -> f64 {
        let coded = |code: usize| self.table.get(code).copied().unwrap_or(f64::NAN);
        match &self.pixels {
            Pixels::U8(codes) => coded(codes[i].into()),
            Pixels::U16(codes) => coded(codes[i].into()),
            Pixels::F32(values) => values[i].into(),
        }
    }

    /// Millimetres in five minutes of all pixels, row by row; NaN where nothing is known.
    pub fn mm_5min(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        (0..self.pixels.len()).map(|i| self.at(i))
    }

    /// The same as a map.
    pub fn to_field(&self) -> Field {
        Field::new(self.height, self.width, self.mm_5min().map(|mm| mm as f32).collect())
    }

    /// Row and column of the first largest amount; `None` where nothing is known.
    pub fn argmax(&self) -> Option<(usize, usize)> {
        self.to_field().argmax().map(|(row, column, _)| (row, column))
    }

    /// A part of the frame.
    ///
    /// # Panics
    /// If it is not within the frame.
    pub fn window(&self, [row, column]: [usize; 2], [height, width]: [usize; 2]) -> Self {
        assert!(row + height <= self.height && column + width <= self.width, "within the frame");
        let pixels = match &self.pixels {
            Pixels::U8(values) => {
                Pixels::U8(part(values, self.width, [row, column], [height, width]))
            }
            Pixels::U16(values) => {
                Pixels::U16(part(values, self.width, [row, column], [height, width]))
            }
            Pixels::F32(values) => {
                Pixels::F32(part(values, self.width, [row, column], [height, width]))
            }
        };
        Self { height, width, pixels, table: self.table.clone() }
    }

    /// Bytes that its pixels take; the table is shared.
    pub fn n_bytes(&self) -> usize {
        match &self.pixels {
            Pixels::U8(codes) => codes.len(),
            Pixels::U16(codes) => 2 * codes.len(),
            Pixels::F32(values) => 4 * values.len(),
        }
    }

    /// The first amount that is more than ever fell, or less than nothing; `None` where all can be.
    pub(super) fn impossible(&self) -> Option<f64> {
        let is_possible = |mm: f64| mm.is_nan() || (0.0..=MAX_MM_5MIN).contains(&mm);
        // Most tables have no other amounts, and then no pixel needs to be looked at.
        let is_coded = !matches!(self.pixels, Pixels::F32(_));
        if is_coded && self.table.iter().all(|&mm| is_possible(mm)) {
            return None;
        }
        self.mm_5min().find(|&mm| !is_possible(mm))
    }
}

fn part<T: Copy>(
    values: &[T],
    n_columns: usize,
    [row, column]: [usize; 2],
    [height, width]: [usize; 2],
) -> Vec<T> {
    let rows = values.chunks_exact(n_columns).skip(row).take(height);
    rows.flat_map(|values| &values[column..column + width]).copied().collect()
}

/// What codes stand for, one after the other.
pub(in crate::import) fn table(of: impl Iterator<Item = f64>) -> Arc<[f64]> {
    of.collect()
}

/// Hundredths of a millimetre up to [`MAX_MM_5MIN`], as most services store rain; all above stand for no data.
/// One table for all files, for it has 100 kB.
pub(in crate::import) fn hundredths() -> Arc<[f64]> {
    static TABLE: LazyLock<Arc<[f64]>> = LazyLock::new(|| {
        table((0..=(MAX_MM_5MIN * 100.0) as u16).map(|code| f64::from(code) / 100.0))
    });
    TABLE.clone()
}
