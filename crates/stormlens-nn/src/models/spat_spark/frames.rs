//! What frames go in and come out, as published.

use stormlens_data::card::NowcastField;
pub use stormlens_data::patches::PUBLISHED_NORMALISATION_MM_5MIN as NORMALISATION_MM_5MIN;

use crate::models::Architecture;
use crate::models::nowcasting::Statement;

const STEP_MIN: u32 = 5;

/// Rain every 5 minutes. Weights with a translation give the frames that follow; those without one may be of the
/// pre-training or fine-tuned, and are taken for the former until somebody says more. Of one frame alone nothing is
/// published, see [`following`].
pub fn published(architecture: &Architecture, field: Option<NowcastField>) -> Option<Statement> {
    let is_rain = field.is_none_or(|field| field == NowcastField::Precipitation);
    let translates = architecture.schema.iter().any(|(name, _)| name.starts_with("transition."));
    let n = architecture.out_channels;
    let rebuilds = !translates && n > 1;
    is_rain.then_some(Statement {
        field: Some(NowcastField::Precipitation),
        frame_step_min: Some(STEP_MIN),
        lead_times_min: if rebuilds { Some(Vec::new()) } else { following(n) },
    })
}

/// Lead times of so many frames that follow each other. `None` of one frame: the authors' program has such networks, too,
/// and pairs each of twelve frames with the one an hour later, but nothing that they published says how far ahead the weights
/// forecast.
pub fn following(n: usize) -> Option<Vec<u32>> {
    (n > 1).then(|| (1..=n as u32).map(|i| STEP_MIN * i).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::spat_spark::{ENTRY, Form, architecture};

    /// How far ahead one frame is, nobody guesses; whoever knows it says it.
    #[test]
    fn the_lead_time_of_one_frame_has_to_be_said() {
        let of = |n: usize, translates: bool| {
            let form = Form { in_channels: n, out_channels: n, translates, ..Form::published() };
            architecture(&form)
        };
        let leads = |architecture: &Architecture, said: Statement| {
            let complete = said.complete(architecture, &ENTRY);
            complete.map(|task| (task.lead_times_min, task.is_stated))
        };
        let silent = Statement::default;
        assert_eq!(leads(&of(12, true), silent()).expect("published").0.len(), 12);
        assert_eq!(leads(&of(12, false), silent()), Ok((Vec::new(), false)));
        for translates in [true, false] {
            let refused = leads(&of(1, translates), silent()).expect_err("nobody says it");
            for words in ["takes 1 frames and gives 1", "--lead-times-min", "--stage pretrain"] {
                assert!(refused.contains(words), "{refused}");
            }
        }
        let hour = Statement { lead_times_min: Some(vec![60]), ..silent() };
        assert_eq!(leads(&of(1, true), hour), Ok((vec![60], false)));
        let rebuilt = Statement { lead_times_min: Some(Vec::new()), ..silent() };
        assert_eq!(leads(&of(1, false), rebuilt), Ok((Vec::new(), false)));
    }
}
