//! Entity tags: a figure that has not changed is not sent again.

use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use stormlens_data::outcome::Provenance;

/// The tag of a representation. Weak, because compression changes the bytes on their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    /// A tag that differs as soon as one of `parts`, or the program, does.
    pub fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in [env!("CARGO_PKG_VERSION"), super::assets::version()].iter().chain(parts) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest: String = hash.finalize()[..12].iter().map(|b| format!("{b:02x}")).collect();
        Self(format!("W/\"{digest}\""))
    }

    /// The tag of what is made from an outcome: the address says how it is drawn, the provenance
    /// which weights and data it was computed from.
    pub fn of_result(address: &str, provenance: &Provenance) -> Self {
        let Provenance { weights_sha256, data_sha256, device, .. } = provenance;
        Self::of(&[address, weights_sha256, data_sha256, device])
    }

    /// The hash in it.
    pub fn digest(&self) -> &str {
        self.0.trim_start_matches("W/").trim_matches('"')
    }

    /// Whether the client has this representation already.
    pub fn is_known(&self, headers: &HeaderMap) -> bool {
        let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        headers
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| tag.trim() == "*" || strong(tag) == strong(&self.0))
    }

    /// The answer for a client that has it already.
    pub fn not_modified(&self) -> Response {
        self.attach(StatusCode::NOT_MODIFIED.into_response())
    }

    /// Marks `response` with this tag; the client asks again before it uses its copy.
    pub fn attach(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            headers.insert(ETAG, value);
        }
        response
    }
}
