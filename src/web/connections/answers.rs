//! Answers that the HTTP library gives by itself, to heads that it cannot read: 400, 414, 431. They have
//! no other way to carry the security headers than to get them on their way out.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::REFUSAL_PAUSE;
use crate::web::guard;

const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// A connection on which such answers get the headers, and come after a pause.
pub struct Headed<S> {
    stream: S,
    instead: Option<Instead>,
}

/// What is written in the place of what was handed in, and how much of it was.
struct Instead {
    bytes: Vec<u8>,
    n_written: usize,
    pause: Pin<Box<Sleep>>,
}

impl<S> Headed<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, instead: None }
    }
}

/// The same answer with the headers, where it is a whole one without a body that has none of them.
fn headed(answer: &[u8]) -> Option<Vec<u8>> {
    let is_refusal = answer.starts_with(b"HTTP/1.1 4") && answer.ends_with(BLANK_LINE);
    let text = std::str::from_utf8(answer).ok().filter(|_| is_refusal)?;
    let (line, rest) = text.split_once("\r\n")?;
    let is_bare = rest.contains("content-length: 0\r\n") && !rest.contains(guard::MARK);
    let headers = guard::HEADERS.into_iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    is_bare.then(|| format!("{line}\r\n{}{rest}", headers.collect::<String>()).into_bytes())
}

impl<S: AsyncWrite + Unpin> Headed<S> {
    /// Writes what stands in the place of `n_bytes`, and tells that these were.
    fn poll_instead(
        &mut self,
        context: &mut Context<'_>,
        n_bytes: usize,
    ) -> Poll<io::Result<usize>> {
        while let Some(Instead { bytes, n_written, pause }) = &mut self.instead {
            ready!(pause.as_mut().poll(context));
            let rest = &bytes[*n_written..];
            if rest.is_empty() {
                break;
            }
            let n = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *n_written += n;
        }
        self.instead = None;
        Poll::Ready(Ok(n_bytes))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Headed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.instead.is_none() {
            let instead = |bytes| {
                let pause = Box::pin(sleep(REFUSAL_PAUSE));
                Instead { bytes, n_written: 0, pause }
            };
            self.instead = headed(bytes).map(instead);
        }
        match self.instead {
            Some(_) => self.poll_instead(context, bytes.len()),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match pieces {
            [one] => self.poll_write(context, one),
            _ => Pin::new(&mut self.stream).poll_write_vectored(context, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Headed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// What comes out of an answer that goes in, through room for a few bytes.
    async fn sent(answer: &str) -> String {
        let (writer, mut reader) = duplex(7);
        let mut writer = Headed::new(writer);
        let answer = answer.to_owned();
        tokio::spawn(async move {
            writer.write_all(answer.as_bytes()).await.expect("it is taken");
        });
        let mut text = String::new();
        reader.read_to_string(&mut text).await.expect("it ends");
        text
    }

    #[tokio::test]
    async fn a_bare_refusal_gets_the_headers_and_nothing_else_does() {
        let bare = "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        let text = sent(bare).await;
        assert!(text.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{text}");
        assert!(text.ends_with("content-length: 0\r\n\r\n"), "{text}");
        for (name, value) in guard::HEADERS {
            assert!(text.contains(&format!("\r\n{name}: {value}\r\n")), "{name} in {text}");
        }
        for other in [
            text.as_str(),
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nno\n",
            "HTTP/1.1 4",
        ] {
            assert_eq!(sent(other).await, other);
        }
    }
}
