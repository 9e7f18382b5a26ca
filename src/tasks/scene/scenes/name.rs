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

/// Neither a control, nor a noncharacter (Unicode Standard 23.7), nor one that shows nothing: those
/// that turn the direction (UAX #9), those without width, fillers and variation selectors can make
/// one name look like another.
fn is_visible(c: char) -> bool {
    let is_hidden = matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}'
    );
    !c.is_control() && !is_hidden && !is_noncharacter(c)
}

/// U+FDD0 to U+FDEF and the last two of each plane.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
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
        for hidden in [
            '\u{FFFE}',
            '\u{FFFF}',
            '\u{FDD0}',
            '\u{FDEF}',
            '\u{1FFFE}',
            '\u{10FFFF}',
            '\u{AD}',
            '\u{34F}',
            '\u{115F}',
            '\u{1160}',
            '\u{3164}',
            '\u{FFA0}',
            '\u{FE00}',
            '\u{FE0F}',
            '\u{E0100}',
        ] {
            check(&format!("sc{hidden}ene.png"), "scene.png");
        }
        check("ﷰ\u{FDCF}\u{FFFD}.png", "ﷰ\u{FDCF}\u{FFFD}.png");
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
