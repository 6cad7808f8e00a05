//! Whether a stream keeps a set of rules, and if not, which one it breaks: from values alone.
//!
//! What nobody knows holds no announcement back.

use super::{
    pattern::Patterns,
    set::{Category, RuleSet},
};
use crate::announcement::NamedReason;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

/// The time in which [`RuleSet::most_pings`] are counted.
pub const PING_DAY: Duration = Duration::hours(24);

/// What is known of a stream when rules decide about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    pub title: Option<String>,
    /// The category's id.
    pub game_id: Option<String>,
    /// The category's name.
    pub game_name: Option<String>,
    /// The broadcast language.
    pub language: Option<String>,
    pub tags: Option<Vec<String>>,
    /// Viewers at the second look.
    pub viewers: Option<i32>,
}

/// A rule that is broken, what it wants and what was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    pub reason: NamedReason,
    /// The rule's place in the set.
    pub rule: &'static str,
    pub wanted: Value,
    pub seen: Value,
}

impl RuleSet {
    /// The first rule that the stream itself breaks; how many watch and what was pinged before is asked for elsewhere.
    pub fn broken_by(&self, stream: &Facts, patterns: &mut Patterns) -> Option<Broken> {
        self.category(stream)
            .or_else(|| self.title(stream.title.as_deref()?, patterns))
            .or_else(|| self.language(stream.language.as_deref()?))
            .or_else(|| self.tags(stream.tags.as_deref()?))
    }

    fn category(&self, stream: &Facts) -> Option<Broken> {
        let (id, name) = (stream.game_id.as_deref(), stream.game_name.as_deref());
        let seen = json!(name.or(id)?);
        let is_it = |category: &Category| match (id, name) {
            (Some(id), _) => category.id == id,
            (None, Some(name)) => same(&category.name, name),
            (None, None) => false,
        };
        let (only, never) = (&self.categories.only, &self.categories.never);
        let names = |list: &[Category]| json!(list.iter().map(shown).collect::<Vec<_>>());
        if never.iter().any(is_it) {
            let reason = NamedReason::CategoryDenied;
            return Some(Broken { reason, rule: "categories.never", wanted: names(never), seen });
        }
        if only.is_empty() || only.iter().any(is_it) {
            return None;
        }
        let reason = NamedReason::GameFilter;
        Some(Broken { reason, rule: "categories.only", wanted: names(only), seen })
    }

    fn title(&self, title: &str, patterns: &mut Patterns) -> Option<Broken> {
        let rules = &self.title;
        let small = title.to_lowercase();
        let has = |part: &String| small.contains(&part.to_lowercase());
        let broken =
            |reason, rule, wanted| Some(Broken { reason, rule, wanted, seen: json!(title) });
        if rules.lacks.iter().any(has) {
            return broken(NamedReason::TitleDenied, "title.lacks", json!(rules.lacks));
        }
        if !rules.contains.is_empty() && !rules.contains.iter().any(has) {
            return broken(NamedReason::TitleFilter, "title.contains", json!(rules.contains));
        }
        let pattern = rules.pattern.as_deref()?;
        let reason = match patterns.fits(pattern, title) {
            Some(true) => return None,
            Some(false) => NamedReason::TitlePattern,
            None => NamedReason::UnreadableRules,
        };
        broken(reason, "title.pattern", json!(pattern))
    }

    fn language(&self, language: &str) -> Option<Broken> {
        let wanted = &self.languages;
        if wanted.is_empty() || wanted.iter().any(|each| same(each, language)) {
            return None;
        }
        let (wanted, seen) = (json!(wanted), json!(language));
        Some(Broken { reason: NamedReason::Language, rule: "languages", wanted, seen })
    }

    fn tags(&self, tags: &[String]) -> Option<Broken> {
        let has = |wanted: &String| tags.iter().any(|tag| same(tag, wanted));
        let (any, never) = (&self.tags.any, &self.tags.never);
        let (rule, wanted) = if never.iter().any(has) {
            ("tags.never", never)
        } else if !any.is_empty() && !any.iter().any(has) {
            ("tags.any", any)
        } else {
            return None;
        };
        let (wanted, seen) = (json!(wanted), json!(tags));
        Some(Broken { reason: NamedReason::Tags, rule, wanted, seen })
    }

