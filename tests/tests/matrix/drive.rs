//! How the product comes to make each call.

use super::{
    calls::{Call, Remote},
    stage::Stage,
};
use crate::interactions::doer;
use serde_json::json;
use sm_discord::EventWebhooks;
use sm_lambda::Config;
use sm_services::{
    App,
    guilds::{install, places},
    interactions::{definitions, registration},
    streamers::reconcile,
};
use sm_sim::{
    discord::{self, FaultKind},
    twitch::game_id,
    unkind::{Fault, Unkind},
};
use sm_tests::{Answer, Browser, World};

/// What whoever asked was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// Nobody asked, or all went well.
    Well,
    /// That it cannot be had now, or not so.
    No(String),
}

impl Told {
    pub(super) fn of<T, E: std::fmt::Display>(result: Result<T, E>) -> Self {
        result.map_or_else(|error| Self::No(error.to_string()), |_| Self::Well)
    }

    /// A page that cannot be shown says so; it never is our own mistake.
    fn of_page(answer: &Answer) -> Self {
        let said = format!("{} {}", answer.status, answer.body);
        assert_ne!(answer.status, 500, "an error of ours: {said}");
        let sent_back = answer.header("location").contains("error=");
        let told = answer.body["problem"].is_string();
        let well = (200..400).contains(&answer.status) && !sent_back && !told;
        if well { Self::Well } else { Self::No(said) }
    }
}

/// The requests that meet the unkind answer: where a call is about a server, those about one of the servers.
pub(super) fn scope(stage: &Stage<'_>, call: &Call) -> String {
    let channel = |guild: sm_tests::Guild| format!("channels/{}", guild.channel);
    let guild = format!("guilds/{}", stage.of_ana.id);
    let of = match call.name {
        "edit_message" => call.route.replacen("channels/*", &channel(stage.editing), 1),
        "delete_message" => call.route.replacen("channels/*", &channel(stage.deleting), 1),
        _ => call.route.replacen("channels/*", &channel(stage.of_ana), 1).replacen(
            " guilds/*",
            &format!(" {guild}"),
            1,
        ),
    };
    format!("{of}$")
}

/// Sets the fault.
pub(super) fn set(stage: &Stage<'_>, call: &Call, answer: Unkind, times: Option<u32>) {
    let path = scope(stage, call);
    match call.remote {
        Remote::Twitch => stage.t.twitch.fault(Fault::of(&path, answer, times)),
        Remote::Discord => {
            stage.t.discord.fault(discord::Fault { path, times, answer: FaultKind::Any(answer) });
        }
    }
}

/// What has to be before, so that the call is made.
pub(super) async fn prepare(stage: &Stage<'_>, call: &Call) {
    let t = stage.t;
    if let Some(chatty) = &stage.chatty {
        chatty.prepare(t, call).await;
    }
    match call.name {
        "app_token" => t.twitch.expire_app_tokens(),
        "create_subscription" => stage.want_anew(true).await,
        "subscription" => stage.want_anew(false).await,
        "delete_subscription" => stage.have_an_unwanted_one().await,
        "list_messages" => {
            let lost = discord::Fault::new(FaultKind::lost_answer(), 1);
            t.discord.fault(lost.in_channel(stage.of_ana.channel));
            t.twitch.go_live(&stage.ana).await;
            t.work().await;
            // By now Discord has forgotten what we called the message.
            stage.pass(240).await;
            t.discord.forget_nonces();
        }
        "get_channel" | "get_guild" | "get_member" => {
            let refuse = FaultKind::Refuse { status: 403, code: 50013 };
            t.discord.fault(discord::Fault::new(refuse, 1).in_channel(stage.of_ana.channel));
        }
        "refresh_tokens" => {
            stage.sign_in().await;
            t.sql("update users set tokens_expire_at = now() - interval '1 day', guilds_fetched_at = null").await;
        }
        "search_channels" | "search_categories" | "games" | "users_by_login" | "exchange_code"
        | "validate" | "get_guild_channels" => {
            stage.sign_in().await;
        }
        _ => {}
    }
}

/// Whether Ana's stream is what makes the product ask.
pub(super) fn ana_is_live(call: &Call) -> bool {
    matches!(
        call.name,
        "list_messages"
            | "get_channel"
            | "get_guild"
            | "get_member"
            | "create_message"
            | "channels"
            | "app_token"
    )
}

