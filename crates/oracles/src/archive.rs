//! Saved images: whatever a file holds, it is an image whose layers can be asked for, or is refused in words.

use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::executor::block_on;
use onionskin_core::source::archive::{Archive, Form};
use std::sync::Arc;

use crate::mended::mended;

/// A tar as it comes, and with headers whose checksums fit, in each form that it may be.
pub(crate) fn archive(data: &[u8]) {
    for tar in [Bytes::copy_from_slice(data), mended(data).into()] {
        for (form, reference) in [
            (Form::Any, None),
            (Form::Docker, Some("@0")),
            (Form::Oci, Some("app:1")),
        ] {
            let source = Arc::new(tar.clone());
            let archive = Archive::new(
                "fuzzed.tar".into(),
                source,
                form,
                reference.map(str::to_owned),
            );
            block_on(opened(&archive, tar.len()));
        }
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
        if let Ok(chunks) = stream.try_collect::<Vec<_>>().await {
            // A layer lies in its archive; it cannot be larger.
            assert!(chunks.iter().map(Bytes::len).sum::<usize>() <= size);
        }
    }
}
