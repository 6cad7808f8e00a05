//! The small world of `streammaxing dev`: three guilds, eight streamers, one missing permission.

use sm_db::guilds::Mention;
use sm_services::App;
use sm_sim::{discord::DiscordSim, twitch::TwitchSim};
use sm_twitch::NewSubscription;
use sm_types::{ChannelId, GuildId, Secret, TwitchUserId, UserId};

const STREAMERS: [(&str, &str, &str, &str); 8] = [
    ("ana", "Ana", "Any% runs until I drop", "Celeste"),
    ("bruno_plays", "Bruno", "Ranked with *everyone* in chat", "Rocket League"),
    ("chiyo", "千代", "朝の雑談 ☕", "Just Chatting"),
    ("dmitri_live", "Dmitri", "Building a synth from scratch", "Science & Technology"),
    ("elif", "Elif", "Cozy farming, day 42", "Stardew Valley"),
    ("farah", "Farah", "@everyone free skins [click](https://evil.example)", "Fortnite"),
    ("gus", "Gus", "Blind run, no spoilers please", "Elden Ring"),
    ("hana", "Hana", "", "Art"),
];
/// Send Messages.
const SEND_MESSAGES: u64 = 1 << 11;
const TYPES: [(&str, &str); 4] = [
    ("stream.online", "1"),
    ("stream.offline", "1"),
    ("channel.update", "2"),
    ("user.update", "1"),
];

/// What went wrong while the world was made.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The streamers, in order.
pub struct World {
    /// Twitch's ids, and the logins.
    pub streamers: Vec<(TwitchUserId, &'static str)>,
}

/// Fills both simulators and the database, and subscribes to the streamers.
pub async fn seed(
    app: &App,
    twitch: &TwitchSim,
    discord: &DiscordSim,
    callback: &str,
    secret: &Secret,
) -> Result<World, Error> {
    let mut streamers = Vec::new();
    for (login, name, title, game) in STREAMERS {
        let id = twitch.add_user(login, name);
        twitch.set_channel(&id, title, game);
        let streamer = sm_db::streamers::Streamer {
            id: &id,
            login,
            display_name: name,
            profile_image_url: None,
        };
        sm_db::streamers::upsert(&app.pool, &streamer).await?;
        streamers.push((id, login));
    }
    seed_guilds(app, discord, &streamers).await?;
    subscribe(app, &streamers, callback, secret).await?;
    Ok(World { streamers })
}

async fn seed_guilds(
    app: &App,
    discord: &DiscordSim,
    streamers: &[(TwitchUserId, &'static str)],
) -> Result<(), Error> {
    let corner = discord.add_guild("Ana's Corner");
    let announcements = discord.add_channel(corner, "announcements");
    let speedruns = discord.add_channel(corner, "speedruns");
    let role = discord.add_role(corner, "Live pings", true);
    configure(app, corner, "Ana's Corner", announcements, Mention::Role(role)).await?;

    let guild = discord.add_guild("Speedrun Guild");
    let live = discord.add_channel(guild, "live-now");
    configure(app, guild, "Speedrun Guild", live, Mention::Members).await?;
    for user in [198_765_432_109_876_543, 298_765_432_109_876_543] {
        sm_db::preferences::set(&app.pool, guild, None, UserId(user), true).await?;
    }

    let quiet = discord.add_guild("Quiet Library");
    let hush = discord.add_channel(quiet, "announcements");
    discord.set_everyone_overwrite(hush, 0, SEND_MESSAGES);
    configure(app, quiet, "Quiet Library", hush, Mention::None).await?;

    for (id, login) in streamers {
        for guild in [corner, guild, quiet] {
            follow(app, guild, id, None).await?;
        }
        if *login == "ana" {
            follow(app, corner, id, Some(speedruns)).await?;
        }
    }
    Ok(())
}

async fn configure(
    app: &App,
    guild: GuildId,
    name: &str,
    channel: ChannelId,
    mention: Mention,
) -> sqlx::Result<()> {
    sm_db::guilds::upsert(&app.pool, guild, name).await?;
    sm_db::guilds::configure(&app.pool, guild, Some(channel), mention).await
}

async fn follow(
    app: &App,
    guild: GuildId,
    streamer: &TwitchUserId,
    channel: Option<ChannelId>,
) -> sqlx::Result<()> {
    sm_db::streamers::follow(&app.pool, guild, streamer).await?;
    sm_db::destinations::insert(&app.pool, guild, streamer, channel, None).await.map(drop)
}

/// Subscribes as production does: Twitch challenges the callback, which has to be up by now.
async fn subscribe(
    app: &App,
    streamers: &[(TwitchUserId, &'static str)],
    callback: &str,
    secret: &Secret,
) -> Result<(), Error> {
    let token = app.twitch.app_token().await?.secret;
    for (id, _) in streamers {
        for (kind, version) in TYPES {
            let key = if kind == "user.update" { "user_id" } else { "broadcaster_user_id" };
            let new = NewSubscription {
                kind: kind.to_owned(),
                version: version.to_owned(),
                condition: serde_json::json!({ key: id }),
                callback: callback.to_owned(),
                secret: secret.clone(),
            };
            let made = app.twitch.create_subscription(&token, &new).await?;
            let cost = i32::try_from(made.cost).unwrap_or(i32::MAX);
            let (of, status) = ((kind, version), made.status.as_str());
            sm_db::subscriptions::upsert(&app.pool, &made.id, Some(id), of, status, cost).await?;
        }
    }
    Ok(())
}
