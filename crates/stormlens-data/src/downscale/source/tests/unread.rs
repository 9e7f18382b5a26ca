//! Messages that are not read, beside good ones.

use super::*;

fn of_edition(edition: u8, draft: &Draft) -> Vec<u8> {
    let mut bytes = draft.bytes();
    bytes[7] = edition;
    bytes
}

fn unread(from: u32, to: u32) -> Draft {
    Draft { packing: 199, ..sum(from, to) }
}

/// A picture that is none, which is known only when it is decoded.
fn broken(from: u32, to: u32) -> Vec<u8> {
    let mut bytes = Draft { packing: 41, ..sum(from, to) }.bytes();
    let at = bytes.windows(4).position(|w| w == b"\x89PNG").unwrap();
    bytes[at] = 0;
    bytes
}

#[test]
fn a_message_that_is_not_read_does_not_spoil_the_others() {
    let others = [
        (unread(3, 6).bytes(), "its packing 5.199 is not read"),
        (of_edition(3, &sum(3, 6)), "edition 3 of GRIB is not read"),
    ];
    for (other, words) in others {
        let bytes = [sum(0, 3).bytes(), other, sum(6, 9).bytes()].concat();
        let rain = of_bytes(&bytes).expect(words);
        assert_eq!(rain.ends(3), [hour(3), hour(9)]);
        assert!(rain.sum(hour(3), 3).is_ok() && rain.sum(hour(9), 3).is_ok(), "{words}");
        assert!(rain.why_left_out().is_some_and(|why| why.contains(words)), "{words}");
        let error = rain.sum(hour(9), 6).expect_err("a step is missing").to_string();
        assert!(error.contains("a step is missing") && error.contains(words), "{error}");
    }
}

#[test]
fn a_message_that_cannot_be_decoded_spoils_only_the_sums_that_need_it() {
    let bytes = [sum(0, 3).bytes(), broken(3, 6), sum(6, 9).bytes()].concat();
    let rain = of_bytes(&bytes).expect("heads");
    let made = rain.made(hour(9), 3).expect("its own sum");
    assert!(made.rule.contains("left out: ") && made.rule.contains("no PNG picture"), "{made:?}");
    let error = rain.sum(hour(6), 3).expect_err("it is needed").to_string();
    assert!(error.contains("sum from 2024-05-01 03:00 UTC"), "{error}");
}

/// Rates hold until the next one, so that nothing tells whether one between them is missing.
#[test]
fn rates_beside_a_message_of_unknown_time_are_refused() {
    let rate = |at: u32| Draft { number: 7, ..Draft::rain([at, at], &[1, 2, 3, 4]) };
    let frames = |step: &[u8]| [&rate(0).bytes()[..], step, &rate(2).bytes()].concat();
    assert!(of_bytes(&frames(&rate(1).bytes())).is_ok());
    for step in [of_edition(3, &rate(1)), Draft { packing: 199, ..rate(1) }.bytes()] {
        let sum = of_bytes(&frames(&step)).and_then(|rain| rain.sum(hour(2), 2));
        let error = sum.expect_err("a gap").to_string();
        assert!(error.contains("is not read"), "{error}");
    }
}
