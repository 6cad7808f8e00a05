//! Setting a server up: installing the bot, adding streamers, configuration, templates, invites.

use serde_json::{Value, json};
use sm_tests::{Browser, Guild, World, scenario};
use sm_types::{TwitchUserId, UserId};

struct Admin<'a> {
    browser: Browser<'a>,
    user: UserId,
    guild: Guild,
    base: String,
}

/// An admin of a server that follows a streamer.
async fn admin<'a>(t: &'a World, streamer: &TwitchUserId) -> Admin<'a> {
    let guild = t.guild_following(streamer).await;
    let user = t.discord.add_user("ada", Some("Ada"));
    t.discord.set_owner(guild.id, user);
    let browser = t.signed_in(user).await;
    Admin { browser, user, guild, base: format!("/api/guilds/{}", guild.id) }
}

impl Admin<'_> {
    fn path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.base)
    }

    /// Loads, changes and saves; the answer.
    async fn change(&self, rest: &str, change: impl FnOnce(&mut Value)) -> sm_tests::Answer {
        let loaded = self.browser.get(&self.path(rest)).await;
        let etag = loaded.header("etag").to_owned();
        let mut body = loaded.ok();
        change(&mut body);
        self.browser.put_from(&self.path(rest), &etag, &body).await
    }
}

fn fields(answer: &sm_tests::Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn new_admin_goes_from_install_to_an_announcement() {
    scenario(async |t| {
        let ada = t.discord.add_user("ada", Some("Ada"));
        let guild = t.discord.add_guild("Corner");
        let channel = t.discord.add_channel(guild, "live");
        t.discord.set_owner(guild, ada);
        t.discord.set_bot_present(guild, false);
        let ana = t.twitch.add_user("ana_live", "Ana");
        let browser = t.signed_in(ada).await;
        let list = browser.get("/api/guilds").await.ok();
        assert_eq!(list["can_add"][0]["id"], guild.to_string());
        let install = browser.get(&format!("/api/guilds/{guild}/install")).await;
        assert!(install.location().contains("permissions=309506460672"), "{}", install.location());
        let landed = browser.consent(install.location(), &format!("as={ada}&guild={guild}")).await;
        assert_eq!(landed.location(), format!("/s/{guild}?installed=1"));
        let base = format!("/api/guilds/{guild}");
        let places = browser.get(&format!("{base}/places")).await.ok();
        assert_eq!(places["channels"][0]["can_post"], true);
        let loaded = browser.get(&format!("{base}/config")).await;
        let etag = loaded.header("etag").to_owned();
        let mut config = loaded.ok();
        config["default_channel_id"] = json!(channel);
        browser.put_from(&format!("{base}/config"), &etag, &config).await.ok();
        let names = json!({"names": ["https://www.twitch.tv/Ana_Live"]});
        let added = browser.post(&format!("{base}/streamers"), &names).await.ok();
        assert_eq!(added[0]["result"], "added");
        t.work().await;
        let test = json!({"channel_id": null, "message": null, "sample": {"streamer_id": ana}});
        let tested = browser.post(&format!("{base}/test-send"), &test).await.ok();
        assert_eq!(tested["posted"], true, "{tested}");
        t.twitch.go_live(&ana).await;
        t.work().await;
        let messages = t.discord.messages(channel);
        assert_eq!(messages.len(), 2);
        assert!(messages[0].content.starts_with("**Test** · "));
        let overview = browser.get(&format!("{base}/overview")).await.ok();
        assert_eq!((&overview["live"], &overview["figures"]["sent"]), (&json!(1), &json!(1)));
        let states: Vec<_> = overview["checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["state"].as_str().unwrap())
            .collect();
        assert!(states.iter().all(|state| *state == "ok"), "{overview}");
        let actions = browser.get(&format!("{base}/audit")).await.ok();
        let actions: Vec<_> = actions["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a["action"].as_str().unwrap())
            .collect();
        assert_eq!(actions, ["streamer.add", "guild_config.update", "bot.install"]);
    })
    .await;
}

#[tokio::test]
async fn install_is_believed_only_of_discord() {
    scenario(async |t| {
        let (ada, ben) = (t.discord.add_user("ada", None), t.discord.add_user("ben", None));
        let (own, foreign) = (t.discord.add_guild("Own"), t.discord.add_guild("Foreign"));
        t.discord.set_owner(own, ada);
        t.discord.add_member(foreign, ada);
        t.discord.set_bot_present(own, false);
        t.discord.set_bot_present(foreign, false);
        let browser = t.signed_in(ada).await;
        let path = |guild| format!("/api/guilds/{guild}/install");
        browser.get(&path(foreign)).await.refused(403, "not_an_admin");
        // The browser names another server on the way back.
        let begun = browser.get(&path(own)).await;
        let answered = sm_aws::lazy_http()
            .get(format!("{}&as={ada}&guild={own}", begun.location()))
            .send()
            .await
            .unwrap();
        let callback = answered.headers()["location"].to_str().unwrap().to_owned();
        let callback = callback.replace(&own.to_string(), &foreign.to_string());
        let landed = browser.get(callback.strip_prefix(&t.url).unwrap()).await;
        assert_eq!(landed.location(), format!("/s/{own}?installed=1"));
        assert_eq!(t.count("guilds").await, 1);
        // Somebody else than the one who asked.
        t.discord.set_bot_present(own, false);
        t.discord.set_owner(own, ben);
        let other = t.signed_in(ben).await;
        let begun = other.get(&path(own)).await;
        t.discord.set_owner(own, ada);
        let landed = other.consent(begun.location(), &format!("as={ada}&guild={own}")).await;
        assert_eq!(landed.location(), "/servers?error=other_account");
    })
    .await;
}

#[tokio::test]
async fn install_that_discord_tells_of_brings_everything_back() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.discord.set_webhook_events_url(&format!("{}/webhooks/discord", t.url));
        t.sql("update guilds set status = 'left', left_at = now()").await;
        ada.browser.get(&ada.path("config")).await.refused(404, "unknown_guild");
        // A plain sign-in is an authorisation too, and installs nothing.
        assert_eq!(t.discord.send_application_authorized(ada.user, None).await, [204]);
        ada.browser.get(&ada.path("config")).await.refused(404, "unknown_guild");
        let installed = t.discord.send_application_authorized(ada.user, Some(ada.guild.id)).await;
        assert_eq!(installed, [204]);
        let config = ada.browser.get(&ada.path("config")).await.ok();
        assert_eq!(config["default_channel_id"], ada.guild.channel.to_string());
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.message(ada.guild);
    })
    .await;
}

