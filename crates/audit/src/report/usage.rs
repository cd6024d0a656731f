//! `onionskin du`: folders by the size of what is below them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::listing::Line;

/// What `du --format json` prints of one folder.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// The folder, from the root, without a slash at its end.
    pub path: String,
    /// Bytes of the regular files below it, as `ls` tells them: a file with several names counts once, where it is
    /// the file.
    pub size: u64,
    /// Number of these files.
    pub files: u64,
}

/// The folders of a listing, with those above its paths, from `top` down to so many levels below it: the largest first,
/// then in byte order.
#[must_use]
pub fn folders(lines: &[Line], top: &str, depth: usize) -> Vec<Folder> {
    let top = top.trim_end_matches('/');
    // The folder itself is told also where nothing is below it.
    let mut sums: HashMap<&str, (u64, u64)> = [(top, (0, 0))].into();
    for line in lines {
        let Some(below) = line.path.strip_prefix(top) else {
            continue;
        };
        let counted = match line.kind.as_str() {
            "file" => (line.size, 1),
            _ => (0, 0),
        };
        let ends = below.match_indices('/').map(|(at, _)| at);
        let own = (line.kind == "dir").then_some(below.len());
        for end in ends.chain(own).take(depth.saturating_add(1)) {
            let folder = line.path.get(..top.len() + end).unwrap_or_default();
            let sum = sums.entry(folder).or_default();
            *sum = (sum.0.saturating_add(counted.0), sum.1 + counted.1);
        }
    }
    let mut folders: Vec<Folder> = sums
        .into_iter()
        .map(|(path, (size, files))| Folder {
            path: match path {
                "" => "/".to_owned(),
                path => path.to_owned(),
            },
            size,
            files,
        })
        .collect();
    folders.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: &str, path: &str, size: u64) -> Line {
        Line {
            path: path.to_owned(),
            kind: kind.to_owned(),
            size,
            mode: "755".to_owned(),
            uid: 0,
            gid: 0,
            mtime: None,
            link_target: None,
            layer: 1,
            xattrs: [].into(),
            hidden_by: None,
            cause: None,
        }
    }

    fn told(lines: &[Line], top: &str, depth: usize) -> Vec<(String, u64, u64)> {
        let folders = folders(lines, top, depth).into_iter();
        folders
            .map(|folder| (folder.path, folder.size, folder.files))
            .collect()
    }

    #[test]
    fn a_folder_holds_what_is_below_it() {
        let lines = [
            line("dir", "/empty", 0),
            line("file", "/a/b/c", 10),
            line("file", "/a/d", 5),
            line("hardlink", "/a/e", 0),
            line("symlink", "/a/f", 0),
            line("file", "/top", 1),
        ];
        let of = |path: &str, size, files| (path.to_owned(), size, files);
        assert_eq!(
            told(&lines, "/", 1),
            [of("/", 16, 3), of("/a", 15, 2), of("/empty", 0, 0)]
        );
        assert_eq!(told(&lines, "/", 0), [of("/", 16, 3)]);
        assert_eq!(told(&lines, "/a", 1), [of("/a", 15, 2), of("/a/b", 10, 1)]);
        assert_eq!(told(&lines, "/", usize::MAX).len(), 4);
        assert_eq!(told(&[], "/none", 1), [of("/none", 0, 0)]);
    }
}
