//! What the gateway counts, for Prometheus.
//!
//! The recorder is the gateway's own and not the process's, so that several gateways do not count for each other.
//! Labels take few values: kinds of requests, statuses and the registries that the operator and the public list name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{
    SharedString, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram, with_local_recorder,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusRecorder};

const REQUESTS: &str = "onionskin_requests_total";
const SECONDS: &str = "onionskin_request_duration_seconds";
const CONNECTIONS: &str = "onionskin_connections";
const TURNED_AWAY: &str = "onionskin_connections_refused_total";
const CUT: &str = "onionskin_connections_cut_total";
const RATE_LIMITED: &str = "onionskin_requests_rate_limited_total";
const REGISTRY_REQUESTS: &str = "onionskin_registry_requests_total";
const REGISTRY_BYTES: &str = "onionskin_registry_blob_bytes_total";
const BROKEN: &str = "onionskin_registry_blobs_broken_total";
const STORE: &str = "onionskin_store_requests_total";
const STORE_BYTES: &str = "onionskin_store_bytes";
const RUNNING: &str = "onionskin_registry_requests_running";
const WAITING: &str = "onionskin_registry_requests_waiting";
const INFO: &str = "onionskin_build_info";

/// Upper bounds of the time to an answer, in seconds.
const BUCKETS: [f64; 9] = [0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];
/// Requests after which samples that nobody has scraped are summed up: until then each takes memory.
const UNSUMMED: u64 = 1024;

/// The counts of one gateway.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    requests: AtomicU64,
}

impl Metrics {
    pub(crate) fn new() -> Result<Arc<Self>, BuildError> {
        let seconds = Matcher::Full(SECONDS.to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS)?;
        let metrics = Self {
            recorder: builder.build_recorder(),
            requests: AtomicU64::new(0),
        };
        metrics.record(|| {
            describe_counter!(REQUESTS, "Answered requests by kind and status");
            describe_histogram!(SECONDS, Unit::Seconds, "Time until the response starts");
            describe_counter!(
                RATE_LIMITED,
                "Requests refused because their client sent too many"
            );
            describe_gauge!(CONNECTIONS, "Open connections of clients");
            describe_counter!(TURNED_AWAY, "Connections refused because all were in use");
            describe_counter!(CUT, "Connections cut, by what took too long");
            describe_counter!(
                REGISTRY_REQUESTS,
                "Requests to registries by registry and status"
            );
            describe_counter!(
                REGISTRY_BYTES,
                Unit::Bytes,
                "Bytes of blobs that registries sent"
            );
            describe_counter!(
                BROKEN,
                "Blobs that were cut off because they were incomplete or did not match their digest"
            );
            describe_counter!(STORE, "Store lookups, by result");
            describe_gauge!(
                STORE_BYTES,
                Unit::Bytes,
                "Bytes in the store by the last count and what was added since"
            );
            describe_gauge!(RUNNING, "Requests to registries in progress");
            describe_gauge!(WAITING, "Requests to registries that are queued");
            describe_gauge!(INFO, "The version that runs");
            gauge!(INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
            gauge!(CONNECTIONS).set(0.0);
            gauge!(RUNNING).set(0.0);
            gauge!(WAITING).set(0.0);
        });
        Ok(Arc::new(metrics))
    }

    fn record(&self, what: impl FnOnce()) {
        with_local_recorder(&self.recorder, what);
    }

    /// A request was answered after this time.
    pub(crate) fn answered(&self, kind: &'static str, status: u16, took: Duration) {
        self.record(|| {
            counter!(REQUESTS, "kind" => kind, "status" => status.to_string()).increment(1);
            histogram!(SECONDS, "kind" => kind).record(took);
        });
        if self.requests.fetch_add(1, Ordering::Relaxed) % UNSUMMED == UNSUMMED - 1 {
            self.recorder.handle().run_upkeep();
        }
    }

    /// So many connections are open.
    pub(crate) fn connections(&self, open: usize) {
        self.record(|| gauge!(CONNECTIONS).set(number(open)));
    }

    /// A client was turned away.
    pub(crate) fn turned_away(&self) {
        self.record(|| counter!(TURNED_AWAY).increment(1));
    }

    /// A client asked too often.
    pub(crate) fn rate_limited(&self) {
        self.record(|| counter!(RATE_LIMITED).increment(1));
    }

    /// A connection was cut.
    pub(crate) fn cut(&self, reason: &'static str) {
        self.record(|| counter!(CUT, "reason" => reason).increment(1));
    }

    /// A registry was asked, which came to an answer of this status here.
    pub(crate) fn asked(&self, registry: &str, status: u16) {
        let registry = SharedString::from(registry.to_owned());
        let status = status.to_string();
        self.record(|| {
            counter!(REGISTRY_REQUESTS, "registry" => registry, "status" => status).increment(1);
        });
    }

    /// A registry sent so many bytes of a blob.
    pub(crate) fn received(&self, registry: &SharedString, bytes: usize) {
        let registry = registry.clone();
        self.record(|| counter!(REGISTRY_BYTES, "registry" => registry).increment(bytes as u64));
    }

    /// A blob of a registry was cut off.
    pub(crate) fn broken(&self, registry: &SharedString) {
        let registry = registry.clone();
        self.record(|| counter!(BROKEN, "registry" => registry).increment(1));
    }

    /// A lookup in the store had this result.
    pub(crate) fn stored(&self, result: &'static str) {
        self.record(|| counter!(STORE, "result" => result).increment(1));
    }

    /// So many bytes are in the store.
    pub(crate) fn store_bytes(&self, bytes: u64) {
        // Beyond 2^53 bytes it may be off by a few.
        #[allow(clippy::cast_precision_loss)]
        self.record(|| gauge!(STORE_BYTES).set(bytes as f64));
    }

    /// All of it, as Prometheus reads it; `running` and `waiting` requests are as they are now.
    pub(crate) fn text(&self, running: usize, waiting: usize) -> String {
        self.record(|| {
            gauge!(RUNNING).set(number(running));
            gauge!(WAITING).set(number(waiting));
        });
        self.recorder.handle().render()
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
