//! Jobs that are answered together.

use super::*;

/// Does what the names of the samples say. Those of one first letter go together.
struct Letters {
    /// What it has been asked, together.
    told: Sender<String>,
    /// Held until the test says go.
    go: Receiver<()>,
}

impl Letters {
    fn answer(request: &Request, progress: &dyn Progress) -> Result<Outcome, WorkerError> {
        if progress.report("counting", 1, 2).is_break() {
            return Err(WorkerError::Cancelled);
        }
        match sample_of(request).get(1..) {
            Some("refuse") => {
                let (message, remedy) = ("no".to_owned(), "ask otherwise".to_owned());
                Err(WorkerError::Invalid { message, remedy })
            }
            Some("fail") => Err(WorkerError::Failed("out of memory".to_owned())),
            Some("panic") => panic!("the shapes differ"),
            _ => Ok(answer_to(request)),
        }
    }
}

impl Worker for Letters {
    fn run(&mut self, request: &Request, progress: &dyn Progress) -> Result<Outcome, WorkerError> {
        self.told.send(format!("run {}", sample_of(request))).unwrap();
        if sample_of(request) == "hold" {
            self.go.recv().unwrap();
        }
        Self::answer(request, progress)
    }

    fn device(&self) -> DeviceReport {
        a_device()
    }

    fn batch_key(&self, request: &Request) -> Option<String> {
        let sample = sample_of(request);
        (sample != "hold").then(|| sample[..1].to_owned())
    }

    fn run_batch(&mut self, batch: &[Asked<'_>]) -> Vec<Result<Outcome, WorkerError>> {
        let samples: Vec<_> = batch.iter().map(|(request, _)| sample_of(request)).collect();
        self.told.send(format!("together {}", samples.join(" "))).unwrap();
        if samples.contains(&"await") {
            self.go.recv().unwrap();
        }
        let mut answers: Vec<_> =
            batch.iter().map(|(request, progress)| Self::answer(request, *progress)).collect();
        if samples.contains(&"ashort") {
            answers.pop();
        }
        answers
    }
}

struct BatchSetup {
    jobs: Jobs,
    told: Receiver<String>,
    go: Sender<()>,
}

impl BatchSetup {
    fn new(max_batch: Option<usize>, max_wait: Duration) -> Self {
        let batching = Batching { max_batch, max_wait: Some(max_wait) };
        Self::with(Options { patience: ANY, batching, ..Options::default() })
    }

    fn with(options: Options) -> Self {
        let (told_to, told) = channel();
        let (go, waits) = channel();
        let mut waits = Some(waits);
        let factory: WorkerFactory = Box::new(move || {
            let (_, nothing) = channel();
            let go = waits.take().unwrap_or(nothing);
            Ok(Box::new(Letters { told: told_to.clone(), go }))
        });
        Self { jobs: Jobs::start(factory, options).unwrap(), told, go }
    }

    /// Asks for all of them while the worker is busy with something else.
    fn ask(&self, samples: &[&str]) -> Vec<JobId> {
        self.jobs.submit(request("hold")).unwrap();
        self.hears("run hold");
        let ids = samples.iter().map(|sample| self.jobs.submit(request(sample)).unwrap()).collect();
        self.go.send(()).unwrap();
        ids
    }

    fn hears(&self, expected: &str) {
        assert_eq!(self.told.recv_timeout(Duration::from_secs(10)).unwrap(), expected);
    }

