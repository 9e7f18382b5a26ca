//! Attributes that have to be numbers, and are not.

use super::*;

fn text(text: &str) -> NcAttrValue {
    NcAttrValue::Chars(text.into())
}

#[test]
fn a_text_that_is_a_number_is_that_number() {
    let packed = |name, value| described([0_i16, 100, 200, 300], &[(name, value)]);
    check(packed("scale_factor", text("0.01")), [0.0, 1.0, 2.0, 3.0]);
    check(packed("add_offset", text(" 10 ")), [10.0, 110.0, 210.0, 310.0]);
    let nan = f32::NAN;
    let floats = |name, value| described([0.5_f32, 99.9, -1.0, 6.0], &[(name, value)]);
    check(floats("missing_value", text("99.9")), [0.5, nan, -1.0, 6.0]);
    check(floats("missing_value", text("99.9, -1")), [0.5, nan, nan, 6.0]);
    check(floats("valid_range", text("0 50")), [0.5, nan, nan, 6.0]);
    check(floats("valid_max", text("50")), [0.5, nan, -1.0, 6.0]);
}

#[test]
fn what_is_no_number_is_refused_with_the_attribute_and_the_variable() {
    let refused = |attributes: &[(&str, NcAttrValue)], words: &str| {
        let error = read([0_i16, 100, 200, 300], attributes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    for name in ["scale_factor", "add_offset", "missing_value", "valid_range", "valid_min"] {
        let words = format!("the attribute {name} of tp is the text “a tenth”, and has to be");
        refused(&[(name, text("a tenth"))], &words);
    }
    let numbers = |numbers: &[f64]| NcAttrValue::Doubles(numbers.to_vec());
    for (name, value, words) in [
        ("scale_factor", numbers(&[0.1, 0.2]), "scale_factor of tp has 2 numbers, not one"),
        ("valid_max", numbers(&[1.0, 2.0]), "valid_max of tp has 2 numbers, not one"),
        ("valid_range", numbers(&[1.0]), "valid_range of tp has 1 number, not two"),
        ("scale_factor", numbers(&[0.0]), "scale_factor of tp is 0, which makes no values"),
        ("scale_factor", numbers(&[f64::NAN]), "scale_factor of tp is NaN"),
        ("scale_factor", text("NaN"), "scale_factor of tp is NaN"),
        ("add_offset", numbers(&[f64::INFINITY]), "add_offset of tp is inf"),
    ] {
        refused(&[(name, value)], words);
    }
    // The type says which values a range is of, and a text has none.
    let packed = [("scale_factor", numbers(&[0.01])), ("valid_range", text("0, 50"))];
    refused(&packed, "does not say whether it is of stored or of unpacked values");
}
