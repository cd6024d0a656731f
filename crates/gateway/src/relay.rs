//! Requests handed on to registries, and what comes back.

use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use onionskin_core::digest::Digest;

use crate::error::Refused;
use crate::guard::Guard;
use crate::listing::Paging;
use crate::route::Pointer;
use crate::upstream::{Upstream, Upstreams};

pub(crate) struct Relay {
    upstreams: Upstreams,
}

impl Relay {
    pub(crate) fn new(upstreams: Upstreams) -> Result<Self, reqwest::Error> {
        let _guard = Guard::new(&upstreams);
        Ok(Self { upstreams })
    }

    pub(crate) async fn tags(&self, name: &str, _paging: &Paging) -> Result<Response, Refused> {
        let _ = self.find(name)?;
        Err(Refused::unreachable(StatusCode::BAD_GATEWAY, "not yet"))
    }

    pub(crate) async fn manifest(
        &self,
        _m: &Method,
        name: &str,
        _p: &Pointer,
        _h: &HeaderMap,
    ) -> Result<Response, Refused> {
        let _ = self.find(name)?;
        Err(Refused::unreachable(StatusCode::BAD_GATEWAY, "not yet"))
    }

    pub(crate) async fn blob(
        &self,
        _m: &Method,
        name: &str,
        _d: &Digest,
        _h: &HeaderMap,
    ) -> Result<Response, Refused> {
        let _ = self.find(name)?;
        Err(Refused::unreachable(StatusCode::BAD_GATEWAY, "not yet"))
    }

    /// The registry that `name` begins with, and the repository's name there.
    fn find(&self, name: &str) -> Result<(&Upstream, String), Refused> {
        let (first, rest) = name.split_once('/').unwrap_or((name, ""));
        if let Some(upstream) = self.upstreams.get(first) {
            let repository = upstream.repository(rest);
            return Ok((upstream, repository));
        }
        if first.contains(['.', ':']) || first == "localhost" {
            return Err(Refused::denied(format!(
                "{first} is not among the registries that this gateway may reach; whoever runs it can add it with --registry {first}"
            )));
        }
        Err(Refused::name_unknown(format!(
            "{name} is not here; names begin with their registry's host, as in docker.io/library/nginx"
        )))
    }
}