    /// The rule that one more ping would break; `pings` are those of other go-lives in the server, in any order.
    pub fn broken_by_pinging(
        &self,
        pings: &[OffsetDateTime],
        now: OffsetDateTime,
    ) -> Option<Broken> {
        if let (Some(pause), Some(last)) = (self.pause_seconds, pings.iter().max())
            && now - *last < Duration::seconds(pause.into())
        {
            let (wanted, seen) = (json!(pause), json!((now - *last).whole_seconds().max(0)));
            let reason = NamedReason::RecentPing;
            return Some(Broken { reason, rule: "pause_seconds", wanted, seen });
        }
        let most = self.most_pings?;
        let lately = pings.iter().filter(|at| **at > now - PING_DAY).count();
        let reason = NamedReason::DailyPings;
        (lately >= most as usize).then(|| Broken {
            reason,
            rule: "most_pings",
            wanted: json!(most),
            seen: json!(lately),
        })
    }

    /// Whether these rules ask what the server has pinged before.
    pub fn counts_pings(&self) -> bool {
        self.pause_seconds.is_some() || self.most_pings.is_some()
    }
}

/// The rule about viewers, with what was seen at the second look.
pub fn viewers_rule(least: u32, seen: Option<i32>) -> Option<Broken> {
    let viewers = seen?;
    (i64::from(viewers) < i64::from(least)).then(|| Broken {
        reason: NamedReason::TooFewViewers,
        rule: "least_viewers",
        wanted: json!(least),
        seen: json!(viewers),
    })
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn shown(category: &Category) -> &str {
    if category.name.is_empty() { &category.id } else { &category.name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stream() -> Facts {
        Facts {
            title: Some("Any% Runs".to_owned()),
            game_id: Some("11".to_owned()),
            game_name: Some("Celeste".to_owned()),
            language: Some("en".to_owned()),
            tags: Some(vec!["English".to_owned(), "Speedrun".to_owned()]),
            viewers: Some(12),
        }
    }

    fn told(rules: &Value, stream: &Facts) -> Option<(&'static str, String, Value, Value)> {
        let rules: RuleSet = serde_json::from_value(rules.clone()).unwrap();
        let broken = rules.broken_by(stream, &mut Patterns::default())?;
        Some((broken.rule, broken.reason.to_string(), broken.wanted, broken.seen))
    }

    #[test]
    fn each_rule_names_what_it_wants_and_what_it_saw() {
        let celeste = json!({"id": "11", "name": "Celeste"});
        let tetris = json!({"id": "12", "name": "Tetris"});
        let tags = json!(["English", "Speedrun"]);
        let table = [
            (json!({}), None),
            (json!({"categories": {"only": [celeste, tetris]}}), None),
            (
                json!({"categories": {"only": [tetris]}}),
                Some(("categories.only", "game_filter", json!(["Tetris"]), json!("Celeste"))),
            ),
            (json!({"categories": {"never": [tetris]}}), None),
            (
                json!({"categories": {"never": [{"id": "11"}], "only": [celeste]}}),
                Some(("categories.never", "category_denied", json!(["11"]), json!("Celeste"))),
            ),
            (json!({"title": {"contains": ["marathon", "ANY%"]}}), None),
            (
                json!({"title": {"contains": ["marathon"]}}),
                Some(("title.contains", "title_filter", json!(["marathon"]), json!("Any% Runs"))),
            ),
            (
                json!({"title": {"lacks": ["runs"], "contains": ["any"]}}),
                Some(("title.lacks", "title_denied", json!(["runs"]), json!("Any% Runs"))),
            ),
            (json!({"title": {"pattern": "^any%"}}), None),
            (
                json!({"title": {"pattern": r"\d"}}),
                Some(("title.pattern", "title_pattern", json!(r"\d"), json!("Any% Runs"))),
            ),
            (
                json!({"title": {"pattern": "("}}),
                Some(("title.pattern", "unreadable_rules", json!("("), json!("Any% Runs"))),
            ),
            (json!({"languages": ["de", "EN"]}), None),
            (
                json!({"languages": ["de"]}),
                Some(("languages", "language", json!(["de"]), json!("en"))),
            ),
            (json!({"tags": {"any": ["speedrun"], "never": ["ASMR"]}}), None),
            (
                json!({"tags": {"any": ["ASMR"]}}),
                Some(("tags.any", "tags", json!(["ASMR"]), tags.clone())),
            ),
            (
                json!({"tags": {"never": ["english"]}}),
                Some(("tags.never", "tags", json!(["english"]), tags)),
            ),
        ];
        for (rules, expected) in table {
            let expected = expected
                .map(|(rule, reason, wanted, seen)| (rule, reason.to_owned(), wanted, seen));
            assert_eq!(told(&rules, &stream()), expected, "{rules}");
        }
    }

    #[test]
    fn pings_are_counted_over_24_hours() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(9);
        let ago = |minutes: i64| now - Duration::minutes(minutes);
        let rule = |rules: Value, pings: &[OffsetDateTime]| {
            let rules: RuleSet = serde_json::from_value(rules).unwrap();
            rules.broken_by_pinging(pings, now).map(|broken| (broken.rule, broken.seen))
        };
        let pause = || json!({"pause_seconds": 3600});
        assert_eq!(rule(pause(), &[]), None);
        assert_eq!(rule(pause(), &[ago(60)]), None);
        assert_eq!(rule(pause(), &[ago(300), ago(59)]), Some(("pause_seconds", json!(59 * 60))));
        let most = || json!({"most_pings": 2});
        assert_eq!(rule(most(), &[ago(1), ago(24 * 60), ago(2_000)]), None);
        assert_eq!(
            rule(most(), &[ago(1), ago(24 * 60 - 1), ago(2_000)]),
            Some(("most_pings", json!(2)))
        );
    }

    #[test]
    fn viewers_count_once_they_are_known() {
        assert_eq!(viewers_rule(50, None), None);
        assert_eq!(viewers_rule(50, Some(50)), None);
        let broken = viewers_rule(50, Some(49)).unwrap();
        assert_eq!((broken.wanted, broken.seen), (json!(50), json!(49)));
    }

    fn words() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[a-cA-C]{1,2}", 0..3)
    }

    fn categories() -> impl Strategy<Value = Vec<Category>> {
        let one = (0_u8..4).prop_map(|n| Category { id: n.to_string(), name: format!("C{n}") });
        prop::collection::vec(one, 0..3)
    }

    prop_compose! {
        fn facts()(
            title in prop::option::of("[a-cA-C ]{0,6}"), game in prop::option::of(0_u8..4),
            language in prop::option::of("[a-c]"), tags in prop::option::of(words())
        ) -> Facts {
            Facts {
                title, game_id: game.map(|n| n.to_string()), game_name: game.map(|n| format!("C{n}")),
                language, tags, viewers: None,
            }
        }
    }

    prop_compose! {
        fn rules()(
            only in categories(), never in categories(), contains in words(), lacks in words(),
            pattern in prop::option::of("[a-c]"), languages in words(), any in words(), none in words()
        ) -> RuleSet {
            RuleSet {
                categories: super::super::Categories { only, never },
                title: super::super::TitleRules { contains, lacks, pattern },
                languages,
                tags: super::super::Tags { any, never: none },
                ..RuleSet::default()
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_unknown_holds_nothing_back(rules in rules()) {
            prop_assert!(rules.broken_by(&Facts::default(), &mut Patterns::default()).is_none());
        }

        /// Rules are combined by "and": a set is broken where one of its parts alone is.
        #[test]
        fn whole_set_is_broken_where_a_part_is(rules in rules(), stream in facts()) {
            let whole = serde_json::to_value(&rules).unwrap();
            let broken = |rules: &RuleSet| rules.broken_by(&stream, &mut Patterns::default());
            let mut by_parts = false;
            for (name, part) in whole.as_object().unwrap() {
                let alone: RuleSet = serde_json::from_value(json!({ name: part })).unwrap();
                by_parts |= broken(&alone).is_some();
            }
            prop_assert_eq!(broken(&rules).is_some(), by_parts);
        }

        #[test]
        fn sets_read_back_as_they_were_written(rules in rules()) {
            let text = serde_json::to_string(&rules).unwrap();
            prop_assert_eq!(serde_json::from_str::<RuleSet>(&text).unwrap(), rules);
        }
    }
}
