//! Reading the two images of a comparison: their documents, then the layers of both at once. A layer that both list is
//! read for the old one.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use futures::future::join;
use onionskin_core::platform::Platform;
use onionskin_core::source::{BlobId, Image, Layer, SourceError};
use onionskin_core::stack::Stack;
use web_sys::Blob;

use super::of_side;
use crate::counts::number;
use crate::worker::analysis;
use crate::worker::decode;
use crate::worker::file;
use crate::worker::origin::{Job, Origin, ReadMode};
use crate::worker::protocol::{
    Both, Compare, Compared, ComparisonEvent, ImageFacts, ReadSoFar, Side, Subject, UserError,
};
use crate::worker::registries::{Registries, repository};
use crate::worker::whole::{self, LayerProgress, LayerResult, Layers, first_problem, stacked};

/// Between two rounds of telling how far the layers are, in milliseconds.
const PAUSE: f64 = 100.0;

/// An image whose documents are read.
pub(super) struct Opened {
    /// Up to the layer whose stack is compared.
    pub(super) image: Image,
    pub(super) subject: Subject,
    /// Bytes of all blobs of the whole image.
    pub(super) compressed_size: Option<u64>,
    /// Layers of the whole image.
    depth: usize,
    pub(super) origin: Origin,
    pub(super) file: Option<Blob>,
}

impl Opened {
    /// All its layers count.
    pub(super) fn is_whole(&self) -> bool {
        self.image.layers.len() == self.depth
    }
}

/// Tells the page what happens.
pub(super) type Tell = Rc<dyn Fn(ComparisonEvent)>;

/// Reads both images; what goes wrong on the way is told, by side.
pub(super) async fn both(
    tell: &Tell,
    asked: Compare,
    files: Both<Option<Blob>>,
) -> Option<(Both<Opened>, Both<Stack>)> {
    let Compare { sides, fresh } = asked;
    let (old, new) = join(
        open(tell, Side::Old, sides.old, files.old, fresh),
        open(tell, Side::New, sides.new, files.new, fresh),
    )
    .await;
    let sides = Both {
        old: old?,
        new: new?,
    };
    let known: HashSet<BlobId> = (sides.old.image.layers.iter())
        .filter_map(Layer::blob)
        .collect();
    let is_shared = |layer: &&Layer| {
        let blob = layer.blob().filter(|_| layer.not_readable().is_none());
        // Files have their spans by themselves.
        let comparable = layer.digest.is_some() || sides.old.subject == sides.new.subject;
        comparable && blob.is_some_and(|blob| known.contains(&blob))
    };
    let of_new = sides.new.image.layers.iter();
    let (shared, unread): (Vec<&Layer>, Vec<&Layer>) = of_new.partition(is_shared);
    let meter = Meter::new(tell, &sides.old.image.layers, &unread);
    let unread = unread.into_iter().cloned().collect();
    let (mut of_old, mut of_new) = join(
        layers(
            &sides.old,
            sides.old.image.layers.clone(),
            Side::Old,
            &meter,
        ),
        layers(&sides.new, unread, Side::New, &meter),
    )
    .await;
    if let Some(problem) = first_problem(&of_old) {
        tell(ComparisonEvent::Failed(Side::Old, problem));
        return None;
    }
    // What the place of the old image does not have, that of the new one may.
    let mut again = Vec::new();
    let by_blob: HashMap<BlobId, u32> = (sides.old.image.layers.iter())
        .filter_map(|layer| Some((layer.blob()?, number(layer.number))))
        .collect();
    for layer in shared {
        let got = layer
            .blob()
            .and_then(|blob| of_old.get(by_blob.get(&blob)?));
        match got {
            Some(LayerResult::Read(index)) => {
                let got = match decode::check(layer, index) {
                    Ok(()) => LayerResult::Read(Arc::clone(index)),
                    Err(error) => {
                        LayerResult::Failed(UserError::of_layer(number(layer.number), &error))
                    }
                };
                of_new.insert(number(layer.number), got);
            }
            _ => again.push(layer.clone()),
        }
    }
    if !again.is_empty() {
        of_new.extend(layers(&sides.new, again, Side::New, &meter).await);
    }
    if let Some(problem) = first_problem(&of_new) {
        tell(ComparisonEvent::Failed(Side::New, problem));
        return None;
    }
    let stacked = |side: Side, opened: &Opened, layers: &mut Layers| {
        stacked(&opened.image, layers)
            .map_err(|problem| tell(ComparisonEvent::Failed(side, problem)))
            .ok()
    };
    let stacks = Both {
        old: stacked(Side::Old, &sides.old, &mut of_old)?,
        new: stacked(Side::New, &sides.new, &mut of_new)?,
    };
    Some((sides, stacks))
}

