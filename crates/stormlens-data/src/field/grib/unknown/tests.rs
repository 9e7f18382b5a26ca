//! One odd octet in one message, beside good ones.

use super::super::super::{FieldError, FieldFile};
use super::super::testing::Draft;

fn sum(from: u32) -> Draft {
    Draft::rain([from, from + 3], &[1, 2, 3, 4])
}

/// A message with other octets in one of its sections.
fn with(section: u8, octet: usize, octets: &[u8]) -> Vec<u8> {
    let mut bytes = sum(3).bytes();
    let mut at = 16;
    while bytes[at + 4] != section {
        at += u32::from_be_bytes(std::array::from_fn(|i| bytes[at + i])) as usize;
    }
    bytes[at + octet - 1..][..octets.len()].copy_from_slice(octets);
    bytes
}

fn between_others(message: &[u8]) -> Result<FieldFile, FieldError> {
    let bytes = [&sum(0).bytes()[..], message, &sum(6).bytes()].concat();
    FieldFile::from_bytes("F.grib2", bytes)
}

fn of_edition(edition: u8) -> Vec<u8> {
    let mut bytes = sum(3).bytes();
    bytes[7] = edition;
    bytes
}

#[test]
fn a_message_whose_head_is_not_understood_leaves_the_others() {
    let unit = "apcp of message 2 cannot be used: its unit of time 99 is not read";
    let unknown = "message 2 (its content is not known) cannot be used: ";
    for (message, words) in [
        (with(4, 18, &[99]), unit),
        (with(4, 49, &[99]), unit),
        (with(4, 37, &[13]), "apcp of message 2 cannot be used: 2024-13-1 "),
        (with(1, 15, &[13]), "apcp of message 2 cannot be used: 2024-13-1 "),
        (with(5, 1, &[0; 4]), "section 5 at byte "),
        (with(5, 1, &[0; 4]), unknown),
        (of_edition(3), "(its content is not known) cannot be used: edition 3 of GRIB is not read"),
    ] {
        let file = between_others(&message).expect(words);
        assert_eq!(file.contents().len(), 2, "{words}");
        assert!((0..2).all(|place| file.read(place).is_ok()), "{words}");
        let why = file.why_messages("apcp").expect(words);
        assert!(why.contains(words), "{why}");
        let of_others = file.why_messages("t").is_some();
        assert_eq!(of_others, file.left_out()[0].is_unknown(), "{words}");
    }
}

/// Where nothing is left, the reason stands in the place of the fields.
#[test]
fn a_file_of_nothing_but_such_messages_is_refused_for_its_reason() {
    for (message, words) in [
        (of_edition(3), "message 1 (its content is not known): edition 3 of GRIB is not read"),
        (with(4, 18, &[99]), "apcp of message 1: its unit of time 99 is not read"),
    ] {
        let error = FieldFile::from_bytes("F", message).err().expect("nothing is left").to_string();
        assert!(
            error.contains("it has no message that is read") && error.contains(words),
            "{error}"
        );
    }
}

#[test]
fn what_the_head_says_is_not_read_is_listed_with_its_reason() {
    let packing = Draft { packing: 199, ..sum(3) };
    let no_number = Draft { reference: f32::NAN, ..sum(3) };
    for (message, words) in [
        (packing.bytes(), "its packing 5.199 is not read"),
        (no_number.bytes(), "its reference value is not a finite number (NaN)"),
        (with(5, 16, &[0x7F, 0xFF]), "its scales 2^32767 and 10^1 are beyond"),
        (with(5, 18, &[0x01, 0x00]), "its scales 2^0 and 10^256 are beyond"),
        (with(3, 13, &[0, 99]), "its grid is grid template 3.99, and only"),
        (with(3, 31, &[0, 0, 0, 9]), "its grid of 2 × 9 does not have 4 points"),
        (with(4, 8, &[0, 99]), "its product template 4.99 is not read"),
    ] {
        let file = between_others(&message).expect(words);
        let unread: Vec<Option<&str>> =
            file.contents().iter().map(|content| content.unread.as_deref()).collect();
        assert!(unread[1].is_some_and(|why| why.contains(words)), "{unread:?}");
        assert!(unread[0].is_none() && unread[2].is_none() && file.left_out().is_empty());
        let error = file.read(1).expect_err(words).to_string();
        assert!(error.contains(words) && error.contains("apcp (kg m-2)"), "{error}");
        assert!(file.read(0).is_ok() && file.read(2).is_ok(), "{words}");
    }
}

/// Where a message ends has to be known.
#[test]
fn what_is_cut_or_stands_between_messages_is_damage() {
    let whole = sum(3).bytes();
    let garbage = [b"HELLO", &whole[..]].concat();
    let mut endless = of_edition(3);
    endless[15] ^= 1;
    for (message, words) in [
        (whole[..whole.len() - 9].to_vec(), "does not end with 7777"),
        (garbage, "no message begins at byte"),
        (endless, "is of edition 3"),
    ] {
        let error = between_others(&message).err().expect(words).to_string();
        assert!(error.contains(words) && error.contains("damaged or cut off"), "{error}");
    }
}
