//! Undoing a file's compression, whichever its first bytes announce.

use super::bzip2::Bzip2;
use super::error::Stop;
use super::format::Format;
use super::gzip::Gzip;
use super::points::RestartPoints;
use super::unsupported;
use super::xz::Xz;
use super::zstd::Zstd;
use super::{Error, OffsetMap, Problem, Sink};
use crate::memory::Memory;

/// Takes a file in pieces of any size and hands on what it holds uncompressed.
///
/// How it is compressed is known from its first bytes, as media types and names are often wrong.
///
/// ```
/// use onionskin_layers::compression::{Decompressor, Error, OffsetMap};
///
/// let mut content = Vec::new();
/// let mut keep = |bytes: &[u8]| -> Result<(), Error> {
///     content.extend_from_slice(bytes);
///     Ok(())
/// };
/// let mut decompressor = Decompressor::of_file();
/// for piece in ["not ", "compressed"] {
///     decompressor.push(piece.as_bytes(), &mut keep)?;
/// }
/// assert_eq!(decompressor.finish(&mut keep)?, OffsetMap::Identity);
/// assert_eq!(content, b"not compressed");
/// # Ok::<(), Error>(())
/// ```
pub struct Decompressor {
    state: State,
    /// What reads other formats, if they are read too.
    others: Option<OfFormat>,
    memory: Memory,
    resembles: Option<&'static str>,
    is_portable: bool,
    keeps_points: bool,
}

/// Bytes that tell how a file is compressed, if it is, in ways that are not supported too.
const FIRST: usize = 16;

enum State {
    /// Too few bytes came to tell.
    Unknown(Vec<u8>),
    Plain,
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
    Other(Box<dyn Other>),
}

