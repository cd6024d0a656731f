//! The audit of the image that is kept: made once its layers are there, by the rules that the page gives.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use onionskin_core::ledger::Ledger;
use onionskin_core::report::map::Map;

use super::image_worker::ImageWorker;
use super::other_image::OtherImage;
use super::protocol::{
    Answers, Event, Findings, FindingsPage, Report, ReportForm, RulesError, RulesFile, Subject,
};
use super::registry_access;
use super::waste::{self, Waste};

/// Steps are taken for so long before questions that came meanwhile are answered, in milliseconds. A step of an image with a
/// million files can take longer than that.
const AT_ONCE: f64 = 30.0;
/// Where a question came, others follow: a moment without one is waited for, in milliseconds, and so often at most.
const MOMENT: u32 = 100;
const MOMENTS: u32 = 5;

/// Audits what is stacked, while questions are answered; what comes of it is kept. Nothing comes where not all of the image
/// is there, or where something ended the audit: more layers, or another one.
pub(super) async fn run(worker: &Rc<RefCell<ImageWorker>>) -> Option<Event> {
    let audit = worker.borrow_mut().begin_audit()?;
    loop {
        let questions = worker.borrow().questions;
        let event = worker.borrow_mut().audit_on(audit)?;
        match event {
            ControlFlow::Break(event) => return Some(event),
            ControlFlow::Continue(()) => let_ask(worker, questions).await,
        }
    }
}

/// Lets questions be answered that came since there were so many of them.
async fn let_ask(worker: &RefCell<ImageWorker>, mut questions: u32) {
    TimeoutFuture::new(0).await;
    for _ in 0..MOMENTS {
        let now = worker.borrow().questions;
        if now == questions {
            break;
        }
        questions = now;
        TimeoutFuture::new(MOMENT).await;
    }
}

impl Answers<FindingsPage> for ImageWorker {
    fn answer(&mut self, FindingsPage(asked): FindingsPage) -> Option<Box<Findings>> {
        Some(Box::new(self.waste.as_ref()?.findings(&asked)))
    }
}

impl Answers<Report> for ImageWorker {
    fn answer(&mut self, Report(form): Report) -> Option<String> {
        self.report(form)
    }
}

impl ImageWorker {
    /// Judges by a rules file from the next audit on, or by none. A file that cannot be used changes nothing.
    pub(super) fn use_rules(&mut self, file: Option<&RulesFile>) -> Result<(), RulesError> {
        self.rules = file.map(waste::rules).transpose()?.unwrap_or_default();
        self.round = self.round.wrapping_add(1);
        self.other = OtherImage::Unasked;
        self.comparing = None;
        Ok(())
    }

    /// Begins to audit what is stacked, once no more layers come; the answer numbers the audit. What tables of contents list
    /// is not enough for it.
    fn begin_audit(&mut self) -> Option<u32> {
        let image = self.image.as_ref()?;
        let page = registry_access::base()?.to_string();
        let stack = &self.main.stack;
        if !self.finished || stack.depth() == 0 || !self.tables.is_empty() {
            return None;
        }
        let file = self.subject.as_ref().and_then(Subject::in_file);
        let ledger = self.costs.ledger_of(stack);
        let ledger = ledger.unwrap_or_else(|| Rc::new(Ledger::of(stack)));
        let layers = (Rc::clone(stack), ledger);
        let steps = Waste::steps(image, layers, &self.rules, &self.other, &page, file);
        self.auditing = Some(steps);
        self.audits = self.audits.wrapping_add(1);
        Some(self.audits)
    }

    /// Takes steps of an audit until they took long enough, or to its end. None where it was ended.
    fn audit_on(&mut self, audit: u32) -> Option<ControlFlow<Event>> {
        if self.audits != audit {
            return None;
        }
        let mut left = self.auditing.take()?;
        let begun = js_sys::Date::now();
        loop {
            match left.step() {
                ControlFlow::Break(waste) => {
                    let facts = waste.facts();
                    self.waste = Some(waste);
                    return Some(ControlFlow::Break(Event::Audited(Box::new(facts))));
                }
                ControlFlow::Continue(next) => left = next,
            }
            if js_sys::Date::now() - begun >= AT_ONCE {
                self.auditing = Some(left);
                return Some(ControlFlow::Continue(()));
            }
        }
    }

    /// The report in a form of the command's.
    fn report(&self, form: ReportForm) -> Option<String> {
        let waste = self.waste.as_ref()?;
        match form {
            ReportForm::Json => waste.json(),
            ReportForm::Html => {
                let remarks = &self.image.as_ref()?.remarks;
                Some(waste.html(&Map::of(&self.main.stack), remarks))
            }
        }
    }
}
