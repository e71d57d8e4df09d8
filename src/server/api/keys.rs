//! API keys: made once, stored as a keyed hash, looked up in a snapshot in memory.
//!
//! A token is `ck_<id>_<secret>`: 8 hexadecimal digits that name the record, and 43 characters of
//! base64url for 32 random bytes. It is shown once, when it is made; the log keeps its keyed
//! BLAKE3 hash. 256 random bits need no slow hash. Comparison takes the same time whether the id,
//! the secret or the account is wrong.
//!
//! A signing key has no scope and opens nothing: its secret signs requests ([`super::signature`]).
//! The secret is derived from the key of the hashes, the account and the id, so no secret lies in
//! the log; whoever replaces the key of the hashes revokes every key of both kinds at once.

use ahash::AHashMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq as _};

use crate::log::{Log, LogError};
use crate::model::id::PartnerId;
use crate::model::time::Millis;

/// The key of the hashes that records hold.
pub type HashKey = [u8; 32];

/// What every token begins with.
const PREFIX: &str = "ck_";
/// Characters of a token's id.
const ID_LEN: usize = 8;
/// Characters of a token's secret.
const SECRET_LEN: usize = 43;

/// Most signing keys in force of one account: each is tried for a signature that is wrong.
pub const SIGNING_KEYS_MAX: usize = 8;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Read reports.
    ReadReports,
    /// Submit conversions and read their results.
    WriteConversions,
    /// Modify and reverse actions, and read the results.
    ModifyActions,
}

impl Scope {
    /// Every scope with its name.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::ReadReports, "read-reports"),
        (Self::WriteConversions, "write-conversions"),
        (Self::ModifyActions, "modify-actions"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(scope, _)| *scope == self);
        found.map_or("", |(_, name)| name)
    }

    /// The scope called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, listed)| *listed == name);
        found.map(|(scope, _)| *scope)
    }
}

/// A key as the log stores it, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRecord {
    /// Names the key, also in the token.
    pub id: String,
    /// The account it belongs to.
    pub sid: String,
    /// The partner whose account that is; none for a brand's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Keyed hash of the token, 64 hexadecimal digits; none for a signing key.
    pub hash: Option<String>,
    /// When it was made.
    pub created: Millis,
    /// When it was revoked.
    pub revoked: Option<Millis>,
}

impl KeyRecord {
    /// Whether it may do `scope`.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it signs, and was not revoked.
    #[must_use]
    pub fn is_live_signing(&self) -> bool {
        self.hash.is_none() && self.revoked.is_none()
    }
}

/// Why a key can't be made, listed or revoked.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A stored record is no key record.
    #[error("the stored key {id} can't be read: {reason}")]
    Damaged {
        /// Its id.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// There is no such key.
    #[error("there is no key {0}; `clickd key list` shows them")]
    Unknown(String),
    /// The account has as many live signing keys as are tried for a signature.
    #[error("the account has {SIGNING_KEYS_MAX} signing keys in force; revoke one of them first")]
    TooMany,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(String),
}

/// A new key: the only moment at which its token is known.
#[derive(Debug)]
pub struct Created {
    /// The token, to be shown once.
    pub token: String,
    /// What was stored.
    pub record: KeyRecord,
}

/// Makes a key for the brand account `sid`; it is durable on return.
///
/// # Errors
/// The log failed, or there is no randomness.
pub fn create(
    log: &Log,
    hash_key: &HashKey,
    sid: &str,
    scopes: &[Scope],
    now: Millis,
) -> Result<Created, KeyError> {
    create_of(log, hash_key, (sid, None), scopes, now)
}

/// Makes a key for a partner, whose account is `sid`, as [`create`] does for a brand.
///
/// # Errors
/// As [`create`].
pub fn create_for_partner(
    log: &Log,
    hash_key: &HashKey,
    (sid, partner): (&str, PartnerId),
    scopes: &[Scope],
    now: Millis,
) -> Result<Created, KeyError> {
    create_of(log, hash_key, (sid, Some(partner)), scopes, now)
}

fn create_of(
    log: &Log,
    hash_key: &HashKey,
    (sid, partner): (&str, Option<PartnerId>),
    scopes: &[Scope],
    now: Millis,
) -> Result<Created, KeyError> {
    let id = new_id(&list(log)?)?;
    let secret = URL_SAFE_NO_PAD.encode(random::<32>()?);
    let token = format!("{PREFIX}{id}_{secret}");
    let record = KeyRecord {
        hash: Some(hash(hash_key, &token).to_string()),
        sid: sid.to_owned(),
        partner,
        scopes: scopes.to_vec(),
        created: now,
        revoked: None,
        id,
    };
    put(log, &record)?;
    Ok(Created { token, record })
}

