//! Files from outside: the good ones are kept, everything else is refused in words.

use std::io::Cursor;
use std::path::Path;

use axum::http::StatusCode;
use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage};

use crate::support::{FORM, Page, Script, TestApp, form};

/// A scene like no other: `shade` makes its bytes its own.
pub fn picture(shade: u8) -> DynamicImage {
    let pixel = |x: u32, y: u32| Rgb([shade, shade, (x * 5 + y * 3) as u8]);
    RgbImage::from_fn(48, 40, pixel).into()
}

pub fn encode(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("it can be written");
    bytes.into_inner()
}

pub fn png(shade: u8) -> Vec<u8> {
    encode(&picture(shade), ImageFormat::Png)
}

/// A PNG whose header lies about its size, with a sound checksum.
pub fn png_of_size(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(1);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// As PNG uses it (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    })
}

fn animated() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 4, 4);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for shade in [0, 255] {
        writer.write_image_data(&[shade; 16]).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

/// All files below a folder, by their paths in it.
pub fn tree(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => {
                files.extend(tree(&entry.path()).into_iter().map(|file| format!("{name}/{file}")))
            }
            false => files.push(name),
        }
    }
    files.sort();
    files
}

/// The address of the thumbnail of the scene that a result is of.
pub fn thumbnail_of(result: &str) -> String {
    let (_, id) = result.split_once("&scene=").expect("it is of a scene");
    format!("/scenes/{}/thumbnail.jpg", &id[..16])
}

pub async fn refuses(bytes: &[u8], status: u16, words: &str) {
    let app = TestApp::new();
    let page = app.upload(&[("scene.png", bytes)]).await;
    let text = page.texts(".error").concat();
    assert_eq!(page.status.as_u16(), status, "{text}");
    assert!(text.contains(words), "{words} in: {text}");
    assert!(text.contains("scene.png"), "the file is named: {text}");
    assert_eq!(tree(app.around.path()), [""; 0], "nothing is left behind");
}

