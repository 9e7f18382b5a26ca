//! A map on the sheet: its layers, its coastline or the mark of what a network sees, and its axes.

use stormlens_data::field::Grid;

use super::basemap::{Kind, Line};
use super::canvas::{Anchor, Frame, Pen};
use super::colour::Rgb;
use super::lettering::Type;
use super::parts::MARGIN_MM;
use super::place::size_km;
use super::rendering::Rendering;
use super::scale::ticks_within;
use super::view::View;
use super::words::number;
use super::{PlotError, basemap, graticule};

const WHITE: Rgb = [255; 3];
const BLACK: Rgb = [0; 3];

/// The coastlines and borders of a view, where they are wanted.
pub fn coast(view: &View) -> Result<Vec<Line>, PlotError> {
    match view.grid().filter(|_| view.style.coastline) {
        Some(grid) => basemap::lines(&grid),
        None => Ok(Vec::new()),
    }
}

/// The map without axes, and what it says where there is nothing to see.
pub fn draw(
    pen: &Pen,
    frame: Frame,
    view: &View,
    rendering: Rendering,
    lines: &[Line],
    lettering: Type,
) -> Result<(), PlotError> {
    pen.ground(frame, pen.inks.ground);
    for layer in rendering.layers {
        let place = view.on_sheet(frame, &layer.piece);
        layer.draw(pen, place)?;
    }
    coastline(pen, frame, view, lines)?;
    if let Some(centre) = view.centre().filter(|_| view.style.crop_rectangle) {
        // Dashes of white in gaps of black are seen on anything.
        let centre = view.on_sheet(frame, &centre);
        pen.rectangle(centre, 0.2, BLACK, 0.0);
        pen.rectangle(centre, 0.2, WHITE, 1.0);
    }
    pen.outline(frame, 0.15, pen.inks.text)?;
    rendering.message.map_or(Ok(()), |message| say(pen, frame, &message, lettering))
}

fn coastline(pen: &Pen, map: Frame, view: &View, lines: &[Line]) -> Result<(), PlotError> {
    let [across, up] = view.coordinates();
    let (width_km, height_km) = (across.high - across.low, up.high - up.low);
    let on_map = |&(east, north): &(f64, f64)| {
        (map.left + east / width_km * map.width, map.bottom() - north / height_km * map.height)
    };
    // A pale line beneath keeps the coast visible on dark rain.
    for (halo, opacity) in [(0.35, 0.55), (0.0, 0.9)] {
        for line in lines {
            let points: Vec<_> = line.points_km.iter().map(on_map).collect();
            let width_mm = if line.kind == Kind::Coast { 0.18 } else { 0.12 };
            let colour = if halo > 0.0 { pen.inks.paper } else { pen.inks.coast };
            pen.line(&points, width_mm + halo, colour, opacity)?;
        }
    }
    Ok(())
}

/// Coordinates along both sides, on the Earth with grid lines.
pub fn axes(pen: &Pen, map: Frame, view: &View, lettering: Type) -> Result<(), PlotError> {
    if let Some(grid) = view.grid().filter(|_| view.has_degrees()) {
        return graticule(pen, map, &grid, lettering);
    }
    let ([across, up], is_earth, ink) = (view.coordinates(), view.scene().is_none(), pen.inks.text);
    for value in ticks_within(across.low, across.high, n_ticks(map.width)) {
        let x = map.left + (value - across.low) / (across.high - across.low) * map.width;
        if is_earth {
            pen.line(&[(x, map.top), (x, map.bottom())], 0.1, ink, 0.14)?;
        }
        pen.line(&[(x, map.bottom()), (x, map.bottom() + 0.9)], 0.15, ink, 1.0)?;
        let y = map.bottom() + 1.2 + lettering.line_mm() / 2.0;
        pen.text((x, y), &number(value), Anchor::Middle, lettering)?;
    }
    for value in ticks_within(up.low, up.high, n_ticks(map.height)) {
        let share = (value - up.low) / (up.high - up.low);
        let down = if is_earth { 1.0 - share } else { share };
        let y = map.top + down * map.height;
        if is_earth {
            pen.line(&[(map.left, y), (map.right(), y)], 0.1, ink, 0.14)?;
        }
        pen.line(&[(map.left - 0.9, y), (map.left, y)], 0.15, ink, 1.0)?;
        pen.text((map.left - 1.4, y), &number(value), Anchor::End, lettering)?;
    }
    let below = map.bottom() + 1.2 + lettering.line_mm() * 1.5;
    pen.text((map.left + map.width / 2.0, below), across.label, Anchor::Middle, lettering)?;
    let beside = MARGIN_MM + lettering.line_mm() / 2.0;
    pen.text_upwards((beside, map.top + map.height / 2.0), up.label, lettering)
}

