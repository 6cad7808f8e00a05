//! Every route of the API, for everybody who might call it.

use serde_json::{Value, json};
use sm_api::{ROUTES, Route, Who};
use sm_tests::{Answer, Browser, Guild, World, scenario};
use sm_types::{TwitchUserId, UserId};

/// What the routes are called with.
struct Setup {
    guild: Guild,
    streamer: TwitchUserId,
    template: String,
    delivery: String,
    invite: String,
    message: String,
    /// A command of the channel that is the admin's, and a token for it.
    command: String,
    timer: String,
    token: String,
    admin: UserId,
    member: UserId,
    /// Manages another server, and is no member of this one.
    stranger: UserId,
}

async fn setup(t: &World) -> Setup {
    let streamer = t.streamer("ana").await;
    let guild = t.guild_following(&streamer).await;
    let [admin, member, stranger] =
        ["ada", "ben", "cleo"].map(|name| t.discord.add_user(name, None));
    t.discord.set_owner(guild.id, admin);
    t.discord.add_member(guild.id, member);
    let other = t.discord.add_guild("Elsewhere");
    t.discord.set_owner(other, stranger);
    sm_db::guilds::upsert(&t.app.pool, other, "Elsewhere").await.unwrap();
    sm_db::guilds::config::create_default(&t.app.pool, other).await.unwrap();
    t.twitch.go_live(&streamer).await;
    t.work().await;
    let browser = t.signed_in(admin).await;
    let base = format!("/api/guilds/{}", guild.id);
    let body = json!({"name": "Mine", "message": {"content": "{streamer} is live: {url}"}});
    let template = browser.post(&format!("{base}/templates"), &body).await.ok();
    let invite = browser.post(&format!("{base}/invites"), &json!({})).await.ok();
    let deliveries = browser.get(&format!("{base}/deliveries")).await.ok();
    let said = json!({"client_id": "0198b2e4-1111-7000-8000-000000000001", "text": "Hi"});
    let room = format!("/api/rooms/{}/messages", guild.id);
    let said = browser.post(&room, &said).await.ok();
    crate::chat_commands::with_bot(t, &streamer, admin).await;
    let chat = format!("/api/channels/{streamer}");
    let command = json!({"name": "hi", "responses": ["Hi"]});
    let command = browser.post(&format!("{chat}/commands"), &command).await.ok();
    let timer = json!({"name": "Hi", "responses": ["Hi"], "every_minutes": 30});
    let timer = browser.post(&format!("{chat}/timers"), &timer).await.ok();
    let token = json!({"name": "Deck", "scopes": ["run"]});
    let token = browser.post(&format!("{chat}/tokens"), &token).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Setup {
        guild,
        streamer,
        template: text(&template["id"]),
        delivery: text(&deliveries["items"][0]["id"]),
        invite: text(&invite["code"]),
        message: text(&said["message_id"]),
        command: text(&command["id"]),
        timer: text(&timer["id"]),
        token: text(&token["id"]),
        admin,
        member,
        stranger,
    }
}

fn path(setup: &Setup, route: &Route) -> String {
    let path = route
        .path
        .replace("{guild_id}", &setup.guild.id.to_string())
        .replace("{room}", &setup.guild.id.to_string())
        .replace("{message_id}", &setup.message)
        .replace("{channel_id}", setup.streamer.as_str())
        .replace("{command}", &setup.command)
        .replace("{timer_id}", &setup.timer)
        .replace("{token_id}", &setup.token)
        .replace("{secret}", "key")
        .replace("{user_id}", &setup.member.to_string())
        .replace("{streamer_id}", setup.streamer.as_str())
        .replace("{template_id}", &setup.template)
        .replace("{delivery_id}", &setup.delivery)
        .replace("{code}", &setup.invite)
        .replace("{login}", "ana")
        .replace("{session_id}", "0198b2e4-1111-7000-8000-000000000000");
    if path.ends_with("/search") { format!("{path}?q=ana") } else { path }
}

