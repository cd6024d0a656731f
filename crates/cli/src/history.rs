//! `onionskin history`: the images of a repository's tags over time, and what made each larger or smaller.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::{anyhow, bail, ensure};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use onionskin_core::compare::{Comparison, Options, Side};
use onionskin_core::digest::Digest;
use onionskin_core::inspection::Inspection;
use onionskin_core::layer::LayerIndex;
use onionskin_core::ledger::Ledger;
use onionskin_core::ownership::Packages;
use onionskin_core::reference::Reference;
use onionskin_core::report::console;
use onionskin_core::report::history::{HistoryReport, Read, TaggedImage, UnreadTag};
use onionskin_core::rules::PathGlob;
use onionskin_core::source::Locator;
use onionskin_core::stack::Stack;

use crate::image::{ImageArguments, Opened, with_login};
use crate::limits::UnpackedArguments;
use crate::output::{Format, Inputs, OutputArguments, note};
use crate::sentence;
use crate::tags;

/// Documents asked for at once.
const AT_ONCE: usize = 4;
/// Tags whose documents are read at most: their dates say which are the newest.
const MOST_TAGS: usize = 500;

/// Compare the images of a repository's tags over time: size, download, waste and packages
///
/// Images are listed by the date of their creation, then by tag; an image with several tags is listed once. Below each are
/// its changes against the image before, and what caused most of them: the layer, its command, and the path. Each layer
/// is downloaded once. Tags that cannot be read are named, and the exit code is 2.
#[derive(clap::Args)]
#[command(
    mut_arg("image", |image| image
        .value_name("REPOSITORY")
        .help("The repository, as in nginx or registry.example.com/team/app")
        .long_help("The repository, as in nginx or registry.example.com/team/app")),
    after_help = with_login!("Examples:
  onionskin history nginx --tags '1.2?'
  onionskin history registry.example.com/team/app --tags 'v*' --limit 5
  onionskin history registry.example.com/team/app --json -o history.json")
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments<UnpackedArguments>,

    /// Only tags that match GLOB
    #[arg(long, value_name = "GLOB", default_value = "*")]
    tags: PathGlob,

    /// Only the newest N images
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    limit: usize,

    #[command(flatten)]
    output: OutputArguments,
}

/// An image whose documents are read.
struct Tagged {
    tags: Vec<String>,
    opened: Opened,
    created: Option<Timestamp>,
}

/// An image, read.
struct Whole {
    opened: Opened,
    inspection: Inspection,
    stack: Stack,
    ledger: Ledger,
    packages: Packages,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let named = &arguments.image.image;
    let locator = Locator::in_registry(named)?;
    let Locator::Registry(reference) = &locator else {
        bail!("{named} is a saved image; only repositories in registries have a history");
    };
    let mut inputs = Inputs::default();
    arguments.image.inputs(&mut inputs);
    let output = arguments.output.open(&inputs)?;
    let all = tags::of(reference, arguments.image.registry()).await?;
    let matching = all.chosen(|tag| arguments.tags.meets(tag.as_bytes()))?;
    ensure!(
        !matching.is_empty(),
        "no tag of {} matches {}",
        reference.name(),
        arguments.tags.text()
    );
    ensure!(
        matching.len() <= MOST_TAGS,
        "{} tags of {} match; at most {MOST_TAGS} are read. Write a narrower --tags",
        matching.len(),
        reference.name()
    );
    let (found, mut not_read) = open(&arguments.image, reference, &matching).await;
    let newest = found.len().saturating_sub(arguments.limit);
    let images = read(found.into_iter().skip(newest).collect(), &mut not_read).await;
    not_read.sort_by(|a, b| a.tag.cmp(&b.tag));
    let name = reference.name().to_owned();
    let report = HistoryReport::new(name, matching.len(), images, not_read);
    match arguments.output.format() {
        Format::Json => output.json(&report)?,
        Format::Text if report.images.is_empty() => {}
        Format::Text => output.text(&console::history::report(&report, output.screen()))?,
    }
    let mut problems: Vec<String> = (report.not_read.iter())
        .map(|unread| match unread.error.contains(&*report.repository) {
            true => unread.error.clone(),
            false => format!("{}:{}: {}", report.repository, unread.tag, unread.error),
        })
        .collect();
    let Some(last) = problems.pop() else {
        return Ok(());
    };
    problems.iter().for_each(note);
    Err(anyhow!("{last}"))
}