/// Meridians and parallels with their degrees, where they meet the southern and the western edge.
fn graticule(pen: &Pen, map: Frame, grid: &Grid, lettering: Type) -> Result<(), PlotError> {
    let (width_km, height_km) = size_km(grid);
    let x = |east: f64| map.left + east / width_km * map.width;
    let y = |north: f64| map.bottom() - north / height_km * map.height;
    let ink = pen.inks.text;
    let [meridians, parallels] = graticule::lines(grid)?;
    for line in meridians.iter().chain(&parallels) {
        for piece in &line.pieces {
            let points: Vec<_> = piece.iter().map(|&(east, north)| (x(east), y(north))).collect();
            pen.line(&points, 0.1, ink, 0.3)?;
        }
    }
    for (x, label) in meridians.iter().filter_map(|l| Some((x(l.at_km?), &l.label))) {
        let below = map.bottom() + 1.2 + lettering.line_mm() / 2.0;
        pen.line(&[(x, map.bottom()), (x, map.bottom() + 0.9)], 0.15, ink, 1.0)?;
        pen.text((x, below), label, Anchor::Middle, lettering)?;
    }
    for (y, label) in parallels.iter().filter_map(|l| Some((y(l.at_km?), &l.label))) {
        pen.line(&[(map.left - 0.9, y), (map.left, y)], 0.15, ink, 1.0)?;
        pen.text((map.left - 1.4, y), label, Anchor::End, lettering)?;
    }
    let below = map.bottom() + 1.2 + lettering.line_mm() * 1.5;
    pen.text((map.left + map.width / 2.0, below), "longitude", Anchor::Middle, lettering)?;
    let beside = MARGIN_MM + lettering.line_mm() / 2.0;
    pen.text_upwards((beside, map.top + map.height / 2.0), "latitude", lettering)
}

/// As many as have room.
fn n_ticks(length_mm: f64) -> usize {
    ((length_mm / 8.0) as usize).clamp(1, 6)
}

/// What the dashed rectangle is, in its upper left corner.
pub fn label_centre(
    pen: &Pen,
    frame: Frame,
    view: &View,
    lettering: Type,
) -> Result<(), PlotError> {
    let Some(centre) = view.centre() else { return Ok(()) };
    let centre = view.on_sheet(frame, &centre);
    let text = "seen by the network";
    let (width, height) = (lettering.width_mm(text) + 1.4, lettering.line_mm() + 0.4);
    if width > centre.width {
        return Ok(());
    }
    // Above the rectangle if there is room, so that nothing that it shows is covered.
    let is_above = centre.top - height - 0.4 > frame.top;
    let top = if is_above { centre.top - height - 0.4 } else { centre.top + 0.4 };
    let left = if is_above { centre.left } else { centre.left + 0.4 };
    pen.fill(Frame { left, top, width, height }, pen.inks.paper, 0.8)?;
    let lettering = Type { colour: pen.inks.text, ..lettering };
    pen.text((left + 0.7, top + height / 2.0), text, Anchor::Start, lettering)
}

/// A sentence in the middle of a map or a chart.
pub fn say(pen: &Pen, map: Frame, message: &str, lettering: Type) -> Result<(), PlotError> {
    let lines = lettering.wrap(message, map.width * 0.8);
    let width = lines.iter().map(|l| lettering.width_mm(l)).fold(0.0, f64::max) + 3.0;
    let height = lines.len() as f64 * lettering.line_mm() + 2.0;
    let (x, y) = (map.left + map.width / 2.0, map.top + map.height / 2.0);
    let plate = Frame { left: x - width / 2.0, top: y - height / 2.0, width, height };
    pen.fill(plate, pen.inks.paper, 0.9)?;
    for (i, line) in lines.iter().enumerate() {
        let middle = plate.top + 1.0 + (i as f64 + 0.5) * lettering.line_mm();
        pen.text((x, middle), line, Anchor::Middle, lettering)?;
    }
    Ok(())
}
