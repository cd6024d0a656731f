//! Every bound on what an image or a registry may make us hold, in one place.
//!
//! Each crate has those of its own steps, with their reasons. The gateway has its own limits for its clients.

pub use onionskin_audit::limits::*;
pub use onionskin_layers::limits::*;
pub use onionskin_oci::limits::*;
