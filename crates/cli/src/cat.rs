//! `onionskin cat`: the content of one file.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use onionskin_core::layer::{ContentReader, EntryId, EntryKind, LayerIndex, Piece};
use onionskin_core::report::text;
use onionskin_core::stack::{NodeId, ResolveError, Stack, VersionKind};

use crate::image::{ImageArguments, Opened, with_login};
use crate::kept::Kept;
use crate::layers::{LayerArguments, Wanted, not_fetched};
use crate::listed::{alone, missing};
use crate::output::{FileArguments, Inputs};
use crate::tables::{TableArguments, Unread};

/// Zeros written at a time where a file has a hole.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// Print the content of a file, from the final filesystem or from one layer
///
/// Symbolic links are followed inside the image. Holes of sparse files are printed as zeros.
#[derive(clap::Args)]
#[command(after_help = with_login!("Examples:
  onionskin cat debian:12 /etc/os-release
  onionskin cat app.tar /app/config.json --layer 3   # from layer 3 itself
  onionskin cat app.tar /app/config.json --stack 2   # from the filesystem up to layer 2
  onionskin cat debian:12 /usr/bin/env -o env"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// The path of the file
    path: OsString,

    #[command(flatten)]
    layers: LayerArguments,

    #[command(flatten)]
    tables: TableArguments,

    #[command(flatten)]
    output: FileArguments,
}

/// Where a file's content is stored.
struct Stored<'s> {
    /// From 1.
    layer: usize,
    index: &'s LayerIndex,
    entry: EntryId,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut inputs = Inputs::default();
    arguments.image.inputs(&mut inputs);
    let destination = arguments.output.open(&inputs)?;
    let mut opened = arguments.image.open().await?;
    opened.use_tables(&arguments.tables, true).await;
    let content = match found(&opened, &arguments).await {
        Err(error) if error.is::<Unread>() => {
            opened.tables.turn_off();
            found(&opened, &arguments).await
        }
        content => content,
    };
    let content = content?;
    let mut writing = destination.begin()?;
    let holes = writing.may_have_holes();
    let file = writing.file();
    let failed = |error| destination.failed(error);
    let sparse = holes
        .then(|| file.try_clone())
        .transpose()
        .map_err(failed)?;
    let mut out = Out::new(file, sparse);
    let given = content.give(|piece| {
        out.write(piece);
        match &out.failed {
            Ok(()) => Ok(()),
            // What failed is reported below; here it is only a reason to stop.
            Err(error) => Err(io::Error::from(error.kind()).into()),
        }
    });
    out.failed().map_err(failed)?;
    given.context("cannot read the file back from memory or its temporary file")?;
    out.end().map_err(failed)?;
    Ok(writing.finish()?)
}

/// The content that is asked for.
async fn found(opened: &Opened, arguments: &Arguments) -> anyhow::Result<Kept> {
    let wanted = arguments.layers.of(&opened.image)?;
    let mut stack = match wanted {
        Wanted::Layer(number) => {
            let mut alone = Stack::new();
            alone.push_alone(opened.decode_one(number).await?)?;
            alone
        }
        Wanted::Stack(_) => opened.stack(wanted.decoded(&opened.image)).await?,
    };
    let asked = FileRequest {
        path: arguments.path.as_encoded_bytes(),
        wanted,
        image: &arguments.image.image,
    };
    let incomplete = |error, stack: &Stack| match not_fetched(stack) {
        Some(unseen) => anyhow!("{error} (incomplete, without {unseen})"),
        None => error,
    };
    let mut node = (asked.find(&stack)).map_err(|error| incomplete(error, &stack))?;
    if let (Wanted::Layer(number), [index], true) = (wanted, stack.layers(), stack.has_open_links())
        && is_hard_link(&stack, node)
    {
        let path = stack.path(node);
        stack = alone(opened, Arc::clone(index), number).await?;
        // Seen on the layers below, a link may lead to a folder; then it is not there.
        node = stack.find(&path).unwrap_or(NodeId::ROOT);
    }
    let found = asked.stored(&stack, node);
    let mut stored = found.map_err(|error| incomplete(error, &stack))?;
    // Of a layer alone the stack has one.
    if stack.depth() == 1 {
        stored.layer += wanted.below();
    }
    content(opened, &stored).await
}

/// What a user asks for.
struct FileRequest<'a> {
    path: &'a [u8],
    wanted: Wanted,
    /// As messages call it.
    image: &'a str,
}

