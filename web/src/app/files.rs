//! Files that the visitor gives: images to open, rules to judge by, and Dockerfiles.

use web_sys::{Blob, File};
use yew::prelude::*;

use super::{App, Msg};
use crate::browser;
use crate::navigate::{History, Navigate};
use crate::own_dockerfile::OwnDockerfile;
use crate::route::{ImageRoute, Route, View};
use crate::rules_input::RulesInput;
use crate::worker::protocol::UseRules;

impl App {
    /// Tells the image worker what to judge by.
    pub(super) fn judge(&mut self, ctx: &Context<Self>) {
        self.judgments = self.judgments.wrapping_add(1);
        let number = self.judgments;
        let Some(session) = &self.session else { return };
        match &mut self.rules {
            Some(rules) if rules.problem.is_some() => {}
            Some(rules) => {
                rules.judged = false;
                let judged = session.worker.ask(UseRules(Some(rules.file.clone())));
                ctx.link().send_future(async move {
                    Msg::Judged(number, judged.await.and_then(Result::err))
                });
            }
            None => session.worker.tell(UseRules(None)),
        }
    }

    /// Opens a file: where the address waits for it, at what that says of it. Rules judge what is shown.
    pub(super) fn chosen(&mut self, ctx: &Context<Self>, file: File) {
        let name = file.name();
        if let Some(side) = self.side_that_waits(&name) {
            return self.chosen_for(ctx, side, file);
        }
        if let (Some(_), Route::Image(route)) = (&self.session, &self.route)
            && RulesInput::is_called(&name)
        {
            let waste = match route.view.is_of_findings() {
                true => Route::Image(route.clone()),
                false => Route::Image(route.in_view(View::Waste)),
            };
            ctx.link()
                .send_future(async move { Msg::UseRules(Some(RulesInput::of(&file).await)) });
            return self.go(ctx, Navigate::push(waste));
        }
        if let (Some(_), Route::Image(route)) = (&self.session, &self.route)
            && OwnDockerfile::is_called(&name)
        {
            let config = Navigate::push(route.in_view(View::Config));
            ctx.link().send_future(async move {
                Msg::UseDockerfile(Some(OwnDockerfile::of(&file).await))
            });
            return self.go(ctx, config);
        }
        self.open_file(ctx, name, file.into());
    }

    /// Opens a file as an image, or several.
    pub(super) fn open_file(&mut self, ctx: &Context<Self>, name: String, file: Blob) {
        self.files.insert(name.clone(), file);
        // What is kept under this name is another file now.
        browser::keep_file(&name, None);
        self.remarks.clear();
        let waits = self.session.is_none()
            && matches!(&self.route, Route::Image(route) if route.file.as_ref() == Some(&name));
        let route = if waits {
            self.route.clone()
        } else {
            Route::Image(ImageRoute::of_file(name.as_str()))
        };
        // Under the same name there may be another file now.
        if self
            .session
            .as_ref()
            .is_some_and(|session| session.file.as_ref() == Some(&name))
        {
            self.session = None;
        }
        let history = match waits {
            true => History::Replace,
            false => History::Push,
        };
        self.go(ctx, Navigate { route, history });
    }
}
