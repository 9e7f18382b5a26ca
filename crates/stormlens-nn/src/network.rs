//! What every network provides.

use burn::tensor::Tensor;
use stormlens_data::card::Downscaling;
use stormlens_data::network::ShownLayer;
use stormlens_data::probability::Tokens;

use crate::parameters::Mode;
use crate::{Parameters, Tap};

/// An architecture: a function from pictures to a prediction over named parameters.
///
/// The architecture holds no weights, so one value serves training (where the parameters are
/// differentiable leaves and batch statistics are taken) and inference (where neither is so).
pub trait Network: Send + Sync {
    /// `input` is `[batch, channels, height, width]` in the units the card states.
    fn forward(
        &self,
        parameters: &Parameters,
        input: Tensor<4>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Prediction;

    /// What it takes and gives with parameters of these shapes, for a network that refines tiles.
    fn downscaling(&self, _: ShapeOf) -> Option<Downscaling> {
        None
    }

    /// What it takes and gives with parameters of these shapes, for a network that takes fields of a weather model.
    fn fields(&self, _: ShapeOf) -> Option<FieldSizes> {
        None
    }

    /// The parts of an input of that height and width that it can do without, of a network that was made to: a part that
    /// holds a missing value is hidden. An error in words for sizes that do not fall into them.
    fn tokens(
        &self,
        shape: ShapeOf,
        [height, width]: [usize; 2],
    ) -> Option<Result<Tokens, String>> {
        Some(self.fields(shape)?.tokens(height, width))
    }

    /// A shorter way to what it predicts of inputs `[batch, channels, height, width]` that are `whole`, `[1, channels, height,
    /// width]`, but for one more of its [tokens](Self::tokens) that each of them hides; `None` where the whole pass is the
    /// shortest.
    fn without_one_token<'a>(
        &'a self,
        _parameters: &'a Parameters,
        _whole: Tensor<4>,
    ) -> Option<Predict<'a>> {
        None
    }

    /// A variant of that name, which has a part of the network's tensors: whether it has the tensor of a name. `None`:
    /// there is no such variant.
    fn variant(&self, _name: &str) -> Option<fn(&str) -> bool> {
        None
    }

    /// Whether the network has that layer of its card with parameters of these shapes, which may be those of
    /// fewer levels.
    fn has_layer(&self, _: ShapeOf, _layer: &str) -> bool {
        true
    }

    /// What its parameters hold for single places, whatever the input: maps by the names of their layers.
    fn placed(&self, _: &Parameters) -> Vec<ShownLayer> {
        Vec::new()
    }
}

/// The shape of a parameter, if there is one of that name.
pub type ShapeOf<'a> = &'a dyn Fn(&str) -> Option<Vec<usize>>;

/// What a network predicts of a batch.
pub type Predict<'a> = Box<dyn Fn(Tensor<4>) -> Prediction + 'a>;

/// What a network takes and gives that takes fields of a weather model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSizes {
    /// Fields that go in.
    pub n_variables: usize,
    /// Fields, rows and columns of a token. A token that holds a missing value is hidden.
    pub patch: [usize; 3],
    /// Tokens of one group of fields: those of a column times those of a row, which weights do not tell apart.
    pub n_places: usize,
    /// Classes that it tells apart at each pixel; `None`: it rebuilds the fields.
    pub n_classes: Option<usize>,
    /// Layers of each level of its encoder, the finest first; zero where there is no such level.
    pub depths: [usize; 4],
}

impl FieldSizes {
    /// The tokens of fields of that size.
    ///
    /// # Errors
    /// In words, where it does not fall into the tokens of these weights.
    pub fn tokens(&self, height: usize, width: usize) -> Result<Tokens, String> {
        let [_, rows, columns] = self.patch;
        let tokens = Tokens::new(self.n_variables, [height, width], self.patch);
        let is_own = |tokens: &Tokens| tokens.n() / tokens.grid()[0] == self.n_places;
        tokens.ok().filter(is_own).ok_or_else(|| format!(
            "the fields are {height} × {width} pixels; these weights belong to fields that fall into {} parts of \
             {rows} × {columns}",
            self.n_places
        ))
    }
}

/// What a network says.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is not kept")]
pub enum Prediction {
    /// `[batch, lead times, height, width]`, in the unit of the input; or logits of classes at each pixel, `[batch,
    /// classes, height, width]`.
    Field(Tensor<4>),
    /// What a classifier says.
    Logits {
        /// `[batch, classes]`, before the softmax.
        logits: Tensor<2>,
        /// `[batch, features]`: what early layers see, by which scenes of another kind than the training's are told.
        /// Nothing is differentiated through them.
        features: Tensor<2>,
    },
}

impl Prediction {
    /// The field of a network that predicts one.
    ///
    /// # Panics
    /// For a classifier: which kind a network is, its card states.
    pub fn field(self) -> Tensor<4> {
        match self {
            Self::Field(field) => field,
            Self::Logits { .. } => panic!("a classifier predicts no field"),
        }
    }

    /// The logits of a classifier.
    ///
    /// # Panics
    /// For a network that predicts a field: which kind a network is, its card states.
    pub fn logits(self) -> Tensor<2> {
        match self {
            Self::Logits { logits, .. } => logits,
            Self::Field(_) => panic!("a network that predicts a field gives no logits"),
        }
    }

    /// One example of the batch, as a batch of its own.
    pub(crate) fn example(&self, i: usize) -> Self {
        match self.clone() {
            Self::Field(field) => Self::Field(field.narrow(0, i, 1)),
            Self::Logits { logits, features } => {
                Self::Logits { logits: logits.narrow(0, i, 1), features: features.narrow(0, i, 1) }
            }
        }
    }

    /// Sizes of its axes, the batch first.
    pub(crate) fn shape(&self) -> Vec<usize> {
        match self {
            Self::Field(field) => field.dims().to_vec(),
            Self::Logits { logits, .. } => logits.dims().to_vec(),
        }
    }

    /// The numbers on the host, row-major.
    pub(crate) fn to_host(&self) -> Vec<f32> {
        match self.clone() {
            Self::Field(field) => crate::parameters::to_vec(field.inner()),
            Self::Logits { logits, .. } => crate::parameters::to_vec(logits.inner()),
        }
    }

    /// The features of a classifier on the host, row-major; none of a network that predicts a field.
    pub(crate) fn features(&self) -> Vec<f32> {
        match self.clone() {
            Self::Field(_) => Vec::new(),
            Self::Logits { features, .. } => crate::parameters::to_vec(features.inner()),
        }
    }
}