/// Makes the product ask.
pub(super) async fn drive(stage: &Stage<'_>, call: &Call) -> Told {
    let t = stage.t;
    if let Some(chatty) = &stage.chatty {
        return chatty.drive(t, call).await;
    }
    match (call.remote, call.name) {
        (_, "create_subscription" | "subscription" | "delete_subscription" | "list_messages") => {
            t.work().await;
            Told::Well
        }
        (
            _,
            "get_channel" | "get_guild" | "get_member" | "create_message" | "channels"
            | "app_token",
        ) => {
            t.twitch.go_live(&stage.ana).await;
            t.work().await;
            Told::Well
        }
        (_, "users" | "streams" | "subscriptions_page" | "bot_guilds") => {
            stage.let_all_jobs_run().await;
            Told::Well
        }
        // They come with the end of Cleo's stream.
        (_, "archives" | "edit_message" | "delete_message") => Told::Well,
        (_, "list_subscriptions") => Told::of(reconcile::at_twitch(&t.app).await),
        (_, "subscription_budget") => {
            let token = t.app.twitch.app_token().await.unwrap().secret;
            Told::of(t.app.twitch.subscription_budget(&token).await)
        }
        (_, "users_by_login") => {
            let body = json!({ "names": ["bruno"] });
            let path = format!("/api/guilds/{}/streamers", stage.of_bruno.id);
            Told::of_page(&stage.browser.post(&path, &body).await)
        }
        (_, "search_channels") => {
            let path = format!("/api/guilds/{}/streamers/search?q=bru", stage.of_bruno.id);
            Told::of_page(&stage.browser.get(&path).await)
        }
        (_, "search_categories") => {
            let path = format!("/api/guilds/{}/categories/search?q=cel", stage.of_bruno.id);
            Told::of_page(&stage.browser.get(&path).await)
        }
        (_, "games") => {
            let path = format!("/api/guilds/{}/config", stage.of_bruno.id);
            let read = stage.browser.get(&path).await;
            let etag = read.header("etag").to_owned();
            let mut config = read.ok();
            config["rules"] = json!({ "categories": { "only": [{ "id": game_id("Celeste") }] } });
            let saved = stage.browser.put_from(&path, &etag, &config).await;
            // It is asked for only while it is new.
            t.sql("update guild_config set rules = null").await;
            Told::of_page(&saved)
        }
        (Remote::Twitch, "exchange_code" | "validate") => link(stage).await,
        (_, "current_user") => {
            let fresh = another_process(t);
            Told::of(places::load(&fresh, stage.of_ana.id).await)
        }
        (_, "get_guild_channels") => {
            let path = format!("/api/guilds/{}/places", stage.of_ana.id);
            Told::of_page(&stage.browser.get(&path).await)
        }
        (_, "get_guild_roles") => {
            let found = places::find_foreign(&t.app, stage.of_ana.id, &[], &[stage.role]).await;
            match found {
                Ok(Some(foreign)) => Told::No(format!("{foreign:?}")),
                other => Told::of(other),
            }
        }
        (_, "leave_guild") => {
            let told = Told::of(install::leave(&t.app, stage.spare).await);
            t.discord.set_bot_present(stage.spare, true);
            told
        }
        (_, "application") => Told::of(t.app.discord.application().await),
        (_, "edit_application") => {
            let to = EventWebhooks::to(&format!("{}/webhooks/discord", t.url));
            Told::of(t.app.discord.edit_application(&to).await)
        }
        (_, "set_interactions_url") => {
            let url = format!("{}/interactions", t.url);
            Told::of(t.app.discord.set_interactions_url(Some(&url)).await)
        }
        (_, "commands") => Told::of(registration::look(&t.app).await),
        (_, "overwrite_commands") => {
            Told::of(t.app.discord.overwrite_commands(&definitions::commands(), &[]).await)
        }
        (_, "edit_original") => {
            t.discord.set_interactions_url(&format!("{}/interactions", t.url));
            t.sql("delete from rate_buckets").await;
            let doer = doer(stage.of_ana, stage.ada);
            let why = [("streamer", json!(stage.ana.as_str()))];
            t.discord.command(doer, "streammaxing why", &why).await;
            t.work().await;
            Told::Well
        }
        (_, "refresh_tokens") => Told::of_page(&stage.browser.get("/api/guilds").await),
        (_, "revoke_tokens") => {
            let user = t.discord.add_user("zoe", Some("Zoe"));
            t.sql("delete from rate_buckets").await;
            let zoe = t.signed_in(user).await;
            Told::of_page(&zoe.delete("/api/users/me").await)
        }
        (Remote::Discord, "exchange_code" | "user" | "user_guilds") => {
            t.sql("delete from rate_buckets").await;
            let browser = t.browser();
            let begun = browser.get("/api/auth/discord/login").await;
            let landed = browser.consent(begun.location(), &format!("as={}", stage.ada)).await;
            Told::of_page(&landed)
        }
        (_, name) => panic!("{name} has no arm in drive.rs"),
    }
}

/// A streamer proves that a channel is theirs.
async fn link(stage: &Stage<'_>) -> Told {
    let browser: &Browser<'_> = &stage.browser;
    let begun = browser.get(&format!("/api/guilds/{}/streamers/link", stage.of_bruno.id)).await;
    let page = begun.location().to_owned();
    Told::of_page(&browser.consent(&page, &format!("as={}", stage.bruno)).await)
}

/// The same product in another process, which knows nothing yet.
fn another_process(t: &World) -> App {
    let find = |name: &str| t.settings.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
    let config = Config::from_lookup(find).unwrap();
    sm_lambda::build_app(&config, t.clock.clone()).unwrap()
}
