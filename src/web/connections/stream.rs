//! A stream that is given up when the other end takes nothing.

use std::future::Future;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Fails with [`ErrorKind::TimedOut`] when not a byte of a pending write went out for some time.
pub struct Watched<S> {
    stream: S,
    write_time: Duration,
    /// Runs while a write is pending.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    pub fn new(stream: S, write_time: Duration) -> Self {
        Self { stream, write_time, alarm: None }
    }

    fn watch(&mut self, wrote: Poll<Result<usize>>, cx: &mut Context<'_>) -> Poll<Result<usize>> {
        if wrote.is_ready() {
            self.alarm = None;
            return wrote;
        }
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(self.write_time)));
        ready!(alarm.as_mut().poll(cx));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the other end takes nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(wrote, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch(wrote, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// Sends 16 bytes through room for four; the reader takes four after each pause.
    async fn send(write_time_ms: u64, pause_ms: u64) -> Result<()> {
        let (mut reader, writer) = duplex(4);
        let mut writer = Watched::new(writer, Duration::from_millis(write_time_ms));
        tokio::spawn(async move {
            for _ in 0..4 {
                sleep(Duration::from_millis(pause_ms)).await;
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
}
