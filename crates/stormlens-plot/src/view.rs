//! The part of a domain that a map shows: its aspect ratio, its axes, and where each piece of it stands on
//! the sheet.

use stormlens_data::field::Grid;
use stormlens_data::outcome::{Colours, Domain, Outcome, SceneGeometry, Variable};
use stormlens_data::scene::Rectangle;

use super::canvas::Frame;
use super::square::Square;
use super::{Coordinates, PlotError, Style, Theme};

/// What maps of a domain look at. All rectangles are in pixels of the domain, of a scene in those of the
/// square that its picture became.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub outcome: &'a Outcome,
    pub style: &'a Style,
    domain: &'a Domain,
    /// The part that is shown.
    pub part: Rectangle,
    /// The picture of a scene.
    pub square: Option<Square<'a>>,
}

/// Coordinates along one side of a map.
pub struct Coordinate {
    pub label: &'static str,
    pub low: f64,
    pub high: f64,
}

/// Maps that are taller than this many times the room's width are drawn narrower.
const MAX_ASPECT: f64 = 1.4;

impl<'a> View<'a> {
    pub fn new(
        outcome: &'a Outcome,
        variable: &'a Variable,
        style: &'a Style,
    ) -> Result<Self, PlotError> {
        let domain = &variable.domain;
        let not_a_map = || PlotError::NotAMap { name: variable.name.clone() };
        let (size, whole) = match domain {
            Domain::None => return Err(not_a_map()),
            Domain::Earth(grid) => ([grid.height, grid.width], extent(domain)),
            Domain::Scene(scene) | Domain::SceneCentre(scene) => {
                ([scene.variant.input_px; 2], scene.content)
            }
        };
        let part = match style.region {
            None => whole,
            Some(region) => {
                let part = intersection(region.within(size)?, whole);
                let [height, width] = size;
                let is_seen = part.width > 0 && part.height > 0;
                is_seen.then_some(part).ok_or(PlotError::Region { region, height, width })?
            }
        };
        let square = Square::of(outcome).filter(|_| !matches!(domain, Domain::Earth(_)));
        Ok(Self { outcome, style, domain, part, square })
    }

    /// The grid of the part, if it is one on the Earth.
    pub fn grid(&self) -> Option<Grid> {
        let Domain::Earth(grid) = self.domain else { return None };
        let Rectangle { left, top, width, height } = self.part;
        let km = |pixels: usize| pixels as f64 * grid.spacing_km;
        let (west_km, north_km) = (grid.west_km + km(left), grid.north_km - km(top));
        Some(Grid { height, width, west_km, north_km, ..grid.clone() })
    }

    /// Whether meridians and parallels stand along the sides: where that is chosen, and on a plane of degrees.
    pub fn has_degrees(&self) -> bool {
        let is = |what: fn(&Grid) -> bool| matches!(self.domain, Domain::Earth(grid) if what(grid));
        let is_nowhere = is(|grid| !grid.is_somewhere());
        let is_wanted = self.style.coordinates == Coordinates::Degrees && !is_nowhere;
        is(Grid::is_geographic) || is_wanted
    }

    pub fn scene(&self) -> Option<&'a SceneGeometry> {
        scene_of(self.domain)
    }

    /// The theme of colours that lie on the map.
    pub fn theme(&self) -> Theme {
        if self.scene().is_some() { Theme::Dark } else { self.style.theme }
    }

    /// The part of a variable's domain that is shown.
    pub fn shown(&self, domain: &Domain) -> Rectangle {
        intersection(extent(domain), self.part)
    }

    /// The centre that the network sees, as far as it is shown and is not all that is shown.
    pub fn centre(&self) -> Option<Rectangle> {
        let centre = intersection(self.scene()?.crop(), self.part);
        (centre != self.part && centre.width > 0 && centre.height > 0).then_some(centre)
    }

    /// What of the part the network sees.
    pub fn centre_or_part(&self) -> Rectangle {
        self.centre().unwrap_or(self.part)
    }

    /// How large the pixels of the picture are in those of the square, or of a grid, in its coordinates.
    fn scale(&self) -> [f64; 2] {
        match self.domain {
            Domain::Earth(grid) => [grid.spacing_km; 2],
            _ => self.scene().map_or([1.0; 2], |scene| {
                let share = |n: usize, of: usize| n as f64 / of.max(1) as f64;
                let content = &scene.content;
                [share(scene.width_px, content.width), share(scene.height_px, content.height)]
            }),
        }
    }

    /// Where a map stands in a room of a width, in its own aspect ratio.
    pub fn fit(&self, left: f64, top: f64, width: f64) -> Frame {
        let [across, down] = self.scale();
        let aspect = self.part.height as f64 * down / (self.part.width as f64 * across);
        let width = width.min(width * MAX_ASPECT / aspect);
        Frame { left, top, width, height: width * aspect }
    }

    /// A rectangle on the sheet, where the part fills `frame`.
    pub fn on_sheet(&self, frame: Frame, piece: &Rectangle) -> Frame {
        let part = &self.part;
        let (across, down) = (frame.width / part.width as f64, frame.height / part.height as f64);
        Frame {
            left: frame.left + (piece.left as f64 - part.left as f64) * across,
            top: frame.top + (piece.top as f64 - part.top as f64) * down,
            width: piece.width as f64 * across,
            height: piece.height as f64 * down,
        }
    }

    /// Coordinates from left to right, and upwards on the Earth, downwards in a picture.
    pub fn coordinates(&self) -> [Coordinate; 2] {
        let ([across, down], part) = (self.scale(), &self.part);
        let along = |label, from: usize, n: usize, scale: f64| {
            let low = from as f64 * scale;
            Coordinate { label, low, high: low + n as f64 * scale }
        };
        match self.domain {
            Domain::Earth(grid) => {
                let below = grid.height - part.top - part.height;
                let north = along("north (km)", below, part.height, down);
                [along("east (km)", part.left, part.width, across), north]
            }
            _ => {
                let content = self.scene().map_or(self.part, |scene| scene.content);
                let (left, top) = (part.left - content.left, part.top - content.top);
                let row = along("row (px)", top, part.height, down);
                [along("column (px)", left, part.width, across), row]
            }
        }
    }
}

pub fn scene_of(domain: &Domain) -> Option<&SceneGeometry> {
    match domain {
        Domain::Scene(scene) | Domain::SceneCentre(scene) => Some(scene),
        Domain::Earth(_) | Domain::None => None,
    }
}

/// What a domain covers, in pixels of the grid or of the square.
pub fn extent(domain: &Domain) -> Rectangle {
    match domain {
        Domain::None => Rectangle { left: 0, top: 0, width: 0, height: 0 },
        Domain::Earth(Grid { height, width, .. }) => {
            Rectangle { left: 0, top: 0, width: *width, height: *height }
        }
        Domain::Scene(scene) => Rectangle::centre(scene.variant.input_px, scene.variant.input_px),
        Domain::SceneCentre(scene) => scene.crop(),
    }
}

/// What two rectangles share; of no width or height where they don't meet.
pub fn intersection(a: Rectangle, b: Rectangle) -> Rectangle {
    let span = |a: usize, n_a: usize, b: usize, n_b: usize| {
        let (from, to) = (a.max(b), (a + n_a).min(b + n_b));
        (from, to.saturating_sub(from))
    };
    let (left, width) = span(a.left, a.width, b.left, b.width);
    let (top, height) = span(a.top, a.height, b.top, b.height);
    Rectangle { left, top, width, height }
}

/// Whether a variable shows a picture.
pub fn is_picture(variable: &Variable) -> bool {
    variable.quantity.colours == Colours::Picture
}
