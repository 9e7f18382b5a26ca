//! The sheet of a diagram: heading, frame, legend, small print.

use super::Plan;
use super::axes::{self, Axes, Frames};
use super::legend::Legend;
use crate::canvas::{Pen, sheet};
use crate::parts::{Footer, Heading, Letterings, MARGIN_MM};
use crate::{PlotError, Style, Theme};

/// What stands on a sheet.
pub trait Content {
    fn title(&self) -> String;
    /// What it is made of, below the title.
    fn details(&self) -> String;
    /// The finding in words.
    fn alt(&self) -> String;
    /// Whose data these are, and what has to be said of them; empty for nothing.
    fn small_print(&self) -> [&str; 2];
    fn plan(&self) -> Plan;
    /// Draws into the frame; `below` is the frame of the histogram, where the plan asked for one.
    fn draw(
        &self,
        pen: &Pen,
        axes: &Axes,
        below: Option<&Frames>,
        theme: Theme,
    ) -> Result<(), PlotError>;
}

pub struct Sheet<'a> {
    content: &'a dyn Content,
    style: &'a Style,
    heading: Heading,
    axes: Axes,
    histogram: Option<Frames>,
    legend: Legend,
    footer: Footer,
}

impl<'a> Sheet<'a> {
    /// Of a style that was checked.
    pub fn new(content: &'a dyn Content, style: &'a Style) -> Self {
        let letterings = Letterings::new(style);
        let plan = content.plan();
        let text_width = style.width_mm - 2.0 * MARGIN_MM;
        let heading = match style.title {
            true => Heading::new(&content.title(), &[content.details()], text_width, &letterings),
            false => Heading::none(),
        };
        let top = MARGIN_MM + heading.height_mm() + 1.5;
        let placed = axes::place(plan.axes, plan.has_histogram, style, &letterings, top);
        let legend = Legend::new(plan.legend, plan.notes, &placed, &letterings);
        let [credit, remark] = content.small_print();
        let credit = if style.source { credit.to_owned() } else { String::new() };
        let footer =
            Footer::new(credit, text_width, &letterings, None).with_remark(remark, text_width);
        let (axes, histogram) = (placed.axes, placed.histogram);
        Self { content, style, heading, axes, histogram, legend, footer }
    }

    fn footer_top(&self) -> f64 {
        let below = self.histogram.as_ref().map_or(0.0, |frames| frames.bottom_mm);
        self.axes.bottom_mm().max(below).max(self.legend.bottom_mm()) + 1.2
    }

    pub fn height_mm(&self) -> f64 {
        self.footer_top() + self.footer.height_mm() + MARGIN_MM
    }

    /// As an SVG document.
    pub fn draw(&self) -> Result<String, PlotError> {
        let size = (self.style.width_mm, self.height_mm());
        let theme = self.style.theme;
        sheet(size, theme, &self.content.alt(), |pen| {
            self.heading.draw(pen, MARGIN_MM, MARGIN_MM)?;
            self.axes.draw(pen)?;
            self.content.draw(pen, &self.axes, self.histogram.as_ref(), theme)?;
            self.axes.outline(pen)?;
            self.legend.draw(pen, theme)?;
            self.footer.draw(pen, self.footer_top())
        })
    }
}