impl FileRequest<'_> {
    /// Where the path leads in what is wanted.
    fn find(&self, stack: &Stack) -> anyhow::Result<NodeId> {
        match stack.resolve(self.path, stack.depth()) {
            Ok(node) => Ok(node),
            Err(ResolveError::Missing { path, .. }) if hides(stack, &path) => bail!(
                "{} is deleted in {}, so there is no content to print",
                text(&path),
                self.wanted.name()
            ),
            Err(error) => bail!("{}", missing(&error, self.path, self.wanted, self.image)),
        }
    }

    /// The content of what is there.
    fn stored<'s>(&self, stack: &'s Stack, node: NodeId) -> anyhow::Result<Stored<'s>> {
        let depth = stack.depth();
        let (asked, image) = (text(self.path), self.image);
        let stored = stack
            .at(node, depth)
            .and_then(|version| stack.stored_by(version));
        let found = stored.and_then(|(layer, entry)| {
            let index = stack.layer(layer)?;
            Some(Stored {
                layer,
                index,
                entry,
            })
        });
        let Some(stored) = found else {
            bail!("{asked} is a folder; `onionskin ls {image} {asked}` lists it");
        };
        if let Wanted::Layer(number) = self.wanted
            && stored.layer < depth
        {
            bail!(
                "{asked} is a hard link in layer {number}, and its content is stored in layer {}; `onionskin cat {image} {asked} --stack {number}` prints it",
                stored.layer
            );
        }
        let what = match stored.index.kind(stored.entry) {
            EntryKind::File => return Ok(stored),
            EntryKind::Hardlink => {
                let target = stored.index.link(stored.entry).unwrap_or_default();
                let layer = match self.wanted {
                    Wanted::Layer(number) => number,
                    Wanted::Stack(_) => stored.layer,
                };
                // By now something may be there.
                bail!(
                    "{asked} is a hard link to /{}, which was not there when layer {layer} added the link, so it has no content",
                    text(target)
                )
            }
            EntryKind::Char | EntryKind::Block => "a device",
            EntryKind::Fifo => "a FIFO",
            _ => "not a file",
        };
        bail!("{asked} is {what}, which has no content in an image")
    }
}

/// Whether the entry that names a path is a hard link.
fn is_hard_link(stack: &Stack, node: NodeId) -> bool {
    let version = stack.at(node, stack.depth());
    let kind = version.and_then(|version| match version.what {
        VersionKind::Entry(entry) => Some(stack.layer(version.layer)?.kind(entry)),
        _ => None,
    });
    kind == Some(EntryKind::Hardlink)
}

/// Whether the one layer that is looked at hides this path.
fn hides(stack: &Stack, path: &[u8]) -> bool {
    let [layer] = stack.layers() else {
        return false;
    };
    layer
        .entries()
        .any(|entry| layer.kind(entry) == EntryKind::Whiteout && layer.path(entry) == path)
}

/// Reads what is needed of the layer again, else all of it to its end, and keeps what of the file is in it. Nothing is written, and no output file opened,
/// before what was read is known to be of the blob that was decoded.
async fn content(opened: &Opened, stored: &Stored<'_>) -> anyhow::Result<Kept> {
    let unkept = || "cannot store the file until its layer is verified";
    let mut kept = Kept::default();
    let Stored {
        layer,
        index,
        entry,
    } = *stored;
    let mut take = |_, piece: Piece<'_>| kept.take(piece);
    if opened.read_part(layer, index, &[entry], &mut take).await? {
        kept.check().with_context(unkept)?;
        return Ok(kept);
    }
    let blob = opened.layer(stored.layer).await?;
    let mut blob = blob.verified(stored.index.digest.clone());
    let mut reader = ContentReader::new(stored.layer, stored.index, stored.entry);
    let mut kept = Kept::default();
    while let Some(chunk) = blob.next_chunk().await? {
        reader.push(&chunk, &mut |piece| kept.take(piece))?;
        kept.check().with_context(unkept)?;
    }
    reader.finish(&mut |piece| kept.take(piece))?;
    kept.check().with_context(unkept)?;
    Ok(kept)
}

/// Where content goes; remembers the first failure, after which it takes nothing more.
struct Out<W> {
    to: W,
    /// The file that it is, where it is one: holes stay holes in it.
    file: Option<File>,
    length: u64,
    failed: io::Result<()>,
}

impl<W: Write> Out<W> {
    fn new(to: W, file: Option<File>) -> Self {
        Self {
            to,
            file,
            length: 0,
            failed: Ok(()),
        }
    }

    fn write(&mut self, piece: Piece<'_>) {
        if self.failed.is_ok() {
            self.failed = match piece {
                Piece::Bytes(bytes) => self.to.write_all(bytes),
                Piece::Hole(length) => self.hole(length),
            };
            self.length += match piece {
                Piece::Bytes(bytes) => bytes.len() as u64,
                Piece::Hole(length) => length,
            };
        }
    }

    fn hole(&mut self, length: u64) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            let end = self.length.saturating_add(length);
            return file.seek(SeekFrom::Start(end)).map(drop);
        }
        let mut left = length;
        while left > 0 {
            let now = usize::try_from(left).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
            self.to.write_all(ZEROS.get(..now).unwrap_or_default())?;
            left -= now as u64;
        }
        Ok(())
    }

    /// The first failure.
    fn failed(&mut self) -> io::Result<()> {
        std::mem::replace(&mut self.failed, Ok(()))
    }

    /// All is written: a hole at the end becomes a part of the file.
    fn end(&mut self) -> io::Result<()> {
        if let Some(file) = &self.file {
            file.set_len(self.length)?;
        }
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn holes_are_zeros_in_a_stream_and_holes_in_a_file() {
        let pieces = [Piece::Hole(70_000), Piece::Bytes(b"x"), Piece::Hole(3)];
        let mut stream = Out::new(Vec::new(), None);
        pieces.iter().for_each(|piece| stream.write(*piece));
        stream.end().unwrap();
        let mut expected = vec![0; 70_000];
        expected.extend_from_slice(b"x\0\0\0");
        assert_eq!(stream.to, expected);

        let path = std::env::temp_dir().join(format!("onionskin-cat-{}", std::process::id()));
        let file = File::create(&path).unwrap();
        let mut out = Out::new(file.try_clone().unwrap(), Some(file));
        pieces.iter().for_each(|piece| out.write(*piece));
        out.end().unwrap();
        assert_eq!(fs::read(&path).unwrap(), expected);
        fs::remove_file(path).unwrap();
    }
}
