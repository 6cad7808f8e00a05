//! The way to a socket: it is this process's, or API Gateway's.

use super::{
    facts,
    frames::{pages, written},
    hub::{From, Hub, Joined},
    line::Frame,
    push, relay,
};
use crate::App;
use sm_db::live::{connections, topics};
use sm_types::live::{FeedKinds, Place, ServerFrame, Topic};

/// How often a topic is looked at for a reader that comes back to a busy one.
const TRIES: usize = 10;

/// Where the answers go, and who knows what the socket listens to.
#[derive(Debug)]
pub(super) enum Outlet {
    /// The hub's queue, and the hub.
    Hub,
    /// What is collected here, and the database.
    Gateway(Vec<Frame>),
}

impl Outlet {
    /// Says something.
    pub(super) fn say(&mut self, app: &App, id: &str, frame: &ServerFrame) {
        match self {
            Self::Hub => app.hub().say(id, frame),
            Self::Gateway(left) => left.push(written(frame)),
        }
    }

    /// Listens no more, as the client wishes.
    pub(super) async fn leave(&mut self, app: &App, id: &str, topic: Topic) -> sqlx::Result<()> {
        let reason = "asked";
        match self {
            Self::Hub => app.hub().leave(id, topic, reason),
            Self::Gateway(left) => {
                connections::unsubscribe(&app.pool, id, topic).await?;
                left.push(written(&ServerFrame::Unsubscribed { topic, reason }));
            }
        }
        Ok(())
    }

    /// Joins a topic where the reader stands; what it has missed is on its way first. False: it has too many.
    pub(super) async fn join(
        &mut self,
        app: &App,
        id: &str,
        what: (Topic, FeedKinds),
        after: Option<Place>,
    ) -> sqlx::Result<bool> {
        match self {
            Self::Hub => join_here(app, id, what, after).await,
            Self::Gateway(left) => join_there(app, id, what, after, left).await,
        }
    }
}

/// Where a topic is, for its first listener. What is only told once somebody listens is told from now on.
async fn beginning(app: &App, topic: Topic) -> sqlx::Result<Place> {
    match topic {
        Topic::Room(_) | Topic::Feed(_) => topics::place(&app.pool, topic).await,
        Topic::Presence(_) | Topic::Server(_) => topics::open(&app.pool, topic).await,
    }
}

async fn join_here(
    app: &App,
    id: &str,
    (topic, sees): (Topic, FeedKinds),
    mut after: Option<Place>,
) -> sqlx::Result<bool> {
    let (pool, hub) = (&app.pool, app.hub());
    let (mut proved, mut told) = (false, false);
    for _ in 0..TRIES {
        let from = after.as_ref().map_or(From::Now, |seen| From::After { seen, told });
        match hub.join(id, topic, sees, from) {
            Joined::Yes => return Ok(true),
            Joined::No => return Ok(false),
            Joined::Unknown => {
                let place = beginning(app, topic).await?;
                let before = match topic {
                    Topic::Room(_) | Topic::Feed(_) => facts::before(app, topic, &place).await?,
                    Topic::Presence(_) | Topic::Server(_) => Vec::new(),
                };
                hub.carry(topic, place, &before);
            }
            Joined::Ahead | Joined::Behind => {
                let Some(place) = &after else { continue };
                if !proved && !topics::can_resume(pool, topic, place).await? {
                    break;
                }
                proved = true;
                if matches!(hub.place(topic), Some(known) if known.position < place.position) {
                    relay::bring(app, topic).await?;
                    continue;
                }
                if !std::mem::replace(&mut told, true) {
                    hub.say(id, &ServerFrame::Subscribed { topic, place: place.clone() });
                }
                let missed = facts::after(app, topic, place.position).await?;
                after = Some(hub.catch_up(id, (topic, sees), place, &missed));
            }
        }
    }
    // Too far behind to be caught up with, or from another life of the database.
    Ok(hub.join(id, topic, sees, From::Anew) == Joined::Yes)
}

/// Most of what was missed is sent before the topic is joined, so that nothing new overtakes it; what came meanwhile is
/// read after that. A push may still be faster than that little: the client sees by `after` that it lacks something.
async fn join_there(
    app: &App,
    id: &str,
    (topic, sees): (Topic, FeedKinds),
    after: Option<Place>,
    left: &mut Vec<Frame>,
) -> sqlx::Result<bool> {
    let limit = i64::try_from(Hub::MAX_TOPICS).unwrap_or(i64::MAX);
    let join = || connections::subscribe(&app.pool, id, (topic, sees), limit, app.clock.now());
    let anew = after.is_some();
    if let Some(mut place) = after
        && topics::can_resume(&app.pool, topic, &place).await?
    {
        left.push(written(&ServerFrame::Subscribed { topic, place: place.clone() }));
        for _ in 0..TRIES {
            if !catch_up(app, (topic, sees), &mut place, left).await? {
                let joined = join().await?;
                while joined && catch_up(app, (topic, sees), &mut place, left).await? {}
                return Ok(joined);
            }
            push::post_all(app, id, left).await;
        }
    }
    let joined = join().await?;
    if joined {
        let place = beginning(app, topic).await?;
        left.push(written(&match anew {
            true => ServerFrame::Reset { topic, place },
            false => ServerFrame::Subscribed { topic, place },
        }));
    }
    Ok(joined)
}

/// Collects what was told behind a place, which goes on; false: there is nothing.
async fn catch_up(
    app: &App,
    (topic, sees): (Topic, FeedKinds),
    place: &mut Place,
    left: &mut Vec<Frame>,
) -> sqlx::Result<bool> {
    let told = facts::after(app, topic, place.position).await?;
    let Some(last) = told.last() else { return Ok(false) };
    left.extend(pages(topic, sees, place.position, &told));
    *place = last.place.clone();
    Ok(true)
}
