//! Twitch's categories, as rules name them: found by a search, kept by their ids.

use super::problem::{Problem, SaveError};
use crate::{App, twitch_token::with_token};
use sm_types::rules::{Category, RuleSet};
use std::collections::{BTreeMap, BTreeSet};

/// Categories in whose name every word of a text occurs; 20 at most.
pub async fn search(app: &App, text: &str) -> Result<Vec<Category>, sm_twitch::Error> {
    let found =
        with_token(app, |token| async move { app.twitch.search_categories(&token, text).await });
    Ok(found.await?.into_iter().map(category).collect())
}

/// Checks that the categories exist which rules name anew, and takes over their names.
///
/// Twitch is not asked for those that `known` sets have already.
pub(super) async fn check(
    app: &App,
    sets: &mut [(&str, Option<&mut RuleSet>)],
    known: &[&RuleSet],
) -> Result<(), SaveError> {
    let mut names: BTreeMap<String, String> = known
        .iter()
        .flat_map(|rules| rules.categories.only.iter().chain(&rules.categories.never))
        .map(|category| (category.id.clone(), category.name.clone()))
        .collect();
    let wanted: BTreeSet<String> = sets
        .iter()
        .filter_map(|(_, rules)| rules.as_deref())
        .flat_map(|rules| rules.categories.only.iter().chain(&rules.categories.never))
        .map(|category| category.id.clone())
        .filter(|id| !names.contains_key(id))
        .collect();
    if !wanted.is_empty() {
        let ids: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let found = with_token(app, |token| {
            let ids = ids.clone();
            async move { app.twitch.games(&token, &ids).await }
        });
        let found = found.await?;
        if !found.whole && found.len() < wanted.len() {
            // What could not be read may be what was asked for.
            return Err(sm_twitch::Error::Decode.into());
        }
        names.extend(found.into_iter().map(|found| (found.id, found.name)));
    }
    let mut problems = Vec::new();
    for (field, rules) in sets {
        let Some(rules) = rules else { continue };
        let lists = [("only", &mut rules.categories.only), ("never", &mut rules.categories.never)];
        for (list, categories) in lists {
            for category in categories {
                if let Some(name) = names.get(&category.id) {
                    category.name.clone_from(name);
                    continue;
                }
                let message = format!(
                    "Twitch knows no category with the id {}. Take it out, or choose it from the search.",
                    category.id
                );
                let field = format!("{field}.categories.{list}");
                problems.push(Problem::new(field, "unknown_category", message));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(SaveError::Invalid(problems)) }
}

fn category(found: sm_twitch::Category) -> Category {
    Category { id: found.id, name: found.name }
}
