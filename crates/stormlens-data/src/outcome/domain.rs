//! Where the rows and columns of a variable lie.

use serde::{Deserialize, Serialize};

use crate::field::Grid;
use crate::scene::{Place, Rectangle, Variant};

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
    /// Where the picture itself lies on the Earth, if its file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl SceneGeometry {
    /// The centre that the network sees, in pixels of the square.
    pub fn crop(&self) -> Rectangle {
        Rectangle::centre(self.variant.input_px, self.variant.crop_px)
    }

    /// Where cells of a map lie that covers a part of the square.
    fn place_of(&self, part: Rectangle, [n_rows, n_columns]: [usize; 2]) -> Option<Place> {
        let Rectangle { left, top, width, height } = self.content;
        // Pixels of the picture in one of the square.
        let x = self.width_px as f64 / width.max(1) as f64;
        let y = self.height_px as f64 / height.max(1) as f64;
        let in_square = |start: usize, content: usize| start as f64 - content as f64;
        let origin = [in_square(part.left, left) * x, in_square(part.top, top) * y];
        let cell = [
            part.width as f64 / n_columns.max(1) as f64 * x,
            part.height as f64 / n_rows.max(1) as f64 * y,
        ];
        self.place.as_ref().map(|place| place.moved(origin, cell))
    }
}

impl Domain {
    /// Where the middles of the rows and of the columns of a map lie that covers the domain: kilometres
    /// in the plane of a grid, or degrees where the plane has those; pixels from the upper left corner of
    /// a scene's square. `None` where they lie nowhere.
    pub fn middles(&self, [n_rows, n_columns]: [usize; 2]) -> Option<[Vec<f64>; 2]> {
        let (top, height, left, width) = match self {
            Self::None => return None,
            Self::Earth(grid) => {
                let [height, width] = [grid.height, grid.width].map(|n| n as f64 * grid.spacing_km);
                (grid.north_km, -height, grid.west_km, width)
            }
            Self::Scene(scene) => {
                let side = scene.variant.input_px as f64;
                (0.0, side, 0.0, side)
            }
            Self::SceneCentre(scene) => {
                let Rectangle { left, top, width, height } = scene.crop();
                (top as f64, height as f64, left as f64, width as f64)
            }
        };
        let middles = |start: f64, length: f64, n: usize| {
            (0..n).map(|i| start + (i as f64 + 0.5) * length / n as f64).collect()
        };
        Some([middles(top, height, n_rows), middles(left, width, n_columns)])
    }

    /// Where the cells of a map lie that covers the domain, as the file of a scene says it; `None` for what is no
    /// scene, and for a scene that says nothing.
    pub fn place(&self, size: [usize; 2]) -> Option<Place> {
        match self {
            Self::None | Self::Earth(_) => None,
            Self::Scene(scene) => {
                let side = scene.variant.input_px;
                let square = Rectangle { left: 0, top: 0, width: side, height: side };
                scene.place_of(square, size)
            }
            Self::SceneCentre(scene) => scene.place_of(scene.crop(), size),
        }
    }

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
