//! Makes the demo images, and lets cargo notice when the page was built anew.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

/// Where Trunk puts the page, seen from this crate.
const PAGE: &str = "../../target/page";

fn main() -> io::Result<()> {
    // A folder that is missing would count as changed in every build.
    fs::create_dir_all(PAGE)?;
    println!("cargo::rerun-if-changed={PAGE}");
    println!("cargo::rerun-if-changed=build.rs");

    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    let out = Path::new(&out);
    let source = demo(out)?;
    fs::write(out.join("demo.rs"), source)
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
