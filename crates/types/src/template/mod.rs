//! The message template: parser, values, rendering, limits.
