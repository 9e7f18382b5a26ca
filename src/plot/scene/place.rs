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

/// A place in the part that the network sees, which is that of a map however it is drawn: 0 is its
/// left or upper edge, 1 its right or lower one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    pub across: f64,
    pub down: f64,
}

impl Spot {
    /// The middle of a cell of a map of `height × width` cells.
    pub fn of_cell((height, width): (usize, usize), (row, column): (usize, usize)) -> Self {
        let middle = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
        Self { across: middle(column, width), down: middle(row, height) }
    }

    /// `62 % across, 12 % down (upper centre)`
    pub fn words(self) -> String {
        let Self { across, down } = self;
        let third =
            |at: f64, names: [&'static str; 3]| names[((at * 3.0).max(0.0) as usize).min(2)];
        let row = third(down, ["upper", "middle", "lower"]);
        let column = third(across, ["left", "centre", "right"]);
        let zone = match (row, column) {
            ("middle", "centre") => "centre".to_owned(),
            _ => format!("{row} {column}"),
        };
        format!("{:.0} % across, {:.0} % down ({zone})", across * 100.0, down * 100.0)
    }
}
