//! Errors that were logged on this test's thread; each test has a runtime on a thread of its own.

use std::{cell::RefCell, fmt::Write, sync::Once};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer, filter::LevelFilter, layer::Context, layer::SubscriberExt, util::SubscriberInitExt,
};

thread_local! {
    static ERRORS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Errors;

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl<S: Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut text = Text(String::new());
            event.record(&mut text);
            ERRORS.with_borrow_mut(|errors| errors.push(text.0));
        }
    }
}

/// Begins to watch, and forgets what an earlier test on this thread has left.
pub(crate) fn start() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::registry().with(Errors.with_filter(LevelFilter::ERROR)).init();
    });
    ERRORS.take();
}

/// What was logged as an error.
pub(crate) fn errors() -> Vec<String> {
    ERRORS.take()
}
