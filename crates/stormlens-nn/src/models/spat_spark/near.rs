//! Forecasts without one more patch, of which only that is computed anew which a patch can change.
//!
//! The finer maps change near the patch alone. There a window is computed, and pasted into the map of all that is seen; what
//! decodes sees everything. The window is as large as what changes and what that depends on.

use burn::tensor::Tensor;
use stormlens_data::patches::SIDE_PX;

use super::decoder::decode;
use super::densify::{dense, n_translations};
use super::encoder::level;
use super::form::{ENCODER, Form, LEVELS};
use super::network::SpatSpark;
use super::patches::Statistics;
use super::sparse::{Sparse, Visible, Window};
use crate::network::{Network, Prediction};
use crate::parameters::{Mode, Scope};
use crate::{Parameters, Tap};

/// Percent of a map from which on the whole of it is computed.
const WHOLE_PERCENT: usize = 80;

pub(super) struct Near<'a> {
    parameters: &'a Parameters,
    root: Scope<'a>,
    form: Form,
    /// Which patches the whole input shows.
    seen: Vec<bool>,
    /// Rows and columns of patches.
    grid: [usize; 2],
    /// Of all that is seen, the finest first: maps of the encoder, and what the decoder takes.
    maps: Vec<[Tensor<4>; 2]>,
}

/// How far a step of the network looks and how far a hidden patch changes what it gives, in cells of its map on each side.
#[derive(Clone, Copy)]
struct Reach {
    looks: usize,
    changes: usize,
}

/// A step of the network: from a map that has so many cells along the side of one of its own.
struct Step<'a> {
    level: usize,
    from: Tensor<4>,
    cells: usize,
    reach: Reach,
    /// What it gives of all that is seen.
    whole: &'a Tensor<4>,
}

/// Inputs that hide a patch each.
struct Hidden<'a> {
    visible: &'a Visible,
    /// Row and column of each patch.
    places: Vec<[usize; 2]>,
}

impl<'a> Near<'a> {
    /// `None` where even of the finest map nearly all would be computed.
    pub fn of(parameters: &'a Parameters, form: Form, whole: Tensor<4>) -> Option<Self> {
        let [_, _, height, width] = whole.dims();
        let grid = [height / SIDE_PX, width / SIDE_PX];
        size(grid, 0, reaches(&form)[0][0])?;
        let visible = Visible::of(&whole);
        let n = grid[0] * grid[1];
        let seen = visible.as_ref().map_or_else(|| vec![true; n], |v| v.seen().to_vec());
        let mut near = Self { parameters, root: parameters.root(), form, seen, grid, maps: vec![] };
        let sparse = Sparse { visible: visible.as_ref(), mode: &Mode::inference() };
        let mut before = match &visible {
            Some(visible) => visible.fill(whole),
            None => whole,
        };
        for level in 0..LEVELS {
            let map = near.encoded(level, before, sparse);
            before = map.clone();
            let dense = near.dense(level, map.clone(), sparse);
            near.maps.push([map, dense]);
        }
        Some(near)
    }

    /// The forecast of each example; of a batch with one that does not hide just one patch more, by whole passes.
    pub fn predict(&self, inputs: Tensor<4>) -> Prediction {
        let visible = Visible::of(&inputs);
        let Some(hidden) = visible.as_ref().and_then(|visible| self.hidden(visible)) else {
            let mode = Mode::inference();
            return SpatSpark.forward(self.parameters, inputs, &mut Tap::off(), &mode);
        };
        let frames = hidden.visible.fill(inputs);
        let mut before = frames.clone();
        let mut maps = Vec::with_capacity(LEVELS);
        let reaches = reaches(&self.form).into_iter().zip(&self.maps);
        for (level, ([encoder, decoder], [map, dense])) in reaches.enumerate() {
            let cells = if level == 0 { SIDE_PX / side(0) } else { 2 };
            let step = Step { level, from: before, cells, reach: encoder, whole: map };
            let map = self.changed(&hidden, step, |x, sparse| self.encoded(level, x, sparse));
            before = map.clone();
            let step = Step { level, from: map, cells: 1, reach: decoder, whole: dense };
            maps.push(self.changed(&hidden, step, |x, sparse| self.dense(level, x, sparse)));
        }
        let (tap, mode) = (&mut Tap::off(), &Mode::inference());
        let coarsest_first = maps.into_iter().rev().collect();
        let decoded = decode(&self.root.at("dense_decoder"), coarsest_first, tap, mode);
        let statistics = Statistics::of(&self.root, frames, Some(hidden.visible));
        Prediction::Field(statistics.apply(decoded))
    }

    fn encoded(&self, of: usize, before: Tensor<4>, sparse: Sparse) -> Tensor<4> {
        level(&self.root.at(ENCODER), &self.form, of, before, sparse, &mut Tap::off())
    }

