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
};
use sm_aws::metrics::Counter;
use sm_db::announce::deliveries::{self, DueDelivery, Record};
use sm_types::{DeliveryId, announcement::Status};
use time::Duration;
use tokio::{sync::watch, task::JoinSet, time::Instant};

/// How long a worker may take for a delivery before another takes it over. Well within the
/// minutes for which Discord remembers a nonce.
const LEASE: Duration = Duration::seconds(30);
/// Requests under way at once.
const MAX_IN_FLIGHT: usize = 64;
/// Rows claimed at once; fewer at a low rate, so that none waits long for its slot.
const MAX_BATCH: u32 = 32;
/// Outcomes recorded in one statement.
const RECORD_AT: usize = 32;

/// What [`run`] did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) attempts: usize,
    pub(crate) work_left: bool,
}

/// Sends until nothing is due and `expanding` has hung up, or until `stop_at`.
pub(crate) async fn run(
    app: &App,
    stop_at: Instant,
    mut expanding: watch::Receiver<usize>,
) -> sqlx::Result<Sent> {
    let mut pipeline = Pipeline::new(app);
    loop {
        let out_of_time = Instant::now() >= stop_at || app.is_stopping();
        // Hearing of the end before the last look makes that look see everything.
        let expanded = expanding.has_changed().is_err();
        expanding.mark_unchanged();
        let open = !out_of_time && !pipeline.held;
        let found = open && pipeline.refill().await?;
        if pipeline.flight.is_empty() {
            // What was recorded may be due again at once, in another shape.
            let idle = !pipeline.flush().await? && !found;
            if !open || idle && expanded {
                return Ok(Sent { attempts: pipeline.attempts, work_left: out_of_time });
            }
            if idle {
                // An error means that expansion is done, which the next turn notices.
                let _ = expanding.changed().await;
            }
        } else {
            pipeline.collect().await?;
        }
    }
}

struct Pipeline<'a> {
    app: &'a App,
    flight: JoinSet<sqlx::Result<Finished>>,
    brake: Brake,
    /// The gate or the circuit makes everyone wait.
    held: bool,
    batch: u32,
    attempts: usize,
    outcomes: Vec<Record>,
    invalid: i32,
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
            batch,
            attempts: 0,
            outcomes: Vec::new(),
            invalid: 0,
        }
    }

    /// Claims a batch when there is room for one; tells whether anything was due.
    async fn refill(&mut self) -> sqlx::Result<bool> {
        let batch = self.batch as usize;
        if self.flight.len() + batch > MAX_IN_FLIGHT.max(batch) || self.brake.pulled() {
            self.held |= self.brake.pulled();
            return Ok(false);
        }
        let now = self.app.clock.now();
        let due =
            deliveries::claim(&self.app.pool, now, now + LEASE, i64::from(self.batch)).await?;
        let Ok(count) = u32::try_from(due.len()) else { return Ok(false) };
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
                release(self.app, &due, now + wait).await?;
            }
        }
        Ok(true)
    }

    fn launch(&mut self, due: DueDelivery, slot: Instant) {
        self.attempts += 1;
        let (app, brake) = (self.app.clone(), self.brake.clone());
        self.flight.spawn(async move { attempt::run(&app, due, slot, &brake).await });
    }

    /// Waits for an outcome and takes along all others that are there.
    async fn collect(&mut self) -> sqlx::Result<()> {
        let mut next = self.flight.join_next().await;
        while let Some(finished) = next {
            // A task that panicked leaves its row to the lease.
            if let Ok(finished) = finished {
                let finished = finished?;
                self.invalid += i32::from(finished.invalid_request);
                self.outcomes.push(finished.record);
            }
            next = self.flight.try_join_next();
        }
        if self.outcomes.len() >= RECORD_AT {
            self.flush().await?;
        }
        Ok(())
    }

    /// Records the outcomes; tells whether there were any.
    async fn flush(&mut self) -> sqlx::Result<bool> {
        let any = !self.outcomes.is_empty();
        if any {
            self.outcomes.iter().for_each(|record| counter(record.status).count());
            deliveries::record(&self.app.pool, &self.outcomes, self.app.clock.now()).await?;
            self.outcomes.clear();
        }
        if self.invalid > 0 {
            gate::count_invalid(self.app, std::mem::take(&mut self.invalid)).await?;
        }
        Ok(any)
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

async fn release(app: &App, due: &[DueDelivery], at: time::OffsetDateTime) -> sqlx::Result<()> {
    let ids: Vec<DeliveryId> = due.iter().map(|d| d.delivery_id).collect();
    deliveries::release(&app.pool, &ids, at).await
}
