//! Hostile input against the template: never a panic, always within Discord's limits.

use proptest::prelude::*;
use sm_types::template::{
    Context, EmbedTemplate, FieldTemplate, FooterTemplate, MessageTemplate, Template, Value,
    Values, Variable,
};

/// Text of the kind that breaks things, beside arbitrary text.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "@everyone",
        "<@&5>",
        "<@7>",
        "\n# ",
        "**",
        "[x](https://evil.example)",
        "\\",
        "`",
        "日本語",
        "👩‍💻",
        "discord.gg/abc",
        "\u{202e}",
        "\u{0}",
        " ",
        "{title}",
        "{{",
        "}}",
        "{#if",
        "a",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..400).prop_map(|all| all.concat()),
        any::<String>(),
        "[a-z*_]{0,5000}",
    ]
}

fn values(text: &str) -> Values {
    let mut values = Values::default();
    for variable in [Variable::Streamer, Variable::Title, Variable::Game] {
        values.set(variable, Value::Text(text.to_owned()));
    }
    values.set(Variable::Url, Value::Url("https://www.twitch.tv/ana".to_owned()));
    values.set(Variable::Mention, Value::Markup("<@&1>".to_owned()));
    values
}

fn everywhere(source: &str) -> MessageTemplate {
    let field = FieldTemplate { name: source.into(), value: source.into(), inline: false };
    MessageTemplate {
        content: source.into(),
        embed: Some(EmbedTemplate {
            title: source.into(),
            description: source.into(),
            fields: vec![field; 25],
            footer: Some(FooterTemplate { text: source.into() }),
            ..EmbedTemplate::default()
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn parsing_never_panics_and_errors_lie_within_the_source(source in hostile()) {
        if let Err(error) = <Template>::parse(&source) {
            let length = source.chars().count();
            prop_assert!(error.span.start <= error.span.end && error.span.end <= length.max(1));
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn rendered_messages_keep_discords_limits(text in hostile()) {
        let message = everywhere("{mention} **{title}** {game|truncate:900} {streamer} {url}");
        let rendered = message.parse().expect("it is valid").render(&values(&text));
        prop_assert!(!rendered.content.is_empty());
        prop_assert!(rendered.content.chars().count() <= 2000);
        let sum: usize = rendered.embeds.iter().map(sm_types::template::Embed::text_length).sum();
        prop_assert!(sum <= 6000, "{sum}");
        for field in rendered.embeds.iter().flat_map(|embed| &embed.fields) {
            prop_assert!(!field.name.is_empty() && field.name.chars().count() <= 256);
            prop_assert!(!field.value.is_empty() && field.value.chars().count() <= 1024);
        }
    }

    #[test]
    fn values_neither_mention_nor_break_lines(text in hostile(), limit in 1_usize..300) {
        let template = <Template>::parse("{title}").expect("it is valid");
        let rendered = template.render(&values(&text), Context::Content, limit);
        prop_assert!(rendered.chars().count() <= limit);
        for forbidden in ["@everyone", "@here", "<@", "\n", "\r"] {
            prop_assert!(!rendered.contains(forbidden), "{rendered:?}");
        }
        // Every special character stands behind an odd number of backslashes.
        let mut escaped = false;
        for c in rendered.chars() {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else {
                prop_assert!(!"*_~|`>#[]()<@/".contains(c), "{c} in {rendered:?}");
            }
        }
        prop_assert!(!escaped, "a backslash without its character: {rendered:?}");
    }
}
