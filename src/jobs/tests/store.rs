//! Outcomes that an earlier run has left.

use std::collections::HashMap;

use super::job::Job;
use super::*;

/// A store in memory that tells what is asked of it.
#[derive(Default)]
struct MemoryStore {
    outcomes: Mutex<HashMap<String, Outcome>>,
    /// Questions whose answer seems to be there and is not.
    promises: Vec<&'static str>,
    /// What was looked for, in order.
    looked: Mutex<Vec<String>>,
    /// What is asked for here is never found within the time of the test.
    gate: Option<Mutex<Receiver<()>>>,
    /// What is put away here waits for the test.
    slow: Option<Mutex<Receiver<()>>>,
}

impl Store for MemoryStore {
    fn may_hold(&self, request: &Request, _: Option<&DeviceReport>) -> bool {
        let is_there = self.outcomes.lock().unwrap().contains_key(sample_of(request));
        is_there || self.promises.contains(&sample_of(request))
    }

    fn recall(&self, request: &Request, device: &DeviceReport) -> Option<Outcome> {
        assert_eq!(device.name, "CPU (test)");
        self.looked.lock().unwrap().push(sample_of(request).to_owned());
        if let Some(gate) = &self.gate {
            gate.lock().unwrap().recv().unwrap();
        }
        if sample_of(request) == "broken" {
            panic!("the store has an error");
        }
        self.outcomes.lock().unwrap().get(sample_of(request)).cloned()
    }

    fn keep(&self, outcome: &Outcome) {
        let sample = sample_of(&outcome.request);
        if let Some(slow) = &self.slow {
            slow.lock().unwrap().recv().unwrap();
        }
        if sample == "broken" {
            panic!("the disk has an error");
        }
        self.outcomes.lock().unwrap().insert(sample.to_owned(), outcome.clone());
    }
}

fn setup_over(store: &Arc<MemoryStore>, options: Options) -> Setup {
    Setup::with(options, |factory, options| {
        Jobs::start_with_store(store.clone(), factory, options).unwrap()
    })
}

fn patient() -> Options {
    Options { queue_depth: 2, patience: ANY, ..Options::default() }
}

#[tokio::test]
async fn what_was_answered_before_a_restart_is_not_computed_again() {
    let store = Arc::new(MemoryStore::default());
    let setup = setup_over(&store, patient());
    let id = setup.submit("a");
    setup.hears("run a");
    setup.order(Order::Answer);
    setup.end(&id).await;
    let limit = Instant::now() + Duration::from_secs(10);
    while store.outcomes.lock().unwrap().is_empty() {
        assert!(Instant::now() < limit, "it is kept");
        tokio::task::yield_now().await;
    }
    let setup = setup_over(&store, patient());
    let id = setup.submit("a");
    let JobState::Done(outcome) = setup.end(&id).await else { panic!("no end") };
    assert_eq!(sample_of(&outcome.request), "a");
    assert!(setup.jobs.outcome(&request("a")).is_some(), "it is in memory now");
    setup.submit("b");
    setup.hears("run b");
}

/// At rest, a quarter of the memory is left to results, the newest; the others come from the disk when somebody asks again.
#[tokio::test]
async fn at_rest_older_outcomes_are_left_to_the_disk() {
    let store = Arc::new(MemoryStore::default());
    let one = queue::n_bytes(&JobState::Done(testing::outcome().into()));
    let setup = setup_over(&store, Options { cache_bytes: 4 * one, ..patient() });
    for sample in ["a", "b", "c"] {
        let id = setup.submit(sample);
        setup.order(Order::Answer);
        setup.end(&id).await;
    }
    assert!(setup.jobs.wait_until_kept(Duration::from_secs(10)));
    setup.jobs.rest();
    let is_in_memory = |sample: &str| setup.jobs.outcome(&request(sample)).is_some();
    assert_eq!(["a", "b", "c"].map(is_in_memory), [false, false, true]);
    let id = setup.submit("a");
    assert!(matches!(setup.end(&id).await, JobState::Done(_)));
    assert_eq!(*store.looked.lock().unwrap().last().unwrap(), "a");
    // Without a disk nothing is left to it.
    let setup = Setup::new(Options { cache_bytes: one, patience: ANY, ..Options::default() });
    let id = setup.submit("a");
    setup.order(Order::Answer);
    setup.end(&id).await;
    setup.jobs.rest();
    assert!(setup.jobs.outcome(&request("a")).is_some());
}

#[tokio::test]
async fn what_is_not_there_after_all_is_computed() {
    let store = MemoryStore { promises: vec!["a", "broken"], ..MemoryStore::default() };
    let setup = setup_over(&Arc::new(store), patient());
    for sample in ["a", "broken"] {
        let id = setup.submit(sample);
        setup.jobs.subscribe(&id).unwrap().looked_up().await;
        setup.hears(&format!("run {sample}"));
        setup.order(Order::Answer);
        assert!(matches!(setup.end(&id).await, JobState::Done(_)));
    }
}

#[tokio::test]
async fn what_is_not_there_finds_the_queue_full_or_its_time_over() {
    let (open, gate) = channel();
    let gate = Some(Mutex::new(gate));
    let store = MemoryStore { promises: vec!["x", "y"], gate, ..MemoryStore::default() };
    let options = Options { deadline: Some(Duration::from_millis(300)), ..patient() };
    let setup = setup_over(&Arc::new(store), options);
    setup.submit("a");
    setup.hears("run a");
    let id = setup.submit("x");
    setup.submit("b");
    setup.submit("c");
    open.send(()).unwrap();
    let JobState::Failed(WorkerError::TooBusy(message)) = setup.end(&id).await else {
        panic!("there was no room")
    };
    assert!(message.contains("2 runs are waiting") || message.contains("other runs"), "{message}");
    let id = setup.submit("y");
    let state = setup.end(&id).await;
    assert!(matches!(state, JobState::Failed(WorkerError::TooBusy(_))), "{state:?}");
}

