//! Where every interaction comes in: taken once, held to limits, and answered in time.

use super::{admin, asked::Asked, completion, language::Language, member, presses::Press};
use crate::{App, SecurityEvent, limits::Limited, setup::SaveError};
use sm_aws::metrics::{Counter, Gauge};
use sm_db::{
    guilds,
    interactions::{self, Admitted, Bucket},
    limits,
};
use sm_discord::interaction::{Button, Interaction, Place, Reply, Request, Response, Style};
use sm_types::UserId;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Discord takes no answer after 3 seconds, its own way to us and back among them.
const ANSWER_WITHIN: Duration = Duration::from_millis(2_200);
/// What one person can do at once and within so many seconds, and what is typed in that time.
const PERSONS: (u32, u32) = (15, 30);
const TYPED: (u32, u32) = (60, 30);
/// The same of all members of a server: many press a button when an announcement comes.
const SERVERS: (u32, u32) = (1_200, 30);

/// Nothing is answered: it was here before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed;

/// Answers an interaction whose signature is good.
pub async fn answer(app: &App, interaction: Interaction) -> Result<Response, Replayed> {
    let begun = Instant::now();
    if interaction.request == Request::Ping {
        return Ok(Response::Pong);
    }
    Counter::InteractionReceived.count();
    let language = Language::of(&interaction.locale);
    let typing = matches!(interaction.request, Request::Autocomplete(_));
    // What is cut off here is rolled back, or is in the outbox.
    let answered = timeout_at(begun + ANSWER_WITHIN, handle(app, interaction, language)).await;
    let response = match answered {
        Ok(Ok(response)) => response?,
        Ok(Err(error)) => not_done(language, &error),
        Err(_) => {
            tracing::warn!("an interaction was not answered in time");
            not_now(language)
        }
    };
    Gauge::InteractionMs.note(i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX));
    match response {
        Response::Message(_) if typing => Ok(Response::Choices(Vec::new())),
        response => Ok(response),
    }
}

type Answered = Result<Response, Replayed>;

async fn handle(
    app: &App,
    interaction: Interaction,
    language: Language,
) -> Result<Answered, SaveError> {
    let Interaction { id, token, place, request, .. } = interaction;
    let Some(Place { guild, member, .. }) = place else {
        return Ok(Ok(say(language.pick("Use this in a server.", "Benutze das in einem Server."))));
    };
    let asked = Asked {
        app,
        id,
        token,
        guild,
        user: member.user,
        permissions: member.permissions,
        language,
    };
    match admit(&asked, &request).await? {
        Admitted::New => {}
        Admitted::Before => return Ok(Err(Replayed)),
        Admitted::Limited => {
            SecurityEvent::RateLimited.record(Some(asked.user), "too much was done on Discord");
            return Ok(Ok(say(language.pick(
                "That was much at once. Wait half a minute.",
                "Das war viel auf einmal. Warte eine halbe Minute.",
            ))));
        }
    }
    if !guilds::is_active(&app.pool, guild).await? {
        return Ok(Ok(not_here(&asked)));
    }
    dispatch(&asked, request).await.map(Ok)
}

/// What somebody types changes nothing, so that it need not be known again.
async fn admit(asked: &Asked<'_>, request: &Request) -> sqlx::Result<Admitted> {
    if !asked.app.allows(Limited::Interactions).await {
        return Ok(Admitted::Limited);
    }
    let pool = &asked.app.pool;
    if let Request::Autocomplete(_) = request {
        let passes = limits::spend(pool, &typed(asked.user), TYPED.0, TYPED.1).await?;
        return Ok(if passes { Admitted::New } else { Admitted::Limited });
    }
    let (person, server) =
        (format!("discord:user:{}", asked.user), format!("discord:guild:{}", asked.guild));
    let bucket = |key, (burst, seconds)| Bucket { key, burst, seconds };
    interactions::admit(pool, asked.id, bucket(&person, PERSONS), bucket(&server, SERVERS)).await
}

fn typed(user: UserId) -> String {
    format!("discord:typed:{user}")
}

async fn dispatch(asked: &Asked<'_>, request: Request) -> Result<Response, SaveError> {
    match request {
        Request::Ping => Ok(Response::Pong),
        Request::Autocomplete(typed) => {
            Ok(Response::Choices(completion::complete(asked, &typed).await?))
        }
        Request::Command(call) => match call.name.as_str() {
            "live" => Ok(member::command(asked, &call).await?),
            "streammaxing" => admin::command(asked, &call).await,
            _ => Ok(Response::Message(asked.unknown())),
        },
        Request::Press(pressed) => match Press::parse(&pressed.custom_id) {
            Some(Press::Wish { streamer, wants }) => {
                Ok(member::press(asked, &streamer, wants).await?)
            }
            Some(Press::WishForAll(wants)) => Ok(member::press_for_all(asked, wants).await?),
            Some(press) => admin::press(asked, press).await,
            None => Ok(Response::Message(asked.unknown())),
        },
        Request::Submit(sent) => match Press::parse(&sent.custom_id) {
            Some(press) => admin::submit(asked, press, sent.field(admin::NAMES)).await,
            None => Ok(Response::Message(asked.unknown())),
        },
        Request::Other(kind) => {
            tracing::debug!(kind, "an interaction of a kind that is of no use here");
            Ok(Response::Message(asked.unknown()))
        }
    }
}

/// The commands can be added to a server without the bot, which then can announce nothing.
fn not_here(asked: &Asked<'_>) -> Response {
    let text = asked.language.pick(
        "StreamMaxing is not in this server. Add it at the dashboard first.",
        "StreamMaxing ist nicht auf diesem Server. Füge es zuerst im Dashboard hinzu.",
    );
    let label = asked.language.pick("Add StreamMaxing", "StreamMaxing hinzufügen");
    Response::Message(Reply::text(text).with([Button::new(
        Style::Link,
        label,
        asked.page("/servers"),
    )]))
}

fn not_done(language: Language, error: &SaveError) -> Response {
    if let SaveError::Database(error) = error {
        Counter::DatabaseError.count();
        tracing::warn!(%error, event = "database_error", "an interaction could not be answered");
    }
    say(super::refusal::told(language, error))
}

fn not_now(language: Language) -> Response {
    say(language.pick(
        "This took too long. Try again in a moment.",
        "Das hat zu lange gedauert. Versuche es gleich noch einmal.",
    ))
}

fn say(text: impl Into<String>) -> Response {
    Response::Message(Reply::text(text))
}
