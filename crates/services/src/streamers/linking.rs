//! A server follows a streamer, or stops to.

use super::{
    by_name, chat_linking, described, lookup,
    pasted::{NoChannel, login_of},
};
use crate::{
    App,
    accounts::{
        consent::{Answer, Given, Purpose, Refusal, given},
        exchange,
    },
    audit::{self, Action, Actor},
    guilds::access::{self, Access},
};
use serde_json::json;
use sm_aws::Ring;
use sm_db::{
    guilds::{self, invites},
    live::feeds,
    streamers::{
        self,
        follows::{self, NewFollow},
        subscriptions,
    },
};
use sm_twitch::User;
use sm_types::{GuildId, TwitchUserId, UserId, live::FeedGrant};
use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};
use time::OffsetDateTime;

/// Streamers that one server can follow.
pub const MAX_STREAMERS: i64 = 1_000;
/// The source of a streamer whom an admin has named; every other has authorised the app.
const BY_NAME: &str = "admin";

/// What came of a follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// The server follows the streamer now.
    Added,
    /// It did already.
    Already,
    /// It follows as many as it can.
    LimitReached,
    /// Whoever adds them has added as many by name as one person can.
    ByNameLimit,
    /// What Twitch allows is nearly used up: what is left is for those who have added few.
    BudgetReserved,
}

impl Followed {
    /// What helps where it was refused.
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Added | Self::Already => None,
            Self::LimitReached => Some("Remove a streamer from this server first."),
            Self::ByNameLimit => Some(
                "You have added as many streamers by name as one person can, over all servers. Let this one link \
                 their own channel, by an invite link: that counts for nobody.",
            ),
            Self::BudgetReserved => Some(
                "Twitch allows few more streamers by name, and those are kept for people who have added few. Let \
                 this one link their own channel, by an invite link: that needs none of it.",
            ),
        }
    }
}

/// Lets a server follow a streamer, as Twitch describes them now, and plans the subscriptions.
pub async fn follow(
    app: &App,
    guild: GuildId,
    user: &User,
    source: &str,
    actor: &Actor,
) -> sqlx::Result<Followed> {
    let asked_at = app.clock.now();
    let follow = Follow { guild, source, actor: Some(actor), asked_at, proof: None };
    follow_one(app, &follow, user).await
}

async fn follow_one(app: &App, follow: &Follow<'_>, user: &User) -> sqlx::Result<Followed> {
    let mut transaction = app.pool.begin().await?;
    let followed = follow_within(&mut transaction, app, follow, user).await?;
    transaction.commit().await?;
    app.doorbell.ring(Ring::Subscribe).await;
    Ok(followed)
}

/// Which server follows, how it came to that, and who wants it.
struct Follow<'a> {
    guild: GuildId,
    source: &'a str,
    actor: Option<&'a Actor>,
    /// When Twitch was asked about the streamer.
    asked_at: OffsetDateTime,
    /// What the streamer has said themselves, where it was they who came.
    proof: Option<Proof<'a>>,
}

/// A streamer has proved that a channel is theirs.
#[derive(Clone, Copy)]
struct Proof<'a> {
    /// Who they are here, where that is known.
    owner: Option<UserId>,
    /// What they want their feed to show; `None`: what it shows already.
    chosen: Option<&'a [FeedGrant]>,
    /// What Twitch confirms that they have allowed us.
    scopes: &'a [String],
}

/// Records who a streamer is and what they have chosen, and keeps their feed from now on.
async fn record_proof(
    db: &mut sm_db::Session,
    app: &App,
    streamer: &TwitchUserId,
    proof: Proof<'_>,
) -> sqlx::Result<()> {
    let Proof { owner, chosen, scopes } = proof;
    if owner.is_none() && chosen.is_none() {
        return Ok(());
    }
    let has = |grant: &&FeedGrant| scopes.iter().any(|scope| scope == grant.scope());
    let split = chosen.map(|chosen| chosen.iter().copied().partition(|grant| has(&grant)));
    let split: Option<(Vec<_>, Vec<_>)> = split;
    let chosen = split.as_ref().map(|(granted, refused)| (granted.as_slice(), refused.as_slice()));
    let link = feeds::Link { streamer, owner, chosen, now: app.clock.now() };
    feeds::link(&mut *db, &link).await?;
    feeds::keep(&mut *db, slice::from_ref(streamer)).await
}

