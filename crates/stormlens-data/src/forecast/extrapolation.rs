//! Backward semi-Lagrangian extrapolation with the midpoint rule (Germann and Zawadzki, Mon. Weather Rev. 130, 2002,
//! section 3a): where does the air above a pixel come from?
//!
//! With motion v and departure x, a step of length 1 goes back by `v(x − v(x) / 2)`. Motion is interpolated
//! bilinearly and continued beyond the border with its value there.

use rayon::prelude::*;

use super::motion::MotionField;

/// Trajectories that end in the pixels of a map, each as displacement from its pixel to where it starts.
#[derive(Clone, Debug)]
pub struct Trajectories {
    height: usize,
    width: usize,
    /// Columns and rows; row by row.
    displacements: Vec<[f64; 2]>,
}

impl Trajectories {
    /// Of length 0.
    pub fn new(height: usize, width: usize) -> Self {
        Self { height, width, displacements: vec![[0.0; 2]; height * width] }
    }

    /// Continues all by a step into the past.
    ///
    /// # Panics
    /// If the motion is of another size.
    pub fn advance(&mut self, motion: &MotionField) {
        assert_eq!((self.height, self.width), (motion.height, motion.width), "one size");
        let rows = self.displacements.par_chunks_mut(self.width).enumerate();
        rows.for_each(|(row, displacements)| {
            for (column, displacement) in displacements.iter_mut().enumerate() {
                let x = column as f64 + displacement[0];
                let y = row as f64 + displacement[1];
                let here = motion.at(x, y);
                let midway = motion.at(x - here[0] / 2.0, y - here[1] / 2.0);
                *displacement = [displacement[0] - midway[0], displacement[1] - midway[1]];
            }
        });
    }

    /// A map at the other end: its values where the trajectories start, interpolated bilinearly; `outside` where that
    /// is beyond the centres of its border pixels, NaN where a value that counts is NaN.
    ///
    /// # Panics
    /// If the map is of another size.
    pub fn bring(&self, map: &[f64], outside: f64) -> Vec<f64> {
        assert_eq!(map.len(), self.displacements.len(), "one size");
        let mut brought = vec![outside; map.len()];
        let rows =
            brought.par_chunks_mut(self.width).zip(self.displacements.par_chunks(self.width));
        rows.enumerate().for_each(|(row, (brought, displacements))| {
            for (column, (value, [dx, dy])) in brought.iter_mut().zip(displacements).enumerate() {
                let (x, y) = (column as f64 + dx, row as f64 + dy);
                if self.holds(x, y) {
                    *value = bilinear(map, self.width, x, y);
                }
            }
        });
        brought
    }

    fn holds(&self, x: f64, y: f64) -> bool {
        let (right, bottom) = ((self.width - 1) as f64, (self.height - 1) as f64);
        (0.0..=right).contains(&x) && (0.0..=bottom).contains(&y)
    }
}

/// Between pixels. A neighbour without weight may be missing.
fn bilinear(map: &[f64], width: usize, x: f64, y: f64) -> f64 {
    let (column, row) = (x as usize, y as usize);
    let (a, b) = (x - column as f64, y - row as f64);
    let first = row * width + column;
    let corners = [
        (first, (1.0 - a) * (1.0 - b)),
        (first + 1, a * (1.0 - b)),
        (first + width, (1.0 - a) * b),
        (first + width + 1, a * b),
    ];
    let counted = corners.into_iter().filter(|(_, weight)| *weight != 0.0);
    counted.map(|(i, weight)| weight * map[i]).sum()
}
