//! Running statistics without their beginning.

use burn::tensor::{Device, Tensor, TensorData};

use crate::Parameters;
use crate::layers::NormOptions;
use crate::models::HostTensors;
use crate::parameters::is_learnable;

/// Share of the beginning below which single precision does not see it.
const NOTHING: f64 = 1e-9;

/// The running statistics before the first step.
pub(super) struct Beginning(HostTensors);

impl Beginning {
    pub fn of(weights: &HostTensors) -> Self {
        Self(weights.iter().filter(|(name, ..)| !is_learnable(name)).cloned().collect())
    }

    /// Divides the beginning out of the running statistics, as Adam does with its moments.
    ///
    /// Of the means of zero and variances of one that statistics begin with, a share of
    /// `(1 − momentum)ⁿ` is left after n steps. Where the true variance of a deep layer is 10⁻⁴ and
    /// the momentum is Keras's 0.01, that makes the network say the same of every picture until
    /// about the 1400th step, so what was validated and saved until then would mean nothing. Training
    /// itself uses no running statistics and is not changed; after many steps nothing is.
    pub fn divided_out(
        &self,
        parameters: &Parameters,
        norm: NormOptions,
        n_steps: usize,
        device: &Device,
    ) -> Parameters {
        let left = (1.0 - norm.momentum).powf(n_steps as f64);
        let mut corrected = parameters.clone();
        if n_steps == 0 || left < NOTHING {
            return corrected;
        }
        let root = parameters.root();
        corrected.update(self.0.iter().map(|(name, _, values)| {
            let first = TensorData::new(values.clone(), [values.len()]);
            let first = Tensor::<1>::from_data(first, device).mul_scalar(left);
            let running = (root.tensor::<1>(name) - first).div_scalar(1.0 - left);
            let is_variance = name.ends_with("running_var");
            (name.clone(), if is_variance { running.clamp_min(0.0) } else { running })
        }));
        corrected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After steps that all saw the same batch, the statistics are those of the batch.
    #[test]
    fn what_is_left_is_what_was_seen() {
        let device = Device::flex();
        let tensor = |name: &str, value: f32| (name.to_owned(), vec![1], vec![value]);
        let initial = vec![
            tensor("1.running_mean", 0.0),
            tensor("1.running_var", 1.0),
            tensor("1.weight", 0.7),
        ];
        let beginning = Beginning::of(&initial);
        for n_steps in [1, 10, 100, 3000] {
            let seen = |first: f64, batch: f64| {
                let left = 0.99_f64.powi(n_steps);
                (left * first + (1.0 - left) * batch) as f32
            };
            let now = [
                tensor("1.running_mean", seen(0.0, -0.5)),
                tensor("1.running_var", seen(1.0, 1e-3)),
                tensor("1.weight", 0.7),
            ];
            let parameters = Parameters::from_host(now, &device);
            let n_steps = n_steps as usize;
            let norm = NormOptions::KERAS;
            let found = beginning.divided_out(&parameters, norm, n_steps, &device).to_host();
            let values: Vec<f32> = found.iter().map(|(_, _, values)| values[0]).collect();
            for (value, expected) in values.iter().zip([-0.5, 1e-3, 0.7]) {
                assert!((value - expected).abs() < 1e-5, "{n_steps}: {values:?}");
            }
        }
    }

    #[test]
    fn no_variance_falls_below_zero() {
        let device = Device::flex();
        let initial = vec![("running_var".to_owned(), vec![1], vec![1.0])];
        let rounded =
            Parameters::from_host([("running_var".to_owned(), vec![1], vec![0.98])], &device);
        let beginning = Beginning::of(&initial);
        let found = beginning.divided_out(&rounded, NormOptions::KERAS, 1, &device).to_host();
        assert_eq!(found[0].2, [0.0]);
    }
}
