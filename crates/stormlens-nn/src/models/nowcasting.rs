//! What frames a nowcasting network takes and gives, from whoever says it.
//!
//! Weights tell how many frames go in and come out, but not of what and when. Our own files state it;
//! hyper-parameters of PyTorch Lightning name the data set; else the publications' are taken: SmaAt-UNet
//! (arXiv 2007.04417) and SAR-UNet (arXiv 2303.06663) give rain 30 minutes ahead from twelve radar
//! frames of 5 minutes, and cloud cover 15 to 90 minutes ahead from four frames of 15 minutes.

use stormlens_data::card::{NowcastField, Nowcasting};

use super::Architecture;
use super::spat_spark::following;
use crate::registry::ModelEntry;
use stormlens_checkpoint::Foreign;

/// What somebody says of the frames; `None` where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    pub field: Option<NowcastField>,
    pub frame_step_min: Option<u32>,
    pub lead_times_min: Option<Vec<u32>>,
}

impl Statement {
    /// What a checkpoint says, in its metadata or in its hyper-parameters.
    ///
    /// A dictionary of SpaT-SparK's authors says whether its weights are of the pre-training; so does no other.
    pub fn of(file: &Foreign, architecture: &Architecture) -> Self {
        let own = file.metadata.as_ref().map(|metadata| Self {
            field: metadata.field,
            frame_step_min: metadata.frame_step_min,
            lead_times_min: metadata.lead_times_min.clone(),
        });
        let data_set = of_hyper_parameters(file, architecture);
        let is_pre_trained = file.numbers.get("is_pretrain").filter(|_| has_tokens(architecture));
        let stage = is_pre_trained.map(|&is_pre_trained| Self {
            lead_times_min: match is_pre_trained == 0.0 {
                true => following(architecture.out_channels),
                false => Some(Vec::new()),
            },
            ..Self::default()
        });
        own.unwrap_or_default().or(stage.unwrap_or_default()).or(data_set)
    }

    /// The same, and where it says nothing what the other says.
    pub fn or(self, other: Self) -> Self {
        Self {
            field: self.field.or(other.field),
            frame_step_min: self.frame_step_min.or(other.frame_step_min),
            lead_times_min: self.lead_times_min.or(other.lead_times_min),
        }
    }

    /// The frames of a network of which this is said, with what the publications say of the rest.
    ///
    /// # Errors
    /// In words that say how to state it, where nobody says enough, and for a statement that does not
    /// fit the network.
    pub fn complete(
        self,
        architecture: &Architecture,
        entry: &ModelEntry,
    ) -> Result<Nowcasting, String> {
        let is_stated = self.frame_step_min.is_some() && self.lead_times_min.is_some();
        let published = (entry.published_frames)(architecture, self.field).unwrap_or_default();
        let (Some(field), Some(frame_step_min), Some(lead_times_min)) = ({
            let all = self.or(published);
            (all.field, all.frame_step_min, all.lead_times_min)
        }) else {
            return Err(unstated(architecture));
        };
        check(architecture, frame_step_min, &lead_times_min)?;
        Ok(Nowcasting {
            field,
            n_input_frames: architecture.in_channels,
            frame_step_min,
            lead_times_min,
            is_stated,
            size_multiple: entry.size_multiple,
        })
    }
}

/// What was published of a U-Net with so many frames in and out, of that field if one is given.
pub fn of_the_family(
    architecture: &Architecture,
    field: Option<NowcastField>,
) -> Option<Statement> {
    let (published, step, leads) = match (architecture.in_channels, architecture.out_channels) {
        (12, 1) => (NowcastField::Precipitation, 5, vec![30]),
        (4, 6) => (NowcastField::CloudCover, 15, (1..=6).map(|n| 15 * n).collect()),
        _ => return None,
    };
    (field.unwrap_or(published) == published).then_some(Statement {
        field: Some(published),
        frame_step_min: Some(step),
        lead_times_min: Some(leads),
    })
}

