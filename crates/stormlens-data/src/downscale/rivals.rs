//! What a network has to be better than, in millimetres: bilinear interpolation (aligned, and as published), the
//! coarse value everywhere in its cell, and RainFARM.
//!
//! Coarse rain stands at points. Cells that lie around their point are fair to rivals made of cells; cells with their
//! point in the corner, as [`super::conserve()`] counts mass, put rain half a cell aside.

use super::rainfarm::{RainFarm, RainFarmError};
use super::{Geometry, LogScale, Nodes, Registration, bilinear};

/// A rival that is one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rival {
    /// Interpolated where it belongs.
    Bilinear,
    /// As the published program has it, 3.5 nodes aside.
    BilinearReference,
    /// The coarse value in the whole cell around its point.
    BlockConstant,
    /// The same in the cell that has its point in the south-western corner.
    BlockConstantCorner,
}

impl Rival {
    pub const ALL: [Self; 4] =
        [Self::Bilinear, Self::BilinearReference, Self::BlockConstant, Self::BlockConstantCorner];

    /// For addresses and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bilinear => "bilinear",
            Self::BilinearReference => "bilinear_reference",
            Self::BlockConstant => "block_constant",
            Self::BlockConstantCorner => "block_constant_corner",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Bilinear => "Bilinear",
            Self::BilinearReference => "Bilinear as published",
            Self::BlockConstant => "Coarse value in each cell",
            Self::BlockConstantCorner => "Coarse value, cells to the north-east of their point",
        }
    }

    /// In which unit it is made: in that of the network as published, else in mm.
    pub fn space(self, scale: LogScale) -> Space {
        match self {
            Self::BilinearReference => Space::Log(scale),
            Self::Bilinear | Self::BlockConstant | Self::BlockConstantCorner => Space::Mm,
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
        Rival::BlockConstant => return block_constant(coarse_mm, geometry, Cells::Centred),
        Rival::BlockConstantCorner => return block_constant(coarse_mm, geometry, Cells::Corner),
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

/// Where the cell of a coarse point lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cells {
    /// Around its point.
    #[default]
    Centred,
    /// To the north-east of its point, on shared nodes.
    Corner,
}

impl Cells {
    /// Where the tile begins in the fine map of all coarse cells, padding included.
    fn first_node(self, geometry: &Geometry) -> usize {
        let factor = geometry.factor();
        let aside = match (self, geometry.nodes) {
            (Self::Centred, Nodes::Shared) => factor / 2,
            _ => 0,
        };
        geometry.padding * factor + aside
    }
}

/// The nodes of a tile in the fine map of all coarse cells, `n_coarse · factor` nodes wide.
fn crop(map: &[f64], geometry: &Geometry, cells: Cells) -> Vec<f64> {
    let (first, size) = (cells.first_node(geometry), geometry.size);
    let rows = map.chunks_exact(geometry.n_coarse() * geometry.factor()).skip(first).take(size);
    rows.flat_map(|row| &row[first..first + size]).copied().collect()
}

fn block_constant(coarse_mm: &[f64], geometry: &Geometry, cells: Cells) -> Vec<f64> {
    crop(&expand(coarse_mm, geometry.n_coarse(), geometry.factor()), geometry, cells)
}

/// Every cell as a block of `factor` × `factor` nodes.
pub(super) fn expand(cells: &[f64], width: usize, factor: usize) -> Vec<f64> {
    let row = |row: &[f64]| {
        let row: Vec<f64> = row.iter().flat_map(|&v| std::iter::repeat_n(v, factor)).collect();
        std::iter::repeat_n(row, factor).flatten().collect::<Vec<f64>>()
    };
    cells.chunks_exact(width).flat_map(row).collect()
}

/// Members of RainFARM of one tile, mm `[size, size]`; 0 everywhere for a tile without rain. Each member has its own
/// seed. The coarse cells around the tile take part, so that weights are of `n_coarse · factor` nodes along a side.
///
/// # Errors
/// Those of [`RainFarm::member`].
pub fn rainfarm_members(
    coarse_mm: &[f64],
    geometry: &Geometry,
    rainfarm: &RainFarm,
    cells: Cells,
    n_members: usize,
    seed: u64,
) -> Result<Vec<Vec<f64>>, RainFarmError> {
    let member = |number: usize| {
        let map = rainfarm.member(coarse_mm, geometry.n_coarse(), seed, number as u64)?;
        Ok(crop(&map, geometry, cells))
    };
    (0..n_members).map(member).collect()
}
