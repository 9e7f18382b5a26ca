//! What the words of a command are: files, names with values, or the name of a sample.

use std::path::{Path, PathBuf};

use anyhow::bail;

/// A name and a value, as an address has them.
pub type Pair = (String, String);

/// The words of a command, sorted.
#[derive(Debug, Default, PartialEq)]
pub struct Given {
    pub files: Vec<PathBuf>,
    pub pairs: Vec<Pair>,
}

impl Given {
    /// Sorts words: `inputs` are those behind `--input`, which are files where nothing else is known of them;
    /// `others` stand by themselves. `subject` is the name of the parameter that says what is looked at, and
    /// `is_known` whether a word is one of its values.
    ///
    /// # Errors
    /// For a word that is none of the three.
    pub fn sort(
        inputs: &[PathBuf],
        others: &[PathBuf],
        subject: &str,
        is_known: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Self> {
        let mut given = Self::default();
        let inputs = inputs.iter().map(|word| (word, true));
        for (word, is_input) in inputs.chain(others.iter().map(|word| (word, false))) {
            let text = word.to_str().unwrap_or_default();
            match pair(text) {
                _ if word.exists() => given.files.push(word.clone()),
                Some(pair) => given.pairs.push(pair),
                None if is_known(text) => given.pairs.push((subject.to_owned(), text.to_owned())),
                None if is_input => given.files.push(word.clone()),
                None => bail!("{}", unknown(word, subject)),
            }
        }
        Ok(given)
    }

    /// Whether there is a pair of that name.
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(given, _)| given == name)
    }
}

fn unknown(word: &Path, subject: &str) -> String {
    format!("{} is no file, no {subject} and no NAME=VALUE", word.display())
}

/// `lead-time=30`; `None` for what has no name.
pub fn pair(text: &str) -> Option<Pair> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
    Some((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_a_name() {
        let of = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(pair("lead-time=30"), of("lead-time", "30"));
        assert_eq!(pair("a=b=c"), of("a", "b=c"));
        for bad in ["30", "=30", ""] {
            assert_eq!(pair(bad), None, "{bad}");
        }
    }

    /// A shell writes all files of a pattern behind one option, and a person goes on behind them.
    #[test]
    fn words_are_files_samples_or_pairs_wherever_they_stand() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["a.h5", "b.h5", "odd=name.npy"] {
            std::fs::write(path(name), b"").expect("a file");
        }
        let sort = |inputs: &[PathBuf], others: &[PathBuf]| {
            Given::sort(inputs, others, "sample", |word| word == "knmi-1")
        };
        let given = sort(&[path("a.h5"), path("b.h5"), "lead-time=30".into()], &[]).expect("known");
        assert_eq!(given.files, [path("a.h5"), path("b.h5")]);
        assert!(given.has("lead-time") && !given.has("sample"));
        let given = sort(&[], &[path("odd=name.npy"), "threshold=2".into()]).expect("known");
        assert_eq!((given.files.len(), given.pairs.len()), (1, 1));
        for given in [sort(&["knmi-1".into()], &[]), sort(&[], &["knmi-1".into()])] {
            let pairs = given.expect("known").pairs;
            assert_eq!(pairs, [("sample".to_owned(), "knmi-1".to_owned())]);
        }
        // That it is not there, whoever reads it will say.
        assert_eq!(sort(&["none.npy".into()], &[]).expect("a file").files.len(), 1);
        let error = sort(&[], &["lead-time".into()]).expect_err("no value").to_string();
        assert_eq!(error, "lead-time is no file, no sample and no NAME=VALUE");
    }
}
