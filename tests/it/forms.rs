//! Every form of every page, pressed as a browser without JavaScript presses it: as it stands, and with
//! each choice, tick, number and time changed in turn. What a form does not let through, the server refuses too.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use scraper::{ElementRef, Html, Selector};
use stormlens_data::card::CheckpointCard;

use crate::support::{
    FORM, LEADS, Page, SAMPLE, TestApp, checkpoint, checkpoint_of_leads, form, result,
};

/// What a form sends: where, and its controls.
struct Form {
    action: String,
    is_posted: bool,
    controls: Vec<Control>,
}

/// A part of a form, with what it sends.
#[derive(Clone)]
struct Control {
    name: String,
    sends: Option<String>,
    /// Whatever else a visitor may make it send.
    choices: Vec<Option<String>>,
    /// Numbers beyond its ends.
    beyond: Vec<Option<String>>,
}

fn select<'a>(within: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(selector).expect("it is a selector");
    within.select(&selector).collect()
}

/// All forms of the page at an address, but for those that send files.
fn forms(page: &Page, address: &str) -> Vec<Form> {
    let document = Html::parse_document(&page.text());
    let forms = select(document.root_element(), "form").into_iter();
    let has_files = |form: &ElementRef<'_>| !select(*form, "input[type=file]").is_empty();
    let read = |form: ElementRef<'_>| Form {
        // Without an action it leads to the page where it stands.
        action: form.attr("action").unwrap_or(address.split('?').next().unwrap_or("")).to_owned(),
        is_posted: form.attr("method") == Some("post"),
        controls: select(form, "input[name]:not([disabled]), select[name]")
            .into_iter()
            .map(control)
            .collect(),
    };
    forms.filter(|form| !has_files(form)).map(read).collect()
}

fn control(element: ElementRef<'_>) -> Control {
    let name = element.attr("name").unwrap_or_default().to_owned();
    let value = element.attr("value").unwrap_or_default().to_owned();
    let (sends, choices) = match (element.value().name(), element.attr("type")) {
        ("select", _) => {
            let text = |option: &ElementRef<'_>| match option.attr("value") {
                Some(value) => value.to_owned(),
                None => option.text().collect(),
            };
            let options = select(element, "option");
            let chosen = options.iter().find(|option| option.attr("selected").is_some());
            let chosen = chosen.or(options.first()).map(text);
            let all = options.iter().map(|option| Some(text(option)));
            (chosen.clone(), all.filter(|choice| *choice != chosen).collect())
        }
        (_, Some("hidden")) => (Some(value), Vec::new()),
        (_, Some("checkbox")) => match element.attr("checked") {
            Some(_) => (Some(value), vec![None]),
            None => (None, vec![Some(value)]),
        },
        (_, Some("number" | "range" | "datetime-local" | "month")) => {
            let ends = ["min", "max"].map(|end| element.attr(end).map(str::to_owned));
            (Some(value), ends.into_iter().filter(Option::is_some).collect())
        }
        (_, Some("text")) => (Some(value), vec![Some(other_text(&name).to_owned())]),
        other => panic!("nobody knows what {name} sends: {other:?}"),
    };
    let beyond = match element.attr("type") {
        Some("number" | "range") => [("min", -1.0), ("max", 1.0)]
            .into_iter()
            .filter_map(|(end, more)| element.attr(end)?.parse::<f64>().ok().map(|end| end + more))
            .map(|number| Some(number.to_string()))
            .collect(),
        _ => Vec::new(),
    };
    Control { name, sends, choices, beyond }
}

/// What somebody may write there.
fn other_text(name: &str) -> &'static str {
    match name {
        "region" => "40,60,100,100",
        "domain" => "-114,37,-112,39",
        "target" => "box:-114.5,37.5,-113.5,38.5",
        "place" => "node:41.3,2.1",
        "points" => "all",
        _ => panic!("nobody knows what to write into {name}"),
    }
}

