//! `onionskin link`: the address at which the page shows an image; and the address of the page that reports link to.

use std::ffi::OsString;

use anyhow::{Context as _, ensure};
use onionskin_core::link::{ComparedSide, LinkedView, Links, PageLocation, comparison, embed_base};
use onionskin_core::report::link::{LinkReport, LinkedImage};
use onionskin_core::report::markdown::{code, linked};
use onionskin_core::report::unescaped;
use onionskin_core::source::registry::reqwest::Url;

use crate::image::{ImageArguments, Opened, with_login};
use crate::limits::TemporaryArguments;
use crate::output::{Formats, Inputs, OutputArguments};

/// How a link is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The address alone
    #[default]
    #[value(name = "text", alias = "url")]
    Text,
    /// A link in Markdown
    Markdown,
    /// For programs: versioned, and stable in order
    Json,
}

impl Formats for Format {
    const JSON: Self = Self::Json;
}

/// What the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shown {
    /// The filesystem up to the layer
    Stack,
    /// What the layer changed
    Changes,
    /// Wasted and avoidable bytes
    Waste,
    /// Security and configuration
    Checks,
    /// Packages
    Packages,
    /// The filesystem up to the layer, drawn by size
    Map,
    /// Configuration and history
    Config,
}

/// Print the URL of an image in the web page, pinned to its digest
///
/// Only the manifest is read; PATH is not checked.
#[derive(clap::Args)]
#[command(
    after_help = with_login!("Examples:
  onionskin link nginx:1.27                                     # the image, by its digest
  onionskin link nginx:1.27 /etc/nginx --layer 3 --view changes # what layer 3 changed there
  onionskin link app:1.1 --view waste --format markdown --link-base https://onionskin.example.com/
  onionskin link app:1.1 --compare-with app:1.0
  onionskin link app:1.1 --view waste --embed                   # for an <iframe>")
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments<TemporaryArguments>,

    /// A path in the image
    #[arg(value_name = "PATH", conflicts_with = "compare_with")]
    path: Option<OsString>,

    /// The layer, counted from 1 [default: the last]
    #[arg(long, value_name = "N", conflicts_with = "compare_with")]
    layer: Option<usize>,

    /// What the page shows
    #[arg(long, value_enum, conflicts_with = "compare_with")]
    view: Option<Shown>,

    /// Link to the comparison of OLD with IMAGE
    #[arg(long, value_name = "OLD")]
    compare_with: Option<String>,

    /// Link to the embed view: only the view, without the rest of the page, for the src of an <iframe>
    ///
    /// The page may be framed where its server allows it (`onionskin serve --frame-ancestors`).
    #[arg(long)]
    embed: bool,

    /// The URL of the web page
    #[arg(long, value_name = "URL", value_parser = link_base, default_value = "http://127.0.0.1:8080/")]
    link_base: String,

    #[command(flatten)]
    output: OutputArguments<Format>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut inputs = Inputs::default();
    arguments.image.inputs(&mut inputs);
    if let Some(old) = &arguments.compare_with {
        inputs.image(old);
    }
    inputs.check()?;
    let output = arguments.output.open(&inputs)?;
    let opened = arguments.image.open().await?;
    let old = match &arguments.compare_with {
        Some(old) => Some(arguments.image.open_other(old).await.context("OLD")?),
        None => None,
    };
    let (text, link) = match &old {
        Some(old) => arguments.comparison(old, &opened)?,
        None => arguments.place(&opened)?,
    };
    let markdown = linked(&text, Some(&link));
    let line = match arguments.output.format() {
        Format::Text => link,
        Format::Markdown => markdown,
        Format::Json => {
            let image = LinkedImage::of(&opened.image);
            let old = old.as_ref().map(|old| LinkedImage::of(&old.image));
            return output.json(&LinkReport::new(link, markdown, image, old));
        }
    };
    Ok(output.bytes(format!("{line}\n").as_bytes())?)
}

impl Arguments {
    /// Where the page lives, or its embed view.
    fn base(&self) -> String {
        match self.embed {
            true => embed_base(&self.link_base),
            false => self.link_base.clone(),
        }
    }

    /// The text and the address of a comparison.
    fn comparison(&self, old: &Opened, new: &Opened) -> anyhow::Result<(String, String)> {
        fn side(opened: &Opened) -> ComparedSide<'_> {
            ComparedSide {
                image: &opened.image,
                file: opened.in_file(),
                stack: None,
            }
        }
        let link = comparison(&self.base(), side(old), side(new));
        let link = link.context(
            "this comparison has no URL: one of the images is neither in a registry nor in a named file",
        )?;
        let names = [old, new].map(|opened| code(&opened.image.reference));
        Ok((names.join(" → "), link))
    }

    /// The text and the address of a place in an image.
    fn place(&self, opened: &Opened) -> anyhow::Result<(String, String)> {
        let depth = opened.image.layers.len();
        if let Some(layer) = self.layer {
            ensure!(
                (1..=depth).contains(&layer),
                "there is no layer {layer}; the image has {depth}, numbered from 1"
            );
        }
        let path = self.path.as_ref().map(|path| {
            let path = path.as_encoded_bytes();
            // Names may be given as they are printed.
            unescaped(path).unwrap_or_else(|| path.to_vec())
        });
        let path = path.map(|path| match path.starts_with(b"/") {
            true => path,
            false => [b"/", &path[..]].concat(),
        });
        let view = match self.view {
            None | Some(Shown::Stack) => LinkedView::Stack,
            Some(Shown::Changes) => LinkedView::Changes,
            Some(Shown::Waste) => LinkedView::Waste,
            Some(Shown::Checks) => LinkedView::Checks,
            Some(Shown::Packages) => LinkedView::Packages,
            Some(Shown::Map) => LinkedView::Map,
            Some(Shown::Config) => LinkedView::Config,
        };
        let links = Links::of(&self.base(), &opened.image, opened.in_file());
        let links = links.with_context(|| {
            format!(
                "{} has no URL: it is neither in a registry nor in a named file",
                opened.image.reference
            )
        })?;
        let mut text = code(&opened.image.reference);
        if let Some(path) = &path {
            text += " ";
            text += &code(&onionskin_core::report::text(path));
        }
        let place = PageLocation {
            layer: self.layer,
            view,
            path: path.as_deref(),
        };
        Ok((text, links.to_location(&place)))
    }
}

/// The address of a page: links to places in it are made by adding to its end.
pub(crate) fn link_base(text: &str) -> Result<String, String> {
    let example = "write the URL of the page, such as https://onionskin.example.com/";
    let url = Url::parse(text).map_err(|error| format!("not a URL ({error}); {example}"))?;
    let problem = match () {
        () if !matches!(url.scheme(), "http" | "https") => "not an http or https URL",
        () if url.host_str().is_none_or(str::is_empty) => "a URL without a host",
        () if !url.username().is_empty() || url.password().is_some() => {
            "a URL with credentials, which every reader of the report would see"
        }
        () if url.query().is_some() || url.fragment().is_some() => {
            "a URL with a query or a fragment, which links cannot be added to"
        }
        () if text
            .contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"\\".contains(c)) =>
        {
            "a URL with characters that must be encoded"
        }
        () => return Ok(text.to_owned()),
    };
    Err(format!("{problem}; {example}"))
}
