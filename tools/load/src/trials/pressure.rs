//! What is done to the server; each says in words what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Ground;
use crate::client::{Client, End};
use crate::level;
use crate::wire::{Wire, next_status};

/// How long what was begun is held.
const HOLD: Duration = Duration::from_secs(10);
const ANSWERED: Duration = Duration::from_secs(5);

/// `200: 64, 429: 936`; 0 is no answer.
fn counted(statuses: impl IntoIterator<Item = u16>) -> String {
    let mut counts = BTreeMap::<u16, usize>::new();
    statuses.into_iter().for_each(|status| *counts.entry(status).or_default() += 1);
    let one = |(status, n): (u16, usize)| match status {
        0 => format!("no answer: {n}"),
        status => format!("{status}: {n}"),
    };
    counts.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The address of a run of 200 steps that nobody has asked for.
fn long_run(ground: &Ground) -> String {
    let (path, query) = ground
        .questions
        .fresh()
        .split_once('?')
        .map_or_else(Default::default, |(p, q)| (p.to_owned(), q.to_owned()));
    let kept = query.split('&').filter(|pair| {
        ["model=", "checkpoint=", "sample=", "lead-time=", "threshold="]
            .iter()
            .any(|n| pair.starts_with(n))
    });
    let kept: Vec<_> = kept.collect();
    format!("{path}?{}&methods=integrated-gradients&integrated-gradients.steps=200", kept.join("&"))
}

/// Asks for a page as a browser does that follows one redirect; its status and text.
async fn open(wire: &Wire, address: &str) -> (u16, String) {
    let first = wire.get(address).await;
    let line = first.text.lines().find_map(|line| line.strip_prefix("location: "));
    match line {
        Some(location) if first.status == 303 => {
            let second = wire.get(location.trim()).await;
            (second.status, second.text)
        }
        _ => (first.status, first.text),
    }
}

/// Where a page of progress says that its events are.
fn events_of(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("data-events=\"")?;
    Some(rest.split_once('"')?.0)
}

pub async fn streams(ground: &Ground) -> String {
    let (_, page) = open(&ground.attacker, &long_run(ground)).await;
    let Some(events) = events_of(&page) else { return "the run did not begin".to_owned() };
    let head = Wire::head(events, "");
    let mut open = Vec::new();
    for _ in 0..1000 {
        open.extend(ground.attacker.say(head.as_bytes()).await);
    }
    let mut statuses = Vec::new();
    for stream in &mut open {
        statuses.push(next_status(stream, ANSWERED).await);
    }
    sleep(HOLD).await;
    counted(statuses)
}

pub async fn half_sent(ground: &Ground) -> String {
    let mut open = Vec::new();
    for _ in 0..600 {
        open.extend(ground.attacker.say(b"GET / HTTP/1.1\r\nhost: loc").await);
    }
    sleep(HOLD).await;
    let mut n_open = 0;
    for stream in &mut open {
        let ended = timeout(Duration::from_millis(1), stream.read(&mut [0; 16])).await;
        n_open += usize::from(ended.is_err());
    }
    format!("{} came in, {n_open} were there after {} s", open.len(), HOLD.as_secs())
}

pub async fn lists(ground: &Ground) -> String {
    let ids: Vec<_> = (0..16_000).map(|i| i.to_string()).collect();
    again_and_again(ground, format!("/scenes/compare?scenes={}", ids.join(",")), 32).await
}

/// An address that so many ask for at a time, each at once when it is answered.
async fn again_and_again(ground: &Ground, path: String, n_at_a_time: usize) -> String {
    let (path, mut asking) = (Arc::<str>::from(path), JoinSet::new());
    for _ in 0..n_at_a_time {
        let (wire, path) = (ground.attacker, path.clone());
        asking.spawn(async move {
            let (until, mut statuses) = (Instant::now() + HOLD, Vec::new());
            while Instant::now() < until {
                statuses.push(wire.get(&path).await.status);
            }
            statuses
        });
    }
    counted(asking.join_all().await.into_iter().flatten())
}

fn upload(n_bytes: usize) -> String {
    format!(
        "POST /scenes HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\nconnection: close\r\n\
         content-length: {n_bytes}\r\n\r\n"
    )
}

pub async fn slow_uploads(ground: &Ground) -> String {
    let mut sending = JoinSet::new();
    for _ in 0..8 {
        let wire = ground.attacker;
        sending.spawn(async move {
            let Ok(mut stream) = wire.say(upload(30_000_000).as_bytes()).await else { return };
            // A little faster than what is called too slow.
            while stream.write_all(&[0; 2000]).await.is_ok() {
                sleep(Duration::from_millis(100)).await;
            }
        });
    }
    sleep(Duration::from_secs(1)).await;
    let started = Instant::now();
    let head = format!("{}{}", upload(4), "none");
    while started.elapsed() < Duration::from_secs(120) {
        let status = ground.visitor.ask(&head).await.status;
        if status != 429 {
            let seconds = started.elapsed().as_secs_f64();
            return format!("the visitor's file was read ({status}) after {seconds:.1} s");
        }
        sleep(Duration::from_secs(1)).await;
    }
    "the visitor's file was not read within 120 s".to_owned()
}

pub async fn long_runs(ground: &Ground) -> String {
    // Somebody waits for each of them, or it would be stopped.
    let (mut statuses, mut waiting) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        let (status, page) = open(&ground.attacker, &long_run(ground)).await;
        statuses.push(status);
        if let Some(events) = events_of(&page) {
            waiting.extend(ground.attacker.say(Wire::head(events, "").as_bytes()).await);
        }
    }
    let mut client = Client::new(&ground.authority);
    let (mut times_ms, mut n_refused) = (Vec::new(), 0);
    for _ in 0..20 {
        let started = Instant::now();
        match client.follow(&ground.questions.fresh(), &ground.limits).await {
            End::Answered => times_ms.push(started.elapsed().as_secs_f64() * 1e3),
            _ => n_refused += 1,
        }
    }
    times_ms.sort_by(f64::total_cmp);
    let (middle, last) = (times_ms.get(times_ms.len() / 2), times_ms.last());
    let (middle, last) = (middle.copied().unwrap_or(f64::NAN), last.copied().unwrap_or(f64::NAN));
    format!(
        "long runs {}; nowcasts: {} answered in {middle:.0} ms (p50), {last:.0} ms at most, {n_refused} refused",
        counted(statuses),
        times_ms.len()
    )
}