/// Of more ticks of one name, such as patches of a mask, the first, one in the middle and the last are pressed.
const MANY: usize = 20;

/// The name of a control and the value that was chosen; `None`: it was switched off.
type Change = (String, Option<String>);

impl Form {
    /// What it sends, with one control sending something else.
    fn sends(&self, changed: Option<(usize, &Option<String>)>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (i, control) in self.controls.iter().enumerate() {
            let sends = match changed {
                Some((place, other)) if place == i => other,
                _ => &control.sends,
            };
            if let Some(value) = sends {
                query.append_pair(&control.name, value);
            }
        }
        query.finish()
    }

    /// The address that it leads to when it sends that.
    fn address(&self, query: &str) -> String {
        let (path, _) = self.action.split_once('#').unwrap_or((&self.action, ""));
        format!("{path}?{query}")
    }

    /// What it sends as it stands and with each change, each with the name and the value that changed.
    fn all(&self) -> Vec<(String, Option<Change>)> {
        let mut all = vec![(self.sends(None), None)];
        all.extend(self.changed(|control| &control.choices).map(|(query, c)| (query, Some(c))));
        let n_of = |name: &str| self.controls.iter().filter(|control| control.name == name).count();
        let mut nth = BTreeMap::new();
        all.retain(|(_, change)| {
            let Some((name, _)) = change else { return true };
            let (i, n) = (nth.entry(name.clone()).or_insert(0), n_of(name));
            *i += 1;
            n <= MANY || [1, n / 2, n].contains(i)
        });
        all
    }

    /// What it sends with each of some other values.
    fn changed(
        &self,
        others: impl Fn(&Control) -> &[Option<String>],
    ) -> impl Iterator<Item = (String, Change)> {
        self.controls.iter().enumerate().flat_map(move |(i, control)| {
            let sent = |other: &Option<String>| {
                (self.sends(Some((i, other))), (control.name.clone(), other.clone()))
            };
            others(control).iter().map(sent).collect::<Vec<_>>()
        })
    }
}

/// Where an address leads in the end, and what is there.
pub async fn follow(app: &TestApp, address: &str) -> (String, Page) {
    let mut address = address.to_owned();
    for _ in 0..4 {
        let page = app.finished(&address).await;
        if page.status != StatusCode::SEE_OTHER {
            return (address, page);
        }
        address = page.header("location").to_owned();
    }
    panic!("{address} leads round in circles");
}

/// Presses all forms of the page at an address that are sent by GET; says how many times.
pub async fn press(app: &TestApp, start: &str) -> usize {
    let (address, page) = follow(app, start).await;
    let (mut n, mut seen) = (0, BTreeSet::new());
    for form in forms(&page, &address).iter().filter(|form| !form.is_posted) {
        for (query, change) in form.all() {
            let address = form.address(&query);
            if !seen.insert(address.clone()) {
                continue;
            }
            let (end, answer) = follow(app, &address).await;
            let told = answer.texts("main h1, main p").join(" / ");
            assert_eq!(answer.status, StatusCode::OK, "{start}: {change:?}\n{address}\n{told}");
            if let Some((name, Some(value))) = change
                && end.starts_with("/v1/")
                && is_asked(&end, &name)
            {
                assert!(says(&end, &name, &value), "{start}: {name} = {value} is lost in {end}");
            }
            n += 1;
        }
        for (query, change) in form.changed(|control| &control.beyond) {
            let address = form.address(&query);
            let answer = app.get(&address).await;
            assert!(answer.status.is_client_error(), "{start}: {change:?} is taken: {address}");
        }
    }
    n
}

