//! What a file is made of: the members of an archive, the sections of a program.

use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::parts::size::size;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{ContentParts, Elf, Member, MemberKind, Members, Parts};

/// Rows drawn at a time.
const DRAWN: usize = 500;

/// What [`PartsOf`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    /// What it is of.
    pub(crate) path: Vec<u8>,
}

/// The parts of the content that was read last.
#[component]
pub(crate) fn PartsOf(props: &Props) -> Html {
    // None until there is an answer.
    let parts = use_state(|| None::<Option<Box<Parts>>>);
    let room = use_state_eq(|| DRAWN);
    {
        let (parts, room) = (parts.clone(), room.clone());
        let key = (props.worker.clone(), props.path.clone());
        use_effect_with(key, move |(worker, _)| {
            parts.set(None);
            room.set(DRAWN);
            let answer = worker.ask(ContentParts);
            spawn_local(async move { parts.set(Some(answer.await.flatten())) });
        });
    }
    let more = {
        let room = room.clone();
        Callback::from(move |_: MouseEvent| room.set(*room + DRAWN))
    };
    let said = |text: &str| html! { <div class="nothing"><p role="status">{ text }</p></div> };
    let Some(answer) = parts.as_ref() else {
        return said("Reading …");
    };
    match answer.as_deref() {
        None => said("There is nothing to list."),
        Some(Parts::Failed(why)) => {
            said(&format!("{}.", format::capital(&format::visible_text(why))))
        }
        Some(Parts::Members(members)) => {
            let rows = members.members.iter().take(*room).map(member);
            list(
                "Members of the archive",
                members_head(members),
                &["Name", "Size", "Compressed", "Modified"],
                rows.collect(),
                members.members.len() > *room,
                more,
            )
        }
        Some(Parts::Elf(elf)) => {
            let rows = elf.sections.iter().take(*room).map(|section| html! {
                <tr>
                    <td class="mono">{ format::visible(&section.name) }</td>
                    <td class="size">{ size(section.size) }</td>
                    <td class="size mono">{ if section.in_file { format!("{:#x}", section.offset) } else { "not in the file".to_owned() } }</td>
                </tr>
            });
            list(
                "Sections of the program",
                elf_head(elf),
                &["Section", "Size", "Offset"],
                rows.collect(),
                elf.sections.len() > *room,
                more,
            )
        }
    }
}

fn list(
    label: &'static str,
    head: Html,
    columns: &[&'static str],
    rows: Vec<Html>,
    has_more: bool,
    more: Callback<MouseEvent>,
) -> Html {
    html! {
        <div class="file-parts" tabindex="0" role="region" aria-label={label}>
            { head }
            if !rows.is_empty() {
                <table>
                    <thead>
                        <tr>
                            for column in columns.iter() {
                                <th scope="col" class={if *column == "Name" || *column == "Section" { "" } else { "size" }}>{ *column }</th>
                            }
                        </tr>
                    </thead>
                    <tbody>{ for rows }</tbody>
                </table>
            }
            if has_more {
                <button type="button" onclick={more}>{ "Show more" }</button>
            }
        </div>
    }
}

fn members_head(members: &Members) -> Html {
    let listed = members.members.len() as u64;
    let mut text = format!(
        "{}, {} of content",
        format::counted(members.count, "member"),
        format::size(members.size)
    );
    if listed < members.count {
        text.push_str(&format!("; the first {} are listed", format::count(listed)));
    }
    html! {
        <p class="muted" role="status">
            { text }{ "." }
            if let Some(ended) = &members.ended {
                { format!(" The list may not be complete: {}.", format::visible_text(ended)) }
            }
        </p>
    }
}

fn member(member: &Member) -> Html {
    let kind = match member.kind {
        MemberKind::File => "",
        MemberKind::Dir => "folder",
        MemberKind::Symlink => "symbolic link",
        MemberKind::Hardlink => "hard link",
        MemberKind::Other => "special file",
    };
    html! {
        <tr>
            <td class="mono">
                { format::visible(&member.name) }
                if let Some(link) = &member.link {
                    { format!(" → {}", format::visible(link)) }
                }
                if !kind.is_empty() {
                    <span class="muted">{ format!(" {kind}") }</span>
                }
            </td>
            <td class="size">
                if member.kind == MemberKind::File {
                    { size(member.size) }
                }
            </td>
            <td class="size">
                if let Some(compressed) = member.compressed.filter(|_| member.kind == MemberKind::File) {
                    { size(compressed) }
                }
            </td>
            <td class="size">{ member.modified.clone().unwrap_or_default() }</td>
        </tr>
    }
}

fn elf_head(elf: &Elf) -> Html {
    let order = if elf.little_endian {
        "little-endian"
    } else {
        "big-endian"
    };
    let symbols = match (elf.stripped, elf.debug_info) {
        (true, false) => "stripped",
        (true, true) => "stripped, with debug information",
        (false, false) => "not stripped",
        (false, true) => "not stripped, with debug information",
    };
    let needed: Vec<String> = elf
        .needed
        .iter()
        .map(|name| format::visible(name))
        .collect();
    html! {
        <dl class="facts">
            <dt>{ "Type" }</dt>
            <dd>{ format!("ELF {}-bit {order} {}", elf.bits, elf.kind) }</dd>
            <dt>{ "Machine" }</dt>
            <dd>{ format::visible_text(&elf.machine) }</dd>
            if let Some(name) = &elf.soname {
                <dt>{ "Library name" }</dt>
                <dd class="mono">{ format::visible(name) }</dd>
            }
            <dt>{ "Interpreter" }</dt>
            <dd class="mono">{ elf.interpreter.as_deref().map_or_else(|| "none".to_owned(), format::visible) }</dd>
            <dt>{ "Needed libraries" }</dt>
            <dd class="mono">{ if needed.is_empty() { "none".to_owned() } else { needed.join(", ") } }</dd>
            if let Some(id) = &elf.build_id {
                <dt>{ "Build ID" }</dt>
                <dd class="mono">{ id.clone() }</dd>
            }
            <dt>{ "Symbols" }</dt>
            <dd>{ symbols }</dd>
        </dl>
    }
}