#[tokio::test]
async fn later_of_two_saves_is_told_of_the_conflict() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let path = ada.path("config");
        let etag = ada.browser.get(&path).await.header("etag").to_owned();
        let mut config = ada.browser.get(&path).await.ok();
        config["merge_window_seconds"] = json!(60);
        let saves = [&config; 2].map(|body| ada.browser.put_from(&path, &etag, body));
        let saved = futures_util::future::join_all(saves).await;
        let mut statuses: Vec<_> = saved.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        ada.browser.put(&path, &config).await.refused(428, "precondition_required");
        for stale in ["\"1\"", "1", "*", "\"x\"", "W/\"2\""] {
            ada.browser.put_from(&path, stale, &config).await.refused(412, "conflict");
        }
        assert_eq!(ada.browser.get(&path).await.ok()["merge_window_seconds"], 60);
    })
    .await;
}

#[tokio::test]
async fn wrong_configuration_is_refused_field_by_field() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let elsewhere = t.discord.add_guild("Elsewhere");
        let foreign = t.discord.add_channel(elsewhere, "general");
        let role = t.discord.add_role(elsewhere, "Fans", true);
        let voice = t.discord.add_channel_of_kind(ada.guild.id, "category", 4);
        let quiet = |from: &str, until: &str| json!({"from": from, "until": until});
        let cases: [(&str, Value, &str); 13] = [
            ("default_channel_id", json!(foreign), "default_channel_id"),
            ("default_channel_id", json!("1"), "default_channel_id"),
            ("default_channel_id", json!(voice), "default_channel_id"),
            ("mention", json!({"kind": "role", "role_id": role}), "mention.role_id"),
            ("mention", json!({"kind": "role", "role_id": ada.guild.id}), "mention.role_id"),
            ("template_id", json!("0198b2e4-1111-7000-8000-000000000000"), "template_id"),
            ("merge_window_seconds", json!(-1), "merge_window_seconds"),
            ("merge_window_seconds", json!(86_401), "merge_window_seconds"),
            ("end_action", json!("explode"), "end_action"),
            ("announce_types", json!([]), "announce_types"),
            ("timezone", json!("Mars/Olympus"), "timezone"),
            ("quiet_hours", quiet("22:00", "22:00"), "quiet_hours.until"),
            ("quiet_hours", quiet("25:00", "07:00"), "quiet_hours.from"),
        ];
        for (key, value, field) in cases {
            let answer = ada.change("config", |config| config[key] = value.clone()).await;
            assert_eq!(fields(&answer), [field], "{key}: {value}: {}", answer.body);
            answer.refused(422, "invalid");
        }
        for (key, value) in [
            ("enabled", json!("yes")),
            ("owner", json!(1)),
            ("mention", json!({"kind": "all"})),
            ("default_channel_id", json!(5)),
            ("merge_window_seconds", json!(1e12)),
        ] {
            let answer = ada.change("config", |config| config[key] = value.clone()).await;
            assert_eq!(answer.status, 400, "{key}: {}", answer.body);
            assert_eq!(answer.code(), "malformed");
        }
        let good =
            ada.change("config", |config| config["quiet_hours"] = quiet("22:30", "07:00")).await;
        assert_eq!(good.ok()["quiet_hours"]["from"], "22:30");
    })
    .await;
}

