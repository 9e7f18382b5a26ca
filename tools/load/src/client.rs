//! One visitor: a connection that is kept, and pages that are followed until they are ready.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderMap, LOCATION, RETRY_AFTER};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::events;
use crate::level::Limits;

/// More of them are a ring.
const MAX_REDIRECTS: usize = 5;

/// Where the events of a run cannot be listened to.
const POLL: Duration = Duration::from_millis(500);

/// An answer as it came.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Answered,
    /// 503, or 429, with `Retry-After`: told to come back after this long.
    Refused(Duration),
    /// Another status than these.
    Wrong(StatusCode),
    /// No answer, or a refusal that does not say when to come back.
    Lost,
}

/// Host and port of the server.
///
/// # Errors
/// For what is no plain HTTP address.
pub fn authority(url: &str) -> anyhow::Result<String> {
    let uri: Uri = url.parse().with_context(|| format!("{url} is no address"))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(host)) => Ok(format!("{host}:{}", uri.port_u16().unwrap_or(80))),
        _ => bail!("{url} is no address like http://127.0.0.1:8080"),
    }
}

/// Sees to it that the result at an address is there, and returns the address as the server writes it.
///
/// # Errors
/// If the server does not answer it.
pub async fn prepare(authority: &str, address: &str, limits: &Limits) -> anyhow::Result<String> {
    let mut client = Client::new(authority);
    let mut address = address.to_owned();
    for _ in 0..MAX_REDIRECTS {
        let Page { status, headers, .. } = client.get(&address).await?;
        match headers.get(LOCATION) {
            Some(location) if status.is_redirection() => address = location.to_str()?.to_owned(),
            _ => {
                return match client.follow(&address, limits).await {
                    End::Answered => Ok(address),
                    other => bail!("{address}: {other:?}"),
                };
            }
        }
    }
    bail!("{address}: more than {MAX_REDIRECTS} redirects")
}

/// A visitor.
pub struct Client {
    authority: String,
    connection: Option<SendRequest<Empty<Bytes>>>,
}

impl Client {
    pub fn new(authority: &str) -> Self {
        Self { authority: authority.to_owned(), connection: None }
    }

    /// Asks until there is a page that is no page of progress, as a browser does.
    pub async fn follow(&mut self, address: &str, limits: &Limits) -> End {
        let until = Instant::now() + limits.lost_after;
        let following = async {
            let mut address = address.to_owned();
            loop {
                let Ok(page) = self.get(&address).await else { return End::Lost };
                let Page { status, headers, .. } = &page;
                match end(*status, headers) {
                    Some(end) => return end,
                    None if *status == StatusCode::ACCEPTED => self.wait(&page, limits).await,
                    None => match headers.get(LOCATION).map(|location| location.to_str()) {
                        Some(Ok(location)) => address = location.to_owned(),
                        _ => return End::Wrong(*status),
                    },
                }
            }
        };
        let end = timeout(until.saturating_duration_since(Instant::now()), following).await;
        end.unwrap_or_else(|_| {
            self.connection = None;
            End::Lost
        })
    }

    /// Waits until it is worth asking again.
    async fn wait(&mut self, page: &Page, limits: &Limits) {
        let events = events::address(page).filter(|_| limits.poll.is_none());
        let heard = match events {
            Some(address) => self.listen(&address).await.is_ok(),
            None => false,
        };
        if !heard {
            sleep(limits.poll.unwrap_or(POLL)).await;
        }
    }

    /// Listens to the events of a run until it has ended.
    async fn listen(&mut self, address: &str) -> anyhow::Result<()> {
        let mut response = self.ask(address).await?;
        if response.status() != StatusCode::OK {
            bail!("{address}: {}", response.status());
        }
        // The stream ends with the run.
        while let Some(frame) = response.body_mut().frame().await {
            frame?;
        }
        Ok(())
    }

    /// One request, read to the end of its body. A kept connection that the server has closed since
    /// is replaced once.
    async fn get(&mut self, address: &str) -> anyhow::Result<Page> {
        let kept = self.connection.as_ref().is_some_and(|connection| !connection.is_closed());
        if kept && let Ok(page) = self.read(address).await {
            return Ok(page);
        }
        self.connection = None;
        self.read(address).await
    }

    async fn read(&mut self, address: &str) -> anyhow::Result<Page> {
        let (parts, body) = self.ask(address).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Page { status: parts.status, headers: parts.headers, body })
    }

    async fn ask(&mut self, address: &str) -> anyhow::Result<Response<Incoming>> {
        if self.connection.is_none() {
            self.connection = Some(self.connect().await?);
        }
        let connection = self.connection.as_mut().context("there is no connection")?;
        connection.ready().await?;
        let request = Request::get(address)
            .header(HOST, &self.authority)
            .header("accept", "text/html")
            .header("accept-encoding", "gzip")
            .body(Empty::new())?;
        Ok(connection.send_request(request).await?)
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Empty<Bytes>>> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender; what goes wrong on it is the answer's error.
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// What an answer means; `None`: it leads to another one.
fn end(status: StatusCode, headers: &HeaderMap) -> Option<End> {
    let pause = || headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok();
    match status {
        StatusCode::OK => Some(End::Answered),
        StatusCode::ACCEPTED => None,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            Some(pause().map_or(End::Lost, |seconds| End::Refused(Duration::from_secs(seconds))))
        }
        status if status.is_redirection() => None,
        status => Some(End::Wrong(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let check = |status: u16, retry_after: Option<&str>, expected: Option<End>| {
            let headers = retry_after.map(|value| (RETRY_AFTER, value.parse().unwrap()));
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(end(status, &headers.into_iter().collect()), expected, "{status}");
        };
        check(200, None, Some(End::Answered));
        check(202, None, None);
        check(303, None, None);
        check(503, Some("5"), Some(End::Refused(Duration::from_secs(5))));
        check(429, Some("5"), Some(End::Refused(Duration::from_secs(5))));
        check(503, None, Some(End::Lost));
        check(503, Some("soon"), Some(End::Lost));
        check(500, None, Some(End::Wrong(StatusCode::INTERNAL_SERVER_ERROR)));
    }

    #[test]
    fn an_address_is_plain_http() {
        assert_eq!(authority("http://127.0.0.1:8080").unwrap(), "127.0.0.1:8080");
        assert_eq!(authority("http://localhost/").unwrap(), "localhost:80");
        for bad in ["https://localhost", "localhost:80", "", "http://"] {
            assert!(authority(bad).is_err(), "{bad}");
        }
    }
}
