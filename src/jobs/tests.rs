mod batch;
mod bulk;
mod deadline;
mod steps;
mod store;
mod warm_up;

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use stormlens_data::card::DeviceReport;
use stormlens_data::request::{Cancelled, Progress, Subject};

use super::*;
use stormlens_plot::testing;

/// A worker that does what the test tells it, step by step.
struct Told {
    orders: Receiver<Order>,
    /// What it has been asked, and how it ended.
    told: Sender<String>,
}

enum Order {
    Report(usize),
    /// Between two steps of a long run.
    Step,
    Answer,
    Fail,
    Refuse,
    Panic,
}

impl Worker for Told {
    fn run(&mut self, request: &Request, progress: &dyn Progress) -> Result<Outcome, WorkerError> {
        self.told.send(format!("run {}", sample_of(request))).unwrap();
        self.obey(request, progress, &mut |_| panic!("it has no steps"))
    }

    fn run_in_steps(
        &mut self,
        request: &Request,
        progress: &dyn Progress,
        between: Between<'_>,
    ) -> Result<Outcome, WorkerError> {
        self.told.send(format!("begin {}", sample_of(request))).unwrap();
        self.obey(request, progress, between)
    }

    fn rested(&mut self) {
        self.told.send("rested".to_owned()).unwrap();
    }

    fn device(&self) -> DeviceReport {
        a_device()
    }
}

impl Told {
    fn obey(
        &mut self,
        request: &Request,
        progress: &dyn Progress,
        between: Between<'_>,
    ) -> Result<Outcome, WorkerError> {
        loop {
            match self.orders.recv().unwrap() {
                Order::Step => {
                    between(self);
                    self.told.send("step".to_owned()).unwrap();
                }
                Order::Report(done) => {
                    if progress.report("counting", done, 10) == ControlFlow::Break(Cancelled) {
                        self.told.send("cancelled".to_owned()).unwrap();
                        return Err(WorkerError::Cancelled);
                    }
                    self.told.send("go on".to_owned()).unwrap();
                }
                Order::Answer => return Ok(answer_to(request)),
                Order::Fail => return Err(WorkerError::Failed("out of memory".to_owned())),
                Order::Refuse => {
                    let (message, remedy) = ("no".to_owned(), "ask otherwise".to_owned());
                    return Err(WorkerError::Invalid { message, remedy });
                }
                Order::Panic => panic!("the shapes differ"),
            }
        }
    }
}

fn a_device() -> DeviceReport {
    DeviceReport { kind: "cpu", name: "CPU (test)".to_owned(), reason: "a test".to_owned() }
}

fn answer_to(request: &Request) -> Outcome {
    Outcome { request: request.clone(), ..testing::outcome() }
}

fn sample_of(request: &Request) -> &str {
    let Subject::Nowcast { sample, .. } = &request.subject else {
        panic!("only samples are asked for")
    };
    sample
}

struct Setup {
    jobs: Jobs,
    orders: Sender<Order>,
    told: Receiver<String>,
}

const ANY: Duration = Duration::from_secs(3600);

impl Setup {
    fn new(options: Options) -> Self {
        Self::with(options, |factory, options| Jobs::start(factory, options).unwrap())
    }

    fn with(options: Options, start: impl FnOnce(WorkerFactory, Options) -> Jobs) -> Self {
        let (orders, to_worker) = channel();
        let (from_worker, told) = channel();
        let mut to_worker = Some(to_worker);
        let factory: WorkerFactory = Box::new(move || {
            from_worker.send("built".to_owned()).unwrap();
            // After a failure the orders are gone with the worker, and so is what it can do.
            let (_, nothing) = channel();
            let orders = to_worker.take().unwrap_or(nothing);
            Ok(Box::new(Told { orders, told: from_worker.clone() }))
        });
        let setup = Self { jobs: start(factory, options), orders, told };
        setup.hears("built");
        setup
    }

    fn patient() -> Self {
        Self::new(Options { queue_depth: 2, patience: ANY, ..Options::default() })
    }

    fn submit(&self, sample: &str) -> JobId {
        self.jobs.submit(request(sample)).unwrap()
    }

    fn order(&self, order: Order) {
        self.orders.send(order).unwrap();
    }

