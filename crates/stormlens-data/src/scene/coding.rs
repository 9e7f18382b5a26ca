//! How numbers of a file become the colours that the networks have learnt.
//!
//! In the pictures of Grahn and Bianchi (2022) the cross-polarised channel is red and green, the co-polarised one
//! is blue, a scene of one polarisation is grey, and black is no data. Which backscatter a byte of theirs
//! means is not published. Here it is linear in decibels between [`CO_DB`] or [`CROSS_DB`], with which
//! means and deviations over many simulated scenes come near those of the published ones.

use serde::{Deserialize, Serialize};

use crate::choice::choice;

/// Backscatter of the co-polarised channel (VV, HH) that is black and white, dB.
pub const CO_DB: [f64; 2] = [-25.0, 0.0];
/// The same of the cross-polarised channel (VH, HV).
pub const CROSS_DB: [f64; 2] = [-35.0, -3.0];
/// Mean of the published pictures as a share of white, of the co-polarised and the cross-polarised channel.
const MEAN: [f64; 2] = [0.4595, 0.2872];

choice! {
    /// What the numbers of a file are.
    Values("values") {
        /// Colours, or decibels where the file gives that unit.
        #[default]
        Stated = "stated": "what the file says: colours, or decibels",
        /// Colours, whatever else the file says.
        Picture = "picture": "colours of a picture",
        /// Backscatter in decibels.
        Decibels = "decibels": "backscatter in dB",
        /// Backscatter in hundredths of a decibel, as whole numbers often have it.
        Hundredths = "hundredths": "backscatter in hundredths of a dB",
        /// Backscatter as a power ratio, e.g. sigma nought.
        Power = "power": "backscatter as power (linear)",
        /// The square root of a power ratio.
        Amplitude = "amplitude": "backscatter as amplitude (linear)",
        /// Digital numbers of a ground-range product before calibration.
        Counts = "counts": "digital numbers (counts), not calibrated",
    }
}

choice! {
    /// Which polarisation a band of a file is.
    Bands("bands") {
        /// As its bands are named, or by their number: one is co-polarised.
        #[default]
        Named = "named": "as the file names them; one alone is co-polarised",
        /// The first is co-polarised (VV, HH), others are not looked at.
        Co = "co": "the first: co-polarised",
        /// The first is cross-polarised (VH, HV), others are not looked at.
        Cross = "cross": "the first: cross-polarised",
        /// The first is co-polarised, the second cross-polarised.
        CoCross = "co-cross": "co-polarised, cross-polarised",
        /// The first is cross-polarised, the second co-polarised.
        CrossCo = "cross-co": "cross-polarised, co-polarised",
    }
}

/// What somebody says of the numbers in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coding {
    pub values: Values,
    pub bands: Bands,
}

impl Coding {
    /// Whether nothing is said that the file does not say itself.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One of the two polarisations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Polarisation {
    Co,
    Cross,
}

impl Polarisation {
    pub(super) fn bounds_db(self) -> [f64; 2] {
        match self {
            Self::Co => CO_DB,
            Self::Cross => CROSS_DB,
        }
    }

    /// The backscatter that the mean of the published pictures stands for, dB.
    pub(super) fn mean_db(self) -> f64 {
        let [low, high] = self.bounds_db();
        low + MEAN[self as usize] * (high - low)
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Co => "co-polarised",
            Self::Cross => "cross-polarised",
        }
    }

    /// From the name of a band, e.g. `Sigma0_VV_db`; `None` where it has none, or several as ratios do.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase();
        let has = |all: [&str; 2]| all.iter().filter(|one| name.contains(**one)).count();
        match (has(["VV", "HH"]), has(["VH", "HV"])) {
            (1, 0) => Some(Self::Co),
            (0, 1) => Some(Self::Cross),
            _ => None,
        }
    }
}

/// Where a share of the way from black to white lies as a byte: 1 to 255, for 0 means no data.
pub fn byte(share: f64) -> u8 {
    (255.0 * share.clamp(0.0, 1.0)).round().max(1.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_known_by_its_name() {
        let check = |name: &str, expected| assert_eq!(Polarisation::of_name(name), expected);
        check("Sigma0_VV_db", Some(Polarisation::Co));
        check("hh", Some(Polarisation::Co));
        check("Gamma0_VH", Some(Polarisation::Cross));
        check("VH/VV", None);
        check("band 1", None);
    }

    #[test]
    fn a_value_is_never_no_data() {
        assert_eq!([-1.0, 0.0, 0.5, 1.0, 2.0].map(byte), [1, 1, 128, 255, 255]);
    }

    #[test]
    fn published_means_are_levels_of_the_open_sea() {
        assert!((Polarisation::Co.mean_db() + 13.5).abs() < 0.05);
        assert!((Polarisation::Cross.mean_db() + 25.8).abs() < 0.05);
    }
}
