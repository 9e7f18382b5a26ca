//! The picture on the sheet: its pixels, what lies on them, and its axes.

use stormlens_data::outcome::SceneOutcome;

use super::SceneStyle;
use super::contents::{Base, Contents};
use super::pixels::Pixels;
use super::place::{on_sheet, visible_crop};
use crate::plot::PlotError;
use crate::plot::canvas::{Anchor, Frame, Pen};
use crate::plot::colour::Rgb;
use crate::plot::lettering::Type;
use crate::plot::parts::MARGIN_MM;
use crate::plot::scale::ticks_within;
use crate::plot::words::number;

const WHITE: Rgb = [255; 3];
const BLACK: Rgb = [0; 3];

/// Pictures that are taller than this many times the room's width are drawn narrower.
const MAX_ASPECT: f64 = 1.4;

/// Where the picture stands in a room of a width, in its own aspect ratio.
pub fn fit(outcome: &SceneOutcome, left: f64, top: f64, width: f64) -> Frame {
    let view = &outcome.view;
    let aspect = view.height_px as f64 / view.width_px.max(1) as f64;
    let width = width.min(width * MAX_ASPECT / aspect);
    Frame { left, top, width, height: width * aspect }
}

/// The picture, what lies on it, the mark of the centre and an outline.
pub fn draw(
    pen: &Pen,
    frame: Frame,
    outcome: &SceneOutcome,
    contents: Contents,
    style: &SceneStyle,
) -> Result<(), PlotError> {
    let view = &outcome.view;
    pen.photograph(frame, &base(outcome, &contents.base, frame)?);
    let centre = on_sheet(frame, view, &visible_crop(view));
    if let Some(overlay) = contents.overlay {
        overlay.draw(pen, centre)?;
    }
    if style.crop_rectangle {
        // Dashes of white in gaps of black are seen on anything.
        pen.rectangle(centre, 0.2, BLACK);
        pen.dashed(centre, 0.2, WHITE, 1.0);
    }
    pen.outline(frame, 0.15, pen.inks.text)
}

fn base(outcome: &SceneOutcome, base: &Base, frame: Frame) -> Result<Vec<u8>, PlotError> {
    let view = &outcome.view;
    let pixels = match base {
        Base::Colours => Pixels::content(view, &view.rgb).at_most(view.width_px, view.height_px),
        Base::Grey => {
            let pixels = Pixels::content(view, &view.rgb);
            let mut grey = pixels.at_most(view.width_px, view.height_px).grey();
            grey.values.iter_mut().for_each(|value| *value = dimmed(*value));
            grey
        }
        Base::Drawn { rgb, is_smooth: true } => {
            Pixels::content(view, rgb).at_most(view.width_px, view.height_px)
        }
        Base::Drawn { rgb, is_smooth: false } => Pixels::content(view, rgb),
    };
    pixels.for_print(frame).png()
}

/// A grey beneath an attribution, so that the brightest land is not brighter than the attribution.
pub fn dimmed(grey: u8) -> u8 {
    (u16::from(grey) * 3 / 4) as u8
}

/// Columns and rows of the picture.
pub fn axes(pen: &Pen, frame: Frame, outcome: &SceneOutcome, look: Type) -> Result<(), PlotError> {
    let (width, height) = (outcome.view.width_px as f64, outcome.view.height_px as f64);
    let ink = pen.inks.text;
    for column in ticks_within(0.0, width, n_ticks(frame.width)) {
        let x = frame.left + column / width * frame.width;
        pen.line(&[(x, frame.bottom()), (x, frame.bottom() + 0.9)], 0.15, ink, 1.0)?;
        let y = frame.bottom() + 1.2 + look.line_mm() / 2.0;
        pen.text((x, y), &number(column), Anchor::Middle, look)?;
    }
    for row in ticks_within(0.0, height, n_ticks(frame.height)) {
        let y = frame.top + row / height * frame.height;
        pen.line(&[(frame.left - 0.9, y), (frame.left, y)], 0.15, ink, 1.0)?;
        pen.text((frame.left - 1.4, y), &number(row), Anchor::End, look)?;
    }
    let below = frame.bottom() + 1.2 + look.line_mm() * 1.5;
    pen.text((frame.left + frame.width / 2.0, below), "column (px)", Anchor::Middle, look)?;
    let beside = MARGIN_MM + look.line_mm() / 2.0;
    pen.text_upwards((beside, frame.top + frame.height / 2.0), "row (px)", look)
}

/// As many as have room.
fn n_ticks(length_mm: f64) -> usize {
    ((length_mm / 10.0) as usize).clamp(1, 6)
}

/// What the dashed rectangle is, in its upper left corner.
pub fn label_centre(
    pen: &Pen,
    frame: Frame,
    outcome: &SceneOutcome,
    look: Type,
) -> Result<(), PlotError> {
    let centre = on_sheet(frame, &outcome.view, &visible_crop(&outcome.view));
    let text = "seen by the network";
    let (width, height) = (look.width_mm(text) + 1.4, look.line_mm() + 0.4);
    if width > centre.width {
        return Ok(());
    }
    // Above the rectangle if there is room, so that nothing that it shows is covered.
    let is_above = centre.top - height - 0.4 > frame.top;
    let top = if is_above { centre.top - height - 0.4 } else { centre.top + 0.4 };
    let left = if is_above { centre.left } else { centre.left + 0.4 };
    let plate = Frame { left, top, width, height };
    pen.fill(plate, pen.inks.paper, 0.8)?;
    let look = Type { colour: pen.inks.text, ..look };
    pen.text((left + 0.7, top + height / 2.0), text, Anchor::Start, look)
}
