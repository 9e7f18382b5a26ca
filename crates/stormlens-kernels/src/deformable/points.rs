//! Where points lie, and which pixels are around them.

use super::{Deformable, Sampled};

/// A pixel of the value that counts for a point.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Corner {
    /// Its first channel of the group, in the value.
    pub start: usize,
    pub weight: f32,
}

/// A point of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// Row and column of the pixel above it on the left, which may lie beyond the edge.
    pub pixel: [i64; 2],
    /// How far it is below and on the right of that.
    pub share: [f32; 2],
    pub modulation: f32,
}

impl Deformable {
    /// The number of a group's first point.
    #[inline(always)]
    pub(super) fn first_point(&self, out: [usize; 4], at: [usize; 3], group: usize) -> usize {
        let pixel = (at[0] * out[1] + at[1]) * out[2] + at[2];
        (pixel * self.groups + group) * self.n_points()
    }

    /// Point `k` of a group whose first one is number `first`; `at` is example, row, column of the result.
    #[inline(always)]
    pub(super) fn point(&self, x: &Sampled, at: [usize; 3], first: usize, k: usize) -> Point {
        let [across, down] = [k / self.kernel, k % self.kernel];
        let offset = &x.offset[2 * (first + k)..][..2];
        let column = self.place(at[2], across, offset[0]);
        let row = self.place(at[1], down, offset[1]);
        let floor = [row.floor(), column.floor()];
        Point {
            // Saturates: what is far beyond the edge stays there.
            pixel: floor.map(|v| i64::from(v as i32)),
            share: [row - floor[0], column - floor[1]],
            modulation: x.modulation[first + k],
        }
    }

    /// Along one axis, in pixels of the value.
    #[inline(always)]
    fn place(&self, out: usize, tap: usize, offset: f32) -> f32 {
        let centre = (self.dilation * (self.kernel - 1) / 2) as f32;
        let start = (out * self.stride) as f32 - self.padding as f32 + centre;
        start + ((tap * self.dilation) as f32 - centre + offset) * self.offset_scale
    }

    /// All pixels that count for a group's points, those of one point after each other; how many they are. There is room for
    /// four a point.
    #[inline(always)]
    pub(super) fn corners(
        &self,
        x: &Sampled,
        out: [usize; 4],
        at: [usize; 3],
        group: usize,
        corners: &mut [Corner],
    ) -> usize {
        let [_, height, width, n_channels] = x.shape;
        let (first, mut n) = (self.first_point(out, at, group), 0);
        for k in 0..self.n_points() {
            let point = self.point(x, at, first, k);
            let weights = point.weights().map(|(place, w)| (place, point.modulation * w));
            let [row, column] = point.pixel.map(|place| place as usize);
            // Nearly all points lie within the map: one place in memory leads to the other three.
            let is_within = row < height.saturating_sub(1) && column < width.saturating_sub(1);
            if is_within {
                let start = ((at[0] * height + row) * width + column) * n_channels
                    + group * (n_channels / self.groups);
                let steps = [0, n_channels, width * n_channels, (width + 1) * n_channels];
                let of = |i: usize| Corner { start: start + steps[i], weight: weights[i].1 };
                corners[n..n + 4].copy_from_slice(&std::array::from_fn::<_, 4, _>(of));
                n += 4;
                continue;
            }
            for (place, weight) in weights {
                if let Some(start) = self.start(x.shape, at[0], group, point.corner(place)) {
                    corners[n] = Corner { start, weight };
                    n += 1;
                }
            }
        }
        n
    }

    /// Where a pixel's channels of a group begin; `None` beyond the edge.
    #[inline(always)]
    pub(super) fn start(
        &self,
        [_, height, width, n_channels]: [usize; 4],
        example: usize,
        group: usize,
        [row, column]: [i64; 2],
    ) -> Option<usize> {
        let is_in = |v: i64, n: usize| (v as u64) < n as u64;
        if !(is_in(row, height) && is_in(column, width)) {
            return None;
        }
        let pixel = (example * height + row as usize) * width + column as usize;
        Some(pixel * n_channels + group * (n_channels / self.groups))
    }
}

impl Point {
    /// The four pixels around it as steps down and across, and the share of each.
    #[inline(always)]
    pub fn weights(&self) -> [([i64; 2], f32); 4] {
        let [down, across] = self.share;
        let [up, left] = [1.0 - down, 1.0 - across];
        [([0, 0], up * left), ([0, 1], up * across), ([1, 0], down * left), ([1, 1], down * across)]
    }

    #[inline(always)]
    pub fn corner(&self, [down, across]: [i64; 2]) -> [i64; 2] {
        [self.pixel[0] + down, self.pixel[1] + across]
    }
}
