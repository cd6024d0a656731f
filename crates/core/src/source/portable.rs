//! What differs between a native program, whose tasks move between threads, and a page, whose never do.

use std::pin::Pin;

use futures::Stream;

/// [`Send`] natively; every type in a page.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + ?Sized> MaybeSend for T {}
/// [`Send`] natively; every type in a page.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}

/// [`Send`] and [`Sync`] natively; every type in a page.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSync: Send + Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + Sync + ?Sized> MaybeSync for T {}
/// [`Send`] and [`Sync`] natively; every type in a page.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSync {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSync for T {}

/// A boxed future that may move between threads where there are any.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A boxed future that may move between threads where there are any.
#[cfg(target_arch = "wasm32")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A boxed stream that may move between threads where there are any.
#[cfg(not(target_arch = "wasm32"))]
pub(super) type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send>>;
/// A boxed stream that may move between threads where there are any.
#[cfg(target_arch = "wasm32")]
pub(super) type BoxStream<T> = Pin<Box<dyn Stream<Item = T>>>;

/// The request as it is: native clients keep no cache.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn past_cache(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    request
}
/// The request, past the browser's cache.
#[cfg(target_arch = "wasm32")]
pub(super) fn past_cache(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    request.fetch_cache_reload()
}
