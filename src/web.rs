//! The dashboard: routes, and what every response goes through.

pub mod access;
mod assets;
pub mod caching;
pub mod client;
mod compression;
mod connections;
pub mod diagrams;
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
mod private;
mod public_url;
pub mod recent;
pub mod report;
pub mod result;
mod state;
pub mod upload;
pub mod views;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::trace::TraceLayer;

pub use self::access::Access;
pub use self::connections::serve;
pub use self::error::{AppError, Link, Problem, wants_json, wants_page};
pub use self::guard::time_limit;
pub use self::health::Problems;
pub use self::pages::Pages;
pub use self::pictures::Pictures;
pub use self::private::PrivateFolders;
pub use self::public_url::PublicUrl;
pub use self::state::{AppState, MAX_WAIT, Way};

/// Forms carry a few short fields.
const MAX_BODY_BYTES: usize = 16 << 10;

/// The whole dashboard over `state`.
pub fn app(state: AppState) -> Router {
    let generic = Router::new()
        .route("/", get(pages::home::show))
        .route("/v1/result", get(result::show).post(result::start))
        .route("/v1/result/figure/{file}", get(figures::show))
        .route("/v1/result/data/{*file}", get(downloads::variable))
        .route("/v1/result/{file}", get(downloads::show))
        .route("/jobs/{id}/events", get(events::stream))
        .route("/jobs/{id}/cancel", post(events::cancel))
        .route("/models", get(pages::models::list))
        .route("/models/{id}", get(pages::models::show))
        .route("/models/{id}/{checkpoint}/diagram/{file}", get(diagrams::show))
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
        .layer(csrf(&state))
        .layer(from_fn_with_state(state.clone(), access::admit))
        .layer(from_fn_with_state(state.clone(), error::render))
        .layer(from_fn_with_state(state.clone(), public_url::add_prefix))
        .layer(compression::layer())
        .layer(from_fn(guard::security_headers))
        // Errors are logged where they become pages, with their reason.
        .layer(TraceLayer::new_for_http().on_failure(()))
        .with_state(state)
}

/// Refuses forms of other sites. Behind a proxy the name in the header `Host` may not be the one that browsers know.
fn csrf(state: &AppState) -> CsrfLayer {
    let origin = state.public_url.as_ref().map(|url| url.origin());
    let with_origin = origin.map(|origin| CsrfLayer::new().add_trusted_origin(origin));
    // An origin is always a scheme and a host.
    with_origin.and_then(Result::ok).unwrap_or_default()
}
