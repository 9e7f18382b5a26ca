//! What each level of an encoder holds, before and after it is translated to the frames to come.

use stormlens_data::network::ShownLayer;
use stormlens_data::outcome::{Colours, Quantity, Role, Values, Variable};

use super::Ground;
use crate::question::Cards;
use crate::tasks::nowcast::seen::Seen;

/// Maps of levels are called so, with the layer's name.
pub const LEVELS: &str = "levels";

/// Layers that hold a level, from the finest one on; those of the translation where the weights have one.
pub fn layers(cards: &Cards) -> Vec<String> {
    let is_level = |name: &str| {
        let of =
            |prefix: &str| name.strip_prefix(prefix).is_some_and(|n| n.parse::<usize>().is_ok());
        of("encoder.") || of("translation.")
    };
    let is_there =
        |name: &&String| is_level(name) && !cards.checkpoint.absent_layers.contains(name);
    cards.model.layers.iter().map(|layer| &layer.name).filter(is_there).cloned().collect()
}

/// The mean size of all channels at each place of each level.
pub fn variables(
    ground: &Ground,
    seen: &Seen,
    cards: &Cards,
    shown: &[ShownLayer],
) -> Vec<Variable> {
    let map = |layer: &ShownLayer| {
        let [n_channels, rows, columns] = layer.shape;
        let n_cells = rows * columns;
        let mean = |i: usize| {
            let at = layer.values.iter().skip(i).step_by(n_cells);
            at.map(|value| value.abs()).sum::<f32>() / n_channels as f32
        };
        let (values, plane) = seen.on_pixels((0..n_cells).map(mean).collect(), [rows, columns]);
        let known = cards.model.layers.iter().find(|known| known.name == layer.name);
        let label = known.map_or(layer.name.as_str(), |known| known.label.as_str());
        Variable {
            name: format!("{LEVELS}/{}", layer.name),
            role: Role::Diagnostic,
            quantity: Quantity::new(
                &format!("mean size of features, {label}"),
                "1",
                Colours::Sizes,
            ),
            axes: Vec::new(),
            plane: Some(plane),
            domain: ground.domain.clone(),
            values: Values::F32(values),
        }
    };
    shown.iter().map(map).collect()
}