    fn dense(&self, level: usize, map: Tensor<4>, sparse: Sparse) -> Tensor<4> {
        dense(&self.root, &self.form, LEVELS - 1 - level, map, sparse, &mut Tap::off())
    }

    /// What examples hide and the whole input shows; `None` if it is not one patch of each.
    fn hidden<'b>(&self, visible: &'b Visible) -> Option<Hidden<'b>> {
        let one = |seen: &[bool]| {
            let mut differ = (0..seen.len()).filter(|&patch| seen[patch] != self.seen[patch]);
            let patch = differ.next().filter(|&patch| self.seen[patch])?;
            differ.next().is_none().then_some([patch / self.grid[1], patch % self.grid[1]])
        };
        let places =
            visible.seen().chunks_exact(self.seen.len()).map(one).collect::<Option<_>>()?;
        Some(Hidden { visible, places })
    }

    /// The map that a step gives: that of all that is seen, but for a window around each patch.
    fn changed(
        &self,
        hidden: &Hidden,
        step: Step,
        compute: impl Fn(Tensor<4>, Sparse) -> Tensor<4>,
    ) -> Tensor<4> {
        let mode = &Mode::inference();
        let Some(size) = size(self.grid, step.level, step.reach) else {
            return compute(step.from, Sparse { visible: Some(hidden.visible), mode });
        };
        let side = side(step.level);
        let of = |axis: usize, place: [usize; 2]| {
            let first = (place[axis] * side).saturating_sub(step.reach.looks + step.reach.changes);
            let first = first.min(self.grid[axis] * side - size[axis]);
            first..first + size[axis]
        };
        let window = |&place: &[usize; 2]| std::array::from_fn(|axis| of(axis, place));
        let windows: Vec<Window> = hidden.places.iter().map(window).collect();
        let crop = |(i, window): (usize, &Window)| cut(&step.from, i, window, step.cells);
        let crops = Tensor::cat(windows.iter().enumerate().map(crop).collect(), 0);
        let visible = &hidden.visible.within(side, &windows);
        let near = compute(crops, Sparse { visible: Some(visible), mode });
        let paste = |(i, window): (usize, &Window)| {
            let changed: Window = std::array::from_fn(|axis| {
                let first = hidden.places[i][axis] * side;
                let last = (first + side + step.reach.changes).min(self.grid[axis] * side);
                first.saturating_sub(step.reach.changes)..last
            });
            let within: Window = std::array::from_fn(|axis| {
                let first = window[axis].start;
                changed[axis].start - first..changed[axis].end - first
            });
            let [rows, columns] = changed;
            let [_, n_channels, ..] = near.dims();
            let part = cut(&near, i, &within, 1);
            step.whole.clone().slice_assign([0..1, 0..n_channels, rows, columns], part)
        };
        Tensor::cat(windows.iter().enumerate().map(paste).collect(), 0)
    }
}

/// Cells along the side of a patch in the map of a level, 0 the finest.
const fn side(level: usize) -> usize {
    1 << (LEVELS - 1 - level)
}

/// Height and width of the window in which a step is computed; `None` where that is nearly the whole map.
fn size(grid: [usize; 2], level: usize, reach: Reach) -> Option<[usize; 2]> {
    let whole = grid.map(|n| n * side(level));
    let size = whole.map(|n| n.min(side(level) + 2 * (reach.looks + reach.changes)));
    (100 * size[0] * size[1] < WHOLE_PERCENT * whole[0] * whole[1]).then_some(size)
}

/// Of the encoder's and the decoder's map of each level, the finest first.
///
/// The stem and its pooling look two cells around them, and each 3 × 3 convolution one. What changed by `n` cells on
/// each side is, with cells of twice the size at every second of which the first convolution of a level stands, changed by
/// `n / 2 + 1`.
fn reaches(form: &Form) -> [[Reach; 2]; LEVELS] {
    let mut changes = 0;
    std::array::from_fn(|level| {
        let depth = form.depths[level];
        let looks = if level == 0 { 2 + depth } else { depth };
        changes = if level == 0 { looks } else { changes / 2 + depth };
        let projection = usize::from(level < LEVELS - 1);
        let translations = if form.translates { n_translations(LEVELS - 1 - level) } else { 0 };
        let of_decoder = translations + projection;
        let decoder = Reach { looks: of_decoder, changes: changes + of_decoder };
        [Reach { looks, changes }, decoder]
    })
}

/// A window of an example, of a map with so many cells along the side of one of the window's.
fn cut(map: &Tensor<4>, example: usize, window: &Window, cells: usize) -> Tensor<4> {
    let [_, n_channels, ..] = map.dims();
    let [rows, columns] = window.clone().map(|range| range.start * cells..range.end * cells);
    map.clone().slice([example..example + 1, 0..n_channels, rows, columns])
}
