//! Figures on the page: their addresses in both themes, their size, their words, their files.

use stormlens_data::card::ModelCard;
use stormlens_data::outcome::NowcastOutcome;

use crate::plot::{self, Figure, Style};
use crate::web::caching::{VERSION, Version};
use crate::web::parameters::encode;
use crate::web::result_query::ResultQuery;

/// Figures of a page that are seen without scrolling on a wide screen.
const N_AT_FIRST: usize = 2;

/// The width of the chart over all frames, between one column of a journal and two.
const WIDE_MM: f64 = 140.0;

/// A figure with everything a template needs.
pub struct FigureView {
    pub name: String,
    pub title: String,
    pub alt: String,
    pub light: String,
    pub dark: String,
    pub width_px: u32,
    pub height_px: u32,
    /// Whether it is fetched at once, because it is seen first.
    pub is_first: bool,
    pub downloads: Vec<Download>,
}

pub struct Download {
    pub label: String,
    pub href: String,
}

/// All figures of one result.
pub struct Album<'a> {
    outcome: &'a NowcastOutcome,
    style: Style,
    query: String,
    version: Version,
}

impl<'a> Album<'a> {
    pub fn new(query: &ResultQuery, model: &ModelCard, outcome: &'a NowcastOutcome) -> Self {
        let version = Version::of_result(&outcome.provenance);
        Self { outcome, style: query.style(model), query: query.to_query(), version }
    }

    /// A figure as wide as a column.
    pub fn view(&self, figure: &Figure) -> FigureView {
        self.view_at(
            figure,
            if matches!(figure, Figure::Inputs) { WIDE_MM } else { Style::WIDTHS_MM[0] },
        )
    }

    /// A figure as wide as the page.
    pub fn wide(&self, figure: &Figure) -> FigureView {
        self.view_at(figure, WIDE_MM)
    }

    fn view_at(&self, figure: &Figure, width_mm: f64) -> FigureView {
        let style = Style { width_mm, ..self.style.clone() };
        let (width_px, height_px) = plot::size_px(self.outcome, figure, &style);
        let version = self.version.as_str();
        let page = |theme| {
            let sheet = format!("width-mm={width_mm}&theme={theme}&{VERSION}={version}");
            self.address(figure, "svg", &sheet)
        };
        FigureView {
            name: figure.to_string(),
            title: self.title(figure),
            alt: plot::alt_text(self.outcome, figure),
            light: page("light"),
            dark: page("dark"),
            width_px,
            height_px,
            is_first: false,
            downloads: self.downloads(figure),
        }
    }

    fn downloads(&self, figure: &Figure) -> Vec<Download> {
        downloads(|kind, more| self.address(figure, kind, more))
    }

    fn address(&self, figure: &Figure, kind: &str, more: &str) -> String {
        format!("/result/figure/{}.{kind}?{}&{more}", encode(&figure.to_string()), self.query)
    }

    fn title(&self, figure: &Figure) -> String {
        match figure {
            Figure::Prediction => "Prediction".to_owned(),
            Figure::Observation => "Observation".to_owned(),
            Figure::Persistence => "Persistence".to_owned(),
            Figure::Difference => "Prediction minus observation".to_owned(),
            Figure::Inputs => "What the network saw".to_owned(),
            Figure::Attribution(layer) => self.style.layer_label(layer).to_owned(),
            Figure::FrameSums => "Share of each input frame".to_owned(),
            Figure::FrameAttribution(frame) => self.frame_title(*frame),
            other => other.to_string(),
        }
    }

    fn frame_title(&self, frame: usize) -> String {
        let times = &self.outcome.forecast.input_times;
        match times.get(frame).zip(times.last()) {
            Some((time, last)) if time < last => {
                let minutes = (last.as_second() - time.as_second()) / 60;
                format!("{minutes} min before the start")
            }
            _ => "Last frame".to_owned(),
        }
    }
}

/// The files of a figure, from the address of one in a format with more parameters.
pub fn downloads(address: impl Fn(&str, &str) -> String) -> Vec<Download> {
    let mut downloads = Vec::new();
    for width_mm in Style::WIDTHS_MM {
        for (kind, label, more) in [
            ("png", "PNG, 300 dpi", "&dpi=300"),
            ("png", "PNG, 600 dpi", "&dpi=600"),
            ("svg", "SVG", ""),
            ("pdf", "PDF", ""),
        ] {
            downloads.push(Download {
                label: format!("{label}, {width_mm} mm"),
                href: address(kind, &format!("width-mm={width_mm}{more}&download=yes")),
            });
        }
    }
    downloads
}

/// Marks the figures of the first section that are seen without scrolling.
pub fn mark_first(mut figures: Vec<FigureView>) -> Vec<FigureView> {
    figures.iter_mut().take(N_AT_FIRST).for_each(|figure| figure.is_first = true);
    figures
}
