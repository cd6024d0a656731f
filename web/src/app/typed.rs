//! What is typed or pasted where a reference is expected: commands that pull, lines of a Dockerfile, addresses of registries'
//! web pages. The query of the page's own address may have the same (`?image=…`, `?url=…`).

use percent_encoding::percent_decode_str;

use crate::browser::{IMAGE, URL};
use crate::route::{BrowseRoute, ImageRoute, Route};
use crate::worker::protocol::List;

/// Where what was typed leads: `HOST/` to the repositories of a registry, all else to an image.
pub(super) fn typed_route(typed: &str) -> Route {
    if let Some(address) = analysis(typed) {
        return Route::Image(ImageRoute::of_index(address));
    }
    let (reference, platform) = meant(typed);
    let host = reference.trim_start_matches("docker://");
    match host.strip_suffix('/') {
        Some("") => Route::Browse(BrowseRoute::of(List::Repositories(None))),
        Some(host) if !host.contains('/') => {
            Route::Browse(BrowseRoute::of(List::Repositories(Some(host.to_owned()))))
        }
        _ => Route::Image(ImageRoute {
            platform,
            ..ImageRoute::of(reference)
        }),
    }
}

/// What the page was opened with: `image=`, which is as if it had been typed, or `url=`, a registry's web page about an image,
/// or a saved analysis.
pub(super) fn asked_route(query: &str) -> Option<Route> {
    let value = |key: &str| {
        let mut values = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = values.find(|(known, value)| *known == key && !value.is_empty())?;
        let value = value.replace('+', " ");
        Some(percent_decode_str(&value).decode_utf8_lossy().into_owned())
    };
    if let Some(image) = value(IMAGE) {
        return Some(typed_route(&image));
    }
    let url = value(URL)?;
    let page = url.trim().strip_prefix("https://").and_then(of_known_page);
    Some(match page {
        Some(reference) => Route::Image(ImageRoute::of(reference)),
        None => Route::Image(ImageRoute::of_index(url.trim())),
    })
}

/// The address of a saved analysis, by its name.
fn analysis(typed: &str) -> Option<&str> {
    let typed = typed.trim();
    let place = typed.split(['?', '#']).next().unwrap_or_default();
    let is_one = place.ends_with(".onionskin")
        && ["https://", "http://"]
            .iter()
            .any(|start| place.starts_with(start));
    is_one.then_some(typed)
}

/// The reference that is meant, and the platform where one is named.
fn meant(typed: &str) -> (String, Option<String>) {
    let typed = typed.trim();
    if let Some((_, address)) = typed
        .split_once("https://")
        .filter(|(before, _)| before.is_empty())
    {
        return (
            of_address(address).unwrap_or_else(|| typed.to_owned()),
            None,
        );
    }
    let mut words = typed.split_whitespace();
    match (words.next(), words.next()) {
        (Some("docker" | "podman" | "nerdctl" | "crane" | "buildah" | "sudo"), Some(_)) => {
            command(typed).unwrap_or_else(|| (typed.to_owned(), None))
        }
        (Some(from), Some(_)) if from.eq_ignore_ascii_case("from") => {
            argument(typed.split_whitespace().skip(1)).unwrap_or_else(|| (typed.to_owned(), None))
        }
        _ => (typed.to_owned(), None),
    }
}

/// `docker pull --platform linux/arm64 nginx:1.27`.
fn command(typed: &str) -> Option<(String, Option<String>)> {
    let mut words = typed.split_whitespace();
    words.find(|word| *word == "pull")?;
    argument(words)
}

/// The first word that is no option, and the platform that an option names.
fn argument<'w>(words: impl Iterator<Item = &'w str>) -> Option<(String, Option<String>)> {
    let mut platform = None;
    let mut words = words;
    while let Some(word) = words.next() {
        if word == "--platform" {
            platform = words.next().map(str::to_owned);
        } else if let Some(value) = word.strip_prefix("--platform=") {
            platform = Some(value.to_owned());
        } else if !word.starts_with('-') {
            return Some((word.trim_start_matches("docker://").to_owned(), platform));
        }
    }
    None
}

/// The image that a page of Docker Hub, GitHub or Quay is about; of another host the name in its address.
fn of_address(address: &str) -> Option<String> {
    if let Some(reference) = of_known_page(address) {
        return Some(reference);
    }
    let place = address.split(['#', '?']).next().unwrap_or_default();
    let place = percent_decode_str(place).decode_utf8_lossy();
    let parts: Vec<&str> = place.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => None,
        [host] | [host, "v2", ..] => Some((*host).to_owned() + "/"),
        _ => Some(parts.join("/")),
    }
}

