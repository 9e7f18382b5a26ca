//! A map with its axes: one field over the domain.

use stormlens_data::field::Grid;
use stormlens_data::outcome::NowcastOutcome;

use super::basemap::{self, Kind, Line};
use super::canvas::{Anchor, Frame, Pen, sheet};
use super::legend::{Legend, Run};
use super::lettering::Type;
use super::parts::{Footer, Heading, Looks, MARGIN_MM};
use super::place::size_km;
use super::raster::Picture;
use super::scale::ticks_within;
use super::words::number;
use super::{PlotError, Style};

/// What a map shows, before it has a size.
pub struct MapFigure<'a> {
    pub title: String,
    /// Lines below the title.
    pub details: Vec<String>,
    /// Pictures over the whole domain, from the lowest.
    pub layers: Vec<Picture<'a>>,
    pub legend: Option<Legend>,
    /// What is said on the map where there is nothing to see.
    pub message: Option<String>,
    /// Whether pixels without a measurement are shown, so that their colour must be explained.
    pub has_missing: bool,
}

const BAR_MM: f64 = 3.0;

/// Where everything of a map stands.
pub struct Layout {
    looks: Looks,
    heading: Heading,
    footer: Footer,
    map: Frame,
    footer_top: f64,
    pub height_mm: f64,
}

impl Layout {
    pub fn new(figure: &MapFigure, outcome: &NowcastOutcome, style: &Style) -> Self {
        let looks = Looks::new(style);
        let (width_km, height_km) = size_km(&outcome.forecast.grid);
        let text_width = style.width_mm - 2.0 * MARGIN_MM;
        let heading = Heading::new(&figure.title, &figure.details, text_width, &looks);
        let footer = Footer::new(&outcome.provenance, text_width, &looks, figure.has_missing);

        let left = MARGIN_MM + looks.text.line_mm() + looks.text.width_mm("000") + 1.8;
        let room = figure.legend.as_ref().map_or(0.0, |l| 2.5 + BAR_MM + l.room_mm(looks.text));
        let width = style.width_mm - left - room - MARGIN_MM;
        let top = MARGIN_MM + heading.height_mm() + 1.5;
        let map = Frame { left, top, width, height: width * height_km / width_km };
        let footer_top = map.bottom() + 1.2 + 2.0 * looks.text.line_mm() + 1.5;
        let height_mm = footer_top + footer.height_mm() + MARGIN_MM;
        Self { looks, heading, footer, map, footer_top, height_mm }
    }
}

/// Draws one map.
pub fn draw(
    figure: &MapFigure,
    outcome: &NowcastOutcome,
    style: &Style,
    alt: &str,
) -> Result<String, PlotError> {
    let Layout { looks, heading, footer, map, footer_top, height_mm } =
        Layout::new(figure, outcome, style);
    let grid = &outcome.forecast.grid;
    let coast = if style.coastline { basemap::lines(grid)? } else { Vec::new() };
    sheet((style.width_mm, height_mm), style.theme, alt, |pen| {
        heading.draw(pen, MARGIN_MM, MARGIN_MM)?;
        panel(pen, map, grid, &figure.layers, &coast)?;
        axes(pen, map, grid, looks.text)?;
        if let Some(message) = &figure.message {
            say(pen, map, message, looks.text)?;
        }
        if let Some(legend) = &figure.legend {
            let bar = Frame { left: map.right() + 2.5, width: BAR_MM, ..map };
            legend.draw(pen, bar, Run::Up, looks.text)?;
        }
        footer.draw(pen, footer_top)
    })
}

/// Pictures, coastline and frame of a map, without axes.
pub fn panel(
    pen: &Pen,
    map: Frame,
    grid: &Grid,
    layers: &[Picture],
    coast: &[Line],
) -> Result<(), PlotError> {
    pen.ground(map, pen.inks.ground);
    for picture in layers {
        pen.picture(map, &picture.paint()?);
    }
    let (width_km, height_km) = size_km(grid);
    let on_map = |&(east, north): &(f64, f64)| {
        (map.left + east / width_km * map.width, map.bottom() - north / height_km * map.height)
    };
    // A pale line beneath keeps the coast visible on dark rain.
    for (halo, opacity) in [(0.35, 0.55), (0.0, 0.9)] {
        for line in coast {
            let points: Vec<_> = line.points_km.iter().map(on_map).collect();
            let width_mm = if line.kind == Kind::Coast { 0.18 } else { 0.12 };
            let colour = if halo > 0.0 { pen.inks.paper } else { pen.inks.coast };
            pen.line(&points, width_mm + halo, colour, opacity)?;
        }
    }
    pen.outline(map, 0.15, pen.inks.text)
}

/// Kilometres from the south-west corner, with grid lines.
fn axes(pen: &Pen, map: Frame, grid: &Grid, look: Type) -> Result<(), PlotError> {
    let (width_km, height_km) = size_km(grid);
    let ink = pen.inks.text;
    for km in ticks_within(0.0, width_km, 6) {
        let x = map.left + km / width_km * map.width;
        pen.line(&[(x, map.top), (x, map.bottom())], 0.1, ink, 0.14)?;
        pen.line(&[(x, map.bottom()), (x, map.bottom() + 0.9)], 0.15, ink, 1.0)?;
        let y = map.bottom() + 1.2 + look.line_mm() / 2.0;
        pen.text((x, y), &number(km), Anchor::Middle, look)?;
    }
    for km in ticks_within(0.0, height_km, 6) {
        let y = map.bottom() - km / height_km * map.height;
        pen.line(&[(map.left, y), (map.right(), y)], 0.1, ink, 0.14)?;
        pen.line(&[(map.left - 0.9, y), (map.left, y)], 0.15, ink, 1.0)?;
        pen.text((map.left - 1.4, y), &number(km), Anchor::End, look)?;
    }
    let below = map.bottom() + 1.2 + look.line_mm() * 1.5;
    pen.text((map.left + map.width / 2.0, below), "east (km)", Anchor::Middle, look)?;
    let beside = MARGIN_MM + look.line_mm() / 2.0;
    pen.text_upwards((beside, map.top + map.height / 2.0), "north (km)", look)
}

/// A sentence in the middle of a map.
pub fn say(pen: &Pen, map: Frame, message: &str, look: Type) -> Result<(), PlotError> {
    let lines = look.wrap(message, map.width * 0.8);
    let width = lines.iter().map(|l| look.width_mm(l)).fold(0.0, f64::max) + 3.0;
    let height = lines.len() as f64 * look.line_mm() + 2.0;
    let (x, y) = (map.left + map.width / 2.0, map.top + map.height / 2.0);
    let plate = Frame { left: x - width / 2.0, top: y - height / 2.0, width, height };
    pen.fill(plate, pen.inks.paper, 0.9)?;
    for (i, line) in lines.iter().enumerate() {
        let middle = plate.top + 1.0 + (i as f64 + 0.5) * look.line_mm();
        pen.text((x, middle), line, Anchor::Middle, look)?;
    }
    Ok(())
}