#[tokio::test]
async fn a_job_that_is_looked_for_can_be_cancelled() {
    let (open, gate) = channel();
    let gate = Some(Mutex::new(gate));
    let store = MemoryStore { promises: vec!["x"], gate, ..MemoryStore::default() };
    let setup = setup_over(&Arc::new(store), patient());
    let id = setup.submit("x");
    let watch = setup.jobs.subscribe(&id).unwrap();
    setup.jobs.cancel(&id);
    assert!(matches!(watch.finished().await, JobState::Cancelled));
    open.send(()).unwrap();
    setup.submit("a");
    setup.hears("run a");
    assert!(setup.jobs.status(&id).is_none());
}

#[tokio::test]
async fn what_one_visitor_looks_for_goes_before_a_bulk() {
    let (open, gate) = channel();
    let gate = Some(Mutex::new(gate));
    let promises = vec!["r", "s", "t", "b"];
    let store = Arc::new(MemoryStore { promises, gate, ..MemoryStore::default() });
    let setup = setup_over(&store, patient());
    let in_bulk = |sample: &str| setup.jobs.submit_in_bulk(request(sample)).unwrap();
    let mut ids = vec![in_bulk("r")];
    let limit = Instant::now() + Duration::from_secs(10);
    while store.looked.lock().unwrap().is_empty() {
        assert!(Instant::now() < limit, "it is looked for");
        tokio::task::yield_now().await;
    }
    ids.extend([in_bulk("s"), in_bulk("t"), setup.submit("b"), setup.submit("t")]);
    for _ in 0..4 {
        open.send(()).unwrap();
    }
    for id in &ids {
        setup.jobs.subscribe(id).unwrap().looked_up().await;
    }
    assert_eq!(*store.looked.lock().unwrap(), ["r", "b", "t", "s"]);
}

#[test]
fn four_batches_may_be_on_their_way_to_the_store() {
    let check = |max_batch: Option<usize>, expected: usize| {
        let batching = Batching { max_batch, max_wait: None };
        let options = Options { batching, ..patient() };
        let queue = Queue::new(options, Some(Arc::<MemoryStore>::default()));
        queue.set_readiness(Readiness::Ready(a_device()));
        let outcome = Arc::new(testing::outcome());
        for i in 0..expected + 3 {
            let job = Job::new(request(&i.to_string()), Lane::Single, Standing::default(), None);
            queue.end(&job.into(), JobState::Done(outcome.clone()));
        }
        queue.shut_down();
        assert_eq!(std::iter::from_fn(|| queue.next_store_work()).count(), expected);
    };
    check(None, 32);
    check(Some(16), 64);
}

#[tokio::test]
async fn what_was_answered_last_is_kept_when_the_server_stops() {
    let (open, slow) = channel();
    let store = Arc::new(MemoryStore { slow: Some(Mutex::new(slow)), ..MemoryStore::default() });
    let setup = setup_over(&store, patient());
    for sample in ["a", "broken", "b", "c"] {
        let id = setup.submit(sample);
        setup.hears(&format!("run {sample}"));
        setup.order(Order::Answer);
        assert!(matches!(setup.end(&id).await, JobState::Done(_)));
    }
    setup.jobs.shut_down();
    assert!(!setup.jobs.wait_until_kept(Duration::from_millis(50)), "none of them is there");
    for _ in 0..4 {
        open.send(()).unwrap();
    }
    assert!(setup.jobs.wait_until_kept(Duration::from_secs(60)));
    let mut kept: Vec<_> = store.outcomes.lock().unwrap().keys().cloned().collect();
    kept.sort();
    assert_eq!(kept, ["a", "b", "c"]);
}

/// Otherwise it would stay between what the network has needed for a moment only.
#[tokio::test]
async fn an_outcome_moves_to_memory_of_its_own_once_it_is_kept() {
    let (go_on, slow) = channel();
    let store = Arc::new(MemoryStore { slow: Some(Mutex::new(slow)), ..MemoryStore::default() });
    let setup = setup_over(&store, patient());
    let id = setup.submit("a");
    setup.hears("run a");
    setup.order(Order::Answer);
    let JobState::Done(first) = setup.end(&id).await else { panic!("no end") };
    go_on.send(()).unwrap();
    assert!(setup.jobs.wait_until_kept(Duration::from_secs(60)));
    let now = setup.jobs.outcome(&request("a")).expect("it is in memory");
    assert!(!Arc::ptr_eq(&first, &now) && first == now);
}

#[tokio::test]
async fn a_run_that_ends_after_the_stop_is_kept_and_not_waited_for() {
    let store = Arc::new(MemoryStore::default());
    let setup = setup_over(&store, patient());
    setup.submit("a");
    setup.hears("run a");
    setup.jobs.shut_down();
    assert!(setup.jobs.wait_until_kept(Duration::ZERO), "there is nothing to keep");
    setup.order(Order::Answer);
    let limit = Instant::now() + Duration::from_secs(60);
    while !store.outcomes.lock().unwrap().contains_key("a") {
        assert!(Instant::now() < limit, "it is kept");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn without_a_store_nobody_waits_for_it() {
    let setup = Setup::patient();
    let id = setup.submit("a");
    setup.hears("run a");
    setup.order(Order::Answer);
    setup.end(&id).await;
    assert!(setup.jobs.wait_until_kept(Duration::ZERO));
}
