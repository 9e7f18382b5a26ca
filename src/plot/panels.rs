//! Several small maps with one legend.

use stormlens_data::outcome::NowcastOutcome;

use super::backdrop::{backdrop, backdrop_words};
use super::basemap::{self, Kind, Line};
use super::canvas::{Anchor, Frame, sheet};
use super::legend::{Legend, Run};
use super::lookup::{grad_cam, layer_map};
use super::map::{panel, say};
use super::maps::{EVIDENCE, NO_EVIDENCE};
use super::parts::{Footer, Heading, Looks, MARGIN_MM};
use super::place::size_km;
use super::raster::Picture;
use super::scale::Scale;
use super::words::{clock, minutes_before_last, target_words, time};
use super::{PlotError, Style};

/// Small maps before they have a size.
pub struct Panels<'a> {
    title: String,
    details: Vec<String>,
    panels: Vec<Panel<'a>>,
    legend: Legend,
    n_columns: usize,
}

struct Panel<'a> {
    label: String,
    layers: Vec<Picture<'a>>,
    message: Option<&'static str>,
}

/// All input frames, oldest first.
pub fn inputs<'a>(outcome: &'a NowcastOutcome, style: &Style) -> Panels<'a> {
    let forecast = &outcome.forecast;
    let scale = Scale::rain(style.palette, style.theme);
    let panels = forecast.inputs_mm_h.iter().enumerate().map(|(i, field)| {
        let when = forecast.input_times.get(i).map_or_else(String::new, |&t| clock(t));
        let label = match minutes_before_last(forecast, i) {
            0 => when,
            minutes => format!("{when} (−{minutes} min)"),
        };
        Panel { label, layers: vec![Picture::of(field, &scale)], message: None }
    });
    let panels: Vec<Panel> = panels.collect();
    let last = forecast.input_times.last().map_or_else(String::new, |&t| time(t));
    Panels {
        title: format!("The {} input frames", panels.len()),
        details: vec![format!("radar, up to {last}")],
        panels,
        legend: Legend { scale, label: "rain rate (mm/h)".into() },
        n_columns: if style.width_mm < 120.0 { 4 } else { 6 },
    }
}

/// Grad-CAM of several layers.
pub fn layers<'a>(
    outcome: &'a NowcastOutcome,
    layers: &[String],
    style: &Style,
) -> Result<Panels<'a>, PlotError> {
    let scale = Scale::evidence(style.theme, style.opacity);
    let panels = layers.iter().map(|layer| {
        let (_, map) = layer_map(outcome, layer)?;
        Ok(Panel {
            label: style.layer_label(layer).to_owned(),
            layers: vec![backdrop(&outcome.forecast, style)?, Picture::of(&map.cam, &scale)],
            message: map.is_empty().then_some(NO_EVIDENCE),
        })
    });
    Ok(Panels {
        title: "Grad-CAM".into(),
        details: vec![
            target_words(&grad_cam(outcome)?.target),
            format!("beneath, in grey: {}", backdrop_words(&outcome.forecast, style)?),
        ],
        panels: panels.collect::<Result<_, PlotError>>()?,
        legend: Legend { scale, label: EVIDENCE.into() },
        n_columns: if style.width_mm < 120.0 { 3 } else { 4 },
    })
}

const GAP_MM: f64 = 1.5;
const BAR_MM: f64 = 2.5;

/// Where everything of the small maps stands.
pub struct Layout {
    looks: Looks,
    heading: Heading,
    footer: Footer,
    maps: Vec<Frame>,
    bar: Frame,
    footer_top: f64,
    pub height_mm: f64,
}