/// Reads the documents of the images that tags name, in the order of their creation, and tells which could not be read.
async fn open(
    arguments: &ImageArguments<UnpackedArguments>,
    repository: &Reference,
    tags: &[String],
) -> (Vec<Tagged>, Vec<UnreadTag>) {
    let name = repository.name();
    let opened = stream::iter(tags)
        .map(async |tag| {
            (
                tag,
                arguments
                    .open_other(&format!("docker://{name}:{tag}"))
                    .await,
            )
        })
        .buffered(AT_ONCE);
    let opened: Vec<_> = opened.collect().await;
    let mut not_read = Vec::new();
    let mut by_digest: HashMap<Digest, usize> = HashMap::new();
    let mut found: Vec<Tagged> = Vec::new();
    for (tag, opened) in opened {
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                not_read.push(UnreadTag {
                    tag: tag.clone(),
                    error: sentence(&error),
                });
                continue;
            }
        };
        let digest = opened.image.digest.clone();
        let known = digest.as_ref().and_then(|digest| by_digest.get(digest));
        if let Some(same) = known.and_then(|at| found.get_mut(*at)) {
            same.tags.push(tag.clone());
            continue;
        }
        if let Some(digest) = digest {
            by_digest.insert(digest, found.len());
        }
        let created = opened.image.config.created.as_deref();
        found.push(Tagged {
            tags: vec![tag.clone()],
            created: created.and_then(|created| created.parse().ok()),
            opened,
        });
    }
    for image in &mut found {
        image.tags.sort();
    }
    // An image without a date comes first: it says nothing against being the oldest.
    found.sort_by(|a, b| (a.created, &a.tags).cmp(&(b.created, &b.tags)));
    (found, not_read)
}

/// Reads the layers of images, each once, and compares each image with the one before.
async fn read(images: Vec<Tagged>, not_read: &mut Vec<UnreadTag>) -> Vec<TaggedImage> {
    // How many images are still to come that list a layer.
    let mut wanted: BTreeMap<Digest, usize> = BTreeMap::new();
    for layer in images.iter().flat_map(|image| &image.opened.image.layers) {
        if let Some(digest) = &layer.digest {
            *wanted.entry(digest.clone()).or_default() += 1;
        }
    }
    let mut known: HashMap<Digest, Arc<LayerIndex>> = HashMap::new();
    let mut before: Option<Whole> = None;
    let mut told = Vec::new();
    for Tagged { tags, opened, .. } in images {
        let stack = opened.stack_with(|digest| known.get(digest).cloned()).await;
        for layer in &opened.image.layers {
            let left = layer
                .digest
                .as_ref()
                .and_then(|digest| wanted.get_mut(digest));
            if let Some(left) = left {
                *left -= 1;
            }
        }
        let stack = match stack {
            Ok(stack) => stack,
            Err(error) => {
                let error = sentence(&error);
                let unread = tags.into_iter().map(|tag| UnreadTag {
                    tag,
                    error: error.clone(),
                });
                not_read.extend(unread);
                continue;
            }
        };
        for (number, index) in (1..).zip(stack.layers()) {
            if !stack.not_fetched().contains_key(&number) {
                known.insert(index.digest.clone(), Arc::clone(index));
            }
        }
        known.retain(|digest, _| wanted.get(digest).is_some_and(|left| *left > 0));
        let whole = Whole::of(opened, stack);
        let comparison = before.as_ref().map(|before| whole.compared_with(before));
        let before_this = before.as_ref().map(Whole::read).zip(comparison.as_ref());
        told.push(TaggedImage::new(tags, whole.read(), before_this));
        before = Some(whole);
    }
    told
}

impl Whole {
    fn of(opened: Opened, stack: Stack) -> Self {
        let ledger = Ledger::of(&stack);
        Self {
            inspection: Inspection::new(&opened.image, &stack, &ledger),
            packages: Packages::of(&stack, stack.depth(), &ledger),
            opened,
            stack,
            ledger,
        }
    }

    fn read(&self) -> Read<'_> {
        Read {
            inspection: &self.inspection,
            stack: &self.stack,
            ledger: &self.ledger,
            packages: &self.packages,
        }
    }

    fn side(&self) -> Side<'_> {
        Side {
            image: &self.opened.image,
            stack: &self.stack,
            layer: self.stack.depth(),
            packages: &self.packages,
        }
    }

    fn compared_with(&self, before: &Self) -> Comparison {
        Comparison::of(before.side(), self.side(), &Options::default())
    }
}
