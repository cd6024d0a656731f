//! The image that a command is about: which one, how it is reached, and its layers decoded.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use onionskin_core::analysis::{Analysis, is_analysis};
use onionskin_core::layer::{Budget, EntryId, LayerIndex, Piece};
use onionskin_core::link::InFile;
use onionskin_core::platform::{Platform, choose};
use onionskin_core::reference::Reference;
use onionskin_core::source::archive::{FileBytes, Form, ReadAt as _};
use onionskin_core::source::registry::Client;
use onionskin_core::source::{BlobStream, Image, Layer, Locator, Source, SourceError};
use onionskin_core::stack::Stack;

use crate::cache::{Cache, CacheArguments};
use crate::decode::{Decoded, KnownLayers, LayerCache, analyzed, decode};
use crate::limits::{LimitArguments, Limits};
use crate::output::{Inputs, note};
use crate::progress::Progress;
use crate::registry::{NamedBy, RegistryArguments};
use crate::tables::{TableArguments, Tables, difference};

/// The end of the help of each command that takes an image: how to log in.
macro_rules! with_login {
    ($help:literal) => {
        concat!(
            $help,
            "\n\nPrivate registries: log in with `docker login REGISTRY` or `podman login REGISTRY` first. The same \
             files and credential helpers are used: DOCKER_AUTH_CONFIG, REGISTRY_AUTH_FILE, \
             $DOCKER_CONFIG/config.json or ~/.docker/config.json, and podman's auth.json."
        )
    };
}
pub(crate) use with_login;

/// Bytes that tell whether a file is a saved analysis.
const MARK: usize = 8;

/// Bytes on disk that the user should know of.
const MUCH: u64 = 256 << 20;

/// The arguments of every command about an image.
#[derive(clap::Args)]
pub(crate) struct ImageArguments<L: Limits = LimitArguments> {
    /// A reference such as nginx:1.27, the path of a saved image or OCI layout, or - for standard input
    ///
    /// A prefix says where the image is: docker://REFERENCE, docker-archive:PATH[:NAME], oci-archive:PATH[:NAME],
    /// oci:FOLDER[:NAME], dir:FOLDER, docker-daemon:REFERENCE, podman:REFERENCE. If there are several images in it, NAME
    /// is the name of one, or @0, @1 … by position. PATH can be - for standard input; archives can be compressed.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,

    /// The platform of a multi-platform image, such as linux/arm64 or arm64 [default: linux/amd64, or the first]
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<Platform>,

    #[command(flatten)]
    registry: RegistryArguments,

    #[command(flatten)]
    limits: L,

    #[command(flatten)]
    cache: CacheArguments,
}

/// Where what is known of an image comes from.
enum Origin {
    /// Its layers.
    Source(Box<Source>),
    /// A saved analysis.
    Analysis(Box<Analysis>),
}

/// An image whose documents are read.
pub(crate) struct Opened {
    pub(crate) image: Image,
    /// As the user wrote it.
    name: String,
    origin: Origin,
    locator: Locator,
    cache: Cache,
    budget: Arc<Budget>,
    pub(crate) tables: Tables,
}

impl<L: Limits> ImageArguments<L> {
    /// Finds the image and reads its documents.
    pub(crate) async fn open(&self) -> anyhow::Result<Opened> {
        self.open_other(&self.image).await
    }

    /// How registries are reached.
    pub(crate) const fn registry(&self) -> &RegistryArguments {
        &self.registry
    }

    /// The files that are read for it.
    pub(crate) fn inputs(&self, inputs: &mut Inputs) {
        inputs.image(&self.image);
        self.registry.inputs(inputs);
    }

    /// The same for another image that the user named.
    pub(crate) async fn open_other(&self, image: &str) -> anyhow::Result<Opened> {
        self.open_at(image, None).await
    }

    /// The same for another image, with a platform of its own where it has one.
    pub(crate) async fn open_at(
        &self,
        image: &str,
        platform: Option<&Platform>,
    ) -> anyhow::Result<Opened> {
        self.open_named_by(NamedBy::User, image, platform).await
    }

