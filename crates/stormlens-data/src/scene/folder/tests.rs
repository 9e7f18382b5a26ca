use std::collections::{HashMap, HashSet};

use super::*;

#[test]
fn a_footprint_is_the_beginning_of_a_published_name() {
    let check = |name: &str, expected: Option<&str>| {
        assert_eq!(footprint(name).as_deref(), expected, "{name}");
    };
    check("cffe42_20191012T084028_20191012T084212_mos_rgb.png", Some("cffe42"));
    check("cffe42_20191012T084028_20191012T084212_mos_rgb.tif", None);
    check("CFFE42_20191012T084028_20191012T084212_mos_rgb.png", None);
    check("cffe4_20191012T084028_20191012T084212_mos_rgb.png", None);
    check("cffe42_20191012X084028_20191012T084212_mos_rgb.png", None);
    check("cffe42_20191012T084028_mos_rgb.png", None);
    check("cffé4_20191012T084028_20191012T084212_mos_rgb.png", None);
    check("scene.png", None);
    check("", None);
}

fn name(footprint: u32, day: u32) -> String {
    format!("{footprint:06x}_202001{day:02}T000000_202001{day:02}T000100_mos_rgb.png")
}

#[test]
fn a_folder_is_listed_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        "test/pos/b.png",
        "train/pos/z.PNG",
        "train/pos/a.png",
        "train/neg/notes.txt",
        "validation/neg/c.png",
        "elsewhere/pos/d.png",
    ];
    for file in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"").unwrap();
    }
    let known = folder.path().join("train/neg").join(name(0xABC, 1));
    std::fs::write(&known, b"").unwrap();
    let found = Folder::open(folder.path()).unwrap();
    let relative = |file: &SceneFile| {
        let path = file.path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
        (path, file.split, file.label, file.footprint.clone())
    };
    let expect = |path: &str, split, label| (path.to_owned(), split, label, None);
    let mut expected = vec![
        expect("train/pos/a.png", Split::Train, Label::Positive),
        expect("train/pos/z.PNG", Split::Train, Label::Positive),
        expect("validation/neg/c.png", Split::Validation, Label::Negative),
        expect("test/pos/b.png", Split::Test, Label::Positive),
    ];
    let first = format!("train/neg/{}", name(0xABC, 1));
    let footprint = Some("000abc".to_owned());
    expected.insert(0, (first, Split::Train, Label::Negative, footprint));
    assert_eq!(found.files.iter().map(relative).collect::<Vec<_>>(), expected);
}

#[test]
fn a_folder_without_scenes_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = Folder::open(folder.path()).unwrap_err();
    assert!(matches!(error, SceneError::NoScenes { .. }), "{error}");
    assert!(error.to_string().contains("train/pos"), "{error}");
}

/// 100 footprints with 1 to 3 scenes, 10 scenes without footprint, 5 for testing.
fn files() -> Vec<SceneFile> {
    let file = |name: String, split| {
        let footprint = footprint(&name);
        SceneFile { path: name.into(), split, label: Label::Negative, footprint }
    };
    let days = |i: u32| (1..=1 + i % 3).map(move |day| name(i, day));
    let mut files: Vec<_> = (0..100).flat_map(days).map(|n| file(n, Split::Train)).collect();
    files.extend((0..10).map(|i| file(format!("scene{i}.png"), Split::Train)));
    files.extend((0..5).map(|i| file(name(i, 20), Split::Test)));
    files
}

fn held_out(mut files: Vec<SceneFile>, share: f64, seed: u64) -> HashSet<PathBuf> {
    hold_out_validation(&mut files, share, seed);
    let is_held_out = |file: &SceneFile| file.split == Split::Validation;
    files.into_iter().filter(is_held_out).map(|file| file.path).collect()
}

#[test]
fn no_footprint_is_on_both_sides() {
    let mut files = files();
    let n_train = files.iter().filter(|file| file.split == Split::Train).count();
    hold_out_validation(&mut files, 0.2, 7);
    let mut splits: HashMap<&str, HashSet<&str>> = HashMap::new();
    for file in files.iter().filter(|file| file.split != Split::Test) {
        if let Some(footprint) = &file.footprint {
            splits.entry(footprint).or_default().insert(file.split.name());
        }
    }
    assert_eq!(splits.len(), 100);
    assert!(splits.values().all(|splits| splits.len() == 1));
    let n = files.iter().filter(|file| file.split == Split::Validation).count();
    assert!(n.abs_diff(n_train / 5) <= 1, "{n} of {n_train}");
    assert_eq!(files.iter().filter(|file| file.split == Split::Test).count(), 5);
}

#[test]
fn the_draw_hangs_on_the_seed_alone() {
    let mut reversed = files();
    reversed.reverse();
    let usual = held_out(files(), 0.2, 7);
    assert_eq!(held_out(reversed, 0.2, 7), usual);
    assert_ne!(held_out(files(), 0.2, 8), usual);
}

#[test]
fn shares_at_the_ends_take_nothing_or_all() {
    assert_eq!(held_out(files(), 0.0, 1).len(), 0);
    assert_eq!(held_out(files(), 1.0, 1).len(), files().len() - 5);
    assert_eq!(held_out(Vec::new(), 0.5, 1).len(), 0);
}

#[test]
fn files_without_footprint_are_drawn_one_by_one() {
    let named: Vec<_> = files().into_iter().filter(|file| file.footprint.is_none()).collect();
    let mut n = held_out(named.clone(), 0.5, 3).len();
    assert_eq!(n, 5);
    n = held_out(named, 0.3, 3).len();
    assert_eq!(n, 3);
}
