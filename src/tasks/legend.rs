//! The colours of rain beside pictures that have no axes.

use stormlens_plot::{RainPalette, Theme};

/// Classes of rain with their colours in both themes.
pub struct Legend {
    /// What is measured, and its unit: `Rain, mm/h`.
    pub label: String,
    pub classes: Vec<Class>,
}

pub struct Class {
    /// The value, in the unit of the legend, from which rain has this colour.
    pub from: String,
    pub light: String,
    pub dark: String,
}

impl Legend {
    /// Of rain rates.
    pub fn of_rate() -> Self {
        Self::new("Rain, mm/h".to_owned())
    }

    /// Of sums over so many hours.
    pub fn of_sum(hours: i64) -> Self {
        Self::new(format!("Rain in {hours} h, mm"))
    }

    /// The colours of thumbnails and radar frames.
    fn new(label: String) -> Self {
        let palette = RainPalette::default();
        let (light, dark) = (palette.classes(Theme::Light), palette.classes(Theme::Dark));
        let colours = light.colours.iter().zip(&dark.colours);
        let classes = light.levels_mm_h.iter().zip(colours).map(|(level, (&light, &dark))| Class {
            from: level.to_string(),
            light: hex(light),
            dark: hex(dark),
        });
        Self { label, classes: classes.collect() }
    }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
