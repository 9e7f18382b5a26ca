//! The colours of each quantity.
//!
//! A scene is dark on a light page too, so that what lies on it is bright where there is much to say,
//! whatever the theme.

use stormlens_data::attribution::{Polarity, Thresholds};
use stormlens_data::field::Field;
use stormlens_data::outcome::Colours;

use super::colour::{Rgb, lch};
use super::lookup::extremes;
use super::palette::{self, N_CONTINUOUS, inks};
use super::published::JET;
use super::scale::{Rgba, Scale, nice_above, opaque};
use super::{EvidencePalette, Style, Theme};

/// Rain in the classes of a palette, dry ground transparent.
pub fn rain(style: &Style) -> Scale {
    let classes = style.palette.classes(style.theme);
    rain_in(classes.levels_mm_h, &classes.colours, style.theme)
}

fn rain_in(levels_mm_h: &[f32], colours: &[Rgb], theme: Theme) -> Scale {
    let dry = [0; 4];
    let colours = std::iter::once(dry).chain(colours.iter().map(|&c| opaque(c))).collect();
    let scale = Scale::of_classes(levels_mm_h.to_vec(), colours, [false, true]);
    scale.with_missing(inks(theme).missing).on_first_class()
}

/// One colour a class, counted from 0: from next to the paper towards the ink, for classes have an order.
pub fn classes(theme: Theme, n: usize) -> Scale {
    let map = palette::share(theme);
    let last = n.saturating_sub(1).max(1);
    let colour = |class: usize| opaque(map[class.min(last) * (N_CONTINUOUS - 1) / last]);
    let bounds = (1..n).map(|class| class as f32 - 0.5).collect();
    let colours = (0..n.max(1)).map(colour).collect();
    Scale::of_classes(bounds, colours, [false, false]).with_missing(inks(theme).missing)
}

/// A share from 0 to 1.
pub fn share(theme: Theme, field: &Field) -> Scale {
    let colours = palette::share(theme).iter().map(|&c| opaque(c)).collect();
    let (low, high) = extremes(field).unwrap_or((0.0, 0.0));
    Scale::linear(0.0, 1.0, colours, [low < 0.0, high > 1.0]).with_missing(inks(theme).missing)
}

/// An amount from 0, or from the least value below it, to what 99.9 % keep within.
pub fn amount(theme: Theme, field: &Field) -> Scale {
    let colours = palette::share(theme).iter().map(|&c| opaque(c)).collect();
    let (least, high) = extremes(field).unwrap_or((0.0, 0.0));
    let limit = two_digits_above(size_of_most(&field.values, 99.9));
    let low = if least < 0.0 { -two_digits_above(-least) } else { 0.0 };
    Scale::linear(low, limit, colours, [false, high > limit]).with_missing(inks(theme).missing)
}

/// From the least to the largest value, both rounded outwards to a hundredth of what lies between them.
pub fn range(theme: Theme, field: &Field) -> Scale {
    let colours = palette::share(theme).iter().map(|&c| opaque(c)).collect();
    let (low, high) = extremes(field).unwrap_or((0.0, 1.0));
    let step = 10_f32.powf(((high - low).max(f32::MIN_POSITIVE).log10() - 1.5).floor());
    let (low, above) = ((low / step).floor() * step, (high / step).ceil() * step);
    let high = if above > low { above } else { low + 1.0 };
    Scale::linear(low, high, colours, [false, false]).with_missing(inks(theme).missing)
}

/// Ratios from 0 to 2 about 1.
pub fn factor(theme: Theme, field: &Field) -> Scale {
    let colours = palette::signed(theme).iter().map(|&c| opaque(c)).collect();
    let high = extremes(field).map_or(0.0, |(_, high)| high);
    Scale::linear(0.0, 2.0, colours, [false, high > 2.0]).with_missing(inks(theme).missing)
}

/// What lies beneath an attribution, in greys: rain in its classes, what has no zero from its least to its largest value,
/// all else from 0 to 1.
pub fn grey(colours: Colours, style: &Style, field: &Field) -> Scale {
    let theme = style.theme;
    match colours {
        Colours::Rain => {
            let levels_mm_h = style.palette.classes(theme).levels_mm_h;
            rain_in(levels_mm_h, &palette::greys(theme, levels_mm_h.len()), theme)
        }
        Colours::Range | Colours::Amount | Colours::Signed => {
            let greys = palette::greys(theme, N_CONTINUOUS).into_iter().map(opaque).collect();
            let (low, high) = extremes(field).unwrap_or((0.0, 1.0));
            let high = if high > low { high } else { low + 1.0 };
            Scale::linear(low, high, greys, [false, false]).with_missing(inks(theme).missing)
        }
        _ => {
            let greys = palette::greys(theme, N_CONTINUOUS).into_iter().map(opaque).collect();
            Scale::linear(0.0, 1.0, greys, [false, false]).with_missing(inks(theme).missing)
        }
    }
}

