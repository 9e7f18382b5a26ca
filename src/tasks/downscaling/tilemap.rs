//! The tiles of a domain on its rain: a drawing with a link a tile.

use stormlens_data::downscale::TileRain;
use stormlens_data::request::{RefinedPlace, Subject};
use stormlens_plot::Theme;

use super::list::picture_of;
use super::page::explain_at;
use super::prepare::{Focus, Frame, Part, Several, layout, target_of};
use super::{DownscalingTask, prepare};
use crate::question::Question;
use crate::web::AppError;

/// Longest side of the drawing, in its own units.
const SIDE: f64 = 600.0;

/// Tiles as rectangles over a picture.
pub struct TileMap {
    pub width: f64,
    pub height: f64,
    /// Pictures of the coarse rain, as data.
    pub light: String,
    pub dark: String,
    pub tiles: Vec<TileView>,
    /// The part that is explained: left, top, width, height.
    pub focus: Option<[f64; 4]>,
    pub n_dry: usize,
    /// Of the numbers of tiles, so that they are read on a phone and fit into small tiles.
    pub text_size: f64,
}

pub struct TileView {
    pub number: usize,
    pub left: f64,
    pub top: f64,
    pub side_x: f64,
    pub side_y: f64,
    /// `wet`, `dry` or `missing`.
    pub kind: &'static str,
    pub is_secondary: bool,
    /// Where it is explained; of tiles with rain.
    pub href: Option<String>,
    pub words: String,
}

impl TileMap {
    pub fn new(task: &DownscalingTask, question: &Question) -> Result<Self, AppError> {
        let Subject::Downscaling { domain, .. } = question.request.subject else {
            return Err(AppError::Internal("the question is about no rain".to_owned()));
        };
        let refuse = |error: crate::jobs::WorkerError| AppError::Internal(error.to_string());
        let target = target_of(&question.request);
        let work =
            layout(&task.fields, &question.request, &question.cards, &target).map_err(refuse)?;
        let [west, south, east, north] = domain;
        let scale = SIDE / (east - west).max(north - south);
        let side = work.geometry.tile_deg() * scale;
        let tile = |(tile, rain): &(stormlens_data::downscale::Tile, TileRain)| {
            let (kind, most) = match rain {
                TileRain::Wet(coarse) => ("wet", coarse.iter().copied().fold(0.0, f64::max)),
                TileRain::Dry => ("dry", 0.0),
                TileRain::Missing { .. } => ("missing", 0.0),
            };
            let number = tile.id;
            let words = match kind {
                "wet" => format!(
                    "Explain tile {number}: at most {} mm of coarse rain",
                    stormlens_plot::words::number(most)
                ),
                "dry" => format!("Tile {number} is dry"),
                _ => format!("Tile {number} has missing rain"),
            };
            TileView {
                number,
                left: (tile.min_lon - west) * scale,
                top: (north - tile.min_lat) * scale - side,
                side_x: side,
                side_y: side,
                kind,
                is_secondary: tile.is_secondary,
                href: (kind == "wet").then(|| explain_at(question, RefinedPlace::Tile(number))),
                words,
            }
        };
        let picture = |theme| picture_of(&work.rain.field, domain, theme);
        let focus = work.focus.as_ref().map(|focus| around(&work, focus, [west, north], scale));
        Ok(Self {
            width: (east - west) * scale,
            height: (north - south) * scale,
            light: picture(Theme::Light),
            dark: picture(Theme::Dark),
            text_size: (side / 7.0).clamp(8.0, 28.0),
            n_dry: work.tiles.iter().filter(|(_, rain)| *rain == TileRain::Dry).count(),
            tiles: work.tiles.iter().map(tile).collect(),
            focus,
        })
    }
}

fn around(work: &prepare::Work, focus: &Focus, [west, north]: [f64; 2], scale: f64) -> [f64; 4] {
    let ([min_lat, min_lon], rows, columns) = match focus {
        Focus::Tile(Part { tile_idx, rows, columns, .. }) => {
            let tile = &work.tiles[*tile_idx].0;
            ([tile.min_lat, tile.min_lon], rows, columns)
        }
        Focus::Several(Several { frame: Frame { corner, rows, columns }, .. }) => {
            (*corner, rows, columns)
        }
    };
    let step = work.geometry.fine_deg * scale;
    let left = (min_lon - west) * scale + columns.start as f64 * step;
    let bottom = (north - min_lat) * scale - rows.start as f64 * step;
    let (width, height) = (columns.len() as f64 * step, rows.len() as f64 * step);
    [left, bottom - height, width, height]
}
