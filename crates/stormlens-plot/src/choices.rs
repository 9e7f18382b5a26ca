//! What about a figure may be chosen by name.

use stormlens_data::attribution;
use stormlens_data::choice::choice;

choice! {
    /// Ink on paper, or light on a dark page.
    Theme("theme") {
        #[default]
        Light = "light": "Light",
        Dark = "dark": "Dark",
    }
}

choice! {
    /// Coordinates along the sides of a map on the Earth.
    Coordinates("coordinates") {
        /// Kilometres from the south-west corner of the grid.
        #[default]
        Kilometres = "km": "Kilometres",
        /// Latitude and longitude in degrees.
        Degrees = "degrees": "Latitude and longitude",
    }
}

choice! {
    /// The colours of rain.
    RainPalette("rain palette") {
        /// Ours: equal perceptual steps, ordered by lightness, safe for colour-blind readers, with the
        /// verification thresholds among its levels.
        #[default]
        Uniform = "uniform": "Uniform",
        StepsBe = "steps-be": "STEPS-BE",
        Pysteps = "pysteps": "pysteps",
    }
}

choice! {
    /// The colours of unsigned evidence.
    EvidencePalette("palette of evidence") {
        /// Equal perceptual steps, safe for colour-blind readers; weak evidence is transparent.
        #[default]
        Uniform = "uniform": "Uniform",
        /// As published: neither uniform nor safe for colour-blind readers.
        Jet = "jet": "Jet",
    }
}

choice! {
    /// How an attribution is laid over what the network saw.
    Overlay("overlay") {
        /// Where it belongs, in colours that do not depend on what lies beneath.
        #[default]
        Map = "map": "Standard",
        /// As the network's published program draws it, to the byte, for comparison with its figures.
        /// On the Earth, Grad-CAM in jet, added to the oldest input frame. Over a scene, Grad-CAM in jet,
        /// its map of the centre stretched over the whole; one sign of a signed attribution in green or
        /// red, added to the darkened scene. What was not published stays as it is.
        Published = "published": "As published",
    }
}

choice! {
    /// What is between the cells of a coarse map.
    Interpolation("interpolation") {
        /// Edges: a map of 4 × 4 cells looks no finer than it is.
        #[default]
        Cells = "cells": "Cells",
        /// Bilinear between the middles of the cells.
        Smooth = "smooth": "Smooth",
    }
}

choice! {
    /// Which sign of a scene's signed attribution is shown.
    Polarity("polarity") {
        /// What speaks for the class, in green.
        Positive = "positive": "Pixels that increase the output",
        /// What speaks against it, in red.
        Negative = "negative": "Pixels that decrease the output",
        /// The sum of the channels, for (orange) and against (blue), which cancel within a pixel.
        #[default]
        Signed = "signed": "Both (sum of channels)",
    }
}

impl Polarity {
    /// The one sign that is shown; `None` where both are.
    pub fn sign(self) -> Option<attribution::Polarity> {
        match self {
            Self::Positive => Some(attribution::Polarity::Positive),
            Self::Negative => Some(attribution::Polarity::Negative),
            Self::Signed => None,
        }
    }
}
