//! Who is there, and on which page.
//!
//! A person is there while one of their tabs says so: a socket by being open, a tab without one by a request every half
//! a minute. What follows from that is decided in the database, [`sm_db::live::presence`].

use super::{facts, tabs::Said};
use crate::{App, LazyApp};
use sm_db::live::{
    presence::{self, Tab},
    topics,
};
use sm_types::{
    GuildId, UserId,
    live::{Page, Place, Presence, Topic},
};
use std::time::Duration as StdDuration;
use time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

/// How often a tab without a socket says that it is there.
pub const BEAT_EVERY: Duration = Duration::seconds(30);
/// People of a list at most; how many there are is told as well.
pub const MAX_LISTED: i64 = 1_000;
/// At the least between two times that what sockets say is stored.
const PACE: StdDuration = StdDuration::from_millis(50);
/// How often a process of ours looks after those who have fallen silent; the minute sweep does so too.
const SWEEP_EVERY: StdDuration = StdDuration::from_secs(15);
/// How long to wait when the database did not answer.
const AFTER_ERROR: StdDuration = StdDuration::from_secs(1);
/// A longer time between two sweeps means that nobody has listened meanwhile.
const LONGEST_GAP: Duration = Duration::seconds(90);

/// Stores what sockets say, and looks after those who have fallen silent, until the app stops.
pub async fn run(lazy: LazyApp) {
    let mut next_sweep = Instant::now() + SWEEP_EVERY;
    while let Ok(app) = lazy.get().await {
        tokio::select! {
            () = app.hub().tabs().woken() => {
                if let Err(error) = store(&app).await {
                    tracing::warn!(%error, "who is there could not be stored");
                    sleep(AFTER_ERROR).await;
                }
            }
            () = sleep_until(next_sweep) => {
                next_sweep = Instant::now() + SWEEP_EVERY;
                if let Err(error) = sweep(&app).await {
                    tracing::warn!(%error, "who has fallen silent could not be looked up");
                }
            }
            () = app.stopped() => return,
        }
        sleep(PACE).await;
    }
}

/// Stores what the sockets of this process have said.
pub async fn store(app: &App) -> sqlx::Result<()> {
    let mut said = app.hub().tabs().take(|id| app.hub().has(id));
    let stored = store_said(app, &mut said).await;
    if stored.is_err() {
        app.hub().tabs().put_back(said);
    }
    stored
}

/// Those who come first: a page that is loaded anew is not seen to leave.
async fn store_said(app: &App, said: &mut Said) -> sqlx::Result<()> {
    tell(app, presence::beat(&app.pool, &said.here, app.clock.now()).await?);
    said.here.clear();
    tell(app, presence::leave(&app.pool, &said.left).await?);
    Ok(())
}

/// A tab without a socket says that it is there. It is known by its own name for itself, which is its person's alone.
pub async fn beat(
    app: &App,
    user: UserId,
    session: Uuid,
    client_id: Uuid,
    page: Page,
) -> sqlx::Result<()> {
    let tab = Tab { id: format!("{user}:{client_id}"), user, session, page: Some(page) };
    tell(app, presence::beat(&app.pool, &[tab], app.clock.now()).await?);
    Ok(())
}

/// A socket at API Gateway says that it is there; its next word says so again.
pub(super) async fn says_so(app: &App, tab: Tab) {
    match presence::beat(&app.pool, &[tab], app.clock.now()).await {
        Ok(told) => tell(app, told),
        Err(error) => tracing::warn!(%error, "who is there could not be stored"),
    }
}

/// Sessions of a person's have ended, and so has their presence, unless they have others.
pub async fn signed_out(app: &App, user: UserId) {
    match presence::sign_out(&app.pool, user, app.clock.now()).await {
        Ok(told) => tell(app, told),
        Err(error) => {
            tracing::warn!(%error, user.id = %user, "a leave could not be stored: silence tells it");
        }
    }
}

/// Whether a person is told of; true at once.
pub async fn set_invisible(app: &App, user: UserId, invisible: bool) -> sqlx::Result<()> {
    tell(app, presence::set_invisible(&app.pool, user, invisible).await?);
    Ok(())
}

/// Ends the presence of those who have fallen silent.
pub async fn sweep(app: &App) -> sqlx::Result<()> {
    let longest_gap = LONGEST_GAP.max(app.settings.sweep_every * 1.5);
    tell(app, presence::sweep(&app.pool, longest_gap).await?);
    Ok(())
}

/// Who is there, of a server's members.
#[derive(Debug)]
pub struct There {
    pub people: Vec<Presence>,
    pub online: i64,
    /// Where the topic was before this was read: who listens from there on misses nothing.
    pub place: Place,
}

/// Looks up who is there, for a member of the server.
pub async fn there(app: &App, guild: GuildId, member: UserId) -> sqlx::Result<There> {
    let place = topics::open(&app.pool, Topic::Presence(guild)).await?;
    // They may have come before it was known that they are a member.
    tell(app, presence::show(&app.pool, member, guild).await?);
    let people = presence::list(&app.pool, guild, MAX_LISTED).await?;
    let online = match i64::try_from(people.len()) {
        Ok(all) if all < MAX_LISTED => all,
        _ => presence::count(&app.pool, guild).await?,
    };
    Ok(There { people: people.into_iter().map(facts::presence_told).collect(), online, place })
}

fn tell(app: &App, topics: Vec<Topic>) {
    topics.into_iter().for_each(|topic| app.hub().told(topic));
}
