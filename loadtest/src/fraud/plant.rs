//! Plants one kind of fraud in a partner's real traffic.
//!
//! How strong it is differs from partner to partner: the part of its clicks or conversions that is
//! not real is drawn once for each.

use anyhow::{Context as _, Result};

use super::dice::Dice;
use super::kind::Kind;
use super::source::Source;
use super::traffic::{Click, Sale, Size, Traffic};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Of a million actions of honest partners, those that are taken back.
const REVERSED: u64 = 50_000;

/// Conversions that are made up for one partner.
const MADE_UP: usize = 30;

const ROBOTS: [&str; 4] = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
];
const LIBRARIES: [&str; 4] = [
    "python-requests/2.31.0",
    "curl/8.4.0",
    "Go-http-client/1.1",
    "Java/17.0.9",
];
/// The one browser of a farm of phones.
const PHONE: &str = "Mozilla/5.0 (Linux; Android 9; SM-J260G Build/PPR1.180610.011) \
                     AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.104 Mobile \
                     Safari/537.36";
/// The first 16 bits of networks of large hosts.
const HOSTS: [[u8; 2]; 6] = [
    [52, 200],
    [34, 120],
    [167, 99],
    [51, 38],
    [88, 198],
    [54, 160],
];

/// A partner of a kind, its clicks from the midnight `start` on.
pub(super) fn partner(
    source: &Source,
    kind: Kind,
    partner: u32,
    start: i64,
    dice: &mut Dice,
) -> Result<Traffic> {
    let clicks = match kind.clicks() {
        Some(clicks) => clicks,
        None => source.volume(dice)?,
    };
    // Partners differ: one converts half as often as the sample, another twice as often.
    let rate = source.rate() * (500 + dice.below(1_500)) / 1_000;
    let size = Size {
        clicks,
        rate: match kind {
            Kind::Soon | Kind::Flat | Kind::Reversals => source.rate() * 2,
            Kind::Flood => rate / 20,
            Kind::Converts => source.rate() * (10 + dice.below(30)),
            _ => rate,
        },
        reversed: match kind {
            Kind::Reversals => 400_000 + dice.below(400_000),
            _ => REVERSED,
        },
    };
    let mut traffic = Traffic::real(source, partner, size, start, dice)?;
    // A user agent speaks from two fifths of all clicks on.
    let least = if kind == Kind::OneAgent {
        500_000
    } else {
        300_000
    };
    let share = least + dice.below(900_000 - least);
    let network = [dice.below(200), dice.below(256), dice.below(256)].map(|part| part + 20);
    let burst = start + dice.between(DAY, 3 * DAY);
    for click in &mut traffic.clicks {
        // These are a partner's whole way of working, not a part of it.
        let whole = matches!(
            kind,
            Kind::OneLabel | Kind::EachLabel | Kind::NoPage | Kind::OnePage
        );
        if whole || dice.chance(share) {
            spoil(kind, click, partner, network, burst, dice)?;
        }
    }
    for sale in &mut traffic.sales {
        let clicked = traffic.clicks.iter().find(|click| click.id == sale.click);
        let clicked = clicked.context("a conversion without a click")?.time;
        match kind {
            Kind::Soon if dice.chance(share) => {
                sale.time = clicked + dice.between(SECOND, 8 * SECOND);
            }
            Kind::Flat => sale.time = clicked + dice.between(2 * HOUR, 7 * DAY),
            // A burst's clicks were moved, and a conversion stays as long after its click.
            Kind::Burst => sale.time = clicked + source.delay(dice)?,
            _ => (),
        }
    }
    match kind {
        Kind::Repeats => repeat(&mut traffic, share, dice),
        Kind::Impossible => impossible(&mut traffic, dice),
        _ => (),
    }
    Ok(traffic)
}

/// Makes a click one that no person made.
fn spoil(
    kind: Kind,
    click: &mut Click,
    partner: u32,
    network: [u64; 3],
    burst: i64,
    dice: &mut Dice,
) -> Result<()> {
    let last = 1 + dice.below(254);
    match kind {
        Kind::Robots => {
            let robot: &str = dice.pick(&ROBOTS).context("robots")?;
            robot.clone_into(&mut click.agent);
        }
        Kind::Library => {
            let library: &str = dice.pick(&LIBRARIES).context("libraries")?;
            library.clone_into(&mut click.agent);
        }
        Kind::NoAgent => click.agent.clear(),
        Kind::Hosting => {
            let [a, b] = dice.pick(&HOSTS).context("hosts")?;
            click.address = format!("{a}.{b}.{}.{last}", dice.below(256));
        }
        Kind::Network => {
            let [a, b, c] = network.map(|part| part.min(250));
            click.address = format!("{a}.{b}.{c}.{last}");
        }
        Kind::OneAgent => PHONE.clone_into(&mut click.agent),
        Kind::OneLabel => "all".clone_into(&mut click.label),
        Kind::EachLabel => click.label = format!("{:016x}", dice.next()),
        Kind::NoPage => click.page.clear(),
        Kind::OnePage => {
            click.page = format!("https://www.{}/", super::traffic::site(partner));
        }
        Kind::ForeignPage => {
            click.page = format!("https://www.free-{}.example/", dice.below(40));
        }
        Kind::Burst => click.time = burst + dice.between(0, 10 * MINUTE),
        _ => (),
    }
    Ok(())
}

