//! The orders of a table.

use stormlens_data::choice::choice;

choice! {
    /// How a table is ordered.
    Sort("order") {
        /// As the scenes stand in the address.
        #[default]
        Order = "order",
        Name = "name",
        /// The most probable first.
        Probability = "probability",
        /// Those unlike the training scenes last.
        TrainingRange = "training-range",
    }
}
