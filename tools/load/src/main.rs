//! Puts load on a running Stormlens: so many clients at once, each asking again as soon as it has its
//! answer. Says how many answers came, how long they took, what memory the server needed, and whether
//! a request was lost.

mod ask;
mod client;
mod events;
mod level;
mod memory;
mod report;
mod trials;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};

use self::ask::Questions;
use self::level::Limits;
use self::report::Report;
use self::trials::Ground;

/// Put load on a running Stormlens and say how it held up
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Args {
    /// Where the server is
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "ADDRESS")]
    url: String,

    /// Clients at once, one row of the table each
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64, 256], value_name = "NUMBERS")]
    clients: Vec<usize>,

    /// How long each number of clients asks
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    seconds: u64,

    /// What is asked
    #[arg(long, value_enum, default_value_t = Mix::Pages)]
    mix: Mix,

    /// The page of the result that is asked for; its threshold is varied where results are to differ
    #[arg(long, default_value = "/v1/result?sample=knmi-20100826T0535", value_name = "PATH")]
    result: String,

    /// Process of the server on this machine, to read its memory from /proc
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,

    /// Ask for a page that is not ready again after this long, as a browser without scripts does;
    /// by default its events are listened to
    #[arg(long, value_name = "MS")]
    poll_ms: Option<u64>,

    /// The longest pause that a client makes when it is told to come back later
    #[arg(long, default_value_t = 1000, value_name = "MS")]
    max_pause_ms: u64,

    /// After this long without an answer a request counts as lost
    #[arg(long, default_value_t = 180, value_name = "SECONDS")]
    lost_after_s: u64,

    /// Try in turn what could take the server from its visitors, each beside a visitor who looks at a page; only
    /// for a server on this machine
    #[arg(long, conflicts_with_all = ["json", "clients", "mix"])]
    trials: bool,

    /// Write JSON instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mix {
    /// The page of one result that is there already
    Pages,
    /// A new nowcast each time
    Nowcasts,
    /// A new nowcast, the same for all clients at once
    Same,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let limits = Limits {
        asking: Duration::from_secs(args.seconds),
        poll: args.poll_ms.map(Duration::from_millis),
        max_pause: Duration::from_millis(args.max_pause_ms),
        lost_after: Duration::from_secs(args.lost_after_s),
    };
    let authority = client::authority(&args.url)?;
    let address = client::prepare(&authority, &args.result, &limits)
        .await
        .with_context(|| format!("cannot get {} from {}", args.result, args.url))?;
    let mix = if args.trials { Mix::Nowcasts } else { args.mix };
    let questions = Arc::new(Questions::new(mix, &address)?);
    if args.trials {
        let ground = Ground::new(&authority, &address, &questions, limits, args.pid)?;
        print!("{}", trials::all(&ground).await?);
        return Ok(());
    }
    let mut report = Report::default();
    for &n_clients in &args.clients {
        eprintln!("{n_clients} clients for {} s", args.seconds);
        let watched = args.pid.map(memory::watch);
        let tally = level::run(&authority, n_clients, &questions, &limits).await;
        let peak_mb = match watched {
            Some(watch) => Some(watch.peak_mb().await?),
            None => None,
        };
        report.add(n_clients, tally, peak_mb);
    }
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => print!("{report}"),
    }
    match report.n_lost() {
        0 => Ok(()),
        n => bail!("{n} requests have no answer that a client can use"),
    }
}
