//! Rain that is kept: negative values, and the mass of coarse cells.

/// What was negative and is 0 now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clipped {
    pub n_nodes: usize,
    /// Millimetres summed over nodes, not negative itself.
    pub mm_nodes: f64,
}

/// Puts 0 where rain is negative, and says how much that was.
pub fn clip_negative(mm: &mut [f32]) -> Clipped {
    let mut clipped = Clipped::default();
    for value in mm.iter_mut().filter(|value| **value < 0.0) {
        clipped.n_nodes += 1;
        clipped.mm_nodes -= f64::from(*value);
        *value = 0.0;
    }
    clipped
}

/// A map whose blocks have the mass of the coarse cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Conserved {
    /// As large as the map that was given.
    pub mm: Vec<f32>,
    /// A value a coarse cell: what its nodes were multiplied by; `NaN` where they had no rain and the cell has.
    pub ratio: Vec<f32>,
    pub clipped: Clipped,
}

/// Multiplies each block of `factor` × `factor` nodes so that its mean is the coarse value. Negative nodes are 0
/// first. A block without rain takes the coarse value everywhere. Blocks with missing nodes or a missing coarse
/// value stay as they are, with a ratio of `NaN`.
///
/// # Panics
/// If the map is no whole number of blocks, or `coarse_mm` has another number of cells.
pub fn conserve(mm: &[f32], width: usize, coarse_mm: &[f64], factor: usize) -> Conserved {
    let mut output = mm.to_vec();
    let clipped = clip_negative(&mut output);
    let blocks = Blocks::new(mm.len(), width, factor);
    assert_eq!(coarse_mm.len(), blocks.count(), "a coarse value a block");
    let n_nodes = (factor * factor) as f64;
    let mut ratio = Vec::with_capacity(blocks.count());
    for (block, &coarse) in coarse_mm.iter().enumerate() {
        let sum: f64 = blocks.nodes(block).map(|i| f64::from(output[i])).sum();
        let wanted = n_nodes * coarse;
        let factor = match () {
            () if sum.is_nan() || coarse.is_nan() => f64::NAN,
            () if sum > 0.0 => wanted / sum,
            () if coarse == 0.0 => 1.0,
            () => {
                blocks.nodes(block).for_each(|i| output[i] = coarse as f32);
                f64::NAN
            }
        };
        if sum > 0.0 && !factor.is_nan() {
            blocks.nodes(block).for_each(|i| output[i] = (f64::from(output[i]) * factor) as f32);
        }
        ratio.push(factor as f32);
    }
    Conserved { mm: output, ratio, clipped }
}

/// Means of blocks of `factor` × `factor` nodes; `NaN` where one is missing.
///
/// # Panics
/// If the map is no whole number of blocks.
pub fn coarse_means(mm: &[f32], width: usize, factor: usize) -> Vec<f64> {
    let blocks = Blocks::new(mm.len(), width, factor);
    let mean = |block: usize| {
        blocks.nodes(block).map(|i| f64::from(mm[i])).sum::<f64>() / (factor * factor) as f64
    };
    (0..blocks.count()).map(mean).collect()
}

/// Blocks of a map, row by row.
struct Blocks {
    width: usize,
    factor: usize,
    n_rows: usize,
}

impl Blocks {
    fn new(len: usize, width: usize, factor: usize) -> Self {
        let height = len / width;
        assert!(
            height * width == len && height.is_multiple_of(factor) && width.is_multiple_of(factor),
            "{height} × {width} nodes in blocks of {factor} × {factor}"
        );
        Self { width, factor, n_rows: height / factor }
    }

    fn count(&self) -> usize {
        self.n_rows * (self.width / self.factor)
    }

    fn nodes(&self, block: usize) -> impl Iterator<Item = usize> {
        let (width, factor) = (self.width, self.factor);
        let n_columns = width / factor;
        let first = block / n_columns * factor * width + block % n_columns * factor;
        (0..factor).flat_map(move |row| (0..factor).map(move |column| first + row * width + column))
    }
}