async fn follow_within(
    db: &mut sm_db::Session,
    app: &App,
    follow: &Follow<'_>,
    user: &User,
) -> sqlx::Result<Followed> {
    guilds::lock(&mut *db, follow.guild).await?;
    streamers::upsert_all(&mut *db, &[described(user)], follow.asked_at).await?;
    if follow.source != BY_NAME {
        streamers::set_authorized(&mut *db, &user.id, true).await?;
    }
    if let Some(proof) = follow.proof {
        record_proof(&mut *db, app, &user.id, proof).await?;
    }
    let followed = insert(db, app, follow, user).await?;
    subscriptions::plan(&mut *db, slice::from_ref(&user.id), app.clock.now()).await?;
    Ok(followed)
}

async fn insert(
    db: &mut sm_db::Session,
    app: &App,
    follow: &Follow<'_>,
    user: &User,
) -> sqlx::Result<Followed> {
    let Follow { guild, source, actor, .. } = *follow;
    let added_by = actor.and_then(|actor| actor.user);
    if let Some(person) = added_by.filter(|_| source == BY_NAME)
        && !follows::exists(&mut *db, guild, &user.id).await?
        && let Some(refusal) = by_name::refusal(db, app, person, &user.id).await?
    {
        return Ok(match refusal {
            by_name::Refusal::PersonsLimit => Followed::ByNameLimit,
            by_name::Refusal::BudgetReserved => Followed::BudgetReserved,
        });
    }
    let new = NewFollow { guild, streamer: &user.id, source, added_by };
    if !follows::insert(db, &new, MAX_STREAMERS).await? {
        let already = follows::exists(&mut *db, guild, &user.id).await?;
        return Ok(if already { Followed::Already } else { Followed::LimitReached });
    }
    feeds::keep_of_guild(&mut *db, guild, Some(&user.id)).await?;
    if let Some(actor) = actor {
        let after = json!({ "login": user.login, "source": source });
        let action = Action {
            guild: Some(guild),
            name: "streamer.add",
            target: Some(user.id.as_str()),
            before: None,
            after: Some(after),
        };
        audit::done(app, &mut *db, actor, action).await?;
    }
    Ok(Followed::Added)
}

/// Stops announcing a streamer in a server; false when it did not. The history stays.
pub async fn unfollow(
    app: &App,
    guild: GuildId,
    streamer: &TwitchUserId,
    actor: &Actor,
) -> sqlx::Result<bool> {
    let mut transaction = app.pool.begin().await?;
    let gone = unfollow_within(&mut transaction, app, (guild, streamer), actor).await?;
    transaction.commit().await?;
    app.hub().feeds_changed();
    app.doorbell.ring(Ring::Subscribe).await;
    Ok(gone)
}

/// Ends a follow, with its entry in the log; false when there was none.
pub(crate) async fn unfollow_within(
    db: &mut sm_db::Session,
    app: &App,
    (guild, streamer): (GuildId, &TwitchUserId),
    actor: &Actor,
) -> sqlx::Result<bool> {
    let found = follows::find(&mut *db, guild, streamer).await?;
    if !follows::delete(&mut *db, guild, streamer).await? {
        return Ok(false);
    }
    let before = found.map(|(login, _)| json!({ "login": login }));
    subscriptions::plan(&mut *db, slice::from_ref(streamer), app.clock.now()).await?;
    let action = Action {
        guild: Some(guild),
        name: "streamer.remove",
        target: Some(streamer.as_str()),
        before,
        after: None,
    };
    audit::done(app, &mut *db, actor, action).await?;
    Ok(true)
}

/// What a pasted line came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Followed, or not, and whom it was about.
    Found { id: TwitchUserId, login: String, followed: Followed },
    /// Nobody on Twitch is called so.
    Unknown { login: String },
    /// It names no channel.
    Invalid(NoChannel),
}

