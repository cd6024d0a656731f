//! What a hard link's target is.

use super::inodes::InodeId;

/// What is at the end of a hard link's target.
pub(super) enum Target {
    Inode(InodeId),
    Dir,
    Nothing,
    /// The link's own path.
    Itself,
    /// At this place, at the end or on the way, is a hard link whose own target is not known.
    Pending(u32),
}
