//! The options of `serve`: each a flag and an environment variable.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use stormlens_data::request::DeviceChoice;

use crate::jobs::{self, Batching};
use crate::memory::MemoryLimit;
use crate::places::{CHECKPOINTS, DATA, Places};
use crate::tasks::{Folders, UploadLimits};
use crate::web::{Access, PublicUrl};

/// Bytes of all uploads, and of one of them, until told otherwise.
const MAX_CACHE_BYTES: u64 = 1_000_000_000;
const MAX_FILE_BYTES: usize = 32_000_000;

/// Serve the dashboard
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address and port to listen on; a name such as localhost:8080 is looked up
    #[arg(
        long,
        env = "STORMLENS_BIND",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS",
        value_parser = address
    )]
    pub bind: SocketAddr,

    /// Address that people type into a browser, if a proxy stands before the server, with the path below which it
    /// hands requests on
    #[arg(long, env = "STORMLENS_PUBLIC_URL", value_name = "https://HOST/PATH/")]
    pub public_url: Option<PublicUrl>,

    #[command(flatten)]
    pub sources: Sources,

    /// Runs that may wait while another one computes
    #[arg(long, env = "STORMLENS_QUEUE_DEPTH", default_value_t = 8, value_name = "RUNS")]
    pub queue_depth: usize,

    /// Seconds after which a run without an answer is refused as too busy
    #[arg(
        long,
        env = "STORMLENS_DEADLINE_S",
        default_value_t = 120,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub deadline_s: u64,

    /// Runs of one network that are computed together; by default 8 on a GPU, 1 on a CPU
    #[arg(
        long,
        env = "STORMLENS_MAX_BATCH",
        value_name = "RUNS",
        value_parser = clap::value_parser!(u16).range(1..=256)
    )]
    pub max_batch: Option<u16>,

    /// How long the first of them waits for others, in ms; by default 3 on a GPU, 0 on a CPU
    #[arg(
        long,
        env = "STORMLENS_MAX_WAIT_MS",
        value_name = "MS",
        value_parser = clap::value_parser!(u64).range(..=10_000)
    )]
    pub max_wait_ms: Option<u64>,

    /// Memory for finished results, in MB; a quarter of it while nobody asks for anything
    #[arg(long, env = "STORMLENS_CACHE_MB", default_value_t = 1000, value_name = "MB")]
    pub cache_mb: usize,

    /// Disk space for finished results, in MB; the least recently used go first, 0 keeps none
    #[arg(long, env = "STORMLENS_RESULTS_DISK_MB", default_value_t = 2000, value_name = "MB")]
    pub results_disk_mb: u64,

    /// Disk space for uploaded files, in MB; the least recently used go first
    #[arg(long, env = "STORMLENS_CACHE_DISK_MB", default_value_t = 1000, value_name = "MB")]
    pub cache_disk_mb: u64,

    /// Largest file that is taken as an upload, in MB
    #[arg(long, env = "STORMLENS_UPLOAD_MB", default_value_t = 32, value_name = "MB")]
    pub upload_mb: usize,

    /// A host name under which the server is asked, beside localhost and addresses in numbers; more
    /// than once for several
    #[arg(
        long = "allowed-host",
        env = "STORMLENS_ALLOWED_HOSTS",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub allowed_hosts: Vec<String>,

    /// Only a proxy reaches the server: visitors are told apart by the last entry of X-Forwarded-For
    #[arg(long, env = "STORMLENS_BEHIND_PROXY")]
    pub behind_proxy: bool,
}

/// What results are made from and on.
#[derive(Clone, Debug, Args)]
pub struct Sources {
    #[command(flatten)]
    pub device: DeviceArgs,

