//! Rules: what is not sent has a row that says why.

use crate::setup::admin;
use serde_json::json;
use sm_sim::twitch::EdgeCase;
use sm_tests::scenario;

async fn outcome_after(change: &'static str) -> Vec<String> {
    let mut outcome = Vec::new();
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.set_channel(&ana, "Any% runs", "Celeste");
        t.sql(change).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        outcome = t.deliveries(guild).await;
        assert_eq!(t.messages(guild).len(), usize::from(outcome == ["online sent"]));
    })
    .await;
    outcome
}

#[tokio::test]
async fn each_rule_leaves_its_reason() {
    let rules = [
        ("update guild_config set enabled = false", "online skipped guild_paused"),
        ("update guild_streamers set enabled = false", "online skipped streamer_paused"),
        ("update destinations set enabled = false", "online skipped destination_paused"),
        ("update guild_config set default_channel_id = null", "online skipped no_channel"),
        ("update destinations set game_filter = '{Tetris}'", "online skipped game_filter"),
        ("update destinations set game_filter = '{Tetris,celeste}'", "online sent"),
        ("update destinations set title_filter = 'marathon'", "online skipped title_filter"),
        ("update destinations set title_filter = 'ANY%'", "online sent"),
        (
            "update guild_config set quiet_from = '00:00', quiet_until = '23:59:59', timezone = 'Asia/Tokyo'",
            "online skipped quiet_hours",
        ),
        ("delete from guild_config", "online skipped no_channel"),
    ];
    for (change, expected) in rules {
        assert_eq!(outcome_after(change).await, [expected], "{change}");
    }
}

#[tokio::test]
async fn reruns_are_announced_only_where_wanted() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let plain = t.guild_following(&ana).await;
        t.sql("update guild_config set announce_types = '{live,rerun}'").await;
        let wanting = t.guild_following(&ana).await;
        t.sql("update guild_config set announce_types = '{live}' where guild_id = (select max(guild_id) from guilds)").await;
        t.twitch.trigger(&ana, EdgeCase::Rerun).await;
        t.work().await;
        assert_eq!(t.deliveries(plain).await, ["online sent"]);
        assert_eq!(t.deliveries(wanting).await, ["online skipped stream_type"]);
    })
    .await;
}

#[tokio::test]
async fn cooldown_holds_the_next_announcement_back() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.sql("update destinations set cooldown_seconds = 7200").await;
        t.sql("update guild_config set merge_window_seconds = 0").await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.twitch.end_stream(&ana).await;
        t.after(time::Duration::minutes(30)).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.messages(guild).len(), 1);
        assert!(t.deliveries(guild).await.contains(&"online skipped cooldown".to_owned()));
        t.after(time::Duration::hours(3)).await;
    })
    .await;
}

#[tokio::test]
async fn values_are_those_of_the_reason_that_is_told() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.twitch.set_channel(&ana, "Any%", "Celeste");
        t.sql("update destinations set game_filter = '{Celeste}', title_filter = 'any'").await;
        t.sql("update guild_config set quiet_from = '00:00', quiet_until = '23:59:59', timezone = 'Asia/Tokyo'")
            .await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let page = ada.browser.get(&ada.path("deliveries")).await.ok();
        let skipped = &page["items"][0];
        assert_eq!(skipped["reason"], "quiet_hours");
        assert_eq!(
            skipped["reason_values"],
            json!({"until": "23:59", "timezone": "Asia/Tokyo"}),
            "{skipped}"
        );
    })
    .await;
}

#[tokio::test]
async fn guild_that_the_bot_has_left_costs_a_look_an_hour_and_no_message() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let gone = t.guild_following(&ana).await;
        t.sql("update guilds set status = 'left', left_at = now()").await;
        t.discord.set_bot_present(gone.id, false);
        let here = t.guild_following(&ana).await;
        let go_live = async || {
            let before = t.discord.requests().len();
            t.twitch.go_live(&ana).await;
            t.work().await;
            t.discord.requests().len() - before
        };
        assert_eq!(go_live().await, 2);
        assert_eq!(t.deliveries(gone).await, ["online skipped bot_left"]);
        assert_eq!(t.deliveries(here).await, ["online sent"]);
        assert_eq!(go_live().await, 1);
        assert_eq!(t.deliveries(gone).await, ["online skipped bot_left"; 2]);
    })
    .await;
}

#[tokio::test]
async fn zone_that_nobody_knows_costs_its_own_server_only() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let [lost, calm, other] = [
            t.guild_following(&ana).await,
            t.guild_following(&ana).await,
            t.guild_following(&ana).await,
        ];
        for (guild, quiet) in [(lost, true), (calm, false)] {
            let stored = "update guild_config set timezone = 'Mars/Olympus',
                quiet_from = case when $2 then time '22:00' end, quiet_until = case when $2 then time '07:00' end
                where guild_id = $1";
            let stored = sqlx::query(stored).bind(guild.id.to_db()).bind(quiet);
            stored.execute(&t.app.pool).await.unwrap();
        }
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(lost).await, ["online skipped unknown_timezone"]);
        for guild in [calm, other] {
            assert_eq!(t.deliveries(guild).await, ["online sent"]);
        }
    })
    .await;
}
