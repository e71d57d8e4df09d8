//! By which rules a slot is judged, and whether a click's user agent is a robot, remembered per
//! string of the log's dictionary.

use ahash::AHashMap;

use crate::derived::Mark;
use crate::log::{Footer, Judgement, Log};
use crate::model::click::{ClickFlags, Network};
use crate::model::id::{JudgementVersion, RulesVersion, StringRef};

use super::super::error::FoldError;
use super::robots::Robots;

/// Strings remembered; beyond that all are forgotten and looked up again.
const REMEMBERED_MAX: usize = 131_072;

/// What a click's user agent says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fold) enum Agent {
    /// Nothing against it.
    Browser,
    /// It is on the robot list.
    Robot,
    /// None was sent.
    Absent,
}

/// The robot list in force, with the answers it gave.
#[derive(Debug, Default)]
pub(in crate::fold) struct Agents {
    /// Read with the first slot, and the same for every slot of a generation.
    judgement: Option<Judgement>,
    version: RulesVersion,
    robots: Robots,
    known: AHashMap<StringRef, bool>,
}

impl Agents {
    /// Those of a judgement that is not stored yet, and of its rules.
    pub(in crate::fold) fn of_judgement(judgement: Judgement, robots: Robots) -> Self {
        Self {
            judgement: Some(judgement),
            version: judgement.rules,
            robots,
            known: AHashMap::new(),
        }
    }

    /// The judgement that slots are folded by; version 0 before the first one.
    pub(in crate::fold) fn judgement(&self) -> JudgementVersion {
        self.judgement.unwrap_or_default().version
    }

    /// Uses the rules that judge the slot of a footer: those of the judgement by which the
    /// generation was folded up to `mark`, or else of the newest, where it reaches so far, and
    /// those that the footer names beyond it. Version 0, before any were stored, is empty.
    pub(in crate::fold) fn load(
        &mut self,
        log: &Log,
        footer: &Footer,
        mark: Option<Mark>,
    ) -> Result<(), FoldError> {
        let judgement = match (self.judgement, mark) {
            (Some(judgement), _) => judgement,
            (None, Some(mark)) => {
                let version = mark.judgement;
                let stored = log.judgement(version)?;
                stored.ok_or(FoldError::JudgementMissing(version))?
            }
            (None, None) => log.current_judgement()?,
        };
        self.judgement = Some(judgement);
        let version = judgement.rules_of(footer);
        if version == self.version {
            return Ok(());
        }
        self.robots = if version == RulesVersion(0) {
            Robots::default()
        } else {
            let stored = log
                .rules(version)?
                .ok_or(FoldError::RulesMissing(version))?;
            Robots::parse(&stored).map_err(|source| FoldError::RulesDamaged { version, source })?
        };
        self.known.clear();
        self.version = version;
        Ok(())
    }

    /// Whether a network is one of a host.
    pub(in crate::fold) fn hosts(&self, network: Network) -> bool {
        self.robots.hosting.lists(network)
    }

    /// What the user agent of a click says.
    ///
    /// When a slot takes no new strings, a click may lack a user agent that was sent: it counts as
    /// a browser, since a bound of ours must not cost a partner. Who wants to pass for a browser
    /// gains nothing by it that sending a browser's name would not give.
    pub(in crate::fold) fn of(
        &mut self,
        log: &Log,
        user_agent: StringRef,
        flags: ClickFlags,
    ) -> Result<Agent, FoldError> {
        if user_agent == StringRef(0) {
            return Ok(if flags.any(ClickFlags::LIMITED_STRINGS) {
                Agent::Browser
            } else {
                Agent::Absent
            });
        }
        let robot = match self.known.get(&user_agent) {
            Some(robot) => *robot,
            None => self.look_up(log, user_agent)?,
        };
        Ok(if robot { Agent::Robot } else { Agent::Browser })
    }

    #[cold]
    fn look_up(&mut self, log: &Log, user_agent: StringRef) -> Result<bool, FoldError> {
        let text = log
            .string(user_agent)?
            .ok_or(FoldError::StringMissing(user_agent))?;
        let robot = self.robots.lists(&text);
        if self.known.len() >= REMEMBERED_MAX {
            self.known.clear();
        }
        self.known.insert(user_agent, robot);
        Ok(robot)
    }
}
