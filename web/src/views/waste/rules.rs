//! CI rules: the results of a rules file that the visitor drops or chooses.

use onionskin_core::report::format::verdict as amounts;
use web_sys::{DragEvent, File};
use yew::platform::spawn_local;
use yew::prelude::*;

use crate::format;
use crate::parts::pick::Pick;
use crate::rules_input::{RulesInput, RulesProblem};
use crate::session::{Image, Partial};
use crate::worker::protocol::{Comparing, IgnoreFacts, Verdict};

/// What [`RulesBox`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) image: Image,
    pub(crate) rules: Option<RulesInput>,
    pub(crate) on_rules: Callback<Option<RulesInput>>,
}

/// Where the file goes, and what it says.
#[component]
pub(crate) fn RulesBox(props: &Props) -> Html {
    let over = use_state_eq(|| false);
    let take = {
        let on_rules = props.on_rules.clone();
        Callback::from(move |file: File| {
            let on_rules = on_rules.clone();
            spawn_local(async move { on_rules.emit(Some(RulesInput::of(&file).await)) });
        })
    };
    let ondragover = {
        let over = over.clone();
        move |event: DragEvent| {
            event.prevent_default();
            over.set(true);
        }
    };
    let ondragleave = {
        let over = over.clone();
        move |_: DragEvent| over.set(false)
    };
    let ondrop = {
        let (over, take) = (over.clone(), take.clone());
        move |event: DragEvent| {
            // What is dropped elsewhere is opened as an image.
            event.prevent_default();
            over.set(false);
            let files = event.data_transfer().and_then(|data| data.files());
            if let Some(file) = files.and_then(|files| files.item(0)) {
                take.emit(file);
            }
        }
    };
    let remove = props.on_rules.reform(|_: MouseEvent| None);
    html! {
        <section
            class={classes!("rules", over.then_some("over"))}
            aria-labelledby="rules"
            {ondragover}
            {ondragleave}
            {ondrop}
        >
            <h3 id="rules">{ "CI rules" }</h3>
            { told(props) }
            <div class="actions">
                <Pick on_file={take}>
                    { if props.rules.is_some() { "Another file…" } else { "Choose a file…" } }
                    <span class="off-screen">{ " of rules" }</span>
                </Pick>
                if props.rules.is_some() {
                    <button type="button" onclick={remove}>{ "Remove" }</button>
                }
            </div>
        </section>
    }
}

fn told(props: &Props) -> Html {
    let Some(rules) = &props.rules else {
        return html! {
            <p class="muted">
                { "Drop your " }<code>{ "onionskin.yaml" }</code>{ " or " }<code>{ ".dive-ci" }</code>
                { " here to check the image against CI rules. The file is not uploaded." }
            </p>
        };
    };
    html! {
        <>
            <p class="mono name">{ format::visible_text(&rules.file.name) }</p>
            {
                match &rules.problem {
                    Some(problem) => unusable(rules, problem),
                    None if rules.judged => verdicts(&props.image),
                    None => html! { <p class="muted" role="status">{ "Evaluating …" }</p> },
                }
            }
        </>
    }
}

fn unusable(rules: &RulesInput, problem: &RulesProblem) -> Html {
    let (line, problem) = match problem {
        RulesProblem::NotRead(problem) => (None, problem),
        RulesProblem::Invalid(error) => (Some(error.line), &error.problem),
    };
    html! {
        <div class="unusable" role="alert">
            <p><b>{ "Invalid rules file: onionskin audit ends with exit code 2." }</b></p>
            <p>
                if let Some(line) = line {
                    { format!("Line {line}: ") }
                }
                { format::visible_text(problem) }
            </p>
            if let Some(line) = rules.line() {
                <pre class="mono">{ format::visible_text(&line) }</pre>
            }
        </div>
    }
}

