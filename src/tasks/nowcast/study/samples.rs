//! Which samples are verified, and to which part each belongs.

use anyhow::bail;
use jiff::Timestamp;
use stormlens_data::archive::{Archive, Event, EventRole, SampleRef};
use stormlens_data::time;

/// Weather of two hours is taken for one trial where an archive has fewer events than are needed for an interval.
const BLOCK_MIN: i64 = 120;
/// Fewer events than that are divided into blocks of time.
const MIN_EVENTS: usize = 8;

/// A sample, and the part that is drawn as a whole for intervals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub id: String,
    pub part: String,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Ids of events; empty: all.
    pub events: Vec<String>,
    /// Events that are proposed for that.
    pub role: Option<EventRole>,
    /// Minutes between two samples at least; 0: every one.
    pub stride_min: u32,
    /// Share of the known pixels of the last input frame that is wet at least.
    pub wet_share_at_least: f64,
}

/// The samples whose lead times were all observed, oldest first.
///
/// # Errors
/// For an event that the archive does not have, and where nothing is left.
pub fn select(
    archive: &Archive,
    n_frames: usize,
    lead_times_min: &[u32],
    selection: &Selection,
) -> anyhow::Result<Vec<Chosen>> {
    let known = archive.events();
    if let Some(unknown) = selection.events.iter().find(|id| known.iter().all(|e| e.id != **id)) {
        let ids: Vec<&str> = known.iter().map(|event| event.id.as_str()).collect();
        bail!("there is no event {unknown:?}; there are {}", ids.join(", "));
    }
    let all = archive.samples(n_frames, archive.frame_step_min(), lead_times_min);
    let last_lead = lead_times_min.last().copied().unwrap_or(0);
    let is_wanted = |sample: &SampleRef| {
        // A sample between two events is of neither: its frames may be of one that networks were trained on.
        let before = (n_frames.saturating_sub(1)) as i64 * i64::from(archive.frame_step_min());
        let ends = [-before, i64::from(last_lead)].map(|m| time::add_minutes(sample.time, m));
        let is_whole =
            |event: &&Event| ends.iter().all(|end| end.is_some_and(|end| event.contains(end)));
        let event = archive.event(sample.time).filter(is_whole);
        let is_of =
            |id: &str| selection.events.is_empty() || selection.events.iter().any(|e| e == id);
        let fits = match event {
            Some(event) => is_of(&event.id) && selection.role.is_none_or(|role| role == event.role),
            None => selection.events.is_empty() && selection.role.is_none(),
        };
        fits && sample.is_observed()
    };
    let mut found = Vec::new();
    for sample in all.into_iter().filter(is_wanted) {
        let is_on_stride =
            selection.stride_min == 0 || minute(sample.time) % i64::from(selection.stride_min) == 0;
        if is_on_stride && is_wet(archive, &sample, selection.wet_share_at_least)? {
            found.push(sample);
        }
    }
    if found.is_empty() {
        bail!("no sample of these frames is of those events, observed and wet enough");
    }
    Ok(parts(archive, found))
}

fn is_wet(archive: &Archive, sample: &SampleRef, at_least: f64) -> anyhow::Result<bool> {
    if at_least <= 0.0 {
        return Ok(true);
    }
    Ok(archive.listed_share(&sample.id)? >= at_least)
}

fn minute(time: Timestamp) -> i64 {
    time.as_second() / 60
}

/// Events are the parts where there are enough of them, or else blocks of their time.
fn parts(archive: &Archive, samples: Vec<SampleRef>) -> Vec<Chosen> {
    let event = |sample: &SampleRef| {
        archive.event(sample.time).map_or(String::new(), |event| event.id.clone())
    };
    let mut events: Vec<String> = samples.iter().map(event).collect();
    events.sort_unstable();
    events.dedup();
    let part = |sample: &SampleRef| match event(sample) {
        event if events.len() >= MIN_EVENTS => event,
        _ => {
            let start = minute(sample.time).div_euclid(BLOCK_MIN) * BLOCK_MIN * 60;
            let start = Timestamp::from_second(start).unwrap_or(sample.time);
            format!("{} + 2 h", time::format_sample(start))
        }
    };
    samples.iter().map(|s| Chosen { id: s.id.clone(), part: part(s) }).collect()
}
