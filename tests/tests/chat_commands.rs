//! What the chat bot answers: commands as their owner keeps them, cooldowns under a crowd, built-ins, imports.

use serde_json::{Value, json};
use sm_db::chat::uses::{self, Reserved, Use};
use sm_services::chat::{PlanError, filters::Verdict, judge, plan};
use sm_tests::{Browser, World, scenario};
use sm_types::{
    TwitchUserId, UserId,
    chat::{Badge, Chatter, CommandId, Heard, Line, Silence, Waits},
};
use time::Duration;
use uuid::Uuid;

struct Owner<'a> {
    browser: Browser<'a>,
    channel: TwitchUserId,
}

impl Owner<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/api/channels/{}/{rest}", self.channel)
    }

    async fn add(&self, name: &str, response: &str, more: Value) -> Value {
        let mut body = json!({"name": name, "responses": [response]});
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        self.browser.post(&self.path("commands"), &body).await.ok()
    }
}

async fn owner<'a>(t: &'a World) -> Owner<'a> {
    let channel = t.streamer("ana").await;
    let user = t.discord.add_user("ana", None);
    let browser = t.signed_in(user).await;
    with_bot(t, &channel, user).await;
    Owner { browser, channel }
}

/// Lets the bot be in a channel that belongs to somebody.
pub(crate) async fn with_bot(t: &World, channel: &TwitchUserId, owner: UserId) {
    sqlx::query(
        "with channel as (insert into chat_channels (twitch_user_id, owner_id) values ($1, $2))
         insert into chat_paces (twitch_user_id) values ($1)",
    )
    .bind(channel.as_str())
    .bind(owner.to_db())
    .execute(&t.app.pool)
    .await
    .unwrap();
}

fn line_of(channel: &TwitchUserId, id: &str, who: &str, badges: &[&str], text: &str) -> Line {
    let badge = |set: &&str| Badge { set: (*set).to_owned(), id: "1".to_owned() };
    Heard {
        channel: channel.clone(),
        message_id: id.to_owned(),
        chatter: Chatter {
            id: format!("80{}", who.len()).as_str().into(),
            login: who.to_lowercase(),
            name: who.to_owned(),
            badges: badges.iter().map(badge).collect(),
        },
        text: text.to_owned(),
        fragments: vec![],
        reply: None,
        source: None,
        sent_at: time::OffsetDateTime::UNIX_EPOCH,
    }
    .into()
}

