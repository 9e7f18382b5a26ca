//! What could take a server from its visitors, tried one after the other; meanwhile a visitor looks at a page that
//! is there already.

mod pressure;
mod rest;
mod table;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::sleep;

use self::table::{Row, Table};
use crate::ask::Questions;
use crate::level::Limits;
use crate::memory;
use crate::wire::Wire;

/// Between two looks of the visitor.
const LOOK: Duration = Duration::from_millis(20);
/// After a trial, so that the next one finds a quiet server.
const PAUSE: Duration = Duration::from_secs(20);
/// How long the quiet server is looked at.
const QUIET: Duration = Duration::from_secs(10);

/// Where the trials take place.
pub struct Ground {
    pub authority: String,
    /// One who looks at pages, and one who does what should not be done.
    pub visitor: Wire,
    pub attacker: Wire,
    /// The page of a result that is there.
    pub page: String,
    pub questions: Arc<Questions>,
    pub limits: Limits,
    pub pid: Option<u32>,
}

impl Ground {
    /// # Errors
    /// For a server that is not on this machine.
    pub fn new(
        authority: &str,
        page: &str,
        questions: &Arc<Questions>,
        limits: Limits,
        pid: Option<u32>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            authority: authority.to_owned(),
            visitor: Wire::new(Ipv4Addr::LOCALHOST, authority)?,
            attacker: Wire::new(Ipv4Addr::new(127, 0, 0, 2), authority)?,
            page: page.to_owned(),
            questions: questions.clone(),
            limits,
            pid,
        })
    }

    /// Does something, and takes down what came of it for the visitor and for the server.
    async fn during(
        &self,
        what: &'static str,
        pressure: impl Future<Output = String>,
    ) -> anyhow::Result<Row> {
        eprintln!("{what}");
        let watched = self.pid.map(memory::watch);
        let is_over = Arc::new(AtomicBool::new(false));
        let (looker, page, stop) = (self.visitor, self.page.clone(), is_over.clone());
        let looking = apart(async move { look(looker, &page, &stop).await })?;
        let came = pressure.await;
        is_over.store(true, Ordering::Relaxed);
        let (pages, health, n_lost) = looking.await?;
        let peak_mb = match watched {
            Some(watch) => Some(watch.peak_mb().await?),
            None => None,
        };
        Ok(Row::new(what, came, (pages, health), n_lost, peak_mb))
    }
}

/// Milliseconds that a page took each time, and `/healthz`; how many of them were not answered.
type Looks = (Vec<f64>, Vec<f64>, usize);

/// What a visitor sees until told to stop.
async fn look(looker: Wire, page: &str, stop: &AtomicBool) -> Looks {
    let (mut pages, mut health, mut n_lost) = (Vec::new(), Vec::new(), 0);
    while !stop.load(Ordering::Relaxed) {
        for (path, times) in [(page, &mut pages), ("/healthz", &mut health)] {
            let got = looker.get(path).await;
            times.push(got.took.as_secs_f64() * 1e3);
            n_lost += usize::from(got.status != 200);
        }
        sleep(LOOK).await;
    }
    (pages, health, n_lost)
}

/// Work on a thread of its own: a visitor has a machine of his own, and does not stand behind what the attacker's
/// has to do.
fn apart<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> anyhow::Result<oneshot::Receiver<T>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (sender, receiver) = oneshot::channel();
    // Who does not wait for it any more has ended.
    let work = move || drop(sender.send(runtime.block_on(work)));
    thread::Builder::new().name("visitor".to_owned()).spawn(work)?;
    Ok(receiver)
}

/// Tries everything.
///
/// # Errors
/// Where the process of the server cannot be looked at.
pub async fn all(ground: &Ground) -> anyhow::Result<Table> {
    let quiet = async {
        sleep(QUIET).await;
        String::from("–")
    };
    let mut table = Table::new(ground.during("nothing: the quiet server", quiet).await?);
    macro_rules! attempt {
        ($what:literal, $pressure:path) => {
            table.add(ground.during($what, $pressure(ground)).await?);
            sleep(PAUSE).await;
        };
    }
    attempt!("1,000 streams of events", pressure::streams);
    attempt!("600 half-sent heads", pressure::half_sent);
    attempt!("lists of 16,000 scenes, 32 at a time", pressure::lists);
    attempt!("8 slow uploads, and one of the visitor", pressure::slow_uploads);
    attempt!("9 long runs, and 20 nowcasts of the visitor", pressure::long_runs);
    attempt!("24 ZIP archives, and small frames of the visitor", pressure::archives);
    attempt!("pictures of 400 mm at 1200 dpi, 8 at a time", pressure::large_pictures);
    attempt!("120 slow readers of an array", pressure::slow_readers);
    attempt!("a foreign host, and pictures on a foreign page", pressure::foreign);
    attempt!("64 clients, a new nowcast each time, for a minute", pressure::load);
    // Nobody looks at a page meanwhile, or it would be no rest.
    table.add(Row::alone("a minute of rest, four times", rest::rest(ground).await));
    Ok(table)
}
