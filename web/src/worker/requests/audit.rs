//! What the page asks of the audit: findings, of the image or on a path, rules and reports.

use super::Asker;
use super::later::Asked;
use crate::worker::growth;
use crate::worker::port;
use crate::worker::protocol::{Audit, Event, Message, Request, UseRules};

/// Answers what it is asked; all else is not asked of it.
pub fn answer(Asked { asker, request }: Asked) {
    match request {
        Request::BesideDockerfile(asked) => asker.of_image(asked),
        Request::FindingsPage(asked) => asker.of_image(asked),
        Request::UseRules(asked) => asker.use_rules(&asked),
        Request::Audit(Audit) => asker.audit(),
        Request::RelatedTo(asked) => asker.of_image(asked),
        Request::Report(asked) => asker.of_image(asked),
        _ => {}
    }
}

impl Asker {
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
