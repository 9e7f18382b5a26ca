use super::*;
use crate::files::FilesError;

fn entry(file: &str) -> String {
    format!(
        r#"{{"file": "{file}", "title": "T", "description": "D", "label": "pos",
            "time": "2019-10-12T08:40:28Z", "source": "S", "licence": "L", "attribution": "A",
            "simulated": false}}"#
    )
}

/// A folder with two files and this list.
fn open(list: &str) -> Result<SceneArchive, SceneError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.png"), b"a").unwrap();
    std::fs::write(folder.path().join("b.png"), b"b").unwrap();
    std::fs::write(folder.path().join("copy of a.png"), b"a").unwrap();
    std::fs::write(folder.path().join("scenes.json"), list).unwrap();
    SceneArchive::open(folder.path())
}

#[test]
fn a_scene_is_known_by_its_bytes() {
    let archive = open(&format!("[{}, {}]", entry("b.png"), entry("a.png"))).unwrap();
    let titles: Vec<_> = archive.scenes.iter().map(|scene| scene.path.file_name()).collect();
    assert_eq!(titles, [Some("b.png".as_ref()), Some("a.png".as_ref())]);
    // The hash is that of the letter a.
    let scene = &archive.scenes[1];
    assert_eq!(scene.id, "ca978112ca1bbdca");
    assert!(scene.sha256.starts_with("ca978112ca1bbdcafac231b39a23dc4d"));
    assert_eq!(scene.label, Some(Label::Positive));
    assert_eq!(scene.time, Some("2019-10-12T08:40:28Z".parse().unwrap()));
}

#[test]
fn a_list_that_does_not_hold_is_an_error() {
    let check = |list: &str, words: &str| {
        let error = open(list).unwrap_err().to_string();
        assert!(error.contains("scenes.json") && error.contains(words), "{error}");
    };
    check("[", "not a list of scenes");
    check(&format!("[{}]", entry("a.png").replace("title", "titel")), "titel");
    check(&format!("[{}]", entry("a.png").replace("pos", "maybe")), "maybe");
    check(&format!("[{}]", entry("c.png")), "c.png cannot be read");
    check(&format!("[{}]", entry("../a.png")), "without a path");
    check(&format!("[{}]", entry("/etc/passwd")), "without a path");
    check(&format!("[{}]", entry("..")), "without a path");
    check(&format!("[{}]", entry("")), "without a path");
    check(&format!("[{}, {}]", entry("a.png"), entry("copy of a.png")), "the same bytes");
}

#[test]
fn a_folder_without_a_list_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = SceneArchive::open(folder.path()).unwrap_err();
    assert!(matches!(error, SceneError::File(FilesError::Io { .. })), "{error}");
}

#[test]
fn the_samples_of_this_repository_open() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/sentinel1");
    let archive = SceneArchive::open(&folder).unwrap();
    let of = |scene: &Scene| (scene.label, scene.simulated, scene.time.is_some());
    let expected = [Some(Label::Positive), Some(Label::Negative), None].map(|l| (l, false, true));
    assert_eq!(archive.scenes.iter().map(of).collect::<Vec<_>>(), expected);
    let size = |scene: &Scene| {
        let picture = scene.picture(&Limits::default()).unwrap();
        (picture.width, picture.height)
    };
    let sizes: Vec<_> = archive.scenes.iter().map(size).collect();
    assert_eq!(sizes, [(381, 381), (508, 508), (522, 510)]);
    assert!(archive.scenes.iter().all(|s| s.attribution.contains("Copernicus Sentinel data")));
}
