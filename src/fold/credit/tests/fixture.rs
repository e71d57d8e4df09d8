//! A small catalogue, a conversion, and a map of what is known of clicks and people.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::catalog::snapshot::{
    CodeOwner, CodePolicy, Contract, CreditGroup, CreditPolicy, EventType, Payout, Payouts,
    Program, PromoCode, Terms,
};
use crate::catalog::{Catalog, parse_toml};
use crate::derived::{OrderKey, Path, Reasons, Signs, Source, Touch};
use crate::fold::FoldError;
use crate::fold::credit::case::{Case, Clicked, Winner};
use crate::fold::credit::decide::decide;
use crate::fold::credit::see::{See, Stored};
use crate::model::click_id::ClickId;
use crate::model::id::{
    AdId, CatalogVersion, EventNumber, EventTypeId, PartnerId, ProgramId, Slot, SubmissionId,
};
use crate::model::refusal::Refusal;
use crate::model::submission::{Claim, EventTime, Fingerprint, Person, Reference, Submission};
use crate::model::time::{DAY, HOUR, Millis};

const DOCUMENT: &str = r#"
version = 0
[[brand]]
sid = "IRone"
name = "One"
[[program]]
id = 1
brand = "IRone"
name = "One"
time_zone = "Asia/Kolkata"
currency = "USD"
landing_page = "https://one.example/"
late_limit = "2d"
[[event_type]]
program = 1
id = 1
name = "Sale"
category = "SALE"
[[event_type]]
program = 1
id = 2
name = "Lead"
category = "LEAD"
[[event_type]]
program = 1
id = 3
name = "Unpaid"
category = "LEAD"
[[partner]]
id = 10
name = "Ten"
[[partner]]
id = 11
name = "Eleven"
[[partner]]
id = 12
name = "Twelve"
[[contract]]
program = 1
partner = 10
start = 2026-03-01
end = 2026-06-30
referral_window = "1d"
payouts = [{ event_type = 1, rate = "12.5%" }, { event_type = 2, amount = "1.50" }]
[[contract]]
program = 1
partner = 11
start = 2026-03-01
end = 2026-06-30
referral_window = "1d"
payouts = [{ event_type = 1, rate = "5%" }]
[[contract]]
program = 1
partner = 12
start = 2026-03-01
end = 2026-06-30
referral_window = "1d"
payouts = [{ event_type = 1, amount = "3.00" }]
"#;

/// 2026-05-01T12:00:00Z.
pub(super) const CLICKED: Millis = Millis(1_777_636_800_000);
pub(super) const PROGRAM: ProgramId = ProgramId(1);
pub(super) const SALE: EventTypeId = EventTypeId(1);

/// What is known, as a decision may ask for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) stored: BTreeMap<(EventNumber, PartnerId), Reasons>,
    pub(super) journey: Vec<(Person, Touch)>,
    pub(super) imported: Option<Touch>,
    pub(super) earned: BTreeMap<(EventNumber, PartnerId), u32>,
    pub(super) last_action: Option<Millis>,
    pub(super) last_call: Option<Millis>,
}

impl See for Known {
    fn stored(&self, _: ProgramId, click: &Clicked) -> Result<Option<Stored>, FoldError> {
        let reasons = self.stored.get(&(click.number, click.partner));
        let slot = Slot(5);
        Ok(reasons.map(|&reasons| Stored {
            reasons,
            signs: Signs::NONE,
            slot,
        }))
    }

    fn journey(
        &self,
        _: ProgramId,
        persons: &[Person],
        times: &RangeInclusive<Millis>,
    ) -> Result<Vec<Touch>, FoldError> {
        let all = self.journey.iter().rev();
        let own =
            all.filter(|(person, touch)| persons.contains(person) && times.contains(&touch.time));
        Ok(own.map(|(_, touch)| touch.clone()).collect())
    }

    fn external(&self, _: ProgramId, _: Fingerprint) -> Result<Option<Touch>, FoldError> {
        Ok(self.imported.clone())
    }

    fn earned(&self, _: ProgramId, _: EventTypeId, click: &Clicked) -> Result<u32, FoldError> {
        let earned = self.earned.get(&(click.number, click.partner));
        Ok(earned.copied().unwrap_or(0))
    }

    fn last_action(&self, _: &OrderKey) -> Result<Option<Millis>, FoldError> {
        Ok(self.last_action)
    }

    fn last_call(
        &self,
        _: ProgramId,
        _: EventTypeId,
        _: Fingerprint,
    ) -> Result<Option<Millis>, FoldError> {
        Ok(self.last_call)
    }
}

/// A conversion an hour after [`CLICKED`], and everything around it.
pub(super) struct Scene {
    pub(super) catalog: Catalog,
    pub(super) submission: Submission,
    /// How long after [`CLICKED`] it is received.
    pub(super) after: i64,
    pub(super) known: Known,
}

impl Scene {
    /// A sale that refers to nothing.
    pub(super) fn new() -> Self {
        let doc = parse_toml(DOCUMENT).unwrap();
        let mut catalog = Catalog::build(&doc, CatalogVersion(1)).unwrap();
        catalog.programs.get_mut(&PROGRAM).unwrap().look_back = DAY;
        Self {
            catalog,
            submission: Submission {
                program: PROGRAM,
                event_type: SALE,
                order_id: "order".into(),
                ..Submission::default()
            },
            after: HOUR,
            known: Known::default(),
        }
    }