/// Presses all forms of the page at an address that are posted, and stops what they begin; says how many times.
async fn press_posted(app: &TestApp, start: &str) -> usize {
    let page = app.get(start).await;
    let mut n = 0;
    for form in forms(&page, start).iter().filter(|form| form.is_posted) {
        for (body, change) in form.all() {
            let answer = send(app, &form.action, &body).await;
            let told = answer.texts("main h1, main p").join(" / ");
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{start}: {change:?}\n{body}\n{told}");
            let begun = answer.header("location").to_owned();
            let page = app.get(&begun).await;
            assert!(page.status.is_success(), "{start}: {change:?}: {}", page.text());
            stop(app, &begun, &page).await;
            n += 1;
        }
    }
    n
}

async fn send(app: &TestApp, action: &str, body: &str) -> Page {
    let kind = "application/x-www-form-urlencoded";
    app.send_body(action, kind, "text/html", body.to_owned()).await
}

/// Presses the form of a page that stops its comparison, where there is one.
async fn stop(app: &TestApp, address: &str, page: &Page) {
    for form in forms(page, address).iter().filter(|form| form.action.ends_with("/stop")) {
        let answer = send(app, &form.action, &form.sends(None)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{address}: {}", answer.text());
    }
}

/// Whether a name means something there: options of methods that are not asked for are left out, as is what something
/// else is needed for.
fn is_asked(address: &str, name: &str) -> bool {
    let (_, query) = address.split_once('?').unwrap_or((address, ""));
    let has = |wanted: &&str| {
        form_urlencoded::parse(query.as_bytes()).any(|(known, _)| known == **wanted)
    };
    let needed: &[&str] = match name {
        "mask-percent" => &["masks"],
        "hide-seed" => &["masks", "hide-percent"],
        // What is usual is left out.
        "statistics" => return says(address, "statistics", "whole"),
        "members" => return says(address, "ensemble", "dropout"),
        // None, and what was measured, are left out.
        "last-lead-time" | "points" => &["last-lead-time", "points"],
        "hide" => &["hide"],
        name => match name.split_once('.') {
            Some((method, _)) => return says(address, "methods", method),
            None => return true,
        },
    };
    needed.iter().any(has)
}

/// Whether an address says that a parameter has a value, among others where it is a list.
fn says(address: &str, name: &str, value: &str) -> bool {
    let (_, query) = address.split_once('?').unwrap_or((address, ""));
    let pairs = form_urlencoded::parse(query.as_bytes());
    let same = |found: &str| match (found.parse::<f64>(), value.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() < 0.005,
        _ => found == value,
    };
    let mut pairs = pairs.filter(|(known, _)| known == name);
    pairs.any(|(_, found)| same(&found) || found.split(',').any(same))
}

const ALL_METHODS: &str = "methods=grad-cam,integrated-gradients,saliency";

#[tokio::test]
async fn every_form_of_lists_and_samples_leads_somewhere() {
    let app = TestApp::new();
    let n = press(&app, "/samples").await;
    assert!(n > 6, "{n}");
    let n = press(&app, &format!("/samples/{SAMPLE}")).await;
    assert!(n > 12, "{n}");
    let n = press(&app, &format!("/v1/compare?sample={SAMPLE}")).await;
    assert!(n > 3, "{n}");
}

#[tokio::test]
async fn every_form_of_a_forecast_leads_somewhere() {
    let app = TestApp::new();
    let two = "methods=grad-cam,integrated-gradients";
    let all = result(SAMPLE, "grad-cam,integrated-gradients").replace(two, ALL_METHODS);
    let n = press(&app, &all).await;
    assert!(n > 20, "{n}");
    let published = all.replace("overlay=map", "overlay=published");
    press(&app, &published).await;
    press(&app, &result(SAMPLE, "none")).await;
}

/// With what may be left out, too: each control is changed beside it.
#[tokio::test]
async fn every_form_of_a_forecast_at_several_lead_times_leads_somewhere() {
    let app = TestApp::with_leads();
    press(&app, &format!("/samples/{SAMPLE}")).await;
    press(&app, &format!("/v1/result?sample={SAMPLE}")).await;
    let [first, second, third] = LEADS;
    for (lead, last) in [(first, second), (second, third)] {
        let more =
            format!("lead-time={lead}&last-lead-time={last}&steps-mean=yes&region=0,0,64,64");
        press(&app, &format!("/v1/result?sample={SAMPLE}&methods=none&{more}")).await;
    }
}

/// Weights that forecast one lead time beside others that forecast several.
#[tokio::test]
async fn every_form_leads_somewhere_where_networks_differ_in_their_lead_times() {
    let several = CheckpointCard { name: "several".to_owned(), ..checkpoint_of_leads() };
    for forecasters in [vec![several.clone(), checkpoint()], vec![checkpoint(), several]] {
        let app = TestApp::set_up(|setup| setup.forecasters = forecasters);
        press(&app, &format!("/samples/{SAMPLE}")).await;
        for lead in [LEADS[0], LEADS[2]] {
            let more = format!("lead-time={lead}&steps-mean=yes&region=0,0,64,64");
            press(&app, &format!("/v1/compare?sample={SAMPLE}&{more}")).await;
        }
    }
}

/// What is kept, what nobody has made, what is being made, and what has failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_a_comparison_leads_somewhere() {
    let app = TestApp::new();
    let list = app.get("/verification").await;
    let shipped = list.attributes(".comparisons a", "href").remove(0);
    assert!(press(&app, &shipped).await > 20);
    assert!(press_posted(&app, "/verification").await > 10);
    let unmade = "/v1/verification?dataset=knmi&forecasts=persistence,s-prog";
    // Begun, stopped, and begun once more where it was.
    assert_eq!(press_posted(&app, unmade).await, 1);
    assert!(press_posted(&app, unmade).await > 0);
    let failed = "/v1/verification?dataset=knmi&forecasts=persistence&wet-share-at-least=1";
    press_posted(&app, failed).await;
    assert_eq!(press_posted(&app, failed).await, 1, "it can be tried again");
}