/// A format that only files are read in. What reads layers alone, as the page does at first, need not be linked with these.
trait Other: Send + Sync {
    fn push(&mut self, data: &[u8], sink: Sink<'_>) -> Result<(), Stop>;
    fn finish(self: Box<Self>, sink: Sink<'_>) -> Result<OffsetMap, Stop>;
}

type OfFormat = fn(Format) -> Option<Box<dyn Other>>;

fn others(format: Format) -> Option<Box<dyn Other>> {
    match format {
        Format::Xz => Some(Box::new(Xz::new())),
        Format::Bzip2 => Some(Box::<Bzip2>::default()),
        Format::Gzip | Format::Zstd => None,
    }
}

impl Other for Xz {
    fn push(&mut self, data: &[u8], sink: Sink<'_>) -> Result<(), Stop> {
        self.push(data, sink)
    }

    fn finish(self: Box<Self>, sink: Sink<'_>) -> Result<OffsetMap, Stop> {
        (*self).finish(sink)
    }
}

impl Other for Bzip2 {
    fn push(&mut self, data: &[u8], sink: Sink<'_>) -> Result<(), Stop> {
        self.push(data, sink)
    }

    fn finish(self: Box<Self>, _: Sink<'_>) -> Result<OffsetMap, Stop> {
        (*self).finish()
    }
}

impl Decompressor {
    /// For a layer's blob: gzip, zstd, or none. What its windows take comes out of `memory`.
    #[must_use]
    pub const fn of_layer(memory: Memory) -> Self {
        Self {
            state: State::Unknown(Vec::new()),
            others: None,
            memory,
            resembles: None,
            is_portable: false,
            keeps_points: false,
        }
    }

    /// For a file of any compression that is read. Engines write gzip and zstd, and people compress what they hand on
    /// with xz and bzip2; skopeo reads all four (containers/storage, pkg/compression).
    #[must_use]
    pub fn of_file() -> Self {
        Self {
            others: Some(others),
            ..Self::of_layer(Memory::default())
        }
    }

    /// Uses the decoders that browsers have too. The others are faster, and have to give the same.
    #[must_use]
    pub const fn portable(mut self) -> Self {
        self.is_portable = true;
        self
    }

    /// Finds points on the way, from which on the blob can be decompressed again.
    #[must_use]
    pub(crate) const fn with_points(mut self) -> Self {
        self.keeps_points = true;
        self
    }

    /// The points that were found so far.
    pub(crate) fn take_points(&mut self) -> RestartPoints {
        match &mut self.state {
            State::Gzip(gzip) => RestartPoints::Gzip(gzip.take_points()),
            State::Zstd(zstd) => RestartPoints::Zstd(zstd.take_points()),
            _ => RestartPoints::Plain,
        }
    }

    /// Goes on in a layer's blob from the last point at or before `content`: [`RestartPoints::before`] tells where that is.
    pub(crate) fn resume(points: &RestartPoints, content: u64) -> Result<Self, Error> {
        let new = Self::of_layer(Memory::default());
        let stopped = |stop| match stop {
            Stop::Wrong(error) => error,
            // There is no sink yet.
            Stop::Refused => Error {
                offset: 0,
                problem: Problem::Cut,
            },
        };
        let state = match points {
            RestartPoints::Plain => State::Plain,
            RestartPoints::Gzip(_) => match points.gzip(content) {
                Some(point) => State::Gzip(Box::new(Gzip::resume(point).map_err(stopped)?)),
                None => new.state,
            },
            RestartPoints::Zstd(_) => {
                let place = points.before(content);
                State::Zstd(Box::new(Zstd::new(new.memory.clone()).resume(place)))
            }
        };
        Ok(Self {
            state,
            others: None,
            memory: new.memory,
            resembles: None,
            is_portable: false,
            keeps_points: false,
        })
    }

    /// Takes the next bytes and gives `sink` what they make known.
    ///
    /// # Errors
    /// The data is damaged or compressed in a way that is not read, or `sink` refused its bytes.
    pub fn push<E: From<Error>>(
        &mut self,
        data: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        refusable(sink, |sink| self.take(data, sink))
    }

    /// The file ends here. Its map tells which byte of it holds which of its content.
    ///
    /// # Errors
    /// It ends too early, or as in [`Self::push`].
    pub fn finish<E: From<Error>>(
        &mut self,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<OffsetMap, E> {
        refusable(sink, |sink| self.end(sink))
    }

    /// The file turned out to be stored as it is.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        matches!(self.state, State::Plain)
    }

    /// A compression that is not supported and that this may be, although it was taken for uncompressed: the name of a
    /// tar's first file may begin with the same bytes.
    #[must_use]
    pub const fn resembles(&self) -> Option<&'static str> {
        self.resembles
    }

    fn take(&mut self, data: &[u8], sink: Sink<'_>) -> Result<(), Stop> {
        match &mut self.state {
            State::Unknown(first) => {
                first.extend_from_slice(data);
                if first.len() >= FIRST {
                    let first = std::mem::take(first);
                    self.decide(&first, sink)?;
                }
                Ok(())
            }
            State::Plain => sink(data),
            State::Gzip(gzip) => gzip.push(data, sink),
            State::Zstd(zstd) => zstd.push(data, sink),
            State::Other(other) => other.push(data, sink),
        }
    }

    fn end(&mut self, sink: Sink<'_>) -> Result<OffsetMap, Stop> {
        if let State::Unknown(first) = &mut self.state {
            let first = std::mem::take(first);
            self.decide(&first, sink)?;
        }
        match std::mem::replace(&mut self.state, State::Plain) {
            State::Unknown(_) | State::Plain => Ok(OffsetMap::Identity),
            State::Gzip(gzip) => gzip.finish(),
            State::Zstd(zstd) => zstd.finish(),
            State::Other(other) => other.finish(sink),
        }
    }

    /// Chooses by the first bytes, and takes them.
    fn decide(&mut self, first: &[u8], sink: Sink<'_>) -> Result<(), Stop> {
        let memory = self.memory.clone();
        let format = Format::of(first);
        let other = format.and_then(|format| self.others?(format));
        self.state = match format {
            Some(Format::Gzip) if self.keeps_points => {
                State::Gzip(Box::new(Gzip::new().with_points()))
            }
            Some(Format::Gzip) => State::Gzip(Box::new(Gzip::new())),
            Some(Format::Zstd) if self.is_portable => State::Zstd(Box::new(Zstd::portable(memory))),
            Some(Format::Zstd) => State::Zstd(Box::new(Zstd::new(memory))),
            Some(Format::Xz | Format::Bzip2) | None => match other {
                Some(other) => State::Other(other),
                None => {
                    self.resembles = unsupported::compression(first);
                    State::Plain
                }
            },
        };
        self.take(first, sink)
    }
}

/// Does what hands bytes to a sink that may refuse them for reasons of its own.
fn refusable<T, E: From<Error>>(
    sink: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    work: impl FnOnce(Sink<'_>) -> Result<T, Stop>,
) -> Result<T, E> {
    let mut refusal = None;
    let done = work(&mut |bytes| {
        sink(bytes).map_err(|error| {
            refusal = Some(error);
            Stop::Refused
        })
    });
    match (done, refusal) {
        (Ok(done), None) => Ok(done),
        (Err(Stop::Wrong(error)), None) => Err(error.into()),
        (_, Some(refusal)) => Err(refusal),
        // A sink refuses with a reason.
        (Err(Stop::Refused), None) => Err(E::from(Error {
            offset: 0,
            problem: Problem::Cut,
        })),
    }
}