    /// Folder of samples, one folder a source; or the folder of one source. Without
    /// it data is looked for here, beside the program, in share/stormlens beside its folder, and in stormlens
    /// below XDG_DATA_HOME and XDG_DATA_DIRS
    #[arg(
        long,
        env = "STORMLENS_DATA",
        default_value_os_t = Places::here().find(DATA),
        hide_default_value = true,
        value_name = "FOLDER"
    )]
    pub data: PathBuf,

    /// Folder of trained weights, `<model>/<name>/`; without it checkpoints is looked for in the same places
    #[arg(
        long,
        env = "STORMLENS_CHECKPOINTS",
        default_value_os_t = Places::here().find(CHECKPOINTS),
        hide_default_value = true,
        value_name = "FOLDER"
    )]
    pub checkpoints: PathBuf,

    /// The most memory that one question may take, e.g. 4GB; auto is 80 % of what is free
    #[arg(long, env = "STORMLENS_MEMORY_LIMIT", default_value_t, value_name = "SIZE|auto")]
    pub memory_limit: MemoryLimit,

    #[command(flatten)]
    pub cache: CacheArgs,
}

/// Where the program keeps what it is given and what it has found out.
#[derive(Clone, Debug, Args)]
pub struct CacheArgs {
    /// Folder for uploaded files and finished results, made when a server starts. Without it cache here, where
    /// data is here, too; else stormlens below XDG_CACHE_HOME
    #[arg(
        id = "cache",
        long = "cache",
        env = "STORMLENS_CACHE",
        default_value_os_t = Places::here().cache(),
        hide_default_value = true,
        value_name = "FOLDER"
    )]
    pub folder: PathBuf,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct DeviceArgs {
    /// What computes: auto takes a real GPU where there is one, else the CPU
    #[arg(long, env = "STORMLENS_DEVICE", default_value = "auto", value_name = "auto|gpu|cpu")]
    pub device: DeviceChoice,
}

impl Config {
    /// What the queue needs to know of it.
    pub fn job_options(&self) -> jobs::Options {
        jobs::Options {
            queue_depth: self.queue_depth,
            cache_bytes: self.cache_mb.saturating_mul(1_000_000),
            deadline: Some(Duration::from_secs(self.deadline_s)),
            batching: Batching {
                max_batch: self.max_batch.map(usize::from),
                max_wait: self.max_wait_ms.map(Duration::from_millis),
            },
            ..jobs::Options::default()
        }
    }

    /// Who may ask.
    pub fn access(&self) -> Access {
        let public = self.public_url.iter().map(|url| url.host().to_owned());
        let allowed_hosts = self.allowed_hosts.iter().cloned().chain(public).collect();
        Access { allowed_hosts, behind_proxy: self.behind_proxy }
    }

    /// Where finished results go, and how many bytes of them; `None`: they are kept in memory only.
    pub fn results_folder(&self) -> Option<(PathBuf, u64)> {
        let max_bytes = self.results_disk_mb.saturating_mul(1_000_000);
        (max_bytes > 0).then(|| (self.sources.cache.folder.join("results"), max_bytes))
    }

    /// Where tasks find their samples, where uploads go, and how many.
    pub fn folders(&self) -> Folders {
        Folders {
            max_cache_bytes: self.cache_disk_mb.saturating_mul(1_000_000),
            max_file_bytes: self.upload_mb.saturating_mul(1_000_000),
            ..self.sources.folders()
        }
    }
}

impl Sources {
    /// Where tasks find their samples and what was uploaded.
    pub fn folders(&self) -> Folders {
        folders(&self.data, &self.cache.folder)
    }
}

/// An address with a port; a name is looked up, and one of IPv4 preferred.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map(|found| found.collect::<Vec<_>>()).unwrap_or_default();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first()).copied();
    first.ok_or_else(|| {
        "must be an address or a name with a port, such as 127.0.0.1:8080, [::1]:8080 or localhost:8080".to_owned()
    })
}