/// Follows a list of names and addresses, with a result for each.
pub async fn follow_lines(
    app: &App,
    guild: GuildId,
    lines: &[String],
    actor: &Actor,
) -> Result<Vec<Line>, FollowError> {
    let logins: Vec<_> = lines.iter().map(|line| login_of(line)).collect();
    let mut distinct: Vec<String> = logins.iter().flatten().cloned().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let asked_at = app.clock.now();
    let mut users = lookup::by_logins(app, &distinct).await.map_err(FollowError::Twitch)?;
    // Whoever was named first comes first, should there be room for a few only.
    users.sort_by_key(|user| logins.iter().position(|login| login.as_ref() == Ok(&user.login)));
    let mut transaction = app.pool.begin().await?;
    guilds::lock(&mut *transaction, guild).await?;
    let named = Named { guild, users: &users, asked_at };
    let mut followed = BTreeMap::new();
    for (user, followed_so) in users.iter().zip(named.follow(&mut transaction, app, actor).await?) {
        followed.insert(user.login.as_str(), (user, followed_so));
    }
    transaction.commit().await?;
    app.doorbell.ring(Ring::Subscribe).await;
    let mut told = BTreeSet::new();
    let line = |login: Result<String, NoChannel>| match login {
        Err(what) => Line::Invalid(what),
        Ok(login) => match followed.get(login.as_str()) {
            None => Line::Unknown { login },
            Some((user, so)) => {
                // Of two lines with the same name, the second has nothing to add.
                let again = !told.insert(login.clone()) && *so == Followed::Added;
                let followed = if again { Followed::Already } else { *so };
                Line::Found { id: user.id.clone(), login, followed }
            }
        },
    };
    Ok(logins.into_iter().map(line).collect())
}

/// People whom an admin has named, as Twitch has described them.
pub(crate) struct Named<'a> {
    pub(crate) guild: GuildId,
    pub(crate) users: &'a [User],
    /// When Twitch was asked.
    pub(crate) asked_at: OffsetDateTime,
}

impl Named<'_> {
    /// Follows each and plans their subscriptions. The server's row is locked.
    pub(crate) async fn follow(
        &self,
        db: &mut sm_db::Session,
        app: &App,
        actor: &Actor,
    ) -> sqlx::Result<Vec<Followed>> {
        let Self { guild, users, asked_at } = *self;
        let known: Vec<_> = users.iter().map(described).collect();
        streamers::upsert_all(&mut *db, &known, asked_at).await?;
        let follow = Follow { guild, source: BY_NAME, actor: Some(actor), asked_at, proof: None };
        let mut followed = Vec::with_capacity(users.len());
        for user in users {
            followed.push(insert(db, app, &follow, user).await?);
        }
        let ids: Vec<_> = users.iter().map(|user| user.id.clone()).collect();
        subscriptions::plan(&mut *db, &ids, app.clock.now()).await?;
        Ok(followed)
    }
}

/// Why a list could not be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Twitch does not answer.
    #[error("Twitch: {0}")]
    Twitch(sm_twitch::Error),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A streamer who has linked their channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The server that announces them from now on, if it was about one.
    pub guild: Option<GuildId>,
    pub login: String,
    /// The invite link they came by.
    pub invite: Option<String>,
    /// The channel that the chat bot is in from now on, or that has brought its account.
    pub chat: Option<TwitchUserId>,
}

/// Takes Twitch's answer: whose channel it is, and lets the server follow it.
///
/// The token is dropped at once; that the streamer has authorised the app is what makes their
/// subscriptions free of cost.
pub async fn finish(app: &App, cookie: Option<&str>, answer: Answer) -> Result<Linked, Refusal> {
    let given = given(app, cookie, answer)?;
    let asked_at = app.clock.now();
    let (user, scopes) = match given.purpose {
        Purpose::ChatAccount { .. } => {
            let (login, channel) = chat_linking::account(app, &given).await?;
            return Ok(Linked { guild: None, login, invite: None, chat: Some(channel) });
        }
        Purpose::Link { .. }
        | Purpose::Invite { .. }
        | Purpose::Channel { .. }
        | Purpose::ChatBot { .. } => channel_of(app, &given).await?,
        _ => return Err(Refusal::StateMismatch),
    };
    let proof = Proof { owner: None, chosen: given.purpose.feed(), scopes: &scopes };
    let linked = match &given.purpose {
        Purpose::Link { guild, user: admin, .. } => {
            let proof = Proof { owner: Some(*admin), ..proof };
            link_own(app, (*guild, *admin), &user, asked_at, proof).await
        }
        Purpose::Invite { code, .. } => link_invited(app, code, &user, asked_at, proof).await,
        Purpose::ChatBot { user: owner } => {
            let joined = chat_linking::channel(app, &user, asked_at, *owner, &scopes).await;
            let (login, chat) = (user.login.clone(), Some(user.id.clone()));
            joined.map(|()| Linked { guild: None, login, invite: None, chat })
        }
        Purpose::Channel { user: owner, .. } => {
            link_channel(app, &user, asked_at, Proof { owner: Some(*owner), ..proof }).await
        }
        _ => Err(Refusal::StateMismatch),
    };
    if linked.is_ok() {
        app.hub().feeds_changed();
    }
    linked
}

