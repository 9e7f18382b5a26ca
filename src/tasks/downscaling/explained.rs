//! What is explained: how much came from rain and how much from terrain, and what the gates of a tile let through.

mod several;

use std::ops::Range;

use stormlens_data::downscale::{TileRain, channel};
use stormlens_data::field::degrees;
use stormlens_data::network::{Answer, Explained, Meaning, ShownLayer};
use stormlens_data::outcome::{
    Axis, Colours, Domain, Note, Number, Over, Quantity, Role, Variable,
};

use super::answer::{heights, interval};
use super::map::{Ground, from_north};
use super::prepare::{Focus, Part, Work};
use crate::task::Answered;
use crate::tasks::explained::Setting;
use crate::web::format::plural;
use stormlens_plot::words::number;

/// What is found of it.
#[derive(Default)]
pub struct Found {
    pub variables: Vec<Variable>,
    pub numbers: Vec<Number>,
    pub notes: Vec<Note>,
}

/// All of a target on the map of that ground.
pub fn of(answered: &Answered<'_>, work: &Work, focus: &Focus, ground: &Ground) -> Found {
    match focus {
        Focus::Tile(part) => of_tile(answered, work, part, ground),
        Focus::Several(several) => several::of(answered, work, several, ground),
    }
}

/// What the network says of a tile, where it was computed.
fn answer_of<'a>(answered: &'a Answered<'_>, work: &Work, tile_idx: usize) -> Option<&'a Answer> {
    let place = work.wet.iter().position(|&i| i == tile_idx)?;
    answered.answers.get(place)
}

/// All of one tile.
fn of_tile(answered: &Answered<'_>, work: &Work, focus: &Part, ground: &Ground) -> Found {
    let Some(answer) = answer_of(answered, work, focus.tile_idx) else {
        return Found::default();
    };
    let tile = Ground::of_tile(work, &work.tiles[focus.tile_idx].0);
    let mut found = Found::default();
    found.variables.extend(inputs(work, focus, &tile));
    // Gates depend on the rain, corrections do not.
    let dated = |gate| Variable { axes: interval(work), ..gate };
    found.variables.extend(gates(&answer.shown, &tile).into_iter().map(dated));
    if !answered.placed.is_empty() {
        found.variables.extend(corrections(&answered.placed, &tile));
    }
    let is_empty = |explained: &Explained| n_nodes(explained) == 0;
    if let Some(mm) = focus.above_mm.filter(|_| answer.explained.iter().any(is_empty)) {
        found.notes.push(nothing_above(mm));
    }
    if !answer.explained.is_empty() {
        let text = format!(
            "the target is of tile {} alone, before negative rain becomes 0 and tiles are joined: the map may say other amounts \
             there",
            work.tiles[focus.tile_idx].0.id
        );
        found.notes.push(Note::new("one-tile", text, false));
    }
    let target = |explained: &Explained| words((work, focus), explained);
    let layers = tile.domain();
    let input = input_ground(work, focus).unwrap_or_else(|| layers.clone());
    for explained in &answer.explained {
        let factor = 1.0 / n_nodes(explained).max(1) as f64;
        let setting = Setting {
            input_domain: input.clone(),
            factor,
            ..setting(answered, work, &layers, &target)
        };
        attributions(&setting, explained, &mut found);
    }
    if let Some(mask) = answer.explained.iter().find_map(|explained| explained.mask.as_ref()) {
        found.variables.push(mask_on(mask, (work, focus), ground));
    }
    found
}

fn nothing_above(mm: f64) -> Note {
    let text = format!(
        "no node of the target has more than {} mm, so there is nothing to explain: choose a smaller amount",
        number(mm)
    );
    Note::new("nothing-to-explain", text, false)
}

/// Coarse rain of a tile with rain at its fine nodes, mm.
fn rain(work: &Work, tile_idx: usize) -> Vec<f32> {
    let TileRain::Wet(coarse) = &work.tiles[tile_idx].1 else { return Vec::new() };
    let rain = channel(coarse, &work.geometry, work.refinement.registration);
    rain.into_iter().map(|mm| mm as f32).collect()
}

/// What the network was given, in units of people.
fn inputs(work: &Work, focus: &Part, tile: &Ground) -> Vec<Variable> {
    let rain = rain(work, focus.tile_idx);
    let quantity = Quantity::rain_amount(work.refining.rain.hours);
    // Beside maps of all tiles, nothing else would say that this is one of them.
    let id = work.tiles[focus.tile_idx].0.id;
    let name = format!("coarse {} of tile {id} alone, interpolated", quantity.name);
    let quantity = Quantity { name, ..quantity };
    let rain = tile.variable("tile/rain", Role::Input, quantity, &rain);
    let mut variables = vec![Variable { axes: interval(work), ..rain }];
    if let Some(heights) = heights(work, focus.tile_idx) {
        let quantity = Quantity::new("terrain of the tile", "m", Colours::Amount);
        variables.push(tile.variable("tile/elevation", Role::Context, quantity, &heights));
    }
    variables
}

