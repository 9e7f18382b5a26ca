//! Why a figure can't be drawn.

use super::diagram::MAX_FORECASTS;
use super::{Diagram, Figure, Region, SkillChart};

/// Why a figure can't be drawn.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlotError {
    #[error("there is no figure called `{name}`: take one of {}", Figure::NAMES.join(", "))]
    UnknownFigure { name: String },
    #[error(
        "this result holds no `{name}`: it has {known}; explanations must be named in the request"
    )]
    UnknownVariable { name: String, known: String },
    #[error(
        "the sample ends before the valid time of the forecast, so nothing was observed to draw"
    )]
    NoObservation,
    #[error("`{name}` has no map {index}: they are counted from 0 to {last}")]
    UnknownIndex { name: String, index: usize, last: usize },
    #[error("`{name}` can't be drawn as a map: it has no rows and columns, or no colours")]
    NotAMap { name: String },
    #[error("`{name}` can't be drawn as bars or as a curve: it is not a row of numbers")]
    NotASeries { name: String },
    #[error(
        "`{name}` can't be drawn beside or minus `{other}`: they differ in axes, places or colours"
    )]
    Incomparable { name: String, other: String },
    #[error("there is no diagram called `{name}`: take one of {}", Diagram::ALL.map(Diagram::name).join(", "))]
    UnknownDiagram { name: String },
    #[error("there is no chart called `{name}`: take one of {}", SkillChart::ALL.map(SkillChart::name).join(", "))]
    UnknownChart { name: String },
    #[error("the report has no forecast `{name}`: it has {known}")]
    UnknownForecast { name: String, known: String },
    #[error("there is no score `{name}` by lead time: take one of {known}")]
    UnknownScore { name: String, known: String },
    #[error("the report has no threshold {threshold}: it has {known}")]
    UnknownThreshold { threshold: f64, known: String },
    #[error("the report has no lead time of {minutes} min: it has {known}")]
    UnknownLeadTime { minutes: u32, known: String },
    #[error(
        "no forecast has a value to draw in the chart `{chart}` ({of}): choose another score, threshold or lead time"
    )]
    NothingToDraw { chart: SkillChart, of: String },
    #[error("a diagram needs the verification of at least one forecast")]
    NoForecasts,
    #[error("a diagram shows at most {MAX_FORECASTS} forecasts, not {n}: choose some of them")]
    ManyForecasts { n: usize },
    #[error(
        "forecasts of `{event}` and of `{other}` can't be drawn together: they are of different events"
    )]
    OtherEvent { event: String, other: String },
    #[error("a figure {width_mm} mm wide can't be drawn: choose between 40 and 400 mm")]
    Width { width_mm: f64 },
    #[error("an opacity of {opacity} is out of range: choose between 0 and 1")]
    Opacity { opacity: f32 },
    #[error(
        "an attribution can't be shown from {below} to {above} % of its mass: choose below and above \
         between 0 and 100, above being the larger"
    )]
    Mass { below: f64, above: f64 },
    #[error(
        "the region {region} can't be shown: choose one within the {height} × {width} pixels that \
         there are, at least {} × {} large, and where there is something to see",
        Region::MIN_PX,
        Region::MIN_PX
    )]
    Region { region: Region, height: usize, width: usize },
    #[error("`{text}` is no region: give four whole numbers, TOP,LEFT,HEIGHT,WIDTH")]
    RegionText { text: String },
    #[error("the coastline can't be projected to the plane `{proj4}`: {reason}")]
    Projection { proj4: String, reason: String },
    #[error("a picture of {height} × {width} pixels can't be written: {reason}")]
    Picture { height: usize, width: usize, reason: String },
    #[error("the figure can't be drawn: {0}")]
    Drawing(String),
}

impl PlotError {
    /// Whether another choice of figure or look would do, and nothing is wrong with the program.
    pub fn is_of_the_choice(&self) -> bool {
        !matches!(self, Self::Projection { .. } | Self::Picture { .. } | Self::Drawing(_))
    }
}
