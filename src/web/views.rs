//! Figures on a page: their addresses in both themes, their size, their words, their files, and where
//! the numbers behind them lie.

use stormlens_data::outcome::{Domain, Outcome};
use stormlens_data::scene::Rectangle;

use super::caching::{VERSION, Version};
use super::result::PATH;
use crate::parameters::encode;
use crate::question::Question;
use stormlens_plot::{Figure, Style};

/// Figures of a page that are seen without scrolling on a wide screen.
const N_AT_FIRST: usize = 2;
/// The width of the same on a phone, a column of a journal.
const PHONE_MM: f64 = Style::WIDTHS_MM[0];
/// The width of figures that stand alone, between one column of a journal and two.
const WIDE_MM: f64 = 140.0;

/// Forms of the numbers behind a figure.
const NUMBERS: [(&str, &str); 4] = [
    ("csv", "Numbers, CSV"),
    ("npy", "Numbers, NumPy .npy"),
    ("f32", "Numbers, float32 little-endian"),
    ("json", "What the numbers are, JSON"),
];

/// A figure with everything a template needs.
pub struct FigureView {
    pub name: String,
    /// Of its element; a page with figures of several results gives them others.
    pub id: String,
    /// The word for its kind in the style sheet.
    pub shape: &'static str,
    pub title: String,
    pub alt: String,
    pub light: String,
    pub dark: String,
    /// The same drawn for a phone, where the figure would be too small to read there.
    pub narrow: Option<Narrow>,
    pub width_px: u32,
    pub height_px: u32,
    /// Whether it is fetched at once, because it is seen first.
    pub is_first: bool,
    pub downloads: Vec<Download>,
    /// What a pointer over it can ask for; only of maps.
    pub values: Option<ValuesView>,
}

/// A wide figure drawn narrower.
pub struct Narrow {
    pub light: String,
    pub dark: String,
    pub width_px: u32,
    pub height_px: u32,
}

pub struct Download {
    pub label: String,
    pub href: String,
}

/// Where the numbers of a map lie.
pub struct ValuesView {
    /// Addresses of the head (JSON) and of the values (little-endian float32).
    pub head: String,
    pub body: String,
    /// Which of the variable's maps it is, from 0 on.
    pub index: usize,
    /// Where the map lies in the figure: left, top, width, height as shares of the figure's.
    pub frame: String,
    /// The same in the figure that is drawn for a phone, where there is one.
    pub narrow_frame: Option<String>,
    /// What is taken from the values: those of another variable, where the map is a difference.
    pub minus: Option<String>,
    /// The part of the domain that is shown: top, left, height, width in its pixels; those of the whole
    /// picture where the variable covers its centre alone.
    pub region: String,
    /// The part of the domain that the variable covers.
    pub covers: String,
    /// Height and width of the whole domain in its pixels.
    pub size: String,
    /// Maps with the same word lie on the same pixels.
    pub domain: String,
}

/// All figures of one result.
pub struct Figures<'a> {
    outcome: &'a Outcome,
    style: &'a Style,
    query: String,
    version: Version,
}

impl<'a> Figures<'a> {
    pub fn new(question: &'a Question, outcome: &'a Outcome) -> Self {
        let version = Version::of_result(&outcome.provenance);
        Self { outcome, style: &question.style, query: question.to_query(), version }
    }

    /// A figure as wide as a column.
    pub fn view(&self, figure: &Figure) -> FigureView {
        self.view_at(figure, Style::WIDTHS_MM[0])
    }

    /// A figure as wide as the page.
    pub fn wide(&self, figure: &Figure) -> FigureView {
        self.view_at(figure, WIDE_MM)
    }

    fn view_at(&self, figure: &Figure, width_mm: f64) -> FigureView {
        let style = Style { width_mm, ..self.style.clone() };
        let (width_px, height_px) = stormlens_plot::size_px(self.outcome, figure, &style);
        let version = self.version.as_str();
        let page_at = |width_mm, theme| {
            let sheet = format!("width-mm={width_mm}&theme={theme}&{VERSION}={version}");
            self.address(figure, "svg", &sheet)
        };
        let page = |theme| page_at(width_mm, theme);
        let phone = (width_mm > PHONE_MM).then(|| Style { width_mm: PHONE_MM, ..style.clone() });
        let narrow = phone.as_ref().map(|style| {
            let (width_px, height_px) = stormlens_plot::size_px(self.outcome, figure, style);
            let [light, dark] = ["light", "dark"].map(|theme| page_at(PHONE_MM, theme));
            Narrow { light, dark, width_px, height_px }
        });
        FigureView {
            name: figure.to_string(),
            id: format!("figure-{figure}"),
            shape: self.shape(figure),
            title: stormlens_plot::title(self.outcome, figure, &style),
            alt: stormlens_plot::alt_text_of(self.outcome, figure, &style),
            light: page("light"),
            dark: page("dark"),
            narrow,
            width_px,
            height_px,
            is_first: false,
            downloads: self.downloads(figure),
            values: self.values(figure, &style, phone.as_ref()),
        }
    }

