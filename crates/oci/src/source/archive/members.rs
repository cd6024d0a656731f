//! The members of a saved image's outer tar: where each lies, found without reading what they hold.

use std::collections::BTreeMap;

use super::{ReadAt, kind};
use crate::compression::unsupported;
use crate::limits;
use crate::source::image::{Run, Span};
use crate::tar::{self, BLOCK, Decoder, SparseMap, TarKind, Visitor};

/// What the tar holds under each name; of several with one name the last.
#[derive(Debug, Default)]
pub(super) struct Members {
    by_name: BTreeMap<String, Member>,
    /// Bytes of the names and link targets of all members.
    name_bytes: usize,
    /// Parts of all sparse members.
    runs: usize,
    /// Bytes of the tar.
    size: u64,
}

#[derive(Debug)]
enum Member {
    File(MemberContent),
    /// A symbolic or hard link, as the name that it leads to.
    Link(String),
}

/// Where a member's content lies.
#[derive(Clone, Debug)]
pub(super) struct MemberContent {
    /// Where it begins, and how large the file is.
    pub(super) span: Span,
    /// Its parts, if it is sparse; else none.
    pub(super) runs: Vec<Run>,
}

/// Why the walk ends early.
pub(super) enum Problem {
    /// In words that follow the archive's name.
    Said(String),
    Tar(tar::Problem),
}

impl From<tar::Problem> for Problem {
    fn from(problem: tar::Problem) -> Self {
        Self::Tar(problem)
    }
}

impl Members {
    /// Walks the tar. Errors say what is wrong, at which byte.
    pub(super) async fn walk(source: &dyn ReadAt) -> Result<Self, String> {
        let size = source.size();
        let mut members = Self {
            size,
            ..Self::default()
        };
        let mut decoder = Decoder::default();
        let mut at = 0;
        while at < size && !decoder.is_at_end() {
            let length = decoder.wanted().min(size - at);
            let piece = read(source, at, length).await?;
            if let Err(error) = decoder.push(&piece, &mut members) {
                return Err(said(source, error).await);
            }
            at = (at + length).saturating_add(decoder.pass_over(&mut members));
        }
        match decoder.finish(&mut members) {
            Ok(()) => Ok(members),
            Err(error) => {
                let problem = Problem::Tar(error.problem);
                let offset = error.offset;
                Err(said(source, tar::Error { offset, problem }).await)
            }
        }
    }

    fn add(&mut self, entry: &tar::Entry) -> Result<(), String> {
        let Some(name) = clean(&lossy(&entry.name), "") else {
            return Ok(());
        };
        let link = lossy(&entry.link);
        let member = match entry.kind {
            TarKind::Symlink => {
                let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                clean(&link, folder).map(Member::Link)
            }
            TarKind::Hardlink => clean(&link, "").map(Member::Link),
            TarKind::File => {
                let place = MemberContent::of(entry)?;
                self.runs += place.runs.len();
                Some(Member::File(place))
            }
            _ => None,
        };
        if let Some(member) = member {
            self.name_bytes += name.len() + member.link_bytes();
            self.by_name.insert(name, member);
        }
        if self.name_bytes > limits::ARCHIVE_NAME_BYTES {
            return Err(format!(
                "the names and link targets of its members have more than {} bytes",
                limits::ARCHIVE_NAME_BYTES
            ));
        }
        if self.by_name.len() > limits::ARCHIVE_MEMBERS {
            return Err(format!(
                "it has more than {} members",
                limits::ARCHIVE_MEMBERS
            ));
        }
        if self.runs > limits::SPARSE_RUNS {
            return Err(format!(
                "its sparse members have more than {} parts",
                limits::SPARSE_RUNS
            ));
        }
        Ok(())
    }

    /// Where the content of the member `name` lies, through links.
    pub(super) fn find(&self, name: &str) -> Option<&MemberContent> {
        let mut name = clean(name, "")?;
        for _ in 0..=limits::LINKS {
            match self.by_name.get(&name)? {
                Member::File(place) => return Some(place),
                Member::Link(target) => name.clone_from(target),
            }
        }
        None
    }
}

impl Member {
    /// Bytes of the name that it leads to.
    const fn link_bytes(&self) -> usize {
        match self {
            Self::File(_) => 0,
            Self::Link(target) => target.len(),
        }
    }
}

impl Visitor for Members {
    type Problem = Problem;

    fn entry(&mut self, entry: &tar::Entry) -> Result<(), Problem> {
        let size = match entry.kind {
            TarKind::File => entry.stored,
            TarKind::Unknown => entry.size,
            _ => 0,
        };
        let end = entry.content.checked_add(size);
        if end.is_none_or(|end| end > self.size) {
            let problem = format!("has {size} bytes, and the file ends before");
            let problem = wrong(entry, &problem);
            return Err(Problem::Said(format!("it is cut short: {problem}")));
        }
        self.add(entry).map_err(Problem::Said)
    }
}

