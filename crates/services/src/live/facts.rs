//! What is stored of an event, and what a reader is told: texts as they are now, so that a deleted one is gone.

use super::hub::Told;
use crate::App;
use sm_db::live::{
    feeds, shouts,
    topics::{self, Row},
};
use sm_types::{
    UserId,
    live::{Author, Event, Fact, FeedEvent, FeedKind, Place, Shout, Topic},
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
    let mut kept = Kept::default();
    let (said, happened) = (of("shout"), of("feed"));
    if !said.is_empty() {
        let found = shouts::by_ids(&app.pool, &said).await?;
        kept.shouts.extend(found.into_iter().map(|shout| (shout.shout_id.to_string(), shout)));
    }
    if !happened.is_empty() {
        let found = feeds::by_ids(&app.pool, &happened).await?;
        kept.feed.extend(found.into_iter().map(|event| (event.feed_event_id.to_string(), event)));
    }
    Ok(rows.into_iter().map(|row| told(row, &kept)).collect())
}

/// What events are about, by its id.
#[derive(Default)]
struct Kept {
    shouts: HashMap<String, shouts::Shout>,
    feed: HashMap<String, feeds::Row>,
}

fn told(row: Row, kept: &Kept) -> Told {
    let data = || row.data.as_ref().map(|data| data.0.clone()).unwrap_or_default();
    let fact = match row.kind.as_str() {
        "shout" => kept.shouts.get(&row.subject).map(|shout| Fact::Shout(Box::new(as_told(shout)))),
        "feed" => kept.feed.get(&row.subject).and_then(happened).map(|e| Fact::Feed(Box::new(e))),
        "mute" => Some(Fact::Mute(data())),
        "changed" => Some(Fact::Changed(data())),
        // Of a newer version, during a deployment.
        _ => None,
    };
    let Row { position, tag, subject, trace_id, kind, .. } = row;
    let event = fact.map(|fact| Event { position, fact, trace_id });
    Told { place: Place { position, tag }, subject: format!("{kind}:{subject}"), event }
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

fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