    fn shape(&self, figure: &Figure) -> &'static str {
        let is_of_a_picture = |variable: &str| {
            let domain = self.outcome.variable(variable).map(|variable| &variable.domain);
            matches!(domain, Some(Domain::Scene(_) | Domain::SceneCentre(_)))
        };
        match figure {
            Figure::Map { variable, .. } if is_of_a_picture(variable) => "plain",
            Figure::Map { .. } | Figure::Difference { .. } | Figure::Exceedance(_) => "map",
            Figure::Strip(_) | Figure::Differences { .. } | Figure::Grid(_) => "strip",
            Figure::Bars(_) | Figure::Curve(_) => "chart",
        }
    }

    fn address(&self, figure: &Figure, kind: &str, more: &str) -> String {
        format!("{PATH}/figure/{}.{kind}?{}&{more}", encode(&figure.to_string()), self.query)
    }

    /// The address of one variable in a form.
    pub fn data(&self, variable: &str, form: &str) -> String {
        let path = variable.split('/').map(encode).collect::<Vec<_>>().join("/");
        format!("{PATH}/data/{path}.{form}?{}&{VERSION}={}", self.query, self.version.as_str())
    }

    fn downloads(&self, figure: &Figure) -> Vec<Download> {
        let mut downloads = Vec::new();
        for width_mm in Style::WIDTHS_MM {
            for (kind, label, more) in [
                ("png", "PNG, 300 dpi", "&dpi=300"),
                ("png", "PNG, 600 dpi", "&dpi=600"),
                ("svg", "SVG", ""),
                ("pdf", "PDF", ""),
            ] {
                let more = format!("width-mm={width_mm}{more}&download=yes");
                let label = format!("{label}, {width_mm} mm");
                downloads.push(Download { label, href: self.address(figure, kind, &more) });
            }
        }
        let bare = format!("width-mm={}&title=no&source=no&download=yes", Style::WIDTHS_MM[0]);
        for (kind, label) in [("svg", "SVG"), ("pdf", "PDF")] {
            let label = format!("{label} without title and source");
            downloads.push(Download { label, href: self.address(figure, kind, &bare) });
        }
        if let Some((variable, index)) = self.map_on_earth(figure) {
            let degrees =
                format!("width-mm={}&coordinates=degrees&download=yes", Style::WIDTHS_MM[0]);
            let href = self.address(figure, "pdf", &degrees);
            let label = "PDF with latitude and longitude".to_owned();
            downloads.push(Download { label, href });
            let href = self.data(&format!("{variable}@{index}"), "tif");
            downloads.push(Download { label: "Map at its place, GeoTIFF".to_owned(), href });
        }
        if let Some(variable) = figure.variable() {
            for (form, label) in NUMBERS {
                let href = self.data(variable, form);
                downloads.push(Download { label: label.to_owned(), href });
            }
        }
        downloads
    }

    fn map_on_earth<'f>(&self, figure: &'f Figure) -> Option<(&'f str, usize)> {
        let Figure::Map { variable, index } = figure else { return None };
        let domain = &self.outcome.variable(variable)?.domain;
        let is_grid = matches!(domain, Domain::Earth(grid) if grid.is_somewhere());
        let is_on_earth = is_grid || domain.place([1; 2]).is_some();
        is_on_earth.then_some((variable.as_str(), *index))
    }

    /// Where a map lies in a figure of that style: left, top, width, height as shares of the figure's.
    fn frame(&self, figure: &Figure, style: &Style) -> Option<String> {
        let frame = stormlens_plot::plane_frame(self.outcome, figure, style)?;
        Some(frame.map(|share| format!("{share:.5}")).join(","))
    }

    fn values(&self, figure: &Figure, style: &Style, phone: Option<&Style>) -> Option<ValuesView> {
        let (variable, minus, index) = match figure {
            Figure::Map { variable, index } => (variable, None, index),
            Figure::Difference { variable, other, index } => (variable, Some(other), index),
            _ => return None,
        };
        let found = self.outcome.variable(variable)?;
        let (domain, [height, width], covers) = place(&found.domain)?;
        let Rectangle { left, top, .. } = covers;
        let part = stormlens_plot::shown_part(self.outcome, found, style).ok()?;
        Some(ValuesView {
            head: self.data(variable, "json"),
            body: self.data(variable, "f32"),
            minus: minus.map(|other| self.data(other, "f32")),
            index: *index,
            frame: self.frame(figure, style)?,
            narrow_frame: phone.and_then(|style| self.frame(figure, style)),
            region: format!("{},{},{},{}", part.top, part.left, part.height, part.width),
            covers: format!("{top},{left},{},{}", covers.height, covers.width),
            size: format!("{height},{width}"),
            domain,
        })
    }
}

/// What maps are linked over, its height and width, and the part of it that a variable covers.
fn place(domain: &Domain) -> Option<(String, [usize; 2], Rectangle)> {
    let whole = |[height, width]: [usize; 2]| Rectangle { left: 0, top: 0, width, height };
    match domain {
        Domain::None => None,
        Domain::Earth(grid) => {
            let size = [grid.height, grid.width];
            let [height, width] = size.map(|n| n as f64 * grid.spacing_km);
            // A result may have maps of several parts of the Earth.
            let word =
                format!("earth {:.3} {:.3} {height:.3} {width:.3}", grid.west_km, grid.north_km);
            Some((word, size, whole(size)))
        }
        Domain::Scene(_) => domain.size().map(|size| ("scene".to_owned(), size, whole(size))),
        Domain::SceneCentre(scene) => {
            Some(("scene".to_owned(), [scene.variant.input_px; 2], scene.crop()))
        }
    }
}

/// Marks the figures of the first section that are seen without scrolling.
pub fn mark_first(mut figures: Vec<FigureView>) -> Vec<FigureView> {
    figures.iter_mut().take(N_AT_FIRST).for_each(|figure| figure.is_first = true);
    figures
}

/// A map of a variable.
pub fn map(variable: &str, index: usize) -> Figure {
    Figure::Map { variable: variable.to_owned(), index }
}
