use std::fs;
use std::io::Cursor;
use std::time::{Duration, SystemTime};

use image::{ImageFormat, RgbImage};
use tempfile::TempDir;

use super::*;

fn picture(shade: u8, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(9, 7, image::Rgb([shade, shade, 200]))
        .write_to(&mut bytes, format)
        .expect("it can be written");
    bytes.into_inner()
}

fn png(shade: u8) -> Vec<u8> {
    picture(shade, ImageFormat::Png)
}

struct Folders {
    data: TempDir,
    cache: TempDir,
}

impl Folders {
    fn new() -> Self {
        Self { data: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() }
    }

    fn options(&self) -> CacheOptions {
        CacheOptions { folder: self.cache.path().join("below"), ..CacheOptions::default() }
    }

    fn open(&self) -> Scenes {
        Scenes::open(self.data.path(), self.options())
    }

    fn files(&self) -> Vec<String> {
        let folder = self.options().folder.join("scenes");
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn sample(&self, folder: &str, list: &str) {
        let folder = self.data.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.png"), png(1)).unwrap();
        fs::write(folder.join(LIST), list).unwrap();
    }
}

const ENTRY: &str = r#"[{"file": "a.png", "title": "A", "description": "One", "label": "pos",
    "time": null, "source": "Us", "licence": "CC0-1.0", "attribution": "Seen by us",
    "simulated": true}]"#;

#[test]
fn an_upload_is_found_by_its_hash_and_keeps_its_bytes() {
    let folders = Folders::new();
    for (format, name) in
        [(ImageFormat::Png, "PNG"), (ImageFormat::Jpeg, "JPEG"), (ImageFormat::Tiff, "TIFF")]
    {
        let scenes = folders.open();
        let bytes = picture(5, format);
        let entry = scenes.add("../../scene.png", &bytes, Coding::default()).unwrap();
        assert_eq!(entry.id, entry.sha256[..16]);
        assert_eq!((entry.width_px, entry.height_px, entry.uploaded), (9, 7, true));
        assert_eq!(entry.title, "scene.png");
        assert!(entry.description.starts_with(name), "{}", entry.description);
        assert_eq!(scenes.find(&entry.id), Some(entry.clone()));
        assert_eq!(scenes.bytes(&entry.id).unwrap(), bytes);
        assert_eq!(folders.open().find(&entry.id), Some(entry), "it survives a restart");
    }
    assert_eq!(folders.files().len(), 6);
}

#[test]
fn the_same_bytes_are_one_scene() {
    let folders = Folders::new();
    let scenes = folders.open();
    let first = scenes.add("a.png", &png(5), Coding::default()).unwrap();
    assert_eq!(scenes.add("a.png", &png(5), Coding::default()).unwrap(), first);
    scenes.add("b.png", &png(5), Coding::default()).unwrap();
    assert_eq!(folders.files(), [first.sha256.clone(), format!("{}.json", first.sha256)]);
}

/// A name may say more than its bearer wants others to know.
#[test]
fn whoever_brings_the_same_bytes_sees_the_own_name_and_no_other() {
    let folders = Folders::new();
    let scenes = folders.open();
    let first = scenes.add("patient 17.png", &png(5), Coding::default()).unwrap();
    let second = scenes.add("b.png", &png(5), Coding::default()).unwrap();
    assert_eq!((first.title.as_str(), second.title.as_str()), ("patient 17.png", "b.png"));
    assert_eq!(second.sha256, first.sha256);
    assert_ne!(second.id, first.id);
    for entry in [&first, &second] {
        assert_eq!(scenes.find(&entry.id).as_ref(), Some(entry));
        assert_eq!(folders.open().find(&entry.id).as_ref(), Some(entry), "it survives a restart");
        assert_eq!(scenes.bytes(&entry.id).unwrap(), png(5));
    }
    assert_eq!(scenes.add("b.png", &png(5), Coding::default()).unwrap(), second);
    assert_eq!(scenes.find(&format!("{}-00000000", first.id)), None);
    // Names cost room: the oldest of very many are forgotten.
    (0..150)
        .for_each(|i| drop(scenes.add(&format!("{i}.png"), &png(5), Coding::default()).unwrap()));
    assert_eq!(scenes.find(&second.id), None);
    assert_eq!(scenes.find(&first.id), Some(first));
}

