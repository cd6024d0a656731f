//! The images of a repository's tags over time: the documents of all, then the layers of one image after the other, each
//! layer once.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use futures::{StreamExt as _, stream};
use onionskin_core::layer::LayerIndex;
use onionskin_core::limits::HISTORY_TAGS;
use onionskin_core::platform::Platform;
use onionskin_core::report::history::{Series, Tagged, UnreadTag, in_order};
use onionskin_core::rules::PathGlob;
use onionskin_core::source::{Image, Layer};
use onionskin_core::stack::Stack;
use web_sys::DedicatedWorkerGlobalScope;

use super::browsing;
use super::decode;
use super::origin::{Job, Origin, ReadMode};
use super::port;
use super::protocol::{
    Event, HistoryEvent, HistoryImages, Message, ReadHistory, ReadSoFar, TagsFound, UNASKED,
    UserError,
};
use super::registries::{Registries, RegistryImage, repository};
use super::whole::{self, LayerProgress, LayerResult, Layers};
use crate::counts::number;

/// Documents asked for at once.
const AT_ONCE: usize = 4;
/// Between two rounds of telling how far the layers are, in milliseconds.
const PAUSE: f64 = 100.0;

type Tell = Rc<dyn Fn(HistoryEvent)>;
/// An image whose documents are read, and where it is.
type Opened = (RegistryImage, Image);

/// Reads them, and tells what comes of it.
pub(crate) async fn run(scope: DedicatedWorkerGlobalScope, asked: ReadHistory) {
    let tell: Tell =
        Rc::new(move |event| port::tell(&scope, &Message::Event(Event::History(event))));
    let event = match read(&tell, asked).await {
        Ok(()) => HistoryEvent::Done,
        Err(problem) => HistoryEvent::Failed(problem),
    };
    tell(event);
}

async fn read(tell: &Tell, asked: ReadHistory) -> Result<(), UserError> {
    let ReadHistory {
        repository: named,
        tags,
        limit,
        platform,
        fresh,
    } = asked;
    let platform: Option<Platform> = match platform.as_deref().map(str::parse).transpose() {
        Ok(platform) => platform,
        Err(error) => return Err(UserError::of_platform(&error)),
    };
    let glob: PathGlob = match tags.as_deref().unwrap_or("*").parse() {
        Ok(glob) => glob,
        Err(error) => return Err(UserError::of_glob(&error)),
    };
    let name = repository(&named);
    let registries = Registries::find().await?;
    let all = browsing::all_tags(&registries, name).await?;
    let mut matching: Vec<&String> = all
        .iter()
        .filter(|tag| glob.meets(tag.as_bytes()))
        .collect();
    matching.sort();
    let most = match tags {
        Some(_) => HISTORY_TAGS,
        None => UNASKED,
    };
    let reading = (1..=most).contains(&matching.len());
    tell(HistoryEvent::Tags(TagsFound {
        matching: number(matching.len()),
        all: number(all.len()),
        reading,
    }));
    if !reading {
        return Ok(());
    }
    let opened = open(tell, &registries, name, &matching, fresh, platform.as_ref()).await;
    let left_out = opened.len().saturating_sub(limit as usize);
    let images: Vec<Tagged<Opened>> = opened.into_iter().skip(left_out).collect();
    tell(HistoryEvent::Images(facts(&images)));
    let mut series = Series::of(images.iter().map(|tagged| &tagged.opened.1));
    for Tagged { tags, opened, .. } in images {
        let (place, image) = opened;
        let tag = tags.first().cloned().unwrap_or_default();
        match stack(tell, tag, &place, &image, &series).await {
            Ok(stack) => {
                let told = series.add(tags, image, stack);
                tell(HistoryEvent::Image(Box::new(told)));
            }
            Err(problem) => {
                series.pass(&image);
                let error = problem.in_a_line();
                let unread = tags.into_iter().map(|tag| UnreadTag {
                    tag,
                    error: error.clone(),
                });
                tell(HistoryEvent::Unread(unread.collect()));
            }
        }
    }
    Ok(())
}

