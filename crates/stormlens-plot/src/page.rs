//! The sheet of a figure: its heading, its body, and the small print.

use stormlens_data::outcome::{Domain, Outcome, Role, Variable};

use super::canvas::{Frame, Pen, sheet};
use super::chart::{Chart, Kind};
use super::headings;
use super::lookup::{Shown, variable};
use super::map::Map;
use super::panels::Panels;
use super::parts::{Footer, Heading, Letterings, MARGIN_MM};
use super::view::View;
use super::words::credit;
use super::{Figure, PlotError, Style};

/// What stands between heading and small print.
pub trait Body {
    fn height_mm(&self) -> f64;

    fn draw(self: Box<Self>, pen: &Pen, top: f64) -> Result<(), PlotError>;

    /// Whether pixels without a measurement are shown.
    fn has_missing(&self) -> bool {
        false
    }

    /// Where its one map stands, from its upper edge.
    fn map(&self) -> Option<Frame> {
        None
    }
}

pub struct Page<'a> {
    style: &'a Style,
    heading: Heading,
    body: Box<dyn Body + 'a>,
    footer: Footer,
}

impl<'a> Page<'a> {
    pub fn new(
        outcome: &'a Outcome,
        figure: &'a Figure,
        style: &'a Style,
    ) -> Result<Self, PlotError> {
        style.check()?;
        let letterings = Letterings::new(style);
        let body: Box<dyn Body> = match figure {
            Figure::Map { .. } | Figure::Difference { .. } | Figure::Exceedance(_) => {
                let (view, shown) = single(outcome, figure, style)?;
                Box::new(Map::new(view, shown, letterings)?)
            }
            Figure::Strip(name) => Box::new(Panels::strip(outcome, name, style, letterings)?),
            Figure::Differences { variable, other } => {
                Box::new(Panels::differences(outcome, [variable, other], style, letterings)?)
            }
            Figure::Grid(names) => Box::new(Panels::grid(outcome, names, style, letterings)?),
            Figure::Bars(name) => Box::new(Chart::new(
                outcome,
                variable(outcome, name)?,
                Kind::Bars,
                style,
                letterings,
            )?),
            Figure::Curve(name) => Box::new(Chart::new(
                outcome,
                variable(outcome, name)?,
                Kind::Curve,
                style,
                letterings,
            )?),
        };
        let text_width = style.width_mm - 2.0 * MARGIN_MM;
        let words = headings::of(outcome, figure, style)?;
        let heading = match style.title {
            true => Heading::new(&words.title, &words.details, text_width, &letterings),
            false => Heading::none(),
        };
        let is_of_network = is_of_network(outcome, figure);
        let credit = style.source.then(|| credit(&outcome.provenance, is_of_network));
        let credit = credit.unwrap_or_default();
        let missing = body.has_missing().then(|| missing_words(outcome, figure));
        let footer = Footer::new(credit, text_width, &letterings, missing)
            .with_remark(&outcome.remark_of(is_of_network), text_width);
        Ok(Self { style, heading, body, footer })
    }

    fn body_top(&self) -> f64 {
        MARGIN_MM + self.heading.height_mm()
    }

    pub fn height_mm(&self) -> f64 {
        self.body_top() + self.body.height_mm() + self.footer.height_mm() + MARGIN_MM
    }

    /// Left, top, width and height of the one map, as shares of the sheet.
    pub fn map(&self) -> Option<[f64; 4]> {
        let Frame { left, top, width, height } = self.body.map()?.down(self.body_top());
        let (sheet_width, sheet_height) = (self.style.width_mm, self.height_mm());
        Some([left / sheet_width, top / sheet_height, width / sheet_width, height / sheet_height])
    }

    pub fn draw(self, alt: &str) -> Result<String, PlotError> {
        let (top, height_mm) = (self.body_top(), self.height_mm());
        let Self { style, heading, body, footer } = self;
        sheet((style.width_mm, height_mm), style.theme, alt, |pen| {
            heading.draw(pen, MARGIN_MM, MARGIN_MM)?;
            let footer_top = top + body.height_mm();
            body.draw(pen, top)?;
            footer.draw(pen, footer_top)
        })
    }
}

/// What a figure of one map shows, and what of its domain.
pub fn single<'a>(
    outcome: &'a Outcome,
    figure: &Figure,
    style: &'a Style,
) -> Result<(View<'a>, Shown<'a>), PlotError> {
    let shown = match figure {
        Figure::Map { variable, index } => Shown::of(outcome, variable, *index)?,
        Figure::Difference { variable, other, index } => {
            Shown::difference(outcome, [variable, other], *index)?
        }
        Figure::Exceedance(name) => Shown::exceedance(outcome, name, style.exceed)?,
        figure => return Err(PlotError::UnknownFigure { name: figure.to_string() }),
    };
    Ok((View::new(outcome, shown.variable, style)?, shown))
}

/// What pixels without a value are called: as a quantity says; else, of what follows from other maps nothing was measured
/// anywhere, and what a forecast would need may lie beyond the frames.
fn missing_words(outcome: &Outcome, figure: &Figure) -> String {
    let names = figure.variables();
    let variables = || names.iter().filter_map(|name| outcome.variable(name));
    let said = variables().find_map(|variable| variable.quantity.missing.clone());
    let roles: Vec<&Role> = variables().map(|variable| &variable.role).collect();
    said.unwrap_or_else(|| of_roles(&roles).to_owned())
}

fn of_roles(roles: &[&Role]) -> &'static str {
    if roles.iter().any(|role| matches!(role, Role::Diagnostic | Role::Context)) {
        "no data"
    } else if roles.contains(&&Role::Reference) {
        "not known"
    } else {
        "not measured"
    }
}

/// Whether a network made any of what is shown: not frames that were measured, and what follows from them alone. The
/// picture of a scene stands with its answer.
pub(crate) fn is_of_network(outcome: &Outcome, figure: &Figure) -> bool {
    let is_measured = |variable: &Variable| {
        let is_frame = matches!(variable.domain, Domain::Earth(_));
        is_frame
            && matches!(
                variable.role,
                Role::Input | Role::Observation | Role::Reference | Role::Context
            )
    };
    let names = figure.variables();
    !names.iter().all(|name| outcome.variable(name).is_some_and(is_measured))
}
