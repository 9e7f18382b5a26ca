//! How much memory the system can still give this process: the least that the machine, its control groups and its own
//! limits leave.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// A hierarchy of control groups that counts memory.
struct Hierarchy {
    /// Where it is mounted.
    folder: &'static str,
    /// Files of a group with the most that it may take and with what it takes, and the line of `memory.stat` with what of
    /// that is read from files and can be dropped.
    most: &'static str,
    taken: &'static str,
    droppable: &'static str,
}

const VERSION_1: Hierarchy = Hierarchy {
    folder: "sys/fs/cgroup/memory",
    most: "memory.limit_in_bytes",
    taken: "memory.usage_in_bytes",
    droppable: "total_inactive_file",
};
const VERSION_2: Hierarchy = Hierarchy {
    folder: "sys/fs/cgroup",
    most: "memory.max",
    taken: "memory.current",
    droppable: "inactive_file",
};

/// Bytes that are left, as the file systems below `root` say; `None` where these do not tell.
pub(super) fn bytes(root: &Path) -> Option<u64> {
    let of_machine = of_machine(root);
    of_machine.into_iter().chain(of_groups(root)).chain(of_addresses(root)).min()
}

fn of_machine(root: &Path) -> Option<u64> {
    kibibytes(&read(root, "proc/meminfo")?, "MemAvailable:")
}

/// What each of the process's groups leaves, and each group around them: a limit holds for all below it.
fn of_groups(root: &Path) -> Vec<u64> {
    let text = read(root, "proc/self/cgroup").unwrap_or_default();
    // `ID:CONTROLLERS:PATH`; the second version has the id 0 and names no controllers.
    let of_line = |line: &str| {
        let [id, controllers, path] = line.splitn(3, ':').collect::<Vec<_>>().try_into().ok()?;
        let hierarchy = match (id, controllers) {
            ("0", "") => &VERSION_2,
            (_, names) if names.split(',').any(|name| name == "memory") => &VERSION_1,
            _ => return None,
        };
        Some((hierarchy, inside(path)))
    };
    let groups = text.lines().filter_map(of_line).flat_map(|(hierarchy, path)| {
        let all: Vec<PathBuf> = path.ancestors().map(Path::to_owned).collect();
        all.into_iter().filter_map(move |group| hierarchy.left(root, &group))
    });
    groups.collect()
}

/// A path below the root of a hierarchy: a process that looks from within a namespace may be told one above it.
fn inside(path: &str) -> PathBuf {
    let names = Path::new(path).components();
    names.filter(|part| matches!(part, Component::Normal(_))).collect()
}

impl Hierarchy {
    /// What a group leaves; `None` where it has no limit, and where it cannot be seen from here.
    fn left(&self, root: &Path, group: &Path) -> Option<u64> {
        let folder = root.join(self.folder).join(group);
        let number = |name: &str| read(&folder, name)?.trim().parse::<u64>().ok();
        let (most, taken) = (number(self.most)?, number(self.taken)?);
        let counted = read(&folder, "memory.stat").unwrap_or_default();
        let line = counted.lines().find_map(|line| line.strip_prefix(self.droppable));
        let droppable = line.and_then(|n| n.trim().parse().ok()).unwrap_or(0);
        Some(most.saturating_sub(taken.saturating_sub(droppable)))
    }
}