/// Reads the documents of the images that tags name, in the order of their creation, and tells which could not be read.
async fn open(
    tell: &Tell,
    registries: &Registries,
    repository: &str,
    tags: &[&String],
    fresh: bool,
    platform: Option<&Platform>,
) -> Vec<Tagged<Opened>> {
    let answers = stream::iter(tags).map(async |tag| {
        let reference = format!("{repository}:{tag}");
        (*tag, registries.ask(&reference, fresh, platform).await)
    });
    let mut answers = Box::pin(answers.buffered(AT_ONCE));
    let mut read = Vec::new();
    let mut asked = 0;
    while let Some((tag, answer)) = answers.next().await {
        asked += 1;
        let opened = answer.and_then(|(place, answer)| match answer {
            Ok(mut image) => {
                image.reference = registries.in_full(&place, &image.reference);
                Ok((place, image))
            }
            Err(error) => Err(UserError::of_image(&error)),
        });
        match opened {
            Ok(opened) => read.push((tag.clone(), opened)),
            Err(problem) => {
                let unread = UnreadTag {
                    tag: tag.clone(),
                    error: problem.in_a_line(),
                };
                tell(HistoryEvent::Unread(vec![unread]));
            }
        }
        tell(HistoryEvent::Opened(asked));
    }
    in_order(read, |(_, image)| image)
}

fn facts(images: &[Tagged<Opened>]) -> HistoryImages {
    let images_of = || images.iter().map(|tagged| &tagged.opened.1);
    let platforms: BTreeSet<String> = images_of()
        .flat_map(|image| &image.platforms)
        .map(ToString::to_string)
        .collect();
    let named = images_of().next().map(|image| repository(&image.reference));
    HistoryImages {
        images: number(images.len()),
        repository: named.unwrap_or_default().to_owned(),
        platforms: platforms.into_iter().collect(),
    }
}

/// Reads the layers of an image that no image before has.
async fn stack(
    tell: &Tell,
    tag: String,
    place: &RegistryImage,
    image: &Image,
    series: &Series,
) -> Result<Stack, UserError> {
    let mut got = Layers::new();
    let mut unread = Vec::new();
    for layer in &image.layers {
        let digest = layer.digest.as_ref();
        let digest = digest.filter(|_| layer.not_readable().is_none());
        match digest.and_then(|digest| series.known(digest)) {
            Some(index) => {
                check(layer, &index)?;
                got.insert(number(layer.number), LayerResult::Read(index));
            }
            None => unread.push(layer.clone()),
        }
    }
    let meter = Meter::new(tell, tag, &unread);
    let job = |layer| Job {
        layer,
        origin: Origin::Registry(place.clone()),
        how: ReadMode::Whole,
    };
    let jobs = unread.into_iter().map(job).collect();
    got.extend(whole::read(jobs, None, move |layer, heard| meter.hear(layer, &heard)).await);
    if let Some(problem) = whole::first_problem(&got) {
        return Err(problem);
    }
    whole::stacked(image, &mut got)
}

fn check(layer: &Layer, index: &LayerIndex) -> Result<(), UserError> {
    decode::check(layer, index).map_err(|error| UserError::of_layer(number(layer.number), &error))
}

/// How far the layers of an image are.
struct Meter {
    tell: Tell,
    tag: String,
    sizes: BTreeMap<u32, Option<u64>>,
    received: RefCell<BTreeMap<u32, u64>>,
    ended: Cell<u32>,
    /// When that was told last.
    told: Cell<f64>,
}

impl Meter {
    fn new(tell: &Tell, tag: String, layers: &[Layer]) -> Self {
        let meter = Meter {
            tell: Rc::clone(tell),
            tag,
            sizes: layers
                .iter()
                .map(|layer| (number(layer.number), layer.compressed_size))
                .collect(),
            received: RefCell::default(),
            ended: Cell::new(0),
            told: Cell::new(0.0),
        };
        meter.tell();
        meter
    }

    fn hear(&self, layer: u32, heard: &LayerProgress) {
        match heard {
            LayerProgress::Received(bytes) => {
                self.received.borrow_mut().insert(layer, *bytes);
            }
            LayerProgress::Ended => {
                let size = self.sizes.get(&layer).copied().flatten();
                self.received
                    .borrow_mut()
                    .extend(size.map(|size| (layer, size)));
                self.ended.set(self.ended.get() + 1);
            }
        }
        self.tell();
    }

    fn tell(&self) {
        let now = js_sys::Date::now();
        if now - self.told.get() < PAUSE {
            return;
        }
        self.told.set(now);
        let so_far = ReadSoFar {
            layers: self.ended.get(),
            all_layers: number(self.sizes.len()),
            bytes: self.received.borrow().values().sum(),
            all_bytes: self.sizes.values().copied().sum(),
        };
        (self.tell)(HistoryEvent::Progress(self.tag.clone(), so_far));
    }
}
