//! The numbers of images that were read for badges, and of those that are being read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use onionskin_core::digest::Digest;
use onionskin_core::report::badge::BadgeNumbers;
use tokio::sync::Semaphore;

use super::address::{Address, BadgeRepository};
use super::reader::Reader;
use crate::error::Refused;
use crate::limits::{BADGE_TIME, BADGE_WAIT, BADGES_KNOWN, BADGES_WAITING};

/// Which image. That another repository has it too is for its registry to say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    name: String,
    digest: Digest,
    platform: Option<String>,
}

/// Numbers once they are known.
type Numbers = Shared<BoxFuture<'static, Result<Arc<BadgeNumbers>, Refused>>>;

/// The badges of a gateway.
pub(crate) struct Badges {
    repositories: Vec<BadgeRepository>,
    images: Mutex<HashMap<Key, Numbers>>,
    /// Images are read one after the other, so that badges take no more than one command would.
    turn: Arc<Semaphore>,
}

impl Badges {
    /// Badges of these repositories, beside those that a gateway has itself.
    pub(crate) fn new(repositories: Vec<BadgeRepository>) -> Self {
        Self {
            repositories,
            images: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Whether images of this repository have badges.
    pub(super) fn are_of(&self, name: &str) -> bool {
        self.repositories.iter().any(|one| one.has(name))
    }

    /// The numbers of an image, once they are known. The manifest is asked for each time: the tag may have moved, and the
    /// registry may have taken the right back. Who does not want to wait any longer finds them later.
    pub(super) async fn numbers(
        &self,
        reader: Reader,
        address: &Address,
    ) -> Result<Arc<BadgeNumbers>, Refused> {
        let top = reader.manifest(&address.pointer).await?;
        let key = Key {
            name: address.name.clone(),
            digest: top.digest.clone(),
            platform: address.platform.as_ref().map(ToString::to_string),
        };
        let numbers = self.image(&key, || {
            let (turn, platform) = (Arc::clone(&self.turn), address.platform.clone());
            let read = async move {
                let _turn = turn.acquire_owned().await;
                let numbers = reader.numbers(top, platform.as_ref());
                let numbers = tokio::time::timeout(BADGE_TIME, numbers).await;
                numbers.map_err(|_| Refused::too_slow(&reader.name))?
            };
            // Also when nobody waits for it any more.
            let read = tokio::spawn(read);
            async { read.await.map_err(|_| Refused::not_read())?.map(Arc::new) }
                .boxed()
                .shared()
        })?;
        let known = tokio::time::timeout(BADGE_WAIT, numbers).await;
        let known = known.map_err(|_| Refused::not_yet())?;
        if known.is_err() {
            // The next who asks tries again.
            self.lock().remove(&key);
        }
        known
    }

    fn image(&self, key: &Key, read: impl FnOnce() -> Numbers) -> Result<Numbers, Refused> {
        let mut images = self.lock();
        if let Some(numbers) = images.get(key) {
            return Ok(numbers.clone());
        }
        let waiting = images.values().filter(|one| one.peek().is_none());
        if waiting.count() >= BADGES_WAITING {
            return Err(Refused::busy());
        }
        if images.len() >= BADGES_KNOWN {
            images.retain(|_, one| one.peek().is_none());
        }
        Ok(images.entry(key.clone()).or_insert_with(read).clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Numbers>> {
        self.images.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
