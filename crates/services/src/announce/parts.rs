//! A message without the parts that Discord has refused: the admin's other words stay.

use super::record::Why;
use serde_json::json;
use sm_discord::{Error, refused_parts};
use sm_types::{
    announcement::NamedReason,
    template::{Embed, RenderedMessage},
};

/// The message without what was refused, and the names of those parts in the template; `None` when something
/// else was refused too.
pub(super) fn without_refused(
    message: &RenderedMessage,
    error: &Error,
) -> Option<(RenderedMessage, Vec<String>)> {
    let refused = refused_parts(error);
    let mut fewer = message.clone();
    let embed = fewer.embeds.first_mut().filter(|_| !refused.is_empty())?;
    let mut left_out = Vec::new();
    let mut fields = Vec::new();
    for path in &refused {
        let part = path.strip_prefix("embeds.0.")?;
        let name = match part.strip_prefix("fields.") {
            Some(field) => {
                let number: usize = field.split('.').next()?.parse().ok()?;
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
}
