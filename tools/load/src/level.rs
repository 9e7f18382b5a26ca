//! So many clients at once, for so long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Barrier, Mutex};
use tokio::time::sleep;

use crate::Mix;
use crate::ask::Questions;
use crate::client::{Client, End};
use crate::report::Tally;

/// What bounds a client.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long it begins new requests.
    pub asking: Duration,
    /// Between two looks at a page that is not ready; `None`: its events are listened to.
    pub poll: Option<Duration>,
    /// The longest pause after a refusal.
    pub max_pause: Duration,
    /// After which a request counts as lost.
    pub lost_after: Duration,
}

/// What the clients of a level share.
struct Level {
    questions: Arc<Questions>,
    limits: Limits,
    until: Instant,
    /// Of all clients, before and after each round in which they ask the same.
    barrier: Barrier,
    round: Mutex<String>,
    is_over: AtomicBool,
}

/// Lets `n_clients` ask, and waits for the answers to all that they have asked.
pub async fn run(
    authority: &str,
    n_clients: usize,
    questions: &Arc<Questions>,
    limits: &Limits,
) -> Tally {
    let started = Instant::now();
    let level = Arc::new(Level {
        questions: questions.clone(),
        limits: *limits,
        until: started + limits.asking,
        barrier: Barrier::new(n_clients),
        round: Mutex::default(),
        is_over: AtomicBool::new(false),
    });
    let clients: Vec<_> = (0..n_clients)
        .map(|_| tokio::spawn(level.clone().client(Client::new(authority))))
        .collect();
    let mut tally = Tally::default();
    for client in clients {
        match client.await {
            Ok(of_one) => tally.add(of_one),
            Err(error) => tally.add_broken(&error.to_string()),
        }
    }
    tally.elapsed = started.elapsed();
    tally
}

impl Level {
    async fn client(self: Arc<Self>, mut client: Client) -> Tally {
        let mut tally = Tally::default();
        while let Some(address) = self.next().await {
            let started = Instant::now();
            let end = client.follow(&address, &self.limits).await;
            tally.count(end, started.elapsed());
            if let End::Refused(pause) = end {
                sleep(pause.min(self.limits.max_pause)).await;
            }
        }
        tally
    }

    /// The next address to ask for; `None` when the time is over.
    async fn next(&self) -> Option<String> {
        if self.questions.mix == Mix::Same {
            return self.next_of_all().await;
        }
        (Instant::now() < self.until).then(|| self.questions.next())
    }

    /// Waits for all clients; one of them chooses for all, so that all stop together.
    async fn next_of_all(&self) -> Option<String> {
        if self.barrier.wait().await.is_leader() {
            self.is_over.store(Instant::now() >= self.until, Ordering::SeqCst);
            *self.round.lock().await = self.questions.next();
        }
        self.barrier.wait().await;
        let is_over = self.is_over.load(Ordering::SeqCst);
        let address = self.round.lock().await.clone();
        (!is_over).then_some(address)
    }
}
