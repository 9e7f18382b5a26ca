//! Which SSLPDL it is: what names and shapes of the weights say.

use crate::network::{FieldSizes, ShapeOf};

/// Levels of the encoder at most; the published network has four.
pub const MAX_LEVELS: usize = 4;
/// Layers of a level at most that are believed.
const MAX_DEPTH: usize = 64;
/// Largest number of channels and of tokens that is believed.
const MAX_SIZE: usize = 1 << 16;
/// Parts of each side that the head takes means of.
pub(super) const POOLED: [usize; 4] = [1, 2, 3, 6];

/// What stands before the names of the encoder's tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Nothing.
    Bare,
    /// As checkpoints of the published pre-training have it.
    PreTraining,
    /// As those of the published fine-tuning have it.
    FineTuning,
}

impl Naming {
    const ALL: [Self; 3] = [Self::Bare, Self::PreTraining, Self::FineTuning];

    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Bare => "",
            Self::PreTraining => "model.",
            Self::FineTuning => "pretrained_model.model.",
        }
    }
}

/// All that differs between one SSLPDL and another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub naming: Naming,
    /// Fields that go in; the last ones may be zeros that fill the last group.
    pub n_variables: usize,
    /// Fields, rows and columns of a token.
    pub patch: [usize; 3],
    /// Tokens of one group of fields: those of a column times those of a row, which weights do not tell apart.
    pub n_places: usize,
    /// Channels of the first level; each level below has twice as many.
    pub base_channels: usize,
    /// Layers of each level. All zero: the weights of the layers are not there, and they return their input.
    pub depths: Vec<usize>,
    /// Channels that share the points of deformable convolution.
    pub group_channels: usize,
    /// Channels within a layer's perceptron, as a multiple of the level's.
    pub mlp_ratio: usize,
    /// Whether what a layer adds is scaled channel by channel.
    pub has_layer_scale: bool,
    /// Channels of the heads.
    pub head_channels: usize,
    /// Classes that fine-tuned weights tell apart; `None`: weights of the pre-training.
    pub n_classes: Option<usize>,
    /// Whether there are tensors that no pass uses: `conv_head`, and the way down from the last level.
    pub has_unused: bool,
    /// Whether the weights of the classes in both losses are there.
    pub has_loss_weights: bool,
}

impl Form {
    /// The published network, fine-tuned, without the scales of layers, which the published program starts at zero.
    pub fn published() -> Self {
        Self {
            naming: Naming::FineTuning,
            n_variables: 16,
            patch: [4, 16, 16],
            n_places: 14 * 8,
            base_channels: 64,
            depths: vec![4, 4, 18, 4],
            group_channels: 16,
            mlp_ratio: 4,
            has_layer_scale: false,
            head_channels: 256,
            n_classes: Some(3),
            has_unused: true,
            has_loss_weights: false,
        }
    }

    /// What tensors say; `None` where they are those of another network. Sizes come from one tensor each; where that is
    /// missing the published one is assumed, so that a comparison can name all that is wrong.
    ///
    /// # Errors
    /// In words, for a network that cannot be.
    pub fn of(shape: ShapeOf) -> Option<Result<Self, String>> {
        let naming = Naming::ALL.into_iter().find(|naming| {
            let has = |name: &str| shape(&format!("{}{name}", naming.prefix())).is_some();
            has("patch_embed.proj.weight") && has("pos_embed_spatial")
        })?;
        let form = Self::read(naming, shape);
        Some(form.check().map(|()| form))
    }

