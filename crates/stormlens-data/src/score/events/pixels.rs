//! Errors by place.

use serde::{Deserialize, Serialize};

use crate::field::Field;

/// Sums over samples and lead times of the errors of one forecast, pixel by pixel, in the field's unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PixelSums {
    n: Vec<u32>,
    signed: Vec<f64>,
    squared: Vec<f64>,
}

impl PixelSums {
    pub fn new(n_pixels: usize) -> Self {
        Self { n: vec![0; n_pixels], signed: vec![0.0; n_pixels], squared: vec![0.0; n_pixels] }
    }

    /// Counts a pair of maps; missing pixels count nowhere.
    ///
    /// # Panics
    /// If the size differs from that of the sums.
    pub fn add(&mut self, forecast: &Field, observation: &Field) {
        assert_eq!(forecast.values.len(), self.n.len(), "equally large maps");
        for (i, (&f, &o)) in forecast.values.iter().zip(&observation.values).enumerate() {
            if !f.is_nan() && !o.is_nan() {
                let error = f64::from(f) - f64::from(o);
                self.n[i] += 1;
                self.signed[i] += error;
                self.squared[i] += error * error;
            }
        }
    }

    /// The same over squares of `side` pixels of maps of `[height, width]`; the last ones may be cut off.
    ///
    /// # Panics
    /// If the maps have another size, or squares no side.
    pub fn by_squares(&self, [height, width]: [usize; 2], side: usize) -> Self {
        assert_eq!(height * width, self.n.len(), "equally large maps");
        let across = width.div_ceil(side);
        let mut sums = Self::new(height.div_ceil(side) * across);
        for i in 0..self.n.len() {
            let square = i / width / side * across + i % width / side;
            sums.n[square] += self.n[i];
            sums.signed[square] += self.signed[i];
            sums.squared[square] += self.squared[i];
        }
        sums
    }

    /// Mean of forecast minus observation; `NaN` where nothing is known.
    pub fn bias(&self) -> Vec<f32> {
        self.means(&self.signed, |mean| mean)
    }

    /// Root mean squared error; `NaN` where nothing is known.
    pub fn root_mean_squared_error(&self) -> Vec<f32> {
        self.means(&self.squared, f64::sqrt)
    }

    fn means(&self, sums: &[f64], of: impl Fn(f64) -> f64) -> Vec<f32> {
        let mean = |(&sum, &n): (&f64, &u32)| match n {
            0 => f32::NAN,
            n => of(sum / f64::from(n)) as f32,
        };
        sums.iter().zip(&self.n).map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_hold_the_sums_of_their_pixels() {
        let mut sums = PixelSums::new(6);
        let forecast = Field::new(2, 3, vec![1.0, 3.0, 5.0, 2.0, f32::NAN, 5.0]);
        sums.add(&forecast, &Field::new(2, 3, vec![0.0, 0.0, 5.0, 0.0, 0.0, 8.0]));
        let squares = sums.by_squares([2, 3], 2);
        assert_eq!(squares.bias(), [2.0, -1.5]);
        assert_eq!(squares.root_mean_squared_error(), [(14.0f32 / 3.0).sqrt(), 4.5f32.sqrt()]);
        assert_eq!(sums.by_squares([2, 3], 1), sums);
    }
}
