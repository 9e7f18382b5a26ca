//! Who may ask: which names this server answers to, from where, and how much at once.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::client::{self, Client, Share, Shares};
use super::{AppError, AppState, Link, Problem};
use crate::allocator;

/// Of an address; the longest that pages write has two thousand.
const MAX_ADDRESS_BYTES: usize = 16 << 10;
/// Smaller answers fit into the buffers of a connection.
const MIN_COUNTED_BYTES: u64 = 64 << 10;
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];
/// Where answers are drawn, computed or followed: what may take long.
const WORK: [&str; 2] = ["/v1/result/", "/jobs/"];

/// Under which names a server is asked, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Host names beside `localhost` and addresses in numbers.
    pub allowed_hosts: Vec<String>,
    /// Whether only a proxy reaches the server: then the visitor is whom its `X-Forwarded-For` names.
    pub behind_proxy: bool,
}

impl Access {
    /// Whether the server answers to that name. A name that somebody else gives to this machine's address would let
    /// scripts of their pages read and write here (DNS rebinding), so only known names count; an
    /// address in numbers cannot be given to another machine.
    fn allows(&self, host: &str) -> bool {
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let v6 = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        name == "localhost"
            || name.ends_with(".localhost")
            || name.parse::<Ipv4Addr>().is_ok()
            || v6.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
            || self.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&name))
    }

    fn check_host(&self, request: &Request) -> Result<(), AppError> {
        let mut named = request.headers().get_all(HOST).iter();
        let (Some(first), None) = (named.next(), named.next()) else { return Err(no_host()) };
        let authority = first.to_str().ok().and_then(|text| text.parse::<Authority>().ok());
        let authority = authority.filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(no_host)?;
        let in_address = request.uri().host();
        match [Some(authority.host()), in_address].into_iter().flatten().find(|h| !self.allows(h)) {
            None => Ok(()),
            Some(host) => Err(other_host(host)),
        }
    }
}

/// How much all clients have at once, and one of them.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Requests that are answered, but for those of health: fewer than there are connections.
    requests: Shares,
    /// Those of them that may take long, so that pages are to be had beside them.
    work: Shares,
    /// Streams of events, which go on for as long as a run.
    pub events: Shares,
    /// Bytes of answers that nobody has taken yet.
    unsent: Shares,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: Shares::new(448, 256),
            work: Shares::new(320, 128),
            events: Shares::new(192, 64),
            unsent: Shares::new(192 << 20, 96 << 20),
        }
    }
}

impl Limits {
    /// A share of what may be asked at once, until the answer was taken.
    fn take(&self, client: Option<Client>, path: &str) -> Option<(Share, Option<Share>)> {
        let request = self.requests.take(client, 1)?;
        let is_work = WORK.iter().any(|start| path.starts_with(start));
        let work = if is_work { Some(self.work.take(client, 1)?) } else { None };
        Some((request, work))
    }

    /// Counts the bytes of an answer until they were sent. Whoever asks for much and takes it slowly gets no
    /// more of it.
    async fn count(
        &self,
        client: Option<Client>,
        response: Response,
    ) -> Result<Response, AppError> {
        let n_bytes = response.body().size_hint().exact().filter(|n| *n > MIN_COUNTED_BYTES);
        let Some(n_bytes) = n_bytes else { return Ok(response) };
        let share = self.unsent.take(client, n_bytes as usize).ok_or_else(crowded)?;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await;
        let bytes = bytes.map_err(|error| AppError::Internal(error.to_string()))?;
        Ok(Response::from_parts(parts, Body::from(client::counted(bytes, share))))
    }
}

/// Lets a request in, or says why not.
///
/// # Errors
/// For an address or a host that is none of this server's, for what a page of another site asks for by
/// itself, and where a client asks for too much at once.
pub async fn admit(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, AppError> {
    check_length(&request)?;
    state.access.check_host(&request)?;
    check_site(request.headers())?;
    let path = request.uri().path();
    if HEALTH.contains(&path) {
        return Ok(next.run(request).await);
    }
    let client = Client::current();
    let shares = state.limits.take(client, path).ok_or_else(crowded)?;
    allocator::is_in_use();
    let response = next.run(request).await;
    allocator::is_in_use();
    Ok(client::with(state.limits.count(client, response).await?, shares))
}

fn check_length(request: &Request) -> Result<(), AppError> {
    let n_bytes = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if n_bytes <= MAX_ADDRESS_BYTES {
        return Ok(());
    }
    Err(refuse(
        StatusCode::URI_TOO_LONG,
        "Address too long",
        format!("the address has {n_bytes} bytes, but at most {MAX_ADDRESS_BYTES} are read"),
        "Request less at once",
    ))
}

/// A page of another site may lead here, and nothing else: what it shows or fetches by itself would
/// start runs that nobody asked for, and its scripts may not read the answer anyway.
fn check_site(headers: &HeaderMap) -> Result<(), AppError> {
    let of = |name: &str| headers.get(name).map(axum::http::HeaderValue::as_bytes);
    let is_foreign = matches!(of("sec-fetch-site"), Some(b"cross-site" | b"same-site"));
    let is_visit = of("sec-fetch-mode").is_none_or(|mode| mode == b"navigate")
        && of("sec-fetch-dest").is_none_or(|dest| dest == b"document");
    if is_foreign && !is_visit { Err(AppError::CrossSite) } else { Ok(()) }
}

fn no_host() -> AppError {
    refuse(
        StatusCode::BAD_REQUEST,
        "Host missing",
        "the request does not name one host".to_owned(),
        "Send one header “Host” with the name that stands in the address",
    )
}

fn other_host(host: &str) -> AppError {
    refuse(
        StatusCode::MISDIRECTED_REQUEST,
        "Unknown host",
        format!("this server does not answer to the name “{host}”"),
        "Use the address that the server printed at its start; whoever runs it can add names with \
         --allowed-host",
    )
}

/// There is too much under way for this client.
pub fn crowded() -> AppError {
    refuse(
        StatusCode::TOO_MANY_REQUESTS,
        "Too many requests",
        "too many requests are under way, of yours or of all visitors".to_owned(),
        "Try again in a few seconds, when some of them have been answered",
    )
}

fn refuse(status: StatusCode, title: &'static str, message: String, remedy: &str) -> AppError {
    let back = Link { text: "To the start page", href: "/".to_owned() };
    Problem { message, status, title, remedy: remedy.to_owned(), back }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_others_could_point_here_do_not_count() {
        let allowed_hosts = vec!["weather.example.org".to_owned()];
        let access = Access { allowed_hosts, ..Access::default() };
        for known in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "127.0.0.1",
            "192.168.1.7",
            "[::1]",
            "Weather.Example.org",
        ] {
            assert!(access.allows(known), "{known}");
        }
        let strange = [
            "example.org",
            "weather.example.org.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "",
            "[localhost]",
        ];
        for other in strange {
            assert!(!access.allows(other), "{other}");
        }
    }

    #[test]
    fn long_work_leaves_room_for_pages() {
        let (limits, client) = (Limits::default(), Some(Client::of([10, 0, 0, 1].into())));
        let take = |path: &str| limits.take(client, path);
        let held: Vec<_> = (0..200).map_while(|_| take("/v1/result/figure/a.svg")).collect();
        assert_eq!(held.len(), 128);
        assert!(take("/jobs/0a/events").is_none());
        assert!(take("/v1/result").is_some() && take("/samples").is_some());
    }
}
