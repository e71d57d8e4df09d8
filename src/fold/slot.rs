//! Folding one slot: its rows in; out come parts of the verdicts on its clicks, then one batch with
//! everything else and the watermark.
//!
//! Order inside a slot: live clicks by program, partner, own time and number (nothing of the fold
//! reaches from one partner's clicks on a program to any others, so this gives what the order by
//! time alone would), then imported clicks in the same order, then the entries that waited, by slot
//! and number, then what brands said in the slot and who arrived on their pages, by number. A
//! conversion therefore never misses a click or an arrival that was answered before it.

use std::sync::Arc;

use ahash::AHashSet;

use crate::catalog::{Catalog, Shelf};
use crate::derived::{
    Batch, Begun, Class, Families, Generation, Judged, Mark, Reasons, VerdictKey, WindowKey,
};
use crate::log::{Footer, Judgement, Log, SlotRest};
use crate::model::click::{Click, Parameter};
use crate::model::id::{CatalogVersion, ProgramId, Slot};
use crate::model::time::{Day, Millis};

use super::action::desk::Desk;
use super::adjust::Book;
use super::begun::judged;
use super::catalogs::Catalogs;
use super::cells::{Cells, Facets};
use super::click::agents::Agents;
use super::click::carried::{Carried, note_all};
use super::click::charge::{Charges, Terms};
use super::click::classify;
use super::click::imported::{Imports, Judging};
use super::click::requests::{Request, Requests};
use super::click::robots::Robots;
use super::click::row::{Row, click_terms};
use super::click::signs::SignReader;
use super::click::window::Windows;
use super::counts::Counts;
use super::credit::case::Clicked;
use super::credit::see::Stored;
use super::days::Days;
use super::error::FoldError;
use super::ledger;
use super::people::forget::forget;

/// Version of the fold's own rules. A store folded under another version is made again, so it
/// changes with anything that gives other derived rows for the same log.
pub const RULES: u32 = 17;

/// Clicks after which the verdicts are committed and another thread may go first, half a
/// millisecond: the kernel takes no CPU from a thread that has just got it, so a public worker on
/// the same CPU waits so long at the most. Fewer clicks cost more and shorten no latency.
const PART: u32 = 256;

/// Folds the slots of a log into one generation, one after the other.
///
/// After an error it is of no further use: what it holds in memory may be ahead of the store.
#[derive(Debug)]
pub struct Folder {
    log: Log,
    pub(super) generation: Arc<Generation>,
    pub(super) mark: Option<Mark>,
    agents: Agents,
    requests: Requests,
    signs: SignReader,
    catalogs: Catalogs,
    catalog: Arc<Catalog>,
    days: Days,
    pub(super) windows: Windows<WindowKey>,
    pub(super) cells: Cells,
    rows: Vec<Row>,
    carried: Vec<Carried>,
    pub(super) imports: Imports,
    charges: Charges,
    pub(super) book: Book,
    pub(super) counts: Counts,
    part: u32,
    pub(super) holds_back: bool,
    forgets: bool,
}

impl Folder {
    /// Goes on where `generation` stands.
    #[must_use]
    pub fn new(log: Log, generation: Arc<Generation>) -> Self {
        let mark = generation.mark();
        Self {
            log,
            generation,
            mark,
            agents: Agents::default(),
            requests: Requests::default(),
            signs: SignReader::default(),
            catalogs: Catalogs::default(),
            catalog: Arc::default(),
            days: Days::default(),
            windows: Windows::new(mark.map(|mark| mark.newest)),
            cells: Cells::default(),
            rows: Vec::new(),
            carried: Vec::new(),
            imports: Imports::default(),
            charges: Charges::default(),
            book: Book::default(),
            counts: Counts::default(),
            part: PART,
            holds_back: false,
            forgets: true,
        }
    }

    /// Shares catalogue versions with others through `shelf`.
    #[must_use]
    pub fn sharing(mut self, shelf: Arc<Shelf>) -> Self {
        self.catalogs = Catalogs::new(shelf);
        self
    }

