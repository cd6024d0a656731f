//! Names in a tar, and the paths in the image that they stand for.

/// The parts of a name inside the image: `./`, doubled and leading `/` are dropped, `..` goes up
/// but never above the root. No parts: the root itself.
pub(super) fn parts(name: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
}

/// What a name means beyond being a path (OCI image specification, layer.md, Whiteouts).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning<'n> {
    /// An ordinary path.
    Path,
    /// Hides this name of lower layers.
    Whiteout(&'n [u8]),
    /// Hides all that lower layers have in the folder.
    Opaque,
    /// `.wh.`, `.wh..` or `.wh...`: hides nothing that can have a name.
    BareWhiteout,
    /// Left over from AUFS, or below a name that is a whiteout: no part of the image.
    Leftover,
}

const WHITEOUT: &[u8] = b".wh.";
const ASIDE: &[u8] = b".wh..wh.plnk";
const META: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// Whether a cleaned name is in the folder where AUFS kept files with several names. Engines unpack hard links to it
/// (moby, `pkg/archive/diff.go`, `WhiteoutLinkDir`), though the folder itself is no part of the image.
pub(super) fn is_aside(parts: &[&[u8]]) -> bool {
    parts.len() > 1 && parts.first() == Some(&ASIDE)
}

/// The meaning of a cleaned name.
pub(super) fn meaning<'n>(parts: &[&'n [u8]]) -> Meaning<'n> {
    let Some((last, parents)) = parts.split_last() else {
        return Meaning::Path;
    };
    if parents.iter().any(|part| part.starts_with(WHITEOUT)) {
        return Meaning::Leftover;
    }
    match last.strip_prefix(WHITEOUT) {
        None => Meaning::Path,
        _ if *last == OPAQUE => Meaning::Opaque,
        _ if last.starts_with(META) => Meaning::Leftover,
        Some(b"" | b"." | b"..") => Meaning::BareWhiteout,
        Some(hidden) => Meaning::Whiteout(hidden),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_the_root() {
        for (name, path) in [
            (&b"./a//b/"[..], "a/b"),
            (b"/a/./b", "a/b"),
            (b"a/../../b", "b"),
            (b"../../..", ""),
            (b"./", ""),
            (b"...", "..."),
        ] {
            assert_eq!(parts(name).join(&b'/'), path.as_bytes());
        }
    }

    #[test]
    fn whiteouts_are_told_from_what_looks_like_them() {
        for (name, expected) in [
            (&b"a/.wh.b"[..], Meaning::Whiteout(b"b")),
            (b".wh..b", Meaning::Whiteout(b".b")),
            (b".wh.-x", Meaning::Whiteout(b"-x")),
            (b".wh..wh..opq", Meaning::Opaque),
            (b"a/.wh..wh..opq", Meaning::Opaque),
            (b".wh..wh.plnk", Meaning::Leftover),
            (b".wh..wh.plnk/17.4", Meaning::Leftover),
            (b".wh..wh..opqx", Meaning::Leftover),
            (b"a/.wh.b/c", Meaning::Leftover),
            (b".wh.", Meaning::BareWhiteout),
            (b".wh..", Meaning::BareWhiteout),
            (b".wh...", Meaning::BareWhiteout),
            (b".wh", Meaning::Path),
            (b"a.wh.b", Meaning::Path),
            (b"", Meaning::Path),
        ] {
            assert_eq!(
                meaning(&parts(name)),
                expected,
                "{:?}",
                String::from_utf8_lossy(name)
            );
        }
    }
}
