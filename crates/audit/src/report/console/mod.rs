//! Reports as text: safe to print, and wrapped to the columns of a terminal where they are for one.
//!
//! Colours are escape codes in the text; whoever prints it where there are none takes them out.

pub mod artifact;
pub mod audit;
pub mod comparison;
pub mod history;
pub mod inspection;
mod layout;
pub mod packages;
pub mod reproducible;
pub mod summary;
pub mod verdict;

pub use layout::{Screen, folded, wrapped};
