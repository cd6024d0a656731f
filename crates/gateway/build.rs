//! Makes the demo images, and embeds the page, compressed as well.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io, thread};

use brotli::enc::BrotliEncoderParams;

/// Where `cargo xtask` puts the page, seen from this crate.
const PAGE: &str = "../../target/page";

/// Files that are smaller go out as they are: compressed, they would take as many packets.
const WORTH_COMPRESSING: u64 = 1400;

fn main() -> io::Result<()> {
    // A folder that is missing would count as changed in every build.
    fs::create_dir_all(PAGE)?;
    println!("cargo::rerun-if-changed={PAGE}");
    println!("cargo::rerun-if-changed=build.rs");

    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    let out = Path::new(&out);
    let source = demo(out)?;
    fs::write(out.join("demo.rs"), source)?;
    let source = page(out)?;
    fs::write(out.join("page.rs"), source)
}

/// Writes the compressed form of each file of the page to `out` and returns the Rust source of the table that embeds both.
fn page(out: &Path) -> io::Result<String> {
    let page = fs::canonicalize(PAGE)?;
    let compressed = out.join("page");
    let _ = fs::remove_dir_all(&compressed);
    fs::create_dir_all(&compressed)?;
    let mut files: Vec<PathBuf> = fs::read_dir(&page)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|file| file.is_file());
    files.sort();
    // The largest of them take seconds.
    let forms: Vec<io::Result<Option<PathBuf>>> = thread::scope(|scope| {
        let threads: Vec<_> = files
            .iter()
            .map(|file| scope.spawn(|| brotli(file, &compressed)))
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| match thread.join() {
            Ok(form) => form,
            Err(_) => Err(io::Error::other("the page could not be compressed")),
        };
        threads.into_iter().map(join).collect()
    });
    let mut source = String::from("static EMBEDDED: &[Embedded] = &[\n");
    for (file, form) in files.iter().zip(forms) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let form = match form? {
            Some(form) => format!("Some(include_bytes!({form:?}))"),
            None => "None".to_owned(),
        };
        let _ = writeln!(
            source,
            "Embedded {{ path: {name:?}, plain: include_bytes!({file:?}), brotli: {form} }},"
        );
    }
    source.push_str("];\n");
    Ok(source)
}

/// Compresses a file into the folder; None where that makes it no smaller. The document is changed before it is sent.
fn brotli(file: &Path, into: &Path) -> io::Result<Option<PathBuf>> {
    let name = file.file_name().unwrap_or_default();
    let size = fs::metadata(file)?.len();
    if size < WORTH_COMPRESSING || name == "index.html" {
        return Ok(None);
    }
    let plain = fs::read(file)?;
    // What is built to be released is worth the time; while developing the page it is not.
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let parameters = BrotliEncoderParams {
        quality: if is_release { 11 } else { 5 },
        lgwin: 24,
        size_hint: plain.len(),
        ..BrotliEncoderParams::default()
    };
    let mut small = Vec::new();
    brotli::BrotliCompress(&mut plain.as_slice(), &mut small, &parameters)?;
    if small.len() >= plain.len() {
        return Ok(None);
    }
    let path = into.join(name);
    fs::write(&path, small)?;
    Ok(Some(path))
}

/// Writes every blob to `out` and returns the Rust source of the table that embeds them.
fn demo(out: &Path) -> io::Result<String> {
    let mut source = String::from("pub(crate) static REPOSITORIES: &[Repository] = &[\n");
    let mut line = |text: String| {
        let _ = writeln!(source, "{text}");
    };
    for repository in onionskin_fixtures::demo::images() {
        line(format!(
            "Repository {{ name: {:?}, tags: &{:?},",
            repository.name, repository.tags
        ));
        line("manifests: &[".to_owned());
        for blob in &repository.manifests {
            let file = out.join(blob.hex());
            fs::write(&file, &blob.bytes)?;
            line(format!(
                "({:?}, {:?}, include_bytes!({file:?})),",
                blob.digest, blob.media_type
            ));
        }
        line("], blobs: &[".to_owned());
        for blob in &repository.blobs {
            let file = out.join(blob.hex());
            fs::write(&file, &blob.bytes)?;
            line(format!("({:?}, include_bytes!({file:?})),", blob.digest));
        }
        line("] },".to_owned());
    }
    source.push_str("];\n");
    Ok(source)
}
