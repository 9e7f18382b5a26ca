//! How coarse rain is refined, as far as a person chooses.

use serde::{Deserialize, Serialize};

use super::{Blend, BlendOptions, Registration};
use crate::choice::choice;

choice! {
    /// How tiles become one map.
    Blending("blending") {
        /// In millimetres, with a floor on the weights; what no tile covers has no data.
        #[default]
        Mm = "mm": "in millimetres",
        /// In the network's unit and without a floor, as published.
        Published = "published": "as published",
    }
}

impl Blending {
    pub fn options(self) -> BlendOptions {
        match self {
            Self::Mm => BlendOptions::default(),
            // Its gaps are rain that nobody predicted.
            Self::Published => {
                BlendOptions { blend: Blend::Z, reference_gaps: false, ..BlendOptions::REFERENCE }
            }
        }
    }
}

choice! {
    /// Whether the rain of each coarse cell is kept.
    Conservation("conservation") {
        /// As the network says.
        #[default]
        None = "none": "as the network says",
        /// Each block of fine nodes is multiplied so that its mean is the coarse value.
        Coarse = "coarse": "mean of each coarse cell kept",
    }
}

choice! {
    /// Where the members of an ensemble come from.
    EnsembleKind("ensemble") {
        #[default]
        None = "none": "no ensemble",
        /// Values dropped at random, as in training (Gal and Ghahramani 2016).
        Dropout = "dropout": "dropout while predicting",
        /// Weights of several epochs of the same training.
        Epochs = "epochs": "weights of several epochs",
    }
}

/// How coarse rain is refined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Refinement {
    pub registration: Registration,
    pub blending: Blending,
    pub conservation: Conservation,
    pub ensemble: EnsembleKind,
    /// Members under dropout; 0 for the other kinds.
    pub n_members: usize,
}
