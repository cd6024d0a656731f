//! xz: streams one after the other, with padding between them (The .xz File Format, section 2).

use std::io;

use lzma_rust2::{Action, Status, XzStream};

use super::error::Stop;
use super::{OffsetMap, Problem, Sink};
use crate::limits::XZ_DICTIONARY;

/// Bytes that are decompressed at a time.
const OUTPUT: usize = 64 << 10;

pub(super) struct Xz {
    stream: XzStream,
    output: Vec<u8>,
    offset: u64,
    made: u64,
}

impl Xz {
    pub(super) fn new() -> Self {
        // A limit in KiB; the decoder has some hundred of its own beside the dictionary.
        let memory = (XZ_DICTIONARY >> 10) + 1024;
        Self {
            stream: XzStream::new_mem_limit(true, u32::try_from(memory).unwrap_or(u32::MAX)),
            output: vec![0; OUTPUT],
            offset: 0,
            made: 0,
        }
    }

    pub(super) fn push(&mut self, data: &[u8], sink: Sink<'_>) -> Result<(), Stop> {
        self.process(data, Action::Run, sink)
    }

    pub(super) fn finish(mut self, sink: Sink<'_>) -> Result<OffsetMap, Stop> {
        self.process(&[], Action::Finish, sink)?;
        Ok(OffsetMap::of_end(self.offset, self.made))
    }

    fn process(&mut self, mut data: &[u8], action: Action, sink: Sink<'_>) -> Result<(), Stop> {
        loop {
            let done = self.stream.process(data, &mut self.output, action);
            let done = done.map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => self.stop(Problem::Cut),
                io::ErrorKind::OutOfMemory => self.stop(Problem::Dictionary),
                _ => self.stop(CORRUPT),
            })?;
            sink(self.output.get(..done.bytes_produced).unwrap_or_default())?;
            data = data.get(done.bytes_consumed..).unwrap_or_default();
            self.offset += done.bytes_consumed as u64;
            self.made += done.bytes_produced as u64;
            let idle = done.bytes_consumed == 0 && done.bytes_produced == 0;
            match action {
                _ if done.status == Status::StreamEnd => return Ok(()),
                Action::Run if data.is_empty() && done.bytes_produced < OUTPUT => return Ok(()),
                Action::Run if idle => return Err(self.stop(CORRUPT)),
                Action::Finish if idle => return Err(self.stop(Problem::Cut)),
                _ => {}
            }
        }
    }

    const fn stop(&self, problem: Problem) -> Stop {
        Stop::at(self.offset, problem)
    }
}

const CORRUPT: Problem = Problem::Corrupt("its xz data is corrupt");
