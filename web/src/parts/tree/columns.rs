//! The columns of the tree: from these tables its heads, its rows and its widths are made.

use yew::prelude::*;

use super::widths::Widths;
use super::{cells, compared};
use crate::browser;
use crate::worker::protocol::{Column, Row};

/// A column.
pub(crate) struct Spec {
    pub(crate) column: Column,
    pub(crate) title: &'static str,
    /// In pixels; the column of names takes what is left.
    width: f64,
    /// Its figures stand at its right.
    pub(crate) figures: bool,
    /// Where there is little room, the columns with the highest rank go.
    rank: u32,
    /// Shown unless the visitor hides it.
    usual: bool,
    pub(super) cell: fn(&Row) -> Html,
}

/// The columns that are drawn.
#[derive(Clone)]
pub(crate) struct Columns(pub(super) Vec<&'static Spec>);

impl PartialEq for Columns {
    fn eq(&self, other: &Self) -> bool {
        let columns = |all: &Columns| all.0.iter().map(|spec| spec.column).collect::<Vec<_>>();
        columns(self) == columns(other)
    }
}

impl std::ops::Deref for Columns {
    type Target = [&'static Spec];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// All columns of a filesystem in their order.
pub(crate) const COLUMNS: [Spec; 8] = [
    spec(Column::Name, "Name", 0.0, 0, cells::name),
    Spec {
        figures: true,
        ..spec(Column::Size, "Size", 80.0, 1, cells::size)
    },
    Spec {
        figures: true,
        ..spec(Column::Download, "Download", 80.0, 2, cells::download)
    },
    Spec {
        figures: true,
        ..spec(Column::Wasted, "Wasted", 80.0, 3, cells::wasted)
    },
    spec(Column::Mode, "Mode", 86.0, 5, cells::mode),
    spec(Column::Owner, "Owner", 72.0, 6, cells::owner),
    Spec {
        usual: false,
        ..spec(Column::Modified, "Modified", 84.0, 7, cells::modified)
    },
    Spec {
        figures: true,
        ..spec(Column::Layer, "Layer", 46.0, 4, cells::layer)
    },
];

/// Those of a comparison.
const COMPARED: [Spec; 7] = [
    spec(Column::Name, "Name", 0.0, 0, compared::name),
    Spec {
        figures: true,
        ..spec(Column::Before, "Before", 80.0, 2, compared::before)
    },
    Spec {
        figures: true,
        ..spec(Column::After, "After", 80.0, 3, compared::after)
    },
    Spec {
        figures: true,
        ..spec(Column::Change, "Change", 86.0, 1, compared::change)
    },
    Spec {
        figures: true,
        ..spec(Column::Download, "Download", 86.0, 5, compared::download)
    },
    Spec {
        figures: true,
        ..spec(Column::Wasted, "Wasted", 86.0, 6, compared::wasted)
    },
    Spec {
        figures: true,
        ..spec(Column::Layer, "Layer", 46.0, 4, cells::layer)
    },
];

const fn spec(
    column: Column,
    title: &'static str,
    width: f64,
    rank: u32,
    cell: fn(&Row) -> Html,
) -> Spec {
    Spec {
        column,
        title,
        width,
        figures: false,
        rank,
        usual: true,
        cell,
    }
}

impl Spec {
    /// Its class in the style sheet, which knows columns by `data-column`.
    pub(super) fn class(&self) -> Classes {
        classes!("cell", self.figures.then_some("at-right"))
    }
}

/// Between two columns, in pixels, as in the style sheet.
const GAP: f64 = 10.0;
/// What rows keep free on their left and right.
const PADDING: f64 = 43.0;
/// Less room than this is not left to names while there are other columns to give up: on the smallest screens only the
/// size stays.
const LEAST_NAME: f64 = 270.0;
/// The same where the visitor chose the columns.
const LEAST_NAME_CHOSEN: f64 = 130.0;
/// With more room than this, the sizes stay near the names.
const MOST_NAME: f64 = 520.0;

/// Which columns the visitor wants to see; the names are always there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    wanted: Vec<Column>,
    /// The visitor chose them: names then leave them more room.
    by_visitor: bool,
    /// They are those of a comparison, from which nothing is chosen.
    compared: bool,
    widths: Widths,
}

impl Chosen {
    /// As this browser remembers it.
    pub(crate) fn remembered() -> Self {
        match browser::columns() {
            Some(text) => {
                let wanted = text.split(',').filter_map(Column::of).collect();
                Chosen::by_visitor(wanted, Widths::remembered())
            }
            None => {
                let usual = COLUMNS.iter().filter(|spec| spec.usual);
                Chosen {
                    wanted: usual.map(|spec| spec.column).collect(),
                    by_visitor: false,
                    compared: false,
                    widths: Widths::remembered(),
                }
            }
        }
    }

    fn by_visitor(wanted: Vec<Column>, widths: Widths) -> Self {
        Chosen {
            wanted,
            by_visitor: true,
            compared: false,
            widths,
        }
    }

    /// All of a comparison.
    pub(crate) fn of_comparison() -> Self {
        Chosen {
            wanted: COMPARED.iter().map(|spec| spec.column).collect(),
            by_visitor: false,
            compared: true,
            widths: Widths::remembered(),
        }
    }

    /// With another width of a column, the usual one where that is none; remembered in this browser.
    pub(crate) fn widened(&self, column: Column, width: Option<u32>) -> Self {
        Chosen {
            widths: self.widths.keep(column, width),
            ..self.clone()
        }
    }

    /// Whether the visitor gave any column a width.
    pub(crate) fn has_widths(&self) -> bool {
        !self.widths.is_empty()
    }

    /// With the usual widths of all columns, here and in this browser.
    pub(crate) fn without_widths(&self) -> Self {
        Chosen {
            widths: Widths::forget(),
            ..self.clone()
        }
    }

    /// In pixels; of names nothing, which take what is left.
    pub(super) fn width(&self, spec: &Spec) -> f64 {
        self.widths.of(spec.column).map_or(spec.width, f64::from)
    }

    fn table(&self) -> &'static [Spec] {
        match self.compared {
            true => &COMPARED,
            false => &COLUMNS,
        }
    }

    pub(crate) fn has(&self, column: Column) -> bool {
        column == Column::Name || self.wanted.contains(&column)
    }

    /// With a column, or without it, the other way round than now; remembered in this browser.
    pub(crate) fn toggle(&self, column: Column) -> Self {
        let mut wanted = self.wanted.clone();
        match wanted.iter().position(|other| *other == column) {
            Some(at) => drop(wanted.remove(at)),
            None => wanted.push(column),
        }
        let names: Vec<_> = wanted.iter().map(|column| column.name()).collect();
        browser::keep_columns(&names.join(","));
        Chosen::by_visitor(wanted, self.widths.clone())
    }

    /// The columns for which a tree of this width has room; none before the width is known, so that none moves.
    pub(super) fn fitting(&self, width: f64) -> Vec<&'static Spec> {
        if width <= 0.0 {
            return Vec::new();
        }
        let table = self.table();
        let mut by_rank: Vec<_> = table.iter().collect();
        by_rank.sort_by_key(|spec| spec.rank);
        let least = match self.by_visitor {
            true => LEAST_NAME_CHOSEN,
            false => LEAST_NAME,
        };
        let mut left = width - PADDING - least;
        let mut full = false;
        let fits = |spec: &&Spec| {
            if !self.has(spec.column) {
                return false;
            }
            if matches!(spec.column, Column::Name) {
                return true;
            }
            left -= self.width(spec) + GAP;
            // The first of them has room on every screen.
            full |= left < 0.0 && spec.rank > 1;
            !full
        };
        let mut shown: Vec<_> = by_rank.into_iter().filter(fits).collect();
        shown.sort_by_key(|shown| table.iter().position(|spec| spec.column == shown.column));
        shown
    }
}