/// Differences of rain in classes that are symmetric about zero and the same for every figure.
pub fn difference(theme: Theme) -> Scale {
    const LEVELS_MM_H: [f32; 6] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0];
    let bounds: Vec<f32> = LEVELS_MM_H.iter().rev().map(|v| -v).chain(LEVELS_MM_H).collect();
    let map = palette::signed(theme);
    let colour = |i: usize| match i == LEVELS_MM_H.len() {
        true => [0; 4],
        false => opaque(map[i * (N_CONTINUOUS - 1) / bounds.len()]),
    };
    let colours = (0..=bounds.len()).map(colour).collect();
    Scale::of_classes(bounds, colours, [true, true]).with_missing(inks(theme).missing)
}

/// A signed field about zero. Its ends are the size that 99.9 % of the values that are not zero
/// keep within, rounded up, so that single pixels don't bleach the rest.
pub fn signed(theme: Theme, field: &Field) -> Scale {
    signed_to(theme, field, limit_of(field))
}

fn limit_of(field: &Field) -> f32 {
    let typical = size_of_most(&field.values, 99.9);
    if typical > 0.0 { nice_above(f64::from(typical)) as f32 } else { 1.0 }
}

/// The same, faint where values are small, so that what lies beneath is seen there.
pub fn signed_over(theme: Theme, field: &Field, opacity: f32) -> Scale {
    let limit = limit_of(field);
    let middle = (N_CONTINUOUS / 2) as f32;
    let colour = |(i, &[r, g, b]): (usize, &Rgb)| {
        [r, g, b, byte(opacity * fade((i as f32 - middle).abs() / middle))]
    };
    let colours = palette::signed(theme).iter().enumerate().map(colour).collect();
    Scale::linear(-limit, limit, colours, beyond(field, limit))
}

/// A signed field about zero, to a limit.
pub fn signed_to(theme: Theme, field: &Field, limit: f32) -> Scale {
    let colours = palette::signed(theme).iter().map(|&c| opaque(c)).collect();
    Scale::linear(-limit, limit, colours, beyond(field, limit)).with_missing(inks(theme).missing)
}

/// The size that `percent` of the values that are not zero keep within; 0 where all are zero.
pub fn size_of_most(values: &[f32], percent: f64) -> f32 {
    let sizes = values.iter().map(|v| v.abs());
    let mut sizes: Vec<f32> = sizes.filter(|&v| v > 0.0 && v.is_finite()).collect();
    if sizes.is_empty() {
        return 0.0;
    }
    // The tolerance keeps 99.9 % of a thousand from becoming one more for the rounding of the product.
    let rank = (percent / 100.0 * (sizes.len() - 1) as f64 - 1e-6).ceil().max(0.0) as usize;
    *sizes.select_nth_unstable_by(rank, f32::total_cmp).1
}

fn beyond(field: &Field, limit: f32) -> [bool; 2] {
    let (low, high) = extremes(field).unwrap_or((0.0, 0.0));
    [low < -limit, high > limit]
}

/// Unsigned evidence from 0 to 1. Weak evidence is transparent and fades in until 0.2, so that what lies
/// beneath stays visible where there is nothing to say.
pub fn evidence(palette: EvidencePalette, theme: Theme, opacity: f32) -> Scale {
    if palette == EvidencePalette::Jet {
        return jet(opacity);
    }
    let map = palette::evidence(theme);
    let alpha = |i: usize| {
        let value = i as f32 / (map.len() - 1) as f32;
        (255.0 * opacity * (value / 0.2).min(1.0)).round() as u8
    };
    let colours = map.iter().enumerate().map(|(i, &[r, g, b])| [r, g, b, alpha(i)]).collect();
    Scale::linear(0.0, 1.0, colours, [false, false])
}

