//! Images that are in no registry: files that the visitor chose, and saved analyses. This is a part of the program, which
//! arrives with the first of them.

use std::cell::Cell;

use onionskin_core::digest::Digest;
use onionskin_core::platform::Platform;
use onionskin_core::source::SourceError;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DedicatedWorkerGlobalScope};

use super::analysis;
use super::file;
use super::kept_file;
use super::origin::{Opened, Origin};
use super::port;
use super::protocol::{Event, Message, Subject, UserError};
use super::registries::repository;
use super::saved_reader::{self, SavedImage, SavedImageReader};

/// Between two rounds of telling how far a file is unpacked, in milliseconds.
const PAUSE: f64 = 100.0;

/// Opens them from now on.
pub(super) fn open_from_now_on() {
    saved_reader::use_reader(SavedImageReader {
        open: |scope, image| Box::pin(open(scope, image)),
        source: |name, file| {
            let archive = file::open(name, file, None);
            let archive = archive.map_err(|problem| UserError::of_file(&problem))?;
            Ok(archive.into())
        },
        layer: |file, layer| Box::pin(async move { analysis::layer(&file, &layer).await }),
        document: |of, wanted| Box::pin(document(of, wanted)),
    });
}

/// A document of the image in a file.
async fn document((name, file): (String, Blob), wanted: String) -> Result<Vec<u8>, UserError> {
    let archive = file::open(&name, &file, None);
    let archive = archive.map_err(|problem| UserError::of_file(&problem))?;
    let bytes = match wanted.parse::<Digest>() {
        Ok(digest) => archive.document_by_digest(&digest).await,
        Err(_) => archive.top_document(&wanted).await,
    };
    let bytes = bytes.map_err(|error| UserError::of_content(&error.to_string()))?;
    Ok(bytes.to_vec())
}

async fn open(
    scope: DedicatedWorkerGlobalScope,
    image: SavedImage,
) -> Result<Option<Opened>, UserError> {
    let (scope, platform) = (&scope, image.platform.as_ref());
    match image.subject {
        // What opens an image by its name is always here.
        Subject::Reference(_) => Err(UserError::of_worker(0)),
        Subject::Index(address) => {
            let told = |done, whole| {
                port::tell(scope, &Message::Event(Event::Fetched { done, whole }));
            };
            let file = analysis::fetched(&address, told).await?;
            in_analysis(file, platform).await.map(Some)
        }
        Subject::File {
            name,
            image: wanted,
        } => {
            if let (None, Some(ticket)) = (&image.file, &image.kept) {
                return in_kept(scope, ticket, platform).await;
            }
            let file = image.file.ok_or_else(|| UserError::of_worker(0))?;
            if analysis::is(&file) {
                let opened = in_analysis(file.clone(), platform).await?;
                keep(scope.clone(), file);
                return Ok(Some(opened));
            }
            let file = unpack(scope, file)?;
            in_file(scope, &name, file, wanted, platform).await
        }
    }
}

/// Keeps a saved analysis for a reload, while it is shown.
fn keep(scope: DedicatedWorkerGlobalScope, file: Blob) {
    spawn_local(async move {
        if let Some(ticket) = kept_file::keep(&file).await {
            port::tell(&scope, &Message::Event(Event::Kept(ticket)));
        }
    });
}

/// The image of a saved analysis that was kept, which the page gets too; none if it is no longer there.
async fn in_kept(
    scope: &DedicatedWorkerGlobalScope,
    ticket: &str,
    platform: Option<&Platform>,
) -> Result<Option<Opened>, UserError> {
    let Some(file) = kept_file::read(ticket).await else {
        port::tell(scope, &Message::Event(Event::NotKept));
        return Ok(None);
    };
    port::tell_file(scope, &file);
    in_analysis(file, platform).await.map(Some)
}

/// The file itself, or what it holds where it is compressed as a whole; the page gets that too, so that it is
/// unpacked only once.
fn unpack(scope: &DedicatedWorkerGlobalScope, file: Blob) -> Result<Blob, UserError> {
    let whole = file.size() as u64;
    let told = Cell::new(0.0);
    let unpacked = file::unpacked(&file, |done, size| {
        let now = js_sys::Date::now();
        if now - told.get() >= PAUSE {
            told.set(now);
            port::tell(
                scope,
                &Message::Event(Event::Unpacked { done, whole, size }),
            );
        }
    });
    match unpacked.map_err(|problem| UserError::of_file(&problem))? {
        Some(unpacked) => {
            port::tell_file(scope, &unpacked);
            Ok(unpacked)
        }
        None => Ok(file),
    }
}

/// The image in a file; of several the one that is wanted, without which they are told.
async fn in_file(
    scope: &DedicatedWorkerGlobalScope,
    name: &str,
    file: Blob,
    wanted: Option<String>,
    platform: Option<&Platform>,
) -> Result<Option<Opened>, UserError> {
    let failed = |error: SourceError| UserError::of_image(&error);
    let unreadable = |problem: String| UserError::of_file(&problem);
    if wanted.is_none() {
        let all = file::open(name, &file, None).map_err(unreadable)?;
        let held = all.list().await.map_err(failed)?;
        if held.len() > 1 {
            port::tell(scope, &Message::Event(Event::Several(held)));
            return Ok(None);
        }
    }
    let archive = file::open(name, &file, wanted).map_err(unreadable)?;
    let image = match archive.image(platform).await {
        Ok(image) => image,
        Err(SourceError::Artifact(artifact)) => {
            port::tell(scope, &Message::Event(Event::Artifact(artifact)));
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    let top_documents = archive.top_documents().await.map_err(failed)?;
    Ok(Some(Opened {
        reference: image.reference.clone(),
        name: repository(&image.reference).to_owned(),
        image,
        origin: Origin::File(name.to_owned()),
        file: Some(file),
        analysis: None,
        top_documents: top_documents.into_iter().map(str::to_owned).collect(),
    }))
}

/// The image of a saved analysis, if it is for the platform that is wanted.
async fn in_analysis(file: Blob, platform: Option<&Platform>) -> Result<Opened, UserError> {
    let analysis = analysis::image(&file, platform).await?;
    let image = analysis.image().clone();
    Ok(Opened {
        reference: image.reference.clone(),
        name: repository(&image.reference).to_owned(),
        image,
        origin: Origin::Analysis,
        file: Some(file),
        analysis: Some(analysis.generator().to_owned()),
        top_documents: Vec::new(),
    })
}