/// What a route is sent, and the status for somebody who may call it.
///
/// A route that is not listed here fails the test: nobody adds one without saying who may use it.
fn call(setup: &Setup, route: &Route) -> (Option<Value>, u16) {
    let config = json!({
        "enabled": true, "default_channel_id": setup.guild.channel, "template_id": null,
        "mention": {"kind": "none"}, "merge_window_seconds": 600, "end_action": "edit",
        "announce_types": ["live"], "quiet_hours": null, "timezone": "UTC",
    });
    let body = Some(json!({}));
    let template = json!({"name": "Renamed", "message": {"content": "{url}"}});
    let short = route.path.trim_start_matches("/api/").replace("guilds/{guild_id}", "g");
    let short = short.replace("channels/{channel_id}", "c");
    match (route.method, short.as_str()) {
        ("get", "health" | "config" | "openapi.json" | "invites/{code}") => (None, 200),
        ("get", "auth/discord/login" | "auth/discord/callback" | "auth/twitch/callback") => {
            (None, 303)
        }
        ("get", "auth/me" | "auth/sessions" | "guilds") => (None, 200),
        ("get", "users/me/preferences" | "users/me/export") => (None, 200),
        ("get", "users/me/preferences/{guild_id}") => (None, 200),
        ("get", "streamers/search" | "users/me/favorites") => (None, 200),
        ("put", "users/me/favorites") => (Some(json!({"streamer_ids": [setup.streamer]})), 200),
        ("get", "users/me/bot/link") => (None, 303),
        ("get", "users/me/bot") => (None, 200),
        ("get", "c/bot" | "c/bot/lines") => (None, 200),
        ("delete", "c/bot" | "c/bot/account") => (None, 204),
        ("get", "c/bot/account/link") => (None, 303),
        ("get", "users/me/channel") => (None, 200),
        ("get", "users/me/channel/link") => (None, 303),
        ("get", "feeds" | "channels/{login}") => (None, 200),
        // It is nobody's here.
        ("delete", "users/me/channel/{streamer_id}") => (None, 404),
        // The server shows its members nothing of it; an admin may try it out all the same.
        ("get", "feeds/{streamer_id}") => (None, 404),
        ("post", "feeds/{streamer_id}/test") => (Some(json!({"kind": "raid"})), 201),
        ("get", "invites/{code}/link" | "g/streamers/link" | "g/install") => (None, 303),
        ("get", "g/overview" | "g/audit" | "g/places" | "g/config") => (None, 200),
        ("get", "g/streamers" | "g/streamers/search" | "g/streamers/{streamer_id}") => (None, 200),
        ("get", "g/categories/search" | "g/export" | "schemas/server.json") => (None, 200),
        ("post", "g/import") => {
            (Some(json!({"file": "format: streammaxing-server\nversion: 1"})), 200)
        }
        ("post", "g/streamers/{streamer_id}/dry-run") => (body, 200),
        ("get", "g/invites" | "g/templates" | "g/templates/{template_id}") => (None, 200),
        ("get", "g/deliveries" | "g/deliveries/{delivery_id}") => (None, 200),
        ("post", "auth/logout") => (body, 204),
        ("delete", "auth/sessions") => (None, 204),
        ("delete", "auth/sessions/{session_id}") => (None, 404),
        ("delete", "users/me") => (None, 204),
        ("put", "g/config") => (Some(config), 428),
        ("put", "g/streamers/{streamer_id}") => {
            (Some(json!({"enabled": true, "destinations": [{"channel_id": null}]})), 428)
        }
        ("put", "g/templates/{template_id}") => (Some(template), 428),
        ("post", "g/streamers") => (Some(json!({"names": ["ana"]})), 200),
        ("post", "g/streamers/{streamer_id}/subscribe") => (None, 409),
        ("delete", "g/streamers/{streamer_id}") => (None, 204),
        ("post", "g/invites") => (body, 201),
        ("delete", "g/invites/{code}") => (None, 204),
        ("post", "g/templates") => (Some(json!({"name": "Another", "message": {}})), 201),
        ("post", "g/templates/preview") => (Some(json!({"message": null})), 200),
        ("post", "g/test-send") => (Some(json!({"channel_id": null, "message": null})), 200),
        ("delete", "g/templates/{template_id}") => (None, 204),
        ("post", "g/deliveries/{delivery_id}/resend") => (body, 202),
        ("put", "users/me/preferences/{guild_id}") => (Some(json!({"wants_ping": true})), 200),
        ("put", "users/me/preferences/{guild_id}/{streamer_id}") => {
            (Some(json!({"wants_ping": false})), 200)
        }
        ("get", "g/presence" | "presence/visibility") => (None, 200),
        ("put", "presence") => (
            Some(json!({
                "client_id": "0198b2e4-1111-7000-8000-000000000003", "path": "/me", "title": "Me",
            })),
            200,
        ),
        ("put", "presence/visibility") => (Some(json!({"invisible": true})), 204),
        ("post", "ws/tickets") => (None, 201),
        ("get", "rooms/{room}" | "rooms/{room}/messages" | "rooms/{room}/mutes") => (None, 200),
        ("post", "rooms/{room}/messages") => {
            (Some(json!({"client_id": "0198b2e4-1111-7000-8000-000000000002", "text": "Hi"})), 201)
        }
        ("put", "rooms/{room}/messages/{message_id}") => (Some(json!({"text": "Ho"})), 200),
        ("delete", "rooms/{room}/messages/{message_id}") => (None, 204),
        ("put", "rooms/{room}/mark") => (Some(json!({"position": 1})), 204),
        ("put", "rooms/{room}/mutes/{user_id}") => (Some(json!({"minutes": 5, "reason": ""})), 200),
        ("delete", "rooms/{room}/mutes/{user_id}") => (None, 204),
        ("get", "c/commands" | "c/commands/export" | "c/commands/settings" | "c/tokens") => {
            (None, 200)
        }
        ("get", "c/timers" | "c/deletions") => (None, 200),
        ("post", "c/timers") => {
            (Some(json!({"name": "Ho", "responses": ["Ho"], "every_minutes": 30})), 201)
        }
        ("put", "c/timers/{timer_id}") => {
            (Some(json!({"name": "Hi", "responses": ["Hi"], "every_minutes": 30})), 428)
        }
        ("delete", "c/timers/{timer_id}") => (None, 204),
        ("get", "c/commands/{command}") => (None, 200),
        ("post", "c/commands") => (Some(json!({"name": "ho", "responses": ["Ho"]})), 201),
        ("post", "c/commands/switch") => (Some(json!({"commands": [], "enabled": true})), 200),
        ("post", "c/commands/dry-run") => (Some(json!({"text": "!hi"})), 200),
        ("post", "c/commands/import") => {
            (Some(json!({"file": "[{\"command\": \"x\", \"reply\": \"y\"}]"})), 200)
        }
        ("put", "c/commands/settings") => {
            (Some(json!({"prefix": "!", "discord_url": null, "ignored": [], "builtins": {}})), 428)
        }
        ("put", "c/commands/secrets/{secret}") => (Some(json!({"value": "x"})), 204),
        ("delete", "c/commands/secrets/{secret}") => (None, 204),
        ("put", "c/commands/{command}") => (Some(json!({"name": "hi", "responses": ["Hi"]})), 428),
        ("delete", "c/commands/{command}" | "c/tokens/{token_id}") => (None, 204),
        // Tokens are for programs: no session opens it.
        ("post", "c/commands/{command}/run") => (Some(json!({})), 401),
        ("post", "c/tokens") => (Some(json!({"name": "Bot", "scopes": ["run"]})), 201),
        unlisted => panic!("say here what {unlisted:?} is sent, and what it answers"),
    }
}

