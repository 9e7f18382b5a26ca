//! What every page has around its content.

use super::{AppState, assets};
use crate::jobs::Readiness;

/// An entry of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    pub href: &'static str,
    pub title: &'static str,
}

impl Section {
    pub const MODELS: Self = Self { href: "/models", title: "Models" };
    pub const ABOUT: Self = Self { href: "/about", title: "About" };
}

/// Header and footer.
#[derive(Clone)]
pub struct Layout {
    sections: Vec<Section>,
    here: Option<Section>,
    /// A sentence at the top of every page.
    pub notice: Option<String>,
    pub device: String,
    pub device_reason: String,
    /// Whose data the tasks show.
    pub credits: String,
    pub program_version: &'static str,
    /// The folder of the present version of the static files.
    pub statics: String,
}

impl Layout {
    pub fn new(state: &AppState, here: Option<Section>) -> Self {
        let (device, device_reason) = match state.jobs.readiness() {
            Readiness::Ready(report) => (report.name, report.reason),
            Readiness::Starting => ("being prepared".to_owned(), String::new()),
            Readiness::Unavailable(reason) => ("none".to_owned(), reason),
        };
        let credits: Vec<_> = state.pages().map(|pages| pages.credits()).collect();
        let of_tasks = state.pages().flat_map(|pages| {
            [pages.section()].into_iter().chain(pages.further_sections().iter().copied())
        });
        Self {
            sections: of_tasks.chain([Section::MODELS, Section::ABOUT]).collect(),
            here,
            notice: state.notice.clone(),
            device,
            // A driver may name its files.
            device_reason: state.private.hide(device_reason),
            credits: credits.join(". "),
            program_version: env!("CARGO_PKG_VERSION"),
            statics: format!("/static/{}", assets::version()),
        }
    }

    /// The navigation: address, text, and whether the page lies there.
    pub fn navigation(&self) -> Vec<(&'static str, &'static str, bool)> {
        let entry = |section: &Section| (section.href, section.title, self.here == Some(*section));
        self.sections.iter().map(entry).collect()
    }
}
