//! From coarse rain to the tiles that a network is given.

use std::sync::Arc;

use stormlens_data::card::{Layer, Refining};
use stormlens_data::downscale::{
    Domain, EnsembleKind, Fit, Geometry, LogScale, Refinement, Tile, TileRain, channel,
    tile_elevation, tile_rain, tiles,
};
use stormlens_data::field::FieldError;
use stormlens_data::network::{self, Asked, Input, Pass};
use stormlens_data::request::{Explain, RefinedPlace, Request, Subject, Target};

use super::extent::{Extent, words};
use super::fields::{Climatology, Fields, Tiles};
use super::question::{place_of, rain_of, refining};
use super::rain::Rain;
use super::terrain::{Terrain, Terrains};
use crate::jobs::WorkerError;
use crate::question::Cards;
use crate::task::{Prepared, Takes};
use crate::web::upload::parted;

mod across;
mod focus;

use across::check_methods;
pub use across::{Frame, Several};
use focus::focus;
pub use focus::{Focus, Part};

/// A continent has some 700 tiles.
const MAX_TILES: usize = 2_000;

/// Nodes of all maps of an ensemble together: each takes four bytes in the result.
const MAX_NODES: usize = 40_000_000;

/// Passes of all tiles of a domain, as if it rained in each of them.
pub fn n_passes(request: &Request, cards: &Cards) -> usize {
    let Subject::Downscaling { domain: [west, south, east, north], refinement, .. } =
        request.subject
    else {
        return 1;
    };
    let Ok(refining) = refining(cards) else { return 1 };
    let domain = Domain { south, north, west, east };
    let n_tiles = tiles(&domain, &refining.geometry(), Fit::Inside).len();
    let n_members = match refinement.ensemble {
        EnsembleKind::None => 0,
        EnsembleKind::Dropout => refinement.n_members,
        EnsembleKind::Epochs => cards.checkpoint.members.len(),
    };
    let n_values = zeros(cards).0.values.len();
    n_tiles.div_ceil(Pass::most_together(n_values)) + n_tiles * n_members
}

/// Memory that a run takes for each node of a tile, and beside that, in bytes; the program with its weights is there by then.
/// Measured with HARPNET as published on a CPU, of 64 × 64 nodes: 13, 33 and 46 MB for 1, 4 and 8 tiles together, 39 MB for a
/// tile with Grad-CAM, which takes the most. A narrow network takes less.
const PREDICTING_BYTES: u64 = 1_500;

const EXPLAINING_BYTES: u64 = 8_000;

const BESIDE_BYTES: u64 = 8_000_000;

/// What a pass over a tile takes.
pub fn memory(cards: &Cards) -> Takes {
    let side = cards.checkpoint.refining.map_or(0, |refining| refining.tiles.output_px) as u64;
    let n_nodes = side * side;
    Takes {
        what: "refining rain".to_owned(),
        beside_bytes: BESIDE_BYTES,
        predicting_bytes: PREDICTING_BYTES * n_nodes,
        explaining_bytes: EXPLAINING_BYTES * n_nodes,
        prediction_bytes: 4 * n_nodes,
    }
}

/// What is needed to make a map of the answers.
pub struct Work {
    pub rain: Arc<Rain>,
    pub terrain: Option<Terrain>,
    pub geometry: Geometry,
    /// Of the network for rain as it is.
    pub scale: LogScale,
    pub refining: Refining,
    pub refinement: Refinement,
    pub tiles: Vec<(Tile, TileRain)>,
    /// What they cover of the domain.
    pub extent: Extent,
    /// Which of the tiles went through the network, in the order of the passes of each member.
    pub wet: Vec<usize>,
    /// Names of the members, each of which has passes for all wet tiles behind those of the network itself.
    pub members: Vec<String>,
    /// Target of the explanation, and where it lies; `None` where all is dry.
    pub focus: Option<Focus>,
    /// Where it rains more and where less; `None` where nothing says it.
    pub climatology: Option<Climatology>,
}

