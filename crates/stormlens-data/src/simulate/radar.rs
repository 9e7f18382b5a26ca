//! From the surface to what the radar measures.

use serde::{Deserialize, Serialize};

use super::cmod5n::cmod5n;
use super::geometry::from_db;
use super::noise::Noise;
use super::surface::Surface;
use super::swath::{Mode, Swath};
use super::weather::Wind;
use super::{Place, Random};

/// Mean noise equivalent σ⁰, in decibels.
const NOISE_DB: f64 = -27.0;

/// Polarisation of the channel that sends and receives alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Polarisation {
    Vv,
    Hh,
}

/// What is particular to one acquisition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Radar {
    pub co_polarisation: Polarisation,
    /// Whether there is a cross-polarised channel.
    pub is_dual: bool,
    /// Errors of calibration, in decibels.
    pub co_offset_db: f64,
    pub cross_offset_db: f64,
    /// Share of the noise that its removal has left.
    pub noise_left: f64,
    /// Offset of each beam, in decibels.
    pub co_steps_db: Vec<f64>,
    pub noise_steps_db: Vec<f64>,
    /// Bright and dark stripes across the track, from burst to burst.
    pub scalloping_db: f64,
    pub burst_km: f64,
    pub scalloping: Noise,
}

/// Mean backscatter of the two channels, power ratios without speckle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Backscatter {
    pub co: f64,
    pub cross: f64,
}

impl Radar {
    pub(super) fn draw(mode: Mode, random: &mut Random) -> Self {
        let (is_hh, is_dual, is_denoised) =
            (random.chance(0.2), random.chance(0.8), random.chance(0.5));
        let mut steps = |deviation: f64| -> Vec<f64> {
            (0..mode.n_subswaths()).map(|_| deviation * random.normal()).collect()
        };
        let (co_steps_db, noise_steps_db) = (steps(0.12), steps(0.35));
        let burst_km = match mode {
            Mode::InterferometricWide => 20.0,
            Mode::ExtraWide => 8.0,
        };
        Self {
            co_polarisation: if is_hh { Polarisation::Hh } else { Polarisation::Vv },
            is_dual,
            co_offset_db: random.uniform(-2.0, 2.0),
            cross_offset_db: random.uniform(-2.0, 2.0),
            noise_left: if is_denoised {
                random.uniform(0.02, 0.25)
            } else {
                random.uniform(0.25, 1.0)
            },
            co_steps_db,
            noise_steps_db,
            scalloping_db: if random.chance(0.3) { random.uniform(0.03, 0.25) } else { 0.0 },
            burst_km,
            scalloping: Noise::draw(random),
        }
    }

    /// Backscatter of a place in the swath, with what noise is left.
    pub(super) fn backscatter(
        &self,
        swath: &Swath,
        place: Place,
        wind: Wind,
        surface: Surface,
    ) -> Backscatter {
        let range_share = swath.range_share(place);
        let incidence_deg = swath.incidence_deg(range_share);
        let sea = || self.sea(swath, wind, incidence_deg);
        let Backscatter { co, cross } = match surface {
            Surface::Sea { damping_db } => sea().times(from_db(-damping_db)),
            Surface::Ice { cover, co, cross } => {
                let slope = from_db(-0.2 * (incidence_deg - 35.0));
                let ice = Backscatter { co: co * slope, cross: cross * slope.sqrt() };
                ice.times(cover).plus(sea().times(1.0 - cover))
            }
            Surface::Land { co, cross } => {
                let slope = from_db(-0.1 * (incidence_deg - 35.0));
                Backscatter { co, cross }.times(slope)
            }
        };
        let (gain, noise) = self.artefacts(swath, place, range_share);
        Backscatter {
            co: gain * (co * from_db(self.co_offset_db) + noise),
            cross: cross * from_db(self.cross_offset_db) + noise,
        }
    }

    /// The open sea: CMOD5.N; for horizontal polarisation the ratio of Thompson, Elfouhaily and
    /// Chapron (IGARSS 1998) with α = 1, (1 + tan²θ)² / (1 + 2 tan²θ)²; for the cross-polarised
    /// channel σ⁰ in decibels = 0.592 U − 35.6 (Vachon and Wolfe 2011, IEEE Geosci. Remote Sens.
    /// Lett. 8, 456–459).
    fn sea(&self, swath: &Swath, wind: Wind, incidence_deg: f64) -> Backscatter {
        let speed_ms = wind.speed_ms();
        let look = swath.heading;
        // The radar looks to the right of its heading: east of north is (north, −east).
        let away = wind.east_ms * look.north - wind.north_ms * look.east;
        let vv = cmod5n(speed_ms, -away / speed_ms, incidence_deg);
        let ratio = match self.co_polarisation {
            Polarisation::Vv => 1.0,
            Polarisation::Hh => {
                let square = incidence_deg.to_radians().tan().powi(2);
                ((1.0 + square) / (1.0 + 2.0 * square)).powi(2)
            }
        };
        Backscatter { co: vv * ratio, cross: from_db(0.592 * speed_ms - 35.6) }
    }

    /// Gain of beam and burst, and the noise that is left: lowest in the middle of each beam, and
    /// higher in the outer beams.
    fn artefacts(&self, swath: &Swath, place: Place, range_share: f64) -> (f64, f64) {
        let n_beams = swath.mode.n_subswaths() as f64;
        let beam = (range_share * n_beams).clamp(0.0, n_beams - 1e-9);
        let (index, within) = (beam as usize, 2.0 * beam.fract() - 1.0);
        let edge = 2.0 * range_share - 1.0;
        let step_db = |steps: &[f64]| steps.get(index).copied().unwrap_or(0.0);
        let noise_db = NOISE_DB - 1.0
            + step_db(&self.noise_steps_db)
            + 1.5 * edge * edge
            + 0.8 * within * within;
        let mut gain_db = step_db(&self.co_steps_db);
        if self.scalloping_db > 0.0 {
            let burst = swath.heading.along(place) / self.burst_km;
            gain_db +=
                self.scalloping_db * self.scalloping.gradient(2.0 * burst, index as f64 * 7.5);
        }
        (from_db(gain_db), self.noise_left * from_db(noise_db))
    }
}

impl Backscatter {
    fn times(self, factor: f64) -> Self {
        Self { co: factor * self.co, cross: factor * self.cross }
    }

    fn plus(self, other: Self) -> Self {
        Self { co: self.co + other.co, cross: self.cross + other.cross }
    }
}