/// What is said to a line, as the queue would store it.
async fn said(t: &World, line: &Line) -> Result<Vec<String>, Silence> {
    let planned = match plan(&t.app, line, None).await {
        Ok(planned) => planned,
        Err(PlanError::Silent(silence)) => return Err(silence),
        Err(PlanError::Database(error)) => panic!("{error}"),
    };
    let mut transaction = t.app.pool.begin().await.unwrap();
    let lines = planned.settle(&t.app, &mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    Ok(lines)
}

async fn says(t: &World, channel: &TwitchUserId, who: &str, badges: &[&str], text: &str) -> String {
    let id = Uuid::now_v7().to_string();
    let lines = said(t, &line_of(channel, &id, who, badges, text)).await;
    lines.unwrap_or_else(|silence| vec![silence.code().to_owned()]).join(" | ")
}

const MOD: &[&str] = &["moderator"];

#[tokio::test]
async fn command_is_kept_found_and_answered() {
    scenario(async |t| {
        let ana = owner(t).await;
        let made = ana
            .add("Hug", "{user} hugs {touser}! ({count})", json!({"aliases": ["knuddel"]}))
            .await;
        assert_eq!(says(t, &ana.channel, "Bea", &[], "!HUG @cleo").await, "Bea hugs cleo! (1)");
        assert_eq!(says(t, &ana.channel, "Bea", &[], "!Knuddel").await, "Bea hugs Bea! (2)");
        assert_eq!(says(t, &ana.channel, "Bea", &[], "!nothing").await, "no_command");
        // An edit is seen at once, and leaves the counter.
        let path = ana.path(&format!("commands/{}", made["id"].as_str().unwrap()));
        let body = json!({"name": "hug", "responses": ["{count}: {args}"], "level": "moderator"});
        ana.browser.put_from(&path, "\"1\"", &body).await.ok();
        ana.browser.put_from(&path, "\"1\"", &body).await.refused(412, "conflict");
        assert_eq!(says(t, &ana.channel, "Bea", &[], "!hug").await, "level");
        assert_eq!(says(t, &ana.channel, "Mo", MOD, "!hug {user} /ban").await, "3: {user} /ban");
        assert_eq!(says(t, &ana.channel, "Mo", MOD, "!knuddel").await, "no_command");
        let list = ana.browser.get(&ana.path("commands?q=HUG")).await.ok();
        assert_eq!((&list["commands"][0]["uses"], &list["total"]), (&json!(3), &json!(1)));
        let id = list["commands"][0]["id"].clone();
        let switch = json!({"commands": [id], "enabled": false});
        let switched = ana.browser.post(&ana.path("commands/switch"), &switch).await.ok();
        assert_eq!(switched["switched"], 1);
        assert_eq!(says(t, &ana.channel, "Mo", MOD, "!hug").await, "disabled");
        assert_eq!(ana.browser.delete(&path).await.status, 204);
        ana.add("knuddel", "free again", json!({})).await;
        let audited: Vec<String> =
            sqlx::query_scalar("select action from audit_log where target = $1 order by audit_id")
                .bind(ana.channel.as_str())
                .fetch_all(&t.app.pool)
                .await
                .unwrap();
        let expected =
            ["create", "update", "switch", "delete", "create"].map(|a| format!("chat.command.{a}"));
        assert_eq!(audited, expected);
    })
    .await;
}

#[tokio::test]
async fn names_are_one_namespace_and_the_holder_is_named() {
    scenario(async |t| {
        let ana = owner(t).await;
        ana.add("straße", "x", json!({"aliases": ["weg"]})).await;
        for (body, field, holder) in [
            (json!({"name": "STRASSE", "responses": ["x"]}), "name", "straße"),
            (json!({"name": "y", "aliases": ["WEG"], "responses": ["x"]}), "aliases[0]", "straße"),
            (json!({"name": "Uptime", "responses": ["x"]}), "name", "uptime"),
        ] {
            let answer =
                ana.browser.post(&ana.path("commands"), &body).await.refused(422, "invalid");
            assert_eq!(answer.fields(), [field], "{body}");
            let message = answer.body["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains(holder), "{message}");
        }
        // Switched off, a built-in frees its name, and takes it back only when it is free.
        let settings = ana.path("commands/settings");
        let off = json!({"prefix": "!", "discord_url": null, "ignored": [],
            "builtins": {"uptime": {"enabled": false}}});
        ana.browser.put_from(&settings, "\"1\"", &off).await.ok();
        ana.add("uptime", "my own", json!({})).await;
        assert_eq!(says(t, &ana.channel, "Bea", &[], "!uptime").await, "my own");
        let on = json!({"prefix": "?", "discord_url": null, "ignored": [], "builtins": {}});
        let refused = ana.browser.put_from(&settings, "\"2\"", &on).await.refused(422, "invalid");
        assert_eq!(refused.fields(), ["builtins.uptime"]);
    })
    .await;
}

#[tokio::test]
async fn of_a_crowd_at_once_one_is_answered_and_the_counter_misses_nobody() {
    scenario(async |t| {
        let ana = owner(t).await;
        let command = CommandId(Uuid::now_v7());
        let now = t.clock.now();
        let used = |person: &'static str, global, user, exempt| Use {
            channel: &ana.channel,
            command,
            person,
            waits: Waits { global, user, exempt },
            now,
        };
        let reserve = async |of: Use<'_>| uses::reserve(&t.app.pool, &of).await.unwrap();
        let crowd =
            futures_util::future::join_all((0..20).map(|_| reserve(used("1", 5, 30, false)))).await;
        let taken = crowd.iter().filter(|r| matches!(r, Reserved::Taken { .. })).count();
        assert_eq!(taken, 1, "{crowd:?}");
        // Whoever is exempt waits for nobody, and makes nobody wait.
        assert_eq!(reserve(used("2", 5, 30, true)).await, Reserved::Taken { count: 2 });
        assert_eq!(reserve(used("3", 5, 30, false)).await, Reserved::CoolingDown);
        let at = |person: &'static str, seconds| Use {
            now: now + Duration::seconds(seconds),
            ..used(person, 5, 30, false)
        };
        // The person still waits when all others do not; that holds nobody up.
        assert_eq!(reserve(at("1", 6)).await, Reserved::CoolingDown);
        assert_eq!(reserve(at("3", 6)).await, Reserved::Taken { count: 3 });
        assert_eq!(reserve(at("1", 31)).await, Reserved::Taken { count: 4 });
        // Of which nothing was said: neither of both waits.
        uses::release(&t.app.pool, &at("1", 31), true).await.unwrap();
        assert_eq!(reserve(at("1", 31)).await, Reserved::Taken { count: 4 });
        let free =
            futures_util::future::join_all((0..20).map(|_| reserve(used("9", 0, 0, true)))).await;
        let mut counts: Vec<i64> = free
            .iter()
            .map(|r| if let Reserved::Taken { count } = r { *count } else { panic!("{r:?}") })
            .collect();
        counts.sort_unstable();
        assert_eq!(counts, (5..25).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn person_who_types_at_two_places_at_once_is_answered_once() {
    scenario(async |t| {
        let ana = owner(t).await;
        let command = CommandId(Uuid::now_v7());
        let used = Use {
            channel: &ana.channel,
            command,
            person: "1",
            // Nobody else waits; the person does.
            waits: Waits { global: 0, user: 30, exempt: false },
            now: t.clock.now(),
        };
        let once = async || {
            let mut transaction = t.app.pool.begin().await.unwrap();
            let reserved = uses::reserve(&mut *transaction, &used).await.unwrap();
            if reserved == Reserved::Clashed {
                uses::release(&mut *transaction, &used, false).await.unwrap();
            }
            transaction.commit().await.unwrap();
            matches!(reserved, Reserved::Taken { .. })
        };
        let all = futures_util::future::join_all((0..20).map(|_| once())).await;
        assert_eq!(all.into_iter().filter(|taken| *taken).count(), 1);
        assert_eq!(uses::count(&t.app.pool, &ana.channel, command).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn cooldowns_survive_an_edit_and_silence_costs_none() {
    scenario(async |t| {
        let ana = owner(t).await;
        let made =
            ana.add("hi", "Hi {arg 1}", json!({"cooldown": 60, "no_cooldown_from": null})).await;
        assert_eq!(says(t, &ana.channel, "Bea", &[], "!hi there").await, "Hi there");
        assert_eq!(says(t, &ana.channel, "Cleo", &[], "!hi there").await, "");
        let path = ana.path(&format!("commands/{}", made["id"].as_str().unwrap()));
        let body = json!({"name": "hi", "responses": ["{arg 1}"], "cooldown": 60});
        ana.browser.put_from(&path, "\"1\"", &body).await.ok();
        assert_eq!(says(t, &ana.channel, "Cleo", &[], "!hi there").await, "");
        t.clock.advance(Duration::seconds(61));
        // Nothing can be seen of the answer: nobody waits for it, and it does not count.
        assert_eq!(says(t, &ana.channel, "Cleo", &[], "!hi").await, "");
        assert_eq!(says(t, &ana.channel, "Cleo", &[], "!hi there").await, "there");
        let view = ana.browser.get(&path).await.ok();
        assert_eq!(view["uses"], 2);
    })
    .await;
}

#[tokio::test]
async fn responses_take_turns_and_a_line_that_comes_twice_gives_the_same() {
    scenario(async |t| {
        let ana = owner(t).await;
        let turns = json!({"responses": ["one", "two", "three"], "order": "in_turn"});
        ana.add("next", "", turns).await;
        for expected in ["one", "two", "three", "one"] {
            assert_eq!(says(t, &ana.channel, "Bea", &[], "!next").await, expected);
        }
        ana.add("dice", "{random 1-1000000} {random 1-1000000}", json!({})).await;
        let line = line_of(&ana.channel, "same", "Bea", &[], "!dice");
        let (one, two) = (said(t, &line).await, said(t, &line).await);
        assert_eq!(one, two);
        let text = one.unwrap().remove(0);
        let (first, second) = text.split_once(' ').unwrap();
        assert_ne!(first, second, "two throws are two throws");
    })
    .await;
}

#[tokio::test]
async fn viewers_text_is_never_a_command() {
    scenario(async |t| {
        let ana = owner(t).await;
        ana.add("echo", "{args}", json!({})).await;
        ana.add("shout", "/announce {args}", json!({})).await;
        for (text, expected) in [
            ("!echo /ban ana", "» /ban ana"),
            ("!echo .timeout ana", "» .timeout ana"),
            ("!echo !command add x y", "» !command add x y"),
            ("!echo \u{e0000}/ban", "» /ban"),
            ("!echo {args} {user}", "{args} {user}"),
            ("!echo \"unbalanced", "\"unbalanced"),
            ("!shout hi", "» /announce hi"),
        ] {
            assert_eq!(says(t, &ana.channel, "Eve", &[], text).await, expected, "{text}");
        }
        assert_eq!(says(t, &ana.channel, "Bot", &["bot-badge"], "!echo hi").await, "ignored");
    })
    .await;
}

#[tokio::test]
async fn builtins_tell_of_the_stream_and_moderators_keep_commands_and_quotes() {
    scenario(async |t| {
        let ana = owner(t).await;
        let bea = async |text: &str| says(t, &ana.channel, "Bea", &[], text).await;
        let moderator = async |text: &str| says(t, &ana.channel, "Mo", MOD, text).await;
        assert_eq!(bea("!uptime").await, "The stream is offline.");
        t.twitch.set_channel(&ana.channel, "Openings", "Chess");
        t.twitch.go_live(&ana.channel).await;
        t.work().await;
        t.clock.advance(Duration::minutes(65));
        assert_eq!(moderator("!uptime").await, "Live for 1 h 05 min.");
        assert_eq!(moderator("!live").await, "Live for 1 h 05 min with Chess: Openings");
        assert_eq!(bea("!game").await, "Category: Chess");
        assert!(bea("!commands").await.contains("!uptime"));
        assert!(!moderator("!followage").await.contains("has followed"));
        assert_eq!(bea("!so ana").await, "level");
        assert_eq!(
            moderator("!so @Ana").await,
            "Follow ANA at https://www.twitch.tv/ana, last seen with Chess"
        );
        assert_eq!(bea("!command add x y").await, "level");
        assert_eq!(
            moderator("!command add !wave Waves at {touser}").await,
            "Added the command wave."
        );
        assert_eq!(bea("!wave @cleo").await, "Waves at cleo");
        assert!(
            moderator("!command add wave again").await.starts_with("Not done. The command wave")
        );
        assert!(
            moderator("!command add bad {nothing}")
                .await
                .starts_with("Not done. there is no {nothing}")
        );
        assert_eq!(moderator("!command edit wave Bye").await, "Changed the command wave.");
        assert_eq!(moderator("!wave").await, "Bye");
        ana.add("boss", "x", json!({"level": "broadcaster"})).await;
        assert!(moderator("!command edit boss pwned").await.starts_with("Not done."));
        assert_eq!(moderator("!command remove wave").await, "Removed the command wave.");
        assert_eq!(moderator("!wave").await, "no_command");
        assert_eq!(moderator("!quote add /ban everybody").await, "Added quote 1.");
        assert!(moderator("!quote 1").await.starts_with("Quote 1: “/ban everybody” (20"));
        assert_eq!(moderator("!quote remove 1").await, "Removed quote 1.");
        assert_eq!(moderator("!quote add again").await, "Added quote 2.");
        assert!(moderator("!notify me").await.contains("Link your Twitch account"));
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn notify_sets_the_ping_of_whoever_has_linked() {
    scenario(async |t| {
        let ana = owner(t).await;
        let guild = t.guild_following(&ana.channel).await;
        let bea = t.discord.add_user("bea", None);
        t.discord.add_member(guild.id, bea);
        t.signed_in(bea).await;
        let account = t.streamer("bea_live").await;
        sqlx::query("insert into streamer_feeds (twitch_user_id, owner_id) values ($1, $2)")
            .bind(account.as_str())
            .bind(bea.to_db())
            .execute(&t.app.pool)
            .await
            .unwrap();
        let mut line = line_of(&ana.channel, "n1", "Bea", &[], "!notify me");
        line.chatter.id = account;
        let lines = said(t, &line).await.unwrap();
        assert!(lines[0].starts_with("You are pinged in "), "{lines:?}");
        let wants: bool =
            sqlx::query_scalar("select wants_ping from user_preferences where user_id = $1")
                .bind(bea.to_db())
                .fetch_one(&t.app.pool)
                .await
                .unwrap();
        assert!(wants);
    })
    .await;
}

#[tokio::test]
async fn dry_run_tells_what_would_be_said_and_changes_nothing() {
    scenario(async |t| {
        let ana = owner(t).await;
        ana.add("hug", "{user} hugs {touser} ({count})", json!({"level": "vip", "cooldown": 60}))
            .await;
        let run = async |text: &str, level: &str| {
            let body = json!({"text": text, "level": level, "name": "Bea"});
            ana.browser.post(&ana.path("commands/dry-run"), &body).await.ok()
        };
        let told = run("!hug ana", "vip").await;
        assert_eq!(
            (&told["command"], &told["lines"]),
            (&json!("hug"), &json!(["Bea hugs ana (1)"]))
        );
        assert_eq!(run("!hug ana", "vip").await, told, "a rehearsal cools nothing down");
        let low = run("!hug", "subscriber").await;
        assert_eq!((&low["silence"], &low["needed"]), (&json!("level"), &json!("vip")));
        assert_eq!(run("hello", "vip").await["silence"], "no_command");
        let adding = run("!command add x y", "moderator").await;
        assert_eq!((&adding["changes"], &adding["lines"]), (&json!(true), &json!([])));
        let list = ana.browser.get(&ana.path("commands")).await.ok();
        assert_eq!((&list["total"], &list["commands"][0]["uses"]), (&json!(1), &json!(0)));
        let sends: i64 = sqlx::query_scalar("select count(*) from chat_sends")
            .fetch_one(&t.app.pool)
            .await
            .unwrap();
        assert_eq!(sends, 0);
    })
    .await;
}

#[tokio::test]
async fn imports_report_every_row_and_overwrite_nothing() {
    scenario(async |t| {
        let ana = owner(t).await;
        ana.add("hug", "mine", json!({})).await;
        let file = json!({"commands": [
            {"name": "!hug", "message": "theirs", "userLevel": "everyone", "coolDown": 5, "count": 1},
            {"name": "!lurk", "message": "$(user) lurks", "userLevel": "everyone", "coolDown": 5, "count": 41},
            {"name": "!calc", "message": "$(eval 1+1)", "userLevel": "regular", "coolDown": 5, "count": 0},
            {"name": "", "message": "", "userLevel": "everyone"},
        ]})
        .to_string();
        let import = async |file: &str, dry: bool| {
            let body = json!({"file": file, "dry_run": dry});
            ana.browser.post(&ana.path("commands/import"), &body).await
        };
        let expected = json!(["skipped", "added", "disabled", "skipped"]);
        for dry in [true, false] {
            let report = import(&file, dry).await.ok();
            let outcomes: Value = report["rows"].as_array().unwrap().iter().map(|row| row["outcome"].clone()).collect();
            assert_eq!((&report["origin"], outcomes), (&json!("nightbot"), expected.clone()));
        }
        assert_eq!(says(t, &ana.channel, "Bea", &[], "!hug").await, "mine");
        assert_eq!(says(t, &ana.channel, "Bea", &[], "!lurk").await, "Bea lurks");
        assert_eq!(says(t, &ana.channel, "Mo", MOD, "!calc").await, "disabled");
        says(t, &ana.channel, "Mo", MOD, "!quote add Well said").await;
        let timer = json!({"name": "Hints", "responses": ["Drink water"], "every_minutes": 30, "min_lines": 5});
        ana.browser.post(&ana.path("timers"), &timer).await.ok();
        // What goes out comes in elsewhere.
        let text = ana.browser.get(&ana.path("commands/export")).await.ok();
        let text = text.as_str().unwrap();
        assert!(text.contains("streammaxing-chat") && text.contains("lurks"), "{text}");
        t.sql("delete from chat_commands").await;
        t.sql("delete from chat_quotes").await;
        t.sql("delete from chat_timers").await;
        t.sql("update chat_books set version = version + 1").await;
        let report = import(text, false).await.ok();
        assert_eq!((&report["origin"], &report["added"]), (&json!("streammaxing"), &json!(4)), "{report}");
        let timers = ana.browser.get(&ana.path("timers")).await.ok();
        assert_eq!((&timers[0]["every_minutes"], &timers[0]["min_lines"]), (&json!(30), &json!(5)));
        let again = import(text, true).await.ok();
        assert_eq!(again["skipped"], 5, "what is there stays: {again}");
        let list = ana.browser.get(&ana.path("commands?q=lurk")).await.ok();
        assert_eq!(list["commands"][0]["uses"], 42);
        for wrong in ["", "{}", "[1]", "a: b: c", "format: other\nversion: 1"] {
            import(wrong, false).await.refused(422, "invalid");
        }
    })
    .await;
}

#[tokio::test]
async fn secrets_and_tokens_are_shown_to_nobody() {
    scenario(async |t| {
        let ana = owner(t).await;
        let path = ana.path("commands/secrets/key");
        assert_eq!(ana.browser.put(&path, &json!({"value": "s3cr3t-value"})).await.status, 204);
        let address = "https://localhost/{args}?k={secret key}";
        let fetch = json!({"fetch_url": address, "fetch_fallback": "nothing today"});
        ana.add("rank", "Rank: {fetch}", fetch).await;
        // Nothing on this machine is asked, whatever the name is.
        assert_eq!(says(t, &ana.channel, "Mo", MOD, "!rank x").await, "Rank: nothing today");
        let settings = ana.browser.get(&ana.path("commands/settings")).await.ok();
        assert_eq!(settings["secrets"], json!(["key"]));
        let made = ana.browser.post(&ana.path("tokens"), &json!({"name": "Deck", "scopes": ["run"]})).await.ok();
        let token = made["token"].as_str().unwrap().to_owned();
        assert!(token.starts_with("smx_") && token.len() > 40);
        let listed = ana.browser.get(&ana.path("tokens")).await.ok();
        let exported = ana.browser.get(&ana.path("commands/export")).await.ok();
        let everything: String = sqlx::query_scalar(
            "select concat((select json_agg(a)::text from audit_log a), (select json_agg(k)::text from chat_tokens k),
               (select json_agg(s)::text from chat_secrets s))",
        )
        .fetch_one(&t.app.pool)
        .await
        .unwrap();
        for text in [listed.to_string(), settings.to_string(), exported.to_string(), everything] {
            assert!(!text.contains("s3cr3t-value") && !text.contains(&token), "{text}");
        }
        let secret = sm_types::Secret::new(token.clone());
        let permits = async |scope: &str| {
            sm_services::chat::tokens::permits(&t.app, &ana.channel, &secret, scope).await.unwrap()
        };
        assert!(permits("run").await.is_some() && permits("admin").await.is_none());
        let used = ana.browser.get(&ana.path("tokens")).await.ok();
        assert!(used[0]["last_used_at"].is_string());
        // A program runs a command as the owner, once, however often it asks.
        ana.add("wave", "Waves at {arg 1}", json!({"cooldown": 60})).await;
        let run = async |name: &str, token: &str| {
            let bearer = format!("Bearer {token}");
            let headers = [("authorization", bearer.as_str()), ("origin", "https://elsewhere.example")];
            let body = json!({"arguments": "bea", "client_id": "0198b2e4-1111-7000-8000-000000000009"});
            let path = ana.path(&format!("commands/{name}/run"));
            t.browser().send("POST".parse().unwrap(), &path, &headers, Some(&body)).await
        };
        assert_eq!(run("WAVE", &token).await.ok()["lines"], json!(["Waves at bea"]));
        run("wave", &token).await.refused(409, "cooling_down");
        run("nothing", &token).await.refused(404, "not_found");
        run("wave", "smx_nonsense").await.refused(401, "unauthenticated");
        let waiting: Vec<String> =
            sqlx::query_scalar("select text from chat_sends").fetch_all(&t.app.pool).await.unwrap();
        assert_eq!(waiting, ["Waves at bea"]);
        t.sql("delete from chat_sends").await;
        let id = made["id"].as_str().unwrap();
        assert_eq!(ana.browser.delete(&ana.path(&format!("tokens/{id}"))).await.status, 204);
        assert!(permits("run").await.is_none());
        run("wave", &token).await.refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn filters_judge_as_their_owner_has_set_them() {
    scenario(async |t| {
        let ana = owner(t).await;
        let spam = line_of(&ana.channel, "f1", "Eve", &[], "go to evil.com");
        assert_eq!(judge(&t.app, &spam, None).await.unwrap(), None, "off until the owner wishes");
        let body = json!({"prefix": "!", "discord_url": null, "ignored": [], "builtins": {},
            "filters": {"links": {"enabled": true, "exempt_from": "vip", "allow": ["good.com"]}}});
        ana.browser.put_from(&ana.path("commands/settings"), "\"1\"", &body).await.ok();
        let verdict = judge(&t.app, &spam, None).await.unwrap();
        assert_eq!(verdict.map(Verdict::as_str), Some("link"));
        let bad = json!({"prefix": "/", "discord_url": "nothing", "ignored": ["nobody_here"], "builtins": {},
            "filters": {"terms": {"patterns": ["("]}}});
        let refused = ana.browser.put_from(&ana.path("commands/settings"), "\"2\"", &bad).await;
        assert_eq!(refused.fields(), ["prefix", "filters.terms.patterns[0]", "discord_url"]);
    })
    .await;
}
