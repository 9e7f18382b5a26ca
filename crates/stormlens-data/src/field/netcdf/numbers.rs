//! Attributes that have to be numbers, such as `scale_factor` and `missing_value`.

use netcdf_reader::{NcAttrValue, NcVariable};

use super::super::words::short;

/// Numbers that a text names, separated by commas or blanks; `None` where a part of it is something else.
pub(crate) fn in_text(text: &str) -> Option<Vec<f64>> {
    let parts = text.split([',', ' ', '\t', '\0']).filter(|part| !part.is_empty());
    // `1e20f` as in the text form of NetCDF.
    let suffixed = |part: &str| part.trim_end_matches(['f', 'F']).parse().ok();
    let number = |part: &str| part.parse().ok().or_else(|| suffixed(part));
    let numbers: Vec<f64> = parts.map(number).collect::<Option<_>>()?;
    Some(numbers).filter(|numbers| !numbers.is_empty())
}

/// Whether an attribute is a text.
pub(super) fn is_text(value: &NcAttrValue) -> bool {
    matches!(value, NcAttrValue::Chars(_) | NcAttrValue::Strings(_))
}

/// All numbers of an attribute, which some files write as a text; `None` where the attribute is not there.
///
/// # Errors
/// In words that name the variable and the attribute, for what is no number: left out, it would make other values of the
/// stored numbers without a word.
pub(super) fn all(variable: &NcVariable, name: &str) -> Result<Option<Vec<f64>>, String> {
    let Some(attribute) = variable.attribute(name) else { return Ok(None) };
    let is_empty = is_text(&attribute.value)
        && attribute
            .value
            .as_string()
            .is_some_and(|text| text.trim_matches(['\0', ' ']).is_empty());
    // Nothing is missing, and nothing is out of range.
    if is_empty && !["scale_factor", "add_offset"].contains(&name) {
        return Ok(None);
    }
    let found = match &attribute.value {
        NcAttrValue::Chars(text) => in_text(text),
        NcAttrValue::Strings(texts) => in_text(&texts.join(" ")),
        other => other.as_f64_vec().filter(|numbers| !numbers.is_empty()),
    };
    found.map(Some).ok_or_else(|| no_number(variable, name, &attribute.value))
}

fn no_number(variable: &NcVariable, name: &str, value: &NcAttrValue) -> String {
    let held = match value {
        NcAttrValue::Chars(text) => format!("is the text “{}”", short(text)),
        NcAttrValue::Strings(texts) => format!("is the text “{}”", short(&texts.join(" "))),
        _ => "holds no number".to_owned(),
    };
    let of = short(variable.name());
    format!("the attribute {name} of {of} {held}, and has to be a number: correct it or delete it")
}

/// The only number of an attribute; `None` where the attribute is not there.
///
/// # Errors
/// As [`all`], and for several numbers.
pub(super) fn one(variable: &NcVariable, name: &str) -> Result<Option<f64>, String> {
    match all(variable, name)?.as_deref() {
        None => Ok(None),
        Some(&[only]) => Ok(Some(only)),
        Some(several) => Err(count(variable, name, several.len(), "one")),
    }
}

/// Both ends of a range; `None` where the attribute is not there.
///
/// # Errors
/// As [`all`], and for another count than two.
pub(super) fn pair(variable: &NcVariable, name: &str) -> Result<Option<[f64; 2]>, String> {
    match all(variable, name)?.as_deref() {
        None => Ok(None),
        Some(&[least, most]) => Ok(Some([least, most])),
        Some(other) => Err(count(variable, name, other.len(), "two")),
    }
}

fn count(variable: &NcVariable, name: &str, n: usize, needed: &str) -> String {
    let of = short(variable.name());
    let numbers = if n == 1 { "number" } else { "numbers" };
    format!("the attribute {name} of {of} has {n} {numbers}, not {needed}: correct it or delete it")
}

#[cfg(test)]
mod tests {
    use super::in_text;

    #[test]
    fn a_text_is_numbers_or_nothing() {
        assert_eq!(in_text(" 0.01 "), Some(vec![0.01]));
        assert_eq!(in_text("-9999.f, 1e20"), Some(vec![-9999.0, 1e20]));
        assert_eq!(in_text("0 50\0"), Some(vec![0.0, 50.0]));
        assert_eq!(in_text("inf"), Some(vec![f64::INFINITY]));
        for text in ["", " ", "none", "0.01 mm", "0,5x"] {
            assert_eq!(in_text(text), None, "{text}");
        }
    }
}
