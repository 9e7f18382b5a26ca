//! Many jobs that somebody asked for together.

use super::*;

fn in_bulk(setup: &Setup, sample: &str) -> Result<JobId, SubmitError> {
    setup.jobs.submit_in_bulk(request(sample))
}

#[track_caller]
fn waits_at(setup: &Setup, id: &JobId, expected: usize) {
    let state = setup.jobs.status(id);
    let is_there = matches!(&state, Some(JobState::Queued { position }) if *position == expected);
    assert!(is_there, "{expected}, not {state:?}");
}

#[tokio::test]
async fn a_bulk_takes_no_room_from_others_and_goes_behind_them() {
    // Two may wait.
    let setup = Setup::patient();
    setup.submit("a");
    setup.hears("run a");
    let bulk: Vec<_> = ["r", "s", "t"].map(|sample| in_bulk(&setup, sample).unwrap()).into();
    let (b, c) = (setup.submit("b"), setup.submit("c"));
    let full = setup.jobs.submit(request("d"));
    assert_eq!(full, Err(SubmitError::QueueFull { waiting: 2 }));
    for (i, id) in [&b, &c].into_iter().chain(&bulk).enumerate() {
        waits_at(&setup, id, i + 1);
    }
    let last = in_bulk(&setup, "u").unwrap();
    waits_at(&setup, &last, 6);
    for sample in ["b", "c", "r", "s", "t", "u"] {
        setup.order(Order::Answer);
        setup.hears(&format!("run {sample}"));
    }
    setup.order(Order::Answer);
    assert!(matches!(setup.end(&last).await, JobState::Done(_)));
}

#[tokio::test]
async fn a_bulk_has_room_of_its_own_and_no_more() {
    let setup = Setup::patient();
    setup.submit("a");
    setup.hears("run a");
    let taken = (0..).take_while(|i| in_bulk(&setup, &format!("r{i}")).is_ok()).count();
    let full = in_bulk(&setup, "one more");
    assert_eq!(full, Err(SubmitError::QueueFull { waiting: taken }));
    assert!(taken >= 256, "{taken}");
    assert!(setup.jobs.submit(request("b")).is_ok());
}

#[tokio::test]
async fn who_asks_for_one_of_a_bulk_by_itself_goes_before_the_bulk() {
    // Two may wait.
    let setup = Setup::patient();
    setup.submit("a");
    setup.hears("run a");
    let [_, row] = ["r", "b"].map(|sample| in_bulk(&setup, sample).unwrap());
    let single = setup.submit("c");
    assert_eq!(in_bulk(&setup, "c").unwrap(), single, "it stays where it is");
    assert_eq!(setup.submit("b"), row);
    waits_at(&setup, &row, 2);
    let full = setup.jobs.submit(request("d"));
    assert_eq!(full, Err(SubmitError::QueueFull { waiting: 2 }), "it takes room there");
    for sample in ["c", "b", "r"] {
        setup.order(Order::Answer);
        setup.hears(&format!("run {sample}"));
    }
}

#[tokio::test]
async fn one_of_a_bulk_stays_there_until_there_is_room() {
    let setup = Setup::patient();
    setup.submit("a");
    setup.hears("run a");
    let [_, row] = ["r", "b"].map(|sample| in_bulk(&setup, sample).unwrap());
    setup.submit("c");
    setup.submit("d");
    assert_eq!(setup.submit("b"), row, "it was taken, so it is not refused");
    waits_at(&setup, &row, 4);
    setup.order(Order::Answer);
    setup.hears("run c");
    setup.submit("b");
    waits_at(&setup, &row, 2);
}

#[tokio::test]
async fn a_bulk_gets_on_however_many_others_come() {
    let setup = Setup::new(Options { queue_depth: 16, patience: ANY, ..Options::default() });
    setup.submit("a");
    setup.hears("run a");
    for row in ["r", "s"] {
        in_bulk(&setup, row).unwrap();
    }
    for sample in ["b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        setup.submit(sample);
    }
    for sample in ["b", "c", "d", "e", "r", "f", "g", "h", "i", "s", "j"] {
        setup.order(Order::Answer);
        setup.hears(&format!("run {sample}"));
    }
}

#[tokio::test]
async fn a_batch_is_as_large_as_told_once_the_worker_is_there() {
    let check = |max_batch: Option<usize>, expected: usize| {
        let batching = Batching { max_batch, max_wait: None };
        let setup = Setup::new(Options { batching, ..Options::default() });
        let id = setup.submit("a");
        // It runs, so the worker is there.
        setup.hears("run a");
        assert_eq!(setup.jobs.max_batch(), expected);
        setup.jobs.cancel(&id);
    };
    check(None, 1);
    check(Some(8), 8);
    let (never, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let factory: WorkerFactory = Box::new(move || {
        let _ = gate.lock().unwrap().recv();
        Err("none".to_owned())
    });
    let batching = Batching { max_batch: Some(8), max_wait: None };
    let starting = Jobs::start(factory, Options { batching, ..Options::default() }).unwrap();
    assert_eq!(starting.max_batch(), 1);
    drop(never);
}
