use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use stormlens_data::archive::Archive;
use stormlens_data::request::{Progress as _, Silent};

use super::runs::Standing;
use super::*;
use crate::catalog::{CardBox, Catalog};
use crate::tasks::nowcast::study::run;
use crate::tasks::tests::data;

fn plan(query: &str) -> Plan {
    Plan::read(&Parameters::parse(Some(query))).expect("a plan")
}

/// Every hour of the Dutch night.
fn small() -> Plan {
    plan(
        "dataset=knmi&forecasts=persistence,lagrangian-persistence&stride-min=60&lead-times=10,30&thresholds=0.5,2",
    )
}

fn found(plan: &Plan) -> Found {
    let archive = Archive::open(&data().join(&plan.dataset)).expect("frames");
    run(plan, &archive, Vec::new(), (None, &Silent)).expect("it is verified")
}

fn nobody() -> Catalog {
    Catalog::new(CardBox::default(), Vec::new())
}

fn view(query: &str, found: &Found) -> Result<View, QuestionError> {
    View::read(&Parameters::parse(Some(query)), found)
}

/// Waits until something is so.
fn until(is_so: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < limit, "it never is");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_was_found_is_kept_and_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = Kept::new(&folder.path().join("data"), &folder.path().join("cache"));
    let plan = small();
    assert!(kept.find(&plan, &nobody()).expect("nothing yet").is_none());
    assert!(kept.list(&nobody()).is_empty());
    std::fs::write(kept.state_file(&plan).expect("a folder"), b"counted").expect("written");
    assert!(kept.is_begun(&plan));
    let found = found(&plan);
    kept.keep(&plan, found.clone()).expect("kept");
    assert!(!kept.is_begun(&plan), "what was counted has gone");
    let again = kept.find(&plan, &nobody()).expect("read").expect("there");
    // Numbers with all their digits may differ in the last one.
    assert_eq!(
        (&again.query, &again.events, &again.grid),
        (&found.query, &found.events, &found.grid)
    );
    assert_eq!((again.report.cells.len(), again.cases.len()), (found.report.cells.len(), 7));
    assert_eq!(kept.list(&nobody()).len(), 1);
    // Of weights that are others now, it is not shown.
    let mut of_network = found;
    let trained = crate::tasks::nowcast::study::Trained {
        name: "sar-unet/gone".to_owned(),
        weights_sha256: "00".to_owned(),
        training_data: String::new(),
    };
    of_network.networks.push(trained);
    kept.keep(&plan, of_network.clone()).expect("kept");
    assert!(kept.find(&plan, &nobody()).expect("read").is_none());
    assert!(kept.list(&nobody()).is_empty(), "nothing is listed whose page has nothing to show");
    // What comes with the data is.
    let shipped = folder.path().join("data/comparisons");
    std::fs::create_dir_all(&shipped).expect("a folder");
    let text = serde_json::to_vec(&of_network).expect("JSON");
    std::fs::write(shipped.join("night.json"), text).expect("written");
    assert!(kept.find(&plan, &nobody()).expect("read").is_some());
    let listed = kept.list(&nobody());
    assert!(listed.len() == 1 && listed[0].has("sar-unet/gone", "00"));
    assert!(!listed[0].has("sar-unet/gone", "11"), "weights of that name that are others now");
    assert_eq!(kept.problems(), Vec::<String>::new());
    // A damaged file of the data is an error and not a comparison that nobody has made.
    std::fs::write(shipped.join("night.json"), b"{").expect("written");
    assert!(kept.find(&plan, &nobody()).is_err());
    let of_later = Found { query: "dataset=knmi&forecasts=later".to_owned(), ..of_network };
    let text = serde_json::to_vec(&of_later).expect("JSON");
    std::fs::write(shipped.join("later.json"), text).expect("written");
    let problems = kept.problems();
    let says = |i: usize, words: &str| problems[i].contains(words);
    assert!(says(0, "later.json: ") && says(0, "later”"), "{problems:?}");
    assert!(says(1, "night.json: ") && problems.len() == 2, "{problems:?}");
    assert!(!kept.is_news(&shipped.join("night.json")), "the log says it once");
    std::fs::remove_file(shipped.join("later.json")).expect("it was there");
    // One that an older program made here is made again.
    std::fs::remove_file(shipped.join("night.json")).expect("it was there");
    let own = kept.state_file(&plan).expect("a folder").with_extension("json");
    std::fs::write(own, b"{\"query\": 1}").expect("written");
    assert!(kept.find(&plan, &nobody()).expect("as if there were none").is_none());
}

