//! What is compared on what, as addresses and the command line say it.

use stormlens_data::archive::EventRole;
use stormlens_data::hash;

use super::{Forecasts as _, Reference, Selection, references};
use crate::parameters::{Parameters, QuestionError, to_query};

/// Names in addresses and options of the command line.
pub const DATASET: &str = "dataset";
pub const FORECASTS: &str = "forecasts";
pub const EVENTS: &str = "events";
pub const ROLE: &str = "role";
pub const STRIDE_MIN: &str = "stride-min";
pub const WET_SHARE: &str = "wet-share-at-least";
pub const LEAD_TIMES: &str = "lead-times";
pub const THRESHOLDS: &str = "thresholds";
pub const NAMES: [&str; 8] =
    [DATASET, FORECASTS, EVENTS, ROLE, STRIDE_MIN, WET_SHARE, LEAD_TIMES, THRESHOLDS];

/// Minutes ahead; longer ones no forecast from radar alone is made for.
const MAX_LEAD_TIME_MIN: u32 = 1440;

/// Forecasts of some samples of a data set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Name of the folder of frames.
    pub dataset: String,
    /// Networks as `MODEL/CHECKPOINT`, then forecasts without a network, simplest first.
    pub forecasts: Vec<String>,
    pub selection: Selection,
    /// Ascending; empty: those that all networks have.
    pub lead_times_min: Vec<u32>,
    /// mm/h, ascending; empty: those that are usual.
    pub thresholds: Vec<f64>,
}

impl Plan {
    /// Whether networks, samples and data set exist, it does not know.
    ///
    /// # Errors
    /// For what is no plan, such as an unknown reference forecast.
    pub fn read(parameters: &Parameters) -> Result<Self, QuestionError> {
        let missing = |name| QuestionError::parameter(name, "is missing");
        let dataset = parameters.one(DATASET)?.ok_or_else(|| missing(DATASET))?.to_owned();
        if let Some(name) = parameters.repeated(FORECASTS) {
            let message = format!("names “{name}” twice: name each forecast once");
            return Err(QuestionError::parameter(FORECASTS, message));
        }
        let forecasts = forecasts(&parameters.list(FORECASTS))?;
        let minutes = |m: &u32| *m <= MAX_LEAD_TIME_MIN;
        let share = |s: &f64| (0.0..=1.0).contains(s);
        let mut events: Vec<String> =
            parameters.list(EVENTS).into_iter().map(str::to_owned).collect();
        events.sort_unstable();
        let selection = Selection {
            events,
            role: role(parameters)?,
            stride_min: parameters
                .number(STRIDE_MIN, "minutes from 0 to 1440", minutes)?
                .unwrap_or(0),
            wet_share_at_least: parameters
                .number(WET_SHARE, "a share from 0 to 1", share)?
                .unwrap_or(0.0),
        };
        Ok(Self {
            dataset,
            forecasts,
            selection,
            lead_times_min: lead_times(parameters)?,
            thresholds: thresholds(parameters)?,
        })
    }

    /// As an address says it: nothing that is left to a default.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let Selection { events, role, stride_min, wet_share_at_least } = &self.selection;
        let list = |values: Vec<String>| (!values.is_empty()).then(|| values.join(","));
        let texts = |values: &[f64]| values.iter().map(f64::to_string).collect();
        let minutes = self.lead_times_min.iter().map(u32::to_string).collect();
        let optional = [
            (EVENTS, list(events.clone())),
            (ROLE, role.map(|role| role.name().to_owned())),
            (STRIDE_MIN, (*stride_min > 0).then(|| stride_min.to_string())),
            (WET_SHARE, (*wet_share_at_least > 0.0).then(|| wet_share_at_least.to_string())),
            (LEAD_TIMES, list(minutes)),
            (THRESHOLDS, list(texts(&self.thresholds))),
        ];
        let mut pairs =
            vec![(DATASET, self.dataset.clone()), (FORECASTS, self.forecasts.join(","))];
        pairs.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        pairs
    }

    pub fn query(&self) -> String {
        to_query(&self.pairs())
    }

    /// Equal plans have equal names.
    pub fn id(&self) -> String {
        hash::sha256(self.query().as_bytes())[..16].to_owned()
    }

    /// Those of the forecasts that are networks.
    pub fn networks(&self) -> impl Iterator<Item = &str> {
        self.forecasts.iter().map(String::as_str).filter(|name| is_network(name))
    }

    /// Those that need no network.
    pub fn references(&self) -> impl Iterator<Item = Reference> {
        references().filter(|reference| self.forecasts.iter().any(|name| name == reference.name()))
    }
}

