//! Who asks, as far as a server can tell, and bounded shares of what all ask for.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use axum::response::Response;

tokio::task_local! {
    static CURRENT: Client;
}

/// The header in which a proxy says for whom it asks; each proxy adds an entry at the end.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// An address from which requests come. Of IPv6 the first 64 bits count: whoever has one of these
/// addresses has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl Client {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) >> 64 << 64;
                Self(Ipv6Addr::from(network).into())
            }
            v4 => Self(v4),
        }
    }

    pub fn address(self) -> IpAddr {
        self.0
    }

    /// Whom the last proxy asks for, if it says so.
    pub fn forwarded(headers: &HeaderMap) -> Option<Self> {
        let last = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
        let address = last.rsplit(',').next()?.trim();
        address.parse().ok().map(Self::of)
    }

    /// Who asks in the present request; `None` where none came over a connection.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|client| *client).ok()
    }

    /// Answers a request of this client.
    pub async fn asks<F: Future>(self, answer: F) -> F::Output {
        CURRENT.scope(self, answer).await
    }
}

/// So much of something for all, and for each client. A clone shares it.
#[derive(Clone, Debug)]
pub struct Shares(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: usize,
    each: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_client: HashMap<Client, usize>,
}

impl Shares {
    pub fn new(all: usize, each: usize) -> Self {
        Self(Arc::new(Inner { all, each, taken: Mutex::default() }))
    }

    /// Takes `n` for a client until the share is dropped; `None` where there is not as much left. Who has
    /// nothing yet gets what is left, even if it is less than `n`, so that what is larger than
    /// a share is still to be had, by one at a time. Without a client only the whole counts.
    pub fn take(&self, client: Option<Client>, n: usize) -> Option<Share> {
        let Inner { all, each, .. } = *self.0;
        let mut taken = self.lock();
        let own = client.and_then(|client| taken.by_client.get(&client).copied()).unwrap_or(0);
        let room = (all - taken.all).min(if client.is_some() { each - own } else { all });
        let n = if own == 0 { n.min(room) } else { n };
        if n > room || room == 0 {
            return None;
        }
        taken.all += n;
        if let Some(client) = client {
            *taken.by_client.entry(client).or_default() += n;
        }
        Some(Share { shares: self.clone(), client, n })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client has; it is given back when this is dropped.
#[derive(Debug)]
pub struct Share {
    shares: Shares,
    client: Option<Client>,
    n: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.lock();
        taken.all -= self.n;
        if let Some(client) = self.client
            && let Some(own) = taken.by_client.get_mut(&client)
        {
            *own -= self.n;
            if *own == 0 {
                taken.by_client.remove(&client);
            }
        }
    }
}

/// A response that keeps something until its body has been taken, or nobody takes it any more.
pub fn with<T: Send + Unpin + 'static>(response: Response, kept: T) -> Response {
    response.map(|body| Body::new(With { body, _kept: kept }))
}

struct With<T> {
    body: Body,
    _kept: T,
}

impl<T: Unpin> HttpBody for With<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, axum::Error>>> {
        std::pin::Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

/// Bytes that count until the last of them was sent.
pub fn counted(bytes: Bytes, share: Share) -> Bytes {
    Bytes::from_owner(Counted { bytes, _share: share })
}

struct Counted {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client::of(address.parse().expect("an address"))
    }

    #[test]
    fn one_client_leaves_room_for_the_others() {
        let shares = Shares::new(5, 3);
        let (a, b) = (Some(client("10.0.0.1")), Some(client("10.0.0.2")));
        let of_a: Vec<_> = (0..4).map_while(|_| shares.take(a, 1)).collect();
        assert_eq!(of_a.len(), 3);
        let of_b: Vec<_> = (0..4).map_while(|_| shares.take(b, 1)).collect();
        assert_eq!(of_b.len(), 2, "all of it is taken");
        drop(of_a);
        assert!(shares.take(a, 3).is_some());
        assert!(shares.take(b, 2).is_none(), "three are a share");
        drop(of_b);
        assert_eq!(shares.lock().by_client.len(), 0, "who has nothing takes no memory");
        assert_eq!(shares.lock().all, 0);
    }

    #[test]
    fn what_is_larger_than_a_share_is_had_by_one_at_a_time() {
        let shares = Shares::new(10, 4);
        let (a, b) = (Some(client("10.0.0.1")), Some(client("10.0.0.2")));
        let large = shares.take(a, 100).expect("nobody has anything");
        assert!(shares.take(a, 1).is_none());
        assert!(shares.take(b, 4).is_some());
        drop(large);
        assert!(shares.take(None, 100).is_some(), "all of it, where nobody is known");
    }

    #[test]
    fn all_addresses_of_a_network_are_one_client() {
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:1:2:3"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_eq!(client("::ffff:10.0.0.1"), client("10.0.0.1"));
        assert_ne!(client("10.0.0.1"), client("10.0.0.2"));
    }

    #[test]
    fn the_last_proxy_is_believed() {
        let forwarded = |values: &[&str]| {
            let pairs = values.iter().map(|value| {
                (FORWARDED_FOR.parse().expect("a name"), value.parse().expect("a value"))
            });
            Client::forwarded(&pairs.collect())
        };
        assert_eq!(forwarded(&["1.2.3.4, 10.0.0.7"]), Some(client("10.0.0.7")));
        assert_eq!(forwarded(&["1.2.3.4", "10.0.0.7"]), Some(client("10.0.0.7")));
        assert_eq!(forwarded(&[]), None);
        assert_eq!(forwarded(&["unknown"]), None);
    }
}
