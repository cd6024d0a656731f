//! What the image worker asks of a comparison.

use crate::worker::content::read::Wanted;
use crate::worker::protocol::{
    ComparedMap, ComparedMapOf, Expand, FoundRow, PathVersions, ReportForm, Row, Seek, Showing,
    Shown, Side, Toggle, TypeAhead, UserError,
};

/// What the image worker knows of a comparison: comparing is a part of the program of its own.
pub(crate) trait ComparisonAnswers {
    fn show(&mut self, showing: Showing) -> Shown;
    fn rows(&self, from: u32, count: u32) -> Vec<Row>;
    fn toggle(&mut self, asked: &Toggle) -> Shown;
    fn expand(&mut self, asked: &Expand) -> Shown;
    fn parent(&self, row: u32) -> Option<u32>;
    fn seek(&mut self, asked: &Seek) -> FoundRow;
    fn type_ahead(&self, asked: &TypeAhead) -> Option<u32>;
    /// The map of a folder of what is shown.
    fn map(&mut self, asked: &ComparedMapOf) -> ComparedMap;
    /// A path that differs, in both images.
    fn versions(&self, path: &[u8]) -> Option<PathVersions>;
    /// Where the content of a path that differs is stored; of a moved file, where it was or is.
    fn wanted(&self, side: Side, path: &[u8]) -> Result<Wanted, UserError>;
    /// The report in a form of the command's.
    fn report(&self, form: ReportForm) -> Option<String>;
}
