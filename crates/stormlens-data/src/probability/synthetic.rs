//! A small world whose truth is known: smooth fields, and rain that is a stated function of three of them, plus noise.
//!
//! With z the normalised fields, the latent s = c + 1.0 z(RH850) + 0.7 z(U850) − 0.5 z(GPH500) + σ ε, ε standard normal and
//! independent in every pixel, makes rain of 4 (eˢ − 1) mm where s is above 0, and none elsewhere. So
//! P(rain ≥ t) = Φ((μ − ln(1 + t / 4)) / σ), where μ is s without the noise. The other nine fields play no part and are
//! independent of those three: whoever finds them important is wrong.

mod normal;
mod waves;

#[cfg(test)]
mod tests;

pub use normal::normal_distribution;

use self::waves::Waves;
use super::network_input;
use crate::card::{FieldStatement, FieldVariable, Part};
use crate::simulate::Random;

/// Rows and columns.
pub const SIZE: [usize; 2] = [16, 16];
const N_NODES: usize = SIZE[0] * SIZE[1];
/// Where rain and heavy rain begin, mm.
pub const THRESHOLDS_MM: [f64; 2] = [1.0, 10.0];

/// The variables that make the rain, with their weights in the latent.
pub const CAUSES: [(&str, f64); 3] = [("RH850", 1.0), ("U850", 0.7), ("GPH500", -0.5)];
/// c: it rains at least 1 mm in a quarter, 10 mm in a twelfth of all pixels.
const INTERCEPT: f64 = -0.755;
/// σ.
const NOISE: f64 = 0.6;
const SCALE_MM: f64 = 4.0;
/// The raw forecast is wetter than the truth by that much of the latent, and has no noise.
const RAW_BIAS: f64 = 0.3;

/// Streams of random numbers, so that what one draws changes no other.
const STREAM_NOISE: u64 = 100;

/// Name, mean and standard deviation in the unit of the quantity.
const VARIABLES: [(&str, f64, f64); 12] = [
    ("GPH500", 5_600.0, 120.0),
    ("GPH850", 1_480.0, 60.0),
    ("SLP", 101_300.0, 800.0),
    ("RH500", 45.0, 15.0),
    ("RH850", 60.0, 15.0),
    ("T2", 285.0, 6.0),
    ("T500", 253.0, 6.0),
    ("T850", 278.0, 6.0),
    ("U500", 12.0, 9.0),
    ("U850", 5.0, 6.0),
    ("V500", 0.0, 8.0),
    ("V850", 0.0, 6.0),
];

/// How large the world is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SyntheticOptions {
    pub seed: u64,
    pub n_seasons: usize,
    /// Weather situations a season; nothing connects one with another.
    pub n_events: usize,
    /// Days of a situation, over which its waves drift.
    pub n_days: usize,
}

impl Default for SyntheticOptions {
    fn default() -> Self {
        Self { seed: 1, n_seasons: 12, n_events: 30, n_days: 3 }
    }
}

/// Fields and rain, made when they are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticWorld {
    options: SyntheticOptions,
    statement: FieldStatement,
}

impl SyntheticWorld {
    pub fn new(options: SyntheticOptions) -> Self {
        Self { options, statement: statement() }
    }

    /// What a network of this world is told; `synthetic`.
    pub fn statement(&self) -> &FieldStatement {
        &self.statement
    }

