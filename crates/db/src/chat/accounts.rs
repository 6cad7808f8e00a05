//! Accounts on Twitch that the bot speaks with.

use sm_types::TwitchUserId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// An account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Account {
    #[sqlx(try_from = "String")]
    pub bot_id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    pub is_service: bool,
    /// Access and refresh token, encrypted; absent where the app's own token speaks for it.
    pub tokens: Option<Vec<u8>>,
    pub tokens_expire_at: Option<OffsetDateTime>,
    pub scopes: Vec<String>,
    /// `ready`, or `unlinked`: it has to be linked again.
    pub state: String,
}

const COLUMNS: &str =
    "bot_id, login, display_name, is_service, tokens, tokens_expire_at, scopes, state";

/// What is known of an account that was linked.
#[derive(Debug, Clone)]
pub struct Link<'a> {
    pub bot: &'a TwitchUserId,
    pub login: &'a str,
    pub display_name: &'a str,
    pub scopes: &'a [String],
    /// Encrypted, and when the access token ends.
    pub tokens: Option<(&'a [u8], OffsetDateTime)>,
}

/// Makes an account the service's own, in the place of another. In a transaction.
pub async fn link_service(db: &mut crate::Session, link: &Link<'_>) -> sqlx::Result<()> {
    sqlx::query("update chat_accounts set is_service = false, updated_at = now() where is_service and bot_id <> $1")
        .bind(link.bot.as_str())
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "insert into chat_accounts (bot_id, login, display_name, is_service, scopes, tokens, tokens_expire_at)
         values ($1, $2, $3, true, $4, $5, $6)
         on conflict on constraint chat_accounts_pkey do update
         set login = excluded.login, display_name = excluded.display_name, is_service = true,
           scopes = excluded.scopes, tokens = excluded.tokens, tokens_expire_at = excluded.tokens_expire_at,
           tokens_leased_until = null, state = 'ready', linked_at = now(), updated_at = now()",
    )
    .bind(link.bot.as_str())
    .bind(link.login)
    .bind(link.display_name)
    .bind(link.scopes)
    .bind(link.tokens.map(|(ciphertext, _)| ciphertext))
    .bind(link.tokens.map(|(_, expires_at)| expires_at))
    .execute(&mut *db)
    .await?;
    Ok(())
}

/// Stores an account that a channel brings. What it has granted before is not narrowed.
pub async fn link_own(db: impl PgExecutor<'_>, link: &Link<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into chat_accounts as a (bot_id, login, display_name, scopes, tokens, tokens_expire_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint chat_accounts_pkey do update
         set login = excluded.login, display_name = excluded.display_name,
           scopes = array(select distinct unnest(a.scopes || excluded.scopes)), tokens = excluded.tokens,
           tokens_expire_at = excluded.tokens_expire_at, tokens_leased_until = null, state = 'ready',
           linked_at = now(), updated_at = now()",
    )
    .bind(link.bot.as_str())
    .bind(link.login)
    .bind(link.display_name)
    .bind(link.scopes)
    .bind(link.tokens.map(|(ciphertext, _)| ciphertext))
    .bind(link.tokens.map(|(_, expires_at)| expires_at))
    .execute(db)
    .await?;
    Ok(())
}

/// The service's account, if one is linked.
pub async fn service(db: impl PgExecutor<'_>) -> sqlx::Result<Option<Account>> {
    let statement = format!("select {COLUMNS} from chat_accounts where is_service");
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_optional(db).await
}

/// An account.
pub async fn find(db: impl PgExecutor<'_>, bot: &TwitchUserId) -> sqlx::Result<Option<Account>> {
    let statement = format!("select {COLUMNS} from chat_accounts where bot_id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(bot.as_str()).fetch_optional(db).await
}

/// Accounts whose tokens are kept, behind a cursor.
pub async fn with_tokens(
    db: impl PgExecutor<'_>,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<TwitchUserId>> {
    let ids: Vec<String> = sqlx::query_scalar(
        "select bot_id from chat_accounts where tokens is not null and bot_id > $1 order by bot_id limit $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(TwitchUserId).collect())
}

/// Takes it on to refresh an account's tokens; false while another instance does.
pub async fn lease_tokens(
    db: impl PgExecutor<'_>,
    bot: &TwitchUserId,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> sqlx::Result<bool> {
    let leased = sqlx::query(
        "update chat_accounts set tokens_leased_until = $3
         where bot_id = $1 and (tokens_leased_until is null or tokens_leased_until <= $2)",
    );
    let leased = leased.bind(bot.as_str()).bind(now).bind(until).execute(db).await?;
    Ok(leased.rows_affected() > 0)
}

/// Stores what a refresh has brought, or gives the lease back with what was there.
pub async fn set_tokens(
    db: impl PgExecutor<'_>,
    bot: &TwitchUserId,
    tokens: Option<(&[u8], OffsetDateTime)>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update chat_accounts set tokens = coalesce($2, tokens), tokens_expire_at = coalesce($3, tokens_expire_at),
           tokens_leased_until = null, updated_at = now() where bot_id = $1",
    )
    .bind(bot.as_str())
    .bind(tokens.map(|(ciphertext, _)| ciphertext))
    .bind(tokens.map(|(_, expires_at)| expires_at))
    .execute(db)
    .await?;
    Ok(())
}

/// An account has withdrawn what it had granted, or its tokens are refused for good: nothing is said as it any more.
/// False when we know no such account.
pub async fn unlink(db: impl PgExecutor<'_>, bot: &TwitchUserId) -> sqlx::Result<bool> {
    let unlinked = sqlx::query(
        "update chat_accounts set state = 'unlinked', tokens = null, tokens_expire_at = null,
           tokens_leased_until = null, scopes = '{}', updated_at = now() where bot_id = $1 and state <> 'unlinked'",
    );
    Ok(unlinked.bind(bot.as_str()).execute(db).await?.rows_affected() > 0)
}
