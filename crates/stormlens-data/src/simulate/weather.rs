//! The wind at 10 m over a scene.

use serde::{Deserialize, Serialize};

use super::Random;
use super::geometry::{Azimuth, Place};
use super::scene::{Footprint, Kind};

mod base;
mod calm;
mod front;
mod gusts;
mod vortex;
mod wake;
mod waves;

pub use base::BaseFlow;
pub use calm::Calm;
pub use front::Front;
pub use gusts::Gusts;
pub use vortex::{Bands, Profile, Vortex};
pub use wake::Wake;
pub use waves::GravityWaves;

/// Wind speeds that the backscatter model is made for.
const SPEED_MS: [f64; 2] = [0.4, 38.0];

/// Where the wind blows to, in m/s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wind {
    pub east_ms: f64,
    pub north_ms: f64,
}

impl Wind {
    pub fn towards(azimuth: Azimuth, speed_ms: f64) -> Self {
        Self { east_ms: speed_ms * azimuth.east, north_ms: speed_ms * azimuth.north }
    }

    pub fn speed_ms(self) -> f64 {
        (self.east_ms * self.east_ms + self.north_ms * self.north_ms).sqrt()
    }

    fn times(self, factor: f64) -> Self {
        Self { east_ms: factor * self.east_ms, north_ms: factor * self.north_ms }
    }

    fn plus(self, other: Self) -> Self {
        Self { east_ms: self.east_ms + other.east_ms, north_ms: self.north_ms + other.north_ms }
    }

    /// Turned clockwise.
    fn turned(self, deg: f64) -> Self {
        let (sin, cos) = deg.to_radians().sin_cos();
        Self {
            east_ms: self.east_ms * cos + self.north_ms * sin,
            north_ms: self.north_ms * cos - self.east_ms * sin,
        }
    }

    /// The same direction at a speed that occurs.
    fn limited(self) -> Self {
        let speed = self.speed_ms();
        if speed < 1e-6 {
            return Self { east_ms: SPEED_MS[0], north_ms: 0.0 };
        }
        self.times(speed.clamp(SPEED_MS[0], SPEED_MS[1]) / speed)
    }
}

/// All that makes the wind of a scene: a base flow, what turns and bends it, and what strengthens
/// and weakens it from place to place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weather {
    pub base: BaseFlow,
    pub gusts: Gusts,
    pub vortex: Option<Vortex>,
    pub fronts: Vec<Front>,
    pub waves: Vec<GravityWaves>,
    pub wakes: Vec<Wake>,
    pub calms: Vec<Calm>,
}

impl Weather {
    /// The weather of one kind of scene. What makes the kind is always there; the rest comes with the
    /// same probability in all kinds, so that nothing but the kind tells them apart.
    pub(super) fn draw(kind: Kind, footprint: &Footprint, random: &mut Random) -> Self {
        let base = BaseFlow::draw(kind, random);
        let is = |other: Kind| kind == other;
        let mut some = |always: bool, probability: f64, most: usize| {
            let any = always || random.chance(probability);
            if any { random.integer(1, most) } else { 0 }
        };
        let n_fronts = some(is(Kind::Front), 0.2, 2);
        let n_waves = some(is(Kind::GravityWaves), 0.12, 2);
        let n_wakes = some(is(Kind::Wakes), 0.12, 4);
        let n_calms = some(is(Kind::LowWind), 0.22, 5);
        Self {
            vortex: (kind == Kind::PolarLow).then(|| Vortex::draw(footprint, random)),
            gusts: Gusts::draw(kind, &base, random),
            fronts: (0..n_fronts).map(|_| Front::draw(random)).collect(),
            waves: (0..n_waves).map(|_| GravityWaves::draw(&base, random)).collect(),
            wakes: (0..n_wakes).map(|_| Wake::draw(&base, random)).collect(),
            calms: (0..n_calms).map(|_| Calm::draw(random)).collect(),
            base,
        }
    }

    /// The wind at a place.
    pub fn wind(&self, place: Place) -> Wind {
        let mut wind = self.base.wind(place);
        for front in &self.fronts {
            wind = front.change(place, wind);
        }
        if let Some(vortex) = &self.vortex {
            wind = vortex.within(place, wind);
        }
        let mut factor = self.gusts.factor(place, self.vortex.as_ref());
        factor *= self.waves.iter().map(|w| w.factor(place)).product::<f64>();
        factor *= self.wakes.iter().map(|w| w.factor(place)).product::<f64>();
        factor *= self.calms.iter().map(|c| c.factor(place)).product::<f64>();
        wind.times(factor.max(0.05)).limited()
    }
}
