//! Where browsers reach the server, if a proxy stands before it: another name, and perhaps below a path.

use std::str::FromStr;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{AppError, AppState};

#[cfg(test)]
mod tests;

/// A page with every figure in it has two megabytes.
const MAX_PAGE_BYTES: usize = 64 << 20;

/// `https://lab.example.org/stormlens/`: the proxy at `lab.example.org` hands on what lies below `/stormlens/`,
/// without `/stormlens`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Scheme, host and port, such as `https://lab.example.org`.
    origin: String,
    host: String,
    /// `/stormlens`, or empty.
    prefix: String,
}

impl PublicUrl {
    /// As browsers send it in the header `Origin`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The name of the host, without its port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path of one of the server's own addresses, such as `/samples`, as a browser has to ask for it.
    pub fn path(&self, own: &str) -> String {
        format!("{}{own}", self.prefix)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |why: &str| {
            format!(
                "{text} {why}; give what people type into a browser, such as https://lab.example.org/stormlens/"
            )
        };
        let address: Uri = text.parse().map_err(|_| refuse("is no address"))?;
        let scheme = address.scheme_str().filter(|scheme| ["http", "https"].contains(scheme));
        let scheme = scheme.ok_or_else(|| refuse("does not begin with http:// or https://"))?;
        let authority = address.authority().ok_or_else(|| refuse("names no host"))?.as_str();
        if address.query().is_some() || authority.contains('@') || text.contains('#') {
            return Err(refuse("holds more than a host and a path"));
        }
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        let prefix = address.path().trim_end_matches('/');
        // What stands in pages as it is must not need to be escaped.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
        if !prefix.chars().all(is_plain) || prefix.contains("//") {
            return Err(refuse(
                "has a path with other characters than letters, digits, - . _ ~ and /",
            ));
        }
        let origin = format!("{scheme}://{}", authority.to_ascii_lowercase());
        let host = address.host().unwrap_or_default().to_ascii_lowercase();
        Ok(Self { origin, host, prefix: prefix.to_owned() })
    }
}

/// Puts the path that the proxy takes away before all addresses in pages and redirections.
pub async fn add_prefix(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(url) = state.public_url.filter(|url| !url.prefix.is_empty()) else { return response };
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    if let Some(own) = location.filter(|location| location.starts_with('/'))
        && let Ok(location) = HeaderValue::from_str(&url.path(own))
    {
        response.headers_mut().insert(LOCATION, location);
    }
    if !is_page(response.headers()) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(page) = to_bytes(body, MAX_PAGE_BYTES).await else {
        return AppError::Internal("a page is too large to be changed".to_owned()).into_response();
    };
    head.headers.remove(CONTENT_LENGTH);
    // In text a quotation mark is escaped, so these are always values of attributes: an address, and the one of a page
    // that loads itself again.
    let page = String::from_utf8_lossy(&page).replace("=\"/", &format!("=\"{}/", url.prefix));
    let page = page.replace("content=\"2;url=/", &format!("content=\"2;url={}/", url.prefix));
    Response::from_parts(head, Body::from(page))
}

fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}
