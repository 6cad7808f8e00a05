//! The command line.

use clap::{CommandFactory, Parser, Subcommand};
use sm_cli::{
    api_reference, dashboard,
    dev::{self, Ports},
    listen::listen,
    log_lines, monitoring,
    operate::{self, Operate},
    output::{Error, print, say},
    run,
    site::Site,
    socket,
};
use sm_lambda::{Config, logging};
use sm_sim::twitch::EdgeCase;
use sm_types::Clock;
use std::{io::IsTerminal, path::PathBuf, process::ExitCode};
use tracing::level_filters::LevelFilter;

/// The release, and the commit that it was built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("COMMIT"), ")");

/// Twitch go-live announcements for Discord.
#[derive(Parser)]
#[command(name = "streammaxing", version = VERSION, about)]
struct Cli {
    /// Take what the environment lacks from this file, as systemd reads an `EnvironmentFile`: NAME=value in
    /// each line, and nothing in it is expanded.
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the product with an embedded database and simulated Twitch and Discord.
    Dev {
        /// The app and its page.
        #[arg(long, default_value_t = 8080)]
        port_app: u16,
        /// The simulated Twitch.
        #[arg(long, default_value_t = 8081)]
        port_twitch: u16,
        /// The simulated Discord.
        #[arg(long, default_value_t = 8082)]
        port_discord: u16,
        /// The dashboard's built files.
        #[arg(long, default_value = "frontend/dist")]
        dashboard: PathBuf,
    },
    /// Run the app on one server, configured by the environment.
    Serve {
        /// Where to listen: a host and a port.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
        /// The folder of another dashboard's built files; a release carries its own inside.
        #[arg(long)]
        dashboard: Option<PathBuf>,
        /// Serve no dashboard: its files are somewhere else.
        #[arg(long, conflicts_with = "dashboard")]
        api_only: bool,
        /// Where a monitor finds /metrics, /healthz and /readyz, such as 127.0.0.1:9090.
        #[arg(long)]
        metrics: Option<String>,
    },
    /// Ask a server on this machine whether requests should come to it; ends with 0 or 1, as health checks of containers
    /// want it.
    Ready {
        /// Where it listens.
        #[arg(long, default_value = "127.0.0.1:8080")]
        at: String,
    },
    #[command(flatten)]
    Operate(Operate),
    /// Print what lets a shell complete our commands.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the description of the API (OpenAPI 3.1).
    Openapi {
        /// As a page for people.
        #[arg(long)]
        markdown: bool,
    },
    /// Let the simulated Twitch of a running `dev` send an edge case; without a case, list them.
    Trigger {
        /// The case, such as `duplicate`.
        case: Option<String>,
        /// The streamer's login.
        #[arg(long, default_value = "ana")]
        streamer: String,
        /// Where the simulated Twitch listens.
        #[arg(long, default_value = "http://127.0.0.1:8081")]
        twitch: String,
    },
    /// Run a command with `DATABASE_URL` naming a fresh database that is gone afterwards.
    WithPostgres {
        /// Keep what is committed through a crash, as production does.
        #[arg(long)]
        durable: bool,
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, required = true)]
        command: Vec<String>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Err(error)) = cli.env_file.as_deref().map(sm_lambda::config::read_file) {
        say(&format!("streammaxing: {error}"));
        return ExitCode::FAILURE;
    }
    let outcome = match cli.command {
        Command::WithPostgres { durable, command } => with_postgres(durable, &command),
        Command::Openapi { markdown } => openapi(markdown),
        Command::Completions { shell } => completions(shell),
        command => block_on(command),
    };
    outcome.unwrap_or_else(|error| {
        say(&format!("streammaxing: {error}"));
        ExitCode::FAILURE
    })
}

fn block_on(command: Command) -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        match command {
            Command::Dev { port_app, port_twitch, port_discord, dashboard } => {
                let ports = Ports { app: port_app, twitch: port_twitch, discord: port_discord };
                dev(ports, dashboard).await
            }
            Command::Serve { listen, dashboard, api_only, metrics } => {
                serve(&listen, site(dashboard, api_only)?, metrics.as_deref()).await
            }
            Command::Ready { at } => ready(&at).await,
            Command::Operate(command) => return operate::run(command).await,
            Command::Trigger { case, streamer, twitch } => trigger(case, &streamer, &twitch).await,
            Command::WithPostgres { .. }
            | Command::Openapi { .. }
            | Command::Completions { .. } => {
                unreachable!("they run without a runtime")
            }
        }?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn dev(ports: Ports, dashboard: PathBuf) -> Result<(), Error> {
    log_lines::init(LevelFilter::DEBUG, std::io::stderr().is_terminal());
    let dashboard = Site::read(&dashboard)?;
    say("Starting the database …");
    let (url, _postgres) = dev::database(environment("DATABASE_URL"), cache_dir())?;
    let openapi = environment("DISCORD_OPENAPI").map(PathBuf::from);
    let options = dev::Options { ports, dashboard, openapi, setting: environment };
    let dev = dev::start(&url, options).await?;
    let (twitch, discord) = (dev.twitch.origin(), dev.discord.origin());
    dev.serve(|page| {
        say(&format!(
            "\n  ready: {page}\n\n  dashboard          {page}   sign in as ada (admin), ben (member) or cleo\n  control page       {page}/dev\n  simulated Twitch   {twitch}\n  simulated Discord  {discord}\n  database           {url}\n\n  \
             Press \"Go live\" on the control page, or: streammaxing trigger online --streamer ana\n  Ctrl-C stops everything.\n"
        ));
    })
    .await
}

