//! The explanation of several tiles: what methods found of each of them is added where it lies on the map.

mod joined;

use stormlens_data::network::{Answer, Explained};
use stormlens_data::outcome::{Colours, Note, Quantity, Role, Variable};
use stormlens_plot::words::{count, number};

use self::joined::Joined;
use super::{Found, answer_of, attributions, mask_variable, nothing_above, rain, setting};
use crate::task::Answered;
use crate::tasks::downscaling::answer::{heights, interval};
use crate::tasks::downscaling::map::Ground;
use crate::tasks::downscaling::prepare::{Part, Several, Work};
use crate::tasks::explained::Setting;
use crate::web::format::plural;

/// Of what stands on no tile of the target.
const MISSING: &str = "no tile of the target with rain";

/// All of a target that several tiles make together.
pub(super) fn of(
    answered: &Answered<'_>,
    work: &Work,
    several: &Several,
    ground: &Ground,
) -> Found {
    let answers: Option<Vec<(&Part, &Answer)>> = several
        .parts
        .iter()
        .map(|part| Some((part, answer_of(answered, work, part.tile_idx)?)))
        .collect();
    let Some(answers) = answers else { return Found::default() };
    let joined = Joined::new(work, several);
    let mut found = Found { variables: inputs(work, several, &joined), ..Found::default() };
    found.notes.extend(notes(several));
    let n_methods = answers.first().map_or(0, |(_, answer)| answer.explained.len());
    let mut mask: Vec<f32> = Vec::new();
    for method in 0..n_methods {
        let of_tiles: Vec<(&Part, &Explained)> = answers
            .iter()
            .filter_map(|&(part, answer)| Some((part, answer.explained.get(method)?)))
            .collect();
        let explained = joined.explained(&of_tiles);
        let sum = joined.n_nodes(&of_tiles);
        if let Some(mm) = several.above_mm.filter(|_| sum == 0.0 && mask.is_empty()) {
            found.notes.push(nothing_above(mm));
        }
        let target = |explained: &Explained| words(work, several, explained);
        let factor = if sum > 0.0 { 1.0 / sum } else { 1.0 };
        let domain = joined.ground.domain();
        let setting = Setting { factor, ..setting(answered, work, &domain, &target) };
        attributions(&setting, &explained, &mut found);
        mask = explained.mask.clone().unwrap_or_default();
    }
    found.variables.iter_mut().for_each(say_missing);
    if n_methods > 0 {
        found.variables.push(mask_on(&mask, several, ground));
    }
    found
}

/// What the network was given of these tiles, in units of people.
fn inputs(work: &Work, several: &Several, joined: &Joined<'_>) -> Vec<Variable> {
    let rain: Vec<(&Part, Vec<f32>)> =
        several.parts.iter().map(|part| (part, rain(work, part.tile_idx))).collect();
    let quantity = Quantity::rain_amount(work.refining.rain.hours);
    let name = format!("coarse {} of the tiles of the target, interpolated", quantity.name);
    let quantity = Quantity { name, ..quantity };
    let rain = joined.ground.variable("tiles/rain", Role::Input, quantity, &joined.laid(&rain));
    let mut variables = vec![Variable { axes: interval(work), ..rain }];
    let heights: Option<Vec<(&Part, Vec<f32>)>> =
        several.parts.iter().map(|part| Some((part, heights(work, part.tile_idx)?))).collect();
    if let Some(heights) = heights {
        let quantity = Quantity::new("terrain of the tiles of the target", "m", Colours::Amount);
        let heights = joined.laid(&heights);
        let ground = &joined.ground;
        variables.push(ground.variable("tiles/elevation", Role::Context, quantity, &heights));
    }
    variables
}

fn say_missing(variable: &mut Variable) {
    let is_missing = |i: usize| variable.values.at(i).is_nan();
    if variable.plane.is_some() && (0..variable.values.len()).any(is_missing) {
        variable.quantity.missing = Some(MISSING.to_owned());
    }
}

fn notes(several: &Several) -> Vec<Note> {
    let n = several.parts.len();
    let text = format!(
        "the target lies in several tiles, {n} of them with rain: it is the mean of the map before negative rain becomes 0, and \
         what a method finds of each tile is added; attention gates are shown only of a target within one tile"
    );
    let mut notes = vec![Note::new("several-tiles", text, false)];
    notes.extend(several.above_mm.map(|mm| {
        let text = format!(
            "above {} mm is the rain of each tile, not of the map: where tiles overlap, a node counts with the weights of the \
             tiles that have more",
            number(mm)
        );
        Note::new("above-of-tiles", text, false)
    }));
    let n_missing = several.has_data.iter().filter(|has| !**has).count();
    notes.extend((n_missing > 0).then(|| {
        let text = format!(
            "{} of the {} nodes of the target have no data, because coarse rain is missing: they do not count",
            count(n_missing),
            count(several.has_data.len())
        );
        Note::new("target-missing", text, true)
    }));
    notes
}

/// `target: mean predicted rain of 37.5 to 40° N, -114 to -111° E in 4 tiles with rain (7,857 nodes)`
fn words(work: &Work, several: &Several, explained: &Explained) -> String {
    let frame = &several.frame;
    let place = super::between(work, frame.corner, [&frame.rows, &frame.columns]);
    let above = several.above_mm.map(|mm| format!(" above {} mm", number(mm))).unwrap_or_default();
    format!(
        "target: mean predicted rain{above} of {place} in {} with rain ({})",
        plural(several.parts.len(), "tile"),
        plural(super::n_nodes(explained), "node")
    )
}

/// Which nodes are explained, on the whole map.
fn mask_on(mask: &[f32], several: &Several, ground: &Ground) -> Variable {
    let frame = &several.frame;
    let mut all = vec![0.0; ground.latitudes.len() * ground.width()];
    for (row, own) in frame.rows.clone().zip(mask.chunks_exact(frame.columns.len())) {
        let first = row * ground.width() + frame.columns.start;
        all[first..first + own.len()].copy_from_slice(own);
    }
    mask_variable(&all, ground)
}
