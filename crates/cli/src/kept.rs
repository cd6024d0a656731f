//! A file's content held back until the layer that it comes from is known to be the right one.

use std::io::{self, Read as _, Seek as _, Write as _};

use onionskin_core::layer::Piece;
use onionskin_core::source::TemporaryFile;

/// Bytes that are held in memory; larger files go to a temporary one.
const IN_MEMORY: usize = 4 << 20;
/// Bytes that are given back at a time.
const CHUNK: u64 = 256 << 10;

/// Content that came, and is not given to anybody yet.
#[derive(Default)]
pub(crate) struct Kept {
    runs: Vec<Run>,
    memory: Vec<u8>,
    file: Option<TemporaryFile>,
    failed: Option<io::Error>,
}

/// A run of content.
enum Run {
    Bytes(u64),
    Hole(u64),
}

impl Kept {
    /// Keeps what comes next. After a failure, which [`Self::check`] tells, nothing is kept any more.
    pub(crate) fn take(&mut self, piece: Piece<'_>) {
        if self.failed.is_some() {
            return;
        }
        match (piece, self.runs.last_mut()) {
            (Piece::Bytes(bytes), last) => {
                let length = bytes.len() as u64;
                match last {
                    Some(Run::Bytes(run)) => *run += length,
                    _ => self.runs.push(Run::Bytes(length)),
                }
                self.failed = self.write(bytes).err();
            }
            (Piece::Hole(length), Some(Run::Hole(run))) => *run = run.saturating_add(length),
            (Piece::Hole(length), _) => self.runs.push(Run::Hole(length)),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.file.is_none() && self.memory.len() + bytes.len() <= IN_MEMORY {
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut file = TemporaryFile::new()?;
                file.write_all(&std::mem::take(&mut self.memory))?;
                none.insert(file)
            }
        };
        file.write_all(bytes)
    }

    /// Whether all that came could be kept.
    pub(crate) fn check(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Gives all of it to `sink`, in its order, until that fails.
    pub(crate) fn give(
        mut self,
        mut sink: impl FnMut(Piece<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if let Some(file) = &mut self.file {
            file.rewind()?;
        }
        let mut memory = self.memory.as_slice();
        let mut chunk = Vec::new();
        for run in self.runs {
            let mut left = match run {
                Run::Hole(length) => {
                    sink(Piece::Hole(length))?;
                    continue;
                }
                Run::Bytes(length) => length,
            };
            while left > 0 {
                let now = left.min(CHUNK);
                chunk.resize(usize::try_from(now)?, 0);
                match &mut self.file {
                    Some(file) => file.read_exact(&mut chunk)?,
                    None => memory.read_exact(&mut chunk)?,
                }
                sink(Piece::Bytes(&chunk))?;
                left -= now;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_given_back_in_memory_and_on_disk() {
        for size in [10, IN_MEMORY / 2 + 3] {
            let part: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let mut kept = Kept::default();
            let pieces = [
                Piece::Hole(5),
                Piece::Bytes(&part),
                Piece::Bytes(&part),
                Piece::Hole(7),
                Piece::Hole(1),
                Piece::Bytes(&part),
            ];
            pieces.iter().for_each(|piece| kept.take(*piece));
            kept.check().unwrap();
            assert_eq!(kept.file.is_some(), size > 10);
            let mut given: Vec<u8> = Vec::new();
            kept.give(|piece| {
                match piece {
                    Piece::Bytes(bytes) => given.extend_from_slice(bytes),
                    Piece::Hole(length) => given.resize(given.len() + length as usize, 0),
                }
                Ok(())
            })
            .unwrap();
            let expected = [&[0; 5][..], &part, &part, &[0; 8], &part].concat();
            assert!(given == expected, "{size}");
        }
    }
}