async fn ask(t: &World, browser: &Browser<'_>, setup: &Setup, route: &Route) -> Answer {
    // The limit is another test's business.
    t.sql("delete from rate_buckets").await;
    let (body, _) = call(setup, route);
    let method = route.method.to_uppercase().parse().unwrap();
    browser.send(method, &path(setup, route), &[], body.as_ref()).await
}

/// A problem, or a page that explains it where a browser goes by itself.
fn refused(answer: Answer, status: u16, code: &str) {
    if answer.status == 303 {
        let page = answer.location();
        assert!(page.starts_with('/') && page.ends_with(&format!("?error={code}")), "{page}");
        assert_eq!(page.starts_with("/login?"), status == 401, "{page}");
    } else {
        answer.refused(status, code);
    }
}

#[tokio::test]
async fn every_route_takes_those_it_is_for_and_nobody_else() {
    scenario(async |t| {
        let setup = setup(t).await;
        let nobody = t.browser();
        let (expired, revoked) = (t.signed_in(setup.admin).await, t.signed_in(setup.admin).await);
        t.sql(
            "update sessions set expires_at = now() - interval '1 hour'
             where session_id = (select session_id from sessions order by session_id desc offset 1 limit 1)",
        )
        .await;
        t.sql(
            "update sessions set revoked_at = now()
             where session_id = (select session_id from sessions order by session_id desc limit 1)",
        )
        .await;
        for route in ROUTES.iter().filter(|route| route.who != Who::Public) {
            for browser in [&nobody, &expired, &revoked] {
                refused(ask(t, browser, &setup, route).await, 401, "unauthenticated");
            }
        }
        let stranger = t.signed_in(setup.stranger).await;
        let member = t.signed_in(setup.member).await;
        for route in ROUTES {
            match route.who {
                Who::Admin => {
                    refused(ask(t, &stranger, &setup, route).await, 404, "unknown_guild");
                    refused(ask(t, &member, &setup, route).await, 403, "not_an_admin");
                }
                Who::Member => {
                    ask(t, &stranger, &setup, route).await.refused(404, "unknown_guild");
                    let answer = ask(t, &member, &setup, route).await;
                    if route.path.contains("{message_id}") {
                        // It is the admin's.
                        answer.refused(404, "not_found");
                    } else {
                        answer.ok();
                    }
                }
                Who::Token => {
                    for other in [&stranger, &member] {
                        refused(ask(t, other, &setup, route).await, 401, "unauthenticated");
                    }
                }
                Who::Owner => {
                    // Nobody learns where the bot is.
                    for other in [&stranger, &member] {
                        refused(ask(t, other, &setup, route).await, 404, "not_found");
                    }
                }
                Who::User if route.path.contains("{guild_id}") => {
                    refused(ask(t, &member, &setup, route).await, 403, "not_an_admin");
                }
                Who::User | Who::Public => {}
            }
        }
        // What ends things comes last, and each call has a session of its own.
        let mut ordered: Vec<_> = ROUTES.iter().collect();
        ordered.sort_by_key(|route| (route.method == "delete", route.path == "/api/users/me"));
        for route in ordered {
            let admin = t.signed_in(setup.admin).await;
            let answer = ask(t, &admin, &setup, route).await;
            let (_, expected) = call(&setup, route);
            assert_eq!(answer.status, expected, "{route:?}: {}", answer.body);
        }
        t.work().await;
        let denials = "select count(*) from audit_log where outcome = 'denied' and actor_id is not null";
        let denied: i64 = sqlx::query_scalar(denials).fetch_one(&t.app.pool).await.unwrap();
        let admin_routes = ROUTES.iter().filter(|r| r.who == Who::Admin).count();
        assert!(usize::try_from(denied).unwrap() >= admin_routes, "every denial is audited: {denied}");
    })
    .await;
}

