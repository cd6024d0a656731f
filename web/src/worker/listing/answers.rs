//! What the page asks of the tree of an image, or of two that are compared.

use super::Listing;
use crate::worker::image_worker::{ImageWorker, LayerStack};
use crate::worker::protocol::{
    Answers, Expand, FoundRow, MapFacts, MapOf, OpenFolders, Parent, Row, Rows, Seek, Show,
    Showing, Shown, Toggle, TypeAhead,
};

/// Open folders that the page is told, to remember them.
const OPEN_FOLDERS: usize = 2_000;

impl Answers<Show> for ImageWorker {
    fn answer(&mut self, Show(showing): Show) -> Shown {
        match &mut self.comparison {
            Some(comparison) => comparison.show(showing),
            None => self.show(showing),
        }
    }
}

impl Answers<Rows> for ImageWorker {
    fn answer(&mut self, Rows { from, count }: Rows) -> Vec<Row> {
        if let Some(comparison) = &self.comparison {
            return comparison.rows(from, count);
        }
        let listed = self.listed();
        let rows = listed.map(|(listing, open, at)| listing.rows(at, open, from, count));
        rows.unwrap_or_default()
    }
}

impl Answers<MapOf> for ImageWorker {
    fn answer(&mut self, asked: MapOf) -> Option<Box<MapFacts>> {
        if self.show(asked.showing.clone()).missing {
            return Some(Box::new(MapFacts {
                missing: true,
                ..MapFacts::default()
            }));
        }
        let packages = self.packages.take();
        let map = self.listed().map(|(listing, _, at)| {
            // A layer that stands alone numbers its paths anew.
            let of_stack = packages.as_ref().filter(|_| at.offset == 0);
            listing.map(at, &asked, of_stack)
        });
        self.packages = packages;
        Some(Box::new(map?))
    }
}

impl Answers<Toggle> for ImageWorker {
    fn answer(&mut self, asked: Toggle) -> Option<Shown> {
        if let Some(comparison) = &mut self.comparison {
            return Some(comparison.toggle(&asked));
        }
        let (listing, open, at) = self.listed()?;
        if let Some(row) = listing.row_number(at, &asked.path, asked.row) {
            listing.toggle(at, open, row, asked.open);
        }
        Some(listing.shown(at))
    }
}

impl Answers<Expand> for ImageWorker {
    fn answer(&mut self, asked: Expand) -> Option<Shown> {
        if let Some(comparison) = &mut self.comparison {
            return Some(comparison.expand(&asked));
        }
        let Expand { depth } = asked;
        let (listing, open, at) = self.listed()?;
        listing.expand(at, open, depth);
        Some(listing.shown(at))
    }
}

impl Answers<OpenFolders> for ImageWorker {
    fn answer(&mut self, _: OpenFolders) -> Vec<Vec<u8>> {
        self.open_folders()
    }
}

impl Answers<Parent> for ImageWorker {
    fn answer(&mut self, Parent { row }: Parent) -> Option<u32> {
        if let Some(comparison) = &self.comparison {
            return comparison.parent(row);
        }
        self.listing.as_ref()?.parent(row)
    }
}

impl Answers<Seek> for ImageWorker {
    fn answer(&mut self, asked: Seek) -> Option<FoundRow> {
        if let Some(comparison) = &mut self.comparison {
            return Some(comparison.seek(&asked));
        }
        let Seek { path } = asked;
        let (listing, open, at) = self.listed()?;
        Some(listing.seek(at, open, &path))
    }
}

impl Answers<TypeAhead> for ImageWorker {
    fn answer(&mut self, asked: TypeAhead) -> Option<u32> {
        if let Some(comparison) = &self.comparison {
            return comparison.type_ahead(&asked);
        }
        let (listing, _, at) = self.listed()?;
        listing.type_ahead(at, &asked)
    }
}

impl ImageWorker {
    fn show(&mut self, mut showing: Showing) -> Shown {
        self.open_again();
        let alone = self.ground(showing.layer);
        // Alone, a layer has changed nothing: it is shown as what it holds.
        if alone.is_some() {
            showing.changes_from = None;
        }
        let ground = match alone {
            Some(layer) => self.alone.get(&layer),
            None => Some(&self.main),
        };
        let Some(ground) = ground.filter(|ground| ground.stack.depth() > 0) else {
            self.listing = None;
            return Shown {
                missing: true,
                ..Shown::default()
            };
        };
        let LayerStack {
            stack,
            open,
            offset,
        } = ground;
        self.costs.name_owners(stack, *offset, showing.layer);
        let at = self.costs.at(stack, *offset, showing.layer);
        match &mut self.listing {
            Some(listing) if listing.showing == showing => {}
            Some(listing) if listing.is_of(&showing) => listing.reshow(at, showing, open),
            _ => self.listing = Some(Listing::new(at, showing, open)),
        }
        let listing = self.listing.as_ref();
        listing.map(|listing| listing.shown(at)).unwrap_or_default()
    }

    /// Opens the folders that were open before the page was loaded again, as far as they are here.
    fn open_again(&mut self) {
        let LayerStack { stack, open, .. } = &mut self.main;
        self.to_open.retain(|path| match stack.find(path) {
            Some(node) => {
                open.insert(node);
                false
            }
            None => true,
        });
    }

    /// The paths of the open folders, and of those that are still to be opened.
    fn open_folders(&self) -> Vec<Vec<u8>> {
        let LayerStack { stack, open, .. } = &self.main;
        let open = open.iter().map(|node| stack.path(*node));
        let paths = open.chain(self.to_open.iter().cloned());
        paths.take(OPEN_FOLDERS).collect()
    }
}