/// Folders with the limits that hold until told otherwise.
pub fn folders(data: &Path, cache: &Path) -> Folders {
    Folders {
        data: data.to_owned(),
        cache: cache.to_owned(),
        max_cache_bytes: MAX_CACHE_BYTES,
        max_file_bytes: MAX_FILE_BYTES,
        upload_limits: UploadLimits::default(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }

    fn parse(arguments: &[&str]) -> Result<Config, String> {
        Cli::try_parse_from([&["serve"], arguments].concat())
            .map(|cli| cli.config)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn listens_on_this_machine_only_unless_told_otherwise() {
        let config = parse(&[]).unwrap();
        assert!(config.bind.ip().is_loopback());
        assert_eq!(config.bind.port(), 8080);
        assert_eq!(config.sources.device.device, DeviceChoice::Auto);
        assert_eq!(config.job_options().cache_bytes, 1_000_000_000);
        let folders = config.folders();
        assert_eq!((folders.data, folders.cache), ("data".into(), "cache".into()));
        assert_eq!(folders.max_cache_bytes, MAX_CACHE_BYTES);
        assert_eq!(folders.max_file_bytes, MAX_FILE_BYTES);
        assert_eq!(config.job_options().deadline, Some(Duration::from_secs(120)));
        assert_eq!(config.job_options().batching, Batching::default());
        assert_eq!(config.results_folder(), Some(("cache/results".into(), 2_000_000_000)));
    }

    #[test]
    fn all_that_is_kept_lies_in_one_folder() {
        let config = parse(&["--cache", "kept"]).unwrap();
        assert_eq!(config.folders().cache, PathBuf::from("kept"));
        assert_eq!(config.results_folder().unwrap().0, PathBuf::from("kept/results"));
    }

    #[test]
    fn batches_deadline_and_results_can_be_set() {
        let batch = ["--max-batch", "4", "--max-wait-ms", "10"];
        let other = ["--deadline-s", "7", "--results-disk-mb", "0"];
        let config = parse(&[batch, other].concat()).unwrap();
        let options = config.job_options();
        assert_eq!(options.deadline, Some(Duration::from_secs(7)));
        let max_wait = Some(Duration::from_millis(10));
        assert_eq!(options.batching, Batching { max_batch: Some(4), max_wait });
        assert_eq!(config.results_folder(), None);
        for bad in [["--max-batch", "0"], ["--deadline-s", "0"], ["--max-wait-ms", "60000"]] {
            assert!(parse(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn hosts_are_named_one_by_one_or_with_commas() {
        assert_eq!(parse(&[]).unwrap().access(), Access::default());
        let config =
            parse(&["--allowed-host", "a.org,b.org", "--allowed-host", "c", "--behind-proxy"]);
        let access = config.unwrap().access();
        assert_eq!(access.allowed_hosts, ["a.org", "b.org", "c"]);
        assert!(access.behind_proxy);
        let config = parse(&["--public-url", "https://lab.example.org:8000/stormlens/"]);
        assert_eq!(config.unwrap().access().allowed_hosts, ["lab.example.org"]);
    }

    #[test]
    fn an_unknown_device_lists_the_known_ones() {
        let error = parse(&["--device", "tpu"]).unwrap_err();
        assert!(error.contains("auto, gpu or cpu"), "{error}");
    }

    #[test]
    fn an_address_may_be_a_name_and_has_a_port() {
        let localhost = parse(&["--bind", "localhost:8091"]).unwrap().bind;
        assert!(localhost.ip().is_loopback() && localhost.port() == 8091, "{localhost}");
        assert_eq!(parse(&["--bind", "[::1]:8091"]).unwrap().bind.port(), 8091);
        for bad in ["localhost", "127.0.0.1", ":8080", "no such name:80"] {
            let error = parse(&["--bind", bad]).unwrap_err();
            assert!(error.contains("localhost:8080"), "{error}");
        }
    }

    #[test]
    fn folders_that_are_named_are_taken_as_they_are() {
        let config =
            parse(&["--data", "d", "--checkpoints", "c", "--memory-limit", "4GB"]).unwrap();
        let Sources { data, checkpoints, .. } = &config.sources;
        assert_eq!([data, checkpoints], [Path::new("d"), Path::new("c")]);
        assert_eq!(config.sources.memory_limit, MemoryLimit::bytes(4_000_000_000));
        assert!(parse(&["--memory-limit", "much"]).unwrap_err().contains("4GB"));
    }
}
