//! A hasher on a thread of its own.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use bytes::Bytes;

use super::marks::Marking;
use crate::digest::{Digest, HashState};

/// Bytes that are copied for the thread at once.
const PIECE: usize = 256 << 10;
/// Pieces that wait for it at most.
const WAITING: usize = 8;

enum Piece {
    Copied(Vec<u8>),
    Shared(Bytes),
}

/// A hasher on a thread.
pub(in crate::layer) struct Beside {
    /// What is copied for it next.
    next: Vec<u8>,
    pieces: SyncSender<Piece>,
    /// Where the thread gives back what it was given to fill again.
    emptied: Receiver<Vec<u8>>,
    thread: JoinHandle<Marking>,
}

impl Beside {
    /// Starts the thread. None where the system has none.
    pub(super) fn start(hasher: Marking) -> Option<Self> {
        let (pieces, waiting) = sync_channel(WAITING);
        let (give_back, emptied) = channel();
        let thread = thread::Builder::new()
            .name("hashing".to_owned())
            .spawn(move || hashed(hasher, waiting, give_back));
        Some(Self {
            next: Vec::with_capacity(PIECE),
            pieces,
            emptied,
            thread: thread.ok()?,
        })
    }

    pub(super) fn copy(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            let room = (PIECE - self.next.len()).min(data.len());
            let (now, rest) = data.split_at(room);
            self.next.extend_from_slice(now);
            data = rest;
            if self.next.len() == PIECE {
                self.hand_on();
            }
        }
    }

    pub(super) fn share(&mut self, data: &Bytes) {
        self.hand_on();
        // The thread ends only when this is dropped.
        let _ = self.pieces.send(Piece::Shared(data.clone()));
    }

    pub(super) fn finish(mut self) -> (Digest, Vec<HashState>) {
        self.hand_on();
        let Self { pieces, thread, .. } = self;
        drop(pieces);
        match thread.join() {
            Ok(hasher) => hasher.finish(),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    fn hand_on(&mut self) {
        if self.next.is_empty() {
            return;
        }
        let emptied = self.emptied.try_recv();
        let next = emptied.unwrap_or_else(|_| Vec::with_capacity(PIECE));
        let full = std::mem::replace(&mut self.next, next);
        let _ = self.pieces.send(Piece::Copied(full));
    }
}

/// Hashes pieces until there are no more.
fn hashed(mut hasher: Marking, pieces: Receiver<Piece>, give_back: Sender<Vec<u8>>) -> Marking {
    for piece in pieces {
        match piece {
            Piece::Shared(bytes) => hasher.update(&bytes),
            Piece::Copied(mut bytes) => {
                hasher.update(&bytes);
                bytes.clear();
                // Nobody wants it where no more is copied.
                let _ = give_back.send(bytes);
            }
        }
    }
    hasher
}
