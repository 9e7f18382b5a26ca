//! The dashboard: routes, and what every response goes through.

mod assets;
mod caching;
mod compression;
mod connections;
mod downloads;
mod error;
mod events;
mod figures;
mod format;
mod frames;
mod guard;
mod health;
mod legend;
mod pages;
mod parameters;
mod pictures;
mod recent;
mod result_query;
mod scenes;
mod scores;
mod shell;
mod state;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::trace::TraceLayer;

pub use self::connections::serve;
pub use self::error::AppError;
pub use self::scenes::UploadLimits;
pub use self::state::AppState;

/// Forms carry a few short fields.
const MAX_BODY_BYTES: usize = 16 << 10;

/// The whole dashboard over `state`.
pub fn app(state: AppState) -> Router {
    let upload_limit = DefaultBodyLimit::max(state.max_upload_bytes());
    Router::new()
        .route("/", get(pages::home::show))
        .route("/samples", get(pages::samples::show))
        .route("/samples/{id}", get(pages::sample::show))
        .route("/samples/{id}/animation.png", get(frames::animation))
        .route("/samples/{id}/frames/{file}", get(frames::frame))
        .route("/result", get(pages::result::show))
        .route("/result/figure/{file}", get(figures::show))
        .route("/result/array/{*file}", get(downloads::array))
        .route("/result/{file}", get(downloads::show))
        .route("/scenes", get(pages::scenes::show))
        .route("/scenes", post(scenes::upload::receive).layer(upload_limit))
        .route("/scenes/compare", get(pages::compare::show))
        .route("/scenes/compare.csv", get(scenes::compare::csv))
        .route("/scenes/{id}", get(pages::scene::show))
        .route("/scenes/{id}/thumbnail.jpg", get(scenes::thumbnail::show))
        .route("/scenes/{id}/figure/{file}", get(scenes::figures::show))
        .route("/scenes/{id}/array/{*file}", get(scenes::downloads::array))
        .route("/scenes/{id}/{file}", get(scenes::downloads::show))
        .route("/jobs/{id}/events", get(events::stream))
        .route("/jobs/{id}/cancel", post(events::cancel))
        .route("/models", get(pages::models::list))
        .route("/models/{id}", get(pages::models::show))
        .route("/about", get(pages::about::show))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/static/{version}/{file}", get(assets::show))
        .fallback(error::page_not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(CatchPanicLayer::custom(error::from_panic))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CsrfLayer::new())
        .layer(from_fn(guard::time_limit))
        .layer(from_fn_with_state(state.clone(), error::render))
        .layer(compression::layer())
        .layer(from_fn(guard::security_headers))
        // Errors are logged where they become pages, with their reason.
        .layer(TraceLayer::new_for_http().on_failure(()))
        .with_state(state)
}