#[tokio::test]
async fn one_streamer_goes_to_several_channels_in_their_own_way() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let second = t.discord.add_channel(ada.guild.id, "second");
        let role = t.discord.add_role(ada.guild.id, "Fans", true);
        let rest = format!("streamers/{ana}");
        let loaded = ada.browser.get(&ada.path(&rest)).await;
        let etag = loaded.header("etag").to_owned();
        let first = loaded.ok()["destinations"][0]["settings"]["id"].clone();
        let body = json!({"enabled": true, "destinations": [
            {"id": first, "channel_id": null},
            {"channel_id": second, "mention": {"kind": "role", "role_id": role}, "game_filter": ["Chess"]},
        ]});
        let saved = ada.browser.put_from(&ada.path(&rest), &etag, &body).await;
        let etag = saved.header("etag").to_owned();
        assert_eq!(saved.ok()["destinations"].as_array().unwrap().len(), 2);
        t.twitch.set_channel(&ana, "Openings", "Chess");
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.messages(ada.guild).len(), 1);
        assert_eq!(t.discord.messages(second)[0].mention_roles, [role.to_string()]);
        // Swapped, one of them removed, and what is not ours.
        let elsewhere = t.discord.add_guild("Elsewhere");
        let foreign = t.discord.add_channel(elsewhere, "general");
        let put = async |destinations: Value| {
            let body = json!({"enabled": true, "destinations": destinations});
            ada.browser.put_from(&ada.path(&rest), &etag, &body).await
        };
        let cases = [
            (json!([]), "destinations"),
            (json!([{"channel_id": second}, {"channel_id": second}]), "destinations[0].channel_id"),
            (json!([{"channel_id": foreign}]), "destinations[0].channel_id"),
            (json!([{"id": "0198b2e4-1111-7000-8000-000000000000", "channel_id": null}]), "destinations[0].id"),
            (json!([{"channel_id": null, "cooldown_seconds": -1}]), "destinations[0].cooldown_seconds"),
            (json!([{"channel_id": null, "game_filter": []}]), "destinations[0].game_filter"),
            (json!([{"channel_id": null, "title_filter": " "}]), "destinations[0].title_filter"),
        ];
        for (destinations, field) in cases {
            let answer = put(destinations).await;
            assert_eq!(fields(&answer).first(), Some(&field), "{}", answer.body);
            answer.refused(422, "invalid");
        }
        put(json!([{"id": first, "channel_id": second}])).await.ok();
        let history = ada.browser.get(&ada.path("deliveries")).await.ok();
        assert_eq!(history["items"].as_array().unwrap().len(), 2, "the history stays");
    })
    .await;
}

