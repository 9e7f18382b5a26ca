//! The pages of downscaling.

use std::path::Path;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::HeaderMap;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use stormlens_data::card::{CheckpointCard, ModelCard, RainStatement};
use stormlens_data::request::Subject;

use super::list::{self, Card};
use super::question::rain_of;
use super::{DownscalingTask, SECTION, evaluation, page, upload};
use crate::catalog::Catalog;
use crate::web::layout::Section;
use crate::web::pages::{Pages, Shown, Welcome};
use crate::web::{AppError, AppState, Pictures, time_limit};

#[derive(Template)]
#[template(path = "tasks/downscaling/welcome.html")]
struct Panel;

#[derive(Template)]
#[template(path = "tasks/downscaling/suggestions.html")]
struct Suggestions {
    cards: Vec<Card>,
    n_all: usize,
}

impl Pages for DownscalingTask {
    fn section(&self) -> Section {
        SECTION
    }

    fn credits(&self) -> &'static str {
        "Rain of three hours: NOAA MRMS. Terrain: NCEP GFS, NOAA ETOPO"
    }

    fn routes(self: Arc<Self>) -> Router<AppState> {
        let task = || self.clone();
        let (listed, shown, drawn, taken, of_file) = (task(), task(), task(), task(), task());
        let uploads = Router::new()
            .route(
                "/rain",
                post(move |state, request| upload::receive(taken.clone(), state, request)),
            )
            // An upload has limits of its own.
            .layer(DefaultBodyLimit::disable());
        let list =
            move |State(state): State<AppState>, RawQuery(query): RawQuery, headers: HeaderMap| {
                let listed = listed.clone();
                async move { list::show(&listed, &state, query.as_deref(), &headers) }
            };
        let pages = Router::new()
            .route("/rain", get(list))
            .route("/rain/{id}", get(move |s, p, h| list::one(shown.clone(), s, p, h)))
            .route(
                "/rain/{id}/picture.png",
                get(move |s, p, q, h| list::picture(drawn.clone(), s, p, q, h)),
            )
            .route("/rain/of/{key}", get(move |s, p, h| list::of_file(of_file.clone(), s, p, h)))
            .layer(from_fn(time_limit));
        pages.merge(uploads)
    }

    fn welcome(&self, state: &AppState) -> Result<Welcome, AppError> {
        let n_all = self.fields.samples().len();
        let suggestions = Suggestions { cards: list::suggestions(self, &state.catalog), n_all };
        Ok(Welcome { panel: Panel.render()?, suggestions: suggestions.render()? })
    }

    fn asked_at(&self, subject: &Subject) -> String {
        list::page_of(rain_of(subject))
    }

    fn result(&self, shown: &Shown<'_>) -> Result<String, AppError> {
        page::html(self, shown)
    }

    fn facts(&self, _: &ModelCard) -> Vec<(&'static str, String)> {
        vec![("Input", "Coarse rain of an interval, and terrain, on tiles".to_owned())]
    }

    fn weight_facts(&self, checkpoint: &CheckpointCard) -> Vec<(&'static str, String)> {
        let Some(refining) = &checkpoint.refining else { return Vec::new() };
        let geometry = refining.geometry();
        let (rain, side) = (refining.rain, geometry.tile_deg());
        let assumed =
            if refining.is_stated { "" } else { " (not stated: those of the publication)" };
        let mut facts = vec![
            ("Rain", format!("Sums of {} h{assumed}", rain.hours)),
            ("Tiles", format!("{side}° × {side}°, a node every {}°", geometry.fine_deg)),
            ("Registration", rain.registration.to_string()),
        ];
        if refining.tiles.n_input_channels > 1 {
            let RainStatement { log_mean, log_std, .. } = rain;
            let what = if rain.wettest_mm.is_some() { "multiplied mm" } else { "mm" };
            let unit = format!("ln(1 + {what}), mean {log_mean:.4}, deviation {log_std:.4}");
            facts.push(("Unit", unit));
            if let Some(mm) = rain.wettest_mm {
                let text = format!(
                    "Multiplied so that the wettest coarse node of a tile has {mm} mm (of tiles with less than 1 mm: as if it \
                     had 1 mm)"
                );
                facts.push(("Amount", text));
            }
        }
        if checkpoint.members.len() > 1 {
            facts.push(("Members", format!("Weights of {} epochs", checkpoint.members.len())));
        }
        facts
    }

    fn evaluation(&self, file: &Path) -> Option<String> {
        evaluation::html(file)
    }

    fn trouble(&self) -> Option<&'static str> {
        self.fields.trouble()
    }

    fn prepare_pictures(&self, _: &Pictures, _: &Catalog) {}
}
