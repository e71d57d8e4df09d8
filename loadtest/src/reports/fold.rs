//! What folding a click takes: a rebuild's CPU time, of all threads of the daemon, divided among
//! the clicks of the log.

use std::io::Write;

use anyhow::Result;

use crate::check::bounds::Bounds;
use crate::daemon::site::Site;
use crate::table;

/// The most CPU time of one click, nanoseconds: 300,000 clicks/s of one core.
const CLICK_MAX: u64 = 3_333;

/// Folds everything again and says what a click costs.
pub(super) async fn rebuild(
    site: &Site,
    what: &str,
    clicks: u64,
    bounds: &mut Bounds,
    out: &mut impl Write,
) -> Result<()> {
    site.rested().await?;
    let before = site.usage()?;
    let took = site.rebuild().await?;
    let after = site.usage()?;
    let cpu = after.cpu_since(&before);
    writeln!(
        out,
        "rebuild of {clicks} {what}: {}, {} of CPU time, {} clicks/s of one core",
        table::seconds(took),
        table::seconds(cpu),
        table::per_second(clicks, cpu)
    )?;
    let nanos = cpu.as_nanos() / u128::from(clicks.max(1));
    let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
    let text = format!("CPU of one of {what} in the fold");
    bounds.at_most(out, &text, [nanos, CLICK_MAX], |ns| format!("{ns} ns"))
}