#[tokio::test]
async fn pasted_names_come_back_with_a_result_each() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.twitch.add_user("bruno", "Bruno");
        let names = json!({"names": ["ana", "@Bruno", "twitch.tv/nobody_at_all", "https://evil.example/x", "", "bruno"]});
        let results = ada.browser.post(&ada.path("streamers"), &names).await.ok();
        let results: Vec<_> =
            results.as_array().unwrap().iter().map(|r| r["result"].as_str().unwrap()).collect();
        assert_eq!(results, ["already", "added", "unknown", "invalid", "invalid", "already"]);
        let too_many = json!({"names": vec!["x"; 101]});
        ada.browser.post(&ada.path("streamers"), &too_many).await.refused(422, "invalid");
        let page = ada.browser.get(&ada.path("streamers?limit=1")).await.ok();
        assert_eq!(page["items"][0]["login"], "ana");
        let next = page["next"].as_str().unwrap();
        let page = ada.browser.get(&ada.path(&format!("streamers?limit=1&after={next}"))).await.ok();
        assert_eq!((&page["items"][0]["login"], &page["next"]), (&json!("bruno"), &Value::Null));
        for bad in ["limit=0", "limit=101", "limit=x", "after=%21", "after=AA"] {
            let answer = ada.browser.get(&ada.path(&format!("streamers?{bad}"))).await;
            assert_eq!((answer.status, answer.code()), (400, "malformed"), "{bad}");
        }
        let found = ada.browser.get(&ada.path("streamers/search?q=bru")).await.ok();
        assert_eq!(found[0]["login"], "bruno");
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn streamers_link_their_own_channel_by_invite() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let [bruno, chiyo] = ["bruno", "chiyo"].map(|login| t.twitch.add_user(login, login));
        let made =
            ada.browser.post(&ada.path("invites"), &json!({"hours": 1, "max_uses": 1})).await.ok();
        let code = made["code"].as_str().unwrap();
        let visitor = t.browser();
        let view = visitor.get(&format!("/api/invites/{code}")).await.ok();
        assert_eq!(view["guild_name"], "Guild");
        let link = format!("/api/invites/{code}/link");
        let denied = visitor.get(&link).await;
        let landed = visitor.consent(denied.location(), "deny=1").await;
        assert_eq!(landed.location(), format!("/invite/{code}?error=access_denied"));
        let begun = visitor.get(&link).await;
        let landed = visitor.consent(begun.location(), &format!("as={bruno}")).await;
        assert_eq!(landed.location(), format!("/invite/{code}?linked=bruno"));
        visitor.get(&link).await.refused(404, "not_found");
        let page = ada.browser.get(&ada.path("streamers")).await.ok();
        let bruno_row = &page["items"][1];
        assert_eq!((&bruno_row["source"], &bruno_row["linked"]), (&json!("invite"), &json!(true)));
        t.work().await;
        let types: Vec<_> = t
            .twitch
            .subscriptions()
            .into_iter()
            .filter(|s| s.condition.to_string().contains(bruno.as_str()))
            .map(|s| (s.kind, s.cost))
            .collect();
        assert_eq!(types.len(), 4, "{types:?}");
        assert!(types.iter().all(|(_, cost)| *cost == 0), "authorised ones are free: {types:?}");
        // Revoked between the click and the return.
        let made = ada.browser.post(&ada.path("invites"), &json!({})).await.ok();
        let code = made["code"].as_str().unwrap();
        let begun = visitor.get(&format!("/api/invites/{code}/link")).await;
        assert_eq!(ada.browser.delete(&ada.path(&format!("invites/{code}"))).await.status, 204);
        let landed = visitor.consent(begun.location(), &format!("as={chiyo}")).await;
        assert_eq!(landed.location(), format!("/invite/{code}?error=invite_invalid"));
        t.clock.advance(time::Duration::hours(2));
        let all = ada.browser.get(&ada.path("invites")).await.ok();
        assert!(all.as_array().unwrap().iter().all(|invite| invite["active"] == false), "{all}");
    })
    .await;
}

