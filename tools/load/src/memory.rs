//! The memory of the server while it is under load.

use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

const STEP: Duration = Duration::from_millis(100);

/// A look at a process every tenth of a second.
pub struct Watch {
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<u64>>,
}

/// Begins to watch a process of this machine.
pub fn watch(pid: u32) -> Watch {
    let (stop, mut stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        let mut peak_kb = 0;
        loop {
            peak_kb = peak_kb.max(resident_kb(pid)?);
            tokio::select! {
                _ = &mut stopped => return Ok(peak_kb),
                () = sleep(STEP) => {}
            }
        }
    });
    Watch { stop, task }
}

impl Watch {
    /// The largest resident set since the watch began, in MB of a million bytes.
    ///
    /// # Errors
    /// Where there is no such process, or no /proc.
    pub async fn peak_mb(self) -> anyhow::Result<f64> {
        let _ = self.stop.send(());
        let peak_kb = self.task.await??;
        Ok(peak_kb as f64 * 1024.0 / 1e6)
    }
}

/// The resident set of a process now, in MB of a million bytes.
///
/// # Errors
/// As [`Watch::peak_mb`].
pub fn resident_mb(pid: u32) -> anyhow::Result<f64> {
    Ok(resident_kb(pid)? as f64 * 1024.0 / 1e6)
}

fn resident_kb(pid: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {path}; leave out --pid"))?;
    read_resident_kb(&status).ok_or_else(|| anyhow!("{path} does not say VmRSS; leave out --pid"))
}

fn read_resident_kb(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_read_from_the_status() {
        assert_eq!(read_resident_kb("Name:\ta\nVmRSS:\t   1234 kB\nThreads:\t2\n"), Some(1234));
        assert_eq!(read_resident_kb("Name:\tVmRSS\n"), None);
    }
}
