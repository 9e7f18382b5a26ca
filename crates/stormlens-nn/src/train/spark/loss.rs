//! What wrong answers cost.

use burn::tensor::{Device, Tensor, TensorData};
use stormlens_data::patches::Statistics;
use stormlens_data::probability::Tokens;

use super::options::SparkLoss;
use crate::fused::Kernels;
use crate::layers::similarity;

/// Frames that are to be rebuilt.
///
/// The network gives `R s + μ` with mean and spread of what it saw; its decoder's `R` is to be `(X − μ′) / s′` with those of
/// the whole patch. Per value the error is so `y · factor − offset`.
pub struct Rebuilt {
    loss: SparkLoss,
    shape: [usize; 4],
    factors: Vec<f32>,
    offsets: Vec<f32>,
    /// One over the number of values of a patch where it is known, else 0.
    shares: Vec<f32>,
    /// 1 where the patch was hidden.
    hidden: Vec<f32>,
    /// Hidden and visible patches that are known.
    n_patches: [f64; 2],
}

impl Rebuilt {
    pub fn new(loss: SparkLoss, patches: &Tokens, n_examples: usize) -> Self {
        let [height, width] = patches.size;
        Self {
            loss,
            shape: [n_examples, patches.n_channels, height, width],
            factors: Vec::new(),
            offsets: Vec::new(),
            shares: Vec::new(),
            hidden: Vec::new(),
            n_patches: [0.0; 2],
        }
    }

    /// One example more: as it is, which patches the network did not see, and the statistics that it and the truth have.
    pub fn add(
        &mut self,
        patches: &Tokens,
        whole: &[f32],
        hidden: &[bool],
        [said, truth]: [&Statistics; 2],
    ) {
        let unknown = patches.hidden(whole);
        let share = patches.n() as f32 / whole.len() as f32;
        for (i, &value) in whole.iter().enumerate() {
            let patch = patches.of_value(i);
            let target = (f64::from(value) - truth.mean[patch]) / truth.spread[patch];
            let offset = said.mean[patch] / said.spread[patch] + target;
            self.factors.push((1.0 / said.spread[patch]) as f32);
            self.offsets.push(if unknown[patch] { 0.0 } else { offset as f32 });
            self.shares.push(if unknown[patch] { 0.0 } else { share });
            self.hidden.push(f32::from(u8::from(hidden[patch])));
        }
        for patch in (0..patches.n()).filter(|&patch| !unknown[patch]) {
            self.n_patches[usize::from(!hidden[patch])] += 1.0;
        }
    }

    /// As published: the errors of all patches summed, of the mean example. As in SparK: the mean error of a hidden patch.
    pub fn loss(&self, frames: Tensor<4>, device: &Device) -> Tensor<1> {
        let tensor =
            |values: Vec<f32>| Tensor::<4>::from_data(TensorData::new(values, self.shape), device);
        let error = frames * tensor(self.factors.clone()) - tensor(self.offsets.clone());
        let (weights, n) = match self.loss {
            SparkLoss::All => (self.shares.clone(), self.shape[0] as f64),
            SparkLoss::Hidden => {
                let both =
                    self.shares.iter().zip(&self.hidden).map(|(share, hidden)| share * hidden);
                (both.collect(), self.n_patches[0] + 1e-8)
            }
        };
        (error.square() * tensor(weights)).sum().div_scalar(n)
    }

    /// Sum of errors and number of hidden patches, and of visible ones.
    pub fn errors(&self, frames: &[f32]) -> [[f64; 2]; 2] {
        let mut sums = [0.0; 2];
        for (i, &value) in frames.iter().enumerate() {
            let error = f64::from(value) * f64::from(self.factors[i]) - f64::from(self.offsets[i]);
            sums[usize::from(self.hidden[i] == 0.0)] += error.powi(2) * f64::from(self.shares[i]);
        }
        [[sums[0], self.n_patches[0]], [sums[1], self.n_patches[1]]]
    }
}

/// The frames that followed.
pub struct Followed {
    shape: [usize; 4],
    /// 0 where nothing is known.
    values: Vec<f32>,
    /// 1 where something is known; `None`: everywhere.
    known: Option<Vec<f32>>,
}

impl Followed {
    pub fn new(targets: Vec<f32>, shape: [usize; 4]) -> Self {
        let is_whole = targets.iter().all(|value| !value.is_nan());
        let known = targets.iter().map(|value| f32::from(u8::from(!value.is_nan())));
        let known = (!is_whole).then(|| known.collect());
        let values = targets.iter().map(|value| if value.is_nan() { 0.0 } else { *value });
        Self { shape, values: values.collect(), known }
    }

    /// The mean squared error, and this share of one minus the structural similarity.
    pub fn loss(&self, frames: Tensor<4>, share: f64, device: &Device) -> Tensor<1> {
        let tensor = |values: &[f32]| {
            Tensor::<4>::from_data(TensorData::new(values.to_vec(), self.shape), device)
        };
        let truth = tensor(&self.values);
        let (frames, n) = match &self.known {
            Some(known) => (frames * tensor(known), known.iter().sum::<f32>().max(1.0)),
            None => (frames, self.values.len() as f32),
        };
        let squares = (frames.clone() - truth.clone()).square().sum().div_scalar(f64::from(n));
        if share == 0.0 {
            return squares;
        }
        let similarity = similarity(frames, truth, Kernels::chosen());
        squares + similarity.neg().add_scalar(1.0).mul_scalar(share)
    }

    /// Sum of squared errors, and number of known values.
    pub fn squares(&self, frames: &[f32]) -> [f64; 2] {
        let is_known = |i: usize| self.known.as_ref().is_none_or(|known| known[i] > 0.0);
        let known = (0..frames.len()).filter(|&i| is_known(i));
        known.fold([0.0; 2], |[sum, n], i| {
            [sum + (f64::from(frames[i]) - f64::from(self.values[i])).powi(2), n + 1.0]
        })
    }
}