/// What the limit of addresses (`ulimit -v`) leaves.
fn of_addresses(root: &Path) -> Option<u64> {
    let limits = read(root, "proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let most: u64 = line.split_whitespace().next()?.parse().ok()?;
    let taken = kibibytes(&read(root, "proc/self/status")?, "VmSize:")?;
    Some(most.saturating_sub(taken))
}

/// The number behind a name, where the unit is `kB`.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn read(folder: &Path, name: &str) -> Option<String> {
    fs::read_to_string(folder.join(name)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: (&str, &str) = ("proc/meminfo", "MemTotal: 9 kB\nMemAvailable:   1000000 kB\n");
    const MACHINE_BYTES: u64 = 1_024_000_000;

    /// What is left where these files are all that the system tells.
    fn left(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        bytes(root.path())
    }

    #[test]
    fn the_machine_alone_says_what_is_available() {
        assert_eq!(left(&[]), None);
        assert_eq!(left(&[("proc/meminfo", "MemTotal: 9 kB\n")]), None);
        assert_eq!(left(&[MACHINE]), Some(MACHINE_BYTES));
    }

    #[test]
    fn the_tightest_group_around_the_process_counts() {
        let service = "sys/fs/cgroup/system.slice/stormlens.service";
        let [own_max, own_current, own_stat] =
            ["max", "current", "stat"].map(|name| format!("{service}/memory.{name}"));
        let own = [
            MACHINE,
            ("proc/self/cgroup", "0::/system.slice/stormlens.service\n"),
            (&own_max, "500000000\n"),
            (&own_current, "200000000\n"),
        ];
        assert_eq!(left(&own), Some(300_000_000), "MemoryMax of a service");
        // What was read from files can be dropped.
        let stat = (own_stat.as_str(), "anon 1\ninactive_file 50000000\nactive_file 7\n");
        assert_eq!(left(&[&own[..], &[stat]].concat()), Some(350_000_000));
        let around = [
            ("sys/fs/cgroup/system.slice/memory.max", "400000000\n"),
            ("sys/fs/cgroup/system.slice/memory.current", "390000000\n"),
        ];
        assert_eq!(left(&[&own[..], &around].concat()), Some(10_000_000), "a slice around it");
        let unlimited = [own[0], own[1], (&own_max, "max\n"), own[3]];
        assert_eq!(left(&unlimited), Some(MACHINE_BYTES));
        let over = [own[0], own[1], own[2], (&own_current, "600000000\n")];
        assert_eq!(left(&over), Some(0));
    }

    /// Within a container the group of the process is the root, or lies where it cannot be seen.
    #[test]
    fn a_container_is_limited_by_the_root_that_it_sees() {
        for group in ["0::/\n", "0::/docker/0123\n", "0::/../../elsewhere\n"] {
            let files = [
                MACHINE,
                ("proc/self/cgroup", group),
                ("sys/fs/cgroup/memory.max", "700000000\n"),
                ("sys/fs/cgroup/memory.current", "100000000\n"),
            ];
            assert_eq!(left(&files), Some(600_000_000), "{group}");
        }
    }

    #[test]
    fn the_first_version_of_control_groups_counts_too() {
        let group = "sys/fs/cgroup/memory/docker/0123";
        let [limit, usage, stat] = ["limit_in_bytes", "usage_in_bytes", "stat"]
            .map(|name| format!("{group}/memory.{name}"));
        let files = [
            MACHINE,
            (
                "proc/self/cgroup",
                "12:cpu,cpuacct:/docker/0123\n5:memory:/docker/0123\n0::/docker/0123\n",
            ),
            (&limit, "300000000\n"),
            (&usage, "100000000\n"),
            (&stat, "inactive_file 1\ntotal_inactive_file 20000000\n"),
            // No limit is a large number.
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "100000000\n"),
        ];
        assert_eq!(left(&files), Some(220_000_000));
    }

    #[test]
    fn a_limit_of_addresses_counts() {
        let limits = |most: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max processes             9                    9                    processes \n\
                 Max address space         {most}           unlimited            bytes     \n"
            )
        };
        let check = |most: &str, expected: u64| {
            let limits = limits(most);
            let status = ("proc/self/status", "VmPeak:\t 800000 kB\nVmSize:\t  100000 kB\n");
            assert_eq!(left(&[MACHINE, ("proc/self/limits", &limits), status]), Some(expected));
        };
        check("502400000", 400_000_000);
        check("unlimited", MACHINE_BYTES);
        check("1000", 0);
    }
}