/// Makes a signing key for the account `sid`; it is durable on return. The token is its secret.
///
/// # Errors
/// The log failed, there is no randomness, or the account has [`SIGNING_KEYS_MAX`] live ones.
pub fn create_signing(
    log: &Log,
    hash_key: &HashKey,
    sid: &str,
    now: Millis,
) -> Result<Created, KeyError> {
    let known = list(log)?;
    let live = |record: &&KeyRecord| record.sid == sid && record.is_live_signing();
    if known.iter().filter(live).count() >= SIGNING_KEYS_MAX {
        return Err(KeyError::TooMany);
    }
    let record = KeyRecord {
        hash: None,
        sid: sid.to_owned(),
        partner: None,
        scopes: Vec::new(),
        created: now,
        revoked: None,
        id: new_id(&known)?,
    };
    put(log, &record)?;
    let token = signing_secret(hash_key, sid, &record.id);
    Ok(Created { token, record })
}

/// The secret of a signing key. The id has a fixed length, so no two keys share their text.
fn signing_secret(hash_key: &HashKey, sid: &str, id: &str) -> String {
    let mut hasher = blake3::Hasher::new_keyed(hash_key);
    for part in ["clickd request signature v1", id, sid] {
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_string()
}

/// Every key ever made, in order of creation.
///
/// # Errors
/// The log failed or holds a record that can't be read.
pub fn list(log: &Log) -> Result<Vec<KeyRecord>, KeyError> {
    let mut records = Vec::new();
    for (id, stored) in log.api_keys()? {
        let record: KeyRecord =
            serde_json::from_slice(&stored).map_err(|error| KeyError::Damaged {
                id: id.clone(),
                reason: error.to_string(),
            })?;
        records.push(record);
    }
    records.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    Ok(records)
}

/// Revokes a key and forgets what it has pinned; it is durable on return. Revoking twice keeps the
/// first time.
///
/// # Errors
/// There is no such key, or the log failed.
pub fn revoke(log: &Log, id: &str, now: Millis) -> Result<KeyRecord, KeyError> {
    let found = list(log)?.into_iter().find(|record| record.id == id);
    let mut record = found.ok_or_else(|| KeyError::Unknown(id.to_owned()))?;
    if record.revoked.is_none() {
        record.revoked = Some(now);
        put(log, &record)?;
    }
    log.put_pins(id, &[])?;
    Ok(record)
}

fn put(log: &Log, record: &KeyRecord) -> Result<(), KeyError> {
    let stored = serde_json::to_vec(record).map_err(|error| KeyError::Damaged {
        id: record.id.clone(),
        reason: error.to_string(),
    })?;
    Ok(log.put_api_key(&record.id, &stored)?)
}

fn hash(key: &HashKey, token: &str) -> blake3::Hash {
    blake3::keyed_hash(key, token.as_bytes())
}

fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| KeyError::Random(error.to_string()))?;
    Ok(bytes)
}

/// An id that none of `known` has.
fn new_id(known: &[KeyRecord]) -> Result<String, KeyError> {
    let mut id = random_id()?;
    while known.iter().any(|record| record.id == id) {
        id = random_id()?;
    }
    Ok(id)
}

fn random_id() -> Result<String, KeyError> {
    Ok(format!("{:08x}", u32::from_be_bytes(random::<4>()?)))
}

/// The id of a token of the right form.
#[must_use]
pub fn token_id(token: &str) -> Option<&str> {
    let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    (id.len() == ID_LEN && id.bytes().all(hex) && secret.len() == SECRET_LEN).then_some(id)
}

/// Every key in memory; replaced whole when one is made or revoked.
#[derive(Clone, Debug, Default)]
pub struct KeyTable {
    records: AHashMap<String, KeyRecord>,
    /// The ids of live signing keys by account.
    signing: AHashMap<String, Vec<String>>,
}

impl KeyTable {
    /// A table of these records.
    #[must_use]
    pub fn new(records: Vec<KeyRecord>) -> Self {
        let mut signing: AHashMap<String, Vec<String>> = AHashMap::new();
        for record in records.iter().filter(|record| record.is_live_signing()) {
            let ids = signing.entry(record.sid.clone()).or_default();
            ids.push(record.id.clone());
        }
        Self {
            signing,
            records: records
                .into_iter()
                .map(|record| (record.id.clone(), record))
                .collect(),
        }
    }

    /// Reads the table from the log.
    ///
    /// # Errors
    /// As [`list`].
    pub fn load(log: &Log) -> Result<Self, KeyError> {
        list(log).map(Self::new)
    }

    /// The key that `sid` and `token` prove, unless it was revoked.
    #[must_use]
    pub fn check(&self, hash_key: &HashKey, sid: &str, token: &str) -> Option<&KeyRecord> {
        const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";
        let record = token_id(token).and_then(|id| self.records.get(id));
        let (stored_hash, stored_sid, live) = record.map_or((NO_HASH, "", false), |record| {
            let (hash, live) = match &record.hash {
                Some(hash) => (&**hash, record.revoked.is_none()),
                None => (NO_HASH, false),
            };
            (hash, &*record.sid, live)
        });
        // The same work for every token, known or not.
        let hash = hash(hash_key, token).to_hex();
        let same_hash = hash.as_bytes().ct_eq(stored_hash.as_bytes());
        let same_sid = sid.as_bytes().ct_eq(stored_sid.as_bytes());
        let proven = same_hash & same_sid & Choice::from(u8::from(live));
        record.filter(|_| bool::from(proven))
    }
}

