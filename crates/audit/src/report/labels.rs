//! Labels: what a few paths are by the rules of a format or an operating system, so that nobody takes
//! them for files of the image's author.

/// What is at a path that a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The table of contents that makes a layer an eStargz one (stargz-snapshotter, docs/estargz.md).
    EstargzToc,
    /// Says how much of an eStargz layer is fetched before a container starts.
    EstargzLandmark,
    /// The drive C: of a Windows image.
    WindowsFiles,
    /// What the layers of a Windows image change in the registry of Windows.
    WindowsHives,
    /// The utility VM, from which a Windows image is run with Hyper-V isolation.
    WindowsUtilityVm,
}

impl Label {
    /// What `path`, from the root with a leading slash, is in an image for the operating system `os`.
    #[must_use]
    pub fn of(path: &[u8], is_dir: bool, os: Option<&str>) -> Option<Self> {
        match path {
            b"/stargz.index.json" if !is_dir => Some(Self::EstargzToc),
            b"/.prefetch.landmark" | b"/.no.prefetch.landmark" if !is_dir => {
                Some(Self::EstargzLandmark)
            }
            _ if !is_dir || os != Some("windows") => None,
            b"/Files" => Some(Self::WindowsFiles),
            b"/Hives" => Some(Self::WindowsHives),
            b"/UtilityVM" => Some(Self::WindowsUtilityVm),
            _ => None,
        }
    }

    /// What it is, in a few words for people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::EstargzToc => "table of contents of an eStargz layer",
            Self::EstargzLandmark => "landmark of an eStargz layer",
            Self::WindowsFiles => "the drive C:",
            Self::WindowsHives => "changes to the Windows registry",
            Self::WindowsUtilityVm => "the utility VM of Hyper-V isolation",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_places_have_labels() {
        let windows = Some("windows");
        for (path, is_dir, os, expected) in [
            ("/stargz.index.json", false, None, Some(Label::EstargzToc)),
            ("/stargz.index.json", true, None, None),
            ("/app/stargz.index.json", false, None, None),
            (
                "/.no.prefetch.landmark",
                false,
                Some("linux"),
                Some(Label::EstargzLandmark),
            ),
            ("/Files", true, windows, Some(Label::WindowsFiles)),
            ("/Files", true, Some("linux"), None),
            ("/Files", true, None, None),
            ("/Files/Hives", true, windows, None),
            ("/Hives", true, windows, Some(Label::WindowsHives)),
            ("/UtilityVM", false, windows, None),
        ] {
            assert_eq!(Label::of(path.as_bytes(), is_dir, os), expected, "{path}");
        }
    }
}