    /// Judges the past by a judgement that is not stored yet; `robots` are its rules.
    #[must_use]
    pub(super) fn judging(mut self, judgement: Judgement, robots: Robots) -> Self {
        self.agents = Agents::of_judgement(judgement, robots);
        self
    }

    /// Forgets nobody, to compare with. What is credited is the same.
    pub fn forget_nobody(&mut self) {
        self.forgets = false;
    }

    /// Commits the verdicts after so many clicks each, at least one.
    pub fn commit_every(&mut self, clicks: u32) {
        self.part = clicks.max(1);
    }

    /// The generation it folds into.
    #[must_use]
    pub fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// How far it has come; `None` before the first slot.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        self.mark
    }

    /// Folds `slot`, which must be sealed and the next one; what its footer says.
    ///
    /// `None` when `stop` says so between two parts of the slot: this folder is of no further use
    /// then, and the next one goes on where it has come to.
    ///
    /// # Errors
    /// The slot does not match its footer, or a store fails. Nothing of the slot shows.
    pub fn fold(
        &mut self,
        slot: Slot,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Footer>, FoldError> {
        let footer = self
            .log
            .footer(slot)?
            .ok_or(FoldError::FooterMissing(slot))?;
        self.agents.load(&self.log, &footer, self.mark)?;
        self.book
            .load(&self.log, self.agents.judgement(), &footer)?;
        self.catalogs.begin_slot();
        if self.catalog.version != footer.catalog {
            self.catalog = self.catalogs.load(&self.log, footer.catalog)?;
            self.days.clear();
            self.signs.forget_catalog();
        }
        let generation = Arc::clone(&self.generation);
        let families = generation.families()?;
        let mut batch = families.batch();
        let rest = self.read_slot(&footer)?;
        self.charges.begin_slot();
        if !self.judge_clicks(&families, &footer, &mut batch, stop)?
            || !self.judge_imports(&families, &footer, &mut batch, stop)?
        {
            return Ok(None);
        }
        note_all(&self.carried, &self.rows, &mut batch);
        self.charges.write(&mut batch);
        self.settle_rest(&families, &footer, &rest, &mut batch)?;
        ledger::count(self, &footer);
        self.book.write(&mut batch);
        self.cells.write(&families, &mut batch)?;
        self.windows.write(&mut batch)?;
        self.imports.windows.write(&mut batch)?;
        self.imports.end_jobs(&mut batch);
        let entered = footer.wall_end.utc_day();
        let before = self.mark.map(|mark| mark.wall_end.utc_day());
        let is_new_day = before.is_none_or(|before| before < entered);
        if is_new_day {
            let last = Day(entered.0.saturating_sub(2));
            self.windows.forget(&families, last, &mut batch)?;
        }
        if self.forgets {
            let new_day = is_new_day.then_some(footer.wall_end);
            forget(&mut batch, &self.catalog, new_day)?;
        }
        let newest = self.rows.iter().map(|row| row.time).max();
        let before = self.mark.map_or(Millis(i64::MIN), |mark| mark.newest);
        let mark = Mark {
            slot,
            wall_end: footer.wall_end,
            checksum: footer.checksum,
            newest: newest.map_or(before, |newest| newest.max(before)),
            judgement: self.agents.judgement(),
        };
        batch.commit(&mark)?;
        self.windows.rotate();
        self.imports.windows.rotate();
        self.mark = Some(mark);
        Ok(Some(footer))
    }

    /// What was counted since this was last asked; for metrics.
    pub(super) fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    /// Reads the clicks into `rows`, in their order; the rest of the slot.
    fn read_slot(&mut self, footer: &Footer) -> Result<SlotRest, FoldError> {
        let (slot, rows, imports) = (footer.slot, &mut self.rows, &mut self.imports);
        let carried = &mut self.carried;
        let cells = std::cell::RefCell::new(&mut self.cells);
        rows.clear();
        carried.clear();
        imports.begin_slot();
        let mut rest = self.log.read_slot(
            footer,
            &mut |stored| {
                let facets = cells.borrow_mut().facets(&stored.click);
                rows.push(Row::new(slot, &stored, facets));
                carried.extend(Carried::of(&stored));
                if rows.len().is_multiple_of(PART as usize) {
                    std::thread::yield_now();
                }
            },
            &mut |partner, number, imported| {
                let facets = cells.borrow_mut().facets(&imported.click);
                imports.push(slot, partner, number, imported, facets);
                if imports.len().is_multiple_of(PART as usize) {
                    std::thread::yield_now();
                }
            },
        )?;
        imports.all_read(std::mem::take(&mut rest.ends));
        if !rows.is_sorted_by_key(Row::order) {
            rows.sort_unstable_by_key(Row::order);
        }
        Ok(rest)
    }

    /// Judges the clicks of the slot, part by part; whether all of them are judged.
    fn judge_clicks(
        &mut self,
        families: &Families<'_>,
        footer: &Footer,
        batch: &mut Batch<'_>,
        stop: &dyn Fn() -> bool,
    ) -> Result<bool, FoldError> {
        let catalog = Arc::clone(&self.catalog);
        let (slot, checksum) = (footer.slot, footer.checksum);
        let judged = judged(families, footer)?;
        let mut rows = std::mem::take(&mut self.rows);
        for (at, row) in (0_u32..).zip(&mut rows) {
            if at < judged {
                let stored = families.verdict(row.key())?;
                row.verdict = stored.ok_or(FoldError::VerdictMissing(row.number))?;
                self.windows.is_stored(row.time);
            } else {
                if at > judged && at.is_multiple_of(self.part) {
                    if self.holds_back {
                        batch.spill()?;
                    } else {
                        self.windows.write(batch)?;
                        batch.commit_part(&Begun {
                            slot,
                            checksum,
                            judged: at,
                        })?;
                    }
                    std::thread::yield_now();
                    if stop() {
                        return Ok(false);
                    }
                }
                self.judge(families, &catalog, row)?;
            }
            let charged = self.count(families, &catalog, row)?;
            if at >= judged {
                batch.judged(row.key(), &charged);
            }
        }
        self.rows = rows;
        Ok(true)
    }

    /// Judges the imported clicks of the slot after its live ones, part by part as those; whether
    /// all of them are judged.
    fn judge_imports(
        &mut self,
        families: &Families<'_>,
        footer: &Footer,
        batch: &mut Batch<'_>,
        stop: &dyn Fn() -> bool,
    ) -> Result<bool, FoldError> {
        let count = self.imports.len();
        if count == 0 {
            return Ok(true);
        }
        self.imports.begin_judging(families)?;
        let catalog = Arc::clone(&self.catalog);
        let (slot, checksum) = (footer.slot, footer.checksum);
        let judged = judged(families, footer)?;
        let live = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        for (nth, at) in (0..count).zip(live..) {
            if at > judged && at.is_multiple_of(self.part) {
                if self.holds_back {
                    batch.spill()?;
                } else {
                    self.windows.write(batch)?;
                    self.imports.windows.write(batch)?;
                    batch.commit_part(&Begun {
                        slot,
                        checksum,
                        judged: at,
                    })?;
                }
                std::thread::yield_now();
                if stop() {
                    return Ok(false);
                }
            }
            let mut judging = Judging {
                log: &self.log,
                families,
                catalog: &catalog,
                agents: &mut self.agents,
                requests: &mut self.requests,
                signs: &mut self.signs,
                days: &mut self.days,
                cells: &mut self.cells,
                charges: &mut self.charges,
                book: &mut self.book,
            };
            self.imports.settle(nth, at < judged, &mut judging, batch)?;
        }
        Ok(true)
    }

    fn judge(
        &mut self,
        families: &Families<'_>,
        catalog: &Catalog,
        row: &mut Row,
    ) -> Result<(), FoldError> {
        let terms = click_terms(catalog, row.program);
        let by = (&mut self.agents, &mut self.requests, catalog);
        let mut reasons = self.signs.judge(&self.log, row, &terms, by)?;
        row.verdict.class = if let Some(class) = classify::outside_windows(reasons) {
            class
        } else {
            let keys = row.windows();
            let seen = self.windows.seen(families, keys, terms.rule, row.time)?;
            let (unique, now) = terms.rule.judge(row.time, seen);
            self.windows.set(keys.0, now);
            if unique {
                Class::Unique
            } else {
                reasons.set(Reasons::DUPLICATE);
                Class::Duplicate
            }
        };
        row.verdict.reasons = reasons;
        Ok(())
    }

    /// Charges and counts a click that is judged; what is to be stored of it.
    fn count(
        &mut self,
        families: &Families<'_>,
        catalog: &Catalog,
        row: &mut Row,
    ) -> Result<Judged, FoldError> {
        let program = catalog.program(row.program);
        let day = self.days.day(program, row.program, row.time);
        let terms = Terms {
            log: &self.log,
            families,
            catalog,
        };
        let charge = self.charges.charge(terms, program, row, day)?;
        let charged = Judged {
            verdict: row.verdict,
            charge: self.book.charge(row, charge),
        };
        let (log, cells) = (&self.log, &mut self.cells);
        self.requests
            .describe(log, row.request, &mut row.facets, cells)?;
        row.count(families, cells, (day, charged.cost()))?;
        self.book.count(row, (program, &mut self.days), cells);
        self.counts.verdict(row.verdict.class);
        Ok(charged)
    }

    fn settle_rest<'f>(
        &mut self,
        families: &Families<'f>,
        footer: &Footer,
        rest: &SlotRest,
        batch: &mut Batch<'f>,
    ) -> Result<(), FoldError> {
        let catalog = Arc::clone(&self.catalog);
        let mut desk = Desk {
            folder: self,
            families,
            footer,
            batch,
            waiting: AHashSet::new(),
            notices: 0,
        };
        desk.settle_waiting()?;
        let mut visits = rest.visits.iter().peekable();
        for (id, entry) in &rest.entries {
            while let Some((number, visit)) = visits.next_if(|(number, _)| *number < id.number) {
                desk.arrive(*number, visit, &catalog)?;
            }
            desk.settle(*id, entry, &catalog)?;
        }
        for (number, visit) in visits {
            desk.arrive(*number, visit, &catalog)?;
        }
        Ok(())
    }

    /// The day of `at` by the calendar of a program.
    pub(super) fn day(&mut self, program: ProgramId, at: Millis) -> Day {
        self.days.day(self.catalog.program(program), program, at)
    }

    /// What an action is kept apart by that came by this click.
    pub(super) fn facets<'p, P>(&mut self, click: &Click<P>) -> Result<Facets, FoldError>
    where
        P: Iterator<Item = (Parameter, &'p [u8])> + Clone,
    {
        let (log, cells) = (&self.log, &mut self.cells);
        let mut facets = cells.facets(click);
        self.requests
            .describe(log, Request::of(click), &mut facets, cells)?;
        Ok(facets)
    }

    /// The log that is folded.
    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// The catalogue of a version.
    pub(super) fn load_catalog(
        &mut self,
        version: CatalogVersion,
    ) -> Result<Arc<Catalog>, FoldError> {
        self.catalogs.load(&self.log, version)
    }

    /// What is known of a click; `None` when it is not stored up to this slot.
    pub(super) fn stored(
        &self,
        families: &Families<'_>,
        program: ProgramId,
        click: &Clicked,
    ) -> Result<Option<Stored>, FoldError> {
        let place = (program, click.partner, click.time, click.number);
        let verdict = if let Ok(at) = self.rows.binary_search_by_key(&place, Row::order)
            && let Some(row) = self.rows.get(at)
        {
            Some(row.verdict)
        } else if let Some(verdict) = self.imports.verdict(place) {
            Some(verdict)
        } else {
            families.verdict(VerdictKey {
                program,
                partner: click.partner,
                day: click.time.utc_day(),
                time: click.time,
                number: click.number,
            })?
        };
        Ok(verdict.map(Stored::of))
    }
}
