//! An answer, as tests read it.

use axum::http::{HeaderMap, StatusCode};
use scraper::{Html, Selector};

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Page {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }

    /// The texts of the elements that a CSS selector finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let words = |e: scraper::ElementRef<'_>| e.text().collect::<String>();
        let tidy = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.find(selector, |element| tidy(words(element)))
    }

    /// An attribute of the elements that a CSS selector finds.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let found = self.find(selector, |element| element.attr(name).map(str::to_owned));
        found.into_iter().flatten().collect()
    }

    /// Names of elements that more than one has, so that no link finds the others.
    pub fn repeated_ids(&self) -> Vec<String> {
        let ids = self.attributes("[id]", "id");
        let stands_before = |(i, id): &(usize, &String)| ids[..*i].contains(id);
        ids.iter().enumerate().filter(stands_before).map(|(_, id)| id.clone()).collect()
    }

    pub fn count(&self, selector: &str) -> usize {
        self.find(selector, |_| ()).len()
    }

    fn find<T>(&self, selector: &str, f: impl Fn(scraper::ElementRef<'_>) -> T) -> Vec<T> {
        let selector = Selector::parse(selector).expect("it is a selector");
        Html::parse_document(&self.text()).select(&selector).map(f).collect()
    }
}
