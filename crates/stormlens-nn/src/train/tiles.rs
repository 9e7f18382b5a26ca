//! Supervision of downscaling: coarse rain and terrain of a tile, and its fine rain.

mod options;
mod place;
mod rain;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use stormlens_data::downscale::{
    Geometry, LogScale, Precision, Rival, Space, is_dry, rival_mm, tile_input, to_z,
};
use stormlens_data::score::downscaling::{ContinuousScore, Moments};

pub use options::{Shift, TileAugmentation, TileConfig, TileData, TileLoss, TileTraining};

use self::place::{Area, Place, Seen};
use self::rain::{Pick, Rain};
use super::run::TrainError;
use super::supervision::{Batch, Block, Score, Supervision};
use crate::network::Prediction;
use crate::parameters::to_vec;
use crate::random::Random;

/// A moved tile is looked for so often until it is wet and whole; then the tile itself is taken.
const MAX_DRAWS: usize = 16;

/// Tiles of rain.
pub struct TileSupervision {
    rain: Rain,
    geometry: Geometry,
    scale: LogScale,
    area: Area,
    config: TileConfig,
}

/// The fine rain of a batch.
pub struct FineRain {
    /// `[batch, 1, size, size]`, in the network's unit.
    shape: [usize; 4],
    z: Vec<f32>,
    /// Of each tile of the batch.
    units: Vec<LogScale>,
    /// The same in mm, and what the aligned bilinear rival says; of validation only.
    validation: Vec<(f32, f32)>,
}

/// Sums over the validation samples: the network, and the aligned bilinear rival.
#[derive(Default)]
pub struct TileTally {
    network: Moments,
    bilinear: Moments,
}

impl TileSupervision {
    /// Reads rain and terrain. `scale` is the unit of weights to begin with; without it, it follows from the samples
    /// that train.
    ///
    /// # Errors
    /// For options that make no sense, for files that cannot be read, are in another unit or do not cover the domain,
    /// and where no sample trains.
    pub fn open(config: &TileConfig, scale: Option<LogScale>) -> Result<Self, TrainError> {
        config.check().map_err(TrainError::Options)?;
        let geometry = Geometry::V4;
        let rain = Rain::open(&config.data, geometry, &config.training.tiles)?;
        let scale = scale.or(rain.scale).ok_or(TrainError::EmptyBlock(Block::Train))?;
        let area = Area::new(&config.data.domain, config.data.split_longitude, geometry);
        Ok(Self { rain, geometry, scale, area, config: config.clone() })
    }

    /// Negative rain of the file that was set to 0, mm summed over the cells of all sums.
    pub fn clipped_mm(&self) -> f64 {
        self.rain.clipped_mm
    }

    /// Why fields of the rain were left out; `None` where none was.
    pub fn left_out(&self) -> Option<&str> {
        self.rain.left_out.as_deref()
    }

    /// The network's unit.
    pub fn scale(&self) -> LogScale {
        self.scale
    }

    /// Number of samples in a block.
    pub fn len(&self, block: Block) -> usize {
        self.rain.ids[block as usize].len()
    }

    /// A tile of training, moved and mirrored as the options allow. Everything is drawn from the generator that is
    /// handed in, which therefore belongs to this tile alone.
    fn changed(&self, pick: &Pick, random: &mut Random) -> Seen {
        let see = |place: Place| {
            place.see(&self.rain.sums[pick.time], &self.rain.terrain, &self.geometry)
        };
        let augmentation = self.config.augmentation;
        let mut draws =
            (0..MAX_DRAWS).map(|_| see(self.area.draw(&pick.tile, augmentation, random)));
        let found = draws.find(is_usable).unwrap_or_else(|| see(Place::of(&pick.tile)));
        match augmentation.rain_factor {
            None => found,
            Some([low, high]) => found.multiplied(random.between(low.ln(), high.ln()).exp() as f32),
        }
    }

    fn batch(&self, seen: &[Seen], validates: bool) -> Batch<FineRain> {
        let size = self.geometry.size;
        let units: Vec<LogScale> = seen.iter().map(|seen| self.unit(seen)).collect();
        let registration = self.config.data.registration;
        let input = |(seen, &unit): (&Seen, &LogScale)| {
            let unit = (unit, registration);
            tile_input(&seen.coarse_mm, &seen.elevation, &self.geometry, unit)
        };
        let z = |(seen, &unit): (&Seen, &LogScale)| to_z(&seen.fine_mm, unit, Precision::Float32);
        let inputs: Vec<Vec<f32>> = seen.par_iter().zip(&units).map(input).collect();
        let answers: Vec<Vec<f32>> = seen.par_iter().zip(&units).map(z).collect();
        let validation: Vec<Vec<(f32, f32)>> = match validates {
            true => seen.par_iter().map(|seen| self.beside_the_rival(seen)).collect(),
            false => Vec::new(),
        };
        let answers = FineRain {
            shape: [seen.len(), 1, size, size],
            z: answers.concat(),
            units,
            validation: validation.concat(),
        };
        Batch { shape: [seen.len(), 2, size, size], inputs: inputs.concat(), answers }
    }

