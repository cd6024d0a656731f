//! What the page asks of the audit: findings, of the image or on a path, rules and reports.

use super::RequestContext;
use super::later::Asked;
use crate::worker::growth;
use crate::worker::port;
use crate::worker::protocol::{Audit, Event, Message, Request, UseRules};

/// Answers what it is asked; all else is not asked of it.
pub fn answer(Asked { context, request }: Asked) {
    match request {
        Request::BesideDockerfile(asked) => context.of_image(asked),
        Request::FindingsPage(asked) => context.of_image(asked),
        Request::UseRules(asked) => context.use_rules(&asked),
        Request::Audit(Audit) => context.audit(),
        Request::RelatedTo(asked) => context.of_image(asked),
        Request::Report(asked) => context.of_image(asked),
        _ => {}
    }
}

impl RequestContext {
    fn use_rules(&self, asked: &UseRules) {
        let judged = self.worker.borrow_mut().use_rules(asked.0.as_ref());
        let (event, judged) = match judged {
            Ok(event) => (event, Ok(())),
            Err(problem) => (None, Err(problem)),
        };
        let ended = Event::Comparing(None);
        for event in [Some(ended), event].into_iter().flatten() {
            port::tell(&self.scope, &Message::Event(event));
        }
        growth::begin(&self.worker, &self.scope);
        self.answer::<UseRules>(&judged);
    }

    fn audit(&self) {
        if !self.worker.borrow().finished {
            return;
        }
        let audited = self.worker.borrow_mut().audit();
        if let Some(audited) = audited {
            port::tell(&self.scope, &Message::Event(audited));
        }
        growth::begin(&self.worker, &self.scope);
        self.answer::<Audit>(&());
    }
}
