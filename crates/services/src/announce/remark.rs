//! What is remarked on a message that Discord has taken: what it should have done and did not.

use super::{
    record::Why,
    render::{Rendered, mentions_in_text},
};
use sm_db::guilds::Mention;
use sm_discord::Message;
use sm_types::{RoleId, announcement::NamedReason};

/// What to remark on a message that was posted or edited.
pub(super) fn on(sent: &Rendered, shown: &Message) -> Option<Why> {
    unpinged(sent, shown).or_else(|| embedless(sent.message.embeds.len(), shown))
}

fn unpinged(sent: &Rendered, shown: &Message) -> Option<Why> {
    let mention = sent.pings;
    let about = |reason: NamedReason| Why::new(reason).about_mention(mention);
    if !mentions_in_text(&sent.message.content, mention) {
        let words =
            "Nobody was pinged: the template's text lacks the mention. Put {mention} into it.";
        return Some(about(NamedReason::MentionUnused).in_words(words));
    }
    let pinged = match mention {
        // Discord does not tell which of the members were.
        Mention::None | Mention::Members => true,
        Mention::Role(role) => shown.mention_roles.contains(&role),
        Mention::Everyone | Mention::Here => shown.mention_everyone,
    };
    let words =
        "Discord pinged nobody. Grant the bot \"Mention @everyone, @here and All Roles\" here.";
    (!pinged).then(|| about(NamedReason::NotPinged).in_words(words))
}

fn embedless(sent_embeds: usize, shown: &Message) -> Option<Why> {
    if sent_embeds == 0 || !shown.embeds.is_empty() {
        return None;
    }
    Some(if shown.embeds_are_suppressed() {
        let words = "A moderator has removed the embed from the message on Discord.";
        Why::new(NamedReason::EmbedSuppressed).in_words(words)
    } else {
        Why::new(NamedReason::EmbedLeftOut)
            .missing(&["EMBED_LINKS"])
            .in_words("Discord left the embed out. Grant the bot \"Embed Links\" here.")
    })
}

/// The role that was to be pinged is gone.
pub(super) fn role_gone(role: RoleId) -> Why {
    let why = Why::new(NamedReason::RoleGone).about_mention(Mention::Role(role));
    why.in_words("Nobody was pinged: the role does not exist any more. Choose another one.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(json: serde_json::Value) -> Message {
        let mut message = json!({ "id": "1", "channel_id": "2", "author": { "id": "3" } });
        message.as_object_mut().unwrap().extend(json.as_object().unwrap().clone());
        serde_json::from_value(message).unwrap()
    }

    fn remarked(content: &str, embeds: usize, pings: Mention, json: serde_json::Value) -> String {
        let embeds = vec![sm_types::template::Embed::default(); embeds];
        let message = sm_types::template::RenderedMessage { content: content.to_owned(), embeds };
        let mentions = sm_discord::AllowedMentions::none();
        let sent = Rendered { message, mentions, pings, unlisted: 0 };
        on(&sent, &shown(json)).map(|why| why.reason.to_string()).unwrap_or_default()
    }

    #[test]
    fn embed_that_is_not_shown_is_remarked_on() {
        let found = |embeds, json| remarked("", embeds, Mention::None, json);
        assert_eq!(found(1, json!({})), "embed_left_out");
        assert_eq!(found(1, json!({ "flags": 4 })), "embed_suppressed");
        assert_eq!(found(1, json!({ "embeds": [{}] })), "");
        assert_eq!(found(0, json!({})), "");
    }

    #[test]
    fn ping_that_did_not_happen_is_remarked_on() {
        let role = Mention::Role(RoleId(7));
        assert_eq!(remarked("<@&7> live", 0, role, json!({ "mention_roles": ["7"] })), "");
        assert_eq!(remarked("<@&7> live", 0, role, json!({ "mention_roles": [] })), "not_pinged");
        assert_eq!(remarked("live", 1, role, json!({})), "mention_unused", "rather than the embed");
        let everyone = json!({ "mention_everyone": true });
        assert_eq!(remarked("@everyone", 0, Mention::Everyone, everyone.clone()), "");
        assert_eq!(remarked("@here", 0, Mention::Here, everyone.clone()), "");
        assert_eq!(remarked("@here", 0, Mention::Here, json!({})), "not_pinged");
        assert_eq!(remarked("@everyone", 0, Mention::Here, everyone), "mention_unused");
        assert_eq!(remarked("<@5>", 0, Mention::Members, json!({})), "");
        assert_eq!(remarked("live", 0, Mention::Members, json!({})), "mention_unused");
        assert_eq!(remarked("live", 0, Mention::None, json!({})), "");
    }
}
