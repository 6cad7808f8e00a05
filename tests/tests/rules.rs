//! Rules: what is not sent has a row that says why.

use crate::setup::{Admin, admin};
use serde_json::{Value, json};
use sm_services::announce::expand::ENRICH_AFTER;
use sm_sim::twitch::EdgeCase;
use sm_tests::{Answer, World, scenario};
use sm_types::TwitchUserId;

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
            json!({"rule": "quiet_hours", "wanted": ["00:00", "23:59"], "seen": skipped["reason_values"]["seen"],
                   "until": "23:59", "timezone": "Asia/Tokyo"}),
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

/// A server whose admin has set rules; the streamer plays Celeste in English.
async fn ruled(t: &World, rules: Value) -> (TwitchUserId, Admin<'_>) {
    let ana = t.streamer("ana").await;
    let ada = admin(t, &ana).await;
    t.twitch.set_channel(&ana, "Any% runs", "Celeste");
    t.twitch.set_audience(&ana, "en", &["English", "Speedrun"]);
    let saved = save(&ada, &rules).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    (ana, ada)
}

/// Saves the server's rules.
async fn save(ada: &Admin<'_>, rules: &Value) -> Answer {
    ada.change("config", |config| config["rules"] = rules.clone()).await
}

/// The id of a category, as an admin finds it.
async fn category(ada: &Admin<'_>, name: &str) -> Value {
    let path = ada.path(&format!("categories/search?q={}", name.replace(' ', "%20")));
    ada.browser.get(&path).await.ok()[0].clone()
}

async fn latest(ada: &Admin<'_>) -> Value {
    ada.browser.get(&ada.path("deliveries?kind=online")).await.ok()["items"][0].clone()
}

#[tokio::test]
async fn rule_that_is_broken_is_told_with_what_was_wanted_and_seen() {
    scenario(async |t| {
        let (ana, ada) = ruled(t, json!({})).await;
        let [celeste, tetris] = [category(&ada, "celeste").await, category(&ada, "Tetris").await];
        assert_eq!((&celeste["name"], &tetris["name"]), (&json!("Celeste"), &json!("Tetris")));
        let tags = json!(["English", "Speedrun"]);
        let table = [
            (json!({"categories": {"only": [tetris]}}), "game_filter", "categories.only", json!(["Tetris"]), json!("Celeste")),
            (json!({"categories": {"never": [celeste]}}), "category_denied", "categories.never", json!(["Celeste"]), json!("Celeste")),
            (json!({"title": {"lacks": ["RUNS"]}}), "title_denied", "title.lacks", json!(["RUNS"]), json!("Any% runs")),
            (json!({"title": {"pattern": "^100%"}}), "title_pattern", "title.pattern", json!("^100%"), json!("Any% runs")),
            (json!({"languages": ["de"]}), "language", "languages", json!(["de"]), json!("en")),
            (json!({"tags": {"never": ["speedrun"]}}), "tags", "tags.never", json!(["speedrun"]), tags),
        ];
        for (rules, reason, rule, wanted, seen) in table {
            assert_eq!(save(&ada, &rules).await.status, 200);
            t.twitch.go_live(&ana).await;
            t.work().await;
            let told = latest(&ada).await;
            let values = &told["reason_values"];
            assert_eq!((&told["status"], &told["reason"]), (&json!("skipped"), &json!(reason)));
            assert_eq!(values["rule"], format!("rules.{rule}"));
            assert_eq!((&values["wanted"], &values["seen"], &values["of"]), (&wanted, &seen, &json!("server")));
        }
        assert_eq!(t.discord.message_count(), 0);
        let fits = json!({"categories": {"only": [celeste]}, "title": {"contains": ["any%"], "pattern": "runs$"},
                          "languages": ["en"], "tags": {"any": ["Speedrun"]}});
        assert_eq!(save(&ada, &fits).await.status, 200);
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(latest(&ada).await["status"], "sent");
    })
    .await;
}

