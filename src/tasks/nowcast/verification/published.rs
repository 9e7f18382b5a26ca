//! Scores that were published of the same networks, beside which ours must not be read as better or worse.

/// One line of a publication.
pub struct Published {
    pub network: &'static str,
    pub mean_squared_error: f64,
    pub csi: f64,
    pub precision: f64,
    pub recall: f64,
}

/// Why they cannot be compared with those of another data set.
pub const REMARK: &str = "Published numbers are of another data set: Dutch frames in which it rains on half of the area, at \
                          least 0.5 mm/h, 30 minutes ahead. They say nothing about the forecasts above.";
/// Where they are from. The mean squared error is in (mm in 5 minutes)² a pixel.
pub const SOURCE: &str = "README of SpaT-SparK (github.com/htlee6/SpaT-SparK), data set NL-50";

pub const PUBLISHED: [Published; 2] = [
    Published {
        network: "SmaAt-UNet",
        mean_squared_error: 0.0145,
        csi: 0.566,
        precision: 0.631,
        recall: 0.846,
    },
    Published {
        network: "SpaT-SparK (ResNet-18)",
        mean_squared_error: 0.0132,
        csi: 0.389,
        precision: 0.678,
        recall: 0.588,
    },
];
