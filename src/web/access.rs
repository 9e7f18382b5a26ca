//! Who may ask: which names this server answers to, from where, and how much at once.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, HOST, ORIGIN, REFERER};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
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

    /// A page of another site may lead here, and nothing else: what it shows or fetches by itself would
    /// start runs that nobody asked for, and its scripts may not read the answer anyway.
    fn check_site(&self, path: &str, headers: &HeaderMap) -> Result<(), AppError> {
        let of = |name: &str| headers.get(name).map(axum::http::HeaderValue::as_bytes);
        let is_of_other_site = match of("sec-fetch-site") {
            Some(site) => {
                let is_visit = of("sec-fetch-mode").is_none_or(|mode| mode == b"navigate")
                    && of("sec-fetch-dest").is_none_or(|dest| dest == b"document");
                matches!(site, b"cross-site" | b"same-site") && !is_visit
            }
            None => may_start_run(path) && self.is_part_of_other_site(headers),
        };
        if is_of_other_site { Err(AppError::CrossSite) } else { Ok(()) }
    }

    /// The same where browsers do not say it: they send `Sec-Fetch-*` only to https and to the own machine. Who follows a
    /// link accepts HTML. What a page of this server fetches names that page as its referer; what another page fetches
    /// names that one, or none. Plain tools name none either, but they do not ask for a picture or anything else, in a language, as
    /// browsers do; Node and Deno ask for any language.
    fn is_part_of_other_site(&self, headers: &HeaderMap) -> bool {
        let of = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let accepted = of(ACCEPT).unwrap_or_default();
        if accepted.contains("text/html") {
            return false;
        }
        let own = of(HOST).unwrap_or_default();
        let named: Vec<bool> = [REFERER, ORIGIN]
            .into_iter()
            .filter_map(of)
            .map(|page| self.is_own(page, own))
            .collect();
        let takes_all = accepted.starts_with("image/") && accepted.contains("*/*");
        let is_of_a_page = takes_all || of(ACCEPT_LANGUAGE).is_some_and(|language| language != "*");
        match &named[..] {
            [] => is_of_a_page,
            named => named.contains(&false),
        }
    }

    /// Whether an address is of this server, by the name that was asked or one that was allowed.
    fn is_own(&self, page: &str, own: &str) -> bool {
        let page = page.parse::<Uri>().ok();
        let Some(page) = page.as_ref().and_then(Uri::authority) else { return false };
        page.as_str().eq_ignore_ascii_case(own)
            || self.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(page.host()))
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
    let path = request.uri().path();
    state.access.check_site(path, request.headers())?;
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

/// Results, and comparisons of what a task lists.
fn may_start_run(path: &str) -> bool {
    path.starts_with("/v1/") || path.ends_with("/compare")
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

    /// As browsers ask an http address that is not their own machine's, where they say nothing of sites.
    #[test]
    fn parts_of_other_sites_are_known_without_sec_fetch() {
        const IMAGE: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
        const PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        const OWN: &str = "http://10.0.0.5:8080/v1/result?model=a";
        const OTHER: &str = "http://evil.example/";
        let access = Access { allowed_hosts: vec!["lab.example".into()], ..Access::default() };
        let check = |expected: bool, headers: &[(&str, &str)]| {
            let all = headers.iter().chain([&("host", "10.0.0.5:8080")]);
            let read = |(name, value): &(&str, &str)| {
                (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
            };
            let headers = all.map(read).collect();
            let found = access.check_site("/v1/result/figure/map-a.svg", &headers).is_ok();
            assert_eq!(found, expected, "{headers:?}");
            assert_eq!(access.check_site("/lists/compare", &headers).is_ok(), expected);
            assert!(access.check_site("/models", &headers).is_ok(), "it starts no run");
        };
        let language = ("accept-language", "en");
        // fetch of Node; curl that asks for a figure.
        let any_language = ("accept-language", "*");
        check(true, &[("accept", "*/*"), any_language, ("sec-fetch-mode", "cors")]);
        check(true, &[("accept", "image/svg+xml")]);
        // <img>, with and without a referer, and one that a browser of yesterday asks for.
        check(false, &[("accept", IMAGE), language, ("referer", OTHER)]);
        check(false, &[("accept", IMAGE), language]);
        check(false, &[("accept", IMAGE)]);
        // <script>, fetch and EventSource.
        check(false, &[("accept", "*/*"), language, ("referer", OTHER)]);
        check(false, &[("accept", "*/*"), ("referer", OTHER)]);
        check(false, &[("accept", "*/*"), language]);
        check(false, &[("accept", "*/*"), ("origin", "null")]);
        check(false, &[("accept", "*/*"), ("origin", "http://evil.example")]);
        check(false, &[("accept", "text/event-stream"), language]);
        // Another port is another site.
        check(false, &[("accept", IMAGE), ("referer", "http://10.0.0.5/")]);
        check(false, &[("accept", IMAGE), ("referer", "about:blank")]);
        // A link, whoever has it.
        check(true, &[("accept", PAGE), language, ("referer", OTHER)]);
        check(true, &[("accept", PAGE), language]);
        // What pages of this server show, also below a name of a proxy.
        check(true, &[("accept", IMAGE), language, ("referer", OWN)]);
        check(true, &[("accept", "*/*"), language, ("referer", OWN)]);
        check(true, &[("accept", IMAGE), ("referer", "http://lab.example/stormlens/rain")]);
        // Plain tools.
        check(true, &[("accept", "*/*")]);
        check(true, &[("accept", "application/json")]);
        check(true, &[]);
        // Browsers that say it are believed.
        check(true, &[("accept", IMAGE), language, ("sec-fetch-site", "same-origin")]);
        check(true, &[("accept", IMAGE), language, ("sec-fetch-site", "none")]);
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
