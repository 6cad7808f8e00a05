//! Which file of a crate imports which: read from `use` lines and paths, without a compiler.
//!
//! Re-exports are followed to the file that defines a name; declaring a module and re-exporting from
//! it are no imports. A folder's `mod.rs` is one with its folder: what a file takes from the ones above
//! it is not counted. Modules that are written inside a file belong to it. Names that a macro makes,
//! methods of other files' `impl` blocks and tests are not seen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A module's path within its crate; the root's is empty.
type Module = Vec<String>;

/// A file that imports another.
pub(crate) type Arrow = (String, String);

/// A name as a file's `use` line gives it.
#[derive(Debug)]
struct Use {
    path: Vec<String>,
    /// What the path is called here; `*` for everything.
    name: String,
    public: bool,
}

#[derive(Debug)]
struct Source {
    /// The path that failures show.
    file: String,
    uses: Vec<Use>,
    /// All paths with at least two parts, outside of `use` lines.
    paths: Vec<Vec<String>>,
}

/// The arrows between the files below a `src` folder.
pub(crate) fn arrows(src: &Path) -> BTreeSet<Arrow> {
    let sources = read(src);
    let mut arrows = BTreeSet::new();
    for (module, source) in &sources {
        let uses = source.uses.iter().filter(|found| !found.public).map(|found| &found.path);
        for path in uses.chain(&source.paths) {
            let Some(target) = resolve(&sources, module, path, 0) else { continue };
            if target != source.file && !is_door_above(&target, &source.file) {
                arrows.insert((source.file.clone(), target));
            }
        }
    }
    arrows
}

/// Whether a file is the `mod.rs` or `lib.rs` of a folder that the other lies in.
fn is_door_above(door: &str, file: &str) -> bool {
    let folder = ["mod.rs", "lib.rs"].iter().find_map(|name| door.strip_suffix(name));
    folder.is_some_and(|folder| file.starts_with(folder))
}

/// Groups of files that reach each other, whether at once or over others.
pub(crate) fn circles(arrows: &BTreeSet<Arrow>) -> BTreeSet<BTreeSet<String>> {
    let reached = |from: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(file) = next.pop() {
            for (_, to) in arrows.iter().filter(|(of, _)| *of == file) {
                if seen.insert(to.clone()) {
                    next.push(to.clone());
                }
            }
        }
        seen
    };
    let files: BTreeSet<&String> = arrows.iter().map(|(from, _)| from).collect();
    let reach: BTreeMap<&String, BTreeSet<String>> =
        files.into_iter().map(|file| (file, reached(file))).collect();
    let in_circle = reach.iter().filter(|(file, all)| all.contains(**file));
    let circle = |(file, all): (&&String, &BTreeSet<String>)| {
        let back = |other: &&String| reach.get(other).is_some_and(|r| r.contains(*file));
        all.iter().filter(back).cloned().collect()
    };
    in_circle.map(circle).collect()
}

/// The file that defines what a path names; `None` for what is not in this crate.
fn resolve(
    sources: &BTreeMap<Module, Source>,
    from: &Module,
    path: &[String],
    depth: usize,
) -> Option<String> {
    // A re-export may lead to another, but not for ever.
    if depth > 8 {
        return None;
    }
    let (mut at, mut rest) = match path.first()?.as_str() {
        "crate" => (Vec::new(), &path[1..]),
        "self" => (from.clone(), &path[1..]),
        "super" => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            (from[..from.len().checked_sub(ups)?].to_vec(), &path[ups..])
        }
        first => {
            let child = [from.clone(), vec![first.to_owned()]].concat();
            if !sources.contains_key(&child) {
                let found = sources[from].uses.iter().find(|found| found.name == first)?;
                let path = [found.path.as_slice(), &path[1..]].concat();
                // A path that is its own name, such as a crate's, leads nowhere.
                return if found.path.first()? == first {
                    None
                } else {
                    resolve(sources, from, &path, depth + 1)
                };
            }
            (from.clone(), path)
        }
    };
    while let Some(part) = rest.first() {
        at.push(part.clone());
        if !sources.contains_key(&at) {
            at.pop();
            break;
        }
        rest = &rest[1..];
    }
    let here = &sources[&at];
    let Some(name) = rest.first() else { return Some(here.file.clone()) };
    // What this module has from elsewhere is that file's.
    let named = here.uses.iter().find(|found| found.name == *name && at != *from);
    if let Some(found) = named {
        let path = [found.path.as_slice(), &rest[1..]].concat();
        let own = found.path.first().is_some_and(|first| first == name);
        return if own { None } else { resolve(sources, &at, &path, depth + 1) };
    }
    Some(here.file.clone())
}

fn read(src: &Path) -> BTreeMap<Module, Source> {
    let mut sources = BTreeMap::new();
    for path in files(src) {
        let file = path.strip_prefix(src).expect("it is below").to_string_lossy().into_owned();
        let mut module: Module =
            file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
            module.pop();
        }
        let text = code_of(&fs::read_to_string(&path).expect("a source"));
        let (uses, rest) = take_uses(&text);
        sources.insert(module, Source { file, uses, paths: paths(&rest) });
    }
    sources
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// The text without comments, literals and test modules.
fn code_of(text: &str) -> String {
    without_tests(&without_literals(text))
}