impl Work {
    /// The network's unit for one of the tiles.
    pub fn unit(&self, tile_idx: usize) -> LogScale {
        match &self.tiles[tile_idx].1 {
            TileRain::Wet(coarse) => self.refining.scale_of(coarse),
            TileRain::Dry | TileRain::Missing { .. } => self.scale,
        }
    }
}

/// Tiles of numbers, which lie nowhere.
pub struct Bare {
    pub tiles: Arc<Tiles>,
    pub refining: Refining,
}

/// What becomes of an answer.
pub enum Rest {
    Map(Box<Work>),
    Bare(Bare),
}

pub fn prepare(fields: &Fields, request: &Request, cards: &Cards) -> Result<Prepared, WorkerError> {
    let refining = *refining(cards).map_err(|error| invalid(&error))?;
    let id = rain_of(&request.subject);
    if let Some(tiles) = fields.tiles(id) {
        return bare(tiles, refining, request);
    }
    let mut work = layout(fields, request, cards, &target_of(request))?;
    if let Some(Focus::Several(_)) = work.focus {
        check_methods(&work, &request.explain).map_err(|message| invalid(&message))?;
    }
    let tiles: Vec<Tile> = work.tiles.iter().map(|(tile, _)| *tile).collect();
    let bounds = fine_bounds(&tiles, &work.geometry);
    let outside = work.rain.field.interval;
    work.climatology = outside.and_then(|interval| fields.climatology(bounds, interval));
    let passes = passes(&work, request, depth(&cards.model.layers));
    Ok(Prepared { passes, phase: "tiles", rest: Box::new(Rest::Map(Box::new(work))) })
}

/// What is explained. Where nothing is, the wettest tile is looked at, whatever the target of the page.
pub fn target_of(request: &Request) -> Target {
    let wettest = || Target::Refined { place: RefinedPlace::Wettest, above_mm: None };
    request.explain.first().map_or_else(wettest, |explain| explain.target.clone())
}

/// Tiles of a question with their rain, and what of them is explained; nothing is computed.
///
/// # Errors
/// For rain, terrain, a domain or a target that cannot be.
pub fn layout(
    fields: &Fields,
    request: &Request,
    cards: &Cards,
    target: &Target,
) -> Result<Work, WorkerError> {
    let refining = *refining(cards).map_err(|error| invalid(&error))?;
    let Subject::Downscaling { domain, refinement, .. } = request.subject else {
        return Err(invalid(&"no rain was named"));
    };
    let rain = fields.load(rain_of(&request.subject)).map_err(|error| invalid(&error))?;
    let mut work = work(rain, &fields.terrains, refining, (domain, refinement))
        .map_err(|error| invalid(&error))?;
    work.members = match refinement.ensemble {
        EnsembleKind::Epochs => cards.checkpoint.members.clone(),
        EnsembleKind::None | EnsembleKind::Dropout => Vec::new(),
    };
    work.focus = focus(&work, place_of(Some(target))).map_err(|message| invalid(&message))?;
    Ok(work)
}

/// A network looks at the numbers as they are.
fn bare(tiles: Arc<Tiles>, refining: Refining, request: &Request) -> Result<Prepared, WorkerError> {
    if !request.explain.is_empty() {
        return Err(invalid(
            &"tiles of numbers have no place, so they cannot be explained: give a field",
        ));
    }
    let input = Input { values: tiles.values.clone(), shape: tiles.shape };
    Ok(Prepared::one(input, Vec::new(), Box::new(Rest::Bare(Bare { tiles, refining }))))
}