/// The address of a part of the result that is there.
fn part(ground: &Ground, name: &str) -> String {
    ground.page.replacen("/v1/result?", &format!("/v1/result/{name}?"), 1)
}

pub async fn archives(ground: &Ground) -> String {
    let mut asking = JoinSet::new();
    for _ in 0..24 {
        let (wire, path) = (ground.attacker, part(ground, "bundle.zip"));
        asking.spawn(async move { wire.get(&path).await.status });
    }
    sleep(Duration::from_millis(500)).await;
    let sample = ground.page.split("sample=").nth(1).and_then(|rest| rest.split('&').next());
    let sample = sample.unwrap_or_default().to_owned();
    let mut longest = Duration::ZERO;
    for frame in 0..12 {
        for theme in ["light", "dark"] {
            let path = format!("/samples/{sample}/frames/{frame}.png?theme={theme}");
            longest = longest.max(ground.visitor.get(&path).await.took);
        }
    }
    let statuses = counted(asking.join_all().await);
    format!("archives {statuses}; a frame took {:.2} s at most", longest.as_secs_f64())
}

pub async fn large_pictures(ground: &Ground) -> String {
    let path = part(ground, "figure/map-prediction.png") + "&width-mm=400&dpi=1200";
    again_and_again(ground, path, 8).await
}

pub async fn slow_readers(ground: &Ground) -> String {
    let head = Wire::head(&part(ground, "data/input.f32"), "");
    let mut reading = JoinSet::new();
    for _ in 0..120 {
        let (wire, head) = (ground.attacker, head.clone());
        reading.spawn(async move {
            let Ok(mut stream) = wire.say(head.as_bytes()).await else { return 0 };
            let status = next_status(&mut stream, ANSWERED).await;
            let until = Instant::now() + HOLD;
            let mut piece = [0; 1024];
            while Instant::now() < until && stream.read(&mut piece).await.is_ok_and(|n| n > 0) {
                sleep(Duration::from_millis(500)).await;
            }
            status
        });
    }
    counted(reading.join_all().await)
}

pub async fn foreign(ground: &Ground) -> String {
    let figure = part(ground, "figure/map-prediction.png");
    let host =
        format!("GET {} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n", ground.page);
    let picture = Wire::head(
        &figure,
        "sec-fetch-site: cross-site\r\nsec-fetch-mode: no-cors\r\nconnection: close\r\n",
    );
    let (host, picture) = (ground.attacker.ask(&host).await, ground.attacker.ask(&picture).await);
    sleep(HOLD).await;
    format!("host {}, picture {}", host.status, picture.status)
}

pub async fn load(ground: &Ground) -> String {
    let limits = level::Limits { asking: Duration::from_secs(60), ..ground.limits };
    let tally = level::run(&ground.authority, 64, &ground.questions, &limits).await;
    tally.in_words()
}
