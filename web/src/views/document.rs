//! A document of an image as its bytes are, with its digest verified where it has one: configuration, manifest, index,
//! attestation, SBOM.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::copy::Copy;
use crate::parts::lines::Lines;
use crate::parts::panel;
use crate::parts::size::size;
use crate::route::{ImageRoute, Route, View};
use crate::session::Image;
use crate::views::content::cut;
use crate::views::error::ErrorBox;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    ContentForm, DocumentFacts, DocumentPart, ReadDocument, StopContent, UserError,
};

/// What [`Document`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    /// The digest of the document; of one at the top of a saved image its name.
    pub(crate) name: String,
    pub(crate) go: Callback<Navigate>,
}

type Answer = Result<Box<DocumentFacts>, UserError>;

/// The document.
#[component]
pub(crate) fn Document(props: &Props) -> Html {
    let document = use_state(|| None::<Answer>);
    let again = use_state_eq(|| 0_u32);
    {
        let document = document.clone();
        let key = (props.worker.clone(), props.name.clone(), *again);
        use_effect_with(key, move |(worker, name, _)| {
            document.set(None);
            let answer = worker.ask(ReadDocument { name: name.clone() });
            let done = document.clone();
            spawn_local(async move {
                if let Some(answer) = answer.await {
                    done.set(Some(answer));
                }
            });
            let worker = worker.clone();
            move || worker.tell(StopContent)
        });
    }
    let facts = match document.as_ref() {
        Some(Ok(facts)) if facts.content.path == props.name.as_bytes() => Some(facts),
        _ => None,
    };
    let has_digest = props.name.contains(':');
    let download = match has_digest {
        true => format!("{}.json", props.name.replace(':', "-")),
        false => props.name.clone(),
    };
    let back = props.route.in_view(View::Config);
    let on_back = props.go.reform(move |_: MouseEvent| {
        panel::focus();
        Navigate::push(back.clone())
    });
    html! {
        <section class="file-content" aria-label="Document of the image">
            <div class="content-head">
                <button type="button" onclick={on_back}>{ "Back to config" }</button>
                <div class="content-name">
                    <h2>{ kind(props) }</h2>
                    <p class="mono muted document-digest">{ format::visible_text(&props.name) }</p>
                </div>
                if let Some(facts) = facts {
                    <span class="muted">
                        if has_digest {
                            <span class="verified">{ "✓ digest verified" }</span>
                        } else {
                            { "no digest names it" }
                        }
                        { " · " }{ size(facts.content.size) }
                        if let Some(media_type) = &facts.media_type {
                            { " · " }<span class="mono">{ format::visible_text(media_type) }</span>
                        }
                    </span>
                    <Copy text={facts.content.digest.clone()} what="digest" />
                    <a
                        class="button"
                        href={facts.content.download.clone()}
                        {download}
                    >
                        { "Download" }
                    </a>
                }
            </div>
            {
                match document.as_ref() {
                    Some(Err(problem)) => {
                        let again = again.clone();
                        html! { <ErrorBox problem={problem.clone()} on_retry={Callback::from(move |()| again.set(*again + 1))} /> }
                    }
                    _ => html! {},
                }
            }
            if let Some(facts) = facts {
                { parts(props, &facts.parts) }
                { shown(props, facts) }
            } else if document.is_none() {
                <p class="nothing" role="status">{ "Loading the document …" }</p>
            }
        </section>
    }
}

/// What the document is to the image.
fn kind(props: &Props) -> &'static str {
    let facts = &props.image.facts;
    let image = &facts.image;
    let digest = props.name.as_str();
    if image.config_digest.to_string() == digest {
        "Configuration"
    } else if image
        .digest
        .as_ref()
        .is_some_and(|known| known.to_string() == digest)
    {
        "Manifest"
    } else if image
        .index_digest
        .as_ref()
        .is_some_and(|known| known.to_string() == digest)
    {
        "Index"
    } else if facts.top_documents.iter().any(|name| name == digest) {
        "Document of the file"
    } else {
        "Document"
    }
}

/// Links to what the document names; layers are no documents.
fn parts(props: &Props, parts: &[DocumentPart]) -> Html {
    let is_document = |part: &&DocumentPart| {
        let kind = part.media_type.as_str();
        let is_layer = kind.contains(".layer.") || kind.contains("rootfs.diff");
        !is_layer
            && (kind.contains("json")
                || kind.contains("xml")
                || kind.contains("manifest")
                || kind.contains("index")
                || kind.starts_with("text/"))
    };
    let documents: Vec<&DocumentPart> = parts.iter().filter(is_document).collect();
    if documents.is_empty() {
        return Html::default();
    }
    html! {
        <ul class="things document-parts" aria-label="Documents that it names">
            for part in documents {
                <li>
                    <a class="mono" href={address(&props.route, &part.digest)}>
                        { format::visible_text(part.title.as_deref().unwrap_or(&part.media_type)) }
                    </a>
                    <span class="mono muted">{ format::short_digest(&part.digest) }{ " · " }{ size(part.size) }</span>
                </li>
            }
        </ul>
    }
}

fn shown(props: &Props, facts: &DocumentFacts) -> Html {
    let content = &facts.content;
    let (form, total) = match (props.route.form, content.json_lines) {
        (Some(ContentForm::Text), _) | (_, None) => (ContentForm::Text, content.lines),
        (_, Some(lines)) => (ContentForm::Json, lines),
    };
    let route = props.route.clone();
    html! {
        <>
            if form == ContentForm::Text {
                { cut(content) }
            }
            <Lines
                worker={props.worker.clone()}
                {form}
                {total}
                path={content.path.clone()}
                language={content.language}
                chosen={props.route.lines}
                on_choose={props.go.reform(move |lines| {
                    Navigate::replace(ImageRoute {
                        lines: Some(lines),
                        ..route.clone()
                    })
                })}
            />
        </>
    }
}

/// The address of a document of the image, by its digest or its name.
pub(crate) fn address(route: &ImageRoute, name: &str) -> String {
    let route = ImageRoute {
        document: Some(name.to_owned()),
        path: None,
        ..route.in_view(View::Document)
    };
    Route::Image(route).to_fragment()
}
