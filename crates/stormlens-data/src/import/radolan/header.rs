//! The header of a RADOLAN file.

use jiff::Timestamp;

use crate::time;

/// What ends a header.
const ETX: u8 = 3;
/// No header is longer, also with the names of all radars.
const MAX_BYTES: usize = 2048;
const PRODUCTS: [&str; 2] = ["RY", "YW"];

/// What a header says that is used.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub product: String,
    pub end: Timestamp,
    pub n_rows: usize,
    pub n_columns: usize,
}

impl Header {
    /// The header of a file, and the bytes that follow it.
    ///
    /// # Errors
    /// In words that follow the name of the file.
    pub fn split(bytes: &[u8]) -> Result<(Self, &[u8]), String> {
        let end = bytes.iter().take(MAX_BYTES).position(|&byte| byte == ETX);
        let end = end.ok_or_else(|| {
            format!("its header does not end (no ETX within the first {MAX_BYTES} bytes)")
        })?;
        let text = std::str::from_utf8(&bytes[..end]).ok().filter(|text| text.is_ascii());
        let header = Self::parse(text.ok_or("its header is not ASCII")?)?;
        Ok((header, &bytes[end + 1..]))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let product = text.get(..2).unwrap_or_default().to_owned();
        if !PRODUCTS.contains(&&*product) {
            return Err(format!(
                "it is the product {product:?}, where {} are read: rain of five minutes",
                PRODUCTS.join(" and ")
            ));
        }
        let fields = text.get(17..).unwrap_or_default();
        check_factor(fields)?;
        check_interval(fields)?;
        let (n_rows, n_columns) = size(fields)?;
        Ok(Self { product, end: end(text)?, n_rows, n_columns })
    }
}

/// The text behind the name of a field; names are capitals, and a field follows another without a space.
fn field<'a>(fields: &'a str, name: &str) -> Result<&'a str, String> {
    // The list of radars may hold any letters.
    let head = fields.split_once("MS").map_or(fields, |(head, _)| head);
    let found = head.split_once(name).map(|(_, rest)| rest);
    found.ok_or_else(|| format!("its header has no field {name}"))
}

/// `DDhhmm`, the place, and `MMYY`.
fn end(text: &str) -> Result<Timestamp, String> {
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let digits = format!("20{}{}{}{}", part(15, 17), part(13, 15), part(2, 4), part(4, 8));
    time::parse_digits(&digits).ok_or_else(|| format!("its time {:?} is none", part(2, 17)))
}

fn check_factor(fields: &str) -> Result<(), String> {
    let precision = field(fields, "PR")?.trim_start();
    match precision.get(..4) {
        Some("E-02") => Ok(()),
        found => Err(format!("its factor is {found:?} where E-02 (0.01 mm) is needed")),
    }
}

/// Minutes, of which `U1` would make days.
fn check_interval(fields: &str) -> Result<(), String> {
    let text = field(fields, "INT")?;
    let digits: String = text.trim_start().chars().take_while(char::is_ascii_digit).collect();
    let unit = text.trim_start()[digits.len()..].chars().collect::<Vec<_>>();
    let is_minutes = !matches!(unit[..], ['U', found, ..] if found != '0');
    match digits.as_str() {
        "5" if is_minutes => Ok(()),
        _ => Err(format!("it is a sum over {digits} minutes or days, where 5 minutes are needed")),
    }
}

/// Rows × columns.
fn size(fields: &str) -> Result<(usize, usize), String> {
    let text = field(fields, "GP")?;
    let sides = text.split_once('x').and_then(|(rows, columns)| {
        let columns: String =
            columns.trim_start().chars().take_while(char::is_ascii_digit).collect();
        Some((rows.trim().parse().ok()?, columns.parse().ok()?))
    });
    sides.ok_or_else(|| "its header does not say how many rows and columns it has".to_owned())
}
