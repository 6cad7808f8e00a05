//! Streamers: finding them, following them, and staying subscribed to what they do.

mod by_name;
mod chat_linking;
mod drift;
pub mod linking;
pub mod listing;
pub mod lookup;
mod names;
pub mod own_channel;
pub mod pasted;
pub mod reconcile;
pub mod search;
pub mod subscriptions;

pub use names::ReconcileError;

/// A streamer as Twitch describes them; whoever has set no display name goes by the login.
fn described(user: &sm_twitch::User) -> sm_db::streamers::Streamer<'_> {
    let unnamed = user.display_name.is_empty();
    sm_db::streamers::Streamer {
        id: &user.id,
        login: &user.login,
        display_name: if unnamed { &user.login } else { &user.display_name },
        profile_image_url: user.profile_image_url.as_deref(),
    }
}
