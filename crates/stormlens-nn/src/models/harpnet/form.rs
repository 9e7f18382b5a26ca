//! Which HARPNET it is: what names and shapes of the weights say.

use stormlens_data::card::Downscaling;

use crate::models::check_channels;
use crate::network::ShapeOf;

/// Levels of the encoder at most: the published networks have two and five.
pub const MAX_DEPTH: usize = 5;

/// Longest side of a tile that is believed; the published tiles have 64 pixels.
const MAX_TILE: usize = 1024;

/// The authors' program changed; versions 3 and 4 have the same network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Tensors are named `enc1`, `dec1` and so on. In and out goes rain in mm: the coarse field is
    /// enlarged to the tile within the network (nearest neighbour), and no output is negative.
    V1,
    /// The same function under the names of lists (`encoders.0`), of any depth.
    V2,
    /// Two inputs of the size of the tile: the normalised logarithm of rain, already interpolated, and
    /// elevation. The output is normalised too, and may be negative.
    V4,
}

/// All that differs between one HARPNET and another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    pub version: Version,
    /// Levels of the encoder, without the bridge below them.
    pub depth: usize,
    /// Channels of the first level; each level below has twice as many.
    pub base_channels: usize,
    /// Height and width of the output in pixels. Normalisation has weights for each pixel, so it is
    /// fixed.
    pub tile: usize,
    /// Levels that the file has and the network does not use: one in the authors' "Mini", which skips
    /// the fifth.
    pub n_unused: usize,
}

impl Form {
    /// The newest network with the published sizes.
    pub const PUBLISHED: Self =
        Self { version: Version::V4, depth: 2, base_channels: 64, tile: 64, n_unused: 0 };
    /// What the authors' README describes.
    pub const FIRST: Self = Self { version: Version::V1, depth: 5, ..Self::PUBLISHED };

    /// What tensors say; `None` where they are those of another network. Sizes come from one tensor
    /// each; where that is missing the published one is assumed, so that a comparison can name all
    /// that is wrong.
    ///
    /// # Errors
    /// In words, for a network that no version has.
    pub fn of(shape: ShapeOf) -> Option<Result<Self, String>> {
        let is_listed = shape("encoders.0.resconvblock.0.weight").is_some();
        if !is_listed && shape("enc1.resconvblock.0.weight").is_none() {
            return None;
        }
        Some(Self::read(shape, is_listed))
    }

    fn read(shape: ShapeOf, is_listed: bool) -> Result<Self, String> {
        let first = if is_listed { "encoders.0" } else { "enc1" };
        let dimension = |name: &str, axis: usize| shape(name)?.get(axis).copied();
        let convolution = format!("{first}.resconvblock.0.weight");
        let in_channels = dimension(&convolution, 1).unwrap_or(0);
        let version = match (is_listed, in_channels) {
            (false, 1) => Version::V1,
            (true, 1) => Version::V2,
            (true, 2) => Version::V4,
            (is_listed, n) => return Err(unknown_version(is_listed, n)),
        };
        let out_channels = dimension("final_conv.weight", 0).unwrap_or(1);
        if out_channels != 1 {
            return Err(format!("it gives {out_channels} channels; every version gives one, rain"));
        }
        let base_channels = dimension(&convolution, 0).unwrap_or(64);
        let tile = dimension(&format!("{first}.resconvblock.1.weight"), 1).unwrap_or(64);
        let mut form = Self { version, depth: 1, base_channels, tile, n_unused: 0 };
        let is_there = |level: &usize| {
            let name = format!("{}.resconvblock.0.weight", form.encoder(*level));
            shape(&name).is_some()
        };
        form.depth = (0..=MAX_DEPTH).take_while(is_there).count();
        // The bridge takes what the last level in use gives.
        let below = dimension("bridge.resconvblock.0.weight", 1);
        let has_mini = version == Version::V1 && form.depth > 1;
        if has_mini && below == Some(base_channels << (form.depth - 2)) {
            form.depth -= 1;
            form.n_unused = 1;
        }
        form.check().map(|()| form)
    }

