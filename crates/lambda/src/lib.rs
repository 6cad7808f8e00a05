//! The Lambda binary: settings once, build the app, classify the event, dispatch.
