//! Figures of a scene on the page: their addresses in both themes, their size, their words, their
//! files.

use stormlens_data::card::ModelCard;
use stormlens_data::outcome::SceneOutcome;

use crate::plot::Style;
use crate::plot::scene::{self, SceneFigure, SceneStyle};
use crate::web::caching::{VERSION, Version};
use crate::web::pages::result::figures::{Download, FigureView, downloads};
use crate::web::parameters::encode;
use crate::web::scenes::query::SceneQuery;

/// The width of the figures that stand alone, between one column of a journal and two.
const WIDE_MM: f64 = 140.0;

/// All figures of one scene's result.
pub struct Album<'a> {
    outcome: &'a SceneOutcome,
    style: SceneStyle,
    path: String,
    query: String,
    version: Version,
}

impl<'a> Album<'a> {
    pub fn new(query: &SceneQuery, model: &ModelCard, outcome: &'a SceneOutcome) -> Self {
        let (style, path, query) = (query.style(model), query.path(), query.to_query());
        let version = Version::of_result(&outcome.provenance);
        Self { outcome, style, path, query, version }
    }

    /// A figure as wide as a column.
    pub fn view(&self, figure: &SceneFigure) -> FigureView {
        self.view_at(figure, Style::WIDTHS_MM[0])
    }

    /// A figure as wide as the page.
    pub fn wide(&self, figure: &SceneFigure) -> FigureView {
        self.view_at(figure, WIDE_MM)
    }

    fn view_at(&self, figure: &SceneFigure, width_mm: f64) -> FigureView {
        let style = SceneStyle { width_mm, ..self.style.clone() };
        let (width_px, height_px) = scene::size_px(self.outcome, figure, &style);
        let version = self.version.as_str();
        let page = |theme| {
            let sheet = format!("width-mm={width_mm}&theme={theme}&{VERSION}={version}");
            self.address(figure, "svg", &sheet)
        };
        FigureView {
            name: figure.to_string(),
            title: self.title(figure),
            alt: scene::alt_text(self.outcome, figure),
            light: page("light"),
            dark: page("dark"),
            width_px,
            height_px,
            is_first: *figure == SceneFigure::Scene,
            downloads: self.downloads(figure),
        }
    }

    fn downloads(&self, figure: &SceneFigure) -> Vec<Download> {
        downloads(|kind, more| self.address(figure, kind, more))
    }

    fn address(&self, figure: &SceneFigure, kind: &str, more: &str) -> String {
        let name = encode(&figure.to_string());
        format!("{}/figure/{name}.{kind}?{}&{more}", self.path, self.query)
    }

    fn title(&self, figure: &SceneFigure) -> String {
        match figure {
            SceneFigure::Scene => "What the network was given".to_owned(),
            SceneFigure::Attribution(layer) => self.style.layer_label(layer).to_owned(),
            SceneFigure::Gradients => "Share of each pixel".to_owned(),
            SceneFigure::Path => "The output on the way from the baseline".to_owned(),
            other => other.to_string(),
        }
    }
}
