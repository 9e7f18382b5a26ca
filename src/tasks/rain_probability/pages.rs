//! The pages of rain probability.

use std::path::Path;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::HeaderMap;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use stormlens_data::card::{CheckpointCard, ModelCard};
use stormlens_data::request::Subject;

use super::answer::event_names;
use super::ground::Ground;
use super::list::{self, Day};
use super::question::subject_of;
use super::{RainProbabilityTask, SECTION, evaluation, fields, page, recognised, upload};
use crate::catalog::Catalog;
use crate::web::layout::Section;
use crate::web::pages::{Pages, Shown, Welcome};
use crate::web::{AppError, AppState, Pictures, time_limit};

#[derive(Template)]
#[template(path = "tasks/rain_probability/welcome.html")]
struct Panel;

#[derive(Template)]
#[template(path = "tasks/rain_probability/suggestions.html")]
struct Suggestions {
    days: Vec<Day>,
}

impl Pages for RainProbabilityTask {
    fn section(&self) -> Section {
        SECTION
    }

    fn credits(&self) -> &'static str {
        "Fields of days and gauges in Spain: NOAA (NCEP/NCAR Reanalysis 1, GHCN-Daily), after downscaleR"
    }

    fn routes(self: Arc<Self>) -> Router<AppState> {
        let task = || self.clone();
        let (listed, shown, taken, of_files) = (task(), task(), task(), task());
        let uploads = Router::new()
            .route(
                "/probability",
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
            .route("/probability", get(list))
            .route(
                "/probability/{id}",
                get(move |s, p, q, h| fields::one(shown.clone(), s, p, q, h)),
            )
            .route(
                "/probability/of/{key}",
                get(move |s, p, q, h| recognised::of_files(of_files.clone(), s, p, q, h)),
            )
            .layer(from_fn(time_limit));
        pages.merge(uploads)
    }

    fn welcome(&self, _: &AppState) -> Result<Welcome, AppError> {
        let suggestions = Suggestions { days: list::suggestions(self) };
        Ok(Welcome { panel: Panel.render()?, suggestions: suggestions.render()? })
    }

    fn asked_at(&self, subject: &Subject) -> String {
        list::page_of(subject_of(subject).0)
    }

    fn result(&self, shown: &Shown<'_>) -> Result<String, AppError> {
        page::html(self, shown)
    }

    fn facts(&self, _: &ModelCard) -> Vec<(&'static str, String)> {
        vec![
            (
                "Input",
                "Fields of a weather model at one time; parts of them may be hidden".to_owned(),
            ),
            ("Output", "Memberships of dry, rain and heavy rain at each node".to_owned()),
        ]
    }

    fn weight_facts(&self, checkpoint: &CheckpointCard) -> Vec<(&'static str, String)> {
        let Some(card) = &checkpoint.fields else { return Vec::new() };
        let (fields, [rows, columns]) = (&card.fields, card.fields.size);
        let assumed = if card.is_stated { "" } else { " (not stated: those of the publication)" };
        let names: Vec<&str> = fields.variables.iter().map(|v| v.name.as_str()).collect();
        let stage = match card.n_classes {
            Some(n) => format!("Fine-tuned: {n} classes"),
            None => "Pre-training: rebuilds fields".to_owned(),
        };
        let grid = match fields.has_grid() {
            true => format!("{rows} × {columns} nodes, {}", Ground(fields).words()),
            false => format!("{rows} × {columns} nodes; where, is not stated"),
        };
        let [depth, patch_rows, patch_columns] = card.patch;
        let recalibrated = match fields.calibration.is_empty() {
            true => "No: memberships are not probabilities",
            false => "By isotonic regression, one map an event",
        };
        vec![
            ("Stage", stage),
            ("Variables", format!("{}{assumed}", names.join(", "))),
            ("Grid", grid),
            (
                "Tokens",
                format!(
                    "{depth} × {patch_rows} × {patch_columns}: variables, rows and columns of nodes"
                ),
            ),
            ("Events", event_names(fields).join(", ")),
            ("Normalised by", fields.statistics.clone()),
            ("Recalibrated", recalibrated.to_owned()),
        ]
    }

    fn evaluation(&self, file: &Path) -> Option<String> {
        evaluation::html(file)
    }

    fn trouble(&self) -> Option<&'static str> {
        self.samples.uploads.trouble()
    }

    fn prepare_pictures(&self, _: &Pictures, _: &Catalog) {}
}
