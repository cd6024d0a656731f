//! Which decoder of blocks is used: the C library natively, and zrip where no C compiler reaches.

use super::blocks::Blocks;

/// The fastest that there is here.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn fastest() -> Box<dyn Blocks> {
    Box::<super::native::Native>::default()
}

/// The fastest that there is here.
#[cfg(target_arch = "wasm32")]
pub(super) fn fastest() -> Box<dyn Blocks> {
    portable()
}

/// The one that there is everywhere.
pub(super) fn portable() -> Box<dyn Blocks> {
    Box::new(super::portable::Portable::new())
}