#[tokio::test]
async fn every_form_of_a_scene_leads_somewhere() {
    let app = TestApp::new();
    let page = app.get("/scenes").await;
    let scene = page.attributes(".card a", "href").remove(0);
    let all = scene.replace("methods=grad-cam", ALL_METHODS);
    let n = press(&app, &all).await;
    assert!(n > 30, "{n}");
    for (name, other) in
        [("polarity=positive", "polarity=signed"), ("overlay=map", "overlay=published")]
    {
        press(&app, &all.replace(name, other)).await;
    }
    press(&app, &scene.replace("methods=grad-cam", "methods=none")).await;
}

/// Forms that are posted: what they send is a file, or nothing.
#[tokio::test]
async fn every_posted_form_leads_somewhere() {
    let app = TestApp::new();
    let release = app.hold();
    let asked = result(SAMPLE, "none");
    let waiting = app.get(&asked).await;
    let action = waiting.attributes("form[method=post]", "action").remove(0);
    let stopped = app.post(&action, &[("origin", "http://localhost")]).await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER, "{}", stopped.text());
    drop(release);
    let (_, page) = follow(&app, stopped.header("location")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(app.finished(&asked).await.texts("h1"), ["Stopped"]);
    assert_eq!(press_posted(&app, &asked).await, 1, "it can be started again");
    for start in ["/", "/scenes"] {
        let page = app.get(start).await;
        let action = page.attributes("form[method=post]", "action");
        assert_eq!(action.len(), 1, "{start}");
        let field = page.attributes("form[method=post] input[type=file]", "name").remove(0);
        let bytes =
            std::fs::read(crate::support::data().join("sentinel1/open_ocean_20150915_508px.png"));
        let body = form(&field, &[("a.png", &bytes.expect("it is there"))]);
        let answer = app.send_body(&action[0], FORM, "text/html", body).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{start}: {}", answer.text());
        let (_, page) = follow(&app, answer.header("location")).await;
        assert_eq!(page.status, StatusCode::OK, "{start}");
    }
}
