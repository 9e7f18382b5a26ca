//! What a network has to be better than, in millimetres: bilinear interpolation (aligned, and as published), the
//! coarse value everywhere in its cell, and RainFARM.

use super::rainfarm::{RainFarm, RainFarmError};
use super::{Geometry, LogScale, Registration, bilinear, inner};

/// A rival that is one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rival {
    /// Interpolated where it belongs.
    Bilinear,
    /// As the published program has it, 3.5 nodes aside.
    BilinearReference,
    /// The coarse value in the whole cell.
    BlockConstant,
}

impl Rival {
    pub const ALL: [Self; 3] = [Self::Bilinear, Self::BilinearReference, Self::BlockConstant];

    /// For addresses and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bilinear => "bilinear",
            Self::BilinearReference => "bilinear_reference",
            Self::BlockConstant => "block_constant",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Bilinear => "Bilinear",
            Self::BilinearReference => "Bilinear as published",
            Self::BlockConstant => "Coarse value in each cell",
        }
    }
}

/// In which unit rain is interpolated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Space {
    Mm,
    /// In the network's unit, as the published program does.
    Log(LogScale),
}

/// A rival of a tile, mm `[size, size]`, from its coarse rain with padding.
pub fn rival_mm(coarse_mm: &[f64], geometry: &Geometry, rival: Rival, space: Space) -> Vec<f64> {
    let registration = match rival {
        Rival::Bilinear => Registration::Aligned,
        Rival::BilinearReference => Registration::Reference,
        Rival::BlockConstant => return block_constant(coarse_mm, geometry),
    };
    match space {
        Space::Mm => bilinear(coarse_mm, geometry, registration),
        Space::Log(scale) => {
            let z: Vec<f64> = coarse_mm.iter().map(|&mm| scale.z(mm)).collect();
            let fine = bilinear(&z, geometry, registration);
            fine.into_iter().map(|z| scale.mm(z)).collect()
        }
    }
}

fn block_constant(coarse_mm: &[f64], geometry: &Geometry) -> Vec<f64> {
    let (cells, factor) = (inner(coarse_mm, geometry), geometry.factor());
    expand(&cells, geometry.n_inner(), factor)
}

/// Every cell as a block of `factor` × `factor` nodes.
pub(super) fn expand(cells: &[f64], width: usize, factor: usize) -> Vec<f64> {
    let row = |row: &[f64]| {
        let row: Vec<f64> = row.iter().flat_map(|&v| std::iter::repeat_n(v, factor)).collect();
        std::iter::repeat_n(row, factor).flatten().collect::<Vec<f64>>()
    };
    cells.chunks_exact(width).flat_map(row).collect()
}

/// Members of RainFARM of one tile, mm; 0 everywhere for a tile without rain. Each member has its own seed.
///
/// # Errors
/// Those of [`RainFarm::member`].
pub fn rainfarm_members(
    coarse_mm: &[f64],
    geometry: &Geometry,
    rainfarm: &RainFarm,
    n_members: usize,
    seed: u64,
) -> Result<Vec<Vec<f64>>, RainFarmError> {
    let cells = inner(coarse_mm, geometry);
    let member = |number: usize| rainfarm.member(&cells, geometry.n_inner(), seed, number as u64);
    (0..n_members).map(member).collect()
}
