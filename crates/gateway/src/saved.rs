//! Saved images that the gateway was given: what each is called here.

use onionskin_core::reference::Reference;
use onionskin_core::source::archive::ArchiveRepository;

/// The first part of their names, which no registry can take.
pub(crate) const SAVED: &str = "saved";

/// A saved image to serve: as `saved/NAME`, under its tag.
pub struct SavedImage {
    /// `saved/app`
    pub(crate) repository: String,
    pub(crate) tag: String,
    pub(crate) held: ArchiveRepository,
}

impl SavedImage {
    /// An image as its archive calls it; one without a name is called as `file`, which its user gave.
    #[must_use]
    pub fn new(held: ArchiveRepository, file: &str) -> Self {
        let (path, tag) = called(held.reference(), file);
        Self {
            repository: format!("{SAVED}/{path}"),
            tag,
            held,
        }
    }

    /// Its name here, as in `saved/app:1.0`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }
}

/// Repository and tag. References keep their names; a host's colon cannot be part of one.
fn called(reference: &str, file: &str) -> (String, String) {
    let latest = || "latest".to_owned();
    let whole = reference
        .contains('/')
        .then(|| reference.parse::<Reference>().ok());
    if let Some(reference) = whole.flatten() {
        let tag = reference.tag().map_or_else(latest, str::to_owned);
        let familiar = reference.familiar();
        let name = familiar.split('@').next().unwrap_or_default();
        let name = name.strip_suffix(&format!(":{tag}")).unwrap_or(name);
        return (name.replace([':', '[', ']'], "-"), tag);
    }
    // A tag alone, as layouts have it.
    let is_tag = format!("x:{reference}").parse::<Reference>().is_ok();
    let tag = if is_tag {
        reference.to_owned()
    } else {
        latest()
    };
    (part(file), tag)
}

/// A part of a repository's name from that of a file.
fn part(file: &str) -> String {
    let last = file.rsplit(['/', '\\']).find(|part| !part.is_empty());
    let last = last.unwrap_or_default().to_ascii_lowercase();
    let stem = ["tar.gz", "tar.zst", "tgz", "tar"]
        .iter()
        .find_map(|extension| last.strip_suffix(extension)?.strip_suffix('.'))
        .unwrap_or(&last);
    let words = stem.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return "image".to_owned();
    }
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_image_else_those_of_the_file() {
        for (reference, file, repository, tag) in [
            ("docker.io/library/app:1.0", "x.tar", "app", "1.0"),
            ("docker.io/team/app:1.0", "x.tar", "team/app", "1.0"),
            ("quay.io/team/app:1", "x.tar", "quay.io/team/app", "1"),
            ("127.0.0.1:5000/app:1", "x.tar", "127.0.0.1-5000/app", "1"),
            ("1.0", "/tmp/My Layout/", "my-layout", "1.0"),
            ("sha256:0000", "./a_b.tar.gz", "a-b", "latest"),
            ("sha256:0000", "-", "image", "latest"),
        ] {
            let expected = (repository.to_owned(), tag.to_owned());
            assert_eq!(called(reference, file), expected, "{reference}");
            let name = format!("{SAVED}/{repository}:{tag}");
            assert!(name.parse::<Reference>().is_ok(), "{name}");
        }
    }
}
