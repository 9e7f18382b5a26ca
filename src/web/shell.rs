//! What every page has around its content.

use super::{AppState, assets};
use crate::jobs::Readiness;

/// The entry of the navigation that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    None,
    Samples,
    Scenes,
    Models,
    About,
}

/// Header and footer.
#[derive(Clone)]
pub struct Shell {
    section: Section,
    pub device: String,
    pub device_reason: String,
    pub program_version: &'static str,
    /// The folder of the present version of the static files.
    pub statics: String,
}

impl Shell {
    pub fn new(state: &AppState, section: Section) -> Self {
        let (device, device_reason) = match state.jobs.readiness() {
            Readiness::Ready(report) => (report.name, report.reason),
            Readiness::Starting => ("being prepared".to_owned(), String::new()),
            Readiness::Unavailable(reason) => ("none".to_owned(), reason),
        };
        Self {
            section,
            device,
            device_reason,
            program_version: env!("CARGO_PKG_VERSION"),
            statics: format!("/static/{}", assets::version()),
        }
    }

    /// The navigation: address, text, and whether the page lies there.
    pub fn navigation(&self) -> [(&'static str, &'static str, bool); 4] {
        let entry = |href, text, section| (href, text, self.section == section);
        [
            entry("/samples", "Samples", Section::Samples),
            entry("/scenes", "Scenes", Section::Scenes),
            entry("/models", "Models", Section::Models),
            entry("/about", "About", Section::About),
        ]
    }
}