#[tokio::test]
async fn channel_with_rules_of_its_own_does_not_have_the_servers() {
    scenario(async |t| {
        let (ana, ada) = ruled(t, json!({"languages": ["de"]})).await;
        let own = json!({"stream_types": ["rerun", "live"]});
        let page = format!("streamers/{ana}");
        let saved = ada.change(&page, |view| {
            let mut settings = view["destinations"][0]["settings"].clone();
            settings["rules"] = own;
            *view = json!({"enabled": true, "destinations": [settings]});
        });
        saved.await.ok();
        t.twitch.trigger(&ana, EdgeCase::Rerun).await;
        t.work().await;
        assert_eq!(latest(&ada).await["status"], "sent");
    })
    .await;
}

#[tokio::test]
async fn mistake_in_a_rule_is_told_with_its_field_and_the_remedy() {
    scenario(async |t| {
        let (_, ada) = ruled(t, json!({})).await;
        let table = [
            (json!({"title": {"pattern": "(any"}}), "rules.title.pattern", "unclosed group"),
            (json!({"title": {"pattern": "a".repeat(201)}}), "rules.title.pattern", "Shorten it"),
            (
                json!({"categories": {"never": [{"id": "999999999"}]}}),
                "rules.categories.never",
                "choose it from the search",
            ),
            (
                json!({"categories": {"only": [{"id": "Celeste"}]}}),
                "rules.categories.only",
                "Choose it from the search",
            ),
            (json!({"stream_types": ["live"]}), "rules.stream_types", "announce_types"),
            (json!({"most_pings": 0}), "rules.most_pings", "1 to 100"),
        ];
        for (rules, field, remedy) in table {
            let refused = save(&ada, &rules).await;
            assert_eq!(refused.status, 422);
            let error = refused.body["errors"][0].clone();
            assert_eq!(error["field"], field);
            assert!(error["message"].as_str().unwrap().contains(remedy), "{error}");
        }
        // Whether a category exists only Twitch can say; one that is known already needs no answer.
        let celeste = category(&ada, "Celeste").await;
        t.twitch.fail_next("GET games", 503, 9);
        let rules = json!({"categories": {"only": [celeste]}});
        save(&ada, &rules).await.refused(502, "remote_unavailable");
        t.twitch.clear_faults();
        save(&ada, &rules).await.ok();
        t.twitch.fail_next("GET games", 503, 9);
        save(&ada, &rules).await.ok();
    })
    .await;
}

/// What waits for viewers is decided at the second look.
async fn second_look(viewers: u64, before_it: impl AsyncFn(&World, &TwitchUserId)) -> Vec<String> {
    let mut outcome = Vec::new();
    scenario(async |t| {
        let (ana, ada) = ruled(t, json!({"least_viewers": 50})).await;
        t.twitch.set_viewers(&ana, viewers);
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.deliveries(ada.guild).await, ["online skipped awaiting_viewers"]);
        before_it(t, &ana).await;
        for _ in 0..4 {
            t.after(ENRICH_AFTER).await;
        }
        outcome = t.deliveries(ada.guild).await;
        outcome.retain(|line| line.starts_with("online"));
        let posted = outcome == ["online sent"];
        assert_eq!(t.messages(ada.guild).len(), usize::from(posted));
    })
    .await;
    outcome
}

#[tokio::test]
async fn announcement_waits_until_viewers_are_counted() {
    let nothing = async |_: &World, _: &TwitchUserId| {};
    assert_eq!(second_look(49, nothing).await, ["online skipped too_few_viewers"]);
    assert_eq!(second_look(50, nothing).await, ["online sent"]);
    let hidden = async |t: &World, _: &TwitchUserId| t.twitch.hide_streams(true);
    assert_eq!(second_look(3, hidden).await, ["online sent"], "nobody knows");
    let gone = async |t: &World, ana: &TwitchUserId| t.twitch.end_stream(ana).await;
    assert_eq!(second_look(99, gone).await, ["online skipped stream_ended"]);
    let removed = async |t: &World, _: &TwitchUserId| t.sql("delete from destinations").await;
    assert_eq!(second_look(99, removed).await, ["online skipped destination_removed"]);
    let paused = async |t: &World, _: &TwitchUserId| {
        t.sql("update guild_config set enabled = false").await;
    };
    assert_eq!(second_look(99, paused).await, ["online skipped guild_paused"]);
}

