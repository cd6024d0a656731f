//! All that a gateway serves, and who is answered at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::access::{Access, User};
use crate::metrics::Metrics;
use crate::origins::Origins;
use crate::page::Page;
use crate::rate::Rates;
use crate::relay::Relay;
use crate::repository::Repositories;

/// All that there is to serve.
pub(crate) struct Served {
    pub(crate) page: Page,
    pub(crate) repositories: Repositories,
    relay: Relay,
    /// Registries are asked with the operator's credentials.
    pub(crate) with_credentials: bool,
    stopping: AtomicBool,
    metrics: Arc<Metrics>,
    guards: Guards,
}

/// Who is answered at all.
pub(crate) struct Guards {
    pub(crate) rates: Arc<Rates>,
    pub(crate) access: Option<Arc<Access>>,
    pub(crate) origins: Arc<Origins>,
}

impl Served {
    pub(crate) fn new(
        relay: Relay,
        repositories: Repositories,
        metrics: Arc<Metrics>,
        guards: Guards,
        page: Page,
        with_credentials: bool,
    ) -> Self {
        Self {
            page,
            repositories,
            relay,
            with_credentials,
            stopping: AtomicBool::new(false),
            metrics,
            guards,
        }
    }

    pub(crate) fn relay(&self) -> &Relay {
        &self.relay
    }

    /// Whether this is a repository of our own.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.repositories.get(name).is_some()
    }

    /// Whether a user may see what is under names that begin so, or under the name of the registry that this is.
    pub(crate) fn sees(&self, user: &User, first: &str) -> bool {
        let registry = self.relay.registry(first);
        user.sees(first) || user.sees(registry.map_or(first, |registry| &registry.domain))
    }

    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    pub(crate) fn rates(&self) -> &Arc<Rates> {
        &self.guards.rates
    }

    /// The users, where not everybody is one.
    pub(crate) fn access(&self) -> Option<&Arc<Access>> {
        self.guards.access.as_ref()
    }

    /// The pages of other origins that are answered.
    pub(crate) fn origins(&self) -> &Arc<Origins> {
        &self.guards.origins
    }

    /// From now on nothing new is to be sent here.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether nothing new is to be sent here.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
