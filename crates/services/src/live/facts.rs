//! What is stored of an event, and what a reader is told: texts as they are now, so that a deleted one is gone.

use super::frames::Told;
use crate::App;
use sm_db::live::{
    feeds,
    presence::{self, Seen},
    shouts,
    topics::{self, Row},
};
use sm_types::{
    UserId,
    live::{Author, Event, Fact, FeedEvent, FeedKind, Page, Place, Presence, Shout, Topic},
};
use std::collections::HashMap;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// Events that are read at once, of one topic.
const BATCH: i64 = 200;

/// What was told in a topic behind a position; less than everything when it is much.
pub(super) async fn after(app: &App, topic: Topic, position: i64) -> sqlx::Result<Vec<Told>> {
    let rows = topics::after(&app.pool, topic, position, BATCH).await?;
    let of = |kind: &str| -> Vec<Uuid> {
        let rows = rows.iter().filter(|row| row.kind == kind);
        rows.filter_map(|row| row.subject.parse().ok()).collect()
    };
    let mut now = Now::default();
    let (said, happened) = (of("shout"), of("feed"));
    if !said.is_empty() {
        let found = shouts::by_ids(&app.pool, &said).await?;
        now.shouts.extend(found.into_iter().map(|shout| (shout.shout_id.to_string(), shout)));
    }
    if !happened.is_empty() {
        let found = feeds::by_ids(&app.pool, &happened).await?;
        now.feed.extend(found.into_iter().map(|event| (event.feed_event_id.to_string(), event)));
    }
    if let Topic::Presence(guild) = topic {
        let ids: Vec<i64> = rows.iter().filter_map(|row| row.subject.parse().ok()).collect();
        let found = presence::by_ids(&app.pool, guild, &ids).await?;
        now.people.extend(found.into_iter().map(|seen| (seen.user_id.to_string(), seen)));
    }
    Ok(rows.into_iter().map(|row| told(row, &now)).collect())
}

/// What was told last in a topic, up to a place.
pub(super) async fn before(app: &App, topic: Topic, place: &Place) -> sqlx::Result<Vec<Told>> {
    let mut told = after(app, topic, place.position.saturating_sub(BATCH)).await?;
    // What is behind the place is looked for from there.
    told.retain(|told| told.place.position <= place.position);
    Ok(told)
}

/// What events are about, as it is now.
#[derive(Default)]
struct Now {
    shouts: HashMap<String, shouts::Shout>,
    people: HashMap<String, Seen>,
    feed: HashMap<String, feeds::Row>,
}

fn told(row: Row, now: &Now) -> Told {
    let data = || row.data.as_ref().map(|data| data.0.clone()).unwrap_or_default();
    let fact = match row.kind.as_str() {
        "shout" => now.shouts.get(&row.subject).map(|shout| Fact::Shout(Box::new(as_told(shout)))),
        "feed" => now.feed.get(&row.subject).and_then(happened).map(|e| Fact::Feed(Box::new(e))),
        "presence" => {
            let seen = now.people.get(&row.subject).cloned();
            seen.and_then(|seen| as_of(seen, data()["online"] == true)).map(Fact::Presence)
        }
        "mute" => Some(Fact::Mute(data())),
        "changed" => Some(Fact::Changed(data())),
        // Of a newer version, during a deployment.
        _ => None,
    };
    let Row { position, tag, subject, trace_id, kind, created_at, .. } = row;
    let event = fact.map(|fact| Event { position, fact, trace_id });
    let (place, subject) = (Place { position, tag }, format!("{kind}:{subject}"));
    Told { place, subject, event, at: created_at }
}

/// An event of a feed as readers are told of it; `None`: of a newer version.
pub(super) fn happened(row: &feeds::Row) -> Option<FeedEvent> {
    Some(FeedEvent {
        event_id: row.feed_event_id,
        kind: FeedKind::named(&row.kind)?,
        occurred_at: rfc3339(row.occurred_at),
        is_test: row.is_test,
        details: row.data.0.clone(),
    })
}

/// A message as readers are told of it.
pub(super) fn as_told(shout: &shouts::Shout) -> Shout {
    let author = shout.author_name.as_ref().map(|name| Author {
        user_id: UserId::from_db(shout.author_id),
        name: name.clone(),
        avatar: shout.author_avatar.clone(),
    });
    Shout {
        shout_id: shout.shout_id,
        position: shout.position,
        revision: shout.revision,
        client_id: shout.client_id,
        author,
        text: shout.text.clone(),
        created_at: rfc3339(shout.created_at),
        edited_at: shout.edited_at.map(rfc3339),
        removed_by_moderator: shout.deleted_by.is_some_and(|by| by != shout.author_id),
    }
}

/// Somebody who has come or turned to another page, or has gone. Of who is not to be seen any more a later event
/// tells; until then nothing.
fn as_of(seen: Seen, was_online: bool) -> Option<Box<Presence>> {
    if was_online && !seen.online {
        return None;
    }
    let seen = if was_online { seen } else { Seen { online: false, path: None, ..seen } };
    Some(Box::new(presence_told(seen)))
}

/// A person as a server's members are told of them.
pub(super) fn presence_told(seen: Seen) -> Presence {
    let page = seen.path.zip(seen.title);
    Presence {
        user: Author {
            user_id: UserId::from_db(seen.user_id),
            // Empty: the account is gone.
            name: seen.name.unwrap_or_default(),
            avatar: seen.avatar,
        },
        online: seen.online,
        page: page.map(|(path, title)| Page { path, title }),
    }
}

fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
