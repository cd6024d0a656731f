//! A folder as a tar: what a stack has below it, with owners, modes, times and links. Of each layer that stores some of its
//! files, what is needed is read once; nothing is handed over before all of it is verified.

pub(crate) mod saved;
mod write;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::rc::Rc;

use js_sys::Array;
use onionskin_core::layer::{EntryId, EntryKind};
use onionskin_core::stack::view::{Row, View};
use web_sys::{BlobPropertyBag, Url};

use self::saved::Saved;
use self::write::{Head, TarWriter};
use super::content;
use super::content::read::{self, Layers, StoredLayer};
use super::file::BlobWriter;
use super::image_worker::ImageWorker;
use super::protocol::{FolderFacts, ReadFolder, UserError};

/// Bytes of all files of a folder that is read.
const LARGEST: u64 = 2 << 30;
/// Paths of such a folder.
const PATHS: usize = 500_000;

/// What the tar will have.
#[derive(Default)]
struct Plan {
    /// Folders, and what has no content: in an order in which they can be written.
    first: Vec<(EntryKind, Head)>,
    /// By layer, files that have a content.
    files: BTreeMap<usize, HashMap<EntryId, Head>>,
    /// Further names of files.
    links: Vec<Head>,
    bytes: u64,
    /// Paths that cannot be written: links to what is nowhere.
    skipped: u64,
    paths: u64,
}

/// Writes a folder.
pub(crate) async fn read(
    worker: Rc<RefCell<ImageWorker>>,
    asked: ReadFolder,
) -> Result<Box<FolderFacts>, UserError> {
    let (plan, stored, round) = {
        let mut worker = worker.borrow_mut();
        let round = worker.begin_reading();
        let layers = worker.layers(asked.layer)?;
        let plan = Plan::of(layers, &asked)?;
        let stored: Result<Vec<(usize, StoredLayer)>, UserError> = plan
            .files
            .keys()
            .map(|layer| Ok((*layer, layers.stored(*layer)?)))
            .collect();
        (plan, stored?, round)
    };
    let mut plans = Vec::new();
    for (layer, stored) in &stored {
        if let Some(files) = plan.files.get(layer) {
            let entries = files.keys().copied().collect();
            plans.push((files, stored.plan(entries).await));
        }
    }
    let mut after: u64 = plans.iter().map(|(_, plan)| plan.size()).sum();
    let problem = |error: std::io::Error| UserError::of_file(&error.to_string());
    let mut tar = TarWriter::new(BlobWriter::new().map_err(problem)?);
    for (kind, head) in &plan.first {
        tar.begin(*kind, head).map_err(problem)?;
    }
    for (files, of_layer) in plans {
        after -= of_layer.size();
        let before = worker.borrow().reader.received();
        let mut hear = |received: u64, whole: u64| {
            let (received, whole) = (before + received, before + whole + after);
            worker.borrow_mut().reader.hear(round, received, whole)
        };
        let mut here = None;
        let mut sink = |entry: EntryId, piece: onionskin_core::layer::Piece<'_>| {
            if here != Some(entry) {
                here = Some(entry);
                if let Some(head) = files.get(&entry) {
                    tar.begin(EntryKind::File, head)?;
                }
            }
            read::write(&mut tar, piece)
        };
        let reading = of_layer.read(&mut hear, &mut sink);
        content::unless_stopped(&worker, round, reading).await?;
    }
    for head in &plan.links {
        tar.begin(EntryKind::Hardlink, head).map_err(problem)?;
    }
    let mut kept = tar.finish().map_err(problem)?;
    kept.flush().map_err(problem)?;
    let blob = kept.blob().map_err(problem)?;
    let options = BlobPropertyBag::new();
    options.set_type("application/x-tar");
    let typed = web_sys::Blob::new_with_blob_sequence_and_options(&Array::of1(&blob), &options);
    let url = typed.and_then(|typed| Url::create_object_url_with_blob(&typed));
    let url = url.unwrap_or_default();
    let saved = Saved::at(url.clone());
    let mut worker = worker.borrow_mut();
    if !worker.reader.is_at(round) {
        return Err(UserError::stopped());
    }
    worker.reader.progress = None;
    worker.saved = Some(saved);
    Ok(Box::new(FolderFacts {
        url,
        size: blob.size() as u64,
        paths: plan.paths,
        skipped: plan.skipped,
    }))
}

impl Plan {
    fn of(layers: Layers<'_>, asked: &ReadFolder) -> Result<Self, UserError> {
        let missing = |detail: &str| UserError::of_content(detail);
        let stack = layers.stack;
        let at = (asked.layer as usize).saturating_sub(layers.offset);
        let view = View::stack(stack, at);
        let root = stack
            .find(&asked.path)
            .ok_or_else(|| missing("no layer has this path"))?;
        let top = match stack.name(root) {
            b"" => b".".to_vec(),
            name => name.to_vec(),
        };
        let mut plan = Plan::default();
        // The first name of each file.
        let mut names: HashMap<(usize, EntryId), Vec<u8>> = HashMap::new();
        let mut waiting = vec![(root, top)];
        while let Some((node, name)) = waiting.pop() {
            let Some((row, version)) = view.row(stack, node).zip(view.version(node)) else {
                continue;
            };
            plan.paths += 1;
            if plan.paths as usize > PATHS {
                return Err(missing("the folder has more than 500,000 paths"));
            }
            let Some((layer, entry)) = stack.stored_by(version) else {
                let mut folder = head(&row, name.clone());
                folder.name.push(b'/');
                plan.first.push((EntryKind::Dir, folder));
                for child in view.children(node).iter().rev() {
                    let name = [&name[..], b"/", stack.name(*child)].concat();
                    waiting.push((*child, name));
                }
                continue;
            };
            let Some(index) = stack.layer(layer) else {
                continue;
            };
            let kind = index.kind(entry);
            if let Some(first) = names.get(&(layer, entry)) {
                plan.links.push(Head {
                    link: first.clone(),
                    ..head(&row, name)
                });
                continue;
            }
            let mut head = head(&row, name.clone());
            match kind {
                EntryKind::File => {
                    head.size = index.logical_size(entry);
                    plan.bytes = plan.bytes.saturating_add(head.size);
                    if plan.bytes > LARGEST {
                        return Err(missing("the folder has more than 2 GB"));
                    }
                }
                // A link to what is nowhere.
                EntryKind::Hardlink => {
                    plan.skipped += 1;
                    continue;
                }
                EntryKind::Symlink => head.link = index.link(entry).unwrap_or_default().to_vec(),
                _ => head.device = index.device(entry).unwrap_or_default(),
            }
            names.insert((layer, entry), name);
            match head.size {
                0 => plan.first.push((kind, head)),
                _ => drop(plan.files.entry(layer).or_default().insert(entry, head)),
            }
        }
        if plan.paths == 0 {
            return Err(missing("the folder is not in the filesystem at this layer"));
        }
        Ok(plan)
    }
}

fn head(row: &Row<'_>, name: Vec<u8>) -> Head {
    Head {
        name,
        mode: row.mode(),
        owner: row.owner(),
        mtime: row.mtime().unwrap_or_default(),
        xattrs: row.xattrs().to_vec(),
        ..Head::default()
    }
}