#[tokio::test]
async fn what_waits_survives_an_end_that_is_taken_back() {
    scenario(async |t| {
        let (ana, ada) = ruled(t, json!({"least_viewers": 50})).await;
        t.twitch.set_viewers(&ana, 60);
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.twitch.trigger(&ana, EdgeCase::Flap).await;
        t.after(ENRICH_AFTER).await;
        t.after(ENRICH_AFTER).await;
        t.after(ENRICH_AFTER).await;
        assert_eq!(t.messages(ada.guild).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn chunks_of_what_waits_are_all_decided() {
    scenario(async |t| {
        let (ana, ada) = ruled(t, json!({"least_viewers": 50})).await;
        for statement in [
            "insert into guilds (guild_id, name) select n, 'Guild' from generate_series(1, 2_000) n",
            "insert into guild_config (guild_id, default_channel_id, rules)
             select n, n, '{\"least_viewers\": 5000}' from generate_series(1, 2_000) n",
            "insert into guild_streamers (guild_id, twitch_user_id)
             select n, twitch_user_id from generate_series(1, 2_000) n, streamers",
            "insert into destinations (guild_id, twitch_user_id)
             select n, twitch_user_id from generate_series(1, 2_000) n, streamers",
        ] {
            t.sql(statement).await;
        }
        t.twitch.set_viewers(&ana, 60);
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(ENRICH_AFTER).await;
        assert_eq!(t.messages(ada.guild).len(), 1);
        let left_out: i64 = sqlx::query_scalar(
            "select count(*) from notification_log where reason = 'too_few_viewers'",
        )
        .fetch_one(&t.app.pool)
        .await
        .unwrap();
        assert_eq!(left_out, 2_000);
    })
    .await;
}

#[tokio::test]
async fn pings_of_all_streamers_are_counted_per_server() {
    scenario(async |t| {
        let (ana, ada) = ruled(t, json!({"most_pings": 1})).await;
        let bruno = t.streamer("bruno").await;
        t.follow(ada.guild.id, &bruno, None).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.twitch.go_live(&bruno).await;
        t.work().await;
        let told = latest(&ada).await;
        assert_eq!((&told["login"], &told["reason"]), (&json!("bruno"), &json!("daily_pings")));
        let values = json!({"rule": "rules.most_pings", "wanted": 1, "seen": 1, "of": "server"});
        assert_eq!(told["reason_values"], values);

        save(&ada, &json!({"pause_seconds": 3600})).await.ok();
        t.after(time::Duration::minutes(30)).await;
        t.twitch.go_live(&bruno).await;
        t.work().await;
        assert_eq!(latest(&ada).await["reason"], "recent_ping");
        t.after(time::Duration::minutes(31)).await;
        t.twitch.go_live(&bruno).await;
        t.work().await;
        assert_eq!(latest(&ada).await["status"], "sent");
    })
    .await;
}

#[tokio::test]
async fn dry_run_compares_edited_rules_with_saved_ones() {
    scenario(async |t| {
        let (ana, ada) = ruled(t, json!({})).await;
        for game in ["Celeste", "Tetris", "Celeste"] {
            t.twitch.set_channel(&ana, "Any% runs", game);
            t.twitch.go_live(&ana).await;
            t.work().await;
            t.after(ENRICH_AFTER).await;
            t.twitch.update_channel(&ana, "Something else", "Art").await;
            t.twitch.end_stream(&ana).await;
            t.after(time::Duration::hours(3)).await;
        }
        let tetris = category(&ada, "Tetris").await;
        let mut config = ada.browser.get(&ada.path("config")).await.ok();
        config["rules"] = json!({"categories": {"only": [tetris]}, "least_viewers": 10});
        let path = ada.path(&format!("streamers/{ana}/dry-run"));
        let told = ada.browser.post(&path, &json!({"config": config})).await.ok();
        assert_eq!((&told["saved_pings"], &told["edited_pings"]), (&json!(3), &json!(1)), "{told}");
        let verdicts: Vec<_> = told["streams"]
            .as_array()
            .unwrap()
            .iter()
            .map(|stream| {
                let verdict = &stream["verdicts"][0];
                (
                    stream["game"].as_str().unwrap(),
                    verdict["outcome"].as_str().unwrap(),
                    verdict["reason"].as_str(),
                )
            })
            .collect();
        assert_eq!(
            verdicts,
            [
                ("Celeste", "skipped", Some("game_filter")),
                ("Tetris", "ping", None),
                ("Celeste", "skipped", Some("game_filter")),
            ]
        );
        let ping = &told["streams"][1];
        assert_eq!((&ping["title"], &ping["viewers"]), (&json!("Any% runs"), &json!(42)));
        assert!(ping["verdicts"][0]["text"].as_str().unwrap().contains("ANA"), "{ping}");

        config["rules"] = json!({"least_viewers": 43});
        let told = ada.browser.post(&path, &json!({"config": config})).await.ok();
        assert_eq!(told["streams"][0]["verdicts"][0]["reason_values"]["seen"], 42);

        let none = json!({"streamer": {"enabled": false, "destinations": [{"channel_id": null}]}});
        let told = ada.browser.post(&path, &none).await.ok();
        assert_eq!((&told["saved_pings"], &told["edited_pings"]), (&json!(3), &json!(0)));
        assert_eq!(told["streams"][0]["verdicts"][0]["reason"], "streamer_paused");

        config["rules"] = json!({"title": {"pattern": "["}});
        let refused = ada.browser.post(&path, &json!({"config": config})).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.body["errors"][0]["field"], "config.rules.title.pattern");
        // Nothing of it was saved.
        let saved = ada.browser.get(&ada.path("config")).await.ok();
        assert_eq!(saved["rules"]["title"]["pattern"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn dry_run_follows_the_servers_pings_and_short_breaks() {
    scenario(async |t| {
        let (ana, ada) = ruled(t, json!({})).await;
        let bruno = t.streamer("bruno").await;
        t.follow(ada.guild.id, &bruno, None).await;
        // Bruno; then Ana, who comes back after a crash; then Ana the next day.
        t.twitch.go_live(&bruno).await;
        t.work().await;
        t.after(time::Duration::minutes(20)).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(time::Duration::minutes(20)).await;
        t.twitch.end_stream(&ana).await;
        t.after(time::Duration::minutes(3)).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.twitch.end_stream(&ana).await;
        t.after(time::Duration::hours(25)).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let path = ada.path(&format!("streamers/{ana}/dry-run"));
        // The session of the day before has ended.
        let browser = t.signed_in(ada.user).await;
        let outcomes = async |rules: Value| {
            let mut config = browser.get(&ada.path("config")).await.ok();
            config["rules"] = rules;
            let told = browser.post(&path, &json!({"config": config})).await.ok();
            let told = told["streams"].as_array().unwrap().iter().rev().map(|stream| {
                let verdict = &stream["verdicts"][0];
                verdict["reason"].as_str().or(verdict["outcome"].as_str()).unwrap().to_owned()
            });
            told.collect::<Vec<_>>()
        };
        assert_eq!(outcomes(json!({})).await, ["ping", "merged", "ping"]);
        assert_eq!(outcomes(json!({"pause_seconds": 1800})).await, ["recent_ping", "ping", "ping"]);
        assert_eq!(
            outcomes(json!({"most_pings": 1})).await,
            ["daily_pings", "daily_pings", "ping"]
        );
    })
    .await;
}
