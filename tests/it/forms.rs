//! Every form of every page, pressed as a browser without JavaScript presses it: as it stands, and with
//! each choice, tick, number and time changed in turn.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use scraper::{ElementRef, Html, Selector};

use crate::support::{FORM, Page, SAMPLE, TestApp, form, result};

/// What a form sends by GET: where, and its controls.
struct Form {
    action: String,
    controls: Vec<Control>,
}

/// A part of a form, with what it sends.
#[derive(Clone)]
struct Control {
    name: String,
    sends: Option<String>,
    /// Whatever else a visitor may make it send.
    choices: Vec<Option<String>>,
}

fn select<'a>(within: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(selector).expect("it is a selector");
    within.select(&selector).collect()
}

/// All forms of a page that are sent by GET.
fn forms(page: &Page) -> Vec<Form> {
    let document = Html::parse_document(&page.text());
    let forms = select(document.root_element(), "form").into_iter();
    let is_get = |form: &ElementRef<'_>| form.attr("method").is_none_or(|method| method == "get");
    let read = |form: ElementRef<'_>| Form {
        action: form.attr("action").expect("it says where it leads").to_owned(),
        controls: select(form, "input[name], select[name]").into_iter().map(control).collect(),
    };
    forms.filter(is_get).map(read).collect()
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
        (_, Some("number" | "range" | "datetime-local")) => {
            let ends = ["min", "max"].map(|end| element.attr(end).map(str::to_owned));
            (Some(value), ends.into_iter().filter(Option::is_some).collect())
        }
        (_, Some("text")) => {
            let other = if name == "region" { "40,60,100,100" } else { "something" };
            (Some(value), vec![Some(other.to_owned())])
        }
        other => panic!("nobody knows what {name} sends: {other:?}"),
    };
    Control { name, sends, choices }
}

/// The name of a control and the value that was chosen; `None`: it was switched off.
type Change = (String, Option<String>);

impl Form {
    /// The address that it leads to, with one control sending something else.
    fn address(&self, changed: Option<(usize, &Option<String>)>) -> String {
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
        let (path, _) = self.action.split_once('#').unwrap_or((&self.action, ""));
        format!("{path}?{}", query.finish())
    }

    /// What it leads to as it stands and with each change, each with the name and the value that changed.
    fn addresses(&self) -> Vec<(String, Option<Change>)> {
        let mut all = vec![(self.address(None), None)];
        for (i, control) in self.controls.iter().enumerate() {
            let changed = |choice: &Option<String>| {
                let change = (control.name.clone(), choice.clone());
                (self.address(Some((i, choice))), Some(change))
            };
            all.extend(control.choices.iter().map(changed));
        }
        all
    }
}

/// Where an address leads in the end, and what is there.
async fn follow(app: &TestApp, address: &str) -> (String, Page) {
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

/// Presses all forms of the page at an address; says how many times.
async fn press(app: &TestApp, start: &str) -> usize {
    let (_, page) = follow(app, start).await;
    let (mut n, mut seen) = (0, BTreeSet::new());
    for form in forms(&page) {
        for (address, change) in form.addresses() {
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
    }
    n
}

/// Whether a name means something there: options of methods that are not asked for are left out.
fn is_asked(address: &str, name: &str) -> bool {
    let method = name.split_once('.').map(|(method, _)| method);
    method.is_none_or(|method| says(address, "methods", method))
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

#[tokio::test]
async fn every_form_of_a_forecast_at_several_lead_times_leads_somewhere() {
    let app = TestApp::with_leads();
    press(&app, &format!("/samples/{SAMPLE}")).await;
    press(&app, &format!("/v1/result?sample={SAMPLE}")).await;
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
    let waiting = app.get(&result(SAMPLE, "none")).await;
    let action = waiting.attributes("form[method=post]", "action").remove(0);
    let stopped = app.post(&action, &[("origin", "http://localhost")]).await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER, "{}", stopped.text());
    drop(release);
    let (_, page) = follow(&app, stopped.header("location")).await;
    assert_eq!(page.status, StatusCode::OK);
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
