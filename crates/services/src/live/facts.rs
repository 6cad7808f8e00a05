//! What is stored of an event, and what a reader is told: texts as they are now, so that a deleted one is gone.

use super::hub::Told;
use crate::App;
use sm_db::live::{
    shouts,
    topics::{self, Row},
};
use sm_types::{
    UserId,
    live::{Author, Event, Fact, Place, Shout, Topic},
};
use std::collections::HashMap;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// Events that are read at once, of one topic.
const BATCH: i64 = 200;

/// What was told in a topic behind a position; less than everything when it is much.
pub(super) async fn after(app: &App, topic: Topic, position: i64) -> sqlx::Result<Vec<Told>> {
    let rows = topics::after(&app.pool, topic, position, BATCH).await?;
    let of_shouts = rows.iter().filter(|row| row.kind == "shout");
    let ids: Vec<Uuid> = of_shouts.filter_map(|row| row.subject.parse().ok()).collect();
    let mut shouts = HashMap::new();
    if !ids.is_empty() {
        let found = shouts::by_ids(&app.pool, &ids).await?;
        shouts.extend(found.into_iter().map(|shout| (shout.shout_id.to_string(), shout)));
    }
    Ok(rows.into_iter().map(|row| told(row, &shouts)).collect())
}

fn told(row: Row, shouts: &HashMap<String, shouts::Shout>) -> Told {
    let data = || row.data.as_ref().map(|data| data.0.clone()).unwrap_or_default();
    let fact = match row.kind.as_str() {
        "shout" => shouts.get(&row.subject).map(|shout| Fact::Shout(Box::new(as_told(shout)))),
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
