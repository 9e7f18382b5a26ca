//! The names that there are, behind an error about one that there is not.

use crate::parameters::QuestionError;

/// Of many names those that begin most like the one that was given.
const MOST_NAMES: usize = 40;

/// `; choose one of: …`, wherever in an error it says that a name is none; else nothing.
pub fn names(error: &anyhow::Error) -> String {
    let asked = error.chain().find_map(|cause| cause.downcast_ref::<QuestionError>());
    let Some(QuestionError::Unknown { name, known, .. }) = asked.filter(|e| !e.known().is_empty())
    else {
        return String::new();
    };
    let mut listed: Vec<&str> = known.iter().map(String::as_str).collect();
    if listed.len() > MOST_NAMES {
        // Of equal ones the first stay first.
        listed.sort_by_key(|other| usize::MAX - in_common(name, other));
        listed.truncate(MOST_NAMES);
    }
    let more = match known.len() - listed.len() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!("; choose one of: {}{more}", listed.join(", "))
}

/// How many characters two names begin with.
fn in_common(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    fn of(known: Vec<String>, name: &str) -> String {
        let error: Result<(), _> = Err(QuestionError::unknown("method", name, known));
        let error = error.context("while something was done").expect_err("an error");
        format!("{error:#}{}", names(&error))
    }

    #[test]
    fn known_names_are_told() {
        let known = ["grad-cam", "saliency"].map(str::to_owned).to_vec();
        let expected = "while something was done: there is no method called “lime”; choose one of: grad-cam, saliency";
        assert_eq!(of(known, "lime"), expected);
        assert_eq!(names(&anyhow::anyhow!("another error")), "");
    }

    #[test]
    fn of_many_names_those_are_told_that_begin_alike() {
        let known = (0..100).map(|n| format!("knmi-{n:03}")).collect();
        let words = of(known, "knmi-05x");
        assert!(words.contains("choose one of: knmi-050, knmi-051"), "{words}");
        assert!(words.ends_with(" and 60 more"), "{words}");
    }
}