    /// # Errors
    /// In words, for sizes that no network has.
    pub fn check(&self) -> Result<(), String> {
        let Self { depth, base_channels, tile, n_unused, .. } = *self;
        let n_levels = depth + n_unused;
        if !(1..=MAX_DEPTH).contains(&n_levels) {
            return Err(format!("it has {n_levels} levels; it can have 1 to {MAX_DEPTH}"));
        }
        if !(1..=MAX_TILE).contains(&tile) || !tile.is_multiple_of(1 << n_levels) {
            return Err(format!(
                "its tiles have {tile} × {tile} pixels, which {n_levels} levels cannot halve so often"
            ));
        }
        check_channels(self.in_channels(), 1, base_channels)
    }

    /// Rain, and elevation in version 4.
    pub fn in_channels(&self) -> usize {
        if self.is_normalised() { 2 } else { 1 }
    }

    /// Whether it takes and gives normalised logarithms, on the fine grid; else mm, from the coarse one.
    pub fn is_normalised(&self) -> bool {
        self.version == Version::V4
    }

    /// What goes in and what comes out.
    pub fn downscaling(&self) -> Downscaling {
        Downscaling {
            n_input_channels: self.in_channels(),
            input_px: self.is_normalised().then_some(self.tile),
            output_px: self.tile,
        }
    }

    /// Levels that tensors are there for.
    pub fn n_levels(&self) -> usize {
        self.depth + self.n_unused
    }

    /// Channels of a level, 0 the finest; the bridge is the level below the last one in use.
    pub fn channels(&self, level: usize) -> usize {
        self.base_channels << level
    }

    /// Height and width of a level.
    pub fn side(&self, level: usize) -> usize {
        self.tile >> level
    }

    /// The module of a level of the encoder.
    pub(super) fn encoder(&self, level: usize) -> String {
        self.module("enc", "encoders", level + 1, level)
    }

    /// The module of the decoder at a level, and so of the next two: lists count from the bridge.
    pub(super) fn decoder(&self, level: usize) -> String {
        self.module("dec", "decoders", level + 1, self.decoders_below(level))
    }

    pub(super) fn enlarging(&self, level: usize) -> String {
        self.module("upconv", "upconvs", level + 1, self.decoders_below(level))
    }

    pub(super) fn gate(&self, level: usize) -> String {
        self.module("attn_block", "attn_blocks", level + 1, self.decoders_below(level))
    }

    /// Every block in use in the order of the forward pass: its name as a layer, and its module.
    pub(super) fn blocks(&self) -> Vec<(String, String)> {
        let encoders =
            (0..self.depth).map(|level| (format!("encoders.{level}"), self.encoder(level)));
        let decoders = (0..self.depth)
            .rev()
            .map(|level| (format!("decoders.{}", self.decoders_below(level)), self.decoder(level)));
        encoders.chain([("bridge".into(), "bridge".into())]).chain(decoders).collect()
    }

    /// How many decoders stand between a level and the bridge.
    pub(super) fn decoders_below(&self, level: usize) -> usize {
        (self.depth - 1).saturating_sub(level)
    }

    fn module(&self, named: &str, listed: &str, number: usize, place: usize) -> String {
        match self.version {
            Version::V1 => format!("{named}{number}"),
            Version::V2 | Version::V4 => format!("{listed}.{place}"),
        }
    }

    /// The share of values that training drops behind the decoder at a level. Version 4 turned the
    /// order round, so that the deepest decoder drops least; version 2 drops at depth five alone.
    pub fn dropout(&self, level: usize) -> f64 {
        let place = self.decoders_below(level);
        match self.version {
            Version::V4 => [0.1, 0.3, 0.3].get(place).copied().unwrap_or(0.5),
            Version::V2 if self.depth != 5 => 0.0,
            Version::V1 | Version::V2 => [0.1, 0.3, 0.3].get(level).copied().unwrap_or(0.5),
        }
    }
}

fn unknown_version(is_listed: bool, in_channels: usize) -> String {
    let names = if is_listed { "encoders.0" } else { "enc1" };
    format!(
        "it takes {in_channels} channels under names such as `{names}`; versions 1 (`enc1`) and 2 \
         (`encoders.0`) take one, rain, versions 3 and 4 (`encoders.0`) take two, rain and elevation"
    )
}
