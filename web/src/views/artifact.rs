//! An artifact that is not an image: a chart, a signature, an SBOM.

use yew::prelude::*;

use crate::format;
use crate::parts::size::size;
use crate::route::{ImageRoute, Route};
use crate::views::error::open_another;
use crate::worker::protocol::{Artifact, ArtifactFile};
use crate::worker::registries::repository;

/// What [`ArtifactView`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) artifact: std::rc::Rc<Artifact>,
    /// It is in a file, and not in a registry.
    pub(crate) in_file: bool,
}

/// An artifact.
#[component]
pub(crate) fn ArtifactView(props: &Props) -> Html {
    let facts = &*props.artifact;
    let subject = facts.subject.as_ref().map(|digest| {
        let name = repository(&facts.reference);
        let to = Route::Image(ImageRoute::of(format!("{name}@{digest}")));
        let linked = !props.in_file;
        let digest = digest.to_string();
        html! {
            <>
                <dt>{ "Subject" }</dt>
                <dd class="mono">
                    if linked {
                        <a href={to.to_fragment()}>{ digest.clone() }</a>
                    } else {
                        { digest.clone() }
                    }
                </dd>
            </>
        }
    });
    html! {
        <main class="page-list artifact">
            <h1>{ "Not an image" }</h1>
            <p class="muted">{ "This is an OCI artifact without a filesystem." }</p>
            <dl class="facts">
                <dt>{ "Type" }</dt>
                <dd class="mono">{ format::visible_text(&facts.artifact_type) }</dd>
                <dt>{ "Digest" }</dt>
                <dd class="mono">{ facts.digest.to_string() }</dd>
                { for subject }
            </dl>
            <h2>{ format::counted(facts.files.len() as u64, "file") }</h2>
            <ul class="things">
                for file in facts.files.iter() {
                    { item(file) }
                }
            </ul>
            if !facts.annotations.is_empty() {
                <h2>{ "Annotations" }</h2>
                <dl class="facts">
                    for (key, value) in facts.annotations.iter() {
                        <dt class="mono">{ format::visible_text(key) }</dt>
                        <dd class="mono">{ format::visible_text(value) }</dd>
                    }
                </dl>
            }
            <div class="actions">{ open_another() }</div>
        </main>
    }
}

fn item(file: &ArtifactFile) -> Html {
    let name = match &file.name {
        Some(name) => format::visible_text(name),
        None => "unnamed".to_owned(),
    };
    html! {
        <li>
            <b class={file.name.is_some().then_some("mono")}>{ name }</b>
            <span class="end">{ size(file.size) }</span>
            <span class="mono muted">{ format::visible_text(&file.media_type) }</span>
            <span class="mono muted end" title={file.digest.to_string()}>{ format::short_digest(&file.digest.to_string()) }</span>
        </li>
    }
}