/// More files than are kept in memory.
#[test]
fn lists_read_a_file_once_until_it_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = Kept::new(&folder.path().join("data"), &folder.path().join("cache"));
    let found = found(&small());
    let plans: Vec<Plan> = (1..=12)
        .map(|step| plan(&format!("dataset=knmi&forecasts=persistence&stride-min={step}")))
        .collect();
    for plan in &plans {
        kept.keep(plan, Found { query: plan.query(), ..found.clone() }).expect("kept");
    }
    let titles = || kept.list(&nobody()).iter().map(|own| own.title.clone()).collect::<Vec<_>>();
    let before = titles();
    assert_eq!(before.len(), plans.len());
    // Other bytes that nothing but reading tells.
    let file = |plan| kept.state_file(plan).expect("a folder").with_extension("json");
    let written = |file: &Path| file.metadata().and_then(|about| about.modified()).expect("a time");
    let set_time = |file: &Path, time| {
        let opened = std::fs::File::options().write(true).open(file).expect("it is there");
        opened.set_modified(time).expect("the time is set");
    };
    for file in plans.iter().map(file) {
        let (n_bytes, time) = (std::fs::read(&file).expect("it is there").len(), written(&file));
        std::fs::write(&file, vec![b' '; n_bytes]).expect("written");
        set_time(&file, time);
    }
    assert_eq!(titles(), before, "nothing was read");
    let first = file(&plans[0]);
    set_time(&first, written(&first) + Duration::from_secs(1));
    assert_eq!(titles().len(), before.len() - 1, "it has changed, and is no comparison");
    // The log has said so.
    assert!(!kept.is_news(&first));
    set_time(&first, written(&first) + Duration::from_secs(1));
    assert!(kept.is_news(&first) && !kept.is_news(&first), "once of each");
}

#[test]
fn a_view_takes_only_what_there_is() {
    let found = found(&small());
    let usual = view("", &found).expect("a view");
    assert_eq!((usual.lead_time_min, usual.threshold, usual.score.name), (None, 0.5, "csi"));
    let chosen = view("show-lead=30&show-threshold=2&show-forecast=lagrangian-persistence", &found);
    let chosen = chosen.expect("a view");
    assert_eq!((chosen.lead_time_min, chosen.threshold, chosen.forecast), (Some(30), 2.0, 1));
    let again = view(&chosen.query(&found)[1..], &found).expect("the same");
    assert_eq!(format!("{again:?}"), format!("{chosen:?}"));
    for wrong in ["show-lead=15", "show-threshold=1", "show-score=beauty", "show-forecast=s-prog"] {
        assert!(view(wrong, &found).is_err(), "{wrong}");
    }
}

#[test]
fn tables_hold_every_forecast_with_its_interval() {
    let found = found(&small());
    let tables = table::tables(&found.report, &view("show-lead=30", &found).expect("a view"));
    let titles: Vec<&str> = tables.iter().map(|table| table.title.as_str()).collect();
    assert_eq!(titles.len(), 4, "{titles:?}");
    for table in &tables {
        assert_eq!(table.rows.len(), 2, "{}", table.title);
        assert!(table.rows.iter().all(|row| row.cells.len() == table.columns.len()));
    }
    let events = &tables[1];
    let csi = events.columns.iter().position(|column| column.label == "CSI").expect("a column");
    let cell = |row: usize| &events.rows[row].cells[csi];
    assert!(cell(1).is_best && !cell(0).is_best, "what follows the rain is better");
    assert!(cell(0).interval.contains(" to "), "{}", cell(0).interval);
}

