//! The colours of rain beside pictures that have no axes.

use stormlens_plot::{RainPalette, Theme};

/// Classes of rain with their colours in both themes.
pub struct Legend {
    pub classes: Vec<Class>,
}

pub struct Class {
    /// The rate, in mm/h, from which rain has this colour.
    pub from: String,
    pub light: String,
    pub dark: String,
}

impl Legend {
    /// The colours of thumbnails and radar frames.
    pub fn new() -> Self {
        let palette = RainPalette::default();
        let (light, dark) = (palette.classes(Theme::Light), palette.classes(Theme::Dark));
        let colours = light.colours.iter().zip(&dark.colours);
        let classes = light.levels_mm_h.iter().zip(colours).map(|(level, (&light, &dark))| Class {
            from: level.to_string(),
            light: hex(light),
            dark: hex(dark),
        });
        Self { classes: classes.collect() }
    }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
