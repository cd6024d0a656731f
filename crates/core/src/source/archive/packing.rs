//! How a saved file is compressed as a whole, by its first bytes; and undoing it, pushed in and pushed out.
//!
//! Engines write gzip and zstd, and people pack what they hand on with xz and bzip2; skopeo reads all four
//! (containers/storage, pkg/compression).

use std::io;

use bzip2::{Decompress, Status};
use lzma_rust2::{Action, XzStream};

use crate::layer::{LayerError, Unpacker};
use crate::limits;

/// Bytes at a file's start that tell whether and how it is compressed.
pub const START: usize = 6;
/// Bytes that are unpacked at a time.
const OUTPUT: usize = 64 << 10;

/// A compression that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

impl Packing {
    /// How a file that starts so is compressed.
    pub(super) const fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => Some(Self::Xz),
            // The level, and the start of the first block or of the end; a tar's first name may begin with BZh too.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => Some(Self::Bzip2),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }
}

/// Undoes the compression of a file, whichever its first bytes announce.
pub(super) enum Unpacking {
    /// Too few bytes came to tell.
    Unknown(Vec<u8>),
    /// gzip, zstd, or none, as layers have it.
    Layer(Box<Unpacker>),
    Xz(Box<Xz>),
    Bzip2(Box<Bzip2>),
}

/// Why a file cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnpackError {
    /// A compression of layers is at fault, or the sink.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// It ends too early.
    #[error(
        "its compressed data ends in the middle; it was cut off where it was saved or on its way"
    )]
    Cut,
    /// It is not what its first bytes announce.
    #[error("it is damaged: its {0} data is corrupt")]
    Corrupt(&'static str),
    /// More memory would be needed than is given.
    #[error(
        "its xz data was compressed with a dictionary of more than {} MiB, for which there is no memory; unpack it with `unxz` first",
        limits::XZ_DICTIONARY >> 20
    )]
    Dictionary,
}

/// Takes unpacked bytes.
type Sink<'s> = &'s mut dyn FnMut(&[u8]) -> Result<(), LayerError>;

impl Default for Unpacking {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

impl Unpacking {
    /// Takes the next bytes of the file and gives `sink` what they unpack to.
    pub(super) fn push(&mut self, data: &[u8], sink: Sink<'_>) -> Result<(), UnpackError> {
        match self {
            Self::Unknown(first) => {
                first.extend_from_slice(data);
                if first.len() >= START {
                    let first = std::mem::take(first);
                    self.begin(&first, sink)?;
                }
                Ok(())
            }
            Self::Layer(unpacker) => Ok(unpacker.push(data, sink)?),
            Self::Xz(xz) => xz.push(data, Action::Run, sink),
            Self::Bzip2(bzip2) => bzip2.push(data, sink),
        }
    }

    /// The file ends here.
    pub(super) fn finish(mut self, sink: Sink<'_>) -> Result<(), UnpackError> {
        if let Self::Unknown(first) = &mut self {
            let first = std::mem::take(first);
            self.begin(&first, sink)?;
        }
        match self {
            Self::Unknown(_) => Ok(()),
            Self::Layer(unpacker) => Ok(unpacker.finish(sink)?),
            Self::Xz(mut xz) => xz.push(&[], Action::Finish, sink),
            Self::Bzip2(bzip2) => bzip2.finish(),
        }
    }

    fn begin(&mut self, first: &[u8], sink: Sink<'_>) -> Result<(), UnpackError> {
        *self = match Packing::of(first) {
            Some(Packing::Xz) => Self::Xz(Box::new(Xz::new())),
            Some(Packing::Bzip2) => Self::Bzip2(Box::default()),
            _ => Self::Layer(Box::default()),
        };
        self.push(first, sink)
    }
}

/// xz: streams one after the other, with padding between them (The .xz File Format, section 2).
pub(super) struct Xz {
    stream: XzStream,
    output: Vec<u8>,
}

impl Xz {
    fn new() -> Self {
        // A limit in KiB; the decoder has some hundred of its own beside the dictionary.
        let memory = (limits::XZ_DICTIONARY >> 10) + 1024;
        Self {
            stream: XzStream::new_mem_limit(true, u32::try_from(memory).unwrap_or(u32::MAX)),
            output: vec![0; OUTPUT],
        }
    }

