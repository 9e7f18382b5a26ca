//! Names of uploaded files: text to show, never a path.

const MAX_CHARS: usize = 120;
const UNNAMED: &str = "unnamed picture";

/// The last component of whatever a client calls its file, without control characters and without
/// characters that turn the direction of writing or show nothing, at most 120 characters long.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|&c| is_visible(c)).take(MAX_CHARS).collect();
    match visible.trim() {
        "" | "." | ".." => UNNAMED.to_owned(),
        name => name.to_owned(),
    }
}

/// Neither a control nor one of Unicode's invisible format characters: those that turn the direction
/// (UAX #9) and those without width can make one name look like another.
fn is_visible(c: char) -> bool {
    let is_format = matches!(
        c,
        '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    );
    !c.is_control() && !is_format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_last_component_without_what_cannot_be_seen() {
        let check = |name: &str, expected: &str| assert_eq!(clean_name(name), expected);
        check("scene.png", "scene.png");
        check("  scene 1.png ", "scene 1.png");
        check("Spitzbergen, März.png", "Spitzbergen, März.png");
        check("../../etc/passwd", "passwd");
        check("C:\\Users\\me\\scene.png", "scene.png");
        check("scene.png\0.exe", "scene.png.exe");
        check("one\r\ntwo\tthree.png", "onetwothree.png");
        check("scene\u{202E}gnp.exe", "scenegnp.exe");
        check("sc\u{200B}ene.png", "scene.png");
        check("<script>alert(1)</script>.png", "script>.png");
        for nothing in ["", ".", "..", "../..", "a/", "\0", "\u{202E}", "   "] {
            check(nothing, UNNAMED);
        }
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(clean_name(&"ä".repeat(10_000)).chars().count(), MAX_CHARS);
    }
}
