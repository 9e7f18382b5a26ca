//! A plan carried out.

use std::path::Path;

use anyhow::bail;
use stormlens_data::archive::Archive;
use stormlens_data::request::Progress;
use stormlens_data::score::DEFAULT_THRESHOLDS_MM_H;

use super::{Forecasts, Found, Network, Plan, Study, Trained, select};

/// Minutes ahead that reference forecasts are verified at, where no network says which.
const LEAD_TIMES_MIN: [u32; 6] = [5, 10, 15, 20, 25, 30];

/// Verifies the plan's forecasts on samples of the archive, the networks among them in the order of the plan.
///
/// # Errors
/// For networks that do not take the archive's frames, where nothing fits the plan, and as [`Study::run`].
pub fn run(
    plan: &Plan,
    archive: &Archive,
    networks: Vec<Network<'_>>,
    (state, progress): (Option<&Path>, &dyn Progress),
) -> anyhow::Result<Found> {
    networks.iter().try_for_each(|network| archive.check(&network.task))?;
    let lead_times_min = match &plan.lead_times_min[..] {
        [] => shared_lead_times(&networks)?,
        asked => asked.to_vec(),
    };
    let step_min = archive.frame_step_min();
    if let Some(between) = lead_times_min.iter().find(|lead| !lead.is_multiple_of(step_min)) {
        bail!(
            "no frame lies {between} minutes ahead: the frames of this data set are {step_min} minutes apart; choose lead \
             times of {step_min}, {}, {} minutes and so on",
            2 * step_min,
            3 * step_min
        );
    }
    if let Some(other) = networks.iter().find(|n| !has_all(n, &lead_times_min)) {
        let own: Vec<String> = other.task.lead_times_min.iter().map(u32::to_string).collect();
        bail!("{} has other lead times: choose among {} minutes", other.name, own.join(", "));
    }
    let thresholds = match &plan.thresholds[..] {
        [] => DEFAULT_THRESHOLDS_MM_H.to_vec(),
        asked => asked.to_vec(),
    };
    let trained = networks.iter().map(Trained::of).collect();
    let mut forecasts: Vec<Box<dyn Forecasts + '_>> = Vec::new();
    forecasts.extend(networks.into_iter().map(|network| Box::new(network) as _));
    forecasts.extend(plan.references().map(|other| Box::new(other) as _));
    if forecasts.is_empty() {
        bail!("nothing is named that could be compared");
    }
    let n_frames = forecasts.iter().map(|forecast| forecast.n_frames()).max().unwrap_or(1);
    let samples = select(archive, n_frames, &lead_times_min, &plan.selection)?;
    let study = Study {
        archive,
        samples: &samples,
        forecasts: &forecasts,
        lead_times_min: &lead_times_min,
        thresholds: &thresholds,
        state,
        progress,
    };
    Ok(Found::of(plan, (archive, trained), &study.run()?))
}

fn has_all(network: &Network<'_>, lead_times_min: &[u32]) -> bool {
    lead_times_min.iter().all(|lead| network.task.lead_times_min.contains(lead))
}

/// Those that all networks have; without networks the usual ones.
fn shared_lead_times(networks: &[Network<'_>]) -> anyhow::Result<Vec<u32>> {
    let Some((first, others)) = networks.split_first() else { return Ok(LEAD_TIMES_MIN.to_vec()) };
    let all_have = |lead: &&u32| others.iter().all(|n| n.task.lead_times_min.contains(lead));
    let shared: Vec<u32> = first.task.lead_times_min.iter().filter(all_have).copied().collect();
    if shared.is_empty() {
        bail!("the networks have no lead time in common: compare them one by one");
    }
    Ok(shared)
}