    /// The network's unit for a tile.
    fn unit(&self, seen: &Seen) -> LogScale {
        match self.config.data.wettest_mm {
            Some(wettest) => self.scale.with_wettest(wettest, &seen.coarse()),
            None => self.scale,
        }
    }

    /// Fine rain as it was, and as aligned interpolation of millimetres has it.
    fn beside_the_rival(&self, seen: &Seen) -> Vec<(f32, f32)> {
        let rival = rival_mm(&seen.coarse(), &self.geometry, Rival::Bilinear, Space::Mm);
        seen.fine_mm.iter().zip(rival).map(|(&mm, rival)| (mm, rival as f32)).collect()
    }

    /// Millimetres of a tensor in the network's unit, multiplied as that is.
    fn mm(&self, z: Tensor<4>) -> Tensor<4> {
        z.mul_scalar(self.scale.std).add_scalar(self.scale.mean).exp().sub_scalar(1.0)
    }
}

/// Whether all is there and it rains.
fn is_usable(seen: &Seen) -> bool {
    let is_missing = seen.coarse_mm.iter().chain(&seen.fine_mm).any(|mm| mm.is_nan());
    !is_missing && !is_dry(&seen.coarse())
}

impl Supervision for TileSupervision {
    type Answers = FineRain;
    type Tally = TileTally;

    fn ids(&self, block: Block) -> Vec<String> {
        self.rain.ids[block as usize].clone()
    }

    fn plan(&self, random: &mut Random) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.rain.train.len()).collect();
        random.shuffle(&mut order);
        order.chunks(self.config.training.batch_size).map(<[usize]>::to_vec).collect()
    }

    fn training_batch(
        &self,
        picks: &[usize],
        random: &mut Random,
    ) -> Result<Batch<FineRain>, TrainError> {
        // A generator a tile, so that threads cannot change what is drawn.
        let draws: Vec<(usize, u64)> = picks.iter().map(|&i| (i, random.bits())).collect();
        let changed =
            |&(i, seed): &(usize, u64)| self.changed(&self.rain.train[i], &mut Random::new(seed));
        let seen: Vec<Seen> = draws.par_iter().map(changed).collect();
        Ok(self.batch(&seen, false))
    }

    fn validation_plan(&self) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.rain.validation.len()).collect();
        all.chunks(self.config.training.batch_size).map(<[usize]>::to_vec).collect()
    }

    fn validation_batch(&self, picks: &[usize]) -> Result<Batch<FineRain>, TrainError> {
        let seen: Vec<Seen> = picks.iter().map(|&i| self.rain.validation[i].clone()).collect();
        Ok(self.batch(&seen, true))
    }

    fn loss(&self, prediction: Prediction, answers: &FineRain, device: &Device) -> Tensor<1> {
        let target = TensorData::new(answers.z.clone(), answers.shape);
        let target = Tensor::<4>::from_data(target, device);
        match self.config.training.loss {
            TileLoss::SmoothL1 => smooth_l1(prediction.field() - target),
            TileLoss::SquaredMm => (self.mm(prediction.field()) - self.mm(target)).square().mean(),
        }
    }

    fn count(&self, tally: &mut TileTally, prediction: &Prediction, answers: &FineRain) {
        let z = to_vec(prediction.clone().field());
        let n_nodes = answers.shape[2] * answers.shape[3];
        for (i, (z, &(observed, rival))) in z.into_iter().zip(&answers.validation).enumerate() {
            // Less than no rain is no rain.
            let mm = answers.units[i / n_nodes].mm(f64::from(z)).max(0.0);
            tally.network.add(mm, f64::from(observed));
            tally.bilinear.add(f64::from(rival), f64::from(observed));
        }
    }

    fn scores(&self, tally: &TileTally) -> Vec<Score> {
        let of = |name: &str, moments: &Moments| {
            ContinuousScore::find(name).and_then(|score| (score.of)(moments))
        };
        vec![
            ("mse_mm2", of("mse", &tally.network)),
            ("mae_mm", of("mae", &tally.network)),
            ("bias_mm", of("bias", &tally.network)),
            ("r", of("r", &tally.network)),
            ("bilinear_mse_mm2", of("mse", &tally.bilinear)),
            ("bilinear_mae_mm", of("mae", &tally.bilinear)),
            ("bilinear_r", of("r", &tally.bilinear)),
        ]
    }
}

/// The mean of ½ e² for errors within ± 1 and |e| − ½ beyond (Huber 1964, with β = 1).
fn smooth_l1(error: Tensor<4>) -> Tensor<1> {
    // With c the error cut at ± 1, both are ½ c² + |e| − |c|.
    let cut = error.clone().clamp(-1.0, 1.0);
    let beyond = error.abs() - cut.clone().abs();
    (cut.square().mul_scalar(0.5) + beyond).mean()
}
