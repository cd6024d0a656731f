//! An artifact that is not an image: a chart, a signature, an SBOM.

use yew::prelude::*;

use crate::format;
use crate::parts::size::size;
use crate::route::{ImageRoute, Route};
use crate::worker::protocol::{ArtifactFacts, ArtifactFile};

/// What [`Artifact`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) facts: std::rc::Rc<ArtifactFacts>,
}

/// An artifact.
#[component]
pub(crate) fn Artifact(props: &Props) -> Html {
    let facts = &*props.facts;
    let subject = facts.subject.as_ref().map(|digest| {
        let to = Route::Image(ImageRoute::of(format!("{}@{digest}", facts.name)));
        let linked = !facts.name.is_empty();
        html! {
            <>
                <dt>{ "Subject" }</dt>
                <dd class="mono">
                    if linked {
                        <a href={to.to_fragment()}>{ digest }</a>
                    } else {
                        { digest }
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
                <dd class="mono">{ &facts.digest }</dd>
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
            <div class="actions"><a class="button" href="#/">{ "Open another image" }</a></div>
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
            <span class="mono muted end" title={file.digest.clone()}>{ format::short_digest(&file.digest) }</span>
        </li>
    }
}
