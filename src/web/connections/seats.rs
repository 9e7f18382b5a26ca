//! Who is connected, and who has to go when there is no room for somebody new.
//!
//! A connection is idle while the server waits for a request on it: between two requests, and while
//! somebody sends a head byte by byte. When there is no room the connection that has been idle for longest
//! goes, one of the same client first. So half-sent requests shut nobody out, however many there are: who sends
//! a whole one is not idle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::web::client::Client;

/// Room for connections; clones share it.
#[derive(Clone)]
pub struct Seats {
    max_all: usize,
    max_of_client: usize,
    seated: Arc<Mutex<Seated>>,
}

#[derive(Default)]
struct Seated {
    /// In the order in which they came.
    by_id: BTreeMap<u64, Place>,
    /// Counts what happens.
    now: u64,
}

struct Place {
    client: Client,
    /// Since when; `None` while it is answered.
    idle_since: Option<u64>,
    leave: Arc<Notify>,
}

impl Seats {
    pub fn new(max_all: usize, max_of_client: usize) -> Self {
        Self { max_all, max_of_client, seated: Arc::default() }
    }

    /// A seat for a connection; `None` where nobody can be asked to go for it.
    pub fn admit(&self, client: Client) -> Option<Seat> {
        let mut seated = self.lock();
        let n_of_client = seated.by_id.values().filter(|place| place.client == client).count();
        if n_of_client >= self.max_of_client {
            seated.send_away(Some(client))?;
        } else if seated.by_id.len() >= self.max_all {
            let largest = seated.largest();
            seated.send_away(largest)?;
        }
        let id = seated.tick();
        let leave = Arc::new(Notify::new());
        let place = Place { client, idle_since: Some(id), leave: leave.clone() };
        seated.by_id.insert(id, place);
        Some(Seat { id, client, leave, seats: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, Seated> {
        self.seated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seated {
    fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    /// The client with most idle connections.
    fn largest(&self) -> Option<Client> {
        let idle = || self.by_id.values().filter(|place| place.idle_since.is_some());
        let n_idle = |client: Client| idle().filter(|place| place.client == client).count();
        let mut clients: Vec<Client> = Vec::new();
        for place in idle() {
            if !clients.contains(&place.client) {
                clients.push(place.client);
            }
        }
        clients.into_iter().max_by_key(|client| n_idle(*client))
    }

    /// Asks the connection of a client that has been idle for longest to go.
    fn send_away(&mut self, client: Option<Client>) -> Option<()> {
        let of_client = self.by_id.iter().filter(|(_, place)| Some(place.client) == client);
        let idle = of_client.filter_map(|(id, place)| Some((place.idle_since?, *id)));
        let (_, id) = idle.min()?;
        self.by_id.remove(&id)?.leave.notify_one();
        Some(())
    }
}

/// The place of one connection, until this is dropped.
pub struct Seat {
    id: u64,
    pub client: Client,
    leave: Arc<Notify>,
    seats: Seats,
}

impl Seat {
    /// Waits until the connection has to go.
    pub async fn is_wanted_back(&self) {
        self.leave.notified().await;
    }

    /// From now on it is answered, until what is returned is dropped.
    pub fn answered(self: &Arc<Self>) -> Answering {
        self.set(None);
        Answering(self.clone())
    }

    fn set(&self, idle_since: Option<u64>) {
        if let Some(place) = self.seats.lock().by_id.get_mut(&self.id) {
            place.idle_since = idle_since;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().by_id.remove(&self.id);
    }
}

/// A connection on which an answer is under way.
pub struct Answering(Arc<Seat>);

impl Drop for Answering {
    fn drop(&mut self) {
        let now = self.0.seats.lock().tick();
        self.0.set(Some(now));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn client(last: u8) -> Client {
        Client::of([10, 0, 0, last].into())
    }

    fn admit(seats: &Seats, last: u8) -> Arc<Seat> {
        Arc::new(seats.admit(client(last)).expect("there is room"))
    }

    async fn has_to_go(seat: &Seat) -> bool {
        timeout(Duration::from_millis(20), seat.is_wanted_back()).await.is_ok()
    }

    #[tokio::test]
    async fn who_waits_longest_goes_and_who_is_answered_stays() {
        let seats = Seats::new(10, 3);
        let [first, second, third] = [(); 3].map(|()| admit(&seats, 1));
        let answering = first.answered();
        let _fourth = admit(&seats, 1);
        assert!(!has_to_go(&first).await && has_to_go(&second).await && !has_to_go(&third).await);
        drop(answering);
        let _fifth = admit(&seats, 1);
        assert!(has_to_go(&third).await, "the first was answered after it");
        assert!(!has_to_go(&first).await);
    }

    #[tokio::test]
    async fn the_client_with_most_makes_room_for_another() {
        let seats = Seats::new(4, 3);
        let one = admit(&seats, 1);
        let many = [(); 3].map(|()| admit(&seats, 2));
        let _new = admit(&seats, 3);
        assert!(!has_to_go(&one).await && has_to_go(&many[0]).await);
    }

    #[test]
    fn where_all_are_answered_there_is_no_room() {
        let seats = Seats::new(4, 2);
        let both = [(); 2].map(|()| admit(&seats, 1));
        let _answering = both.each_ref().map(Seat::answered);
        assert!(seats.admit(client(1)).is_none());
        assert!(seats.admit(client(2)).is_some(), "another client has room of its own");
        drop(both);
        assert_eq!(seats.lock().by_id.len(), 2, "they are answered still");
    }
}