/// Gates of the skip connections, before they are enlarged and after, and the activation that they weigh.
fn gates(shown: &[ShownLayer], tile: &Ground) -> Vec<Variable> {
    let depth = shown.iter().filter(|layer| layer.name.ends_with(".psi")).count();
    let mut gates: Vec<Variable> =
        shown.iter().filter_map(|layer| gate(layer, depth, tile)).collect();
    // The deepest gate first, of each what comes in, what it weighs by, and what goes out.
    gates.sort_by_key(|gate| gate.name.split('/').nth(1).map(str::to_owned));
    gates
}

fn gate(layer: &ShownLayer, depth: usize, tile: &Ground) -> Option<Variable> {
    let (name, title, colours) = match layer.name.split('.').collect::<Vec<_>>()[..] {
        ["attn_blocks", n, "psi"] => {
            (format!("gate/{n}/psi"), format!("attention ψ of gate {n}"), Colours::Share)
        }
        ["attn_blocks", n, "gate"] => {
            (format!("gate/{n}/enlarged"), format!("gate {n}, enlarged"), Colours::Share)
        }
        ["attn_blocks", n] => {
            (format!("gate/{n}/after"), format!("activation behind gate {n}"), Colours::Amount)
        }
        ["encoders", n] => {
            let n = (depth.checked_sub(1)?).checked_sub(n.parse().ok()?)?;
            (format!("gate/{n}/before"), format!("activation before gate {n}"), Colours::Amount)
        }
        _ => return None,
    };
    let [n_channels, height, width] = layer.shape;
    let n = height * width;
    let mean = |i: usize| {
        let channels = (0..n_channels).map(|c| f64::from(layer.values[c * n + i]).abs());
        (channels.sum::<f64>() / n_channels.max(1) as f64) as f32
    };
    let values: Vec<f32> = (0..n).map(mean).collect();
    let title = if colours == Colours::Amount { format!("mean size of {title}") } else { title };
    let quantity = Quantity::new(&title, "1", colours).over(Over::OfSum);
    Some(on_tile(tile, &name, quantity, [height, width], &values))
}

/// A map of fewer cells that covers the tile.
fn on_tile(
    tile: &Ground,
    name: &str,
    quantity: Quantity,
    plane: [usize; 2],
    values: &[f32],
) -> Variable {
    let whole = tile.variable(name, Role::Diagnostic, quantity, &[]);
    Variable {
        plane: Some(plane),
        values: stormlens_data::outcome::Values::F32(from_north(values, plane[1])),
        ..whole
    }
}

/// Where normalisation differs from the identity, whatever the rain: the mean over all layers of a side, largest first.
fn corrections(placed: &[ShownLayer], tile: &Ground) -> Vec<Variable> {
    let mut sides: Vec<usize> = placed.iter().map(|layer| layer.shape[1]).collect();
    sides.sort_unstable();
    sides.dedup();
    let of = |(side, part): (usize, &str)| {
        let is_it = |layer: &&ShownLayer| layer.shape[1] == side && layer.name.ends_with(part);
        let layers: Vec<&ShownLayer> = placed.iter().filter(is_it).collect();
        let n = layers.len().max(1) as f64;
        let mean = |i: usize| {
            let sum: f64 = layers.iter().map(|layer| f64::from(layer.values[i])).sum();
            (sum / n) as f32
        };
        let values: Vec<f32> = (0..side * side).map(mean).collect();
        let (what, unit) = match part {
            "weight" => ("|weight − 1|", "1"),
            _ => ("|bias|", "1"),
        };
        let title = format!("mean {what} of the normalisation at {side} × {side}");
        let quantity = Quantity::new(&title, unit, Colours::Amount);
        on_tile(tile, &format!("corrections/{side}/{part}"), quantity, [side; 2], &values)
    };
    let both = |&side: &usize| [(side, "weight"), (side, "bias")];
    sides.iter().rev().flat_map(both).map(of).collect()
}

/// `37.5 to 38° N, -114.5 to -114° E`: where the first and the last nodes lie, counted from a corner.
fn between(work: &Work, corner: [f64; 2], nodes: [&Range<usize>; 2]) -> String {
    let at = |side: usize, node: usize| {
        let first = corner[side] + work.geometry.first_fine_deg();
        degrees(first + node as f64 * work.geometry.fine_deg)
    };
    let ends = |side: usize| [at(side, nodes[side].start), at(side, nodes[side].end - 1)];
    let span = |[first, last]: [f64; 2]| match first < last {
        true => format!("{first} to {last}"),
        false => first.to_string(),
    };
    format!("{}° N, {}° E", span(ends(0)), span(ends(1)))
}

