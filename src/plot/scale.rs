//! From values to colours, and what a legend says about it.

use stormlens_data::field::Field;

use super::colour::Rgb;
use super::lookup::extremes;
use super::palette::{self, N_CONTINUOUS, RainPalette};
use super::{PlotError, Theme, raster};

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
    /// Rain in the classes of a palette, dry ground transparent.
    pub fn rain(palette: RainPalette, theme: Theme) -> Self {
        let classes = palette.classes(theme);
        Self::rain_in(classes.levels_mm_h, &classes.colours, theme)
    }

    /// Rain in the same classes, in greys.
    pub fn rain_in_grey(palette: RainPalette, theme: Theme) -> Self {
        let levels_mm_h = palette.classes(theme).levels_mm_h;
        Self::rain_in(levels_mm_h, &palette::greys(theme, levels_mm_h.len()), theme)
    }

    fn rain_in(levels_mm_h: &[f32], colours: &[Rgb], theme: Theme) -> Self {
        let dry = [0; 4];
        Self {
            bounds: Bounds::Classes(levels_mm_h.to_vec()),
            colours: std::iter::once(dry).chain(colours.iter().map(|&c| opaque(c))).collect(),
            missing: opaque(palette::inks(theme).missing),
            beyond: [false, true],
            hides_first: true,
        }
    }

    /// Differences of rain in classes that are symmetric about zero and the same for every figure.
    pub fn difference(theme: Theme) -> Self {
        const LEVELS_MM_H: [f32; 6] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0];
        let bounds: Vec<f32> = LEVELS_MM_H.iter().rev().map(|v| -v).chain(LEVELS_MM_H).collect();
        let map = palette::signed(theme);
        let colour = |i: usize| match i == LEVELS_MM_H.len() {
            true => [0; 4],
            false => opaque(map[i * (N_CONTINUOUS - 1) / bounds.len()]),
        };
        Self {
            colours: (0..=bounds.len()).map(colour).collect(),
            bounds: Bounds::Classes(bounds),
            missing: opaque(palette::inks(theme).missing),
            beyond: [true, true],
            hides_first: false,
        }
    }

    /// Unsigned evidence from 0 to 1. Weak evidence is transparent and fades in until 0.2, so that the
    /// map beneath stays visible where there is nothing to say.
    pub fn evidence(theme: Theme, opacity: f32) -> Self {
        let map = palette::evidence(theme);
        let alpha = |i: usize| {
            let value = i as f32 / (map.len() - 1) as f32;
            (255.0 * opacity * (value / 0.2).min(1.0)).round() as u8
        };
        Self {
            bounds: Bounds::Linear { low: 0.0, high: 1.0 },
            colours: map.iter().enumerate().map(|(i, &[r, g, b])| [r, g, b, alpha(i)]).collect(),
            missing: [0; 4],
            beyond: [false, false],
            hides_first: false,
        }
    }

    /// Equal steps from `low` to `high`; missing values are transparent.
    pub fn linear(low: f32, high: f32, colours: Vec<Rgba>, beyond: [bool; 2]) -> Self {
        let bounds = Bounds::Linear { low, high };
        Self { bounds, colours, missing: [0; 4], beyond, hides_first: false }
    }

    /// The same scale, missing values transparent.
    pub fn transparent_where_missing(self) -> Self {
        Self { missing: [0; 4], ..self }
    }

    /// The same scale with what its colours look like on a ground.
    pub fn on(mut self, ground: Rgb) -> Self {
        for [r, g, b, alpha] in &mut self.colours {
            let share = f64::from(*alpha) / 255.0;
            let mix = |c: u8, ground: u8| {
                (f64::from(c) * share + f64::from(ground) * (1.0 - share)).round() as u8
            };
            (*r, *g, *b) = (mix(*r, ground[0]), mix(*g, ground[1]), mix(*b, ground[2]));
            *alpha = 255;
        }
        self
    }

    /// Jet from 0 to 1.
    pub fn jet() -> Self {
        let steps = 0..N_CONTINUOUS;
        Self {
            bounds: Bounds::Linear { low: 0.0, high: 1.0 },
            colours: steps.map(|i| opaque(palette::jet(i as u8))).collect(),
            missing: [0; 4],
            beyond: [false, false],
            hides_first: false,
        }
    }

    /// Where a mask is 1, one strong colour; elsewhere nothing.
    pub fn mask(theme: Theme, opacity: f32) -> Self {
        let map = palette::evidence(theme);
        let [r, g, b] = map[map.len() / 2];
        Self {
            bounds: Bounds::Classes(vec![0.5]),
            colours: vec![[0; 4], [r, g, b, (255.0 * opacity).round() as u8]],
            missing: [0; 4],
            beyond: [false, false],
            hides_first: true,
        }
    }

    /// A signed field about zero. Its ends are the size that 99.9 % of the values that are not zero
    /// keep within, rounded up, so that single pixels don't bleach the rest; `beyond` tells where
    /// larger ones occur.
    pub fn signed(theme: Theme, field: &Field) -> Self {
        let mut sizes: Vec<f32> = field.finite().map(f32::abs).filter(|&v| v > 0.0).collect();
        let rank = (sizes.len().saturating_sub(1) * 999).div_ceil(1000);
        let typical = match sizes.is_empty() {
            true => 1.0,
            false => *sizes.select_nth_unstable_by(rank, f32::total_cmp).1,
        };
        let limit = nice_above(f64::from(typical)) as f32;
        let (low, high) = extremes(field).unwrap_or((0.0, 0.0));
        Self {
            bounds: Bounds::Linear { low: -limit, high: limit },
            colours: palette::signed(theme).iter().map(|&c| opaque(c)).collect(),
            missing: opaque(palette::inks(theme).missing),
            beyond: [low < -limit, high > limit],
            hides_first: false,
        }
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

    /// The field as a PNG of its own size.
    pub fn paint(&self, field: &Field) -> Result<Vec<u8>, PlotError> {
        let indices: Vec<u8> = field.values.iter().map(|&v| self.index(v)).collect();
        raster::indexed(field.height, field.width, &indices, &self.table())
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

fn opaque([r, g, b]: Rgb) -> Rgba {
    [r, g, b, 255]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_starts_at_its_level() {
        let scale = Scale::rain(RainPalette::StepsBe, Theme::Light);
        for (value, expected) in
            [(f32::NAN, 0), (-0.2, 1), (0.0, 1), (0.0999, 1), (0.1, 2), (0.25, 3), (1000.0, 16)]
        {
            assert_eq!(scale.index(value), expected, "{value} mm/h");
        }
        assert_eq!(scale.table().len(), 17);
    }

    #[test]
    fn a_signed_scale_has_zero_in_its_middle() {
        let field = Field::new(1, 4, vec![-3.0, 0.0, 0.5, 1.0]);
        let scale = Scale::signed(Theme::Light, &field);
        assert_eq!(scale.index(0.0) as usize, 1 + N_CONTINUOUS / 2);
        assert_eq!(scale.index(-9.0), 1);
        assert_eq!(scale.ticks().first(), Some(&(-5.0, 0.0)));
    }

    #[test]
    fn the_middle_of_a_difference_is_the_ground() {
        let scale = Scale::difference(Theme::Dark);
        assert_eq!(scale.table()[usize::from(scale.index(0.0))], [0; 4]);
        assert_ne!(scale.index(0.6), scale.index(-0.6));
    }

    #[test]
    fn ticks_are_nice() {
        assert_eq!(ticks_within(0.0, 288.0, 6), [0.0, 50.0, 100.0, 150.0, 200.0, 250.0]);
        assert_eq!(ticks_within(-1.0, 1.0, 5), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(nice_above(0.21), 0.5);
    }
}
