//! Every bound on what clients and registries may cost the gateway, in one place.

use std::time::Duration;

/// Bytes of a request's target. Names, tags and digests stay far below.
pub(crate) const URI_BYTES: usize = 4096;
/// Bytes of a request's head, and of an answer that waits in this process for its client to read.
pub(crate) const HEAD_BYTES: usize = 64 << 10;
/// Bytes of an answer that wait in the system unsent. More would hide for minutes that a client reads slowly.
pub(crate) const UNSENT_BYTES: u32 = 64 << 10;
/// Bytes of the names of a list of repositories as it is sent on: in front of each is then the registry's. Such a list comes
/// with 4 MiB at most, and is held until its client has read it.
pub(crate) const LIST_BYTES: usize = 8 << 20;
/// Connections to one registry that are kept for its next request.
pub(crate) const POOLED: usize = 16;
/// Blobs of which is remembered what their manifests say; each takes about 300 bytes.
pub(crate) const DESCRIBED_BLOBS: usize = 16 << 10;
/// Blobs of which is remembered why they were cut off.
pub(crate) const MISMATCHES: usize = 256;
/// Rights of visitors that are remembered while a store is used; each takes about 300 bytes.
pub(crate) const KNOWN_RIGHTS: usize = 64 << 10;
/// Stored objects of which is remembered that they were checked; each takes about 200 bytes.
pub(crate) const KNOWN_OBJECTS: usize = 64 << 10;
/// Bytes of temporary files for blobs that several clients may ask for at once, where there is no store with a limit.
pub(crate) const SHARED_BYTES: u64 = 1 << 30;
/// Bytes that are written to a store at once: S3 takes no parts below 5 MiB but the last.
pub(crate) const STORE_PART_BYTES: usize = 8 << 20;
/// Bytes of a layer index that is kept in a store: one of some million files.
pub(crate) const INDEX_BYTES: usize = 256 << 20;
/// Images whose numbers are remembered for badges; each takes some hundred bytes.
pub(crate) const BADGES_KNOWN: usize = 4 << 10;
/// Images that wait to be read for badges; a badge of a further one is answered with 429.
pub(crate) const BADGES_WAITING: usize = 32;
/// Bytes of memory for the layers of an image that is read for its badge.
pub(crate) const BADGE_MEMORY: u64 = 512 << 20;
/// How long an image may take to be read for its badge.
pub(crate) const BADGE_TIME: Duration = Duration::from_secs(15 * 60);
/// How long a request for a badge waits for that; whoever asks later finds it.
pub(crate) const BADGE_WAIT: Duration = Duration::from_secs(20);
/// File descriptors kept for other things than clients and transfers: pooled connections, saved images, helpers.
const RESERVED_FILES: u64 = 64;

/// What a gateway does at once, and how long it waits for whom.
///
/// ```
/// use onionskin_gateway::Limits;
/// let few = Limits { connections: 100, ..Limits::default() };
/// assert!(few.headers < few.idle);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections of clients at once. A further one takes the place of the one that has been idle for longest.
    /// The default is at most 4096, and less than half of the file descriptors that this process may have.
    pub connections: usize,
    /// Blobs that come from registries at once; each counts until its last byte is sent, and has about 1 MiB in
    /// memory. The default is at most 512, and less than a sixth of the file descriptors; more than half of the connections
    /// are never of use.
    pub blobs: usize,
    /// Blobs that come from one registry at once.
    pub blobs_per_registry: usize,
    /// Manifests and lists that come from registries at once. They are held in memory, where each may have 4 MiB.
    pub documents: usize,
    /// Manifests and lists that come from one registry at once.
    pub documents_per_registry: usize,
    /// Both together that come for one client address (IPv6: one /64 network) at once. Loopback addresses are exempt:
    /// there it is a proxy, or this machine's own user.
    pub per_client: usize,
    /// Requests a second that one client address may send, after ten seconds' worth at once; 0 is no limit. Loopback
    /// addresses are exempt here too.
    pub rate: u32,
    /// Requests that wait for their turn; a further one is answered with 429. One client may have a quarter of the places,
    /// with the same exemption. Requests that run or wait hold their connections, so together they are fewer.
    pub waiting: usize,
    /// How long a request waits for its turn before it is answered with 429.
    pub turn: Duration,
    /// How long a manifest or list may take to come from a registry.
    pub document: Duration,
    /// How long a client may take to send the head of a request.
    pub headers: Duration,
    /// How long a connection is kept on which nothing is asked.
    pub idle: Duration,
    /// Bytes that a client has to read in each [`Limits::pace`] while an answer waits for it.
    pub slowest: u64,
    /// How long a client may read fewer bytes than [`Limits::slowest`] before its connection is cut.
    pub pace: Duration,
    /// How long a client that reads nothing keeps its slot, or its connection, while another one waits for it; one
    /// that was seen to read, twenty times as long.
    pub stall: Duration,
    /// How long answers that are under way may go on when the gateway is to stop.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self::of_files(open_files())
    }
}

