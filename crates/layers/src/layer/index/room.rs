//! What an index takes of the budgets that its decoding would have taken it of.

use super::LayerIndex;

/// What the entries of a layer are counted as, see [`MemoryBudget`](super::MemoryBudget).
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::layer) struct Room {
    pub(in crate::layer) entries: u64,
    pub(in crate::layer) paths: u64,
    pub(in crate::layer) folders: u64,
    pub(in crate::layer) folder_paths: u64,
    pub(in crate::layer) names: u64,
    pub(in crate::layer) found: u64,
}

impl LayerIndex {
    /// The same sums as while it was decoded, but for what stood in AUFS's own folders.
    pub(in crate::layer) fn room(&self) -> Room {
        let columns = &self.columns;
        let mut room = Room::default();
        // An index from a file may have names of any length: paths are counted, never written out.
        let mut paths: Vec<u64> = Vec::with_capacity(columns.dir_parents.len());
        for (dir, parent) in columns.dir_parents.iter().enumerate() {
            let name = columns.dir_names.get(dir).len() as u64;
            let above = paths.get(*parent as usize).copied();
            let path = above.map_or(0, |above| above.saturating_add(1 + name));
            if dir > 0 {
                room.folders += 1;
                room.folder_paths = room.folder_paths.saturating_add(path);
                room.names += name;
            }
            paths.push(path);
        }
        for (at, dir) in columns.dirs.iter().enumerate() {
            let name = columns.names.get(at).len() as u64;
            let above = paths.get(*dir as usize).copied().unwrap_or(0);
            room.paths = room.paths.saturating_add(above.saturating_add(1 + name));
            room.names += name;
        }
        room.entries = columns.dirs.len() as u64;
        for unshown in &columns.unshown {
            room.entries += 1;
            room.paths += unshown.path.len() as u64;
            room.names += unshown.path.len() as u64;
        }
        let links = columns.links.iter().map(|(_, link)| link.len() + 32);
        room.names += links.sum::<usize>() as u64;
        let attributes = columns.xattrs.iter().flat_map(|(_, attributes)| attributes);
        let attributes = attributes.map(|(name, value)| name.len() + value.len() + 64);
        room.names += attributes.sum::<usize>() as u64;
        room.found = self.findings.iter().map(|found| found.bytes() as u64).sum();
        room
    }
}
