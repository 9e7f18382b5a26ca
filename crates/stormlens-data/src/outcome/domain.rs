//! Where the rows and columns of a variable lie.

use serde::{Deserialize, Serialize};

use crate::field::Grid;
use crate::scene::{Rectangle, Variant};

/// Where rows and columns lie. A variable may have fewer rows and columns than its domain has pixels:
/// then its cells are larger, and cover the domain all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Domain {
    /// The variable has no rows and columns.
    None,
    /// A grid on the Earth.
    Earth(Grid),
    /// The whole square that a picture became.
    Scene(SceneGeometry),
    /// The centre of that square, which is what the network sees.
    SceneCentre(SceneGeometry),
}

/// A picture, the square that it became, and the part of that which a network sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneGeometry {
    /// Name for people: the file's, or the sample's.
    pub title: String,
    /// Size of the picture itself, pixels.
    pub width_px: usize,
    pub height_px: usize,
    /// The side of the square, and of its centre that the network sees.
    pub variant: Variant,
    /// What of the square the picture covers, in pixels of the square.
    pub content: Rectangle,
}

impl SceneGeometry {
    /// The centre that the network sees, in pixels of the square.
    pub fn crop(&self) -> Rectangle {
        Rectangle::centre(self.variant.input_px, self.variant.crop_px)
    }
}

impl Domain {
    /// Height and width in pixels; `None` where there are none.
    pub fn size(&self) -> Option<[usize; 2]> {
        match self {
            Self::None => None,
            Self::Earth(grid) => Some([grid.height, grid.width]),
            Self::Scene(scene) => Some([scene.variant.input_px; 2]),
            Self::SceneCentre(scene) => Some([scene.variant.crop_px; 2]),
        }
    }
}
