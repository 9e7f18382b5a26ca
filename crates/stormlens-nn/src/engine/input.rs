//! What goes into a network, checked before it meets burn, which panics on misuse.

use burn::tensor::{Device, Tensor, TensorData};
use stormlens_data::card::{Downscaling, Nowcasting};
use stormlens_data::network::Input;
use stormlens_data::probability::Tokens;

use super::resident::MIN_CROP_PX;
use super::{EngineError, Resident};
use crate::network::FieldSizes;

/// Below this a field has no pixel left before the last pooling.
const MIN_FIELD_PX: usize = 16;
/// Red, green and blue of a picture.
pub(super) const N_COLOURS: usize = 3;

/// Puts an input on the device, `[1, channels, height, width]`.
///
/// # Errors
/// For an input that the network cannot take.
pub(super) fn to_device(
    resident: &Resident,
    input: &Input,
    device: &Device,
) -> Result<Tensor<4>, EngineError> {
    Needs::of(resident, input).check(input).map_err(EngineError::Input)?;
    let [n_channels, height, width] = input.shape;
    let data = TensorData::new(input.values.clone(), [1, n_channels, height, width]);
    Ok(Tensor::from_data(data, device))
}

/// What an input must be like.
struct Needs {
    n_channels: usize,
    /// What the channels are: plural, and which.
    channels: (&'static str, String),
    min_side_px: usize,
    size_multiple: usize,
    /// The only height and width that it takes.
    side_px: Option<usize>,
    /// Of a network that takes fields of a weather model.
    fields: Option<FieldSizes>,
    /// The parts of the input that it can do without, or why that has none of the kind.
    parts: Option<Result<Tokens, String>>,
}

impl Needs {
    fn of(resident: &Resident, input: &Input) -> Self {
        let frames = |frames: &Nowcasting| Self {
            n_channels: frames.n_input_frames,
            channels: (
                "frames",
                format!("one every {} minutes, oldest first", frames.frame_step_min),
            ),
            min_side_px: MIN_FIELD_PX,
            size_multiple: frames.size_multiple,
            side_px: None,
            fields: None,
            parts: None,
        };
        let colours = || Self {
            n_channels: N_COLOURS,
            channels: ("channels", "red, green and blue".into()),
            min_side_px: MIN_CROP_PX,
            size_multiple: 1,
            side_px: None,
            fields: None,
            parts: None,
        };
        let needs = match (resident.downscaling(), resident.fields()) {
            (Some(tiles), _) => Self::of_tiles(&tiles),
            (None, Some(fields)) => Self::of_fields(fields),
            (None, None) => resident.checkpoint.nowcasting.as_ref().map_or_else(colours, frames),
        };
        let [_, height, width] = input.shape;
        Self { parts: resident.tokens([height, width]), ..needs }
    }

    fn of_fields(fields: FieldSizes) -> Self {
        Self {
            n_channels: fields.n_variables,
            channels: ("fields", "z-scores, in the order of the weights' statement".into()),
            min_side_px: 1,
            size_multiple: 1,
            side_px: None,
            fields: Some(fields),
            parts: None,
        }
    }

    fn of_tiles(tiles: &Downscaling) -> Self {
        let channels = match tiles.n_input_channels {
            1 => "rain in mm",
            _ => "the normalised logarithm of rain, and elevation",
        };
        Self {
            n_channels: tiles.n_input_channels,
            channels: ("channels", channels.into()),
            min_side_px: 1,
            size_multiple: 1,
            side_px: tiles.input_px,
            fields: None,
            parts: None,
        }
    }

    /// Why this is no input for the network, in words.
    fn check(&self, input: &Input) -> Result<(), String> {
        let [n_channels, height, width] = input.shape;
        let (plural, which) = &self.channels;
        if n_channels != self.n_channels {
            let takes = self.n_channels;
            return Err(format!(
                "the input has {n_channels} {plural}, the network takes {takes}: {which}"
            ));
        }
        self.check_size(height, width)?;
        let (n, wanted) = (input.values.len(), n_channels * height * width);
        if n != wanted {
            return Err(format!(
                "the input holds {n} values; {n_channels} × {height} × {width} are {wanted}"
            ));
        }
        // A missing value hides its part.
        let may_miss = self.parts.is_some();
        let is_wrong = |value: &f32| !(value.is_finite() || may_miss && value.is_nan());
        match input.values.iter().position(is_wrong) {
            None => self.parts.as_ref().map_or(Ok(()), |parts| check_visible(parts, plural, input)),
            Some(i) => {
                let (value, channel, pixel) =
                    (input.values[i], i / (height * width), i % (height * width));
                let (row, column) = (pixel / width, pixel % width);
                Err(format!(
                    "the input holds {value} in channel {channel}, row {row}, column {column}; fill \
                     or leave out missing values first"
                ))
            }
        }
    }

    fn check_size(&self, height: usize, width: usize) -> Result<(), String> {
        if let Some(fields) = self.fields {
            return fields.tokens(height, width).map(|_| ());
        }
        let Self { min_side_px: least, size_multiple: multiple, side_px, .. } = *self;
        if let Some(side) = side_px {
            let refused = || {
                format!(
                    "the input is {height} × {width} pixels, but these weights belong to tiles of {side} × \
                     {side}"
                )
            };
            return ([height, width] == [side; 2]).then_some(()).ok_or_else(refused);
        }
        let fits = |n: usize| n >= least && n.is_multiple_of(multiple);
        if fits(height) && fits(width) {
            return Ok(());
        }
        let must = match multiple {
            1 => format!("must be {least} at least"),
            multiple => format!("must be multiples of {multiple}"),
        };
        let next = |n: usize| n.max(least).next_multiple_of(multiple);
        Err(format!(
            "the input is {height} × {width} pixels, height and width {must}; crop or pad it, e.g. to \
             {} × {}",
            next(height),
            next(width)
        ))
    }
}

/// Whether any part is left that the network can see, or why not.
fn check_visible(
    parts: &Result<Tokens, String>,
    plural: &str,
    input: &Input,
) -> Result<(), String> {
    let parts = parts.as_ref().map_err(Clone::clone)?;
    let hidden = parts.hidden(&input.values);
    let [depth, rows, columns] = parts.patch;
    let refused = || {
        format!(
            "every part of {depth} {plural}, {rows} rows and {columns} columns misses a value, so that the network \
             sees nothing; hide or leave out less"
        )
    };
    hidden.contains(&false).then_some(()).ok_or_else(refused)
}
