//! Fields of a weather model that somebody brings: what is recognised is shown, and what cannot be right is refused in words.

use std::path::Path;

use axum::http::StatusCode;
use stormlens_data::card::{CheckpointCard, FieldsCard, ModelCard, Task};

use crate::field_files::{Draft, statement};
use crate::support::{FORM, Page, Setup, TestApp, checkpoint, form, model, without_names};

const DAY: &str = "2008-04-08";

fn network() -> (ModelCard, Vec<CheckpointCard>) {
    let model = ModelCard {
        id: "probable",
        title: "A network",
        task: Task::RainProbability,
        layers: Vec::new(),
        default_layers: Vec::new(),
        citations: &[],
        ..model()
    };
    let fields = FieldsCard {
        fields: statement(),
        is_stated: true,
        patch: [1, 4, 4],
        n_classes: Some(3),
        depths: [1, 1, 0, 0],
    };
    let weights = |name: &str, fields: FieldsCard| CheckpointCard {
        name: name.to_owned(),
        model: "probable".to_owned(),
        nowcasting: None,
        fields: Some(fields),
        ..checkpoint()
    };
    // The same without rain.
    let mut dry = fields.clone();
    dry.fields.variables.pop();
    (model, vec![weights("dry", dry), weights("whole", fields)])
}

/// Over a folder for uploads.
fn over(cache: &Path) -> TestApp {
    let setup = Setup { more: Some(network()), ..Setup::new(cache) };
    TestApp::scripted(setup)
}

fn app() -> TestApp {
    TestApp::set_up(|setup| setup.more = Some(network()))
}

async fn send(app: &TestApp, accept: &str, files: &[(&str, &[u8])]) -> Page {
    app.send_body("/probability", FORM, accept, form("files", files)).await
}

async fn upload(app: &TestApp, draft: &Draft) -> Page {
    send(app, "text/html", &[("fields.nc", &draft.bytes())]).await
}

/// The page that an upload leads to.
async fn shown(app: &TestApp, draft: &Draft) -> Page {
    let page = upload(app, draft).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    app.get(page.header("location")).await
}

fn day() -> Draft {
    Draft::of_days(&[DAY])
}

/// What the row of a variable says.
fn row(page: &Page, name: &str) -> String {
    let rows = page.texts("table.recognised tbody tr");
    rows.into_iter().find(|row| row.starts_with(name)).expect("the weights have it")
}

