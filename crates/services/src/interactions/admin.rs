//! `/streammaxing`: a server's set-up, for those who may manage it.

use super::{
    asked::Asked,
    deferral,
    language::plain,
    presses::Press,
    streamers::{Found, find},
    task::Task,
};
use crate::{
    audit::{self, Denied},
    setup::{self, SaveError},
    streamers::linking,
};
use sm_db::{
    guilds::config,
    streamers::follows::{self, Filter, Named, Settings},
};
use sm_discord::interaction::{Button, Invocation, Modal, Reply, Response, Style};
use sm_types::TwitchUserId;

/// The field of names in the form.
pub(super) const NAMES: &str = "names";
/// Names that one form can add: as many as are looked up at once.
const MAX_NAMES: usize = 100;
const MAX_TYPED: u16 = 2_000;

/// Carries a command out, or has it done.
pub(super) async fn command(asked: &Asked<'_>, call: &Invocation) -> Result<Response, SaveError> {
    let name = call.subcommand.as_deref().unwrap_or_default();
    if let Some(refusal) = refuse(asked, name).await {
        return Ok(refusal);
    }
    match name {
        "add" => add(asked, call).await,
        "setup" => set_up(asked, call).await,
        "test" => test(asked, call).await,
        "pause" => switch(asked, call, false).await,
        "resume" => switch(asked, call, true).await,
        "remove" => about_one(asked, call, async |named| Ok(ask_to_remove(asked, &named))).await,
        "why" => {
            about_one(asked, call, async |named| {
                Ok(deferral::later(asked, &Task::Why { streamer: named.id }).await?)
            })
            .await
        }
        _ => Ok(Response::Message(asked.unknown())),
    }
}

/// The answer to whoever may not manage the server, which its log tells.
pub(super) async fn refuse(asked: &Asked<'_>, what: &str) -> Option<Response> {
    if asked.manages() {
        return None;
    }
    let action = format!("/streammaxing {what}");
    let denied = Denied::Member(asked.guild);
    audit::denied_request(asked.app, denied, &action, &asked.actor()).await;
    Some(say(asked.language.pick(
        "This takes the permission Manage Server. Ask somebody who has it.",
        "Dafür brauchst du die Berechtigung „Server verwalten“. Frag jemanden, der sie hat.",
    )))
}

/// What a form has brought.
pub(super) async fn submit(
    asked: &Asked<'_>,
    press: Press,
    text: Option<&str>,
) -> Result<Response, SaveError> {
    let Press::Add { channel, buttons } = press else {
        return Ok(Response::Message(asked.unknown()));
    };
    if let Some(refusal) = refuse(asked, "add").await {
        return Ok(refusal);
    }
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    let names = text.unwrap_or_default().split(separates).filter(|name| !name.is_empty());
    let names: Vec<_> = names.take(MAX_NAMES).map(str::to_owned).collect();
    if names.is_empty() {
        return Ok(say(asked.language.pick("No names were sent.", "Es kamen keine Namen an.")));
    }
    Ok(deferral::later(asked, &Task::Add { names, channel, buttons }).await?)
}

/// A button under an answer of ours.
pub(super) async fn press(asked: &Asked<'_>, press: Press) -> Result<Response, SaveError> {
    if let Some(refusal) = refuse(asked, "remove").await {
        return Ok(refusal);
    }
    match press {
        Press::Remove(streamer) => remove(asked, &streamer).await,
        Press::Keep => Ok(Response::Update(Reply::text(
            asked.language.pick("Nothing was removed.", "Nichts wurde entfernt."),
        ))),
        Press::Why(streamer) => Ok(deferral::update_later(asked, &Task::Why { streamer }).await?),
        _ => Ok(Response::Message(asked.unknown())),
    }
}

async fn add(asked: &Asked<'_>, call: &Invocation) -> Result<Response, SaveError> {
    let channel = call.option("channel").and_then(|id| id.parse().ok());
    let buttons = call.option("buttons").map(|on| on == "true");
    if let Some(name) = call.option("streamer") {
        let task = Task::Add { names: vec![name.to_owned()], channel, buttons };
        return Ok(deferral::later(asked, &task).await?);
    }
    let pick = |english: &str, german: &str| asked.language.pick(english, german).to_owned();
    Ok(Response::Ask(Modal {
        custom_id: Press::Add { channel, buttons }.to_string(),
        title: pick("Announce streamers", "Streamer ankündigen"),
        label: pick("Names or addresses", "Namen oder Adressen"),
        about: pick("One in each line, as on Twitch.", "Je Zeile einer, wie auf Twitch."),
        field: NAMES,
        max_length: MAX_TYPED,
    }))
}

async fn set_up(asked: &Asked<'_>, call: &Invocation) -> Result<Response, SaveError> {
    let channel = call.option("channel").and_then(|id| id.parse().ok());
    let role = call.option("role").and_then(|id| id.parse().ok());
    let mention = call.option("mention").map(str::to_owned);
    if channel.is_some() || role.is_some() || mention.is_some() {
        return Ok(deferral::later(asked, &Task::SetUp { channel, mention, role }).await?);
    }
    let (config, _) =
        config::find(&asked.app.pool, asked.guild).await?.ok_or(SaveError::NotFound)?;
    Ok(Response::Message(super::set_up::told(asked.language, &config).with([dashboard(asked)])))
}

