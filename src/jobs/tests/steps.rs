//! Long runs stand still for short ones, and leave room for them in the queue.

use std::net::IpAddr;
use std::thread::sleep;

use super::*;

fn client(last: u8) -> Option<IpAddr> {
    Some([10, 0, 0, last].into())
}

fn long() -> Standing {
    Standing { is_long: true, ..Standing::default() }
}

impl Setup {
    /// Submits a long run and waits until it runs.
    fn begin_long(&self, sample: &str) -> JobId {
        let id = self.jobs.submit_as(request(sample), long()).expect("there is room");
        self.hears(&format!("begin {sample}"));
        id
    }
}

#[tokio::test]
async fn a_short_run_goes_between_the_steps_of_a_long_one() {
    let setup = Setup::patient();
    let first = setup.begin_long("a");
    let second = setup.jobs.submit_as(request("b"), long()).unwrap();
    let short = setup.submit("c");
    setup.order(Order::Step);
    setup.hears("run c");
    setup.order(Order::Answer);
    assert!(matches!(setup.end(&short).await, JobState::Done(_)), "before the long ones");
    setup.hears("step");
    setup.order(Order::Step);
    setup.hears("step");
    assert!(matches!(setup.jobs.status(&first), Some(JobState::Running { .. })));
    setup.order(Order::Answer);
    assert!(matches!(setup.end(&first).await, JobState::Done(_)));
    setup.hears("begin b");
    setup.order(Order::Answer);
    assert!(matches!(setup.end(&second).await, JobState::Done(_)));
}

#[tokio::test]
async fn a_short_run_that_fails_leaves_the_long_one_alone() {
    let setup = Setup::patient();
    let long = setup.begin_long("a");
    let (short, next) = (setup.submit("b"), setup.submit("c"));
    setup.order(Order::Step);
    setup.hears("run b");
    setup.order(Order::Panic);
    assert!(matches!(setup.end(&short).await, JobState::Failed(WorkerError::Failed(_))));
    // Nothing new is begun with a worker that may be half changed.
    setup.hears("step");
    setup.order(Order::Step);
    setup.hears("step");
    assert!(matches!(setup.jobs.status(&next), Some(JobState::Queued { .. })));
    setup.order(Order::Answer);
    assert!(matches!(setup.end(&long).await, JobState::Done(_)));
    setup.hears("built");
}

#[tokio::test]
async fn time_that_others_took_is_not_taken_from_a_long_run() {
    let deadline = Some(Duration::from_secs(2));
    let setup = Setup::new(Options { deadline, patience: ANY, ..Options::default() });
    let long = setup.begin_long("a");
    let short = setup.submit("b");
    setup.order(Order::Step);
    setup.hears("run b");
    sleep(Duration::from_millis(1800));
    setup.order(Order::Answer);
    assert!(matches!(setup.end(&short).await, JobState::Done(_)));
    setup.hears("step");
    sleep(Duration::from_millis(600));
    setup.order(Order::Report(5));
    setup.hears("go on");
    setup.order(Order::Answer);
    assert!(matches!(setup.end(&long).await, JobState::Done(_)));
}

#[test]
fn one_visitor_and_long_runs_leave_room_in_the_queue() {
    let setup = Setup::new(Options { queue_depth: 8, patience: ANY, ..Options::default() });
    setup.begin_long("running");
    let submit = |name: String, client, is_long| {
        setup
            .jobs
            .submit_as(request(&name), Standing { client, is_long, ..Standing::default() })
            .map(|_| ())
    };
    let of_one: Vec<_> = (0..9).map(|i| submit(format!("a{i}"), client(1), true)).collect();
    assert_eq!(of_one.iter().filter(|taken| taken.is_ok()).count(), 4);
    assert_eq!(of_one[4], Err(SubmitError::LongFull { waiting: 4 }));
    let short: Vec<_> = (0..9).map(|i| submit(format!("b{i}"), client(1), false)).collect();
    assert_eq!(short.iter().filter(|taken| taken.is_ok()).count(), 2);
    assert_eq!(short[2], Err(SubmitError::ShareFull { waiting: 6 }));
    assert_eq!(submit("c".to_owned(), client(2), false), Ok(()), "another visitor is let in");
    assert_eq!(submit("d".to_owned(), client(3), false), Ok(()));
    assert_eq!(
        submit("e".to_owned(), client(4), false),
        Err(SubmitError::QueueFull { waiting: 8 })
    );
}

#[test]
fn the_worker_rests_when_it_has_nothing_to_do_and_is_ready_again() {
    let setup = Setup::patient();
    setup.jobs.rest();
    setup.hears("rested");
    setup.submit("a");
    setup.hears("run a");
    setup.jobs.rest();
    setup.submit("b");
    setup.order(Order::Answer);
    setup.hears("run b");
    setup.order(Order::Answer);
    // Work came first, so it was no time for it.
    setup.submit("c");
    setup.hears("run c");
    setup.order(Order::Answer);
}
