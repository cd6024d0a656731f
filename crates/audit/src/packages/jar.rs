//! Java: what Maven puts into jars, `META-INF/maven/GROUP/ARTIFACT/pom.properties`, and into the jars in them.
//!
//! Source: Maven Archiver's documentation.

use std::borrow::Cow;
use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::fields::{lines, package, text};
use super::record::{Files, Package, Type};
use crate::limits::{JAR_ARTIFACTS, JAR_INNER_BYTES, JAR_PROPERTIES_BYTES};

/// The artifacts of a jar: its own first, which is the one that its file is named after, or the only one.
pub(super) fn packages(content: &[u8], path: &[Vec<u8>]) -> Vec<Package> {
    let name = path.last().map(Vec::as_slice).unwrap_or_default();
    let mut artifacts = Vec::new();
    let mut left = JAR_INNER_BYTES;
    artifacts_of(content, true, &mut left, &mut artifacts);
    let outer = artifacts.iter().filter(|artifact| !artifact.is_inner);
    let is_only = outer.count() == 1;
    let own = artifacts
        .iter()
        .position(|artifact| !artifact.is_inner && (is_only || artifact.names(name)));
    if let Some(own) = own {
        artifacts.swap(0, own);
    }
    let packages = artifacts.into_iter().enumerate();
    packages
        .map(|(at, artifact)| Package {
            files: match own.is_some() && at == 0 {
                true => Files::Itself,
                false => Files::None,
            },
            ..package(
                Type::Maven,
                format!("{}:{}", artifact.group, artifact.id),
                Some(artifact.version),
            )
        })
        .collect()
}

struct Artifact {
    group: String,
    id: String,
    version: String,
    /// It is in a jar inside the jar.
    is_inner: bool,
}

impl Artifact {
    /// A file of this name is this artifact: `ARTIFACT.jar` or `ARTIFACT-VERSION….jar`.
    fn names(&self, file: &[u8]) -> bool {
        let stem = file.rsplitn(2, |byte| *byte == b'.').last().unwrap_or(file);
        match stem.strip_prefix(self.id.as_bytes()) {
            Some(b"") => true,
            Some(rest) => rest
                .strip_prefix(b"-")
                .is_some_and(|rest| rest.starts_with(self.version.as_bytes())),
            None => false,
        }
    }
}

fn artifacts_of(content: &[u8], is_outer: bool, left: &mut u64, artifacts: &mut Vec<Artifact>) {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(content)) else {
        return;
    };
    let wanted = |name: &str| is_properties(name) || (is_outer && name.ends_with(".jar"));
    let mut names: Vec<String> = (archive.file_names().filter_map(Result::ok))
        .filter(|name| wanted(name))
        .map(Cow::into_owned)
        .collect();
    names.sort_unstable();
    for name in names {
        if artifacts.len() >= JAR_ARTIFACTS {
            return;
        }
        let Ok(member) = archive.by_name(&name) else {
            continue;
        };
        let is_jar = !is_properties(&name);
        let most = match is_jar {
            true => *left,
            false => JAR_PROPERTIES_BYTES,
        };
        let mut unpacked = Vec::new();
        let read = member.take(most).read_to_end(&mut unpacked);
        if is_jar {
            *left = left.saturating_sub(unpacked.len() as u64);
        }
        match read {
            Ok(_) if is_jar => artifacts_of(&unpacked, false, left, artifacts),
            Ok(_) => artifacts.extend(properties(&unpacked, !is_outer)),
            Err(_) => {}
        }
    }
}

fn is_properties(name: &str) -> bool {
    let inner = name.strip_prefix("META-INF/maven/");
    let inner = inner.and_then(|rest| rest.strip_suffix("/pom.properties"));
    inner.is_some_and(|inner| inner.matches('/').count() == 1)
}

fn properties(content: &[u8], is_inner: bool) -> Option<Artifact> {
    let (mut group, mut id, mut version) = (None, None, None);
    for line in lines(content) {
        let Some(equals) = line.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let (key, value) = line.split_at(equals);
        let value = || value.get(1..).and_then(text);
        match key.trim_ascii() {
            b"groupId" => group = value(),
            b"artifactId" => id = value(),
            b"version" => version = value(),
            _ => {}
        }
    }
    Some(Artifact {
        group: group?,
        id: id?,
        version: version?,
        is_inner,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn jar(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut jar = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            jar.start_file(*name, SimpleFileOptions::default()).unwrap();
            jar.write_all(content).unwrap();
        }
        jar.finish().unwrap().into_inner()
    }

    fn pom(group: &str, id: &str, version: &str) -> (String, Vec<u8>) {
        let name = format!("META-INF/maven/{group}/{id}/pom.properties");
        let content =
            format!("#Created by Maven\r\nversion={version}\r\ngroupId={group}\nartifactId={id}\n");
        (name, content.into_bytes())
    }

    fn told(content: &[u8], file: &str) -> Vec<(String, bool)> {
        let packages = packages(content, &[b"app".to_vec(), file.as_bytes().to_vec()]);
        packages
            .into_iter()
            .map(|package| {
                let own = package.files == Files::Itself;
                (format!("{}@{}", package.name, package.version), own)
            })
            .collect()
    }

    #[test]
    fn a_jar_is_what_it_is_named_after_and_holds_others() {
        let (app, other, inner) = (
            pom("g", "app", "1.0"),
            pom("g", "lib", "2"),
            pom("h", "in", "3"),
        );
        let nested = jar(&[(&inner.0, &inner.1)]);
        let content = jar(&[
            (&other.0, &other.1),
            (&app.0, &app.1),
            ("BOOT-INF/lib/in-3.jar", &nested),
            (
                "META-INF/maven/pom.properties",
                b"groupId=x\nartifactId=x\nversion=1",
            ),
        ]);
        let of = |name: &str, own| (name.to_owned(), own);
        assert_eq!(
            told(&content, "app-1.0.jar"),
            [
                of("g:app@1.0", true),
                of("h:in@3", false),
                of("g:lib@2", false)
            ]
        );
        assert!(told(&content, "server.jar").iter().all(|(_, own)| !own));
        assert_eq!(told(&nested, "renamed.jar"), [of("h:in@3", true)]);
        assert_eq!(told(b"PK\x03\x04", "a.jar"), []);
    }
}