#[tokio::test]
async fn unknown_ids_look_like_those_of_others() {
    scenario(async |t| {
        let setup = setup(t).await;
        let stranger = t.signed_in(setup.stranger).await;
        let known = stranger.get(&format!("/api/guilds/{}/config", setup.guild.id)).await;
        for id in ["1", "0", "18446744073709551615", "18446744073709551616", "-1", "abc", "%00"] {
            let unknown = stranger.get(&format!("/api/guilds/{id}/config")).await;
            assert_eq!((unknown.status, &unknown.body), (known.status, &known.body), "{id}");
        }
        let admin = t.signed_in(setup.admin).await;
        let base = format!("/api/guilds/{}", setup.guild.id);
        for path in [
            "templates/0198b2e4-1111-7000-8000-000000000000",
            "templates/x",
            "deliveries/x",
            "streamers/999",
            "streamers/%00",
            "streamers/%F0%9F%92%A9",
        ] {
            let answer = admin.get(&format!("{base}/{path}")).await;
            assert_eq!(
                (answer.status, answer.code()),
                (404, "not_found"),
                "{path}: {}",
                answer.body
            );
        }
    })
    .await;
}

#[tokio::test]
async fn demoted_admin_is_noticed_within_minutes_and_while_discord_is_away() {
    scenario(async |t| {
        let setup = setup(t).await;
        let role = t.discord.add_role(setup.guild.id, "Mods", false);
        t.discord.set_role_permissions(setup.guild.id, role, 1 << 5);
        t.discord.give_role(setup.guild.id, setup.member, role);
        let browser = t.signed_in(setup.member).await;
        let path = format!("/api/guilds/{}/config", setup.guild.id);
        let etag = browser.get(&path).await.header("etag").to_owned();
        let config = browser.get(&path).await.ok();
        browser.put_from(&path, &etag, &config).await.ok();
        t.discord.take_role(setup.guild.id, setup.member, role);
        t.clock.advance(time::Duration::minutes(6));
        browser.get(&path).await.refused(403, "not_an_admin");
        t.discord.give_role(setup.guild.id, setup.member, role);
        t.clock.advance(time::Duration::minutes(6));
        let etag = browser.get(&path).await.header("etag").to_owned();
        // Discord is away: reading goes on for a while, writing does not.
        t.discord.set_down(true);
        t.clock.advance(time::Duration::minutes(6));
        browser.get(&path).await.ok();
        browser.put_from(&path, &etag, &config).await.refused(502, "remote_unavailable");
        t.clock.advance(time::Duration::hours(2));
        browser.get(&path).await.refused(502, "remote_unavailable");
        t.discord.set_down(false);
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn description_of_the_api_is_the_committed_one_and_names_every_route() {
    let made = sm_api::openapi::document();
    let committed: Value =
        serde_json::from_str(include_str!("../../crates/api/openapi.json")).unwrap();
    assert!(made == committed, "run `make openapi`");
    let page = include_str!("../../docs/api-reference.md");
    assert!(sm_cli::api_reference::render(&made) == page, "run `make openapi`");
    for route in ROUTES {
        let operation = &made["paths"][route.path][route.method];
        assert!(operation["summary"].is_string(), "{route:?} is not described");
        let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
        assert!(statuses.iter().any(|s| s.starts_with('2') || s.as_str() == "303"), "{route:?}");
        assert_eq!(operation["security"].is_array(), route.who != Who::Public, "{route:?}");
    }
    let described: usize =
        made["paths"].as_object().unwrap().values().map(|p| p.as_object().unwrap().len()).sum();
    assert_eq!(described, ROUTES.len());
}