#[tokio::test]
async fn one_picture_leads_to_its_result() {
    let app = TestApp::new();
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff] {
        let bytes = encode(&picture(7), format);
        let page = app.upload(&[("my scene.png", &bytes)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
        let address = page.header("location").to_owned();
        assert!(
            address.starts_with("/v1/result?model=polar-low&checkpoint=scripted&"),
            "{address}"
        );
        let result = app.finished(&address).await;
        assert_eq!(result.status, StatusCode::OK, "{}", result.text());
        assert_eq!(result.texts("h1"), ["my scene.png"]);
        let thumbnail = app.get(&thumbnail_of(&address)).await;
        assert_eq!(thumbnail.header("content-type"), "image/jpeg");
        assert_eq!(image::load_from_memory(&thumbnail.body).unwrap().width(), 48);
    }
}

#[tokio::test]
async fn grey_and_deep_pictures_are_scenes_too() {
    let app = TestApp::new();
    let grey = DynamicImage::ImageLuma8(GrayImage::from_pixel(9, 9, image::Luma([7])));
    for picture in [grey.clone(), grey.to_luma16().into(), grey.to_rgba8().into()] {
        let page = app.upload(&[("a.png", &encode(&picture, ImageFormat::Png))]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    }
}

#[tokio::test]
async fn a_program_sends_a_picture_by_itself() {
    let app = TestApp::new();
    let page = app.send_body("/scenes?name=a+b.png", "image/png", "application/json", png(1)).await;
    assert_eq!(page.status, StatusCode::CREATED, "{}", page.text());
    let receipt = page.json();
    assert_eq!(receipt["page"], page.header("location"));
    assert_eq!(receipt["scenes"][0]["title"], "a b.png");
    assert_eq!(receipt["scenes"][0]["width_px"], 48);
    assert_eq!(receipt["scenes"][0]["sha256"].as_str().map(str::len), Some(64));
    let browser = app.send_body("/scenes", "image/png", "text/html", png(1)).await;
    assert_eq!(browser.status, StatusCode::SEE_OTHER);
    let bad = app.send_body("/scenes", "image/tiff", "application/json", "<svg/>").await;
    assert_eq!(bad.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(bad.json()["remedy"].as_str().unwrap().contains("PNG, JPEG or TIFF"));
}

/// A TIFF whose numbers are no colours.
fn measured(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/stormlens-data/tests/pictures");
    std::fs::read(Path::new(folder).join(name)).expect("it is there")
}

/// A form with a text before its files.
fn form_saying(pairs: &[(&str, &str)], files: &[(&str, &[u8])]) -> Vec<u8> {
    let field = |(name, text): &(&str, &str)| {
        format!("--xXx\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let fields: String = pairs.iter().map(field).collect();
    [fields.into_bytes(), form("files", files)].concat()
}

#[tokio::test]
async fn measurements_are_taken_with_what_they_are() {
    let app = TestApp::new();
    let levels = measured("f32_db.tif");
    let refused = app.upload(&[("levels.tif", &levels)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = refused.texts(".error").concat();
    assert!(
        text.contains("float32") && text.contains("values=decibels, values=hundredths"),
        "{text}"
    );

    let files: [(&str, &[u8]); 1] = [("levels.tif", &levels)];
    let body = form_saying(&[("values", "decibels"), ("bands", "named")], &files);
    let page = app.send_body("/scenes", FORM, "text/html", body).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let address = page.header("location").to_owned();
    assert!(address.contains("&values=decibels") && !address.contains("bands"), "{address}");
    assert_eq!(app.finished(&address).await.status, StatusCode::OK);
    let thumbnail = app.get(&thumbnail_of(&address)).await;
    assert_eq!(thumbnail.status, StatusCode::OK, "{}", thumbnail.text());

    // A program says it in the address, and what is said anew counts.
    let counts = measured("s1_grd_uint16.tif");
    let sent = "/scenes?name=counts.tif&values=counts&bands=co";
    let page = app.send_body(sent, "image/tiff", "application/json", counts).await;
    assert_eq!(page.status, StatusCode::CREATED, "{}", page.text());
    assert!(page.header("location").contains("&values=counts&bands=co"));
}

#[tokio::test]
async fn pictures_and_measurements_come_together() {
    let app = TestApp::new();
    let (levels, plain) = (measured("f32_db.tif"), png(4));
    let files: [(&str, &[u8]); 2] = [("levels.tif", &levels), ("plain.png", &plain)];
    let body = form_saying(&[("values", "decibels")], &files);
    let page = app.send_body("/scenes", FORM, "text/html", body).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let table = app.get(page.header("location")).await;
    let table = app.finished(table.header("location")).await;
    let links = table.attributes("tbody th a", "href");
    assert_eq!(links.len(), 2, "{links:?}");
    assert!(links[0].contains("values=decibels") && !links[1].contains("values="), "{links:?}");
}

#[tokio::test]
async fn what_is_said_of_numbers_is_checked() {
    let app = TestApp::new();
    let plain = png(4);
    let files: [(&str, &[u8]); 1] = [("plain.png", &plain)];
    let check = async |body: Vec<u8>, status: StatusCode, words: &str| {
        let page = app.send_body("/scenes", FORM, "text/html", body).await;
        assert_eq!(page.status, status, "{}", page.text());
        assert!(page.text().contains(words), "{}", page.text());
    };
    let (unknown, bad) = (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::BAD_REQUEST);
    check(form_saying(&[("values", "loudness")], &files), unknown, "loudness").await;
    check(form_saying(&[("values", &"a".repeat(100))], &files), bad, "too long").await;
    let mut behind = form("files", &files);
    behind.truncate(behind.len() - "--xXx--\r\n".len());
    behind.extend(form_saying(&[("values", "decibels")], &[]));
    check(behind, bad, "behind the files").await;
}

#[tokio::test]
async fn a_script_of_the_page_gets_a_receipt() {
    let app = TestApp::new();
    let body = form("files", &[("a.png", &png(1)), ("b.png", &png(2)), ("c.png", b"no")]);
    let page = app.send_body("/scenes", FORM, "application/json", body).await;
    assert_eq!(page.status, StatusCode::CREATED);
    let receipt = page.json();
    assert_eq!(receipt["scenes"].as_array().map(Vec::len), Some(2));
    assert_eq!(receipt["refused"][0]["name"], "c.png");
    assert_eq!(receipt["refused"][0]["status"], 415);
}

#[tokio::test]
async fn good_files_are_kept_and_bad_ones_named() {
    let app = TestApp::set_up(|setup| setup.max_file_bytes = 20_000);
    let large = vec![7; 30_000];
    let files: [(&str, &[u8]); 5] = [
        ("first.png", &png(1)),
        ("page.html", b"<html>"),
        ("large.png", &large),
        ("half.png", &png(2)[..100]),
        ("second.png", &png(3)),
    ];
    let page = app.upload(&files).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let table = app.get(page.header("location")).await;
    let table = app.finished(table.header("location")).await;
    let refused = table.texts(".refused li");
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused[0].starts_with("page.html: the file holds text"), "{}", refused[0]);
    assert!(refused[1].contains("large.png: the file has 30000 bytes"), "{}", refused[1]);
    assert!(refused[2].contains("half.png: the picture is damaged"), "{}", refused[2]);
    assert_eq!(table.texts("tbody th a"), ["first.png", "second.png"]);
    let none = app.upload(&[("a.txt", b"a"), ("b.txt", b"b")]).await;
    assert_eq!(none.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(none.texts(".error")[0].contains("None of the 2 files"), "{}", none.text());
}

#[tokio::test]
async fn what_is_no_picture_is_said_to_be_none() {
    refuses(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", 415, "PNG, JPEG or TIFF").await;
    refuses(b"<!doctype html><script>alert(1)</script>", 415, "HTML or SVG").await;
    refuses(b"GIF89a\x01\0\x01\0", 415, "a Gif picture").await;
    refuses(b"MZ\x90\0\x03", 415, "nothing that looks like a picture").await;
    refuses(b"", 422, "is empty").await;
}

#[tokio::test]
async fn a_picture_that_cannot_be_one_is_refused_before_it_is_decoded() {
    refuses(&png_of_size(50_000, 50_000), 422, "50000 × 50000").await;
    // 500 bytes that would become 192 MB.
    refuses(&png_of_size(8_000, 8_000), 422, "8000 × 8000").await;
    refuses(&png_of_size(0, 40), 422, "0 × 40").await;
    refuses(&png_of_size(u32::MAX, u32::MAX), 422, "").await;
    refuses(&animated(), 422, "animation").await;
}

#[tokio::test]
async fn damaged_pictures_are_refused_and_none_brings_the_server_down() {
    let app = TestApp::new();
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff] {
        let sound = encode(&picture(9), format);
        for n_bytes in [1, 8, 20, sound.len() / 2, sound.len() - 20] {
            let page = app.upload(&[("a.png", &sound[..n_bytes])]).await;
            // A JPEG that ends early is what a lost connection leaves: some decoders take it.
            let is_taken = page.status == StatusCode::SEE_OTHER && format == ImageFormat::Jpeg;
            let is_refused = [415, 422].contains(&page.status.as_u16());
            assert!(is_refused || is_taken, "{format:?} cut at {n_bytes}: {}", page.status);
        }
        for at in (0..sound.len()).step_by(sound.len() / 60) {
            let mut flipped = sound.clone();
            flipped[at] ^= 1 << (at % 8);
            let page = app.upload(&[("a.png", &flipped)]).await;
            let expected = [303, 415, 422].contains(&page.status.as_u16());
            assert!(expected, "{format:?} flipped at {at}: {}", page.text());
        }
    }
    assert_eq!(app.upload(&[("a.png", &png(1))]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_hides_in_a_picture_is_never_served() {
    const EVIL: &[u8] = b"<html><script>alert('evil')</script></html>";
    let app = TestApp::new();
    let polyglot = [&png(1)[..], EVIL].concat();
    let page = app.upload(&[("scene.html", &polyglot)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let result = app.finished(page.header("location")).await;
    let mut addresses = result.attributes("main a[href]", "href");
    addresses.extend(result.attributes("main img", "src"));
    addresses.extend(result.attributes("main source", "srcset"));
    addresses.extend(result.attributes("figure", "data-head"));
    addresses.extend(result.attributes("figure", "data-body"));
    addresses.push(thumbnail_of(page.header("location")));
    let is_of_it =
        |address: &String| ["/scenes/", "/v1/result"].iter().any(|s| address.starts_with(s));
    addresses.retain(|address| is_of_it(address) && !address.contains('#'));
    assert!(addresses.len() > 20, "{addresses:?}");
    for address in addresses {
        let shown = app.finished(&address).await;
        assert_eq!(shown.status, StatusCode::OK, "{address}: {}", shown.text());
        assert_eq!(shown.header("x-content-type-options"), "nosniff", "{address}");
        let is_there = shown.body.windows(EVIL.len()).any(|bytes| bytes == EVIL);
        assert!(!is_there, "{address} serves what was hidden");
        check_type(&address, &shown);
        check_names(&address, &shown);
    }
}

/// Pages, pictures that are drawn here, and files to save: nothing that a browser would run.
fn check_type(address: &str, shown: &Page) {
    let kind = shown.header("content-type");
    let policy = shown.header("content-security-policy");
    let is_saved = shown.header("content-disposition").starts_with("attachment");
    let is_harmless = match kind.split(';').next().unwrap_or_default() {
        "text/html" => policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "image/svg+xml" => policy.contains("sandbox") && policy.contains("default-src 'none'"),
        "image/png" | "image/jpeg" => true,
        // What a page reads: no browser shows it as anything but text.
        "application/json" => is_saved || address.contains("/data/"),
        "application/zip"
        | "application/octet-stream"
        | "application/x-netcdf"
        | "text/csv"
        | "text/plain"
        | "application/pdf" => is_saved,
        _ => false,
    };
    assert!(is_harmless, "{address} is {kind} with {policy}");
}

/// A name that a visitor gave is text in a header, too.
fn check_names(address: &str, shown: &Page) {
    let name = shown.header("content-disposition");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ;=\"._-,".contains(c);
    assert!(name.chars().all(is_plain), "{address}: {name}");
}

#[tokio::test]
async fn names_are_text_and_never_paths() {
    let app = TestApp::new();
    let names = [
        "../../escaped.png",
        "..%2F..%2Fescaped.png",
        "/etc/passwd",
        "C:\\Windows\\win.ini",
        "a%00b.png",
        "a%0D%0Aset-cookie:%20x=1.png",
        "gnp.%E2%80%AEexe",
        "%3Cimg%20src=x%20onerror=alert(1)%3E.png",
        "-rf.png",
        "CON",
        "..",
    ];
    let long = "x".repeat(10_000);
    for (shade, name) in names.iter().chain([&long.as_str()]).enumerate() {
        let address = format!("/scenes?name={name}");
        let page = app.send_body(&address, "image/png", "text/html", png(shade as u8 + 1)).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{name}: {}", page.text());
        let result = app.finished(page.header("location")).await;
        assert_eq!(result.status, StatusCode::OK, "{name}");
        let title = result.texts("h1").concat();
        assert!(title.chars().count() <= 120, "{title}");
        assert!(!title.contains(['/', '\\', '\0', '\n', '\u{202E}']), "{title:?}");
        assert_eq!(result.count("[onerror], main script"), 0, "{name} is text");
        assert_eq!(result.header("set-cookie"), "");
    }
    let files = tree(app.around.path());
    assert_eq!(files.len(), 2 * (names.len() + 1), "{files:?}");
    for file in files {
        let name = file.strip_prefix("cache/scenes/").unwrap_or_else(|| panic!("{file}"));
        let hash = name.strip_suffix(".json").unwrap_or(name);
        assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{file}");
    }
}

#[tokio::test]
async fn names_in_forms_are_no_better() {
    let app = TestApp::new();
    for (shade, name) in ["../../escaped.png", "a\0b.png", "gnp.\u{202E}exe", "a.png\r\nx-evil: 1"]
        .iter()
        .enumerate()
    {
        let page = app.upload(&[(name, &png(shade as u8 + 1))]).await;
        let expected = [303, 400].contains(&page.status.as_u16());
        assert!(expected, "{name:?}: {} {}", page.status, page.text());
    }
    let files = tree(app.around.path());
    assert!(files.iter().all(|file| file.starts_with("cache/scenes/")), "{files:?}");
}

#[tokio::test]
async fn answers_name_no_folder_of_the_server() {
    let app = TestApp::new();
    let check = |page: &Page, words: &str| {
        let text = page.text();
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{text}");
        assert!(text.contains(words) && text.contains("upload it again"), "{text}");
        assert!(!text.contains(app.around.path().to_str().unwrap()), "{text}");
    };
    let page = app.upload(&[("my scene.png", &png(1))]).await;
    let thumbnail = thumbnail_of(page.header("location"));
    let cache = app.around.path().join("cache");
    let file = tree(&cache).into_iter().find(|file| !file.ends_with(".json")).unwrap();
    std::fs::write(cache.join(&file), png(2)).unwrap();
    check(&app.get(&thumbnail).await, "my scene.png");
    std::fs::remove_dir_all(&cache).unwrap();
    check(&app.get(&thumbnail).await, "my scene.png");
    std::fs::write(&cache, "in the way").unwrap();
    check(&app.upload(&[("other.png", &png(3))]).await, "other.png");
    std::fs::remove_file(&cache).unwrap();
    assert_eq!(app.upload(&[("my scene.png", &png(1))]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.get(&thumbnail).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_row_that_failed_is_tried_again_at_the_next_visit() {
    let app = TestApp::new();
    app.script(Script::Refuse);
    let page = app.upload(&[("a.png", &png(1)), ("b.png", &png(2))]).await;
    let page = app.get(page.header("location")).await;
    let address = page.header("location").to_owned();
    let table = app.finished(&address).await;
    assert_eq!(table.texts("tbody td.warning").len(), 1, "{}", table.text());
    assert_eq!(app.n_runs(), 2, "not tried again before the others are there");
    let again = app.finished(&address).await;
    assert_eq!(again.texts("tbody .probability").len(), 2, "{}", again.text());
    assert_eq!(app.n_runs(), 1);
}

#[tokio::test]
async fn without_weights_an_upload_is_kept_and_the_page_says_how_to_get_some() {
    let app = TestApp::set_up(|setup| setup.has_weights = false);
    let page = app.upload(&[("a.png", &png(1))]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let result = app.get(page.header("location")).await;
    assert_eq!(result.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = result.texts(".error").concat();
    assert!(text.contains("stormlens import --from FILE --output checkpoints/polar-low/NAME"));
    assert!(app.get("/scenes").await.texts(".notice")[0].contains("stormlens import"));
}
