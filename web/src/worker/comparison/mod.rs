//! Two images compared: both are read, a layer that both have once, and the core tells what differs.

pub(crate) mod answers;
mod facts;
mod map;
mod read;
mod rows;

use std::cell::RefCell;
use std::rc::Rc;

use onionskin_core::compare::{self, ChangeTree, Options, Sums};
use onionskin_core::inspection::Inspection;
use onionskin_core::ledger::Ledger;
use onionskin_core::link::{self, ComparedSide, InFile, Links};
use onionskin_core::manifest::Config;
use onionskin_core::ownership::Packages;
use onionskin_core::report::comparison::{self as report, html};
use onionskin_core::report::{text, xattrs};
use onionskin_core::source::Image;
use onionskin_core::stack::Stack;
use onionskin_core::stack::view::View;
use web_sys::{Blob, DedicatedWorkerGlobalScope};

use self::answers::ComparisonAnswers;
use self::read::{Opened, Tell};
use self::rows::Rows;
use super::content::read::{Layers, Wanted};
use super::image_worker::ImageWorker;
use super::origin::Origin;
use super::port;
use super::protocol::{
    Answers, Both, Column, Compare, ComparedMap, ComparedMapOf, ComparisonEvent, ComparisonReport,
    Event, Expand, FoundRow, HoldFile, Kinds, Message, PathVersion, PathVersions, ReportForm, Row,
    Seek, Showing, Shown, Side, Sort, Subject, Toggle, TypeAhead, UserError, VersionsOf,
};
use super::registry_access;
use crate::counts::number;

/// Extended attributes of a path that are told, and characters of each value.
const XATTRS: usize = 32;
const XATTR_LENGTH: usize = 1_000;

/// A comparison that is done.
pub(crate) struct Comparison {
    sides: Both<ReadImage>,
    report: report::ComparisonReport,
    update: compare::Update,
    rows: Rows,
}

/// One of the images, read.
struct ReadImage {
    /// Up to the layer whose stack is compared.
    image: Image,
    /// All its layers count.
    is_whole: bool,
    subject: Subject,
    origin: Origin,
    file: Option<Blob>,
    stack: Stack,
    view: View,
    inspection: Inspection,
    /// Packages in it.
    packages: u64,
}

/// Reads two images and compares them, and tells what comes of it.
pub(crate) async fn run(
    worker: Rc<RefCell<ImageWorker>>,
    scope: DedicatedWorkerGlobalScope,
    asked: Compare,
) {
    let files = std::mem::take(&mut worker.borrow_mut().compared_files);
    let tell: Tell =
        Rc::new(move |event| port::tell(&scope, &Message::Event(Event::Compared(event))));
    let Some((sides, stacks)) = read::both(&tell, asked, files).await else {
        return;
    };
    // The page hears of it before this begins: a worker that runs out of memory says nothing more.
    tell(ComparisonEvent::Comparing {
        paths: (stacks.old.nodes() + stacks.new.nodes()) as u64,
    });
    let comparison = Comparison::of(sides, stacks);
    let facts = comparison.facts();
    worker.borrow_mut().comparison = Some(Box::new(comparison));
    tell(ComparisonEvent::Done(Box::new(facts)));
}