/// The image that a page of Docker Hub, GitHub or Quay is about.
fn of_known_page(address: &str) -> Option<String> {
    let (address, _) = address.split_once('#').unwrap_or((address, ""));
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let tag = query.split('&').find_map(|pair| pair.strip_prefix("tag="));
    let with_tag = |name: String| match tag.filter(|tag| !tag.is_empty()) {
        Some(tag) => format!("{name}:{tag}"),
        None => name,
    };
    let place = percent_decode_str(place).decode_utf8_lossy();
    let parts: Vec<&str> = place.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["hub.docker.com", "_", name, ..] => Some(with_tag(format!("docker.io/library/{name}"))),
        ["hub.docker.com", "r", owner, name, ..] => {
            Some(with_tag(format!("docker.io/{owner}/{name}")))
        }
        ["hub.docker.com", "layers", owner, name, tag, rest @ ..] => {
            let digest = rest.iter().find_map(|part| part.strip_prefix("sha256-"));
            Some(match digest {
                Some(digest) => format!("docker.io/{owner}/{name}@sha256:{digest}"),
                None => format!("docker.io/{owner}/{name}:{tag}"),
            })
        }
        ["github.com", owner, _, "pkgs", "container", name @ ..]
        | [
            "github.com",
            "orgs" | "users",
            owner,
            "packages",
            "container",
            "package",
            name @ ..,
        ]
        | [
            "github.com",
            "orgs" | "users",
            owner,
            "packages",
            "container",
            name @ ..,
        ] => {
            // Behind the name may be the number of a version.
            let is_number = |part: &&&str| !part.bytes().all(|byte| byte.is_ascii_digit());
            let name: Vec<&str> = name.iter().take_while(is_number).copied().collect();
            let name = format!("ghcr.io/{owner}/{}", name.join("/"));
            Some(with_tag(name.to_ascii_lowercase()))
        }
        ["quay.io", "repository", owner, name, "manifest", digest, ..] => {
            Some(format!("quay.io/{owner}/{name}@{digest}"))
        }
        ["quay.io", "repository", owner, name, ..] => {
            Some(with_tag(format!("quay.io/{owner}/{name}")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_people_paste_is_understood() {
        let digest = "9f".repeat(32);
        let hub = format!(
            "https://hub.docker.com/layers/library/nginx/1.27/images/sha256-{digest}?context=explore"
        );
        let quay = format!("https://quay.io/repository/org/app/manifest/sha256:{digest}");
        for (typed, reference) in [
            ("nginx:1.27", "nginx:1.27"),
            (" docker pull nginx:1.27 ", "nginx:1.27"),
            ("docker image pull -q ghcr.io/a/b", "ghcr.io/a/b"),
            ("sudo podman pull docker://quay.io/a/b:1", "quay.io/a/b:1"),
            ("FROM node:22 AS build", "node:22"),
            ("https://hub.docker.com/_/nginx", "docker.io/library/nginx"),
            (
                "https://hub.docker.com/r/bitnami/redis/tags",
                "docker.io/bitnami/redis",
            ),
            (&hub, &format!("docker.io/library/nginx@sha256:{digest}")),
            (
                "https://github.com/Owner/repo/pkgs/container/app",
                "ghcr.io/owner/app",
            ),
            (
                "https://github.com/owner/repo/pkgs/container/sub%2Fapp/1234?tag=1.0",
                "ghcr.io/owner/sub/app:1.0",
            ),
            (
                "https://github.com/orgs/org/packages/container/package/app",
                "ghcr.io/org/app",
            ),
            (
                "https://quay.io/repository/org/app?tab=tags&tag=latest",
                "quay.io/org/app:latest",
            ),
            (&quay, &format!("quay.io/org/app@sha256:{digest}")),
            (
                "https://registry.example.com/team/app:1.0",
                "registry.example.com/team/app:1.0",
            ),
        ] {
            assert_eq!(meant(typed), (reference.to_owned(), None), "{typed}");
        }
        let platform = Some("linux/arm64".to_owned());
        for typed in [
            "docker pull --platform linux/arm64 nginx",
            "docker pull --platform=linux/arm64 nginx",
            "FROM --platform=linux/arm64 nginx",
        ] {
            assert_eq!(
                meant(typed),
                ("nginx".to_owned(), platform.clone()),
                "{typed}"
            );
        }
    }

    #[test]
    fn addresses_of_saved_analyses_lead_to_them() {
        let typed = "https://ci.example.com/a/app.onionskin?x=1";
        assert_eq!(
            typed_route(typed),
            Route::Image(ImageRoute::of_index(typed))
        );
        let other = typed_route("https://ci.example.com/a/app");
        assert_eq!(other, Route::Image(ImageRoute::of("ci.example.com/a/app")));
    }

    #[test]
    fn the_query_of_the_address_names_an_image_or_a_saved_analysis() {
        for (query, fragment) in [
            ("image=nginx:1.27", "#/image/nginx:1.27"),
            ("embed&image=ghcr.io%2Fa%2Fb%401", "#/image/ghcr.io/a/b@1"),
            ("image=docker+pull+nginx", "#/image/nginx"),
            (
                "url=https%3A%2F%2Fhub.docker.com%2F_%2Fnginx&x=1",
                "#/image/docker.io/library/nginx",
            ),
            (
                "url=https://ci.example.com/artifacts/7",
                "#/index/https://ci.example.com/artifacts/7",
            ),
            (
                "url=http://127.0.0.1:8000/a",
                "#/index/http://127.0.0.1:8000/a",
            ),
        ] {
            let route = asked_route(query).unwrap();
            assert_eq!(route.to_fragment(), fragment, "{query}");
        }
        for query in ["", "image", "image=", "url=", "embed", "images=a"] {
            assert_eq!(asked_route(query), None, "{query}");
        }
    }

    #[test]
    fn hosts_lead_to_their_repositories() {
        for typed in [
            "registry.example.com/",
            "https://registry.example.com",
            "https://registry.example.com/v2/",
        ] {
            let Route::Browse(browse) = typed_route(typed) else {
                panic!("{typed}")
            };
            assert_eq!(
                browse.list,
                List::Repositories(Some("registry.example.com".to_owned()))
            );
        }
        assert!(matches!(typed_route("docker"), Route::Image(_)));
    }
}
