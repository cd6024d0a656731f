//! The reading of a content, of two versions, or of a folder: one at a time.

use futures::future::AbortHandle;

use super::protocol::UserError;

/// What is being read.
#[derive(Default)]
pub(crate) struct Reader {
    /// Counts what was asked for: an older read ends when another one begins.
    round: u32,
    /// Ends what is under way, even where no bytes come.
    abort: Option<AbortHandle>,
    /// Bytes of layers that came, and all that are needed.
    pub(crate) progress: Option<(u64, u64)>,
}

impl Reader {
    /// Ends what is under way; the answer numbers what begins.
    pub(super) fn begin(&mut self) -> u32 {
        self.stop();
        self.round
    }

    /// What is under way ends by this.
    pub(super) fn end_by(&mut self, abort: AbortHandle) {
        self.abort = Some(abort);
    }

    /// Tells how far reading is, unless something else is asked for by now.
    pub(super) fn hear(&mut self, round: u32, received: u64, whole: u64) -> Result<(), UserError> {
        if self.round != round {
            return Err(UserError::stopped());
        }
        self.progress = Some((received, whole));
        Ok(())
    }

    /// Bytes that came so far.
    pub(super) fn received(&self) -> u64 {
        self.progress.map_or(0, |(received, _)| received)
    }

    /// Whether nothing else is asked for by now.
    pub(super) fn is_at(&self, round: u32) -> bool {
        self.round == round
    }

    /// Ends what is under way.
    pub(crate) fn stop(&mut self) {
        self.round = self.round.wrapping_add(1);
        self.progress = None;
        if let Some(abort) = self.abort.take() {
            abort.abort();
        }
    }
}
