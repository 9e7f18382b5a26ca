//! Scores that were published of the same networks, beside which ours must not be read as better or worse.

/// One line of a publication.
pub struct Published {
    pub network: &'static str,
    pub mean_squared_error: f64,
    pub accuracy: f64,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    pub csi: f64,
    pub far: f64,
    /// Half of the Heidke skill score, as the authors' program computes it.
    pub halved_hss: f64,
}

impl Published {
    /// All but the error, in the order of the table.
    pub fn others(&self) -> [f64; 7] {
        [self.accuracy, self.precision, self.recall, self.f1, self.csi, self.far, self.halved_hss]
    }
}

/// Why they cannot be compared with those of another data set, nor with each other.
pub const REMARK: &str = "These numbers are of another data set: Dutch frames in which it rains on half of the area or more. They \
                          say nothing about the forecasts above. Nor do they agree with each other: F1 follows from precision \
                          and recall for SmaAt-UNet only (for SpaT-SparK with ResNet-18 it would be 0.630, not 0.560), and the \
                          accuracies let one think that SmaAt-UNet was scored at another threshold. The source does not state the threshold.";
/// Where they are from. The mean squared error is in (mm in 5 minutes)² a pixel.
pub const SOURCE: &str = "README of SpaT-SparK (github.com/htlee6/SpaT-SparK), data set NL-50";

pub const PUBLISHED: [Published; 5] = [
    Published {
        network: "SmaAt-UNet",
        mean_squared_error: 0.0145,
        accuracy: 0.774,
        precision: 0.631,
        recall: 0.846,
        f1: 0.723,
        csi: 0.566,
        far: 0.368,
        halved_hss: 0.269,
    },
    Published {
        network: "SparK, ResNet-50",
        mean_squared_error: 0.0136,
        accuracy: 0.911,
        precision: 0.646,
        recall: 0.520,
        f1: 0.543,
        csi: 0.373,
        far: 0.353,
        halved_hss: 0.245,
    },
    Published {
        network: "SparK, ResNet-18",
        mean_squared_error: 0.0139,
        accuracy: 0.910,
        precision: 0.620,
        recall: 0.444,
        f1: 0.512,
        csi: 0.344,
        far: 0.379,
        halved_hss: 0.232,
    },
    Published {
        network: "SpaT-SparK, ResNet-50",
        mean_squared_error: 0.0135,
        accuracy: 0.911,
        precision: 0.633,
        recall: 0.486,
        f1: 0.528,
        csi: 0.359,
        far: 0.366,
        halved_hss: 0.239,
    },
    Published {
        network: "SpaT-SparK, ResNet-18",
        mean_squared_error: 0.0132,
        accuracy: 0.913,
        precision: 0.678,
        recall: 0.588,
        f1: 0.560,
        csi: 0.389,
        far: 0.321,
        halved_hss: 0.255,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What the remark says of the numbers: CSI and FAR follow from F1 and precision, F1 from precision and recall once only.
    #[test]
    fn they_disagree_as_the_remark_says() {
        let is_near = |a: f64, b: f64| (a - b).abs() < 2e-3;
        let mut that_agree = Vec::new();
        for line in &PUBLISHED {
            let Published { network, precision, recall, f1, csi, far, .. } = *line;
            assert!(is_near(csi, f1 / (2.0 - f1)) && is_near(far, 1.0 - precision), "{network}");
            if is_near(f1, 2.0 * precision * recall / (precision + recall)) {
                that_agree.push(network);
            }
        }
        assert_eq!(that_agree, ["SmaAt-UNet"]);
        let [.., last] = &PUBLISHED;
        let expected = 2.0 * last.precision * last.recall / (last.precision + last.recall);
        assert!(
            REMARK.contains(&format!("{expected:.3}"))
                && REMARK.contains(&format!("{:.3}", last.f1))
        );
    }
}