    fn push(&mut self, mut data: &[u8], action: Action, sink: Sink<'_>) -> Result<(), UnpackError> {
        loop {
            let done = self.stream.process(data, &mut self.output, action);
            let done = done.map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => UnpackError::Cut,
                io::ErrorKind::OutOfMemory => UnpackError::Dictionary,
                _ => UnpackError::Corrupt("xz"),
            })?;
            sink(self.output.get(..done.bytes_produced).unwrap_or_default())?;
            data = data.get(done.bytes_consumed..).unwrap_or_default();
            let idle = done.bytes_consumed == 0 && done.bytes_produced == 0;
            match action {
                _ if done.status == lzma_rust2::Status::StreamEnd => return Ok(()),
                Action::Run if data.is_empty() && done.bytes_produced < OUTPUT => return Ok(()),
                Action::Run if idle => return Err(UnpackError::Corrupt("xz")),
                Action::Finish if idle => return Err(UnpackError::Cut),
                _ => {}
            }
        }
    }
}

/// bzip2: streams one after the other, as pbzip2 writes them.
#[derive(Default)]
pub(super) struct Bzip2 {
    /// The stream that is being read; `None` between two.
    stream: Option<Decompress>,
    output: Vec<u8>,
}

impl Bzip2 {
    fn push(&mut self, mut data: &[u8], sink: Sink<'_>) -> Result<(), UnpackError> {
        let corrupt = || UnpackError::Corrupt("bzip2");
        self.output.resize(OUTPUT, 0);
        // A block is unpacked when it is whole, to more than goes out at once.
        let mut more = false;
        while more || !data.is_empty() {
            let stream = self.stream.get_or_insert_with(|| Decompress::new(false));
            let (read, written) = (stream.total_in(), stream.total_out());
            let status = stream.decompress(data, &mut self.output);
            let status = status.map_err(|_| corrupt())?;
            let read = usize::try_from(stream.total_in() - read).map_err(|_| corrupt())?;
            let written = usize::try_from(stream.total_out() - written).map_err(|_| corrupt())?;
            sink(self.output.get(..written).unwrap_or_default())?;
            data = data.get(read..).unwrap_or_default();
            more = written == OUTPUT;
            if status == Status::StreamEnd {
                self.stream = None;
                more = false;
            } else if read == 0 && written == 0 && !data.is_empty() {
                return Err(corrupt());
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), UnpackError> {
        match self.stream {
            None => Ok(()),
            Some(_) => Err(UnpackError::Cut),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// What xz makes of [`plain`].
    const XZ: &str = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj5JPfAHpdADebiWuz7wskP9CrZYEyCdykYEdGHG7drhHhHd0dmA4NdlQSeNYZ2cmB01dMxNDuNOb0s4W1chHwoCPpgs4IfJf4KBBEt9pqz0lrVgVlx7lkN0/LvWGmD0TxsxhZCUau63f/ou5ZhulmUli+6XasWeTlWwUI+b+NSfQAAAAAtRXN6FBp0oAAAZYB4KcSAD1ytkexxGf7AgAAAAAEWVo=";
    /// The same with a filter for programs, `xz --x86 --lzma2`.
    const XZ_WITH_FILTER: &str = "/Td6WFoAAATm1rRGAgEEACEBFgANhjUf5JPfAHpdADebiWuz7wskP9CrZYEyCdykYEdGHG7drhHhHd0dmA4NdlQSeNYZ2cmB01dMxNDuNOb0s4W1chHwoCPpgs4IfJf4KBBEt9pqz0lrVgVlx7lkN0/LvWGmD0TxsxhZCUau63f/ou5ZhulmUli+6XasWeTlWwUI+b+NSfQAAAAAtRXN6FBp0oAAAZYB4KcSAD1ytkexxGf7AgAAAAAEWVo=";
    /// The same, with a header that asks for a dictionary of 4 GiB.
    const LARGE_DICTIONARY: &str = "/Td6WFoAAATm1rRGAgAhASgAAADmoBGz5JPfAHpdADebiWuz7wskP9CrZYEyCdykYEdGHG7drhHhHd0dmA4NdlQSeNYZ2cmB01dMxNDuNOb0s4W1chHwoCPpgs4IfJf4KBBEt9pqz0lrVgVlx7lkN0/LvWGmD0TxsxhZCUau63f/ou5ZhulmUli+6XasWeTlWwUI+b+NSfQAAAAAtRXN6FBp0oAAAZYB4KcSAD1ytkexxGf7AgAAAAAEWVo=";
    /// What bzip2 makes of it.
    const BZIP2: &str = "QlpoOTFBWSZTWWgGUfUB1L+RgEAAACmIACAAcgpUaMFKjTTAokrAokrgUSVoUSV4KJK0FElaFEldCiSvBRJWi7kinChINAMo+oA=";

    fn plain() -> Vec<u8> {
        b"onionskin ".repeat(30_000)
    }

    fn packed(text: &str) -> Vec<u8> {
        STANDARD.decode(text).unwrap()
    }

    fn unpacked(packed: &[u8], piece: usize) -> Result<Vec<u8>, UnpackError> {
        let mut unpacking = Unpacking::default();
        let mut all = Vec::new();
        let mut keep = |out: &[u8]| {
            all.extend_from_slice(out);
            Ok(())
        };
        for piece in packed.chunks(piece) {
            unpacking.push(piece, &mut keep)?;
        }
        unpacking.finish(&mut keep)?;
        Ok(all)
    }

    #[test]
    fn xz_and_bzip2_are_undone_however_their_bytes_come() {
        for packing in [XZ, XZ_WITH_FILTER, BZIP2] {
            let once = packed(packing);
            // Several streams one after the other are one file: `cat a.xz b.xz`, pbzip2.
            let twice = once.repeat(2);
            for piece in [1, 7, 100, 1 << 20] {
                assert!(unpacked(&once, piece).unwrap() == plain(), "{piece}");
                assert!(
                    unpacked(&twice, piece).unwrap() == plain().repeat(2),
                    "{piece}"
                );
            }
        }
        let padded = [packed(XZ), vec![0; 4], packed(XZ)].concat();
        assert!(unpacked(&padded, 64).unwrap() == plain().repeat(2));
    }

    #[test]
    fn a_file_that_is_cut_or_damaged_is_an_error_at_any_place() {
        for packing in [XZ, XZ_WITH_FILTER, BZIP2] {
            let whole = packed(packing);
            for length in 6..whole.len() {
                let cut = unpacked(&whole[..length], 64);
                assert!(matches!(cut, Err(UnpackError::Cut)), "{length}: {cut:?}");
            }
            for at in 6..whole.len() {
                let mut damaged = whole.clone();
                damaged[at] ^= 0x55;
                if let Ok(content) = unpacked(&damaged, 64) {
                    assert!(content == plain(), "{at}");
                }
            }
            let more = [whole.as_slice(), b"more"].concat();
            assert!(unpacked(&more, 64).is_err());
        }
    }

    #[test]
    fn a_dictionary_is_not_given_all_memory() {
        let error = unpacked(&packed(LARGE_DICTIONARY), 64).unwrap_err();
        assert!(matches!(error, UnpackError::Dictionary), "{error}");
    }

    #[test]
    fn what_only_begins_like_bzip2_is_passed_on() {
        for start in [&b"BZh"[..], b"BZh9ome/file", b""] {
            let plain = [start, &[b'x'; 600]].concat();
            assert_eq!(unpacked(&plain, 2).unwrap(), plain);
        }
    }
}
