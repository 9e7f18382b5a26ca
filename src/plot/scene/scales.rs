//! The colours of attributions over a scene.
//!
//! A scene is dark on a light page too, so that its overlays are bright where there is much to say,
//! whatever the theme.

use stormlens_data::attribution::{Polarity, Thresholds};
use stormlens_data::field::Field;

use super::CamPalette;
use super::published::JET;
use crate::plot::Theme;
use crate::plot::colour::{Rgb, lch};
use crate::plot::palette::{N_CONTINUOUS, signed};
use crate::plot::scale::{Rgba, Scale};

/// Grad-CAM from 0 to 1.
pub fn evidence(palette: CamPalette, opacity: f32) -> Scale {
    match palette {
        CamPalette::Uniform => Scale::evidence(Theme::Dark, opacity),
        CamPalette::Jet => jet(opacity),
    }
}

/// The published colours from 0 to 1.
pub fn jet(opacity: f32) -> Scale {
    let alpha = byte(opacity);
    let colour = |i: usize| {
        let [r, g, b] = JET[i * (JET.len() - 1) / (N_CONTINUOUS - 1)].map(byte);
        [r, g, b, alpha]
    };
    Scale::linear(0.0, 1.0, (0..N_CONTINUOUS).map(colour).collect(), [false, false])
}

/// One sign of integrated gradients, from transparent to its colour, as a share of the range.
pub fn one_sign(sign: Polarity, opacity: f32) -> Scale {
    Scale::linear(0.0, 1.0, fading(colour(sign), opacity), [false, false])
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
    let limit = if limit > 0.0 { two_digits_above(limit) } else { 1.0 };
    let middle = (N_CONTINUOUS / 2) as f32;
    let colour = |(i, &[r, g, b]): (usize, &Rgb)| {
        let size = (i as f32 - middle).abs() / middle;
        [r, g, b, byte(opacity * fade(size))]
    };
    let colours = signed(Theme::Dark).iter().enumerate().map(colour).collect();
    let beyond = [|v: f32, end: f32| v < -end, |v: f32, end: f32| v > end];
    let beyond = beyond.map(|is| field.values.iter().any(|&v| is(v, limit)));
    Scale::linear(-limit, limit, colours, beyond)
}

fn two_digits_above(value: f32) -> f32 {
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

fn fading([r, g, b]: Rgb, opacity: f32) -> Vec<Rgba> {
    let share = |i: usize| i as f32 / (N_CONTINUOUS - 1) as f32;
    (0..N_CONTINUOUS).map(|i| [r, g, b, byte(opacity * fade(share(i)))]).collect()
}

/// Most pixels hold little; a root lets them be seen and keeps the order.
fn fade(share: f32) -> f32 {
    share.sqrt()
}

fn byte(share: f32) -> u8 {
    (255.0 * share.clamp(0.0, 1.0)).round() as u8
}