/// The tracks of the grid for these columns, as CSS.
pub(super) fn tracks(columns: &[&Spec], chosen: &Chosen, width: f64) -> String {
    let usual: f64 = columns.iter().map(|spec| spec.width + GAP).sum();
    let others: f64 = columns.iter().map(|spec| chosen.width(spec) + GAP).sum();
    // What columns take, the names give: so a column's line follows the pointer that drags it.
    let most_name = (MOST_NAME + usual - others).max(LEAST_NAME_CHOSEN);
    // In a comparison what differs stands beside the names.
    let wide = !chosen.compared && width - PADDING - others > most_name;
    let track = |spec: &&Spec| match spec.column {
        Column::Name if wide => format!("{most_name}px"),
        Column::Name => "minmax(0, 1fr)".to_owned(),
        _ => format!("{}px", chosen.width(spec)),
    };
    columns.iter().map(track).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_table_has_every_column_in_its_order() {
        let all = || COLUMNS.iter().chain(&COMPARED).map(|spec| spec.column);
        for row in Column::TABLE {
            assert!(all().any(|listed| listed == row.column), "{}", row.name);
        }
        let of_files = Column::TABLE.iter().filter(|row| !row.is_of_comparison);
        let named = of_files.map(|row| row.column);
        assert!(named.eq(COLUMNS.iter().map(|spec| spec.column)));
    }

    #[test]
    fn columns_go_by_rank_where_room_is_little() {
        let all: Vec<_> = COLUMNS.iter().map(|spec| spec.column).collect();
        let chosen = Chosen {
            wanted: all.clone(),
            by_visitor: false,
            compared: false,
            widths: Widths::default(),
        };
        let names = |width: f64| -> Vec<_> {
            let fitting = chosen.fitting(width).into_iter();
            fitting.map(|spec| spec.column.name()).collect()
        };
        assert_eq!(names(300.0), ["name", "size"]);
        assert_eq!(names(500.0), ["name", "size", "download"]);
        assert_eq!(
            names(778.0),
            ["name", "size", "download", "wasted", "mode", "layer"]
        );
        assert_eq!(names(1_400.0).len(), 8);
        let by_visitor = |wanted| Chosen::by_visitor(wanted, Widths::default());
        assert_eq!(by_visitor(all).fitting(778.0).len(), 8);
        let none = by_visitor(Vec::new());
        assert_eq!(none.fitting(900.0).len(), 1);
        // Those of a comparison reach across a wide tree.
        let across = |chosen: &Chosen| {
            let columns = chosen.fitting(1_900.0);
            tracks(&columns, chosen, 1_900.0)
        };
        assert!(across(&chosen).starts_with("520px "));
        assert!(across(&Chosen::of_comparison()).starts_with("minmax(0, 1fr) "));
        let compared = |width: f64| -> Vec<_> {
            let fitting = Chosen::of_comparison().fitting(width).into_iter();
            fitting.map(|spec| spec.column.name()).collect()
        };
        assert_eq!(compared(370.0), ["name", "change"]);
        assert_eq!(
            compared(700.0),
            ["name", "before", "after", "change", "layer"]
        );
        assert_eq!(compared(1_000.0).len(), 7);
    }
}
