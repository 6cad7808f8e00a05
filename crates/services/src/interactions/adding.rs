//! `/streammaxing add`: announces streamers, in a channel of their own or the server's default one.

use super::{doing::Doing, language::plain, refusal};
use crate::{
    setup::{self, SaveError},
    streamers::linking::{self, FollowError, Followed, Line},
};
use sm_db::{
    audit,
    streamers::follows::{self, Destination, Filter, Settings},
};
use sm_discord::interaction::Reply;
use sm_types::{ChannelId, TwitchUserId};

/// Saves are made anew when somebody else saves in between.
const TRIES: u32 = 3;

/// What was chosen beside the names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub(super) channel: Option<ChannelId>,
    pub(super) buttons: Option<bool>,
}

/// Adds them all, with a line for each. Done again after it broke off, it tells the same.
pub(super) async fn add(
    doing: &Doing<'_>,
    names: &[String],
    chosen: Chosen,
) -> sqlx::Result<Reply> {
    let (app, guild, actor) = (doing.app, doing.guild, &doing.actor);
    let lines = match linking::follow_lines(app, guild, names, actor).await {
        Ok(lines) => lines,
        Err(FollowError::Database(error)) => return Err(error),
        Err(FollowError::Twitch(_)) => {
            return Ok(Reply::text(refusal::unavailable(doing.language, "Twitch")));
        }
    };
    let ours = audit::targets_of(&app.pool, guild, "streamer.add", &actor.request_id).await?;
    let mut told = Vec::new();
    for (name, line) in names.iter().zip(lines) {
        told.push(match line {
            Line::Found { id, login, followed } => {
                let added = followed == Followed::Added || ours.contains(&id.0);
                let placed = match followed {
                    Followed::Added | Followed::Already => place(doing, &id, chosen).await,
                    _ => Ok(()),
                };
                match placed {
                    Ok(()) => found(doing, &login, followed, added),
                    Err(SaveError::Database(error)) => return Err(error),
                    Err(error) => {
                        format!(
                            "⚠️ **{}**: {}",
                            plain(&login),
                            refusal::told(doing.language, &error)
                        )
                    }
                }
            }
            Line::Unknown { login } => {
                let login = plain(&login);
                doing.language.pick(
                    format!("❌ Nobody on Twitch is called **{login}**."),
                    format!("❌ Niemand auf Twitch heißt **{login}**."),
                )
            }
            Line::Invalid(what) => {
                let name: String = plain(name).chars().take(60).collect();
                doing.language.pick(
                    format!("❌ {name}: {what}"),
                    format!("❌ {name} ist kein Kanal auf Twitch."),
                )
            }
        });
    }
    Ok(Reply::text(told.join("\n")))
}

fn found(doing: &Doing<'_>, login: &str, followed: Followed, added: bool) -> String {
    let login = plain(login);
    match followed {
        Followed::Added | Followed::Already if added => doing.language.pick(
            format!("✅ **{login}** is announced here from now on."),
            format!("✅ **{login}** wird ab jetzt hier angekündigt."),
        ),
        Followed::Added | Followed::Already => doing.language.pick(
            format!("☑️ **{login}** was announced here before."),
            format!("☑️ **{login}** wurde hier schon angekündigt."),
        ),
        Followed::LimitReached => doing.language.pick(
            format!("❌ **{login}**: remove a streamer from this server first."),
            format!("❌ **{login}**: entferne zuerst einen Streamer von diesem Server."),
        ),
        Followed::ByNameLimit | Followed::BudgetReserved => doing.language.pick(
            format!("❌ **{login}**: {}", followed.remedy().unwrap_or_default()),
            format!(
                "❌ **{login}**: mit Namen lässt sich gerade niemand mehr hinzufügen. Lass den Kanal sich selbst \
                 verknüpfen, mit einem Einladungslink aus dem Dashboard."
            ),
        ),
    }
}

/// Puts a streamer in the chosen channel; a follow that is new has one destination, in the default channel.
async fn place(
    doing: &Doing<'_>,
    streamer: &TwitchUserId,
    chosen: Chosen,
) -> Result<(), SaveError> {
    if chosen.channel.is_none() && chosen.buttons.is_none() {
        return Ok(());
    }
    let (app, guild) = (doing.app, doing.guild);
    for attempt in 1..=TRIES {
        let only = Filter { only: Some(streamer), ..Filter::default() };
        let rows = follows::list(&app.pool, guild, only, 1).await?;
        let follow = rows.first().ok_or(SaveError::NotFound)?;
        let stored = follows::destinations(&app.pool, guild, streamer).await?;
        let before: Vec<_> = stored.into_iter().map(|stored| stored.destination).collect();
        let destinations = placed(&before, chosen);
        if destinations == before {
            return Ok(());
        }
        let settings = Settings { enabled: follow.enabled, destinations };
        let revision = follow.revision;
        match setup::overrides::save(app, guild, streamer, settings, revision, &doing.actor).await {
            Err(SaveError::Conflict) if attempt < TRIES => {}
            saved => return saved.map(drop),
        }
    }
    Ok(())
}

fn placed(before: &[Destination], chosen: Chosen) -> Vec<Destination> {
    let mut destinations = before.to_vec();
    let is_there = |d: &Destination| chosen.channel.is_some() && d.channel == chosen.channel;
    let at = match destinations.iter().position(is_there) {
        Some(at) => at,
        // The only one, untouched since it was made, moves; beside others it is another.
        None if chosen.channel.is_none() || matches!(before, [only] if only.channel.is_none()) => 0,
        None => {
            let new = Destination { id: None, ..before.first().cloned().unwrap_or_else(empty) };
            destinations.push(new);
            destinations.len() - 1
        }
    };
    if let Some(destination) = destinations.get_mut(at) {
        destination.channel = chosen.channel.or(destination.channel);
        destination.buttons = chosen.buttons.unwrap_or(destination.buttons);
    }
    destinations
}

fn empty() -> Destination {
    Destination {
        id: None,
        channel: None,
        enabled: true,
        template: None,
        mention: None,
        game_filter: None,
        title_filter: None,
        cooldown_seconds: 0,
        rules: None,
        buttons: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sm_types::DestinationId;

    fn shown(destinations: &[Destination]) -> Vec<(bool, Option<u64>, bool)> {
        destinations.iter().map(|d| (d.id.is_some(), d.channel.map(|c| c.0), d.buttons)).collect()
    }

    #[test]
    fn new_follow_moves_and_an_older_one_gets_another_channel() {
        let stored = |channel| Destination {
            id: Some(DestinationId(uuid::Uuid::nil())),
            channel,
            ..empty()
        };
        let here = |channel, buttons| Chosen { channel, buttons };
        let five = Some(ChannelId(5));
        let fresh = [stored(None)];
        assert_eq!(shown(&placed(&fresh, here(five, Some(true)))), [(true, Some(5), true)]);
        assert_eq!(shown(&placed(&fresh, here(None, Some(true)))), [(true, None, true)]);
        let elsewhere = [stored(Some(ChannelId(4)))];
        let both = [(true, Some(4), false), (false, Some(5), true)];
        assert_eq!(shown(&placed(&elsewhere, here(five, Some(true)))), both);
        let there = [stored(Some(ChannelId(4))), stored(five)];
        let with_buttons = [(true, Some(4), false), (true, Some(5), true)];
        assert_eq!(shown(&placed(&there, here(five, Some(true)))), with_buttons);
        assert_eq!(placed(&there, here(five, None)), there, "nothing changes");
    }
}
