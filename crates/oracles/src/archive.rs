//! Saved images: whatever a file holds, it is an image whose layers can be asked for, or is refused in words.

use bytes::Bytes;
use futures::StreamExt as _;
use futures::executor::block_on;
use onionskin_core::manifest::Document;
use onionskin_core::source::archive::{Archive, Form};
use std::sync::Arc;

use crate::checksums::with_checksums;

/// Chunks of a layer that are read; a sparse one may claim gigabytes.
const READ: usize = 64;

/// A tar as it comes, and with headers whose checksums fit, in each form that it may be.
pub(crate) fn archive(data: &[u8]) {
    for tar in [Bytes::copy_from_slice(data), with_checksums(data).into()] {
        for (form, reference) in [
            (Form::Any, None),
            (Form::Docker, Some("@0")),
            (Form::Oci, Some("app:1")),
        ] {
            block_on(opened(&saved(&tar, form, reference), tar.len()));
        }
        block_on(listed(&tar));
        block_on(held(&saved(&tar, Form::Any, None)));
    }
}

fn saved(tar: &Bytes, form: Form, reference: Option<&str>) -> Archive {
    let reference = reference.map(str::to_owned);
    Archive::new("fuzzed.tar".into(), Arc::new(tar.clone()), form, reference)
}

/// What an archive says that it holds is found there by what it says.
async fn listed(tar: &Bytes) {
    let Ok(listed) = saved(tar, Form::Any, None).list().await else {
        return;
    };
    for one in listed.iter().take(4) {
        let archive = saved(tar, Form::Any, Some(&one.reference));
        if let Err(error) = archive.image(None).await {
            assert!(!error.to_string().contains(": has "), "{one:?}: {error}");
        }
    }
}

/// What is given out by digest has a document to begin with.
async fn held(archive: &Archive) {
    if let Ok(held) = archive.repository().await
        && let Ok(top) = held.manifest(held.digest()).await
        && let Some((media_type, document)) = top
    {
        assert!(Document::parse(&document, Some(&media_type)).is_ok());
    }
}

async fn opened(archive: &Archive, size: usize) {
    let image = match archive.image(None).await {
        Ok(image) => image,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    serde_json::to_vec(&image).expect("an image can be handed over");
    for layer in &image.layers {
        let Ok(stream) = archive.layer(layer) else {
            continue;
        };
        // A layer lies in its archive; more than that are only the holes of a sparse member, which are zeros.
        let mut not_zero = 0;
        let mut chunks = stream.take(READ);
        while let Some(Ok(chunk)) = chunks.next().await {
            not_zero += chunk.iter().filter(|byte| **byte != 0).count();
        }
        assert!(not_zero <= size);
    }
}
