//! What a job is made of: steps that do a page each and say where to go on.

use crate::App;
use std::{future::Future, pin::Pin, time::Duration};
use time::OffsetDateTime;

/// Requests per minute that jobs together make at Twitch. It allows an application 800; the rest is for
/// the titles of go-lives, for subscriptions and for people.
const TWITCH_PER_MINUTE: u32 = 500;

/// Where a run stands.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// When it began, which may be some turns ago.
    pub begun_at: OffsetDateTime,
    /// What the step before returned; none at the beginning.
    pub cursor: Option<&'a str>,
}

/// Where the run goes on, or nothing when it is done.
pub type Step = Result<Option<String>, Failure>;
/// A step under way.
pub type BoxedStep<'a> = Pin<Box<dyn Future<Output = Step> + Send + 'a>>;

/// Why a step did not come to its end. Steps may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Twitch refuses, or does not answer.
    #[error("Twitch: {0}")]
    Twitch(#[from] sm_twitch::Error),
    /// Discord refuses, or does not answer.
    #[error("Discord: {0}")]
    Discord(#[from] sm_discord::Error),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A page of a list names nothing behind the page before.
    #[error("the list does not go on")]
    Stuck,
    /// Asked for again, the same page would fail again: the next try begins the list anew.
    #[error("the list leads nowhere")]
    Nowhere,
    /// Jobs have used up their share of Twitch's limit.
    #[error("jobs have used up their share of Twitch's limit")]
    Paced,
    /// The turn ended in the midst of the page.
    #[error("a page takes longer than a turn")]
    TooSlow,
}

impl Failure {
    /// For how long the job has to wait when nothing is wrong but the pace.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Twitch(sm_twitch::Error::RateLimited { retry_after })
            | Self::Discord(sm_discord::Error::RateLimited { retry_after, .. }) => {
                Some(*retry_after)
            }
            Self::Paced => Some(Duration::from_secs(10)),
            _ => None,
        }
    }
}

/// Takes one of the requests that jobs may make at Twitch; more of them have to wait.
pub(crate) async fn pace_twitch(app: &App) -> Result<(), Failure> {
    let key = "jobs:twitch";
    let may = sm_db::limits::spend(&app.pool, key, TWITCH_PER_MINUTE, 60).await?;
    if may { Ok(()) } else { Err(Failure::Paced) }
}