    fn read(naming: Naming, shape: ShapeOf) -> Self {
        let published = Self::published();
        let own = |name: &str| shape(&format!("{}{name}", naming.prefix()));
        let size = |name: &str, axis: usize| own(name)?.get(axis).copied();
        let patch = |axis: usize| size("patch_embed.proj.weight", axis).unwrap_or(1);
        let n_levels =
            (0..=MAX_LEVELS).take_while(|i| own(&format!("levels.{i}.norm.0.weight")).is_some());
        let depth = |level: usize| {
            let is_there =
                |j: &usize| own(&format!("levels.{level}.blocks.{j}.norm1.0.weight")).is_some();
            (0..=MAX_DEPTH).take_while(is_there).count()
        };
        let depths: Vec<usize> = n_levels.map(depth).collect();
        let base_channels = size("stem.conv1.weight", 0).unwrap_or(published.base_channels);
        let last = depths.len().saturating_sub(1);
        let block = "levels.0.blocks.0";
        let n_groups = size(&format!("{block}.dcn.offset.weight"), 0).map(|n| n / 18);
        let n_hidden = size(&format!("{block}.mlp.fc1.weight"), 0);
        let group_channels = n_groups.and_then(|n| base_channels.checked_div(n));
        // Without layers nothing shows the groups, and nothing needs them.
        let is_whole = base_channels.is_multiple_of(published.group_channels);
        let undivided = if is_whole { published.group_channels } else { base_channels };
        let n_classes = shape("generator.conv_last.1.weight").and_then(|s| s.first().copied());
        Self {
            naming,
            n_variables: size("stem.conv1.weight", 1).unwrap_or(published.n_variables),
            patch: [patch(2), patch(3), patch(4)],
            n_places: size("pos_embed_spatial", 1).unwrap_or(published.n_places),
            base_channels,
            group_channels: group_channels.unwrap_or(undivided),
            mlp_ratio: n_hidden.map_or(published.mlp_ratio, |n| n / base_channels.max(1)),
            has_layer_scale: own(&format!("{block}.gamma1")).is_some(),
            head_channels: size("upper.ppm_last_conv.0.weight", 0)
                .unwrap_or(published.head_channels),
            n_classes,
            has_unused: own(&format!("levels.{last}.downsample.conv.weight")).is_some(),
            has_loss_weights: shape("one_hot_loss.weight").is_some(),
            depths,
        }
    }

    /// # Errors
    /// In words, for sizes that no network has.
    pub fn check(&self) -> Result<(), String> {
        let [fields, rows, columns] = self.patch;
        let is_sound = |n: usize| (1..=MAX_SIZE).contains(&n);
        let sizes = [self.n_variables, fields, rows, columns, self.n_places, self.base_channels];
        let others = [self.group_channels, self.mlp_ratio, self.head_channels];
        if !sizes.into_iter().chain(others).all(is_sound) {
            return Err(format!("its sizes are {sizes:?} and {others:?}"));
        }
        if !self.n_variables.is_multiple_of(fields) {
            let n = self.n_variables;
            return Err(format!("its {n} fields do not fall into groups of {fields}"));
        }
        let levels = 2..=MAX_LEVELS;
        if !levels.contains(&self.depths.len()) || self.depths.iter().any(|&n| n > MAX_DEPTH) {
            let depths = &self.depths;
            return Err(format!(
                "its levels have {depths:?} layers; it may have 2 to {MAX_LEVELS} levels of {MAX_DEPTH} at most"
            ));
        }
        if !self.base_channels.is_multiple_of(self.group_channels) {
            let (n, of) = (self.base_channels, self.group_channels);
            return Err(format!("its {n} channels do not fall into groups of {of}"));
        }
        if self.n_classes.is_some_and(|n| !(2..=64).contains(&n)) {
            return Err(format!(
                "it tells {:?} classes apart; it takes two at least",
                self.n_classes
            ));
        }
        Ok(())
    }

    /// Values of a token.
    pub fn n_token(&self) -> usize {
        self.patch.iter().product()
    }

    /// Groups of fields.
    pub fn n_groups(&self) -> usize {
        self.n_variables / self.patch[0]
    }

    /// Tokens of all groups.
    pub fn n_tokens(&self) -> usize {
        self.n_groups() * self.n_places
    }

    /// Channels of a level, 0 the finest.
    pub fn channels(&self, level: usize) -> usize {
        self.base_channels << level
    }

    /// Groups of channels of a level.
    pub fn channel_groups(&self, level: usize) -> usize {
        self.channels(level) / self.group_channels
    }

    /// What goes in and comes out.
    pub fn sizes(&self) -> FieldSizes {
        let depth = |level: usize| self.depths.get(level).copied().unwrap_or(0);
        FieldSizes {
            depths: std::array::from_fn(depth),
            n_variables: self.n_variables,
            patch: self.patch,
            n_places: self.n_places,
            n_classes: self.n_classes,
        }
    }

    /// Share of examples for which training drops what layer `j` of a level adds: from 0 for the first layer of all to 0.1
    /// for the last one.
    pub(super) fn drop_share(&self, level: usize, j: usize) -> f64 {
        let before: usize = self.depths[..level].iter().sum();
        let all: usize = self.depths.iter().sum();
        0.1 * (before + j) as f64 / all.saturating_sub(1).max(1) as f64
    }
}
