//! Rules about what is announced, as they are sent and received.

use serde::{Deserialize, Serialize};
use sm_types::rules::{Categories, Category, RuleSet, Tags, TitleRules};
use utoipa::ToSchema;

/// Rules that all have to agree; what is empty or left out asks for nothing, and what Twitch does not tell of a stream
/// breaks none.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RuleSetBody {
    /// Which categories.
    categories: CategoryRulesBody,
    /// Which titles.
    title: TitleRulesBody,
    /// Only these broadcast languages, as Twitch writes them; 20 at most.
    #[schema(example = json!(["en", "pt-br"]))]
    languages: Vec<String>,
    /// Which tags.
    tags: TagRulesBody,
    /// Types of streams in place of the server's `announce_types`; for a channel's own rules only.
    stream_types: Vec<String>,
    /// Viewers at the second look, 75 seconds after the go-live; the announcement waits for it.
    #[schema(minimum = 1, maximum = 1_000_000)]
    least_viewers: Option<u32>,
    /// Seconds since the server's last new announcement, of whichever streamer.
    #[schema(minimum = 1, maximum = 604_800)]
    pause_seconds: Option<u32>,
    /// Go-lives that are announced anew in the server within any 24 hours, of all streamers.
    #[schema(minimum = 1, maximum = 100)]
    most_pings: Option<u32>,
}

/// Which categories; 50 a list at most.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CategoryRulesBody {
    /// One of these.
    only: Vec<CategoryBody>,
    /// None of these.
    never: Vec<CategoryBody>,
}

/// A category of Twitch's.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CategoryBody {
    /// Twitch's id: what counts.
    #[schema(example = "509658")]
    id: String,
    /// Its name, for people; a save takes over Twitch's.
    #[serde(default)]
    #[schema(example = "Just Chatting")]
    name: String,
}

/// Which titles, in small or capital letters; 20 a list at most, of 1 to 140 characters each.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TitleRulesBody {
    /// One of these at least.
    contains: Vec<String>,
    /// None of these.
    lacks: Vec<String>,
    /// A regular expression (Rust's `regex`: linear time, no look-around) of 200 characters at most.
    #[schema(example = r"\bany%")]
    pattern: Option<String>,
}

/// Which tags, in small or capital letters; 20 a list at most, of 1 to 25 characters each.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TagRulesBody {
    /// One of these at least.
    any: Vec<String>,
    /// None of these.
    never: Vec<String>,
}

impl From<Category> for CategoryBody {
    fn from(Category { id, name }: Category) -> Self {
        Self { id, name }
    }
}

impl From<RuleSet> for RuleSetBody {
    fn from(rules: RuleSet) -> Self {
        let RuleSet { categories, title, languages, tags, stream_types, .. } = rules;
        let all = |list: Vec<Category>| list.into_iter().map(CategoryBody::from).collect();
        Self {
            categories: CategoryRulesBody {
                only: all(categories.only),
                never: all(categories.never),
            },
            title: TitleRulesBody {
                contains: title.contains,
                lacks: title.lacks,
                pattern: title.pattern,
            },
            languages,
            tags: TagRulesBody { any: tags.any, never: tags.never },
            stream_types,
            least_viewers: rules.least_viewers,
            pause_seconds: rules.pause_seconds,
            most_pings: rules.most_pings,
        }
    }
}

impl From<RuleSetBody> for RuleSet {
    fn from(body: RuleSetBody) -> Self {
        let RuleSetBody { categories, title, languages, tags, stream_types, .. } = body;
        let all = |list: Vec<CategoryBody>| {
            list.into_iter().map(|CategoryBody { id, name }| Category { id, name }).collect()
        };
        Self {
            categories: Categories { only: all(categories.only), never: all(categories.never) },
            title: TitleRules {
                contains: title.contains,
                lacks: title.lacks,
                pattern: title.pattern,
            },
            languages,
            tags: Tags { any: tags.any, never: tags.never },
            stream_types,
            least_viewers: body.least_viewers,
            pause_seconds: body.pause_seconds,
            most_pings: body.most_pings,
        }
    }
}
