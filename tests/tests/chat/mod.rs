//! The chat bot, from Twitch's webhook to the line in chat.

mod answers;
mod channels;
mod deletions;
mod drops;
mod events;
mod kills;
mod limits;

use sm_db::chat::channels::{Join, Joined};
use sm_services::chat::{
    accounts,
    say::{self, Say},
};
use sm_tests::World;
use sm_types::{TwitchUserId, UserId};
use std::time::Duration as StdDuration;
use time::Duration;

/// Who has asked for the bot where nobody in particular has.
const SOMEBODY: UserId = UserId(4_242);

/// The service's account, linked as an operator does.
pub(crate) async fn bot(t: &World) -> TwitchUserId {
    let bot = t.twitch.add_user("maxbot", "MaxBot");
    let device = accounts::begin_link(&t.app).await.unwrap();
    assert!(t.twitch.agree_to_device(&device.user_code, "maxbot").await);
    let owner = accounts::finish_link(&t.app, &device, "maxbot").await.unwrap();
    assert_eq!(owner.unwrap().user_id, bot);
    bot
}

/// A channel that the bot is in.
pub(crate) async fn channel(t: &World, login: &str) -> TwitchUserId {
    let id = t.twitch.add_user(login, &login.to_uppercase());
    t.twitch.grant(&id, &["channel:bot"]).await;
    let name = login.to_uppercase();
    let streamer =
        sm_db::streamers::Streamer { id: &id, login, display_name: &name, profile_image_url: None };
    let pool = &t.app.pool;
    sm_db::streamers::upsert(pool, &streamer).await.unwrap();
    sm_db::streamers::set_authorized(pool, &id, true).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let now = t.clock.now();
    let join = Join { channel: &id, owner: SOMEBODY, now, per_owner: 1_000, per_hour: 1_000 };
    let joined = sm_db::chat::channels::join(&mut transaction, &join).await.unwrap();
    assert_eq!(joined, Joined::Joined);
    let planned = std::slice::from_ref(&id);
    sm_db::streamers::subscriptions::plan(&mut *transaction, planned, now).await.unwrap();
    transaction.commit().await.unwrap();
    id
}

/// Has the bot say something, as whoever runs a command over HTTP does.
pub(crate) async fn say(t: &World, channel: &TwitchUserId, cause: &str, text: &str) {
    say_to(t, channel, cause, text, None).await;
}

async fn say_to(
    t: &World,
    channel: &TwitchUserId,
    cause: &str,
    text: &str,
    reply_to: Option<&str>,
) {
    let lines = sm_types::chat::text::utterances(text, "", true);
    let wish = Say {
        channel,
        cause,
        lines: &lines,
        reply_to,
        command_id: None,
        lasts: Duration::seconds(10),
    };
    say::say(&t.app, &wish).await.unwrap();
}

/// State and reason of every line of a channel, in the order in which they were asked for.
async fn states(t: &World, channel: &TwitchUserId) -> Vec<String> {
    sqlx::query_scalar(
        "select concat_ws(' ', state, reason) from chat_sends where twitch_user_id = $1 order by queued_at, part",
    )
    .bind(channel.as_str())
    .fetch_all(&t.app.pool)
    .await
    .unwrap()
}

/// How many lines are in a state.
async fn count(t: &World, state: &str) -> i64 {
    let count = sqlx::query_scalar("select count(*) from chat_sends where state = $1");
    count.bind(state).fetch_one(&t.app.pool).await.unwrap()
}

/// Waits for something that others do.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(StdDuration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(StdDuration::from_secs(60), wait).await;
    assert!(in_time.is_ok(), "{what} does not happen");
}
