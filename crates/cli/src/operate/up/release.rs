//! A release's archives, from a folder or the internet: checked against its list of checksums before anything of them is used.

use crate::output::{Error, Mark, say};
use ring::digest::{SHA256, digest};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// The list of checksums, as `sha256sum` writes it.
const CHECKSUMS: &str = "SHA256SUMS";
/// What a stack is deployed from, by the ends of the names; the function's tells the processor too.
const DASHBOARD: &str = "-dashboard.tar.gz";
const DEPLOYMENT: &str = "-deployment.tar.gz";
/// An archive is a few megabytes.
const TIMEOUT: Duration = Duration::from_secs(300);
/// GitHub sends elsewhere once.
const REDIRECTS: usize = 3;

/// A release that is unpacked.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) function: Option<PathBuf>,
    /// The dashboard's files.
    pub(super) dashboard: PathBuf,
    /// The template, and the folder `deploy`.
    pub(super) root: PathBuf,
}

impl Release {
    /// `from`: a folder, or an address that the names are appended to. The function is fetched for a processor, if any.
    pub(super) async fn fetch(
        from: &str,
        processor: Option<&str>,
        into: &Path,
    ) -> Result<Self, Error> {
        let sums = String::from_utf8(read(from, CHECKSUMS).await?)
            .map_err(|_| format!("{from}/{CHECKSUMS} is no list of checksums"))?;
        let folder = into.join(format!("release-{}", &hex(sums.as_bytes())[..12]));
        let release = Self {
            function: processor.map(|_| folder.join("function.zip")),
            dashboard: folder.join("dashboard"),
            root: folder.join("deployment"),
        };
        fs::create_dir_all(&folder)?;
        if let (Some(processor), Some(path)) = (processor, &release.function) {
            let end = format!("-function-{processor}.zip");
            fs::write(path, checked(from, &sums, &end).await?)?;
        }
        for (end, target) in [(DASHBOARD, &release.dashboard), (DEPLOYMENT, &release.root)] {
            let archive = checked(from, &sums, end).await?;
            unpack(&archive, target)?;
        }
        say(&format!("{} {:22} {from}, as its checksums say", Mark::Good.symbol(), "release"));
        Ok(release)
    }
}

/// The one archive whose name ends so, if it is what the list says.
async fn checked(from: &str, sums: &str, end: &str) -> Result<Vec<u8>, Error> {
    let lines = sums.lines().filter_map(|line| line.split_once("  "));
    let mut named = lines.filter(|(_, name)| name.ends_with(end));
    let (Some((sum, name)), None) = (named.next(), named.next()) else {
        return Err(format!("{from}/{CHECKSUMS} does not name one file that ends in {end}").into());
    };
    if name.contains('/') {
        return Err(format!("{from}/{CHECKSUMS} names {name}, which is in another folder").into());
    }
    let bytes = read(from, name).await?;
    if hex(&bytes) != sum {
        return Err(format!(
            "{from}/{name} is not what {CHECKSUMS} says. Remedy: fetch the release anew, and use nothing of it until then"
        )
        .into());
    }
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn read(from: &str, name: &str) -> Result<Vec<u8>, Error> {
    let from = from.trim_end_matches('/');
    if !from.contains("://") {
        let path = Path::new(from).join(name);
        return Ok(fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?);
    }
    let (http, asked) = (sm_aws::lazy_http(), format!("{from}/{name}"));
    let mut url = asked.clone();
    for _ in 0..=REDIRECTS {
        let answer = http.get(&url).timeout(TIMEOUT).send().await;
        let answer = answer.map_err(|error| format!("{asked}: {}", error.without_url()))?;
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok());
        // It may name a path alone.
        let to = to.and_then(|to| answer.url().join(to).ok()).map(String::from);
        match to.filter(|_| answer.status().is_redirection()) {
            Some(to) if !from.starts_with("https:") || to.starts_with("https:") => url = to,
            _ if answer.status().is_success() => return Ok(answer.bytes().await?.to_vec()),
            _ => return Err(format!("{asked}: {}", answer.status()).into()),
        }
    }
    Err(format!("{asked} leads from one address to the next").into())
}

/// Anew, so that nothing of another try is left.
fn unpack(archive: &[u8], target: &Path) -> Result<(), Error> {
    let file = target.with_extension("tar.gz");
    fs::write(&file, archive)?;
    if target.exists() {
        fs::remove_dir_all(target)?;
    }
    fs::create_dir_all(target)?;
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(&file).arg("-C").arg(target).arg("--no-same-owner");
    if !tar.status().is_ok_and(|status| status.success()) {
        return Err(format!("tar could not unpack {}", file.display()).into());
    }
    Ok(fs::remove_file(file)?)
}
