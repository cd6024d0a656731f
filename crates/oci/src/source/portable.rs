//! What differs between a native program, whose tasks move between threads, and a page, whose never do.

use std::pin::Pin;
#[cfg(not(target_arch = "wasm32"))]
use std::sync::Arc;

use futures::Stream;
#[cfg(not(target_arch = "wasm32"))]
use tokio::sync::Semaphore;

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

/// Work that is done off the threads of those who wait for others' answers: at most as many at once as there are
/// processors. Small work is done where it is.
#[cfg(not(target_arch = "wasm32"))]
pub(super) async fn off_thread<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    use std::sync::LazyLock;
    /// Bytes of a document that is read in no time.
    const SMALL: usize = 64 << 10;
    static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
        let processors = std::thread::available_parallelism();
        let processors = processors.map_or(1, std::num::NonZero::get);
        Arc::new(Semaphore::new(processors))
    });
    if bytes <= SMALL {
        return work();
    }
    in_turn(&TURNS, work).await
}

/// Work that is done in its turn, which ends with the work: nobody stops it by going away, and it takes memory until then.
#[cfg(not(target_arch = "wasm32"))]
async fn in_turn<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let turn = Arc::clone(turns).acquire_owned().await;
    let in_turn = move || {
        let _turn = turn;
        work()
    };
    match tokio::task::spawn_blocking(in_turn).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The program is about to end.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Work that goes on to its end when whoever waits for it goes away: the next one who asks has the use of it.
#[cfg(not(target_arch = "wasm32"))]
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The program is about to end.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Work that is done where it is: a page's worker has one thread.
#[cfg(target_arch = "wasm32")]
pub(super) async fn off_thread<T>(_: usize, work: impl FnOnce() -> T) -> T {
    work()
}

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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_keeps_its_turn_when_nobody_waits_for_it_any_more() {
        let turns = Arc::new(Semaphore::new(1));
        let (begin, has_begun) = oneshot::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let client = tokio::spawn({
            let turns = Arc::clone(&turns);
            let work = move || {
                let _ = begin.send(());
                let _ = may_end.recv();
            };
            async move { in_turn(&turns, work).await }
        });
        has_begun.await.unwrap();
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());
        assert_eq!(turns.available_permits(), 0);
        drop(end);
        assert!(turns.acquire().await.is_ok());
    }
}
