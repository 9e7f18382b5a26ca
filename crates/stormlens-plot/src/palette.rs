//! Every colour of the figures.
//!
//! The sequential and diverging maps are built here in Oklab, at equal perceptual steps. The palettes
//! of STEPS-BE and pysteps are what radar people know: their levels and colours are those of
//! `pysteps.visualization.precipfields` (Pulkkinen et al. 2019, doi:10.5194/gmd-12-4185-2019).
//! Neither orders its classes by lightness, and to colour-blind readers classes of very different rain
//! look alike, with pysteps even neighbours; `palette/tests.rs` measures it. They are offered because a
//! field is read fastest in the colours one knows, and are not the default.

mod jet;

use std::sync::LazyLock;

use super::colour::{Lch, Rgb, lch, ramp};
use super::{RainPalette, Theme};

pub use jet::jet;

/// Classes of rain: values from `levels_mm_h[i]` up to the next level have `colours[i]`; the last
/// colour is for everything above the last level, and values below the first are dry.
#[derive(Clone, Debug, PartialEq)]
pub struct RainClasses {
    pub levels_mm_h: &'static [f32],
    pub colours: Vec<Rgb>,
}

impl RainPalette {
    /// The classes of this palette. The colours of [`Self::Uniform`] follow the theme, so that more
    /// rain always stands out more; the others are what they are.
    pub fn classes(self, theme: Theme) -> RainClasses {
        match self {
            Self::Uniform => RainClasses {
                levels_mm_h: &UNIFORM_LEVELS_MM_H,
                colours: UNIFORM[theme as usize].clone(),
            },
            Self::StepsBe => classes(&STEPS_BE_LEVELS_MM_H, &STEPS_BE),
            Self::Pysteps => classes(&PYSTEPS_LEVELS_MM_H, &PYSTEPS),
        }
    }
}

fn classes(levels_mm_h: &'static [f32], colours: &[u32]) -> RainClasses {
    RainClasses { levels_mm_h, colours: colours.iter().map(|&c| hex(c)).collect() }
}

const fn hex(colour: u32) -> Rgb {
    let [_, r, g, b] = colour.to_be_bytes();
    [r, g, b]
}

/// 0.5, 1, 2, 5 and 10 mm/h are the thresholds that forecasts are verified at.
const UNIFORM_LEVELS_MM_H: [f32; 9] = [0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
const RAIN_LIGHT: [Lch; 4] =
    [lch(0.91, 0.05, 205.0), lch(0.69, 0.13, 237.0), lch(0.46, 0.21, 283.0), lch(0.2, 0.11, 340.0)];
const RAIN_DARK: [Lch; 4] = [
    lch(0.34, 0.07, 255.0),
    lch(0.55, 0.15, 275.0),
    lch(0.76, 0.14, 325.0),
    lch(0.97, 0.04, 400.0),
];

/// Light and dark.
static UNIFORM: LazyLock<[Vec<Rgb>; 2]> =
    LazyLock::new(|| [RAIN_LIGHT, RAIN_DARK].map(|knots| ramp(&knots, UNIFORM_LEVELS_MM_H.len())));

const STEPS_BE_LEVELS_MM_H: [f32; 15] =
    [0.1, 0.25, 0.4, 0.63, 1.0, 1.6, 2.5, 4.0, 6.3, 10.0, 16.0, 25.0, 40.0, 63.0, 100.0];
const STEPS_BE: [u32; 15] = [
    0x00_FFFF, 0x00_BFFF, 0x1E_90FF, 0x00_00FF, 0x7F_FF00, 0x32_CD32, 0x00_8000, 0x00_6400,
    0xFF_FF00, 0xFF_D700, 0xFF_A500, 0xFF_0000, 0xFF_00FF, 0x8B_008B, 0x00_0000,
];

const PYSTEPS_LEVELS_MM_H: [f32; 17] = [
    0.08, 0.16, 0.25, 0.4, 0.63, 1.0, 1.6, 2.5, 4.0, 6.3, 10.0, 16.0, 25.0, 40.0, 63.0, 100.0,
    160.0,
];
const PYSTEPS: [u32; 17] = [
    0x9C_7E94, 0x64_0064, 0xAF_00AF, 0xDC_00DC, 0x32_32C8, 0x00_64FF, 0x00_9696, 0x00_C832,
    0x64_FF00, 0x96_FF00, 0xC8_FF00, 0xFF_FF00, 0xFF_C800, 0xFF_A000, 0xFF_7D00, 0xE1_1900,
    0x8B_0000,
];

/// How many colours a continuous map has: a PNG palette, less one for missing values, and odd, so that
/// a diverging map has a middle.
pub const N_CONTINUOUS: usize = 255;

/// The map of an unsigned attribution, weak to strong: it leaves the paper's colour and never passes
/// through the blue of rain.
pub fn evidence(theme: Theme) -> &'static [Rgb] {
    static MAPS: LazyLock<[Vec<Rgb>; 2]> = LazyLock::new(|| {
        let light = [
            lch(0.95, 0.07, 95.0),
            lch(0.75, 0.16, 60.0),
            lch(0.52, 0.2, 15.0),
            lch(0.27, 0.12, -30.0),
        ];
        let dark = [
            lch(0.28, 0.1, -35.0),
            lch(0.5, 0.19, 10.0),
            lch(0.75, 0.17, 60.0),
            lch(0.96, 0.1, 105.0),
        ];
        [ramp(&light, N_CONTINUOUS), ramp(&dark, N_CONTINUOUS)]
    });
    &MAPS[theme as usize]
}

