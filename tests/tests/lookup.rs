//! Looking before a message is sent again, once Discord may have forgotten its nonce.
//!
//! What comes of the first delivery is meant: whether the edit with viewers waits for it is a matter of moments.

use serde_json::{Value, json};
use sm_sim::discord::{Fault, FaultKind};
use sm_tests::{Guild, World, scenario};
use sm_types::MessageId;
use time::Duration;

/// Posts, loses the answer, and lets Discord forget the nonce.
async fn lost(t: &World, guild: Guild, login: &str) {
    let streamer = streamer(t, guild, login).await;
    t.discord.fault(Fault::new(FaultKind::lost_answer(), 1));
    t.twitch.go_live(&streamer).await;
    t.work().await;
    t.discord.forget_nonces();
}

/// Goes live without getting posted: Discord has said that it cannot, and may be wrong.
async fn failed(t: &World, guild: Guild, login: &str) {
    let streamer = streamer(t, guild, login).await;
    t.discord.fault(Fault::new(FaultKind::server_error(503, false), 1));
    t.twitch.go_live(&streamer).await;
    t.work().await;
}

async fn streamer(t: &World, guild: Guild, login: &str) -> sm_types::TwitchUserId {
    let streamer = t.streamer(login).await;
    t.follow(guild.id, &streamer, None).await;
    streamer
}

async fn guild(t: &World) -> Guild {
    let nobody = t.streamer("somebody").await;
    t.guild_following(&nobody).await
}

/// Lets a guild's announcements be made of a template.
async fn use_template(t: &World, guild: Guild, message: Value) {
    let made = "with made as (insert into message_templates (guild_id, name, message) values ($1, 'own', $2) returning template_id)
                update guild_config set template_id = made.template_id from made where guild_id = $1";
    let made = sqlx::query(made).bind(guild.id.to_db()).bind(message);
    made.execute(&t.app.pool).await.unwrap();
}

/// Reason and its values of the only delivery.
async fn reason(t: &World) -> (Option<String>, Value, Option<String>) {
    sqlx::query_as("select reason, coalesce(reason_values, 'null'), detail from notification_log")
        .fetch_one(&t.app.pool)
        .await
        .unwrap()
}

fn posts(t: &World) -> usize {
    t.discord.requests().iter().filter(|request| request.method == "POST").count()
}

#[tokio::test]
async fn message_with_its_link_in_the_embed_only_is_found() {
    scenario(async |t| {
        let guild = guild(t).await;
        use_template(
            t,
            guild,
            json!({"content": "Live!", "embed": {"title": "{title}", "url": "{url}"}}),
        )
        .await;
        lost(t, guild, "ana").await;
        let posted = t.message(guild).id;
        t.after(Duration::minutes(3)).await;
        assert_eq!((t.message(guild).id, posts(t)), (posted, 1));
        assert_eq!(t.deliveries(guild).await[0], "online sent");
    })
    .await;
}

#[tokio::test]
async fn message_is_found_by_its_nonce_where_discord_lists_it() {
    scenario(async |t| {
        t.discord.list_nonces(true);
        let guild = guild(t).await;
        use_template(t, guild, json!({"content": "We are live!"})).await;
        lost(t, guild, "ana").await;
        let posted = t.message(guild).id;
        t.after(Duration::minutes(3)).await;
        assert_eq!((t.message(guild).id, posts(t)), (posted, 1));
        assert_eq!(t.deliveries(guild).await[0], "online sent");
    })
    .await;
}

#[tokio::test]
async fn unanswered_look_waits_and_sends_nothing() {
    scenario(async |t| {
        let guild = guild(t).await;
        lost(t, guild, "ana").await;
        t.discord.fault(Fault::new(FaultKind::server_error(502, false), 1));
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.deliveries(guild).await, ["online pending lookup_unanswered"]);
        assert_eq!(posts(t), 1);
        t.after(Duration::minutes(1)).await;
        assert_eq!(t.deliveries(guild).await[0], "online sent");
        assert_eq!(t.messages(guild).len(), 1);
    })
    .await;
}

/// Discord lists nothing to whom may not read the history, and does not say so.
#[tokio::test]
async fn history_that_may_not_be_read_is_no_proof_of_absence() {
    const READ_MESSAGE_HISTORY: u64 = 1 << 16;
    scenario(async |t| {
        let guild = guild(t).await;
        t.discord.set_everyone_overwrite(guild.channel, 0, READ_MESSAGE_HISTORY);
        lost(t, guild, "ana").await;
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.deliveries(guild).await, ["online pending lookup_unanswered"]);
        for _ in 0..12 {
            t.after(Duration::minutes(1)).await;
        }
        assert_eq!(t.deliveries(guild).await, ["online expired lookup_unanswered"]);
        let (_, values, detail) = reason(t).await;
        assert_eq!(values["missing"], json!(["READ_MESSAGE_HISTORY"]));
        assert!(detail.is_some_and(|detail| detail.contains("Read Message History")));
        assert_eq!(t.messages(guild).len(), 1, "never twice");
    })
    .await;
}

