//! Every bound on what an image or a registry may make us hold, in one place.
//!
//! Each crate has those of its own steps, with their reasons. The gateway has limits of its own for its clients, in its
//! `limits`. How much the command and the page keep and show (caches, contents, downloads) is said where they do that.

pub use onionskin_audit::limits::*;
pub use onionskin_layers::limits::*;
pub use onionskin_oci::limits::*;

/// Bytes of the documents of an image in a saved analysis: its configuration, as text in JSON and as its bytes are, and what
/// its manifest says of layers, each of which may have as many bytes as a document.
pub const ANALYSIS_DOCUMENTS: u64 = 8 * DOCUMENT_BYTES as u64;

/// Bytes of the blob of a layer, as its index in a saved analysis says: nothing else bounds them there, and those of all
/// layers are added up.
pub const ANALYSIS_BLOB: u64 = 1 << 42;
