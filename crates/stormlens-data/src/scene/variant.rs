//! The sizes at which the network was published.

/// The side of the square that a scene is stretched to, and of the centre crop that the network
/// sees. The layers are the same in every variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Variant {
    pub input_px: usize,
    pub crop_px: usize,
}

impl Variant {
    /// About 0.26 km a pixel; the published F1 of positives is 0.95.
    pub const HR: Self = Self { input_px: 1536, crop_px: 1024 };
    /// About 0.5 km a pixel; the published F1 of positives is 0.95.
    pub const LR_512: Self = Self { input_px: 800, crop_px: 512 };
    /// About 2.1 km a pixel; the published F1 of positives is 0.85.
    pub const LR_128: Self = Self { input_px: 192, crop_px: 128 };
    /// All published ones, the finest first.
    pub const ALL: [Self; 3] = [Self::HR, Self::LR_512, Self::LR_128];

    /// The side of the input in pixels, which is how the authors name their files.
    pub fn name(&self) -> String {
        self.input_px.to_string()
    }

    /// The published variant of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variant| variant.name() == name)
    }
}
