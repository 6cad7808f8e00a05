//! Finding a streamer by what a person types or pastes.

use crate::{App, twitch_token::with_token};
use sm_twitch::{Error, User};
use sm_types::TwitchUserId;

/// Twitch's logins have 3 to 25 characters today; older ones are shorter.
const MAX_LOGIN: usize = 25;
/// What a search needs at least.
pub const MIN_SEARCH: usize = 2;

/// A login out of what a person typed or pasted: a name, `@name`, or an address on twitch.tv.
///
/// Spaces and characters that cannot be seen are dropped. `None` when no login can be meant.
pub fn login_of(text: &str) -> Option<String> {
    let visible: String =
        text.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !invisible(*c)).collect();
    let lower = visible.to_lowercase();
    let without_scheme = ["https://", "http://"].iter().find_map(|s| lower.strip_prefix(s));
    let rest = without_scheme.unwrap_or(&lower);
    let hosts = ["www.twitch.tv/", "m.twitch.tv/", "twitch.tv/", "go.twitch.tv/"];
    let name = match hosts.iter().find_map(|host| rest.strip_prefix(host)) {
        Some(path) => path.split(['/', '?', '#']).next()?,
        None if without_scheme.is_some() => return None,
        None => rest.trim_start_matches('@'),
    };
    let fits = !name.is_empty()
        && name.len() <= MAX_LOGIN
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fits.then(|| name.to_owned())
}

/// Zero-width and direction characters, which come along with what is copied from chats.
fn invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{e0000}'..='\u{e007f}')
}

/// A channel that a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    pub profile_image_url: Option<String>,
    /// Whether the channel is live, when the search tells.
    pub live: Option<bool>,
}

/// Searches: the exact login first, then what Twitch's own search finds.
pub async fn search(app: &App, text: &str) -> Result<Vec<Found>, Error> {
    let login = login_of(text);
    let exact = async {
        match &login {
            Some(login) => by_logins(app, std::slice::from_ref(login)).await,
            None => Ok(Vec::new()),
        }
    };
    let query = text.trim();
    let others = async {
        if query.chars().count() < MIN_SEARCH {
            return Ok(Vec::new());
        }
        with_token(app, |token| async move { app.twitch.search_channels(&token, query).await })
            .await
    };
    let (exact, others) = tokio::join!(exact, others);
    let mut found: Vec<Found> = exact?
        .into_iter()
        .map(|user| Found {
            id: user.id,
            login: user.login,
            display_name: user.display_name,
            profile_image_url: user.profile_image_url,
            live: None,
        })
        .collect();
    for other in others? {
        if let Some(known) = found.iter_mut().find(|known| known.id == other.id) {
            known.live = Some(other.is_live);
            continue;
        }
        found.push(Found {
            id: other.id,
            login: other.broadcaster_login,
            display_name: other.display_name,
            profile_image_url: other.thumbnail_url,
            live: Some(other.is_live),
        });
    }
    Ok(found)
}

/// Accounts by login; unknown ones are left out.
pub async fn by_logins(app: &App, logins: &[String]) -> Result<Vec<User>, Error> {
    with_token(app, |token| async move {
        let logins: Vec<&str> = logins.iter().map(String::as_str).collect();
        app.twitch.users_by_login(&token, &logins).await
    })
    .await
}

/// An account by id.
pub async fn by_id(app: &App, id: &TwitchUserId) -> Result<Option<User>, Error> {
    let users =
        with_token(
            app,
            |token| async move { app.twitch.users(&token, std::slice::from_ref(id)).await },
        );
    Ok(users.await?.into_iter().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_is_found_in_names_and_addresses() {
        for text in [
            "ana_live",
            "Ana_Live",
            "@ana_live",
            "  ana_live\n",
            "twitch.tv/ana_live",
            "https://www.twitch.tv/ana_live",
            "https://m.twitch.tv/ana_live?x=1",
            "http://twitch.tv/ana_live/videos",
            "ana\u{200b}_live\u{202c}",
            "\u{feff}ana_live",
        ] {
            assert_eq!(login_of(text).as_deref(), Some("ana_live"), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_login_is_none() {
        let long = "x".repeat(26);
        for text in [
            "",
            "@",
            "https://evil.example/ana",
            "ana-live",
            "аna",
            "twitch.tv/",
            "a/b",
            &long,
            "<script>",
            "https://twitch.tv.evil.example/ana",
        ] {
            assert_eq!(login_of(text), None, "{text:?}");
        }
    }
}
