//! Tars, compressed in any way that layers and files are: read from their start, as far as is sensible.

use jiff::tz::Offset;
use onionskin_layers::compression::{Decompressor, Error as Compression};
use onionskin_layers::tar::{self, Decoder, Entry, TarKind};

use super::{Member, MemberKind, Members};
use crate::limits::LISTED_TAR_BYTES;

/// Lists the members of a tar that is pushed in pieces of any size.
pub struct TarLister {
    decompressor: Decompressor,
    listing: Listing,
}

/// What is listed so far.
#[derive(Default)]
struct Listing {
    decoder: Decoder,
    members: Seen,
}

#[derive(Default)]
struct Seen(Members);

/// Why nothing more is read.
enum End {
    Compression(Compression),
    Tar(tar::Error),
    Limit,
}

impl From<Compression> for End {
    fn from(error: Compression) -> Self {
        Self::Compression(error)
    }
}

impl End {
    fn says(&self) -> String {
        match self {
            Self::Compression(error) => error.to_string(),
            Self::Tar(error) => format!("at byte {}: {}", error.offset, error.problem),
            Self::Limit => format!("only the first {LISTED_TAR_BYTES} bytes are read"),
        }
    }
}

impl Default for TarLister {
    fn default() -> Self {
        Self {
            decompressor: Decompressor::of_file(),
            listing: Listing::default(),
        }
    }
}

impl TarLister {
    /// Takes the next bytes. False: no more are wanted, as the tar is damaged or too large; [`Self::finish`] says so.
    pub fn push(&mut self, data: &[u8]) -> bool {
        let Self {
            decompressor,
            listing,
        } = self;
        if listing.members.0.ended.is_some() {
            return false;
        }
        let pushed: Result<(), End> = decompressor.push(data, &mut |out| listing.take(out));
        if let Err(end) = pushed {
            listing.members.0.ended = Some(end.says());
        }
        listing.members.0.ended.is_none()
    }

    /// The members that were seen.
    #[must_use]
    pub fn finish(mut self) -> Members {
        let listing = &mut self.listing;
        if listing.members.0.ended.is_none() {
            let finished: Result<_, End> = self.decompressor.finish(&mut |out| listing.take(out));
            let finished = finished.and_then(|_| {
                let decoder = std::mem::take(&mut listing.decoder);
                decoder.finish(&mut listing.members).map_err(End::Tar)
            });
            if let Err(end) = finished {
                listing.members.0.ended = Some(end.says());
            }
        }
        self.listing.members.0
    }
}

impl Listing {
    fn take(&mut self, out: &[u8]) -> Result<(), End> {
        if self.decoder.offset().saturating_add(out.len() as u64) > LISTED_TAR_BYTES {
            return Err(End::Limit);
        }
        self.decoder.push(out, &mut self.members).map_err(End::Tar)
    }
}

impl tar::Visitor for Seen {
    type Problem = tar::Problem;

    fn entry(&mut self, entry: &Entry) -> Result<(), tar::Problem> {
        let (seconds, _) = entry.mtime;
        let time = jiff::Timestamp::from_second(seconds).ok();
        self.0.add(Member {
            name: entry.name.clone(),
            kind: match entry.kind {
                TarKind::File => MemberKind::File,
                TarKind::Dir => MemberKind::Dir,
                TarKind::Symlink => MemberKind::Symlink,
                TarKind::Hardlink => MemberKind::Hardlink,
                TarKind::Char | TarKind::Block | TarKind::Fifo | TarKind::Unknown => {
                    MemberKind::Other
                }
            },
            size: match entry.kind {
                TarKind::File => entry.logical_size(),
                _ => 0,
            },
            compressed: None,
            // Without its fraction: whole seconds have none.
            modified: time.map(|time| Offset::UTC.to_datetime(time).to_string().replace('T', " ")),
            link: Some(entry.link.clone()).filter(|link| !link.is_empty()),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use onionskin_fixtures::layer;
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn list(bytes: &[u8], piece: usize) -> Members {
        let mut lister = TarLister::default();
        for piece in bytes.chunks(piece) {
            if !lister.push(piece) {
                break;
            }
        }
        lister.finish()
    }

    fn archive() -> onionskin_fixtures::Layer {
        layer("a tar")
            .dir("/app")
            .file("/app/one", "1234")
            .symlink("/app/two", "one")
    }

    #[test]
    fn members_of_any_compression_are_told() {
        let plain = list(&archive().tar(), 7);
        let told: Vec<_> = plain
            .members
            .iter()
            .map(|member| {
                let link = member.link.as_deref().map(String::from_utf8_lossy);
                (
                    String::from_utf8_lossy(&member.name),
                    member.kind,
                    member.size,
                    link,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("app/".into(), MemberKind::Dir, 0, None),
                ("app/one".into(), MemberKind::File, 4, None),
                ("app/two".into(), MemberKind::Symlink, 0, Some("one".into()))
            ]
        );
        assert_eq!((plain.count, plain.size, &plain.ended), (3, 4, &None));
        assert_eq!(list(&archive().gzip(), 11), plain);
    }

    #[test]
    fn what_is_damaged_ends_the_list() {
        let tar = archive().tar();
        let cut = list(&tar[..1_026], 100);
        assert_eq!(cut.count, 2);
        assert!(cut.ended.is_some());
        let endless = list(&vec![b'x'; 2_000], 100);
        assert!(endless.ended.is_some() && endless.members.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_panics(cut in 0usize..3_000, at in 0usize..3_000, byte: u8, packed: bool) {
            let mut bytes = match packed {
                true => archive().gzip(),
                false => archive().tar(),
            };
            bytes.truncate(cut);
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _ = list(&bytes, 100);
        }
    }
}
