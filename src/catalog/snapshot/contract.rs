//! Contracts of a partner with a program, each for one period.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::terms::Terms;
use crate::model::time::Millis;

/// A partner's terms in a program for one period.
#[derive(Clone, Debug)]
pub struct Contract {
    /// First instant it is in force.
    pub start: Millis,
    /// First instant it is no longer in force.
    pub end: Option<Millis>,
    /// How long after the click an action may happen, milliseconds.
    pub referral_window: i64,
    /// What it accepts and pays. Contracts that say the same share it.
    pub terms: Arc<Terms>,
}

/// The contracts of one partner with one program. Most have one, which lies in the map itself.
#[derive(Clone, Debug)]
pub enum Contracts {
    /// One.
    One(Contract),
    /// None or several.
    Many(Box<[Contract]>),
}

impl Deref for Contracts {
    type Target = [Contract];

    fn deref(&self) -> &[Contract] {
        match self {
            Self::One(contract) => std::slice::from_ref(contract),
            Self::Many(contracts) => contracts,
        }
    }
}

impl DerefMut for Contracts {
    fn deref_mut(&mut self) -> &mut [Contract] {
        match self {
            Self::One(contract) => std::slice::from_mut(contract),
            Self::Many(contracts) => contracts,
        }
    }
}

impl From<Vec<Contract>> for Contracts {
    fn from(contracts: Vec<Contract>) -> Self {
        match <[Contract; 1]>::try_from(contracts) {
            Ok([contract]) => Self::One(contract),
            Err(contracts) => Self::Many(contracts.into()),
        }
    }
}

/// Where a contract search at an instant ends.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// This contract is in force.
    InForce(&'a Contract),
    /// The latest contract has ended.
    Ended,
    /// There was none, or the first begins later.
    NotJoined,
}
