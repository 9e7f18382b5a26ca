//! The pages of nowcasts.

use std::path::Path;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use stormlens_data::card::{CheckpointCard, ModelCard, Nowcasting};
use stormlens_data::request::Subject;

use super::list::{self, SampleCard, suggestions};
use super::scores::Scores;
use super::verification::{self, FileKind, chart};
use super::{Nowcasts, SECTION, VERIFICATION, compare, frames, page, sample};
use crate::catalog::Catalog;
use crate::web::layout::Section;
use crate::web::pages::{Pages, Shown, Welcome};
use crate::web::{AppError, AppState, Pictures, time_limit};

#[derive(Template)]
#[template(path = "tasks/nowcast/welcome.html")]
struct Panel;

#[derive(Template)]
#[template(path = "tasks/nowcast/suggestions.html")]
struct Suggestions {
    samples: Vec<SampleCard>,
    n_samples: usize,
}

#[derive(Template)]
#[template(path = "tasks/nowcast/evaluation.html")]
struct Evaluation {
    scores: Scores,
}

impl Pages for Nowcasts {
    fn section(&self) -> Section {
        SECTION
    }

    fn further_sections(&self) -> &'static [Section] {
        &[VERIFICATION]
    }

    fn comparisons(
        &self,
        checkpoints: &[Arc<CheckpointCard>],
        catalog: &Catalog,
    ) -> Vec<Vec<(String, String)>> {
        verification::of(self, checkpoints, catalog)
    }

    fn credits(&self) -> &'static str {
        "Radar data: KNMI, Deutscher Wetterdienst and Finnish Meteorological Institute, CC BY 4.0; MeteoSwiss. Clouds: CloudCast, from EUMETSAT data"
    }

    fn routes(self: Arc<Self>) -> Router<AppState> {
        let task = || self.clone();
        let (listed, shown, framed, moved) = (task(), task(), task(), task());
        let compared = task();
        Router::new()
            .route("/samples", get(move |s, q, h| list::show(listed.clone(), s, q, h)))
            .route("/samples/{id}", get(move |s, p, h| sample::show(shown.clone(), s, p, h)))
            .route(
                "/samples/{id}/frames/{file}",
                get(move |s, p, q, h| frames::frame(framed.clone(), s, p, q, h)),
            )
            .route(
                "/samples/{id}/animation.png",
                get(move |s, p, q, h| frames::animation(moved.clone(), s, p, q, h)),
            )
            .route(compare::PATH, get(move |s, q, h| compare::show(compared.clone(), s, q, h)))
            .merge(comparison_files(&self))
            .merge(verification_routes(&self))
            .layer(from_fn(time_limit))
    }

    fn welcome(&self, state: &AppState) -> Result<Welcome, AppError> {
        let suggested = suggestions(&self.samples, &state.catalog).into_iter();
        let samples = list::cards(&self.samples, &state.catalog, suggested);
        let suggestions = Suggestions { samples, n_samples: self.samples.list().len() };
        Ok(Welcome { panel: Panel.render()?, suggestions: suggestions.render()? })
    }

    fn asked_at(&self, subject: &Subject) -> String {
        page::asked_at(subject)
    }

    fn result(&self, shown: &Shown<'_>) -> Result<String, AppError> {
        page::html(self, shown)
    }

    fn facts(&self, _: &ModelCard) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn weight_facts(&self, checkpoint: &CheckpointCard) -> Vec<(&'static str, String)> {
        let Some(task) = &checkpoint.nowcasting else { return Vec::new() };
        let Nowcasting { n_input_frames, frame_step_min, lead_times_min, .. } = task;
        let leads: Vec<String> = lead_times_min.iter().map(u32::to_string).collect();
        let assumed = if task.is_stated { "" } else { " (not stated: those of the publication)" };
        let (gives, ahead) = match task.rebuilds() {
            true => ("Rebuilds", "None: the frames that went in".to_owned()),
            false => ("Forecasts", format!("{} min{assumed}", leads.join(", "))),
        };
        vec![
            (gives, task.field.label().to_owned()),
            ("Input", format!("{n_input_frames} frames, every {frame_step_min} min")),
            ("Lead times", ahead),
            ("Size", format!("Multiples of {} pixels", task.size_multiple)),
        ]
    }

    fn evaluation(&self, file: &Path) -> Option<String> {
        Evaluation { scores: Scores::read(file)? }.render().ok()
    }

    fn prepare_pictures(&self, pictures: &Pictures, catalog: &Catalog) {
        let first = suggestions(&self.samples, catalog).into_iter();
        let listed = list::in_order(&self.samples, catalog, |_| true);
        let listed = listed.into_iter().take(list::N_ON_PAGE);
        first.chain(listed).for_each(|sample| frames::prepare(&self.samples, pictures, sample));
    }
}

/// Scores of comparisons on one sample.
fn comparison_files(task: &Arc<Nowcasts>) -> Router<AppState> {
    compare::FileKind::ALL.into_iter().fold(Router::new(), |files, kind| {
        let task = task.clone();
        files.route(&kind.path(), get(move |s, q| compare::file(task.clone(), s, kind, q)))
    })
}

/// Comparisons over data sets.
fn verification_routes(task: &Arc<Nowcasts>) -> Router<AppState> {
    let own = || task.clone();
    let (listed, shown, begun, stopped) = (own(), own(), own(), own());
    let (drawn, mapped) = (own(), own());
    let stop = move |form| {
        let task = stopped.clone();
        async move { verification::stop(&task, form) }
    };
    let pages = Router::new()
        .route(verification::LIST, get(move |s, h| verification::list(listed.clone(), s, h)))
        .route(verification::PATH, get(move |s, q, h| verification::show(shown.clone(), s, q, h)))
        .route(verification::START, post(move |s, f| verification::start(begun.clone(), s, f)))
        .route(verification::STOP, post(stop))
        .route(chart::PATH, get(move |s, p, q, h| chart::show(drawn.clone(), s, p, q, h)))
        .route(chart::MAP_PATH, get(move |s, p, q, h| chart::map(mapped.clone(), s, p, q, h)));
    FileKind::ALL.into_iter().fold(pages, |pages, kind| {
        let task = task.clone();
        let path = format!("{}.{}", verification::PATH, kind.ending());
        pages.route(&path, get(move |s, q| verification::file(task.clone(), s, kind, q)))
    })
}
