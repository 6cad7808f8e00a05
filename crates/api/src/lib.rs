//! Router, extractors, handlers and errors of the HTTP surface.
