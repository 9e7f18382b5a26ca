//! Dropout (Srivastava et al. 2014).

use burn::tensor::{Tensor, TensorData};

use crate::parameters::Mode;

/// Zeroes a share of the values in a pass of training or of sampling and scales the others up, so that the mean
/// stays; anywhere else nothing happens.
///
/// Draws come from the pass's generator, on the host, so that a seed says what is dropped on
/// every device; a pass without one drops nothing.
pub(crate) fn dropout<const D: usize>(x: Tensor<D>, share: f64, mode: &Mode) -> Tensor<D> {
    let Some(random) = mode.random().filter(|_| share > 0.0) else { return x };
    let mut random = random.borrow_mut();
    let Some(random) = random.as_mut() else { return x };
    let shape = x.dims();
    let kept = (1.0 / (1.0 - share)) as f32;
    let draw = |_| if random.unit() < share { 0.0 } else { kept };
    let mask: Vec<f32> = (0..shape.iter().product::<usize>()).map(draw).collect();
    let device = x.device().without_autodiff();
    x * Tensor::from_data(TensorData::new(mask, shape), &device)
}

/// Drops a whole path of an example in a pass of training, and scales it up where it stays (stochastic depth, Huang et
/// al. 2016, <https://arxiv.org/abs/1603.09382>). Anywhere else nothing happens, in a pass of sampling either.
pub(crate) fn drop_path(x: Tensor<4>, share: f64, mode: &Mode) -> Tensor<4> {
    let Mode::Training(_) = mode else { return x };
    let n_batch = x.dims()[0];
    let device = x.device().without_autodiff();
    let mask = dropout(Tensor::<4>::ones([n_batch, 1, 1, 1], &device), share, mode);
    x * mask
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::parameters::{Recorder, to_vec};
    use crate::random::Random;

    fn dropped(mode: &Mode) -> Vec<f32> {
        to_vec(dropout(Tensor::<2>::ones([20, 500], &Device::flex()), 0.25, mode))
    }

    fn training(random: Option<Random>) -> Mode {
        Mode::Training(Recorder { random: random.into(), ..Recorder::default() })
    }

    #[test]
    fn a_seed_says_what_is_dropped_and_the_mean_stays() {
        let values = dropped(&training(Some(Random::new(3))));
        assert!(values.iter().all(|&v| v == 0.0 || v == 4.0 / 3.0));
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
        assert_eq!(dropped(&training(Some(Random::new(3)))), values);
        assert_ne!(dropped(&training(Some(Random::new(4)))), values);
        assert_eq!(dropped(&Mode::sampling(Random::new(3))), values);
    }

    #[test]
    fn nothing_is_dropped_outside_training_and_without_a_generator() {
        assert!(dropped(&Mode::inference()).iter().all(|&v| v == 1.0));
        assert!(dropped(&training(None)).iter().all(|&v| v == 1.0));
    }
}
