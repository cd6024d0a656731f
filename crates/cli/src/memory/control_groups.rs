//! The memory limit of the control groups that this process is in: the one that a container has.

use std::fs;
use std::path::{Path, PathBuf};

/// Where control groups of version 2 are, and their file with the limit.
const SECOND: (&str, &str) = ("/sys/fs/cgroup", "memory.max");
/// The same of version 1.
const FIRST: (&str, &str) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes");
/// Version 1 writes about 2⁶³ where there is no limit.
const NO_LIMIT: u64 = 1 << 60;

/// The least limit, if there is one; what cannot be read is none.
pub(super) fn limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let limits = files(&groups).into_iter().filter_map(|file| {
        let text = fs::read_to_string(file).ok()?;
        bytes(&text)
    });
    limits.min()
}

/// Where the limits are, by what `/proc/self/cgroup` says: those of each group and of all above it. In a container the path
/// may be the host's, of which only the root is there.
fn files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let Some((controllers, path)) = line
            .split_once(':')
            .and_then(|(_, rest)| rest.split_once(':'))
        else {
            continue;
        };
        let (root, file) = match controllers {
            "" => SECOND,
            controllers if controllers.split(',').any(|one| one == "memory") => FIRST,
            _ => continue,
        };
        let group = Path::new(path.trim_start_matches('/'));
        let all = group.ancestors();
        files.extend(all.map(|group| Path::new(root).join(group).join(file)));
    }
    files
}

/// The limit that a file says; `max` is none.
fn bytes(text: &str) -> Option<u64> {
    let bytes: u64 = text.trim().parse().ok()?;
    (bytes < NO_LIMIT).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_both_versions_are_looked_for_up_to_the_root() {
        let found = |groups: &str| -> Vec<String> {
            let files = files(groups).into_iter();
            files.map(|file| file.display().to_string()).collect()
        };
        assert_eq!(found("0::/\n"), ["/sys/fs/cgroup/memory.max"]);
        assert_eq!(
            found("0::/system.slice/ci:1.service\n"),
            [
                "/sys/fs/cgroup/system.slice/ci:1.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
        assert_eq!(
            found("9:name=systemd:/a\n4:cpu,memory:/docker/1f\n3:cpuset:/\nwrong\n"),
            [
                "/sys/fs/cgroup/memory/docker/1f/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            ]
        );
        assert!(found("").is_empty());
    }

    #[test]
    fn a_limit_is_a_number_below_what_stands_for_none() {
        for (text, limit) in [
            ("536870912\n", Some(512 << 20)),
            ("max\n", None),
            ("9223372036854771712\n", None),
            ("", None),
            ("-1\n", None),
        ] {
            assert_eq!(bytes(text), limit, "{text:?}");
        }
    }
}
