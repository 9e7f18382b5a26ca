//! A few samples and the weights of one narrow network that are parts of the program, so that it has something to show
//! where no folder of data or weights is named or found.
//!
//! They are written to the folder of what is kept and read from there: what reads files need not know of them.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk;

/// The folder in that of what is kept.
const FOLDER: &str = "embedded";

/// What lies beside the samples.
const NOTICE: &str = "# Samples that come with the program

18 of the 92 frames that the repository of Stormlens has of 26 August 2010, 05:35 to 07:00 UTC: the hour before 06:30 UTC,
and the half hour after it. Source: KNMI (Royal Netherlands Meteorological Institute), CC BY 4.0.

The program writes these files again where they are missing or changed. Name a folder of your own with --data.
";

/// The path of a file in the folder, and its bytes.
type File = (&'static str, &'static [u8]);

/// Files of the repository, which lie in the folder as they lie there.
macro_rules! embed {
    ($($path:literal),* $(,)?) => { &[$(($path, include_bytes!(concat!("../", $path)))),*] };
}

/// Twelve frames that a network takes and six that it is compared with; it was not trained on those six. The weights are
/// the smallest ones that forecast several lead times, in half precision.
const FILES: &[File] = embed![
    "data/knmi/README.md",
    "data/knmi/events.json",
    "data/knmi/RAD_NL25_RAP_5min_201008260535.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260540.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260545.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260550.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260555.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260600.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260605.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260610.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260615.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260620.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260625.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260630.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260635.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260640.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260645.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260650.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260655.h5",
    "data/knmi/RAD_NL25_RAP_5min_201008260700.h5",
    "checkpoints/sar-unet/narrow-leads-knmi-20100826/README.md",
    "checkpoints/sar-unet/narrow-leads-knmi-20100826/evaluation.json",
    "checkpoints/sar-unet/narrow-leads-knmi-20100826/split.json",
    "checkpoints/sar-unet/narrow-leads-knmi-20100826/weights.safetensors",
];

/// Written, and not a file of the repository.
const OWN: File = ("data/README.md", NOTICE.as_bytes());

/// The folder `data` or `checkpoints` with what comes with the program, below the folder of what is kept. Only what is
/// missing or different there is written; each version of the program has a folder of its own.
///
/// # Errors
/// Where a file cannot be written.
pub fn folder(kept: &Path, name: &str) -> io::Result<PathBuf> {
    let root = kept.join(FOLDER).join(env!("CARGO_PKG_VERSION"));
    let all = FILES.iter().chain([&OWN]);
    for (path, bytes) in all.filter(|(path, _)| Path::new(path).starts_with(name)) {
        let is_there = disk::read(&root.join(path)).is_ok_and(|found| found == *bytes);
        if !is_there {
            let (folder, file) = path.rsplit_once('/').unwrap_or(("", *path));
            disk::write(&root.join(folder), file, bytes)?;
        }
    }
    Ok(root.join(name))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use stormlens_data::archive::Archive;

    use super::*;
    use crate::places::{CHECKPOINTS, DATA};

    #[test]
    fn what_comes_with_the_program_is_a_folder_like_any_other() {
        let kept = tempfile::tempdir().expect("a folder");
        let data = folder(kept.path(), DATA).expect("it is written");
        let archive = Archive::open(&data.join("knmi")).expect("an archive");
        let samples = archive.samples(12, 5, &[5, 15, 30]);
        let observed: Vec<_> = samples.iter().filter(|one| one.is_observed()).collect();
        assert_eq!(observed.len(), 1, "half an hour after it is there");
        assert_eq!(observed[0].id, "20100826T0630");
        let weights = folder(kept.path(), CHECKPOINTS).expect("it is written");
        let split = weights.join("sar-unet/narrow-leads-knmi-20100826/split.json");
        let split = fs::read_to_string(split).expect("it is there");
        let (test, _) = split.split_once("\"train\"").expect("the test samples come first");
        assert!(test.contains(&observed[0].id), "a sample that was not used to train");
    }

    #[test]
    fn only_what_is_missing_or_different_is_written() {
        let kept = tempfile::tempdir().expect("a folder");
        let data = folder(kept.path(), DATA).expect("it is written");
        let [notice, events] = ["README.md", "knmi/events.json"].map(|name| data.join(name));
        let changed = |path: &Path| fs::metadata(path).and_then(|about| about.modified());
        let before = changed(&notice).expect("it is there");
        fs::write(&events, "damaged").expect("it is written");
        assert_eq!(folder(kept.path(), DATA).expect("it is written"), data);
        assert!(fs::read_to_string(&events).expect("it is there").contains("\"20100826\""));
        assert_eq!(changed(&notice).expect("it is there"), before);
        assert!(!data.with_file_name(CHECKPOINTS).exists(), "nobody asked for it");
        fs::write(kept.path().join("file"), "").expect("it is written");
        assert!(folder(&kept.path().join("file"), DATA).is_err(), "a file takes no folder");
    }

    #[test]
    fn they_are_small_and_say_whose_they_are() {
        let bytes: usize = FILES.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(bytes < 2_000_000, "{bytes}");
        for path in
            ["data/knmi/README.md", "checkpoints/sar-unet/narrow-leads-knmi-20100826/README.md"]
        {
            let (_, bytes) = FILES.iter().find(|(name, _)| *name == path).expect("it is embedded");
            assert!(String::from_utf8_lossy(bytes).contains("CC BY 4.0"), "{path}");
        }
        assert!(NOTICE.contains("KNMI") && NOTICE.contains("CC BY 4.0"));
    }
}
