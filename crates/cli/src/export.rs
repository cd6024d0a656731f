//! `onionskin export`: the page as files for any static host.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use onionskin_core::source::registry::is_loopback;
use onionskin_core::source::registry::reqwest::Url;
use onionskin_gateway::{PageFile, page_for_static_hosts};

use crate::output::print;
use crate::terminal::Visible;

/// The file that says where the page's gateway is.
const CONFIG: &str = "config.json";

/// Write the web page as files for a static web server
///
/// The page works below any path: GitHub Pages, GitLab Pages, a bucket, nginx. Without a gateway it opens saved images and
/// saved analyses (`onionskin index`): dropped, chosen, or linked with #/index/URL. Images in registries open directly where
/// the registry sends CORS headers, or through a gateway: name it with --gateway, and allow the page there with
/// `onionskin serve --allow-origin ORIGIN`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  onionskin export public
  onionskin export public --gateway https://onionskin.example.com/
  onionskin index app:1.0 -o public/app.onionskin    # open it at https://PAGE/#/index/app.onionskin")]
pub(crate) struct Arguments {
    /// The folder to write; it is created, or has to be empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Write into a folder that is not empty; files of the same names are replaced, others stay
    #[arg(long)]
    force: bool,

    /// The gateway that the page uses for images in registries, in config.json
    #[arg(long, value_name = "URL", value_parser = gateway)]
    gateway: Option<Url>,
}

/// The address of a gateway: over https, as it is trusted with log-ins, or on this machine.
fn gateway(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{error}"))?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_safe = match url.scheme() {
        "https" => true,
        "http" => url.host_str().is_some_and(is_loopback),
        _ => false,
    };
    match is_safe && is_plain {
        true => Ok(url),
        false => Err(
            "a gateway is written as https://onionskin.example.com/, or http://localhost:8080/ on this machine"
                .to_owned(),
        ),
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut files = page_for_static_hosts();
    ensure!(
        files.iter().any(|file| file.path == "index.html"),
        "this command was built without the page; `cargo xtask build` makes one with it"
    );
    let gateway = arguments.gateway.as_ref().map(Url::as_str);
    let config = serde_json::json!({ "gateway": gateway });
    let config = PageFile {
        path: CONFIG.to_owned(),
        content: format!("{config:#}\n").into_bytes().into(),
    };
    // The document comes last: what it names is there then.
    files.insert(0, config);
    let folder = &arguments.folder;
    let named = || format!("cannot write {}", folder.display());
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next().is_some() {
            true if arguments.force => into(folder, &files).with_context(named)?,
            true => bail!(
                "{} is not empty; name another folder, or write into it with --force",
                folder.display()
            ),
            false => at_once(folder, &files).with_context(named)?,
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            at_once(folder, &files).with_context(named)?;
        }
        Err(error) => return Err(error).with_context(named),
    }
    let count = files.len();
    let shown = folder.display().to_string();
    Ok(print(&format!(
        "{count} files are in {}; serve the folder with any web server, as with: python3 -m http.server -d {}\n",
        Visible(&shown),
        Visible(&shown)
    ))?)
}

/// Puts a whole folder in the place of one that is empty, or not there.
fn at_once(folder: &Path, files: &[PageFile]) -> io::Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if name.is_empty() {
        // It is `.`, `..` or a root, which cannot be replaced.
        return into(folder, files);
    }
    let mut builder = tempfile::Builder::new();
    let prefix = format!(".{name}.");
    builder.prefix(&prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As `mkdir` makes one: the process's own mask is taken off.
        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    let new = builder.tempdir_in(parent)?;
    for file in files {
        fs::write(new.path().join(&file.path), &file.content)?;
    }
    if folder.exists() {
        fs::remove_dir(folder)?;
    }
    fs::rename(new.path(), folder)?;
    // It has another name now.
    let _ = new.keep();
    Ok(())
}

/// Replaces files one by one, each by a whole one, the document last.
fn into(folder: &Path, files: &[PageFile]) -> io::Result<()> {
    for file in files {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut new = builder.tempfile_in(folder)?;
        new.write_all(&file.content)?;
        new.persist(folder.join(&file.path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<PageFile> {
        let file = |path: &str, content: &'static str| PageFile {
            path: path.to_owned(),
            content: content.as_bytes().into(),
        };
        vec![file("worker.js", "self"), file("index.html", "<html>")]
    }

    #[test]
    fn a_folder_is_there_whole() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("public");
        for _ in 0..2 {
            at_once(&folder, &files()).unwrap();
            assert_eq!(fs::read(folder.join("index.html")).unwrap(), b"<html>");
            assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
            fs::remove_dir_all(&folder).unwrap();
            fs::create_dir(&folder).unwrap();
        }
    }

    #[test]
    fn files_of_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("CNAME"), "pages.example.com").unwrap();
        fs::write(folder.path().join("index.html"), "old").unwrap();
        into(folder.path(), &files()).unwrap();
        let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("index.html"), "<html>");
        assert_eq!(read("CNAME"), "pages.example.com");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_gateway_is_over_https_or_on_this_machine() {
        assert!(gateway("https://onionskin.example.com").is_ok());
        assert!(gateway("http://localhost:8080").is_ok());
        for wrong in [
            "http://onionskin.example.com",
            "onionskin.example.com",
            "https://a:b@c",
            "",
        ] {
            assert!(gateway(wrong).is_err(), "{wrong}");
        }
    }
}
