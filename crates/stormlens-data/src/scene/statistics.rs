//! What can be said about a picture without a network.

use super::Picture;

#[cfg(test)]
mod tests;

/// Statistics of a picture. Values are shares of full scale, 0 (black) to 1 (white); a pixel is
/// valid unless all three of its channels are exactly 0, which is how scenes write no data.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Statistics {
    /// Share of the pixels that are exactly black.
    pub no_data_share: f64,
    pub n_valid: u64,
    /// Of red, green and blue over valid pixels; 0 where there are none, like all that follows.
    pub mean: [f64; 3],
    /// Standard deviation (of the population) of red, green and blue over valid pixels.
    pub std: [f64; 3],
    /// Share of the valid pixels whose red is exactly their green.
    pub red_equals_green_share: f64,
    /// Share of the valid pixels whose channels are all the same.
    pub grey_share: f64,
}

#[derive(Default)]
struct Sums {
    n: u64,
    n_valid: u64,
    n_red_equals_green: u64,
    n_grey: u64,
    values: [f64; 3],
    squares: [f64; 3],
}

impl Statistics {
    /// One pass over all pixels.
    pub fn of(picture: &Picture) -> Self {
        let mut sums = Sums::default();
        picture.pixels().for_each(|pixel| sums.add(pixel));
        sums.finish()
    }
}

impl Sums {
    fn add(&mut self, pixel: [f32; 3]) {
        self.n += 1;
        if pixel == [0.0; 3] {
            return;
        }
        let [red, green, blue] = pixel;
        self.n_valid += 1;
        self.n_red_equals_green += u64::from(red == green);
        self.n_grey += u64::from(red == green && green == blue);
        for (channel, value) in pixel.into_iter().enumerate() {
            let value = f64::from(value) / 255.0;
            self.values[channel] += value;
            self.squares[channel] += value * value;
        }
    }

    fn finish(&self) -> Statistics {
        let n_valid = self.n_valid.max(1) as f64;
        let mean = self.values.map(|sum| sum / n_valid);
        // Rounding can leave a constant channel a variance just below 0.
        let variance = |channel: usize| self.squares[channel] / n_valid - mean[channel].powi(2);
        Statistics {
            no_data_share: (self.n - self.n_valid) as f64 / self.n.max(1) as f64,
            n_valid: self.n_valid,
            mean,
            std: std::array::from_fn(|channel| variance(channel).max(0.0).sqrt()),
            red_equals_green_share: self.n_red_equals_green as f64 / n_valid,
            grey_share: self.n_grey as f64 / n_valid,
        }
    }
}