#[tokio::test]
async fn admins_link_by_oauth_and_only_while_they_are_admins() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let bruno = t.twitch.add_user("bruno", "Bruno");
        let begun = ada.browser.get(&ada.path("streamers/link")).await;
        let landed = ada.browser.consent(begun.location(), &format!("as={bruno}")).await;
        assert_eq!(landed.location(), format!("/s/{}/streamers?linked=bruno", ada.guild.id));
        let begun = ada.browser.get(&ada.path("streamers/link")).await;
        let somebody = t.discord.add_user("somebody", None);
        t.discord.set_owner(ada.guild.id, somebody);
        let landed = ada.browser.consent(begun.location(), &format!("as={bruno}")).await;
        assert!(landed.location().ends_with("error=not_an_admin"), "{}", landed.location());
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn templates_are_checked_with_places_shown_and_used() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let bad = json!({"name": " ", "message": {"content": "{titel}", "embed": {"title": "{#if game}"}}});
        let answer = ada.browser.post(&ada.path("templates"), &bad).await;
        assert_eq!(fields(&answer), ["name", "message.content", "message.embed.title"]);
        let first = &answer.body["errors"][1];
        assert_eq!((&first["code"], &first["span"]["start"]), (&json!("unknown_variable"), &json!(1)));
        assert!(first["message"].as_str().unwrap().contains("did you mean {title}"), "{first}");
        let message = json!({"content": "{streamer} plays {game|default:\"something\"}: {url}"});
        let preview = json!({"message": message, "sample": {"game": "", "title": "x"}});
        let shown = ada.browser.post(&ada.path("templates/preview"), &preview).await.ok();
        assert_eq!(shown["content"], "Sample\\_Streamer plays something: https://www.twitch.tv/sample_streamer");
        let body = json!({"name": "Short", "message": message});
        let made = ada.browser.post(&ada.path("templates"), &body).await.ok();
        ada.browser.post(&ada.path("templates"), &body).await.refused(422, "invalid");
        let id = made["id"].as_str().unwrap();
        ada.change("config", |config| config["template_id"] = json!(id)).await.ok();
        t.twitch.set_channel(&ana, "Openings", "Chess");
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.message(ada.guild).content, "ANA plays Chess: https://www.twitch.tv/ana");
        let list = ada.browser.get(&ada.path("templates")).await.ok();
        assert_eq!(list["templates"][0]["is_default"], true);
        let renamed = json!({"name": "Long", "message": message});
        let path = ada.path(&format!("templates/{id}"));
        ada.browser.put_from(&path, "\"1\"", &renamed).await.ok();
        ada.browser.put_from(&path, "\"1\"", &renamed).await.refused(412, "conflict");
        assert_eq!(ada.browser.delete(&path).await.status, 204);
        assert_eq!(ada.browser.get(&ada.path("config")).await.ok()["template_id"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn test_message_never_pings_and_says_what_is_missing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let role = t.discord.add_role(ada.guild.id, "Fans", true);
        ada.change("config", |config| config["mention"] = json!({"kind": "role", "role_id": role}))
            .await
            .ok();
        let body = json!({"channel_id": null, "message": {"content": "{mention} @everyone {url}"}});
        let tested = ada.browser.post(&ada.path("test-send"), &body).await.ok();
        assert_eq!(tested["posted"], true);
        let message = t.message(ada.guild);
        assert!(message.mention_roles.is_empty() && !message.mention_everyone);
        t.discord.set_everyone_overwrite(ada.guild.channel, 0, 1 << 11);
        let tested = ada.browser.post(&ada.path("test-send"), &body).await.ok();
        assert_eq!(tested["posted"], false);
        assert!(tested["refusal"].as_str().unwrap().contains("SEND_MESSAGES"), "{tested}");
        let elsewhere = t.discord.add_guild("Elsewhere");
        let foreign = t.discord.add_channel(elsewhere, "general");
        let body = json!({"channel_id": foreign, "message": null});
        ada.browser.post(&ada.path("test-send"), &body).await.refused(422, "invalid");
        assert!(t.discord.messages(foreign).is_empty());
        let history = ada.browser.get(&ada.path("deliveries?kind=test")).await.ok();
        let states: Vec<_> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d["status"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["failed", "sent"]);
    })
    .await;
}

