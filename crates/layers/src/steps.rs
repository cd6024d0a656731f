//! Work in steps: whoever waits for its result may do other things between two of them.
//!
//! A million files take a second of a browser's worker, which has questions to answer meanwhile. Such work is written as a
//! future, so that the compiler keeps how far it is. It waits for nothing, and needs no runtime.

use std::future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Entries or paths that are looked at in one step, where there are many.
pub const PIECE: usize = 16_384;

/// Work, as far as it is done.
#[must_use]
pub struct Steps<'a, T>(Pin<Box<dyn Future<Output = T> + 'a>>);

impl<'a, T> Steps<'a, T> {
    /// Of work that calls [`pause`] between its steps and waits for nothing else.
    pub fn of(work: impl Future<Output = T> + 'a) -> Self {
        Self(Box::pin(work))
    }

    /// Takes one step: gives the result where it was the last one, else what is left.
    pub fn step(mut self) -> ControlFlow<T, Self> {
        let mut context = Context::from_waker(Waker::noop());
        let polled = self.0.as_mut().poll(&mut context);
        match polled {
            Poll::Ready(result) => ControlFlow::Break(result),
            Poll::Pending => ControlFlow::Continue(self),
        }
    }

    /// Takes all steps.
    pub fn finish(mut self) -> T {
        loop {
            match self.step() {
                ControlFlow::Break(result) => return result,
                ControlFlow::Continue(left) => self = left,
            }
        }
    }
}

/// Ends a step.
pub async fn pause() {
    let mut is_over = false;
    let over = future::poll_fn(|_| match std::mem::replace(&mut is_over, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    });
    over.await;
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    async fn sum(numbers: &[u32]) -> u32 {
        let mut sum = 0;
        for number in numbers {
            sum += number;
            pause().await;
        }
        sum
    }

    #[test]
    fn each_pause_ends_a_step_and_the_result_is_the_same() {
        let numbers = [1, 2, 3];
        let mut left = Steps::of(sum(&numbers));
        for _ in &numbers {
            match left.step() {
                ControlFlow::Continue(next) => left = next,
                ControlFlow::Break(early) => panic!("{early} came before the last step"),
            }
        }
        assert!(matches!(left.step(), ControlFlow::Break(6)));
        assert_eq!(Steps::of(sum(&numbers)).finish(), 6);
    }
}