/// Follows so many of a million clicks with further ones of the same visitor.
fn repeat(traffic: &mut Traffic, share: u64, dice: &mut Dice) {
    let mut more = Vec::new();
    for click in &traffic.clicks {
        if dice.chance(share / 2) {
            for n in 1..=1 + dice.below(4) {
                more.push(Click {
                    id: format!("{}-{n}", click.id),
                    time: click.time + dice.between(5 * SECOND, 20 * MINUTE),
                    ..click.clone()
                });
            }
        }
    }
    traffic.clicks.append(&mut more);
}

/// Adds conversions that were before the click which they name.
fn impossible(traffic: &mut Traffic, dice: &mut Dice) {
    for n in 0..MADE_UP {
        if let Some(click) = dice.pick(&traffic.clicks) {
            traffic.sales.push(Sale {
                order: format!("before-{}-{n}", traffic.partner),
                time: click.time - dice.between(HOUR, DAY),
                click: click.id.clone(),
                counts: false,
                reversed: false,
            });
        }
    }
}

/// Adds conversions of a partner whose orders were another one's before.
pub(super) fn steal(thief: &mut Traffic, orders: &[Sale], dice: &mut Dice) {
    let mut made = 0;
    for _ in 0..1_000 {
        let (Some(order), Some(click)) = (dice.pick(orders), dice.pick(&thief.clicks)) else {
            return;
        };
        if click.time < order.time && made < MADE_UP {
            made += 1;
            thief.sales.push(Sale {
                time: order.time + dice.between(MINUTE, HOUR),
                click: click.id.clone(),
                counts: false,
                reversed: false,
                ..order.clone()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const MILLION: u64 = 1_000_000;

    fn source() -> Source {
        let mut text =
            "ip,app,device,os,channel,click_time,attributed_time,is_attributed\n".to_owned();
        for n in 0..1_000 {
            let sold = if n % 20 == 0 {
                "2017-11-07 9:40,1"
            } else {
                ",0"
            };
            writeln!(text, "{n},12,1,{},497,2017-11-07 9:30,{sold}", n % 9).unwrap();
        }
        Source::parse(text.as_bytes()).unwrap()
    }

    fn made(kind: Kind) -> Traffic {
        partner(&source(), kind, 5, 0, &mut Dice::new(1, 5)).unwrap()
    }

    fn bad(traffic: &Traffic, is: impl Fn(&Click) -> bool) -> u64 {
        let all = u64::try_from(traffic.clicks.len()).unwrap();
        let bad = traffic.clicks.iter().filter(|click| is(click)).count();
        u64::try_from(bad).unwrap() * MILLION / all
    }

    #[test]
    fn each_kind_changes_its_own_part_of_the_clicks() {
        let clean = made(Kind::Clean);
        let some = 250_000..950_000;
        for (kind, is) in [
            (
                Kind::Robots,
                (|c: &Click| c.agent.contains("bot") || c.agent.contains("facebook"))
                    as fn(&Click) -> bool,
            ),
            (Kind::Library, |c| !c.agent.starts_with("Mozilla")),
            (Kind::NoAgent, |c| c.agent.is_empty()),
            (Kind::Hosting, |c| !c.address.starts_with("10.")),
            (Kind::Network, |c| !c.address.starts_with("10.")),
            (Kind::OneAgent, |c| c.agent.contains("SM-J260G")),
            (Kind::ForeignPage, |c| c.page.contains("free-")),
        ] {
            let found = bad(&made(kind), is);
            assert!(some.contains(&found), "{kind:?}: {found}");
            assert_eq!(bad(&clean, is), 0, "{kind:?}");
        }
        assert_eq!(bad(&made(Kind::OneLabel), |c| c.label == "all"), MILLION);
        assert_eq!(bad(&made(Kind::NoPage), |c| c.page.is_empty()), MILLION);
        assert!(made(Kind::Repeats).clicks.len() > clean.clicks.len() * 5 / 4);
    }

    #[test]
    fn conversions_are_moved_and_made_up() {
        let after = |kind| {
            let traffic = made(kind);
            let time = |id: &str| {
                let click = traffic.clicks.iter().find(|click| click.id == id);
                click.unwrap().time
            };
            let sales = traffic.sales.iter();
            sales
                .map(|sale| sale.time - time(&sale.click))
                .collect::<Vec<_>>()
        };
        assert!(
            after(Kind::Clean)
                .iter()
                .all(|after| (9 * MINUTE..=11 * MINUTE).contains(after))
        );
        assert!(after(Kind::Soon).iter().any(|after| *after <= 8 * SECOND));
        assert!(
            after(Kind::Flat)
                .iter()
                .all(|after| (2 * HOUR..=7 * DAY).contains(after))
        );
        let before = after(Kind::Impossible)
            .iter()
            .filter(|after| **after < 0)
            .count();
        assert_eq!(before, MADE_UP);
        let reversed = made(Kind::Reversals);
        let taken = reversed.sales.iter().filter(|sale| sale.reversed).count();
        assert!(taken * 10 > reversed.sales.len() * 3);
    }

    #[test]
    fn orders_are_stolen_after_they_were_another_partners() {
        let clean = made(Kind::Clean);
        let mut thief = partner(&source(), Kind::Orders, 6, 0, &mut Dice::new(1, 6)).unwrap();
        let own = thief.sales.len();
        steal(&mut thief, &clean.sales, &mut Dice::new(1, 7));
        assert_eq!(thief.sales.len(), own + MADE_UP);
        for sale in thief.sales.iter().skip(own) {
            let first = clean.sales.iter().find(|first| first.order == sale.order);
            assert!(first.unwrap().time < sale.time && !sale.counts);
        }
    }
}