impl MemberContent {
    fn of(entry: &tar::Entry) -> Result<Self, String> {
        let (offset, stored) = (entry.content, entry.stored);
        let Some(map) = &entry.sparse else {
            let span = Span {
                offset,
                size: stored,
            };
            return Ok(Self {
                span,
                runs: Vec::new(),
            });
        };
        let size = map.real_size;
        // Zeros cost nothing to store, and as much as other bytes to read.
        if size > limits::TEMPORARY_BYTES.max(stored) {
            let problem = format!("is a sparse file of {size} bytes, more than are read");
            return Err(wrong(entry, &problem));
        }
        Ok(Self {
            span: Span { offset, size },
            runs: runs(map, offset),
        })
    }
}

/// Where the parts of a sparse file lie, which are stored one after the other from `offset` on.
fn runs(map: &SparseMap, mut offset: u64) -> Vec<Run> {
    let mut runs = Vec::new();
    for part in &map.segments {
        if part.len > 0 {
            runs.push(Run {
                at: part.offset,
                offset,
                size: part.len,
            });
        }
        offset += part.len;
    }
    if runs.is_empty() && map.real_size > 0 {
        // Nothing but a hole is sparse all the same.
        runs.push(Run {
            at: 0,
            offset,
            size: 0,
        });
    }
    runs
}

fn wrong(entry: &tar::Entry, problem: &str) -> String {
    let (name, at) = (lossy(&entry.name), entry.start);
    format!("its member {name:?}, at byte {at}, {problem}")
}

/// What is wrong with the tar, and at which byte.
async fn said(source: &dyn ReadAt, error: tar::Error<Problem>) -> String {
    let at = error.offset;
    let problem = match error.problem {
        Problem::Said(problem) => return problem,
        Problem::Tar(problem) => problem,
    };
    let size = source.size();
    let is_short = size < BLOCK as u64;
    match problem {
        tar::Problem::NoHeader(_) if at == 0 => {}
        tar::Problem::Cut if is_short => {}
        tar::Problem::Cut => return format!("it is cut short at byte {at}"),
        tar::Problem::NoHeader(_) => {
            return format!("not a tar, or a damaged one: no header at byte {at}");
        }
        problem => return format!("at byte {at}: {problem}"),
    }
    // There is no tar at all: what else there is, is named where that is known.
    let start = match read(source, 0, size.min(BLOCK as u64)).await {
        Ok(start) => start,
        Err(problem) => return problem,
    };
    if let Some(name) = unsupported::compression(&start) {
        return kind::not_supported(name);
    }
    match kind::named(&start) {
        Some(kind) => format!("not a tar: {kind}"),
        None if is_short => format!("not a tar: only {size} bytes"),
        None => "not a tar, or a damaged one: no header at byte 0".to_owned(),
    }
}

/// A name without `.`, `..` and doubled slashes, seen from `folder`; `None` for the root or what lies above it.
fn clean(name: &str, folder: &str) -> Option<String> {
    let folder = if name.starts_with('/') { "" } else { folder };
    let mut parts = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Exactly `length` bytes.
pub(super) async fn read(
    source: &dyn ReadAt,
    offset: u64,
    length: u64,
) -> Result<bytes::Bytes, String> {
    let length = usize::try_from(length)
        .map_err(|_| format!("{length} bytes are more than fit into memory"))?;
    let bytes = source
        .read_at(offset, length)
        .await
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(format!(
            "it is cut short at byte {}",
            offset + bytes.len() as u64
        ))
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::executor::block_on;
    use onionskin_fixtures::Layer;

    use super::*;
    use crate::tar::Segment;

    #[test]
    fn names_stay_inside_the_archive() {
        for (name, folder, expected) in [
            ("./a//b", "", Some("a/b")),
            ("../x/layer.tar", "y", Some("x/layer.tar")),
            ("../../x", "y", None),
            ("/a", "y", Some("a")),
            ("..", "", None),
            ("", "", None),
        ] {
            assert_eq!(
                clean(name, folder).as_deref(),
                expected,
                "{name} in {folder}"
            );
        }
    }

    #[test]
    fn names_and_link_targets_of_members_are_bounded() {
        let links = |count: usize, long: &[u8]| {
            let links = (0..count).fold(Layer::new().gnu(), |links, n| {
                links.symlink([format!("/{n}").as_bytes(), long].concat(), long)
            });
            block_on(Members::walk(&Bytes::from(links.tar())))
        };
        assert!(links(800, &[b'a'; 4_000]).is_ok());
        // What is not UTF-8 takes three bytes for one.
        let error = links(800, &[0xff; 4_000]).unwrap_err();
        assert!(error.contains("names and link targets"), "{error}");
    }

    #[test]
    fn the_parts_of_a_sparse_member_lie_one_after_the_other() {
        let part = |offset, len| Segment { offset, len };
        let run = |at, offset, size| Run { at, offset, size };
        let map = |segments: &[Segment]| SparseMap {
            real_size: 100,
            segments: segments.to_vec(),
        };
        assert_eq!(
            runs(&map(&[part(0, 10), part(20, 0), part(50, 5)]), 512),
            [run(0, 512, 10), run(50, 522, 5)]
        );
        assert_eq!(runs(&map(&[part(100, 0)]), 512), [run(0, 512, 0)]);
    }
}
