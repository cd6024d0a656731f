//! What an index takes of the budgets that its decoding would have taken it of.

use super::LayerIndex;
use crate::layer::LayerError;
use crate::layer::memory::{ATTRIBUTE, LINK, MemoryBudget, Room, TextLength};

impl LayerIndex {
    /// The same sums as while it was decoded, but for what stood in AUFS's own folders.
    fn room(&self) -> Room {
        let columns = &self.columns;
        let mut room = Room::default();
        // An index from a file may have names of any length: paths are counted, never written out.
        let mut paths: Vec<TextLength> = Vec::with_capacity(columns.dir_parents.len());
        for (dir, parent) in columns.dir_parents.iter().enumerate() {
            let name = columns.dir_names.get(dir);
            let above = paths.get(*parent as usize).copied();
            let path = above.map_or_else(TextLength::default, |above| above.join(name));
            if dir > 0 {
                room.folders += 1;
                room.folder_paths = room.folder_paths.saturating_add(path.bytes);
                room.list(path);
                room.names += name.len() as u64;
            }
            paths.push(path);
        }
        for (at, dir) in columns.dirs.iter().enumerate() {
            let name = columns.names.get(at);
            let above = paths.get(*dir as usize).copied().unwrap_or_default();
            room.entry(above.join(name));
            room.names += name.len() as u64;
        }
        for unshown in &columns.unshown {
            room.entry(TextLength::of(&unshown.path));
            room.names += unshown.path.len() as u64;
        }
        for (_, link) in &columns.links {
            room.names += (link.len() + LINK) as u64;
            room.list(TextLength::of(link));
        }
        for (name, value) in columns.xattrs.iter().flat_map(|(_, attributes)| attributes) {
            room.names += (name.len() + value.len() + ATTRIBUTE) as u64;
            room.list(TextLength::of(name));
            room.list(TextLength::of(value));
        }
        room.found = self.findings.iter().map(|found| found.bytes() as u64).sum();
        room
    }
}

impl MemoryBudget {
    /// Layer `layer` lists a blob that was decoded for another one. They share the index, but what tree and reports hold
    /// of its entries comes again.
    ///
    /// # Errors
    /// There is no room for them.
    pub fn repeat(&self, layer: usize, index: &LayerIndex) -> Result<(), LayerError> {
        let entries = index.len() as u64;
        self.count_entries(entries)
            .and_then(|()| Ok(index.memory.take(Room::bytes_of_entries(entries))?))
            .map_err(|problem| LayerError::at_blob(index.blob_size, problem).of_layer(layer))
    }

    /// Layer `layer` was decoded earlier, and its index kept: what decoding it would have taken is taken now.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn kept(&self, layer: usize, index: &mut LayerIndex) -> Result<(), LayerError> {
        index.memory = self.share();
        let room = index.room();
        self.count(&room)
            .and_then(|()| Ok(index.memory.take(room.bytes())?))
            .map_err(|problem| LayerError::at_blob(index.blob_size, problem).of_layer(layer))
    }

    /// Layer `layer` was decoded for another image that is held meanwhile. It counts in this one as well, and what tree and
    /// reports hold of its entries comes again.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn shared(&self, layer: usize, index: &LayerIndex) -> Result<(), LayerError> {
        let room = index.room();
        self.count(&room)
            .and_then(|()| Ok(index.memory.take(Room::bytes_of_entries(room.entries))?))
            .map_err(|problem| LayerError::at_blob(index.blob_size, problem).of_layer(layer))
    }
}
