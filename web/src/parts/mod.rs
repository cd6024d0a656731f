//! Pieces that several views are made of.

pub(crate) mod bar;
pub(crate) mod logo;
pub(crate) mod mark;
pub(crate) mod size;
pub(crate) mod tree;
