//! The time of a composite.

use hdf5_reader::Hdf5File;
use jiff::Timestamp;

use super::PRODUCT;
use super::array::Array;
use crate::import::ImportError;
use crate::import::attributes::Attributes;
use crate::import::knmi::FRAME_STEP_MIN;
use crate::time;

/// The end of a sum, the nominal time of a moment.
///
/// # Errors
/// For a sum over another time than five minutes, and for scans that took longer.
pub(super) fn end(
    (file, source): (&str, &Hdf5File),
    root: &Attributes<'_>,
    array: &Array,
) -> Result<Timestamp, ImportError> {
    let refuse = |what: String| ImportError::layout(file, PRODUCT, what);
    let own = Attributes::open(source, (file, PRODUCT), &format!("{}/what", array.dataset))?;
    let moment = |of: &Attributes<'_>, prefix: &str| {
        let (date, clock) =
            (of.text(&format!("{prefix}date"))?, of.text(&format!("{prefix}time"))?);
        parse(&date, &clock).ok_or_else(|| {
            refuse(format!("its {prefix}date {date:?} and {prefix}time {clock:?} are no time"))
        })
    };
    let (start, end) = (moment(&own, "start")?, moment(&own, "end")?);
    let (seconds, wanted) = ((end - start).get_seconds(), i64::from(FRAME_STEP_MIN) * 60);
    let minutes = seconds as f64 / 60.0;
    if !array.measured.is_instantaneous() {
        return match seconds == wanted {
            true => Ok(time::whole_minute(end)),
            false => Err(refuse(format!(
                "it is a sum over {minutes} minutes, where {FRAME_STEP_MIN} are needed"
            ))),
        };
    }
    match (0..=wanted).contains(&seconds) {
        true => Ok(time::whole_minute(moment(root, "")?)),
        false => Err(refuse(format!(
            "its scans took {minutes} minutes, where a moment of at most {FRAME_STEP_MIN} is needed"
        ))),
    }
}

/// `YYYYMMDD` and `HHMMSS`.
fn parse(date: &str, clock: &str) -> Option<Timestamp> {
    let is_right = clock.len() == 6 && clock.bytes().all(|byte| byte.is_ascii_digit());
    let minute = time::parse_digits(&format!("{date}{}", clock.get(..4)?)).filter(|_| is_right)?;
    let seconds: i64 = clock[4..].parse().ok()?;
    minute.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
}