/// `target: mean predicted rain of tile 4, above 5 mm (812 nodes)`
fn words((work, focus): (&Work, &Part), explained: &Explained) -> String {
    let n = n_nodes(explained);
    let tile = &work.tiles[focus.tile_idx].0;
    let size = work.geometry.size;
    let is_whole = focus.rows == (0..size) && focus.columns == (0..size);
    let place = match is_whole {
        true => format!("tile {}", tile.id),
        false => between(work, [tile.min_lat, tile.min_lon], [&focus.rows, &focus.columns]),
    };
    let above = focus.above_mm.map(|mm| format!(" above {} mm", number(mm))).unwrap_or_default();
    format!("target: mean predicted rain{above} of {place} ({})", plural(n, "node"))
}

fn n_nodes(explained: &Explained) -> usize {
    explained.mask.iter().flatten().filter(|&&m| m > 0.0).count()
}

/// What lies on a ground, of a target in mm that is the sum of its nodes.
fn setting<'a>(
    answered: &'a Answered<'_>,
    work: &Work,
    ground: &Domain,
    target: &'a dyn Fn(&Explained) -> String,
) -> Setting<'a> {
    let channels = ["coarse rain", "terrain"].into_iter();
    Setting {
        methods: answered.methods,
        input_axis: Axis::names(Axis::CHANNEL, channels.take(work.refining.tiles.n_input_channels)),
        input_domain: ground.clone(),
        layer_domain: ground.clone(),
        unit: &|_| "mm",
        factor: 1.0,
        input_factor: 1.0,
        has_own_unit: false,
        is_mean: true,
        target,
    }
}

/// What a method found, in maps that begin in the south.
fn attributions(setting: &Setting<'_>, explained: &Explained, found: &mut Found) {
    let mut from_the_north = explained.clone();
    for map in &mut from_the_north.maps {
        let [_, height, width] = map.shape;
        let channels = map.values.chunks_exact((height * width).max(1));
        map.values = channels.flat_map(|channel| from_north(channel, width)).collect();
    }
    found.variables.extend(setting.variables(&from_the_north));
    found.numbers.extend(setting.numbers(explained));
    found.numbers.extend(shares(explained, setting.factor));
}

/// Where the input lies of a network that enlarges it itself: on the coarse nodes, beyond the tile too.
fn input_ground(work: &Work, focus: &Part) -> Option<Domain> {
    let tile = &work.tiles[focus.tile_idx].0;
    let nodes = |minimum| work.geometry.coarse_nodes(minimum);
    let ground =
        || Ground::new(nodes(tile.min_lat), nodes(tile.min_lon), work.geometry.coarse_deg).domain();
    (work.refining.tiles.n_input_channels == 1).then(ground)
}

/// How much came from each input, as a number.
fn shares(explained: &Explained, factor: f64) -> Vec<Number> {
    let is_of_input = |map: &&stormlens_data::network::Map| {
        map.layer.is_none() && map.meaning == Meaning::Contribution && map.shape[0] == 2
    };
    let Some(map) = explained.maps.iter().find(is_of_input) else { return Vec::new() };
    let n = map.shape[1] * map.shape[2];
    let sums: Vec<f64> = map
        .values
        .chunks_exact(n)
        .map(|channel| channel.iter().filter(|v| !v.is_nan()).map(|&v| f64::from(v)).sum())
        .collect();
    let method = explained.method.replace('-', "_");
    let name = |part: &str| format!("{method}/from_{part}");
    [("rain", "came from coarse rain"), ("terrain", "came from terrain")]
        .into_iter()
        .zip(sums)
        .map(|((part, meaning), sum)| Number::new(name(part), sum * factor, "mm", meaning))
        .collect()
}

/// Which nodes are explained, on the whole map.
fn mask_on(mask: &[f32], (work, focus): (&Work, &Part), ground: &Ground) -> Variable {
    let geometry = &work.geometry;
    let tile = &work.tiles[focus.tile_idx].0;
    let first = |axis: &[f64], minimum: f64| {
        ((minimum + geometry.first_fine_deg() - axis[0]) / geometry.fine_deg).round() as usize
    };
    let (row, column) =
        (first(&ground.latitudes, tile.min_lat), first(&ground.longitudes, tile.min_lon));
    let mut all = vec![0.0; ground.latitudes.len() * ground.width()];
    for (i, &m) in mask.iter().enumerate() {
        all[(row + i / geometry.size) * ground.width() + column + i % geometry.size] = m;
    }
    mask_variable(&all, ground)
}

fn mask_variable(all: &[f32], ground: &Ground) -> Variable {
    let quantity = Quantity::new("explained", "1", Colours::Mask);
    ground.variable("target_mask", Role::Mask, quantity, all)
}
