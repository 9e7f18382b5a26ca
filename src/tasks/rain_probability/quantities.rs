//! What each field of a weather model is, for figures and files.

use stormlens_data::card::{FieldStatement, FieldVariable};
use stormlens_data::outcome::{Colours, Over, Quantity};
use stormlens_data::probability::FieldQuantity;

/// A variable of the input: its unit, and, where that is a physical one, its name in the CF conventions; its level, and
/// whether it is of a moment, a mean or a sum.
pub fn field_quantity(variable: &FieldVariable, statement: &FieldStatement) -> Quantity {
    let colours = match variable.quantity {
        FieldQuantity::EastwardWind | FieldQuantity::NorthwardWind => Colours::Signed,
        FieldQuantity::Precipitation => Colours::Rain,
        _ => Colours::Range,
    };
    let over = match (variable.quantity, statement.mean_hours) {
        (FieldQuantity::Precipitation, _) => Over::Sum,
        (_, Some(_)) => Over::Mean,
        (_, None) => Over::Moment,
    };
    // Z-scores have neither.
    let is_physical = variable.statistics().is_some();
    let unit = if is_physical { variable.unit.as_str() } else { "1" };
    Quantity {
        standard_name: is_physical.then(|| variable.quantity.standard_name().to_owned()),
        level: Some(variable.level),
        ..Quantity::new(&variable.label(), unit, colours).over(over)
    }
}
