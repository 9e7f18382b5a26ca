//! Jobs whose time is over.

use super::*;

const SHORT: Duration = Duration::from_secs(1);

fn hasty(refusal: Duration) -> Bed {
    let deadline = Some(SHORT);
    Bed::new(Options { patience: ANY, deadline, refusal, ..Options::default() })
}

fn is_refused(state: &JobState) -> bool {
    matches!(state, JobState::Failed(WorkerError::TooBusy(_)))
}

#[tokio::test]
async fn a_waiting_job_is_refused_while_another_runs() {
    let bed = hasty(ANY);
    let first = bed.submit("a");
    bed.hears("run a");
    let second = bed.submit("b");
    let asked = Instant::now();
    assert!(is_refused(&bed.end(&second).await));
    assert!(asked.elapsed() >= SHORT / 2, "it was not refused at once");
    assert!(matches!(bed.jobs.status(&first), Some(JobState::Running { .. })));
    // Its place in the queue is free, and it is not run any more.
    let third = bed.submit("c");
    assert!(matches!(bed.jobs.status(&third), Some(JobState::Queued { position: 1 })));
    bed.order(Order::Answer);
    bed.hears("run c");
}

#[tokio::test]
async fn a_running_job_stops_at_its_next_report() {
    let bed = hasty(ANY);
    let id = bed.submit("a");
    bed.hears("run a");
    bed.order(Order::Report(1));
    bed.hears("go on");
    tokio::time::sleep(2 * SHORT).await;
    assert!(matches!(bed.jobs.status(&id), Some(JobState::Running { .. })));
    bed.order(Order::Report(2));
    bed.hears("cancelled");
    let state = bed.end(&id).await;
    assert!(matches!(state, JobState::Failed(WorkerError::TooSlow(_))), "{state:?}");
}

#[tokio::test]
async fn a_run_that_others_left_no_time_is_not_to_blame() {
    let deadline = Some(3 * SHORT);
    let bed = Bed::new(Options { patience: ANY, deadline, refusal: ANY, ..Options::default() });
    bed.submit("a");
    bed.hears("run a");
    let id = bed.submit("b");
    // What is left to it is most of its time, and not all of it.
    tokio::time::sleep(SHORT).await;
    bed.order(Order::Answer);
    bed.hears("run b");
    let overdue = async {
        loop {
            tokio::time::sleep(SHORT / 20).await;
            bed.order(Order::Report(1));
            if bed.told.recv_timeout(Duration::from_secs(10)).unwrap() == "cancelled" {
                return bed.end(&id).await;
            }
        }
    };
    assert!(is_refused(&overdue.await));
}

#[tokio::test]
async fn an_answer_that_is_there_is_given_however_late() {
    let bed = hasty(ANY);
    let id = bed.submit("a");
    bed.hears("run a");
    tokio::time::sleep(2 * SHORT).await;
    bed.order(Order::Answer);
    assert!(matches!(bed.end(&id).await, JobState::Done(_)));
}

#[tokio::test]
async fn a_refusal_stands_until_all_have_heard_of_it() {
    let refusal = 2 * SHORT;
    let bed = hasty(refusal);
    bed.submit("a");
    bed.hears("run a");
    let id = bed.submit("b");
    assert!(is_refused(&bed.end(&id).await));
    let refused = Instant::now();
    // The first who hears of it forgets it, as pages do; the second still has to hear.
    bed.jobs.cancel(&id);
    assert_eq!(bed.submit("b"), id);
    let state = bed.jobs.status(&id).expect("it is still there");
    assert!(is_refused(&state) || refused.elapsed() >= refusal, "{state:?}");
    tokio::time::sleep(refusal).await;
    bed.submit("b");
    assert!(matches!(bed.jobs.status(&id), Some(JobState::Queued { .. })));
}

#[tokio::test]
async fn without_a_deadline_a_job_waits() {
    let bed = Bed::new(Options { patience: ANY, deadline: None, ..Options::default() });
    bed.submit("a");
    bed.hears("run a");
    let second = bed.submit("b");
    tokio::time::sleep(SHORT).await;
    assert!(matches!(bed.jobs.status(&second), Some(JobState::Queued { position: 1 })));
}
