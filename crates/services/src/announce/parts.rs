//! A message without the parts that Discord has refused: the admin's other words stay.

use super::record::Why;
use serde_json::json;
use sm_discord::{Error, refused_parts};
use sm_types::{
    announcement::NamedReason,
    template::{Embed, RenderedMessage},
};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};
use time::{Duration, OffsetDateTime};

/// Where Discord's paths to an embed's parts begin; a message of ours has one embed.
const EMBED: &str = "embeds.0.";
/// Parts beside the fields, as [`remove`] knows them.
const PARTS: [&str; 11] = [
    "title",
    "description",
    "url",
    "timestamp",
    "color",
    "author.url",
    "author.icon_url",
    "author",
    "image",
    "thumbnail",
    "footer",
];
/// What Discord refuses now it may take one day: after this long it is asked anew.
const REMEMBERED: Duration = Duration::HOUR;
/// So many refused parts are kept at most; beyond that all are learned anew.
const MOST: usize = 10_000;

/// The message without what was refused, and the names of those parts in the template; `None` when something
/// else was refused too.
pub(super) fn without_refused(
    message: &RenderedMessage,
    error: &Error,
) -> Option<(RenderedMessage, Vec<String>)> {
    let refused = refused_parts(error);
    let parts: Option<Vec<_>> = refused.iter().map(|path| path.strip_prefix(EMBED)).collect();
    without(message, &parts?)
}

/// The message without these parts of its embed, and their names in the template; `None` when one of them is none
/// that can be left out, or nothing would be left.
fn without(message: &RenderedMessage, parts: &[&str]) -> Option<(RenderedMessage, Vec<String>)> {
    let mut fewer = message.clone();
    let embed = fewer.embeds.first_mut().filter(|_| !parts.is_empty())?;
    let mut left_out = Vec::new();
    let mut fields = Vec::new();
    for part in parts {
        let name = match field(part) {
            Some(number) => {
                let number = number?;
                fields.push(number);
                format!("embed.fields[{number}]")
            }
            None => remove(embed, part)?.to_owned(),
        };
        if !left_out.contains(&name) {
            left_out.push(name);
        }
    }
    let mut number = 0..;
    embed.fields.retain(|_| !number.next().is_some_and(|number| fields.contains(&number)));
    left_out.sort();
    fewer.embeds.retain(|embed| !embed.shows_nothing());
    let is_empty = fewer.content.is_empty() && fewer.embeds.is_empty();
    (!is_empty).then_some((fewer, left_out))
}

/// Which field a part is of, if it is of one; `Some(None)` where the number cannot be read.
fn field(part: &str) -> Option<Option<usize>> {
    let rest = part.strip_prefix("fields.")?;
    Some(rest.split('.').next().and_then(|number| number.parse().ok()))
}

/// Takes a part out; its name in the template.
fn remove(embed: &mut Embed, part: &str) -> Option<&'static str> {
    let author = embed.author.as_mut();
    Some(match part {
        "title" => take(&mut embed.title, "embed.title"),
        "description" => take(&mut embed.description, "embed.description"),
        "url" => take(&mut embed.url, "embed.url"),
        "timestamp" => take(&mut embed.timestamp, "embed.timestamp"),
        "color" => take(&mut embed.color, "embed.color"),
        "author.url" => take(&mut author?.url, "embed.author.url"),
        "author.icon_url" => take(&mut author?.icon_url, "embed.author.icon_url"),
        _ => match part.split('.').next()? {
            "image" => take(&mut embed.image, "embed.image_url"),
            "thumbnail" => take(&mut embed.thumbnail, "embed.thumbnail_url"),
            "footer" => take(&mut embed.footer, "embed.footer.text"),
            "author" => take(&mut embed.author, "embed.author.name"),
            _ => return None,
        },
    })
}