    /// A sale that names a stored click of partner 10.
    pub(super) fn named() -> Self {
        let mut scene = Self::new();
        scene.name(click(10, 0));
        scene
    }

    /// Lets the sale name a stored click.
    pub(super) fn name(&mut self, id: ClickId) {
        self.submission.claim = Claim::Verified(id);
        self.note(&id, Reasons::NONE);
    }

    /// Notes what speaks against a click.
    pub(super) fn note(&mut self, id: &ClickId, reasons: Reasons) {
        self.known.stored.insert((id.number, id.partner), reasons);
    }

    /// Lets a person have come by a stored click.
    pub(super) fn came(&mut self, person: Person, id: ClickId) {
        self.note(&id, Reasons::NONE);
        self.known.journey.push((person, touch(&id)));
    }

    /// Lets a person have come by a channel so long after [`CLICKED`].
    pub(super) fn came_by(&mut self, person: Person, channel: &str, at: i64) {
        let touch = Touch {
            time: CLICKED.plus(at),
            number: EventNumber::first_at(CLICKED.plus(at), 9),
            source: Source::Channel(channel.into()),
        };
        self.known.journey.push((person, touch));
    }

    /// Lets the sale refer to something more.
    pub(super) fn refers(&mut self, reference: Reference) {
        self.submission.references.push(reference);
        self.submission.references.sort();
    }

    /// Lets the sale happen so long after [`CLICKED`], known to so many milliseconds.
    pub(super) fn happened(&mut self, after: i64, precision: i64) {
        self.submission.event = EventTime::At {
            start: CLICKED.plus(after),
            precision,
        };
    }

    pub(super) fn program(&mut self) -> &mut Program {
        self.catalog.programs.get_mut(&PROGRAM).unwrap()
    }

    pub(super) fn event_type(&mut self) -> &mut EventType {
        self.program().event_types.get_mut(&SALE).unwrap()
    }

    pub(super) fn first_click(&mut self) {
        self.event_type().credit = CreditPolicy::FirstClick;
    }

    pub(super) fn contract(&mut self, partner: u32) -> &mut Contract {
        let key = (PROGRAM, PartnerId(partner));
        &mut self.catalog.contracts.get_mut(&key).unwrap()[0]
    }

    /// Changes the terms of a partner's contract.
    pub(super) fn terms(&mut self, partner: u32, change: impl FnOnce(&mut Terms)) {
        let contract = self.contract(partner);
        let mut terms = Terms::clone(&contract.terms);
        change(&mut terms);
        contract.terms = terms.into();
    }

    pub(super) fn group(&mut self, partner: u32, group: CreditGroup) {
        self.terms(partner, |terms| terms.credit_group = group);
    }

    /// Changes what a partner earns for a sale.
    pub(super) fn payout(&mut self, partner: u32, change: impl FnOnce(&mut Payout)) {
        self.terms(partner, |terms| {
            let mut payout = terms.payouts.get(&SALE).unwrap().clone();
            change(&mut payout);
            terms.payouts = Payouts::new(vec![(SALE, payout)]);
        });
    }

    /// Gives a code to an owner, and lets the sale have used it.
    pub(super) fn code(&mut self, owner: CodeOwner, policy: CodePolicy) {
        let code = PromoCode {
            owner,
            policy,
            start: None,
            end: None,
        };
        self.program().codes.add("SPRING", code);
        self.refers(Reference::PromoCode("spring".into()));
    }

    /// Decides, and hands the winner to `f`.
    pub(super) fn decided<T>(&self, f: impl FnOnce(Result<Winner<'_>, Refusal>, Path) -> T) -> T {
        let case = Case {
            id: SubmissionId {
                slot: Slot(3),
                program: PROGRAM,
                number: EventNumber::first_at(CLICKED.plus(self.after), 0),
            },
            submission: &self.submission,
            catalog: &self.catalog,
        };
        let decision = decide(&case, &self.known).unwrap();
        f(decision.result, decision.path)
    }

    /// The partner that earns it.
    pub(super) fn earns(&self) -> Result<u32, Refusal> {
        self.decided(|result, _| result.map(|winner| winner.partner.0))
    }

    pub(super) fn path(&self) -> Path {
        self.decided(|_, path| path)
    }
}

/// A click of a partner so long after [`CLICKED`].
pub(super) fn click(partner: u32, after: i64) -> ClickId {
    ClickId {
        number: EventNumber::first_at(CLICKED.plus(after), 0),
        partner: PartnerId(partner),
        ad: AdId(5),
        program: PROGRAM,
        unrecorded: false,
        key_number: 0,
    }
}

pub(super) fn touch(id: &ClickId) -> Touch {
    Touch {
        time: id.number.time(),
        number: id.number,
        source: Source::Click {
            partner: id.partner,
            ad: id.ad,
            slot: None,
        },
    }
}

pub(super) fn customer() -> Person {
    Person::named(PROGRAM, "CustomerId", "c").unwrap()
}
