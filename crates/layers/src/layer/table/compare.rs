//! Whether a table lists what its layer has.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::TableOfContents;
use crate::layer::{EntryId, EntryKind, LayerIndex};

/// A path of which a table and the layer say different things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableDifference {
    /// With a leading slash; for whiteouts what they hide.
    pub path: Vec<u8>,
    /// What is different.
    pub what: Differing,
}

/// What a table says otherwise than the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Differing {
    /// It lists what the layer does not have.
    OnlyListed,
    /// It does not list what the layer has.
    NotListed,
    /// It says this otherwise.
    Field(EntryField),
}

/// What both say of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryField {
    /// Whether it is a file, a folder, or what else.
    Type,
    /// Bytes of its content.
    Size,
    /// Its permissions.
    Mode,
    /// Its user and group.
    Owner,
    /// When it was modified.
    Time,
    /// Where a link leads.
    LinkTarget,
    /// The number of a device.
    DeviceNumber,
    /// Its extended attributes.
    Xattr,
}

impl fmt::Display for EntryField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "type",
            Self::Size => "size",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::Time => "time",
            Self::LinkTarget => "link target",
            Self::DeviceNumber => "device number",
            Self::Xattr => "extended attribute",
        })
    }
}

impl fmt::Display for Differing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyListed => f.write_str("is in the table only"),
            Self::NotListed => f.write_str("is in the layer only"),
            Self::Field(field) => write!(f, "has another {field}"),
        }
    }
}

impl TableOfContents {
    /// What it says otherwise than the layer, whose index `layer` is, by path. Fractions of
    /// seconds are no difference: tables of eStargz have none. Contents are compared by who reads them.
    #[must_use]
    pub fn differences(&self, layer: &LayerIndex) -> Vec<TableDifference> {
        let (listed, there) = (paths(&self.index), paths(layer));
        let mut found = Vec::new();
        let all = listed
            .keys()
            .chain(there.keys().filter(|path| !listed.contains_key(*path)));
        for path in all {
            let empty = Vec::new();
            let ours = listed.get(path).unwrap_or(&empty);
            let theirs = there.get(path).unwrap_or(&empty);
            let what = match (ours.len(), theirs.len()) {
                (ours, theirs) if ours > theirs => Some(Differing::OnlyListed),
                (ours, theirs) if ours < theirs => Some(Differing::NotListed),
                _ => ours.iter().zip(theirs).find_map(|(ours, theirs)| {
                    let field = field((&self.index, *ours), (layer, *theirs))?;
                    Some(Differing::Field(field))
                }),
            };
            found.extend(what.map(|what| TableDifference {
                path: path.0.clone(),
                what,
            }));
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }
}

/// The entries of each path, whiteouts apart from what they hide, in their order.
fn paths(index: &LayerIndex) -> BTreeMap<(Vec<u8>, bool), Vec<EntryId>> {
    let mut paths: BTreeMap<_, Vec<EntryId>> = BTreeMap::new();
    for entry in index.entries() {
        let key = (index.path(entry), index.kind(entry).hides());
        paths.entry(key).or_default().push(entry);
    }
    paths
}

/// The first field in which two entries differ.
fn field(
    (ours, our): (&LayerIndex, EntryId),
    (theirs, their): (&LayerIndex, EntryId),
) -> Option<EntryField> {
    let seconds = |index: &LayerIndex, entry| {
        let (seconds, nanos) = index.mtime(entry);
        // eStargz rounds them.
        (
            seconds,
            seconds.saturating_add(i64::from(nanos >= 500_000_000)),
        )
    };
    let is_same_time = {
        let (ours, (cut, rounded)) = (ours.mtime(our), seconds(theirs, their));
        ours == theirs.mtime(their) || (ours.1 == 0 && (ours.0 == cut || ours.0 == rounded))
    };
    let is_link = ours.kind(our) == EntryKind::Hardlink;
    [
        (EntryField::Type, ours.kind(our) == theirs.kind(their)),
        (
            EntryField::Size,
            ours.logical_size(our) == theirs.logical_size(their),
        ),
        (EntryField::Mode, ours.mode(our) == theirs.mode(their)),
        (EntryField::Owner, ours.owner(our) == theirs.owner(their)),
        (EntryField::Time, is_same_time || is_link),
        (EntryField::LinkTarget, ours.link(our) == theirs.link(their)),
        (
            EntryField::DeviceNumber,
            ours.device(our) == theirs.device(their),
        ),
        (EntryField::Xattr, ours.xattrs(our) == theirs.xattrs(their)),
    ]
    .into_iter()
    .find_map(|(field, is_same)| (!is_same).then_some(field))
}