    fn hears(&self, expected: &str) {
        assert_eq!(self.told.recv_timeout(Duration::from_secs(10)).unwrap(), expected);
    }

    async fn end(&self, id: &JobId) -> JobState {
        self.jobs.subscribe(id).expect("the job is there").finished().await
    }
}

fn request(sample: &str) -> Request {
    let subject =
        Subject::Nowcast { sample: sample.to_owned(), mask: Default::default(), steps_mean: false };
    Request { subject, ..testing::outcome().request }
}

#[tokio::test]
async fn a_job_is_answered() {
    let setup = Setup::patient();
    let id = setup.submit("a");
    setup.hears("run a");
    setup.order(Order::Report(3));
    setup.hears("go on");
    let state = setup.jobs.status(&id);
    assert!(
        matches!(&state, Some(JobState::Running { phase, done: 3, total: 10, .. }) if phase == "counting"),
        "{state:?}"
    );
    setup.order(Order::Answer);
    let JobState::Done(outcome) = setup.end(&id).await else { panic!("no end") };
    assert_eq!(sample_of(&outcome.request), "a");
    assert!(setup.jobs.outcome(&request("a")).is_some());
    assert!(setup.jobs.outcome(&request("b")).is_none());
}

#[tokio::test]
async fn equal_requests_are_one_job() {
    let setup = Setup::patient();
    let id = setup.submit("a");
    assert_eq!(setup.submit("a"), id);
    setup.hears("run a");
    setup.order(Order::Answer);
    setup.end(&id).await;
    assert_eq!(setup.submit("a"), id);
    setup.submit("b");
    setup.hears("run b");
}

#[tokio::test]
async fn a_full_queue_refuses_and_positions_count_down() {
    let setup = Setup::patient();
    let first = setup.submit("a");
    setup.hears("run a");
    setup.submit("b");
    let third = setup.submit("c");
    assert_eq!(setup.jobs.submit(request("d")), Err(SubmitError::QueueFull { waiting: 2 }));
    assert!(matches!(setup.jobs.status(&third), Some(JobState::Queued { position: 2 })));
    setup.order(Order::Answer);
    setup.end(&first).await;
    setup.hears("run b");
    assert!(matches!(setup.jobs.status(&third), Some(JobState::Queued { position: 1 })));
    assert!(setup.jobs.submit(request("d")).is_ok());
}

#[tokio::test]
async fn a_cancelled_run_stops_and_can_be_asked_anew() {
    let setup = Setup::patient();
    let id = setup.submit("a");
    setup.hears("run a");
    let watch = setup.jobs.subscribe(&id).unwrap();
    assert_eq!(setup.jobs.cancel(&id), Some(request("a")));
    assert!(matches!(watch.finished().await, JobState::Cancelled));
    assert!(setup.jobs.status(&id).is_none());
    // Asked anew while the worker has not noticed yet: another job of the same name.
    setup.submit("a");
    setup.order(Order::Report(1));
    setup.hears("cancelled");
    setup.hears("run a");
    setup.order(Order::Answer);
    assert!(matches!(setup.end(&id).await, JobState::Done(_)));
}

