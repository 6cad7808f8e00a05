//! Twitch: OAuth, Helix, EventSub verification and payloads.
