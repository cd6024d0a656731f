//! Go: the module data that its linker puts into programs, found while their bytes pass.
//!
//! Source: Go's `debug/buildinfo`. Programs of Go before 1.18 have pointers in the place of the text and are not read.

use super::fields::{lines, package, text};
use super::record::{Files, Package, Type};
use crate::limits::{GO_MODULE_BYTES, GO_TRIES, GO_VERSION_BYTES, LAYER_PACKAGES};

/// With this the data begins, at an offset that is a multiple of 16.
const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGNED: u64 = 16;
/// Bytes from the magic to the texts.
const HEADER: usize = 32;
/// The flag that says that the texts follow, and no pointers.
const INLINE: u8 = 2;

/// Looks for the data in a file, given in pieces of any size.
#[derive(Default)]
pub(super) struct Search {
    /// Bytes that are still to be looked at, or that the data began with.
    held: Vec<u8>,
    /// Where they begin in the file.
    offset: u64,
    tries: u32,
    found: Option<Vec<Package>>,
}

/// What the bytes from a magic on are.
enum Data<'d> {
    Complete { go: &'d [u8], modules: &'d [u8] },
    Incomplete,
    Other,
}

impl Search {
    /// The next bytes of the file.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        if self.found.is_some() || self.tries > GO_TRIES {
            return;
        }
        self.held.extend_from_slice(bytes);
        self.look(false);
    }

    /// The modules of the program, the main one first; none of a file without the data.
    pub(super) fn finish(mut self) -> Vec<Package> {
        self.look(true);
        self.found.unwrap_or_default()
    }

    fn look(&mut self, is_end: bool) {
        let mut at = 0;
        while self.found.is_none() && self.tries <= GO_TRIES {
            let rest = self.held.get(at..).unwrap_or_default();
            let Some(found) = memchr::memmem::find(rest, MAGIC) else {
                // The magic may have begun.
                at += rest.len().saturating_sub(MAGIC.len() - 1);
                break;
            };
            at += found;
            if !(self.offset + at as u64).is_multiple_of(ALIGNED) {
                at += 1;
                continue;
            }
            match data(self.held.get(at..).unwrap_or_default()) {
                Data::Complete { go, modules } => self.found = Some(packages(go, modules)),
                Data::Incomplete if !is_end => break,
                Data::Incomplete | Data::Other => {
                    self.tries += 1;
                    at += 1;
                }
            }
        }
        self.held.drain(..at.min(self.held.len()));
        self.offset += at as u64;
    }
}

fn data(bytes: &[u8]) -> Data<'_> {
    let (Some(flags), Some(texts)) = (bytes.get(15), bytes.get(HEADER..)) else {
        return Data::Incomplete;
    };
    if flags & INLINE == 0 {
        return Data::Other;
    }
    let (go, rest) = match counted(texts, GO_VERSION_BYTES) {
        Ok(parts) => parts,
        Err(other) => return other,
    };
    let modules = match counted(rest, GO_MODULE_BYTES) {
        Ok((modules, _)) => modules,
        Err(other) => return other,
    };
    // Sixteen bytes stand before and behind the list.
    let inner = modules
        .len()
        .checked_sub(16)
        .and_then(|end| modules.get(16..end));
    match inner {
        Some(modules) if modules.ends_with(b"\n") => Data::Complete { go, modules },
        _ => Data::Other,
    }
}

/// A text behind its length, and what follows it.
fn counted(bytes: &[u8], most: usize) -> Result<(&[u8], &[u8]), Data<'_>> {
    let mut length = 0usize;
    for at in 0..4 {
        let byte = *bytes.get(at).ok_or(Data::Incomplete)?;
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            if length > most {
                return Err(Data::Other);
            }
            let rest = bytes.get(at + 1..).unwrap_or_default();
            return rest.split_at_checked(length).ok_or(Data::Incomplete);
        }
    }
    Err(Data::Other)
}

/// The modules of a list; of `go` the standard library.
fn packages(go: &[u8], modules: &[u8]) -> Vec<Package> {
    let mut packages: Vec<Package> = Vec::new();
    for line in lines(modules).take(LAYER_PACKAGES) {
        let mut parts = line.split(|byte| *byte == b'\t');
        let (kind, path) = (parts.next(), parts.next().and_then(text));
        let version = parts.next().and_then(text);
        let (Some(kind), Some(path)) = (kind, path) else {
            continue;
        };
        match kind {
            b"mod" => packages.insert(
                0,
                Package {
                    files: Files::Itself,
                    ..package(Type::Golang, path, version)
                },
            ),
            b"dep" => packages.push(package(Type::Golang, path, version)),
            // This one was taken in the place of the one above.
            b"=>" => {
                if let Some(replaced) = packages.last_mut() {
                    replaced.name = path;
                    replaced.version = version.unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    let version = go.split(|byte| *byte == b' ').next().unwrap_or_default();
    if let Some(version) = version.strip_prefix(b"go").and_then(text) {
        packages.push(package(Type::Golang, "stdlib".to_owned(), Some(version)));
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(before: usize, modules: &str) -> Vec<u8> {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[8, INLINE]);
        bytes.resize(before + HEADER, 0);
        bytes.push(8);
        bytes.extend_from_slice(b"go1.22.3");
        let length = modules.len() + 32;
        bytes.push((length & 0x7f) as u8 | 0x80);
        bytes.push((length >> 7) as u8);
        bytes.extend_from_slice(&[1; 16]);
        bytes.extend_from_slice(modules.as_bytes());
        bytes.extend_from_slice(&[2; 16]);
        bytes.extend_from_slice(&[0; 40]);
        bytes
    }

    const LIST: &str = "path\texample.com/app/cmd\nmod\texample.com/app\tv1.2.3\th1:x=\n\
        dep\tgolang.org/x/net\tv0.1.0\th1:y=\ndep\texample.com/old\tv1.0.0\n=>\texample.com/new\tv2.0.0\th1:z=\n\
        build\t-compiler=gc\n";

    fn told(content: &[u8], piece: usize) -> Vec<(String, String, bool)> {
        let mut search = Search::default();
        content.chunks(piece).for_each(|piece| search.update(piece));
        let packages = search.finish().into_iter();
        packages
            .map(|package| {
                (
                    package.name,
                    package.version,
                    package.files == Files::Itself,
                )
            })
            .collect()
    }

    #[test]
    fn modules_are_found_wherever_the_pieces_end() {
        let content = program(4096, LIST);
        let of = |name: &str, version: &str, own| (name.to_owned(), version.to_owned(), own);
        let expected = [
            of("example.com/app", "v1.2.3", true),
            of("golang.org/x/net", "v0.1.0", false),
            of("example.com/new", "v2.0.0", false),
            of("stdlib", "1.22.3", false),
        ];
        for piece in [1, 7, 13, 14, 100, usize::MAX] {
            assert_eq!(told(&content, piece), expected, "{piece}");
        }
    }

    #[test]
    fn a_magic_alone_is_nothing() {
        assert_eq!(told(&program(4095, LIST), 100), []);
        assert_eq!(told(&[MAGIC, &[8, 0], &[0; 100]].concat(), 100), []);
        // Programs that read such data have the magic too, before their own.
        let both = [MAGIC, &[8, 0], &program(4096 - 16, LIST)].concat();
        assert_eq!(told(&both, 100).len(), 4);
        let cut = program(0, LIST);
        assert_eq!(told(&cut[..200], 100), []);
    }
}
