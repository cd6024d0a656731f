//! Images in saved files, read where they lie: the outer tar is walked from header to header, and what its members
//! hold is read only when it is asked for.

pub mod docker;
mod members;
mod read_at;

#[cfg(not(target_arch = "wasm32"))]
pub use read_at::FileBytes;
pub use read_at::ReadAt;
