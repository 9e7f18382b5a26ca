//! From values to colours.

use stormlens_data::field::Field;

use super::colour::Rgb;
use super::{PlotError, raster};

/// A colour with its opacity.
pub type Rgba = [u8; 4];

/// How values become colours. A colour is an index into a PNG palette, whose entry 0 is for missing
/// values.
#[derive(Clone, Debug)]
pub struct Scale {
    bounds: Bounds,
    /// One a class, or the steps of a continuous map.
    pub colours: Vec<Rgba>,
    pub missing: Rgba,
    /// Whether values lie beyond the lower and the upper end.
    pub beyond: [bool; 2],
    /// The first class is left out of the legend: it is the ground.
    pub hides_first: bool,
    /// Names of the classes, where they are no ranges of numbers; else empty.
    pub names: Vec<String>,
}

#[derive(Clone, Debug)]
enum Bounds {
    /// Class `i` holds the values from bound `i - 1` up to bound `i`.
    Classes(Vec<f32>),
    Linear {
        low: f32,
        high: f32,
    },
}

impl Scale {
    /// A colour between each two bounds, and one beyond either end; missing values are transparent.
    pub fn of_classes(bounds: Vec<f32>, colours: Vec<Rgba>, beyond: [bool; 2]) -> Self {
        let bounds = Bounds::Classes(bounds);
        Self { bounds, colours, missing: [0; 4], beyond, hides_first: false, names: Vec::new() }
    }

    /// Equal steps from `low` to `high`; missing values are transparent.
    pub fn linear(low: f32, high: f32, colours: Vec<Rgba>, beyond: [bool; 2]) -> Self {
        let bounds = Bounds::Linear { low, high };
        Self { bounds, colours, missing: [0; 4], beyond, hides_first: false, names: Vec::new() }
    }

    /// The same scale with a colour for missing values.
    pub fn with_missing(self, missing: Rgb) -> Self {
        Self { missing: opaque(missing), ..self }
    }

    /// The same scale, missing values transparent.
    pub fn transparent_where_missing(self) -> Self {
        Self { missing: [0; 4], ..self }
    }

    /// The same scale, its first class being the ground.
    pub fn on_first_class(self) -> Self {
        Self { hides_first: true, ..self }
    }

    /// The same scale with a name for each class.
    pub fn named(self, names: &[String]) -> Self {
        Self { names: names.to_vec(), ..self }
    }

    /// The same scale with what its colours look like on a ground.
    pub fn on(mut self, ground: Rgb) -> Self {
        self.colours.iter_mut().for_each(|colour| *colour = opaque(mixed(*colour, ground)));
        self
    }

    /// The place of a value in the PNG palette.
    pub fn index(&self, value: f32) -> u8 {
        if value.is_nan() {
            return 0;
        }
        let class = match &self.bounds {
            Bounds::Classes(bounds) => bounds.partition_point(|&b| b <= value),
            Bounds::Linear { low, high } => {
                let last = (self.colours.len() - 1) as f32;
                ((value - low) / (high - low) * last).round().clamp(0.0, last) as usize
            }
        };
        class as u8 + 1
    }

    /// The PNG palette: the colour of missing values, then all others.
    pub fn table(&self) -> Vec<Rgba> {
        std::iter::once(self.missing).chain(self.colours.iter().copied()).collect()
    }

    /// The field as a PNG of its own size, over a ground of that colour.
    pub fn paint(&self, field: &Field, ground: Rgb) -> Result<Vec<u8>, PlotError> {
        let indices: Vec<u8> = field.values.iter().map(|&v| self.index(v)).collect();
        raster::indexed(field.height, field.width, &indices, &self.table_over(ground))
    }

    /// The PNG palette over a ground. Viewers of PDF mix the colours of neighbouring pixels, those of transparent ones
    /// too: black that is not seen would be a grey edge around what is drawn.
    fn table_over(&self, [r, g, b]: Rgb) -> Vec<Rgba> {
        let seen = |colour| if colour == [0; 4] { [r, g, b, 0] } else { colour };
        self.table().into_iter().map(seen).collect()
    }

    /// The bounds between classes; `None` for a continuous scale.
    pub fn classes(&self) -> Option<&[f32]> {
        match &self.bounds {
            Bounds::Classes(bounds) => Some(bounds),
            Bounds::Linear { .. } => None,
        }
    }

    /// Ticks of a continuous scale, each with its share of the way from the lower to the upper end.
    pub fn ticks(&self) -> Vec<(f64, f64)> {
        let Bounds::Linear { low, high } = self.bounds else { return Vec::new() };
        let (low, high) = (f64::from(low), f64::from(high));
        let values = match low == -high {
            true => [-1.0, -0.5, 0.0, 0.5, 1.0].map(|share| share * high).into(),
            false => ticks_within(low, high, 5),
        };
        values.into_iter().map(|v| (v, (v - low) / (high - low))).collect()
    }
}

pub fn opaque([r, g, b]: Rgb) -> Rgba {
    [r, g, b, 255]
}

/// What a colour looks like on a ground.
pub fn mixed([r, g, b, alpha]: Rgba, ground: Rgb) -> Rgb {
    let share = f64::from(alpha) / 255.0;
    let mix = |c: u8, ground: u8| {
        (f64::from(c) * share + f64::from(ground) * (1.0 - share)).round() as u8
    };
    [mix(r, ground[0]), mix(g, ground[1]), mix(b, ground[2])]
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `value`.
pub fn nice_above(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    // The tolerance keeps 0.2 from becoming 0.5 where it was computed as 0.2000001.
    steps.map(|s| s * power).into_iter().find(|&v| v >= value * (1.0 - 1e-6)).unwrap_or(value)
}

/// Multiples of a nice step within the range, at most `most` steps.
pub fn ticks_within(low: f64, high: f64, most: usize) -> Vec<f64> {
    let step = nice_above((high - low) / most as f64);
    let (first, last) = ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}
