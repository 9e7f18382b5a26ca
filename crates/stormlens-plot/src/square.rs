//! The square that a scene's picture became, from which maps take their ground.

use stormlens_data::outcome::{Domain, Outcome, Values};
use stormlens_data::scene::Rectangle;

use super::colour::Rgb;
use super::pixels::Pixels;
use super::view::is_picture;

/// Red, green and blue bytes, channel by channel: `[3 × side × side]`.
#[derive(Clone, Copy)]
pub struct Square<'a> {
    planes: [&'a [u8]; 3],
    pub side: usize,
}

impl<'a> Square<'a> {
    /// The picture of a result; `None` where it holds none.
    pub fn of(outcome: &'a Outcome) -> Option<Self> {
        let is_square =
            |variable: &&_| is_picture(variable) && matches!(variable.domain, Domain::Scene(_));
        let picture = outcome.variables.iter().find(is_square)?;
        let (Values::U8(bytes), Some([side, _])) = (&picture.values, picture.plane) else {
            return None;
        };
        let (red, rest) = bytes.split_at_checked(side * side)?;
        let (green, blue) = rest.split_at_checked(side * side)?;
        Some(Self { planes: [red, green, blue], side })
    }

    fn at(&self, pixel: usize) -> Rgb {
        self.planes.map(|plane| plane[pixel])
    }

    /// Whether a pixel holds no data: exactly black, as is what lies outside the picture.
    pub fn is_no_data(&self, row: usize, column: usize) -> bool {
        self.at(row * self.side + column) == [0; 3]
    }

    /// The whole of it as triplets.
    pub fn rgb(&self) -> Vec<u8> {
        self.part(Rectangle::centre(self.side, self.side)).values
    }

    /// A part of it.
    pub fn part(&self, part: Rectangle) -> Pixels {
        let Rectangle { left, top, width, height } = part;
        let mut values = Vec::with_capacity(3 * width * height);
        for first in (top..top + height).map(|row| row * self.side + left) {
            let [red, green, blue] = self.planes.map(|plane| &plane[first..first + width]);
            let line = red.iter().zip(green).zip(blue);
            line.for_each(|((&r, &g), &b)| values.extend_from_slice(&[r, g, b]));
        }
        Pixels { width, height, n_channels: 3, values }
    }

    /// The mean of all channels where a part of it holds data.
    pub fn mean_grey(&self, part: Rectangle) -> f64 {
        let (mut sum, mut n) = (0_u64, 0_u64);
        for pixel in self.part(part).values.as_chunks::<3>().0.iter().filter(|&p| *p != [0; 3]) {
            sum += pixel.iter().map(|&v| u64::from(v)).sum::<u64>();
            n += 3;
        }
        sum as f64 / n.max(1) as f64
    }
}

/// A grey beneath an attribution, so that the brightest land is not brighter than the attribution.
pub fn dimmed(grey: u8) -> u8 {
    (u16::from(grey) * 3 / 4) as u8
}
