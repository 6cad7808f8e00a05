//! The binary streammaxing: dev, serve, migrate, trigger.