/// Unsigned sizes from 0 to `limit`, rounded up to two digits, in the colours of evidence.
pub fn sizes(
    palette: EvidencePalette,
    theme: Theme,
    opacity: f32,
    limit: f32,
    field: &Field,
) -> Scale {
    let limit = two_digits_above(limit);
    let beyond = [false, beyond(field, limit)[1]];
    Scale::linear(0.0, limit, evidence(palette, theme, opacity).colours, beyond)
}

/// The colours in which Grad-CAM of scenes is published, from 0 to 1.
pub fn jet(opacity: f32) -> Scale {
    let alpha = byte(opacity);
    let colour = |i: usize| {
        let [r, g, b] = JET[i * (JET.len() - 1) / (N_CONTINUOUS - 1)].map(byte);
        [r, g, b, alpha]
    };
    Scale::linear(0.0, 1.0, (0..N_CONTINUOUS).map(colour).collect(), [false, false])
}

/// The colours in which Grad-CAM of rain is published, from 0 to 1.
pub fn reference_jet() -> Scale {
    let colours = (0..N_CONTINUOUS).map(|i| opaque(palette::jet(i as u8))).collect();
    Scale::linear(0.0, 1.0, colours, [false, false])
}

/// Where a mask is 1, one strong colour; elsewhere nothing.
pub fn mask(theme: Theme, opacity: f32) -> Scale {
    let map = palette::evidence(theme);
    let [r, g, b] = map[map.len() / 2];
    let colours = vec![[r, g, b, 0], [r, g, b, byte(opacity)]];
    Scale::of_classes(vec![0.5], colours, [false, false]).on_first_class()
}

/// One sign of an attribution, from transparent to its colour, as a share of the range.
pub fn one_sign(sign: Polarity, opacity: f32) -> Scale {
    let [r, g, b] = colour(sign);
    let share = |i: usize| i as f32 / (N_CONTINUOUS - 1) as f32;
    let fading = (0..N_CONTINUOUS).map(|i| [r, g, b, byte(opacity * fade(share(i)))]);
    Scale::linear(0.0, 1.0, fading.collect(), [false, false])
}

/// The same colours with the range's own values, in units of `unit` and with their sign: what a legend
/// shows.
pub fn one_sign_in(sign: Polarity, colours: Vec<Rgba>, range: Thresholds, unit: f64) -> Scale {
    let value = |value: f32| (f64::from(value) / unit) as f32;
    let (low, high, weaker) = (value(range.low), value(range.high), range.low > 0.0);
    match sign {
        Polarity::Positive => Scale::linear(low, high, colours, [weaker, true]),
        Polarity::Negative => {
            let colours = colours.into_iter().rev().collect();
            Scale::linear(-high, -low, colours, [true, weaker])
        }
    }
}

/// A mask of one strong colour.
pub fn border(sign: Polarity) -> Scale {
    let [r, g, b] = colour(sign);
    Scale::linear(0.0, 1.0, vec![[r, g, b, 0], [r, g, b, 255]], [false, false])
}

/// Both signs about zero, transparent there. The colours end at `limit`, rounded up to two digits.
pub fn both_signs(limit: f32, field: &Field, opacity: f32) -> Scale {
    let limit = two_digits_above(limit);
    let middle = (N_CONTINUOUS / 2) as f32;
    let colour = |(i, &[r, g, b]): (usize, &Rgb)| {
        let size = (i as f32 - middle).abs() / middle;
        [r, g, b, byte(opacity * fade(size))]
    };
    let colours = palette::signed(Theme::Dark).iter().enumerate().map(colour).collect();
    Scale::linear(-limit, limit, colours, beyond(field, limit))
}

/// 1 for 0, where there is nothing to show.
fn two_digits_above(value: f32) -> f32 {
    if value <= 0.0 {
        return 1.0;
    }
    let step = 10f32.powf(value.log10().floor() - 1.0);
    (value / step * (1.0 - 1e-5)).ceil() * step
}

/// Green for, red for against: the published hues, the red light enough to stand out from a dark sea
/// for those who see no red.
fn colour(sign: Polarity) -> Rgb {
    match sign {
        Polarity::Positive => lch(0.88, 0.27, 142.0).rgb(),
        Polarity::Negative => lch(0.72, 0.19, 33.0).rgb(),
    }
}

/// Most pixels hold little; a root lets them be seen and keeps the order.
fn fade(share: f32) -> f32 {
    share.sqrt()
}

fn byte(share: f32) -> u8 {
    (255.0 * share.clamp(0.0, 1.0)).round() as u8
}
