//! Text in the letters that tags of a TIFF have, which are those of ASCII.

use std::fmt::Write as _;

/// Text of XML in ASCII: what XML means otherwise and all other letters go by their numbers; control characters, which XML
/// cannot have, are left out.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars().filter(|c| !c.is_control() || *c == '\n') {
        match letter {
            // GDAL unescapes what it has read once more.
            '&' => escaped.push_str("&amp;amp;"),
            '<' | '>' | '"' | '\'' => {
                let _ = write!(escaped, "&#{};", u32::from(letter));
            }
            _ if letter.is_ascii() => escaped.push(letter),
            _ => {
                let _ = write!(escaped, "&#{};", u32::from(letter));
            }
        }
    }
    escaped
}

/// Text in the letters of a TIFF's own tags.
pub fn ascii(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        match letter {
            '≥' => plain.push_str(">="),
            '°' => plain.push_str(" degrees"),
            '²' => plain.push('2'),
            '×' => plain.push('x'),
            '−' | '–' | '—' => plain.push('-'),
            '’' | '‘' => plain.push('\''),
            '“' | '”' => plain.push('"'),
            _ if letter.is_ascii() && !letter.is_control() => plain.push(letter),
            _ => plain.push('?'),
        }
    }
    plain
}