#[tokio::test]
async fn delivery_is_explained_and_sent_again() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let role = t.discord.add_role(ada.guild.id, "Fans", true);
        ada.change("config", |config| config["mention"] = json!({"kind": "role", "role_id": role}))
            .await
            .ok();
        t.discord.set_everyone_overwrite(ada.guild.channel, 0, 1 << 11);
        t.twitch.go_live(&ana).await;
        t.work().await;
        let page = ada.browser.get(&ada.path("deliveries?status=failed")).await.ok();
        let failed = &page["items"][0];
        assert_eq!(failed["reason"], "missing_permission");
        let path = ada.path(&format!("deliveries/{}", failed["id"].as_str().unwrap()));
        let detail = ada.browser.get(&path).await.ok();
        assert_eq!(detail["attempts"][0]["http_status"], 403);
        assert_eq!(detail["attempts"][0]["discord_code"], 50013);
        t.discord.set_everyone_overwrite(ada.guild.channel, 0, 0);
        let resend = format!("{path}/resend");
        let planned = ada.browser.post(&resend, &json!({})).await;
        assert_eq!(planned.status, 202);
        assert_eq!(planned.body["ping"], true, "the stream is fresh");
        ada.browser.post(&resend, &json!({})).await.refused(409, "under_way");
        t.work().await;
        assert_eq!(t.message(ada.guild).mention_roles, [role.to_string()]);
        // Again, later: another message, and nobody is pinged.
        t.after(time::Duration::minutes(12)).await;
        let planned = ada.browser.post(&resend, &json!({})).await;
        assert_eq!(planned.body["ping"], false);
        t.work().await;
        let messages = t.messages(ada.guild);
        assert_eq!(messages.len(), 2);
        assert!(messages[1].mention_roles.is_empty());
        t.twitch.end_stream(&ana).await;
        ada.browser.post(&resend, &json!({"ping": true})).await.refused(409, "stream_ended");
        t.after(time::Duration::minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn members_choose_and_are_told_what_discord_cannot_do() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let ben = t.discord.add_user("ben", None);
        t.discord.add_member(ada.guild.id, ben);
        let browser = t.signed_in(ben).await;
        let whole = format!("/api/users/me/preferences/{}", ada.guild.id);
        let one = format!("{whole}/{ana}");
        ada.change("config", |config| config["mention"] = json!({"kind": "members"})).await.ok();
        let put = async |path: &str, wants: Value| {
            browser.put(path, &json!({"wants_ping": wants})).await.ok()
        };
        assert_eq!(put(&whole, json!(true)).await["honoured"], true);
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.message(ada.guild).mentions, [ben.to_string()]);
        assert_eq!(put(&one, json!(false)).await["notice"], Value::Null);
        ada.change("config", |config| config["mention"] = json!({"kind": "everyone"})).await.ok();
        let told = put(&one, json!(false)).await;
        assert_eq!(told["honoured"], false);
        assert!(told["notice"].as_str().unwrap().contains("cannot"), "{told}");
        let servers = browser.get("/api/users/me/preferences").await.ok();
        let server = &servers[0];
        assert_eq!((&server["wants_ping"], &server["guild_name"]), (&json!(true), &json!("Guild")));
        assert_eq!((&server["streamers"], &server["opted_out"]), (&json!(1), &json!(1)));
        let item = &browser.get(&whole).await.ok()["items"][0];
        assert_eq!((&item["wants_ping"], &item["mention"]), (&json!(false), &json!("everyone")));
        assert_eq!(item["honoured"], false);
        put(&one, Value::Null).await;
        let item = &browser.get(&whole).await.ok()["items"][0];
        assert_eq!((&item["wants_ping"], &item["updated_at"]), (&Value::Null, &Value::Null));
        let servers = browser.get("/api/users/me/preferences").await.ok();
        assert_eq!(servers[0]["opted_out"], 0);
        browser
            .put(&format!("{whole}/999"), &json!({"wants_ping": true}))
            .await
            .refused(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn members_page_through_the_streamers_and_search_them() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        for login in ["bruno", "chiyo", "dana"] {
            let streamer = t.streamer(login).await;
            t.follow(ada.guild.id, &streamer, None).await;
        }
        t.sql("update streamers set display_name = '千代 Ch.' where login = 'chiyo'").await;
        t.sql(
            "update guild_streamers f set enabled = false from streamers s
               where s.twitch_user_id = f.twitch_user_id and s.login = 'dana'",
        )
        .await;
        let list = async |query: &str| {
            let path = format!("/api/users/me/preferences/{}?{query}", ada.guild.id);
            ada.browser.get(&path).await
        };
        let logins = |page: &Value| -> Vec<String> {
            let items = page["items"].as_array().unwrap().iter();
            items.map(|item| item["login"].as_str().unwrap().to_owned()).collect()
        };
        let first = list("limit=2").await.ok();
        assert_eq!(logins(&first), ["ana", "bruno"]);
        let after = first["next"].as_str().unwrap();
        let last = list(&format!("limit=2&after={after}")).await.ok();
        assert_eq!((logins(&last), &last["next"]), (vec!["chiyo".to_owned()], &Value::Null));
        for (q, found) in
            [("N", vec!["ana", "bruno"]), ("%E4%BB%A3+cH", vec!["chiyo"]), ("%25", vec![])]
        {
            assert_eq!(logins(&list(&format!("q={q}")).await.ok()), found, "{q}");
        }
        let long = format!("q={}", "x".repeat(101));
        for bad in ["limit=0", "after=%21", "q=%00", long.as_str()] {
            list(bad).await.refused(400, "malformed");
        }
        let servers = ada.browser.get("/api/users/me/preferences").await.ok();
        assert_eq!(servers[0]["streamers"], 3, "those that are announced");
    })
    .await;
}

