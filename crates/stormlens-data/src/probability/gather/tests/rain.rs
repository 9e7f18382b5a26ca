//! Rain of which some fields cannot be used.

use super::*;

/// `packed` tenths of a millimetre everywhere.
fn sum(from: u32, to: u32, packed: u16) -> Draft {
    Draft { height: 4, width: 4, ..Draft::rain([from, to], &[packed; 16]) }
}

fn of_rain() -> FieldStatement {
    statement(vec![variable("T850"), variable("RAIN")])
}

fn gathered(messages: &[Vec<u8>]) -> GatheredFields {
    let temperature = draft(T, HPA_850, 2_800.0).bytes();
    let bytes = [&temperature[..], &messages.concat()].concat();
    gather(&[FieldFile::from_bytes("a.grib2", bytes).unwrap()], &of_rain(), time()).unwrap()
}

fn source(found: &GatheredFields, place: usize) -> &str {
    match &found.found[place] {
        Found::Present { source, .. } => source,
        Found::Hidden { why } => panic!("{why}"),
    }
}

#[test]
fn a_maximum_of_the_same_time_does_not_hide_a_sum() {
    let good = sum(0, 3, 30);
    let most = Draft { process: 2, ..sum(0, 3, 70) };
    for drafts in [[good.clone(), most.clone()], [most, good]] {
        let found = gathered(&drafts.each_ref().map(Draft::bytes));
        assert!(found.values[6..].iter().all(|mm| (mm - 3.0).abs() < 1e-5), "{:?}", found.values);
        let source = source(&found, 1);
        assert!(
            source.contains("left out: apcp (kg m-2), surface in kg m-2 is no sum"),
            "{source}"
        );
        let there = [&[draft(T, HPA_850, 2_800.0)][..], &drafts].concat();
        assert_eq!(times(&files(&there), &of_rain()), [(time(), 2)]);
    }
}

/// Without the reason, nobody would look for a step that is in the file.
#[test]
fn a_step_that_was_left_out_says_why_it_is_missing() {
    let of_edition_3 = |mut bytes: Vec<u8>| {
        bytes[7] = 3;
        bytes
    };
    let packing = Draft { packing: 199, ..sum(1, 2, 10) };
    let most = Draft { process: 2, ..sum(1, 2, 10) };
    for (step, words) in [
        (packing.bytes(), "left out: apcp (kg m-2), surface cannot be read: its packing 5.199"),
        (most.bytes(), "left out: apcp (kg m-2), surface in kg m-2 is no sum and no mean"),
        (
            of_edition_3(sum(1, 2, 10).bytes()),
            "; message 3 (its content is not known) cannot be used",
        ),
    ] {
        let found = gathered(&[sum(0, 1, 10).bytes(), step, sum(2, 3, 10).bytes()]);
        let hidden = found.hidden(&of_rain()).join("");
        assert!(hidden.contains("a step is missing") && hidden.contains(words), "{hidden}");
    }
}

#[test]
fn rain_of_which_nothing_can_be_used_says_why() {
    let packing = Draft { packing: 199, ..sum(0, 3, 10) };
    let unclear = Draft { n_ranges: 2, ..sum(0, 3, 10) };
    for (draft, words) in [
        (
            packing,
            "until 2024-05-01 03:00 UTC cannot be made: apcp (kg m-2), surface cannot be read",
        ),
        (unclear, "cannot be made: apcp (kg m-2), surface has no time, or one that contradicts"),
    ] {
        let hidden = gathered(&[draft.bytes()]).hidden(&of_rain()).join("");
        assert!(hidden.contains(words), "{hidden}");
    }
}

/// A field that cannot be decoded is refused where it is needed, and said where it is not.
#[test]
fn a_broken_field_spoils_only_the_sums_that_need_it() {
    let broken = |from, to| {
        let mut bytes = Draft { packing: 41, ..sum(from, to, 10) }.bytes();
        let at = bytes.windows(4).position(|w| w == b"\x89PNG").unwrap();
        bytes[at] = 0;
        bytes
    };
    let found = gathered(&[sum(0, 3, 30).bytes(), broken(1, 2)]);
    let source = source(&found, 1);
    assert!(
        source.contains("left out: a.grib2 is damaged") && source.contains("no PNG"),
        "{source}"
    );
    let needed = [broken(0, 3)].concat();
    let file = FieldFile::from_bytes("a.grib2", needed).unwrap();
    let words = error(gather(&[file], &statement(vec![variable("RAIN")]), time()));
    assert!(words.contains("its data are no PNG picture"), "{words}");
}

/// One packing that is not read hides its variable, as one that is missing does, and no other.
#[test]
fn a_variable_that_is_not_read_is_hidden_and_says_why() {
    let drafts = [
        draft(T, HPA_850, 2_800.0),
        Draft { packing: 199, ..draft(RH, HPA_850, 600.0) },
        sum(0, 3, 30),
    ];
    let all = statement(["T850", "RH850", "RAIN"].map(variable).to_vec());
    let hidden = gather(&files(&drafts), &all, time()).unwrap().hidden(&all);
    assert_eq!(hidden.len(), 1, "{hidden:?}");
    let words = "; r (at 2024-05-01 03:00 UTC) cannot be used: its packing 5.199 is not read";
    assert!(hidden[0].starts_with("RH850: ") && hidden[0].contains(words), "{hidden:?}");
    assert_eq!(times(&files(&drafts), &all), [(time(), 2)]);
}