impl Limits {
    /// Limits that fit into so many file descriptors: a blob has a connection on either side, and a temporary file where
    /// others may join in.
    fn of_files(files: u64) -> Self {
        let files = usize::try_from(files.saturating_sub(RESERVED_FILES)).unwrap_or(usize::MAX);
        let base = Self {
            connections: (files / 2).clamp(16, 4096),
            blobs: 0,
            blobs_per_registry: 0,
            documents: 0,
            documents_per_registry: 0,
            per_client: 0,
            rate: 50,
            waiting: 0,
            turn: Duration::from_secs(30),
            document: Duration::from_secs(120),
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            slowest: 128 << 10,
            pace: Duration::from_secs(30),
            stall: Duration::from_millis(100),
            // Container engines wait 10 seconds before they kill.
            stop: Duration::from_secs(8),
        };
        base.with_blobs((files / 6).clamp(8, 512))
    }

    /// The same, with so many connections, and blobs and requests that wait that fit into them.
    #[must_use]
    pub fn with_connections(self, connections: usize) -> Self {
        let blobs = self.blobs;
        Self {
            connections,
            ..self
        }
        .with_blobs(blobs)
    }

    /// The same, with so many blobs at once, but no more than half of the connections, and what follows from their number:
    /// half of them for a registry, half as many documents. Of the connections that are left, half may wait, so that a
    /// registry that does not answer never takes those for the page and for images that are here.
    #[must_use]
    pub fn with_blobs(self, blobs: usize) -> Self {
        let blobs = blobs.min(self.connections / 2).max(1);
        let documents = (blobs / 2).max(1);
        let free = self.connections.saturating_sub(blobs + documents);
        Self {
            blobs,
            blobs_per_registry: (blobs / 2).max(1),
            documents,
            documents_per_registry: (blobs / 8).max(1),
            per_client: (blobs / 4).clamp(1, 64),
            waiting: blobs.saturating_mul(2).min(free / 2),
            ..self
        }
    }

    /// Requests of one client that wait for their turn.
    pub(crate) fn waiting_per_client(&self) -> usize {
        (self.waiting / 4).max(1)
    }
}

/// How many files this process may have open.
#[cfg(unix)]
fn open_files() -> u64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current.unwrap_or(u64::MAX)
}

/// How many files this process may have open: sockets of Windows have no such limit.
#[cfg(not(unix))]
fn open_files() -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_and_transfers_fit_into_the_file_descriptors() {
        for files in [256, 1024, 4096, 20_000, u64::MAX] {
            let limits = Limits::of_files(files);
            // The registry's connection and a file of each blob; the client's is one of the connections.
            let used = limits.connections + 2 * limits.blobs + limits.documents;
            assert!(used as u64 <= files - RESERVED_FILES, "{files}: {limits:?}");
            assert!(limits.blobs_per_registry < limits.blobs, "{files}");
            assert!(limits.documents_per_registry < limits.documents, "{files}");
            assert!(limits.per_client < limits.blobs, "{files}");
        }
        assert_eq!(Limits::of_files(u64::MAX).connections, 4096);
        assert_eq!(Limits::of_files(0).blobs, 8);
    }

    #[test]
    fn requests_that_run_or_wait_leave_connections_for_everything_else() {
        let mut all = [0, 256, 1024, 4096, 20_000, u64::MAX]
            .map(Limits::of_files)
            .to_vec();
        for connections in [8, 100, 10_000] {
            let limits = Limits::default().with_connections(connections);
            for blobs in [1, 64, 512, 100_000] {
                all.push(limits.clone().with_blobs(blobs));
            }
            all.push(limits);
        }
        for limits in all {
            let held = limits.blobs + limits.documents + limits.waiting;
            let most = limits.connections - limits.connections / 8;
            assert!(limits.waiting > 0 && held <= most, "{limits:?}");
        }
    }
}
