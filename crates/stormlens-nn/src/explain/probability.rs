//! The probability of a class or any above it, over a part of a field.

use std::ops::Range;

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use stormlens_data::request::ClassOutput;

use super::target::Target;
use crate::network::Prediction;

/// Of logits `[classes, height, width]`, with one softmax over the classes of each pixel: the mean over some rows and
/// columns of the probability of class `from_class` or any above it, or of its log-odds.
#[derive(Clone, Debug)]
pub(super) struct ProbabilityTarget {
    from_class: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    output: ClassOutput,
    /// Classes, height, width.
    shape: [usize; 3],
    /// 1 for each pixel that counts, else 0.
    mask: Vec<f32>,
}

impl ProbabilityTarget {
    /// # Panics
    /// If the prediction has no three axes, or not these rows, columns or classes: the engine has checked that.
    pub(super) fn new(
        from_class: usize,
        [rows, columns]: [Range<usize>; 2],
        output: ClassOutput,
        shape: &[usize],
    ) -> Self {
        let shape: [usize; 3] = shape.try_into().expect("classes, height and width");
        let [n_classes, height, width] = shape;
        let is_there = rows.end <= height && columns.end <= width && from_class < n_classes;
        assert!(is_there && !rows.is_empty() && !columns.is_empty(), "a part of the field");
        let is_in = |i: usize| rows.contains(&(i / width)) && columns.contains(&(i % width));
        let mask = (0..height * width).map(|i| f32::from(u8::from(is_in(i)))).collect();
        Self { from_class, rows, columns, output, shape, mask }
    }

    /// Log-odds of one pixel from its logits.
    fn log_odds(&self, logits: &[f64]) -> f64 {
        log_sum(&logits[self.from_class..]) - log_sum(&logits[..self.from_class])
    }
}

impl Target for ProbabilityTarget {
    fn of(&self, prediction: Prediction) -> Tensor<1> {
        let [n_classes, ..] = self.shape;
        let (first, n) = (self.from_class, n_classes - self.from_class);
        let (rows, columns) = (&self.rows, &self.columns);
        let logits = prediction.field().narrow(2, rows.start, rows.len());
        let logits = logits.narrow(3, columns.start, columns.len());
        let n_batch = logits.dims()[0];
        let of_pixels = match self.output {
            ClassOutput::Probability => softmax(logits, 1).narrow(1, first, n).sum_dim(1),
            ClassOutput::Logit => {
                let above = log_sum_of(logits.clone().narrow(1, first, n));
                above - log_sum_of(logits.narrow(1, 0, first))
            }
        };
        of_pixels.reshape([n_batch, rows.len() * columns.len()]).mean_dim(1).reshape([n_batch])
    }

    fn score(&self, prediction: &[f32]) -> f64 {
        let [n_classes, height, width] = self.shape;
        let value = |row: usize, column: usize| {
            let at = |class: usize| prediction[(class * height + row) * width + column];
            let logits: Vec<f64> = (0..n_classes).map(|class| f64::from(at(class))).collect();
            let log_odds = self.log_odds(&logits);
            match self.output {
                ClassOutput::Logit => log_odds,
                ClassOutput::Probability => 1.0 / (1.0 + (-log_odds).exp()),
            }
        };
        let pixels = self.rows.clone().flat_map(|row| self.columns.clone().map(move |c| (row, c)));
        let sum: f64 = pixels.map(|(row, column)| value(row, column)).sum();
        sum / (self.rows.len() * self.columns.len()) as f64
    }

    fn mask(&self) -> Option<&[f32]> {
        Some(&self.mask)
    }

    fn events(&self, prediction: &[f32]) -> (Vec<f64>, usize) {
        let of = |from_class| Self { from_class, ..self.clone() }.score(prediction);
        ((1..self.shape[0]).map(of).collect(), self.from_class - 1)
    }
}

/// `ln Σ exp`, of none minus infinity.
fn log_sum(values: &[f64]) -> f64 {
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if high == f64::NEG_INFINITY {
        return high;
    }
    high + values.iter().map(|v| (v - high).exp()).sum::<f64>().ln()
}

/// The same over the second axis, of one class at least; the largest is taken out, through which no gradient flows.
fn log_sum_of(values: Tensor<4>) -> Tensor<4> {
    let high = values.clone().detach().max_dim(1);
    (values - high.clone()).exp().sum_dim(1).log() + high
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::parameters::to_vec;

    const LOGITS: [f32; 12] = [0.5, -1.0, 2.0, 0.0, 1.0, 0.25, -3.0, 0.0, -0.5, 1.5, 40.0, 0.0];

    fn target(from_class: usize, output: ClassOutput) -> ProbabilityTarget {
        ProbabilityTarget::new(from_class, [0..2, 1..2], output, &[3, 2, 2])
    }

    fn on_tape(target: &ProbabilityTarget) -> (f32, Vec<f32>) {
        let x = TensorData::new(LOGITS.to_vec(), [1, 3, 2, 2]);
        let leaf = Tensor::<4>::from_data(x, &Device::flex()).autodiff().require_grad();
        let y = target.of(Prediction::Field(leaf.clone()));
        let mut gradients = y.clone().sum().backward();
        (to_vec(y.inner())[0], to_vec(leaf.grad_remove(&mut gradients).expect("a leaf")))
    }

    /// Pixels 1 and 3 have the logits −1, 0.25, 1.5 and 0, 0, 0.
    #[test]
    fn it_is_the_mean_over_the_box_of_one_softmax() {
        let power = |v: f64| v.exp();
        let (a, b, c) = (power(-1.0), power(0.25), power(1.5));
        let cases = [
            (1, ClassOutput::Probability, ((b + c) / (a + b + c) + 2.0 / 3.0) / 2.0),
            (2, ClassOutput::Probability, (c / (a + b + c) + 1.0 / 3.0) / 2.0),
            (1, ClassOutput::Logit, (((b + c) / a).ln() + 2f64.ln()) / 2.0),
            (2, ClassOutput::Logit, ((c / (a + b)).ln() + 0.5f64.ln()) / 2.0),
        ];
        for (from_class, output, expected) in cases {
            let target = target(from_class, output);
            assert!((target.score(&LOGITS) - expected).abs() < 1e-6, "{from_class}, {output:?}");
            let (value, gradient) = on_tape(&target);
            assert!((f64::from(value) - expected).abs() < 1e-6, "{from_class}, {output:?}");
            assert_eq!(target.mask(), Some(&[0.0, 1.0, 0.0, 1.0][..]));
            for (i, &slope) in gradient.iter().enumerate() {
                let moved = |by: f32| {
                    let mut logits = LOGITS;
                    logits[i] += by;
                    target.score(&logits)
                };
                let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                assert!((f64::from(slope) - difference).abs() < 1e-4, "{i}: {slope}, {difference}");
            }
        }
    }
}
