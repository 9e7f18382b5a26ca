//! Tokens of fields, and how they are hidden: a token that holds a missing value is not seen as a whole.

use crate::simulate::Random;

/// How fields fall into tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Channels of the network's input, with those that only fill the last group up.
    pub n_channels: usize,
    /// Rows and columns of a map.
    pub size: [usize; 2],
    /// Channels, rows and columns of a token.
    pub patch: [usize; 3],
}

/// A stream of random numbers of its own.
const MASK_STREAM: u64 = 0x4d41_534b;

impl Tokens {
    /// # Errors
    /// In words, for sizes that do not fall into tokens.
    pub fn new(n_channels: usize, size: [usize; 2], patch: [usize; 3]) -> Result<Self, String> {
        let parts = [(n_channels, patch[0]), (size[0], patch[1]), (size[1], patch[2])];
        match parts.iter().all(|&(whole, part)| part > 0 && whole > 0 && whole.is_multiple_of(part))
        {
            true => Ok(Self { n_channels, size, patch }),
            false => Err(format!(
                "{n_channels} channels of {} × {} do not fall into tokens of {} × {} × {}",
                size[0], size[1], patch[0], patch[1], patch[2]
            )),
        }
    }

    /// Groups of channels, and rows and columns of tokens.
    pub fn grid(&self) -> [usize; 3] {
        let [height, width] = self.size;
        [self.n_channels / self.patch[0], height / self.patch[1], width / self.patch[2]]
    }

    /// Number of tokens.
    pub fn n(&self) -> usize {
        self.grid().iter().product()
    }

    /// The group that a channel belongs to.
    pub fn group(&self, channel: usize) -> usize {
        channel / self.patch[0]
    }

    /// The token that value `i` of `[channels, rows, columns]` belongs to: groups first, then rows, then columns.
    pub fn of_value(&self, i: usize) -> usize {
        let ([height, width], [_, rows, columns]) = (self.size, self.grid());
        let (channel, row, column) = (i / (height * width), i / width % height, i % width);
        (self.group(channel) * rows + row / self.patch[1]) * columns + column / self.patch[2]
    }

    /// Makes what hidden tokens hold missing.
    ///
    /// # Panics
    /// If there is not an entry a token, or another number of values.
    pub fn hide(&self, values: &mut [f32], hidden: &[bool]) {
        assert_eq!(hidden.len(), self.n(), "an entry a token");
        assert_eq!(values.len(), self.n_channels * self.size[0] * self.size[1], "all values");
        let width = self.patch[2];
        for (i, values) in values.chunks_exact_mut(width).enumerate() {
            if hidden[self.of_value(i * width)] {
                values.fill(f32::NAN);
            }
        }
    }

    /// The tokens that cannot be seen, because they hold a missing value.
    ///
    /// # Panics
    /// If there is another number of values.
    pub fn hidden(&self, values: &[f32]) -> Vec<bool> {
        assert_eq!(values.len(), self.n_channels * self.size[0] * self.size[1], "all values");
        let mut hidden = vec![false; self.n()];
        for (i, _) in values.iter().enumerate().filter(|(_, value)| value.is_nan()) {
            hidden[self.of_value(i)] = true;
        }
        hidden
    }

    /// The mask of that number behind a seed; it hides a share of the tokens.
    pub fn random(&self, seed: u64, number: u64, ratio: f64) -> Vec<bool> {
        let mut random = Random::of(seed, MASK_STREAM, number);
        let noise: Vec<f32> = (0..self.n()).map(|_| random.unit() as f32).collect();
        hidden_by_noise(&noise, ratio)
    }
}

/// The tokens with the most noise are hidden, so that `⌊n · (1 − ratio)⌋` of `n` stay visible, as the authors' program has
/// it. Of equal noise the first stays.
pub fn hidden_by_noise(noise: &[f32], ratio: f64) -> Vec<bool> {
    all_but(noise, (noise.len() as f64 * (1.0 - ratio)) as usize)
}

/// Everything is hidden but what has the least noise, so much of it. Of equal noise the first stays.
pub fn all_but(noise: &[f32], n_visible: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..noise.len()).collect();
    order.sort_by(|&a, &b| noise[a].total_cmp(&noise[b]));
    let mut hidden = vec![true; noise.len()];
    order.into_iter().take(n_visible).for_each(|token| hidden[token] = false);
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Tokens {
        Tokens::new(4, [4, 6], [2, 2, 3]).expect("they fit")
    }

    #[test]
    fn values_belong_to_tokens_group_by_group() {
        let tokens = small();
        assert_eq!((tokens.grid(), tokens.n()), ([2, 2, 2], 8));
        let at = |channel: usize, row: usize, column: usize| {
            tokens.of_value((channel * 4 + row) * 6 + column)
        };
        assert_eq!(
            [at(0, 0, 0), at(1, 1, 2), at(1, 0, 3), at(0, 2, 0), at(2, 3, 5)],
            [0, 0, 1, 2, 7]
        );
        assert!(Tokens::new(4, [4, 6], [3, 2, 3]).unwrap_err().contains("do not fall"));
        assert!(Tokens::new(4, [4, 6], [0, 2, 3]).is_err());
    }

    #[test]
    fn what_is_hidden_is_missing_and_what_is_missing_is_hidden() {
        let tokens = small();
        let mut values = vec![1.0; 96];
        let wanted: Vec<bool> = (0..8).map(|token| token % 3 == 0).collect();
        tokens.hide(&mut values, &wanted);
        assert_eq!(values.iter().filter(|value| value.is_nan()).count(), 3 * 12);
        assert_eq!(tokens.hidden(&values), wanted);
        // One missing value hides all of its token.
        let mut values = vec![1.0; 96];
        values[95] = f32::NAN;
        assert_eq!(tokens.hidden(&values).iter().position(|&hidden| hidden), Some(7));
    }

    #[test]
    fn a_mask_hides_its_share_and_another_number_is_another_mask() {
        let tokens = Tokens::new(16, [224, 128], [4, 16, 16]).expect("the published sizes");
        let n_hidden = |mask: &[bool]| mask.iter().filter(|&&hidden| hidden).count();
        let masks = [tokens.random(1, 0, 0.25), tokens.random(1, 1, 0.25)];
        assert_eq!((n_hidden(&masks[0]), n_hidden(&tokens.random(1, 0, 0.75))), (112, 336));
        assert!(masks[0] != masks[1] && masks[0] == tokens.random(1, 0, 0.25));
        assert_eq!(hidden_by_noise(&[0.2, 0.1, 0.1, 0.9], 0.5), [true, false, false, true]);
    }
}
