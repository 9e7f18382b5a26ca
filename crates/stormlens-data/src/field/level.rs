//! The height at which a field lies, in the few ways that names of variables use.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where in the vertical a field lies. Written and stored as files and people say it: `850 hPa`, `2 m above ground`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Level {
    /// A surface of constant pressure, Pa.
    Pressure(u32),
    /// Height above the ground, m.
    AboveGround(u32),
    MeanSea,
    Surface,
}

impl Level {
    pub const fn hpa(hpa: u32) -> Self {
        Self::Pressure(hpa * 100)
    }

    /// Reads what [`fmt::Display`] writes; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text {
            "surface" => return Some(Self::Surface),
            "mean sea level" => return Some(Self::MeanSea),
            _ => {}
        }
        let number = |text: &str, factor: f64| {
            let value: f64 = text.trim().parse::<f64>().ok()? * factor;
            // Pressures in files are whole pascals; what is not is another coordinate.
            let is_whole = (0.0..=f64::from(u32::MAX)).contains(&value)
                && (value - value.round()).abs() < 1e-3;
            is_whole.then_some(value.round() as u32)
        };
        if let Some(hpa) = text.strip_suffix("hPa") {
            return number(hpa, 100.0).filter(|&pa| pa > 0).map(Self::Pressure);
        }
        number(text.strip_suffix("m above ground")?, 1.0).map(Self::AboveGround)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pressure(pa) => write!(f, "{} hPa", f64::from(*pa) / 100.0),
            Self::AboveGround(m) => write!(f, "{m} m above ground"),
            Self::MeanSea => write!(f, "mean sea level"),
            Self::Surface => write!(f, "surface"),
        }
    }
}

impl From<Level> for String {
    fn from(level: Level) -> Self {
        level.to_string()
    }
}

impl TryFrom<String> for Level {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| {
            format!("{text:?} is no level: write “850 hPa”, “2 m above ground”, “mean sea level” or “surface”")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for level in [
            Level::hpa(850),
            Level::Pressure(1_050),
            Level::AboveGround(2),
            Level::MeanSea,
            Level::Surface,
        ] {
            assert_eq!(Level::parse(&level.to_string()), Some(level));
        }
        assert_eq!(Level::parse("500 hPa"), Some(Level::Pressure(50_000)));
        for text in
            ["", "850", "hybrid 3", "-5 hPa", "0 hPa", "0.00001 hPa", "2 m above mean sea level"]
        {
            assert_eq!(Level::parse(text), None, "{text}");
        }
        let error = serde_json::from_str::<Level>("\"850\"").unwrap_err().to_string();
        assert!(error.contains("is no level: write “850 hPa”"), "{error}");
    }
}
