//! What has to be looked at every minute: connections that are dead, rights that were lost, events that are too old.

use super::{access::listener, push};
use crate::{
    App,
    jobs::step::{Run, Step},
};
use futures_util::{StreamExt, stream};
use sm_aws::metrics::Gauge;
use sm_db::live::{
    connections::{self, Subscription},
    pushes, topics,
};
use sm_types::live::Topic;
use time::Duration;

/// API Gateway ends a connection after ten minutes without a word, and one of two hours; it may forget to tell us.
const SILENT: Duration = Duration::minutes(11);
const OLD: Duration = Duration::minutes(125);
/// For how long somebody may come back and go on where they were.
const KEEP_EVENTS: Duration = Duration::DAY;
/// How long a topic is kept that nobody listens to.
const KEEP_PUSHES: Duration = Duration::HOUR;
/// Events that are deleted at once.
const EVENTS: i64 = 1_000;
/// Subscriptions that are looked at in one step.
const SUBSCRIPTIONS: i64 = 200;

/// Where it goes on: with old events, or with the rights behind a subscription.
const PRUNE: &str = "prune";
const RIGHTS: &str = "rights ";

/// Does a part of it.
pub(crate) async fn step(app: &App, run: Run<'_>) -> Step {
    match run.cursor {
        None => tidy(app).await,
        Some(PRUNE) => prune(app).await,
        Some(cursor) => check(app, cursor.strip_prefix(RIGHTS).unwrap_or_default()).await,
    }
}

async fn tidy(app: &App) -> Step {
    let now = app.clock.now();
    connections::forget_dead(&app.pool, now - SILENT, now - OLD).await?;
    if app.gateway.is_some() {
        push::close_ended(app).await?;
        pushes::forget(&app.pool, now - KEEP_PUSHES).await?;
        Gauge::OpenSockets.note(connections::count_at_gateway(&app.pool).await?);
    }
    Ok(Some(PRUNE.to_owned()))
}

async fn prune(app: &App) -> Step {
    let gone = topics::prune(&app.pool, app.clock.now() - KEEP_EVENTS, EVENTS).await?;
    let next = if gone < EVENTS { RIGHTS } else { PRUNE };
    Ok((app.gateway.is_some() || next == PRUNE).then(|| next.to_owned()))
}

/// Looks at the rights of some who listen at the gateway; those who have lost them hear nothing more.
async fn check(app: &App, after: &str) -> Step {
    let after = after.split_once(' ').unwrap_or_default();
    let some = connections::subscriptions(&app.pool, after, SUBSCRIPTIONS).await?;
    let next = some.last().map(|last| format!("{RIGHTS}{} {}", last.connection_id, last.topic));
    let full = i64::try_from(some.len()).is_ok_and(|some| some == SUBSCRIPTIONS);
    let each = stream::iter(some).map(|subscription| check_one(app, subscription));
    let mut each = each.buffer_unordered(push::LOOKUPS);
    while let Some(checked) = each.next().await {
        checked?;
    }
    Ok(next.filter(|_| full))
}

async fn check_one(app: &App, subscription: Subscription) -> sqlx::Result<()> {
    let Ok(topic) = subscription.topic.parse::<Topic>() else { return Ok(()) };
    let looked_up = listener(app, subscription.session_id, topic).await;
    push::settle(app, &subscription.connection_id, topic, &looked_up).await
}
