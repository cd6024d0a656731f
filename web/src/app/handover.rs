//! The file that another window hands over: one for each loading of the page, read only if the visitor agrees.

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::MessageEvent;
use yew::prelude::*;

use super::{App, Msg};
use crate::browser;
use crate::handover::{self, Answer, HandOver, Sender};
use crate::views::handover::{Offer, Props};

/// What of this is under way.
#[derive(Default)]
pub(super) struct HandingOver {
    /// The file that waits for the visitor's word.
    pub(super) waiting: Option<HandOver>,
    /// What the visitor said. Nothing more is taken until the page is loaded again, so that no second click agrees to another
    /// file than the first.
    answer: Option<Answer>,
    listener: Option<EventListener>,
    is_announced: bool,
}

impl HandingOver {
    /// Listens where the address says so.
    pub(super) fn begin(ctx: &Context<App>) -> Self {
        let mut begun = Self::default();
        if browser::takes_hand_over() {
            let came = ctx.link().callback(Msg::HandedOver);
            let window = gloo::utils::window();
            begun.listener = Some(EventListener::new(&window, "message", move |event| {
                if let Some(event) = event.dyn_ref::<MessageEvent>() {
                    came.emit(event.clone());
                }
            }));
        }
        begun
    }

    /// Tells the windows that may hand over that this one listens, once.
    pub(super) fn announce(&mut self) {
        if self.listener.is_some() && !self.is_announced {
            self.is_announced = true;
            handover::announce();
        }
    }
}

impl App {
    /// Takes in a message of any window; whether there is something new to show.
    pub(super) fn handed_over(&mut self, event: &MessageEvent) -> bool {
        let Some(sender) = Sender::of(event) else {
            return false;
        };
        let now = &mut self.handing_over;
        if now.answer.is_some() || now.waiting.is_some() {
            sender.tell(match now.answer {
                Some(Answer::Refused) => Answer::Refused,
                _ => Answer::Busy,
            });
            return false;
        }
        now.waiting = sender.clone().hand_over(&event.data());
        if now.waiting.is_none() {
            sender.tell(Answer::Invalid);
        }
        now.waiting.is_some()
    }

    /// The visitor agreed, or did not.
    pub(super) fn answer_hand_over(&mut self, ctx: &Context<Self>, agreed: bool) {
        let Some(handed) = self.handing_over.waiting.take() else {
            return;
        };
        let answer = match agreed {
            true => Answer::Opened,
            false => Answer::Refused,
        };
        self.handing_over.answer = Some(answer);
        handed.answer(answer);
        if agreed {
            self.open_file(ctx, handed.name, handed.file);
        }
    }

    pub(super) fn view_hand_over(&self, ctx: &Context<Self>) -> Html {
        let answer = ctx.link().callback(Msg::AnswerHandOver);
        let waiting = self.handing_over.waiting.as_ref();
        let props = waiting.map(|waiting| Props::of(waiting, answer));
        html! { if let Some(props) = props { <Offer ..props /> } }
    }
}
