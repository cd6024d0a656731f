//! Numbers from one to another.

/// Numbers from one to another, both in it; open at the ends that are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span<T> {
    pub(super) first: Option<T>,
    pub(super) last: Option<T>,
}

impl<T: Ord + Copy> Span<T> {
    pub(super) fn contains(&self, value: T) -> bool {
        self.first.is_none_or(|first| first <= value) && self.last.is_none_or(|last| value <= last)
    }
}
