//! `onionskin serve` under load: many who read, then many who hold on to it while one asks as usual. All of it on this
//! machine's loopback addresses.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use onionskin_core::digest::Digest;
use onionskin_tests::odd::{Odd, ok, sound};
use onionskin_tests::raw::deaf;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::document;
use crate::machine::machine;
use crate::served::Page;
use crate::whole::grouped;

/// The line of the document below which the table is.
const BEGIN: &str = "<!-- cargo xtask load writes from here -->";
/// How long one answer may take, after which it counts as none.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long the one who asks as usual waits between two requests.
const PAUSE: Duration = Duration::from_millis(20);

/// What is done to the server.
struct Load {
    readers: usize,
    reading: Duration,
    dribbling: usize,
    not_reading: usize,
    idle: usize,
    holding: Duration,
    /// Bytes of the blob that is read.
    blob: usize,
    /// Bytes of the one that is not.
    unread: usize,
}

impl Load {
    fn new(small: bool) -> Self {
        let seconds = Duration::from_secs;
        match small {
            false => Self {
                readers: 200,
                reading: seconds(60),
                dribbling: 300,
                not_reading: 300,
                idle: 1_100,
                holding: seconds(20),
                blob: 1_000_000,
                unread: 30_000_000,
            },
            true => Self {
                readers: 20,
                reading: seconds(2),
                dribbling: 30,
                not_reading: 30,
                idle: 110,
                holding: seconds(2),
                blob: 1_000_000,
                unread: 30_000_000,
            },
        }
    }

    /// Connections of this program, each of which is one of the server too, with one to the registry.
    const fn files(&self) -> u64 {
        let clients = self.readers + self.dribbling + self.not_reading + self.idle;
        // The server takes connections up to half of what it may open.
        4 * clients as u64 + 256
    }
}

/// Loads the command's server, and tells what came of it.
pub(crate) fn measure(onionskin: &str, small: bool, document: Option<&Path>) -> Result<()> {
    let load = Load::new(small);
    allow_files(load.files())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start threads")?;
    let table = runtime.block_on(run(onionskin, &load))?;
    println!("{table}");
    if let Some(document) = document {
        document::replace(
            document,
            BEGIN,
            &format!("Measured on {}.\n\n{table}", machine()),
        )?;
        eprintln!("written to {}", document.display());
    }
    Ok(())
}

async fn run(onionskin: &str, load: &Load) -> Result<String> {
    let blob = |size: usize| {
        let bytes = Bytes::from(onionskin_fixtures::seeded(size as u64, size));
        (Digest::sha256(&bytes).to_string(), bytes)
    };
    let (read, unread) = (blob(load.blob), blob(load.unread));
    let (digest, held) = (read.0.clone(), unread.0.clone());
    let registry = Odd::new(move |target, _| {
        let found = [&read, &unread]
            .into_iter()
            .find(|(digest, _)| target.ends_with(digest));
        match found {
            Some((_, bytes)) => ok("application/octet-stream", bytes.clone()),
            None => sound(target),
        }
    })
    .await;
    let server = Page::start(onionskin, &registry.address)?;
    let address = server.address.trim_start_matches("http://");
    let address = address.trim_end_matches('/').to_owned();
    let path = |what: &str| format!("/v2/{}/app/{what}", registry.address);

    let memory = Memory::of(server.id());
    let request = request(&address, &path(&format!("blobs/{digest}")));
    let readers = readers(load, &address, &request).await?;
    let after = memory.now();
    let first = format!(
        "| {} clients for {} seconds, each requesting a blob of {} MB again and again | {} responses, {}, {} MB/s; median {}, 99th percentile {}; memory {} before, {} after, at most {} |",
        load.readers,
        load.reading.as_secs(),
        load.blob / 1_000_000,
        grouped(readers.times.len()),
        failures(readers.failed),
        grouped(
            (readers.times.len() as f64 * load.blob as f64 / 1e6 / readers.took.as_secs_f64())
                as usize
        ),
        milliseconds(readers.times.of(0.5)),
        milliseconds(readers.times.of(0.99)),
        mebibytes(memory.before),
        mebibytes(after),
        mebibytes(memory.most()),
    );
    let (held, manifest) = (path(&format!("blobs/{held}")), path("manifests/1"));
    let usual = holding(load, &address, &held, &manifest).await?;
    let second = format!(
        "| {} connections that send a byte a second, {} clients that request a blob of {} MB and do not read it, and {} idle connections, all at once for {} seconds | a manifest is answered in {} (median), at most {}: {} requests, {}; memory at most {} |",
        load.dribbling,
        load.not_reading,
        load.unread / 1_000_000,
        grouped(load.idle),
        load.holding.as_secs(),
        milliseconds(usual.times.of(0.5)),
        milliseconds(usual.times.of(1.0)),
        usual.times.len(),
        failures(usual.failed),
        mebibytes(memory.most()),
    );
    Ok(format!("| load | result |\n|---|---|\n{first}\n{second}"))
}

/// What clients met.
#[derive(Default)]
struct Met {
    times: Times,
    failed: usize,
    took: Duration,
}

/// How long answers took, until their last byte.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn len(&self) -> usize {
        self.0.len()
    }

    /// The time within which this share of them was there.
    fn of(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        let at = (sorted.len() as f64 * share) as usize;
        let last = sorted.len().saturating_sub(1);
        sorted.get(at.min(last)).copied().unwrap_or_default()
    }
}

