//! Scenes moved about for training, as Grahn and Bianchi train.
//!
//! Four steps in a fixed order: shift, flips, rotation, zoom. Each is a bilinear resampling of its
//! own of the one before, and a place outside reads as 0 (no data), so borders fade. Composing the
//! steps into one would be faster and sharper, but another training.

#[cfg(test)]
mod tests;

/// What is drawn for one scene.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Draw {
    /// Shift to the right, as a share of the width.
    pub shift_right: f32,
    /// Shift downwards, as a share of the height.
    pub shift_down: f32,
    pub flip_left_right: bool,
    pub flip_up_down: bool,
    /// Rotation about the centre, as a fraction of a full turn; positive is counterclockwise.
    pub rotation_turns: f32,
    /// Below 0 magnifies: an output pixel is 1 + zoom input pixels wide.
    pub zoom: f32,
}

impl Draw {
    /// Carries out all four steps on an image of `[height, width, 3]`.
    ///
    /// # Panics
    /// For a length other than `height · width · 3`.
    pub fn apply(&self, rgb: &[f32], width: usize, height: usize) -> Vec<f32> {
        let size = Size { width, height };
        assert_eq!(rgb.len(), width * height * 3, "an image of {width} × {height} × 3 values");
        if rgb.is_empty() {
            return Vec::new();
        }
        let mut moved = size.warp(rgb, &size.shift(self.shift_right, self.shift_down));
        if self.flip_left_right {
            moved.chunks_exact_mut(3 * width).for_each(|row| row.as_chunks_mut::<3>().0.reverse());
        }
        if self.flip_up_down {
            moved = moved.rchunks_exact(3 * width).flatten().copied().collect();
        }
        let rotated = size.warp(&moved, &size.rotation(self.rotation_turns));
        size.warp(&rotated, &size.zoom(self.zoom))
    }
}

/// From a pixel of the output to a place in the input: `(a x + b y + c, d x + e y + f)`.
type Affine = [f32; 6];

#[derive(Clone, Copy)]
struct Size {
    width: usize,
    height: usize,
}

impl Size {
    fn shift(self, right: f32, down: f32) -> Affine {
        [1.0, 0.0, -right * self.width as f32, 0.0, 1.0, -down * self.height as f32]
    }

    /// About the middle between the outermost pixels.
    fn rotation(self, turns: f32) -> Affine {
        let (right, bottom) = self.last();
        let (sin, cos) = (turns * std::f32::consts::TAU).sin_cos();
        let x = (right - (cos * right - sin * bottom)) / 2.0;
        let y = (bottom - (sin * right + cos * bottom)) / 2.0;
        [cos, -sin, x, sin, cos, y]
    }

    fn zoom(self, zoom: f32) -> Affine {
        let (right, bottom) = self.last();
        let scale = 1.0 + zoom;
        [scale, 0.0, right / 2.0 * (1.0 - scale), 0.0, scale, bottom / 2.0 * (1.0 - scale)]
    }

    fn last(self) -> (f32, f32) {
        (self.width as f32 - 1.0, self.height as f32 - 1.0)
    }

    fn warp(self, rgb: &[f32], [a, b, c, d, e, f]: &Affine) -> Vec<f32> {
        let pixels = rgb.as_chunks::<3>().0;
        let mut moved = vec![0.0; rgb.len()];
        for (y, row) in moved.chunks_exact_mut(3 * self.width).enumerate() {
            for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let (x, y) = (x as f32, y as f32);
                *pixel = self.read(pixels, a * x + b * y + c, d * x + e * y + f);
            }
        }
        moved
    }

    /// The four pixels around a place, weighted; along x first, then along y.
    fn read(self, pixels: &[[f32; 3]], x: f32, y: f32) -> [f32; 3] {
        let (column, row) = (floor(x), floor(y));
        let (to_right, to_bottom) = (x - column as f32, y - row as f32);
        let (to_left, to_top) = (1.0 - to_right, 1.0 - to_bottom);
        let [upper_left, upper_right, lower_left, lower_right] = self.around(pixels, column, row);
        std::array::from_fn(|i| {
            let upper = to_left * upper_left[i] + to_right * upper_right[i];
            let lower = to_left * lower_left[i] + to_right * lower_right[i];
            to_top * upper + to_bottom * lower
        })
    }

    /// The pixel at a place and its neighbours to the right, below, and below to the right.
    fn around(self, pixels: &[[f32; 3]], column: i32, row: i32) -> [[f32; 3]; 4] {
        let (width, height) = (self.width as i32, self.height as i32);
        if column >= 0 && row >= 0 && column < width - 1 && row < height - 1 {
            let at = row as usize * self.width + column as usize;
            let (upper, lower) = (&pixels[at..at + 2], &pixels[at + self.width..][..2]);
            return [upper[0], upper[1], lower[0], lower[1]];
        }
        let is_inside = |x: i32, y: i32| (0..width).contains(&x) && (0..height).contains(&y);
        let at = |x, y| match is_inside(x, y) {
            true => pixels[y as usize * self.width + x as usize],
            false => [0.0; 3],
        };
        let (right, below) = (column.saturating_add(1), row.saturating_add(1));
        [at(column, row), at(right, row), at(column, below), at(right, below)]
    }
}

/// `f32::floor` is a call into a library on processors without SSE4.1, and this is the inner loop.
fn floor(value: f32) -> i32 {
    let towards_zero = value as i32;
    towards_zero.saturating_sub(i32::from(towards_zero as f32 > value))
}
