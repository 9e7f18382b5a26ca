//! Jobs whose time is over.

use super::*;

const SHORT: Duration = Duration::from_secs(1);

fn hasty(refusal: Duration) -> Setup {
    let deadline = Some(SHORT);
    Setup::new(Options { patience: ANY, deadline, refusal, ..Options::default() })
}

fn is_refused(state: &JobState) -> bool {
    matches!(state, JobState::Failed(WorkerError::TooBusy(_)))
}

#[tokio::test]
async fn a_waiting_job_is_refused_while_another_runs() {
    let setup = hasty(ANY);
    let first = setup.submit("a");
    setup.hears("run a");
    let second = setup.submit("b");
    let asked = Instant::now();
    assert!(is_refused(&setup.end(&second).await));
    assert!(asked.elapsed() >= SHORT / 2, "it was not refused at once");
    assert!(matches!(setup.jobs.status(&first), Some(JobState::Running { .. })));
    // Its place in the queue is free, and it is not run any more.
    let third = setup.submit("c");
    assert!(matches!(setup.jobs.status(&third), Some(JobState::Queued { position: 1 })));
    setup.order(Order::Answer);
    setup.hears("run c");
}

#[tokio::test]
async fn a_running_job_stops_at_its_next_report() {
    let setup = hasty(ANY);
    let id = setup.submit("a");
    setup.hears("run a");
    setup.order(Order::Report(1));
    setup.hears("go on");
    tokio::time::sleep(2 * SHORT).await;
    assert!(matches!(setup.jobs.status(&id), Some(JobState::Running { .. })));
    setup.order(Order::Report(2));
    setup.hears("cancelled");
    let state = setup.end(&id).await;
    assert!(matches!(state, JobState::Failed(WorkerError::TooSlow(_))), "{state:?}");
}

#[tokio::test]
async fn a_run_that_others_left_no_time_is_not_to_blame() {
    let deadline = Some(3 * SHORT);
    let setup = Setup::new(Options { patience: ANY, deadline, refusal: ANY, ..Options::default() });
    setup.submit("a");
    setup.hears("run a");
    let id = setup.submit("b");
    // What is left to it is most of its time, and not all of it.
    tokio::time::sleep(SHORT).await;
    setup.order(Order::Answer);
    setup.hears("run b");
    let overdue = async {
        loop {
            tokio::time::sleep(SHORT / 20).await;
            setup.order(Order::Report(1));
            if setup.told.recv_timeout(Duration::from_secs(10)).unwrap() == "cancelled" {
                return setup.end(&id).await;
            }
        }
    };
    assert!(is_refused(&overdue.await));
}

#[tokio::test]
async fn an_answer_that_is_there_is_given_however_late() {
    let setup = hasty(ANY);
    let id = setup.submit("a");
    setup.hears("run a");
    tokio::time::sleep(2 * SHORT).await;
    setup.order(Order::Answer);
    assert!(matches!(setup.end(&id).await, JobState::Done(_)));
}

#[tokio::test]
async fn a_refusal_stands_until_all_have_heard_of_it() {
    let refusal = 2 * SHORT;
    let setup = hasty(refusal);
    setup.submit("a");
    setup.hears("run a");
    let id = setup.submit("b");
    assert!(is_refused(&setup.end(&id).await));
    let refused = Instant::now();
    // The first who hears of it forgets it, as pages do; the second still has to hear.
    setup.jobs.cancel(&id);
    assert_eq!(setup.submit("b"), id);
    let state = setup.jobs.status(&id).expect("it is still there");
    assert!(is_refused(&state) || refused.elapsed() >= refusal, "{state:?}");
    tokio::time::sleep(refusal).await;
    setup.submit("b");
    assert!(matches!(setup.jobs.status(&id), Some(JobState::Queued { .. })));
}

#[tokio::test]
async fn without_a_deadline_a_job_waits() {
    let setup = Setup::new(Options { patience: ANY, deadline: None, ..Options::default() });
    setup.submit("a");
    setup.hears("run a");
    let second = setup.submit("b");
    tokio::time::sleep(SHORT).await;
    assert!(matches!(setup.jobs.status(&second), Some(JobState::Queued { position: 1 })));
}