#[test]
fn what_is_no_picture_leaves_nothing() {
    let folders = Folders::new();
    let scenes = folders.open();
    let check = |bytes: &[u8], expected: &str| {
        let error = scenes.add("a.png", bytes, Coding::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(b"", "empty");
    check(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "choose a PNG, JPEG or TIFF");
    check(&png(5)[..40], "damaged");
    check(&vec![0; 32_000_001], "the file has 32.1 MB, but at most 32 MB");
    assert_eq!(folders.files(), [""; 0]);
}

#[test]
fn ids_that_are_none_find_nothing() {
    let folders = Folders::new();
    let scenes = folders.open();
    let id = scenes.add("a.png", &png(5), Coding::default()).unwrap().id;
    for wrong in ["", "..", "../../etc/passwd", &id[..15], &format!("{id}0"), "zzzzzzzzzzzzzzzz"] {
        assert_eq!(scenes.find(wrong), None, "{wrong}");
        assert!(matches!(scenes.bytes(wrong), Err(SceneError::Unknown { .. })), "{wrong}");
    }
}

#[test]
fn the_least_recently_used_go_when_the_folder_is_full() {
    let folders = Folders::new();
    let one = png(1).len() as u64 + (8 << 10);
    let options = CacheOptions { max_bytes: 2 * one + one / 2, ..folders.options() };
    let scenes = Scenes::open(folders.data.path(), options.clone());
    let ids =
        [1, 2].map(|shade| scenes.add("a.png", &png(shade), Coding::default()).unwrap().sha256);
    // As if they had been used long ago, the first one later.
    for (sha256, hours) in ids.iter().zip([1, 2]) {
        let note = options.folder.join("scenes").join(format!("{sha256}.json"));
        let then = SystemTime::now() - Duration::from_secs(hours * 3600);
        fs::File::options().write(true).open(note).unwrap().set_modified(then).unwrap();
    }
    let scenes = Scenes::open(folders.data.path(), options);
    scenes.add("a.png", &png(3), Coding::default()).unwrap();
    assert!(scenes.find(&ids[0][..16]).is_some());
    assert!(scenes.find(&ids[1][..16]).is_none());
    assert_eq!(folders.files().len(), 4);
}

#[test]
fn an_unfinished_upload_is_cleared_away_and_foreign_files_stay() {
    let folders = Folders::new();
    let sha256 = folders.open().add("a.png", &png(5), Coding::default()).unwrap().sha256;
    let folder = folders.options().folder.join("scenes");
    fs::remove_file(folder.join(format!("{sha256}.json"))).unwrap();
    for foreign in ["notes.txt", "part-abc"] {
        fs::write(folder.join(foreign), "mine").unwrap();
    }
    assert_eq!(folders.open().find(&sha256[..16]), None);
    assert_eq!(folders.files(), [&sha256, "notes.txt", "part-abc"], "they may be being written");
    for file in folders.files() {
        let file = fs::File::options().write(true).open(folder.join(file)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(7200)).unwrap();
    }
    folders.open();
    assert_eq!(folders.files(), ["notes.txt"]);
}

#[test]
fn a_file_that_was_exchanged_is_noticed() {
    let folders = Folders::new();
    let scenes = folders.open();
    let entry = scenes.add("a.png", &png(5), Coding::default()).unwrap();
    fs::write(folders.options().folder.join("scenes").join(&entry.sha256), png(6)).unwrap();
    assert!(matches!(scenes.bytes(&entry.id), Err(SceneError::Changed { .. })));
}

#[test]
fn an_upload_that_was_lost_is_written_again() {
    let folders = Folders::new();
    let scenes = folders.open();
    let entry = scenes.add("a.png", &png(5), Coding::default()).unwrap();
    let file = folders.options().folder.join("scenes").join(&entry.sha256);
    let note = file.with_extension("json");
    let mut damaged = png(5);
    damaged[20] ^= 1;
    let check = |lose: &dyn Fn()| {
        lose();
        assert_eq!(scenes.add("a.png", &png(5), Coding::default()).unwrap(), entry);
        assert_eq!(scenes.bytes(&entry.id).unwrap(), png(5));
        assert_eq!(folders.open().find(&entry.id), Some(entry.clone()), "it survives a restart");
    };
    check(&|| fs::remove_file(&file).unwrap());
    check(&|| fs::write(&file, &png(5)[..40]).unwrap());
    check(&|| fs::write(&file, &damaged).unwrap());
    check(&|| fs::remove_file(&note).unwrap());
    check(&|| fs::remove_dir_all(file.parent().unwrap()).unwrap());
}

#[test]
fn errors_name_the_scene_and_no_folder() {
    let folders = Folders::new();
    let scenes = folders.open();
    let entry = scenes.add("a.png", &png(5), Coding::default()).unwrap();
    let file = folders.options().folder.join("scenes").join(&entry.sha256);
    let check = |error: &dyn std::fmt::Display, words: [&str; 2]| {
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert!(!text.contains(folders.cache.path().to_str().unwrap()), "{text}");
    };
    fs::write(&file, png(6)).unwrap();
    check(&scenes.bytes(&entry.id).unwrap_err(), ["\"a.png\"", "upload it again"]);
    fs::remove_file(&file).unwrap();
    check(&scenes.bytes(&entry.id).unwrap_err(), ["\"a.png\"", "upload it again"]);
    fs::remove_dir_all(folders.options().folder).unwrap();
    fs::write(folders.options().folder, "in the way").unwrap();
    check(
        &scenes.add("b.png", &png(7), Coding::default()).unwrap_err(),
        ["cannot be kept", "upload it again"],
    );
}

#[test]
fn samples_come_from_every_folder_with_a_list() {
    let folders = Folders::new();
    folders.sample("first", ENTRY);
    folders.sample("second", "not JSON");
    fs::create_dir(folders.data.path().join("third")).unwrap();
    let scenes = folders.open();
    let [sample] = scenes.samples() else { panic!("{:?}", scenes.samples()) };
    assert_eq!((sample.title.as_str(), sample.uploaded, sample.simulated), ("A", false, true));
    assert_eq!(sample.label, Some(Label::Positive));
    assert_eq!(scenes.bytes(&sample.id).unwrap(), png(1));
    assert_eq!(scenes.picture(&sample.id, Coding::default()).unwrap().picture.width, 9);
    assert_eq!(
        scenes.add("again.png", &png(1), Coding::default()).unwrap(),
        *sample,
        "a sample is not stored again"
    );
    assert_eq!(folders.files(), [""; 0]);
}

#[test]
fn no_name_is_lost_where_several_bring_the_same_picture_at_once() {
    let folders = Folders::new();
    let scenes = folders.open();
    let names: Vec<String> = (0..8).map(|i| format!("{i}.png")).collect();
    let (start, picture) = (std::sync::Barrier::new(names.len()), png(5));
    let ids: Vec<String> = std::thread::scope(|scope| {
        let bring = |name: &String| {
            let (name, scenes, start, picture) = (name.clone(), &scenes, &start, &picture);
            scope.spawn(move || {
                start.wait();
                scenes.add(&name, picture, Coding::default()).expect("it is kept").id
            })
        };
        let threads: Vec<_> = names.iter().map(bring).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    });
    for scenes in [&scenes, &folders.open()] {
        let titles = ids.iter().map(|id| scenes.find(id).map(|entry| entry.title));
        let titles: Vec<String> = titles.map(Option::unwrap_or_default).collect();
        assert_eq!(titles, names);
    }
}
