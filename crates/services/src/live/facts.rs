//! What is stored of an event, and what a reader is told: texts as they are now, so that a deleted one is gone.

use super::hub::Told;
use crate::App;
use sm_db::live::{
    presence::{self, Seen},
    shouts,
    topics::{self, Row},
};
use sm_types::{
    UserId,
    live::{Author, Event, Fact, Page, Place, Presence, Shout, Topic},
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
    let mut now = Now::default();
    if !ids.is_empty() {
        let found = shouts::by_ids(&app.pool, &ids).await?;
        now.shouts.extend(found.into_iter().map(|shout| (shout.shout_id.to_string(), shout)));
    }
    if let Topic::Presence(guild) = topic {
        let ids: Vec<i64> = rows.iter().filter_map(|row| row.subject.parse().ok()).collect();
        let found = presence::by_ids(&app.pool, guild, &ids).await?;
        now.people.extend(found.into_iter().map(|seen| (seen.user_id.to_string(), seen)));
    }
    Ok(rows.into_iter().map(|row| told(row, &now)).collect())
}

/// What events are about, as it is now.
#[derive(Default)]
struct Now {
    shouts: HashMap<String, shouts::Shout>,
    people: HashMap<String, Seen>,
}

fn told(row: Row, now: &Now) -> Told {
    let data = || row.data.as_ref().map(|data| data.0.clone()).unwrap_or_default();
    let fact = match row.kind.as_str() {
        "shout" => now.shouts.get(&row.subject).map(|shout| Fact::Shout(Box::new(as_told(shout)))),
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