#[test]
fn the_worst_case_is_worse_than_the_best() {
    let (plan, found) = (small(), found(&small()));
    let cases = cases::Cases::of(&found, &plan, &view("", &found).expect("a view"));
    let [(_, worst_cases), (_, best_cases)] = cases.expect("there are cases").ends;
    let first = |rows: &[cases::Row]| rows.first().map(|row| row.values[0].parse::<f64>());
    let best = first(&best_cases).expect("a case").expect("a number");
    assert!(
        worst_cases.iter().all(|row| row.values[0].parse::<f64>().is_ok_and(|csi| csi <= best))
    );
    let link = &best_cases[0].compare;
    assert!(link.starts_with("/v1/compare?sample=knmi-20100826T"), "{link}");
    assert!(best_cases[0].result.is_none(), "no network was compared");
    let n_listed = best_cases.len() + worst_cases.len();
    assert_eq!(n_listed, found.cases.len().min(12), "none stands twice");
}

#[test]
fn runs_take_turns_say_how_far_they_are_and_stop() {
    let runs = Arc::<Runs>::default();
    let (first, second) = (small(), plan("dataset=knmi&forecasts=persistence"));
    let (release, held) = channel::<()>();
    let hold = move |run: &Run| {
        let _ = run.report("", 3, 7);
        let _ = held.recv();
        match run.report("", 4, 7) {
            ControlFlow::Break(cancelled) => Err(cancelled.into()),
            ControlFlow::Continue(()) => Ok(()),
        }
    };
    assert!(runs.start(&first, hold).is_ok());
    until(|| runs.standing(&first) == Some(Standing::Running { done: 3, total: 7 }));
    assert!(runs.start(&second, |_: &Run| anyhow::bail!("no frames")).is_ok());
    assert_eq!(runs.standing(&second), Some(Standing::Waiting), "one at a time");
    // The same again is the same run.
    assert!(runs.start(&first, |_: &Run| unreachable!()).is_ok());
    // Who has come later stops it for themselves alone.
    for viewer in ["a", "b"] {
        runs.sees(&first, viewer);
    }
    assert!(runs.leave(&first, Some("b")), "a waits");
    assert!(runs.standing(&first).is_some());
    assert!(!runs.leave(&first, Some("a")), "nobody else does");
    assert_eq!(runs.standing(&first), None);
    drop(release);
    until(|| runs.standing(&second) == Some(Standing::Failed("no frames".to_owned())));
    // So does what failed by a fault of the program.
    assert!(runs.start(&second, |_: &Run| panic!("a fault")).is_ok());
    let said = |standing| matches!(standing, Some(Standing::Failed(words)) if words.contains("goes on behind"));
    until(|| said(runs.standing(&second)));
    // What failed can be tried again, and what is done is no run any more.
    assert!(runs.start(&second, |_: &Run| Ok(())).is_ok());
    until(|| runs.standing(&second).is_none());
}

#[test]
fn there_is_room_for_some_runs() {
    let runs = Arc::<Runs>::default();
    let mut held = Vec::new();
    let mut start = |forecast: &str| {
        let (release, wait) = channel::<()>();
        held.push(release);
        let plan = plan(&format!("dataset=knmi&forecasts={forecast}"));
        let work = move |_: &Run| {
            let _ = wait.recv();
            Ok(())
        };
        runs.start(&plan, work).is_ok()
    };
    let started: Vec<bool> =
        ["persistence", "s-prog", "a/b", "a/c", "a/d"].into_iter().map(&mut start).collect();
    assert_eq!(started, [true, true, true, true, false]);
}