/// The dashboard of a server: one that is named, or the one in this binary.
fn site(dashboard: Option<PathBuf>, api_only: bool) -> Result<Option<Site>, Error> {
    if api_only {
        return Ok(None);
    }
    let site = match dashboard {
        Some(dir) => Some(Site::read(&dir)?),
        None => Site::embedded(),
    };
    let missing = "this binary carries no dashboard: `make release` builds one that does; \
        or name a folder of built files with --dashboard, or serve none with --api-only";
    site.map(Some).ok_or_else(|| missing.into())
}

async fn serve(address: &str, site: Option<Site>, metrics: Option<&str>) -> Result<(), Error> {
    let config = Config::from_env()?;
    logging::init_json(config.log_level);
    let edge = config.edge.clone();
    let app = sm_lambda::lazy_app(config, Clock::system());
    // What is wrong with the settings is told before anything listens.
    app.get().await?;
    let stopped = run::until_stopped();
    let listener = listen("--listen", address).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let api = socket::api(edge, app.clone());
    let site = match site {
        Some(site) => dashboard::beside(api, site),
        None => api,
    };
    let router = monitoring::probes(app.clone()).fallback_service(site);
    if let Some(address) = metrics {
        let listener = listen("--metrics", address).await?;
        tracing::info!(address = %listener.local_addr()?, "listening for the monitor");
        let monitor = monitoring::router(app.clone());
        tokio::spawn(async move { axum::serve(listener, monitor).await });
    }
    run::run(app, listener, router, stopped).await?;
    Ok(())
}

async fn ready(at: &str) -> Result<(), Error> {
    let answer = sm_aws::lazy_http().get(format!("http://{at}/readyz")).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    if status.is_success() { Ok(()) } else { Err(text.into()) }
}

async fn trigger(case: Option<String>, streamer: &str, twitch: &str) -> Result<(), Error> {
    let http = sm_aws::lazy_http();
    let Some(case) = case else {
        let line = |case: &EdgeCase| format!("{:20} {}\n", case.name(), case.about());
        return print(&EdgeCase::ALL.iter().map(line).collect::<String>());
    };
    let url = format!("{twitch}/_sim/twitch/users/{streamer}/trigger/{case}");
    let answer = http.post(url).send().await.map_err(|error| {
        format!(
            "the simulated Twitch does not answer at {twitch} ({error}): start `streammaxing dev`"
        )
    })?;
    let (status, text) = (answer.status(), answer.text().await?);
    if !status.is_success() {
        return Err(text.into());
    }
    print(&format!("{text}\n"))
}

fn openapi(markdown: bool) -> Result<ExitCode, Error> {
    let document = sm_api::openapi::document();
    if markdown {
        print(&api_reference::render(&document))?;
    } else {
        print(&format!("{}\n", serde_json::to_string_pretty(&document)?))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn completions(shell: clap_complete::Shell) -> Result<ExitCode, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "streammaxing", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

fn with_postgres(durable: bool, command: &[String]) -> Result<ExitCode, Error> {
    log_lines::init(LevelFilter::INFO, std::io::stderr().is_terminal());
    let cache_dir = cache_dir();
    let options = sm_sim::postgres::Options { cache_dir: cache_dir.clone(), durable };
    let postgres = sm_sim::postgres::Postgres::start(&options)?;
    let (program, arguments) = command.split_first().ok_or("name a command")?;
    let status = std::process::Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", postgres.url("postgres"))
        .env("STREAMMAXING_CACHE", &cache_dir)
        .status()
        .map_err(|error| format!("{program}: {error}"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

#[expect(clippy::disallowed_methods, reason = "tools of development, not settings of the product")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where downloads are kept. Root's home is closed to the user that Postgres runs as.
fn cache_dir() -> PathBuf {
    if let Some(cache) = environment("STREAMMAXING_CACHE") {
        return cache.into();
    }
    match environment("HOME").as_deref() {
        None | Some("/root" | "/") => PathBuf::from("/var/cache/streammaxing"),
        Some(home) => PathBuf::from(home).join(".cache/streammaxing"),
    }
}

#[cfg(all(test, not(feature = "dashboard")))]
mod tests {
    use super::*;

    #[test]
    fn binary_without_a_dashboard_says_how_to_get_one() {
        let error = site(None, false).unwrap_err().to_string();
        assert!(error.contains("make release") && error.contains("--api-only"), "{error}");
        assert!(site(None, true).unwrap().is_none());
    }
}