#[tokio::test]
async fn choice_is_not_honoured_where_one_of_two_channels_pings_a_crowd() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let second = t.discord.add_channel(ada.guild.id, "second");
        let whole = format!("/api/users/me/preferences/{}", ada.guild.id);
        let one = format!("{whole}/{ana}");
        let honoured = async || {
            let body = json!({"wants_ping": false});
            let stored = [&whole, &one].map(|path| ada.browser.put(path, &body));
            let stored = futures_util::future::join_all(stored).await;
            let mut all: Vec<_> = stored.into_iter().map(|a| a.ok()["honoured"].clone()).collect();
            all.push(ada.browser.get(&whole).await.ok()["items"][0]["honoured"].clone());
            all
        };
        let announce = async |crowd: bool| {
            let kind = if crowd { "here" } else { "none" };
            let both = json!([
                {"channel_id": null, "mention": {"kind": "members"}},
                {"channel_id": second, "mention": {"kind": kind}},
            ]);
            ada.change(&format!("streamers/{ana}"), |body| {
                *body = json!({"enabled": true, "destinations": both});
            })
            .await
            .ok();
        };
        announce(false).await;
        assert_eq!(honoured().await, [true, true, true]);
        announce(true).await;
        assert_eq!(honoured().await, [false, false, false]);
    })
    .await;
}

#[tokio::test]
async fn hostile_bodies_get_words_and_change_nothing() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let post = async |body: &str, kind: &str| {
            let headers = [("content-type", kind), ("origin", t.url.as_str())];
            let cookie =
                format!("__Host-session={}", ada.browser.cookie("__Host-session").unwrap());
            let request = sm_aws::lazy_http().post(format!("{}{}", t.url, ada.path("templates")));
            let request = headers.iter().fold(request, |r, (n, v)| r.header(*n, *v));
            request
                .header("cookie", cookie)
                .body(body.to_owned())
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
        };
        let json = "application/json";
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(300_000));
        for (body, kind, status) in [
            ("", json, 400),
            ("{", json, 400),
            ("[]", json, 400),
            ("null", json, 400),
            ("{}x", json, 400),
            (deep.as_str(), json, 400),
            (huge.as_str(), json, 413),
            ("{\"name\":\"a\",\"message\":{},\"guild_id\":\"1\"}", json, 400),
            ("{\"name\":\"a\",\"message\":{\"content\":\"\\u0000\"}}", json, 400),
            ("{\"name\":\"\\u0000\",\"message\":{}}", json, 400),
            ("name=a", "application/x-www-form-urlencoded", 415),
            ("{}", "text/plain", 415),
        ] {
            let short: String = body.chars().take(60).collect();
            assert_eq!(post(body, kind).await, status, "{short} as {kind}");
        }
        assert_eq!(t.count("message_templates").await, 0);
    })
    .await;
}
