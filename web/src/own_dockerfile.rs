//! The Dockerfile that a visitor gave: read in the browser, not uploaded.

use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use js_sys::Uint8Array;

/// No Dockerfile is larger, in MiB.
const LARGEST: u32 = 1;

/// A Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnDockerfile {
    pub(crate) name: String,
    /// Its text, or why it cannot be read.
    pub(crate) text: Result<String, String>,
}

impl OwnDockerfile {
    /// Whether a file of this name is a Dockerfile, and no image.
    pub(crate) fn is_called(name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        ["dockerfile", "containerfile"].iter().any(|kind| {
            let (start, end) = (name.strip_prefix(kind), name.strip_suffix(kind));
            let is_start = start.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            is_start || end.is_some_and(|rest| rest.ends_with('.'))
        })
    }

    /// Reads a file that was dropped or picked.
    pub(crate) async fn of(file: &File) -> Self {
        let text = if file.size() > f64::from(LARGEST << 20) {
            Err(format!(
                "The file is larger than {LARGEST} MiB, the limit for Dockerfiles."
            ))
        } else {
            match JsFuture::from(file.array_buffer()).await {
                Ok(bytes) => String::from_utf8(Uint8Array::new(&bytes).to_vec())
                    .map_err(|_| "The file is not UTF-8 text.".to_owned()),
                Err(_) => Err("The browser could not read the file.".to_owned()),
            }
        };
        OwnDockerfile {
            name: file.name(),
            text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn dockerfiles_are_known_by_their_names() {
        for name in [
            "Dockerfile",
            "dockerfile",
            "Containerfile",
            "Dockerfile.dev",
            "app.Dockerfile",
        ] {
            assert!(OwnDockerfile::is_called(name), "{name}");
        }
        for name in [
            "Dockerfiles.tar",
            "mydockerfile",
            "image.tar",
            "Dockerfile-1.tar",
        ] {
            assert!(!OwnDockerfile::is_called(name), "{name}");
        }
    }
}
