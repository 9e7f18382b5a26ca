//! What the worker does while nothing waits.

use super::*;

/// Has three networks to prepare and asks before each.
struct Cold {
    told: Sender<String>,
    go: Receiver<()>,
    n_left: usize,
    breaks: bool,
}

impl Worker for Cold {
    fn run(&mut self, request: &Request, _: &dyn Progress) -> Result<Outcome, WorkerError> {
        self.told.send(format!("run {}", sample_of(request))).unwrap();
        Ok(answer_to(request))
    }

    fn device(&self) -> DeviceReport {
        a_device()
    }

    fn warm_up(&mut self) -> bool {
        self.told.send(format!("warm {}", self.n_left)).unwrap();
        self.go.recv().unwrap();
        assert!(!self.breaks, "no memory");
        self.n_left -= 1;
        self.n_left > 0
    }
}

fn start(breaks: bool) -> (Jobs, Receiver<String>, Sender<()>) {
    let (told, heard) = channel();
    let (go, waits) = channel();
    let mut waits = Some(waits);
    let factory: WorkerFactory = Box::new(move || {
        let (_, nothing) = channel();
        let go = waits.take().unwrap_or(nothing);
        Ok(Box::new(Cold { told: told.clone(), go, n_left: 3, breaks }))
    });
    (Jobs::start(factory, Options { patience: ANY, ..Options::default() }).unwrap(), heard, go)
}

fn hears(heard: &Receiver<String>, expected: &[&str]) {
    for expected in expected {
        assert_eq!(heard.recv_timeout(Duration::from_secs(10)).unwrap(), *expected);
    }
}

#[test]
fn a_job_waits_for_one_network_at_most() {
    let (jobs, heard, go) = start(false);
    hears(&heard, &["warm 3"]);
    assert!(matches!(jobs.readiness(), Readiness::Ready(_)), "it is ready before it is warm");
    jobs.submit(request("a")).unwrap();
    go.send(()).unwrap();
    hears(&heard, &["run a", "warm 2"]);
    go.send(()).unwrap();
    hears(&heard, &["warm 1"]);
    go.send(()).unwrap();
    jobs.submit(request("b")).unwrap();
    hears(&heard, &["run b"]);
    assert!(heard.recv_timeout(Duration::from_millis(50)).is_err(), "it is warm");
}

#[test]
fn a_panic_ends_the_warm_up_and_not_the_thread() {
    let (jobs, heard, go) = start(true);
    hears(&heard, &["warm 3"]);
    go.send(()).unwrap();
    jobs.submit(request("a")).unwrap();
    hears(&heard, &["run a"]);
    jobs.submit(request("b")).unwrap();
    hears(&heard, &["run b"]);
}
