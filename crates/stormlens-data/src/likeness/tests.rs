use super::*;
use crate::import::radar::tests::{data, files};

fn archive(folder: &str) -> Archive {
    Archive::open(&data(folder)).unwrap()
}

fn knmi() -> (Archive, Likeness) {
    let archive = archive("knmi");
    let times: Vec<_> = archive.times().step_by(6).collect();
    let likeness = Likeness::of_archive(&archive, &times).unwrap();
    (archive, likeness)
}

fn kinds(training: &Likeness, input: &Likeness) -> Vec<DifferenceKind> {
    training.differences(input).into_iter().map(|difference| difference.kind).collect()
}

#[test]
fn frames_of_the_training_data_are_like_them() {
    let (archive, training) = knmi();
    assert_eq!((training.known_share, training.frame_step_min, training.spacing_km), (1.0, 5, 1.0));
    let sample = archive.load("20100826T0455", 12, 5, &[30]).unwrap();
    let input = Likeness::of_sample(&sample, archive.measured());
    assert_eq!(training.differences(&input), []);
    let stored = serde_json::to_string(&training).unwrap();
    assert_eq!(serde_json::from_str::<Likeness>(&stored).unwrap(), training);
}

/// The quantiles are those of the sorted amounts, to half a class.
#[test]
fn quantiles_are_those_of_the_sorted_amounts() {
    let (archive, _) = knmi();
    let sample = archive.load("20100826T0455", 12, 5, &[30]).unwrap();
    let frames = &sample.sequence.frames;
    let mut wet: Vec<f32> =
        frames.iter().flat_map(|map| map.values.iter().copied()).filter(|&v| v >= 0.1).collect();
    wet.sort_by(f32::total_cmp);
    let found = Likeness::of_sample(&sample, None).quantiles_mm_h.unwrap();
    for (probability, found) in PROBABILITIES.into_iter().zip(found) {
        let expected = f64::from(wet[(probability * wet.len() as f64) as usize]);
        assert!((found / expected - 1.0).abs() < 0.04, "{probability}: {found} {expected}");
    }
}

#[test]
fn another_unit_is_seen_in_the_amounts() {
    let (archive, training) = knmi();
    let sample = archive.load("20100826T0455", 12, 5, &[30]).unwrap();
    let scaled = |factor: f32| {
        let maps: Vec<Field> =
            sample.sequence.frames.iter().map(|map| map.map(|rate| rate * factor)).collect();
        Likeness::of_maps(&maps, "numbers", 1.0, 5)
    };
    assert_eq!(kinds(&training, &scaled(1.0)), []);
    assert_eq!(kinds(&training, &scaled(12.0))[0], DifferenceKind::Scale);
    let found = training.differences(&scaled(100.0));
    assert!(found[0].words.contains("more than ever fell"), "{found:?}");
    let found = training.differences(&scaled(12.0));
    assert!(found[0].words.contains("times as large"), "{found:?}");
}

#[test]
fn other_pixels_steps_and_gaps_are_told() {
    let (archive, training) = knmi();
    let sample = archive.load("20100826T0455", 4, 15, &[30]).unwrap();
    let input = Likeness::of_sample(&sample, archive.measured());
    assert_eq!(kinds(&training, &input), [DifferenceKind::Step]);
    let coarse = Likeness { spacing_km: 2.0, ..training.clone() };
    let found = training.differences(&coarse);
    assert!(found.len() == 1 && found[0].words.contains("pixels have 2 km"), "{found:?}");
    let finnish = Likeness { spacing_km: 0.999_651, ..training.clone() };
    assert_eq!(training.differences(&finnish), []);
    let nan = Likeness { spacing_km: f64::NAN, ..training.clone() };
    assert_eq!(kinds(&training, &nan), [DifferenceKind::Spacing]);
    let nothing = Likeness::of_maps(&[Field::new(1, 2, vec![f32::NAN; 2])], "none", 1.0, 5);
    assert_eq!(kinds(&training, &nothing), [DifferenceKind::Known, DifferenceKind::Wetness]);
}

/// What the shipped data of other services are said to be unlike.
#[test]
fn other_services_are_told_apart() {
    let (_, training) = knmi();
    let fmi = crate::import::radar::open(&files("fmi", ".gz")[0]).unwrap();
    let input = Likeness::of_file(&fmi).unwrap();
    let found = kinds(&training, &input);
    assert!(
        found.contains(&DifferenceKind::Measured) && found.contains(&DifferenceKind::Known),
        "{found:?}"
    );
    assert!(
        !found.contains(&DifferenceKind::Spacing) && !found.contains(&DifferenceKind::Scale),
        "{found:?}"
    );
    let land = archive("knmi-2011");
    let sample = land.load("20110910T1200", 12, 5, &[30]).unwrap();
    let found = kinds(&training, &Likeness::of_sample(&sample, land.measured()));
    assert!(
        found.contains(&DifferenceKind::Known) && found.contains(&DifferenceKind::Wetness),
        "{found:?}"
    );
}
