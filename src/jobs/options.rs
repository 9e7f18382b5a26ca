//! What bounds the queue.

use std::net::IpAddr;
use std::time::Duration;

use stormlens_data::card::DeviceReport;

/// How much may wait, how much is kept, and how long nobody may look.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Jobs that wait, beside those that run.
    pub queue_depth: usize,
    /// Bytes of finished outcomes to keep; the least recently used go first, the newest stays.
    pub cache_bytes: usize,
    /// A job that nobody has looked at for this long is cancelled.
    pub patience: Duration,
    /// A job without an answer after this long is refused; `None`: it may take any time.
    pub deadline: Option<Duration>,
    /// How long such a refusal stands, so that everybody who waits hears of it before the job can be
    /// asked anew.
    pub refusal: Duration,
    pub batching: Batching,
}

/// How a request stands among others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Who asks, where that is known: one client has a share of the queue and leaves the rest to others.
    pub client: Option<IpAddr>,
    /// Whether it runs in many steps: others go between them, and such runs leave room for short ones.
    pub is_long: bool,
    /// Whether its answer is counted and not looked at, so that it is not worth a place in the store.
    pub is_only_counted: bool,
}

impl Options {
    /// Long runs that may wait.
    pub(super) fn room_for_long(&self) -> usize {
        (self.queue_depth / 2).max(1)
    }

    /// Runs of one client that may wait.
    pub(super) fn room_for_client(&self) -> usize {
        (self.queue_depth * 3).div_ceil(4)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue_depth: 8,
            cache_bytes: 1_000_000_000,
            patience: Duration::from_secs(15),
            deadline: Some(Duration::from_secs(120)),
            refusal: Duration::from_secs(5),
            batching: Batching::default(),
        }
    }
}

/// How many requests go through a network together; `None`: as the device likes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batching {
    pub max_batch: Option<usize>,
    /// How long the first of a batch waits for others.
    pub max_wait: Option<Duration>,
}

/// Requests that a GPU takes at once. Activations of so many fit into the memory of a small one.
pub(super) const GPU_BATCH: usize = 8;
/// Much less than one request takes, and enough for those that come together.
const GPU_WAIT: Duration = Duration::from_millis(3);

impl Batching {
    /// What holds on that device. The kernels of a CPU are as busy with one request as with many, so
    /// together nobody would be answered sooner, and the first one later.
    pub(super) fn on(&self, device: &DeviceReport) -> (usize, Duration) {
        let (max_batch, max_wait) = match device.kind {
            "gpu" => (GPU_BATCH, GPU_WAIT),
            _ => (1, Duration::ZERO),
        };
        (self.max_batch.unwrap_or(max_batch).max(1), self.max_wait.unwrap_or(max_wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(kind: &'static str, batching: Batching) -> (usize, u128) {
        let device = DeviceReport { kind, name: String::new(), reason: String::new() };
        let (max_batch, max_wait) = batching.on(&device);
        (max_batch, max_wait.as_millis())
    }

    #[test]
    fn the_device_decides_unless_told_otherwise() {
        let told = |max_batch, wait_ms| Batching {
            max_batch,
            max_wait: Option::map(wait_ms, Duration::from_millis),
        };
        assert_eq!(on("cpu", told(None, None)), (1, 0));
        assert_eq!(on("gpu", told(None, None)), (8, 3));
        assert_eq!(on("cpu", told(Some(4), None)), (4, 0));
        assert_eq!(on("gpu", told(Some(0), Some(20))), (1, 20));
    }
}