/// The tiles of the domain with their rain.
fn work(
    rain: Arc<Rain>,
    terrains: &Terrains,
    refining: Refining,
    ([west, south, east, north], refinement): ([f64; 4], Refinement),
) -> Result<Work, FieldError> {
    rain.field.check_rain_mm(i64::from(refining.rain.hours))?;
    let geometry = refining.geometry();
    let domain = Domain { south, north, west, east };
    let found = tiles(&domain, &geometry, Fit::Inside);
    check_size(&found, &geometry, &domain, refinement)?;
    let extent = Extent::of(&found, &geometry, domain);
    let covers = rain.field.grid.check_covers(&rain.field.source, bounds(&found, &geometry));
    let remedy = "choose a smaller domain or another field";
    covers.map_err(|error| extent.not_covered(error, &extent.margin(), remedy))?;
    let terrain = (refining.tiles.n_input_channels > 1)
        .then(|| terrains.find(fine_bounds(&found, &geometry), &extent, rain.heights.as_ref()));
    let terrain = terrain.transpose()?;
    let tiles: Vec<(Tile, TileRain)> = found
        .into_iter()
        .map(|tile| {
            let coarse = tile_rain(&rain.field, &tile, &geometry);
            (tile, coarse)
        })
        .collect();
    if tiles.iter().all(|(_, rain)| matches!(rain, TileRain::Missing { .. })) {
        return Err(FieldError::AllMissing {
            name: format!("{} in every tile of the domain", rain.field.source),
            count: tiles.len(),
        });
    }
    let is_wet = |&i: &usize| matches!(tiles[i].1, TileRain::Wet(_));
    let wet = (0..tiles.len()).filter(is_wet).collect();
    let (scale, members) = (refining.scale(), Vec::new());
    Ok(Work {
        rain,
        terrain,
        geometry,
        scale,
        refining,
        refinement,
        tiles,
        extent,
        wet,
        members,
        focus: None,
        climatology: None,
    })
}

fn check_size(
    tiles: &[Tile],
    geometry: &Geometry,
    domain: &Domain,
    refinement: Refinement,
) -> Result<(), FieldError> {
    let side = geometry.tile_deg();
    if tiles.is_empty() {
        let what = format!(
            "the domain ({}) is smaller than a tile of {side}° × {side}°, around which {}° of the field are needed, too",
            words(domain.bounds()),
            geometry.padding as f64 * geometry.coarse_deg
        );
        return Err(FieldError::Domains { what });
    }
    let nodes = |from: f64, to: f64| ((to - from) / geometry.fine_deg).max(0.0) as usize;
    let n_nodes = nodes(domain.south, domain.north).saturating_mul(nodes(domain.west, domain.east));
    let n_maps = refinement.n_members.max(1) + 12;
    if tiles.len() > MAX_TILES || n_nodes.saturating_mul(n_maps) > MAX_NODES {
        let what = format!(
            "the domain has {} tiles and {n_nodes} nodes: at most {MAX_TILES} tiles, and {MAX_NODES} nodes in all \
             maps; choose a smaller domain or fewer members",
            tiles.len()
        );
        return Err(FieldError::Domains { what });
    }
    Ok(())
}

/// Around the coarse nodes of all tiles: `[south, north, west, east]`.
fn bounds(tiles: &[Tile], geometry: &Geometry) -> [f64; 4] {
    let start = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
    tiles
        .iter()
        .map(|tile| tile.coarse_bounds(geometry))
        .fold(start, |a, b| [a[0].min(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].max(b[3])])
}

/// Around their fine nodes.
fn fine_bounds(tiles: &[Tile], geometry: &Geometry) -> [f64; 4] {
    let first = geometry.first_fine_deg();
    let last = first + (geometry.size - 1) as f64 * geometry.fine_deg;
    let start = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
    tiles.iter().fold(start, |a, tile| {
        let Tile { min_lat, min_lon, .. } = *tile;
        let around = [min_lat + first, min_lat + last, min_lon + first, min_lon + last];
        [a[0].min(around[0]), a[1].max(around[1]), a[2].min(around[2]), a[3].max(around[3])]
    })
}

/// Layers of the network that pages show of the tile that is explained.
fn shown_layers(depth: usize) -> Vec<String> {
    let gates = (0..depth).flat_map(|j| {
        let skip = depth - 1 - j;
        [
            format!("encoders.{skip}"),
            format!("attn_blocks.{j}.psi"),
            format!("attn_blocks.{j}.gate"),
            format!("attn_blocks.{j}"),
        ]
    });
    gates.collect()
}