#[tokio::test]
async fn channel_that_cannot_be_seen_fails_in_words() {
    scenario(async |t| {
        let guild = guild(t).await;
        failed(t, guild, "ana").await;
        t.discord.set_bot_overwrite(guild.channel, 0, 1 << 10);
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.deliveries(guild).await, ["online failed missing_access"]);
        assert_eq!(reason(t).await.1["missing"], json!(["VIEW_CHANNEL"]));
        assert!(t.messages(guild).is_empty());
    })
    .await;
}

#[tokio::test]
async fn message_of_a_streamer_with_a_longer_login_is_not_taken() {
    scenario(async |t| {
        let guild = guild(t).await;
        failed(t, guild, "ana").await;
        let plays = streamer(t, guild, "ana_plays").await;
        t.twitch.go_live(&plays).await;
        // The other message is not recorded either: the login alone has to tell them apart.
        t.discord.fault(Fault::new(FaultKind::lost_answer(), 1));
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1);
        t.discord.forget_nonces();
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.messages(guild).len(), 2, "both are announced: {:?}", t.messages(guild));
        assert_eq!(t.deliveries(guild).await, ["online sent", "online sent"]);
    })
    .await;
}

#[tokio::test]
async fn message_of_another_delivery_is_not_taken() {
    scenario(async |t| {
        let guild = guild(t).await;
        use_template(
            t,
            guild,
            json!({"content": "{streamer} is live, follow twitch.tv/ana too: {url}"}),
        )
        .await;
        failed(t, guild, "ana").await;
        let ben = streamer(t, guild, "ben").await;
        t.twitch.go_live(&ben).await;
        t.work().await;
        let of_ben = t.message(guild);
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.messages(guild).len(), 2);
        assert!(t.messages(guild).iter().any(|message| message.content == of_ben.content));
        let distinct: i64 =
            sqlx::query_scalar("select count(distinct message_id) from notification_log")
                .fetch_one(&t.app.pool)
                .await
                .unwrap();
        assert_eq!(distinct, 2);
    })
    .await;
}

#[tokio::test]
async fn test_message_is_not_taken() {
    scenario(async |t| {
        let guild = guild(t).await;
        failed(t, guild, "ana").await;
        let sample = sm_services::announce::samples::Sample {
            login: "ana".to_owned(),
            ..Default::default()
        };
        let setting = sm_services::announce::samples::Setting {
            guild: guild.id,
            guild_name: "Guild".to_owned(),
            channel: Some(guild.channel),
            mention: sm_db::guilds::Mention::None,
        };
        sm_services::announce::samples::send_test(&t.app, None, &sample, &setting, guild.channel)
            .await
            .unwrap();
        // The entry in the history could be missing as well.
        t.sql("delete from notification_log where kind = 'test'").await;
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.messages(guild).len(), 2, "the test, and the announcement");
    })
    .await;
}

#[tokio::test]
async fn look_goes_back_to_the_first_attempt_in_a_busy_channel() {
    scenario(async |t| {
        let guild = guild(t).await;
        lost(t, guild, "ana").await;
        let posted = t.message(guild).id;
        for text in 0..150 {
            t.discord.add_message(guild.channel, &format!("message {text}"));
        }
        t.after(Duration::minutes(3)).await;
        assert_eq!((t.messages(guild).len(), posts(t)), (151, 1));
        assert_eq!(recorded(t).await, posted);
    })
    .await;
}

/// A template that names nobody: what stands there could be anybody's.
#[tokio::test]
async fn message_that_could_be_anybodys_is_neither_taken_nor_repeated() {
    scenario(async |t| {
        let guild = guild(t).await;
        use_template(t, guild, json!({"content": "We are live!"})).await;
        lost(t, guild, "ana").await;
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.deliveries(guild).await, ["online pending lookup_unanswered"]);
        assert_eq!(t.messages(guild).len(), 1);
        let id: u64 = t.message(guild).id.parse().unwrap();
        t.discord.delete_message(guild.channel, MessageId(id));
        t.after(Duration::minutes(1)).await;
        assert_eq!(t.messages(guild).len(), 1, "nothing is there: it is posted");
    })
    .await;
}

/// A refusal is an answer: nothing was posted, and nothing needs to be looked for.
#[tokio::test]
async fn delivery_that_was_only_ever_refused_is_sent_without_a_look() {
    scenario(async |t| {
        let guild = guild(t).await;
        t.discord.set_everyone_overwrite(guild.channel, 0, 1 << 16);
        let ana = streamer(t, guild, "ana").await;
        let scope = sm_sim::discord::LimitScope::User;
        let fault = FaultKind::RateLimit { scope, retry_after: 150.0, header: None };
        t.discord.fault(Fault::new(fault, 1));
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
        t.after(Duration::minutes(3)).await;
        assert_eq!(t.messages(guild).len(), 1);
        assert!(!t.discord.requests().iter().any(|request| request.method == "GET"));
    })
    .await;
}

async fn recorded(t: &World) -> String {
    let id: i64 = sqlx::query_scalar("select message_id from notification_log")
        .fetch_one(&t.app.pool)
        .await
        .unwrap();
    id.to_string()
}
