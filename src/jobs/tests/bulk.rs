//! Many jobs that somebody asked for together.

use super::*;

fn in_bulk(bed: &Bed, sample: &str) -> Result<JobId, SubmitError> {
    bed.jobs.submit_in_bulk(request(sample))
}

#[track_caller]
fn waits_at(bed: &Bed, id: &JobId, expected: usize) {
    let state = bed.jobs.status(id);
    let is_there = matches!(&state, Some(JobState::Queued { position }) if *position == expected);
    assert!(is_there, "{expected}, not {state:?}");
}

#[tokio::test]
async fn a_bulk_takes_no_room_from_others_and_goes_behind_them() {
    // Two may wait.
    let bed = Bed::patient();
    bed.submit("a");
    bed.hears("run a");
    let bulk: Vec<_> = ["r", "s", "t"].map(|sample| in_bulk(&bed, sample).unwrap()).into();
    let (b, c) = (bed.submit("b"), bed.submit("c"));
    let full = bed.jobs.submit(request("d"));
    assert_eq!(full, Err(SubmitError::QueueFull { waiting: 2 }));
    for (i, id) in [&b, &c].into_iter().chain(&bulk).enumerate() {
        waits_at(&bed, id, i + 1);
    }
    let last = in_bulk(&bed, "u").unwrap();
    waits_at(&bed, &last, 6);
    for sample in ["b", "c", "r", "s", "t", "u"] {
        bed.order(Order::Answer);
        bed.hears(&format!("run {sample}"));
    }
    bed.order(Order::Answer);
    assert!(matches!(bed.end(&last).await, JobState::Done(_)));
}

#[tokio::test]
async fn a_bulk_has_room_of_its_own_and_no_more() {
    let bed = Bed::patient();
    bed.submit("a");
    bed.hears("run a");
    let taken = (0..).take_while(|i| in_bulk(&bed, &format!("r{i}")).is_ok()).count();
    let full = in_bulk(&bed, "one more");
    assert_eq!(full, Err(SubmitError::QueueFull { waiting: taken }));
    assert!(taken >= 256, "{taken}");
    assert!(bed.jobs.submit(request("b")).is_ok());
}

#[tokio::test]
async fn the_same_question_is_one_job_in_either_way() {
    let bed = Bed::patient();
    bed.submit("a");
    bed.hears("run a");
    let row = in_bulk(&bed, "b").unwrap();
    assert_eq!(bed.submit("b"), row);
    let single = bed.submit("c");
    assert_eq!(in_bulk(&bed, "c").unwrap(), single);
    for sample in ["c", "b"] {
        bed.order(Order::Answer);
        bed.hears(&format!("run {sample}"));
    }
}

#[tokio::test]
async fn a_batch_is_as_large_as_told_once_the_worker_is_there() {
    let check = |max_batch: Option<usize>, expected: usize| {
        let batching = Batching { max_batch, max_wait: None };
        let bed = Bed::new(Options { batching, ..Options::default() });
        let id = bed.submit("a");
        // It runs, so the worker is there.
        bed.hears("run a");
        assert_eq!(bed.jobs.max_batch(), expected);
        bed.jobs.cancel(&id);
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