    /// The same for an image of a registry that the image names, by its reference. The log-in is for what the user
    /// named: whoever made the image does not learn by it what else of the registry the user may read.
    pub(crate) async fn open_base(&self, base: &Reference) -> anyhow::Result<Opened> {
        let own = self.image.parse();
        let named_by = match &own {
            Ok(Locator::Registry(own)) if own.name() == base.name() => NamedBy::User,
            Ok(Locator::Registry(own)) if own.domain() == base.domain() => NamedBy::ImageInRegistry,
            _ => NamedBy::Image,
        };
        let base = format!("docker://{base}");
        self.open_named_by(named_by, &base, None).await
    }

    async fn open_named_by(
        &self,
        named_by: NamedBy,
        image: &str,
        platform: Option<&Platform>,
    ) -> anyhow::Result<Opened> {
        let cache = self.cache.open();
        let budget = self.limits.begin();
        let locator: Locator = image.parse()?;
        let name = image.to_owned();
        let platform = platform.or(self.platform.as_ref());
        if let Locator::Registry(reference) = &locator {
            let domain = reference.domain();
            let open = async |client: &Client| {
                let source = Source::of(&locator, client)?;
                let image = source.image(platform).await?;
                let (locator, cache) = (locator.clone(), cache.clone());
                Ok(Opened {
                    image,
                    name: name.clone(),
                    origin: Origin::Source(Box::new(source)),
                    locator,
                    cache,
                    budget: Arc::clone(&budget),
                    tables: Tables::default(),
                })
            };
            let kept = cache.documents();
            return self
                .registry
                .ask_named_by(named_by, domain, kept, open)
                .await;
        }
        let (image, origin) = match analysis(&locator).await? {
            Some(analysis) => {
                let image = of_platform(analysis.image(), platform, image)?;
                (image, Origin::Analysis(Box::new(analysis)))
            }
            None => {
                let source = saved(&locator)?;
                (
                    source.image(platform).await?,
                    Origin::Source(Box::new(source)),
                )
            }
        };
        Ok(Opened {
            image,
            name,
            origin,
            locator,
            cache,
            budget,
            tables: Tables::default(),
        })
    }
}

/// The saved analysis in a file, where the file is one.
async fn analysis(locator: &Locator) -> anyhow::Result<Option<Analysis>> {
    let Locator::Archive {
        path,
        form: Form::Any,
        reference,
    } = locator
    else {
        return Ok(None);
    };
    // What is wrong with a file that cannot be read is said where it is opened as an image.
    let Ok(file) = FileBytes::open(path) else {
        return Ok(None);
    };
    let start = file.read_at(0, MARK).await;
    if !start.is_ok_and(|start| is_analysis(&start)) {
        return Ok(None);
    }
    let named = || path.display().to_string();
    ensure!(
        reference.is_none(),
        "{} is a saved analysis of one image; write its path without a name",
        named()
    );
    let analysis = Analysis::open(Arc::new(file)).await;
    Ok(Some(analysis.with_context(named)?))
}

/// The image of a saved analysis, if it is for the platform that was asked for.
fn of_platform(image: &Image, wanted: Option<&Platform>, name: &str) -> anyhow::Result<Image> {
    let own = [image.platform.clone()];
    if let Some(wanted) = wanted
        && choose(Some(wanted), &own).is_none()
    {
        let [own] = own;
        let own = own.map_or_else(|| "an unknown platform".to_owned(), |own| own.to_string());
        bail!("{name} has no image for {wanted}; it is a saved analysis for {own}");
    }
    Ok(image.clone())
}

/// The source of an image that is in no registry.
pub(crate) fn saved(locator: &Locator) -> anyhow::Result<Source> {
    match locator {
        Locator::Input { form, reference } => input(*form, reference.clone()),
        _ => Ok(Source::saved(locator)?),
    }
}

