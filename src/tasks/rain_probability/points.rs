//! Where the deformable convolutions of the encoder look: how far on average, and which points for one node.

use stormlens_data::network::{Answer, ShownLayer};
use stormlens_data::outcome::{Axis, Colours, Quantity, Role, Values, Variable};
use stormlens_data::request::EventPlace;

use super::answer::numbers_of;
use super::ground::{Ground, place_words};
use super::prepare::Work;

/// What names of these maps begin with.
pub const LENGTH: &str = "offset_length/";
/// Points of a group of channels: 3 × 3.
const N_POINTS: usize = 9;
/// What is told of a point: row, column, modulation.
const N_TOLD: usize = 3;

/// The layers that are shown: the last one of each level of the encoder.
pub fn layers(work: &Work) -> Vec<String> {
    let Some(place) = work.sight.points else { return Vec::new() };
    let depths = work.card.depths.iter().enumerate().filter(|(_, depth)| **depth > 0);
    let of = |(level, depth): (usize, &usize)| {
        let layer = |part: &str| format!("levels.{level}.blocks.{}.dcn.{part}", depth - 1);
        let points = (place != EventPlace::All).then(|| layer("points"));
        std::iter::once(layer("offset_length")).chain(points)
    };
    depths.flat_map(of).collect()
}

/// Of each level the mean length of its offsets as a map, and as marks on that the points that are read for the node.
pub fn variables(work: &Work, answer: Option<&Answer>) -> Vec<Variable> {
    let (Some(place), Some(answer)) = (work.sight.points, answer) else { return Vec::new() };
    let mut variables = Vec::new();
    for layer in &answer.shown {
        let Some((level, part)) = level_and_part(&layer.name) else { continue };
        match part {
            "offset_length" => variables.push(length(work, level, layer)),
            _ => variables.extend(points(work, level, layer, place)),
        }
    }
    variables
}

/// `levels.2.blocks.0.dcn.points`: 2 and `points`.
fn level_and_part(name: &str) -> Option<(usize, &str)> {
    let (level, rest) = name.strip_prefix("levels.")?.split_once('.')?;
    Some((level.parse().ok()?, rest.rsplit('.').next()?))
}

fn length(work: &Work, level: usize, layer: &ShownLayer) -> Variable {
    let [_, height, width] = layer.shape;
    let title = format!("mean length of offsets in pixels of the level, level {}", level + 1);
    let quantity = Quantity::new(&title, "1", Colours::Amount);
    let ground = Ground(&work.card.fields);
    let map = ground.variable(&name(level), Role::Diagnostic, quantity, (None, Vec::new()));
    Variable { plane: Some([height, width]), values: Values::F32(layer.values.clone()), ..map }
}

fn name(level: usize) -> String {
    format!("{LENGTH}{}", level + 1)
}

/// The pixel itself, without a weight, and the points of all groups of channels.
fn points(work: &Work, level: usize, layer: &ShownLayer, place: EventPlace) -> Option<Variable> {
    let EventPlace::Node([latitude, longitude]) = place else { return None };
    let node = Ground(&work.card.fields).node(latitude, longitude)?;
    let [n_told, height, width] = layer.shape;
    let [row, column] = pixel(node, work.card.fields.size, [height, width]);
    let told = |i: usize| f64::from(layer.values[(i * height + row) * width + column]);
    let names = (0..n_told / N_TOLD)
        .map(|i| format!("group {}, point {}", i / N_POINTS + 1, i % N_POINTS + 1));
    let marks = Axis::names("mark", std::iter::once("the pixel".to_owned()).chain(names));
    let columns = Axis::names("what", ["row", "column", "weight"]);
    let values = [row as f64, column as f64, f64::NAN].into_iter().chain((0..n_told).map(told));
    let place = place_words([latitude, longitude]);
    let title = format!("points that are read for the pixel of {place}");
    let quantity = Quantity::new(&title, "1", Colours::None);
    Some(numbers_of(
        &format!("{}/marks", name(level)),
        quantity,
        vec![marks, columns],
        values.collect(),
    ))
}

/// The pixel of a level that covers a node.
fn pixel([row, column]: [usize; 2], [rows, columns]: [usize; 2], [h, w]: [usize; 2]) -> [usize; 2] {
    [
        (row * h / rows.max(1)).min(h.saturating_sub(1)),
        (column * w / columns.max(1)).min(w.saturating_sub(1)),
    ]
}
