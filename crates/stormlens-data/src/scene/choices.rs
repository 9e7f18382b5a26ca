//! How a picture becomes the square that a network takes.

use crate::choice::choice;

choice! {
    /// How values between pixels are found.
    Resampling("resampling") {
        /// The pixel at floor((i + ½) · n / m): the loader of the published notebooks.
        #[default]
        Nearest = "nearest",
        /// Between the four nearest pixel centres, without antialiasing: the loader of training.
        Bilinear = "bilinear",
    }
}

choice! {
    /// What happens to a picture that is not square.
    Fit("fit") {
        /// Both sides are stretched to the square's, as published.
        #[default]
        Stretch = "stretch",
        /// The longer side fits, the rest of the square holds no data.
        Letterbox = "letterbox",
    }
}