/// A saved image from standard input. It is kept on disk while we run, which is said when it takes much room.
fn input(form: Form, reference: Option<String>) -> anyhow::Result<Source> {
    let stdin = io::stdin();
    ensure!(
        !stdin.is_terminal(),
        "standard input is a terminal; pipe a saved image to it, as in `docker save app | onionskin inspect -`"
    );
    let mut said = false;
    let told = |bytes| {
        if bytes >= MUCH && !said {
            said = true;
            let folder = env::temp_dir();
            // Whoever does not listen does not need to know.
            let _ = writeln!(
                io::stderr(),
                "onionskin: standard input is large; it is stored in a temporary file in {}",
                folder.display()
            );
        }
    };
    Ok(Source::input(stdin.lock(), form, reference, told)?)
}

impl Opened {
    /// The file or the folder that it is in, where it is in one that has a name.
    pub(crate) fn in_file(&self) -> Option<InFile<'_>> {
        let (path, reference) = match &self.locator {
            Locator::Archive {
                path, reference, ..
            }
            | Locator::Layout { path, reference } => (path, reference.as_deref()),
            Locator::Directory { path } => (path, None),
            _ => return None,
        };
        Some(InFile {
            name: path.file_name()?.to_str()?,
            image: reference,
        })
    }

    /// Decodes some of the image's layers, with a bar for each.
    pub(crate) async fn decode(&self, layers: &[Layer]) -> anyhow::Result<Vec<Decoded>> {
        self.decode_with(layers, &|_| None).await
    }

    /// The same, where some blobs are known from another image: those are not fetched again, and count as if they were.
    pub(crate) async fn decode_with(
        &self,
        layers: &[Layer],
        known: &KnownLayers<'_>,
    ) -> anyhow::Result<Vec<Decoded>> {
        let source = match &self.origin {
            Origin::Source(source) => source,
            Origin::Analysis(analysis) => {
                let decoded = analyzed(layers, analysis, &self.budget).await;
                return decoded.with_context(|| self.name.clone());
            }
        };
        let progress = Progress::new(self.image.layers.len());
        let open = |layer| source.layer(layer);
        let cache = LayerCache {
            cache: &self.cache,
            hash: !matches!(**source, Source::Registry(_)),
            known,
        };
        let tables = match **source {
            Source::Registry(_) => self.tables.using(source),
            // What is at hand is read as a whole.
            _ => None,
        };
        let decoded = decode(layers, &progress, &self.budget, cache, tables, open).await;
        self.cache.trim().await;
        if let Ok(decoded) = &decoded {
            let read: Vec<(&Layer, &LayerIndex)> = layers
                .iter()
                .zip(decoded)
                .filter_map(|(layer, decoded)| match decoded {
                    Decoded::Read(index) => Some((layer, &**index)),
                    Decoded::NotFetched(_) => None,
                })
                .collect();
            self.tables.check(&read, source).await?;
        }
        decoded.map_err(|error| match error.downcast_ref::<SourceError>() {
            Some(named) if named.names_what() => error,
            Some(SourceError::Archive { .. }) => error,
            _ => error.context(self.name.clone()),
        })
    }

    /// Uses tables of contents, if they are `enough` for what is wanted; or compares them, if the user wants that. For either,
    /// the registry is asked for those that the image names.
    pub(crate) async fn use_tables(&mut self, arguments: &TableArguments, enough: bool) {
        self.tables.turn(arguments, enough);
        if self.tables.are_wanted()
            && let Origin::Source(source) = &self.origin
        {
            source.add_tables(&mut self.image).await;
        }
    }

    /// Says where tables of contents list something else than the layers of `stack`, which were read.
    pub(crate) async fn warn_of_tables(&self, stack: &Stack) {
        let Origin::Source(source) = &self.origin else {
            return;
        };
        let mut image = self.image.clone();
        source.add_tables(&mut image).await;
        for (layer, index) in image.layers.iter().zip(stack.layers()) {
            // In the place of a layer that is not available is another.
            if layer.digest.as_ref() == Some(&index.digest)
                && let Some(difference) = difference(layer, index, source).await
            {
                note(format_args!("warning: {difference}"));
            }
        }
    }

    /// Streams the blob of a layer, counted from 1.
    pub(crate) async fn layer(&self, number: usize) -> anyhow::Result<BlobStream> {
        Ok(self.source()?.layer(self.numbered(number)?).await?)
    }

    /// Where its layers are.
    fn source(&self) -> anyhow::Result<&Source> {
        match &self.origin {
            Origin::Source(source) => Ok(source),
            Origin::Analysis(_) => bail!(
                "{} is a saved analysis, which has no contents of files; name the image itself",
                self.name
            ),
        }
    }

    /// Reads files of a layer, counted from 1, from parts of its blob, and gives `sink` what is proved to be theirs. False
    /// where the whole has to be read, and nothing that was given counts.
    ///
    /// # Errors
    /// What came is not a part of the layer that was read before, or not what its table names; or it is known only by its table,
    /// and has to be read as a whole ([`Unread`](crate::tables::Unread)).
    pub(crate) async fn read_part(
        &self,
        number: usize,
        index: &LayerIndex,
        entries: &[EntryId],
        sink: &mut (dyn FnMut(EntryId, Piece<'_>) + Send),
    ) -> anyhow::Result<bool> {
        if let Some(table) = self.tables.of(&index.digest) {
            let layer = self.numbered(number)?;
            let source = self.source()?;
            table
                .read(layer, source, &self.budget, entries, sink)
                .await?;
            return Ok(true);
        }
        let Some(checkpoints) = self.cache.checkpoints(&index.digest).await else {
            return Ok(false);
        };
        let parts = checkpoints.parts(index, entries);
        if parts.is_empty() || parts.iter().any(|part| part.blob == (0..index.blob_size)) {
            return Ok(false);
        }
        let layer = self.numbered(number)?;
        let source = self.source()?;
        for part in parts {
            let Some(mut reader) = checkpoints.reader(number, index, &part) else {
                return Ok(false);
            };
            let bytes = source.layer_part(layer, reader.rest(), index.blob_size);
            let Some(mut bytes) = bytes.await else {
                return Ok(false);
            };
            loop {
                match bytes.next_chunk().await {
                    Ok(Some(chunk)) => reader.push(&chunk, sink)?,
                    Ok(None) => break,
                    // The whole goes on where it breaks off.
                    Err(_) => return Ok(false),
                }
            }
            reader.finish(sink)?;
        }
        Ok(true)
    }

    /// Decodes some of the image's layers and puts them on each other.
    pub(crate) async fn stack(&self, layers: &[Layer]) -> anyhow::Result<Stack> {
        stacked(self.decode(layers).await?)
    }

    /// The same for all layers, some of whose blobs are known from another image.
    pub(crate) async fn stack_with(&self, known: &KnownLayers<'_>) -> anyhow::Result<Stack> {
        stacked(self.decode_with(&self.image.layers, known).await?)
    }

    /// Decodes one layer, counted from 1, which has to be there.
    pub(crate) async fn decode_one(&self, number: usize) -> anyhow::Result<Arc<LayerIndex>> {
        let layer = self.numbered(number)?;
        match self.decode(std::slice::from_ref(layer)).await?.pop() {
            Some(Decoded::Read(index)) => Ok(index),
            Some(Decoded::NotFetched(reason)) => {
                bail!("layer {number} is not available ({reason})")
            }
            None => bail!("there is no layer {number}"),
        }
    }

    fn numbered(&self, number: usize) -> anyhow::Result<&Layer> {
        let layer = number
            .checked_sub(1)
            .and_then(|at| self.image.layers.get(at));
        layer.with_context(|| format!("there is no layer {number}"))
    }
}

fn stacked(layers: Vec<Decoded>) -> anyhow::Result<Stack> {
    let mut stack = Stack::new();
    for decoded in layers {
        match decoded {
            Decoded::Read(index) => stack.push(index)?,
            Decoded::NotFetched(reason) => stack.push_not_fetched(reason)?,
        }
    }
    Ok(stack)
}