fn take<T>(part: &mut Option<T>, name: &'static str) -> &'static str {
    *part = None;
    name
}

/// Parts that Discord has refused lately: whoever is about to send one again leaves it out at once.
///
/// Each process learns by a refusal of its own. A part is known by what it shows: a template that was corrected is
/// sent whole at once, wherever, and one streamer's odd picture costs no other theirs.
#[derive(Debug, Default)]
pub(crate) struct RefusedParts {
    hasher: RandomState,
    /// When each was refused.
    known: Mutex<HashMap<u64, OffsetDateTime>>,
}

impl RefusedParts {
    /// Remembers what Discord has refused of a message.
    pub(super) fn note(&self, message: &RenderedMessage, error: &Error, now: OffsetDateTime) {
        let Some(embed) = message.embeds.first() else { return };
        let refused = refused_parts(error);
        let parts = refused.iter().filter_map(|path| path.strip_prefix(EMBED));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, at| now - *at < REMEMBERED);
        if known.len() >= MOST {
            known.clear();
        }
        known.extend(parts.filter_map(|part| Some((self.key(embed, part)?, now))));
    }

    /// The message without what Discord would refuse; `None` when nothing of it is known to be so.
    pub(super) fn left_out(
        &self,
        message: &RenderedMessage,
        now: OffsetDateTime,
    ) -> Option<(RenderedMessage, Vec<String>)> {
        let embed = message.embeds.first()?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            return None;
        }
        let fields: Vec<_> = (0..embed.fields.len()).map(|n| format!("fields.{n}")).collect();
        let parts = PARTS.into_iter().chain(fields.iter().map(String::as_str));
        let is_known = |part: &&str| {
            let at = self.key(embed, part).and_then(|key| known.get(&key));
            at.is_some_and(|at| now - *at < REMEMBERED)
        };
        without(message, &parts.filter(is_known).collect::<Vec<_>>())
    }

    /// What tells a part from all others: which it is, and what it shows.
    fn key(&self, embed: &Embed, part: &str) -> Option<u64> {
        if let Some(number) = field(part) {
            let field = embed.fields.get(number?)?;
            return Some(self.hasher.hash_one(("field", &field.name, &field.value)));
        }
        let author = embed.author.as_ref();
        let shown = match part {
            "title" => embed.title.clone(),
            "description" => embed.description.clone(),
            "url" => embed.url.clone(),
            "timestamp" => embed.timestamp.clone(),
            "color" => embed.color.map(|color| color.to_string()),
            "author.url" => author?.url.clone(),
            "author.icon_url" => author?.icon_url.clone(),
            _ => {
                let part = part.split('.').next()?;
                let shown = match part {
                    "image" => &embed.image.as_ref()?.url,
                    "thumbnail" => &embed.thumbnail.as_ref()?.url,
                    "footer" => &embed.footer.as_ref()?.text,
                    "author" => &author?.name,
                    _ => return None,
                };
                return Some(self.hasher.hash_one((part, shown)));
            }
        };
        Some(self.hasher.hash_one((part, shown?)))
    }
}

/// What a delivery says that was posted without some parts.
pub(super) fn remark(left_out: &[String]) -> Why {
    let words = format!(
        "Discord refused {}: posted without. Correct the template there.",
        left_out.join(", ")
    );
    let why = Why::new(NamedReason::PartsLeftOut).in_words(&words);
    Why { values: Some(json!({ "parts": left_out })), ..why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use sm_types::template::{EmbedField, EmbedImage};

    fn message() -> RenderedMessage {
        let field =
            |name: &str| EmbedField { name: name.to_owned(), value: "x".to_owned(), inline: false };
        let picture = || Some(EmbedImage { url: "https://example.com/a".to_owned() });
        let embed = Embed {
            title: Some("Title".to_owned()),
            image: picture(),
            thumbnail: picture(),
            fields: ["a", "b", "c"].map(field).to_vec(),
            ..Embed::default()
        };
        RenderedMessage { content: "Hello".to_owned(), embeds: vec![embed] }
    }

    fn refused(paths: &[&str]) -> Error {
        let mut errors = json!({});
        for path in paths {
            let pointer = path.split('.').fold(&mut errors, |at, name| &mut at[name]);
            *pointer = json!({ "_errors": [] });
        }
        let errors: Option<Value> = Some(errors);
        Error::Rejected { status: 400, code: 50035, message: String::new(), errors }
    }

    #[test]
    fn what_was_refused_goes_and_the_rest_stays() {
        let error = refused(&[
            "embeds.0.thumbnail.url",
            "embeds.0.fields.0.value",
            "embeds.0.fields.2.name",
        ]);
        let (fewer, left_out) = without_refused(&message(), &error).unwrap();
        assert_eq!(left_out, ["embed.fields[0]", "embed.fields[2]", "embed.thumbnail_url"]);
        let mut expected = message();
        expected.embeds[0].thumbnail = None;
        expected.embeds[0].fields = vec![message().embeds[0].fields[1].clone()];
        assert_eq!(fewer, expected);
    }

    #[test]
    fn refusal_of_anything_else_is_no_reason_to_drop_parts() {
        for paths in
            [&["content"][..], &["embeds.0.title", "nonce"], &["embeds"], &["embeds.0.odd"], &[]]
        {
            assert_eq!(without_refused(&message(), &refused(paths)), None, "{paths:?}");
        }
        let bare = RenderedMessage {
            content: String::new(),
            embeds: vec![Embed { title: Some("Title".to_owned()), ..Embed::default() }],
        };
        assert_eq!(without_refused(&bare, &refused(&["embeds.0.title"])), None);
    }

    #[test]
    fn refused_part_is_left_out_until_it_shows_something_else_or_time_has_passed() {
        let refused_parts = RefusedParts::default();
        let now = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(refused_parts.left_out(&message(), now), None);
        let error = refused(&["embeds.0.thumbnail.url", "embeds.0.fields.1.value"]);
        refused_parts.note(&message(), &error, now);
        let later = now + Duration::minutes(59);
        let (fewer, names) = refused_parts.left_out(&message(), later).unwrap();
        assert_eq!(names, ["embed.fields[1]", "embed.thumbnail_url"]);
        assert!(fewer.embeds[0].thumbnail.is_none() && fewer.embeds[0].image.is_some());
        assert_eq!(fewer.embeds[0].fields.len(), 2);
        let mut corrected = message();
        corrected.embeds[0].thumbnail =
            Some(EmbedImage { url: "https://example.com/b".to_owned() });
        corrected.embeds[0].fields[1].value = "y".to_owned();
        assert_eq!(refused_parts.left_out(&corrected, later), None);
        assert_eq!(refused_parts.left_out(&message(), now + Duration::HOUR), None);
    }
}
