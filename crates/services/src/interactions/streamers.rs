//! The streamers of a server by what somebody has typed, or by what their client has sent in place of a choice.

use super::language::{Language, plain};
use sm_db::{
    Pool,
    streamers::follows::{self, Named},
};
use sm_types::GuildId;

/// Whom a text is about.
pub(super) enum Found {
    One(Named),
    /// Nobody, or several: what to say.
    Not(String),
}

/// Finds a streamer of the server: by id, login, address or name.
pub(super) async fn find(
    pool: &Pool,
    guild: GuildId,
    text: &str,
    language: Language,
) -> sqlx::Result<Found> {
    let bare = text.trim().trim_start_matches('@');
    let bare = bare.rsplit('/').find(|part| !part.is_empty()).unwrap_or(bare);
    let mut found = follows::named(pool, guild, bare).await?;
    let shown: String = plain(bare).chars().take(60).collect();
    Ok(match (found.pop(), found.len()) {
        (Some(one), 0) => Found::One(one),
        (None, _) => Found::Not(language.pick(
            format!("This server announces nobody called **{shown}**. Choose one of the list."),
            format!(
                "Dieser Server kündigt niemanden mit dem Namen **{shown}** an. Wähle aus der Liste."
            ),
        )),
        (Some(last), _) => {
            found.push(last);
            let logins: Vec<_> = found.iter().map(|named| plain(&named.login)).collect();
            let logins = logins.join(", ");
            Found::Not(language.pick(
                format!("Several are called **{shown}**: {logins}. Use one of these names."),
                format!("Mehrere heißen **{shown}**: {logins}. Nimm einen dieser Namen."),
            ))
        }
    })
}

/// A streamer as lists of choices show them: the name, and the login where that is another.
pub(super) fn label(display_name: &str, login: &str) -> String {
    if display_name.eq_ignore_ascii_case(login) {
        display_name.to_owned()
    } else {
        format!("{display_name} ({login})")
    }
}