/// The map of a signed quantity, negative (blue) to positive (orange) through the paper's colour.
pub fn signed(theme: Theme) -> &'static [Rgb] {
    static MAPS: LazyLock<[Vec<Rgb>; 2]> = LazyLock::new(|| {
        [(0.99, 0.66, 0.33), (0.235, 0.5, 0.86)].map(|(middle, half, end)| {
            let arm = |hue| [lch(middle, 0.0, hue), lch(half, 0.14, hue), lch(end, 0.12, hue)];
            let half_map = N_CONTINUOUS / 2 + 1;
            let mut map = ramp(&arm(250.0), half_map);
            map.reverse();
            map.extend(ramp(&arm(50.0), half_map).into_iter().skip(1));
            map
        })
    });
    &MAPS[theme as usize]
}

/// The map of a share, none to all: from next to the paper towards the ink.
pub fn share(theme: Theme) -> &'static [Rgb] {
    static MAPS: LazyLock<[Vec<Rgb>; 2]> = LazyLock::new(|| {
        let light = [lch(0.97, 0.01, 240.0), lch(0.68, 0.06, 250.0), lch(0.32, 0.06, 270.0)];
        let dark = [lch(0.26, 0.02, 260.0), lch(0.6, 0.05, 250.0), lch(0.97, 0.01, 240.0)];
        [ramp(&light, N_CONTINUOUS), ramp(&dark, N_CONTINUOUS)]
    });
    &MAPS[theme as usize]
}

/// `n` greys from next to the paper towards the ink: what lies beneath an attribution.
pub fn greys(theme: Theme, n: usize) -> Vec<Rgb> {
    let (from, to) = match theme {
        Theme::Light => (0.93, 0.55),
        Theme::Dark => (0.3, 0.62),
    };
    let share = |i: usize| i as f64 / (n - 1).max(1) as f64;
    (0..n).map(|i| lch(from + (to - from) * share(i), 0.0, 0.0).rgb()).collect()
}

/// The colours of everything that is not data.
#[derive(Clone, Copy, Debug)]
pub struct Inks {
    pub paper: Rgb,
    /// Where it is dry.
    pub ground: Rgb,
    /// Where nothing was measured.
    pub missing: Rgb,
    pub text: Rgb,
    pub muted: Rgb,
    pub coast: Rgb,
}

/// Both sets keep text at 4.5:1 or better on the paper (WCAG 2.2, AA).
pub fn inks(theme: Theme) -> Inks {
    match theme {
        Theme::Light => Inks {
            paper: hex(0xFF_FFFF),
            ground: hex(0xFB_FCFD),
            missing: hex(0xDD_DFE2),
            text: hex(0x1B_1F24),
            muted: hex(0x55_5F6A),
            coast: hex(0x3B_4450),
        },
        Theme::Dark => Inks {
            paper: hex(0x14_181D),
            ground: hex(0x1A_1F26),
            missing: hex(0x3A_4048),
            text: hex(0xE9_EDF1),
            muted: hex(0xA3_ADB8),
            coast: hex(0xC3_CBD4),
        },
    }
}

#[cfg(test)]
mod tests;
