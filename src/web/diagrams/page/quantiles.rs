//! The Q–Q diagram of an evaluation.

use std::path::Path;

use askama::Template;
use stormlens_plot::Quantiles;

use super::{Look, Place};
use crate::web::diagrams::evaluation::Evaluation;
use crate::web::views::FigureView;

/// Quantiles of forecasts against those of the observation.
#[derive(Template)]
#[template(path = "parts/quantiles.html")]
pub struct QuantilesView {
    figure: FigureView,
    meaning: &'static str,
    /// What is not drawn; empty where all is.
    left_out: String,
}

/// What the `evaluation.json` beside weights says of quantiles; `None` where it says nothing, or is
/// damaged.
pub fn quantiles(file: &Path) -> Option<QuantilesView> {
    let evaluation = Evaluation::read(file).ok()??;
    let quantiles = evaluation.quantiles()?;
    let look = Look {
        name: Quantiles::NAME,
        title: Quantiles::TITLE,
        alt: quantiles.alt_text(),
        size_px: &|style| quantiles.size_px(style),
        event: None,
        ratio: None,
    };
    let left_out = match quantiles.found.curves.len() - quantiles.n_drawn {
        0 => String::new(),
        n => format!("{n} more forecasts stand in the numbers (CSV)."),
    };
    Some(QuantilesView {
        figure: Place::of(&evaluation).figure(&look),
        meaning: Quantiles::MEANING,
        left_out,
    })
}