/// Whose channel it is, and what they have allowed.
async fn channel_of(app: &App, given: &Given) -> Result<(User, Vec<String>), Refusal> {
    let refused = |error: sm_twitch::Error| exchange::twitch_refused(&error);
    let token = exchange::twitch(app, given).await?.access_token;
    let owner = app.twitch.validate(&token).await.map_err(refused)?;
    let user = lookup::by_id(app, &owner.user_id).await.map_err(refused)?;
    // The display name and avatar come a little later when Twitch does not list the account yet.
    let user = user.unwrap_or(User {
        id: owner.user_id,
        display_name: owner.login.clone(),
        login: owner.login,
        profile_image_url: None,
    });
    Ok((user, owner.scopes))
}

/// A streamer's own feed: what is wanted of Twitch follows from who follows them.
async fn link_channel(
    app: &App,
    user: &User,
    asked_at: OffsetDateTime,
    proof: Proof<'_>,
) -> Result<Linked, Refusal> {
    let mut transaction = app.pool.begin().await?;
    streamers::upsert_all(&mut *transaction, &[described(user)], asked_at).await?;
    streamers::set_authorized(&mut *transaction, &user.id, true).await?;
    record_proof(&mut transaction, app, &user.id, proof).await?;
    subscriptions::plan(&mut *transaction, slice::from_ref(&user.id), app.clock.now()).await?;
    transaction.commit().await?;
    app.doorbell.ring(Ring::Subscribe).await;
    Ok(Linked { guild: None, login: user.login.clone(), invite: None, chat: None })
}

async fn link_own(
    app: &App,
    (guild, admin): (GuildId, UserId),
    user: &User,
    asked_at: OffsetDateTime,
    proof: Proof<'_>,
) -> Result<Linked, Refusal> {
    // Minutes have passed on the consent page.
    let access = access::check(app, guild, admin, None, true).await;
    if access.map_err(|_| Refusal::Unavailable)? != Access::Admin {
        audit::denied(app, Some(guild), Some(admin), "streamer.add", None).await;
        return Err(Refusal::NotAdmin);
    }
    let actor = Actor { user: Some(admin), request_id: String::new() };
    let proof = Some(proof);
    let wish = Follow { guild, source: "oauth", actor: Some(&actor), asked_at, proof };
    match follow_one(app, &wish, user).await? {
        Followed::LimitReached => Err(Refusal::TooManyStreamers),
        _ => Ok(Linked { guild: Some(guild), login: user.login.clone(), invite: None, chat: None }),
    }
}

async fn link_invited(
    app: &App,
    code: &str,
    user: &User,
    asked_at: OffsetDateTime,
    proof: Proof<'_>,
) -> Result<Linked, Refusal> {
    let now = app.clock.now();
    let invite = invites::find_valid(&app.pool, code, now).await?;
    let guild = invite.ok_or(Refusal::InviteInvalid)?.guild_id;
    let mut transaction = app.pool.begin().await?;
    let proof = Some(proof);
    let follow = Follow { guild, source: "invite", actor: None, asked_at, proof };
    let followed = follow_within(&mut transaction, app, &follow, user).await?;
    match followed {
        Followed::LimitReached | Followed::ByNameLimit | Followed::BudgetReserved => {
            return Err(Refusal::TooManyStreamers);
        }
        // Whoever comes twice does not use the link up.
        Followed::Already => {}
        Followed::Added => {
            if !invites::spend(&mut *transaction, code, now).await? {
                return Err(Refusal::InviteInvalid);
            }
        }
    }
    transaction.commit().await?;
    app.doorbell.ring(Ring::Subscribe).await;
    tracing::info!(guild.id = %guild, streamer.login = user.login, "a streamer came by an invite link");
    Ok(Linked {
        guild: Some(guild),
        login: user.login.clone(),
        invite: Some(code.to_owned()),
        chat: None,
    })
}
