//! Delivery: claims due rows, sends them at the gate's pace, records what became of them.
//!
//! Every step may run twice. A row is claimed with a lease; when its worker dies, the next one
//! sends it again under the same nonce, and Discord answers with the message that is there.

use crate::{
    App,
    announce::{
        attempt::{self, Finished},
        gate::{self, Admission, Brake},
    },
    live::hints,
};
use sm_aws::metrics::Counter;
use sm_db::announce::{
    claim::{self, Claim, Position},
    deliveries::{self, DueDelivery, Record},
};
use sm_types::{DeliveryId, GuildId, announcement::Status};
use std::time::Duration as StdDuration;
use time::{Duration, OffsetDateTime};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
    time::Instant,
};

/// How long a worker may take for a delivery before another takes it over. Well within the
/// minutes for which Discord remembers a nonce.
const LEASE: Duration = Duration::seconds(30);
/// Requests under way at once.
const MAX_IN_FLIGHT: usize = 64;
/// Rows claimed at once; fewer at a low rate, so that none waits long for its slot.
const MAX_BATCH: u32 = 32;
/// Outcomes recorded in one statement.
const RECORD_AT: usize = 32;

/// Edits get this share of what is sent even while new messages wait.
const EDIT_SHARE: f64 = 0.2;
/// How soon what others may have left is looked for, while requests are under way and all that was due is claimed.
const LOOK_AGAIN_AFTER: StdDuration = StdDuration::from_millis(250);
/// How often streams that have nothing left to deliver leave the queue.
const TIDY_EVERY: StdDuration = StdDuration::from_secs(5);

/// What [`run`] did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) attempts: usize,
    pub(crate) work_left: bool,
}

/// Sends until nothing is due and expansion has come to its end, or until `stop_at`.
///
/// Idle, it says so and waits for the next chunk: expansion goes on while delivery drains, and ends with it.
pub(crate) async fn run(app: &App, stop_at: Instant, mut turns: Turns) -> sqlx::Result<Sent> {
    let mut pipeline = Pipeline::new(app);
    let mut failed = Ok(());
    loop {
        let out_of_time = Instant::now() >= stop_at || app.is_stopping() || failed.is_err();
        // Hearing of the end before the last look makes that look see everything.
        let more = turns.expanding.has_changed();
        let expanded = more.is_err();
        if more.unwrap_or(false) {
            turns.expanding.mark_unchanged();
            pipeline.drained_at = None;
        }
        if pipeline.flight.is_empty() {
            // Before the next look: what is recorded may be due again at once, in another shape.
            pipeline.flush().await?;
        }
        let open = !out_of_time && !pipeline.held;
        // A database that fails ends the run, but what is under way is finished and recorded first.
        let found = open
            && pipeline.refill().await.unwrap_or_else(|error| {
                failed = Err(error);
                false
            });
        if found {
            turns.delivering.send_if_modified(|busy| !std::mem::replace(busy, true));
        }
        if pipeline.flight.is_empty() {
            if !open || !found && expanded {
                failed?;
                pipeline.tidy().await?;
                return Ok(Sent { attempts: pipeline.attempts, work_left: out_of_time });
            }
            if !found {
                turns.delivering.send_replace(false);
                // An error means that expansion is done, which the next turn notices.
                let _ = turns.expanding.changed().await;
            }
            continue;
        }
        tokio::select! {
            finished = pipeline.flight.join_next() => pipeline.collect(finished).await?,
            // A new chunk does not wait for what is under way.
            Ok(()) = turns.expanding.changed(), if pipeline.drained_at.is_some() => {
                pipeline.drained_at = None;
            }
        }
    }
}

/// Where a delivery that waits stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// 1 for the next one to be sent; about.
    pub position: i64,
    /// How long that takes at the pace of requests to Discord; about, and zero without a pace.
    pub wait: StdDuration,
}

/// Where a delivery stands in the queue; `None` when it does not wait there.
pub async fn place(app: &App, delivery: DeliveryId) -> sqlx::Result<Option<Place>> {
    let found = claim::position(&app.pool, delivery).await?;
    Ok(found.map(|Position { lane, ahead, shared }| {
        let share = match (shared, lane) {
            (false, _) => 1.0,
            (true, 0) => 1.0 - EDIT_SHARE,
            (true, _) => EDIT_SHARE,
        };
        let position = ahead + 1;
        let seconds = match app.settings.discord_rate_per_second {
            0 => 0.0,
            rate => position as f64 / (f64::from(rate) * share),
        };
        Place { position, wait: StdDuration::from_secs_f64(seconds) }
    }))
}

/// How expansion and delivery hear of each other.
pub(crate) struct Turns {
    /// Chunks expanded so far; it hangs up when expansion has come to its end.
    pub(crate) expanding: watch::Receiver<usize>,
    /// Whether delivery has something to do.
    pub(crate) delivering: watch::Sender<bool>,
}

/// An attempt that has come to its end, if one was under way.
type Joined = Option<Result<sqlx::Result<(GuildId, Finished)>, JoinError>>;

