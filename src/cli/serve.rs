//! `stormlens serve`: the dashboard.

mod cache;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io::ErrorKind;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Request;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use self::cache::{ELSEWHERE, Unusable, kept_in, lock, unusable, without_path};
use super::speech::Speech;
use crate::allocator;
use crate::catalog::Catalog;
use crate::config::{Config, Sources};
use crate::embedded;
use crate::jobs::Jobs;
use crate::networks::Networks;
use crate::places::{CHECKPOINTS, DATA};
use crate::program::Program;
use crate::results::{Results, Unfit};
use crate::tasks;
use crate::web::{self, AppState, PrivateFolders};

/// How long requests may take to finish once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long nobody asks for anything before memory is given back: longer than people look at a page, and than
/// the runtime keeps threads for work that blocks.
const REST: Duration = Duration::from_secs(30);
/// How often that is checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// How long results may then still take to get to the disk.
const STORING: Duration = Duration::from_secs(5);

/// What comes with the program and stands in for a folder that was not found.
pub struct StandIn {
    /// What lies in the folder.
    what: &'static str,
    /// The option that names another folder.
    option: &'static str,
    /// What the log and `/readyz` say.
    said: String,
}

/// Puts what comes with the program in the place of folders that are in none of their places, unless somebody named them;
/// answers with what stands in.
///
/// # Errors
/// Where there are no samples, and those of the program cannot be written. Without weights the rest can be looked at.
pub fn stand_in(
    config: &mut Config,
    is_named: impl Fn(&str) -> bool,
) -> anyhow::Result<Vec<StandIn>> {
    let Sources { data, checkpoints, cache, .. } = &mut config.sources;
    let mut stand_ins = Vec::new();
    for (name, folder, what, option, variable) in [
        (DATA, data, "samples", "--data", "STORMLENS_DATA"),
        (CHECKPOINTS, checkpoints, "weights", "--checkpoints", "STORMLENS_CHECKPOINTS"),
    ] {
        if is_named(name) || folder.is_dir() {
            continue;
        }
        let advice = format!("{option} or {variable}");
        match embedded::folder(&cache.folder, name) {
            Ok(place) => {
                *folder = place;
                let said = format!(
                    "there are only the {what} that come with the program: name a folder with more by {advice}"
                );
                stand_ins.push(StandIn { what, option, said });
            }
            Err(error) => {
                let place = cache.folder.display();
                let problem = format!(
                    "no {what} are found, and those that come with the program cannot be written to {place} ({error}): \
                     {ELSEWHERE}, or name a folder of {what} by {advice}"
                );
                ensure!(name != DATA, problem);
                tracing::warn!("{problem}");
            }
        }
    }
    Ok(stand_ins)
}

/// What every page says where something stands in.
fn notice(stand_ins: &[StandIn]) -> Option<String> {
    let all = |words: fn(&StandIn) -> String| {
        stand_ins.iter().map(words).collect::<Vec<_>>().join(" and ")
    };
    let (what, options) =
        (all(|one| one.what.to_owned()), all(|one| format!("{} FOLDER", one.option)));
    (!stand_ins.is_empty()).then(|| {
        format!(
            "The {what} here are the few that come with the program. To see more, start it with {options}."
        )
    })
}

/// Serves until the process is told to stop; what stands in is said with what cannot be read, and on every page.
pub fn run(
    config: &Config,
    networks: Networks,
    stand_ins: &[StandIn],
    speech: Speech,
) -> anyhow::Result<()> {
    let cache = &config.sources.cache.folder;
    let unusable = unusable(cache, &kept_in(config));
    // Held until the end.
    let _lock = lock(cache);
    let mut state = state(config, networks)?;
    state.notice = notice(stand_ins);
    for Unusable { place, error } in &unusable {
        tracing::warn!("nothing can be kept in {} ({error}): {ELSEWHERE}", place.display());
        state.problems.add(without_path(cache, place, error));
    }
    stand_ins.iter().for_each(|one| tell(&state, &one.said));
    look_for_problems(&state);
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let served = runtime.block_on(async {
        let listener = listen(config).await?;
        state.prepare_pictures();
        let (jobs, catalog) = (state.jobs.clone(), state.catalog.clone());
        let watch = thread::Builder::new().name("memory".to_owned());
        watch.spawn(move || watch_memory(&jobs, &catalog)).context("cannot start a thread")?;
        let address = listener.local_addr().context("cannot tell the address")?;
        // To standard output, because this line is what a person waits for.
        speech.line(format_args!("Stormlens is ready at http://{address}"));
        until_told_twice(listener, state).await
    });
    // Work that was begun must not hold up who wants to end: what it would write is whole or not there.
    runtime.shutdown_background();
    served
}

/// Serves until the process is told to stop, and no longer when it is told so again.
async fn until_told_twice(listener: TcpListener, state: AppState) -> anyhow::Result<()> {
    let told = Arc::new(Notify::new());
    let told_once = told.clone();
    let stop = async move {
        stop_signal().await;
        told_once.notify_one();
    };
    let again = async {
        told.notified().await;
        stop_signal().await;
    };
    tokio::select! {
        served = serve(listener, state, stop) => served,
        () = again => bail!("told to stop twice, so what was under way is lost"),
    }
}

