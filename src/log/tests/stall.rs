//! A log whose store asks writers to wait.

use rocksdb::{Cache, DB};

use crate::log::family::{META, descriptors, store_options};
use crate::log::*;

/// Files of a family at which the store takes no writes.
const FILES: usize = 40;
/// Enough that merging them takes over a second.
const FILE_BYTES: usize = 1 << 20;

/// Leaves a log behind that has more files of a family than the store lets pile up.
fn pile_up(options: &Options) {
    Log::open(options, Clock::start()).unwrap().stop().unwrap();
    let cache = Cache::new_lru_cache(1 << 20);
    let directory = &options.directory;
    let families = descriptors(&cache);
    let db = DB::open_cf_descriptors(&store_options(options), directory, families).unwrap();
    let family = db.cf_handle(META).unwrap();
    db.set_options_cf(family, &[("disable_auto_compactions", "true")])
        .unwrap();
    let mut noise = 1_u64;
    let mut value = vec![0; FILE_BYTES];
    for _ in 0..FILES {
        value.fill_with(|| {
            noise = noise
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            noise.to_be_bytes()[0]
        });
        db.put_cf(family, b"zz", &value).unwrap();
        db.flush_cf(family).unwrap();
    }
}

#[test]
fn a_start_waits_until_the_store_takes_writes() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(folder.path());
    pile_up(&options);
    let log = Log::open(&options, Clock::start()).unwrap();
    let version = log.put_rules(b"rules").unwrap();
    assert_eq!(log.rules(version).unwrap().as_deref(), Some(&b"rules"[..]));
    log.stop().unwrap();
}
