//! The core: by the kernel, or from burn's operations.

use burn::tensor::{Device, Int, Tensor, TensorData, s};
use stormlens_kernels::deformable::Deformable;

use crate::fused::alike;
use crate::layers::fused;
use crate::parameters::Mode;

/// `Σ_k modulation_k · value(x_k, y_k)` of each group; see [`Deformable`] for the places.
///
/// # Shapes
/// - value `[batch, channels, height, width]`
/// - offsets `[batch, groups · points · 2, height out, width out]`, modulation `[batch, groups · points, …]`
/// - result `[batch, channels, height out, width out]`
pub(crate) fn deformable_core(layer: &Deformable, maps: [Tensor<4>; 3], mode: &Mode) -> Tensor<4> {
    fused::deformable(layer, &maps, mode).unwrap_or_else(|| compose(layer, alike(maps)))
}

/// Rows of one group's channels at one pixel are selected by their number, a point after the other, so that nothing has
/// the size of all points' samples.
fn compose(layer: &Deformable, [value, offset, modulation]: [Tensor<4>; 3]) -> Tensor<4> {
    let [n_batch, n_channels, height, width] = value.dims();
    let (groups, n_points) = (layer.groups, layer.n_points());
    let out = layer.shape_out([n_batch, height, width, n_channels]);
    let (n, n_rows) = (n_channels / groups, out[0] * out[1] * out[2] * groups);
    let last = |x: Tensor<4>| x.permute([0, 2, 3, 1]);
    let value = last(value).reshape([n_batch * height * width * groups, n]);
    let offset = last(offset).reshape([n_rows, n_points, 2]);
    let modulation = last(modulation).reshape([n_rows, n_points]);
    let grid = Grid::new(layer, out, [height, width], &value.device());
    let mut sum: Option<Tensor<2>> = None;
    for k in 0..n_points {
        let place = |axis: usize| {
            let offset = offset.clone().slice(s![.., k..k + 1, axis..axis + 1]);
            grid.place(offset.reshape([n_rows]), axis, k)
        };
        let (across, down) = (place(0), place(1));
        let weight = modulation.clone().narrow(1, k, 1);
        for corner in [[0, 0], [0, 1], [1, 0], [1, 1]] {
            let (row, row_share) = cell(&down, corner[0], height);
            let (column, column_share) = cell(&across, corner[1], width);
            let pixel = row.mul_scalar(width as i64) + column;
            let number = pixel.mul_scalar(groups as i64) + grid.first.clone();
            let share = (row_share * column_share).reshape([n_rows, 1]);
            let term = value.clone().select(0, number) * (weight.clone() * share);
            sum = Some(match sum {
                Some(sum) => sum + term,
                None => term,
            });
        }
    }
    let sum = sum.expect("at least one point");
    sum.reshape(out).permute([0, 3, 1, 2])
}

/// One of the two cells on either side of each place along an axis of `n` pixels, and its share: zero beyond the edge.
fn cell(place: &Tensor<1>, step: usize, n: usize) -> (Tensor<1, Int>, Tensor<1>) {
    let floor = place.clone().detach().floor();
    let share = match step {
        0 => (floor.clone() - place.clone()).add_scalar(1.0),
        _ => place.clone() - floor.clone(),
    };
    let cell = floor.add_scalar(step as f64);
    let inside = cell.clone().clamp(0.0, (n - 1) as f64);
    let is_inside = cell.equal(inside.clone()).float();
    (inside.int(), share * is_inside)
}

/// Where points lie without offsets: an entry for each pixel of the result and each group.
struct Grid<'a> {
    layer: &'a Deformable,
    /// Middle of the points across and down.
    start: [Tensor<1>; 2],
    /// Number of the row of the example's first pixel.
    first: Tensor<1, Int>,
}

impl<'a> Grid<'a> {
    fn new(
        layer: &'a Deformable,
        [n_batch, out_height, out_width, _]: [usize; 4],
        [height, width]: [usize; 2],
        device: &Device,
    ) -> Self {
        let n_rows = n_batch * out_height * out_width * layer.groups;
        let along = |of_row: &dyn Fn(usize) -> usize| {
            let start = |row: usize| (of_row(row / layer.groups) * layer.stride) as f32;
            let moved = centre(layer) as f32 - layer.padding as f32;
            let values: Vec<f32> = (0..n_rows).map(|row| start(row) + moved).collect();
            Tensor::<1>::from_data(
                TensorData::new(values, [n_rows]),
                &device.clone().without_autodiff(),
            )
        };
        let first = |row: usize| {
            let example = row / (out_height * out_width * layer.groups);
            (example * height * width * layer.groups + row % layer.groups) as i32
        };
        let first = TensorData::new((0..n_rows).map(first).collect::<Vec<i32>>(), [n_rows]);
        Self {
            layer,
            start: [
                along(&|pixel| pixel % out_width),
                along(&|pixel| pixel / out_width % out_height),
            ],
            first: Tensor::from_data(first, device),
        }
    }

    /// Of point `k` of every group along an axis, x being 0, in pixels of the value.
    fn place(&self, offset: Tensor<1>, axis: usize, k: usize) -> Tensor<1> {
        let tap = [k / self.layer.kernel, k % self.layer.kernel][axis];
        let moved = offset.add_scalar((tap * self.layer.dilation) as f64 - centre(self.layer));
        moved.mul_scalar(self.layer.offset_scale) + self.start[axis].clone()
    }
}

/// From the first point of the grid to its middle, in whole pixels.
fn centre(layer: &Deformable) -> f64 {
    (layer.dilation * (layer.kernel - 1) / 2) as f64
}
