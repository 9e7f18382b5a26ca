//! The dashboard: routes, and what every response goes through.

mod assets;
pub mod caching;
mod compression;
mod connections;
mod downloads;
mod error;
mod events;
pub mod figures;
pub mod format;
pub mod forms;
mod guard;
mod health;
pub mod layout;
pub mod methods;
pub mod pages;
pub mod pictures;
pub mod recent;
pub mod report;
pub mod result;
mod state;
pub mod views;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::trace::TraceLayer;

pub use self::connections::serve;
pub use self::error::{AppError, Link, Problem, wants_page};
pub use self::guard::time_limit;
pub use self::health::Problems;
pub use self::pages::Pages;
pub use self::pictures::Pictures;
pub use self::state::{AppState, MAX_WAIT, Way};

/// Forms carry a few short fields.
const MAX_BODY_BYTES: usize = 16 << 10;

/// The whole dashboard over `state`.
pub fn app(state: AppState) -> Router {
    let generic = Router::new()
        .route("/", get(pages::home::show))
        .route("/v1/result", get(result::show))
        .route("/v1/result/figure/{file}", get(figures::show))
        .route("/v1/result/data/{*file}", get(downloads::variable))
        .route("/v1/result/{file}", get(downloads::show))
        .route("/jobs/{id}/events", get(events::stream))
        .route("/jobs/{id}/cancel", post(events::cancel))
        .route("/models", get(pages::models::list))
        .route("/models/{id}", get(pages::models::show))
        .route("/about", get(pages::about::show))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/static/{version}/{file}", get(assets::show))
        .layer(from_fn(guard::time_limit));
    let with_tasks = |all: Router<AppState>, pages: &std::sync::Arc<dyn Pages>| {
        all.merge(pages.clone().routes())
    };
    state
        .pages()
        .fold(generic, with_tasks)
        .fallback(error::page_not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(CatchPanicLayer::custom(error::from_panic))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CsrfLayer::new())
        .layer(from_fn_with_state(state.clone(), error::render))
        .layer(compression::layer())
        .layer(from_fn(guard::security_headers))
        // Errors are logged where they become pages, with their reason.
        .layer(TraceLayer::new_for_http().on_failure(()))
        .with_state(state)
}
