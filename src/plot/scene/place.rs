//! Where something is: on the square that the network is given, in the picture, on the sheet.

use stormlens_data::outcome::SceneView;
use stormlens_data::scene::Rectangle;

use crate::plot::canvas::Frame;

/// The part of the centre that the picture covers, in pixels of the square. Of a letterboxed picture
/// the centre may reach beyond it.
pub fn visible_crop(view: &SceneView) -> Rectangle {
    let (crop, content) = (view.crop(), view.content);
    let span = |a: usize, n_a: usize, b: usize, n_b: usize| {
        let (from, to) = (a.max(b), (a + n_a).min(b + n_b));
        (from, to.saturating_sub(from))
    };
    let (left, width) = span(crop.left, crop.width, content.left, content.width);
    let (top, height) = span(crop.top, crop.height, content.top, content.height);
    Rectangle { left, top, width, height }
}

/// A part of the square on the sheet, where the picture fills `frame`.
pub fn on_sheet(frame: Frame, view: &SceneView, part: &Rectangle) -> Frame {
    let content = &view.content;
    let (across, down) = (frame.width / content.width as f64, frame.height / content.height as f64);
    Frame {
        left: frame.left + (part.left as f64 - content.left as f64) * across,
        top: frame.top + (part.top as f64 - content.top as f64) * down,
        width: part.width as f64 * across,
        height: part.height as f64 * down,
    }
}

/// A place in pixels of the picture, from its upper left corner.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'a> {
    view: &'a SceneView,
    pub column_px: f64,
    pub row_px: f64,
}

impl<'a> Spot<'a> {
    /// A place in pixels of the centre that the network sees.
    pub fn in_crop(view: &'a SceneView, row: f64, column: f64) -> Self {
        let (crop, content) = (view.crop(), view.content);
        let of = |offset: usize, at: f64, start: usize, n: usize, n_own: usize| {
            (offset as f64 + at - start as f64) / n as f64 * n_own as f64
        };
        Self {
            view,
            column_px: of(crop.left, column, content.left, content.width, view.width_px),
            row_px: of(crop.top, row, content.top, content.height, view.height_px),
        }
    }

    /// The middle of a cell of a map of `height × width` cells over the centre.
    pub fn of_cell(
        view: &'a SceneView,
        (height, width): (usize, usize),
        (row, column): (usize, usize),
    ) -> Self {
        let side = view.variant.crop_px as f64;
        let middle = |i: usize, n: usize| (i as f64 + 0.5) / n as f64 * side;
        Self::in_crop(view, middle(row, height), middle(column, width))
    }

    /// `at column 240, row 150 (upper right)`
    pub fn words(self) -> String {
        let Self { view, column_px, row_px } = self;
        let third = |at: f64, n: usize, names: [&'static str; 3]| {
            names[((at / n.max(1) as f64 * 3.0) as usize).min(2)]
        };
        let down = third(row_px, view.height_px, ["upper", "middle", "lower"]);
        let across = third(column_px, view.width_px, ["left", "centre", "right"]);
        let zone = match (down, across) {
            ("middle", "centre") => "centre".to_owned(),
            _ => format!("{down} {across}"),
        };
        format!("at column {column_px:.0}, row {row_px:.0} ({zone})")
    }
}
