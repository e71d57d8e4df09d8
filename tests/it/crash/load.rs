//! Everything that is under way while a daemon lives.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread::Scope;

use parking_lot::Mutex;

use super::clients::imports::Imports;
use super::clients::uploads::Uploads;
use super::clients::{arrivals, brand, changes, customers};
use super::known::Known;
use crate::support::dice::Dice;

const CUSTOMERS: usize = 3;
const BRANDS: usize = 2;

/// Where the clients go, and what they share.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) public: SocketAddr,
    pub(crate) api: SocketAddr,
    pub(crate) settings: &'a Path,
    pub(crate) token: &'a str,
    pub(crate) known: &'a Mutex<Known>,
    /// Customers rest between clicks.
    pub(crate) pause: &'a AtomicBool,
    pub(crate) stop: &'a AtomicBool,
}

impl<'a> Load<'a> {
    /// Starts all clients; they end when `stop` is set.
    pub(crate) fn start<'scope>(self, scope: &'scope Scope<'scope, '_>, dice: &mut Dice)
    where
        'a: 'scope,
    {
        let Self {
            public,
            api,
            token,
            known,
            pause,
            stop,
            ..
        } = self;
        for _ in 0..CUSTOMERS {
            let dice = dice.split();
            scope.spawn(move || customers::open_links(public, dice, pause, stop, known));
        }
        for _ in 0..BRANDS {
            let dice = dice.split();
            scope.spawn(move || brand::submit(api, token, dice, stop, known));
        }
        for at in [(public, "/p/PageLoad"), (api, "/PageLoad")] {
            let dice = dice.split();
            scope.spawn(move || arrivals::arrive(at, dice, stop, known));
        }
        // One alone of each, so that an order has one change under way at most.
        let [changing, uploading, importing] = [(); 3].map(|()| dice.split());
        scope.spawn(move || changes::submit(api, token, changing, stop, known));
        scope.spawn(move || self.uploads().submit(uploading, stop));
        scope.spawn(move || self.imports().submit(importing, stop));
    }

    fn uploads(self) -> Uploads<'a> {
        Uploads {
            to: self.api,
            token: self.token,
            known: self.known,
        }
    }

    fn imports(self) -> Imports<'a> {
        Imports {
            settings: self.settings,
            known: self.known,
        }
    }

    /// Carries to its end what a kill has cut off: the file and the import that were under way.
    pub(crate) fn finish(self) {
        self.uploads().finish();
        self.imports().finish();
    }
}
