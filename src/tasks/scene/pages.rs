//! The pages of scenes.

use std::path::Path;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use stormlens_data::card::{CheckpointCard, ModelCard};
use stormlens_data::request::Subject;
use stormlens_data::scene::Variant;

use super::class_scores::ClassScores;
use super::list::{self, Drop, SceneCard};
use super::{SECTION, SceneTask, page, table, thumbnail, upload};
use crate::catalog::Catalog;
use crate::web::diagrams::probabilities;
use crate::web::layout::Section;
use crate::web::pages::{Pages, Shown, Welcome};
use crate::web::{AppError, AppState, Pictures, time_limit};

/// Scenes on the start page.
const N_SUGGESTIONS: usize = 3;

#[derive(Template)]
#[template(path = "tasks/scene/welcome.html")]
struct Panel {
    drop: Drop,
}

#[derive(Template)]
#[template(path = "tasks/scene/suggestions.html")]
struct Suggestions {
    samples: Vec<SceneCard>,
}

#[derive(Template)]
#[template(path = "tasks/scene/evaluation.html")]
struct Evaluation {
    classes: ClassScores,
    /// HTML; evaluations of older programs have none.
    probabilities: String,
}

impl Pages for SceneTask {
    fn section(&self) -> Section {
        SECTION
    }

    fn credits(&self) -> &'static str {
        "Scenes: contain modified Copernicus Sentinel data"
    }

    fn routes(self: Arc<Self>) -> Router<AppState> {
        let task = || self.clone();
        let (listed, drawn, compared, written) = (task(), task(), task(), task());
        // An upload has limits of its own.
        let uploads = Router::new()
            .route("/scenes", post(move |s, q, r| upload::receive(self.clone(), s, q, r)))
            .layer(DefaultBodyLimit::disable());
        let list = move |State(state): State<AppState>, headers: HeaderMap| {
            let listed = listed.clone();
            async move { list::show(&listed, &state, &headers) }
        };
        Router::new()
            .route("/scenes", get(list))
            .route(table::PATH, get(move |s, q, h| table::show(compared.clone(), s, q, h)))
            .route("/scenes/compare.csv", get(move |s, q| table::csv(written.clone(), s, q)))
            .route(
                "/scenes/{id}/thumbnail.jpg",
                get(move |s, p, q, h| thumbnail::show(drawn.clone(), s, p, q, h)),
            )
            .layer(from_fn(time_limit))
            .merge(uploads)
    }

    fn welcome(&self, state: &AppState) -> Result<Welcome, AppError> {
        let panel = Panel { drop: Drop::new(self) }.render()?;
        let samples: Vec<_> =
            list::cards(self, &state.catalog).into_iter().take(N_SUGGESTIONS).collect();
        Ok(Welcome { panel, suggestions: Suggestions { samples }.render()? })
    }

    fn asked_at(&self, _: &Subject) -> String {
        SECTION.href.to_owned()
    }

    fn result(&self, shown: &Shown<'_>) -> Result<String, AppError> {
        page::html(self, shown)
    }

    fn facts(&self, model: &ModelCard) -> Vec<(&'static str, String)> {
        let Some(task) = model.scene_classification() else { return Vec::new() };
        let classes: Vec<_> = task.classes.iter().map(|class| class.label).collect();
        vec![("Answer", classes.join(" or "))]
    }

    fn weight_facts(&self, checkpoint: &CheckpointCard) -> Vec<(&'static str, String)> {
        let Some(Variant { input_px, crop_px }) = checkpoint.variant else { return Vec::new() };
        vec![
            ("Input", format!("A scene of {input_px} × {input_px} pixels")),
            ("Seen by the network", format!("Its centre, {crop_px} × {crop_px} pixels")),
        ]
    }

    fn evaluation(&self, file: &Path) -> Option<String> {
        let classes = ClassScores::read(file)?;
        let probabilities = probabilities(file).map(|all| all.render()).transpose().ok()?;
        Evaluation { classes, probabilities: probabilities.unwrap_or_default() }.render().ok()
    }

    fn trouble(&self) -> Option<&'static str> {
        self.scenes.trouble()
    }

    fn prepare_pictures(&self, pictures: &Pictures, _: &Catalog) {
        for scene in self.scenes.samples() {
            thumbnail::prepare(&self.scenes, pictures, scene);
        }
    }
}
