//! A whole scene: its parameters, and its picture.

use serde::{Deserialize, Serialize};

use super::Random;
use super::coding::Coding;
use super::geometry::Place;
use super::radar::Radar;
use super::surface::{Ice, Land, Slicks, Surface};
use super::swath::Swath;
use super::weather::{Weather, Wind};

/// Pixels of the published quicklooks. Smaller pictures are made from them by sampling, so that
/// their speckle is that of pixels of this size.
const QUICKLOOK_KM: f64 = 0.5;

/// What a scene is made to show. All but the first are negatives, most of them hard ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    PolarLow,
    OpenWater,
    Front,
    GravityWaves,
    Wakes,
    Cells,
    LowWind,
    Slicks,
    IceEdge,
}

impl Kind {
    pub const NEGATIVE: [Self; 8] = [
        Self::OpenWater,
        Self::Front,
        Self::GravityWaves,
        Self::Wakes,
        Self::Cells,
        Self::LowWind,
        Self::Slicks,
        Self::IceEdge,
    ];

    pub fn is_positive(self) -> bool {
        self == Self::PolarLow
    }
}

/// What stays the same from pass to pass: where the satellite flies, and the land below.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Footprint {
    pub swath: Swath,
    pub land: Option<Land>,
}

impl Footprint {
    pub fn draw(random: &mut Random) -> Self {
        Self { swath: Swath::draw(random), land: random.maybe(0.45, Land::draw) }
    }

    /// Whether a place is inside the swath and no land.
    pub fn is_sea(&self, place: Place) -> bool {
        self.swath.covers(place) && self.land.is_none_or(|land| !land.covers(place))
    }
}

/// All that a scene depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneParameters {
    pub kind: Kind,
    pub footprint: Footprint,
    pub weather: Weather,
    pub ice: Option<Ice>,
    pub slicks: Option<Slicks>,
    pub radar: Radar,
    pub coding: Coding,
    pub speckle_seed: u64,
}

impl SceneParameters {
    /// A scene somewhere.
    pub fn draw(kind: Kind, random: &mut Random) -> Self {
        let footprint = Footprint::draw(random);
        Self::draw_at(footprint, kind, random)
    }

    /// A scene of a known footprint.
    pub fn draw_at(footprint: Footprint, kind: Kind, random: &mut Random) -> Self {
        let weather = Weather::draw(kind, &footprint, random);
        let n_swirls = random.integer(0, 6);
        let has_ice = kind == Kind::IceEdge || random.chance(0.12);
        let has_slicks = kind == Kind::Slicks || random.chance(0.3);
        Self {
            kind,
            weather,
            ice: has_ice.then(|| Ice::draw(n_swirls, random)),
            slicks: has_slicks.then(|| Slicks::draw(n_swirls, random)),
            radar: Radar::draw(footprint.swath.mode, random),
            coding: Coding::draw(random),
            speckle_seed: random.bits() >> 12,
            footprint,
        }
    }

    /// What the radar sees at a place over which this wind blows.
    pub fn surface(&self, place: Place, wind: Wind) -> Surface {
        if let Some(land) = self.footprint.land.filter(|land| land.covers(place)) {
            return land.surface(place);
        }
        let mut islands = self.weather.wakes.iter().map(|wake| wake.island);
        if let Some(island) = islands.find(|island| island.covers(place)) {
            return island.surface(place);
        }
        let damping_db = || {
            let slicks = self.slicks.as_ref();
            slicks.map_or(0.0, |slicks| slicks.damping_db(place, wind.speed_ms()))
        };
        let ice = self.ice.as_ref().and_then(|ice| ice.surface(place));
        ice.unwrap_or_else(|| Surface::Sea { damping_db: damping_db() })
    }
}

/// A picture: `size_px` × `size_px` pixels of red, green and blue, row by row from the north-west.
/// Red and green are the cross-polarised channel, blue is the co-polarised one; black is no data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneImage {
    pub size_px: usize,
    pub rgb: Vec<u8>,
}

/// Draws a scene at a size. Each pixel is what is at its middle, as when a picture is sampled.
pub fn render(parameters: &SceneParameters, size_px: usize) -> SceneImage {
    let mut random = Random::of(parameters.speckle_seed, 1, size_px as u64);
    let cell_km = QUICKLOOK_KM.min(super::SCENE_KM / size_px as f64);
    let n_looks = parameters.footprint.swath.mode.n_looks(cell_km);
    let mut rgb = Vec::with_capacity(3 * size_px * size_px);
    for index in 0..size_px * size_px {
        let place = Place::of_pixel(index / size_px, index % size_px, size_px);
        rgb.extend(pixel(parameters, place, n_looks, &mut random));
    }
    SceneImage { size_px, rgb }
}

fn pixel(scene: &SceneParameters, place: Place, n_looks: f64, random: &mut Random) -> [u8; 3] {
    let swath = &scene.footprint.swath;
    if !swath.covers(place) {
        return [0; 3];
    }
    let wind = scene.weather.wind(place);
    let seen = scene.radar.backscatter(swath, place, wind, scene.surface(place, wind));
    let co = scene.coding.co(seen.co * random.gamma(n_looks));
    if !scene.radar.is_dual {
        return [co; 3];
    }
    let cross = scene.coding.cross(seen.cross * random.gamma(n_looks));
    [cross, cross, co]
}