impl KeyTable {
    /// The secrets of the live signing keys of `sid`.
    pub fn signing_secrets(&self, hash_key: &HashKey, sid: &str) -> impl Iterator<Item = String> {
        let ids = self.signing.get(sid).map(Vec::as_slice).unwrap_or_default();
        ids.iter().map(move |id| signing_secret(hash_key, sid, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Clock, Options};

    const KEY: HashKey = [7; 32];
    const BOTH: [Scope; 2] = [Scope::ReadReports, Scope::WriteConversions];

    fn log(folder: &tempfile::TempDir) -> Log {
        Log::open(&Options::new(folder.path()), Clock::start()).unwrap()
    }

    #[test]
    fn a_key_is_proven_by_its_token_and_account_until_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder);
        let made = create(&log, &KEY, "IRacme", &BOTH, Millis(1)).unwrap();
        let other = create(&log, &KEY, "IRacme", &[Scope::ReadReports], Millis(2)).unwrap();
        let table = KeyTable::load(&log).unwrap();
        let record = table.check(&KEY, "IRacme", &made.token).unwrap();
        assert_eq!(*record, made.record);
        assert!(record.may(Scope::WriteConversions));
        assert!(!other.record.may(Scope::WriteConversions));
        assert_ne!(made.token, other.token);

        let mut changed = made.token.clone().into_bytes();
        let last = changed.last_mut().unwrap();
        *last = if *last == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        // The secret of one key under the id of another.
        let id = &other.record.id;
        let mixed = made.token.replace(&made.record.id, id);
        for (sid, token) in [
            ("IRzen", made.token.as_str()),
            ("", &made.token),
            ("IRacme", &changed),
            ("IRacme", &mixed),
            ("IRacme", ""),
            ("IRacme", "ck_00000000_"),
            (
                "",
                "ck_00000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            ),
        ] {
            assert!(table.check(&KEY, sid, token).is_none(), "{sid} {token}");
        }
        assert!(table.check(&[8; 32], "IRacme", &made.token).is_none());

        revoke(&log, &made.record.id, Millis(3)).unwrap();
        let again = revoke(&log, &made.record.id, Millis(4)).unwrap();
        assert_eq!(again.revoked, Some(Millis(3)));
        let table = KeyTable::load(&log).unwrap();
        assert!(table.check(&KEY, "IRacme", &made.token).is_none());
        assert!(table.check(&KEY, "IRacme", &other.token).is_some());
        assert!(matches!(
            revoke(&log, "ffffffff", Millis(5)),
            Err(KeyError::Unknown(_))
        ));
        assert_eq!(list(&log).unwrap().len(), 2);
    }

    #[test]
    fn a_record_without_a_partner_is_a_brands() {
        let stored = r#"{"id":"0123abcd","sid":"IRacme","scopes":["read-reports"],"hash":null,
            "created":1,"revoked":null}"#;
        let record: KeyRecord = serde_json::from_str(stored).unwrap();
        assert_eq!(record.partner, None);
        assert!(!serde_json::to_string(&record).unwrap().contains("partner"));
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder);
        let account = ("IRblog", PartnerId(7));
        let made = create_for_partner(&log, &KEY, account, &BOTH, Millis(1)).unwrap();
        let table = KeyTable::load(&log).unwrap();
        let record = table.check(&KEY, "IRblog", &made.token).unwrap();
        assert_eq!(record.partner, Some(PartnerId(7)));
    }

    #[test]
    fn the_log_never_holds_a_token() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder);
        let made = create(&log, &KEY, "IRacme", &BOTH, Millis(1)).unwrap();
        let secret = made.token.splitn(3, '_').nth(2).unwrap();
        assert_eq!(secret.len(), SECRET_LEN);
        let (_, stored) = log.api_keys().unwrap().into_iter().next().unwrap();
        let stored = String::from_utf8(stored).unwrap();
        assert!(!stored.contains(secret) && stored.contains(made.record.hash.as_ref().unwrap()));
        log.put_api_key("deadbeef", b"{}").unwrap();
        assert!(matches!(list(&log), Err(KeyError::Damaged { .. })));
    }

    #[test]
    fn scopes_and_ids_read_back() {
        for (scope, name) in Scope::ALL {
            assert_eq!(Scope::named(name), Some(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.name());
        }
        assert_eq!(Scope::named("admin"), None);
        let secret = "A".repeat(43);
        assert_eq!(token_id(&format!("ck_0123abcd_{secret}")), Some("0123abcd"));
        for token in ["", "ck_", "ck_0123ABCD_", "ck_0123abcd_A", "xx_0123abcd_"] {
            assert_eq!(token_id(token), None, "{token}");
        }
        assert_eq!(token_id(&format!("ck_0123ABCD_{secret}")), None);
    }
}
