//! bzip2: streams one after the other, as pbzip2 writes them.

use ::bzip2::{Decompress, Status};

use super::error::Stop;
use super::{OffsetMap, Problem, Sink};

/// Bytes that are decompressed at a time.
const OUTPUT: usize = 64 << 10;

#[derive(Default)]
pub(super) struct Bzip2 {
    /// The stream that is being read; `None` between two.
    stream: Option<Decompress>,
    output: Vec<u8>,
    offset: u64,
    made: u64,
}

impl Bzip2 {
    pub(super) fn push(&mut self, mut data: &[u8], sink: Sink<'_>) -> Result<(), Stop> {
        self.output.resize(OUTPUT, 0);
        // A block is decompressed when it is whole, to more than goes out at once.
        let mut more = false;
        while more || !data.is_empty() {
            let stream = self.stream.get_or_insert_with(|| Decompress::new(false));
            let (read, written) = (stream.total_in(), stream.total_out());
            let status = stream.decompress(data, &mut self.output);
            let read = stream.total_in() - read;
            let written = stream.total_out() - written;
            let status = status.map_err(|_| corrupt(self.offset))?;
            let out = usize::try_from(written).ok();
            let out = out.and_then(|out| self.output.get(..out));
            sink(out.unwrap_or_default())?;
            let rest = usize::try_from(read).ok();
            data = rest.and_then(|read| data.get(read..)).unwrap_or_default();
            self.offset += read;
            self.made += written;
            more = written == OUTPUT as u64;
            if status == Status::StreamEnd {
                self.stream = None;
                more = false;
            } else if read == 0 && written == 0 && !data.is_empty() {
                return Err(corrupt(self.offset));
            }
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<OffsetMap, Stop> {
        match &self.stream {
            None => Ok(OffsetMap::of_end(self.offset, self.made)),
            Some(_) => Err(Stop::at(self.offset, Problem::Cut)),
        }
    }
}

const fn corrupt(offset: u64) -> Stop {
    Stop::at(offset, Problem::Corrupt("its bzip2 data is corrupt"))
}