fn without_literals(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut at) = (String::new(), 0);
    let starts = |at: usize, with: &str| {
        with.chars().enumerate().all(|(n, c)| chars.get(at + n) == Some(&c))
    };
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    while at < chars.len() {
        let inside_name = at > 0 && is_name(chars[at - 1]);
        if starts(at, "//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            while at < chars.len() && !starts(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if chars[at] == 'r' && !inside_name && (starts(at, "r\"") || starts(at, "r#")) {
            let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
            if chars.get(at + 1 + hashes) == Some(&'"') {
                let end = format!("\"{}", "#".repeat(hashes));
                at += 2 + hashes;
                while at < chars.len() && !starts(at, &end) {
                    at += 1;
                }
                at += 1 + hashes;
            } else {
                // `r#name`
                at += 1 + hashes;
            }
        } else if chars[at] == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if chars[at] == '\''
            && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\''))
        {
            at += if chars.get(at + 1) == Some(&'\\') { 3 } else { 2 };
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
        } else {
            code.push(chars[at]);
            at += 1;
        }
    }
    code
}

fn without_tests(code: &str) -> String {
    let mut rest = code.to_owned();
    while let Some(start) = rest.find("#[cfg(test)]") {
        let item = &rest[start..];
        // An item ends with its block, or with a semicolon before one.
        let end = item.find(['{', ';']).map_or(item.len(), |at| {
            if item[at..].starts_with(';') { at + 1 } else { at + block(&item[at..]) }
        });
        rest.replace_range(start..start + end, "");
    }
    rest
}

/// How long the block is that the text begins with.
fn block(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// The `use` lines, and the text without them.
fn take_uses(code: &str) -> (Vec<Use>, String) {
    let (mut uses, mut rest) = (Vec::new(), String::new());
    let mut left = code;
    while let Some(at) = find_word(left, "use") {
        let before = &left[..at];
        let Some(end) = left[at..].find(';') else { break };
        let statement = before.rfind([';', '}', '{', ']']).map_or(before, |n| &before[n + 1..]);
        let public = statement.trim_start().starts_with("pub");
        let tree: String = left[at + 3..at + end].split_whitespace().collect::<Vec<_>>().join(" ");
        branches(&tree, &[], public, &mut uses);
        rest.push_str(before);
        rest.push(';');
        left = &left[at + end + 1..];
    }
    rest.push_str(left);
    (uses, rest)
}

fn find_word(text: &str, word: &str) -> Option<usize> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_name) && after.is_some_and(char::is_whitespace)
    })
}

/// Splits `a::{b, c::{self, d as e}}` into its paths.
fn branches(tree: &str, before: &[String], public: bool, into: &mut Vec<Use>) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let stem = parts(&tree[..open]);
        let before = [before, &stem].concat();
        let inside = &tree[open + 1..open + block(&tree[open..]) - 1];
        let (mut depth, mut from) = (0, 0);
        for (at, c) in inside.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    branches(&inside[from..at], &before, public, into);
                    from = at + 1;
                }
                _ => {}
            }
        }
        branches(&inside[from..], &before, public, into);
        return;
    }
    if tree.is_empty() {
        return;
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(p, a)| (p, Some(a)));
    let mut path = [before, &parts(path)].concat();
    if path.last().is_some_and(|part| part == "self") && path.len() > 1 {
        path.pop();
    }
    let name =
        alias.map_or_else(|| path.last().cloned().unwrap_or_default(), |a| a.trim().to_owned());
    into.push(Use { path, name, public });
}

fn parts(path: &str) -> Vec<String> {
    path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// The paths of at least two parts.
fn paths(code: &str) -> Vec<Vec<String>> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c: char| !is_path(c)).filter(|word| word.contains("::"));
    words.filter(|word| !word.starts_with("::")).map(parts).filter(|path| path.len() > 1).collect()
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let folder = std::env::temp_dir().join(format!("streammaxing-imports-{}", std::process::id()));
    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a temporary folder");
        fs::write(path, text).expect("a temporary file");
    };
    write("lib.rs", "mod house;\nmod street;\npub use house::Door;\npub struct City;\n");
    write(
        "house/mod.rs",
        "mod door;\nmod room;\npub use door::{Door, Lock as Bolt};\npub struct Roof;",
    );
    write("house/door.rs", "use super::Roof;\npub struct Door;\n// use super::room::Room;\n");
    // A re-export, an alias, a path without a `use`, and what only a test imports.
    write(
        "house/room.rs",
        "use crate::{\n  City,\n  street as way,\n};\nuse super::Bolt;\nfn f() { way::walk(); }\n\
         const S: &str = \"super::door::X\";\n#[cfg(test)]\nmod tests { use crate::street::Lamp; }\n",
    );
    write(
        "street.rs",
        "fn f(d: crate::Door) -> char { let _ = crate::house::room::Room; '\"' }\npub fn walk() {}",
    );
    let found = arrows(&folder);
    let circle = circles(&found);
    fs::remove_dir_all(&folder).expect("the folder is there");
    let expected = [
        ("house/room.rs", "house/door.rs"),
        ("house/room.rs", "street.rs"),
        ("street.rs", "house/door.rs"),
        ("street.rs", "house/room.rs"),
    ];
    let expected = expected.map(|(from, to)| (from.to_owned(), to.to_owned()));
    assert_eq!(found, BTreeSet::from(expected));
    let pair = ["house/room.rs", "street.rs"].map(str::to_owned);
    assert_eq!(circle, BTreeSet::from([BTreeSet::from(pair)]));
}
