//! Lists of registries handed on page by page: tags, repositories, referrers.

use std::sync::Arc;

use axum::response::Response;
use onionskin_core::digest::Digest;
use onionskin_core::source::registry::Endpoint;

use super::{Relay, Visitor, called, not_here};
use crate::error::Refused;
use crate::held::holding;
use crate::listing;
use crate::seal::{PAGING, REFERRERS};
use crate::slots::SlotKind;
use crate::upstream::Upstream;

impl Relay {
    /// A page of tags; `query` is that of the request.
    pub(crate) async fn tags(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        query: Option<&str>,
    ) -> Result<Response, Refused> {
        let (upstream, remote) = self.find(visitor, name)?;
        let path = format!("/v2/{name}/tags/list");
        let query = self.pages.asked(&path, query, &PAGING).await?;
        let slot = self.slot(upstream, SlotKind::Document, visitor).await?;
        let page = remote.tags_made(query.as_deref(), listing::tags_written(name));
        let page = self.document(name, page).await?;
        let (list, next) = page.map_err(Refused::unknown_name)?;
        let next = self.next(&path, next.as_deref(), &PAGING).await;
        Ok(holding(listing::relayed(list?, next), slot))
    }

    /// A page of a registry's repositories, under the names that they have here.
    pub(crate) async fn catalog(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        query: Option<&str>,
    ) -> Result<Response, Refused> {
        let Some(upstream) = self.upstreams.get(name).map(Arc::as_ref) else {
            return Err(not_here(name, name));
        };
        let path = format!("/v2/{name}/_catalog");
        let query = self.pages.asked(&path, query, &PAGING).await?;
        let Upstream { domain, base } = upstream;
        let endpoint = called(Endpoint::new(base.clone()), name, domain);
        let registry = self.client_of(visitor).registry_at(endpoint, domain);
        let slot = self.slot(upstream, SlotKind::Document, visitor).await?;
        let page = registry.repositories_made(query.as_deref(), listing::catalog_written(name));
        let page = self.document(name, page).await?;
        let (list, next) = page.map_err(Refused::unknown_name)?;
        let next = self.next(&path, next.as_deref(), &PAGING).await;
        Ok(holding(listing::relayed(list?, next), slot))
    }

    /// A page of what refers to a manifest. A registry that has no such list has none here either.
    pub(crate) async fn referrers(
        &self,
        visitor: &Visitor<'_>,
        name: &str,
        digest: &Digest,
        query: Option<&str>,
    ) -> Result<Response, Refused> {
        let (upstream, remote) = self.find(visitor, name)?;
        let path = format!("/v2/{name}/referrers/{digest}");
        let query = self.pages.asked(&path, query, &REFERRERS).await?;
        let slot = self.slot(upstream, SlotKind::Document, visitor).await?;
        let page = remote.referrers_page(digest, query.as_deref());
        let page = self.document(name, page).await?;
        let page = page.map_err(Refused::unknown_manifest)?;
        let next = self.next(&path, page.next.as_deref(), &REFERRERS).await;
        let response = listing::relayed_referrers(page.bytes, page.filtered, next);
        Ok(holding(response, slot))
    }

    /// Where a client finds the page after one of the list at `path`.
    async fn next(&self, path: &str, next: Option<&str>, known: &[&str]) -> Option<String> {
        let query = self.pages.query(path, next?, known).await;
        Some(format!("{path}?{query}"))
    }
}
