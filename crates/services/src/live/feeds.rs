//! What happens in a channel, and who may see it: its own streamer everything, a server's members what its admins
//! have chosen, of what the streamer has granted.

use super::facts::happened;
use crate::{
    App,
    guilds::access::{self, Access, Known, Unknown},
};
use serde_json::{Value, json};
use sm_db::{
    announce::acceptance::{Acceptance, Accepted},
    live::{
        feeds::{self, Candidate, Row},
        topics,
        watch::OpenFeed,
    },
};
use sm_types::{
    TwitchUserId, UserId,
    live::{FeedEvent, FeedGrant, FeedId, FeedKind, FeedKinds, Place, Topic},
};

/// Most streamers have no feed, and are spared what it costs; for one who has, it is another statement.
pub(crate) async fn tell_if_any<F>(accept: impl Fn(bool) -> F) -> sqlx::Result<Acceptance>
where
    F: Future<Output = sqlx::Result<Option<Acceptance>>>,
{
    let accepted = match accept(false).await? {
        None => accept(true).await?,
        accepted => accepted,
    };
    Ok(accepted.unwrap_or(Acceptance { accepted: Accepted::Recorded, told: false, chats: false }))
}

/// Wakes whoever listens to a streamer's feed, if it was told anything.
pub(crate) fn wake(app: &App, streamer: &TwitchUserId, told: bool) {
    if told && let Some(feed) = Topic::feed(streamer) {
        app.hub().told(feed);
    }
}

/// Servers of one person that are looked at for one streamer.
const MAX_SERVERS: i64 = 50;
/// Test events of one person: so many at once, and within a minute.
const TESTS: u32 = 6;

/// Why nothing comes of a wish about a feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// There is no such feed as far as they are concerned.
    #[error("there is no such feed")]
    NotFound,
    /// They may see it, and no more.
    #[error("only the streamer and admins of servers that follow them can do this")]
    NotAdmin,
    #[error("too many test events")]
    TooFast,
    #[error("Discord does not answer")]
    Unknown,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Unknown> for FeedError {
    fn from(_: Unknown) -> Self {
        Self::Unknown
    }
}

/// What somebody may do with a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// The kinds that they may see.
    pub sees: FeedKinds,
    /// Whether the channel is theirs.
    pub is_owner: bool,
}

/// What somebody may see of a feed.
pub(super) async fn sight(app: &App, feed: FeedId, user: UserId) -> Result<Sight, Unknown> {
    let streamer = feed.streamer();
    let known = known(app, &streamer, user).await.map_err(unanswered)?;
    let Some((granted, servers)) = known else {
        return Ok(Sight { sees: FeedKinds::NONE, is_owner: false });
    };
    if is_owner(&granted, user) {
        return Ok(Sight { sees: FeedKinds::ALL, is_owner: true });
    }
    let open = open(&granted.granted);
    let (mut sees, mut unanswered) = (FeedKinds::NONE, None);
    for server in servers {
        let shows = FeedKinds::named(server.feed_kinds.iter().map(String::as_str)).and(open);
        if sees.or(shows) == sees {
            continue;
        }
        match access_to(app, &server, user).await {
            Ok(Access::Admin | Access::Member) => sees = sees.or(shows),
            Ok(Access::None) => {}
            Err(unknown) => unanswered = Some(unknown),
        }
    }
    match unanswered {
        Some(unknown) if sees.is_empty() => Err(unknown),
        _ => Ok(Sight { sees, is_owner: false }),
    }
}

fn unanswered(error: sqlx::Error) -> Unknown {
    tracing::warn!(%error, "who may see a feed could not be looked up");
    Unknown
}

async fn known(
    app: &App,
    streamer: &TwitchUserId,
    user: UserId,
) -> sqlx::Result<Option<(feeds::Granted, Vec<Candidate>)>> {
    let Some(granted) = feeds::granted(&app.pool, streamer).await? else { return Ok(None) };
    let servers = feeds::candidates(&app.pool, streamer, user, MAX_SERVERS).await?;
    Ok(Some((granted, servers)))
}

fn is_owner(granted: &feeds::Granted, user: UserId) -> bool {
    granted.owner_id == Some(user.to_db())
}

/// What somebody may see of a feed that is open to them, as far as is known without asking Discord.
pub fn seen(feed: &OpenFeed) -> FeedKinds {
    if feed.is_owner {
        return FeedKinds::ALL;
    }
    FeedKinds::named(feed.kinds.iter().map(String::as_str)).and(open(&feed.granted))
}

/// What is public, and what the streamer has granted.
fn open(granted: &[String]) -> FeedKinds {
    let has = |grant: FeedGrant| granted.iter().any(|name| name == grant.as_str());
    FeedKind::ALL.into_iter().filter(|kind| kind.grant().is_none_or(has)).collect()
}

