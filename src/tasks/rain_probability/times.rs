//! When maps are of: the interval of the rain, that of the fields, or a moment.

use jiff::{SignedDuration, Timestamp};
use stormlens_data::card::FieldStatement;
use stormlens_data::outcome::{Axis, Over, Role, Variable};

/// Gives each variable its time in front, but for what methods found of them: fields of a moment have that, daily means
/// their day, and rain and all that is said of it the hours that it is summed over.
pub fn date(variables: &mut [Variable], end: Timestamp, statement: &FieldStatement) {
    let interval = |hours: u32| Axis::interval(end - SignedDuration::from_hours(hours.into()), end);
    for variable in variables.iter_mut().filter(is_dated) {
        let over = &mut variable.quantity.over;
        if *over == Over::Unsaid {
            *over = Over::OfSum;
        }
        let time = match over {
            Over::Moment => Axis::moment(end),
            Over::Mean => interval(statement.mean_hours.unwrap_or(statement.hours)),
            Over::Unsaid | Over::Sum | Over::OfSum => interval(statement.hours),
        };
        variable.axes.insert(0, time);
    }
}

/// Maps, and what was measured and said at the gauges; no marks on maps, nor where gauges lie.
fn is_dated(variable: &&mut Variable) -> bool {
    let is_found = matches!(variable.role, Role::Attribution { .. } | Role::Mask);
    let is_at_gauges = variable.role == Role::Diagnostic
        && variable.axes.iter().any(|axis| axis.name == super::gauges::GAUGE);
    (variable.plane.is_some() || is_at_gauges) && !is_found
}
