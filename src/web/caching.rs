//! Entity tags and lifetimes: what has not changed is not sent again, and what cannot change is not
//! even asked for again.

use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use stormlens_data::hash::finish;
use stormlens_data::outcome::Provenance;

use crate::program::Program;

/// The client asks each time whether its copy is still the present one.
const ASK: HeaderValue = HeaderValue::from_static("private, no-cache");
/// The address names what is behind it, down to the program that draws it. Caches between server and
/// client keep none of it: who does not know an address does not see what was uploaded.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// The name of the parameter by which an address says what it was written for.
pub const VERSION: &str = "v";

/// The tag of a representation. Weak, because compression changes the bytes on their way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntityTag {
    text: String,
    /// Whether the address can never mean anything else.
    is_lasting: bool,
}

impl EntityTag {
    /// A tag that differs as soon as one of `parts`, or the program, does.
    pub fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in [Program::this().as_str(), super::assets::version()].iter().chain(parts) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = &finish(hash)[..24];
        Self { text: format!("W/\"{digest}\""), is_lasting: false }
    }

    /// The tag of what is made from an outcome: the address says how it is drawn, the provenance
    /// which weights and data it was computed from, and under which names the data came.
    pub fn of_result(address: &str, provenance: &Provenance) -> Self {
        let Provenance { weights_sha256, data_sha256, data_files, device, .. } = provenance;
        let names = data_files.join("\n");
        Self::of(&[address, weights_sha256, data_sha256, device, &names])
    }

    /// The same tag of what the client need not ask for again, where the address names the present
    /// version: an older address is answered too, but its answer does not last.
    pub fn lasting_if(self, named: Option<&str>, present: &Version) -> Self {
        Self { is_lasting: named == Some(present.as_str()), ..self }
    }

    /// The same tag of what the client need not ask for again: the address names what it is of.
    pub fn lasting(self) -> Self {
        Self { is_lasting: true, ..self }
    }

    /// The hash in it.
    pub fn digest(&self) -> &str {
        self.text.trim_start_matches("W/").trim_matches('"')
    }

    /// Whether the client has this representation already.
    pub fn is_known(&self, headers: &HeaderMap) -> bool {
        let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        headers
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| tag.trim() == "*" || strong(tag) == strong(&self.text))
    }

    /// The answer for a client that has it already.
    pub fn not_modified(&self) -> Response {
        self.attach(StatusCode::NOT_MODIFIED.into_response())
    }

    /// Marks `response` with this tag and with how long it lasts.
    pub fn attach(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, if self.is_lasting { FOR_EVER } else { ASK });
        if let Ok(value) = HeaderValue::from_str(&self.text) {
            headers.insert(ETAG, value);
        }
        response
    }
}

/// What an address says of the data, the weights and the program that it was written for: 12
/// hexadecimal digits, the same as long as the answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// A version that differs as soon as one of `parts`, or the program, does.
    pub fn of(parts: &[&str]) -> Self {
        Self(EntityTag::of(parts).digest()[..12].to_owned())
    }

    /// The version of all figures of an outcome, whatever they look like.
    pub fn of_result(provenance: &Provenance) -> Self {
        Self(EntityTag::of_result("", provenance).digest()[..12].to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_present_version_lasts() {
        let (present, other) = (Version::of(&["data"]), Version::of(&["other data"]));
        assert_ne!(present, other);
        let check = |named: Option<&str>, expected: &str| {
            let tag = EntityTag::of(&["picture"]).lasting_if(named, &present);
            for response in [tag.not_modified(), tag.attach(StatusCode::OK.into_response())] {
                assert_eq!(response.headers()[CACHE_CONTROL], expected);
                assert_eq!(response.headers()[ETAG], EntityTag::of(&["picture"]).text);
            }
        };
        check(Some(present.as_str()), "private, max-age=31536000, immutable");
        check(Some(other.as_str()), "private, no-cache");
        check(None, "private, no-cache");
    }

    #[test]
    fn a_tag_is_known_in_any_of_its_forms() {
        let tag = EntityTag::of(&["page"]);
        let check = |sent: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(sent).expect("it is a header"));
            assert_eq!(tag.is_known(&headers), expected, "{sent}");
        };
        let digest = tag.digest();
        check(&format!("W/\"{digest}\""), true);
        check(&format!("\"{digest}\""), true);
        check(&format!("\"other\", W/\"{digest}\""), true);
        check("*", true);
        check("\"other\"", false);
        check(digest, false);
    }
}
