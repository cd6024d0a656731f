//! Folders of which not as much is downloaded or wasted, as reports tell them.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::compare::FolderChange;
use crate::report::format::size;

/// The folders whose download or wasted bytes differ most, at most so many. Left out are the root, which the numbers of both
/// images tell, a folder in which one other folder has all that differs of it, and one whose numbers are told by the same
/// texts: two builds of the same files differ by some bytes of their download.
pub(super) fn folder_rows(changes: &[FolderChange], most: usize) -> Vec<&FolderChange> {
    let told_below: HashSet<(&str, [u64; 3])> = changes
        .iter()
        .filter_map(|change| Some((folder_of(&change.path)?, grown(change))))
        .collect();
    let is_told = |change: &&FolderChange| {
        let key = (change.path.as_str(), grown(change));
        change.path != "/" && is_seen(change) && !told_below.contains(&key)
    };
    let mut rows: Vec<&FolderChange> = changes.iter().filter(is_told).collect();
    // A stable sort: of equal changes the first path comes first.
    rows.sort_by_key(|change| Reverse(weight(change)));
    rows.truncate(most);
    rows
}

/// The folder that a path is in; None for the root, and for what stands in it.
fn folder_of(path: &str) -> Option<&str> {
    let (folder, _) = path.rsplit_once('/')?;
    (!folder.is_empty()).then_some(folder)
}

/// By how much each number grew; around zero, as these are only compared with each other.
fn grown(change: &FolderChange) -> [u64; 3] {
    let [old_download, new_download] = downloads(change);
    let (old_size, new_size) = (change.old_size.unwrap_or(0), change.new_size.unwrap_or(0));
    [
        new_size.wrapping_sub(old_size),
        new_download.wrapping_sub(old_download),
        change.new_wasted.wrapping_sub(change.old_wasted),
    ]
}

/// Both, where both are known; else nothing differs.
fn downloads(change: &FolderChange) -> [u64; 2] {
    let both = change.old_download.zip(change.new_download);
    both.map_or([0, 0], |(old, new)| [old, new])
}

/// Whether one of both numbers is told by other texts for both images.
fn is_seen(change: &FolderChange) -> bool {
    let [old, new] = downloads(change).map(size);
    old != new || size(change.old_wasted) != size(change.new_wasted)
}

/// What it is worth in a short list.
fn weight(change: &FolderChange) -> u64 {
    let [old, new] = downloads(change);
    let wasted = change.old_wasted.abs_diff(change.new_wasted);
    old.abs_diff(new).max(wasted)
}

/// `1.2 MB → 1.4 MB`, or the text that both have; a dash for one that is not there or not known.
pub(super) fn both(old: Option<u64>, new: Option<u64>) -> String {
    let told = |bytes: Option<u64>| bytes.map_or_else(|| "–".to_owned(), size);
    let (old, new) = (told(old), told(new));
    match old == new {
        true => old,
        false => format!("{old} → {new}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(path: &str, download: (u64, u64), wasted: (u64, u64)) -> FolderChange {
        FolderChange {
            path: path.to_owned(),
            old_size: None,
            new_size: Some(7),
            old_download: Some(download.0),
            new_download: Some(download.1),
            old_wasted: wasted.0,
            new_wasted: wasted.1,
        }
    }

    #[test]
    fn a_folder_is_told_where_no_other_in_it_has_all_of_its_change() {
        let all = [
            folder("/", (50, 900), (0, 40)),
            folder("/app", (0, 800), (0, 0)),
            folder("/app/data", (0, 800), (0, 0)),
            folder("/rebuilt", (10_000, 10_003), (3, 3)),
            folder("/same", (5, 5), (3, 3)),
            folder("/usr", (50, 60), (0, 40)),
            folder("/usr/lib", (30, 40), (0, 30)),
            folder("/usr/lib64", (20, 20), (0, 10)),
        ];
        let paths = |most| -> Vec<&str> {
            let rows = folder_rows(&all, most).into_iter();
            rows.map(|row| row.path.as_str()).collect()
        };
        assert_eq!(paths(9), ["/app/data", "/usr", "/usr/lib", "/usr/lib64"]);
        assert_eq!(paths(1), ["/app/data"]);
    }

    #[test]
    fn a_download_that_one_image_does_not_know_is_no_change() {
        let unknown = FolderChange {
            old_download: None,
            ..folder("/app", (0, 800), (2, 2))
        };
        assert!(folder_rows(std::slice::from_ref(&unknown), 9).is_empty());
        assert_eq!(
            both(unknown.old_download, unknown.new_download),
            "– → 800 B"
        );
        assert_eq!(both(Some(2), Some(2)), "2 B");
    }
}