#[tokio::test]
async fn a_cancelled_job_in_the_queue_never_runs() {
    let setup = Setup::patient();
    let first = setup.submit("a");
    setup.hears("run a");
    let second = setup.submit("b");
    setup.submit("c");
    setup.jobs.cancel(&second);
    setup.order(Order::Answer);
    setup.end(&first).await;
    setup.hears("run c");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_dropped() {
    let setup = Setup::patient();
    let id = setup.submit("a");
    setup.hears("run a");
    setup.jobs.cancel(&id);
    setup.order(Order::Answer);
    setup.submit("b");
    setup.hears("run b");
    assert!(setup.jobs.status(&id).is_none());
}

#[test]
fn work_that_nobody_watches_stops() {
    let patience = Duration::from_millis(300);
    let setup = Setup::new(Options { patience, ..Options::default() });
    let id = setup.submit("a");
    let watch = setup.jobs.subscribe(&id).expect("nobody's patience is that short");
    setup.hears("run a");
    let watched_until = Instant::now() + 2 * patience;
    while Instant::now() < watched_until {
        setup.order(Order::Report(1));
        setup.hears("go on");
    }
    // Before, since a busy machine may stand still in between.
    let left = Instant::now();
    drop(watch);
    loop {
        setup.order(Order::Report(2));
        match setup.told.recv_timeout(Duration::from_secs(10)).unwrap().as_str() {
            "cancelled" => break,
            still => assert_eq!(still, "go on"),
        }
    }
    assert!(left.elapsed() >= patience, "who leaves may come back within that time");
}

#[tokio::test]
async fn failures_are_told_apart_and_forgotten_on_request() {
    let setup = Setup::patient();
    let id = setup.submit("a");
    setup.order(Order::Refuse);
    assert!(matches!(setup.end(&id).await, JobState::Failed(WorkerError::Invalid { .. })));
    assert!(matches!(setup.jobs.status(&id), Some(JobState::Failed(_))));
    setup.jobs.cancel(&id);
    assert!(setup.jobs.status(&id).is_none());
}

#[tokio::test]
async fn a_panic_fails_one_job_and_a_new_worker_takes_the_next() {
    for order in [Order::Panic, Order::Fail] {
        let setup = Setup::patient();
        let id = setup.submit("a");
        setup.hears("run a");
        setup.order(order);
        let JobState::Failed(WorkerError::Failed(message)) = setup.end(&id).await else {
            panic!("it failed")
        };
        assert!(message.contains("the shapes differ") || message == "out of memory", "{message}");
        setup.submit("b");
        setup.hears("built");
        setup.hears("run b");
    }
}

#[tokio::test]
async fn a_worker_that_cannot_be_built_fails_its_jobs() {
    let jobs = Jobs::start(Box::new(|| Err("no weights".to_owned())), Options::default()).unwrap();
    let id = jobs.submit(request("a")).unwrap();
    let state = jobs.subscribe(&id).unwrap().finished().await;
    assert!(matches!(state, JobState::Failed(WorkerError::Failed(m)) if m == "no weights"));
    assert_eq!(jobs.readiness(), Readiness::Unavailable("no weights".to_owned()));
}

#[tokio::test]
async fn the_least_recently_used_outcome_goes_first() {
    let one = queue::n_bytes(&JobState::Done(testing::outcome().into()));
    let setup = Setup::new(Options { cache_bytes: 2 * one, patience: ANY, ..Options::default() });
    for sample in ["a", "b"] {
        let id = setup.submit(sample);
        setup.order(Order::Answer);
        setup.end(&id).await;
    }
    assert!(setup.jobs.outcome(&request("a")).is_some(), "this makes b the older one");
    let id = setup.submit("c");
    setup.order(Order::Answer);
    setup.end(&id).await;
    assert!(setup.jobs.outcome(&request("b")).is_none());
    assert!(setup.jobs.outcome(&request("a")).is_some());
    assert!(setup.jobs.outcome(&request("c")).is_some());
}

#[tokio::test]
async fn the_newest_outcome_stays_even_where_it_is_too_large() {
    let setup = Setup::new(Options { cache_bytes: 1, patience: ANY, ..Options::default() });
    let id = setup.submit("a");
    setup.order(Order::Answer);
    setup.end(&id).await;
    assert!(setup.jobs.outcome(&request("a")).is_some());
}

#[tokio::test]
async fn shutting_down_ends_what_is_open_and_refuses_the_rest() {
    let setup = Setup::patient();
    let id = setup.submit("a");
    let watch = setup.jobs.subscribe(&id).unwrap();
    setup.jobs.shut_down();
    assert!(matches!(watch.finished().await, JobState::Cancelled));
    assert_eq!(setup.jobs.submit(request("b")), Err(SubmitError::ShuttingDown));
}

#[tokio::test]
async fn a_stream_begins_with_the_present_state_and_ends_with_the_last() {
    use futures_util::StreamExt;
    let setup = Setup::patient();
    let id = setup.submit("a");
    setup.hears("run a");
    let mut states = std::pin::pin!(setup.jobs.subscribe(&id).unwrap().into_stream());
    assert!(matches!(states.next().await, Some(JobState::Running { .. })));
    setup.order(Order::Answer);
    assert!(matches!(states.next().await, Some(JobState::Done(_))));
    assert!(states.next().await.is_none());
}