/// All clients read until the time is over, each what it began.
async fn readers(load: &Load, address: &str, request: &str) -> Result<Met> {
    let begun = Instant::now();
    let end = begun + load.reading;
    let mut clients = JoinSet::new();
    for _ in 0..load.readers {
        let (address, request) = (address.to_owned(), request.to_owned());
        clients.spawn(async move {
            let mut met = Met::default();
            let mut connection = None;
            while Instant::now() < end {
                match once(&mut connection, &address, &request).await {
                    Ok(took) => met.times.0.push(took),
                    Err(_) => {
                        met.failed += 1;
                        connection = None;
                    }
                }
            }
            met
        });
    }
    let mut all = Met::default();
    while let Some(client) = clients.join_next().await {
        let client = client.context("a client ended early")?;
        all.times.0.extend(client.times.0);
        all.failed += client.failed;
    }
    all.took = begun.elapsed();
    Ok(all)
}

/// One client asks as usual while the others hold on to the server.
async fn holding(load: &Load, address: &str, blob: &str, manifest: &str) -> Result<Met> {
    let mut others = JoinSet::new();
    for _ in 0..load.dribbling {
        others.spawn(dribble(address.to_owned()));
    }
    let _deaf = deaf(
        [127, 0, 0, 1],
        address,
        &request(address, blob),
        load.not_reading,
    )
    .await;
    let mut idle = Vec::new();
    for _ in 0..load.idle {
        let connection = TcpStream::connect(address).await;
        idle.push(connection.context("no further connection to the server")?);
    }
    let begun = Instant::now();
    let mut met = Met::default();
    let request = request(address, manifest);
    while begun.elapsed() < load.holding {
        match once(&mut None, address, &request).await {
            Ok(took) => met.times.0.push(took),
            Err(_) => met.failed += 1,
        }
        sleep(PAUSE).await;
    }
    met.took = begun.elapsed();
    Ok(met)
}

/// Sends the head of a request byte by byte, and again where the server has enough of it.
async fn dribble(address: String) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(&address).await
            && stream.write_all(b"GET / HTTP/1.1\r\n").await.is_ok()
        {
            while stream.write_all(b"a").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        }
        sleep(Duration::from_secs(1)).await;
    }
}

fn request(address: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n")
}

/// Asks once, on the connection that is there or a new one, and reads the answer to its end.
async fn once(
    connection: &mut Option<BufReader<TcpStream>>,
    address: &str,
    request: &str,
) -> Result<Duration> {
    let begun = Instant::now();
    let asked = async {
        let stream = match connection.take() {
            Some(stream) => stream,
            None => BufReader::with_capacity(64 << 10, TcpStream::connect(address).await?),
        };
        let stream = connection.insert(stream);
        stream.write_all(request.as_bytes()).await?;
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        ensure!(line.starts_with("HTTP/1.1 200 "), "{line}");
        let mut length = None;
        loop {
            line.clear();
            stream.read_line(&mut line).await?;
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse::<u64>().ok();
                }
                Some(_) => {}
                None => break,
            }
        }
        let length = length.context("an answer of unknown length")?;
        let mut body = stream.take(length);
        let came = tokio::io::copy_buf(&mut body, &mut tokio::io::sink()).await?;
        ensure!(came == length, "the answer ended early");
        Ok(begun.elapsed())
    };
    match timeout(PATIENCE, asked).await {
        Ok(answer) => answer,
        Err(_) => bail!("no answer"),
    }
}

/// The memory of a process, as long as this is there.
struct Memory {
    process: u32,
    before: Option<u64>,
    most: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
}

impl Memory {
    fn of(process: u32) -> Self {
        let most = Arc::<AtomicU64>::default();
        let ended = Arc::<AtomicBool>::default();
        let (seen, end) = (Arc::clone(&most), Arc::clone(&ended));
        std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                seen.fetch_max(resident(process).unwrap_or(0), Ordering::Relaxed);
                std::thread::sleep(LOOK);
            }
        });
        Self {
            process,
            before: resident(process),
            most,
            ended,
        }
    }

    fn now(&self) -> Option<u64> {
        resident(self.process)
    }

    fn most(&self) -> Option<u64> {
        let most = self.most.load(Ordering::Relaxed);
        (most > 0).then_some(most)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// Bytes that a process has in memory; `None` where the system does not tell.
fn resident(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(
        || "not known".to_owned(),
        |bytes| format!("{} MiB", bytes >> 20),
    )
}

fn milliseconds(time: Duration) -> String {
    match time.as_secs_f64() * 1e3 {
        long if long >= 1_000.0 => format!("{:.1} s", long / 1e3),
        short => format!("{short:.0} ms"),
    }
}

fn failures(failed: usize) -> String {
    match failed {
        0 => "all 200".to_owned(),
        failed => format!("and {failed} that failed"),
    }
}

/// Lets this program and the server open so many files.
#[cfg(unix)]
fn allow_files(needed: u64) -> Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let (now, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    ensure!(
        most >= needed,
        "{needed} open files are needed, and this system allows {most}: raise it with ulimit -Hn"
    );
    if now < needed {
        setrlimit(Resource::RLIMIT_NOFILE, needed, most)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn allow_files(_: u64) -> Result<()> {
    bail!("the load is made on Unix only")
}
