//! What is downloaded once and kept between runs.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};
use uuid::Uuid;

/// Fills `home`, a directory of the cache, where it is not there yet.
///
/// It is filled beside its final place and moved there, so that two first starts do not disturb
/// each other and an interrupted one leaves nothing behind that looks complete.
pub(crate) fn install(
    home: &Path,
    fill: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<(), String> {
    if home.is_dir() {
        return Ok(());
    }
    let beside = home.with_file_name(format!("installing-{}", Uuid::new_v4()));
    let missing: Vec<&Path> = beside.ancestors().take_while(|path| !path.exists()).collect();
    fs::create_dir_all(&beside).map_err(|error| format!("{}: {error}", beside.display()))?;
    for directory in missing {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755))
            .map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    let installed = fill(&beside).and_then(|()| open_to_all(&beside));
    if installed.is_err() || fs::rename(&beside, home).is_err() {
        // Where the move failed, somebody else was faster.
        let _ = fs::remove_dir_all(&beside);
    }
    installed?;
    if home.is_dir() { Ok(()) } else { Err(format!("{} was not written", home.display())) }
}

/// Root may have a umask that keeps others out, and somebody else may run this.
fn open_to_all(tree: &Path) -> Result<(), String> {
    let done = Command::new("chmod").args(["-R", "a+rX"]).arg(tree).status();
    let done = done.map_err(|error| format!("chmod does not run ({error})"))?;
    done.success().then_some(()).ok_or_else(|| format!("chmod failed on {}", tree.display()))
}
