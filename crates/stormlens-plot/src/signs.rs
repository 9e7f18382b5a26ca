//! Signed attributions of every pixel and channel of a scene: both signs, one of them, or the border of
//! its main regions.

use stormlens_data::attribution::{self, Outline, Ranking, Visualiser, signed_sum};
use stormlens_data::field::Field;
use stormlens_data::outcome::Quantity;

use super::ground::{beneath, legend_ground};
use super::layer::Layer;
use super::legend::Legend;
use super::lookup::{Shown, is_zero};
use super::rendering::{Rendering, label_in, unit};
use super::scale::Scale;
use super::scales::{self, size_of_most};
use super::square::Square;
use super::view::View;
use super::{Interpolation, Overlay, PlotError, Style, cells, published_maps, target};

/// Whether there is a legend.
pub fn has_legend(style: &Style) -> bool {
    !style.outline || style.polarity.sign().is_none()
}

pub fn of(view: &View, shown: &Shown) -> Result<Rendering, PlotError> {
    let no_picture = || PlotError::NotAMap { name: shown.variable.name.clone() };
    let square = view.square.ok_or_else(no_picture)?;
    match view.style.visualiser() {
        None => both(view, shown),
        Some(visualiser) => One { view, shown, square, visualiser }.rendering(),
    }
}

fn side(shown: &Shown) -> usize {
    shown.variable.plane.map_or(0, |[side, _]| side)
}

/// The sum over the channels.
pub fn sums(shown: &Shown) -> Field {
    let side = side(shown);
    Field::new(side, side, signed_sum(&shown.variable.to_f32(), side))
}

fn both(view: &View, shown: &Shown) -> Result<Rendering, PlotError> {
    let sums = sums(shown);
    let limit = size_of_most(&sums.values, view.style.above);
    let (scale_by, unit) = unit(limit, shown);
    let field = sums.map(|value| (f64::from(value) / scale_by) as f32);
    let (field, piece) = cells::over(view, &shown.variable.domain, field, Interpolation::Cells);
    let limit = (f64::from(limit) / scale_by) as f32;
    let scale = scales::both_signs(limit, &field, view.style.opacity);
    let mut layers = beneath(view, shown)?;
    layers.push(Layer::smooth((field, piece), &scale));
    let label = label_in(&shown.quantity(), &unit);
    Ok(Rendering {
        layers,
        legend: Some(Legend { scale: legend_ground(view, scale), label }),
        message: (limit == 0.0).then(|| "no pixel has any influence".into()),
        has_missing: false,
    })
}

/// One sign of an attribution.
struct One<'a> {
    view: &'a View<'a>,
    shown: &'a Shown<'a>,
    square: Square<'a>,
    visualiser: Visualiser,
}

impl One<'_> {
    fn rendering(&self) -> Result<Rendering, PlotError> {
        let Self { view, shown, visualiser, .. } = self;
        let (side, sign, style) = (side(shown), visualiser.polarity, view.style);
        let mean = visualiser.mean(&shown.variable.to_f32(), side);
        if style.outline {
            let message = is_zero(&mean).then(|| self.nothing());
            let border = main_regions(shown, self.visualiser, style).border;
            let reach = if self.is_published() { 0 } else { reach_px(view) };
            let layers = self.layers(widened(&border, side, reach), &scales::border(sign))?;
            return Ok(Rendering { layers, legend: None, message, has_missing: false });
        }
        let legend = visualiser.thresholds(&mean).map(|range| self.legend(range));
        let map = visualiser.map_of(mean, side);
        let message = is_zero(&map).then(|| self.nothing());
        let layers = self.layers(map, &scales::one_sign(sign, style.opacity))?;
        Ok(Rendering { layers, legend, message, has_missing: false })
    }

    fn is_published(&self) -> bool {
        self.view.style.overlay == Overlay::Published
    }

    fn layers(&self, map: Vec<f32>, scale: &Scale) -> Result<Vec<Layer>, PlotError> {
        let Self { view, shown, square, visualiser } = self;
        if self.is_published() {
            return Ok(published_maps::one_sign(view, *square, &map, visualiser.polarity));
        }
        let field = Field::new(side(shown), side(shown), map);
        let values = cells::over(view, &shown.variable.domain, field, Interpolation::Cells);
        let mut layers = beneath(view, shown)?;
        layers.push(Layer { sharp: view.style.outline, ..Layer::smooth(values, scale) });
        Ok(layers)
    }

    fn legend(&self, range: attribution::Thresholds) -> Legend {
        let Self { view, shown, square, visualiser } = self;
        let sign = visualiser.polarity;
        let colours = match self.is_published() {
            true => published_maps::colours(view, *square, sign),
            false => legend_ground(view, scales::one_sign(sign, view.style.opacity)).colours,
        };
        let (scale_by, unit) = unit(range.high, shown);
        let mean = Quantity { name: "mean of channels".into(), ..shown.quantity() };
        let label = label_in(&mean, &unit);
        Legend { scale: scales::one_sign_in(sign, colours, range, scale_by), label }
    }

    fn nothing(&self) -> String {
        let direction = match self.visualiser.polarity {
            attribution::Polarity::Positive => "for",
            attribution::Polarity::Negative => "against",
        };
        format!(
            "nothing speaks {direction} {}",
            target::name(self.view.outcome, self.shown.variable)
        )
    }
}

/// The main regions of one sign.
pub fn main_regions(shown: &Shown, visualiser: Visualiser, style: &Style) -> Outline {
    let ranking = match style.overlay {
        Overlay::Published => Ranking::Area,
        Overlay::Map => Ranking::Attribution,
    };
    let side = side(shown);
    Outline::of(&visualiser.map(&shown.variable.to_f32(), side), side, ranking)
}

/// `outlined: 1 region with 59 % of it`: how many regions are outlined, and what they really hold.
pub fn outline_words(shown: &Shown, visualiser: Visualiser, style: &Style) -> String {
    let regions = main_regions(shown, visualiser, style);
    let held = regions.share_of(&visualiser.mean(&shown.variable.to_f32(), side(shown)));
    let held = super::words::percent(held);
    match regions.n_regions {
        0 => "outlined: no region".into(),
        1 => format!("outlined: 1 region with {held} of it"),
        n => format!("outlined: {n} regions with {held} of it"),
    }
}

/// How far a line of one pixel is widened so that it can be seen in print.
fn reach_px(view: &View) -> usize {
    const HALF_LINE_MM: f64 = 0.12;
    (HALF_LINE_MM * view.part.width as f64 / view.style.width_mm).round() as usize
}

fn widened(border: &[bool], side: usize, reach: usize) -> Vec<f32> {
    let mut line = vec![0.0; border.len()];
    let around = |i: usize| i.saturating_sub(reach)..(i + reach + 1).min(side);
    for i in (0..border.len()).filter(|&i| border[i]) {
        for row in around(i / side) {
            around(i % side).for_each(|column| line[row * side + column] = 1.0);
        }
    }
    line
}
