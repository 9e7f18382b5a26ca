//! What frames go in and come out, as published.

use stormlens_data::card::NowcastField;
pub use stormlens_data::patches::PUBLISHED_NORMALISATION_MM_5MIN as NORMALISATION_MM_5MIN;

use crate::models::Architecture;
use crate::models::nowcasting::Statement;

const STEP_MIN: u32 = 5;

/// Rain every 5 minutes. Weights with a translation give the frames that follow; those without one may be of the
/// pre-training or fine-tuned, and are taken for the former until somebody says more.
pub fn published(architecture: &Architecture, field: Option<NowcastField>) -> Option<Statement> {
    let is_rain = field.is_none_or(|field| field == NowcastField::Precipitation);
    let translates = architecture.schema.iter().any(|(name, _)| name.starts_with("transition."));
    let leads = if translates { following(architecture.out_channels) } else { Vec::new() };
    is_rain.then_some(Statement {
        field: Some(NowcastField::Precipitation),
        frame_step_min: Some(STEP_MIN),
        lead_times_min: Some(leads),
    })
}

/// Lead times of so many frames that follow each other.
pub fn following(n: usize) -> Vec<u32> {
    (1..=n as u32).map(|i| STEP_MIN * i).collect()
}
