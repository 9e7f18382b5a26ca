//! `stormlens serve`: the dashboard.

use std::fs::{self, File, TryLockError};
use std::future::Future;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Request;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use super::speech::Speech;
use crate::allocator;
use crate::catalog::Catalog;
use crate::config::{Config, Sources};
use crate::disk;
use crate::jobs::Jobs;
use crate::networks::Networks;
use crate::program::Program;
use crate::results::{Results, Unfit};
use crate::tasks;
use crate::web::{self, AppState, Problems};

/// How long requests may take to finish once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long nobody asks for anything before memory is given back: longer than people look at a page, and than
/// the runtime keeps threads for work that blocks.
const REST: Duration = Duration::from_secs(30);
/// How often that is checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// The file by which servers on one folder find each other.
const LOCK: &str = "lock";

/// How long results may then still take to get to the disk.
const STORING: Duration = Duration::from_secs(5);

/// Serves until the process is told to stop.
pub fn run(config: &Config, networks: Networks, speech: Speech) -> anyhow::Result<()> {
    let cache = &config.sources.cache.folder;
    let unusable = unusable(cache, &kept_in(config));
    // Held until the end.
    let _lock = lock(cache);
    let state = state(config, networks)?;
    for Unusable { place, error } in &unusable {
        tracing::warn!("nothing can be kept in {} ({error}): {ELSEWHERE}", place.display());
        state.problems.add(without_path(cache, place, error));
    }
    look_for_problems(&state, config);
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let served = runtime.block_on(async {
        let listener = listen(config).await?;
        state.prepare_pictures();
        let jobs = state.jobs.clone();
        let watch = thread::Builder::new().name("memory".to_owned());
        watch.spawn(move || watch_memory(&jobs)).context("cannot start a thread")?;
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
fn watch_memory(jobs: &Jobs) -> ! {
    let mut has_rested = false;
    loop {
        thread::sleep(CHECK_INTERVAL);
        let rests = allocator::rest() >= REST;
        if rests && !has_rested {
            jobs.rest();
        }
        has_rested = rests;
    }
}

/// A folder in which nothing can be kept.
struct Unusable {
    place: PathBuf,
    error: io::Error,
}

/// Where uploads and results are kept.
fn kept_in(config: &Config) -> Vec<PathBuf> {
    let of_tasks = tasks::KEPT_IN.iter().map(|name| config.sources.cache.folder.join(name));
    of_tasks.chain(config.results_folder().map(|(folder, _)| folder)).collect()
}

/// Makes the folder of what is kept, and tries it and those below it with a file. The lock does not tell: it may be there
/// in a folder that takes no other file, or belong to somebody else in one that does.
fn unusable(folder: &Path, below: &[PathBuf]) -> Vec<Unusable> {
    let is_there = |place: &&PathBuf| place.symlink_metadata().is_ok();
    let (there, to_come): (Vec<&PathBuf>, Vec<&PathBuf>) = below.iter().partition(is_there);
    let made = fs::create_dir_all(folder).and_then(|()| disk::try_folder(folder));
    // Only what is still to be made has to have room in the folder itself.
    let own = made.err().filter(|_| !to_come.is_empty());
    let own = own.map(|error| Unusable { place: folder.to_owned(), error });
    let tried = |place: &PathBuf| {
        let error = disk::try_folder(place).err()?;
        Some(Unusable { place: place.clone(), error })
    };
    own.into_iter().chain(there.into_iter().filter_map(tried)).collect()
}

/// What to do about a folder in which nothing can be kept.
const ELSEWHERE: &str = "choose another folder with --cache";

/// What visitors learn of such a folder. Where it lies is for the log.
fn without_path(cache: &Path, place: &Path, error: &io::Error) -> String {
    let name = place.strip_prefix(cache).ok().filter(|name| !name.as_os_str().is_empty());
    let shown = match name {
        Some(name) => format!("“{}” of the cache folder", name.display()),
        None => "the cache folder".to_owned(),
    };
    format!("nothing can be kept in {shown} ({}): {ELSEWHERE}", error.kind())
}

/// Marks the folder of what is kept as that of this server, until the file is closed. Another server on the same
/// folder is possible: each then knows only the uploads that it was given itself and those from before its start, and may
/// remove what the other needs.
fn lock(folder: &Path) -> Option<File> {
    let shown = folder.display();
    match open_lock(folder).map(|file| (file.try_lock(), file)) {
        Ok((Ok(()), file)) => return Some(file),
        Ok((Err(TryLockError::WouldBlock), _)) => tracing::warn!(
            "another server keeps its files in {shown}, and each may remove those of the other: give \
             this one a folder of its own with --cache"
        ),
        // What is no folder is used by nobody.
        Err(_) if !folder.is_dir() => {}
        Ok((Err(TryLockError::Error(error)), _)) | Err(error) => {
            tracing::warn!(%error, "cannot tell whether another server uses {shown}");
        }
    }
    None
}

/// What is no file, such as a pipe, is not opened: that would wait for somebody at its other end.
fn open_lock(folder: &Path) -> io::Result<File> {
    let path = folder.join(LOCK);
    if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        let message = format!("{} is no file: remove it", path.display());
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    }
    File::options().create(true).append(true).open(path)
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
    problems.iter().for_each(|problem| tell(&state.problems, &config.sources, problem));
    let mut state = state.with_access(config.access());
    state.public_url = config.public_url.clone();
    Ok(state)
}

/// Reads all samples once, beside everything else, and tells which of them cannot be read.
fn look_for_problems(state: &AppState, config: &Config) {
    let (problems, sources) = (state.problems.clone(), config.sources.clone());
    let tasks = state.catalog.tasks().to_vec();
    let look = move || {
        let found = tasks.iter().flat_map(|task| task.problems());
        found.for_each(|problem| tell(&problems, &sources, &problem));
    };
    if let Err(error) = thread::Builder::new().name("problems".to_owned()).spawn(look) {
        tracing::warn!(%error, "the samples are not looked through");
    }
}

/// The log names the whole path, what visitors see the file only.
fn tell(problems: &Problems, sources: &Sources, problem: &str) {
    tracing::warn!("{problem}");
    let folders = [&sources.data, &sources.checkpoints].map(|folder| folder.display().to_string());
    let shown = folders.iter().fold(problem.to_owned(), |text, folder| {
        if folder.is_empty() { text } else { text.replace(&format!("{folder}/"), "") }
    });
    problems.add(shown);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_judged_by_a_file_that_is_made_in_them() {
        let around = tempfile::tempdir().expect("a folder");
        let cache = around.path().join("cache");
        let below = ["results", "others"].map(|name| cache.join(name));
        let found = |cache: &Path, below: &[PathBuf]| -> Vec<PathBuf> {
            unusable(cache, below).into_iter().map(|one| one.place).collect()
        };
        assert!(found(&cache, &below).is_empty() && cache.is_dir(), "it is made");
        assert!(lock(&cache).is_some());
        // Root may write into every folder, but not below a file.
        fs::write(&below[1], "").expect("it is written");
        assert_eq!(found(&cache, &below), [below[1].clone()], "though there is a lock");
        let inner = below[1].join("cache");
        assert_eq!(found(&inner, &[inner.join("results")]), std::slice::from_ref(&inner));
        assert!(lock(&inner).is_none());
        fs::create_dir(&below[0]).expect("it is made");
        assert!(found(&cache, &below[..1]).is_empty());
        let n_files = |folder: &Path| fs::read_dir(folder).expect("a folder").count();
        assert_eq!(n_files(&below[0]), 0);
        assert_eq!(n_files(&cache), 3, "the lock and what the test made");
    }

    #[test]
    fn visitors_do_not_learn_where_the_cache_lies() {
        let cache = Path::new("/home/anna/cache");
        let error = io::Error::new(ErrorKind::PermissionDenied, "/home/anna/cache/part-1");
        let said = [cache.to_owned(), cache.join("results"), PathBuf::from("/var/other")]
            .map(|place| without_path(cache, &place, &error));
        let words = ["the cache", "“results” of the cache", "the cache"];
        for (said, words) in said.iter().zip(words) {
            assert!(said.contains(&format!("nothing can be kept in {words} folder (")), "{said}");
            assert!(said.contains("--cache") && !said.contains('/'), "{said}");
        }
    }
}
