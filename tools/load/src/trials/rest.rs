//! Minutes in which nobody asks for anything: what the server keeps, and how long the next nowcast takes.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::Ground;
use crate::client::Client;
use crate::memory::resident_mb;

const N_MINUTES: usize = 4;
const MINUTE: Duration = Duration::from_secs(60);
/// More often than a server can take for a rest.
const GLANCE: Duration = Duration::from_secs(10);
const N_BEFORE: usize = 9;

/// Memory and the next nowcast after minutes of rest, and before them after as many in which somebody looks at a page now
/// and then: nothing is given back in those, so that what they cost the next nowcast comes from the machine, where other
/// programs used the caches meanwhile.
pub async fn rest(ground: &Ground) -> String {
    let mut client = Client::new(&ground.authority);
    let mut nowcast_ms = async || {
        let started = Instant::now();
        client.follow(&ground.questions.fresh(), &ground.limits).await;
        started.elapsed().as_secs_f64() * 1e3
    };
    let (mut before, mut glanced, mut rested, mut kept_mb) = (vec![], vec![], vec![], vec![]);
    for _ in 0..N_BEFORE {
        before.push(nowcast_ms().await);
    }
    let used_mb = memory_mb(ground);
    for _ in 0..N_MINUTES {
        glance(ground).await;
        glanced.push(nowcast_ms().await);
    }
    for _ in 0..N_MINUTES {
        sleep(MINUTE).await;
        kept_mb.extend(memory_mb(ground));
        rested.push(nowcast_ms().await);
    }
    let [before, glanced, rested] = [before, glanced, rested].map(median);
    let memory = match used_mb {
        Some(used) => format!("{used:.0} MB before, {:.0} MB after it (p50); ", median(kept_mb)),
        None => String::new(),
    };
    format!(
        "{memory}a nowcast took {before:.0} ms before, {rested:.0} ms after it ({:+.1} %) and {glanced:.0} ms after a minute \
         with a look at a page every ten seconds ({:+.1} %), p50 of {N_BEFORE}, {N_MINUTES}, and {N_MINUTES}",
        (rested / before - 1.0) * 100.0,
        (glanced / before - 1.0) * 100.0,
    )
}

async fn glance(ground: &Ground) {
    let until = Instant::now() + MINUTE;
    while Instant::now() < until {
        sleep(GLANCE).await;
        ground.visitor.get("/").await;
    }
}

fn memory_mb(ground: &Ground) -> Option<f64> {
    ground.pid.and_then(|pid| resident_mb(pid).ok())
}

/// The mean of the two in the middle where the number of values is even.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n == 0 { f64::NAN } else { (values[(n - 1) / 2] + values[n / 2]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn a_median_lies_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
        assert!(median(vec![]).is_nan());
    }
}