impl Comparison {
    fn of(sides: Both<Opened>, stacks: Both<Stack>) -> Self {
        let ledgers = (Ledger::of(&stacks.old), Ledger::of(&stacks.new));
        let packages = (
            Packages::of(&stacks.old, stacks.old.depth(), &ledgers.0),
            Packages::of(&stacks.new, stacks.new.depth(), &ledgers.1),
        );
        let compared = {
            let side = |opened, stack, packages| side(opened, stack, packages);
            compare::Comparison::of(
                side(&sides.old, &stacks.old, &packages.0),
                side(&sides.new, &stacks.new, &packages.1),
                &Options::default(),
            )
        };
        let update = compared.update.clone();
        let inspections = (
            Inspection::new(&sides.old.image, &stacks.old, &ledgers.0),
            Inspection::new(&sides.new.image, &stacks.new, &ledgers.1),
        );
        let wasted = compare::wasted_packages((&stacks.old, &ledgers.0), (&stacks.new, &ledgers.1));
        let (old, new) = (&inspections.0, &inspections.1);
        let sums = |stack, ledger, inspection: &Inspection| {
            Sums::of(stack, ledger, inspection.image.compressed_size.is_some())
        };
        let sums = (
            sums(&stacks.old, &ledgers.0, old),
            sums(&stacks.new, &ledgers.1, new),
        );
        let folders = compare::folders(&sums.0, &sums.1);
        let mut report = report::ComparisonReport::new(old, new, compared, wasted, folders);
        sides.old.tell_of_whole(&mut report.old);
        sides.new.tell_of_whole(&mut report.new);
        let tree = ChangeTree::of(&sums.0, &sums.1, &report.files);
        drop(sums);
        let rows = Rows::new(tree, &report.files, first_showing());
        let read = |opened: Opened, stack: Stack, inspection, packages: &Packages| ReadImage {
            is_whole: opened.is_whole(),
            image: opened.image,
            subject: opened.subject,
            origin: opened.origin,
            file: opened.file,
            view: View::stack(&stack, stack.depth()),
            stack,
            inspection,
            packages: packages.packages.len() as u64,
        };
        Comparison {
            sides: Both {
                old: read(sides.old, stacks.old, inspections.0, &packages.0),
                new: read(sides.new, stacks.new, inspections.1, &packages.1),
            },
            report,
            update,
            rows,
        }
    }

    /// Hands over what reports are made of.
    fn compared<T>(&self, make: impl FnOnce(&report::Compared<'_>) -> T) -> T {
        let Both { old, new } = &self.sides;
        let page = registry_access::base().map(|page| page.to_string());
        let page = page.as_deref();
        let links = |side: &ReadImage| Links::of(page?, &side.image, side.file());
        let links = (links(old), links(new));
        let link = page.and_then(|page| link::comparison(page, old.address(), new.address()));
        make(&report::Compared {
            report: &self.report,
            link: link.as_deref(),
            update: &self.update,
            old: report::Side::new(&old.inspection.layers, old.config(), links.0.as_ref()),
            new: report::Side::new(&new.inspection.layers, new.config(), links.1.as_ref()),
        })
    }
}

impl ComparisonAnswers for Comparison {
    fn show(&mut self, showing: Showing) -> Shown {
        self.rows.show(&self.report.files, showing)
    }

    fn map(&mut self, asked: &ComparedMapOf) -> ComparedMap {
        self.rows.show(&self.report.files, asked.showing.clone());
        map::of(&self.rows, &self.report.files, asked)
    }

    fn rows(&self, from: u32, count: u32) -> Vec<Row> {
        self.rows.rows(&self.report.files, from, count)
    }

    fn toggle(&mut self, asked: &Toggle) -> Shown {
        self.rows.toggle(&asked.path, asked.open)
    }

    fn expand(&mut self, asked: &Expand) -> Shown {
        self.rows.expand(asked.depth)
    }

    fn parent(&self, row: u32) -> Option<u32> {
        self.rows.parent(row)
    }

    fn seek(&mut self, asked: &Seek) -> FoundRow {
        self.rows.seek(&asked.path)
    }

    fn type_ahead(&self, asked: &TypeAhead) -> Option<u32> {
        self.rows.type_ahead(asked)
    }

    fn versions(&self, path: &[u8]) -> Option<PathVersions> {
        let (place, _) = self.rows.find(path)?;
        let row = self.rows.compared(&self.report.files, place)?;
        let before = row.from.as_deref().unwrap_or(path);
        let Both { old, new } = &self.sides;
        Some(PathVersions {
            old: old.version(before, new.xattrs(path)),
            new: new.version(path, old.xattrs(before)),
            row,
        })
    }

    fn wanted(&self, side: Side, path: &[u8]) -> Result<Wanted, UserError> {
        let compared = self.rows.find(path);
        let row = compared.and_then(|(place, _)| self.rows.compared(&self.report.files, place));
        let before = row.and_then(|row| row.from).filter(|_| side == Side::Old);
        let read = self.sides.of(side);
        let layers = Layers {
            stack: &read.stack,
            offset: 0,
            image: &read.image,
            origin: &read.origin,
            file: read.file.as_ref(),
            tables: None,
        };
        let path = before.as_deref().unwrap_or(path);
        layers.wanted(path, number(read.stack.depth()))
    }

