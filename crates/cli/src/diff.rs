//! `onionskin diff`: what changed from one image to another.

mod formats;

use anyhow::{Context as _, ensure};
use onionskin_core::compare::reproducible::reasons;
use onionskin_core::compare::{Comparison, Options, Side, Sums, folders, wasted_packages};
use onionskin_core::digest::Digest;
use onionskin_core::inspection::{ImageFacts, Inspection};
use onionskin_core::ledger::Ledger;
use onionskin_core::link::{ComparedSide, Links};
use onionskin_core::ownership::Packages;
use onionskin_core::platform::Platform;
use onionskin_core::report::comparison::reproducible::ReproducibilityReport;
use onionskin_core::report::comparison::{self, Compared, ComparisonReport, html, markdown};
use onionskin_core::report::console;
use onionskin_core::rules::PathGlob;
use onionskin_core::stack::Stack;

use self::formats::Format;
use crate::image::{ImageArguments, Opened, with_login};
use crate::layers::known_layers;
use crate::link::link_base;
use crate::output::{Inputs, OutputArguments};

/// Compare two images: files, sizes, packages, configuration, build history, and what an update downloads
///
/// Files are compared path by path: added, removed, changed (content, type, mode, owner, link target, attributes) or
/// moved (the same content at another path). The update size is what a pull of NEW downloads if OLD is
/// already there. With --stack, only the layers up to N count, also for sizes and the update.
#[derive(clap::Args)]
#[command(
    mut_arg("image", |image| image.value_name("OLD").index(1)),
    // An argument that is changed goes to the end, and manual pages list them in that order.
    mut_arg("new", |new| new),
    after_help = with_login!("Examples:
  onionskin diff app:1.0 app:1.1
  onionskin diff registry.example.com/team/app:main ./app.tar
  onionskin diff app:1.0 app:1.1 --ignore '/var/log/**' --ignore builder
  onionskin diff app.tar app.tar --old-stack 3 --new-stack 5     # two stacks of one image
  onionskin diff app:1.0 app:1.1 --exit-code                     # exit code 1 when they differ
  onionskin diff build-1.tar build-2.tar --reproducible          # why two builds differ
  onionskin diff app:main app:pr-7 --format markdown --link-base https://onionskin.example.com/")
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    old: ImageArguments,

    /// The image to compare with OLD, in the same forms
    #[arg(value_name = "NEW", index = 2)]
    new: String,

    /// The platform of NEW [default: that of --platform]
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    new_platform: Option<Platform>,

    /// Compare the filesystems of both up to layer N [default: all layers]
    #[arg(long, value_name = "N", conflicts_with_all = ["old_stack", "new_stack"])]
    stack: Option<usize>,

    /// Compare the filesystem of OLD up to layer N [default: all layers]
    #[arg(long, value_name = "N")]
    old_stack: Option<usize>,

    /// Compare the filesystem of NEW up to layer N [default: all layers]
    #[arg(long, value_name = "N")]
    new_stack: Option<usize>,

    /// Ignore paths that match GLOB; `builder` ignores labels and annotations that builders set, such as dates and revisions
    #[arg(long, value_name = "GLOB")]
    ignore: Vec<String>,

    /// Also compare modification times of files, and when the images were created
    #[arg(long)]
    mtime: bool,

    /// Explain why two builds of the same source differ: times, order, owners, dates, compression
    #[arg(long, conflicts_with_all = ["mtime", "ignore", "all", "stack", "old_stack", "new_stack", "link_base"])]
    reproducible: bool,

    /// List all changes in the text report, not only the largest
    #[arg(short, long)]
    all: bool,

    /// Exit with code 1 if the images differ; a different build history alone does not count
    #[arg(long)]
    exit_code: bool,

    /// The URL of the web page, for links to the changes in Markdown and HTML
    #[arg(long, value_name = "URL", value_parser = link_base)]
    link_base: Option<String>,

    #[command(flatten)]
    output: OutputArguments<Format>,
}

