//! Connections: how many, and how long one may take to say what it wants.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// Further ones wait in the operating system's queue.
const MAX_CONNECTIONS: u32 = 512;
/// For the head of a request, and between two requests on one connection: whoever sends a header a
/// byte at a time holds no connection for longer.
const HEADER_TIME: Duration = Duration::from_secs(15);
/// Pause after the operating system has no more connections to give.
const RECOVERY: Duration = Duration::from_secs(1);

/// Answers connections until `stop`, then waits for those that are under way.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    let (stopping, stopped) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        let connection = async {
            // The semaphore is never closed.
            let slot = slots.clone().acquire_owned().await.ok();
            (accept(&listener).await, slot)
        };
        let (stream, slot) = tokio::select! {
            () = &mut stop => break,
            connection = connection => connection,
        };
        let (router, stopped) = (router.clone(), stopped.clone());
        tokio::spawn(async move {
            let _slot = slot;
            answer(stream, router, stopped).await;
        });
    }
    drop(listener);
    stopping.send_replace(true);
    // All slots are free when the last connection has ended.
    let _ = slots.acquire_many(MAX_CONNECTIONS).await;
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
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

async fn answer(stream: TcpStream, router: Router, mut stopped: watch::Receiver<bool>) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME);
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let stop = async {
        // The sender lives until all connections have ended.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