/// Of the data set that Lightning's hyper-parameters name. The authors' windows are called
/// `…input-length_12_img-ahead_6…`: 5 minutes a frame, of which the network takes the first ones as
/// input and the last one as target.
fn of_hyper_parameters(file: &Foreign, architecture: &Architecture) -> Statement {
    let hyper_parameters = &file.hyper_parameters;
    let is_windowed = hyper_parameters.get("use_oversampled_dataset");
    let is_windowed = is_windowed.is_none_or(|value| value.as_bool() != Some(false));
    let data_set = hyper_parameters.iter().find(|(name, _)| name.starts_with("dataset"));
    let Some(path) = data_set.and_then(|(_, value)| value.as_str()) else {
        return Statement::default();
    };
    if path.to_lowercase().contains("cloud") {
        let of_clouds = Some(NowcastField::CloudCover);
        let published = of_the_family(architecture, of_clouds);
        return published.unwrap_or(Statement { field: of_clouds, ..Statement::default() });
    }
    let windows = number_after(path, "input-length_").zip(number_after(path, "img-ahead_"));
    let Some((n_inputs, n_ahead)) = windows.filter(|_| is_windowed) else {
        return Statement::default();
    };
    // A network that takes fewer frames than the windows were made for predicts farther ahead.
    let n_ahead = (n_inputs + n_ahead).checked_sub(architecture.in_channels as u32);
    let lead = n_ahead.filter(|&n| n > 0 && architecture.out_channels == 1);
    Statement {
        field: Some(NowcastField::Precipitation),
        frame_step_min: Some(5),
        lead_times_min: lead.map(|n| vec![5 * n]),
    }
}

/// The number in a name after a word; of more than four digits it is none.
fn number_after(name: &str, word: &str) -> Option<u32> {
    let (_, rest) = name.split_once(word)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end).filter(|digits| digits.len() <= 4)?.parse().ok()
}

/// Longest step and lead time that are believed: a month.
const MAX_MIN: u32 = 60 * 24 * 31;

fn check(architecture: &Architecture, step: u32, leads: &[u32]) -> Result<(), String> {
    let Architecture { in_channels, out_channels, .. } = *architecture;
    let written = || leads.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    if !(1..=MAX_MIN).contains(&step) {
        return Err(format!("{step} min is no time from one frame to the next"));
    }
    // What is rebuilt has as many frames as go in.
    if leads.is_empty() && in_channels == out_channels {
        return Ok(());
    }
    if leads.len() != out_channels {
        return Err(format!(
            "it gives {out_channels} frames, but {} lead times are stated ({} min)",
            leads.len(),
            written()
        ));
    }
    let is_known = |lead: &u32| (step..=MAX_MIN).contains(lead) && lead.is_multiple_of(step);
    if !leads.iter().all(is_known) || !leads.is_sorted_by(|a, b| a < b) {
        return Err(format!(
            "the lead times are stated as {} min; they must ascend, each a multiple of the {step} \
             min from one frame to the next",
            written()
        ));
    }
    Ok(())
}

fn unstated(architecture: &Architecture) -> String {
    let Architecture { in_channels, out_channels, .. } = architecture;
    let rebuilt = match has_tokens(architecture) {
        true => "; of weights that rebuild frames say --stage pretrain in place of lead times",
        false => "",
    };
    format!(
        "it takes {in_channels} frames and gives {out_channels}, and neither the file nor a publication \
         says of what and when; say it once with `stormlens import --from FILE --field \
         precipitation|cloud-cover --frame-step-min MINUTES --lead-times-min MINUTES,… --output \
         checkpoints/MODEL/NAME`, with one lead time for each frame that it gives{rebuilt}"
    )
}

/// Whether it is a network that may rebuild frames.
fn has_tokens(architecture: &Architecture) -> bool {
    architecture.schema.iter().any(|(name, _)| name == "mask_tokens.0")
}

#[cfg(test)]
mod tests;
