//! Frames as pictures of 8 bits, in which corners are found and followed.

/// A frame from black (its smallest value) to white (its largest one).
pub(super) struct Picture {
    pub height: usize,
    pub width: usize,
    pub pixels: Vec<u8>,
    /// Where corners may be: not next to what is unknown, whose border is no structure of rain.
    pub may_have_corners: Vec<bool>,
}

/// Corners keep this distance from what is unknown.
const BUFFER_PX: usize = 2;

impl Picture {
    /// Single pixels of rain become dry before, since they are noise of the radar; what is unknown is black.
    ///
    /// # Panics
    /// If there is another number of values.
    pub fn new(values: &[f64], height: usize, width: usize) -> Self {
        assert_eq!(values.len(), height * width, "a frame of {height} × {width}");
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let is_rain: Vec<bool> = values.iter().map(|&value| value > lowest).collect();
        let is_kept = opened(&is_rain, width);
        let cleaned = values.iter().zip(&is_kept);
        let cleaned: Vec<f64> =
            cleaned.map(|(&value, &kept)| if kept { value } else { lowest }).collect();
        let highest = cleaned.iter().copied().fold(lowest, f64::max);
        let scale = if highest - lowest > 1e-8 { 255.0 / (highest - lowest) } else { 0.0 };
        let pixels = cleaned.iter().map(|&value| ((value - lowest) * scale) as u8).collect();
        let is_unknown: Vec<bool> = values.iter().map(|value| value.is_nan()).collect();
        let is_near = grown_to_squares(&is_unknown, width, BUFFER_PX);
        let may_have_corners = is_near.into_iter().map(|near| !near).collect();
        Self { height, width, pixels, may_have_corners }
    }

    /// Whether there is nothing in it.
    pub fn is_blank(&self) -> bool {
        self.pixels.iter().all(|&pixel| pixel == 0)
    }
}

/// Binary opening with a cross of 3 × 3 pixels: what no cross fits into goes.
fn opened(mask: &[bool], width: usize) -> Vec<bool> {
    // Beyond the border nothing erodes, and nothing grows from there.
    let eroded = crosses(mask, width, true, |all| all.iter().all(|&set| set));
    crosses(&eroded, width, false, |all| all.iter().any(|&set| set))
}

/// What `pick` makes of each pixel and its four neighbours; `beyond` stands for those outside.
fn crosses(
    mask: &[bool],
    width: usize,
    beyond: bool,
    pick: impl Fn([bool; 5]) -> bool,
) -> Vec<bool> {
    let n = mask.len();
    let cross = |i: usize| {
        let column = i % width;
        let north = if i >= width { mask[i - width] } else { beyond };
        let south = if i + width < n { mask[i + width] } else { beyond };
        let west = if column > 0 { mask[i - 1] } else { beyond };
        let east = if column + 1 < width { mask[i + 1] } else { beyond };
        pick([mask[i], north, south, west, east])
    };
    (0..n).map(cross).collect()
}

/// Whether a pixel of the mask lies within `reach` rows and columns.
fn grown_to_squares(mask: &[bool], width: usize, reach: usize) -> Vec<bool> {
    let mut grown = vec![false; mask.len()];
    let height = mask.len() / width;
    for i in (0..mask.len()).filter(|&i| mask[i]) {
        let (row, column) = (i / width, i % width);
        let right = (column + reach).min(width - 1);
        for row in row.saturating_sub(reach)..=(row + reach).min(height - 1) {
            grown[row * width + column.saturating_sub(reach)..=row * width + right].fill(true);
        }
    }
    grown
}
