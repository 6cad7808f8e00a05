//! Puts the built dashboard into the binary that has the feature `dashboard`.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

#[expect(clippy::disallowed_methods, reason = "how cargo speaks to a build script")]
fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../frontend/dist");
    println!("cargo::rerun-if-changed=build.rs");
    let mut list = String::from("pub(super) const FILES: &[(&str, &[u8])] = &[\n");
    if env::var_os("CARGO_FEATURE_DASHBOARD").is_some() {
        println!("cargo::rerun-if-changed={}", dist.display());
        if !dist.join("index.html").is_file() {
            println!(
                "cargo::error=the dashboard is not built, so the feature `dashboard` has nothing to carry: \
                 run `make dashboard` first, or `make release` for both"
            );
            return Ok(());
        }
        add(&dist.canonicalize()?, "", &mut list)?;
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    fs::write(out.join("embedded.rs"), list)?;
    commit();
    Ok(())
}

/// Adds a folder's files, and those of the folders in it; hidden ones are the build's own.
fn add(dir: &Path, prefix: &str, list: &mut String) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let inside = format!("{prefix}{name}");
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            add(&path, &format!("{inside}/"), list)?;
        } else {
            // Writing to a String cannot fail.
            let _ = writeln!(list, "    ({inside:?}, include_bytes!({path:?})),");
        }
    }
    Ok(())
}

/// The commit that is built, for `--version`; an archive without Git has none.
fn commit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let git = |arguments: &[&str]| {
        let ran = std::process::Command::new("git").arg("-C").arg(&root).args(arguments).output();
        let ran = ran.ok().filter(|ran| ran.status.success())?;
        Some(String::from_utf8(ran.stdout).ok()?.trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--path-format=absolute", "--git-path", name]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rustc-env=COMMIT={}", commit.as_deref().unwrap_or("unknown commit"));
}
