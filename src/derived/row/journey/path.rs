//! Value of `paths`: what led to a conversion, step by step, and which step earned it.

use crate::model::id::{AdId, EventNumber, PartnerId, Slot};
use crate::model::refusal::Refusal;
use crate::model::time::Millis;

use super::super::bytes::{FORMAT, Reader, Why, push, push_option, push_text, push_varint};

/// Something by which a customer came, or by which a conversion names a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Its own time; of a name the action date.
    pub time: Millis,
    /// Its number; of a name that of the conversion.
    pub number: EventNumber,
    /// What it was.
    pub source: Source,
}

/// What a touch was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A click on a partner's link.
    Click {
        /// The partner of the link.
        partner: PartnerId,
        /// The ad of the link.
        ad: AdId,
        /// Where its row lies in the log; none when it was never stored.
        slot: Option<Slot>,
    },
    /// An arrival by one of the brand's own channels.
    Channel(Box<str>),
    /// A promo code of a partner.
    Code(PartnerId),
    /// A partner that the conversion names.
    Forced(PartnerId),
    /// A page that is one partner's alone.
    Url(PartnerId),
}

impl Source {
    /// The partner, unless it was a channel.
    #[must_use]
    pub fn partner(&self) -> Option<PartnerId> {
        match self {
            Self::Click { partner, .. }
            | Self::Code(partner)
            | Self::Forced(partner)
            | Self::Url(partner) => Some(*partner),
            Self::Channel(_) => None,
        }
    }

    pub(super) fn push(&self, out: &mut Vec<u8>) {
        match self {
            Self::Click { partner, ad, slot } => {
                out.push(1);
                push(out, *partner);
                push(out, ad.0);
                push_option(out, *slot, push);
            }
            Self::Channel(name) => {
                out.push(2);
                push_text(out, name);
            }
            Self::Code(partner) => {
                out.push(3);
                push(out, *partner);
            }
            Self::Forced(partner) => {
                out.push(4);
                push(out, *partner);
            }
            Self::Url(partner) => {
                out.push(5);
                push(out, *partner);
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Why> {
        Ok(match reader.part()? {
            1_u8 => Self::Click {
                partner: reader.part()?,
                ad: AdId(reader.part()?),
                slot: reader.option(Reader::part)?,
            },
            2 => Self::Channel(reader.text()?.into()),
            3 => Self::Code(reader.part()?),
            4 => Self::Forced(reader.part()?),
            5 => Self::Url(reader.part()?),
            _ => return Err("unknown source"),
        })
    }
}

/// A touch, and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The touch.
    pub touch: Touch,
    /// Why it did not earn the conversion; none when it did.
    pub verdict: Option<Refusal>,
}

/// The rule by which a step earns a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditRule {
    /// The conversion names the partner.
    Forced,
    /// The partner's promo code was used.
    PromoCode,
    /// It was the last click of the best credit group.
    LastClick,
    /// It was the first click of the best credit group.
    FirstClick,
}

impl CreditRule {
    /// Every rule with its stored byte and its word in explanations.
    pub const ALL: &'static [(Self, u8, &'static str)] = &[
        (Self::Forced, 1, "forced"),
        (Self::PromoCode, 2, "promo code"),
        (Self::LastClick, 3, "last click"),
        (Self::FirstClick, 4, "first click"),
    ];

    /// The word in explanations.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.row().map_or("", |row| row.2)
    }

    fn byte(self) -> u8 {
        self.row().map_or(0, |row| row.1)
    }

    fn row(self) -> Option<&'static (Self, u8, &'static str)> {
        Self::ALL.iter().find(|row| row.0 == self)
    }
}

/// What led to a conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The newest steps and the one that earned it, at most [`Path::STEPS_MAX`], by time.
    pub steps: Vec<Step>,
    /// The step of the click that the conversion names.
    pub named: Option<u8>,
    /// The step that earned it.
    pub winner: Option<u8>,
    /// The rule that chose, or would have chosen.
    pub rule: CreditRule,
}

impl Path {
    /// Most steps that are kept.
    pub const STEPS_MAX: usize = 32;

    pub(in crate::derived) fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT, self.rule.byte()];
        for place in [self.named, self.winner] {
            push_option(&mut out, place, push);
        }
        push_varint(&mut out, self.steps.len() as u128);
        for Step { touch, verdict } in &self.steps {
            push(&mut out, touch.time);
            push(&mut out, touch.number);
            touch.source.push(&mut out);
            out.push(verdict.map_or(0, Refusal::byte));
        }
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let rule: u8 = reader.part()?;
        let mut rules = CreditRule::ALL.iter();
        let rule = rules.find(|row| row.1 == rule).ok_or("unknown rule")?.0;
        let named = reader.option(Reader::part)?;
        let winner = reader.option(Reader::part)?;
        let mut steps = Vec::new();
        for _ in 0..reader.varint()? {
            let touch = Touch {
                time: reader.part()?,
                number: reader.part()?,
                source: Source::read(&mut reader)?,
            };
            let verdict = match reader.part()? {
                0_u8 => None,
                byte => Some(Refusal::from_byte(byte).ok_or("unknown refusal")?),
            };
            steps.push(Step { touch, verdict });
        }
        reader.end()?;
        Ok(Self {
            steps,
            named,
            winner,
            rule,
        })
    }
}