/// Gives memory back when nobody has asked for anything for some time.
fn watch_memory(jobs: &Jobs, catalog: &Catalog) -> ! {
    let mut has_rested = false;
    loop {
        thread::sleep(CHECK_INTERVAL);
        has_rested = rest(allocator::rest(), has_rested, jobs, catalog);
    }
}

/// Has tasks and networks give memory back, once for each time that nobody asks for anything; answers whether this is one.
fn rest(unused_for: Duration, has_rested: bool, jobs: &Jobs, catalog: &Catalog) -> bool {
    let rests = unused_for >= REST;
    if rests && !has_rested {
        catalog.tasks().iter().for_each(|task| task.rest());
        jobs.rest();
    }
    rests
}

/// Opens the tasks and starts the worker, without waiting for it.
pub fn state(config: &Config, networks: Networks) -> anyhow::Result<AppState> {
    // Before another build can be put in the place of this one.
    let _ = Program::this();
    let Networks { cards, worker, problems } = networks;
    let opened = tasks::open(&config.folders())?.into_iter();
    let (tasks, pages): (Vec<_>, _) = opened.map(|opened| (opened.task, opened.pages)).unzip();
    let catalog = Arc::new(Catalog::new(cards.that_tasks_ask(&tasks), tasks));
    let (factory, options) = (worker(catalog.clone()), config.job_options());
    let jobs = match config.results_folder() {
        Some((folder, max_bytes)) => {
            let results = Results::new(folder, max_bytes, catalog.clone(), &check);
            Jobs::start_with_store(Arc::new(results), factory, options)
        }
        None => Jobs::start(factory, options),
    };
    let jobs = jobs.context("cannot start the worker thread")?;
    let state = AppState::new(jobs, catalog, pages, &config.sources.checkpoints);
    let mut state = state.with_access(config.access());
    state.public_url = config.public_url.clone();
    let Sources { data, checkpoints, cache, .. } = &config.sources;
    state.private = Arc::new(PrivateFolders::new(&[data, checkpoints, &cache.folder]));
    problems.iter().for_each(|problem| tell(&state, problem));
    Ok(state)
}

/// Reads all samples once, beside everything else, and tells which of them cannot be read.
fn look_for_problems(state: &AppState) {
    let state = state.clone();
    let look = move || {
        let found = state.catalog.tasks().iter().flat_map(|task| task.problems());
        found.for_each(|problem| tell(&state, &problem));
    };
    if let Err(error) = thread::Builder::new().name("problems".to_owned()).spawn(look) {
        tracing::warn!(%error, "the samples are not looked through");
    }
}

/// The log names the whole path, what visitors see the folder and the file.
fn tell(state: &AppState, problem: &str) {
    tracing::warn!("{problem}");
    state.problems.add(state.private.hide(problem.to_owned()));
}

/// What only the task of a stored result knows of it.
fn check(outcome: &Outcome, request: &Request, catalog: &Catalog) -> Result<(), Unfit> {
    let task = catalog.task(request).ok_or(Unfit::Question)?;
    let cards = catalog.cards(request).ok_or(Unfit::Weights)?;
    task.check(outcome, request, &cards)
}

async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.bind;
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "{address} is already in use: stop the program that uses it, or choose another port, \
             for example with --bind {}:{}",
            address.ip(),
            address.port().saturating_add(1)
        ),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}")),
    }
}

/// Answers requests until `stop`, then finishes those that are under way and puts away what was
/// answered last.
///
/// # Errors
/// If the thread that waits for the disk cannot be started.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let jobs = state.jobs.clone();
    answer(listener, state, stop).await;
    let kept = spawn_blocking(move || jobs.wait_until_kept(STORING)).await;
    if !kept.context("cannot wait for the disk")? {
        tracing::warn!("stopped before the last results were stored; they will be computed again");
    }
    Ok(())
}

async fn answer(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let jobs = state.jobs.clone();
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let stop = async move {
        stop.await;
        // Ends the runs, and with them the streams of events that would otherwise keep on.
        jobs.shut_down();
        stopping.send_replace(true);
    };
    let access = state.access.clone();
    let server = web::serve(listener, web::app(state), &access, stop);
    tokio::select! {
        () = server => {}
        () = async {
            // The sender lives as long as the server does, which is the other branch.
            let _ = stopped.wait_for(|stopping| *stopping).await;
            tokio::time::sleep(DRAIN).await;
        } => tracing::warn!("stopped without waiting for the last requests"),
    }
}

/// Ctrl-C, or the signal by which service managers ask a process to end.
async fn stop_signal() {
    let interrupt = async {
        if let Err(error) = signal::ctrl_c().await {
            tracing::warn!(%error, "cannot listen for Ctrl-C");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot listen for the signal to terminate");
                std::future::pending::<()>().await;
            }
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
