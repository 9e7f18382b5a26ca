use std::path::Path;

use super::*;
use crate::tasks::tests::{CLOUDS, catalog, data};

/// The weights of a name, with the split that is shipped beside them.
fn shipped(name: &str, lead_times_min: &[u32]) -> CheckpointCard {
    let of_rain = |card: &&CheckpointCard| {
        card.nowcasting.as_ref().is_some_and(|t| t.field == NowcastField::Precipitation)
    };
    let catalog = catalog();
    let all = catalog.models().iter().flat_map(|model| catalog.checkpoints(model.id));
    let mut card = all.map(|card| &**card).find(of_rain).expect("there is one").clone();
    let task = card.nowcasting.as_mut().expect("it forecasts");
    task.lead_times_min = lead_times_min.to_vec();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints").join(name);
    card.split = Split::beside(&folder.join("weights.safetensors"));
    assert!(card.split.is_some(), "{name}");
    card
}

fn samples() -> Samples {
    Samples::open(&data()).expect("the repository has samples")
}

fn check(card: &CheckpointCard, clock: &str, expected: Part) {
    let samples = samples();
    let id = format!("knmi-20100826T{clock}");
    assert_eq!(part(&samples, &id, card), expected, "{id}");
}

#[test]
fn each_sample_is_in_the_part_that_the_split_names() {
    let card = shipped("sar-unet/knmi-20100826", &[30]);
    check(&card, "0055", Part::Training);
    check(&card, "0430", Part::Training);
    check(&card, "0435", Part::Validation);
    check(&card, "0500", Part::Validation);
    check(&card, "0505", Part::Test);
    check(&card, "0705", Part::Test);
    // Its target lies beyond the archive.
    check(&card, "0735", Part::Unused);
}

#[test]
fn a_sample_between_two_parts_is_not_called_new() {
    let card = shipped("sar-unet/narrow-leads-knmi-20100826", &[5, 15, 30]);
    check(&card, "0430", Part::Training);
    // 5 minutes ahead it is of the training part, 30 minutes ahead of validation.
    check(&card, "0435", Part::Training);
    check(&card, "0515", Part::Validation);
    check(&card, "0525", Part::Validation);
    check(&card, "0545", Part::Test);
}

#[test]
fn what_is_not_known_is_not_said() {
    let samples = samples();
    let card = shipped("sar-unet/knmi-20100826", &[30]);
    assert_eq!(part(&samples, CLOUDS, &card), Part::Unknown, "another field");
    assert_eq!(part(&samples, "nothing", &card), Part::Unknown);
    let without = CheckpointCard { split: None, ..card.clone() };
    check(&without, "0055", Part::Unknown);
    // Windows of a set have no times, and another archive may hold the same frames.
    let windows = shipped("smaat-unet/narrow-wet-dry-20100826", &[30]);
    check(&windows, "0055", Part::Unknown);
    // Trained on more than this archive has: perhaps it is another one.
    let mut larger = shipped("sar-unet/narrow-leads-knmi-20100826", &[5, 15, 30]);
    larger.split.as_mut().unwrap().train.insert("20110101T0000".to_owned());
    check(&larger, "0435", Part::Unknown);
    check(&larger, "0055", Part::Training);
    // Frames of these times were to be predicted nowhere.
    check(&larger, "0735", Part::Unused);
}

/// An array may hold any frames, those of the training as well.
#[test]
fn of_what_has_no_time_nothing_is_known() {
    let samples = samples();
    let card = shipped("sar-unet/knmi-20100826", &[30]);
    let array = SampleEntry::undated("array".to_owned(), NowcastField::Precipitation);
    assert_eq!(Membership::new(&samples, &card).part(&array), Part::Unknown);
}

/// Weights that were trained on an archive whose folder their split names.
#[test]
fn archives_that_a_split_names_are_told_apart() {
    let mut card = shipped("sar-unet/knmi-20100826", &[30]);
    let all = |names: &BTreeSet<String>| names.iter().map(|n| format!("knmi/{n}")).collect();
    let plain = card.split.take().expect("a split");
    let (train, validation, test) = (all(&plain.train), all(&plain.validation), all(&plain.test));
    card.split = Some(Split { train, validation, test, ..Split::default() });
    for (clock, expected) in
        [("0055", Part::Training), ("0435", Part::Validation), ("0505", Part::Test)]
    {
        check(&card, clock, expected);
    }
    check(&card, "0735", Part::Unused);
    let samples = samples();
    assert_eq!(part(&samples, "radklim-20180516T1200", &card), Part::Unused, "of another year");
    // The same times of another archive say nothing of this one, which is named, too.
    let split = card.split.as_mut().expect("a split");
    split.train = split.train.iter().map(|name| name.replace("knmi", "other")).collect();
    check(&card, "0055", Part::Unused);
    check(&card, "0505", Part::Test);
}