/// Opens one of the images and tells of it.
async fn open(
    tell: &Tell,
    side: Side,
    asked: Compared,
    file: Option<Blob>,
    fresh: bool,
) -> Option<Opened> {
    match opened(tell, side, asked, file, fresh).await {
        Ok(opened) => opened,
        Err(problem) => {
            tell(ComparisonEvent::Failed(side, problem));
            None
        }
    }
}

async fn opened(
    tell: &Tell,
    side: Side,
    asked: Compared,
    file: Option<Blob>,
    fresh: bool,
) -> Result<Option<Opened>, UserError> {
    let platform: Option<Platform> = match asked.platform.as_deref().map(str::parse).transpose() {
        Ok(platform) => platform,
        Err(error) => return Err(UserError::of_platform(&error)),
    };
    let failed = |error: SourceError| UserError::of_image(&error);
    let mut written_by = None;
    let (mut image, called, origin, file) = match &asked.subject {
        Subject::Reference(typed) => {
            let registries = Registries::find().await?;
            let (place, answer) = registries.ask(typed, fresh, platform.as_ref()).await?;
            let mut image = answer.map_err(failed)?;
            let called = image.reference.clone();
            image.reference = registries.in_full(&place, &called);
            (image, called, Origin::Registry(place), None)
        }
        Subject::Index(address) => {
            let told_at = Cell::new(0.0);
            let file = analysis::fetched(address, |done, whole| {
                let now = js_sys::Date::now();
                if let Some(whole) = whole.filter(|_| now - told_at.get() >= PAUSE) {
                    told_at.set(now);
                    tell(ComparisonEvent::Unpacked { side, done, whole });
                }
            });
            of_analysis(file.await?, platform.as_ref(), &mut written_by).await?
        }
        Subject::File { .. } if file.as_ref().is_some_and(analysis::is) => {
            let file = file.ok_or_else(|| UserError::of_worker(0))?;
            of_analysis(file, platform.as_ref(), &mut written_by).await?
        }
        Subject::File { name, image } => {
            let file = file.ok_or_else(|| UserError::of_worker(0))?;
            let unreadable = |problem: String| UserError::of_file(&problem);
            let whole = file.size() as u64;
            let told = Cell::new(0.0);
            let unpacked = file::unpacked(&file, |done, _| {
                let now = js_sys::Date::now();
                if now - told.get() >= PAUSE {
                    told.set(now);
                    tell(ComparisonEvent::Unpacked { side, done, whole });
                }
            });
            let file = unpacked.map_err(unreadable)?.unwrap_or(file);
            if image.is_none() {
                let all = file::open(name, &file, None).map_err(unreadable)?;
                let held = all.list().await.map_err(failed)?;
                if held.len() > 1 {
                    tell(ComparisonEvent::Several(side, held));
                    return Ok(None);
                }
            }
            let archive = file::open(name, &file, image.clone()).map_err(unreadable)?;
            let image = archive.image(platform.as_ref()).await.map_err(failed)?;
            let called = image.reference.clone();
            (image, called, Origin::File(name.clone()), Some(file))
        }
    };
    let (depth, compressed_size) = (image.layers.len(), image.compressed_size());
    tell(ComparisonEvent::Image(
        side,
        Box::new(ImageFacts {
            name: repository(&called).to_owned(),
            reference: called,
            image: image.clone(),
            analysis: written_by,
            // A comparison shows no documents.
            top_documents: Vec::new(),
        }),
    ));
    let last = asked.stack.map_or(depth, |layer| layer as usize);
    if last > depth {
        return Err(UserError::of_missing_layer(&of_side(side), last, depth));
    }
    image.layers.truncate(last);
    Ok(Some(Opened {
        image,
        subject: asked.subject,
        compressed_size,
        depth,
        origin,
        file,
    }))
}

