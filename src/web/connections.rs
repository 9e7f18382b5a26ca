//! Connections: how many, and how long one may take to say what it wants and to take the answer.

mod answers;
mod seats;

use std::convert::Infallible;
use std::future::Future;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use self::answers::Headed;
use self::seats::{Seat, Seats};
use super::access::Access;
use super::client::{self, Client};

/// Beyond these the one that has been idle for longest goes.
const MAX_CONNECTIONS: usize = 512;
/// Of one client, who leaves room for others.
const MAX_OF_CLIENT: usize = 384;
/// For the head of a request, and between two requests on one connection: whoever sends a header a
/// byte at a time holds no connection for longer.
const HEADER_TIME: Duration = Duration::from_secs(15);
/// In which not a single byte of an answer was taken: whoever asks for much and reads nothing holds no
/// connection for longer. A page that listens to events gets a comment more often than that.
const WRITE_TIME: Duration = Duration::from_secs(60);
/// Before a refusal is sent: whoever asks at once again and again is answered 20 times a second on each connection, and not
/// thousands of times. People do not notice it.
const REFUSAL_PAUSE: Duration = Duration::from_millis(50);
/// Pause after the operating system has no more connections to give.
const RECOVERY: Duration = Duration::from_secs(1);

/// Answers connections until `stop`, then waits for those that are under way.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    access: &Access,
    stop: impl Future<Output = ()>,
) {
    // A proxy asks for everybody.
    let max_of_client = if access.behind_proxy { MAX_CONNECTIONS } else { MAX_OF_CLIENT };
    let seats = Seats::new(MAX_CONNECTIONS, max_of_client);
    let (stopping, stopped) = watch::channel(false);
    let (open, mut closed) = mpsc::channel::<Infallible>(1);
    let mut stop = pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            () = &mut stop => break,
            connection = accept(&listener) => connection,
        };
        // Who is told to go by a connection that closes at once comes back.
        let Some(seat) = seats.admit(Client::of(address)) else { continue };
        let (router, stopped, open) = (router.clone(), stopped.clone(), open.clone());
        let behind_proxy = access.behind_proxy;
        tokio::spawn(async move {
            let _open = open;
            let with = With { router, seat: Arc::new(seat), behind_proxy };
            answer(timed(stream, WRITE_TIME), with, stopped).await;
        });
    }
    drop((listener, open));
    stopping.send_replace(true);
    // Nothing is ever sent: this ends with the last connection.
    let _ = closed.recv().await;
}

/// What a connection is answered with.
struct With {
    router: Router,
    seat: Arc<Seat>,
    behind_proxy: bool,
}

impl With {
    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
        let answering = self.seat.answered();
        let forwarded = || Client::forwarded(request.headers()).filter(|_| self.behind_proxy);
        let client = forwarded().unwrap_or(self.seat.client);
        let answer = self.router.clone().oneshot(request.map(Body::new));
        let response = client.asks(answer).await?;
        if is_refusal(response.status()) {
            tokio::time::sleep(REFUSAL_PAUSE).await;
        }
        Ok(client::with(response, answering))
    }
}

/// Whether nothing was done for a request but to look at its head.
fn is_refusal(status: StatusCode) -> bool {
    use StatusCode as S;
    [S::FORBIDDEN, S::URI_TOO_LONG, S::MISDIRECTED_REQUEST, S::TOO_MANY_REQUESTS].contains(&status)
}

/// A stream that fails when the other end takes nothing for some time.
fn timed<S: AsyncRead + AsyncWrite>(stream: S, write_time: Duration) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_time));
    Box::pin(stream)
}

async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (stream, address.ip()),
            Err(error) if is_of_the_client(error.kind()) => {}
            Err(error) => {
                tracing::error!(%error, "cannot take a connection");
                tokio::time::sleep(RECOVERY).await;
            }
        }
    }
}

fn is_of_the_client(kind: ErrorKind) -> bool {
    use ErrorKind as E;
    matches!(kind, E::ConnectionRefused | E::ConnectionAborted | E::ConnectionReset)
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    with: With,
    mut stopped: watch::Receiver<bool>,
) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME);
    let (with, seat) = (&with, with.seat.clone());
    let service = service_fn(move |request| with.answer(request));
    let stream = TokioIo::new(Headed::new(stream));
    let mut connection = pin!(builder.serve_connection(stream, service));
    let stop = async {
        // The sender lives until all connections have ended.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = seat.is_wanted_back() => return,
        () = stop => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    use super::*;

    /// Sends 16 bytes through room for four; the reader takes four after each pause.
    async fn send(write_time_ms: u64, pause_ms: u64) -> std::io::Result<()> {
        let (mut reader, writer) = duplex(4);
        let mut writer = timed(writer, Duration::from_millis(write_time_ms));
        tokio::spawn(async move {
            for _ in 0..4 {
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                let _ = reader.read_exact(&mut [0; 4]).await;
            }
        });
        writer.write_all(&[7; 16]).await
    }

    #[tokio::test]
    async fn only_who_takes_nothing_is_given_up() {
        assert!(send(400, 150).await.is_ok(), "slow, but it goes on");
        assert_eq!(send(50, 5000).await.map_err(|e| e.kind()), Err(ErrorKind::TimedOut));
    }

    fn with_a_megabyte() -> With {
        let router = Router::new().route("/", get(|| async { vec![0_u8; 1 << 20] }));
        let seat = Seats::new(1, 1).admit(Client::of([127, 0, 0, 1].into()));
        With { router, seat: Arc::new(seat.expect("there is room")), behind_proxy: false }
    }

    #[tokio::test]
    async fn who_reads_nothing_is_left() {
        let (mut client, server) = duplex(1 << 10);
        let (_stopping, stopped) = watch::channel(false);
        let server = timed(server, Duration::from_millis(50));
        let answering = tokio::spawn(answer(server, with_a_megabyte(), stopped));
        client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("it is read");
        let ended = timeout(Duration::from_secs(10), answering).await;
        ended.expect("the connection is given up").expect("nothing panics");
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.expect("the other end is closed");
        assert!(rest.starts_with(b"HTTP/1.1 200") && rest.len() < 1 << 20, "{}", rest.len());
    }
}
