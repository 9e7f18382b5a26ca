//! Requests as bytes, so that they can be wrong, slow, or never finished.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// After which an answer counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(60);

/// One who asks, from an address of his own on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Wire {
    from: Ipv4Addr,
    server: SocketAddr,
}

/// What came, and how long it took.
pub struct Got {
    /// 0 where nothing came.
    pub status: u16,
    pub text: String,
    pub took: Duration,
}

impl Wire {
    /// # Errors
    /// For a server that is not on this machine: these trials are attacks.
    pub fn new(from: Ipv4Addr, authority: &str) -> anyhow::Result<Self> {
        let authority = authority.replace("localhost", "127.0.0.1");
        let server: SocketAddr =
            authority.parse().with_context(|| format!("{authority} is no address in numbers"))?;
        match server.ip() {
            IpAddr::V4(address) if address.is_loopback() => Ok(Self { from, server }),
            other => bail!("{other} is not this machine; the trials are for one's own server only"),
        }
    }

    async fn connect(&self) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        // Where the system has no such address it is that of everybody.
        let _ = socket.bind((self.from, 0).into());
        socket.connect(self.server).await
    }

    /// A connection on which that was said.
    pub async fn say(&self, bytes: &[u8]) -> std::io::Result<TcpStream> {
        let mut stream = self.connect().await?;
        stream.write_all(bytes).await?;
        Ok(stream)
    }

    /// A request for a path, with more lines in its head.
    pub fn head(path: &str, more: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n{more}\r\n")
    }

    /// The whole answer to a head.
    pub async fn ask(&self, head: &str) -> Got {
        let started = Instant::now();
        let asking = async {
            let mut stream = self.say(head.as_bytes()).await?;
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await?;
            std::io::Result::Ok(bytes)
        };
        let bytes = timeout(LOST_AFTER, asking).await.ok().and_then(Result::ok).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Got { status: status_of(&bytes), text, took: started.elapsed() }
    }

    pub async fn get(&self, path: &str) -> Got {
        self.ask(&Self::head(path, "connection: close\r\n")).await
    }
}

/// The status in the first line of an answer, 0 where there is none.
pub fn status_of(bytes: &[u8]) -> u16 {
    let text = bytes.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The status of what comes next on a connection; 0 where nothing does.
pub async fn next_status(stream: &mut TcpStream, time: Duration) -> u16 {
    let mut line = [0; 12];
    match timeout(time, stream.read_exact(&mut line)).await {
        Ok(Ok(_)) => status_of(&line),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_attacked() {
        assert!(Wire::new(Ipv4Addr::LOCALHOST, "127.0.0.1:8080").is_ok());
        assert!(Wire::new(Ipv4Addr::LOCALHOST, "localhost:8080").is_ok());
        for other in ["192.0.2.1:80", "example.org:80", "0.0.0.0:80"] {
            assert!(Wire::new(Ipv4Addr::LOCALHOST, other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_status_stands_in_the_first_line() {
        assert_eq!(status_of(b"HTTP/1.1 429 Too Many Requests\r\n"), 429);
        assert_eq!(status_of(b""), 0);
    }
}
