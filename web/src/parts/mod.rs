//! Pieces that several views are made of.

pub(crate) mod bar;
pub(crate) mod changed_lines;
pub(crate) mod chips;
mod colours;
pub(crate) mod copy;
pub(crate) mod crumbs;
pub(crate) mod drawn_rows;
pub(crate) mod drop;
pub(crate) mod find;
pub(crate) mod folder;
pub(crate) mod in_view;
pub(crate) mod lines;
pub(crate) mod logo;
pub(crate) mod mark;
pub(crate) mod missing;
pub(crate) mod panel;
pub(crate) mod paste;
pub(crate) mod pick;
pub(crate) mod range;
pub(crate) mod search;
pub(crate) mod size;
pub(crate) mod tree;
pub(crate) mod watch;
pub(crate) mod window;
