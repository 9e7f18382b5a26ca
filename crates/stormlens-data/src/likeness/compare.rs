//! Two summaries of frames, compared.

use super::{Difference, DifferenceKind, Likeness};
use crate::field::decimals;
use crate::import::knmi::MAX_MM_5MIN;

/// Spacings that differ by less are equal: those of services do by 0.03 %.
const SPACING_SHARE: f64 = 0.02;
/// Median and 99th percentile of the wet pixels are seldom so many times as large in other weather; a unit of mm/h taken for mm
/// in five minutes makes them 12 times as large.
const SCALE: f64 = 6.0;
/// So many per cent more of the pixels without data are told.
const KNOWN_SHARE: f64 = 0.05;
/// Frames are as wet as those of the training if they lie within its range and so much of it to both sides.
const WET_MARGIN: f64 = 0.05;

pub(super) fn differences(training: &Likeness, input: &Likeness) -> Vec<Difference> {
    let found = [
        (DifferenceKind::Scale, scale(training, input)),
        (DifferenceKind::Spacing, spacing(training, input)),
        (DifferenceKind::Step, step(training, input)),
        (DifferenceKind::Measured, measured(training, input)),
        (DifferenceKind::Known, known(training, input)),
        (DifferenceKind::Wetness, wetness(training, input)),
    ];
    let told = found.into_iter();
    told.filter_map(|(kind, words)| Some(Difference { kind, words: words? })).collect()
}

fn scale(training: &Likeness, input: &Likeness) -> Option<String> {
    let most = input.maximum_mm_h.filter(|most| *most > MAX_MM_5MIN * 12.0);
    if let Some(most) = most {
        return Some(format!(
            "the largest amount is {} mm/h, more than ever fell: the unit is another one",
            decimals(most, 0)
        ));
    }
    let (learnt, given) = (training.quantiles_mm_h?, input.quantiles_mm_h?);
    let ratios = [given[0] / learnt[0], given[2] / learnt[2]];
    let (times, how) = match ratios {
        [a, b] if a > SCALE && b > SCALE => (a.min(b), "large"),
        [a, b] if a < 1.0 / SCALE && b < 1.0 / SCALE => (1.0 / a.max(b), "small"),
        _ => return None,
    };
    Some(format!(
        "amounts of rain are about {times:.0} times as {how} as in the training data (median {:.2} mm/h of the wet \
         pixels, there {:.2} mm/h): look whether the unit is right",
        given[0], learnt[0]
    ))
}

fn spacing(training: &Likeness, input: &Likeness) -> Option<String> {
    let (learnt, given) = (training.spacing_km, input.spacing_km);
    let is_equal = (given / learnt - 1.0).abs() <= SPACING_SHARE;
    (!is_equal).then(|| {
        format!("pixels have {given} km, where the network was trained on {learnt} km, so it misjudges how fast the rain moves")
    })
}

fn step(training: &Likeness, input: &Likeness) -> Option<String> {
    let (learnt, given) = (training.frame_step_min, input.frame_step_min);
    (given != learnt).then(|| {
        format!(
            "frames are {given} minutes apart, where the network was trained on {learnt} minutes, so it misjudges how fast the rain moves"
        )
    })
}

fn measured(training: &Likeness, input: &Likeness) -> Option<String> {
    let (learnt, given) = (training.measured?, input.measured?);
    let is_alike = learnt.is_instantaneous() == given.is_instantaneous();
    (!is_alike).then(|| {
        format!("frames are a {given}, where the network was trained on a {learnt}: edges are sharper or smoother than it knows")
    })
}

fn known(training: &Likeness, input: &Likeness) -> Option<String> {
    let (learnt, given) = (training.known_share, input.known_share);
    (given < learnt - KNOWN_SHARE).then(|| {
        format!(
            "of {:.0} % of the pixels nothing is known, and the network takes them for dry (in the training data of {:.0} %)",
            100.0 * (1.0 - given),
            100.0 * (1.0 - learnt)
        )
    })
}

fn wetness(training: &Likeness, input: &Likeness) -> Option<String> {
    let Some([given_least, given_most]) = input.wet_shares else {
        return Some("nothing is known of any pixel".to_owned());
    };
    let [least, most] = training.wet_shares?;
    let how = match () {
        () if given_most < least - WET_MARGIN => "drier",
        () if given_least > most + WET_MARGIN => "wetter",
        () => return None,
    };
    let per_cent = |share: f64| format!("{:.0}", 100.0 * share);
    Some(format!(
        "frames are {how} than all of the training data ({} to {} % of the known pixels have 0.1 mm/h and more, there {} to {} %)",
        per_cent(given_least),
        per_cent(given_most),
        per_cent(least),
        per_cent(most)
    ))
}