async fn test(asked: &Asked<'_>, call: &Invocation) -> Result<Response, SaveError> {
    let channel = call.option("channel").and_then(|id| id.parse().ok());
    let streamer = match call.option("streamer") {
        None => None,
        Some(text) => match find(&asked.app.pool, asked.guild, text, asked.language).await? {
            Found::One(named) => Some(named.id),
            Found::Not(why) => return Ok(say(why)),
        },
    };
    Ok(deferral::later(asked, &Task::Test { streamer, channel }).await?)
}

/// Goes on with the streamer that is asked about, or says that there is none.
async fn about_one(
    asked: &Asked<'_>,
    call: &Invocation,
    then: impl AsyncFnOnce(Named) -> Result<Response, SaveError>,
) -> Result<Response, SaveError> {
    let text = call.option("streamer").unwrap_or_default();
    match find(&asked.app.pool, asked.guild, text, asked.language).await? {
        Found::One(named) => then(named).await,
        Found::Not(why) => Ok(say(why)),
    }
}

fn ask_to_remove(asked: &Asked<'_>, named: &Named) -> Response {
    let name = plain(&named.display_name);
    let text = asked.language.pick(
        format!("Stop announcing **{name}** here? Their channels and filters are forgotten."),
        format!("**{name}** hier nicht mehr ankündigen? Kanäle und Filter gehen verloren."),
    );
    let yes = asked.language.pick("Remove", "Entfernen");
    let no = asked.language.pick("Keep", "Behalten");
    Response::Message(Reply::text(text).with([
        Button::new(Style::Danger, yes, Press::Remove(named.id.clone()).to_string()),
        Button::new(Style::Secondary, no, Press::Keep.to_string()),
    ]))
}

async fn remove(asked: &Asked<'_>, streamer: &TwitchUserId) -> Result<Response, SaveError> {
    let gone = linking::unfollow(asked.app, asked.guild, streamer, &asked.actor()).await?;
    let text = match gone {
        true => asked.language.pick("Removed.", "Entfernt."),
        false => asked.language.pick("That was removed before.", "Das war schon entfernt."),
    };
    Ok(Response::Update(Reply::text(text)))
}

/// Pauses or resumes a streamer, or the whole server.
async fn switch(
    asked: &Asked<'_>,
    call: &Invocation,
    enabled: bool,
) -> Result<Response, SaveError> {
    if call.option("streamer").is_some() {
        return about_one(asked, call, async |named| switch_one(asked, &named, enabled).await)
            .await;
    }
    let (mut config, revision) =
        config::find(&asked.app.pool, asked.guild).await?.ok_or(SaveError::NotFound)?;
    if config.enabled != enabled {
        config.enabled = enabled;
        setup::config::save(asked.app, asked.guild, config, revision, &asked.actor()).await?;
    }
    Ok(say(match enabled {
        false => asked.language.pick(
            "⏸️ Nothing is announced here until `/streammaxing resume`.",
            "⏸️ Hier wird bis `/streammaxing resume` nichts angekündigt.",
        ),
        true => asked
            .language
            .pick("▶️ This server announces again.", "▶️ Dieser Server kündigt wieder an."),
    }))
}

async fn switch_one(
    asked: &Asked<'_>,
    named: &Named,
    enabled: bool,
) -> Result<Response, SaveError> {
    let (app, guild) = (asked.app, asked.guild);
    if named.enabled != enabled {
        let only = Filter { only: Some(&named.id), ..Filter::default() };
        let (rows, stored) = tokio::try_join!(
            follows::list(&app.pool, guild, only, 1),
            follows::destinations(&app.pool, guild, &named.id)
        )?;
        let revision = rows.first().map(|row| row.revision).ok_or(SaveError::NotFound)?;
        let destinations = stored.into_iter().map(|stored| stored.destination).collect();
        let settings = Settings { enabled, destinations };
        let actor = asked.actor();
        setup::overrides::save(app, guild, &named.id, settings, revision, &actor).await?;
    }
    let name = plain(&named.display_name);
    Ok(say(match enabled {
        false => asked.language.pick(
            format!("⏸️ **{name}** is not announced here for now."),
            format!("⏸️ **{name}** wird hier vorerst nicht angekündigt."),
        ),
        true => asked.language.pick(
            format!("▶️ **{name}** is announced here again."),
            format!("▶️ **{name}** wird hier wieder angekündigt."),
        ),
    }))
}

fn dashboard(asked: &Asked<'_>) -> Button {
    let label = asked.language.pick("Open the dashboard", "Dashboard öffnen");
    Button::new(Style::Link, label, asked.page(&format!("/s/{}", asked.guild)))
}

fn say(text: impl Into<String>) -> Response {
    Response::Message(Reply::text(text))
}
