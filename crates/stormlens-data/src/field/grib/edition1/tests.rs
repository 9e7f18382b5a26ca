//! Messages of edition 1 as ecCodes 2.50.0 writes and reads them, and damaged ones.

use super::super::super::testing::{golden, kept};
use super::super::super::{FieldFile, accumulate};
use super::super::bytes::Bits;
use super::super::scan;
use super::values::ibm_float;

/// `[i] × 0.00037` m with the fourth value missing, and `[i] × 0.5 − 0.25` mm; 51 to 49.5° N, 358.5 to 0.5° E.
fn whole() -> Vec<u8> {
    std::fs::read(kept("fields/edition1.grib1")).unwrap()
}

#[test]
fn two_messages_are_read_as_ec_codes_has_them() {
    let file = FieldFile::from_bytes("f", whole()).unwrap();
    let words: Vec<String> = file.contents().iter().map(ToString::to_string).collect();
    let time = "sum from 2020-01-02 12:00 UTC to 2020-01-02 18:00 UTC";
    assert_eq!(
        words,
        [format!("tp (m), surface, {time}"), format!("apcp (kg m-2), surface, {time}")]
    );
    let tp = file.read(0).unwrap();
    assert_eq!(tp.grid.longitudes, [-1.5, -1.0, -0.5, 0.0, 0.5]);
    assert_eq!(tp.grid.latitudes, [49.5, 50.0, 50.5, 51.0]);
    // North first in the file.
    let in_file = |field: &crate::field::GriddedField, i: usize| field.at(3 - i / 5, i % 5);
    for (i, expected) in
        [(0, 0.0), (1, 0.000_370_025_634_765_625), (4, 0.001_479_983_329_772_949_2)]
    {
        assert!((f64::from(in_file(&tp, i)) - expected).abs() < 1e-9, "{i}");
    }
    assert!(in_file(&tp, 3).is_nan() && tp.n_missing() == 1);
    let apcp = file.read(1).unwrap();
    assert_eq!((in_file(&apcp, 0), in_file(&apcp, 11)), (-0.25, 5.25));
    let interval = apcp.interval.unwrap();
    let rain = accumulate(&[apcp], interval.start, interval.end).unwrap();
    assert_eq!((rain.n_clipped, rain.clipped_mm), (1, 0.25));
}

/// Terrain of Météo-France says 255 wherever a date has numbers.
#[test]
fn what_has_no_date_has_no_interval() {
    let mut bytes = whole();
    bytes[8 + 12..8 + 15].fill(u8::MAX);
    let file = FieldFile::from_bytes("f", bytes.clone()).unwrap();
    let [undated, dated] = file.contents() else { panic!("two messages") };
    assert_eq!((undated.reference_time, undated.interval), (None, None));
    assert!(dated.reference_time.is_some() && dated.interval.is_some());
    assert_eq!(file.read(0).unwrap().interval, None);
    // A month alone that is none is a damaged date.
    bytes[8 + 12] = 20;
    let file = FieldFile::from_bytes("f", bytes).unwrap();
    assert_eq!(file.contents().len(), 1);
    let why = file.why_left_out(|left| left.is_message_of("tp")).expect("the first");
    assert!(
        why.starts_with("tp of message 1 cannot be used: ") && why.contains("is no time"),
        "{why}"
    );
}

/// As in edition 2, one odd octet of the first message does not spoil the second.
#[test]
fn a_message_that_is_not_read_leaves_the_other() {
    let with = |at: usize, octet: u8| {
        let mut bytes = whole();
        bytes[8 + at - 1] = octet;
        FieldFile::from_bytes("f", bytes).unwrap()
    };
    for (octet, value, words) in
        [(8, 0, "it names its grid by a number"), (18, 99, "its unit of time 99 is not read")]
    {
        let file = with(octet, value);
        assert_eq!(file.contents().len(), 1, "{words}");
        let why = file.why_messages("tp").expect(words);
        assert!(why.contains(words), "{why}");
    }
    // The decimal scale, by which all would be 0.
    let file = with(27, 0x7F);
    let why = file.contents()[0].unread.clone().expect("a reason");
    assert!(why.contains("10^") && file.read(0).is_err() && file.read(1).is_ok(), "{why}");
}

/// Minimum, maximum and mean are those of ecCodes.
#[test]
fn an_analysis_on_another_grid_is_listed_and_its_values_are_right() {
    let Some(folder) = golden("../data/stage4") else { return };
    let bytes = std::fs::read(folder.join("ST4.2002030112.06h.grb")).unwrap();
    let messages = scan("f", &bytes).unwrap().messages;
    let values = messages[0].values("f", &bytes).unwrap();
    let present: Vec<f64> = values.iter().filter(|v| !v.is_nan()).map(|&v| f64::from(v)).collect();
    assert_eq!((values.len(), present.len()), (1121 * 881, 715_042));
    let mean = present.iter().sum::<f64>() / present.len() as f64;
    assert!((mean - 0.105_338_469_628_344_59).abs() < 1e-7, "{mean}");
    assert_eq!(present.iter().copied().fold(0.0, f64::max), 91.75);
    let file = FieldFile::from_bytes("f", bytes).unwrap();
    assert_eq!(file.contents()[0].grid.kind, "polar stereographic");
    assert!(file.read(0).map(|_| ()).unwrap_err().to_string().contains("polar stereographic"));
}

#[test]
fn numbers_of_the_ibm_360_are_read() {
    for (bits, expected) in
        [(0, 0.0), (0x4110_0000, 1.0), (0xC276_A000, -118.625), (0x4040_0000, 0.25)]
    {
        assert_eq!(ibm_float(bits), expected, "{bits:x}");
    }
    let mut bits = Bits { bytes: &[0b1010_0110, 0xFF], at: 0 };
    assert_eq!(
        [bits.take(3), bits.take(0), bits.take(7), bits.take(6), bits.take(1)],
        [Some(5), Some(0), Some(0b001_1011), Some(0x3F), None]
    );
}

#[test]
fn damaged_messages_of_edition_1_end_in_an_error_and_never_in_a_panic() {
    let whole = whole();
    for length in 4..whole.len() {
        if length != 156 {
            assert!(
                FieldFile::from_bytes("f", whole[..length].to_vec()).is_err(),
                "cut to {length}"
            );
        }
    }
    for at in 8..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            if let Ok(file) = FieldFile::from_bytes("f", bytes) {
                (0..file.contents().len()).for_each(|place| match file.read(place) {
                    Ok(field) => {
                        assert_eq!(field.values.len(), field.grid.height() * field.grid.width())
                    }
                    Err(error) => {
                        assert!(!error.to_string().contains("a fault of this program"), "{error}")
                    }
                });
            }
        }
    }
}
