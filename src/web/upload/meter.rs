//! The body of an upload as it comes in: how much, how fast, and how much of it is held.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{Halt, UploadLimits};

/// Bytes that are handed on at a time.
const PIECE_BYTES: usize = 64 << 10;
/// Bytes that may have come in without belonging to a file: headers and boundaries of a form. What
/// reads the form keeps them in memory, however many there are.
const MAX_HELD_BYTES: usize = 1 << 20;

/// How long after somebody found no room the others hurry: until they come back, and a little longer.
const HURRY: Duration = Duration::from_secs(10);

/// Those who found no room for their uploads; clones share it.
#[derive(Clone, Default)]
pub struct Crowd(Arc<Lock<Option<Instant>>>);

impl Crowd {
    /// Somebody finds no room.
    pub fn comes(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_there(&self) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() < HURRY)
    }
}

/// What a reader of the stream sees where it ends early; [`Meter::problem`] knows why.
#[derive(Debug, thiserror::Error)]
#[error("the upload was given up")]
pub struct GivenUp;

/// A body with a budget of bytes and of time.
pub struct Meter {
    limits: UploadLimits,
    max_bytes: usize,
    crowd: Crowd,
    flow: Mutex<Flow>,
    /// Bytes handed on that have not been [delivered](Meter::deliver).
    held: AtomicUsize,
    problem: OnceLock<Halt>,
}

struct Flow {
    body: BodyDataStream,
    rest: Bytes,
    received: usize,
    /// How long the client was waited for, not how long the server took.
    waited: Duration,
}

impl Meter {
    /// A meter over `body`, of which `max_bytes` are read at most.
    pub fn new(body: Body, limits: UploadLimits, max_bytes: usize, crowd: Crowd) -> Arc<Self> {
        let body = body.into_data_stream();
        let flow = Flow { body, rest: Bytes::new(), received: 0, waited: Duration::ZERO };
        let (flow, held, problem) = (flow.into(), AtomicUsize::new(0), OnceLock::new());
        Arc::new(Self { limits, max_bytes, crowd, flow, held, problem })
    }

    /// Why the stream ended early, if it did.
    pub fn problem(&self) -> Option<Halt> {
        self.problem.get().cloned()
    }

    /// Tells that so many bytes have become part of a file, whose size its reader watches over.
    pub fn deliver(&self, n_bytes: usize) {
        // Never below zero: bytes are handed on before they can be delivered.
        self.held.fetch_sub(n_bytes, Ordering::Relaxed);
    }

    /// The body in pieces, until it ends or breaks a limit.
    pub fn stream(self: Arc<Self>) -> impl Stream<Item = Result<Bytes, GivenUp>> + Send + 'static {
        stream::unfold(self, |meter| async move {
            let piece = meter.next().await.transpose()?;
            Some((piece, meter))
        })
    }

    /// The next piece; `None` at the end.
    pub async fn next(&self) -> Result<Option<Bytes>, GivenUp> {
        // A reader of forms takes all that is at hand before it looks at it; this makes it look
        // after each piece.
        tokio::task::yield_now().await;
        let mut flow = self.flow.lock().await;
        let piece = flow.next(&self.limits_now(), self.max_bytes).await.and_then(|piece| {
            let n_bytes = piece.as_ref().map_or(0, Bytes::len);
            let held = self.held.fetch_add(n_bytes, Ordering::Relaxed) + n_bytes;
            match held > MAX_HELD_BYTES {
                true => Err(Halt::Form("has headers without end".to_owned())),
                false => Ok(piece),
            }
        });
        piece.map_err(|problem| {
            // The first problem is the one that counts.
            let _ = self.problem.set(problem);
            GivenUp
        })
    }

    /// The limits, which are narrower while others find no room.
    fn limits_now(&self) -> UploadLimits {
        let UploadLimits { deadline, min_bytes_per_s, crowded_factor, .. } = self.limits;
        match self.crowd.is_there() {
            false => self.limits,
            true => UploadLimits {
                deadline: deadline.div_f64(crowded_factor),
                min_bytes_per_s: min_bytes_per_s * crowded_factor,
                ..self.limits
            },
        }
    }

    /// Reads on for a moment and throws away what comes: a client that is still sending would not
    /// see the answer.
    pub async fn drain(&self) {
        let rest = async {
            let mut flow = self.flow.lock().await;
            while let Some(Ok(_)) = flow.body.next().await {}
        };
        // Whoever sends longer than that gets no answer.
        let _ = timeout(self.limits.linger, rest).await;
    }
}