/// Whether the exit code is that of success.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<bool> {
    let options = options(&arguments)?;
    let mut inputs = Inputs::default();
    arguments.old.inputs(&mut inputs);
    inputs.image(&arguments.new);
    inputs.check()?;
    let format = arguments.output.format();
    ensure!(
        !arguments.reproducible || matches!(format, Format::Text | Format::Json),
        "--reproducible supports the formats text and json only"
    );
    ensure!(
        format == Format::Text || !arguments.all,
        "--all is for the text report; of the other formats, json has all changes"
    );
    let output = arguments.output.open(&inputs)?;
    let old = arguments.old.open().await.context("OLD")?;
    let new = arguments
        .old
        .open_at(&arguments.new, arguments.new_platform.as_ref())
        .await
        .context("NEW")?;
    let old = Cut::new(old, arguments.old_stack.or(arguments.stack), "OLD")?;
    let new = Cut::new(new, arguments.new_stack.or(arguments.stack), "NEW")?;
    let old_stack = old.opened.stack(&old.opened.image.layers).await;
    let old_stack = old_stack.context("OLD")?;
    let known = known_layers(&old_stack);
    let known = |digest: &Digest| known.get(digest).copied().cloned();
    let new_stack = new.opened.stack_with(&known).await.context("NEW")?;
    let ledgers = (Ledger::of(&old_stack), Ledger::of(&new_stack));
    let packages = (
        Packages::of(&old_stack, old_stack.depth(), &ledgers.0),
        Packages::of(&new_stack, new_stack.depth(), &ledgers.1),
    );
    let sides = (
        old.side(&old_stack, &packages.0),
        new.side(&new_stack, &packages.1),
    );
    let inspections = (
        Inspection::new(&old.opened.image, &old_stack, &ledgers.0),
        Inspection::new(&new.opened.image, &new_stack, &ledgers.1),
    );
    if arguments.reproducible {
        let reasons = reasons(sides.0, sides.1);
        let (old, new) = (&inspections.0.image, &inspections.1.image);
        let report = ReproducibilityReport::new(old, new, reasons);
        match format {
            Format::Json => output.json(&report)?,
            _ => output.text(&console::reproducible::report(&report))?,
        }
        return Ok(report.reproducible || !arguments.exit_code);
    }
    let comparison = Comparison::of(sides.0, sides.1, &options);
    let same = comparison.is_empty();
    let update = comparison.update.clone();
    let wasted = wasted_packages((&old_stack, &ledgers.0), (&new_stack, &ledgers.1));
    let folders = folders(
        &sums(&old_stack, &ledgers.0, &inspections.0),
        &sums(&new_stack, &ledgers.1, &inspections.1),
    );
    let (old_facts, new_facts) = (&inspections.0, &inspections.1);
    let mut report = ComparisonReport::new(old_facts, new_facts, comparison, wasted, folders);
    old.tell_of_whole(&mut report.old);
    new.tell_of_whole(&mut report.new);
    let layers = (&inspections.0.layers[..], &inspections.1.layers[..]);
    let links = |cut: &Cut| {
        let base = arguments.link_base.as_deref()?;
        Links::of(base, &cut.opened.image, cut.opened.in_file())
    };
    let links = (links(&old), links(&new));
    let link = (arguments.link_base.as_deref())
        .and_then(|base| onionskin_core::link::comparison(base, old.address(), new.address()));
    let compared = Compared {
        report: &report,
        link: link.as_deref(),
        update: &update,
        old: comparison::Side::new(layers.0, &old.opened.image.config, links.0.as_ref()),
        new: comparison::Side::new(layers.1, &new.opened.image.config, links.1.as_ref()),
    };
    match format {
        Format::Json => output.json(&report)?,
        Format::Text => {
            let depths = (old.depth, new.depth);
            let text =
                console::comparison::report(&compared, depths, arguments.all, output.screen());
            output.text(&text)?;
        }
        Format::Markdown => output.bytes(markdown::report(&compared).as_bytes())?,
        Format::Html => output.bytes(html::report(&compared).as_bytes())?,
    }
    Ok(same || !arguments.exit_code)
}

/// What the paths of an image come to.
fn sums<'a>(stack: &'a Stack, ledger: &Ledger, inspection: &Inspection) -> Sums<'a> {
    Sums::of(stack, ledger, inspection.image.compressed_size.is_some())
}

/// What counts as a difference.
fn options(arguments: &Arguments) -> anyhow::Result<Options> {
    let mut options = Options {
        times: arguments.mtime,
        ..Options::default()
    };
    for ignored in &arguments.ignore {
        match ignored.as_str() {
            "builder" => options.ignore_builder = true,
            glob => options
                .ignore
                .push(glob.parse::<PathGlob>().context("--ignore")?),
        }
    }
    Ok(options)
}

/// An image up to the layer whose stack is compared: what is above it is neither read nor counted.
struct Cut {
    opened: Opened,
    /// Layers of the whole image.
    depth: usize,
    /// Bytes of all its blobs.
    compressed_size: Option<u64>,
}

impl Cut {
    /// `asked` is the last layer; all are wanted where there is none. Messages call the image `side`.
    fn new(mut opened: Opened, asked: Option<usize>, side: &str) -> anyhow::Result<Self> {
        let depth = opened.image.layers.len();
        let last = asked.unwrap_or(depth);
        ensure!(
            last <= depth,
            "{side} has no layer {last}; it has {depth}, numbered from 1"
        );
        let compressed_size = opened.image.compressed_size();
        opened.image.layers.truncate(last);
        Ok(Self {
            opened,
            depth,
            compressed_size,
        })
    }

    fn side<'a>(&'a self, stack: &'a Stack, packages: &'a Packages) -> Side<'a> {
        Side {
            image: &self.opened.image,
            stack,
            layer: stack.depth(),
            packages,
        }
    }

    /// What an address of a comparison tells of it.
    fn address(&self) -> ComparedSide<'_> {
        let last = self.opened.image.layers.len();
        ComparedSide {
            image: &self.opened.image,
            file: self.opened.in_file(),
            stack: Some(last).filter(|last| *last < self.depth),
        }
    }

    /// Which image it is says the whole of it, of which some tars may not have been read.
    fn tell_of_whole(&self, image: &mut ImageFacts) {
        image.compressed_size = self.compressed_size;
        image.size = (image.size).filter(|_| self.opened.image.layers.len() == self.depth);
    }
}