#[tokio::test]
async fn a_good_file_leads_to_what_was_recognised_and_to_the_question() {
    let app = app();
    let sent = upload(&app, &day()).await;
    let address = sent.header("location").to_owned();
    assert!(address.ends_with(".20080409T000000Z"), "the end of the day: {address}");
    let page = app.get(&address).await;
    let text = page.texts("main").concat();
    for words in [
        "The weights probable/whole look at 12 variables; 12 of them are there",
        "fields.nc",
        "9 April 2008, 00:00 UTC",
        "16 × 24 nodes, 35 to 47.5° N, -15 to 4.17° E",
        "means of 24 h until 9 April 2008, 00:00 UTC, and rain of the 24 h before",
        "Nothing has been computed yet",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let height = row(&page, "GPH500");
    assert!(height.contains("m2 s-2 → m") && height.contains("converted from m2 s-2 to m"));
    assert!(row(&page, "RAIN").contains("sum from 2008-04-08 00:00 UTC"), "{}", row(&page, "RAIN"));
    assert!(!text.contains("Hidden"), "{text}");
    // The form asks the weights that are shown, and no others.
    let id = page.attributes(".question input[name=fields]", "value").remove(0);
    assert_eq!(format!("/probability/{id}"), address);
    assert_eq!(
        page.texts(".question select[name=checkpoint] option"),
        ["whole (unknown whether used in training)"]
    );
    // Others see it their way.
    let dry = app.get(&format!("{address}?weights=probable%2Fdry")).await;
    assert!(dry.text().contains("look at 11 variables; 11 of them"), "{}", dry.text());
    assert_eq!(
        dry.texts(".question select[name=checkpoint] option"),
        ["dry (unknown whether used in training)"]
    );
    let none = app.get(&format!("{address}?weights=none")).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", none.text());
    assert!(none.text().contains("probable/dry"), "those that there are: {}", none.text());
    // The same bytes have the same address.
    assert_eq!(upload(&app, &day()).await.header("location"), address);
}

/// A name belongs to whoever brought the bytes under it.
#[tokio::test]
async fn nobody_sees_the_name_that_another_visitor_gave() {
    let folder = tempfile::tempdir().expect("a folder");
    let (day, rest) = (day(), Draft::of_days(&["2008-04-09"]));
    for app in [over(folder.path()), over(folder.path())] {
        for (own, other) in [("Anna.nc", "Bert.nc"), ("Bert.nc", "Anna.nc")] {
            let one = send(&app, "text/html", &[(own, &day.bytes())]).await;
            let page = app.get(one.header("location")).await.text();
            assert!(page.contains(own) && !page.contains(other), "{page}");
            let files = [(own, &day.bytes()[..]), ("b.nc", &rest.bytes())];
            let two = send(&app, "text/html", &files).await;
            let page = app.get(two.header("location")).await.text();
            assert!(page.contains(own) && !page.contains(other), "{page}");
            for address in [one.header("location"), two.header("location")] {
                let page = app.get(&without_names(address)).await;
                let text = page.text();
                assert_eq!(page.status, StatusCode::OK, "{text}");
                assert!(!text.contains(own) && !text.contains(other), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_program_is_told_what_was_recognised() {
    let app = app();
    let draft = day().with(|name| name != "q850");
    let answer = send(&app, "application/json", &[("fields.nc", &draft.bytes())]).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let receipt = answer.json();
    assert_eq!(receipt["page"], answer.header("location"));
    assert_eq!(receipt["weights"], "probable/whole");
    assert_eq!(receipt["samples"][0]["variables"], 11);
    assert_eq!(receipt["samples"][0]["time"], "2008-04-09T00:00:00Z");
    let of = |name: &str| {
        let all = receipt["variables"].as_array().expect("a list").iter();
        all.clone().find(|variable| variable["name"] == name).expect("it is there").clone()
    };
    assert_eq!((&of("Q850")["hidden"], &of("GPH500")["hidden"]), (&true.into(), &false.into()));
    assert_eq!(
        (&of("GPH500")["unit"], &of("GPH500")["missing_nodes"]),
        (&"m2 s-2".into(), &0.into())
    );
}

#[tokio::test]
async fn what_is_missing_is_hidden_and_said() {
    let app = app();
    let page = shown(&app, &day().with(|name| name != "q850")).await;
    assert!(page.text().contains("look at 12 variables; 11 of them"), "{}", page.text());
    let words = "Hidden: no file has specific humidity at 850 hPa; there is specific humidity at 1000 hPa, 500 hPa";
    assert!(row(&page, "Q850").contains(words), "{}", row(&page, "Q850"));
    assert_eq!(page.count(".question form"), 1, "it can be asked");
    // At another level it is another variable.
    let page = shown(&app, &day().change("q850", |field| field.name = "q700".to_owned())).await;
    assert!(row(&page, "Q850").contains("500 hPa, 700 hPa"), "{}", row(&page, "Q850"));
    // Without a value.
    let page = shown(&app, &day().change("t850", |field| field.values.fill(f64::NAN))).await;
    let words = "Hidden: t850, fields.nc holds no data there: all values are missing";
    assert!(row(&page, "T850").contains(words), "{}", row(&page, "T850"));
    // A node without a value is told.
    let page = shown(&app, &day().change("t850", |field| field.values[0] = f64::NAN)).await;
    assert!(row(&page, "T850").contains("1 of 384"), "{}", row(&page, "T850"));
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_in_words() {
    let app = app();
    let draft = day();
    let heights = draft.fields.iter().find(|field| field.name == "gph850").expect("it is there");
    let heights = heights.values.clone();
    let mut elsewhere = day();
    elsewhere.longitudes.iter_mut().for_each(|degrees| *degrees += 10.0);
    let unit = |name: &str, unit: &str| day().change(name, |field| field.unit = unit.to_owned());
    let moments = {
        let mut moments = day().with(|name| name != "tp");
        moments.fields.iter_mut().for_each(|field| field.method = "point".to_owned());
        moments
    };
    for (draft, words) in [
        (unit("t850", "degF"), "“degF”"),
        (
            unit("t850", "degC"),
            "where 150 to 345 K are possible: its unit or its level is another one",
        ),
        (unit("gph500", "m"), "its unit or its level is another one"),
        (day().change("gph500", |field| field.values = heights), "its unit or its level"),
        (elsewhere, "does not cover 35 to 47.5° N, -15 to"),
        (moments, "as the mean of 24 h until"),
        (day().with(|name| name == "none"), "no variable on latitudes and longitudes"),
    ] {
        let page = upload(&app, &draft).await;
        let text = page.texts(".error").concat().replace('"', "“").replace("“degF“", "“degF”");
        let status = page.status.as_u16();
        assert!(
            status == 422 || words.starts_with("no variable") && status == 415,
            "{status} {text}"
        );
        assert!(text.contains(words), "{words}: {text}");
        assert_eq!(page.count(".error a.button"), 1, "there is a way back");
    }
    assert!(!app.around.path().join("cache").exists(), "nothing was kept");
}

#[tokio::test]
async fn what_is_no_file_of_fields_is_refused() {
    let app = app();
    let whole = day().bytes();
    let large = vec![0; 1_000_001];
    for (name, bytes, status, words) in [
        ("cut.nc", &whole[..whole.len() / 2], 422, "damaged or cut off"),
        ("a.txt", b"fields", 415, "“a.txt” is no field that can be read"),
        ("x.npy", b"\x93NUMPY", 415, "“x.npy” holds numbers, and nothing says their variables"),
        ("x.npz", b"PK", 415, "write them as NetCDF"),
        ("large.nc", &large, 413, "more than 1 MB"),
        ("empty.nc", b"", 400, "holds no file of fields"),
    ] {
        let page = send(&app, "text/html", &[(name, bytes)]).await;
        let text = page.texts(".error").concat().to_lowercase();
        assert_eq!(page.status.as_u16(), status, "{name}: {text}");
        assert!(text.contains(&words.to_lowercase()), "{name}: {text}");
    }
    let few = [("a", &b"fields"[..]); 25];
    let page = send(&app, "text/html", &few).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text().contains("more than 24 files"), "{}", page.text());
    let odd = form("rain", &[("a.nc", b"b")]);
    let page = app.send_body("/probability", FORM, "text/html", odd).await;
    assert!(page.text().contains("none of files, weights"), "{}", page.text());
    let many = vec![("a.nc", &large[..900_000]); 3];
    assert_eq!(send(&app, "text/html", &many).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(!app.around.path().join("cache").exists(), "nothing was kept");
}

#[tokio::test]
async fn each_time_is_a_sample_to_choose() {
    let app = app();
    let mut draft = Draft::of_days(&[DAY, "2008-04-09"]);
    // The second day has no temperature.
    draft = draft.change("t850", |field| field.values.truncate(384));
    let without: Vec<f64> = vec![f64::NAN; 384];
    draft = draft.change("t850", |field| field.values.extend(without));
    let list = shown(&app, &draft).await;
    assert!(list.text().contains("There are fields of 2 times"), "{}", list.text());
    let times = list.texts("tbody tr");
    assert_eq!(
        times,
        ["9 April 2008, 00:00 UTCup to 12 of 12", "10 April 2008, 00:00 UTCup to 12 of 12"],
        "what the heads say"
    );
    let pages = list.attributes("tbody a", "href");
    let [first, second] = [app.get(&pages[0]).await, app.get(&pages[1]).await];
    assert!(first.text().contains("12 of them are there"));
    assert!(row(&second, "T850").contains("Hidden"), "{}", row(&second, "T850"));
    let receipt = send(&app, "application/json", &[("fields.nc", &draft.bytes())]).await.json();
    assert_eq!(receipt["samples"].as_array().expect("a list").len(), 2);
    // A time that is none of them.
    let other = pages[0].replace("20080409T", "20080408T");
    assert_eq!(app.get(&other).await.status, StatusCode::NOT_FOUND);
}

/// Several files are one upload, in whatever order they come, until one of them goes.
#[tokio::test]
async fn files_that_belong_together_stay_together() {
    let around = tempfile::tempdir().expect("there is room");
    let cache = around.path().join("cache");
    let heights = day().with(|name| name.starts_with("gph")).bytes();
    let others = day().with(|name| !name.starts_with("gph")).bytes();
    let files = [("heights.nc", &heights[..]), ("others.nc", &others[..])];
    let address = {
        let app = over(&cache);
        let page = send(&app, "text/html", &files).await;
        let [first, second] = files;
        let turned = send(&app, "text/html", &[second, first, second]).await;
        assert_eq!(page.header("location"), turned.header("location"), "{}", turned.text());
        page.header("location").to_owned()
    };
    // Another run of the program.
    let app = over(&cache);
    let page = app.get(&address).await;
    let text = page.text();
    assert!(text.contains("12 of them are there") && text.contains("heights.nc"), "{text}");
    assert_eq!(std::fs::read_dir(cache.join("fields")).expect("a folder").count(), 6);
    let hash = stormlens_data::hash::sha256(&heights);
    std::fs::remove_file(cache.join("fields").join(format!("{hash}.json"))).expect("it is there");
    let gone = over(&cache).get(&address).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.text().contains("upload the files again"), "{}", gone.text());
}

/// Files that have no room together are refused, and do not push one another out.
#[tokio::test]
async fn more_than_is_kept_is_refused() {
    let [a, b] = [day().with(|name| name != "tp").bytes(), day().with(|name| name != "t2").bytes()];
    let room = (a.len() + b.len()) as u64;
    let app = TestApp::set_up(|setup| {
        (setup.more, setup.max_cache_bytes) = (Some(network()), room);
    });
    let one = send(&app, "text/html", &[("a.nc", &a)]).await;
    assert_eq!(one.status, StatusCode::SEE_OTHER, "{}", one.text());
    let tp = day().with(|name| name == "tp").bytes();
    let both = send(&app, "text/html", &[("a.nc", &a), ("b.nc", &tp)]).await;
    assert_eq!(both.status, StatusCode::SEE_OTHER, "{}", both.text());
    let small = TestApp::set_up(|setup| (setup.more, setup.max_cache_bytes) = (Some(network()), 1));
    let page = send(&small, "text/html", &[("a.nc", &a), ("b.nc", &tp)]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", page.text());
}

/// Without weights the files are kept, and the page says what is missing.
#[tokio::test]
async fn without_weights_nothing_can_be_asked() {
    let app = TestApp::new();
    let page = shown(&app, &day()).await;
    assert!(page.text().contains("No network here has weights"), "{}", page.text());
    let rain = include_bytes!("../cases/axis_x_km.nc");
    let refused = send(&app, "text/html", &[("other.nc", rain)]).await;
    assert!(refused.status.is_client_error(), "{}", refused.text());
}

/// Damaged anywhere, a file is refused in words or shown for what it is; the server is never at fault.
#[tokio::test]
async fn damaged_files_are_never_a_fault_of_the_server() {
    let app = app();
    let whole = day().with(|name| ["t850", "gph500", "tp"].contains(&name)).bytes();
    let mut state = 2026_u64;
    let mut random = |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let mut n_taken = 0;
    for round in 0..150 {
        let mut bytes = whole.clone();
        for _ in 0..1 + random(6) {
            let place =
                if round % 2 == 0 { random(4_096.min(bytes.len())) } else { random(bytes.len()) };
            bytes[place] = random(256) as u8;
        }
        if round % 5 == 0 {
            bytes.truncate(random(bytes.len()));
        }
        let page = send(&app, "text/html", &[("fields.nc", &bytes)]).await;
        assert!(!page.status.is_server_error(), "round {round}: {}", page.text());
        if page.status == StatusCode::SEE_OTHER {
            n_taken += 1;
            let shown = app.get(page.header("location")).await;
            assert_eq!(shown.status, StatusCode::OK, "round {round}: {}", shown.text());
        }
    }
    assert!(n_taken > 0, "some do not matter");
}
