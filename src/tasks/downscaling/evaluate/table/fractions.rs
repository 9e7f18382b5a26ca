//! The Fractions Skill Score, under a name that says by which rule it counts.

use stormlens_data::score::downscaling::{Missing, Verified};

/// Numbers by two rules never have one name.
pub fn name(missing: Missing) -> &'static str {
    match missing {
        Missing::LeftOut => "fss",
        Missing::Dry => "fss_missing_dry",
    }
}

/// What is different by the rule of another program; `None` by our own.
pub fn rule(missing: Missing) -> Option<&'static str> {
    (missing == Missing::Dry).then_some(
        "the Fractions Skill Score counts as pysteps does: nodes without data and nodes beyond the edge of a tile are dry; \
         it is called fss_missing_dry and is for a comparison with pysteps only",
    )
}

/// Each with its threshold and scale.
pub fn scores(verified: &Verified) -> Vec<(String, Option<f64>)> {
    let fractions = &verified.fractions;
    let (thresholds, scales) = (&fractions.thresholds_mm, &fractions.scales);
    let mut found = Vec::new();
    for (t, threshold) in thresholds.iter().enumerate() {
        for (s, scale) in scales.iter().enumerate() {
            found.push((format!("{threshold} mm {scale} nodes"), fractions.score(t, s)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use stormlens_data::downscale::{Geometry, LogScale};
    use stormlens_data::score::downscaling::Fractions;

    /// Everything is wet but for a gap in the observation: a perfect forecast, which pysteps calls wrong at the gap.
    #[test]
    fn a_node_without_data_is_dry_only_where_that_rule_is_named() {
        let geometry = Geometry::V4;
        let (wet, mut gap) = (vec![2.0; 4096], vec![2.0; 4096]);
        gap[2000] = f32::NAN;
        let coarse = vec![2.0; geometry.n_coarse().pow(2)];
        let verified = |missing| {
            let fractions = Fractions::new(&[1.0], &[1], missing);
            let mut verified = Verified::new(geometry, LogScale::new(0.0, 1.0), fractions);
            verified.add(0, [&wet, &gap], &coarse, None);
            (name(verified.fractions.missing), scores(&verified), verified.mm.n)
        };
        let place = || "1 mm 1 nodes".to_owned();
        assert_eq!(verified(Missing::LeftOut), ("fss", vec![(place(), Some(1.0))], 4095));
        let (name, found, n) = verified(Missing::Dry);
        // 2 · 4095 / (4096 + 4095); all other scores leave the node out by both rules.
        let expected = 8190.0 / 8191.0;
        assert_eq!((name, n, found[0].0.clone()), ("fss_missing_dry", 4095, place()));
        assert!((found[0].1.expect("it is wet") - expected).abs() < 1e-12, "{found:?}");
        assert!(rule(Missing::LeftOut).is_none() && rule(Missing::Dry).is_some());
    }
}