impl Flow {
    async fn next(
        &mut self,
        limits: &UploadLimits,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, Halt> {
        while self.rest.is_empty() {
            match self.receive(limits).await? {
                Some(bytes) => self.rest = bytes,
                None => return Ok(None),
            }
        }
        if self.received > max_bytes {
            return Err(Halt::TooLarge { max_bytes });
        }
        let n_bytes = self.rest.len().min(PIECE_BYTES);
        Ok(Some(self.rest.split_to(n_bytes)))
    }

    async fn receive(&mut self, limits: &UploadLimits) -> Result<Option<Bytes>, Halt> {
        let too_slow = || Halt::TooSlow;
        let left = limits.deadline.checked_sub(self.waited).ok_or_else(too_slow)?;
        let started = Instant::now();
        let received = timeout(left.min(limits.stall), self.body.next()).await;
        self.waited += started.elapsed();
        let Some(bytes) = received.map_err(|_| too_slow())? else { return Ok(None) };
        let bytes = bytes.map_err(|_| Halt::Form("broke off".to_owned()))?;
        self.received += bytes.len();
        let expected = limits.min_bytes_per_s * self.waited.as_secs_f64();
        if self.waited > limits.grace && (self.received as f64) < expected {
            return Err(too_slow());
        }
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> UploadLimits {
        UploadLimits {
            deadline: Duration::from_secs(60),
            stall: Duration::from_secs(10),
            grace: Duration::from_secs(5),
            min_bytes_per_s: 100.0,
            ..UploadLimits::default()
        }
    }

    /// Pieces of `n_bytes`, one every `pause`, until the meter says stop; what it said.
    async fn check(n_bytes: usize, pause: Duration, n_pieces: usize) -> Option<Halt> {
        let pieces = stream::unfold(0, move |n| async move {
            tokio::time::sleep(pause).await;
            let piece = Ok::<_, std::io::Error>(Bytes::from(vec![0; n_bytes]));
            (n < n_pieces).then_some((piece, n + 1))
        });
        let meter = Meter::new(Body::from_stream(pieces), limits(), 1 << 20, Crowd::default());
        while let Ok(Some(piece)) = meter.next().await {
            meter.deliver(piece.len());
        }
        meter.problem()
    }

    #[tokio::test]
    async fn a_body_within_its_limits_comes_whole() {
        assert!(check(1000, Duration::ZERO, 1000).await.is_none());
    }

    #[tokio::test]
    async fn too_many_bytes_are_noticed_at_once() {
        let problem = check(1000, Duration::ZERO, 10_000).await;
        assert!(matches!(problem, Some(Halt::TooLarge { .. })), "{problem:?}");
    }

    #[tokio::test]
    async fn bytes_that_belong_to_no_file_are_not_hoarded() {
        let pieces = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![0; 1000])));
        let meter = Meter::new(Body::from_stream(pieces), limits(), usize::MAX, Crowd::default());
        let mut held = 0;
        while let Ok(Some(piece)) = meter.next().await {
            held += piece.len();
        }
        assert!(held <= MAX_HELD_BYTES, "{held}");
        assert!(matches!(meter.problem(), Some(Halt::Form(_))));
    }

    /// A hundred bytes a second, for ever.
    fn trickle() -> Body {
        Body::from_stream(stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), ()))
        }))
    }

    #[tokio::test]
    async fn a_slow_upload_makes_room_for_those_who_find_none() {
        let slow =
            UploadLimits { grace: Duration::from_millis(200), min_bytes_per_s: 30.0, ..limits() };
        let crowd = Crowd::default();
        let meter = Meter::new(trickle(), slow, 1 << 20, crowd.clone());
        for _ in 0..40 {
            assert!(meter.next().await.is_ok(), "fast enough while there is room");
        }
        crowd.comes();
        let started = Instant::now();
        while meter.next().await.is_ok() {}
        assert!(matches!(meter.problem(), Some(Halt::TooSlow)));
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn a_trickle_is_too_slow_however_long_it_would_last() {
        let slow = UploadLimits {
            stall: Duration::from_millis(500),
            grace: Duration::from_millis(50),
            min_bytes_per_s: 1e6,
            ..limits()
        };
        let meter = Meter::new(trickle(), slow, 1 << 20, Crowd::default());
        let started = Instant::now();
        while let Ok(Some(piece)) = meter.next().await {
            meter.deliver(piece.len());
        }
        assert!(matches!(meter.problem(), Some(Halt::TooSlow)));
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}
