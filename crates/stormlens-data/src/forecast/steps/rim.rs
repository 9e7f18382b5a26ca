//! Where noise may make rain: around rain, farther at each step (pysteps' incremental mask).

/// Pixels over which rain fades beyond where it may grow.
const FADING_PX: usize = 10;

/// How far rain may grow in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rim {
    width: usize,
    reach_px: usize,
}

impl Rim {
    /// Half of 1 km/min to each side, at least a pixel.
    pub fn new(width: usize, step_min: u32, spacing_km: f64) -> Self {
        let diameter_px = f64::from(step_min) / spacing_km;
        Self { width, reach_px: (((diameter_px - 1.0) / 2.0) as usize).max(1) }
    }

    /// Share of its rain that each pixel keeps: 1 within reach of rain, falling to 0 beyond.
    pub fn around(&self, is_wet: &[bool]) -> Vec<f64> {
        let share = |steps: usize| {
            let beyond = steps.saturating_sub(self.reach_px);
            (FADING_PX + 1).saturating_sub(beyond) as f64 / (FADING_PX + 1) as f64
        };
        let farthest = self.reach_px + FADING_PX + 1;
        distances(is_wet, self.width, farthest).into_iter().map(share).collect()
    }
}

/// Steps along rows and columns to the nearest pixel of a mask, at most `farthest`.
fn distances(mask: &[bool], width: usize, farthest: usize) -> Vec<usize> {
    let n = mask.len();
    let mut distances: Vec<usize> =
        mask.iter().map(|&set| if set { 0 } else { farthest }).collect();
    for i in 0..n {
        let west = if i % width > 0 { distances[i - 1] + 1 } else { farthest };
        let north = if i >= width { distances[i - width] + 1 } else { farthest };
        distances[i] = distances[i].min(west).min(north);
    }
    for i in (0..n).rev() {
        let east = if i % width + 1 < width { distances[i + 1] + 1 } else { farthest };
        let south = if i + width < n { distances[i + width] + 1 } else { farthest };
        distances[i] = distances[i].min(east).min(south);
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rain_fades_with_the_steps_from_it() {
        let width = 20;
        let mut mask = vec![false; 40];
        mask[0] = true;
        let rim = Rim::new(width, 5, 1.0);
        assert_eq!(rim.reach_px, 2);
        assert_eq!((Rim::new(width, 5, 4.0).reach_px, Rim::new(width, 10, 1.0).reach_px), (1, 4));
        let shares = rim.around(&mask);
        let at = |row: usize, column: usize| shares[row * width + column];
        assert_eq!([at(0, 0), at(0, 2), at(1, 1)], [1.0; 3]);
        assert_eq!((at(0, 3), at(1, 2)), (10.0 / 11.0, 10.0 / 11.0));
        assert_eq!((at(0, 12), at(0, 13)), (1.0 / 11.0, 0.0));
        assert!(rim.around(&[false; 40]).iter().all(|&share| share == 0.0));
    }
}