    fn report(&self, form: ReportForm) -> Option<String> {
        match form {
            ReportForm::Json => {
                let mut json = onionskin_core::report::json::pretty(&self.report).ok()?;
                json.push('\n');
                Some(json)
            }
            ReportForm::Html => Some(self.compared(html::report)),
        }
    }
}

/// What is shown until the page asks.
fn first_showing() -> Showing {
    Showing {
        layer: 0,
        changes_from: None,
        hidden: Kinds::default(),
        hidden_changes: super::protocol::Changes::default(),
        sort: Sort {
            column: Column::Change,
            reversed: false,
        },
        find: String::new(),
    }
}

fn side<'a>(opened: &'a Opened, stack: &'a Stack, packages: &'a Packages) -> compare::Side<'a> {
    compare::Side {
        image: &opened.image,
        stack,
        layer: stack.depth(),
        packages,
    }
}

impl ReadImage {
    fn config(&self) -> &Config {
        &self.image.config
    }

    fn file(&self) -> Option<InFile<'_>> {
        self.subject.in_file()
    }

    fn address(&self) -> ComparedSide<'_> {
        ComparedSide {
            image: &self.image,
            file: self.file(),
            stack: (!self.is_whole).then_some(self.image.layers.len()),
        }
    }

    /// The extended attributes of a path; none where it is not there.
    fn xattrs(&self, path: &[u8]) -> Option<&[(Vec<u8>, Vec<u8>)]> {
        let node = self.stack.find(path)?;
        let version = self.stack.at(node, self.stack.depth())?;
        match self.stack.stored_by(version) {
            Some((layer, entry)) => Some(self.stack.layer(layer)?.xattrs(entry)),
            None => Some(self.view.row(&self.stack, node)?.xattrs()),
        }
    }

    /// A path, with those extended attributes that are not among the `other` image's; without these, all of them.
    fn version(&self, path: &[u8], other: Option<&[(Vec<u8>, Vec<u8>)]>) -> Option<PathVersion> {
        let node = self.stack.find(path)?;
        let row = self.view.row(&self.stack, node)?;
        let (uid, gid) = row.owner();
        let other = other.unwrap_or_default();
        let own = self.xattrs(path).unwrap_or_default().iter();
        let own = own.filter(|one| !other.contains(one));
        let told = |(name, value): &(Vec<u8>, Vec<u8>)| {
            let value = xattrs::value(name, value);
            (
                text(name).into_owned(),
                value.chars().take(XATTR_LENGTH).collect(),
            )
        };
        Some(PathVersion {
            path: path.to_vec(),
            kind: row.kind,
            mode: row.mode(),
            uid,
            gid,
            mtime: row.mtime().map(|(seconds, _)| seconds),
            xattrs: own.clone().take(XATTRS).map(told).collect(),
            more_xattrs: number(own.count().saturating_sub(XATTRS)),
            target: row.link().map(std::borrow::Cow::into_owned),
            layer: number(row.layer),
        })
    }
}

impl Opened {
    /// Which image it is says the whole of it, of which some layers may not have been read.
    fn tell_of_whole(&self, facts: &mut onionskin_core::inspection::ImageFacts) {
        facts.compressed_size = self.compressed_size;
        facts.size = facts.size.filter(|_| self.is_whole());
    }
}

/// Which side something is of, in words: `the old image`.
pub(crate) fn of_side(side: Side) -> String {
    format!("the {} image", side.name())
}

impl Answers<HoldFile> for ImageWorker {
    fn answer(&mut self, HoldFile(side): HoldFile) {
        *self.compared_files.of_mut(side) = self.file.take();
    }
}

impl Answers<ComparedMapOf> for ImageWorker {
    fn answer(&mut self, asked: ComparedMapOf) -> Option<Box<ComparedMap>> {
        let comparison = self.comparison.as_mut()?;
        Some(Box::new(comparison.map(&asked)))
    }
}

impl Answers<VersionsOf> for ImageWorker {
    fn answer(&mut self, VersionsOf { path }: VersionsOf) -> Option<Box<PathVersions>> {
        self.comparison.as_ref()?.versions(&path).map(Box::new)
    }
}

impl Answers<ComparisonReport> for ImageWorker {
    fn answer(&mut self, ComparisonReport(form): ComparisonReport) -> Option<String> {
        self.comparison.as_ref()?.report(form)
    }
}
