//! What the page asks of the audit: findings, of the image or on a path, rules and reports.

use wasm_bindgen_futures::spawn_local;

use super::RequestContext;
use super::later::Asked;
use crate::worker::port;
use crate::worker::protocol::{Audit, Event, Message, Request, UseRules};
use crate::worker::{audit, growth};

/// Answers what it is asked; all else is not asked of it.
pub fn answer(Asked { context, request }: Asked) {
    match request {
        Request::BesideDockerfile(asked) => context.of_image(asked),
        Request::FindingsPage(asked) => context.of_image(asked),
        Request::UseRules(asked) => spawn_local(context.use_rules(asked)),
        Request::Audit(Audit) => spawn_local(context.audit()),
        Request::RelatedTo(asked) => context.of_image(asked),
        Request::Report(asked) => context.of_image(asked),
        _ => {}
    }
}

impl RequestContext {
    async fn use_rules(self, asked: UseRules) {
        let judged = self.worker.borrow_mut().use_rules(asked.0.as_ref());
        port::tell(&self.scope, &Message::Event(Event::Comparing(None)));
        if judged.is_ok() {
            self.audit_now().await;
        }
        self.answer::<UseRules>(&judged);
    }

    async fn audit(self) {
        if !self.worker.borrow().finished {
            return;
        }
        self.audit_now().await;
        self.answer::<Audit>(&());
    }

    /// Audits the image, and tells what comes of it. Then the image is read that growth is measured against.
    async fn audit_now(&self) {
        if let Some(audited) = audit::run(&self.worker).await {
            port::tell(&self.scope, &Message::Event(audited));
            growth::begin(&self.worker, &self.scope);
        }
    }
}