async fn access_to(app: &App, server: &Candidate, user: UserId) -> Result<Access, Unknown> {
    let known = server.member.zip(server.permissions).zip(server.checked_at);
    let known = known.map(|((member, permissions), checked_at)| Known {
        member,
        permissions: permissions.cast_unsigned(),
        checked_at,
    });
    access::check(app, server.guild_id, user, known, false).await
}

/// Which part of a feed's history somebody wants.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// `None`: all that they may see.
    pub kinds: Option<FeedKinds>,
    pub before: Option<i64>,
    pub limit: i64,
}

/// A part of a feed's history, the latest first.
#[derive(Debug)]
pub struct Page {
    pub events: Vec<(i64, FeedEvent)>,
    /// Where to go on, if there is more.
    pub next: Option<i64>,
    /// Where the feed was before this was read: who listens from there on misses nothing.
    pub place: Place,
    pub sight: Sight,
    pub granted: Vec<FeedGrant>,
    /// What the streamer has to grant again.
    pub lost: Vec<FeedGrant>,
}

/// Reads what somebody may see of a feed.
pub async fn history(
    app: &App,
    streamer: &TwitchUserId,
    user: UserId,
    wanted: Wanted,
) -> Result<Page, FeedError> {
    let feed = FeedId::of(streamer).ok_or(FeedError::NotFound)?;
    let sight = sight(app, feed, user).await?;
    if sight.sees.is_empty() {
        return Err(FeedError::NotFound);
    }
    let kinds = sight.sees.and(wanted.kinds.unwrap_or(FeedKinds::ALL));
    let kinds: Vec<_> = kinds.iter().map(FeedKind::as_str).collect();
    let place = topics::place(&app.pool, Topic::Feed(feed)).await?;
    let mut rows = feeds::page(&app.pool, feed, &kinds, wanted.before, wanted.limit + 1).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|rows| rows > wanted.limit);
    rows.truncate(usize::try_from(wanted.limit).unwrap_or(0));
    let next = rows.last().filter(|_| more).map(|last| last.position);
    let granted = feeds::granted(&app.pool, streamer).await?.unwrap_or_default();
    let grants =
        |names: &[String]| names.iter().filter_map(|name| FeedGrant::named(name)).collect();
    Ok(Page {
        events: rows.iter().filter_map(|row| Some((row.position, happened(row)?))).collect(),
        next,
        place,
        sight,
        granted: grants(&granted.granted),
        lost: grants(&granted.lost),
    })
}

/// Tells a feed of something that did not happen, for who may try it out.
pub async fn test(
    app: &App,
    streamer: &TwitchUserId,
    user: UserId,
    kind: FeedKind,
) -> Result<(i64, FeedEvent), FeedError> {
    let feed = FeedId::of(streamer).ok_or(FeedError::NotFound)?;
    if !may_test(app, streamer, user).await? {
        let sight = sight(app, feed, user).await?;
        return Err(if sight.sees.is_empty() { FeedError::NotFound } else { FeedError::NotAdmin });
    }
    let key = format!("feed_test:{user}");
    if !sm_db::limits::spend(&app.pool, &key, TESTS, 60).await? {
        return Err(FeedError::TooFast);
    }
    let row: Row = feeds::test(&app.pool, feed, kind, &sample(kind), app.clock.now()).await?;
    app.hub().told(Topic::Feed(feed));
    tracing::info!(streamer.id = %streamer, kind = kind.as_str(), "somebody has tried a feed out");
    happened(&row).map(|event| (row.position, event)).ok_or(FeedError::NotFound)
}

async fn may_test(app: &App, streamer: &TwitchUserId, user: UserId) -> Result<bool, FeedError> {
    let Some((granted, servers)) = known(app, streamer, user).await? else { return Ok(false) };
    if is_owner(&granted, user) {
        return Ok(true);
    }
    let mut unanswered = None;
    for server in servers {
        match access_to(app, &server, user).await {
            Ok(Access::Admin) => return Ok(true),
            Ok(_) => {}
            Err(unknown) => unanswered = Some(unknown),
        }
    }
    unanswered.map_or(Ok(false), |unknown| Err(unknown.into()))
}

/// What a test event tells.
fn sample(kind: FeedKind) -> Value {
    let viewer = json!({ "id": "0", "login": "test_viewer", "name": "Test_Viewer" });
    match kind {
        FeedKind::Online => {
            json!({ "stream_id": "0", "type": "live", "title": "A test", "game": "Just Chatting" })
        }
        FeedKind::Offline => json!({ "stream_id": "0" }),
        FeedKind::Update => json!({ "title": "Another title", "game": "Just Chatting" }),
        FeedKind::Raid => json!({ "from": viewer, "viewers": 42 }),
        FeedKind::Follow => json!({ "user": viewer }),
        FeedKind::Subscribe => json!({ "user": viewer, "tier": "1000", "is_gift": false }),
        FeedKind::Gift => {
            json!({ "user": viewer, "tier": "1000", "total": 5, "cumulative_total": null })
        }
        FeedKind::Cheer => json!({ "user": viewer, "bits": 100, "message": "Cheer100" }),
    }
}