impl Layout {
    pub fn new(figure: &Panels, outcome: &NowcastOutcome, style: &Style) -> Self {
        let looks = Looks::new(style);
        let (width_km, height_km) = size_km(&outcome.forecast.grid);
        let text_width = style.width_mm - 2.0 * MARGIN_MM;
        let heading = Heading::new(&figure.title, &figure.details, text_width, &looks);
        let footer = Footer::new(&outcome.provenance, text_width, &looks, false);

        let n_columns = figure.n_columns.min(figure.panels.len()).max(1);
        // A lone panel would be as tall as the sheet is wide.
        let n_slots = n_columns.max(2) as f64;
        let width = (text_width - GAP_MM * (n_slots - 1.0)) / n_slots;
        let height = width * height_km / width_km;
        let label_mm = looks.small.line_mm();
        let row_mm = label_mm + height + GAP_MM;
        let top = MARGIN_MM + heading.height_mm() + 1.0;
        let place = |i: usize| Frame {
            left: MARGIN_MM + (i % n_columns) as f64 * (width + GAP_MM),
            top: top + (i / n_columns) as f64 * row_mm + label_mm,
            width,
            height,
        };
        let n_rows = figure.panels.len().div_ceil(n_columns);
        let bar = Frame {
            left: MARGIN_MM + 2.0,
            top: top + n_rows as f64 * row_mm + 1.5,
            width: (text_width - 4.0).min(110.0),
            height: BAR_MM,
        };
        let footer_top = bar.bottom() + 1.5 + looks.text.line_mm() * 2.0;
        let height_mm = footer_top + footer.height_mm() + MARGIN_MM;
        let maps = (0..figure.panels.len()).map(place).collect();
        Self { looks, heading, footer, maps, bar, footer_top, height_mm }
    }
}

/// Draws the small maps.
pub fn draw(
    figure: &Panels,
    outcome: &NowcastOutcome,
    style: &Style,
    alt: &str,
) -> Result<String, PlotError> {
    let Layout { looks, heading, footer, maps, bar, footer_top, height_mm } =
        Layout::new(figure, outcome, style);
    let grid = &outcome.forecast.grid;
    let km_per_mm = maps.first().map_or(1.0, |map| size_km(grid).0 / map.width);
    let coast = match style.coastline {
        true => simple(basemap::lines(grid)?, km_per_mm),
        false => Vec::new(),
    };
    sheet((style.width_mm, height_mm), style.theme, alt, |pen| {
        heading.draw(pen, MARGIN_MM, MARGIN_MM)?;
        for (item, &map) in figure.panels.iter().zip(&maps) {
            let label = shorten(&item.label, |text| looks.small.width_mm(text) <= map.width);
            let middle = map.top - looks.small.line_mm() / 2.0;
            pen.text((map.left, middle), &label, Anchor::Start, looks.small)?;
            panel(pen, map, grid, &item.layers, &coast)?;
            if let Some(message) = item.message {
                say(pen, map, message, looks.small)?;
            }
        }
        figure.legend.draw(pen, bar, Run::Right, looks.text)?;
        footer.draw(pen, footer_top)
    })
}

/// Lines with no more points than a small map can show: one every quarter of a millimetre, and no
/// islands below that.
fn simple(lines: Vec<Line>, km_per_mm: f64) -> Vec<Line> {
    let step_km = 0.25 * km_per_mm;
    let thin = |line: Line| {
        let mut points_km: Vec<(f64, f64)> = Vec::new();
        for (i, &point) in line.points_km.iter().enumerate() {
            let far =
                points_km.last().is_none_or(|l| (l.0 - point.0).hypot(l.1 - point.1) >= step_km);
            if far || i + 1 == line.points_km.len() {
                points_km.push(point);
            }
        }
        (points_km.len() > 3 || line.kind == Kind::Border).then_some(Line { points_km, ..line })
    };
    lines.into_iter().filter_map(thin).collect()
}

/// The text, its middle replaced by an ellipsis where it is too long.
pub fn shorten(text: &str, fits: impl Fn(&str) -> bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    (0..letters.len())
        .map(|n_cut| {
            let kept = letters.len() - n_cut;
            let (head, tail) = (kept.div_ceil(2), kept / 2);
            match n_cut {
                0 => text.to_owned(),
                _ => letters[..head]
                    .iter()
                    .chain(&['…'])
                    .chain(&letters[letters.len() - tail..])
                    .collect(),
            }
        })
        .find(|shorter| fits(shorter))
        .unwrap_or_default()
}