fn verdicts(image: &Image) -> Html {
    match image.partial().filter(|_| image.finished) {
        Some(Partial::Broken(broken)) => {
            let text = format!(
                "Not evaluated: layer {broken} could not be read. onionskin audit ends with exit code 2."
            );
            return html! { <p role="status">{ text }</p> };
        }
        Some(Partial::Stopped) => {
            return html! { <p role="status">{ "Not evaluated: loading was stopped." }</p> };
        }
        _ => {}
    }
    let Some(audit) = image.audit.as_ref() else {
        return html! { <p class="muted" role="status">{ "Evaluated when all layers are read." }</p> };
    };
    if let Some(comparing) = &image.comparing {
        return comparison(comparing);
    }
    let (Some(rules), Some(ignores)) = (audit.rules.read(), audit.ignores.read()) else {
        return Html::default();
    };
    html! {
        <>
            <p class="verdict" role="status">{ verdict(&rules, audit.passed) }</p>
            <ul class="verdicts">
                for rule in rules.iter() {
                    { of_rule(rule) }
                }
            </ul>
            if !ignores.is_empty() {
                <h4>{ "Ignored" }</h4>
                <ul class="ignores">
                    for entry in ignores.iter() {
                        { ignored(entry) }
                    }
                </ul>
            }
        </>
    }
}

/// How far the image is that growth is measured against.
fn comparison(comparing: &Comparing) -> Html {
    let Comparing {
        reference,
        received,
        whole,
    } = comparing;
    let whole = whole.filter(|whole| whole >= received && *whole > 0);
    let far = match whole {
        Some(whole) => format!("{} of {}", format::size(*received), format::size(whole)),
        None => format::size(*received),
    };
    html! {
        <div class="comparing" role="status">
            <p>{ "Reading " }<code>{ format::visible_text(reference) }</code>{ " to compare with …" }</p>
            <progress
                aria-label="Reading the image to compare with"
                max={whole.map(|whole| whole.to_string())}
                value={whole.map(|_| received.to_string())}
            />
            <p class="muted">{ far }</p>
        </div>
    }
}

/// What all rules come to, as an exit code.
fn verdict(rules: &[Verdict], passed: Option<bool>) -> String {
    let all = rules.len();
    let failed = rules
        .iter()
        .filter(|rule| rule.passed == Some(false))
        .count();
    match passed {
        Some(true) if all == 0 => "PASS (exit code 0): the file sets no rule".to_owned(),
        Some(true) => format!(
            "PASS (exit code 0): {} passed",
            format::counted(all as u64, "rule")
        ),
        Some(false) => format!(
            "FAIL (exit code 1): {failed} of {} failed",
            format::counted(all as u64, "rule")
        ),
        None => "Not evaluated (exit code 2)".to_owned(),
    }
}

fn of_rule(rule: &Verdict) -> Html {
    let (sign, class, word) = match rule.passed {
        Some(true) => ("✓", "passed", "passed"),
        Some(false) => ("✕", "failed", "failed"),
        None => ("?", "unknown", "not evaluated"),
    };
    html! {
        <li {class}>
            <span class="outcome" title={word}>
                <span aria-hidden="true">{ sign }</span><span class="off-screen">{ word }</span>
            </span>
            <span>
                <code>{ format::visible_text(&rule.name) }</code>{ " " }
                <span class="amounts">{ format::visible_text(&amounts(rule)) }</span>
                for path in rule.met.iter() {
                    <span class="met mono">{ format::visible_text(path) }</span>
                }
            </span>
        </li>
    }
}

/// What the file ignores, why, and what that came to.
fn ignored(entry: &IgnoreFacts) -> Html {
    // It has one of them at least.
    let what = [
        entry.kind.map(|kind| kind.name()),
        entry.rule.as_deref(),
        entry.path.as_deref(),
    ];
    let what: Vec<&str> = what.into_iter().flatten().collect();
    let until = match (&entry.until, entry.expired) {
        (Some(day), true) => format!("; expired after {day}, no longer ignored"),
        (Some(day), false) => format!("; until {day}"),
        (None, _) => String::new(),
    };
    html! {
        <li>
            <code>{ format::visible_text(&what.join(" ")) }</code>{ " " }
            <span class="amounts">
                { format!("{}: ", format::counted(entry.findings, "finding")) }
                { format::visible_text(&entry.reason) }{ until }
            </span>
        </li>
    }
}
