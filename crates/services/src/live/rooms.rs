//! What is said in rooms, and who may say it.

use super::{
    access::{Listener, listener},
    facts::as_told,
};
use crate::{
    App,
    audit::{self, Action, Actor},
    guilds::access::Unknown,
};
use serde_json::json;
use sm_db::live::{
    shouts::{self, By, Mute, Muted, NewShout, Pace, Posted, Unread},
    topics::{self, News},
};
use sm_types::{
    UserId,
    live::{
        Place, Room, Shout, Topic,
        text::{self, InvalidText},
    },
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// One person's messages, over all of their tabs: five at once, then one every two seconds.
const PACE: Pace = Pace { burst: 5, seconds: 10 };
/// For how long somebody can be muted at most.
pub const LONGEST_MUTE: Duration = Duration::days(28);

/// Why something is not done in a room.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    #[error("{0}")]
    InvalidText(#[from] InvalidText),
    #[error("A moderator has muted you here until {until}.")]
    Muted { until: OffsetDateTime },
    #[error("You are writing too fast.")]
    TooFast { wait_seconds: f64 },
    #[error("This client_id was used for another text: choose a new one.")]
    ClientIdUsed,
    /// There is no such room, or no such message, as far as they are concerned.
    #[error("There is no such message.")]
    NotFound,
    #[error("Sign in again.")]
    SignedOut,
    #[error("Discord does not answer.")]
    Unknown,
    #[error("It cannot be stored now.")]
    Database(#[from] sqlx::Error),
}

impl From<Unknown> for RoomError {
    fn from(_: Unknown) -> Self {
        Self::Unknown
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy)]
pub struct Speaker {
    pub user: UserId,
    pub session: Uuid,
}

/// Somebody who may listen and speak in a room.
#[derive(Debug, Clone, Copy)]
pub struct Entered {
    pub room: Room,
    pub user: UserId,
    /// Whether they may moderate it.
    pub moderates: bool,
}

/// A message of somebody's.
#[derive(Debug, Clone)]
pub struct Said<'a> {
    pub client_id: Uuid,
    pub text: &'a str,
    pub trace_id: Option<&'a str>,
}

/// Lets somebody in who may be there.
pub async fn enter(app: &App, speaker: Speaker, room: Room) -> Result<Entered, RoomError> {
    let moderates = match listener(app, speaker.session, Topic::Room(room)).await? {
        Listener::Moderator => true,
        Listener::Member => false,
        Listener::Watcher(_) | Listener::Nobody => return Err(RoomError::NotFound),
        Listener::SignedOut => return Err(RoomError::SignedOut),
    };
    Ok(Entered { room, user: speaker.user, moderates })
}

/// Says something; sent again under the same id it is there once.
pub async fn say(app: &App, by: Entered, said: Said<'_>) -> Result<Shout, RoomError> {
    let text = text::clean(said.text)?;
    let new = NewShout {
        room: by.room,
        author: by.user,
        client_id: said.client_id,
        text: &text,
        trace_id: said.trace_id,
        now: app.clock.now(),
    };
    match shouts::post(&app.pool, &new, PACE).await? {
        Posted::Stored(shout) => {
            tracing::info!(
                shout.id = %shout.shout_id, room = %by.room, position = shout.position, trace.id = said.trace_id,
                "somebody has said something"
            );
            app.hub().told(Topic::Room(by.room));
            Ok(as_told(&shout))
        }
        Posted::OtherText => Err(RoomError::ClientIdUsed),
        Posted::Muted { until } => Err(RoomError::Muted { until }),
        Posted::TooFast { wait_seconds } => Err(RoomError::TooFast { wait_seconds }),
    }
}

/// A part of a room's history, the latest first.
#[derive(Debug)]
pub struct Page {
    pub shouts: Vec<Shout>,
    /// Whether there is more before the last of them.
    pub more: bool,
    /// Where the room was before this was read: who listens from there on misses nothing.
    pub place: Place,
}

/// Reads a room's history before a position.
pub async fn history(
    app: &App,
    by: Entered,
    before: Option<i64>,
    limit: i64,
) -> Result<Page, RoomError> {
    let place = topics::place(&app.pool, Topic::Room(by.room)).await?;
    let mut rows = shouts::page(&app.pool, by.room, before, limit + 1).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|rows| rows > limit);
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(Page { shouts: rows.iter().map(as_told).collect(), more, place })
}

