//! The small world of `streammaxing dev`: four guilds, eight streamers, three people, one missing
//! permission, and one guild that the bot has not joined yet.

use sm_db::guilds::Mention;
use sm_services::{
    App,
    chat::accounts,
    guilds,
    streamers::{reconcile, subscriptions},
};
use sm_sim::{discord::DiscordSim, twitch::TwitchSim};
use sm_types::{ChannelId, GuildId, TwitchUserId};
use std::time::Duration;

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
/// As whom the chat bot speaks.
const BOT: &str = "maxbot";
const SEND_MESSAGES: u64 = 1 << 11;
const MANAGE_GUILD: u64 = 1 << 5;
/// Streamers who have authorised the app; the others were added by name.
const LINKED: usize = 4;
/// How long Twitch's challenges may take until the world is given up.
const PATIENCE: u32 = 200;

pub use crate::output::Error;

/// Fills both simulators and the database, and subscribes to the streamers.
///
/// Subscribing is the product's own doing: the app has to answer challenges by now.
pub async fn seed(app: &App, twitch: &TwitchSim, discord: &DiscordSim) -> Result<(), Error> {
    let mut streamers = Vec::new();
    for (n, (login, name, title, game)) in STREAMERS.into_iter().enumerate() {
        let id = twitch.add_user(login, name);
        twitch.set_channel(&id, title, game);
        let streamer = sm_db::streamers::Streamer {
            id: &id,
            login,
            display_name: name,
            profile_image_url: None,
        };
        sm_db::streamers::upsert(&app.pool, &streamer).await?;
        if n < LINKED {
            twitch.grant(&id, &[sm_twitch::LINK_SCOPE]).await;
            sm_db::streamers::set_authorized(&app.pool, &id, true).await?;
        }
        streamers.push((id, login));
    }
    seed_guilds(app, discord, &streamers).await?;
    link_bot(app, twitch).await?;
    subscribe(app).await
}

/// Links the account that the chat bot speaks as, as `streammaxing chat login` does.
async fn link_bot(app: &App, twitch: &TwitchSim) -> Result<(), Error> {
    twitch.add_user(BOT, "MaxBot");
    let device = accounts::begin_link(app).await?;
    let agreed = twitch.agree_to_device(&device.user_code, BOT).await;
    match accounts::finish_link(app, &device, BOT).await? {
        Some(_) if agreed => Ok(()),
        _ => Err("the simulated Twitch has not linked the chat bot's account".into()),
    }
}

async fn seed_guilds(
    app: &App,
    discord: &DiscordSim,
    streamers: &[(TwitchUserId, &'static str)],
) -> Result<(), Error> {
    let ada = discord.add_user("ada", Some("Ada"));
    let ben = discord.add_user("ben", Some("Ben"));
    let cleo = discord.add_user("cleo", None);

    let corner = discord.add_guild("Ana's Corner");
    let announcements = discord.add_channel(corner, "announcements");
    let speedruns = discord.add_channel(corner, "speedruns");
    let role = discord.add_role(corner, "Live pings", true);
    discord.set_owner(corner, ada);
    discord.add_member(corner, ben);
    configure(app, corner, "Ana's Corner", announcements, Mention::Role(role)).await?;

    let guild = discord.add_guild("Speedrun Guild");
    let live = discord.add_channel(guild, "live-now");
    let moderators = discord.add_role(guild, "Moderators", false);
    discord.set_role_permissions(guild, moderators, MANAGE_GUILD);
    discord.set_owner(guild, cleo);
    for user in [ada, ben] {
        discord.add_member(guild, user);
    }
    discord.give_role(guild, ada, moderators);
    configure(app, guild, "Speedrun Guild", live, Mention::Members).await?;
    for user in [ada, ben] {
        sm_db::guilds::preferences::set(&app.pool, guild, None, user, true).await?;
    }

    let quiet = discord.add_guild("Quiet Library");
    let hush = discord.add_channel(quiet, "announcements");
    discord.set_everyone_overwrite(hush, 0, SEND_MESSAGES);
    discord.set_owner(quiet, ada);
    configure(app, quiet, "Quiet Library", hush, Mention::None).await?;

    let tavern = discord.add_guild("New Tavern");
    discord.add_channel(tavern, "general");
    discord.set_owner(tavern, ada);
    discord.set_bot_present(tavern, false);

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
    guilds::install::add(app, guild, name, None, None).await?;
    sm_db::guilds::configure(&app.pool, guild, Some(channel), mention).await
}

async fn follow(
    app: &App,
    guild: GuildId,
    streamer: &TwitchUserId,
    channel: Option<ChannelId>,
) -> sqlx::Result<()> {
    sm_db::streamers::follow(&app.pool, guild, streamer).await?;
    sm_db::streamers::destinations::insert(&app.pool, guild, streamer, channel, None)
        .await
        .map(drop)
}

/// Subscribes as production does, and waits until Twitch has challenged the callback.
async fn subscribe(app: &App) -> Result<(), Error> {
    reconcile::subscriptions(app).await?;
    while subscriptions::step(app).await? > 0 {}
    for _ in 0..PATIENCE {
        if sm_db::streamers::subscriptions::next_due(&app.pool).await?.is_none() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("the simulated Twitch has not enabled all subscriptions: look for warnings above".into())
}
