//! The audit of the image that is kept: made once its layers are there, by the rules that the page gives.

use onionskin_core::report::map::Map;

use super::image_worker::ImageWorker;
use super::other_image::OtherImage;
use super::protocol::{
    Answers, Event, Findings, FindingsPage, Report, ReportForm, RulesError, RulesFile, Subject,
};
use super::registry_access;
use super::waste::{self, Waste};

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
    /// Judges by a rules file from now on, or by none. A file that cannot be used changes nothing.
    pub(super) fn use_rules(
        &mut self,
        file: Option<&RulesFile>,
    ) -> Result<Option<Event>, RulesError> {
        self.rules = file.map(waste::rules).transpose()?.unwrap_or_default();
        self.round = self.round.wrapping_add(1);
        self.other = OtherImage::Unasked;
        self.comparing = None;
        Ok(self.audit())
    }

    /// Audits what is stacked, once no more layers come. What tables of contents list is not enough for that.
    pub(crate) fn audit(&mut self) -> Option<Event> {
        let image = self.image.as_ref()?;
        let page = registry_access::base()?.to_string();
        let stack = &self.main.stack;
        if !self.finished || stack.depth() == 0 || !self.tables.is_empty() {
            return None;
        }
        let file = self.subject.as_ref().and_then(Subject::in_file);
        let waste = Waste::of(image, stack, &self.rules, &self.other, &page, file);
        let facts = waste.facts();
        self.waste = Some(waste);
        Some(Event::Audited(Box::new(facts)))
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