struct Pipeline<'a> {
    app: &'a App,
    flight: JoinSet<sqlx::Result<(GuildId, Finished)>>,
    brake: Brake,
    /// The gate or the circuit makes everyone wait.
    held: bool,
    /// When less was due than could be claimed. Until something is recorded or expanded, little more will be.
    drained_at: Option<Instant>,
    batch: u32,
    /// What edits have not had of their share.
    edits_owed: f64,
    attempts: usize,
    outcomes: Vec<Record>,
    /// The servers that they are of.
    guilds: Vec<GuildId>,
    invalid: i32,
    tidied: Instant,
}

impl<'a> Pipeline<'a> {
    fn new(app: &'a App) -> Self {
        let batch = match app.settings.discord_rate_per_second {
            0 => MAX_BATCH,
            rate => (rate / 3).clamp(1, MAX_BATCH),
        };
        Self {
            app,
            flight: JoinSet::new(),
            brake: Brake::default(),
            held: false,
            drained_at: None,
            batch,
            edits_owed: 0.0,
            attempts: 0,
            outcomes: Vec::new(),
            guilds: Vec::new(),
            invalid: 0,
            tidied: Instant::now(),
        }
    }

    /// Claims a batch when there is room for one; tells whether anything was due.
    async fn refill(&mut self) -> sqlx::Result<bool> {
        let batch = self.batch as usize;
        if self.flight.len() + batch > MAX_IN_FLIGHT.max(batch) || self.brake.pulled() {
            self.held |= self.brake.pulled();
            return Ok(false);
        }
        let drained = self.drained_at.is_some_and(|at| at.elapsed() < LOOK_AGAIN_AFTER);
        if drained && !self.flight.is_empty() {
            return Ok(false);
        }
        let now = self.app.clock.now();
        let due = claim::claim(&self.app.pool, &self.next_claim(now)).await?;
        let Ok(count) = u32::try_from(due.len()) else { return Ok(false) };
        self.drained_at = (count < self.batch).then(Instant::now);
        if self.tidied.elapsed() > TIDY_EVERY {
            self.tidy().await?;
        }
        if count == 0 {
            return Ok(false);
        }
        match gate::admit(self.app, count).await? {
            Admission::Go { first, interval } => {
                for (turn, due) in (0..).zip(due) {
                    self.launch(due, first + interval * turn);
                }
            }
            Admission::Later(wait) => {
                self.held = true;
                deliveries::release(&self.app.pool, &due, now + wait).await?;
            }
        }
        Ok(true)
    }

    /// Takes streams out of the queue that have nothing left to deliver. In Lambda nobody else tells open pages of
    /// what has changed.
    async fn tidy(&mut self) -> sqlx::Result<()> {
        claim::leave_queue(&self.app.pool).await?;
        hints::tell(self.app).await;
        self.tidied = Instant::now();
        Ok(())
    }

    fn next_claim(&mut self, now: OffsetDateTime) -> Claim {
        self.edits_owed += f64::from(self.batch) * EDIT_SHARE;
        let edits = self.edits_owed.floor();
        self.edits_owed -= edits;
        let seconds_each = match self.app.settings.discord_rate_per_second {
            0 => 0.0,
            rate => f64::from(rate).recip(),
        };
        Claim {
            now,
            lease_until: now + LEASE,
            limit: i64::from(self.batch),
            edits: edits as i64,
            seconds_each,
        }
    }

    fn launch(&mut self, due: DueDelivery, slot: Instant) {
        self.attempts += 1;
        let (app, brake) = (self.app.clone(), self.brake.clone());
        self.flight.spawn(async move {
            let guild = due.guild_id;
            Ok((guild, attempt::run(&app, due, slot, &brake).await?))
        });
    }

    /// Takes an outcome, and along with it all others that are there.
    async fn collect(&mut self, mut next: Joined) -> sqlx::Result<()> {
        while let Some(finished) = next {
            match finished {
                Ok(Ok((guild, finished))) => {
                    self.guilds.push(guild);
                    self.invalid += i32::from(finished.invalid_request);
                    self.outcomes.push(finished.record);
                }
                // It costs this delivery alone, and only the time of its lease.
                Ok(Err(error)) => tracing::warn!(%error, "a delivery is left to its lease"),
                Err(error) => {
                    tracing::error!(%error, "a delivery broke off; it is left to its lease");
                }
            }
            next = self.flight.try_join_next();
        }
        if self.outcomes.len() >= RECORD_AT {
            self.flush().await?;
        }
        Ok(())
    }

    /// Records the outcomes.
    async fn flush(&mut self) -> sqlx::Result<()> {
        if !self.outcomes.is_empty() {
            self.drained_at = None;
            deliveries::record(&self.app.pool, &self.outcomes, self.app.clock.now()).await?;
            self.outcomes.iter().for_each(|record| counter(record.status).count());
            self.outcomes.clear();
            self.guilds.drain(..).for_each(|guild| self.app.hub().changes().deliveries(guild));
        }
        if self.invalid > 0 {
            gate::count_invalid(self.app, std::mem::take(&mut self.invalid)).await?;
        }
        Ok(())
    }
}

fn counter(status: Status) -> Counter {
    match status {
        Status::Sent => Counter::Sent,
        Status::Skipped => Counter::Skipped,
        Status::Failed => Counter::Failed,
        Status::Expired => Counter::Expired,
        Status::Pending | Status::Sending => Counter::Retried,
    }
}