fn is_network(name: &str) -> bool {
    name.contains('/')
}

/// Networks in the order in which they were named, then the others; without names all that need no network.
fn forecasts(named: &[&str]) -> Result<Vec<String>, QuestionError> {
    let known: Vec<String> = references().map(|r| r.name().to_owned()).collect();
    let is_known = |name: &str| known.iter().any(|other| other == name);
    if let Some(other) = named.iter().find(|name| !is_network(name) && !is_known(name)) {
        let known = known.iter().map(String::as_str).chain(["a network as MODEL/CHECKPOINT"]);
        return Err(QuestionError::unknown("forecast", other, known));
    }
    let networks = named.iter().filter(|name| is_network(name)).map(|name| (*name).to_owned());
    let is_wanted = |name: &String| named.is_empty() || named.contains(&name.as_str());
    Ok(networks.chain(known.iter().filter(|name| is_wanted(name)).cloned()).collect())
}

fn role(parameters: &Parameters) -> Result<Option<EventRole>, QuestionError> {
    let roles = [EventRole::Train, EventRole::Validation, EventRole::Test];
    let Some(wanted) = parameters.one(ROLE)? else { return Ok(None) };
    let found = roles.into_iter().find(|role| role.name() == wanted);
    let unknown = || QuestionError::unknown(ROLE, wanted, roles.map(EventRole::name));
    found.map(Some).ok_or_else(unknown)
}

fn lead_times(parameters: &Parameters) -> Result<Vec<u32>, QuestionError> {
    let read = |text: &str| {
        let minutes = text.parse().ok().filter(|m| (1..=MAX_LEAD_TIME_MIN).contains(m));
        let words = || format!("names “{text}”, but must be whole minutes from 1 to 1440");
        minutes.ok_or_else(|| QuestionError::parameter(LEAD_TIMES, words()))
    };
    let mut found =
        parameters.list(LEAD_TIMES).into_iter().map(read).collect::<Result<Vec<u32>, _>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn thresholds(parameters: &Parameters) -> Result<Vec<f64>, QuestionError> {
    let read = |text: &str| {
        let rate = text.parse().ok().filter(|rate: &f64| (0.0..=1000.0).contains(rate));
        let words = || format!("names “{text}”, but must be rain rates from 0 to 1000 mm/h");
        rate.ok_or_else(|| QuestionError::parameter(THRESHOLDS, words()))
    };
    let mut found =
        parameters.list(THRESHOLDS).into_iter().map(read).collect::<Result<Vec<f64>, _>>()?;
    found.sort_by(f64::total_cmp);
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Plan, QuestionError> {
        Plan::read(&Parameters::parse(Some(query)))
    }

    #[test]
    fn a_plan_is_written_in_one_way() {
        let query = "thresholds=2,0.5&dataset=radklim&forecasts=s-prog,unet/b,persistence,unet/a&role=test\
                     &lead-times=30,5,30&stride-min=30&wet-share-at-least=0.05";
        let plan = read(query).expect("a plan");
        let expected = "dataset=radklim&forecasts=unet%2Fb,unet%2Fa,persistence,s-prog&role=test&stride-min=30\
                        &wet-share-at-least=0.05&lead-times=5,30&thresholds=0.5,2";
        assert_eq!(plan.query(), expected);
        assert_eq!(read(expected).expect("the same"), plan);
        assert_eq!(plan.networks().collect::<Vec<_>>(), ["unet/b", "unet/a"]);
        assert_eq!(plan.references().count(), 2);
        let all = read("dataset=knmi").expect("a plan");
        assert_eq!(all.forecasts.len(), references().count());
        assert_ne!(all.id(), plan.id());
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        for (query, word) in [
            ("forecasts=persistence", "dataset"),
            ("dataset=a&forecasts=rainbow", "rainbow"),
            ("dataset=a&forecasts=persistence,s-prog,persistence", "“persistence” twice"),
            ("dataset=a&forecasts=unet/a,unet/a", "“unet/a” twice"),
            ("dataset=a&role=none", "role"),
            ("dataset=a&stride-min=-5", "0 to 1440"),
            ("dataset=a&wet-share-at-least=5", "0 to 1"),
            ("dataset=a&lead-times=2.5", "whole minutes"),
            ("dataset=a&thresholds=NaN", "rain rates"),
        ] {
            let error = read(query).expect_err(query).to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
