//! The images that an audited one is compared with: its base image, and the one that its growth is measured against.

use std::collections::HashMap;

use anyhow::{Context as _, bail};
use onionskin_core::base::{self, Base, BaseEvidence};
use onionskin_core::digest::Digest;
use onionskin_core::rules::{Against, GrowthContents, GrowthLimits};
use onionskin_core::source::{Image, SourceError};
use onionskin_core::stack::Stack;

use crate::decode::Decoded;
use crate::image::ImageArguments;
use crate::layers::known_layers;
use crate::sentence;

/// The flags that name the base.
#[derive(clap::Args)]
pub(super) struct BaseArguments {
    /// The base image; its layers are not counted as the image's own [default: as the history shows]
    #[arg(long, value_name = "IMAGE")]
    base: Option<String>,

    /// Fetch the base that the image's annotations name from its registry
    ///
    /// A registry that only the image names has to be public, or given with --allow-host. The base is asked for without
    /// log-in, unless it is in the image's own repository.
    #[arg(long, conflicts_with = "base")]
    fetch_base: bool,
}

impl BaseArguments {
    /// The image that `--base` names.
    pub(super) fn named(&self) -> Option<&str> {
        self.base.as_deref()
    }

    /// The base of an opened image; None leaves it to what the image's documents tell. What could not be found out
    /// for want of an answer is a remark.
    pub(super) async fn of(
        &self,
        image: &Image,
        images: &ImageArguments,
        remarks: &mut Vec<String>,
    ) -> anyhow::Result<Option<Base>> {
        if let Some(name) = &self.base {
            let base = images.open_other(name).await.context("--base")?;
            return Ok(Some(Base::of(image, &base.image, BaseEvidence::Named)?));
        }
        if !self.fetch_base {
            return Ok(None);
        }
        let Some(named) = base::reference(image) else {
            remarks
                .push("no annotation or label names a base image that can be looked up".to_owned());
            return Ok(None);
        };
        let fetched = images.open_base(&named).await;
        let base =
            fetched.and_then(|base| Ok(Base::of(image, &base.image, BaseEvidence::Annotations)?));
        match base {
            Ok(base) => Ok(Some(base)),
            Err(error) => {
                let problem = match error.downcast_ref() {
                    // To log in is no help where no credentials are used.
                    Some(
                        denied @ SourceError::NoAccess {
                            credentials: false, ..
                        },
                    ) => format!(
                        "{denied}. A base that only the image names is asked for without credentials; to use those of \
                         this machine, add --base {named}"
                    ),
                    _ => sentence(&error),
                };
                remarks.push(format!(
                    "the base image that the annotations name could not be used: {problem}"
                ));
                Ok(None)
            }
        }
    }
}

/// The image to compare with, if growth is limited. Of its layers only those are read that `stack` does not have.
pub(super) async fn against(
    limits: &GrowthLimits,
    stack: &Stack,
    images: &ImageArguments,
) -> anyhow::Result<Option<Against>> {
    let Some(name) = limits.against.as_ref().filter(|_| limits.are_set()) else {
        return Ok(None);
    };
    let opened = images.open_other(name).await;
    let opened = opened.with_context(|| format!("cannot compare with {name}"))?;
    let image = &opened.image;
    let cannot = || format!("cannot compare with {name}");
    if let Some(torn) = super::torn(image) {
        bail!("{}: {torn}", cannot());
    }
    let mut read = HashMap::new();
    let mut contents = None;
    let known = known_layers(stack);
    let known = |digest: &Digest| known.get(digest).copied().cloned();
    if limits.need_contents() {
        let other = opened.stack_with(&known).await.with_context(cannot)?;
        for (number, index) in (1..).zip(other.layers()) {
            if !other.not_fetched().contains_key(&number) {
                read.insert(number, index.size);
            }
        }
        contents = GrowthContents::of_whole(limits, &other);
    } else if limits.need_sizes() {
        let decoded = opened.decode_with(&image.layers, &known).await;
        for (layer, decoded) in image.layers.iter().zip(decoded.with_context(cannot)?) {
            if let Decoded::Read(index) = decoded {
                read.insert(layer.number, index.size);
            }
        }
    }
    let mut against = Against::of(image, stack, |layer| read.get(&layer.number).copied());
    against.contents = contents;
    // Without rules that ask for it, it is not told.
    against.size = against.size.filter(|_| limits.need_sizes());
    Ok(Some(against))
}
