//! Probability of rain from fields of a weather model: what a network needs around it.
//!
//! Fields of files are recognised by name, level and unit, brought onto the network's grid and normalised; rain becomes
//! labels. The layout, labels and defaults are those of SSLPDL (Lee, An, You and Cho, WACV 2025;
//! github.com/joonha425/SSLPDL, commit bc39d57). Maps of this module have row 0 in the north and column 0 in the west,
//! as the network has them; missing values are `NaN`.

mod gather;
pub mod iberia;
mod labels;
mod left_out;
mod logistic;
mod mask;
mod quantity;
mod recognise;
mod reference;
pub mod synthetic;
#[cfg(test)]
pub(crate) mod testing;
mod times;

pub use gather::{Found, GatheredFields, LONGEST_STEP_S, end_of, gather, network_input};
pub use labels::{IGNORED, LabelOptions, Labels, N_CLASSES, Rounding};
pub use left_out::left_out;
pub use logistic::Logistic;
pub use mask::{Tokens, all_but, hidden_by_noise};
pub use quantity::{Conversion, FieldQuantity, STANDARD_GRAVITY};
pub use recognise::{Recognised, recognise};
pub use reference::{ReferenceError, ReferenceFolder};
pub use times::times;