    /// In a word how the jobs ended.
    async fn ends(&self, ids: &[JobId]) -> Vec<String> {
        let mut ends = Vec::new();
        for id in ids {
            let state = self.jobs.subscribe(id).expect("the job is there").finished().await;
            ends.push(match state {
                JobState::Done(outcome) => sample_of(&outcome.request).to_owned(),
                JobState::Failed(error) => error.to_string(),
                other => format!("{other:?}"),
            });
        }
        ends
    }
}

async fn check(max_batch: usize, samples: &[&str], heard: &[&str], ends: &[&str]) {
    let setup = BatchSetup::new(Some(max_batch), Duration::ZERO);
    let ids = setup.ask(samples);
    heard.iter().for_each(|heard| setup.hears(heard));
    assert_eq!(setup.ends(&ids).await, ends, "{samples:?}");
}

#[tokio::test]
async fn those_that_fit_go_together() {
    check(8, &["a1", "a2"], &["together a1 a2"], &["a1", "a2"]).await;
    check(2, &["a1", "a2", "a3"], &["together a1 a2", "run a3"], &["a1", "a2", "a3"]).await;
    check(1, &["a1", "a2"], &["run a1", "run a2"], &["a1", "a2"]).await;
    let heard = ["together a1 a2", "run b1"];
    check(8, &["a1", "b1", "a2"], &heard, &["a1", "b1", "a2"]).await;
}

#[tokio::test]
async fn one_bad_request_leaves_the_others_alone() {
    let together = ["together a1 arefuse a2"];
    check(8, &["a1", "arefuse", "a2"], &together, &["a1", "no", "a2"]).await;
    let together = ["together a1 afail a2"];
    check(8, &["a1", "afail", "a2"], &together, &["a1", "out of memory", "a2"]).await;
}

#[tokio::test]
async fn after_a_panic_each_has_its_own_run() {
    let heard = ["together a1 apanic a2", "run a1", "run apanic", "run a2"];
    let broken = "the computation stopped unexpectedly: the shapes differ";
    check(8, &["a1", "apanic", "a2"], &heard, &["a1", broken, "a2"]).await;
    let heard = ["together a1 ashort", "run a1", "run ashort"];
    check(8, &["a1", "ashort"], &heard, &["a1", "ashort"]).await;
}

#[tokio::test]
async fn a_cancelled_one_leaves_the_others_alone() {
    let setup = BatchSetup::new(Some(8), Duration::ZERO);
    let ids = setup.ask(&["a1", "await", "a2"]);
    setup.hears("together a1 await a2");
    let watch = setup.jobs.subscribe(&ids[0]).unwrap();
    setup.jobs.cancel(&ids[0]);
    assert!(matches!(watch.finished().await, JobState::Cancelled));
    setup.go.send(()).unwrap();
    assert_eq!(setup.ends(&ids[1..]).await, ["await", "a2"]);
    assert!(setup.jobs.status(&ids[0]).is_none());
}

#[tokio::test]
async fn all_of_a_batch_run_and_the_rest_waits_for_them() {
    let setup = BatchSetup::new(Some(2), Duration::ZERO);
    let ids = setup.ask(&["a1", "await", "b"]);
    setup.hears("together a1 await");
    for id in &ids[..2] {
        assert!(matches!(setup.jobs.status(id), Some(JobState::Running { .. })));
    }
    assert!(matches!(setup.jobs.status(&ids[2]), Some(JobState::Queued { position: 2 })));
    setup.go.send(()).unwrap();
    assert_eq!(setup.ends(&ids).await, ["a1", "await", "b"]);
}

#[tokio::test]
async fn the_first_waits_for_others_but_not_when_it_goes_alone() {
    let setup = BatchSetup::new(Some(2), Duration::from_secs(3600));
    setup.jobs.submit(request("hold")).unwrap();
    setup.hears("run hold");
    setup.go.send(()).unwrap();
    let first = setup.jobs.submit(request("a1")).unwrap();
    assert!(setup.told.recv_timeout(Duration::from_millis(100)).is_err(), "it waits for another");
    assert!(matches!(setup.jobs.status(&first), Some(JobState::Queued { position: 0 })));
    let second = setup.jobs.submit(request("a2")).unwrap();
    setup.hears("together a1 a2");
    assert_eq!(setup.ends(&[first, second]).await, ["a1", "a2"]);
    let short = BatchSetup::new(Some(2), Duration::from_millis(20));
    short.jobs.submit(request("a1")).unwrap();
    short.hears("run a1");
}

#[tokio::test]
async fn what_takes_too_long_together_is_tried_alone() {
    let batching = Batching { max_batch: Some(2), max_wait: Some(ANY) };
    let (deadline, refusal) = (Duration::from_secs(1), Duration::ZERO);
    let options = Options { patience: ANY, batching, refusal, ..Options::default() };
    let setup = BatchSetup::with(Options { deadline: Some(deadline), ..options });
    let samples = ["a1", "await"];
    let ids = samples.map(|sample| setup.jobs.submit(request(sample)).unwrap());
    setup.hears("together a1 await");
    tokio::time::sleep(deadline).await;
    setup.go.send(()).unwrap();
    for id in &ids {
        let state = setup.jobs.subscribe(id).expect("the job is there").finished().await;
        assert!(matches!(state, JobState::Failed(WorkerError::TooBusy(_))), "{state:?}");
    }
    for sample in samples {
        let id = setup.jobs.submit(request(sample)).unwrap();
        setup.hears(&format!("run {sample}"));
        assert_eq!(setup.ends(&[id]).await, [sample]);
    }
}

#[tokio::test]
async fn a_bulk_that_is_due_fills_its_batch_first() {
    let check = |rows: [&'static str; 2], heard: [&'static str; 6]| {
        let batching = Batching { max_batch: Some(2), max_wait: Some(Duration::ZERO) };
        let options = Options { queue_depth: 16, patience: ANY, ..Options::default() };
        let setup = BatchSetup::with(Options { batching, ..options });
        setup.jobs.submit(request("hold")).unwrap();
        setup.hears("run hold");
        for row in rows {
            setup.jobs.submit_in_bulk(request(row)).unwrap();
        }
        for i in 0..10 {
            setup.jobs.submit(request(&format!("a{i}"))).unwrap();
        }
        setup.go.send(()).unwrap();
        heard.iter().for_each(|heard| setup.hears(&format!("together {heard}")));
    };
    check(["b1", "b2"], ["a0 a1", "a2 a3", "a4 a5", "a6 a7", "b1 b2", "a8 a9"]);
    check(["ax", "ay"], ["a0 a1", "a2 a3", "a4 a5", "a6 a7", "ax ay", "a8 a9"]);
}
