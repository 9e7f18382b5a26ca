//! Which SpaT-SparK it is: what names and shapes of the weights say.

use crate::network::ShapeOf;

/// Levels of the encoder, and of what is done with each of them.
pub const LEVELS: usize = 4;
/// Blocks of the decoder, each of which doubles the size.
pub const BLOCKS: usize = 5;
/// Channels that a bottleneck gives for one within it.
pub const EXPANSION: usize = 4;
/// Layers of a level at most that are believed.
const MAX_DEPTH: usize = 64;
/// Largest number of channels that is believed.
const MAX_CHANNELS: usize = 1 << 14;

pub(super) const ENCODER: &str = "sparse_encoder.sp_cnn";
/// The names of weights below [`ENCODER`] as files of an encoder alone have them.
const STEM: &str = "conv1.weight";

/// All that differs between one SpaT-SparK and another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub in_channels: usize,
    pub out_channels: usize,
    /// Channels of the stem and within the bottlenecks of the first level; each level below has twice as many.
    pub base_channels: usize,
    /// Bottlenecks of each level, the finest first.
    pub depths: [usize; LEVELS],
    /// Channels that the decoder begins with; each of its blocks halves them.
    pub decoder_channels: usize,
    /// Whether there is a translation of the encoder's maps (`linearA`); without one they are taken as they are
    /// (`identity`).
    pub translates: bool,
    /// Whether the weights state what is squared and added to the variance of patches.
    pub has_floor: bool,
    /// Height and width of the unused tensor `norm_black`, where the authors' three unused tensors are there.
    pub unused_px: Option<[usize; 2]>,
}

impl Form {
    /// The published network `resnet18_chan12` with its translation.
    pub fn published() -> Self {
        Self {
            in_channels: 12,
            out_channels: 12,
            base_channels: 64,
            depths: [2; LEVELS],
            decoder_channels: 768,
            translates: true,
            has_floor: false,
            unused_px: None,
        }
    }

    /// What tensors say; `None` where they are those of another network. Sizes come from one tensor each; where that is
    /// missing the published one is assumed, so that a comparison can name all that is wrong.
    ///
    /// # Errors
    /// In words, for a network that cannot be, and for an encoder alone.
    pub fn of(shape: ShapeOf) -> Option<Result<Self, String>> {
        let has = |name: &str| shape(name).is_some();
        let stem = format!("{ENCODER}.{STEM}");
        if !has(&stem) && !has("dense_decoder.proj.weight") {
            // ResNets have these names wherever they come from; with as many channels as there are frames it may be one of ours.
            let frames = shape(STEM).filter(|s| s.len() == 4 && (s[1] == 12 || s[1] == 1));
            return (Self::is_encoder_alone(shape) && frames.is_some()).then(|| Err(alone()));
        }
        let form = Self::read(shape);
        Some(form.check().map(|()| form))
    }

    /// Whether tensors have the names of an encoder alone, as the authors save it beside the whole: those of a ResNet of
    /// bottlenecks, whatever it was trained on.
    pub fn is_encoder_alone(shape: ShapeOf) -> bool {
        let names = [STEM, "bn1.running_var", "layer1.0.conv3.weight"];
        names.iter().all(|name| shape(name).is_some())
    }

    fn read(shape: ShapeOf) -> Self {
        let published = Self::published();
        let size = |name: &str, axis: usize| shape(name)?.get(axis).copied();
        let encoder = |name: &str| format!("{ENCODER}.{name}");
        let depth = |level: usize| {
            let has = |j: &usize| shape(&encoder(&format!("layer{}.{j}.conv1.weight", level + 1)));
            (0..MAX_DEPTH).take_while(|j| has(j).is_some()).count()
        };
        Self {
            in_channels: size(&encoder(STEM), 1).unwrap_or(published.in_channels),
            out_channels: size("dense_decoder.proj.weight", 0).unwrap_or(published.out_channels),
            base_channels: size(&encoder(STEM), 0).unwrap_or(published.base_channels),
            depths: std::array::from_fn(depth),
            decoder_channels: size("dense_decoder.dec.0.up_sample.weight", 0)
                .unwrap_or(published.decoder_channels),
            translates: shape("transition.net.0.0.weight").is_some(),
            has_floor: shape(super::patches::FLOOR).is_some(),
            unused_px: shape("norm_black").and_then(|s| Some([*s.get(2)?, *s.get(3)?])),
        }
    }

    /// # Errors
    /// In words, for sizes that no network has.
    pub fn check(&self) -> Result<(), String> {
        let sizes = [
            ("input", self.in_channels),
            ("output", self.out_channels),
            ("base", self.base_channels),
            ("decoder", self.decoder_channels),
        ];
        if let Some((what, n)) = sizes.into_iter().find(|(_, n)| !(1..=MAX_CHANNELS).contains(n)) {
            return Err(format!("it has {n} {what} channels"));
        }
        if !self.decoder_channels.is_multiple_of(1 << BLOCKS) {
            return Err(format!(
                "its decoder begins with {} channels, which cannot be halved {BLOCKS} times",
                self.decoder_channels
            ));
        }
        match self.depths.iter().position(|&depth| depth == 0) {
            Some(level) => Err(format!("its encoder has no layer{}.0", level + 1)),
            None => Ok(()),
        }
    }

    /// Channels of the encoder's map of a level, 0 the finest.
    pub fn channels(&self, level: usize) -> usize {
        EXPANSION * (self.base_channels << level)
    }

    /// Channels that block `i` of the decoder takes; behind the last one: what is left.
    pub fn decoded_channels(&self, i: usize) -> usize {
        self.decoder_channels >> i
    }

    /// Share of examples for which training drops what bottleneck `j` of a level adds: from 0 for the first of all to
    /// 0.05 for the last one.
    pub(super) fn drop_share(&self, level: usize, j: usize) -> f64 {
        let before: usize = self.depths[..level].iter().sum();
        let all: usize = self.depths.iter().sum();
        0.05 * (before + j) as f64 / all.saturating_sub(1).max(1) as f64
    }
}

fn alone() -> String {
    "these are the weights of an encoder alone (a file `…_timm_style.pth`), which neither rebuilds nor forecasts; take the \
     file with the decoder (`…_spark_style.pth` or `…_onlyweights_style.pth`), or begin a training with this one \
     (`start_from` of `stormlens train`)"
        .to_owned()
}
