//! What stands beside imported weights that refine rain.

use anyhow::{Context as _, bail, ensure};
use stormlens_checkpoint::Metadata;
use stormlens_data::card::{RainStatement, Task};
use stormlens_data::downscale::Registration;

use crate::cli::import::Import;
use crate::parameters::Parameters;

const LOG_MEAN: &str = "log-mean";
const LOG_STD: &str = "log-std";
const WETTEST_MM: &str = "wettest-mm";
const HOURS: &str = "hours";
const REGISTRATION: &str = "registration";

const NAMES: [&str; 5] = [LOG_MEAN, LOG_STD, WETTEST_MM, HOURS, REGISTRATION];

/// Unit, interval and registration; `None` for a network that refines no rain.
pub fn describe(import: &Import<'_>) -> Option<anyhow::Result<Metadata>> {
    matches!((import.found.entry.card)().task, Task::Downscaling).then(|| metadata(import))
}

fn metadata(import: &Import<'_>) -> anyhow::Result<Metadata> {
    let only = import.parameters.only(&NAMES);
    only.context("the network refines rain on tiles")?;
    let stated = import.file.metadata.as_ref().and_then(|metadata| metadata.rain);
    let typed = typed(&import.parameters)?;
    if let (Some(stated), Some(typed)) = (stated, typed) {
        ensure!(
            stated == typed,
            "{} states {}; leave out what it states",
            import.path.display(),
            words(&stated)
        );
    }
    let rain = stated.or(typed);
    if let Some(rain) = &rain {
        let tensors = &import.file.state.tensors;
        let shape = |name: &str| tensors.get(name).map(|tensor| tensor.shape.clone());
        let tiles = import.found.entry.network.downscaling(&shape);
        let checked = rain.check(tiles.map_or(2, |tiles| tiles.n_input_channels));
        checked.map_err(anyhow::Error::msg)?;
    }
    Ok(Metadata { rain, ..import.metadata.clone() })
}

/// What the command says; what it leaves out of it is that of the publication. `None` where it says nothing, for a file
/// states what somebody stated.
fn typed(parameters: &Parameters) -> anyhow::Result<Option<RainStatement>> {
    let published = RainStatement::PUBLISHED;
    let mut n_given = 0;
    for name in NAMES {
        n_given += usize::from(parameters.one(name)?.is_some());
    }
    if n_given == 0 {
        return Ok(None);
    }
    let number = |name: &str, usual: f64| -> anyhow::Result<f64> {
        let Some(text) = parameters.one(name)? else { return Ok(usual) };
        let value = text.parse().ok().filter(|value: &f64| value.is_finite());
        value.with_context(|| format!("--{name} {text} is no number"))
    };
    let log_std = number(LOG_STD, published.log_std)?;
    let hours = match parameters.one(HOURS)? {
        None => published.hours,
        Some(text) => {
            let (least, most) = RainStatement::HOURS.into_inner();
            let hours = text.parse().ok().filter(|hours| RainStatement::HOURS.contains(hours));
            hours.with_context(|| {
                format!("--{HOURS} {text} is no whole number of hours from {least} to {most}")
            })?
        }
    };
    let registration = match parameters.one(REGISTRATION)? {
        None => published.registration,
        Some(text) => match Registration::parse(text) {
            Some(registration) => registration,
            None => bail!("--{REGISTRATION} {text} is neither aligned nor reference"),
        },
    };
    let log_mean = number(LOG_MEAN, published.log_mean)?;
    let wettest_mm = match parameters.one(WETTEST_MM)? {
        None => published.wettest_mm,
        Some(_) => Some(number(WETTEST_MM, 0.0)?),
    };
    Ok(Some(RainStatement { log_mean, log_std, wettest_mm, hours, registration }))
}

fn words(rain: &RainStatement) -> String {
    let RainStatement { log_mean, log_std, wettest_mm, hours, registration } = rain;
    let brought =
        wettest_mm.map(|mm| format!(", the wettest node of a tile multiplied to {mm} mm"));
    format!(
        "sums of {hours} h, ln(1 + mm) of mean {log_mean} and standard deviation {log_std}{}, {registration}",
        brought.unwrap_or_default()
    )
}
