//! `onionskin history`: the images of a repository's tags over time, and what made each larger or smaller.

use anyhow::{anyhow, bail, ensure};
use futures::{StreamExt as _, stream};
use onionskin_core::limits::HISTORY_TAGS;
use onionskin_core::reference::Reference;
use onionskin_core::report::console;
use onionskin_core::report::history::{
    HistoryReport, Series, Tagged, TaggedImage, UnreadTag, in_order,
};
use onionskin_core::rules::PathGlob;
use onionskin_core::source::Locator;

use crate::image::{ImageArguments, Opened, with_login};
use crate::limits::UnpackedArguments;
use crate::output::{Format, Inputs, OutputArguments, note};
use crate::sentence;
use crate::tags;

/// Documents asked for at once.
const AT_ONCE: usize = 4;

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
        matching.len() <= HISTORY_TAGS,
        "{} tags of {} match; at most {HISTORY_TAGS} are read. Write a narrower --tags",
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
) -> (Vec<Tagged<Opened>>, Vec<UnreadTag>) {
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
    let mut read = Vec::new();
    for (tag, opened) in opened {
        match opened {
            Ok(opened) => read.push((tag.clone(), opened)),
            Err(error) => not_read.push(UnreadTag {
                tag: tag.clone(),
                error: sentence(&error),
            }),
        }
    }
    (in_order(read, |opened| &opened.image), not_read)
}

/// Reads the layers of images, each once, and compares each image with the one before.
async fn read(images: Vec<Tagged<Opened>>, not_read: &mut Vec<UnreadTag>) -> Vec<TaggedImage> {
    let mut series = Series::of(images.iter().map(|tagged| &tagged.opened.image));
    let mut told = Vec::new();
    for Tagged { tags, opened, .. } in images {
        let stack = opened.stack_with(&|digest| series.known(digest)).await;
        match stack {
            Ok(stack) => told.push(series.add(tags, opened.image, stack)),
            Err(error) => {
                series.pass(&opened.image);
                let error = sentence(&error);
                let unread = tags.into_iter().map(|tag| UnreadTag {
                    tag,
                    error: error.clone(),
                });
                not_read.extend(unread);
            }
        }
    }
    told
}