/// Changes one's own message.
pub async fn edit(app: &App, by: Entered, shout: Uuid, text: &str) -> Result<Shout, RoomError> {
    let text = text::clean(text)?;
    let now = app.clock.now();
    let edited = shouts::edit(&app.pool, by.room, shout, by.user, &text, now).await?;
    let edited = edited.ok_or(RoomError::NotFound)?;
    app.hub().told(Topic::Room(by.room));
    Ok(as_told(&edited))
}

/// Deletes a message: one's own, or as a moderator anybody's, with a reason that the audit log keeps.
pub async fn delete(
    app: &App,
    by: Entered,
    shout: Uuid,
    reason: &str,
    actor: &Actor,
) -> Result<(), RoomError> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let own = By::Author(by.user);
    if !shouts::delete(&mut *transaction, by.room, shout, own, now).await? {
        if !by.moderates {
            return Err(RoomError::NotFound);
        }
        let moderator = By::Moderator(by.user);
        if !shouts::delete(&mut *transaction, by.room, shout, moderator, now).await? {
            return Err(RoomError::NotFound);
        }
        let target = shout.to_string();
        let action = moderation(by.room, "shout.delete", &target, json!({ "reason": reason }));
        audit::done(app, &mut *transaction, actor, action).await?;
    }
    transaction.commit().await?;
    app.hub().told(Topic::Room(by.room));
    Ok(())
}

/// Lets somebody write no more for a while; `by` moderates the room.
pub async fn mute(
    app: &App,
    by: Entered,
    user: UserId,
    (lasts, reason): (Duration, &str),
    actor: &Actor,
) -> Result<OffsetDateTime, RoomError> {
    let until = app.clock.now() + lasts.clamp(Duration::MINUTE, LONGEST_MUTE);
    let mut transaction = app.pool.begin().await?;
    let mute = Mute { room: by.room, user, until, reason, by: by.user };
    let until = shouts::mute(&mut *transaction, &mute).await?;
    tell_of_mute(&mut transaction, by.room, user, Some(until)).await?;
    let target = user.to_string();
    let after = json!({ "until_unix": until.unix_timestamp(), "reason": reason });
    audit::done(app, &mut *transaction, actor, moderation(by.room, "room.mute", &target, after))
        .await?;
    transaction.commit().await?;
    app.hub().told(Topic::Room(by.room));
    Ok(until)
}

/// Lets somebody write again; `by` moderates the room.
pub async fn unmute(app: &App, by: Entered, user: UserId, actor: &Actor) -> Result<(), RoomError> {
    let mut transaction = app.pool.begin().await?;
    if !shouts::unmute(&mut *transaction, by.room, user, app.clock.now()).await? {
        return Err(RoomError::NotFound);
    }
    tell_of_mute(&mut transaction, by.room, user, None).await?;
    let target = user.to_string();
    let action = moderation(by.room, "room.unmute", &target, json!({}));
    audit::done(app, &mut *transaction, actor, action).await?;
    transaction.commit().await?;
    app.hub().told(Topic::Room(by.room));
    Ok(())
}

/// Who may not write in a room.
pub async fn muted(app: &App, by: Entered) -> Result<Vec<Muted>, RoomError> {
    Ok(shouts::muted(&app.pool, by.room, app.clock.now()).await?)
}

/// How much of a room somebody has not read, and whether they may write in it.
pub async fn unread(app: &App, by: Entered) -> Result<Unread, RoomError> {
    Ok(shouts::unread(&app.pool, by.room, by.user, app.clock.now()).await?)
}

/// Notes how far somebody has read.
pub async fn mark(app: &App, by: Entered, position: i64) -> Result<(), RoomError> {
    Ok(shouts::mark(&app.pool, by.room, by.user, position).await?)
}

/// Everybody is told, so that an input closes and opens at once.
async fn tell_of_mute(
    db: &mut sm_db::Transaction,
    room: Room,
    user: UserId,
    until: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    let user = user.to_string();
    let data = json!({ "user_id": user, "until_unix": until.map(OffsetDateTime::unix_timestamp) });
    let news = News { kind: "mute", subject: &user, data: Some(&data), trace_id: None };
    topics::tell(&mut **db, Topic::Room(room), &news).await
}

fn moderation<'a>(
    room: Room,
    name: &'a str,
    target: &'a str,
    after: serde_json::Value,
) -> Action<'a> {
    let guild = Topic::Room(room).guild();
    Action { guild, name, target: Some(target), before: None, after: Some(after) }
}