/// Levels of the network, by the gated skip connections of its card.
fn depth(layers: &[Layer]) -> usize {
    layers.iter().filter(|layer| layer.group == "Attention").count()
}

fn passes(work: &Work, request: &Request, depth: usize) -> Vec<Pass> {
    let mut passes = Vec::with_capacity(work.wet.len() * (1 + work.members.len()));
    for &i in &work.wet {
        let mut pass = Pass::new(input(work, i), Vec::new());
        if let Some(part) = work.focus.as_ref().and_then(|focus| focus.part(i)) {
            pass.asked = request.explain.iter().map(|explain| ask(explain, part, work)).collect();
        }
        // Gates of several tiles overlap, and none of them stands for the others.
        if matches!(&work.focus, Some(Focus::Tile(part)) if part.tile_idx == i) {
            pass.show = shown_layers(depth);
        }
        if work.refinement.ensemble == EnsembleKind::Dropout {
            pass.sampled = Some((i as u64, work.refinement.n_members));
        }
        passes.push(pass);
    }
    for member in &work.members {
        passes.extend(work.wet.iter().map(|&i| Pass {
            weights: Some(member.clone()),
            ..Pass::new(input(work, i), Vec::new())
        }));
    }
    passes
}

/// A tile as the network takes it.
fn input(work: &Work, tile_idx: usize) -> Input {
    let (tile, rain) = &work.tiles[tile_idx];
    let TileRain::Wet(coarse) = rain else { return Input::default() };
    let Work { geometry, refinement, .. } = work;
    let size = geometry.size;
    let Some(terrain) = &work.terrain else {
        let side = geometry.n_coarse();
        let values = coarse.iter().map(|&mm| mm as f32).collect();
        return Input { values, shape: [1, side, side] };
    };
    let unit = work.unit(tile_idx);
    let z: Vec<f64> = coarse.iter().map(|&mm| unit.z(mm)).collect();
    let rain = channel(&z, geometry, refinement.registration);
    let mut values: Vec<f32> = rain.into_iter().map(|z| z as f32).collect();
    values.extend(tile_elevation(&terrain.field, tile, geometry));
    Input { values, shape: [2, size, size] }
}

fn ask(explain: &Explain, part: &Part, work: &Work) -> Asked {
    let Explain { method, options, layers, .. } = explain.clone();
    let is_normalised = work.refining.tiles.n_input_channels > 1;
    let target = network::Target::SumOver {
        rows: part.rows.clone(),
        columns: part.columns.clone(),
        above: part.above_mm,
        mm: is_normalised.then(|| work.unit(part.tile_idx)),
        weights: part.weights.clone(),
    };
    // No rain, on flat ground at the level of the sea.
    let nothing = if is_normalised { vec![work.scale.dry_z() as f32, 0.0] } else { Vec::new() };
    Asked { method, options, target, layers, nothing }
}

pub fn invalid(error: &dyn std::fmt::Display) -> WorkerError {
    let usual = "choose another domain, another target or another field";
    let (message, remedy) = parted(&error.to_string(), usual);
    WorkerError::Invalid { message, remedy }
}

/// A tile without anything in it.
pub fn zeros(cards: &Cards) -> (Input, network::Target) {
    let tiles = cards.checkpoint.refining.map(|refining| refining.tiles);
    let side = tiles.map_or(64, |tiles| tiles.input_px.unwrap_or(18));
    let shape = [tiles.map_or(2, |tiles| tiles.n_input_channels), side, side];
    let input = Input { values: vec![0.0; shape.iter().product()], shape };
    let output = tiles.map_or(64, |tiles| tiles.output_px);
    let whole = || 0..output;
    let target = network::Target::SumOver {
        rows: whole(),
        columns: whole(),
        above: None,
        mm: None,
        weights: None,
    };
    (input, target)
}