/// The image of a saved analysis, what it is called, and where its layers are; and what wrote it.
async fn of_analysis(
    file: Blob,
    platform: Option<&Platform>,
    written_by: &mut Option<String>,
) -> Result<(Image, String, Origin, Option<Blob>), UserError> {
    let analysis = analysis::image(&file, platform).await?;
    *written_by = Some(analysis.generator().to_owned());
    let image = analysis.image().clone();
    let called = image.reference.clone();
    Ok((image, called, Origin::Analysis, Some(file)))
}

/// Reads layers of an image.
async fn layers(opened: &Opened, layers: Vec<Layer>, side: Side, meter: &Rc<Meter>) -> Layers {
    let job = |layer| Job {
        layer,
        origin: opened.origin.clone(),
        how: ReadMode::Whole,
    };
    let jobs = layers.into_iter().map(job).collect();
    let meter = Rc::clone(meter);
    let hear = move |layer, heard| match heard {
        LayerProgress::Received(bytes) => meter.received(side, layer, bytes),
        LayerProgress::Ended => meter.ended(side, layer),
    };
    whole::read(jobs, opened.file.clone(), hear).await
}

/// How far the layers of both are.
struct Meter {
    /// What each layer that is read has of bytes, by side.
    sizes: HashMap<(&'static str, u32), Option<u64>>,
    received: RefCell<HashMap<(&'static str, u32), u64>>,
    ended: Cell<u32>,
    tell: Tell,
    /// When that was told last.
    told: Cell<f64>,
}

impl Meter {
    fn new(tell: &Tell, old: &[Layer], new: &[&Layer]) -> Rc<Self> {
        let of = |side: Side| {
            move |layer: &Layer| {
                let number = number(layer.number);
                ((side.name(), number), layer.compressed_size)
            }
        };
        let old = old.iter().map(of(Side::Old));
        let new = new.iter().copied().map(of(Side::New));
        Rc::new(Meter {
            sizes: old.chain(new).collect(),
            received: RefCell::default(),
            ended: Cell::new(0),
            tell: Rc::clone(tell),
            told: Cell::new(0.0),
        })
    }

    fn tell(&self) {
        let now = js_sys::Date::now();
        if now - self.told.get() >= PAUSE {
            self.told.set(now);
            (self.tell)(ComparisonEvent::Progress(self.so_far()));
        }
    }

    fn received(&self, side: Side, layer: u32, bytes: u64) {
        let key = (side.name(), layer);
        self.received.borrow_mut().insert(key, bytes);
        self.tell();
    }

    fn ended(&self, side: Side, layer: u32) {
        let key = (side.name(), layer);
        if let Some(Some(size)) = self.sizes.get(&key) {
            self.received.borrow_mut().insert(key, *size);
        }
        self.ended.set(self.ended.get() + 1);
        self.tell();
    }

    fn so_far(&self) -> ReadSoFar {
        ReadSoFar {
            layers: self.ended.get(),
            all_layers: number(self.sizes.len()),
            bytes: self.received.borrow().values().sum(),
            all_bytes: self.sizes.values().copied().sum(),
        }
    }
}