    pub fn options(&self) -> &SyntheticOptions {
        &self.options
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.options.n_seasons * self.options.n_events * self.options.n_days
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Season, event and day of a sample, each from 0.
    fn parts(&self, sample: usize) -> [usize; 3] {
        let SyntheticOptions { n_events, n_days, .. } = self.options;
        [sample / (n_events * n_days), sample / n_days % n_events, sample % n_days]
    }

    /// The name of a sample: `s03-e07-d2`.
    pub fn name(&self, sample: usize) -> String {
        let [season, event, day] = self.parts(sample).map(|part| part + 1);
        format!("s{season:02}-e{event:02}-d{day}")
    }

    pub fn find(&self, name: &str) -> Option<usize> {
        (0..self.len()).find(|&sample| self.name(sample) == name)
    }

    /// The event of a sample, by which scores are resampled.
    pub fn event(&self, sample: usize) -> u64 {
        (sample / self.options.n_days.max(1)) as u64
    }

    /// The block of a sample: whole seasons, the first seven of twelve train, the next two choose and calibrate, the last
    /// three test.
    pub fn part(&self, sample: usize) -> Part {
        let [season, ..] = self.parts(sample);
        match 12 * season / self.options.n_seasons.max(1) {
            ..7 => Part::Training,
            7..9 => Part::Validation,
            _ => Part::Test,
        }
    }

    pub fn samples_of(&self, part: Part) -> Vec<usize> {
        (0..self.len()).filter(|&sample| self.part(sample) == part).collect()
    }

    /// The normalised fields of a sample, `[12, rows, columns]`.
    fn normalised(&self, sample: usize) -> Vec<f64> {
        let [.., day] = self.parts(sample);
        let maps = (0..VARIABLES.len()).map(|variable| {
            let mut random = Random::of(self.options.seed, variable as u64, self.event(sample));
            Waves::draw(&mut random).map(SIZE, day as f64)
        });
        maps.flatten().collect()
    }

    /// The fields of a sample in the statement's units, `[12, rows, columns]`, row 0 in the north.
    pub fn values(&self, sample: usize) -> Vec<f32> {
        let z = self.normalised(sample);
        let maps = z.chunks_exact(N_NODES).zip(&VARIABLES);
        maps.flat_map(|(map, &(_, mean, deviation))| {
            map.iter().map(move |z| (mean + deviation * z) as f32)
        })
        .collect()
    }

    /// The network's input of a sample.
    pub fn input(&self, sample: usize) -> Vec<f32> {
        network_input(&self.statement, &self.values(sample))
    }

    /// μ in every pixel.
    fn latent(&self, sample: usize) -> Vec<f64> {
        let z = self.normalised(sample);
        let mut latent = vec![INTERCEPT; N_NODES];
        for (name, weight) in CAUSES {
            let channel = VARIABLES
                .iter()
                .position(|&(known, ..)| known == name)
                .unwrap_or_else(|| unreachable!());
            let map = &z[channel * N_NODES..(channel + 1) * N_NODES];
            latent.iter_mut().zip(map).for_each(|(latent, z)| *latent += weight * z);
        }
        latent
    }

    /// Rain of a sample, mm, row by row.
    pub fn rain(&self, sample: usize) -> Vec<f32> {
        let mut random = Random::of(self.options.seed, STREAM_NOISE, sample as u64);
        let latent = self.latent(sample);
        latent.into_iter().map(|latent| amount(latent + NOISE * random.normal())).collect()
    }

    /// What a forecast says that knows the fields, but neither the noise nor how wet it is.
    pub fn raw_rain(&self, sample: usize) -> Vec<f32> {
        self.latent(sample).into_iter().map(|latent| amount(latent + RAW_BIAS)).collect()
    }

    /// The true probability of at least so much rain (mm, above 0) in every pixel, given the fields.
    pub fn truth(&self, sample: usize, threshold_mm: f64) -> Vec<f64> {
        let needed = (threshold_mm / SCALE_MM).ln_1p();
        self.latent(sample)
            .into_iter()
            .map(|latent| normal_distribution((latent - needed) / NOISE))
            .collect()
    }
}

fn amount(latent: f64) -> f32 {
    (SCALE_MM * latent.max(0.0).exp_m1()) as f32
}

fn statement() -> FieldStatement {
    let published = FieldStatement::published();
    let variable = |&(name, mean, deviation): &(&str, f64, f64)| {
        let known = published.channel(name).map(|place| published.variables[place].clone());
        let known = known.unwrap_or_else(|| unreachable!("{name} is one of the published"));
        FieldVariable { mean: Some(mean), standard_deviation: Some(deviation), ..known }
    };
    FieldStatement {
        variables: VARIABLES.iter().map(variable).collect(),
        size: SIZE,
        latitudes: (0..SIZE[0]).map(|row| 50.0 - row as f64).collect(),
        longitudes: (0..SIZE[1]).map(|column| column as f64).collect(),
        padded_channels: 0,
        hours: 24,
        mean_hours: None,
        thresholds_mm: THRESHOLDS_MM.to_vec(),
        synthetic: true,
        calibration: Vec::new(),
        raw_rain: Vec::new(),
        statistics: "those that the fields were made with".to_owned(),
    }
}
