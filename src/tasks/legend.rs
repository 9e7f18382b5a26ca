//! The colours of rain beside pictures that have no axes.

use std::collections::BTreeSet;

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

    /// Of pictures of sums, each over its own hours; `None` where there is none.
    pub fn of_sums(hours: impl IntoIterator<Item = i64>) -> Option<Self> {
        let hours: BTreeSet<i64> = hours.into_iter().collect();
        let words: Vec<String> = hours.iter().map(i64::to_string).collect();
        let (last, others) = words.split_last()?;
        let all = match others {
            [] => last.clone(),
            others => format!("{} or {last}", others.join(", ")),
        };
        Some(Self::new(format!("Rain in {all} h, mm")))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The classes are millimetres of whatever hours a picture is of: none of them is called another's.
    #[test]
    fn a_scale_of_several_pictures_names_the_hours_of_all() {
        let label = |hours: &[i64]| Legend::of_sums(hours.iter().copied()).map(|own| own.label);
        assert_eq!(label(&[]), None);
        assert_eq!(label(&[3, 3]).as_deref(), Some("Rain in 3 h, mm"));
        assert_eq!(label(&[6, 1, 3, 1]).as_deref(), Some("Rain in 1, 3 or 6 h, mm"));
    }
}
